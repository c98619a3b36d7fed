//! Matrices packed for streaming, times a few columns.

use super::simd::{Kernel, Simd};
use super::{Isa, WeightLine};
use crate::math;

/// Rows that lie side by side: four vectors of sixteen, two lines of weights.
pub const PANEL: usize = 64;
const LINES: usize = PANEL / 32;

/// Where a packed matrix lies in the arena.
///
/// Panels of 64 rows follow each other; within a panel the 64 weights of one input do.
#[derive(Clone, Copy, Debug)]
pub struct Matrix {
    /// Rows, padded to whole panels.
    pub n: usize,
    /// Columns.
    pub k: usize,
    start: usize,
}

impl Matrix {
    /// The whole panels from the one that holds `row`, and where the row lies in them.
    pub fn from_row(self, row: usize) -> (Self, usize) {
        let first = row / PANEL * PANEL;
        let start = self.start + first / 32 * self.k;
        (Self { n: self.n - first, start, ..self }, row - first)
    }
}

/// Appends a matrix, `k` columns, given by its rows, rounded to bfloat16; missing rows of the last
/// panel are zero.
pub fn pack(arena: &mut Vec<WeightLine>, k: usize, rows: &[&[f32]]) -> Matrix {
    let start = arena.len();
    for panel in rows.chunks(PANEL) {
        for column in 0..k {
            let weight = |row: usize| panel.get(row).map_or(0, |row| math::to_bf16(row[column]));
            for first in (0..PANEL).step_by(32) {
                arena.push(WeightLine(core::array::from_fn(|i| {
                    let (low, high) = (weight(first + i), weight(first + 16 + i));
                    u32::from(high) << 16 | u32::from(low)
                })));
            }
        }
    }
    Matrix { n: rows.len().next_multiple_of(PANEL), k, start }
}

/// `y = W x` for `m` columns.
///
/// # Shapes
/// - `x`: `m` times `k`
/// - `y`: `m` times `n`
///
/// # Panics
/// If a slice is too short.
pub fn multiply(isa: Isa, arena: &[WeightLine], w: Matrix, x: &[f32], y: &mut [f32], m: usize) {
    let weights = &arena[w.start..][..w.n / 32 * w.k];
    isa.run(Multiply { weights, x: &x[..m * w.k], y: &mut y[..m * w.n], n: w.n, k: w.k, m });
}

struct Multiply<'a> {
    weights: &'a [WeightLine],
    x: &'a [f32],
    y: &'a mut [f32],
    n: usize,
    k: usize,
    m: usize,
}

impl Kernel for Multiply<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { weights, x, y, n, k, m } = self;
        // As many columns at once as the registers hold beside one panel, in equal shares.
        let n_groups = m.div_ceil(S::COLUMNS);
        // The panel stays in the nearest caches while all columns use it.
        for (panel_idx, panel) in weights.chunks_exact(LINES * k).enumerate() {
            let (panel, _) = panel.as_chunks::<LINES>();
            for group in 0..n_groups {
                let at = group * m / n_groups..(group + 1) * m / n_groups;
                let x = &x[at.start * k..at.end * k];
                let y = &mut y[at.start * n + panel_idx * PANEL..];
                match at.len() {
                    1 => columns::<S, 1>(simd, panel, x, y, n),
                    2 => columns::<S, 2>(simd, panel, x, y, n),
                    3 => columns::<S, 3>(simd, panel, x, y, n),
                    4 => columns::<S, 4>(simd, panel, x, y, n),
                    5 => columns::<S, 5>(simd, panel, x, y, n),
                    _ => columns::<S, 6>(simd, panel, x, y, n),
                }
            }
        }
    }
}

/// One panel times `M` columns, as many lines at once as the registers hold.
#[inline(always)]
fn columns<S: Simd, const M: usize>(
    simd: S,
    panel: &[[WeightLine; LINES]],
    x: &[f32],
    y: &mut [f32],
    stride: usize,
) {
    if M * PANEL / 16 <= S::SUMS {
        lines::<S, M, LINES>(simd, panel, 0, x, y, stride);
    } else {
        lines::<S, M, 1>(simd, panel, 0, x, y, stride);
        lines::<S, M, 1>(simd, panel, 1, x, y, stride);
    }
}

/// `L` lines of a panel times `M` columns; each sum runs over the inputs in their order.
///
/// The processor reads ahead by itself: prefetches only slowed it down, and so did two panels at
/// once for one column.
#[inline(always)]
fn lines<S: Simd, const M: usize, const L: usize>(
    simd: S,
    panel: &[[WeightLine; LINES]],
    first: usize,
    x: &[f32],
    y: &mut [f32],
    stride: usize,
) {
    let k = panel.len();
    let mut columns = [x; M];
    for (m, column) in columns.iter_mut().enumerate() {
        *column = &x[m * k..(m + 1) * k];
    }
    let mut sums = [[[simd.splat(0.0); 2]; L]; M];
    for (i, panel) in panel.iter().enumerate() {
        let mut weights = [[simd.splat(0.0); 2]; L];
        for (weights, line) in weights.iter_mut().zip(&panel[first..]) {
            *weights = simd.load_weights(line);
        }
        for (sums, column) in sums.iter_mut().zip(&columns) {
            let x = simd.splat(column[i]);
            for (sums, weights) in sums.iter_mut().zip(weights) {
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = simd.madd(weights, x, *sum);
                }
            }
        }
    }
    for (y, sums) in y.chunks_mut(stride).zip(sums) {
        let (y, _) = y[32 * first..PANEL].as_chunks_mut::<16>();
        for (y, sum) in y.iter_mut().zip(sums.into_iter().flatten()) {
            simd.store(sum, y);
        }
    }
}
