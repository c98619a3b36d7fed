//! The gate of the feed-forward layer.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};
use crate::math;

/// Values that one rayon task works on.
const CHUNK: usize = 1 << 14;

/// `silu(gate) · up`, elementwise.
///
/// # Shapes
/// - `gate`, `up`: any one shape; returns the same
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.contiguous()?.apply_op2(&up.contiguous()?, SwiGlu)
}

struct SwiGlu;

impl CustomOp2 for SwiGlu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (gate, up) = (values(s1, l1)?, values(s2, l2)?);
        let mut out = vec![0.0f32; gate.len()];
        let chunks = gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK));
        out.par_chunks_mut(CHUNK).zip(chunks).for_each(|(out, (gate, up))| {
            for ((out, gate), up) in out.iter_mut().zip(gate).zip(up) {
                *out = math::silu(*gate) * up;
            }
        });
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(
        &self,
        gate: &Tensor,
        up: &Tensor,
        _y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let gradients = |gate: &[f32], up: &[f32], grad: &[f32]| {
            let mut to_gate = vec![0.0f32; gate.len()];
            let mut to_up = vec![0.0f32; gate.len()];
            let ins = gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK)).zip(grad.par_chunks(CHUNK));
            let outs = to_gate.par_chunks_mut(CHUNK).zip(to_up.par_chunks_mut(CHUNK));
            outs.zip(ins).for_each(|((to_gate, to_up), ((gate, up), grad))| {
                for i in 0..gate.len() {
                    let sigmoid = 1.0 / (1.0 + math::exp(-gate[i]));
                    let slope = sigmoid * (1.0 + gate[i] * (1.0 - sigmoid));
                    to_gate[i] = grad[i] * up[i] * slope;
                    to_up[i] = grad[i] * gate[i] * sigmoid;
                }
            });
            (to_gate, to_up)
        };
        let (to_gate, to_up) = with_values(gate, |gate| {
            with_values(up, |up| with_values(&grad, |grad| Ok(gradients(gate, up, grad))))
        })?;
        Ok((
            Some(Tensor::from_vec(to_gate, gate.shape(), gate.device())?),
            Some(Tensor::from_vec(to_up, up.shape(), up.device())?),
        ))
    }
}
