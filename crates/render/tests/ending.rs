//! Songs that end.

use render::{Automation, Song, neural, perform, shipped};
use score::{Note, Ticks};

fn onsets(song: &Song) -> Vec<Ticks> {
    let piece = perform(song, neural(shipped().unwrap())).unwrap().performance.piece;
    let mut onsets: Vec<Ticks> =
        piece.parts.iter().flatten().map(|note: &Note| note.onset).collect();
    onsets.sort();
    onsets
}

/// Whether a note starts in those beats.
fn plays(onsets: &[Ticks], beats: std::ops::Range<i64>) -> bool {
    let (from, to) = (Ticks::from_beat(beats.start), Ticks::from_beat(beats.end));
    onsets.iter().any(|onset| (from..to).contains(onset))
}

#[test]
fn an_automated_ending_closes_rests_and_lets_another_song_begin() {
    let csv = "beat,parameter,value\n0,ending,off\n14,ending,on\n42,ending,off\n";
    let automation = Automation::parse(csv, "test.csv").unwrap();
    let onsets = onsets(&Song { n_bars: 14, automation, ..Song::default() });
    assert!((0..7).all(|bar| plays(&onsets, 4 * bar..4 * bar + 4)), "{onsets:?}");
    assert!(!plays(&onsets, 32..42), "{onsets:?}");
    assert!(plays(&onsets, 42..46), "{onsets:?}");
}

#[test]
fn a_song_is_closed_by_its_last_four_bars() {
    let open = Song { n_bars: 8, ..Song::default() };
    let closed = Song { ending: true, ..open.clone() };
    let (open, closed) = (onsets(&open), onsets(&closed));
    let before = |onsets: &[Ticks]| -> Vec<Ticks> {
        onsets.iter().copied().filter(|onset| *onset < Ticks::from_beat(16)).collect()
    };
    assert_eq!(before(&open), before(&closed));
    assert_ne!(open, closed);
    assert!(plays(&closed, 28..32), "the last bar");
}
