//! The same notes, bit for bit, however a host cuts, paces and repeats the song.

use std::path::Path;

use hosting::{EventKind, NoHook, Script, Song};

use crate::streams::{Dice, Event, assert_clean, assert_same_events, assert_same_music};
use crate::support::{IRREGULAR, RATE, run, song_at, song_start};

/// Ticks in a beat: what the plugin's own notes are counted in.
const TICKS_PER_BEAT: f64 = 960.0;

/// A song with a tempo of its own whose blend glides and whose manner changes on the way.
fn automated(rate: f64, beats: f64, sizes: &[usize]) -> Script {
    let mut script = song_at(&Song { tempo: 111.0, ..Song::default() }, rate, beats, sizes);
    script.glide("g_rock", (0.5, 0.0), (beats - 0.5, 1.0)).unwrap();
    script.set_at(1.21, "humanize", 1.0).unwrap();
    script.set_at(1.37, "ld_density", 0.9).unwrap();
    script
}

/// Blocks of every size and any split give the same events.
pub fn any_split_gives_the_same_notes(bundle: &Path) {
    let expected = run(bundle, &automated(RATE, 12.0, &[512]));
    assert!(expected.events.len() > 100);
    let mut splits: Vec<Vec<usize>> =
        [7, 32, 64, 333, 480, 1024, 4096, 8192].map(|size| vec![size]).into();
    splits.extend([IRREGULAR.to_vec(), vec![1, 4_095]]);
    let mut dice = Dice::new(3);
    splits.extend([9, 65, 700, 8_193].map(|end| (0..50).map(|_| 1 + dice.below(end)).collect()));
    for sizes in &splits {
        let script = automated(RATE, 12.0, sizes);
        let found = run(bundle, &script);
        assert_clean(&format!("blocks of {sizes:?}"), &script, &found);
        assert_same_music(&format!("blocks of {sizes:?}"), &expected, &found);
    }
}

/// Blocks of a single sample, too.
pub fn blocks_of_one_sample_give_the_same_notes(bundle: &Path) {
    let expected = run(bundle, &automated(RATE, 2.0, &[512]));
    assert!(expected.events.len() > 10);
    assert_same_music("blocks of 1", &expected, &run(bundle, &automated(RATE, 2.0, &[1])));
}

/// Starts and ends as ticks of the song, at the place nearest to their sample.
fn ticks(events: &[Event], rate: f64, tempo: f64) -> Vec<Event> {
    let samples_per_tick = rate * 60.0 / tempo / TICKS_PER_BEAT;
    let place =
        |sample: i64| ((sample - song_start(rate)) as f64 / samples_per_tick).round() as i64;
    events.iter().map(|&(sample, a, b, c, d)| (place(sample), a, b, c, d)).collect()
}

/// At each sample rate every event lies on the sample that its beat time says, to the sample.
pub fn every_sample_rate_gives_the_same_ticks(bundle: &Path) {
    for tempo in [120.0, 93.7] {
        let song = Song { tempo, ..Song::default() };
        let at = |rate: f64| run(bundle, &song_at(&song, rate, 8.0, &IRREGULAR)).music();
        let mut expected = ticks(&at(192_000.0), 192_000.0, tempo);
        expected.sort_by_key(|event| (event.0, event.1 == EventKind::On, event.2, event.3));
        assert!(expected.len() > 50);
        for rate in [22_050.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0] {
            let samples_per_tick: f64 = rate * 60.0 / tempo / TICKS_PER_BEAT;
            let found = at(rate);
            for event in &found {
                let place = (event.0 - song_start(rate)) as f64;
                let exact = (place / samples_per_tick).round() * samples_per_tick;
                let error = (place - exact).abs();
                assert!(error <= 0.5 + 1e-3, "{event:?} is {error} samples off at {rate} Hz");
            }
            let mut found = ticks(&found, rate, tempo);
            found.sort_by_key(|event| (event.0, event.1 == EventKind::On, event.2, event.3));
            assert_same_events(&format!("{rate} Hz, {tempo} BPM"), &expected, &found);
        }
    }
}

/// A second run of an instance plays what the first played, and so does a fresh instance.
pub fn every_run_gives_the_same_notes(bundle: &Path) {
    let mut script = automated(RATE, 12.0, &[512]);
    // What automation leaves behind must not reach the next run.
    script.setting("humanize", "50 %");
    script.setting("ld_density", "50 %");
    script.setting("g_rock", "0 %");
    let mut instance = hosting::load(bundle).unwrap();
    let mut play = || hosting::play(instance.as_mut(), &script, &mut NoHook).unwrap();
    let first = play();
    assert_same_music("the same instance again", &first, &play());
    assert_same_music("another instance", &first, &run(bundle, &script));
    // A place that is come to again plays what it played.
    let mut twice = script.clone();
    twice.blocks.extend(script.blocks.iter().cloned());
    let reset = ["humanize", "ld_density", "g_rock"].into_iter().zip([0.5, 0.5, 0.0]);
    for (parameter, value) in reset {
        twice.blocks[script.blocks.len()].change(0, parameter, value);
    }
    let music = run(bundle, &twice).music();
    let (before, after): (Vec<_>, Vec<_>) =
        music.into_iter().partition(|event| event.0 < first.frames);
    let after: Vec<Event> =
        after.into_iter().map(|(s, a, b, c, d)| (s - first.frames, a, b, c, d)).collect();
    assert_same_events("the first time", &first.music(), &before);
    assert_same_events("the second time", &first.music(), &after);
}

/// At the pace of a clock that runs fast, the notes of a bounce: automation, a seek and a loop.
pub fn real_time_equals_offline(bundle: &Path) {
    let song = Song::default();
    let looped = Song { loop_beats: Some((40.0, 44.0)), ..song };
    let mut script = Script::new(RATE, 512);
    script.setting("sound", "off");
    script.setting("lookahead", "2 beats");
    script.value("g_folk", 1.0);
    // Loading the model takes as long as it takes, and a host stands before somebody plays.
    script.stand(&song, 0.0, 256, 188 * 6);
    script.play(&song, 0.0, 16.0, &[256]);
    script.glide("g_electronic", (4.0, 0.0), (12.0, 1.0)).unwrap();
    script.stop(256, 188);
    script.stand(&looped, 40.0, 256, 188 * 2);
    for _ in 0..3 {
        script.play(&looped, 40.0, 44.0, &[256]);
    }
    script.stop(256, 20);
    let offline = run(bundle, &script);
    assert_clean("offline", &script, &offline);
    assert!(offline.events.len() > 100);
    let live = run(bundle, &script.clone().in_real_time(4.0));
    assert_clean("in real time", &script, &live);
    assert_same_music("in real time", &offline, &live);
}
