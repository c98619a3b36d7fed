use composer::testing::{Action, Script};
use score::{Blend, Controls, Genre, Ticks};

use crate::scene::Scene;

/// Samples before the first difference of the notes.
fn first_difference(a: &Scene, b: &Scene) -> Option<u64> {
    let (a, b) = (a.ons(), b.ons());
    let first = a.iter().zip(&b).position(|(a, b)| a != b)?;
    Some(a[first].sample.min(b[first].sample))
}

#[test]
fn a_knob_reaches_the_beat_that_is_a_lookahead_away_at_its_sample() {
    let jazz = Controls { blend: Blend::pure(Genre::Jazz), ..Controls::default() };
    for (rate, bpm) in [(48_000.0, 120.0), (44_100.0, 97.3), (22_050.0, 171.0), (96_000.0, 400.0)] {
        let samples_per_beat = rate * 60.0 / bpm;
        let sample_of = |beats: f64| (beats * samples_per_beat + 0.501).floor() as u64;
        let script = |n_beats: f64, lookahead: f64| {
            let n_samples = sample_of(n_beats);
            let script = Script { sample_rate: rate, ..Script::play(n_samples) };
            script.after([Action::Tempo(bpm), Action::Lookahead(lookahead)])
        };
        for lookahead in [0.5, 0.75, 1.0, 2.0, 4.0] {
            let beat = 6.0;
            let n_beats = beat + 2.5;
            let without = Scene::play(&script(n_beats, lookahead), &[333]);
            let passes = sample_of(beat - lookahead);
            let heard_from = |sample: u64| {
                let turned = script(n_beats, lookahead).with(sample, Action::Controls(jazz));
                first_difference(&without, &Scene::play(&turned, &[333]))
            };
            let what = format!("{rate} Hz, {bpm} BPM, lookahead {lookahead}");
            // Each beat has a note on it.
            assert_eq!(heard_from(passes), Some(sample_of(beat)), "{what}");
            assert_eq!(heard_from(passes + 1), Some(sample_of(beat + 1.0)), "{what}, after");
        }
    }
}

#[test]
fn every_note_begins_and_ends_at_the_sample_its_beat_says() {
    let (bpm, start) = (173.3, -1.25);
    for rate in [22_050.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0] {
        let samples_per_beat = rate * 60.0 / bpm;
        let sample_of = |at: Ticks| ((at.beats() - start) * samples_per_beat + 0.501).floor();
        let n_samples = (2.5 * rate) as u64;
        for size in [1, 7, 32, 64, 333, 480, 512, 1024, 4096, 8192] {
            let script = Script { sample_rate: rate, ..Script::play(n_samples) }
                .after([Action::Tempo(bpm), Action::Seek(start)]);
            let scene = Scene::play(&script, &[size]);
            // From the cells alone, without the reference's own samples.
            let cells = &scene.reference.cells;
            let notes = || cells.iter().flat_map(|cell| cell.parts.iter().flatten());
            let mut begin: Vec<u64> = notes()
                // A start a little behind a note still has it.
                .filter(|note| note.onset + Ticks(20) >= Ticks::from_beats(start))
                .map(|note| sample_of(note.onset).max(0.0) as u64)
                .filter(|sample| *sample < n_samples)
                .collect();
            begin.sort_unstable();
            let mut heard: Vec<u64> = scene.ons().iter().map(|on| on.sample).collect();
            assert_eq!(heard.len() + scene.session.status.merged() as usize, begin.len());
            begin.dedup();
            heard.dedup();
            assert_eq!(heard, begin, "{rate} Hz in blocks of {size}");
            let mut may_end: Vec<u64> = notes()
                .flat_map(|note| [note.onset, note.onset + note.duration])
                .map(|at| sample_of(at).max(0.0) as u64)
                .collect();
            may_end.sort_unstable();
            let ends = scene.sounds.iter().filter(|sound| sound.velocity.is_none());
            for end in ends {
                assert!(may_end.binary_search(&end.sample).is_ok(), "{end:?} at {rate} Hz");
            }
        }
    }
}

#[test]
fn positions_in_fixed_point_fall_on_the_same_samples() {
    // The loops begin and end on whole samples, so a quarter of the grid lies on halves; and
    // none of them begins on a number that has a short form in binary.
    for start in [0.1, 1.1, 1.3, 2.7, 3.9, 5.3] {
        let script = |fixed_point: bool, splits_at_loop_end: bool| Script {
            sample_rate: 44_100.0,
            fixed_point,
            splits_at_loop_end,
            ..Script::play(200_000).after([
                Action::Seek(start),
                Action::Loop(Some((start, start + 2.2))),
                Action::Controls(Controls { humanize: 0.0, ..Controls::default() }),
            ])
        };
        let exact = Scene::play(&script(false, true), &[512]);
        for splits in [false, true] {
            for size in [64, 777, 8192] {
                let rounded = Scene::play(&script(true, splits), &[size]);
                assert_eq!(exact.sounds, rounded.sounds, "from {start} in blocks of {size}");
            }
        }
    }
}
