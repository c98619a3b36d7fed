//! How controls look in their states.

use super::theme;
use egui::{Align2, Color32, Rect, Response, StrokeKind, Ui, vec2};

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
    painter.rect_filled(rect, theme::RADIUS, if strong { theme::HOVERED } else { theme::TRACK });
    let x = |share: f32| rect.left() + share * rect.width();
    let filled = Rect::from_x_y_ranges(x(from.min(to))..=x(from.max(to)), rect.y_range());
    if filled.width() > 0.0 {
        let fill = theme::mix(theme::TRACK, color, if strong { FILL.1 } else { FILL.0 });
        painter.rect_filled(filled, theme::RADIUS, fill);
        let line = Rect::from_min_max(filled.left_bottom() - vec2(0.0, LINE), filled.max);
        painter.rect_filled(line, 1.0, color);
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
    ui.painter().rect_filled(rect, theme::RADIUS, fill);
    focus_ring(ui, rect, response);
    fill
}
