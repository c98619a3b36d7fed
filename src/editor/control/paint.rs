//! How controls look in their states.

use super::theme;
use egui::emath::GuiRounding;
use egui::epaint::Mesh;
use egui::{Align2, Color32, Painter, Rect, Response, Shape, StrokeKind, Ui, Vec2, vec2};
use std::f32::consts::FRAC_PI_2;

/// How strongly a bar is filled with its color, at rest and while it is used; weak enough for
/// light text on every color.
const FILL: (f32, f32) = (0.34, 0.5);

/// Height of the line below a bar's filling.
const LINE: f32 = 3.0;

/// Width of a text in a control.
pub fn text_width(ui: &Ui, text: &str) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), theme::control_font(), theme::TEXT).size().x
}

/// Marks what has the keyboard.
pub fn focus_ring(ui: &Ui, rect: Rect, response: &Response) {
    if response.has_focus() {
        ui.painter().rect_stroke(
            rect,
            theme::RADIUS,
            (1.5, theme::FOCUS.gamma_multiply(0.8)),
            StrokeKind::Inside,
        );
    }
}

/// A filled rectangle with rounded corners, the radius in points.
///
/// It looks like egui's own, whose edges lie on the borders of pixels too, but only the corners have
/// soft edges: without a graphics card, soft triangles along the sides cost more than the filling.
pub fn rounded(painter: &Painter, rect: Rect, radius: f32, color: Color32) {
    let scale = painter.pixels_per_point();
    let rect = rect.round_to_pixels(scale);
    if !rect.is_positive() {
        return;
    }
    let radius = radius.min(rect.width() / 2.0).min(rect.height() / 2.0);
    let inner = rect.shrink(radius);
    let mut mesh = Mesh::default();
    let rows = [
        Rect::from_x_y_ranges(inner.x_range(), rect.top()..=inner.top()),
        Rect::from_x_y_ranges(rect.x_range(), inner.y_range()),
        Rect::from_x_y_ranges(inner.x_range(), inner.bottom()..=rect.bottom()),
    ];
    for row in rows.into_iter().filter(Rect::is_positive) {
        mesh.add_colored_rect(row, color);
    }
    let soft = 0.5 / scale;
    let n_steps = (radius * scale / 2.0).clamp(3.0, 16.0) as u32;
    let centers = [inner.right_bottom(), inner.left_bottom(), inner.left_top(), inner.right_top()];
    for (quarter, center) in centers.into_iter().enumerate() {
        let first = mesh.vertices.len() as u32;
        mesh.colored_vertex(center, color);
        for step in 0..=n_steps {
            let angle = (quarter as f32 + step as f32 / n_steps as f32) * FRAC_PI_2;
            let out = Vec2::angled(angle);
            mesh.colored_vertex(center + out * (radius - soft).max(0.0), color);
            mesh.colored_vertex(center + out * (radius + soft), Color32::TRANSPARENT);
        }
        for step in 0..n_steps {
            let at = first + 1 + 2 * step;
            mesh.add_triangle(first, at, at + 2);
            mesh.add_triangle(at, at + 1, at + 2);
            mesh.add_triangle(at + 1, at + 3, at + 2);
        }
    }
    painter.add(Shape::mesh(mesh));
}

/// A bar between two normalised values, with its label and its value.
pub fn bar(
    ui: &Ui,
    rect: Rect,
    response: &Response,
    color: Color32,
    (from, to): (f32, f32),
    (label, text): (&str, &str),
) {
    if !ui.is_rect_visible(rect) {
        return;
    }
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let strong = response.hovered() || response.dragged();
    rounded(&painter, rect, theme::RADIUS, if strong { theme::HOVERED } else { theme::TRACK });
    let x = |share: f32| rect.left() + share * rect.width();
    let filled = Rect::from_x_y_ranges(x(from.min(to))..=x(from.max(to)), rect.y_range());
    if filled.width() > 0.0 {
        let fill = theme::mix(theme::TRACK, color, if strong { FILL.1 } else { FILL.0 });
        rounded(&painter, filled, theme::RADIUS, fill);
        let line = Rect::from_min_max(filled.left_bottom() - vec2(0.0, LINE), filled.max);
        rounded(&painter, line, 1.0, color);
    }
    if from > 0.0 {
        painter.vline(
            x(from),
            rect.bottom() - 2.0 * LINE..=rect.bottom(),
            (1.5, theme::FAINT_TEXT),
        );
    }
    let font = theme::control_font();
    if label.is_empty() {
        painter.text(rect.center(), Align2::CENTER_CENTER, text, font, theme::TEXT);
    } else {
        let inner = rect.shrink2(vec2(1.5 * theme::GRID, 0.0));
        let right = Align2::RIGHT_CENTER;
        let value = painter.text(inner.right_center(), right, text, font.clone(), theme::TEXT);
        // A label that would run into its value is worth less than the value.
        let room = value.left() - theme::GRID - inner.left();
        if text_width(ui, label) <= room {
            let color = theme::mix(theme::FAINT_TEXT, theme::TEXT, 0.4);
            painter.text(inner.left_center(), Align2::LEFT_CENTER, label, font, color);
        }
    }
    focus_ring(ui, rect, response);
}

/// The surface of a button; returns the color that it has under the pointer or pressed.
pub fn button(ui: &Ui, rect: Rect, response: &Response, fill: Color32) -> Color32 {
    let share = if response.is_pointer_button_down_on() {
        0.25
    } else if response.hovered() {
        0.12
    } else {
        0.0
    };
    let fill = theme::mix(fill, Color32::WHITE, share);
    rounded(ui.painter(), rect, theme::RADIUS, fill);
    focus_ring(ui, rect, response);
    fill
}
