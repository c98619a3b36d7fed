use super::*;
use crate::params::OutputsChoice;
use nice_plug::params::InternalParamMut;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A state as the framework writes it; `fields` are their texts.
fn state(params: &[(&str, ParamValue)], fields: &[(&str, &str)]) -> PluginState {
    let owned = |name: &&str| (*name).to_owned();
    PluginState {
        version: "0.1.0".into(),
        params: params.iter().map(|(name, value)| (owned(name), value.clone())).collect(),
        fields: fields.iter().map(|(name, text)| (owned(name), owned(text))).collect(),
    }
}

/// Loads as the framework does, after [`repair`].
fn load(params: &TributaryParams, mut state: PluginState) -> Option<String> {
    repair(&mut state);
    let known: BTreeMap<_, _> = params.param_map().into_iter().map(|(id, p, _)| (id, p)).collect();
    assert_eq!(known.len(), state.params.len());
    for (id, value) in &state.params {
        // SAFETY: the pointers lead into `params`.
        unsafe {
            match (known[id], value) {
                (ParamPtr::FloatParam(p), ParamValue::F32(value)) => {
                    (*p)._internal_set_plain_value(*value);
                }
                (ParamPtr::IntParam(p), ParamValue::I32(value)) => {
                    (*p)._internal_set_plain_value(*value);
                }
                (ParamPtr::BoolParam(p), ParamValue::Bool(value)) => {
                    (*p)._internal_set_plain_value(*value);
                }
                (ParamPtr::EnumParam(p), ParamValue::I32(value)) => {
                    (*p)._internal_set_plain_value(*value);
                }
                (ParamPtr::EnumParam(p), ParamValue::String(id)) => assert!((*p).set_from_id(id)),
                (_, value) => panic!("{id} is {value:?}"),
            }
        }
    }
    params.deserialize_fields(&state.fields);
    params.header.lost()
}

#[test]
fn what_is_missing_gets_its_default() {
    let params = TributaryParams::default();
    let turned = [
        ("tempo", ParamValue::F32(200.0)),
        ("hold", ParamValue::Bool(true)),
        ("key", ParamValue::String("d".into())),
    ];
    let music = r#"{"takes":[1,0,0,0]}"#;
    let size = "[1000.0,800.0]";
    let model = r#"{"path":"/m/a.safetensors"}"#;
    let fields = [("music", music), ("editor_size", size), ("model", model)];
    assert_eq!(load(&params, state(&turned, &fields)), None);
    assert_eq!(params.model.model().path().as_deref(), Some("/m/a.safetensors"));
    assert_eq!(params.engine.tempo.value(), 200.0);
    assert_eq!(params.controls().key.number(), 2);
    assert_ne!(params.music_memory.memory().save(), Keepsake::default());
    // An older state, from before there was any of this.
    assert_eq!(load(&params, state(&[], &[])), None);
    assert_eq!(params.controls(), TributaryParams::default().controls());
    assert_eq!((params.engine.tempo.value(), params.form().hold), (120.0, false));
    assert_eq!(params.music_memory.memory().save(), Keepsake::default());
    assert_eq!(params.model.model().path(), None);
    assert_eq!(*params.editor_size.read(), [1_000.0, 800.0], "the window stays as it is");
}

#[test]
fn absurd_numbers_come_into_range() {
    let params = TributaryParams::default();
    let absurd = [
        ("tempo", ParamValue::F32(1e30)),
        ("gain", ParamValue::F32(f32::INFINITY)),
        ("g_jazz", ParamValue::F32(-5.0)),
        ("lookahead", ParamValue::F32(f32::NAN)),
        ("seed", ParamValue::I32(i32::MIN)),
        ("key", ParamValue::I32(99)),
    ];
    let lost = load(&params, state(&absurd, &[])).unwrap();
    assert_eq!(lost, "not readable: g_jazz, key, seed, lookahead and 2 more");
    assert_eq!(params.engine.tempo.value(), 240.0);
    assert!(params.gain() < 2.0);
    assert_eq!(params.engine.lookahead.value(), 1.0);
    let controls = params.controls();
    assert_eq!((controls.seed, controls.blend.weights()[1]), (1, 0.0));
}

