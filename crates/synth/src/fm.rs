//! Frequency modulation: an electric piano's tuned forks, and bells.

use crate::dsp::{Envelope, EnvelopeTimes, Phase, decay_factor, flushed, key_hz, sine};

/// What a sound is made of. Depths are in cycles.
#[derive(Clone, Copy)]
pub struct FmRecipe {
    pub gain: f32,
    /// Depth of the modulation that makes the body growl, at rest and how much more when struck
    /// hard.
    pub bark: f32,
    pub bark_velocity: f32,
    pub bark_seconds: f32,
    /// Depth and frequency ratio of the bell at the attack.
    pub bell: f32,
    pub bell_ratio: f32,
    pub bell_seconds: f32,
    /// Frequency ratio of the second fork, close to 1 so that both beat slowly.
    pub detune: f32,
    /// How long middle C sounds; lower keys sound longer.
    pub seconds: f32,
    pub release: f32,
}

/// One note.
pub struct Fm {
    recipe: &'static FmRecipe,
    step: f32,
    gain: f32,
    carrier: Phase,
    detuned: Phase,
    tine: Phase,
    bark: f32,
    bark_floor: f32,
    bark_decay: f32,
    bell: f32,
    bell_decay: f32,
    envelope: Envelope,
}

impl Fm {
    /// `velocity` in `0.0..=1.0`.
    pub fn new(recipe: &'static FmRecipe, key: u8, velocity: f32, sample_rate: f32) -> Self {
        let step = (key_hz(key) / sample_rate).min(0.45);
        // High keys are short and pure.
        let size = ((60.0 - f32::from(key)) / 24.0).exp2().clamp(0.15, 4.0);
        let times = EnvelopeTimes {
            attack: 0.002,
            decay: (recipe.seconds * size).min(9.0),
            sustain: 0.0,
            release: recipe.release,
        };
        let bell_fits = step * recipe.bell_ratio < 0.4;
        let thickness = size.min(1.2);
        Self {
            recipe,
            step,
            gain: recipe.gain * (0.15 + 0.85 * velocity * velocity.sqrt()),
            carrier: Phase::default(),
            detuned: Phase::default(),
            tine: Phase::default(),
            bark: (recipe.bark * 1.6 + recipe.bark_velocity * velocity * velocity) * thickness,
            bark_floor: recipe.bark * thickness,
            bark_decay: decay_factor(recipe.bark_seconds, sample_rate),
            bell: if bell_fits { recipe.bell * velocity } else { 0.0 },
            bell_decay: decay_factor(recipe.bell_seconds, sample_rate),
            envelope: Envelope::start(times, sample_rate),
        }
    }

    pub fn next(&mut self) -> [f32; 2] {
        let phase = self.carrier.advance(self.step);
        let detuned = self.detuned.advance((self.step * self.recipe.detune).min(0.45));
        let tine = sine(self.tine.advance((self.step * self.recipe.bell_ratio).min(0.45)));
        self.bark = self.bark_floor + (self.bark - self.bark_floor) * self.bark_decay;
        self.bell = flushed(self.bell * self.bell_decay);
        let body = sine(phase + self.bark * sine(phase));
        let second = sine(detuned + self.bell * tine);
        let level = self.envelope.next() * self.gain;
        // The forks stand a little apart.
        [(0.65 * body + 0.35 * second) * level, (0.5 * body + 0.5 * second) * level]
    }

    pub fn envelope(&mut self) -> &mut Envelope {
        &mut self.envelope
    }
}
