//! The shipped model, embedded here and nowhere else in the plugin: bundles hold no data files.

use composer::NeuralGenerator;

/// The weights of the shipped model, a safetensors file.
static WEIGHTS: &[u8] = include_bytes!("../models/tributary-v4.safetensors");

/// Their manifest, JSON.
static MANIFEST: &[u8] = include_bytes!("../models/tributary-v4.json");

/// Its name.
pub const NAME: &str = "tributary-v4";

/// A generator over it, made on the composing thread; nothing is loaded before this is called.
///
/// # Errors
/// [`composer::Error::Load`] when the weights do not fit this program.
pub fn generator() -> composer::Result<NeuralGenerator> {
    NeuralGenerator::embedded(WEIGHTS, MANIFEST)
}
