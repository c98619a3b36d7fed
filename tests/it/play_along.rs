//! Playing along through the built bundles: recorded MIDI steers the harmony, replays to the same
//! notes, and nothing that comes in leaves a note hanging.

use hosting::{Recording, Script};
use score::answer::motif_similarity;
use score::{BeatFrame, GivenChord, Meter, Progression, Tempo};

use crate::streams::{Dice, assert_clean, assert_same_music};
use crate::support::{IRREGULAR, RATE, clap, run, song, song_start, vst3};

const BARS: usize = 8;
const CHORDS: &str = "Am7 | D7/F# | Gmaj7 | C/E";

fn chord(bar: usize) -> GivenChord {
    let frame = BeatFrame::regular(bar as i64 * 4, Meter::default(), Tempo::default());
    Progression::parse(CHORDS).unwrap().at(&frame).unwrap()
}

/// A song in which somebody holds a chord a bar, taken a beat and a half before the bar, which the
/// lookahead of a beat brings to its first.
fn with_held_chords(sizes: &[usize]) -> Script {
    let beats = BARS as f64 * 4.0;
    let mut script = song(beats, sizes);
    script.setting("follow", "Chords");
    script.setting("humanize", "0 %");
    for bar in 0..BARS {
        let from = (bar as f64 * 4.0 - 1.5).max(0.0);
        let to = (from + 3.9).min(beats - 0.25);
        let chord = chord(bar);
        script.input_note(from, to, 36 + chord.bass.number(), 0.7).unwrap();
        for class in (0..12).filter(|class| chord.tones >> class & 1 == 1) {
            script.input_note(from, to, 60 + class, 0.7).unwrap();
        }
    }
    script
}

/// Beat, channel and pitch class of every note that starts on a beat, from the second bar on: the
/// first bar's chord is not yet held when its first beat is composed.
fn on_beats(recording: &Recording) -> Vec<(usize, u8, u8)> {
    let samples = RATE / 2.0;
    let notes = recording.notes().unwrap();
    let beat = |start: i64| (start - song_start(RATE)) as f64 / samples;
    let on_beat = notes.iter().filter(|note| {
        let beat = beat(note.start);
        beat >= 4.0 && (beat - beat.round()).abs() < 0.01
    });
    on_beat.map(|note| (beat(note.start).round() as usize, note.channel, note.key % 12)).collect()
}

#[test]
fn held_chords_are_followed_and_replay_to_the_same_notes() {
    let mut first: Option<Recording> = None;
    for bundle in [clap(), vst3()] {
        let script = with_held_chords(&[512]);
        let played = run(&bundle, &script);
        assert_clean("held chords", &script, &played);
        assert_same_music("played again", &played, &run(&bundle, &script));
        let irregular = run(&bundle, &with_held_chords(&IRREGULAR));
        assert_same_music("in other blocks", &played, &irregular);
        if let Some(first) = &first {
            assert_same_music("in both formats", first, &played);
        }
        let (mut n_tones, mut n_struck, mut n_roots, mut n_firsts) = (0, 0, 0, 0);
        let mut last_bar = 0;
        for (beat, channel, class) in on_beats(&played) {
            // Channels count from 0: bass 1, chords 2, lead 3.
            if !(1..=3).contains(&channel) {
                continue;
            }
            let chord = chord(beat / 4);
            n_struck += 1;
            n_tones += usize::from(chord.tones >> class & 1 == 1);
            if channel == 1 && beat % 4 == 0 && beat / 4 != last_bar {
                last_bar = beat / 4;
                n_firsts += 1;
                n_roots += usize::from(class == chord.bass.number());
            }
        }
        println!("tones {n_tones} of {n_struck}, bass on root or slash {n_roots} of {n_firsts}");
        assert!(n_struck > 40 && n_firsts > 2, "{n_struck} notes on beats, {n_firsts} of the bass");
        assert!(n_tones * 10 >= n_struck * 9, "{n_tones} of {n_struck}");
        assert!(n_roots * 10 >= n_firsts * 9, "{n_roots} of {n_firsts}");
        // Another take of the keyboard is other music.
        let mut other = with_held_chords(&[512]);
        other.setting("follow", "Off");
        assert_ne!(run(&bundle, &other).music(), played.music());
        first.get_or_insert(played);
    }
}

/// Four bars that somebody plays over and over: beat and key.
const PHRASE: [(f64, u8); 14] = [
    (0.0, 67),
    (0.5, 69),
    (1.0, 72),
    (2.0, 71),
    (2.5, 69),
    (3.0, 67),
    (4.0, 64),
    (5.0, 67),
    (5.5, 69),
    (6.0, 71),
    (7.0, 72),
    (8.0, 74),
    (10.0, 72),
    (12.0, 67),
];
const OTHER: [(f64, u8); 12] = [
    (0.0, 60),
    (1.5, 60),
    (2.25, 65),
    (3.5, 62),
    (4.0, 62),
    (5.5, 67),
    (6.25, 64),
    (7.5, 60),
    (8.0, 69),
    (9.75, 65),
    (11.0, 62),
    (13.5, 60),
];
const PHRASE_BEATS: f64 = 16.0;

