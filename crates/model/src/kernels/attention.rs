//! Attention of one step over the cached keys and values of one layer.

#![expect(clippy::needless_range_loop, reason = "indices name rows of several arrays at once")]

use super::simd::{Kernel, Simd};
use super::{Isa, Line};

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
    isa.run(Attend { sizes, keys, values, n, q, out, scores });
}

struct Attend<'a> {
    sizes: &'a Attention,
    keys: &'a [Line],
    values: &'a [Line],
    n: usize,
    q: &'a [f32],
    out: &'a mut [f32],
    scores: &'a mut [Line],
}

impl Kernel for Attend<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { sizes, n, scores, .. } = self;
        let (d, group) = (sizes.head_dim, sizes.group);
        for head in 0..sizes.n_kv_heads {
            let keys = &self.keys[head * sizes.head_key_lines()..][..n.div_ceil(16) * d];
            let values = &self.values[head * sizes.head_value_lines()..][..n * d.div_ceil(16)];
            // Query heads that share keys are taken three, two or one at a time.
            let mut first = head * group;
            while first < (head + 1) * group {
                let taken = ((head + 1) * group - first).min(3);
                let at = first * d..(first + taken) * d;
                let (q, out) = (&self.q[at.clone()], &mut self.out[at]);
                match taken {
                    3 => heads::<S, 3>(simd, d, keys, values, n, q, out, scores),
                    2 => heads::<S, 2>(simd, d, keys, values, n, q, out, scores),
                    _ => heads::<S, 1>(simd, d, keys, values, n, q, out, scores),
                }
                first += taken;
            }
        }
    }
}

/// `G` query heads over one key head.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "as above")]
fn heads<S: Simd, const G: usize>(
    simd: S,
    d: usize,
    keys: &[Line],
    values: &[Line],
    n: usize,
    q: &[f32],
    out: &mut [f32],
    scores: &mut [Line],
) {
    let n_blocks = n.div_ceil(16);
    let mut rest = &mut scores[..G * n_blocks];
    let mut rows: [&mut [Line]; G] = core::array::from_fn(|_| {
        let (row, others) = core::mem::take(&mut rest).split_at_mut(n_blocks);
        rest = others;
        row
    });
    // Several blocks at once, so that no sum waits for itself.
    let at_once = (S::SUMS / G).min(4);
    let mut block = 0;
    while block < n_blocks {
        let keys = &keys[block * d..];
        if at_once == 4 && block + 4 <= n_blocks {
            products::<S, G, 4>(simd, d, keys, q, &mut rows, block);
            block += 4;
        } else if at_once >= 2 && block + 2 <= n_blocks {
            products::<S, G, 2>(simd, d, keys, q, &mut rows, block);
            block += 2;
        } else {
            products::<S, G, 1>(simd, d, keys, q, &mut rows, block);
            block += 1;
        }
    }
    let mut inverse = [0.0f32; G];
    for (row, inverse) in rows.iter_mut().zip(&mut inverse) {
        // Positions that do not exist yet hold whatever was there before.
        row[n_blocks - 1].0[n - (n_blocks - 1) * 16..].fill(f32::NEG_INFINITY);
        *inverse = 1.0 / softmax(simd, row);
    }
    let width = d.div_ceil(16);
    let mut column = 0;
    while column < width {
        if column + 2 <= width && 4 * G <= S::SUMS {
            average::<S, G, 2>(simd, &values[column..], width, n, &rows, inverse, d, column, out);
            column += 2;
        } else {
            average::<S, G, 1>(simd, &values[column..], width, n, &rows, inverse, d, column, out);
            column += 1;
        }
    }
}

