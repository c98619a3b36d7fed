//! What a project saves and gets back, in both formats: every state that was ever written loads,
//! the phrase that is held and the takes come back with it, and damage does no harm.

use std::path::{Path, PathBuf};

use hosting::{Action, Format, Instance, NoHook, Recording, Script};
use serde_json::{Value, json};

use crate::support::{RATE, assert_same_music, clap, root, run, song, vst3};

/// Beats that show a held phrase of two bars and go round.
const BEATS: f64 = 12.0;

/// A state as the framework writes it into a VST3's stream, and with its length into a CLAP's.
pub struct State(Value);

impl State {
    pub fn read(bytes: &[u8]) -> Self {
        let start = bytes.iter().position(|byte| *byte == b'{').unwrap();
        Self(serde_json::from_slice(&bytes[start..]).unwrap())
    }

    pub fn bytes(&self, format: Format) -> Vec<u8> {
        let text = serde_json::to_vec(&self.0).unwrap();
        match format {
            Format::Vst3 => text,
            Format::Clap => [&(text.len() as u64).to_le_bytes()[..], &text].concat(),
        }
    }

    /// A field, which is JSON in a string.
    pub fn field(&self, name: &str) -> Value {
        serde_json::from_str(self.0["fields"][name].as_str().unwrap()).unwrap()
    }

    pub fn set_field(&mut self, name: &str, value: &Value) {
        self.0["fields"][name] = Value::String(value.to_string());
    }

    fn set(&mut self, parameter: &str, value: Value) {
        self.0["params"][parameter] = value;
    }

    /// Loads it into a fresh instance and plays.
    fn play(&self, bundle: &Path, beats: f64) -> Recording {
        let mut script = plain(beats);
        script.state = Some(self.bytes(format(bundle)));
        run(bundle, &script)
    }
}

pub fn format(bundle: &Path) -> Format {
    hosting::load(bundle).unwrap().format()
}

/// A song without any setting.
fn plain(beats: f64) -> Script {
    Script { settings: Vec::new(), ..song(beats, &[512]) }
}

/// What every parameter shows, one a line.
fn values(bundle: &Path, state: &State) -> String {
    let mut instance = hosting::load(bundle).unwrap();
    instance.load_state(&state.bytes(instance.format())).unwrap();
    let show = |parameter: &hosting::Parameter, instance: &mut dyn Instance| {
        let value = instance.value(parameter).unwrap();
        let text = instance.text(parameter, value).unwrap();
        format!("{}/{}: {text}\n", parameter.module, parameter.name)
    };
    let parameters = instance.parameters().clone();
    parameters.iter().map(|parameter| show(parameter, instance.as_mut())).collect()
}

/// The notes, one a line.
fn notes(recording: &Recording) -> String {
    let line = |note: hosting::PlayedNote| {
        let hosting::PlayedNote { start, end, channel, key, velocity, .. } = note;
        format!("{start}-{end} channel {channel} key {key} velocity {velocity:.3}\n")
    };
    recording.notes().unwrap().into_iter().map(line).collect()
}

/// Number, state, values and notes of each fixture.
fn fixtures() -> Vec<(u64, State, String, String)> {
    let folder = root().join("tests/it/fixtures");
    let read = |name: String| std::fs::read_to_string(folder.join(name)).ok();
    let fixture = |number: u64| {
        let state = State::read(read(format!("state-v{number}.json"))?.as_bytes());
        let text = read(format!("state-v{number}.txt"))?;
        let (values, notes) = text.split_once("\n\n")?;
        Some((number, state, format!("{values}\n"), notes.to_owned()))
    };
    (1..).map_while(fixture).collect()
}

/// A state of the format of now in which nothing is at its default, with a held phrase and takes.
fn fresh_fixture() -> State {
    let mut script = song(BEATS, &[512]);
    for (index, name) in
        ["g_folk", "strength", "dr_density", "ba_register", "ch_own"].iter().enumerate()
    {
        script.value(name, 0.125 + index as f64 / 6.0);
    }
    for (name, text) in [
        ("seed", "77"),
        ("key", "D"),
        ("scale", "Dorian"),
        ("phrase", "2 bars"),
        ("hold", "on"),
        ("tempo", "97.5"),
        ("single_part", "Bass"),
        ("outputs", "Parts"),
    ] {
        script.setting(name, text);
    }
    let mut state = State::read(&run(&vst3(), &script).state);
    let mut music = state.field("music");
    music["takes"] = json!([0, 1, 0, 2]);
    state.set_field("music", &music);
    state.set_field("editor_size", &json!([1000.0, 800.0]));
    State::read(&state.play(&vst3(), BEATS).state)
}

