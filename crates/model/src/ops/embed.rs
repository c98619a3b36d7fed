//! Sums of embeddings.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{values, with_values};

/// Sums `n_fields` rows of `table` into each output row.
///
/// # Shapes
/// - `table`: `(V, D)`
/// - `rows`: `N · n_fields` row numbers, each below `V`
/// - returns `(N, D)`
pub fn embed_sum(table: &Tensor, rows: &Arc<[u32]>, n_fields: usize) -> Result<Tensor> {
    table.contiguous()?.apply_op1(EmbedSum { rows: rows.clone(), n_fields })
}

struct EmbedSum {
    rows: Arc<[u32]>,
    n_fields: usize,
}

impl CustomOp1 for EmbedSum {
    fn name(&self) -> &'static str {
        "embed-sum"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let table = values(storage, layout)?;
        let (_, d) = layout.shape().dims2()?;
        let n = self.rows.len() / self.n_fields;
        let mut out = vec![0.0f32; n * d];
        for (out, rows) in out.chunks_mut(d).zip(self.rows.chunks(self.n_fields)) {
            for row in rows {
                let start = *row as usize * d;
                for (out, value) in out.iter_mut().zip(&table[start..start + d]) {
                    *out += value;
                }
            }
        }
        Ok((CpuStorage::F32(out), Shape::from_dims(&[n, d])))
    }

    fn bwd(&self, table: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (v, d) = table.dims2()?;
        let grad = grad.contiguous()?;
        let out = with_values(&grad, |grad| {
            let mut out = vec![0.0f32; v * d];
            for (grad, rows) in grad.chunks(d).zip(self.rows.chunks(self.n_fields)) {
                for row in rows {
                    let start = *row as usize * d;
                    for (out, value) in out[start..start + d].iter_mut().zip(grad) {
                        *out += value;
                    }
                }
            }
            Ok(out)
        })?;
        Ok(Some(Tensor::from_vec(out, (v, d), table.device())?))
    }
}
