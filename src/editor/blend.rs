//! The column on the left: the common blend as a pad and as bars, and how hard it pulls.

use super::pad::{self, Look, Target, geometry::RING, rim};
use super::styles::{self, StylesState};
use super::{control, group, meter, names, share_of_row, theme};
use crate::engine::View;
use crate::params::{BlendParams, TributaryParams};
use egui::{Ui, vec2};
use nice_plug::prelude::ParamSetter;

/// The least and the largest side of the pad, in points.
const PAD: (f32, f32) = (184.0, 900.0);

/// From this width on the weights stand in two rows of three, else in three rows of two.
const THREE: f32 = 300.0;

const LESSON: &str = "Drag the point: the nearer a genre, the more of it. Shift is fine, arrow \
    keys step.\nDouble-click or right-click a genre for that alone, the middle for all in equal \
    parts.\nThe ring is what the last bars sound like. A shape around the middle shows weights \
    that no point can stand for.";

/// Shows the column, `height` points of it visible at once.
pub fn show(
    ui: &mut Ui,
    setter: &ParamSetter,
    params: &TributaryParams,
    view: Option<&View>,
    height: f32,
    own: &mut StylesState,
) {
    group(ui, |ui| {
        let width = share_of_row(ui, 1);
        let room = height - 2.0 * theme::MARGIN;
        let n_styles = styles::names(&params.styles).iter().flatten().count();
        let rows = if width >= THREE { 4.0 } else { 5.0 } + n_styles.div_ceil(2) as f32;
        let below = rows * (control::HEIGHT + theme::GAP);
        // The bars stay in sight where there is room for both, the pad alone otherwise.
        let tall = if room - below >= PAD.0 { room - below } else { room };
        let size = vec2(width, tall.clamp(PAD.0, PAD.1).min(width * 1.2).max(PAD.0));
        let target = Target {
            blend: &params.common.blend,
            name: "Blend",
            own: None,
            shown: pad::shares_of(&params.common.blend.blend()),
        };
        let heard = view.and_then(meter::heard).copied();
        let look = Look { heard, ..Look::default() };
        let pad = pad::show(ui, setter, target, look, size).on_hover_text(LESSON);
        let hexagon = pad::hexagon(pad.rect, false);
        rim::show(ui, setter, &hexagon, &params.common.styles, &styles::names(&params.styles));
        weights(ui, setter, &params.common.blend);
        let strength = &params.common.strength;
        control::taught_bar(
            ui,
            setter,
            strength,
            "Strength",
            theme::ACCENT,
            (width, "how hard the blend pulls, from no genre at all to where it is heard best"),
        );
        styles::show(ui, setter, params, view, own);
    });
}

/// The six weights in rows, about as they stand around the pad.
fn weights(ui: &mut Ui, setter: &ParamSetter, blend: &BlendParams) {
    let rows: &[&[usize]] = if ui.available_width() >= THREE {
        &[&[5, 0, 1], &[4, 3, 2]]
    } else {
        &[&[0, 1], &[5, 2], &[4, 3]]
    };
    for row in rows {
        ui.horizontal(|ui| {
            let width = share_of_row(ui, row.len());
            for index in *row {
                let genre = RING[*index];
                let param = blend.weights()[genre.index()];
                let lesson = "its weight against the others; all at zero is all in equal parts";
                let color = theme::genre(genre);
                let named = if width < 116.0 { names::short } else { names::genre };
                let name = named(ui.ctx(), genre);
                ui.add_enabled_ui(names::is_known(ui.ctx(), genre), |ui| {
                    control::taught_bar(ui, setter, param, &name, color, (width, lesson));
                });
            }
        });
    }
}
