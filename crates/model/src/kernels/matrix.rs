//! Matrices packed for streaming, times a few columns.

#![expect(clippy::needless_range_loop, reason = "indices name lanes of several arrays at once")]

use super::{Isa, Kind, Line, PORTABLE_FMA, madd};

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
    let (x, y) = (&x[..m * w.k], &mut y[..m * w.n]);
    // The panel stays in the nearest caches while all columns use it.
    for (panel_idx, panel) in weights.chunks_exact(LINES * w.k).enumerate() {
        let mut first = 0;
        while first < m {
            let n_columns = (m - first).min(widest(isa));
            let columns = &x[first * w.k..(first + n_columns) * w.k];
            let out = &mut y[first * w.n + panel_idx * PANEL..];
            multiply_panel(isa, panel, columns, out, w.n, n_columns);
            first += n_columns;
        }
    }
}

/// Columns that the registers hold beside one panel.
fn widest(isa: Isa) -> usize {
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => 6,
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => 3,
        Kind::Portable => 1,
    }
}

fn multiply_panel(isa: Isa, panel: &[Line], x: &[f32], y: &mut [f32], stride: usize, m: usize) {
    let k = panel.len() / LINES;
    assert!(x.len() >= m * k && y.len() >= (m - 1) * stride + PANEL);
    match isa.0 {
        // SAFETY: the features were found by `Isa::available`, the lengths checked above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => unsafe {
            match m {
                1 => avx512::<1>(panel, x, y, stride),
                2 => avx512::<2>(panel, x, y, stride),
                3 => avx512::<3>(panel, x, y, stride),
                4 => avx512::<4>(panel, x, y, stride),
                5 => avx512::<5>(panel, x, y, stride),
                _ => avx512::<6>(panel, x, y, stride),
            }
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe {
            match m {
                1 => avx2::<1, 4>(panel, x, y, stride),
                2 => avx2::<2, 2>(panel, x, y, stride),
                _ => avx2::<3, 2>(panel, x, y, stride),
            }
        },
        Kind::Portable => portable::<PORTABLE_FMA>(panel, x, y),
    }
}

fn portable<const FMA: bool>(panel: &[Line], x: &[f32], y: &mut [f32]) {
    let mut sums = [Line::default(); LINES];
    for (lines, x) in panel.as_chunks::<LINES>().0.iter().zip(x) {
        for (sums, line) in sums.iter_mut().zip(lines) {
            for (sum, weight) in sums.0.iter_mut().zip(&line.0) {
                *sum = madd::<FMA>(*weight, *x, *sum);
            }
        }
    }
    for (y, sums) in y.chunks_exact_mut(16).zip(&sums) {
        y.copy_from_slice(&sums.0);
    }
}

/// # Safety
/// The machine has AVX-512; `x` holds `M` columns as long as the panel, `y` as many rows of
/// `stride`, the last at least 64 long.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512<const M: usize>(panel: &[Line], x: &[f32], y: &mut [f32], stride: usize) {
    use core::arch::x86_64::*;
    let k = panel.len() / LINES;
    let mut sums = [[_mm512_setzero_ps(); LINES]; M];
    let (weights, x) = (panel.as_ptr().cast::<f32>(), x.as_ptr());
    for i in 0..k {
        // SAFETY: `i < k`, and the panel holds `k · 64` aligned numbers.
        let w: [__m512; LINES] = core::array::from_fn(|line| unsafe {
            _mm512_load_ps(weights.add(i * PANEL + 16 * line))
        });
        for (m, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the caller has promised `M · k` numbers.
            let x = _mm512_set1_ps(unsafe { *x.add(m * k + i) });
            for (sum, w) in sums.iter_mut().zip(w) {
                *sum = _mm512_fmadd_ps(w, x, *sum);
            }
        }
    }
    for (m, sums) in sums.iter().enumerate() {
        for (line, sum) in sums.iter().enumerate() {
            // SAFETY: the caller has promised `M` rows of `stride`.
            unsafe { _mm512_storeu_ps(y.as_mut_ptr().add(m * stride + 16 * line), *sum) };
        }
    }
}

/// `L` lines of the panel at a time, so that the sums stay in sixteen registers.
///
/// # Safety
/// The machine has AVX2 and FMA; `x` and `y` are as for [`avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const M: usize, const L: usize>(
    panel: &[Line],
    x: &[f32],
    y: &mut [f32],
    stride: usize,
) {
    use core::arch::x86_64::*;
    let k = panel.len() / LINES;
    let (weights, x) = (panel.as_ptr().cast::<f32>(), x.as_ptr());
    for first in (0..LINES).step_by(L) {
        let mut sums = [[[_mm256_setzero_ps(); 2]; L]; M];
        for i in 0..k {
            // SAFETY: `i < k`, and the panel holds `k · 64` aligned numbers.
            let at = unsafe { weights.add(i * PANEL + 16 * first) };
            for line in 0..L {
                for half in 0..2 {
                    // SAFETY: as above; `first + line < 4`.
                    let w = unsafe { _mm256_load_ps(at.add(16 * line + 8 * half)) };
                    for m in 0..M {
                        // SAFETY: the caller has promised `M · k` numbers.
                        let x = _mm256_set1_ps(unsafe { *x.add(m * k + i) });
                        sums[m][line][half] = _mm256_fmadd_ps(w, x, sums[m][line][half]);
                    }
                }
            }
        }
        for (m, sums) in sums.iter().enumerate() {
            for (line, sums) in sums.iter().enumerate() {
                for (half, sum) in sums.iter().enumerate() {
                    let column = 16 * (first + line) + 8 * half;
                    // SAFETY: the caller has promised `M` rows of `stride`.
                    unsafe { _mm256_storeu_ps(y.as_mut_ptr().add(m * stride + column), *sum) };
                }
            }
        }
    }
}
