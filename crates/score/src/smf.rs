//! Standard MIDI Files in and out: the only place that names `midly`.
//!
//! [`read`] takes any type 0 or type 1 file and sorts its tracks into the four parts; what had
//! to be repaired or left out on the way is counted in a [`Report`]. [`write()`] gives a type 1
//! file with a conductor track and one track a part.

mod assign;
mod read;
mod write;

use crate::{Error, Note, Part, Piece, Result, TICKS_PER_QUARTER, Ticks};

pub use assign::part_of_keyboard;
pub use write::write;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// Most notes that are read from one file.
pub const MAX_NOTES: usize = 4_000_000;

/// Notes, tempos, meters and markers after this place are left out: 138 hours at 120 BPM.
pub const MAX_POSITION: Ticks = Ticks(1_000_000 * TICKS_PER_QUARTER);

/// A file's music, and what happened to it on the way in.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The music at 960 ticks a quarter note, sorted; no two notes of one pitch overlap in a part.
    pub piece: Piece,
    /// What was repaired or left out.
    pub report: Report,
}

/// What was repaired or left out of a file. All zero and empty for a clean one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Note-offs without a note.
    pub unmatched_offs: usize,
    /// Notes without a note-off; they end at the next note of their pitch or with their track.
    pub missing_offs: usize,
    /// Notes ended early because their pitch was struck again on their channel.
    pub overlaps: usize,
    /// Notes without a length; they last one tick.
    pub zero_length: usize,
    /// Notes that coincided with or ran into the same pitch of their part.
    pub merged: usize,
    /// Notes of sound effects and of tuned percussion, which belong to no part.
    pub dropped_notes: usize,
    /// Events that are not allowed in a file or made no sense, skipped one by one.
    pub skipped_events: usize,
    /// Tracks whose chunk states a wrong size; they were read to their real end.
    pub wrong_sizes: usize,
    /// Events after [`MAX_POSITION`].
    pub beyond_end: usize,
    /// Tempos outside `1.0..=999.0` BPM; set to the nearest that is in range.
    pub tempos_out_of_range: usize,
    /// Time signatures that are none; left out.
    pub invalid_meters: usize,
    /// Time was given in seconds (SMPTE), not in beats; it was taken as 120 BPM.
    pub smpte: bool,
    /// Tracks that the header promises.
    pub declared_tracks: usize,
    /// Tracks that the file holds.
    pub found_tracks: usize,
    /// Tracks that stop in the middle, with the byte of the file where reading them ended.
    pub broken_tracks: Vec<BrokenTrack>,
    /// Which part each track became.
    pub assignments: Vec<Assignment>,
}

/// A track that could be read only up to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenTrack {
    /// Counted from 0 in the order of the file.
    pub track: usize,
    /// Byte of the file where reading stopped.
    pub offset: usize,
}

/// What one channel of one track became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Counted from 0 in the order of the file.
    pub track: usize,
    /// MIDI channel, `0..=15`.
    pub channel: u8,
    /// The track's name, empty when it has none.
    pub name: String,
    /// Number of notes before merging.
    pub n_notes: usize,
    /// The part, or `None` when the notes were left out.
    pub part: Option<Part>,
}

impl Report {
    /// Whether nothing was repaired or left out.
    pub fn is_clean(&self) -> bool {
        self.to_string().is_empty()
    }
}

impl core::fmt::Display for Report {
    /// The repairs that happened, for example `2 missing note-offs, 1 broken track`.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let counts = [
            (self.unmatched_offs, "unmatched note-offs"),
            (self.missing_offs, "missing note-offs"),
            (self.overlaps, "overlapping notes"),
            (self.zero_length, "notes without a length"),
            (self.merged, "notes merged with another"),
            (self.dropped_notes, "notes of no part left out"),
            (self.skipped_events, "invalid events skipped"),
            (self.wrong_sizes, "tracks of a wrong size"),
            (self.beyond_end, "events beyond beat 1,000,000"),
            (self.tempos_out_of_range, "tempos out of range"),
            (self.invalid_meters, "invalid time signatures"),
            (usize::from(self.smpte), "SMPTE time taken as 120 BPM"),
            (self.broken_tracks.len(), "broken tracks"),
        ];
        let mut separator = "";
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{separator}{count} {what}")?;
            separator = ", ";
        }
        if self.declared_tracks != self.found_tracks {
            let (declared, found) = (self.declared_tracks, self.found_tracks);
            write!(f, "{separator}{found} tracks found where the header promises {declared}")?;
        }
        Ok(())
    }
}

/// Reads a Standard MIDI File of type 0 or 1.
///
/// Positions come back at 960 ticks a quarter note. A broken track gives what comes before its
/// broken place; `name` is the file's name, for messages.
///
/// # Errors
/// [`Error::MidiFile`] when the bytes are no MIDI file, the header is broken, the file is of
/// type 2 or holds no track; [`Error::MidiFileTooLarge`] above [`MAX_BYTES`] or [`MAX_NOTES`].
pub fn read(bytes: &[u8], name: &str) -> Result<Import> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::MidiFileTooLarge {
            file: name.into(),
            found: bytes.len(),
            what: "bytes",
            limit: MAX_BYTES,
        });
    }
    let file = read::read(bytes, name)?;
    Ok(assign::assign(file))
}

/// Sorts notes, joins those that coincide and ends those that run into the next of their pitch.
///
/// Returns how many notes it joined or shortened.
pub fn untangle(notes: &mut Vec<Note>) -> usize {
    notes.sort_by_key(|note| (note.pitch, note.onset, core::cmp::Reverse(note.duration)));
    let before = notes.len();
    notes.dedup_by(|next, kept| {
        let same = next.pitch == kept.pitch && next.onset == kept.onset;
        if same {
            kept.velocity = kept.velocity.max(next.velocity);
        }
        same
    });
    let mut n_changed = before - notes.len();
    for idx in 1..notes.len() {
        let next = notes[idx];
        let earlier = &mut notes[idx - 1];
        if earlier.pitch == next.pitch && earlier.onset + earlier.duration > next.onset {
            earlier.duration = next.onset - earlier.onset;
            n_changed += 1;
        }
    }
    notes.sort_by_key(|note| (note.onset, note.pitch));
    n_changed
}
