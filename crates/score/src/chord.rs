//! Chord names, their notes, and an estimate of the chord of each beat.

use crate::{Error, PitchClass, Result};

/// The kinds of chord that the model tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChordQuality {
    /// 1 3 5
    Major,
    /// 1 b3 5
    Minor,
    /// 1 3 5 b7
    Dominant7,
    /// 1 3 5 7
    Major7,
    /// 1 b3 5 b7
    Minor7,
    /// 1 b3 b5
    Diminished,
    /// 1 b3 b5 b7
    HalfDiminished,
    /// 1 4 5
    Suspended,
}

impl ChordQuality {
    /// All qualities, in order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Major,
        Self::Minor,
        Self::Dominant7,
        Self::Major7,
        Self::Minor7,
        Self::Diminished,
        Self::HalfDiminished,
        Self::Suspended,
    ];

    /// Pitch classes counted from the root, bit 0 is the root.
    pub const fn intervals(self) -> u16 {
        match self {
            Self::Major => 1 | 1 << 4 | 1 << 7,
            Self::Minor => 1 | 1 << 3 | 1 << 7,
            Self::Dominant7 => 1 | 1 << 4 | 1 << 7 | 1 << 10,
            Self::Major7 => 1 | 1 << 4 | 1 << 7 | 1 << 11,
            Self::Minor7 => 1 | 1 << 3 | 1 << 7 | 1 << 10,
            Self::Diminished => 1 | 1 << 3 | 1 << 6,
            Self::HalfDiminished => 1 | 1 << 3 | 1 << 6 | 1 << 10,
            Self::Suspended => 1 | 1 << 5 | 1 << 7,
        }
    }

    /// What is written after the root, as in `Am7`.
    pub const fn suffix(self) -> &'static str {
        ["", "m", "7", "maj7", "m7", "dim", "m7b5", "sus4"][self as usize]
    }

    /// Whether the third above the root is minor.
    pub const fn is_minor(self) -> bool {
        self.intervals() & 1 << 3 != 0
    }
}

/// A chord: root and quality, without voicing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    /// The root.
    pub root: PitchClass,
    /// The quality.
    pub quality: ChordQuality,
}

impl Chord {
    /// Number of chord classes, "no chord" among them.
    pub const N_CLASSES: usize = 1 + 12 * ChordQuality::ALL.len();

    /// The class of a chord, `0..97`; 0 is no chord.
    pub fn index(chord: Option<Self>) -> usize {
        chord.map_or(0, |c| {
            1 + usize::from(c.root.number()) * ChordQuality::ALL.len() + c.quality as usize
        })
    }

    /// The chord of a class; `None` for 0 and for classes out of range.
    pub fn from_index(index: usize) -> Option<Self> {
        let below = index.checked_sub(1).filter(|_| index < Self::N_CLASSES)?;
        let n_qualities = ChordQuality::ALL.len();
        Some(Self {
            root: PitchClass::new((below / n_qualities) as i32),
            quality: ChordQuality::ALL[below % n_qualities],
        })
    }

    /// The same chord `semitones` higher.
    pub fn transposed(self, semitones: i32) -> Self {
        Self { root: PitchClass::new(i32::from(self.root.number()) + semitones), ..self }
    }

    /// Pitch classes as bits, bit 0 is C.
    pub fn pitch_classes(self) -> u16 {
        let (intervals, root) = (self.quality.intervals(), self.root.number());
        (intervals << root | intervals >> (12 - root)) & 0xfff
    }

    /// Whether a pitch class belongs to the chord.
    pub fn contains(self, class: PitchClass) -> bool {
        self.pitch_classes() >> class.number() & 1 == 1
    }

    /// Reads `C`, `F#m7`, `Bbmaj7`, `Gsus4`, `Bdim`, `Em7b5`.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let root_len = match text.as_bytes() {
            [_, b'#' | b'b', ..] => 2,
            _ => text.chars().next().map_or(0, char::len_utf8),
        };
        let unreadable = || Error::Unreadable {
            what: "chord",
            found: text.into(),
            expected: "a root with nothing, m, 7, maj7, m7, dim, m7b5 or sus4 behind it",
        };
        let root = PitchClass::parse(&text[..root_len]).map_err(|_| unreadable())?;
        let quality = match &text[root_len..] {
            "min" | "-" => ChordQuality::Minor,
            "M7" | "Δ" => ChordQuality::Major7,
            "min7" | "-7" => ChordQuality::Minor7,
            "sus" | "sus2" => ChordQuality::Suspended,
            "o" | "dim7" => ChordQuality::Diminished,
            suffix => ChordQuality::ALL
                .into_iter()
                .find(|quality| quality.suffix() == suffix)
                .ok_or_else(unreadable)?,
        };
        Ok(Self { root, quality })
    }
}

impl core::fmt::Display for Chord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}{}", self.root.name(), self.quality.suffix())
    }
}

