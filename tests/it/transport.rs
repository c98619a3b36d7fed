//! The transports of real hosts: starts, seeks, loops, drift, tempo and meter, and hosts that tell
//! little.

use std::path::Path;

use hosting::{Block, Known, PlayedNote, Recording, Script, Song, Transport};

use crate::streams::{Dice, assert_clean, assert_same_music};
use crate::support::{IRREGULAR, RATE, dense, run, song, song_start};

/// Frames of a beat at the default tempo.
const BEAT: f64 = RATE / 2.0;

/// A script without blocks, on the grid, so that notes lie on 24ths of a beat.
fn on_the_grid() -> Script {
    let mut script = Script::new(RATE, 8_192);
    script.setting("sound", "off");
    for (parameter, value) in [("swing", 0.0), ("humanize", 0.0), ("g_rock", 0.7), ("g_folk", 0.3)]
    {
        script.value(parameter, value);
    }
    dense(&mut script);
    script
}

/// Notes that start in a range of frames, counted from its start.
pub fn notes_between(notes: &[PlayedNote], from: i64, to: i64) -> Vec<PlayedNote> {
    let here = notes.iter().filter(|note| (from..to).contains(&note.start));
    here.map(|note| PlayedNote { start: note.start - from, end: note.end - from, ..*note })
        .collect()
}

fn clean(what: &str, bundle: &Path, script: &Script) -> (Recording, Vec<PlayedNote>) {
    let recording = run(bundle, script);
    let notes = assert_clean(what, script, &recording);
    (recording, notes)
}

/// Wherever a song starts, before zero too, it is heard from there on, the same for every split.
pub fn a_song_starts_anywhere(bundle: &Path) {
    for start in [-4.0, -0.37, 3.7, 4.010_96, 10_000.25] {
        let at = |sizes: &[usize]| {
            let mut script = on_the_grid();
            script.stand(&Song::default(), start, 480, 10);
            script.play(&Song::default(), start, start + 6.0, sizes);
            script.stop(480, 2);
            clean(&format!("from beat {start}"), bundle, &script)
        };
        let (expected, notes) = at(&[512]);
        assert!(notes.len() >= 5, "{} notes from beat {start}", notes.len());
        assert!(notes[0].start >= 4_800, "from beat {start}: a note before the song");
        assert_same_music(&format!("from beat {start}"), &expected, &at(&IRREGULAR).0);
        assert_same_music(&format!("from beat {start}"), &expected, &at(&[8_192]).0);
    }
}

/// After a seek the music is that of a song that starts there; what sounded has ended.
pub fn a_seek_is_a_start(bundle: &Path) {
    let places = [(0.0, 3.3), (40.7, 44.2), (2.2, 5.0), (5.5, 7.0), (-2.0, 1.1), (7.0, 9.4)];
    let mut whole = on_the_grid();
    whole.stand(&Song::default(), 0.0, 480, 10);
    let mut starts = vec![whole.frames() as i64];
    for (from, to) in places {
        whole.play(&Song::default(), from, to, &IRREGULAR);
        starts.push(whole.frames() as i64);
    }
    whole.stop(480, 2);
    whole.stop(480, 2);
    let (_, notes) = clean("seeks", bundle, &whole);
    assert!(notes.len() > 30);
    for (index, (from, to)) in places.into_iter().enumerate() {
        let mut alone = on_the_grid();
        alone.play(&Song::default(), from, to, &[512]);
        alone.stop(480, 2);
        let (_, expected) = clean("alone", bundle, &alone);
        let found = notes_between(&notes, starts[index], starts[index + 1]);
        assert_eq!(expected, found, "after the seek to beat {from}");
    }
}

