//! Pitches, velocities, parts and notes.

use crate::{Error, Result, Ticks};

/// A MIDI key number, `0..=127`; 60 is middle C.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pitch(u8);

impl Pitch {
    /// `None` above 127.
    pub const fn new(number: u8) -> Option<Self> {
        if number < 128 { Some(Self(number)) } else { None }
    }

    /// The nearest pitch in range.
    pub const fn clamped(number: i32) -> Self {
        Self(if number < 0 {
            0
        } else if number > 127 {
            127
        } else {
            number as u8
        })
    }

    /// The key number, `0..=127`.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The pitch class, `0..=11`.
    pub const fn class(self) -> PitchClass {
        PitchClass(self.0 % 12)
    }
}

/// A pitch without its octave, `0..=11`, 0 is C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PitchClass(u8);

impl PitchClass {
    /// Names with sharps, from C.
    pub const NAMES: [&'static str; 12] =
        ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

    /// Any whole number, taken modulo 12.
    pub const fn new(number: i32) -> Self {
        Self(number.rem_euclid(12) as u8)
    }

    /// `0..=11`.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The name with a sharp where there is one.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self.0 as usize]
    }

    /// Reads `C`, `F#`, `Bb`.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn parse(text: &str) -> Result<Self> {
        let unreadable = || Error::Unreadable {
            what: "pitch",
            found: text.into(),
            expected: "a name such as C, F# or Bb",
        };
        let mut letters = text.trim().chars();
        let natural = match letters.next().map(|c| c.to_ascii_uppercase()) {
            Some('C') => 0,
            Some('D') => 2,
            Some('E') => 4,
            Some('F') => 5,
            Some('G') => 7,
            Some('A') => 9,
            Some('B') => 11,
            _ => return Err(unreadable()),
        };
        match letters.as_str() {
            "" => Ok(Self::new(natural)),
            "#" | "♯" => Ok(Self::new(natural + 1)),
            "b" | "♭" => Ok(Self::new(natural - 1)),
            _ => Err(unreadable()),
        }
    }
}

/// How hard a note is struck, `1..=127`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Velocity(u8);

impl Velocity {
    /// Clamps into `1..=127`.
    pub const fn clamped(number: i32) -> Self {
        Self(if number < 1 {
            1
        } else if number > 127 {
            127
        } else {
            number as u8
        })
    }

    /// `1..=127`.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A member of the band. The order is fixed: it is the order of channels and of composing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// General MIDI drum keys.
    Drums,
    /// The lowest line.
    Bass,
    /// Harmony: several notes at a time.
    Chords,
    /// Melody.
    Lead,
}

impl Part {
    /// The band, in order.
    pub const ALL: [Self; 4] = [Self::Drums, Self::Bass, Self::Chords, Self::Lead];

    /// `0..=3`, in the order of [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name as people write it, in lower case.
    pub const fn name(self) -> &'static str {
        ["drums", "bass", "chords", "lead"][self as usize]
    }

    /// MIDI channel counted from 0: drums 9, bass 1, chords 2, lead 3 (printed as 10, 2, 3, 4).
    pub const fn channel(self) -> u8 {
        [9, 1, 2, 3][self as usize]
    }

    /// Reads a part's [`name`](Self::name).
    ///
    /// # Errors
    /// [`Error::UnknownPart`], which lists the four.
    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|part| part.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| Error::UnknownPart { found: text.into() })
    }
}

/// A note with its end: onset and duration, never a bare on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// When it starts, in ticks from the start of the song.
    pub onset: Ticks,
    /// How long it sounds, at least one tick.
    pub duration: Ticks,
    /// What it sounds.
    pub pitch: Pitch,
    /// How hard it is struck.
    pub velocity: Velocity,
}
