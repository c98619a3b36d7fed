//! Chords that somebody gives: held on a keyboard, typed, read from a file, or sent from elsewhere.
//!
//! [`Held`] hears chords in held keys and [`Progression`] is a given series of them; both are of
//! fixed size and allocate nothing, because the audio thread has them. Only reading text and files
//! allocates.

mod held;
mod progression;

use crate::{Chord, ChordQuality, Error, PitchClass, Result};

pub use held::Held;
pub use progression::{MAX_BARS, MAX_CHORDS, Progression};

/// A chord to follow: what the model calls it, its exact notes, and what the bass plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GivenChord {
    /// The nearest chord that the model knows.
    pub chord: Chord,
    /// The pitch classes that were asked for, bit 0 is C; never 0.
    pub tones: u16,
    /// The root, or what stands behind the slash.
    pub bass: PitchClass,
}

/// Chords by their notes above the root: what the model takes them for, and how they are written.
const KINDS: [(u16, ChordQuality, &[&str]); 28] = {
    use ChordQuality::{
        Diminished, Dominant7, HalfDiminished, Major, Major7, Minor, Minor7, Suspended,
    };
    [
        (0b0000_1001_0001, Major, &["", "maj", "M"]),
        (0b0000_1000_1001, Minor, &["m", "min", "-", "mi"]),
        (0b0100_1001_0001, Dominant7, &["7", "dom7"]),
        (0b1000_1001_0001, Major7, &["maj7", "M7", "Δ", "Δ7", "j7", "ma7"]),
        (0b0100_1000_1001, Minor7, &["m7", "min7", "-7", "mi7"]),
        (0b0000_0100_1001, Diminished, &["dim", "o", "°"]),
        (0b0100_0100_1001, HalfDiminished, &["m7b5", "ø", "ø7", "min7b5", "-7b5"]),
        (0b0000_1010_0001, Suspended, &["sus4", "sus"]),
        (0b0000_1000_0101, Suspended, &["sus2"]),
        (0b0001_0001_0001, Major, &["aug", "+"]),
        (0b0010_0100_1001, Diminished, &["dim7", "o7", "°7"]),
        (0b0100_1010_0001, Suspended, &["7sus4", "7sus"]),
        (0b1000_1000_1001, Minor, &["mmaj7", "mM7", "minmaj7"]),
        (0b0000_1000_0001, Major, &["5"]),
        (0b0010_1001_0001, Major, &["6"]),
        (0b0010_1000_1001, Minor, &["m6", "min6", "-6"]),
        (0b0100_1001_0101, Dominant7, &["9"]),
        (0b1000_1001_0101, Major7, &["maj9", "M9"]),
        (0b0100_1000_1101, Minor7, &["m9", "min9", "-9"]),
        (0b0000_1001_0101, Major, &["add9", "add2"]),
        (0b0000_1000_1101, Minor, &["madd9"]),
        (0b0010_1001_0101, Major, &["69", "6add9"]),
        (0b0100_1001_0011, Dominant7, &["7b9"]),
        (0b0100_1001_1001, Dominant7, &["7#9"]),
        (0b0101_0001_0001, Dominant7, &["7#5", "aug7", "+7"]),
        (0b0100_0101_0001, Dominant7, &["7b5"]),
        (0b0110_1001_0101, Dominant7, &["13"]),
        (0b0100_1010_1101, Minor7, &["m11", "min11", "-11"]),
    ]
};

/// Kinds that are heard in held keys: the first of [`KINDS`], which no other chord's notes explain
/// as well.
const N_HEARD: usize = 13;

/// A set of pitch classes `semitones` higher.
const fn turned(classes: u16, semitones: u8) -> u16 {
    let by = semitones % 12;
    (classes << by | classes >> (12 - by)) & 0xfff
}

impl GivenChord {
    /// A chord in root position.
    pub fn new(chord: Chord) -> Self {
        Self { chord, tones: chord.pitch_classes(), bass: chord.root }
    }

    /// The same chord `semitones` higher.
    #[must_use]
    pub fn transposed(self, semitones: i32) -> Self {
        Self {
            chord: self.chord.transposed(semitones),
            tones: turned(self.tones, semitones.rem_euclid(12) as u8),
            bass: PitchClass::new(i32::from(self.bass.number()) + semitones),
        }
    }

