//! What composes: the shipped model, a model from a file, or stored patterns.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use composer::{ModelFile, NeuralGenerator, PatternGenerator};
use model::{Network, Style};
use score::{GenreNames, N_STYLES};

use crate::host::MakeGenerator;

/// The shipped weights and their manifest.
static WEIGHTS: &[u8] = include_bytes!("../../../models/tributary-v4.safetensors");
static MANIFEST: &[u8] = include_bytes!("../../../models/tributary-v4.json");

/// The name that stands for the stored patterns where a file of weights is expected.
pub const PATTERNS: &str = "patterns";

/// Makes the generator of stored patterns, which needs no weights.
pub fn patterns() -> MakeGenerator {
    Box::new(|| Ok(Box::new(PatternGenerator::new())))
}

/// Makes the generator of a model, [`PATTERNS`] or the shipped model, and says what its genres are
/// called.
///
/// `styles` are files of learnt styles, a knob each; `file` is a `.safetensors` file with its manifest beside it, under the same name with the
/// ending `.json`. Weights are read at once, so that an error comes before any music.
///
/// # Errors
/// When a file cannot be read or does not fit this program; the message names the file.
pub fn generator(file: Option<&Path>, styles: &[PathBuf]) -> Result<(MakeGenerator, GenreNames)> {
    let network = match file {
        Some(file) if file == Path::new(PATTERNS) => {
            if let Some(style) = styles.first() {
                bail!("{}: stored patterns have no styles", style.display());
            }
            return Ok((patterns(), GenreNames::default()));
        }
        Some(file) => {
            let file = ModelFile::read(file)?;
            Network::from_bytes(file.weights(), file.manifest())
                .with_context(|| file.path().display().to_string())?
        }
        None => shipped()?,
    };
    let mut knobs = [const { None }; N_STYLES];
    if styles.len() > N_STYLES {
        bail!("{} styles; there are knobs for {N_STYLES}", styles.len());
    }
    for (knob, path) in knobs.iter_mut().zip(styles) {
        *knob = Some(Arc::new(style(path, &network)?));
    }
    let (generator, _) = NeuralGenerator::new(network).with_styles(&knobs);
    let names = composer::Generator::genres(&generator);
    Ok((Box::new(move || Ok(Box::new(generator))), names))
}

/// The style of a file, named after it.
fn style(path: &Path, network: &Network) -> Result<Style> {
    let about = || path.display().to_string();
    let bytes =
        std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let style = Style::from_bytes(&bytes).with_context(about)?;
    style.check(network).with_context(about)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let about = model::style::About { name, ..style.about().clone() };
    Ok(style.with_about(about))
}

/// The shipped model.
///
/// # Errors
/// When the weights do not fit this program.
pub fn shipped() -> Result<Arc<Network>> {
    Network::from_bytes(WEIGHTS, MANIFEST).context("the shipped model")
}

/// Makes the generator of a network.
pub fn neural(network: Arc<Network>) -> MakeGenerator {
    Box::new(|| Ok(Box::new(NeuralGenerator::new(network))))
}
