//! At which samples the notes begin and end.

use std::collections::BTreeMap;

use score::{Note, Part, Pitch, Ticks, Velocity};

use super::road::{Piece, Road};
use super::{Cell, Sound};

/// A note is heard at most this late, in seconds.
const LATE_SECS: f64 = 0.030;

/// A note is heard from a start at most this far behind it.
const GRACE: Ticks = Ticks(20);

/// A note sounds at most this much longer than it is, in beats.
const HANGING_BEATS: f64 = 8.0;

/// A note that is heard; sorted as equal ones are preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Heard {
    part: Part,
    pitch: Pitch,
    sample: i64,
    onset: Ticks,
    duration: Ticks,
    velocity: Velocity,
    /// Which of the pieces it begins in.
    piece: usize,
    end: Ticks,
    /// How long it is.
    length: Ticks,
}

/// How late a note would be at the first sample of a piece, or `None` when it is not heard then.
fn is_heard(road: &Road, piece: &Piece, onset: Ticks, first: i64) -> bool {
    let due = piece.line.sample_of(onset.beats());
    let started_at = road.runs[piece.run].started_at;
    first - due <= (piece.sample_rate * LATE_SECS) as i64
        && (onset >= started_at || started_at - onset <= GRACE)
}

fn notes(cell: &Cell) -> impl Iterator<Item = (Part, &Note)> {
    Part::ALL.into_iter().flat_map(|part| cell.parts[part.index()].iter().map(move |n| (part, n)))
}

/// All beginnings and ends, in order (rules 13 to 15).
pub(super) fn sounds(road: &Road, cells: &[Cell]) -> Vec<Sound> {
    let mut of_pass: BTreeMap<(usize, u32), Vec<usize>> = BTreeMap::new();
    for (idx, piece) in road.pieces.iter().enumerate() {
        let run = &road.runs[piece.run];
        of_pass.entry((run.take, run.pass)).or_default().push(idx);
    }
    let mut heard = Vec::new();
    for cell in cells {
        let Some(pieces) = of_pass.get(&(cell.take, cell.pass)) else { continue };
        heard.extend(
            notes(cell).filter_map(|(part, note)| beginning(road, pieces, cell, part, note)),
        );
    }
    heard.sort();
    let mut sounds = Vec::new();
    let mut heard = heard.into_iter().peekable();
    while let Some(note) = heard.next() {
        let same_key = |other: &Heard| (other.part, other.pitch) == (note.part, note.pitch);
        let (mut end, mut length) = (note.end, note.length);
        while let Some(merged) = heard.next_if(|n| same_key(n) && n.sample == note.sample) {
            (end, length) = (end.max(merged.end), length.max(merged.length));
        }
        let again = heard.peek().filter(|next| same_key(next)).map(|next| next.sample);
        let Heard { part, pitch, sample, velocity, .. } = note;
        let begins = Sound { sample: sample as u64, velocity: Some(velocity), part, pitch };
        sounds.push(begins);
        let off = ending(road, &Heard { end, length, ..note });
        if let Some(off) = [off, again].into_iter().flatten().min() {
            sounds.push(Sound { sample: off as u64, velocity: None, ..begins });
        }
    }
    sounds.sort();
    sounds
}

/// Where a note begins, if it is heard.
fn beginning(road: &Road, pieces: &[usize], cell: &Cell, part: Part, note: &Note) -> Option<Heard> {
    let from = cell.committed_from as i64;
    let onset = note.onset;
    let (idx, due) = pieces.iter().find_map(|&idx| {
        let piece = &road.pieces[idx];
        let due = piece.line.sample_of(onset.beats());
        (piece.to > from && due < piece.to).then_some((idx, due))
    })?;
    let piece = &road.pieces[idx];
    let first = piece.from.max(from);
    is_heard(road, piece, onset, first).then(|| Heard {
        part,
        pitch: note.pitch,
        sample: due.max(first),
        onset,
        duration: note.duration,
        velocity: note.velocity,
        piece: idx,
        end: onset + Ticks(note.duration.0.max(1)),
        length: Ticks(note.duration.0.max(1)),
    })
}

/// Where a note ends that nothing cuts off but the end of its run; `None` when the blocks end
/// before.
fn ending(road: &Road, note: &Heard) -> Option<i64> {
    let first = &road.pieces[note.piece];
    let (run, mut at) = (first.run, first.from);
    let since = first.line.n_beats(note.sample - first.from);
    let hangs_at = first.travelled + since + (note.length.beats() + HANGING_BEATS);
    for piece in &road.pieces[note.piece..] {
        if piece.run != run || piece.from != at {
            break;
        }
        if piece.travelled >= hangs_at {
            return Some(piece.from);
        }
        let sample = piece.line.sample_of(note.end.beats()).max(note.sample + 1).max(piece.from);
        if sample < piece.to {
            return Some(sample);
        }
        at = piece.to;
    }
    (at < road.end).then_some(at)
}

/// See [`super::Reference::allows`].
pub(super) fn allows(road: &Road, cells: &[Cell], sound: &Sound) -> bool {
    let sample = sound.sample as i64;
    let at = road.pieces.partition_point(|piece| piece.to <= sample);
    let Some(piece) = road.pieces.get(at).filter(|piece| piece.from <= sample) else {
        return false;
    };
    let run = &road.runs[piece.run];
    let in_pass = |cell: &&Cell| (cell.take, cell.pass) == (run.take, run.pass);
    cells.iter().filter(in_pass).any(|cell| {
        notes(cell).any(|(part, note)| {
            (part, note.pitch) == (sound.part, sound.pitch)
                && Some(note.velocity) == sound.velocity
                && piece.line.sample_of(note.onset.beats()) <= sample
                && is_heard(road, piece, note.onset, sample)
        })
    })
}
