//! Memory that kernels stream through.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::{Line, WeightLine};

/// Size and border of a huge page on x86-64 and, mostly, on 64-bit ARM.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// A cache line of numbers.
///
/// # Safety
/// Sixteen words of four bytes, whatever their bits are, on a border of 64 bytes.
pub unsafe trait CacheLine: Copy {}

// SAFETY: sixteen `f32`, aligned to 64 bytes.
unsafe impl CacheLine for Line {}
// SAFETY: sixteen `u32`, aligned to 64 bytes.
unsafe impl CacheLine for WeightLine {}

/// A fixed number of lines.
///
/// Lines that were never written cost no memory where the system gives out pages on first use.
pub struct Lines<L = Line> {
    /// The lines and what aligns them. Never grows, so it never moves.
    memory: Vec<u32>,
    start: usize,
    len: usize,
    line: PhantomData<L>,
}

impl<L: CacheLine> Lines<L> {
    /// Lines of zeros.
    pub fn zeroed(len: usize) -> Self {
        Self::aligned(len, align_of::<L>())
    }

    /// A copy on huge pages, where the system gives them to those who ask.
    ///
    /// A step reads all weights once. On pages of 4 KiB it would need the addresses of thousands
    /// of pages, more than processors remember.
    pub fn on_huge_pages(lines: &[L]) -> Self {
        #[cfg(target_os = "linux")]
        let mut copy = {
            let mut copy = Self::aligned(lines.len(), HUGE_PAGE);
            let bytes = copy.len * size_of::<L>();
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
        let memory = vec![0u32; len * 16 + border / size_of::<u32>()];
        let start = memory.as_ptr().align_offset(border);
        assert!(start + len * 16 <= memory.len(), "no aligned place");
        Self { memory, start, len, line: PhantomData }
    }
}

impl<L: CacheLine> Deref for Lines<L> {
    type Target = [L];

    fn deref(&self) -> &[L] {
        let words = &self.memory[self.start..][..self.len * 16];
        // SAFETY: a line is sixteen words, and the first of these lies on a line's border.
        unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), self.len) }
    }
}

impl<L: CacheLine> DerefMut for Lines<L> {
    fn deref_mut(&mut self) -> &mut [L] {
        let words = &mut self.memory[self.start..][..self.len * 16];
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), self.len) }
    }
}

impl<L> fmt::Debug for Lines<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({})", self.len)
    }
}
