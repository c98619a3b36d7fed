//! Elementary functions that compile to vector code and round alike on every machine.

/// `e` to the power of `x`, relative error below `1e-5`; clamps `x` into `-87.0..=88.0`.
///
/// Splits off the whole power of two and sums the Taylor series of the rest, which stays within
/// half a binary order. Multiplications and additions stay separate, so that machines with and
/// without fused multiply-add agree to the bit.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let t = x.clamp(EXP_MIN, EXP_MAX) * core::f32::consts::LOG2_E;
    let shifted = t + EXP_ROUND;
    let f = (t - (shifted - EXP_ROUND)) * core::f32::consts::LN_2;
    let mut p = EXP_SERIES[0];
    for term in &EXP_SERIES[1..] {
        p = p * f + term;
    }
    // Shifted into the exponent, nothing is left of the number that rounds.
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
}

pub const EXP_MIN: f32 = -87.0;
pub const EXP_MAX: f32 = 88.0;
/// Adding this number rounds to whole numbers, which then lie in the lowest bits.
pub const EXP_ROUND: f32 = 12_582_912.0;
/// Coefficients of the series, highest power first.
pub const EXP_SERIES: [f32; 7] = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];

/// The nearest bfloat16, the even one of two; the largest numbers become infinite.
#[inline(always)]
pub fn to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    if x.is_nan() {
        // Rounding could carry it to infinity.
        return (bits >> 16) as u16 | 0x40;
    }
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// The number that a bfloat16 is.
#[inline(always)]
pub fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// `x / (1 + e^-x)`.
#[inline(always)]
pub fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

/// Sum in sixteen interleaved lanes: the same order on every machine.
#[inline(always)]
pub fn sum(x: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let mut chunks = x.chunks_exact(16);
    for chunk in &mut chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    for (lane, value) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += value;
    }
    lanes.iter().sum()
}

/// Sum of products in sixteen interleaved lanes.
#[inline(always)]
pub fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (mut xs, mut ys) = (x.chunks_exact(16), y.chunks_exact(16));
    for (x, y) in (&mut xs).zip(&mut ys) {
        for i in 0..16 {
            lanes[i] += x[i] * y[i];
        }
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(xs.remainder().iter().zip(ys.remainder())) {
        *lane += x * y;
    }
    lanes.iter().sum()
}

/// One over the root of the mean square, as RMSNorm divides by.
#[inline(always)]
pub fn inverse_rms(x: &[f32], eps: f32) -> f32 {
    1.0 / (dot(x, x) / x.len() as f32 + eps).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_over_its_range() {
        for i in -8600..=8700 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 1e-5, "at {x}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn the_nearest_bfloat16_is_the_even_one_of_two() {
        for bits in (0..=u16::MAX).filter(|bits| from_bf16(*bits).is_finite()) {
            let (x, next) = (from_bf16(bits), from_bf16(bits.wrapping_add(1)));
            assert_eq!(to_bf16(x), bits);
            let exact =
                |share: f64| (f64::from(x) * (1.0 - share) + f64::from(next) * share) as f32;
            if !next.is_finite() {
                continue;
            }
            assert_eq!(to_bf16(exact(0.49)), bits, "{x}");
            assert_eq!(to_bf16(exact(0.51)), bits + 1, "{x}");
            assert_eq!(to_bf16(exact(0.5)), bits + (bits & 1), "{x}");
        }
        assert_eq!(from_bf16(to_bf16(f32::MAX)), f32::INFINITY);
        assert!(from_bf16(to_bf16(f32::from_bits(0x7fff_ffff))).is_nan());
    }

    #[test]
    fn sums_take_the_remainder_in() {
        let x: Vec<f32> = (0..37).map(|i| i as f32).collect();
        assert_eq!(sum(&x), 666.0);
        assert_eq!(dot(&x, &[2.0; 37]), 1332.0);
    }
}
