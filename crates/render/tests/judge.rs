//! What is heard of the shipped model's music, from the composing thread to the file.

use std::collections::HashSet;

use judge::{Heard, Judge, Kind};
use render::{Format, Rendering, Song, bytes, neural, perform, shipped};
use score::grid::TICKS_PER_CELL;
use score::{Blend, Genre, GridBeat, GridNote, HistoryBeat, Meter, TICKS_PER_QUARTER, Ticks};

/// Cells of a beat's grid.
const CELLS_A_BEAT: usize = (TICKS_PER_QUARTER / TICKS_PER_CELL) as usize;

/// Share of cut notes up to which a file must sound as it was composed.
const MOST_CUT: f32 = 0.02;

fn judge() -> Judge {
    Judge::clone(shipped().unwrap().judge().expect("the shipped weights come with a judge"))
}

/// A song of one genre whose notes lie on the grid.
fn song(genre: Genre, n_bars: u32, seed: u32) -> Song {
    let mut song = Song { n_bars, ..Song::default() };
    song.settings.controls.seed = seed;
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

/// Pitched notes that end where their pitch is struck again, as a share of all. In the file such a
/// note may have been cut there, which the thread, hearing it begin, could not know.
fn share_cut(beats: &[HistoryBeat]) -> f32 {
    let (mut n_cut, mut n_notes) = (0, 0);
    for part in 1..4 {
        let notes: Vec<(usize, &GridNote)> = beats
            .iter()
            .enumerate()
            .flat_map(|(beat, music)| music.music.parts[part].iter().map(move |note| (beat, note)))
            .collect();
        let at = |beat: usize, cell: u16| beat * CELLS_A_BEAT + usize::from(cell);
        let strikes: HashSet<(u8, usize)> = notes
            .iter()
            .map(|(beat, note)| (note.pitch, at(*beat, note.position.into())))
            .collect();
        let is_cut = |(beat, note): &&(usize, &GridNote)| {
            strikes.contains(&(note.pitch, at(*beat, u16::from(note.position) + note.duration)))
        };
        n_cut += notes.iter().filter(is_cut).count();
        n_notes += notes.len();
    }
    n_cut as f32 / n_notes.max(1) as f32
}

#[test]
fn thread_file_and_crate_hear_the_same() {
    let judge = judge();
    let mut n_near = 0;
    let meters = [("4/4", Genre::Rock), ("3/4", Genre::Folk), ("7/8", Genre::Electronic)];
    for (seed, (meter, genre)) in (1..=4).flat_map(|seed| meters.map(|of| (seed, of))) {
        let meter = Meter::parse(meter).unwrap();
        let rendering = play(&Song { meter, ..song(genre, 10, seed) });
        let beats = beats(&rendering);
        let json: serde_json::Value =
            serde_json::from_slice(&bytes(&rendering, Format::Json).unwrap()).unwrap();
        let mut n_heard = 0;
        // The song's end cuts notes short that the judge heard whole.
        for (number, bar) in json["bars"].as_array().unwrap().iter().enumerate().take(8) {
            let in_bar = |beat: &usize| beats[*beat].frame.bar_number == number as i64;
            let last = (0..beats.len()).rev().find(in_bar).unwrap();
            let from_file = judge.hear(&beats[..=last]);
            let heard = rendering.performance.beats[last].heard.unwrap();
            if share_cut(&beats[..=last]) <= MOST_CUT {
                assert!(
                    is_near(&heard, &from_file),
                    "{seed} {meter} {number}: {heard:?}, {from_file:?}"
                );
                n_near += 1;
            }
            // Drums have no lengths to cut.
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
    assert!(n_near >= 8, "{n_near} bars");
}

#[test]
fn the_shipped_judge_recognises_what_the_shipped_model_composes() {
    let mut right = 0;
    for genre in Genre::ALL {
        let rendering = play(&song(genre, 8, 8));
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
    let rendering = perform(&song(Genre::Rock, 3, 8), render::patterns()).unwrap();
    assert!(rendering.performance.beats.iter().all(|beat| beat.heard.is_none()));
    let json = String::from_utf8(bytes(&rendering, Format::Json).unwrap()).unwrap();
    assert_eq!(json.matches("\"judge\": null").count(), 3);
}
