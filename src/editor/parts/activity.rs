//! What a part plays, in a word.

use crate::editor::roll::History;
use composer::PreviewBeat;
use score::{Part, Ticks};

/// Beats that the word is about: the last ones before the playhead, and the next ones.
const BEATS: f64 = 4.0;

/// Onsets a beat from which a part is no longer sparse, and from which it is busy.
const STEADY: (f64, f64) = (0.75, 2.5);

/// How long the light of a part shines after a note, in beats.
const SHINE: f64 = 0.5;

/// Places where a part's notes start, on the line without loops, chords counted once.
fn onsets(history: &History, part: Part, from: f64, to: f64) -> Vec<f64> {
    let beats = (from.floor() as i64..=to.floor() as i64).filter_map(|at| history.at(at as f64));
    let start = |beat: &PreviewBeat, onset: Ticks| {
        beat.line_beat as f64 + (onset - Ticks::from_beat(beat.frame.beat)).beats()
    };
    let mut onsets: Vec<f64> = beats
        .flat_map(|beat| beat.parts[part.index()].iter().map(move |note| start(beat, note.onset)))
        .filter(|onset| (from..to).contains(onset))
        .collect();
    onsets.sort_by(f64::total_cmp);
    // Drummers have four limbs and strum nothing; what starts within a 64th is one stroke.
    onsets.dedup_by(|a, b| *a - *b < 1.0 / 16.0);
    onsets
}

/// What a part plays around the playhead.
pub fn word(history: &History, position: f64, part: Part, on: bool) -> &'static str {
    let playing = !onsets(history, part, position - BEATS, position).is_empty();
    let coming = !onsets(history, part, position, position + BEATS).is_empty();
    match (history.beats().is_empty(), on, playing, coming) {
        (_, false, false, _) => "is out",
        (_, false, true, _) => "goes out",
        (true, ..) => "waits",
        (_, true, false, false) => "rests",
        (_, true, false, true) => "comes in",
        (_, true, true, _) => density(history, position, part),
    }
}

fn density(history: &History, position: f64, part: Part) -> &'static str {
    let a_beat = onsets(history, part, position - BEATS, position).len() as f64 / BEATS;
    // Drums have three or four voices where the others have one.
    let a_beat = if part == Part::Drums { a_beat / 1.5 } else { a_beat };
    if a_beat < STEADY.0 {
        "sparse"
    } else if a_beat < STEADY.1 {
        "steady"
    } else {
        "busy"
    }
}

/// How bright the light of a part shines, `0.0..=1.0`.
pub fn light(history: &History, position: f64, part: Part) -> f32 {
    let last = onsets(history, part, position - SHINE, position).last().copied();
    last.map_or(0.0, |last| (1.0 - (position - last) / SHINE).clamp(0.0, 1.0) as f32)
}

/// The chords in sight, each change once, and which of them is at the playhead.
pub fn chords(history: &History, position: f64) -> (Vec<String>, Option<usize>) {
    let (mut names, mut now, mut last) = (Vec::new(), None, None);
    for beat in history.beats() {
        if beat.chord != last || names.is_empty() {
            names.push(beat.chord.map_or_else(|| "–".to_owned(), |chord| chord.to_string()));
            last = beat.chord;
        }
        if beat.line_beat as f64 <= position {
            now = Some(names.len() - 1);
        }
    }
    (names, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::roll::history::tests::beat;
    use score::{Chord, Note, Pitch, Velocity};

    fn history(n_beats: i64, every: i64, part: Part) -> History {
        let mut beats: Vec<PreviewBeat> = (0..n_beats).map(|n| beat(n, n, 1)).collect();
        for (index, beat) in beats.iter_mut().enumerate() {
            for step in 0..every {
                let onset = Ticks(Ticks::from_beat(index as i64).0 + step * 960 / every);
                beat.parts[part.index()].push(Note {
                    onset,
                    duration: Ticks(200),
                    pitch: Pitch::clamped(60),
                    velocity: Velocity::clamped(90),
                });
            }
        }
        let mut history = History::default();
        history.take(&beats, |_| true);
        history
    }

    #[test]
    fn words_follow_the_notes() {
        let part = Part::Bass;
        assert_eq!(word(&History::default(), 0.0, part, true), "waits");
        assert_eq!(word(&history(12, 0, part), 8.0, part, true), "rests");
        assert_eq!(word(&history(12, 1, part), 8.0, part, true), "steady");
        assert_eq!(word(&history(12, 4, part), 8.0, part, true), "busy");
        assert_eq!(word(&history(12, 4, part), 8.0, part, false), "goes out");
        assert_eq!(word(&history(12, 4, part), 8.0, Part::Lead, false), "is out");
        assert_eq!(word(&history(12, 1, part), 0.0, part, true), "comes in");
    }

    #[test]
    fn the_light_fades_after_a_note() {
        let history = history(12, 1, Part::Bass);
        assert!(light(&history, 4.01, Part::Bass) > 0.9);
        assert!(light(&history, 4.4, Part::Bass) < 0.3);
        assert_eq!(light(&history, 4.6, Part::Bass), 0.0);
    }

    #[test]
    fn each_chord_is_named_once() {
        let mut beats: Vec<PreviewBeat> = (0..8).map(|n| beat(n, n, 1)).collect();
        for (beat, chord) in beats.iter_mut().zip(["C", "C", "Am", "Am", "F", "F", "G", "G"]) {
            beat.chord = Some(Chord::parse(chord).unwrap());
        }
        let mut history = History::default();
        history.take(&beats, |_| true);
        let (names, now) = chords(&history, 4.5);
        assert_eq!(names.len(), 4);
        assert_eq!(now, Some(2));
    }
}
