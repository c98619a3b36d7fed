//! Trading phrases: somebody plays one, and the lead answers it in the next.
//!
//! What was played stands in the history as the lead, see [`GridBeat::lead_is_played`]. Phrases are
//! counted in bars from the song's start; in a loop those that were heard one after the other
//! follow each other.

use crate::{BeatFrame, Chord, GridBeat, GridNote, HistoryBeat, Part, TICKS_PER_QUARTER};

/// Fewest notes in a phrase that ask for an answer.
pub const FEWEST_NOTES: usize = 3;

/// What the lead does in a beat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LeadTurn<'a> {
    /// It waits for a phrase to answer.
    Listens,
    /// It takes up what was played.
    TakesUp(Call<'a>),
    /// It goes on from there: the phrase that it has taken up.
    GoesOn(&'a [HistoryBeat]),
}

/// The beat that is taken up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call<'a> {
    /// What was played in it, sorted by position.
    pub notes: &'a [GridNote],
    /// The chord under it.
    pub chord: Option<Chord>,
}

/// Notes of a motif.
const MOTIF: usize = 3;

/// Semitones by which an interval of a motif may be another and still be the same step or leap.
const INTERVAL_SLACK: i32 = 2;

/// The share of a line's motifs that another has, too; `None` for a line of fewer than three notes.
///
/// Lines are onsets in cells and pitches, in order. A motif is three notes that follow each other;
/// two are the same when the times between their onsets are equal and no interval differs by more
/// than two semitones.
pub fn motif_similarity(line: &[(i64, u8)], other: &[(i64, u8)]) -> Option<f64> {
    let motifs = |line: &[(i64, u8)]| -> Vec<[(i64, i32); MOTIF - 1]> {
        let step = |a: &(i64, u8), b: &(i64, u8)| (b.0 - a.0, i32::from(b.1) - i32::from(a.1));
        line.windows(MOTIF).map(|n| [step(&n[0], &n[1]), step(&n[1], &n[2])]).collect()
    };
    let (of, among) = (motifs(line), motifs(other));
    if of.is_empty() {
        return None;
    }
    let same = |a: &[(i64, i32); MOTIF - 1], b: &[(i64, i32); MOTIF - 1]| {
        a.iter().zip(b).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() <= INTERVAL_SLACK)
    };
    let found = of.iter().filter(|motif| among.iter().any(|other| same(motif, other))).count();
    Some(found as f64 / of.len() as f64)
}

/// What the lead does in the beat at `frame` where phrases of `n_bars` bars are traded; `history`
/// are the beats before it, contiguous.
///
/// The answer takes up the first half of what was played, from the first bar that has any of it,
/// and then goes on. A meter whose phrase or bar is no whole number of beats has no answers.
pub fn lead_turn<'a>(history: &'a [HistoryBeat], frame: &BeatFrame, n_bars: u8) -> LeadTurn<'a> {
    let Some((phrase, place, bar)) = last_phrase(history, frame, n_bars) else {
        return LeadTurn::Listens;
    };
    let played = |beat: &HistoryBeat| n_played(&beat.music) > 0;
    let Some(first) = phrase.iter().position(played) else { return LeadTurn::Listens };
    if phrase.iter().map(|beat| n_played(&beat.music)).sum::<usize>() < FEWEST_NOTES {
        return LeadTurn::Listens;
    }
    let first = first / bar * bar;
    let n_taken_up = (phrase.len() - first).div_ceil(2).next_multiple_of(bar);
    let n_taken_up = if phrase.len() - first == bar { bar.div_ceil(2) } else { n_taken_up };
    match phrase.get(first + place).filter(|_| place < n_taken_up) {
        Some(HistoryBeat { music, .. }) => {
            let notes =
                if music.lead_is_played { music.parts[Part::Lead.index()].as_slice() } else { &[] };
            LeadTurn::TakesUp(Call { notes, chord: music.chord })
        }
        None => LeadTurn::GoesOn(phrase),
    }
}

