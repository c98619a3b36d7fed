//! Products of matrices on the calling thread alone.

/// A matrix that lies in a slice, row behind row or turned on its side.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> View<'a> {
    /// `rows` rows of `columns` numbers, the first of each `stride` behind that of the row before.
    ///
    /// # Panics
    /// If `values` ends before the last row does.
    pub(super) fn new(values: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(columns <= stride && (rows == 0 || (rows - 1) * stride + columns <= values.len()));
        Self { values, rows, columns, row_stride: stride, column_stride: 1 }
    }

    /// Rows without gaps.
    pub(super) fn of(values: &'a [f32], columns: usize) -> Self {
        Self::new(values, values.len() / columns, columns, columns)
    }

    /// The same matrix, rows as columns.
    pub(super) fn turned(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// `out = a · b`, or `out += a · b`; rows of `out` lie `stride` apart.
///
/// # Panics
/// If the sizes do not fit.
pub(super) fn multiply(out: &mut [f32], stride: usize, adds: bool, a: View, b: View) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert!(k == b.rows && n <= stride && (m == 0 || (m - 1) * stride + n <= out.len()));
    if m == 0 || n == 0 {
        return;
    }
    // SAFETY: the largest index of `out` was checked above, those of `a` and `b` in `View::new`,
    // and turning a view keeps the set of its indices; `out` is borrowed alone.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            stride as isize,
            adds,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_paper() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let b = [1.0, 0.0, 2.0, 1.0, 0.0, 3.0];
        let mut out = [10.0; 5];
        // (2, 3) · (3, 2), rows of the result three apart.
        multiply(&mut out, 3, false, View::of(&a, 3), View::of(&b, 2));
        assert_eq!(out, [5.0, 11.0, 10.0, 14.0, 23.0]);
        let mut out = [1.0; 4];
        multiply(&mut out, 2, true, View::of(&a, 3), View::of(&b, 3).turned());
        assert_eq!(out, [8.0, 11.0, 17.0, 23.0]);
        let mut out = [0.0; 1];
        multiply(&mut out, 1, false, View::new(&a, 1, 2, 3), View::new(&b[1..], 1, 2, 2).turned());
        assert_eq!(out, [4.0]);
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn a_view_beyond_its_numbers_is_refused() {
        View::new(&[0.0; 5], 2, 3, 3);
    }
}
