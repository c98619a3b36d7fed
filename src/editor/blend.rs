//! The column on the left: the common blend, and the manner of playing.

use super::{blend_bars, control, group, share_of_row, theme};
use crate::params::TributaryParams;
use egui::Ui;
use nice_plug::prelude::ParamSetter;

/// Shows the column.
pub fn show(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams) {
    group(ui, "Blend", |ui| {
        let width = share_of_row(ui, 1);
        blend_bars(ui, setter, &params.common.blend, width, false);
        control::bar(ui, setter, &params.common.strength, "strength", theme::ACCENT, width);
    });
    let music = &params.music;
    let engine = &params.engine;
    group(ui, "Manner", |ui| {
        let width = share_of_row(ui, 1);
        control::bar(ui, setter, &music.adventure, "adventure", theme::ACCENT, width);
        control::bar(ui, setter, &music.swing, "swing", theme::ACCENT, width);
        control::bar(ui, setter, &music.humanize, "humanize", theme::ACCENT, width);
    });
    group(ui, "Form", |ui| {
        ui.horizontal(|ui| {
            ui.label("Phrase");
            control::choice(ui, setter, &music.phrase, 70.0);
            control::toggle(ui, setter, &music.hold, "Hold", theme::ACCENT, 56.0)
                .on_hover_text("Play on what exists, whatever is turned");
        });
        let width = share_of_row(ui, 1);
        control::bar(ui, setter, &music.evolve, "evolve", theme::ACCENT, width)
            .on_hover_text("Share of a loop or phrase that each pass makes anew");
    });
    group(ui, "Engine", |ui| {
        let width = share_of_row(ui, 1);
        control::bar(ui, setter, &engine.lookahead, "lookahead", theme::ACCENT, width);
        ui.horizontal(|ui| {
            ui.label("MIDI");
            control::choice(ui, setter, &engine.channels, 110.0);
            control::choice(ui, setter, &engine.single_part, 56.0);
        });
    });
}
