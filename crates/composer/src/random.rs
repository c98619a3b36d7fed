//! Random numbers that depend on a key alone, never on time or on earlier draws.

use score::random::Random;
pub(crate) use score::random::uniform as unit;

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

/// A hash of one number: the first of its stream.
fn mix(value: u64) -> u64 {
    Random::new(value).bits()
}
