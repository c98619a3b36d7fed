//! Song position, tempo and meter, and the one place where ticks become samples.

use crate::{Error, Result};

/// Resolution of song position: ticks in a quarter note.
pub const TICKS_PER_QUARTER: i64 = 960;

/// A place in the song, or a distance, in ticks of 1/960 quarter note.
///
/// Negative before the song's start, as during a host's pre-roll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(pub i64);

impl Ticks {
    /// The start of beat `beat`, where a beat is a quarter note.
    pub const fn from_beat(beat: i64) -> Self {
        Self(beat * TICKS_PER_QUARTER)
    }

    /// The nearest tick to a position in beats; saturates, and takes NaN for zero.
    pub fn from_beats(beats: f64) -> Self {
        Self((beats * TICKS_PER_QUARTER as f64).round() as i64)
    }

    /// The position in beats.
    pub fn beats(self) -> f64 {
        self.0 as f64 / TICKS_PER_QUARTER as f64
    }

    /// The beat that contains this position.
    pub const fn beat(self) -> i64 {
        self.0.div_euclid(TICKS_PER_QUARTER)
    }
}

impl core::ops::Add for Ticks {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl core::ops::Sub for Ticks {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Tempo in quarter notes a minute, `1.0..=999.0`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Tempo(f64);

impl Tempo {
    /// The tempo that is assumed where none is given.
    pub const DEFAULT: Self = Self(120.0);

    /// Clamps into range; anything that is not a number becomes 120.
    pub fn new(bpm: f64) -> Self {
        if bpm.is_finite() { Self(bpm.clamp(1.0, 999.0)) } else { Self::DEFAULT }
    }

    /// Quarter notes a minute.
    pub fn bpm(self) -> f64 {
        self.0
    }

    /// Samples that one beat lasts at `sample_rate` (Hz).
    pub fn samples_per_beat(self, sample_rate: f64) -> f64 {
        sample_rate * 60.0 / self.0
    }
}

impl Default for Tempo {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A time signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Meter {
    numerator: u8,
    denominator: u8,
}

impl Meter {
    /// 4/4.
    pub const COMMON: Self = Self { numerator: 4, denominator: 4 };

    /// # Errors
    /// [`Error::InvalidMeter`] outside `1..=32` over a power of two up to 32.
    pub fn new(numerator: u32, denominator: u32) -> Result<Self> {
        if !(1..=32).contains(&numerator)
            || !(1..=32).contains(&denominator)
            || !denominator.is_power_of_two()
        {
            return Err(Error::InvalidMeter { numerator, denominator });
        }
        Ok(Self { numerator: numerator as u8, denominator: denominator as u8 })
    }

    /// Reads `3/4`.
    ///
    /// # Errors
    /// [`Error::Unreadable`] or [`Error::InvalidMeter`].
    pub fn parse(text: &str) -> Result<Self> {
        let unreadable = || Error::Unreadable {
            what: "meter",
            found: text.into(),
            expected: "a fraction such as 3/4",
        };
        let (numerator, denominator) = text.split_once('/').ok_or_else(unreadable)?;
        let number = |s: &str| s.trim().parse::<u32>().map_err(|_| unreadable());
        Self::new(number(numerator)?, number(denominator)?)
    }

    /// Beats a bar as written, `1..=32`.
    pub const fn numerator(self) -> u8 {
        self.numerator
    }

    /// Note value of such a beat, a power of two in `1..=32`.
    pub const fn denominator(self) -> u8 {
        self.denominator
    }

    /// Length of a bar.
    pub const fn bar_ticks(self) -> Ticks {
        Ticks(self.numerator as i64 * 4 * TICKS_PER_QUARTER / self.denominator as i64)
    }

    /// Length of a bar in quarter notes; 4.5 in 9/8.
    pub fn bar_beats(self) -> f64 {
        self.numerator as f64 * 4.0 / self.denominator as f64
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self::COMMON
    }
}

impl core::fmt::Display for Meter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}