#[test]
fn what_cannot_be_read_and_what_is_unknown_is_said_and_left_out() {
    let params = TributaryParams::default();
    let mixed = [
        ("swing", ParamValue::F32(0.25)),
        ("humanize", ParamValue::Bool(true)),
        ("scale", ParamValue::String("lydian".into())),
        ("from_the_future", ParamValue::I32(3)),
    ];
    let fields = [
        ("state", r#"{"format":7,"more":[1]}"#),
        ("music", r#"{"takes":"all"}"#),
        ("editor_size", "[1e9]"),
        ("learned", "{}"),
    ];
    let lost = load(&params, state(&mixed, &fields)).unwrap();
    let expected = "saved by a newer version; not readable: humanize, scale, music, editor_size; \
                    not known: from_the_future, learned";
    assert_eq!(sorted(&lost), sorted(expected));
    assert_eq!((params.controls().swing, params.controls().humanize), (0.25, 0.8));
    // It is no part of what is saved, and the next state clears it.
    let saved = params.serialize_fields();
    assert_eq!(saved["state"], format!(r#"{{"format":{FORMAT}}}"#));
    assert_eq!(load(&params, state(&[], &[])), None);
}

/// The words of a message, whatever their order.
fn sorted(message: &str) -> Vec<&str> {
    let mut words: Vec<_> = message.split([' ', ',', ';']).collect();
    words.sort_unstable();
    words
}

/// A text in the header's place for what was lost is none of ours.
#[test]
fn a_state_cannot_speak_through_the_header() {
    let params = TributaryParams::default();
    let spoken = [("state", r#"{"format":1,"lost":"send money"}"#)];
    assert_eq!(load(&params, state(&[], &spoken)), None);
    let broken = [("state", "nonsense")];
    assert_eq!(load(&params, state(&[], &broken)).unwrap(), "not readable: state");
}

/// Before there was a choice each part had its output, and a project may hear it there.
#[test]
fn a_project_from_before_outputs_were_chosen_keeps_its_parts() {
    let outputs = |header: &str| {
        let params = TributaryParams::default();
        assert_eq!(load(&params, state(&[], &[("state", header)])), None);
        params.engine.outputs.value()
    };
    assert_eq!(outputs(r#"{"format":1}"#), OutputsChoice::Both);
    assert_eq!(outputs(r#"{"format":4}"#), OutputsChoice::Both);
    assert_eq!(outputs(r#"{"format":5}"#), OutputsChoice::Mix);
}

#[test]
fn field_names_are_the_ones_that_are_saved() {
    let saved = TributaryParams::default().serialize_fields();
    let fields = [CHORDS, EDITOR_SIZE, EDITS, MODEL, MUSIC, SOUND_FONT, HEADER, STYLES];
    assert_eq!(saved.keys().collect::<Vec<_>>(), fields);
}

/// Values of every kind, absurd ones often.
fn any_value() -> impl Strategy<Value = ParamValue> {
    let absurd =
        prop_oneof![Just(0.0), Just(-0.0), Just(f32::NAN), Just(f32::INFINITY), Just(1e30)];
    prop_oneof![
        any::<f32>().prop_map(ParamValue::F32),
        (0.0..1.0f32).prop_map(ParamValue::F32),
        absurd.prop_map(ParamValue::F32),
        any::<i32>().prop_map(ParamValue::I32),
        (-2..12i32).prop_map(ParamValue::I32),
        any::<bool>().prop_map(ParamValue::Bool),
        ".{0,8}".prop_map(ParamValue::String),
        Just(ParamValue::String("dorian".into())),
    ]
}

fn any_field() -> impl Strategy<Value = String> {
    let note = prop::array::uniform6(prop_oneof![-8..200i64, any::<i64>()]);
    let cell = (prop::collection::vec(note, 0..12), any::<(u32, u32, i64, u64)>());
    let cell = cell.prop_map(|(notes, (numerator, denominator, at, asked))| {
        serde_json::json!({
            "meter": [numerator % 40, denominator % 40], "at": at, "asked": asked,
            "takes": [1, 2, 3, 4], "chord": asked % 120, "notes": notes,
        })
    });
    let music = (any::<i64>(), prop::collection::vec(cell, 0..6), any::<[u32; 4]>());
    let music = music.prop_map(|(first, cells, takes)| {
        let held = serde_json::json!({ "first": first, "cells": cells });
        serde_json::json!({ "takes": takes, "held": held }).to_string()
    });
    prop_oneof![
        music,
        ".{0,40}",
        Just("[1e300, 5]".to_owned()),
        Just("[700.5, 400.0]".to_owned()),
        Just(r#"{"format":4000000000}"#.to_owned()),
        Just("[".repeat(4_000)),
    ]
}

fn is_in_range(params: &TributaryParams) -> bool {
    let controls = params.controls();
    let share = |value: f32| (0.0..=1.0).contains(&value);
    let blend = |blend: &score::Blend| blend.weights().iter().all(|weight| share(*weight));
    (1..=9_999).contains(&controls.seed)
        && (0.0..=2.0).contains(&controls.strength)
        && [controls.harmony_own, controls.adventure, controls.swing].into_iter().all(share)
        && controls.parts.iter().all(|part| share(part.own) && blend(&part.blend))
        && (40.0..=240.0).contains(&params.tempo().bpm())
        && (0.5..=4.0).contains(&params.lookahead())
        && (0.0..2.0).contains(&params.gain())
        && share(params.form().evolve)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_entries_come_into_range(
        values in prop::collection::vec((any::<prop::sample::Index>(), any_value()), 0..40),
        fields in prop::collection::vec((any::<prop::sample::Index>(), any_field()), 0..4),
    ) {
        let params = TributaryParams::default();
        let mut ids: Vec<String> = params.param_map().into_iter().map(|(id, ..)| id).collect();
        ids.push("unknown".into());
        let names = [HEADER, MUSIC, EDITOR_SIZE, EDITS, "unknown"];
        let values = values.into_iter().map(|(id, value)| (id.get(&ids).clone(), value));
        let fields = fields.into_iter().map(|(name, text)| ((*name.get(&names)).to_owned(), text));
        let state = PluginState {
            version: String::new(),
            params: values.collect(),
            fields: fields.collect(),
        };
        load(&params, state);
        prop_assert!(is_in_range(&params));
    }

    /// The file itself, as the framework reads it before anything else.
    #[test]
    fn damaged_bytes_come_into_range(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        numbers in prop::collection::vec((any::<prop::sample::Index>(), "[-0-9.eE]{1,12}"), 0..4),
    ) {
        let mut bytes = include_bytes!("../../tests/it/fixtures/state-v1.json").to_vec();
        for (place, number) in numbers {
            let digits: Vec<usize> = (0..bytes.len()).filter(|i| bytes[*i].is_ascii_digit()).collect();
            let at = *place.get(&digits);
            bytes.splice(at..=at, number.into_bytes());
        }
        for (place, byte) in places {
            *place.get_mut(&mut bytes) = byte;
        }
        let params = TributaryParams::default();
        if let Ok(state) = serde_json::from_slice::<PluginState>(&bytes) {
            load(&params, state);
        }
        prop_assert!(is_in_range(&params));
    }
}
