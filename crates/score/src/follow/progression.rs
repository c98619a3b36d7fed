//! A series of given chords that goes round.

use super::GivenChord;
use crate::grid::BeatFrame;
use crate::{Error, Piece, PitchClass, Result, Ticks};

/// Bars that a progression has at most.
pub const MAX_BARS: usize = 64;

/// Chords that a progression has at most.
pub const MAX_CHORDS: usize = 128;

/// Chords bar by bar, those of a bar sharing it evenly; after the last bar comes the first.
///
/// `Copy` and of fixed size, because the audio thread has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progression {
    /// [`GivenChord::packed`], 0 for none.
    chords: [u32; MAX_CHORDS],
    /// Where each bar's chords end.
    ends: [u8; MAX_BARS],
    n_bars: u8,
}

impl Default for Progression {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Progression {
    /// No bar.
    pub const EMPTY: Self = Self { chords: [0; MAX_CHORDS], ends: [0; MAX_BARS], n_bars: 0 };

    /// How many bars there are.
    pub const fn n_bars(&self) -> usize {
        self.n_bars as usize
    }

    /// The chord of a beat, bars being counted from the song's start; `None` where none is given.
    pub fn at(&self, frame: &BeatFrame) -> Option<GivenChord> {
        let n_bars = i64::from(self.n_bars);
        if n_bars == 0 {
            return None;
        }
        // A beat may reach over the end of its bar, never begin before it.
        let bar_ticks = frame.meter.bar_ticks().0.max(1);
        let offset = frame.offset_in_bar().0;
        let bar = (frame.bar_number + offset.div_euclid(bar_ticks)).rem_euclid(n_bars) as usize;
        let end = usize::from(*self.ends.get(bar)?);
        let start = match bar.checked_sub(1) {
            Some(before) => usize::from(*self.ends.get(before)?),
            None => 0,
        };
        let n_chords = end.saturating_sub(start) as i64;
        let place = offset.rem_euclid(bar_ticks) * n_chords / bar_ticks;
        GivenChord::unpacked(*self.chords.get(start + place as usize)?)
    }

    /// Reads `Am7 | D7 | Gmaj7 C`, or a chord a bar: `Am F C G`.
    ///
    /// With bars between them, chords of a bar share it evenly, and `%`, like an empty bar, is what
    /// the bar before has.
    ///
    /// # Errors
    /// [`Error::NoChord`] where a name cannot be read, [`Error::TooLong`].
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim().trim_matches('|').trim();
        let mut progression = Self::EMPTY;
        if text.is_empty() {
            return Ok(progression);
        }
        let bars: Vec<Vec<&str>> = match text.contains(['|', '\n']) {
            true => text.split(['|', '\n']).map(|bar| bar.split_whitespace().collect()).collect(),
            false => text.split_whitespace().map(|name| vec![name]).collect(),
        };
        let mut last: Vec<Option<GivenChord>> = vec![None];
        for (idx, bar) in bars.iter().enumerate() {
            if !bar.is_empty() && *bar != ["%"] {
                let read = |name: &&str| match *name {
                    "N.C." | "NC" => Ok(None),
                    name => GivenChord::parse(name).map(Some).map_err(|_| Error::NoChord {
                        bar: idx + 1,
                        found: name.chars().take(24).collect(),
                    }),
                };
                last = bar.iter().map(read).collect::<Result<_>>()?;
            }
            progression.push(&last)?;
        }
        Ok(progression)
    }

    /// Hears the chords of a piece, beat by beat in its first meter; drums say nothing.
    ///
    /// # Errors
    /// [`Error::TooLong`]. A piece without chords gives [`Progression::EMPTY`].
    pub fn of(piece: &Piece) -> Result<Self> {
        let meter = piece.meters.first().map(|(_, meter)| *meter).unwrap_or_default();
        let bar_ticks = meter.bar_ticks().0.max(1);
        let notes = || piece.parts[1..].iter().flatten();
        let Some(end) = notes().map(|note| (note.onset + note.duration).0).max() else {
            return Ok(Self::EMPTY);
        };
        let n_bars = (end + bar_ticks - 1) / bar_ticks;
        let too_long =
            || Error::TooLong { what: "bars", found: n_bars.max(0) as usize, limit: MAX_BARS };
        if n_bars > MAX_BARS as i64 {
            return Err(too_long());
        }
        let n_beats = (bar_ticks / crate::TICKS_PER_QUARTER).max(1);
        let mut progression = Self::EMPTY;
        let mut last = None;
        for bar in 0..n_bars {
            let mut chords = Vec::new();
            for beat in 0..n_beats {
                let [from, to] = [beat, beat + 1]
                    .map(|beat| Ticks(bar * bar_ticks + beat * bar_ticks / n_beats));
                last = heard_between(notes(), from, to).or(last);
                chords.push(last);
            }
            // As few chords as say the same.
            let n_chords = (1..chords.len()).find(|n| {
                chords.len().is_multiple_of(*n)
                    && chords.chunks(chords.len() / n).all(|run| run.iter().all(|c| *c == run[0]))
            });
            let step = chords.len() / n_chords.unwrap_or(chords.len());
            let chords: Vec<_> = chords.into_iter().step_by(step).collect();
            progression.push(&chords)?;
        }
        match last {
            Some(_) => Ok(progression),
            None => Ok(Self::EMPTY),
        }
    }

