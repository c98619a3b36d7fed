//! The column on the left: the common blend, and the manner of playing.

use super::{blend_bars, control, group, meter, share_of_row, theme};
use crate::engine::View;
use crate::params::TributaryParams;
use egui::{Rect, Sense, Ui, vec2};
use nice_plug::prelude::ParamSetter;
use score::{Blend, Genre};

/// Height of the strip that shows the shares, in points.
const STRIP_HEIGHT: f32 = 10.0;

/// Shows the column.
pub fn show(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams, view: Option<&View>) {
    group(ui, "Blend", |ui| {
        let width = share_of_row(ui, 1);
        shares(ui, &params.common.blend.blend(), width);
        blend_bars(ui, setter, &params.common.blend, width, false);
        control::bar(ui, setter, &params.common.strength, "strength", theme::ACCENT, width);
    });
    group(ui, "Heard", |ui| meter::show(ui, view));
    let music = &params.music;
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
            control::toggle(ui, setter, &music.ending, "End", theme::ACCENT, 48.0)
                .on_hover_text("Close the music in four bars, then rest until this is off");
        });
        let width = share_of_row(ui, 1);
        control::bar(ui, setter, &music.evolve, "evolve", theme::ACCENT, width)
            .on_hover_text("Share of a loop or phrase that each pass makes anew");
    });
}

/// What the weights come to: a strip with a stretch a genre.
fn shares(ui: &mut Ui, blend: &Blend, width: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, STRIP_HEIGHT), Sense::hover());
    let shares = blend.normalized();
    let mut left = rect.left();
    let mut text = Vec::new();
    for genre in Genre::ALL {
        let share = shares.weights()[genre.index()];
        let right = left + share * rect.width();
        let stretch = Rect::from_x_y_ranges(left..=right, rect.y_range());
        ui.painter().rect_filled(stretch, 0.0, theme::GENRES[genre.index()]);
        left = right;
        if share > 0.0 {
            text.push(format!("{} {:.0} %", genre.name(), share * 100.0));
        }
    }
    response.on_hover_text(format!("{}. All at zero is all in equal parts.", text.join(", ")));
}
