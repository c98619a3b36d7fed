//! The decoder's arithmetic: packed matrices and attention over a cache, for one thread.
//!
//! Kernels are chosen when the program runs: AVX-512, AVX2 with FMA, or plain code (which is NEON
//! on 64-bit ARM). Every sum has one fixed order, whatever the kernel and however many columns
//! are computed at once. So a step gives the same bits alone or in a chunk, and on all machines
//! with fused multiply-add.

mod attention;
mod matrix;

pub use attention::{Attention, attend};
pub use matrix::{Matrix, PANEL, multiply, pack};

use crate::math;

/// Sixteen numbers, aligned to a cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Line(pub [f32; 16]);

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
    /// What the compiler assumes.
    Portable,
}

impl core::fmt::Debug for Isa {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl Isa {
    /// The best of this machine.
    pub fn detect() -> Self {
        Self::available().first().copied().unwrap_or(Self(Kind::Portable))
    }

    /// All that this machine has, best first; never empty.
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
        available.push(Self(Kind::Portable));
        available
    }
}

/// Whether plain code has fused multiply-add as an instruction.
const PORTABLE_FMA: bool = cfg!(target_arch = "aarch64");

/// `a · b + c`, rounded once where `FMA` holds.
#[inline(always)]
fn madd<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Compiles a body for every [`Isa`] and calls the one asked for.
macro_rules! for_each_isa {
    ($isa:expr, $body:ident, ($($argument:ident: $kind:ty),*)) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
        fn avx512($($argument: $kind),*) {
            $body($($argument),*)
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn avx2($($argument: $kind),*) {
            $body($($argument),*)
        }
        match $isa.0 {
            // SAFETY: `Isa::available` has found these features.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { avx512($($argument),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { avx2($($argument),*) },
            Kind::Portable => $body($($argument),*),
        }
    }};
}
/// `out = x / rms(x) · gain + shift`; no shift where it is empty.
pub fn norm(isa: Isa, x: &[f32], gain: &[f32], shift: &[f32], eps: f32, out: &mut [f32]) {
    for_each_isa!(
        isa,
        norm_body,
        (x: &[f32], gain: &[f32], shift: &[f32], eps: f32, out: &mut [f32])
    )
}

#[inline(always)]
fn norm_body(x: &[f32], gain: &[f32], shift: &[f32], eps: f32, out: &mut [f32]) {
    let r = math::inverse_rms(x, eps);
    for ((out, x), gain) in out.iter_mut().zip(x).zip(gain) {
        *out = x * r * gain;
    }
    for (out, shift) in out.iter_mut().zip(shift) {
        *out += shift;
    }
}

/// `out = silu(gate) · up`.
pub fn swiglu(isa: Isa, gate: &[f32], up: &[f32], out: &mut [f32]) {
    for_each_isa!(isa, swiglu_body, (gate: &[f32], up: &[f32], out: &mut [f32]))
}

#[inline(always)]
fn swiglu_body(gate: &[f32], up: &[f32], out: &mut [f32]) {
    for ((out, gate), up) in out.iter_mut().zip(gate).zip(up) {
        *out = math::silu(*gate) * up;
    }
}

/// `x = silu(x)`.
pub fn silu(isa: Isa, x: &mut [f32]) {
    for_each_isa!(isa, silu_body, (x: &mut [f32]))
}

#[inline(always)]
fn silu_body(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x = math::silu(*x));
}

/// `x += y`.
#[inline]
pub fn add(x: &mut [f32], y: &[f32]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

#[cfg(test)]
mod tests;
