//! The renderer's parameters are the plugin's: same ids, same meaning.

use std::collections::BTreeMap;

use hosting::Instance;
use render::{Parameter, Settings};

use crate::support::clap;

/// The one group of the plugin that decides no notes, and what the renderer takes from it.
const ENGINE: &str = "Engine";
/// The group of what is played in, which a rendering has as chords instead.
const FOLLOW: &str = "Follow";
const FROM_ENGINE: [&str; 1] = ["gain"];

/// Every parameter of the renderer with the plugin's of the same id.
fn pairs(instance: &dyn Instance) -> Vec<(Parameter, hosting::Parameter)> {
    let mut theirs: BTreeMap<u32, hosting::Parameter> =
        instance.parameters().iter().map(|parameter| (parameter.id, parameter.clone())).collect();
    let mut pairs = Vec::new();
    for ours in Parameter::all() {
        let id = ours.id();
        let found = theirs.remove(&hosting::stable_id(&id));
        let found = found.unwrap_or_else(|| panic!("the plugin has no parameter {id}"));
        let is_engine = found.module == ENGINE;
        assert_eq!(is_engine, FROM_ENGINE.contains(&id.as_str()), "{id} lies in {}", found.module);
        pairs.push((ours, found));
    }
    let unknown: Vec<&str> = theirs
        .values()
        .filter(|parameter| ![ENGINE, FOLLOW].contains(&parameter.module.as_str()))
        .filter(|parameter| !parameter.hidden)
        .map(|parameter| parameter.name.as_str())
        .collect();
    assert!(unknown.is_empty(), "the renderer lacks {unknown:?}");
    pairs
}

/// A text of the plugin as the number that the renderer takes.
fn number(ours: Parameter, text: &str) -> f64 {
    let id = ours.id();
    if let Ok(value) = ours.parse_value(text) {
        return value;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["Off"] => 0.0,
        ["-inf", ..] => f64::NEG_INFINITY,
        [number, unit] => {
            let number: f64 =
                number.parse().unwrap_or_else(|_| panic!("{id}: \"{text}\" is no number"));
            match *unit {
                "%" => number / 100.0,
                "dB" | "bar" | "bars" => number,
                unit => panic!("{id}: \"{text}\" has the unit {unit}"),
            }
        }
        _ => panic!("{id}: \"{text}\" means nothing to the renderer"),
    }
}

#[test]
fn the_renderer_has_the_plugins_parameters() {
    let instance = hosting::load(clap()).unwrap();
    let pairs = pairs(instance.as_ref());
    assert_eq!(pairs.len(), Parameter::all().len());
}

#[test]
fn values_mean_the_same_in_the_renderer() {
    let mut instance = hosting::load(clap()).unwrap();
    for (ours, theirs) in pairs(instance.as_ref()) {
        let id = ours.id();
        assert_eq!(ours.is_continuous(), theirs.steps == 0, "{id} has {} steps", theirs.steps);
        let mut value = |share: f64| number(ours, &instance.text(&theirs, share).unwrap());
        let (lowest, highest) = ours.range();
        let (first, last) = (value(0.0), value(1.0));
        // The bottom of a fader is silence, and the host's list of seeds ends early.
        let is_level = ours.unit() == "dB";
        assert!(first == lowest || is_level && first == f64::NEG_INFINITY, "{id}: from {first}");
        assert!(last == highest || id == "seed" && last < highest, "{id}: to {last}");
        if theirs.steps > 0 && theirs.steps < 100 {
            // The renderer takes every choice, and in the same order.
            let choices: Vec<f64> = (0..=theirs.steps)
                .map(|step| value(f64::from(step) / f64::from(theirs.steps)))
                .collect();
            assert!(choices.is_sorted_by(|a, b| a < b), "{id}: {choices:?}");
            for choice in &choices {
                assert_eq!(ours.parse_value(&choice.to_string()).unwrap(), *choice, "{id}");
            }
        }
        let mut settings = Settings::default();
        ours.set(&mut settings, value(theirs.default));
        assert_eq!(settings, Settings::default(), "{id} starts elsewhere in the renderer");
    }
}
