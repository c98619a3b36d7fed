//! What hosts do to a plugin while notes sound: bypass, reset, activation, states, removal.

use std::path::Path;

use hosting::{Action, Output, PlayedNote, Script, Setup, Song};

use crate::streams::{assert_clean, assert_same_events};
use crate::support::{IRREGULAR, RATE, dense, run, song, song_start};
use crate::transport::notes_between;

/// A song up to a beat, in a host at a sample rate.
fn part(rate: f64, from: f64, to: f64) -> Script {
    let mut script = Script::new(rate, 1_024);
    script.play(&Song::default(), from, to, &IRREGULAR);
    script.setting("sound", "off");
    script.value("g_jazz", 0.5);
    script.value("g_hiphop", 0.5);
    dense(&mut script);
    script
}

fn clean_notes(what: &str, bundle: &Path, script: &Script) -> Vec<PlayedNote> {
    assert_clean(what, script, &run(bundle, script))
}

/// Once bypass is on every note has ended; once it is off the song goes on like one that starts.
pub fn bypass_ends_every_note(bundle: &Path) {
    let mut script = song(10.0, &[512]);
    dense(&mut script);
    let frame = |beat: f64| song_start(RATE) + (beat * RATE / 2.0) as i64;
    script.set_at(3.321, "bypass", 1.0).unwrap();
    script.set_at(6.123, "bypass", 0.0).unwrap();
    let notes = clean_notes("bypass", bundle, &script);
    let silent = frame(3.321)..frame(6.123);
    assert!(notes.iter().any(|note| note.end == silent.start), "nothing sounded at the bypass");
    for note in &notes {
        assert!(!silent.contains(&note.start), "{note:?} starts while bypassed");
        assert!(note.start > silent.start || note.end <= silent.start, "{note:?} goes on");
    }
    let mut start = part(RATE, 6.123, 10.0);
    start.stop(480, 2);
    let expected = clean_notes("a start", bundle, &start);
    assert_eq!(expected, notes_between(&notes, silent.end, i64::MAX), "after bypass");
}

/// Cut, stopped or activated anew at any rate, the plugin ends its notes and plays on as a fresh
/// one that starts at that place.
pub fn an_interruption_is_a_start(bundle: &Path) {
    let setup = part(RATE, 0.0, 1.0).setup;
    let at = |sample_rate: f64, max_frames: u32| {
        Action::Activate(Setup { sample_rate, max_frames, ..setup })
    };
    let cases: [(f64, Vec<Action>); 8] = [
        (RATE, vec![Action::Reset]),
        (RATE, vec![Action::Reset, Action::Reset]),
        (RATE, vec![Action::StopProcessing]),
        (RATE, vec![at(RATE, 1_024)]),
        (44_100.0, vec![at(44_100.0, 16)]),
        (96_000.0, vec![at(22_050.0, 1_024), at(96_000.0, 1_024)]),
        (22_050.0, vec![Action::Reset, at(22_050.0, 1_024), Action::Reset]),
        (RATE, std::iter::repeat_n(at(RATE, 1_024), 6).collect()),
    ];
    for (rate, actions) in cases {
        let what = format!("{actions:?}");
        let mut script = part(RATE, 0.0, 3.3);
        let cut = script.frames() as i64;
        let first = script.blocks.len();
        let mut rest = part(rate, 3.3, 7.0);
        rest.stop(480, 2);
        script.blocks.extend(rest.blocks.iter().cloned());
        script.blocks[first].before = actions;
        let notes = clean_notes(&what, bundle, &script);
        assert!(notes.iter().any(|note| note.end == cut), "{what}: nothing sounded");
        let expected = clean_notes("fresh", bundle, &rest);
        assert!(expected.len() > 10);
        assert_eq!(expected, notes_between(&notes, cut, i64::MAX), "{what}");
    }
}

/// The state of an instance with some settings.
fn state_of(bundle: &Path, settings: &[(&str, f64)]) -> Vec<u8> {
    let mut script = song(0.1, &[512]);
    for (parameter, value) in settings {
        script.value(parameter, *value);
    }
    run(bundle, &script).state
}

/// A state that is loaded while the song plays acts like knobs that move between two blocks.
pub fn a_state_loaded_while_playing_moves_the_knobs(bundle: &Path) {
    let settings = [("g_jazz", 0.0), ("g_electronic", 1.0), ("ld_density", 1.0), ("key", 0.5)];
    let state = state_of(bundle, &settings);
    let mut script = song(10.0, &[512]);
    let (index, _) = script.locate(4.1).unwrap();
    let mut moved = script.clone();
    for (parameter, value) in settings {
        moved.blocks[index].change(0, parameter, value);
    }
    let expected = run(bundle, &moved);
    assert_ne!(run(bundle, &script).music(), expected.music(), "the settings did nothing");
    script.before(index, Action::LoadState(state.clone()));
    let found = run(bundle, &script);
    assert_clean("a state", &script, &found);
    assert_same_events("a state", &expected.music(), &found.music());
    assert_eq!(expected.values, found.values);

    // In the middle of blocks nobody knows which beat is the first to change.
    let mut script = song(16.0, &[128]);
    let plain = state_of(bundle, &[]);
    for (number, beat) in (1..15).enumerate() {
        let (index, _) = script.locate(f64::from(beat)).unwrap();
        let state = if number % 2 == 0 { &state } else { &plain };
        script.before(index, Action::LoadStateMeanwhile(state.clone()));
    }
    let found = run(bundle, &script);
    assert!(assert_clean("states meanwhile", &script, &found).len() > 50);
    assert_eq!(found.refused_states, 0);
}

/// An instance that is dropped while it plays, with automation on its way to an editor, takes
/// nothing down, and the next one plays what it should.
pub fn instances_are_dropped_while_they_play(bundle: &Path) {
    let mut script = song(6.0, &[512]);
    let expected = run(bundle, &script);
    script.glide("g_rock", (0.5, 0.0), (5.5, 1.0)).unwrap();
    let playing = &script.blocks[..script.blocks.len() - 40];
    for _ in 0..8 {
        let mut instance = hosting::load(bundle).unwrap();
        hosting::prepare(instance.as_mut(), &script).unwrap();
        let mut processor = instance.activate(&script.setup).unwrap();
        // The host's audio thread is not the one that loads and drops.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut output = Output::default();
                for (index, block) in playing.iter().enumerate() {
                    processor.process(block, index as i64 * 512, &mut output).unwrap();
                }
            });
        });
        drop(processor);
    }
    let found = run(bundle, &song(6.0, &[512]));
    assert_same_events("after others were dropped", &expected.music(), &found.music());
}
