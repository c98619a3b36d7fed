//! Pictures of ordinary and of odd music.

use render::{Performance, Song, perform, picture};
use score::{Blend, Controls, Genre, Meter, Note, Part, Piece, Pitch, Ticks, Velocity};

/// Width and height of a PNG file.
fn size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    (number(16), number(20))
}

fn note(onset: i64, duration: i64, pitch: i32) -> Note {
    Note {
        onset: Ticks(onset),
        duration: Ticks(duration),
        pitch: Pitch::clamped(pitch),
        velocity: Velocity::clamped(100),
    }
}

#[test]
fn a_song_is_one_system_until_it_is_too_long() {
    let height = |n_bars| {
        let song = Song { n_bars, ..Song::default() };
        let rendering = perform(&song, render::patterns()).unwrap();
        let (width, height) = size(&picture(&rendering.performance).unwrap());
        assert_eq!(width, 1600);
        height
    };
    let (short, long) = (height(16), height(32));
    assert!((600..1200).contains(&short), "{short} pixels");
    assert!(long > short, "{long} pixels");
}

#[test]
fn every_genre_and_part_can_have_a_strip() {
    let song = Song { n_bars: 2, ..Song::default() };
    let mut performance = perform(&song, render::patterns()).unwrap().performance;
    let plain = size(&picture(&performance).unwrap()).1;
    for (idx, beat) in performance.beats.iter_mut().enumerate() {
        let mut controls = Controls { harmony_own: 1.0, ..Controls::default() };
        controls.blend = Blend::pure(Genre::ALL[idx % 6]);
        for part in Part::ALL {
            controls.parts[part.index()].own = 0.5;
            controls.parts[part.index()].blend = Blend::new([0.1; Blend::LEN]);
        }
        beat.controls = Some(controls);
    }
    assert!(performance.has_own_blends());
    // Five strips more.
    assert_eq!(size(&picture(&performance).unwrap()).1, plain + 5 * 17);
}

#[test]
fn odd_music_is_drawn_too() {
    let mut extremes = Piece::default();
    extremes.parts[0] = vec![note(0, 1, 0), note(1, 1, 127), note(40, 100_000, 35)];
    extremes.parts[1] = vec![note(0, 50_000, 0)];
    extremes.parts[3] = vec![note(959, 1, 127)];
    extremes.meters = vec![
        (Ticks(0), Meter::new(1, 32).unwrap()),
        (Ticks(300), Meter::new(32, 1).unwrap()),
        (Ticks(200_000), Meter::new(7, 8).unwrap()),
    ];
    extremes.markers = (0..50).map(|idx| (Ticks(idx * 10), "a long marker".repeat(20))).collect();
    let mut long = Piece::default();
    long.parts[2] = (0..2_000).map(|idx| note(idx * 3840, 960, 60)).collect();
    for piece in [Piece::default(), extremes, long] {
        let n_notes = piece.n_notes();
        let performance = Performance::of_piece("♯ ♭ – \u{1f941} \n", piece);
        let (width, height) = size(&picture(&performance).unwrap());
        assert!(width == 1600 && height < 20_000, "{n_notes} notes: {width}x{height}");
    }
}
