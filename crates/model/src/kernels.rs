//! The decoder's arithmetic: packed matrices and attention over a cache, for one thread.
//!
//! Weights of matrices are bfloat16, which halves what a step reads from memory. They become `f32`
//! in registers, exactly; everything else is `f32`.
//!
//! Kernels are chosen when the program runs: AVX-512, AVX2 with FMA, or plain code (which is NEON
//! on 64-bit ARM). They are written once, over sixteen numbers at a time, and every sum has one
//! fixed order, whatever the instructions and however many columns are computed at once. So a step
//! gives the same bits alone or in a chunk, and on all machines with fused multiply-add: a project
//! sounds the same on each of them.
//!
//! Those without, x86 processors from before 2013 and some small ones after, would take ten times
//! as long to round the same way. There the last bits of logits differ, and with them, very
//! seldom, a note.

mod attention;
mod lines;
mod matrix;
mod simd;

pub use attention::{Attention, attend};
pub use lines::{CacheLine, Lines};
pub use matrix::{Matrix, PANEL, multiply, pack};

use crate::math;
use simd::{Kernel, Simd};

/// Sixteen numbers, aligned to a cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Line(pub [f32; 16]);

/// Thirty-two bfloat16 weights of one column, aligned to a cache line.
///
/// Word `i` holds the weight of row `i` in its lower half and that of row `16 + i` in its upper
/// half: shifted, or masked, a word is an `f32`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct WeightLine(pub [u32; 16]);

/// The instructions that kernels may use. Only those that this machine has can be named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// AVX-512 foundation, and AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Plain code that fuses multiplication and addition.
    Fused,
    /// Plain code that does not.
    Unfused,
}

impl core::fmt::Debug for Isa {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl Isa {
    /// The best of this machine.
    pub fn detect() -> Self {
        Self::available()[0]
    }

    /// All that give the same bits as machines with fused multiply-add do. Plain code is the last,
    /// and slow where that is no instruction.
    pub fn fused() -> Vec<Self> {
        let mut fused = Self::available();
        fused.retain(|isa| *isa != Self(Kind::Unfused) && *isa != Self(Kind::Fused));
        fused.push(Self(Kind::Fused));
        fused
    }

    /// All that are worth using on this machine, best first; never empty.
    pub fn available() -> Vec<Self> {
        let mut available = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                available.push(Self(Kind::Avx512));
            }
            if avx2 {
                available.push(Self(Kind::Avx2));
            }
        }
        // Where it is no instruction, rounding once costs too much.
        let has_fused = cfg!(target_arch = "aarch64");
        available.push(Self(if has_fused { Kind::Fused } else { Kind::Unfused }));
        available
    }
}

/// The sum of rows of a table whose rows are as long as `out`, in the order in which they are named.
pub fn sum_rows(isa: Isa, table: &[f32], rows: impl Iterator<Item = usize>, out: &mut [f32]) {
    isa.run(SumRows { table, rows, out });
}

struct SumRows<'a, R> {
    table: &'a [f32],
    rows: R,
    out: &'a mut [f32],
}

impl<R: Iterator<Item = usize>> Kernel for SumRows<'_, R> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let width = self.out.len();
        self.out.fill(0.0);
        for row in self.rows {
            add(self.out, &self.table[row * width..][..width]);
        }
    }
}

/// `out = x / rms(x) · gain + shift`; no shift where it is empty.
pub fn norm(isa: Isa, x: &[f32], gain: &[f32], shift: &[f32], eps: f32, out: &mut [f32]) {
    isa.run(Norm { x, gain, shift, eps, out });
}

struct Norm<'a> {
    x: &'a [f32],
    gain: &'a [f32],
    shift: &'a [f32],
    eps: f32,
    out: &'a mut [f32],
}

impl Kernel for Norm<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let r = math::inverse_rms(self.x, self.eps);
        for ((out, x), gain) in self.out.iter_mut().zip(self.x).zip(self.gain) {
            *out = x * r * gain;
        }
        for (out, shift) in self.out.iter_mut().zip(self.shift) {
            *out += shift;
        }
    }
}

/// `out = silu(gate) · up`.
pub fn swiglu(isa: Isa, gate: &[f32], up: &[f32], out: &mut [f32]) {
    isa.run(SwiGlu { gate, up, out });
}

struct SwiGlu<'a> {
    gate: &'a [f32],
    up: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for SwiGlu<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for ((out, gate), up) in self.out.iter_mut().zip(self.gate).zip(self.up) {
            *out = math::silu(*gate) * up;
        }
    }
}

/// `x = silu(x)`.
pub fn silu(isa: Isa, x: &mut [f32]) {
    isa.run(Silu(x));
}

struct Silu<'a>(&'a mut [f32]);

impl Kernel for Silu<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        self.0.iter_mut().for_each(|x| *x = math::silu(*x));
    }
}

/// `x += y`.
#[inline]
pub fn add(x: &mut [f32], y: &[f32]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

#[cfg(test)]
mod tests;
