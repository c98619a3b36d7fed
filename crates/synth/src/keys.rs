//! Chords: an electric piano made of two tuned forks, by frequency modulation.

use crate::dsp::{Envelope, EnvelopeTimes, Phase, decay_factor, flushed, key_hz, sine};
use crate::pool::Voice;

/// One note of the electric piano.
#[derive(Default)]
pub struct KeysVoice {
    sample_rate: f32,
    step: f32,
    gain: f32,
    carrier: Phase,
    detuned: Phase,
    tine: Phase,
    /// Depth of the modulation that makes the body growl, in cycles.
    bark: f32,
    bark_floor: f32,
    bark_decay: f32,
    /// Depth of the bell at the attack, in cycles.
    bell: f32,
    bell_decay: f32,
    envelope: Envelope,
}

impl KeysVoice {
    /// `velocity` in `0.0..=1.0`.
    pub fn new(key: u8, velocity: f32, sample_rate: f32) -> Self {
        let hz = key_hz(key);
        let step = (hz / sample_rate).min(0.45);
        // High strings are short and pure.
        let size = ((60.0 - f32::from(key)) / 24.0).exp2().clamp(0.15, 4.0);
        let times = EnvelopeTimes {
            attack: 0.002,
            decay: (5.0 * size).min(9.0),
            sustain: 0.0,
            release: 0.28,
        };
        let tine_fits = step * TINE_RATIO < 0.4;
        Self {
            sample_rate,
            step,
            gain: 0.15 + 0.85 * velocity * velocity.sqrt(),
            bark: (0.04 + 0.2 * velocity * velocity) * size.min(1.2),
            bark_floor: 0.025 * size.min(1.2),
            bark_decay: decay_factor(1.6, sample_rate),
            bell: if tine_fits { 0.045 * velocity } else { 0.0 },
            bell_decay: decay_factor(0.35, sample_rate),
            envelope: Envelope::start(times, sample_rate),
            ..Self::default()
        }
    }
}

const TINE_RATIO: f32 = 7.0;
/// Two cents, so that the two forks beat slowly.
const DETUNE: f32 = 1.001_16;

impl Voice for KeysVoice {
    fn next(&mut self) -> f32 {
        let phase = self.carrier.advance(self.step);
        let detuned = self.detuned.advance((self.step * DETUNE).min(0.45));
        let tine = sine(self.tine.advance((self.step * TINE_RATIO).min(0.45)));
        self.bark = self.bark_floor + (self.bark - self.bark_floor) * self.bark_decay;
        self.bell = flushed(self.bell * self.bell_decay);
        let body = sine(phase + self.bark * sine(phase));
        let second = sine(detuned + self.bell * tine);
        (0.65 * body + 0.35 * second) * self.envelope.next() * self.gain
    }

    fn release(&mut self) {
        self.envelope.release();
    }

    fn fade(&mut self, seconds: f32) {
        self.envelope.fade(seconds, self.sample_rate);
    }

    fn is_done(&self) -> bool {
        self.envelope.is_done()
    }
}
