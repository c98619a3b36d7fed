//! Random numbers that depend on a key alone, never on time or on earlier draws.

/// Mixes seed, pass, beat and purpose (a part, or a use) into one number.
pub(crate) fn key(seed: u32, pass: u32, beat: i64, purpose: u64) -> u64 {
    let words = [u64::from(seed), u64::from(pass), beat as u64, purpose];
    words.into_iter().fold(0, |state, word| mix(state ^ word))
}

/// The next number of a stream.
pub(crate) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mix(*state)
}

/// A number in `[0, 1)` from the upper bits.
pub(crate) fn unit(bits: u64) -> f32 {
    (bits >> 40) as f32 / (1u64 << 24) as f32
}

/// The finalizer of SplitMix64. Source: Steele, Lea & Flood 2014, fig. 17, in Stafford's variant 13.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}