/// A song in which somebody plays a phrase, listens to the answer, and plays the phrase again.
fn with_a_phrase(phrase: &[(f64, u8)], sizes: &[usize]) -> Script {
    let mut script = song(4.0 * PHRASE_BEATS, sizes);
    script.setting("follow", "Answer");
    script.setting("humanize", "0 %");
    for turn in [0.0, 2.0] {
        for (beat, key) in phrase {
            let from = turn * PHRASE_BEATS + beat;
            script.input_note(from, from + 0.4, *key, 0.7).unwrap();
        }
    }
    script
}

/// Onsets in cells of the grid and keys of the lead in a phrase's time.
fn lead(recording: &Recording, phrase: usize) -> Vec<(i64, u8)> {
    let cell = RATE / 2.0 / 24.0;
    let first = phrase as i64 * 24 * PHRASE_BEATS as i64;
    let of_lead = recording.notes().unwrap().into_iter().filter(|note| note.channel == 3);
    let cells = of_lead.map(|note| ((note.start - song_start(RATE)) as f64 / cell, note.key));
    let mut line: Vec<(i64, u8)> =
        cells.map(|(cell, key)| (cell.round() as i64 - first, key)).collect();
    line.retain(|(cell, _)| (0..24 * PHRASE_BEATS as i64).contains(cell));
    line.sort_unstable();
    line
}

#[test]
fn a_phrase_that_is_played_is_answered_the_same_every_time() {
    let in_cells = |phrase: &[(f64, u8)]| -> Vec<(i64, u8)> {
        phrase.iter().map(|(beat, key)| ((beat * 24.0) as i64, *key)).collect()
    };
    let [own, other] = [in_cells(&PHRASE), in_cells(&OTHER)];
    let mut first: Option<Recording> = None;
    for bundle in [clap(), vst3()] {
        let script = with_a_phrase(&PHRASE, &[512]);
        let played = run(&bundle, &script);
        assert_clean("a phrase", &script, &played);
        assert_same_music("played again", &played, &run(&bundle, &script));
        let irregular = run(&bundle, &with_a_phrase(&PHRASE, &IRREGULAR));
        assert_same_music("in other blocks", &played, &irregular);
        if let Some(first) = &first {
            assert_same_music("in both formats", first, &played);
        }
        for turn in [0, 2] {
            assert_eq!(lead(&played, turn), [], "it listens");
            let answer = lead(&played, turn + 1);
            let related = motif_similarity(&own, &answer).unwrap();
            let unrelated = motif_similarity(&other, &answer).unwrap();
            let n_copied = answer.iter().filter(|note| own.contains(note)).count();
            println!("{related} of the phrase, {unrelated} of another, {n_copied} copied");
            assert!(related >= 0.3 && related > unrelated + 0.2, "{related}, {unrelated}");
            assert!(n_copied * 2 < answer.len(), "{n_copied} of {}", answer.len());
        }
        // The rest of the band does not wait.
        let n_others = |turn: usize| {
            let range = turn as f64 * PHRASE_BEATS..(turn + 1) as f64 * PHRASE_BEATS;
            let beat = |start: i64| (start - song_start(RATE)) as f64 / (RATE / 2.0);
            let notes = played.notes().unwrap();
            notes.iter().filter(|n| n.channel != 3 && range.contains(&beat(n.start))).count()
        };
        assert!((0..4).all(|turn| n_others(turn) > 20));
        let another = run(&bundle, &with_a_phrase(&OTHER, &[512]));
        assert_ne!(lead(&another, 1), lead(&played, 1), "another phrase, another answer");
        first.get_or_insert(played);
    }
}

/// Notes at random, thousands of them and once a hundred thousand events, eaten or passed on, with
/// the song stopped in the middle: every note that goes out ends, and what the band plays is the same
/// in every split.
#[test]
fn a_keyboard_gone_mad_hangs_no_note() {
    let settings = [
        ("Chords", "Pass", 2_000, 32.0),
        ("Answer", "Eat", 2_000, 32.0),
        ("Off", "Pass", 2_000, 32.0),
        ("Answer", "Pass", 50_000, 64.0),
    ];
    for (bundle, seed) in [(clap(), 1), (vst3(), 2)] {
        for (follow, input, n_notes, beats) in settings {
            let play = |sizes: &[usize]| {
                let mut dice = Dice::new(seed);
                let mut script = song(beats, sizes);
                script.setting("follow", follow);
                script.setting("input", input);
                for _ in 0..n_notes {
                    let from = dice.between(0.0, beats - 1.0);
                    let to = (from + dice.between(0.001, 2.0)).min(beats - 0.1);
                    script.input_note(from, to, dice.below(128) as u8, 0.5).unwrap();
                }
                let recording = run(&bundle, &script);
                // Keys that are struck again before they are released may end where they begin.
                recording.notes().unwrap_or_else(|error| panic!("{follow}, {input}: {error}"));
                assert_eq!(recording.sounding.last(), Some(&0), "{follow}, {input}");
                recording
            };
            let recording = play(&[512]);
            assert_same_music("in other blocks", &recording, &play(&IRREGULAR));
        }
    }
}