/// Blocks of a loop of `passes`, by a host that ends a block at the loop's end or goes round
/// inside it. A knob that is set to where it stands cuts the blocks that go round, too.
fn loop_passes(script: &mut Script, song: &Song, passes: usize, size: usize, cuts: bool) {
    let (start, end) = song.loop_beats.unwrap();
    if cuts {
        for _ in 0..passes {
            script.play(song, start, end, &[size]);
        }
        return;
    }
    let total = ((end - start) * passes as f64 * BEAT).round() as usize;
    for first in (0..total).step_by(size) {
        let beats = first as f64 / BEAT;
        let position = start + (beats + 1e-9) % (end - start);
        let frames = size.min(total - first);
        let transport = Some(song.at(position, true));
        let mut block = Block { frames, transport, ..Block::default() };
        block.change(frames as u32 * 2 / 3, "swing", 0.0);
        script.blocks.push(block);
    }
}

/// From a sixteenth to several bars, each pass of a loop repeats the one before.
pub fn loops_repeat_exactly(bundle: &Path) {
    let loops = [
        (16.0, 0.25),
        (16.0, 0.5),
        (3.5, 1.0),
        (1.3, 0.6),
        (4.0, 4.0),
        (8.0, 12.0),
        (4.010_96, 2.5),
    ];
    let mut n_notes = 0;
    for (start, length) in loops {
        for (size, cuts) in [(333, true), (500, false), (8_192, false)] {
            let what = format!("a loop of {length} from {start}, blocks of {size}, cut: {cuts}");
            let song = Song { loop_beats: Some((start, start + length)), ..Song::default() };
            let passes = (4.0 / length).ceil() as usize + 2;
            let mut script = on_the_grid();
            script.stand(&song, start, 480, 10);
            loop_passes(&mut script, &song, passes, size, cuts);
            script.stop(480, 2);
            let (_, notes) = clean(&what, bundle, &script);
            let pass = |number: usize| {
                let edge = |number: usize| 4_800 + (number as f64 * length * BEAT).round() as i64;
                notes_between(&notes, edge(number), edge(number + 1))
            };
            let expected = pass(0);
            for number in 1..passes {
                assert_eq!(expected, pass(number), "{what}: pass {number}");
            }
            n_notes += expected.len();
        }
    }
    assert!(n_notes > 100, "{n_notes} notes in all loops");
}

/// A host that lands a little behind its loop's start still gets the loop's first notes.
pub fn a_loop_that_lands_late_keeps_its_first_notes(bundle: &Path) {
    let song = Song { loop_beats: Some((4.0, 8.0)), ..Song::default() };
    let mut script = on_the_grid();
    script.stand(&song, 4.0, 480, 10);
    let mut starts = Vec::new();
    for start in [4.0, 4.010_96, 4.000_1, 4.010_96] {
        starts.push((start, script.frames() as i64));
        script.play(&song, start, 8.0, &[333]);
    }
    script.stop(480, 2);
    let (_, notes) = clean("a late landing", bundle, &script);
    let end = script.frames() as i64;
    let place =
        |start: f64, note: &PlayedNote| ((start + note.start as f64 / BEAT) * 24.0).round() as i64;
    let pass = |index: usize| -> Vec<_> {
        let (start, first) = starts[index];
        let next = starts.get(index + 1).map_or(end, |(_, next)| *next);
        let notes = notes_between(&notes, first, next);
        notes.iter().map(|note| (place(start, note), note.channel, note.key)).collect()
    };
    assert!(pass(0).iter().any(|note| note.0 == 96), "nothing starts with the loop");
    for index in 1..starts.len() {
        assert_eq!(pass(0), pass(index), "pass {index}");
    }
}

/// The block that a sample lies in, and its offset there.
fn block_at(script: &Script, sample: i64) -> (Transport, i64) {
    let mut start = 0;
    for block in &script.blocks {
        let end = start + block.frames as i64;
        if let Some(transport) = block.transport.filter(|_| sample < end) {
            return (transport, sample - start);
        }
        start = end;
    }
    panic!("sample {sample} is behind the script's end");
}