/// Scores of `G` queries with `B` blocks of keys.
#[inline(always)]
fn products<S: Simd, const G: usize, const B: usize>(
    simd: S,
    d: usize,
    keys: &[Line],
    q: &[f32],
    rows: &mut [&mut [Line]; G],
    first: usize,
) {
    let mut blocks = [keys; B];
    for (b, block) in blocks.iter_mut().enumerate() {
        *block = &keys[b * d..(b + 1) * d];
    }
    let mut queries = [q; G];
    for (g, query) in queries.iter_mut().enumerate() {
        *query = &q[g * d..(g + 1) * d];
    }
    let mut sums = [[simd.splat(0.0); B]; G];
    for i in 0..d {
        let mut keys = [simd.splat(0.0); B];
        for b in 0..B {
            let key = &blocks[b][i];
            keys[b] = simd.load(key);
            // The blocks that come next.
            simd.prefetch(core::ptr::from_ref(key).wrapping_add(B * d));
        }
        for g in 0..G {
            let q = simd.splat(queries[g][i]);
            for b in 0..B {
                sums[g][b] = simd.madd(keys[b], q, sums[g][b]);
            }
        }
    }
    for (row, sums) in rows.iter_mut().zip(sums) {
        for (line, sum) in row[first..first + B].iter_mut().zip(sums) {
            simd.store(sum, &mut line.0);
        }
    }
}

/// Makes scores weights that lack their division by the sum, which comes back.
#[inline(always)]
fn softmax<S: Simd>(simd: S, row: &mut [Line]) -> f32 {
    let mut largest = simd.splat(f32::NEG_INFINITY);
    for line in row.iter() {
        largest = simd.max(largest, simd.load(line));
    }
    let mut lanes = [0.0; 16];
    simd.store(largest, &mut lanes);
    let max = simd.splat(lanes.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let mut sum = simd.splat(0.0);
    for line in row {
        let weight = simd.exp(simd.sub(simd.load(line), max));
        sum = simd.add(sum, weight);
        simd.store(weight, &mut line.0);
    }
    simd.store(sum, &mut lanes);
    lanes.iter().sum()
}

/// `W` times sixteen outputs of `G` heads: the average of values by weight.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "as above")]
fn average<S: Simd, const G: usize, const W: usize>(
    simd: S,
    values: &[Line],
    width: usize,
    n: usize,
    rows: &[&mut [Line]; G],
    inverse: [f32; G],
    d: usize,
    column: usize,
    out: &mut [f32],
) {
    // Even and odd positions apart, so that sums wait for each other half as long.
    let mut sums = [[[simd.splat(0.0); W]; 2]; G];
    for (block, values) in values.chunks(16 * width).enumerate().take(n.div_ceil(16)) {
        let mut weights = [&rows[0][block].0; G];
        for g in 0..G {
            weights[g] = &rows[g][block].0;
        }
        let n_here = (n - block * 16).min(16);
        for pair in 0..n_here / 2 {
            for odd in 0..2 {
                let value = &values[(2 * pair + odd) * width..][..W];
                add_value(simd, value, weights, 2 * pair + odd, &mut sums, odd);
            }
        }
        if n_here % 2 == 1 {
            let value = &values[(n_here - 1) * width..][..W];
            add_value(simd, value, weights, n_here - 1, &mut sums, 0);
        }
    }
    for g in 0..G {
        for w in 0..W {
            let sum = simd.add(sums[g][0][w], sums[g][1][w]);
            let mut lanes = [0.0; 16];
            simd.store(simd.mul(sum, simd.splat(inverse[g])), &mut lanes);
            let out = &mut out[g * d..(g + 1) * d];
            let at = (column + w) * 16;
            let n_here = (d - at).min(16);
            out[at..at + n_here].copy_from_slice(&lanes[..n_here]);
        }
    }
}

/// Adds the value at position `i` of a block, by weight, to the even or the odd sums.
#[inline(always)]
fn add_value<S: Simd, const G: usize, const W: usize>(
    simd: S,
    value: &[Line],
    weights: [&[f32; 16]; G],
    i: usize,
    sums: &mut [[[S::Lanes; W]; 2]; G],
    odd: usize,
) {
    for w in 0..W {
        let value = simd.load(&value[w]);
        for g in 0..G {
            let sum = &mut sums[g][odd][w];
            *sum = simd.madd(value, simd.splat(weights[g][i]), *sum);
        }
    }
}
