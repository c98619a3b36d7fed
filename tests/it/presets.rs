//! The factory presets through the built bundles: every value is taken as it is written, and each
//! makes music that differs from all others, the same in both formats.

use std::collections::HashSet;

use ::presets::{Preset, Value};
use hosting::{Script, Song};

use crate::streams::{assert_clean, assert_same_music};
use crate::support::{RATE, clap, run, vst3};

/// A preset's value as a host's user would type it.
fn typed(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Name(name) => name.clone(),
        Value::Switch(on) => if *on { "on" } else { "off" }.to_owned(),
    }
}

/// Four bars of a preset.
fn four_bars(preset: &Preset) -> Script {
    let mut script = Script::new(RATE, 512);
    let tempo = preset.values.iter().find_map(|setting| match setting.value {
        Value::Number(tempo) if setting.id == "tempo" => Some(tempo),
        _ => None,
    });
    let song = Song { tempo: tempo.unwrap_or(120.0), ..Song::default() };
    script.stand(&song, 0.0, 480, 10);
    script.play(&song, 0.0, 16.0, &[512]);
    script.stop(480, 2);
    script.setting("sound", "off");
    for setting in &preset.values {
        script.setting(&setting.id, &typed(&setting.value));
    }
    script
}

#[test]
fn every_factory_preset_is_a_band_of_its_own_in_both_formats() {
    let factory = ::presets::factory();
    assert!(factory.len() >= 24, "{} presets", factory.len());
    let mut heard = HashSet::new();
    for preset in &factory {
        let script = four_bars(preset);
        let from_clap = run(&clap(), &script);
        let notes = assert_clean(&preset.name, &script, &from_clap);
        assert!(notes.len() >= 16, "{}: {} notes in four bars", preset.name, notes.len());
        assert_same_music(&preset.name, &from_clap, &run(&vst3(), &script));
        assert!(heard.insert(from_clap.music()), "{} plays what another plays", preset.name);
    }
}

#[test]
fn hosts_show_the_values_that_a_preset_names() {
    for bundle in [clap(), vst3()] {
        let mut instance = hosting::load(&bundle).unwrap();
        for preset in ::presets::factory() {
            hosting::prepare(instance.as_mut(), &four_bars(&preset)).unwrap();
            for setting in &preset.values {
                let parameter = instance.parameters().find(&setting.id).unwrap().clone();
                let value = instance.value(&parameter).unwrap();
                let shown = instance.text(&parameter, value).unwrap();
                let is_shown = match &setting.value {
                    Value::Name(name) => shown == *name,
                    Value::Switch(on) => shown.eq_ignore_ascii_case(if *on { "on" } else { "off" }),
                    Value::Number(number) => shown
                        .split_whitespace()
                        .any(|word| word.parse::<f64>().is_ok_and(|it| (it - number).abs() < 0.06)),
                };
                assert!(
                    is_shown,
                    "{}: {} is {:?}, shown as {shown}",
                    preset.name, setting.id, setting.value
                );
            }
        }
    }
}