/// Asserts that every note lies on its 24th of a beat by the host's own map, to the sample, and
/// that no place of the song is played twice. Returns the places.
fn assert_on_the_map(what: &str, script: &Script, notes: &[PlayedNote]) -> Vec<(i64, u8, u8)> {
    let mut places = Vec::new();
    for note in notes {
        let (transport, offset) = block_at(script, note.start);
        let frames_per_beat = script.setup.sample_rate * 60.0 / transport.tempo;
        let beats = transport.position_beats + offset as f64 / frames_per_beat;
        let place = (beats * 24.0).round();
        let error = (beats - place / 24.0) * frames_per_beat;
        // What rounds up to a block's first sample lies half a sample of the block before it away.
        let limit = if offset == 0 { 2.0 } else { 0.51 };
        assert!(error.abs() <= limit, "{what}: {note:?} is {error} samples off the host's map");
        places.push((place as i64, note.channel, note.key));
    }
    let mut unique = places.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), places.len(), "{what}: a note was played twice");
    places
}

/// A host whose clock runs a little fast or slow is followed, and no note is lost or doubled.
pub fn a_playhead_that_drifts_is_followed(bundle: &Path) {
    let at = |drift: f64| {
        let mut script = on_the_grid();
        script.stand(&Song::default(), 0.0, 480, 10);
        script.play(&Song::default(), 0.0, 12.0, &IRREGULAR);
        for transport in script.blocks.iter_mut().filter_map(|block| block.transport.as_mut()) {
            transport.position_beats *= 1.0 + drift;
        }
        script.stop(480, 2);
        let what = format!("a drift of {drift}");
        let (_, notes) = clean(&what, bundle, &script);
        let mut places = assert_on_the_map(&what, &script, &notes);
        places.sort_unstable();
        // The ends of the songs differ by the drift.
        places.retain(|place| place.0 < 11 * 24);
        places
    };
    let expected = at(0.0);
    assert!(expected.len() > 50);
    for drift in [2e-6, -2e-6, 3e-4, -3e-4] {
        assert_eq!(expected, at(drift), "a drift of {drift}");
    }
}

/// Appends playback with a tempo for each position, which holds for a block.
fn play_tempo_map(script: &mut Script, beats: f64, sizes: &[usize], tempo: impl Fn(f64) -> f64) {
    let mut position = 0.0;
    for size in sizes.iter().cycle() {
        if position >= beats {
            return;
        }
        let song = Song { tempo: tempo(position), ..Song::default() };
        let transport = Some(song.at(position, true));
        script.blocks.push(Block { frames: *size, transport, ..Block::default() });
        position += *size as f64 * song.tempo / 60.0 / script.setup.sample_rate;
    }
}

/// Under steps and ramps of the tempo each note lies where the host's map puts it.
pub fn tempo_changes_are_followed_to_the_sample(bundle: &Path) {
    type Tempo = fn(f64) -> f64;
    let maps: [(&str, Tempo); 4] = [
        ("steps", |beat| [120.0, 93.7, 171.3, 60.0][(beat / 1.3) as usize % 4]),
        ("a ramp up", |beat| 80.0 + 12.0 * beat),
        ("a ramp down", |beat| 200.0 - 13.0 * beat),
        ("a wave", |beat| 120.0 + 50.0 * (beat * 1.7).sin()),
    ];
    for (name, tempo) in maps {
        for sizes in [&[64][..], &[512], &IRREGULAR] {
            let mut script = on_the_grid();
            play_tempo_map(&mut script, 10.0, sizes, tempo);
            script.stop(480, 2);
            let what = format!("{name}, blocks of {sizes:?}");
            let (_, notes) = clean(&what, bundle, &script);
            assert!(notes.len() > 20, "{what}: {} notes", notes.len());
            assert_on_the_map(&what, &script, &notes);
        }
    }
}