/// Saved again, a fixture of the newest format is what it was: the format has not changed without
/// a new number and a new fixture.
#[test]
fn the_format_is_that_of_the_newest_fixture() {
    let mut fresh = fresh_fixture();
    let number = fresh.field("state")["format"].as_u64().unwrap();
    let advice = || -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let text = values(&vst3(), &fresh) + "\n" + &notes(&fresh.play(&vst3(), BEATS));
        std::fs::write(folder.join(format!("state-v{number}.json")), fresh.0.to_string()).unwrap();
        std::fs::write(folder.join(format!("state-v{number}.txt")), text).unwrap();
        folder.to_owned()
    };
    let fixtures = fixtures();
    let Some((_, newest, ..)) = fixtures.last().filter(|fixture| fixture.0 == number) else {
        panic!(
            "format {number} has no fixture: look at state-v{number}.json and .txt in {} and move \
             them to tests/it/fixtures",
            advice().display()
        );
    };
    let mut again = State::read(&newest.play(&vst3(), BEATS).state);
    again.0["version"] = newest.0["version"].clone();
    assert_eq!(
        again.0, newest.0,
        "the format has changed: raise `state::FORMAT`, build, and run this test again"
    );
    // It has every entry that there is.
    fresh.0["version"] = newest.0["version"].clone();
    let keys = |state: &State, of: &str| -> Vec<String> {
        state.0[of].as_object().unwrap().keys().cloned().collect()
    };
    for of in ["params", "fields"] {
        assert_eq!(keys(newest, of), keys(&fresh, of));
    }
}

fn every_fixture_gives_its_values_and_notes(bundle: &Path) {
    let fixtures = fixtures();
    assert!(!fixtures.is_empty());
    for (number, state, expected_values, expected_notes) in fixtures {
        let found = values(bundle, &state);
        for line in expected_values.lines() {
            // A CLAP's texts have their units.
            let shown = |found: &str| {
                found
                    .strip_prefix(line)
                    .is_some_and(|unit| unit.is_empty() || unit.starts_with(' '))
            };
            assert!(found.lines().any(shown), "format {number}: `{line}` in\n{found}");
        }
        let found = notes(&state.play(bundle, BEATS));
        assert_eq!(found, expected_notes, "format {number}");
    }
}

/// A held phrase sounds the same when it is played again, bounced after playback, and bounced from
/// a project that was saved and opened, whatever the knobs say then.
fn a_held_phrase_comes_back(bundle: &Path) {
    let mut script = song(36.0, &[512]);
    script.glide("g_folk", (2.0, 0.0), (30.0, 1.0)).unwrap();
    script.value("hold", 1.0);
    let expected = run(bundle, &script);
    let mut instance = hosting::load(bundle).unwrap();
    // What is late in real time is missing there, and in the phrase all the same.
    let playback = script.clone().in_real_time(6.0);
    hosting::play(instance.as_mut(), &playback, &mut NoHook).unwrap();
    let bounce = hosting::play(instance.as_mut(), &script, &mut NoHook).unwrap();
    assert_same_music("a bounce after playback", &expected, &bounce);
    script.state = Some(bounce.state.clone());
    let reloaded = run(bundle, &script);
    assert_same_music("after saving and opening", &expected, &reloaded);
    assert_eq!(State::read(&bounce.state).0, State::read(&reloaded.state).0);

    // Four bars were there before anything was held.
    let per_bars = |recording: &Recording, range: std::ops::Range<i64>| -> Vec<_> {
        let start = crate::support::song_start(RATE);
        let beat = |sample: i64| (sample - start) as f64 / (RATE / 2.0);
        let inside = |sample: i64| (range.start as f64..range.end as f64).contains(&beat(sample));
        let ons = recording.events.iter().filter(|event| event.kind == hosting::EventKind::On);
        let ons = ons.filter(|event| inside(event.sample));
        let place = |sample: i64| sample - (range.start as f64 * RATE / 2.0) as i64;
        ons.map(|event| (place(event.sample), event.channel, event.key)).collect()
    };
    let phrase = per_bars(&expected, 0..16);
    assert!(phrase.len() > 20);
    assert_eq!(per_bars(&expected, 16..32), phrase);
    script.value("g_classical", 1.0);
    script.setting("seed", "1234");
    let turned = run(bundle, &script);
    assert_eq!(per_bars(&turned, 0..16), phrase);
    script.value("hold", 0.0);
    let let_go = run(bundle, &script);
    assert_ne!(per_bars(&let_go, 0..16), phrase);
    assert_eq!(State::read(&let_go.state).field("music")["held"], Value::Null);
}

