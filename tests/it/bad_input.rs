//! Nonsense from hosts, files and keyboards: nothing breaks, and afterwards the plugin plays as a
//! fresh one does.

use std::path::Path;

use hosting::{Action, InputNote, PlayedNote, Script, Setup, Song, Transport};

use crate::streams::{Dice, assert_clean};
use crate::support::{run, song};
use crate::transport::notes_between;

/// A script that is run through something bad, then through a song that must be as ever.
struct Ordeal {
    script: Script,
    song_at: i64,
}

impl Ordeal {
    /// Some music, then what `bad` appends, then a whole song.
    fn new(bad: impl FnOnce(&mut Script)) -> Self {
        let mut script = song(2.5, &[512]);
        let stop = script.blocks.split_off(script.blocks.len() - 2);
        bad(&mut script);
        script.blocks.extend(stop);
        let song_at = script.frames() as i64;
        script.blocks.extend(song(6.0, &[512]).blocks);
        Self { script, song_at }
    }

    /// Runs it, and asserts that the song is the one that a fresh plugin plays.
    #[track_caller]
    fn assert_survived(&self, what: &str, bundle: &Path, expected: &[PlayedNote]) {
        let notes = assert_clean(what, &self.script, &run(bundle, &self.script));
        assert_eq!(expected, notes_between(&notes, self.song_at, i64::MAX), "after {what}");
    }
}

fn fresh_song(bundle: &Path) -> Vec<PlayedNote> {
    let script = song(6.0, &[512]);
    let notes = assert_clean("a fresh song", &script, &run(bundle, &script));
    assert!(notes.len() > 20);
    notes
}

/// Numbers that no song has.
const STRANGE: [f64; 8] =
    [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -1e9, 1e9, 1e300, f64::MIN_POSITIVE];

/// Tempo, meter, position, bar and loop of no sane host, playing and standing.
pub fn strange_transports_are_survived(bundle: &Path) {
    let expected = fresh_song(bundle);
    let at = |change: &dyn Fn(&mut Transport)| {
        let mut transport = Song::default().at(2.5, true);
        change(&mut transport);
        transport
    };
    let mut transports = Vec::new();
    for strange in STRANGE.into_iter().chain([0.0, 1e4]) {
        transports.push(at(&|transport| transport.tempo = strange));
        transports.push(at(&|transport| transport.position_beats = strange));
        transports.push(at(&|transport| transport.bar_start_beats = strange));
        transports.push(at(&|transport| transport.loop_beats = Some((strange, 4.0))));
        transports.push(at(&|transport| transport.loop_beats = Some((1.0, strange))));
        transports.push(at(&|transport| transport.loop_beats = Some((strange, strange))));
    }
    for meter in [(0, 0), (0, 4), (4, 0), (65_535, 65_535), (65_535, 1), (1, 65_535), (4, 3)] {
        transports.push(at(&|transport| transport.meter = meter));
    }
    transports.push(at(&|transport| transport.loop_beats = Some((4.0, 1.0))));
    transports.push(at(&|transport| transport.bar_number = i32::MIN));
    for transport in transports {
        let ordeal = Ordeal::new(|script| {
            for (playing, frames) in [(true, 512), (true, 1), (false, 64), (true, 3_000)] {
                let transport = Some(Transport { playing, ..transport });
                script.blocks.push(hosting::Block { frames, transport, ..Default::default() });
            }
        });
        ordeal.assert_survived(&format!("{transport:?}"), bundle, &expected);
    }
}

/// Notes on channels and keys that there are not, with velocities and offsets that are none.
pub fn strange_input_notes_are_survived(bundle: &Path) {
    let expected = fresh_song(bundle);
    let mut dice = Dice::new(8);
    let ordeal = Ordeal::new(|script| {
        script.play(&Song::default(), 2.5, 4.0, &[300]);
        for block in script.blocks.iter_mut().rev().take(100) {
            block.notes = (0..20)
                .map(|_| InputNote {
                    offset: *dice.pick(&[0, 1, 299, 300, 301, 5_000, u32::MAX]),
                    on: dice.below(2) == 0,
                    channel: *dice.pick(&[0, 15, 16, 255]),
                    key: *dice.pick(&[0, 60, 127, 128, 255]),
                    velocity: *dice.pick(&[0.0, 1.0, -1.0, f32::NAN, f32::INFINITY]),
                })
                .collect();
            block.notes.sort_by_key(|note| note.offset);
        }
    });
    ordeal.assert_survived("strange notes", bundle, &expected);
}

