//! A SoundFont in the place of the built-in patches: one sampler a part, so that each part has its
//! own level, place and output.
//!
//! The sampler is rustysynth's. It allocates when it is made and never after, and takes no lock;
//! samples start on its own grid of [`GRID`] samples.

mod load;

pub use load::SoundFontError;

use crate::patches::Patch;
use rustysynth::Synthesizer;
use score::{Part, Pitch, Velocity};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Samples that a sampler renders at once; a note begins at the next multiple.
const GRID: usize = 16;

/// Channels of the samplers: that of drums has the drum bank.
const DRUM_CHANNEL: i32 = 9;
const CHANNEL: i32 = 0;

const PROGRAM_CHANGE: i32 = 0xC0;

/// What makes SoundFonts about as loud as the built-in patches.
const TRIM: [f32; 4] = [1.0, 1.0, 0.8, 1.0];

/// The samplers of the four parts.
///
/// Made on any thread but the audio thread, with [`SoundFontBand::load`], and handed to
/// [`Synth::change_sound_font`](crate::Synth::change_sound_font); freed elsewhere, too.
pub struct SoundFontBand {
    sample_rate: f32,
    samplers: [Synthesizer; 4],
    /// Whether a part was ever played, and may sound.
    plays: [bool; 4],
    /// Whether a sampler failed; it is silent from then on.
    failed: bool,
}

impl SoundFontBand {
    /// The rate that it was made for, in Hz.
    pub fn sample_rate(&self) -> f32 {
        self.sample_rate
    }

    /// Whether a sampler met something in its file that it could not play.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    pub(crate) fn note_on(&mut self, part: Part, patch: &Patch, pitch: Pitch, velocity: Velocity) {
        let channel = channel(part);
        let (key, program) = (i32::from(pitch.number()), i32::from(patch.program));
        self.plays[part.index()] = true;
        let sampler = &mut self.samplers[part.index()];
        sampler.process_midi_message(channel, PROGRAM_CHANGE, program, 0);
        sampler.note_on(channel, key, velocity.number().into());
    }

    pub(crate) fn note_off(&mut self, part: Part, pitch: Pitch) {
        self.samplers[part.index()].note_off(channel(part), pitch.number().into());
    }

    pub(crate) fn all_off(&mut self) {
        self.samplers.iter_mut().for_each(|sampler| sampler.note_off_all(false));
    }

    pub(crate) fn reset(&mut self) {
        self.samplers.iter_mut().for_each(|sampler| sampler.note_off_all(true));
        self.plays = [false; 4];
    }

    /// Writes a part's next samples; `false`, with nothing written, when it has never been played.
    pub(crate) fn render(&mut self, part: Part, left: &mut [f32], right: &mut [f32]) -> bool {
        if self.failed || !self.plays[part.index()] {
            return false;
        }
        let sampler = &mut self.samplers[part.index()];
        // What files hold is checked when they are loaded. Should that not be enough, the host
        // shall not pay for it.
        let rendered = catch_unwind(AssertUnwindSafe(|| sampler.render(left, right)));
        if rendered.is_err() || left.iter().chain(&*right).any(|sample| !sample.is_finite()) {
            self.failed = true;
            return false;
        }
        for sample in left.iter_mut().chain(right) {
            *sample *= TRIM[part.index()];
        }
        true
    }
}

fn channel(part: Part) -> i32 {
    if part == Part::Drums { DRUM_CHANNEL } else { CHANNEL }
}
