//! Struck sounds: a bank of partials that ring and die away, each at its own rate.

use crate::dsp::{Envelope, EnvelopeTimes, Filter, Noise, decay_factor, flushed, key_hz};

/// The most partials of a voice.
const N_MODES: usize = 16;

/// What a sound is made of.
#[derive(Clone, Copy)]
pub struct ModalRecipe {
    pub gain: f32,
    /// Frequency ratios of the partials; empty for the stretched harmonics of a piano string.
    pub ratios: &'static [f32],
    /// How fast levels fall with the partial's number, for the softest and the hardest stroke.
    pub slope: [f32; 2],
    /// Where the string or bar is struck, as a share of its length; 0 leaves no partial out.
    pub place: f32,
    /// How long middle C rings; lower keys ring longer.
    pub seconds: f32,
    /// How much shorter each further partial rings.
    pub shortening: f32,
    /// Level of the hammer's knock.
    pub knock: f32,
    pub knock_hz: f32,
    pub release: f32,
}

/// One partial: a vector that turns by its frequency and shrinks by its decay each sample.
#[derive(Clone, Copy, Default)]
struct Mode {
    re: f32,
    im: f32,
    turn: [f32; 2],
    /// To the left and to the right.
    level: [f32; 2],
}

/// One note.
pub struct Modal {
    gain: f32,
    modes: [Mode; N_MODES],
    n_modes: usize,
    noise: Noise,
    knock: f32,
    knock_factor: f32,
    knock_filter: Filter,
    envelope: Envelope,
}

impl Modal {
    /// `velocity` in `0.0..=1.0`; notes with different seeds differ in their knock.
    pub fn new(
        recipe: &'static ModalRecipe,
        key: u8,
        velocity: f32,
        seed: u32,
        sample_rate: f32,
    ) -> Self {
        let hz = key_hz(key);
        let [soft, hard] = recipe.slope;
        let slope = soft + (hard - soft) * velocity;
        let size = ((60.0 - f32::from(key)) / 20.0).exp2().clamp(0.12, 2.5);
        let seconds = recipe.seconds * size;
        // Stiffness of a middling string, more for the short ones.
        let stiffness = 0.0004 * ((f32::from(key) - 60.0) / 16.0).exp2().clamp(0.2, 8.0);
        let mut modes = [Mode::default(); N_MODES];
        let wanted = if recipe.ratios.is_empty() { N_MODES } else { recipe.ratios.len() };
        let mut n_modes = 0;
        let mut power = 0.0;
        for (i, mode) in modes.iter_mut().enumerate().take(wanted) {
            let number = (i + 1) as f32;
            let ratio = match recipe.ratios.get(i) {
                Some(ratio) => *ratio,
                None => number * (1.0 + stiffness * number * number).sqrt(),
            };
            let step = hz * ratio / sample_rate;
            if step > 0.42 {
                break;
            }
            let struck = if recipe.place > 0.0 {
                (core::f32::consts::PI * number * recipe.place).sin().abs().max(0.05)
            } else {
                1.0
            };
            let level = number.powf(-slope) * struck;
            let shrink = decay_factor(seconds / (1.0 + recipe.shortening * i as f32), sample_rate);
            let angle = core::f32::consts::TAU * step;
            mode.turn = [angle.cos() * shrink, angle.sin() * shrink];
            // Sines, so that nothing jumps; neighbours lean to different sides.
            (mode.re, mode.im) = (1.0, 0.0);
            let lean = if i % 2 == 0 { 0.12 } else { -0.12 };
            mode.level = [level * (1.0 - lean), level * (1.0 + lean)];
            power += level * level;
            n_modes += 1;
        }
        let even = 0.45 / power.sqrt().max(1e-3);
        for mode in &mut modes {
            mode.level = mode.level.map(|level| level * even);
        }
        let mut knock_filter = Filter::default();
        knock_filter.tune(recipe.knock_hz, 0.8, sample_rate);
        let times = EnvelopeTimes {
            attack: 0.001,
            decay: (seconds * 1.5).min(14.0),
            sustain: 0.0,
            release: recipe.release,
        };
        Self {
            gain: recipe.gain * (0.12 + 0.88 * velocity * velocity.sqrt()),
            modes,
            n_modes,
            noise: Noise::new(seed),
            knock: recipe.knock * (0.3 + 0.7 * velocity),
            knock_factor: decay_factor(0.045, sample_rate),
            knock_filter,
            envelope: Envelope::start(times, sample_rate),
        }
    }

    pub fn next(&mut self) -> [f32; 2] {
        let (mut left, mut right) = (0.0, 0.0);
        for mode in &mut self.modes[..self.n_modes] {
            let [cos, sin] = mode.turn;
            (mode.re, mode.im) =
                (flushed(mode.re * cos - mode.im * sin), flushed(mode.re * sin + mode.im * cos));
            left += mode.im * mode.level[0];
            right += mode.im * mode.level[1];
        }
        if self.knock > 0.0 {
            let knock = self.knock_filter.process(self.noise.next() * self.knock).band;
            self.knock = flushed(self.knock * self.knock_factor);
            left += knock;
            right += knock;
        }
        let level = self.envelope.next() * self.gain;
        [left * level, right * level]
    }

    pub fn envelope(&mut self) -> &mut Envelope {
        &mut self.envelope
    }
}
