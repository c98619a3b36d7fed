//! Cross entropy.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};
use crate::math;

/// A target that adds nothing to the loss.
pub const IGNORE: u32 = 65_535;

/// Sum over all rows of `-ln softmax(logits)[target]`; rows whose target is [`IGNORE`] add zero.
///
/// # Shapes
/// - `logits`: `(N, V)`
/// - `targets`: `N` classes below `V`, or [`IGNORE`]
/// - returns a scalar, in nats
pub fn cross_entropy(logits: &Tensor, targets: &Arc<[u32]>) -> Result<Tensor> {
    logits.contiguous()?.apply_op1(CrossEntropy { targets: targets.clone() })
}

struct CrossEntropy {
    targets: Arc<[u32]>,
}

fn max(x: &[f32]) -> f32 {
    x.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout)?;
        let (_, v) = layout.shape().dims2()?;
        let nats: Vec<f64> = x
            .par_chunks(v)
            .zip(self.targets.par_iter())
            .map(|(x, target)| {
                if *target == IGNORE {
                    return 0.0;
                }
                let max = max(x);
                let sum: f32 = x.iter().map(|x| math::exp(x - max)).sum();
                f64::from(sum.ln() + max - x[*target as usize])
            })
            .collect();
        let sum = nats.iter().sum::<f64>();
        Ok((CpuStorage::F32(vec![sum as f32]), Shape::from(())))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (_, v) = x.dims2()?;
        let grad = grad.to_scalar::<f32>()?;
        let out = with_values(x, |x| {
            let mut out = vec![0.0f32; x.len()];
            let rows = x.par_chunks(v).zip(self.targets.par_iter());
            out.par_chunks_mut(v).zip(rows).for_each(|(out, (x, target))| {
                if *target == IGNORE {
                    return;
                }
                let max = max(x);
                for (out, x) in out.iter_mut().zip(x) {
                    *out = math::exp(x - max);
                }
                let scale = grad / math::sum(out);
                out.iter_mut().for_each(|p| *p *= scale);
                out[*target as usize] -= grad;
            });
            Ok(out)
        })?;
        Ok(Some(Tensor::from_vec(out, x.shape(), x.device())?))
    }
}
