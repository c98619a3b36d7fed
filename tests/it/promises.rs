//! What the plugin keeps in every format. Each function takes a built bundle.

use std::path::{Path, PathBuf};

use hosting::{Block, EventKind, NoHook, Output, Script, Song};

use crate::streams::assert_same_music;
use crate::support::{IRREGULAR, RATE, channels, run, song, song_at, song_start};

/// MIDI channels of bass, chords, lead and drums, counted from 0.
const BAND: [u8; 4] = [1, 2, 3, 9];

/// Four parts play from the first beat, every note ends, and the built-in sound is heard.
pub fn a_band_plays_and_every_note_ends(bundle: &Path) {
    let mut script = song(32.0, &IRREGULAR);
    script.setting("sound", "on");
    let recording = run(bundle, &script);
    let notes = recording.notes().unwrap();
    assert_eq!(channels(&recording), BAND);
    assert!(notes.len() >= 64, "{} notes in eight bars", notes.len());
    let first = notes.iter().map(|note| note.start).min().unwrap() - song_start(RATE);
    assert!((0..RATE as i64).contains(&first), "the first note comes {first} samples in");
    let peak = recording.audio[0].peak();
    assert!((0.01..=1.0).contains(&peak), "the peak of the sound is {peak}");
}

/// Without swing and humanising, every note starts on the sample of its 24th of a beat.
pub fn notes_start_on_their_exact_sample(bundle: &Path) {
    for (tempo, rate) in [(120.0, RATE), (93.7, 44_100.0), (171.3, 96_000.0)] {
        let shape = Song { tempo, ..Song::default() };
        let mut script = song_at(&shape, rate, 16.0, &IRREGULAR);
        script.value("swing", 0.0);
        script.value("humanize", 0.0);
        let notes = run(bundle, &script).notes().unwrap();
        assert!(!notes.is_empty());
        let cell = rate * 60.0 / tempo / 24.0;
        for note in notes {
            let place = (note.start - song_start(rate)) as f64;
            let exact = (place / cell).round() * cell;
            let error = (place - exact).abs();
            assert!(error <= 0.5 + 1e-3, "{note:?} is {error} samples off at {tempo} BPM");
        }
    }
}

/// A saved state brings back every parameter, and with it the music.
pub fn a_state_brings_back_parameters_and_music(bundle: &Path) {
    let mut script = song(16.0, &[512]);
    script.value("g_folk", 0.75);
    script.value("dr_density", 0.9);
    script.setting("seed", "77");
    script.setting("key", "D");
    let original = run(bundle, &script);
    let mut restored_script = Script { settings: Vec::new(), ..script.clone() };
    restored_script.state = Some(original.state.clone());
    let restored = run(bundle, &restored_script);
    assert_eq!(original.values, restored.values);
    assert_eq!(original.state, restored.state, "the state changes when it is saved again");
    assert_same_music("after a restored state", &original, &restored);

    let plain = run(bundle, &song(16.0, &[512]));
    assert_ne!(plain.music(), original.music(), "the settings did nothing");
}

