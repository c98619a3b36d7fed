//! A piece of music: four parts with their tempo, meter and markers.

use crate::{Meter, Note, Tempo, Ticks};

/// Music for the band, as read from a file or as composed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Piece {
    /// Notes a part, in the order of [`crate::Part::ALL`], each sorted by onset and pitch.
    pub parts: [Vec<Note>; 4],
    /// Tempo changes, sorted; 120 BPM before the first.
    pub tempos: Vec<(Ticks, Tempo)>,
    /// Meter changes, sorted; 4/4 before the first.
    pub meters: Vec<(Ticks, Meter)>,
    /// Texts at places, sorted.
    pub markers: Vec<(Ticks, String)>,
}

impl Piece {
    /// Number of notes in all parts.
    pub fn n_notes(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// The end of the last note.
    pub fn end(&self) -> Ticks {
        let ends = self.parts.iter().flatten().map(|note| note.onset + note.duration);
        ends.max().unwrap_or_default()
    }

    /// Sorts every list as its field promises.
    pub fn sort(&mut self) {
        for notes in &mut self.parts {
            notes.sort_by_key(|note| (note.onset, note.pitch, note.duration));
        }
        self.tempos.sort_by_key(|(at, _)| *at);
        self.meters.sort_by_key(|(at, _)| *at);
        self.markers.sort_by_key(|(at, _)| *at);
    }
}
