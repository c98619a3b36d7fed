//! The same song gives the same notes whatever the block size and the sample rate.

use render::{Automation, Rendering, Song, perform, text};
use score::{Blend, Genre, Meter, Tempo};

/// Eight bars in 7/8 from jazz to rock, with a key change and a part that falls silent.
fn song() -> Song {
    let csv = "beat,parameter,value\n0,g_jazz,1\n24,g_jazz,0\n0,g_rock,0\n24,g_rock,1\n\
               0,key,C\n10.5,key,Eb\n0,ba_on,1\n14,ba_on,0\n3,dr_density,0\n20,dr_density,1\n";
    Song {
        n_bars: 8,
        tempo: Tempo::new(133.7),
        meter: Meter::new(7, 8).unwrap(),
        automation: Automation::parse(csv, "test.csv").unwrap(),
        ..Song::default()
    }
}

fn play(song: &Song) -> Rendering {
    perform(song, render::patterns()).unwrap()
}

#[test]
fn block_size_and_repetition_change_nothing() {
    let song = Song { sound: true, ..song() };
    let first = play(&song);
    assert!(first.performance.piece.n_notes() > 50);
    assert_eq!(first.n_late, 0);
    for block in [512, 37, 64, 1000, 4096, 8192] {
        let again = play(&Song { block, ..song.clone() });
        assert_eq!(text(&again.performance), text(&first.performance), "blocks of {block}");
        assert_eq!(again.performance, first.performance, "blocks of {block}");
        assert!(again.audio == first.audio, "blocks of {block} sound different");
    }
}

#[test]
fn sample_rates_change_nothing() {
    let song = song();
    let first = text(&play(&song).performance);
    for sample_rate in [44_100, 96_000, 192_000] {
        let again = play(&Song { sample_rate, ..song.clone() });
        assert_eq!(text(&again.performance), first, "{sample_rate} Hz");
    }
}

#[test]
fn beats_know_their_chord_and_controls() {
    let mut song = Song { n_bars: 4, ..Song::default() };
    song.settings.controls.blend = Blend::pure(Genre::Folk);
    let performance = play(&song).performance;
    assert_eq!(performance.beats.len(), 16);
    for beat in &performance.beats {
        let controls = beat.controls.unwrap();
        assert_eq!(controls.blend.nearest_genre(), Genre::Folk);
        assert!(beat.chord.is_some());
    }
    assert_eq!(performance.piece.markers.len(), 1);
    assert_eq!(performance.piece.markers[0].1, "folk 100");
}

#[test]
fn automation_reaches_the_music_one_lookahead_later() {
    let csv = "beat,parameter,value\n0,ld_on,0\n8,ld_on,1\n";
    let automation = Automation::parse(csv, "test.csv").unwrap();
    let performance = play(&Song { n_bars: 4, automation, ..Song::default() }).performance;
    let on = |beat: usize| performance.beats[beat].controls.unwrap().parts[3].on;
    // Beat 9 is the first that is committed at beat 8 or later.
    let switched: Vec<usize> = (0..16).filter(|beat| on(*beat)).collect();
    assert_eq!(switched, (9..16).collect::<Vec<_>>());
}

#[test]
fn no_note_outlives_the_song() {
    let song = Song { n_bars: 3, ..song() };
    let performance = play(&song).performance;
    let end = score::Ticks::from_beats(song.n_beats());
    assert!(performance.piece.end() <= end);
    assert_eq!(performance.bars().len(), 3);
}
