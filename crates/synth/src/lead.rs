//! Lead: two sawtooths a few cents apart, a low-pass that opens with velocity, late vibrato.

use crate::dsp::{Envelope, EnvelopeTimes, Filter, Phase, decay_factor, flushed, key_hz, sine};
use crate::pool::Voice;

const RETUNE_SAMPLES: u32 = 16;
const DETUNE: f32 = 1.003;
const VIBRATO_HZ: f32 = 5.2;
/// Seven cents to each side.
const VIBRATO_DEPTH: f32 = 0.004;

/// One note of the lead.
#[derive(Default)]
pub struct LeadVoice {
    sample_rate: f32,
    hz: f32,
    step: f32,
    bent_step: f32,
    gain: f32,
    first: Phase,
    second: Phase,
    vibrato: Phase,
    vibrato_share: f32,
    filter: Filter,
    brightness: f32,
    brightness_decay: f32,
    envelope: Envelope,
    n_samples: u32,
}

impl LeadVoice {
    /// `velocity` in `0.0..=1.0`.
    pub fn new(key: u8, velocity: f32, sample_rate: f32) -> Self {
        let hz = key_hz(key);
        let times = EnvelopeTimes { attack: 0.008, decay: 1.2, sustain: 0.6, release: 0.22 };
        let step = (hz / sample_rate).min(0.45);
        Self {
            sample_rate,
            hz,
            step,
            bent_step: step,
            gain: 0.2 + 0.8 * velocity,
            brightness: 2.0 + 6.0 * velocity,
            brightness_decay: decay_factor(1.8, sample_rate).powi(RETUNE_SAMPLES as i32),
            envelope: Envelope::start(times, sample_rate),
            first: Phase(0.5),
            second: Phase(0.25),
            ..Self::default()
        }
    }
}

impl Voice for LeadVoice {
    fn next(&mut self) -> f32 {
        if self.n_samples.is_multiple_of(RETUNE_SAMPLES) {
            let cutoff_hz = (self.hz * (1.5 + self.brightness)).min(9_000.0);
            self.filter.tune(cutoff_hz, 0.8, self.sample_rate);
            self.brightness = flushed(self.brightness * self.brightness_decay);
            let seconds = self.n_samples as f32 / self.sample_rate;
            self.vibrato_share = ((seconds - 0.25) / 0.4).clamp(0.0, 1.0);
            let turn = VIBRATO_HZ * RETUNE_SAMPLES as f32 / self.sample_rate;
            let bend = sine(self.vibrato.advance(turn)) * VIBRATO_DEPTH * self.vibrato_share;
            self.bent_step = (self.step * (1.0 + bend)).min(0.45);
        }
        self.n_samples = self.n_samples.saturating_add(1);
        let wide_step = (self.bent_step * DETUNE).min(0.45);
        let raw = 0.5 * (self.first.saw(self.bent_step) + self.second.saw(wide_step));
        self.filter.process(raw).low * self.envelope.next() * self.gain
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
