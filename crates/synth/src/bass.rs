//! Bass: a sawtooth over a sine, through a low-pass that closes.

use crate::dsp::{Envelope, EnvelopeTimes, Filter, Phase, decay_factor, flushed, key_hz, sine};
use crate::pool::Voice;

const RETUNE_SAMPLES: u32 = 16;

/// One bass note.
#[derive(Default)]
pub struct BassVoice {
    sample_rate: f32,
    step: f32,
    hz: f32,
    gain: f32,
    saw: Phase,
    sub: Phase,
    filter: Filter,
    brightness: f32,
    brightness_decay: f32,
    envelope: Envelope,
    n_samples: u32,
}

impl BassVoice {
    /// `velocity` in `0.0..=1.0`.
    pub fn new(key: u8, velocity: f32, sample_rate: f32) -> Self {
        let hz = key_hz(key);
        let times = EnvelopeTimes { attack: 0.004, decay: 2.5, sustain: 0.35, release: 0.12 };
        Self {
            sample_rate,
            hz,
            step: (hz / sample_rate).min(0.45),
            gain: 0.25 + 0.75 * velocity,
            brightness: 3.0 + 9.0 * velocity,
            brightness_decay: decay_factor(0.6, sample_rate).powi(RETUNE_SAMPLES as i32),
            envelope: Envelope::start(times, sample_rate),
            // Half a cycle on, where both waveforms cross zero.
            saw: Phase(0.5),
            sub: Phase(0.5),
            ..Self::default()
        }
    }
}

impl Voice for BassVoice {
    fn next(&mut self) -> f32 {
        if self.n_samples.is_multiple_of(RETUNE_SAMPLES) {
            let cutoff_hz = (self.hz * (2.0 + self.brightness)).min(6_000.0);
            self.filter.tune(cutoff_hz, 0.9, self.sample_rate);
            self.brightness = flushed(self.brightness * self.brightness_decay);
        }
        self.n_samples = self.n_samples.wrapping_add(1);
        let raw = 0.55 * self.saw.saw(self.step) - 0.7 * sine(self.sub.advance(self.step));
        let driven = self.filter.process(raw).low * 1.4;
        // A cubic that rounds the peaks off and adds the third harmonic of a pushed amplifier.
        let limited = driven.clamp(-1.5, 1.5);
        let shaped = limited - limited * limited * limited * (4.0 / 27.0);
        shaped * self.envelope.next() * self.gain
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
