//! Rotary positions and the softmax of attention within segments.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};
use crate::math;

/// Rotates pairs `(i, i + D / 2)` by `position / base^(2 i / D)`.
///
/// # Shapes
/// - `x`: `(B, H, T, D)`; the position is the index in `T`
/// - returns `(B, H, T, D)`
pub fn rope(x: &Tensor, base: f32) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Rope { base, sign: 1.0 })
}

struct Rope {
    base: f32,
    sign: f32,
}

impl CustomOp1 for Rope {
    fn name(&self) -> &'static str {
        "rope"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout)?;
        let (_, _, t, d) = layout.shape().dims4()?;
        let half = d / 2;
        let rotations: Vec<(f32, f32)> = (0..t * half)
            .map(|i| {
                let angle = rope_angle(i / half, i % half, d, self.base);
                (angle.cos(), angle.sin() * self.sign)
            })
            .collect();
        let mut out = vec![0.0f32; x.len()];
        out.par_chunks_mut(t * d).zip(x.par_chunks(t * d)).for_each(|(out, x)| {
            for ((out, x), rotation) in
                out.chunks_mut(d).zip(x.chunks(d)).zip(rotations.chunks(half))
            {
                let (out_a, out_b) = out.split_at_mut(half);
                let (a, b) = x.split_at(half);
                for i in 0..half {
                    let (cos, sin) = rotation[i];
                    out_a[i] = a[i] * cos - b[i] * sin;
                    out_b[i] = a[i] * sin + b[i] * cos;
                }
            }
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, _x: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let back = Self { base: self.base, sign: -self.sign };
        Ok(Some(grad.contiguous()?.apply_op1_no_bwd(&back)?))
    }
}

/// The angle of pair `pair` at `position`, in radians.
pub(crate) fn rope_angle(position: usize, pair: usize, head_dim: usize, base: f32) -> f32 {
    position as f32 / base.powf(2.0 * pair as f32 / head_dim as f32)
}

/// Softmax of `scale · scores` over the columns from the row's segment start to the row itself;
/// zero elsewhere.
///
/// # Shapes
/// - `scores`: `(B, H, G · T, T)`; row `r` stands for step `r % T`
/// - `starts`: `B · T` segment starts, each at most its own step
/// - returns `(B, H, G · T, T)`
pub fn segment_softmax(scores: &Tensor, scale: f32, starts: &Arc<[u32]>) -> Result<Tensor> {
    scores.contiguous()?.apply_op1(SegmentSoftmax { scale, starts: starts.clone() })
}

struct SegmentSoftmax {
    scale: f32,
    starts: Arc<[u32]>,
}

impl SegmentSoftmax {
    /// Columns that row `row` of all rows attends to.
    fn span(&self, row: usize, rows_a_batch: usize, t: usize) -> core::ops::Range<usize> {
        let step = row % t;
        self.starts[row / rows_a_batch * t + step] as usize..step + 1
    }
}

impl CustomOp1 for SegmentSoftmax {
    fn name(&self) -> &'static str {
        "segment-softmax"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout)?;
        let (_, h, rows, t) = layout.shape().dims4()?;
        let mut out = vec![0.0f32; x.len()];
        out.par_chunks_mut(t).zip(x.par_chunks(t)).enumerate().for_each(|(row, (out, x))| {
            let span = self.span(row, h * rows, t);
            let (out, x) = (&mut out[span.clone()], &x[span]);
            let max = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for (out, x) in out.iter_mut().zip(x) {
                *out = math::exp((x - max) * self.scale);
            }
            let inverse = 1.0 / math::sum(out);
            out.iter_mut().for_each(|p| *p *= inverse);
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, _x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (_, h, rows, t) = y.dims4()?;
        let grad = grad.contiguous()?;
        let out = with_values(y, |y| {
            with_values(&grad, |grad| {
                let mut out = vec![0.0f32; y.len()];
                let rows_in = y.par_chunks(t).zip(grad.par_chunks(t));
                out.par_chunks_mut(t).zip(rows_in).enumerate().for_each(|(row, (out, (y, g)))| {
                    let span = self.span(row, h * rows, t);
                    let (out, y, g) = (&mut out[span.clone()], &y[span.clone()], &g[span]);
                    let mean = math::dot(y, g);
                    for ((out, y), g) in out.iter_mut().zip(y).zip(g) {
                        *out = (g - mean) * y * self.scale;
                    }
                });
                Ok(out)
            })
        })?;
        Ok(Some(Tensor::from_vec(out, y.shape(), y.device())?))
    }
}
