//! Drums: one voice of a pitched skin, filtered noise and ringing metal, tuned by `kits`.

use crate::dsp::{Filter, Noise, Phase, SILENCE, decay_factor, flushed, sine};
use crate::kits::{DrumSound, NoiseBand};
use crate::pool::Voice;

/// Partials of a struck metal plate, far from any harmonic series. By ear.
const METAL_RATIOS: [f32; 6] = [1.0, 1.304, 1.466, 1.787, 1.932, 2.536];

/// Distance of the repeated bursts of a clap.
const BURST_SECONDS: f32 = 0.011;

/// A level that falls exponentially.
#[derive(Clone, Copy, Default)]
struct Decay {
    level: f32,
    factor: f32,
}

impl Decay {
    fn new(level: f32, seconds: f32, sample_rate: f32) -> Self {
        Self { level, factor: decay_factor(seconds, sample_rate) }
    }

    fn next(&mut self) -> f32 {
        let level = self.level;
        self.level = flushed(level * self.factor);
        level
    }
}

/// One hit.
pub struct DrumVoice {
    sound: DrumSound,
    sample_rate: f32,
    gain: f32,
    attack: f32,
    attack_step: f32,
    fade: f32,
    fade_factor: f32,
    skin: Phase,
    overtone: Phase,
    skin_step: f32,
    bend: Decay,
    tone: Decay,
    noise: Noise,
    noise_level: Decay,
    noise_filter: Filter,
    metal: [Phase; 6],
    metal_steps: [f32; 6],
    metal_level: Decay,
    metal_filter: Filter,
    bursts_left: u8,
    burst_samples: u32,
    next_burst: u32,
}

impl Default for DrumVoice {
    fn default() -> Self {
        let mut voice = Self::new(&DrumSound::SILENT, 0.0, 0, 48_000.0);
        voice.gain = 0.0;
        voice
    }
}

impl DrumVoice {
    /// `velocity` in `0.0..=1.0`; hits with different seeds differ in their noise.
    pub fn new(sound: &DrumSound, velocity: f32, seed: u32, sample_rate: f32) -> Self {
        let mut noise_filter = Filter::default();
        // Soft hits are dull.
        let noise_hz = sound.noise_hz * (0.75 + 0.35 * velocity);
        noise_filter.tune(noise_hz, sound.noise_q, sample_rate);
        let mut metal_filter = Filter::default();
        metal_filter.tune(sound.metal_hz * 9.0, 0.8, sample_rate);
        let burst_samples = (BURST_SECONDS * sample_rate).max(1.0) as u32;
        Self {
            sound: *sound,
            sample_rate,
            gain: sound.gain * (0.1 + 0.9 * velocity * velocity.sqrt()),
            attack: 0.0,
            attack_step: 1.0 / (sound.attack_seconds * sample_rate).max(1.0),
            fade: 1.0,
            fade_factor: 1.0,
            skin: Phase::default(),
            overtone: Phase::default(),
            skin_step: sound.skin_hz / sample_rate,
            bend: Decay::new(sound.bend, sound.bend_seconds, sample_rate),
            tone: Decay::new(sound.skin, sound.skin_seconds, sample_rate),
            noise: Noise::new(seed),
            noise_level: Decay::new(sound.noise, sound.noise_seconds, sample_rate),
            noise_filter,
            // Spread phases, so that the plate does not start on one edge.
            metal: core::array::from_fn(|i| Phase(i as f32 * 0.137)),
            metal_steps: METAL_RATIOS.map(|r| (sound.metal_hz * r / sample_rate).min(0.45)),
            metal_level: Decay::new(sound.metal, sound.metal_seconds, sample_rate),
            metal_filter,
            bursts_left: sound.bursts,
            burst_samples,
            next_burst: burst_samples,
        }
    }

    fn next_skin(&mut self) -> f32 {
        let step = (self.skin_step * (1.0 + self.bend.next())).min(0.4);
        let fundamental = sine(self.skin.advance(step));
        let overtone = sine(self.overtone.advance((step * self.sound.overtone_ratio).min(0.45)));
        (fundamental + self.sound.overtone * overtone) * self.tone.next()
    }

    fn next_noise(&mut self) -> f32 {
        if self.bursts_left > 0 {
            self.next_burst -= 1;
            if self.next_burst == 0 {
                self.bursts_left -= 1;
                self.next_burst = self.burst_samples;
                self.noise_level.level = self.sound.noise;
            }
        }
        let white = self.noise.next() * self.noise_level.next();
        let filtered = self.noise_filter.process(white);
        match self.sound.noise_band {
            NoiseBand::Around => filtered.band * 2.0,
            NoiseBand::Above => filtered.high,
        }
    }

    fn next_metal(&mut self) -> f32 {
        let mut sum = 0.0;
        for (phase, step) in self.metal.iter_mut().zip(self.metal_steps) {
            sum += if phase.advance(step) < 0.5 { 1.0 } else { -1.0 };
        }
        let rung = sum * (1.0 / 6.0) * self.metal_level.next();
        self.metal_filter.process(rung).high
    }
}

impl Voice for DrumVoice {
    fn next(&mut self) -> [f32; 2] {
        let mut sum = 0.0;
        if self.tone.level > 0.0 {
            sum += self.next_skin();
        }
        if self.noise_level.level > 0.0 || self.bursts_left > 0 {
            sum += self.next_noise();
        }
        if self.metal_level.level > 0.0 {
            sum += self.next_metal();
        }
        self.attack = (self.attack + self.attack_step).min(1.0);
        self.fade *= self.fade_factor;
        [sum * self.attack * self.fade * self.gain; 2]
    }

    /// A drum rings out by itself.
    fn release(&mut self) {}

    fn fade(&mut self, seconds: f32) {
        self.fade_factor = self.fade_factor.min(decay_factor(seconds, self.sample_rate));
    }

    fn is_done(&mut self) -> bool {
        let level = self.tone.level + self.noise_level.level + self.metal_level.level;
        level * self.fade < SILENCE && self.bursts_left == 0
    }
}
