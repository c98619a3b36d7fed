//! The shipped model, embedded here and nowhere else in the plugin: bundles hold no data files.

use composer::{Generator, NeuralGenerator};

/// The weights of the shipped model, a safetensors file.
static WEIGHTS: &[u8] = include_bytes!("../models/tributary-v2.safetensors");

/// Their manifest, JSON.
static MANIFEST: &[u8] = include_bytes!("../models/tributary-v2.json");

/// What composes, in words for the editor.
pub const NAME: &str = "tributary-v2";

/// Makes what composes, on the composing thread; nothing is loaded before it is called.
///
/// # Errors
/// [`composer::Error::Load`] when the weights do not fit this program.
pub fn make_generator() -> composer::Result<Box<dyn Generator>> {
    Ok(Box::new(NeuralGenerator::embedded(WEIGHTS, MANIFEST)?))
}
