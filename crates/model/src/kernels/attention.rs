//! Attention of steps over the cached keys and values of one layer.

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

    /// Lines that [`attend`] needs for scores.
    pub const fn score_lines(&self) -> usize {
        // Three heads of two queries at most.
        self.capacity.div_ceil(16) * 6
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

/// Attention of consecutive queries; the first sees `n` positions, each of the others one more.
///
/// # Shapes
/// - `q`: one query every `stride` numbers, `n_kv_heads · group · head_dim` each, already scaled
/// - `out`: as many outputs behind each other
/// - `scores`: room for [`Attention::score_lines`]
#[expect(clippy::too_many_arguments, reason = "one call a step and layer; a struct says no more")]
pub fn attend(
    isa: Isa,
    sizes: &Attention,
    keys: &[Line],
    values: &[Line],
    n: usize,
    q: &[f32],
    stride: usize,
    out: &mut [f32],
    scores: &mut [Line],
) {
    isa.run(Attend { sizes, keys, values, n, q, stride, out, scores });
}

struct Attend<'a> {
    sizes: &'a Attention,
    keys: &'a [Line],
    values: &'a [Line],
    n: usize,
    q: &'a [f32],
    stride: usize,
    out: &'a mut [f32],
    scores: &'a mut [Line],
}

impl Kernel for Attend<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { sizes, n, q, stride, out, scores, .. } = self;
        let (d, group) = (sizes.head_dim, sizes.group);
        let d_out = sizes.n_kv_heads * group * d;
        let n_queries = out.len() / d_out;
        for head in 0..sizes.n_kv_heads {
            let keys = &self.keys[head * sizes.head_key_lines()..][..sizes.head_key_lines()];
            let values = &self.values[head * sizes.head_value_lines()..];
            let span = Span { d, keys, values: &values[..sizes.head_value_lines()], n };
            // Two queries at once read each key and value once.
            let mut query = 0;
            while query < n_queries {
                let is_pair = S::SUMS >= 24 && query + 2 <= n_queries;
                let q = &q[query * stride..];
                let out = &mut out[query * d_out..];
                let span = Span { n: n + query, ..span };
                // Query heads that share keys are taken three, two or one at a time.
                let mut first = head * group;
                while first < (head + 1) * group {
                    let taken = ((head + 1) * group - first).min(3);
                    let at = Rows { first: first * d, stride, out_stride: d_out };
                    match (taken, is_pair) {
                        (3, true) => heads::<S, 3, 6>(simd, span, at, q, out, scores),
                        (2, true) => heads::<S, 2, 4>(simd, span, at, q, out, scores),
                        (1, true) => heads::<S, 1, 2>(simd, span, at, q, out, scores),
                        (3, _) => heads::<S, 3, 3>(simd, span, at, q, out, scores),
                        (2, _) => heads::<S, 2, 2>(simd, span, at, q, out, scores),
                        _ => heads::<S, 1, 1>(simd, span, at, q, out, scores),
                    }
                    first += taken;
                }
                query += if is_pair { 2 } else { 1 };
            }
        }
    }
}

/// What one key head holds, and how much of it the first query sees.
#[derive(Clone, Copy)]
struct Span<'a> {
    /// Width of a head.
    d: usize,
    keys: &'a [Line],
    values: &'a [Line],
    n: usize,
}

/// Where query heads lie: `first` of the first query and those behind it, of the next one a stride
/// later.
#[derive(Clone, Copy)]
struct Rows {
    first: usize,
    stride: usize,
    out_stride: usize,
}

