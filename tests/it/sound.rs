//! The built-in sound in every format: an output a part, patches, mute and solo, SoundFonts.

use std::path::Path;

use hosting::{Recording, Script};
use serde_json::json;

use crate::state::State;
use crate::streams::assert_same_music;
use crate::support::{IRREGULAR, root, run, song};

/// The outputs in order.
const OUTPUTS: [&str; 5] = ["Band", "Drums", "Bass", "Chords", "Lead"];

/// A song with sound, all outputs kept.
fn sounding(beats: f64, sizes: &[usize]) -> Script {
    let mut script = song(beats, sizes);
    script.setting("sound", "on");
    script.setting("outputs", "Mix and parts");
    script.keep_auxiliary = true;
    script
}

fn rms(recording: &Recording) -> [f32; 5] {
    std::array::from_fn(|bus| recording.audio[bus].rms())
}

/// Every part is heard alone on an output of its own, and none of it when the part is muted.
pub fn each_part_has_an_output_of_its_own(bundle: &Path) {
    let script = sounding(32.0, &IRREGULAR);
    let whole = run(bundle, &script);
    let names: Vec<&str> = whole.audio.iter().map(|bus| bus.name.as_str()).collect();
    assert_eq!(names, OUTPUTS);
    for (name, loudness) in OUTPUTS.iter().zip(rms(&whole)) {
        assert!(loudness > 1e-3, "{name} is silent: {loudness}");
    }
    let mut muted_script = script.clone();
    muted_script.setting("ch_mute", "on");
    let muted = run(bundle, &muted_script);
    assert!(muted.audio[3].peak() < 1e-6, "muted chords sound");
    // Drums, bass and lead stay what they were, to the sample.
    for bus in [1, 2, 4] {
        assert!(muted.audio[bus] == whole.audio[bus], "{} changes", OUTPUTS[bus]);
    }
    let mut solo_script = script;
    for part in ["dr_solo", "ba_solo", "ld_solo"] {
        solo_script.setting(part, "on");
    }
    let solo = run(bundle, &solo_script);
    assert_same_music("three parts solo against one muted", &muted, &solo);
    assert!(solo.audio == muted.audio, "three parts solo sound unlike one muted");
}

/// What is chosen for the outputs is on them, to the sample, and nothing else: a host that adds up all
/// outputs hears the band once.
pub fn outputs_have_the_mix_the_parts_or_both(bundle: &Path) {
    let both_script = sounding(8.0, &IRREGULAR);
    let both = run(bundle, &both_script);
    for (choice, heard) in [("Mix", 0..1), ("Parts", 1..5)] {
        let mut script = both_script.clone();
        script.setting("outputs", choice);
        let chosen = run(bundle, &script);
        assert_same_music(choice, &both, &chosen);
        for (bus, name) in OUTPUTS.iter().enumerate() {
            if heard.contains(&bus) {
                assert!(chosen.audio[bus] == both.audio[bus], "{choice}: {name} differs");
            } else {
                assert_eq!(chosen.audio[bus].peak(), 0.0, "{choice}: {name} sounds");
            }
        }
    }
    let mut script = song(8.0, &IRREGULAR);
    script.setting("sound", "on");
    script.keep_auxiliary = true;
    let untouched = run(bundle, &script);
    assert_eq!(untouched.audio[1].peak(), 0.0, "parts sound twice unless somebody asks for it");
}

/// A host that has no memory for the parts' outputs gets the same notes and the same main output.
pub fn part_outputs_may_be_left_out(bundle: &Path) {
    for sizes in [&IRREGULAR[..], &[8_192]] {
        let mut script = sounding(16.0, sizes);
        // Cuts blocks in the framework, which then asks for the outputs again.
        script.glide("strength", (2.0, 0.2), (6.0, 0.9)).unwrap();
        let given = run(bundle, &script);
        script.setup.auxiliary = false;
        let left_out = run(bundle, &script);
        assert_same_music("without part outputs", &given, &left_out);
        assert!(given.audio[0].rms() > 1e-3);
        assert!(given.audio[0] == left_out.audio[0], "the main output differs");
    }
}

/// A patch changes what is heard of its part, and no note.
pub fn patches_change_the_sound_alone(bundle: &Path) {
    let script = sounding(16.0, &[512]);
    let auto = run(bundle, &script);
    let mut heard = vec![auto.audio[2].clone()];
    for patch in ["Upright", "Finger", "Synth", "Sub", "Contrabass"] {
        let mut script = script.clone();
        script.setting("ba_patch", patch);
        let chosen = run(bundle, &script);
        assert_same_music(patch, &auto, &chosen);
        assert!(chosen.audio[2].rms() > 1e-3, "{patch} is silent");
        assert!(chosen.audio[1] == auto.audio[1], "{patch} changes the drums");
        heard.push(chosen.audio[2].clone());
    }
    // What the blend chose is one of the five; no two others sound alike.
    let n_alike = (0..heard.len())
        .flat_map(|a| (0..a).map(move |b| (a, b)))
        .filter(|(a, b)| heard[*a] == heard[*b])
        .count();
    assert_eq!(n_alike, 1);
}

/// A project's SoundFont plays from the first note of a bounce; one that is missing or broken
/// leaves the patches, and all its settings, as they were.
pub fn a_sound_font_plays_or_is_left(bundle: &Path) {
    let script = sounding(8.0, &[512]);
    let patches = run(bundle, &script);
    let with_font = |path: &Path| {
        let mut state = State::read(&patches.state);
        state.set_field("sound_font", &json!(path));
        let mut script = script.clone();
        script.state = Some(state.bytes(crate::state::format(bundle)));
        run(bundle, &script)
    };
    let font = root().join("tests/it/fixtures/sine.sf2");
    let played = with_font(&font);
    assert_same_music("with a SoundFont", &patches, &played);
    assert!(played.audio[2].rms() > 1e-3, "the SoundFont is silent");
    assert!(played.audio[2] != patches.audio[2], "the patches play on");
    assert_eq!(State::read(&played.state).field("sound_font"), json!(font));
    let again = with_font(&font);
    assert!(again.audio == played.audio, "a bounce with a SoundFont differs from the last");
    for broken in [root().join("tests/it/fixtures/no-such.sf2"), root().join("Cargo.toml")] {
        let left = with_font(&broken);
        assert!(left.audio == patches.audio, "{} is heard", broken.display());
        assert_eq!(State::read(&left.state).field("sound_font"), json!(broken));
    }
}
