//! A row for timing and routing.

use super::{control, group, theme};
use crate::params::TributaryParams;
use egui::Ui;
use nice_plug::prelude::ParamSetter;

/// Shows the row.
pub fn show(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams) {
    let engine = &params.engine;
    group(ui, "", |ui| {
        ui.horizontal(|ui| {
            control::bar(ui, setter, &engine.lookahead, "lookahead", theme::ACCENT, 180.0)
                .on_hover_text(
                    "How long before it sounds a beat is fixed: what you turn is heard then",
                );
            ui.add_space(8.0);
            ui.label("MIDI channels");
            control::choice(ui, setter, &engine.channels, 130.0);
            control::choice(ui, setter, &engine.single_part, 70.0);
        });
    });
}
