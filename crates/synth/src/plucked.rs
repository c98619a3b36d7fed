//! Plucked strings: a burst of noise that goes round a delay line and loses its brightness.
//!
//! Source: Karplus & Strong 1983, with the pick position and tuning of Jaffe & Smith 1983.

use crate::dsp::{Envelope, EnvelopeTimes, Filter, Noise, decay_factor, driven, flushed, key_hz};

/// The lowest string; lower keys sound an octave up.
const LOWEST_HZ: f32 = 27.0;

/// Samples that a string's line needs.
pub fn line_len(sample_rate: f32) -> usize {
    (sample_rate / LOWEST_HZ) as usize + 4
}

/// What a string is made of and played with.
#[derive(Clone, Copy)]
pub struct PluckedRecipe {
    pub gain: f32,
    /// How long middle C rings; lower strings ring longer, higher ones shorter.
    pub seconds: f32,
    /// How dull the string is, `0.0..=0.5`.
    pub damping: f32,
    /// Where the pick's low-pass stands, in Hz, for the softest and the hardest stroke.
    pub pick_hz: [f32; 2],
    /// Where on the string it is plucked, as a share of its length.
    pub place: f32,
    /// Center and level of a resonance of the body.
    pub body_hz: f32,
    pub body: f32,
    /// Upper end of an amplifier, in Hz.
    pub amplifier_hz: f32,
    /// Input gain of the amplifier's shaper; 0 is none.
    pub drive: f32,
    pub release: f32,
}

/// One note; its line belongs to the voice that it sounds on.
pub struct Plucked {
    recipe: &'static PluckedRecipe,
    length: usize,
    position: usize,
    /// Of the all-pass that tunes the line between two samples.
    tuning: f32,
    tuning_memory: [f32; 2],
    damping: f32,
    loss: f32,
    last: f32,
    gain: f32,
    body: Filter,
    amplifier: Filter,
    envelope: Envelope,
}

impl Plucked {
    /// Plucks a string of `line`; `velocity` in `0.0..=1.0`.
    pub fn new(
        recipe: &'static PluckedRecipe,
        line: &mut [f32],
        key: u8,
        velocity: f32,
        seed: u32,
        sample_rate: f32,
    ) -> Self {
        let mut hz = key_hz(key);
        while hz < LOWEST_HZ {
            hz *= 2.0;
        }
        let hz = hz.min(0.2 * sample_rate);
        // The filter delays by `damping` samples, the all-pass by the rest of 0.1 to 1.1.
        let damping = recipe.damping * (1.0 - 0.3 * velocity);
        let period = sample_rate / hz - damping;
        let length = ((period - 0.1).floor().max(2.0) as usize).min(line.len());
        let rest = (period - length as f32).clamp(0.1, 1.1);
        let size = ((60.0 - f32::from(key)) / 24.0).exp2().clamp(0.2, 2.5);
        let seconds = recipe.seconds * size;
        excite(&mut line[..length], recipe, velocity, seed, sample_rate);
        let (mut body, mut amplifier) = (Filter::default(), Filter::default());
        body.tune(recipe.body_hz, 1.2, sample_rate);
        amplifier.tune(recipe.amplifier_hz, 0.7, sample_rate);
        let times = EnvelopeTimes {
            attack: 0.0015,
            decay: (seconds * 1.6).min(14.0),
            sustain: 0.0,
            release: recipe.release,
        };
        Self {
            recipe,
            length,
            position: 0,
            tuning: (1.0 - rest) / (1.0 + rest),
            tuning_memory: [0.0; 2],
            damping,
            loss: decay_factor(seconds, sample_rate).powf(period),
            last: 0.0,
            gain: recipe.gain * (0.2 + 0.8 * velocity),
            body,
            amplifier,
            envelope: Envelope::start(times, sample_rate),
        }
    }

    pub fn next(&mut self, line: &mut [f32]) -> [f32; 2] {
        let recipe = self.recipe;
        let sample = line[self.position];
        let damped = sample + (self.last - sample) * self.damping;
        self.last = sample;
        let [before_in, before_out] = self.tuning_memory;
        let tuned = self.tuning * (damped - before_out) + before_in;
        self.tuning_memory = [damped, tuned];
        line[self.position] = flushed(tuned * self.loss);
        self.position = if self.position + 1 >= self.length { 0 } else { self.position + 1 };
        let level = self.envelope.next();
        let sound = sample + recipe.body * self.body.process(sample).band;
        let played = if recipe.drive > 0.0 {
            // The amplifier hears the string die away, and is clean at the end.
            driven(sound * recipe.drive * self.gain) * level
        } else {
            sound * self.gain * level
        };
        [self.amplifier.process(played).low; 2]
    }

    pub fn envelope(&mut self) -> &mut Envelope {
        &mut self.envelope
    }
}

/// Fills a period with noise of equal loudness, as bright as the stroke is hard.
fn excite(line: &mut [f32], recipe: &PluckedRecipe, velocity: f32, seed: u32, sample_rate: f32) {
    let [soft_hz, hard_hz] = recipe.pick_hz;
    let pick_hz = soft_hz + (hard_hz - soft_hz) * velocity;
    let share = 1.0 - (-core::f32::consts::TAU * pick_hz / sample_rate).exp();
    let (mut noise, mut low) = (Noise::new(seed), [0.0; 2]);
    for sample in line.iter_mut() {
        low[0] += (noise.next() - low[0]) * share;
        low[1] += (low[0] - low[1]) * share;
        *sample = low[1];
    }
    let n_samples = line.len();
    // A string has no motion with a node where it is plucked.
    let apart = ((recipe.place * n_samples as f32) as usize).clamp(1, n_samples - 1);
    for i in (apart..n_samples).rev() {
        line[i] -= line[i - apart];
    }
    let mean = line.iter().sum::<f32>() / n_samples as f32;
    let power = line.iter().map(|s| (s - mean) * (s - mean)).sum::<f32>() / n_samples as f32;
    let scale = 0.3 / power.sqrt().max(1e-6);
    line.iter_mut().for_each(|sample| *sample = (*sample - mean) * scale);
}