/// A state that is none is refused or ignored, and the plugin plays on.
pub fn a_broken_state_does_no_harm(bundle: &Path) {
    let script = song(4.0, &[512]);
    let good = run(bundle, &script).state;
    let half = &good[..good.len() / 2];
    let noise: Vec<u8> =
        (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for broken in [&[][..], half, &noise] {
        let mut instance = hosting::load(bundle).unwrap();
        // Refusing is right; so is taking nothing from it.
        let _ = instance.load_state(broken);
        let recording = hosting::play(instance.as_mut(), &script, &mut NoHook).unwrap();
        assert!(!recording.notes().unwrap().is_empty());
    }
}

/// Stop, seek, loop wrap, tempo and meter changes, pre-roll: every note still ends.
pub fn no_note_hangs_whatever_the_transport_does(bundle: &Path) {
    let fast = Song { tempo: 187.0, meter: (7, 8), ..Song::default() };
    let looped = Song { loop_beats: Some((4.0, 8.0)), ..Song::default() };
    let short_loop = Song { loop_beats: Some((16.0, 16.5)), ..Song::default() };
    let mut script = Script::new(RATE, 1024);
    script.setting("sound", "off");
    script.play(&Song::default(), -2.0, 3.3, &IRREGULAR);
    script.play(&fast, 3.3, 9.1, &IRREGULAR);
    script.stop(512, 2);
    script.stop(512, 2);
    script.play(&Song::default(), 40.7, 44.2, &[512]);
    for start in [4.0, 4.010_96, 4.0] {
        script.play(&looped, start, 8.0, &[333]);
    }
    for _ in 0..6 {
        script.play(&short_loop, 16.0, 16.5, &[100]);
    }
    script.stop(512, 1);
    let recording = run(bundle, &script);
    assert!(recording.notes().unwrap().len() > 20);
}

/// A host that says nothing about a song hears the plugin's own clock at its own tempo.
pub fn without_a_transport_the_plugin_keeps_its_own_time(bundle: &Path) {
    let mut script = Script::new(RATE, 512);
    script.without_transport(512, 900);
    script.setting("tempo", "140");
    script.setting("sound", "off");
    script.value("swing", 0.0);
    script.value("humanize", 0.0);
    let recording = run(bundle, &script);
    assert_eq!(channels(&recording), BAND);
    // The recording ends in the middle of the music, so there are ons without offs.
    let ons: Vec<_> = recording.events.iter().filter(|event| event.kind == EventKind::On).collect();
    assert!(ons.len() > 40, "{} notes in 9.6 seconds", ons.len());
    let cell = RATE * 60.0 / 140.0 / 24.0;
    for event in ons {
        let error = (event.sample as f64 - (event.sample as f64 / cell).round() * cell).abs();
        assert!(error <= 0.5 + 1e-3, "{event:?} is {error} samples off");
    }
}

/// While the host stands still the plugin is silent, unless `run` asks it to play.
pub fn standing_still_is_silent_until_run_is_on(bundle: &Path) {
    let mut script = Script::new(RATE, 512);
    script.stand(&Song::default(), 4.0, 512, 400);
    let silent = run(bundle, &script);
    assert!(silent.events.is_empty(), "{} events without being asked", silent.events.len());
    assert_eq!(silent.audio[0].peak(), 0.0);
    script.setting("run", "on");
    assert_eq!(channels(&run(bundle, &script)), BAND);
}

/// Blocks of no frames, blocks larger than announced, activation again and again.
pub fn careless_hosts_are_survived(bundle: &Path) {
    let expected = run(bundle, &song(8.0, &[512]));
    let mut script = song(8.0, &[512]);
    script.setup.max_frames = 64;
    assert_same_music("blocks larger than announced", &expected, &run(bundle, &script));

    let mut script = song(8.0, &[512]);
    let flushes = script.blocks.iter().flat_map(|block| {
        [Block { frames: 0, transport: block.transport, ..Block::default() }, block.clone()]
    });
    script.blocks = flushes.collect();
    assert_same_music("with blocks of no frames", &expected, &run(bundle, &script));

    let mut instance = hosting::load(bundle).unwrap();
    let script = song(8.0, &[512]);
    for rate in [44_100.0, 96_000.0] {
        let other = song_at(&Song::default(), rate, 2.0, &[512]);
        hosting::play(instance.as_mut(), &other, &mut NoHook).unwrap();
        let idle = instance.activate(&other.setup).unwrap();
        instance.deactivate(idle).unwrap();
    }
    let again = hosting::play(instance.as_mut(), &script, &mut NoHook).unwrap();
    assert_same_music("after other activations", &expected, &again);
}

/// A host with room for few events gets every note in the end, and no note hangs.
pub fn a_small_event_buffer_loses_no_note_end(bundle: &Path) {
    let mut script = song(16.0, &[512]);
    for part in ["dr", "ba", "ch", "ld"] {
        script.value(&format!("{part}_density"), 1.0);
    }
    script.setup.event_capacity = 2;
    script.stop(512, 40);
    let recording = run(bundle, &script);
    assert!(recording.refused_events > 0, "the buffer was never full");
    assert!(recording.notes().unwrap().len() > 20);
}

/// Two instances play side by side without hearing each other.
pub fn two_instances_do_not_meet(bundle: &Path) {
    let script = song(8.0, &[512]);
    let alone = run(bundle, &script);
    let mut other_script = script.clone();
    other_script.setting("seed", "4");
    let other_alone = run(bundle, &other_script);
    let mut both = Vec::new();
    std::thread::scope(|scope| {
        let runs = [&script, &other_script].map(|script| scope.spawn(|| run(bundle, script)));
        both.extend(runs.map(|run| run.join().unwrap()));
    });
    assert_same_music("beside another instance", &alone, &both[0]);
    assert_same_music("beside another instance", &other_alone, &both[1]);
    assert_ne!(alone.music(), other_alone.music(), "the seed did nothing");
}

/// Instances that are dropped while they compose, active or not, take nothing down.
pub fn instances_can_be_dropped_while_they_compose(bundle: &Path) {
    for blocks in [0, 1, 20, 200] {
        for deactivate in [true, false] {
            let script = song(8.0, &[512]).in_real_time(1e6);
            let mut instance = hosting::load(bundle).unwrap();
            let mut processor = instance.activate(&script.setup).unwrap();
            let mut output = Output::default();
            for (index, block) in script.blocks.iter().skip(45).take(blocks).enumerate() {
                processor.process(block, index as i64 * 512, &mut output).unwrap();
            }
            if deactivate {
                instance.deactivate(processor).unwrap();
            } else {
                drop(processor);
            }
        }
    }
    assert!(!run(bundle, &song(4.0, &[512])).events.is_empty());
}

/// Ids are stable, values have texts that read back, defaults are what the plugin starts with.
pub fn parameters_are_in_order(bundle: &Path) {
    let mut instance = hosting::load(bundle).unwrap();
    let parameters = instance.parameters().clone();
    for name in [
        "g_classical",
        "g_jazz",
        "g_rock",
        "g_electronic",
        "g_folk",
        "g_hiphop",
        "strength",
        "dr_on",
        "ba_density",
        "ch_register",
        "ld_level",
        "dr_own",
        "dr_g_hiphop",
        "ha_own",
        "ha_g_jazz",
        "key",
        "scale",
        "adventure",
        "swing",
        "humanize",
        "seed",
        "lookahead",
        "channels",
        "single_part",
        "run",
        "tempo",
        "sound",
        "gain",
        "outputs",
    ] {
        parameters.find(name).unwrap_or_else(|error| panic!("{error}"));
    }
    for parameter in parameters.iter().filter(|parameter| !parameter.hidden) {
        let value = instance.value(parameter).unwrap();
        assert!((value - parameter.default).abs() < 1e-6, "{} starts at {value}", parameter.name);
        for share in [0.0, 0.5, 1.0] {
            let text = instance.text(parameter, share).unwrap();
            let back = instance.parse(parameter, &text).unwrap();
            let again = instance.text(parameter, back).unwrap();
            assert_eq!(text, again, "{} at {share}", parameter.name);
        }
    }
}

/// The library stays in memory when a host closes it: threads of the host that went through it end
/// later, and run its thread-local destructors then.
pub fn the_library_is_never_unloaded(bundle: &Path) {
    /// The tag of the dynamic section's flags, and the one that says so.
    const FLAGS_1: u64 = 0x6fff_fffb;
    const NO_DELETE: u64 = 0x8;
    let mut files = vec![bundle.to_owned()];
    crate::support::collect_files(bundle, &mut files);
    let is_library = |file: &&PathBuf| {
        file.is_file() && file.extension().is_some_and(|ending| ending == "so" || ending == "clap")
    };
    let bytes = std::fs::read(files.iter().find(is_library).unwrap()).unwrap();
    let (words, _) = bytes.as_chunks::<8>();
    let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let flags = words.windows(2).find(|pair| pair[0] == FLAGS_1).map(|pair| pair[1]);
    assert!(flags.is_some_and(|flags| flags & NO_DELETE != 0), "{flags:?}");
}