    fn bar(&self, bar: usize) -> &[u32] {
        let start = bar.checked_sub(1).map_or(0, |last| usize::from(self.ends[last]));
        &self.chords[start..usize::from(self.ends[bar])]
    }

    fn push(&mut self, chords: &[Option<GivenChord>]) -> Result<()> {
        let n_bars = self.n_bars();
        let start = n_bars.checked_sub(1).map_or(0, |last| usize::from(self.ends[last]));
        let end = start + chords.len();
        if n_bars == MAX_BARS {
            return Err(Error::TooLong { what: "bars", found: n_bars + 1, limit: MAX_BARS });
        }
        if end > MAX_CHORDS {
            return Err(Error::TooLong { what: "chords", found: end, limit: MAX_CHORDS });
        }
        for (slot, chord) in self.chords[start..end].iter_mut().zip(chords) {
            *slot = chord.map_or(0, GivenChord::packed);
        }
        self.ends[n_bars] = end as u8;
        self.n_bars += 1;
        Ok(())
    }

    /// The progression as numbers, to be handed over one by one.
    pub fn words(&self) -> [u32; Self::N_WORDS] {
        let mut words = [0; Self::N_WORDS];
        words[..MAX_CHORDS].copy_from_slice(&self.chords);
        for (word, end) in words[MAX_CHORDS..].iter_mut().zip(self.ends) {
            *word = u32::from(end);
        }
        words[Self::N_WORDS - 1] = u32::from(self.n_bars);
        words
    }

    /// Numbers of [`words`](Self::words).
    pub const N_WORDS: usize = MAX_CHORDS + MAX_BARS + 1;

    /// What [`words`](Self::words) were made of; numbers out of range become the nearest.
    pub fn from_words(words: &[u32; Self::N_WORDS]) -> Self {
        let mut progression = Self::EMPTY;
        progression.chords.copy_from_slice(&words[..MAX_CHORDS]);
        for (end, word) in progression.ends.iter_mut().zip(&words[MAX_CHORDS..]) {
            *end = (*word).min(MAX_CHORDS as u32) as u8;
        }
        progression.n_bars = words[Self::N_WORDS - 1].min(MAX_BARS as u32) as u8;
        progression
    }
}

impl core::fmt::Display for Progression {
    /// As [`parse`](Progression::parse) reads it.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for bar in 0..self.n_bars() {
            if bar > 0 {
                f.write_str(" | ")?;
            }
            let chords = self.bar(bar);
            if bar > 0 && chords == self.bar(bar - 1) {
                f.write_str("%")?;
                continue;
            }
            for (idx, chord) in chords.iter().enumerate() {
                if idx > 0 {
                    f.write_str(" ")?;
                }
                match GivenChord::unpacked(*chord) {
                    Some(chord) => write!(f, "{chord}")?,
                    None => f.write_str("N.C.")?,
                }
            }
        }
        // Without a bar line each chord of a lone bar would be a bar.
        if self.n_bars == 1 && self.bar(0).len() > 1 { f.write_str(" | %") } else { Ok(()) }
    }
}

/// What sounds for at least a third of a stretch, as a chord of three notes or more, or of two that
/// sound together.
fn heard_between<'a>(
    notes: impl Iterator<Item = &'a crate::Note>,
    from: Ticks,
    to: Ticks,
) -> Option<GivenChord> {
    let mut classes = 0;
    let mut lowest = i32::MAX;
    for note in notes {
        let overlap = (note.onset + note.duration).0.min(to.0) - note.onset.0.max(from.0);
        if overlap * 3 >= (to - from).0 {
            classes |= 1 << note.pitch.class().number();
            lowest = lowest.min(i32::from(note.pitch.number()));
        }
    }
    (classes != 0).then(|| GivenChord::heard(classes, PitchClass::new(lowest))).flatten()
}
