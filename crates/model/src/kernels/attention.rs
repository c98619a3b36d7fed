//! Attention of one step over the cached keys and values of one layer.

#![expect(clippy::needless_range_loop, reason = "indices name lanes of several arrays at once")]

use super::{Isa, Kind, Line, PORTABLE_FMA, madd};
use crate::math;

/// Sizes of attention in one layer.
#[derive(Clone, Copy, Debug)]
pub struct Attention {
    /// Key heads.
    pub n_kv_heads: usize,
    /// Query heads a key head.
    pub group: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// Positions that the cache holds, a multiple of 16.
    pub capacity: usize,
}

impl Attention {
    /// Lines of the keys of one layer.
    ///
    /// Within a head, sixteen positions share a block of `head_dim` lines, one a dimension.
    pub const fn key_lines(&self) -> usize {
        self.n_kv_heads * self.head_key_lines()
    }

    /// Lines of the values of one layer: within a head, each position has its own.
    pub const fn value_lines(&self) -> usize {
        self.n_kv_heads * self.head_value_lines()
    }

    const fn head_key_lines(&self) -> usize {
        self.capacity / 16 * self.head_dim
    }

    const fn head_value_lines(&self) -> usize {
        self.capacity * self.head_dim.div_ceil(16)
    }

    /// Stores the keys and values of one position, each `n_kv_heads · head_dim` long.
    pub fn store(
        &self,
        keys: &mut [Line],
        values: &mut [Line],
        position: usize,
        k: &[f32],
        v: &[f32],
    ) {
        let d = self.head_dim;
        for (head, (k, v)) in k.chunks_exact(d).zip(v.chunks_exact(d)).enumerate() {
            let block = head * self.head_key_lines() + position / 16 * d;
            for (line, k) in keys[block..block + d].iter_mut().zip(k) {
                line.0[position % 16] = *k;
            }
            let own = head * self.head_value_lines() + position * d.div_ceil(16);
            for (line, v) in values[own..].iter_mut().zip(v.chunks(16)) {
                line.0[..v.len()].copy_from_slice(v);
            }
        }
    }
}

/// Attention of the query at position `n - 1` over the first `n` positions.
///
/// # Shapes
/// - `q`: `n_kv_heads · group · head_dim`, already scaled; `out`: the same
/// - `scores`: room for `group` times the capacity in lines
#[expect(clippy::too_many_arguments, reason = "one call a step and layer; a struct says no more")]
pub fn attend(
    isa: Isa,
    sizes: &Attention,
    keys: &[Line],
    values: &[Line],
    n: usize,
    q: &[f32],
    out: &mut [f32],
    scores: &mut [Line],
) {
    let (d, group) = (sizes.head_dim, sizes.group);
    for head in 0..sizes.n_kv_heads {
        let keys = &keys[head * sizes.head_key_lines()..][..n.div_ceil(16) * d];
        let values = &values[head * sizes.head_value_lines()..][..n * d.div_ceil(16)];
        let queries = head * group * d;
        // Query heads that share keys are taken three, two or one at a time.
        let mut first = 0;
        while first < group {
            let taken = (group - first).min(3);
            let at = queries + first * d..queries + (first + taken) * d;
            let (q, out) = (&q[at.clone()], &mut out[at]);
            match taken {
                3 => heads_of::<3>(isa, d, keys, values, n, q, out, scores),
                2 => heads_of::<2>(isa, d, keys, values, n, q, out, scores),
                _ => heads_of::<1>(isa, d, keys, values, n, q, out, scores),
            }
            first += taken;
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "as above")]
fn heads_of<const G: usize>(
    isa: Isa,
    d: usize,
    keys: &[Line],
    values: &[Line],
    n: usize,
    q: &[f32],
    out: &mut [f32],
    scores: &mut [Line],
) {
    match isa.0 {
        // SAFETY: `Isa::available` has found these features.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => unsafe { heads_avx512::<G>(d, keys, values, n, q, out, scores) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { heads_avx2::<G>(d, keys, values, n, q, out, scores) },
        Kind::Portable => heads::<PORTABLE_FMA, G>(d, keys, values, n, q, out, scores),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
fn heads_avx512<const G: usize>(
    d: usize,
    keys: &[Line],
    values: &[Line],
    n: usize,
    q: &[f32],
    out: &mut [f32],
    scores: &mut [Line],
) {
    heads::<true, G>(d, keys, values, n, q, out, scores);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn heads_avx2<const G: usize>(
    d: usize,
    keys: &[Line],
    values: &[Line],
    n: usize,
    q: &[f32],
    out: &mut [f32],
    scores: &mut [Line],
) {
    heads::<true, G>(d, keys, values, n, q, out, scores);
}

/// `G` query heads over one key head.
#[inline(always)]
fn heads<const FMA: bool, const G: usize>(
    d: usize,
    keys: &[Line],
    values: &[Line],
    n: usize,
    q: &[f32],
    out: &mut [f32],
    scores: &mut [Line],
) {
    let n_blocks = n.div_ceil(16);
    let scores = &mut scores[..G * n_blocks];
    let mut largest = [[f32::NEG_INFINITY; 16]; G];
    for (block, keys) in keys.chunks_exact(d).enumerate() {
        let mut sums = [[0.0f32; 16]; G];
        for (i, key) in keys.iter().enumerate() {
            for g in 0..G {
                let q = q[g * d + i];
                for j in 0..16 {
                    sums[g][j] = madd::<FMA>(key.0[j], q, sums[g][j]);
                }
            }
        }
        // Positions that do not exist yet hold whatever was there before.
        let valid = n - block * 16;
        for g in 0..G {
            if valid < 16 {
                sums[g][valid..].fill(f32::NEG_INFINITY);
            }
            for j in 0..16 {
                largest[g][j] = largest[g][j].max(sums[g][j]);
            }
            scores[g * n_blocks + block] = Line(sums[g]);
        }
    }
    let mut inverse = [0.0f32; G];
    for g in 0..G {
        let max = largest[g].iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sums = [0.0f32; 16];
        for line in &mut scores[g * n_blocks..(g + 1) * n_blocks] {
            for j in 0..16 {
                line.0[j] = math::exp(line.0[j] - max);
                sums[j] += line.0[j];
            }
        }
        inverse[g] = 1.0 / sums.iter().sum::<f32>();
    }
    let width = d.div_ceil(16);
    for column in 0..width {
        // Even and odd positions apart, so that sums wait for each other half as long.
        let mut sums = [[[0.0f32; 16]; 2]; G];
        for (p, value) in values[column..].iter().step_by(width).enumerate() {
            for g in 0..G {
                let weight = scores[g * n_blocks + p / 16].0[p % 16];
                let sums = &mut sums[g][p % 2];
                for j in 0..16 {
                    sums[j] = madd::<FMA>(value.0[j], weight, sums[j]);
                }
            }
        }
        for g in 0..G {
            let out = &mut out[g * d..(g + 1) * d];
            for (j, out) in out[column * 16..].iter_mut().take(16).enumerate() {
                *out = (sums[g][0][j] + sums[g][1][j]) * inverse[g];
            }
        }
    }
}
