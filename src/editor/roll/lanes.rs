//! Rows of the drums and range of the keys.

use super::History;
use score::Part;

/// The rows of the drums, from the top.
pub const DRUM_ROWS: [&str; 5] = ["Cymbal", "Hi-hat", "Perc", "Snare", "Kick"];

/// The fewest keys shown, so that a single line does not fill the roll.
const MIN_KEYS: u8 = 30;

/// The row of a drum, by its number in General MIDI; toms stand with percussion.
pub fn drum_row(key: u8) -> usize {
    match key {
        35 | 36 => 4,
        37..=40 => 3,
        42 | 44 | 46 => 1,
        49 | 51..=53 | 55 | 57 | 59 => 0,
        _ => 2,
    }
}

/// The lowest and the highest key that are shown: all that are known, with a little room.
pub fn keys(history: &History) -> (f32, f32) {
    let pitched = [Part::Bass, Part::Chords, Part::Lead];
    let notes = history
        .beats()
        .iter()
        .flat_map(|beat| {
            pitched.map(|part| &beat.parts[part.index()]).into_iter().chain([&beat.played])
        })
        .flatten();
    let (mut lowest, mut highest) = (u8::MAX, 0);
    for note in notes {
        lowest = lowest.min(note.pitch.number());
        highest = highest.max(note.pitch.number());
    }
    if lowest > highest {
        (lowest, highest) = (45, 45 + MIN_KEYS);
    }
    let missing = MIN_KEYS.saturating_sub(highest - lowest);
    let below = missing / 2;
    (
        f32::from(lowest.saturating_sub(below + 2)),
        f32::from(highest.saturating_add(missing - below + 2).min(127)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::roll::history::tests::beat;
    use score::{Note, Pitch, Ticks, Velocity};

    #[test]
    fn drums_stand_where_a_drummer_would_look() {
        let rows =
            |keys: &[u8]| keys.iter().map(|key| DRUM_ROWS[drum_row(*key)]).collect::<Vec<_>>();
        assert_eq!(
            rows(&[36, 38, 42, 46, 49, 51]),
            ["Kick", "Snare", "Hi-hat", "Hi-hat", "Cymbal", "Cymbal"]
        );
        assert_eq!(rows(&[45, 54, 56, 60]), ["Perc", "Perc", "Perc", "Perc"]);
        assert!((0..=127).all(|key| drum_row(key) < DRUM_ROWS.len()));
    }

    #[test]
    fn all_keys_are_in_sight() {
        let mut history = History::default();
        assert_eq!(keys(&history).1 - keys(&history).0, f32::from(MIN_KEYS) + 4.0);
        let note = |key| Note {
            onset: Ticks(0),
            duration: Ticks(480),
            pitch: Pitch::clamped(key),
            velocity: Velocity::clamped(80),
        };
        let mut first = beat(0, 0, 1);
        first.parts[Part::Bass.index()].push(note(0));
        first.parts[Part::Lead.index()].push(note(127));
        first.parts[Part::Drums.index()].push(note(1));
        history.take(&[first], |_| true);
        assert_eq!(keys(&history), (0.0, 127.0));
    }
}
