//! What composes: the shipped model, a model from a file, or stored patterns.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use composer::{ModelFile, NeuralGenerator, PatternGenerator};
use model::Network;
use score::GenreNames;

use crate::host::MakeGenerator;

/// The shipped weights and their manifest.
static WEIGHTS: &[u8] = include_bytes!("../../../models/tributary-v2.safetensors");
static MANIFEST: &[u8] = include_bytes!("../../../models/tributary-v2.json");

/// The name that stands for the stored patterns where a file of weights is expected.
pub const PATTERNS: &str = "patterns";

/// Makes the generator of stored patterns, which needs no weights.
pub fn patterns() -> MakeGenerator {
    Box::new(|| Ok(Box::new(PatternGenerator::new())))
}

/// Makes the generator of a model, [`PATTERNS`] or the shipped model, and says what its genres are
/// called.
///
/// `file` is a `.safetensors` file with its manifest beside it, under the same name with the
/// ending `.json`. Weights are read at once, so that an error comes before any music.
///
/// # Errors
/// When a file cannot be read or does not fit this program; the message names the file.
pub fn generator(file: Option<&Path>) -> Result<(MakeGenerator, GenreNames)> {
    let network = match file {
        Some(file) if file == Path::new(PATTERNS) => {
            return Ok((patterns(), GenreNames::default()));
        }
        Some(file) => {
            let file = ModelFile::read(file)?;
            Network::from_bytes(file.weights(), file.manifest())
                .with_context(|| file.path().display().to_string())?
        }
        None => shipped()?,
    };
    let genres = network.genres().clone();
    Ok((neural(network), genres))
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
