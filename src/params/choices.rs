//! What is chosen from a list.

use nice_plug::prelude::*;
use score::{Part, PitchClass};

/// The twelve keys, in the order of [`PitchClass::NAMES`].
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the keys")]
pub enum KeyChoice {
    #[id = "c"]
    C,
    #[id = "c_sharp"]
    #[name = "C#"]
    CSharp,
    #[id = "d"]
    D,
    #[id = "d_sharp"]
    #[name = "D#"]
    DSharp,
    #[id = "e"]
    E,
    #[id = "f"]
    F,
    #[id = "f_sharp"]
    #[name = "F#"]
    FSharp,
    #[id = "g"]
    G,
    #[id = "g_sharp"]
    #[name = "G#"]
    GSharp,
    #[id = "a"]
    A,
    #[id = "a_sharp"]
    #[name = "A#"]
    ASharp,
    #[id = "b"]
    B,
}

/// The scales, in the order of [`score::Scale::ALL`].
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the scales")]
pub enum ScaleChoice {
    #[id = "free_major"]
    #[name = "Free major"]
    FreeMajor,
    #[id = "free_minor"]
    #[name = "Free minor"]
    FreeMinor,
    #[id = "major"]
    Major,
    #[id = "minor"]
    Minor,
    #[id = "dorian"]
    Dorian,
    #[id = "mixolydian"]
    Mixolydian,
    #[id = "major_pentatonic"]
    #[name = "Major pentatonic"]
    MajorPentatonic,
    #[id = "minor_pentatonic"]
    #[name = "Minor pentatonic"]
    MinorPentatonic,
    #[id = "harmonic_minor"]
    #[name = "Harmonic minor"]
    HarmonicMinor,
}

/// Lengths of a phrase.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum PhraseChoice {
    /// Music that goes on and on.
    #[id = "off"]
    Off,
    /// A riff.
    #[id = "1_bar"]
    #[name = "1 bar"]
    One,
    /// Half a phrase.
    #[id = "2_bars"]
    #[name = "2 bars"]
    Two,
    /// The usual phrase.
    #[id = "4_bars"]
    #[name = "4 bars"]
    Four,
    /// A period.
    #[id = "8_bars"]
    #[name = "8 bars"]
    Eight,
}

/// How parts are laid on MIDI channels.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum ChannelsChoice {
    /// Drums 10, bass 2, chords 3, lead 4.
    #[id = "per_part"]
    #[name = "One a part"]
    PerPart,
    /// One chosen part on channel 1, for hosts that squash channels.
    #[id = "single"]
    #[name = "Single part on 1"]
    Single,
}

/// The parts, in the order of [`Part::ALL`].
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the parts")]
pub enum PartChoice {
    #[id = "drums"]
    Drums,
    #[id = "bass"]
    Bass,
    #[id = "chords"]
    Chords,
    #[id = "lead"]
    Lead,
}

/// Which outputs the built-in sound goes to.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum OutputsChoice {
    /// The band on the main output. The parts' own are silent, since many hosts add up all that an
    /// instrument has.
    #[id = "mix"]
    Mix,
    /// The band on the main output, and each part alone on its own.
    #[id = "both"]
    #[name = "Mix and parts"]
    Both,
    /// Each part alone on its own; the main output is silent.
    #[id = "parts"]
    Parts,
}

impl KeyChoice {
    /// The tonic.
    pub fn pitch_class(self) -> PitchClass {
        PitchClass::new(self as i32)
    }
}

impl ScaleChoice {
    /// The scale as the model takes it.
    pub fn scale(self) -> score::Scale {
        score::Scale::ALL[self as usize]
    }
}

impl PhraseChoice {
    /// Bars of a phrase, 0 for none.
    pub fn n_bars(self) -> u8 {
        [0, 1, 2, 4, 8][self as usize]
    }
}

impl PartChoice {
    /// The part.
    pub fn part(self) -> Part {
        Part::ALL[self as usize]
    }
}
