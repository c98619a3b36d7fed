//! Sixteen numbers at a time, in whatever registers the machine has.
//!
//! A kernel is written once over [`Simd`] and compiled for each instruction set. All of them give
//! the same bits, because every operation here rounds once, the way IEEE 754 says, on each lane by
//! itself.

use super::{Isa, Kind, Line, WeightLine};

/// The upper weight of a pair.
const HIGH: u32 = 0xffff_0000;

/// Work that is compiled for every instruction set.
pub(super) trait Kernel {
    /// Does the work; must be `#[inline(always)]`, so that it is compiled with the features.
    fn run<S: Simd>(self, simd: S);
}

impl Isa {
    /// Runs a kernel with these instructions.
    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
        fn avx512<K: Kernel>(kernel: K) {
            kernel.run(Avx512(()));
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn avx2<K: Kernel>(kernel: K) {
            kernel.run(Avx2(()));
        }
        match self.0 {
            // SAFETY: `Isa::available` has found these features.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { avx512(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { avx2(kernel) },
            Kind::Fused => kernel.run(Plain::<true>),
            Kind::Unfused => kernel.run(Plain::<false>),
        }
    }
}

/// Instructions that the machine is known to have.
pub(super) trait Simd: Copy {
    /// Sixteen numbers.
    type Lanes: Copy;

    /// How many sixteens the registers hold while a kernel adds to them.
    const SUMS: usize;
    /// How many columns a matrix is best multiplied with at once, at most 6.
    const COLUMNS: usize;