    /// What a set of sounding pitch classes is, above `bass`; `None` for fewer than two.
    ///
    /// Chords score by the notes that they explain, less those that they lack and those beside
    /// them; a lacking fifth counts little, and a root in the bass speaks for a chord.
    pub fn heard(classes: u16, bass: PitchClass) -> Option<Self> {
        let classes = classes & 0xfff;
        if classes.count_ones() < 2 {
            return None;
        }
        let mut best: Option<(i32, Chord, u16)> = None;
        for root in (0..12).filter(|root| classes >> root & 1 == 1) {
            for &(intervals, quality, _) in &KINDS[..N_HEARD] {
                // Two notes are a third or a fifth, never half a suspension.
                if quality == ChordQuality::Suspended && classes.count_ones() == 2 {
                    continue;
                }
                let tones = turned(intervals, root);
                let count = |set: u16| set.count_ones() as i32;
                let fifth = tones & !classes & turned(1 << 7, root);
                let lacking = 3 * count(tones & !classes) - 2 * count(fifth);
                let at_bass = i32::from(bass.number() == root);
                let score = 4 * count(tones & classes) - lacking - 3 * count(classes & !tones)
                    + 2 * at_bass;
                if best.is_none_or(|(highest, ..)| score > highest) {
                    let chord = Chord { root: PitchClass::new(i32::from(root)), quality };
                    best = Some((score, chord, tones));
                }
            }
        }
        let (_, chord, tones) = best?;
        // A root and a third mean the triad; a bare fifth, and whatever was added, means itself.
        let has_fifth = classes & turned(1 << 7, chord.root.number()) != 0;
        let tones = if classes.count_ones() > 2 || has_fifth { classes } else { tones | classes };
        Some(Self { chord, tones, bass })
    }

    /// Reads `C`, `F#m7`, `Bbmaj9`, `Gsus2`, `E7#9`, `Am7/G`.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let unreadable = || Error::Unreadable {
            what: "chord",
            found: text.into(),
            expected: "a root, what kind, and perhaps a bass: C, F#m7, Bbmaj9, Gsus4, Am7/G",
        };
        let root_of = |text: &str| -> Result<(PitchClass, usize)> {
            let len = match text.as_bytes() {
                [_, b'#' | b'b', ..] => 2,
                _ => text.chars().next().map_or(0, char::len_utf8),
            };
            let root = text.get(..len).ok_or_else(unreadable)?;
            Ok((PitchClass::parse(root).map_err(|_| unreadable())?, len))
        };
        let (name, bass) = match text.rsplit_once('/') {
            Some((name, bass)) => {
                let (class, len) = root_of(bass.trim())?;
                if len != bass.trim().len() {
                    return Err(unreadable());
                }
                (name.trim_end(), Some(class))
            }
            None => (text, None),
        };
        let (root, len) = root_of(name)?;
        let suffix = &name[len..];
        let (intervals, quality, _) = KINDS
            .into_iter()
            .find(|(_, _, suffixes)| suffixes.contains(&suffix))
            .ok_or_else(unreadable)?;
        let bass = bass.unwrap_or(root);
        let tones = turned(intervals, root.number()) | 1 << bass.number();
        Ok(Self { chord: Chord { root, quality }, tones, bass })
    }

    /// The chord in one number, which is never 0.
    pub fn packed(self) -> u32 {
        let index = Chord::index(Some(self.chord)) as u32;
        index | u32::from(self.bass.number()) << 7 | u32::from(self.tones) << 11
    }

    /// The chord of a number that [`packed`](Self::packed) gave; `None` for 0 and all others.
    pub fn unpacked(number: u32) -> Option<Self> {
        let chord = Chord::from_index((number & 0x7f) as usize)?;
        let (bass, tones) = (number >> 7 & 0xf, number >> 11);
        let is_valid = bass < 12 && tones > 0 && tones < 1 << 12;
        is_valid.then(|| Self { chord, tones: tones as u16, bass: PitchClass::new(bass as i32) })
    }
}

impl core::fmt::Display for GivenChord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let root = self.chord.root.number();
        let without_bass = self.tones & !(1 << self.bass.number()) | 1 << root;
        let kind_of = |set: u16| KINDS.iter().find(|kind| turned(kind.0, root) == set);
        let kind = kind_of(self.tones).or_else(|| kind_of(without_bass));
        let suffix = kind.map_or(self.chord.quality.suffix(), |(_, _, suffixes)| suffixes[0]);
        write!(f, "{}{suffix}", self.chord.root.name())?;
        match self.bass == self.chord.root {
            true => Ok(()),
            false => write!(f, "/{}", self.bass.name()),
        }
    }
}

#[cfg(test)]
mod tests;