/// The meter changes inside a bar, again and again; the split into blocks changes nothing.
pub fn meters_change_inside_bars(bundle: &Path) {
    let meters = [(4, 4), (3, 4), (7, 8), (6, 8), (5, 4), (1, 16), (32, 1)];
    let at = |sizes: &[usize]| {
        let mut script = on_the_grid();
        for (index, meter) in meters.into_iter().enumerate() {
            let song = Song { meter, ..Song::default() };
            let from = index as f64 * 1.7;
            script.play(&song, from, from + 1.7, sizes);
        }
        script.stop(480, 2);
        clean("meters", bundle, &script)
    };
    let (expected, notes) = at(&[512]);
    assert!(notes.len() > 30);
    assert_same_music("blocks that do not fit the bars", &expected, &at(&IRREGULAR).0);
    assert_same_music("large blocks", &expected, &at(&[8_192]).0);
}

fn with_known(mut script: Script, known: Known) -> Script {
    for transport in script.blocks.iter_mut().filter_map(|block| block.transport.as_mut()) {
        transport.known = known;
    }
    script
}

/// Hosts that hide tempo, meter or position: the plugin's own take their place.
pub fn hosts_that_tell_little_are_followed(bundle: &Path) {
    let told = song(8.0, &[512]);
    let (expected, notes) = clean("a host that tells all", bundle, &told);
    let all = Known::default();
    // The plugin's own tempo and the first meter are the host's here.
    for known in [Known { tempo: false, ..all }, Known { meter: false, ..all }] {
        let found = run(bundle, &with_known(told.clone(), known));
        assert_same_music(&format!("{known:?}"), &expected, &found);
    }
    // Without a position in beats a format may tell one in samples, which is rounded.
    let hidden = with_known(told, Known { position: false, ..all });
    let (_, found) = clean("no position", bundle, &hidden);
    assert_eq!(notes.len(), found.len(), "notes without a position");
    for (a, b) in notes.iter().zip(&found) {
        assert!((a.start - b.start).abs() <= 1, "{a:?} against {b:?}");
    }
    let mut strange = song(8.0, &IRREGULAR);
    strange.setting("tempo", "93");
    for known in [
        Known { tempo: false, ..all },
        Known { tempo: false, position: false, meter: false },
        Known { position: false, meter: false, ..all },
    ] {
        clean(&format!("{known:?} at another tempo"), bundle, &with_known(strange.clone(), known));
    }
}

/// A transport that comes and goes, and hosts between which the plugin's own clock leads.
pub fn a_transport_may_come_and_go(bundle: &Path) {
    let mut dice = Dice::new(5);
    let mut script = song(4.0, &IRREGULAR);
    for _ in 0..6 {
        script.without_transport(1 + dice.below(700), 30);
        script.play(&Song::default(), dice.between(-3.0, 30.0), 31.0, &[1 + dice.below(900)]);
        script.blocks.truncate(script.blocks.len() - dice.below(10));
        script.stop(1 + dice.below(500), dice.below(3));
    }
    script.stop(480, 2);
    let (_, notes) = clean("a transport that comes and goes", bundle, &script);
    assert!(notes.len() > 100);
}

/// Recording on and off, with the stops and starts around it, changes no note.
pub fn recording_changes_nothing(bundle: &Path) {
    let mut script = song(4.0, &[512]);
    script.stand(&Song::default(), 2.0, 512, 3);
    script.play(&Song::default(), 2.0, 5.0, &[512]);
    script.stop(512, 2);
    let expected = run(bundle, &script);
    let arm = |transport: &mut Transport| transport.recording = true;
    script.blocks.iter_mut().filter_map(|block| block.transport.as_mut()).for_each(arm);
    let (found, _) = clean("while recording", bundle, &script);
    assert_same_music("while recording", &expected, &found);
    assert!(found.music().iter().any(|event| event.0 > song_start(RATE) + 4 * BEAT as i64));
}
