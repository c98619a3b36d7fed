//! What composes: the shipped model, a model from a file, or stored patterns.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use composer::{NeuralGenerator, PatternGenerator};
use model::Network;

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

/// Makes the generator of a model, [`PATTERNS`] or the shipped model.
///
/// `file` is a `.safetensors` file with its manifest beside it, under the same name with the
/// ending `.json`. Weights are read at once, so that an error comes before any music.
///
/// # Errors
/// When a file cannot be read or does not fit this program; the message names the file.
pub fn generator(file: Option<&Path>) -> Result<MakeGenerator> {
    let network = match file {
        Some(file) if file == Path::new(PATTERNS) => return Ok(patterns()),
        Some(file) => {
            let manifest = file.with_extension("json");
            let read = |file: &Path| {
                std::fs::read(file).with_context(|| format!("{}: cannot be read", file.display()))
            };
            Network::from_bytes(&read(file)?, &read(&manifest)?)
                .with_context(|| format!("{} with {}", file.display(), manifest.display()))?
        }
        None => shipped()?,
    };
    Ok(neural(network))
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
