//! The voice of a pitched part: any of its patches, with the memory that the largest one needs.

use crate::dsp::Envelope;
use crate::fm::{Fm, FmRecipe};
use crate::modal::{Modal, ModalRecipe};
use crate::plucked::{Plucked, PluckedRecipe, line_len};
use crate::pool::Voice;
use crate::tone::{Tone, ToneRecipe};

/// How a pitched patch makes its notes.
#[derive(Clone, Copy)]
pub enum Recipe {
    Tone(ToneRecipe),
    Fm(FmRecipe),
    Plucked(PluckedRecipe),
    Modal(ModalRecipe),
}

#[expect(clippy::large_enum_variant, reason = "made once, in place")]
enum Sound {
    Silent,
    Tone(Tone),
    Fm(Fm),
    Plucked(Plucked),
    Modal(Modal),
}

/// One note of a pitched part.
pub struct PitchedVoice {
    sample_rate: f32,
    sound: Sound,
    trim: f32,
    line: Box<[f32]>,
}

impl PitchedVoice {
    #[cfg_attr(
        not(test),
        expect(clippy::disallowed_macros, reason = "made before the first block")
    )]
    pub fn new(sample_rate: f32) -> Self {
        let line = vec![0.0; line_len(sample_rate)].into_boxed_slice();
        Self { sample_rate, sound: Sound::Silent, trim: 1.0, line }
    }

    /// Starts a note; `velocity` in `0.0..=1.0`, `trim` a gain.
    pub fn begin(&mut self, recipe: &'static Recipe, key: u8, velocity: f32, trim: f32, seed: u32) {
        self.trim = trim;
        let rate = self.sample_rate;
        self.sound = match recipe {
            Recipe::Tone(recipe) => Sound::Tone(Tone::new(recipe, key, velocity, seed, rate)),
            Recipe::Fm(recipe) => Sound::Fm(Fm::new(recipe, key, velocity, rate)),
            Recipe::Plucked(recipe) => {
                let line = &mut self.line;
                Sound::Plucked(Plucked::new(recipe, line, key, velocity, seed, rate))
            }
            Recipe::Modal(recipe) => Sound::Modal(Modal::new(recipe, key, velocity, seed, rate)),
        };
    }

    fn envelope(&mut self) -> Option<&mut Envelope> {
        match &mut self.sound {
            Sound::Silent => None,
            Sound::Tone(sound) => Some(sound.envelope()),
            Sound::Fm(sound) => Some(sound.envelope()),
            Sound::Plucked(sound) => Some(sound.envelope()),
            Sound::Modal(sound) => Some(sound.envelope()),
        }
    }
}

impl Voice for PitchedVoice {
    fn next(&mut self) -> [f32; 2] {
        let sample = match &mut self.sound {
            Sound::Silent => [0.0; 2],
            Sound::Tone(sound) => sound.next(),
            Sound::Fm(sound) => sound.next(),
            Sound::Plucked(sound) => sound.next(&mut self.line),
            Sound::Modal(sound) => sound.next(),
        };
        sample.map(|side| side * self.trim)
    }

    fn release(&mut self) {
        if let Some(envelope) = self.envelope() {
            envelope.release();
        }
    }

    fn fade(&mut self, seconds: f32) {
        let rate = self.sample_rate;
        if let Some(envelope) = self.envelope() {
            envelope.fade(seconds, rate);
        }
    }

    fn is_done(&mut self) -> bool {
        self.envelope().is_none_or(|envelope| envelope.is_done())
    }
}
