//! The user's styles on the rim of the pad: each a dot on an edge, drawn to the middle as its weight
//! rises.

use super::geometry::{self, Hexagon};
use super::{FINE, theme};
use crate::editor::control;
use crate::params::StyleParams;
use egui::{Align2, PointerButton, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};
use nice_plug::prelude::{Param, ParamSetter};

/// The edges that the styles lie on: between the genres at their ends there is no name.
const EDGES: [usize; 4] = [1, 4, 2, 3];

/// How far inside a dot comes at its full weight, in radii.
const DEPTH: f32 = 0.62;

/// Radius of a dot without weight, and what a full weight adds, in points.
const DOT: (f32, f32) = (6.0, 4.0);

/// Shows the styles that there are, by knob and name, over a pad.
pub fn show(
    ui: &mut Ui,
    setter: &ParamSetter,
    hexagon: &Hexagon,
    styles: &StyleParams,
    names: &[Option<String>; 4],
) {
    for (knob, name) in names.iter().enumerate() {
        let Some(name) = name else { continue };
        let param = styles.weights()[knob];
        let (rim, inward) = place(EDGES[knob]);
        let weight = param.unmodulated_normalized_value();
        let at = hexagon.at(rim + inward * (weight * DEPTH));
        let radius = DOT.0 + DOT.1 * weight;
        let rect = Rect::from_center_size(at, Vec2::splat(2.0 * radius + 6.0));
        let id = ui.scope_id().with(("style", knob));
        let response = ui.interact(rect, id, Sense::click_and_drag());
        if response.drag_started_by(PointerButton::Primary) {
            setter.begin_set_parameter(param);
        }
        if response.dragged_by(PointerButton::Primary) {
            let fine = ui.input(|input| input.modifiers.shift);
            let along = response.drag_delta().dot(inward) / (DEPTH * hexagon.radius.max(1.0));
            let step = if fine { along * FINE } else { along };
            setter.set_parameter_normalized(param, (weight + step).clamp(0.0, 1.0));
        }
        if response.drag_stopped_by(PointerButton::Primary) {
            setter.end_set_parameter(param);
        }
        if response.double_clicked() || response.secondary_clicked() {
            control::set_once(setter, param, if weight > 0.0 { 0.0 } else { 1.0 });
        }
        response.widget_info(|| {
            let label = format!("{name} {:.0} %", weight * 100.0);
            WidgetInfo { label: Some(label), ..WidgetInfo::new(Role::Slider) }
        });
        paint(
            ui,
            hexagon.at(rim),
            at,
            radius,
            (knob, weight),
            response.hovered() || response.dragged(),
        );
        response.on_hover_text(format!(
            "{name} {:.0} %: drag to the middle for more; double-click for all or nothing of it",
            weight * 100.0
        ));
    }
}

/// The middle of an edge, and the way from there to the middle.
fn place(edge: usize) -> (Vec2, Vec2) {
    let rim = (geometry::corner(edge) + geometry::corner((edge + 1) % 6)) / 2.0;
    (rim, -rim.normalized())
}

fn paint(ui: &Ui, rim: Pos2, at: Pos2, radius: f32, (knob, weight): (usize, f32), lit: bool) {
    let (painter, color) = (ui.painter(), theme::style(knob));
    painter.line_segment([rim, at], (2.0, color.gamma_multiply(0.7)));
    painter.circle_filled(rim, 3.0, color);
    painter.circle_filled(at, radius, theme::BACKGROUND);
    painter.circle_filled(at, radius - 1.5, color.gamma_multiply(0.35 + 0.65 * weight));
    painter.circle_stroke(at, radius, (if lit { 2.5 } else { 1.5 }, color));
    let dark = if weight > 0.5 { theme::BACKGROUND } else { theme::TEXT };
    let number = (knob + 1).to_string();
    painter.text(at, Align2::CENTER_CENTER, number, theme::small_font(), dark);
}
