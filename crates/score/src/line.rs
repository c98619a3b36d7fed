//! Pitched lines in any key: the intervals and times between successive notes of a part.
//!
//! What is copied from other music is looked for in these.

use crate::grid::CELLS_PER_BEAT;
use crate::{HistoryBeat, Part};

/// The parts that have lines.
pub const PITCHED: [Part; 3] = [Part::Bass, Part::Chords, Part::Lead];

/// Longest time between two notes that is told from longer ones, in cells.
const LONGEST_TIME: i64 = 127;

/// What is said of a note of a line: its interval and its time after the note before; never 0.
pub type Token = u16;

/// The end of a line, which the next note goes on from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineEnd {
    /// Cell and key number of the last note.
    last: Option<(i64, u8)>,
}

impl LineEnd {
    /// Appends a note at a cell of the song, in the order of places and pitches; `None` for the
    /// first one.
    pub fn push(&mut self, cell: i64, pitch: u8) -> Option<Token> {
        let token = self.token(cell, pitch);
        self.last = Some((cell, pitch));
        token
    }

    /// The token that a note would have here.
    pub fn token(&self, cell: i64, pitch: u8) -> Option<Token> {
        let (last_cell, last_pitch) = self.last?;
        let time = (cell - last_cell).clamp(0, LONGEST_TIME) as u16;
        let interval = i16::from(pitch & 127) - i16::from(last_pitch & 127);
        // Never 0, which sums of tokens would not count.
        Some((time << 8 | (interval + 128) as u16) + 1)
    }
}

/// The line of a part, one token a note but the first.
pub fn line(beats: &[HistoryBeat], part: Part) -> Vec<Token> {
    let mut end = LineEnd::default();
    let notes = beats.iter().flat_map(|beat| {
        let first = beat.frame.beat * CELLS_PER_BEAT;
        let notes = beat.music.parts[part.index()].iter();
        notes.map(move |note| (first + i64::from(note.position), note.pitch))
    });
    notes.filter_map(|(cell, pitch)| end.push(cell, pitch)).collect()
}

/// The lines of all [`PITCHED`] parts.
pub fn lines(beats: &[HistoryBeat]) -> Vec<Vec<Token>> {
    PITCHED.map(|part| line(beats, part)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BeatFrame, GridBeat, GridNote, Meter, Tempo, Velocity};

    fn song(first_beat: i64, part: Part, notes: &[(i64, u8)]) -> Vec<HistoryBeat> {
        let beat = |beat: i64| {
            let mut music = GridBeat::default();
            let here = notes.iter().filter(|(cell, _)| cell / CELLS_PER_BEAT == beat);
            music.parts[part.index()].extend(here.map(|(cell, pitch)| GridNote {
                position: (cell % CELLS_PER_BEAT) as u8,
                pitch: *pitch,
                duration: 6,
                velocity: Velocity::clamped(90),
                micro: 0,
            }));
            let frame = BeatFrame::regular(first_beat + beat, Meter::COMMON, Tempo::DEFAULT);
            HistoryBeat { frame, music }
        };
        (0..12).map(beat).collect()
    }

    #[test]
    fn a_line_is_the_same_in_every_key_and_place_and_differs_by_interval_and_time() {
        let notes = [(0, 60), (12, 64), (12, 67), (36, 59), (240, 127)];
        let tokens = line(&song(0, Part::Lead, &notes), Part::Lead);
        assert_eq!(tokens.len(), 4);
        let moved = notes.map(|(cell, pitch)| (cell, pitch - 24));
        assert_eq!(line(&song(-7, Part::Bass, &moved), Part::Bass), tokens);
        for i in 0..notes.len() {
            for (cells, semitones) in [(0, 1), (1, 0)] {
                let mut other = notes;
                other[i].0 += cells;
                other[i].1 -= semitones;
                // The last time is longer than any that is told apart.
                let is_same = i == 4 && cells == 1;
                assert_eq!(line(&song(0, Part::Lead, &other), Part::Lead) == tokens, is_same);
            }
        }
    }

    #[test]
    fn tokens_are_never_zero_and_drums_have_none() {
        let mut end = LineEnd::default();
        assert_eq!(end.push(5, 127), None);
        let (down, up) = (end.push(5, 0), end.token(1_000, 127));
        assert!(down.unwrap() > 0 && up.unwrap() > down.unwrap());
        assert_eq!(end.token(0, 60), end.token(5, 60), "a note before the last counts as with it");
        assert_eq!(lines(&song(0, Part::Drums, &[(0, 36), (6, 38)])), vec![Vec::<Token>::new(); 3]);
    }
}