/// The phrase before the one in which a beat lies, the beat's place in its own, and the beats of a
/// bar.
fn last_phrase<'a>(
    history: &'a [HistoryBeat],
    frame: &BeatFrame,
    n_bars: u8,
) -> Option<(&'a [HistoryBeat], usize, usize)> {
    let bar_ticks = frame.meter.bar_ticks().0;
    if bar_ticks % TICKS_PER_QUARTER != 0 || n_bars == 0 {
        return None;
    }
    let bar = (bar_ticks / TICKS_PER_QUARTER) as usize;
    let bar_in_phrase = frame.bar_number.rem_euclid(i64::from(n_bars)) as usize;
    let place = bar_in_phrase * bar + (frame.offset_in_bar().0.max(0) / TICKS_PER_QUARTER) as usize;
    let end = history.len().checked_sub(place)?;
    let start = end.checked_sub(usize::from(n_bars) * bar)?;
    Some((history.get(start..end)?, place, bar))
}

/// Notes that somebody has played in a beat.
fn n_played(music: &GridBeat) -> usize {
    if music.lead_is_played { music.parts[Part::Lead.index()].len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Meter, Tempo, Velocity};

    /// Beats of 4/4; a digit has so many notes played in it, a dash none.
    fn history(beats: &str) -> Vec<HistoryBeat> {
        let beat = |(beat, mark): (usize, char)| {
            let mut music = GridBeat::default();
            let n_notes = mark.to_digit(10).unwrap_or(0) as u8;
            music.lead_is_played = n_notes > 0;
            music.parts[3] = (0..n_notes)
                .map(|i| GridNote {
                    position: 6 * i,
                    pitch: 60 + beat as u8,
                    duration: 6,
                    velocity: Velocity::clamped(80),
                    micro: 0,
                })
                .collect();
            HistoryBeat { frame: frame(beat), music }
        };
        beats.chars().enumerate().map(beat).collect()
    }

    fn frame(beat: usize) -> BeatFrame {
        BeatFrame::regular(beat as i64, Meter::COMMON, Tempo::DEFAULT)
    }

    /// What the lead does in the next beats: a letter is the beat of history that is taken up.
    fn turns(beats: &str, n_bars: u8, n_beats: usize) -> String {
        let mut history = history(beats);
        let first = history.len();
        let mut turns = String::new();
        for beat in first..first + n_beats {
            turns.push(match lead_turn(&history, &frame(beat), n_bars) {
                LeadTurn::Listens => '.',
                LeadTurn::GoesOn(_) => '+',
                LeadTurn::TakesUp(Call { notes: [], .. }) => '_',
                LeadTurn::TakesUp(Call { notes, .. }) => (b'a' + notes[0].pitch - 60).into(),
            });
            history.push(HistoryBeat { frame: frame(beat), music: GridBeat::default() });
        }
        turns
    }

    #[test]
    fn a_phrase_is_answered_in_the_next() {
        assert_eq!(turns("11-1----", 2, 10), "ab_d++++..");
        // A phrase of one bar is taken up for half of it.
        assert_eq!(turns("1111", 1, 5), "ab++.");
        // Who comes in late is answered from there.
        assert_eq!(turns("----1111", 2, 8), "ef++++++");
        assert_eq!(turns("1111----1111----", 4, 16), "abcd____++++++++");
    }

    #[test]
    fn motifs_are_known_again_a_little_changed() {
        let call = [(0, 60), (6, 62), (12, 64), (24, 67)];
        assert_eq!(motif_similarity(&call, &call), Some(1.0));
        let moved: Vec<_> = call.iter().map(|(cell, pitch)| (cell + 96, pitch + 5)).collect();
        assert_eq!(motif_similarity(&call, &moved), Some(1.0), "in sequence");
        assert_eq!(motif_similarity(&call, &[(0, 60), (6, 63), (12, 63), (18, 67)]), Some(0.5));
        assert_eq!(motif_similarity(&call, &[(0, 67), (6, 62), (12, 60), (24, 60)]), Some(0.0));
        assert_eq!(motif_similarity(&call, &[]), Some(0.0));
        assert_eq!(motif_similarity(&call[..2], &call), None);
    }

    #[test]
    fn few_notes_and_no_phrase_are_not_answered() {
        assert_eq!(turns("1-1-----", 2, 8), "........");
        assert_eq!(turns("1111", 2, 4), "....", "the phrase is not over");
        assert_eq!(turns("", 2, 4), "....");
        assert_eq!(turns("3-------", 0, 4), "....");
        let odd = BeatFrame::regular(7, Meter::new(7, 8).unwrap(), Tempo::DEFAULT);
        assert_eq!(lead_turn(&history("3333333"), &odd, 2), LeadTurn::Listens);
    }
}
