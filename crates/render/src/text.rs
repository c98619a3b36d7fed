//! Notes as text, one a line: what reviews and golden files compare.

use std::fmt::Write as _;

use score::{Note, Part, Ticks};

use crate::drums;
use crate::performance::{Bar, Performance};

/// One line a note, sorted by onset, part and pitch.
///
/// `0012.2.480 bass C2 v96 d240` is in bar 12, beat 2, 480 ticks of 1/960 beat later, at velocity
/// 96 for 240 ticks; bars and beats (quarter notes) count from 1, and C4 is middle C. Drums are
/// named with their key, as in `Snare/38`.
pub fn text(performance: &Performance) -> String {
    let bars = performance.bars();
    let parts = Part::ALL.into_iter().flat_map(|part| {
        performance.piece.parts[part.index()].iter().map(move |note| (part, note))
    });
    let mut notes: Vec<(Part, &Note)> = parts.collect();
    notes.sort_by_key(|(part, note)| (note.onset, *part, note.pitch));
    let mut text = String::new();
    for (part, note) in notes {
        let pitch = match part {
            Part::Drums => drum_name(note),
            _ => pitch_name(note),
        };
        let (velocity, duration) = (note.velocity.number(), note.duration.0);
        let place = place(&bars, note.onset);
        // PANIC: writing to a string cannot fail.
        writeln!(text, "{place} {} {pitch} v{velocity} d{duration}", part.name())
            .expect("a string takes everything");
    }
    text
}

fn place(bars: &[Bar], at: Ticks) -> String {
    let idx = bars.partition_point(|bar| bar.start <= at).saturating_sub(1);
    let inside = at - bars[idx].start;
    let ticks = inside.0.rem_euclid(score::TICKS_PER_QUARTER);
    format!("{:04}.{}.{ticks:03}", bars[idx].number + 1, inside.beat() + 1)
}

fn drum_name(note: &Note) -> String {
    format!("{}/{}", drums::name(note.pitch).replace(' ', "-"), note.pitch.number())
}

/// The pitch with its octave, where C4 is middle C.
pub(crate) fn pitch_name(note: &Note) -> String {
    let number = i32::from(note.pitch.number());
    format!("{}{}", note.pitch.class().name(), number / 12 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::{Meter, Piece, Pitch, Velocity};

    #[test]
    fn places_count_from_one_in_any_meter() {
        let note = |onset, pitch| Note {
            onset: Ticks(onset),
            duration: Ticks(240),
            pitch: Pitch::clamped(pitch),
            velocity: Velocity::clamped(96),
        };
        let mut piece =
            Piece { meters: vec![(Ticks(0), Meter::new(3, 4).unwrap())], ..Piece::default() };
        piece.parts[0] = vec![note(0, 46)];
        piece.parts[1] = vec![note(960 * 4 + 480, 36)];
        let performance = Performance::of_piece("waltz", piece);
        let expected = "0001.1.000 drums Open-hat/46 v96 d240\n0002.2.480 bass C2 v96 d240\n";
        assert_eq!(text(&performance), expected);
    }
}
