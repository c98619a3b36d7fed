use super::*;
use crate::grid::BeatFrame;
use crate::{Meter, Note, Part, Piece, Pitch, Tempo, Ticks, Velocity};

fn given(name: &str) -> GivenChord {
    GivenChord::parse(name).unwrap()
}

fn held(pitches: &[i32]) -> Held {
    let mut held = Held::new();
    pitches.iter().for_each(|pitch| held.press(Pitch::clamped(*pitch)));
    held
}

fn name(held: &Held) -> String {
    held.chord().map_or("-".into(), |chord| chord.to_string())
}

#[test]
fn held_keys_are_heard_as_chords_with_inversions_and_slashes() {
    for (pitches, expected) in [
        (&[60, 64, 67][..], "C"),
        (&[64, 67, 72], "C/E"),
        (&[55, 60, 64], "C/G"),
        (&[57, 60, 64, 67], "Am7"),
        (&[55, 57, 60, 64], "Am7/G"),
        (&[50, 54, 57, 60], "D7"),
        (&[54, 57, 60, 62], "D7/F#"),
        (&[55, 59, 62, 66], "Gmaj7"),
        (&[59, 62, 65], "Bdim"),
        (&[59, 62, 65, 69], "Bm7b5"),
        (&[60, 65, 67], "Csus4"),
        (&[60, 62, 67], "Csus2"),
        (&[60, 64, 68], "Caug"),
        (&[60, 63, 66, 69], "Cdim7"),
        (&[48, 64, 70, 74, 67], "C9"),
        (&[36, 66, 69, 74], "D7/C"),
        (&[60, 64], "C"),
        (&[45, 52], "A5"),
        (&[60, 64, 70], "C7"),
    ] {
        assert_eq!(name(&held(pitches)), expected, "{pitches:?}");
        // Octaves above and the order of keys change nothing.
        let mut more: Vec<i32> = pitches.iter().rev().copied().collect();
        more.push(pitches[1] + 24);
        assert_eq!(name(&held(&more)), expected, "{more:?}");
    }
    assert_eq!(held(&[60]).chord(), None);
    assert_eq!(held(&[60, 72]).chord(), None);
}

#[test]
fn letting_go_changes_nothing_key_by_key() {
    let mut keys = held(&[60, 64, 67, 70]);
    for pitch in [60, 64, 67, 70] {
        keys.release(Pitch::clamped(pitch));
        assert_eq!(name(&keys), "C7");
    }
    assert!(!keys.is_any());
    // A new chord that is played before the old one is let go of.
    let mut keys = held(&[60, 64, 67]);
    keys.release(Pitch::clamped(67));
    [65, 69].into_iter().for_each(|pitch| keys.press(Pitch::clamped(pitch)));
    keys.release(Pitch::clamped(64));
    assert_eq!(name(&keys), "F/C");
    keys.release_all();
    assert_eq!(name(&keys), "F/C");
}

#[test]
fn names_read_back_and_pack() {
    for root in PitchClass::NAMES {
        for suffixes in KINDS.map(|(_, _, suffixes)| suffixes) {
            for suffix in suffixes {
                let chord = given(&format!("{root}{suffix}"));
                assert_eq!(given(&chord.to_string()), chord, "{root}{suffix}");
                assert_eq!(GivenChord::unpacked(chord.packed()), Some(chord));
                assert_eq!(chord.transposed(7).transposed(-7), chord);
            }
        }
    }
    assert_eq!(given("Am7/G").bass, PitchClass::new(7));
    assert_eq!(given("D/F#").to_string(), "D/F#");
    assert_eq!(given("C/D").tones, 0b1001_0101);
    for bad in ["H7x", "", "/", "C/", "C/Gm", "Cmaj", "é", "C é", "Ab#"] {
        assert_eq!(GivenChord::parse(bad).is_ok(), bad == "Cmaj", "{bad}");
    }
    assert_eq!(GivenChord::unpacked(0), None);
    assert_eq!(GivenChord::unpacked(u32::MAX), None);
}

/// The chords of bars, beat by beat.
fn walk(progression: &Progression, meter: Meter, n_beats: i64) -> String {
    let chord = |beat| {
        let frame = BeatFrame::regular(beat, meter, Tempo::DEFAULT);
        progression.at(&frame).map_or("-".into(), |chord| chord.to_string())
    };
    (0..n_beats).map(chord).collect::<Vec<_>>().join(" ")
}

#[test]
fn progressions_share_their_bars_and_go_round() {
    let waltz = Meter::new(3, 4).unwrap();
    let read = |text| Progression::parse(text).unwrap();
    assert_eq!(walk(&read("Am F"), Meter::COMMON, 9), "Am Am Am Am F F F F Am");
    assert_eq!(walk(&read("| Am7 | D7 G |"), Meter::COMMON, 8), "Am7 Am7 Am7 Am7 D7 D7 G G");
    assert_eq!(walk(&read("Am | % | | N.C."), waltz, 12), "Am Am Am Am Am Am Am Am Am - - -");
    assert_eq!(walk(&read("C D E F |"), Meter::COMMON, 5), "C C C C D");
    assert_eq!(walk(&read("C D E F | G"), Meter::COMMON, 5), "C D E F G");
    assert_eq!(read("  "), Progression::EMPTY);
    let progression = read("Am7/G | D7 G | %");
    assert_eq!(Progression::from_words(&progression.words()), progression);
    for text in ["Am7/G | D7 G | %", "Am | F N.C. | C", "C E | %", "F#m7b5", ""] {
        assert_eq!(read(text).to_string(), text);
    }
    assert_eq!(read("| Dm | Dm | G7").to_string(), "Dm | % | G7");
    let error = Progression::parse("Am | F | C H7x").unwrap_err().to_string();
    assert_eq!(error, "3rd bar: \"H7x\" is no chord");
    assert!(Progression::parse(&"C ".repeat(MAX_BARS + 1)).is_err());
    assert!(Progression::parse(&"C C C C C |".repeat(MAX_BARS / 2)).is_err());
}

#[test]
fn the_chords_of_a_piece_are_heard() {
    let mut piece = Piece::default();
    let mut chord = |from: i64, n_beats: i64, pitches: &[i32]| {
        for pitch in pitches {
            piece.parts[Part::Chords.index()].push(Note {
                onset: Ticks::from_beat(from),
                duration: Ticks::from_beat(n_beats),
                pitch: Pitch::clamped(*pitch),
                velocity: Velocity::clamped(80),
            });
        }
    };
    chord(0, 4, &[57, 60, 64]);
    chord(4, 2, &[53, 57, 60]);
    chord(6, 1, &[55, 59, 62]);
    let progression = Progression::of(&piece).unwrap();
    assert_eq!(walk(&progression, Meter::COMMON, 9), "Am Am Am Am F F G G Am");
    assert_eq!(progression.to_string(), "Am | F G");
    assert_eq!(Progression::of(&Piece::default()).unwrap(), Progression::EMPTY);
}
