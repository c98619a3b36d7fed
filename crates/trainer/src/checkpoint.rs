//! Everything a training run needs to go on: weights, moments and the state of its loop.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use candle_core::{Device, Tensor};
use model::Config;
use model::weights::Weights;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use crate::shard::write_whole;

/// The state of the training loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoopState {
    /// Sizes of the network.
    pub config: Config,
    /// Fingerprint of the steps.
    pub vocabulary_fingerprint: String,
    /// Hash of the corpus.
    pub corpus_hash: String,
    /// Genres in the order of their numbers; older checkpoints do not say.
    #[serde(default)]
    pub genres: Vec<String>,
    /// Seed of the run.
    pub seed: u64,
    /// Steps of music seen.
    pub n_steps: u64,
    /// Updates of the weights.
    pub n_updates: u64,
    /// The window sampler's random state.
    pub rng: u64,
    /// Held-out bits a note by genre, when last measured.
    pub losses: std::collections::BTreeMap<String, f64>,
}

/// Key of the loop's state among the file's metadata.
const STATE_KEY: &str = "state";

/// Writes a checkpoint, whole or not at all.
///
/// # Errors
/// A file that cannot be written, by name.
pub fn write(path: &Path, tensors: &Weights, state: &LoopState) -> Result<()> {
    let mut raw = Vec::new();
    for (name, tensor) in tensors {
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
        raw.push((name, tensor.dims().to_vec(), bytes));
    }
    let views = raw
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>>>()?;
    let metadata = HashMap::from([(STATE_KEY.to_owned(), serde_json::to_string(state)?)]);
    write_whole(path, &safetensors::serialize(views, Some(metadata))?)
}

/// Reads a checkpoint.
///
/// # Errors
/// A missing or broken file, by name.
pub fn read(path: &Path) -> Result<(Weights, LoopState)> {
    let bytes = fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let broken = || format!("{}: not a checkpoint", path.display());
    let state = read_state(&bytes).with_context(broken)?;
    let Some(state) = state else { bail!("{}: weights without a training state", path.display()) };
    let file = SafeTensors::deserialize(&bytes).with_context(broken)?;
    let mut tensors = Weights::new();
    for (name, view) in file.tensors() {
        let (chunks, _) = view.data().as_chunks::<4>();
        let values: Vec<f32> = chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        tensors.insert(name, Tensor::from_vec(values, view.shape(), &Device::Cpu)?);
    }
    Ok((tensors, state))
}

/// The loop's state of a safetensors file, if it holds one.
///
/// # Errors
/// A file that is no safetensors, or a state of other fields.
pub fn read_state(bytes: &[u8]) -> Result<Option<LoopState>> {
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    let state = metadata.metadata().as_ref().and_then(|m| m.get(STATE_KEY));
    Ok(state.map(|json| serde_json::from_str(json)).transpose()?)
}