    fn splat(self, x: f32) -> Self::Lanes;
    fn load(self, line: &Line) -> Self::Lanes;
    /// The weights of rows 0 to 15 and those of rows 16 to 31, as they are.
    fn load_weights(self, line: &WeightLine) -> [Self::Lanes; 2];
    /// Stores to the first sixteen numbers of `out`.
    fn store(self, x: Self::Lanes, out: &mut [f32; 16]);
    /// `a · b + c`, rounded once, except by [`Plain<false>`].
    fn madd(self, a: Self::Lanes, b: Self::Lanes, c: Self::Lanes) -> Self::Lanes;
    fn add(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    fn sub(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    fn mul(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    fn min(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    fn max(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    /// `x · 2ⁿ`, where the lowest bits of `n`'s representation hold n.
    fn scale(self, x: Self::Lanes, n: Self::Lanes) -> Self::Lanes;

    /// The bits of [`crate::math::exp`].
    #[inline(always)]
    fn exp(self, x: Self::Lanes) -> Self::Lanes {
        use crate::math::{EXP_MAX, EXP_MIN, EXP_ROUND, EXP_SERIES};
        let x = self.min(self.max(x, self.splat(EXP_MIN)), self.splat(EXP_MAX));
        let t = self.mul(x, self.splat(core::f32::consts::LOG2_E));
        let round = self.splat(EXP_ROUND);
        let shifted = self.add(t, round);
        let f = self.sub(t, self.sub(shifted, round));
        let f = self.mul(f, self.splat(core::f32::consts::LN_2));
        let mut p = self.splat(EXP_SERIES[0]);
        for term in &EXP_SERIES[1..] {
            p = self.add(self.mul(p, f), self.splat(*term));
        }
        self.scale(p, shifted)
    }
}

/// Plain code, which the compiler may turn into whatever vectors the target always has.
///
/// Without `FMA` a multiplication and its addition round apart: for old machines where one
/// rounding is no instruction but a slow function.
#[derive(Clone, Copy)]
pub(super) struct Plain<const FMA: bool>;

/// Applies a function of two numbers lane by lane.
#[inline(always)]
fn both(a: [f32; 16], b: [f32; 16], f: impl Fn(f32, f32) -> f32) -> [f32; 16] {
    let mut out = a;
    for (out, b) in out.iter_mut().zip(b) {
        *out = f(*out, b);
    }
    out
}

impl<const FMA: bool> Simd for Plain<FMA> {
    type Lanes = [f32; 16];

    const SUMS: usize = if cfg!(target_arch = "aarch64") { 6 } else { 4 };
    const COLUMNS: usize = if cfg!(target_arch = "aarch64") { 3 } else { 1 };

    #[inline(always)]
    fn splat(self, x: f32) -> [f32; 16] {
        [x; 16]
    }

    #[inline(always)]
    fn load(self, line: &Line) -> [f32; 16] {
        line.0
    }

    #[inline(always)]
    fn load_weights(self, line: &WeightLine) -> [[f32; 16]; 2] {
        [
            line.0.map(|pair| f32::from_bits(pair << 16)),
            line.0.map(|pair| f32::from_bits(pair & HIGH)),
        ]
    }

    #[inline(always)]
    fn store(self, x: [f32; 16], out: &mut [f32; 16]) {
        *out = x;
    }

    #[inline(always)]
    fn madd(self, a: [f32; 16], b: [f32; 16], mut c: [f32; 16]) -> [f32; 16] {
        for ((a, b), c) in a.into_iter().zip(b).zip(&mut c) {
            *c = if FMA { a.mul_add(b, *c) } else { a * b + *c };
        }
        c
    }

    #[inline(always)]
    fn add(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        both(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        both(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        both(a, b, |a, b| a * b)
    }

    // What is no number gives the second operand, as on x86.
    #[inline(always)]
    fn min(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        both(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn max(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        both(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn scale(self, x: [f32; 16], n: [f32; 16]) -> [f32; 16] {
        both(x, n, |x, n| f32::from_bits(x.to_bits().wrapping_add(n.to_bits() << 23)))
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::*;

    use super::{HIGH, Line, Simd, WeightLine};

    /// Proof that the machine has AVX-512 foundation; made by [`super::Isa::run`] alone.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx512(pub(super) ());

    /// Proof that the machine has AVX2 and FMA; made by [`super::Isa::run`] alone.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2(pub(super) ());

    /// A method that is one instruction.
    macro_rules! instruction {
        ($name:ident, $instruction:ident, $lanes:ty, ($($argument:ident),*)) => {
            #[inline(always)]
            fn $name(self, $($argument: $lanes),*) -> $lanes {
                // SAFETY: `self` is the proof that the machine has the instruction.
                unsafe { $instruction($($argument),*) }
            }
        };
        // Once for each half.
        (half $name:ident, $instruction:ident, ($($argument:ident),*)) => {
            #[inline(always)]
            fn $name(self, $($argument: [__m256; 2]),*) -> [__m256; 2] {
                // SAFETY: `self` is the proof that the machine has the instruction.
                unsafe { [$instruction($($argument[0]),*), $instruction($($argument[1]),*)] }
            }
        };
    }

    impl Simd for Avx512 {
        type Lanes = __m512;

        const SUMS: usize = 24;
        const COLUMNS: usize = 6;

        instruction!(madd, _mm512_fmadd_ps, __m512, (a, b, c));
        instruction!(add, _mm512_add_ps, __m512, (a, b));
        instruction!(sub, _mm512_sub_ps, __m512, (a, b));
        instruction!(mul, _mm512_mul_ps, __m512, (a, b));
        instruction!(min, _mm512_min_ps, __m512, (a, b));
        instruction!(max, _mm512_max_ps, __m512, (a, b));

        #[inline(always)]
        fn splat(self, x: f32) -> __m512 {
            // SAFETY: `self` is the proof that the machine has the instruction.
            unsafe { _mm512_set1_ps(x) }
        }

        #[inline(always)]
        fn load(self, line: &Line) -> __m512 {
            // SAFETY: as above; a line is 64 bytes on a border of 64.
            unsafe { _mm512_load_ps(line.0.as_ptr()) }
        }

        #[inline(always)]
        fn load_weights(self, line: &WeightLine) -> [__m512; 2] {
            // SAFETY: as above.
            unsafe {
                let pairs = _mm512_load_si512(line.0.as_ptr().cast());
                let high = _mm512_and_si512(pairs, _mm512_set1_epi32(HIGH.cast_signed()));
                [_mm512_slli_epi32::<16>(pairs), high].map(|x| _mm512_castsi512_ps(x))
            }
        }

        #[inline(always)]
        fn store(self, x: __m512, out: &mut [f32; 16]) {
            // SAFETY: as above; `out` is 64 bytes.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), x) }
        }

        #[inline(always)]
        fn scale(self, x: __m512, n: __m512) -> __m512 {
            // SAFETY: as above.
            unsafe {
                let n = _mm512_slli_epi32::<23>(_mm512_castps_si512(n));
                _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(x), n))
            }
        }
    }

    impl Simd for Avx2 {
        type Lanes = [__m256; 2];

        const SUMS: usize = 6;
        const COLUMNS: usize = 3;

        instruction!(half madd, _mm256_fmadd_ps, (a, b, c));
        instruction!(half add, _mm256_add_ps, (a, b));
        instruction!(half sub, _mm256_sub_ps, (a, b));
        instruction!(half mul, _mm256_mul_ps, (a, b));
        instruction!(half min, _mm256_min_ps, (a, b));
        instruction!(half max, _mm256_max_ps, (a, b));

        #[inline(always)]
        fn splat(self, x: f32) -> [__m256; 2] {
            // SAFETY: `self` is the proof that the machine has the instruction.
            let x = unsafe { _mm256_set1_ps(x) };
            [x, x]
        }

        #[inline(always)]
        fn load(self, line: &Line) -> [__m256; 2] {
            let at = line.0.as_ptr();
            // SAFETY: as above; a line is 64 bytes on a border of 64.
            unsafe { [_mm256_load_ps(at), _mm256_load_ps(at.add(8))] }
        }

        #[inline(always)]
        fn load_weights(self, line: &WeightLine) -> [[__m256; 2]; 2] {
            // SAFETY: as above.
            unsafe {
                let at = line.0.as_ptr().cast::<__m256i>();
                let pairs = [_mm256_load_si256(at), _mm256_load_si256(at.add(1))];
                let mask = _mm256_set1_epi32(HIGH.cast_signed());
                let low = pairs.map(|pairs| _mm256_castsi256_ps(_mm256_slli_epi32::<16>(pairs)));
                [low, pairs.map(|pairs| _mm256_castsi256_ps(_mm256_and_si256(pairs, mask)))]
            }
        }

        #[inline(always)]
        fn store(self, x: [__m256; 2], out: &mut [f32; 16]) {
            let at = out.as_mut_ptr();
            // SAFETY: as above; `out` is 64 bytes.
            unsafe {
                _mm256_storeu_ps(at, x[0]);
                _mm256_storeu_ps(at.add(8), x[1]);
            }
        }

        #[inline(always)]
        fn scale(self, x: [__m256; 2], n: [__m256; 2]) -> [__m256; 2] {
            // SAFETY: as above.
            let scale = |x, n| unsafe {
                let n = _mm256_slli_epi32::<23>(_mm256_castps_si256(n));
                _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), n))
            };
            [scale(x[0], n[0]), scale(x[1], n[1])]
        }
    }
}
