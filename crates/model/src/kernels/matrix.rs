//! Matrices packed for streaming, times a few columns.

use super::simd::{Kernel, Simd};
use super::{Isa, Line};

/// Rows that lie side by side: four vectors of sixteen.
pub const PANEL: usize = 64;
const LINES: usize = PANEL / 16;

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
        let start = self.start + first / 16 * self.k;
        (Self { n: self.n - first, start, ..self }, row - first)
    }
}

/// Appends a matrix, `k` columns, given by its rows; missing rows of the last panel are zero.
pub fn pack(arena: &mut Vec<Line>, k: usize, rows: &[&[f32]]) -> Matrix {
    let start = arena.len();
    for panel in rows.chunks(PANEL) {
        for column in 0..k {
            for rows in (0..LINES).map(|line| panel.iter().skip(line * 16)) {
                let mut line = Line::default();
                for (weight, row) in line.0.iter_mut().zip(rows) {
                    *weight = row[column];
                }
                arena.push(line);
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
pub fn multiply(isa: Isa, arena: &[Line], w: Matrix, x: &[f32], y: &mut [f32], m: usize) {
    let weights = &arena[w.start..][..w.n / 16 * w.k];
    isa.run(Multiply { weights, x: &x[..m * w.k], y: &mut y[..m * w.n], n: w.n, k: w.k, m });
}

struct Multiply<'a> {
    weights: &'a [Line],
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
    panel: &[[Line; LINES]],
    x: &[f32],
    y: &mut [f32],
    stride: usize,
) {
    if M * LINES <= S::SUMS {
        lines::<S, M, LINES>(simd, panel, 0, x, y, stride);
    } else {
        lines::<S, M, 2>(simd, panel, 0, x, y, stride);
        lines::<S, M, 2>(simd, panel, 2, x, y, stride);
    }
}

/// `L` lines of a panel times `M` columns; each sum runs over the inputs in their order.
#[inline(always)]
fn lines<S: Simd, const M: usize, const L: usize>(
    simd: S,
    panel: &[[Line; LINES]],
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
    let mut sums = [[simd.splat(0.0); L]; M];
    for (i, panel) in panel.iter().enumerate() {
        let mut weights = [simd.splat(0.0); L];
        for (weights, line) in weights.iter_mut().zip(&panel[first..]) {
            *weights = simd.load(line);
        }
        for (sums, column) in sums.iter_mut().zip(&columns) {
            let x = simd.splat(column[i]);
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum = simd.madd(weights, x, *sum);
            }
        }
    }
    for (y, sums) in y.chunks_mut(stride).zip(sums) {
        let (y, _) = y[16 * first..PANEL].as_chunks_mut::<16>();
        for (y, sums) in y.iter_mut().zip(sums) {
            simd.store(sums, y);
        }
    }
}