/// Values that are none leave a parameter in its range, and the next good one counts.
pub fn strange_values_are_survived(bundle: &Path) {
    let expected = fresh_song(bundle);
    let plain = song(6.0, &[512]);
    let names: Vec<String> = {
        let mut instance = hosting::load(bundle).unwrap();
        hosting::prepare(instance.as_mut(), &plain).unwrap();
        let list = instance.parameters().clone();
        list.iter().map(full_name).collect()
    };
    let start = run(bundle, &plain);
    let ordeal = |value: f64| {
        let mut ordeal = Ordeal::new(|script| {
            script.play(&Song::default(), 2.5, 3.0, &[300]);
            let block = script.blocks.last_mut().unwrap();
            names.iter().for_each(|name| block.change(7, name, value));
        });
        // Everything is put back before the song.
        let first = ordeal.script.blocks.len() - plain.blocks.len();
        for (name, value) in names.iter().zip(&start.values) {
            ordeal.script.blocks[first].change(0, name, *value);
        }
        ordeal
    };
    for value in [-1.0, 2.0, -1e30, 1e30, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let ordeal = ordeal(value);
        ordeal.assert_survived(&format!("values of {value}"), bundle, &expected);
        let mut cut = ordeal.script.clone();
        cut.blocks.truncate(ordeal.script.blocks.len() - plain.blocks.len());
        cut.stop(480, 1);
        for (name, value) in names.iter().zip(run(bundle, &cut).values) {
            assert!((0.0..=1.0).contains(&value), "{name} has become {value}");
        }
    }
}

fn full_name(parameter: &hosting::Parameter) -> String {
    format!("{}/{}", parameter.module, parameter.name)
}

/// Parameters that change after the block's end: the last value counts from the next block on.
pub fn late_values_are_survived(bundle: &Path) {
    let expected = fresh_song(bundle);
    let list = hosting::load(bundle).unwrap().parameters().clone();
    let id = hosting::stable_id("g_rock");
    let rock = list.iter().position(|parameter| parameter.id == id).unwrap();
    for offset in [299, 300, 301, 5_000, u32::MAX] {
        let ordeal = Ordeal::new(|script| {
            script.play(&Song::default(), 2.5, 3.0, &[300]);
            for value in [1.0, 0.75] {
                script.blocks.last_mut().unwrap().change(offset, "g_rock", value);
            }
            script.play(&Song::default(), 3.0, 3.5, &[300]);
            script.blocks.last_mut().unwrap().change(0, "g_rock", 0.0);
        });
        ordeal.assert_survived(&format!("values at {offset} of 300"), bundle, &expected);
        let changed = |block: &hosting::Block| !block.changes.is_empty();
        let mut cut = ordeal.script.clone();
        cut.blocks.truncate(cut.blocks.iter().rposition(changed).unwrap());
        assert!(cut.blocks.iter().any(changed));
        let recording = run(bundle, &cut);
        assert_eq!(recording.values[rock], 0.75, "at {offset} of 300");
    }
}

/// Sample rates of no sound card.
pub fn strange_sample_rates_are_survived(bundle: &Path) {
    let setup = song(1.0, &[512]).setup;
    let expected = fresh_song(bundle);
    for rate in [1.0, 999.5, 8_000.0, 12_345.6, 47_999.999, 768_000.0, 5e6] {
        let ordeal = Ordeal::new(|script| {
            let odd = Setup { sample_rate: rate, ..setup };
            let first = script.blocks.len();
            script.play(&Song::default(), 2.5, 3.5, &[512]);
            script.stop(480, 1);
            script.before(first, Action::Activate(odd));
            script.stop(480, 1);
            script.before(script.blocks.len() - 1, Action::Activate(setup));
        });
        ordeal.assert_survived(&format!("a rate of {rate} Hz"), bundle, &expected);
    }
}

/// States that are none, before the song and while it plays: nothing of them is taken.
pub fn broken_states_change_nothing(bundle: &Path) {
    let expected = fresh_song(bundle);
    let good = run(bundle, &song(0.5, &[512])).state;
    let mut dice = Dice::new(11);
    let mut states: Vec<Vec<u8>> =
        [0, 1, 7, 8, 9, good.len() / 2, good.len() - 1].map(|n| good[..n].to_vec()).into();
    states.push((0..5_000).map(|_| dice.below(256) as u8).collect());
    states.push(vec![0xff; 64]);
    states.push(b"<?xml version=\"1.0\"?><preset name=\"another plugin's\"/>".to_vec());
    states.push([&20u64.to_le_bytes()[..], b"{\"version\":\"0.1.0\"}"].concat());
    states.push(b"null".to_vec());
    for state in states {
        let what = format!("a state of {} bytes", state.len());
        let ordeal = Ordeal::new(|script| {
            let first = script.blocks.len();
            script.play(&Song::default(), 2.5, 4.0, &[300]);
            script.before(0, Action::LoadState(state.clone()));
            script.before(first + 20, Action::LoadState(state.clone()));
        });
        ordeal.assert_survived(&what, bundle, &expected);
    }
}
