//! Kinds of values: how parameters show them and read them.

use crate::model_file::Model;
use nice_plug::prelude::*;
use score::Genre;
use std::sync::Arc;

/// Below this a level is silence.
const MIN_LEVEL_DB: f32 = -60.0;
const MAX_LEVEL_DB: f32 = 6.0;

/// A parameter's value; its default where a host has set what is no number.
pub fn number(param: &FloatParam) -> f32 {
    let value = param.value();
    if value.is_finite() { value } else { param.default_plain_value() }
}

/// Steps of what decides notes, in one of its units: half a percent.
const STEPS: f32 = 200.0;

/// A share or a turn as the band hears of it, in steps of half a percent.
///
/// Music that has been composed is good as long as what decides it stays the same, and hosts turn
/// knobs by less than anybody can hear: where automation begins to rise Ardour shows, while it
/// stands, the value of a moment later than the one that it starts with.
pub fn rounded(param: &FloatParam) -> f32 {
    (number(param) * STEPS).round() / STEPS
}

/// A share, shown as a percentage.
pub fn percent(name: impl Into<String>, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_unit(" %")
        .with_value_to_string(formatters::v2s_f32_percentage(0))
        .with_string_to_value(formatters::s2v_f32_percentage())
}

/// A genre's weight, shown as a percentage, with the genre's name where the model has another than
/// the parameter.
pub fn weight(name: String, genre: Genre, model: Arc<Model>) -> FloatParam {
    let percentage = formatters::v2s_f32_percentage(0);
    let read = formatters::s2v_f32_percentage();
    percent(name, 0.0, 0.0, 1.0)
        .with_value_to_string(Arc::new(move |value| match model.renamed(genre) {
            Some(name) => format!("{name} {}", percentage(value)),
            None => percentage(value),
        }))
        .with_string_to_value(Arc::new(move |text| {
            let number = text.trim_end_matches([' ', '%']).rsplit(' ').next()?;
            read(number)
        }))
}

/// A style's weight, shown as a percentage, with the style's name where there is one.
pub fn style_weight(owner: &str, knob: usize, model: Arc<Model>) -> FloatParam {
    let percentage = formatters::v2s_f32_percentage(0);
    let read = formatters::s2v_f32_percentage();
    percent(format!("{owner}Style {}", knob + 1), 0.0, 0.0, 1.0)
        .with_value_to_string(Arc::new(move |value| match model.style(knob) {
            Some(_) => format!("{} {}", crate::styles::name(&model, knob), percentage(value)),
            None => percentage(value),
        }))
        .with_string_to_value(Arc::new(move |text| {
            let number = text.trim_end_matches([' ', '%']).rsplit(' ').next()?;
            read(number)
        }))
}

/// A linear gain, shown in decibels; unity by default.
pub fn decibels(name: impl Into<String>) -> FloatParam {
    let range = FloatRange::Skewed {
        min: util::db_to_gain(MIN_LEVEL_DB),
        max: util::db_to_gain(MAX_LEVEL_DB),
        factor: FloatRange::gain_skew_factor(MIN_LEVEL_DB, MAX_LEVEL_DB),
    };
    FloatParam::new(name, 1.0, range)
        .with_unit(" dB")
        .with_value_to_string(Arc::new(|gain| match audible(gain) {
            0.0 => String::from("-inf"),
            // Adding zero takes the sign off a rounded zero.
            gain => format!("{:.1}", (util::gain_to_db(gain) * 10.0).round() / 10.0 + 0.0),
        }))
        .with_string_to_value(formatters::s2v_f32_gain_to_db())
}

pub fn audible(gain: f32) -> f32 {
    if gain <= util::db_to_gain(MIN_LEVEL_DB) * 1.001 { 0.0 } else { gain }
}

/// A place between left and right.
pub fn pan(name: String) -> FloatParam {
    FloatParam::new(name, 0.0, FloatRange::Linear { min: -1.0, max: 1.0 })
        .with_value_to_string(formatters::v2s_f32_panning())
        .with_string_to_value(formatters::s2v_f32_panning())
}
