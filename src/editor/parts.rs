//! A row a part, and one for harmony.

use super::{blend_bars, cell, control, group, share_of_row, theme};
use crate::engine::View;
use crate::params::{BlendParams, TributaryParams};
use composer::Command;
use egui::Ui;
use nice_plug::prelude::{FloatParam, Param, ParamSetter};
use score::Part;

/// Width of the button or name at the start of a row.
const NAME_WIDTH: f32 = 72.0;

/// Shows the rows.
pub fn show(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams, view: Option<&View>) {
    for part in Part::ALL {
        let row = params.parts()[part.index()];
        group(ui, "", |ui| {
            ui.horizontal(|ui| {
                control::toggle(ui, setter, &row.on, part.name(), theme::part(part), NAME_WIDTH);
                regenerate(ui, part, view);
                let width = share_of_row(ui, 3);
                let color = theme::part(part).gamma_multiply(0.6);
                control::bar(ui, setter, &row.density, "density", color, width);
                control::bar(ui, setter, &row.register, "register", color, width);
                control::bar(ui, setter, &row.level, "level", color, width);
            });
            own_blend(ui, setter, &row.own, &row.blend);
        });
    }
    group(ui, "", |ui| {
        ui.horizontal(|ui| {
            cell(ui, NAME_WIDTH, "harmony", theme::TEXT);
            ui.label("chords follow the common blend, or as far as you like their own");
        });
        own_blend(ui, setter, &params.harmony.own, &params.harmony.blend);
    });
}

/// A button that has a part composed anew wherever it would repeat.
fn regenerate(ui: &mut Ui, part: Part, view: Option<&View>) {
    let hint = "Compose this part anew where a loop, phrase or hold would repeat it";
    let clicked = ui.add_enabled(view.is_some(), egui::Button::new("Anew")).on_hover_text(hint);
    if clicked.clicked()
        && let Some(view) = view
    {
        // A worker that is behind has enough to do; the next click will reach it.
        let _ = view.commands.send(Command::Regenerate(part));
    }
}

/// How far a row leaves the common blend, and where to; faint while it does not.
fn own_blend(ui: &mut Ui, setter: &ParamSetter, own: &FloatParam, blend: &BlendParams) {
    ui.horizontal(|ui| {
        control::bar(ui, setter, own, "own", theme::ACCENT, NAME_WIDTH + 16.0);
        if own.unmodulated_normalized_value() == 0.0 {
            ui.multiply_opacity(0.55);
        }
        let width = share_of_row(ui, 6);
        blend_bars(ui, setter, blend, width, true);
    });
}
