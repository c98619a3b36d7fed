//! RMSNorm, plain and with scale and shift from a condition.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};
use crate::math;

/// `x / rms(x) · weight`.
///
/// # Shapes
/// - `x`: `(N, D)`, `weight`: `(D)`
/// - returns `(N, D)`
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f32) -> Result<Tensor> {
    x.contiguous()?.apply_op2(weight, RmsNorm { eps })
}

/// `x / rms(x) · weight · (1 + scale) + shift`, scale and shift looked up by `rows`.
///
/// # Shapes
/// - `x`: `(N, D)`, `weight`: `(D)`
/// - `table`: `(C, W)`; the scale lies at column `offset`, the shift at `offset + D`
/// - `rows`: `N` row numbers below `C`
/// - returns `(N, D)`
pub fn film_norm(
    x: &Tensor,
    weight: &Tensor,
    table: &Tensor,
    rows: &Arc<[u32]>,
    offset: usize,
    eps: f32,
) -> Result<Tensor> {
    let op = FilmNorm { rows: rows.clone(), offset, eps };
    x.contiguous()?.apply_op3(weight, &table.contiguous()?, op)
}

struct RmsNorm {
    eps: f32,
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight) = (values(s1, l1)?, values(s2, l2)?);
        let d = weight.len();
        let mut out = vec![0.0f32; x.len()];
        out.par_chunks_mut(d).zip(x.par_chunks(d)).for_each(|(out, x)| {
            let r = math::inverse_rms(x, self.eps);
            for i in 0..d {
                out[i] = x[i] * r * weight[i];
            }
        });
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let d = weight.elem_count();
        let grad = grad.contiguous()?;
        let gradients = |x: &[f32], w: &[f32], g: &[f32]| {
            let mut to_x = vec![0.0f32; x.len()];
            let mut to_weight = vec![0.0f32; d];
            let mut along = vec![0.0f32; d];
            for ((to_x, x), g) in to_x.chunks_mut(d).zip(x.chunks(d)).zip(g.chunks(d)) {
                let r = math::inverse_rms(x, self.eps);
                for i in 0..d {
                    to_weight[i] += g[i] * x[i] * r;
                    along[i] = g[i] * w[i];
                }
                through_norm(to_x, x, &along, r);
            }
            (to_x, to_weight)
        };
        let (to_x, to_weight) = with_values(x, |x| {
            with_values(weight, |w| with_values(&grad, |g| Ok(gradients(x, w, g))))
        })?;
        Ok((
            Some(Tensor::from_vec(to_x, x.shape(), x.device())?),
            Some(Tensor::from_vec(to_weight, weight.shape(), x.device())?),
        ))
    }
}

/// Gradient of `x` from `along`, the gradient of `x · r`.
#[inline(always)]
fn through_norm(to_x: &mut [f32], x: &[f32], along: &[f32], r: f32) {
    let mean = math::dot(along, x) * r * r / x.len() as f32;
    for i in 0..x.len() {
        to_x[i] = r * (along[i] - x[i] * mean);
    }
}

struct FilmNorm {
    rows: Arc<[u32]>,
    offset: usize,
    eps: f32,
}

impl CustomOp3 for FilmNorm {
    fn name(&self) -> &'static str {
        "film-norm"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight, table) = (values(s1, l1)?, values(s2, l2)?, values(s3, l3)?);
        let (d, width) = (weight.len(), l3.shape().dims2()?.1);
        let mut out = vec![0.0f32; x.len()];
        let rows_in = x.par_chunks(d).zip(self.rows.par_iter());
        out.par_chunks_mut(d).zip(rows_in).for_each(|(out, (x, row))| {
            let film = &table[*row as usize * width + self.offset..][..2 * d];
            let (scale, shift) = film.split_at(d);
            let r = math::inverse_rms(x, self.eps);
            for i in 0..d {
                out[i] = x[i] * r * weight[i] * (1.0 + scale[i]) + shift[i];
            }
        });
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        table: &Tensor,
        _y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (d, width) = (weight.elem_count(), table.dims2()?.1);
        let grad = grad.contiguous()?;
        let gradients = |x: &[f32], w: &[f32], table: &[f32], g: &[f32]| {
            let mut to_x = vec![0.0f32; x.len()];
            let mut to_weight = vec![0.0f32; d];
            let mut to_table = vec![0.0f32; table.len()];
            let mut along = vec![0.0f32; d];
            let rows_in = x.chunks(d).zip(g.chunks(d)).zip(self.rows.iter());
            for (to_x, ((x, g), row)) in to_x.chunks_mut(d).zip(rows_in) {
                let at = *row as usize * width + self.offset;
                let scale = &table[at..at + d];
                let (to_scale, to_shift) = to_table[at..at + 2 * d].split_at_mut(d);
                let r = math::inverse_rms(x, self.eps);
                for i in 0..d {
                    let normed = x[i] * r;
                    let lifted = g[i] * (1.0 + scale[i]);
                    to_weight[i] += lifted * normed;
                    to_scale[i] += g[i] * normed * w[i];
                    to_shift[i] += g[i];
                    along[i] = lifted * w[i];
                }
                through_norm(to_x, x, &along, r);
            }
            (to_x, to_weight, to_table)
        };
        let (to_x, to_weight, to_table) = with_values(x, |x| {
            with_values(weight, |w| {
                with_values(table, |t| with_values(&grad, |g| Ok(gradients(x, w, t, g))))
            })
        })?;
        Ok((
            Some(Tensor::from_vec(to_x, x.shape(), x.device())?),
            Some(Tensor::from_vec(to_weight, weight.shape(), x.device())?),
            Some(Tensor::from_vec(to_table, table.shape(), x.device())?),
        ))
    }
}
