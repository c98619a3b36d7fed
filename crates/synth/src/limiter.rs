//! Keeps the sum inside full scale without harshness.

use crate::dsp::decay_factor;

/// Peaks above this are turned down.
const THRESHOLD: f32 = 0.7;

/// A stereo limiter: gain that follows the peaks, then a curve that never reaches 1.
pub struct Limiter {
    peak: f32,
    attack: f32,
    release: f32,
}

impl Limiter {
    pub fn new(sample_rate: f32) -> Self {
        Self {
            peak: 0.0,
            attack: 1.0 - decay_factor(0.004, sample_rate),
            release: decay_factor(0.6, sample_rate),
        }
    }

    pub fn reset(&mut self) {
        self.peak = 0.0;
    }

    /// Limits one stereo sample; the result lies within `-1.0..=1.0`.
    pub fn process(&mut self, left: f32, right: f32) -> (f32, f32) {
        let peak = left.abs().max(right.abs());
        if peak > self.peak {
            self.peak += (peak - self.peak) * self.attack;
        } else {
            self.peak = (self.peak * self.release).max(1e-6);
        }
        let gain = if self.peak > THRESHOLD { THRESHOLD / self.peak } else { 1.0 };
        (rounded(left * gain), rounded(right * gain))
    }
}

/// Straight up to the threshold, then bent towards 1.
fn rounded(sample: f32) -> f32 {
    let over = sample.abs() - THRESHOLD;
    if over <= 0.0 {
        return sample;
    }
    let room = 1.0 - THRESHOLD;
    (THRESHOLD + room * (over / (over + room))).copysign(sample)
}
