//! The top bar: key, scale, seed and sound.

use super::{control, theme};
use crate::params::TributaryParams;
use egui::{RichText, Ui};
use nice_plug::prelude::ParamSetter;

/// Shows the bar.
pub fn show(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Tributary").heading().strong());
        ui.add_space(8.0);
        let music = &params.music;
        ui.label("Key");
        control::choice(ui, setter, &music.key, 48.0);
        control::choice(ui, setter, &music.scale, 140.0);
        ui.label("Seed");
        control::number(ui, setter, &music.seed, "New");
        ui.add_space(8.0);
        let engine = &params.engine;
        control::toggle(ui, setter, &engine.run, "Run", theme::ACCENT, 48.0)
            .on_hover_text("Play on the plugin's own clock while the host stands still");
        control::bar(ui, setter, &engine.tempo, "Tempo", theme::ACCENT, 130.0)
            .on_hover_text("Of the plugin's own clock; a host's tempo goes first");
        control::toggle(ui, setter, &engine.sound, "Sound", theme::ACCENT, 56.0);
        control::bar(ui, setter, &engine.gain, "Gain", theme::ACCENT, 110.0);
    });
}
