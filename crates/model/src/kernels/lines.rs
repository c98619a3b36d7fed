//! Memory that kernels stream through.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::Line;

/// Size and border of a huge page on x86-64 and, mostly, on 64-bit ARM.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// A fixed number of lines.
///
/// Lines that were never written cost no memory where the system gives out pages on first use.
pub struct Lines {
    /// The lines and what aligns them. Never grows, so it never moves.
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Lines {
    /// Lines of zeros.
    pub fn zeroed(len: usize) -> Self {
        Self::aligned(len, align_of::<Line>())
    }

    /// A copy on huge pages, where the system gives them to those who ask.
    ///
    /// A step reads all weights once. On pages of 4 KiB it would need the addresses of thousands
    /// of pages, more than processors remember.
    pub fn on_huge_pages(lines: &[Line]) -> Self {
        #[cfg(target_os = "linux")]
        let mut copy = {
            let mut copy = Self::aligned(lines.len(), HUGE_PAGE);
            let bytes = copy.len * size_of::<Line>();
            // SAFETY: the range is ours, and the advice, which may fail, changes no content. It
            // matters before the first write.
            unsafe { libc::madvise(copy.as_mut_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
            copy
        };
        #[cfg(not(target_os = "linux"))]
        let mut copy = Self::zeroed(lines.len());
        copy.copy_from_slice(lines);
        copy
    }

    /// Lines whose first lies on a border of so many bytes.
    fn aligned(len: usize, border: usize) -> Self {
        // Zeros of plain numbers are taken from the system as they are, not written.
        let memory = vec![0.0f32; len * 16 + border / size_of::<f32>()];
        let start = memory.as_ptr().align_offset(border);
        assert!(start + len * 16 <= memory.len(), "no aligned place");
        Self { memory, start, len }
    }
}

impl Deref for Lines {
    type Target = [Line];

    fn deref(&self) -> &[Line] {
        let numbers = &self.memory[self.start..][..self.len * 16];
        // SAFETY: a line is sixteen numbers, and the first of these lies on a line's border.
        unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Lines {
    fn deref_mut(&mut self) -> &mut [Line] {
        let numbers = &mut self.memory[self.start..][..self.len * 16];
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), self.len) }
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({})", self.len)
    }
}
