//! Fused operations with a backward pass, for training on the CPU.
//!
//! Stock candle either drops the gradient of its fused operations without an error, or keeps many
//! intermediates; these keep none. Each one computes what the doc comment says, demands
//! contiguous `f32` inputs, and runs rows in parallel on the global rayon pool. The decoder of the
//! plugin uses none of them.

mod attention;
mod embed;
mod loss;
mod norm;
mod swiglu;

pub(crate) use attention::rope_angle;
pub use attention::{rope, segment_softmax};
pub use embed::embed_sum;
pub use loss::{IGNORE, cross_entropy};
pub use norm::{film_norm, rms_norm};
pub use swiglu::swiglu;

use candle_core::{CpuStorage, Error, Layout, Result, Storage, Tensor};

/// The values of a contiguous CPU tensor, as custom operations get them.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        return Err(Error::RequiresContiguous { op: "fused operation" }.bt());
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// Calls `f` with the values of `tensor`.
fn with_values<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => f(values(storage, layout)?),
        _ => Err(Error::Msg("fused operations run on the CPU only".into()).bt()),
    }
}

#[cfg(test)]
mod tests;