/// `R` query heads over one key head: `G` of one query, or of two and the next as many.
#[inline(always)]
fn heads<S: Simd, const G: usize, const R: usize>(
    simd: S,
    span: Span,
    at: Rows,
    q: &[f32],
    out: &mut [f32],
    scores: &mut [Line],
) {
    let d = span.d;
    // Of the last query, which sees most.
    let n = span.n + R / G - 1;
    let n_blocks = n.div_ceil(16);
    let keys = &span.keys[..n_blocks * d];
    let values = &span.values[..n * d.div_ceil(16)];
    let mut rest = &mut scores[..R * n_blocks];
    let mut rows: [&mut [Line]; R] = core::array::from_fn(|_| {
        let (row, others) = core::mem::take(&mut rest).split_at_mut(n_blocks);
        rest = others;
        row
    });
    let mut queries = [q; R];
    for (r, query) in queries.iter_mut().enumerate() {
        *query = &q[r / G * at.stride + at.first + r % G * d..][..d];
    }
    // Several blocks at once, so that no sum waits for itself.
    let at_once = (S::SUMS / R).min(4);
    let mut block = 0;
    while block < n_blocks {
        let keys = &keys[block * d..];
        if at_once == 4 && block + 4 <= n_blocks {
            products::<S, R, 4>(simd, d, keys, &queries, &mut rows, block);
            block += 4;
        } else if at_once >= 2 && block + 2 <= n_blocks {
            products::<S, R, 2>(simd, d, keys, &queries, &mut rows, block);
            block += 2;
        } else {
            products::<S, R, 1>(simd, d, keys, &queries, &mut rows, block);
            block += 1;
        }
    }
    let mut inverse = [0.0f32; R];
    for (r, (row, inverse)) in rows.iter_mut().zip(&mut inverse).enumerate() {
        let n = span.n + r / G;
        let (seen, unseen) = row.split_at_mut(n.div_ceil(16));
        let last = seen.len() - 1;
        // Positions that do not exist yet hold whatever was there before.
        seen[last].0[n - last * 16..].fill(f32::NEG_INFINITY);
        *inverse = 1.0 / softmax(simd, seen);
        // Nothing of what only the next query sees.
        seen[last].0[n - last * 16..].fill(0.0);
        unseen.fill(Line::default());
    }
    let width = d.div_ceil(16);
    let mut column = 0;
    while column < width {
        let (values, out) = (&values[column..], &mut *out);
        if column + 2 <= width && 4 * R <= S::SUMS {
            let sums = average::<S, R, 2>(simd, values, width, n, &rows, inverse);
            give::<S, G, R, 2>(simd, sums, d, at, column, out);
            column += 2;
        } else {
            let sums = average::<S, R, 1>(simd, values, width, n, &rows, inverse);
            give::<S, G, R, 1>(simd, sums, d, at, column, out);
            column += 1;
        }
    }
}

/// Writes `W` times sixteen numbers of each row, from `column` times sixteen on.
#[inline(always)]
fn give<S: Simd, const G: usize, const R: usize, const W: usize>(
    simd: S,
    sums: [[S::Lanes; W]; R],
    d: usize,
    at: Rows,
    column: usize,
    out: &mut [f32],
) {
    for (r, sums) in sums.into_iter().enumerate() {
        let out = &mut out[r / G * at.out_stride + at.first + r % G * d..][..d];
        for (out, sum) in out.chunks_mut(16).skip(column).zip(sums) {
            let mut lanes = [0.0; 16];
            simd.store(sum, &mut lanes);
            out.copy_from_slice(&lanes[..out.len()]);
        }
    }
}

/// Scores of `G` queries with `B` blocks of keys.
#[inline(always)]
fn products<S: Simd, const G: usize, const B: usize>(
    simd: S,
    d: usize,
    keys: &[Line],
    queries: &[&[f32]; G],
    rows: &mut [&mut [Line]; G],
    first: usize,
) {
    let mut blocks = [keys; B];
    for (b, block) in blocks.iter_mut().enumerate() {
        *block = &keys[b * d..(b + 1) * d];
    }
    let mut sums = [[simd.splat(0.0); B]; G];
    for i in 0..d {
        let mut keys = [simd.splat(0.0); B];
        for b in 0..B {
            keys[b] = simd.load(&blocks[b][i]);
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
fn average<S: Simd, const G: usize, const W: usize>(
    simd: S,
    values: &[Line],
    width: usize,
    n: usize,
    rows: &[&mut [Line]; G],
    inverse: [f32; G],
) -> [[S::Lanes; W]; G] {
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
    let mut averages = [[simd.splat(0.0); W]; G];
    for g in 0..G {
        for w in 0..W {
            let sum = simd.add(sums[g][0][w], sums[g][1][w]);
            averages[g][w] = simd.mul(sum, simd.splat(inverse[g]));
        }
    }
    averages
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
