//! What is heard of the shipped model's music, from the composing thread to the file.

use judge::{Heard, Judge, Kind};
use render::{Format, Rendering, Song, bytes, neural, perform, shipped};
use score::grid::TICKS_PER_CELL;
use score::{Blend, Genre, GridBeat, GridNote, HistoryBeat, Meter, Ticks};

fn judge() -> Judge {
    Judge::clone(shipped().unwrap().judge().expect("the shipped weights come with a judge"))
}

/// A song of one genre whose notes lie on the grid, by a seed of which few notes are struck again
/// while they sound.
fn song(genre: Genre, n_bars: u32) -> Song {
    let mut song = Song { n_bars, ..Song::default() };
    song.settings.controls.seed = 8;
    song.settings.controls.blend = Blend::pure(genre);
    song.settings.controls.humanize = 0.0;
    song.settings.controls.swing = 0.0;
    song
}

fn play(song: &Song) -> Rendering {
    perform(song, neural(shipped().unwrap())).unwrap()
}

/// The beats as they sound, put back on the grid.
fn beats(rendering: &Rendering) -> Vec<HistoryBeat> {
    let performance = &rendering.performance;
    let mut beats: Vec<HistoryBeat> = performance
        .beats
        .iter()
        .map(|beat| HistoryBeat { frame: beat.frame, music: GridBeat::default() })
        .collect();
    for (part, notes) in performance.piece.parts.iter().enumerate() {
        for note in notes {
            let beat = note.onset.beat();
            let cell = (note.onset - Ticks::from_beat(beat)).0 / TICKS_PER_CELL;
            beats[beat as usize].music.parts[part].push(GridNote {
                position: cell as u8,
                pitch: note.pitch.number(),
                duration: (note.duration.0 / TICKS_PER_CELL) as u16,
                velocity: note.velocity,
                micro: 0,
            });
        }
    }
    beats
}

fn is_near(a: &Heard, b: &Heard) -> bool {
    [Kind::All, Kind::Drums, Kind::Pitched].into_iter().all(|kind| {
        match (a.shares(kind), b.shares(kind)) {
            (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.1),
            (a, b) => a.is_none() && b.is_none(),
        }
    })
}

#[test]
fn thread_file_and_crate_hear_the_same() {
    let judge = judge();
    for (meter, genre) in [("4/4", Genre::Rock), ("3/4", Genre::Folk), ("7/8", Genre::Electronic)] {
        let meter = Meter::parse(meter).unwrap();
        let rendering = play(&Song { meter, ..song(genre, 10) });
        let beats = beats(&rendering);
        let json: serde_json::Value =
            serde_json::from_slice(&bytes(&rendering, Format::Json).unwrap()).unwrap();
        let mut n_heard = 0;
        // The song's end cuts notes short that the judge heard whole.
        for (number, bar) in json["bars"].as_array().unwrap().iter().enumerate().take(8) {
            let in_bar = |beat: &usize| beats[*beat].frame.bar_number == number as i64;
            let last = (0..beats.len()).rev().find(in_bar).unwrap();
            // In the file a note ends where its pitch is struck again, which the thread, hearing
            // it begin, could not know. Drums have no lengths to cut.
            let from_file = judge.hear(&beats[..=last]);
            let heard = rendering.performance.beats[last].heard.unwrap();
            assert!(is_near(&heard, &from_file), "{meter} {number}: {heard:?}, {from_file:?}");
            let drums = |heard: &Heard| heard.shares(Kind::Drums).copied();
            assert_eq!(drums(&heard), drums(&from_file), "{meter} {number}");
            let told = |name: &serde_json::Value, kind: Kind| match heard.shares(kind) {
                None => assert!(name.is_null(), "{meter} {number}: {name}"),
                Some(shares) => {
                    for genre in Genre::ALL {
                        let share = name[genre.name()].as_f64().unwrap();
                        let expected = f64::from(shares[genre.index()]);
                        assert!((share - expected).abs() < 1e-6, "{meter} {number}: {name}");
                    }
                }
            };
            told(&bar["judge"], Kind::All);
            told(&bar["part_judges"]["drums"], Kind::Drums);
            told(&bar["part_judges"]["pitched"], Kind::Pitched);
            n_heard += usize::from(!bar["judge"].is_null());
        }
        assert!(n_heard >= 5, "{meter}: {n_heard} bars");
    }
}

#[test]
fn the_shipped_judge_recognises_what_the_shipped_model_composes() {
    let mut right = 0;
    for genre in Genre::ALL {
        let rendering = play(&song(genre, 8));
        let heard = rendering.performance.beats.last().unwrap().heard.unwrap();
        let shares = *heard.shares(Kind::All).unwrap();
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{shares:?}");
        let likeliest = Genre::ALL
            .into_iter()
            .max_by(|a, b| shares[a.index()].total_cmp(&shares[b.index()]))
            .unwrap();
        right += usize::from(likeliest == genre);
    }
    assert!(right >= 4, "{right} of six genres");
}

#[test]
fn stored_patterns_are_not_judged() {
    let rendering = perform(&song(Genre::Rock, 3), render::patterns()).unwrap();
    assert!(rendering.performance.beats.iter().all(|beat| beat.heard.is_none()));
    let json = String::from_utf8(bytes(&rendering, Format::Json).unwrap()).unwrap();
    assert_eq!(json.matches("\"judge\": null").count(), 3);
}
