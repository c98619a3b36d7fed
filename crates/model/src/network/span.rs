//! Which steps of a batch attend to which.

use std::sync::Arc;

use candle_core::Tensor;

use super::Batch;
use crate::Result;

/// From where each step of a batch attends.
pub(super) struct AttentionSpan {
    pub(super) n_steps: usize,
    pub(super) starts: Arc<[u32]>,
}

impl AttentionSpan {
    pub(super) fn new(batch: &Batch) -> Self {
        let mut starts = Vec::with_capacity(batch.segments.len());
        for segments in batch.segments.chunks(batch.n_steps) {
            let mut start = 0;
            for (i, segment) in segments.iter().enumerate() {
                if i > 0 && *segment != segments[i - 1] {
                    start = i as u32;
                }
                starts.push(start);
            }
        }
        Self { n_steps: batch.n_steps, starts: starts.into() }
    }

    /// Zero where a step attends, minus infinity elsewhere: `(B, 1, G T, T)`.
    pub(super) fn mask(&self, group: usize, like: &Tensor) -> Result<Tensor> {
        let t = self.n_steps;
        let b = self.starts.len() / t;
        let mut mask = vec![f32::NEG_INFINITY; b * group * t * t];
        for (row, mask) in mask.chunks_mut(t).enumerate() {
            let step = row % t;
            let start = self.starts[row / (group * t) * t + step] as usize;
            mask[start..=step].fill(0.0);
        }
        Ok(Tensor::from_vec(mask, (b, 1, group * t, t), like.device())?)
    }
}