/// What the notes of one beat say about its chord.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChordEvidence {
    /// Sounding time a pitch class, any unit, at least 0.
    pub weights: [f32; 12],
    /// Pitch class of the lowest note that sounds.
    pub bass: Option<PitchClass>,
    /// Whether a bar starts here; chords like to change there.
    pub bar_start: bool,
}

/// The likeliest chord of every beat.
///
/// Each chord scores by the share of sounding time on its notes, minus twice the share beside
/// them, with the bass drawn to the root; a Viterbi pass then trades score against changes.
/// The constants were set by comparing with annotated chord charts by eye.
pub fn estimate(beats: &[ChordEvidence]) -> Vec<Option<Chord>> {
    const CHANGE: f32 = 0.45;
    const CHANGE_AT_BAR: f32 = 0.15;
    let n = Chord::N_CLASSES;
    let mut totals = vec![0.0f32; n];
    let mut came_from: Vec<Vec<u8>> = Vec::with_capacity(beats.len());
    for beat in beats {
        let (best, best_total) =
            totals.iter().copied().enumerate().fold((0, f32::NEG_INFINITY), |best, (i, total)| {
                if total > best.1 { (i, total) } else { best }
            });
        let cost = if beat.bar_start { CHANGE_AT_BAR } else { CHANGE };
        let mut from = vec![0u8; n];
        for class in 0..n {
            let stay = totals[class];
            let change = best_total - cost;
            let (previous, total) = if stay >= change { (class, stay) } else { (best, change) };
            from[class] = previous as u8;
            totals[class] = total + fit(beat, class);
        }
        came_from.push(from);
    }
    let mut class = (0..n).max_by(|a, b| totals[*a].total_cmp(&totals[*b])).unwrap_or(0);
    let mut chords = vec![None; beats.len()];
    for (beat, from) in came_from.iter().enumerate().rev() {
        chords[beat] = Chord::from_index(class);
        class = usize::from(from[class]);
    }
    chords
}

/// How well a chord class explains a beat, about `-1.0..=1.5`.
fn fit(beat: &ChordEvidence, class: usize) -> f32 {
    let sum: f32 = beat.weights.iter().sum();
    let Some(chord) = Chord::from_index(class) else {
        return if sum > 0.0 { -0.2 } else { 0.3 };
    };
    if sum <= 0.0 {
        return 0.0;
    }
    let tones = chord.pitch_classes();
    let inside: f32 =
        (0..12).filter(|pc| tones >> pc & 1 == 1).map(|pc| beat.weights[pc]).sum::<f32>() / sum;
    let root_share = beat.weights[usize::from(chord.root.number())] / sum;
    let bass = match beat.bass {
        Some(bass) if bass == chord.root => 0.3,
        Some(bass) if chord.contains(bass) => 0.1,
        _ => 0.0,
    };
    // A fourth note must earn its place, and rare qualities more so.
    let prior = match chord.quality {
        ChordQuality::Major | ChordQuality::Minor => 0.12,
        ChordQuality::Dominant7 | ChordQuality::Minor7 => 0.03,
        ChordQuality::Major7 => 0.0,
        _ => -0.05,
    };
    inside - 2.0 * (1.0 - inside) + 0.25 * root_share.min(0.5) + bass + prior
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_name_that_reads_back() {
        for index in 1..Chord::N_CLASSES {
            let chord = Chord::from_index(index).unwrap();
            assert_eq!(Chord::index(Some(chord)), index);
            assert_eq!(Chord::parse(&chord.to_string()).unwrap(), chord);
        }
        assert_eq!(Chord::from_index(Chord::N_CLASSES), None);
        assert!(
            Chord::parse("Hm").is_err() && Chord::parse("").is_err() && Chord::parse("é").is_err()
        );
    }

    #[test]
    fn a_cadence_is_heard() {
        let beat = |pitches: &[i32], bar_start| {
            let mut weights = [0.0; 12];
            for pitch in pitches {
                weights[pitch.rem_euclid(12) as usize] += 1.0;
            }
            ChordEvidence { weights, bass: Some(PitchClass::new(pitches[0])), bar_start }
        };
        let beats = [
            beat(&[48, 60, 64, 67], true),
            beat(&[48, 60, 64, 67, 74], false),
            beat(&[53, 57, 60, 65], true),
            beat(&[55, 59, 62, 65], true),
            beat(&[57, 60, 64, 69], true),
        ];
        let names: Vec<String> =
            estimate(&beats).iter().map(|c| c.map_or("-".into(), |c| c.to_string())).collect();
        assert_eq!(names, ["C", "C", "F", "G7", "Am"]);
    }

    #[test]
    fn silence_keeps_the_chord_and_a_silent_piece_has_none() {
        assert_eq!(estimate(&[ChordEvidence::default(); 3]), [None; 3]);
        assert_eq!(estimate(&[]), []);
    }
}