/// What can be kept of a damaged state is kept; entries of newer versions and absurd numbers do no
/// harm; and what is saved next is sound again.
fn damage_does_no_harm(bundle: &Path) {
    let (number, good, ..) = fixtures().pop().unwrap();
    let good_notes = notes(&good.play(bundle, BEATS));
    let mut damaged = State(good.0.clone());
    damaged.0["version"] = json!("99.0.0");
    damaged.set("tempo", json!({ "f32": 1e30 }));
    damaged.set("gain", json!({ "f32": -1e38 }));
    damaged.set("seed", json!({ "i32": i32::MIN }));
    damaged.set("lookahead", json!({ "f32": 1e9 }));
    damaged.set("channels", json!({ "i32": 99 }));
    damaged.set("single_part", json!({ "string": "kazoo" }));
    damaged.set("swing", json!({ "bool": true }));
    damaged.set("from_the_future", json!({ "f32": 0.5 }));
    damaged.0["something_new"] = json!([1, 2, 3]);
    damaged.set_field("learned_styles", &json!({ "many": "things" }));
    damaged.set_field("editor_size", &json!([1e300, "wide"]));
    damaged.set_field("state", &json!({ "format": 99, "more": true }));
    let mut music = damaged.field("music");
    music["new"] = json!("x");
    damaged.set_field("music", &music);
    let recording = damaged.play(bundle, BEATS);
    for value in &recording.values {
        assert!((0.0..=1.0).contains(value), "{value}");
    }
    // The lookahead of one beat became four, and swing its default; the phrase is the same.
    let keys = |text: &str| -> Vec<String> {
        let line = |line: &str| line.split_once("channel").unwrap().1.to_owned();
        text.lines().map(line).collect()
    };
    let mut found = keys(&notes(&recording));
    let mut expected = keys(&good_notes);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let saved = State::read(&recording.state);
    assert_eq!(saved.field("state"), json!({ "format": number }));
    assert_eq!(saved.0["params"]["seed"], json!({ "i32": 1 }));
    assert_eq!(saved.0["params"]["tempo"], json!({ "f32": 240.0 }));
    assert!(saved.0["params"].get("from_the_future").is_none());

    // A phrase of absurd numbers, and one that is none.
    let mut cell = music["held"]["cells"][0].clone();
    cell["notes"] = json!([
        [0, -5, 900, -1, i64::MAX, 77],
        [9, 0, 0, 0, 0, 0],
        [3, 99, -1, 1e9 as i64, 0, -77]
    ]);
    cell["meter"] = json!([0, 77]);
    let phrases = [
        json!({ "takes": [u32::MAX, 0, 0, 0], "held": { "first": i64::MIN, "cells": [cell] } }),
        json!({ "held": { "first": i64::MAX, "cells": vec![cell; 5_000] } }),
        json!({ "held": { "first": 0, "cells": [] } }),
        json!({ "held": { "first": 0.5, "cells": 7 } }),
        json!([1, 2]),
    ];
    for phrase in phrases {
        damaged.set_field("music", &phrase);
        let recording = damaged.play(bundle, BEATS);
        assert!(!recording.notes().unwrap().is_empty(), "{phrase}");
    }
}

/// A state that is cut off anywhere is refused, and the band plays on as it was.
fn a_truncated_state_changes_nothing(bundle: &Path) {
    let (_, good, ..) = fixtures().pop().unwrap();
    let bytes = good.bytes(format(bundle));
    let expected = run(bundle, &song(4.0, &[512]));
    for share in [1, 8, 9, bytes.len() / 3, bytes.len() - 1] {
        let mut instance = hosting::load(bundle).unwrap();
        assert!(instance.load_state(&bytes[..share]).is_err(), "{share} bytes");
        let found = hosting::play(instance.as_mut(), &song(4.0, &[512]), &mut NoHook).unwrap();
        assert_same_music("after a truncated state", &expected, &found);
    }
}

/// A project that is opened while another plays is heard from the next beats on.
fn a_state_that_is_loaded_while_playing_takes_over(bundle: &Path) {
    let (_, state, ..) = fixtures().pop().unwrap();
    let mut script = plain(24.0);
    let (index, _) = script.locate(7.5).unwrap();
    script.before(index, Action::LoadState(state.bytes(format(bundle))));
    let found = run(bundle, &script);
    // The phrase has two bars, so beat 16 plays what beat 0 of the loaded song plays.
    let alone = state.play(bundle, BEATS);
    let start = crate::support::song_start(RATE);
    let bar = |recording: &Recording, beat: i64| -> Vec<_> {
        let from = start + beat * (RATE / 2.0) as i64;
        let inside = |event: &&hosting::HostEvent| {
            event.kind == hosting::EventKind::On
                && (from..from + 4 * (RATE / 2.0) as i64).contains(&event.sample)
        };
        let events = recording.events.iter().filter(inside);
        events.map(|event| (event.sample - from, event.channel, event.key)).collect()
    };
    assert_eq!(bar(&found, 16), bar(&alone, 0));
    let mut meanwhile = plain(24.0).in_real_time(2.0);
    meanwhile.before(index, Action::LoadStateMeanwhile(state.bytes(format(bundle))));
    let found = run(bundle, &meanwhile);
    assert_eq!(bar(&found, 16), bar(&alone, 0));
}

macro_rules! in_both_formats {
    ($($check:ident),+ $(,)?) => {
        mod in_clap {
            $(#[test]
            fn $check() {
                super::$check(&super::clap());
            })+
        }

        mod in_vst3 {
            $(#[test]
            fn $check() {
                super::$check(&super::vst3());
            })+
        }
    };
}

in_both_formats! {
    every_fixture_gives_its_values_and_notes,
    a_held_phrase_comes_back,
    damage_does_no_harm,
    a_truncated_state_changes_nothing,
    a_state_that_is_loaded_while_playing_takes_over,
}
