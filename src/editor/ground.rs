//! What lies behind the groups of controls.
//!
//! A window without a graphics card pays for every pixel each time that it is drawn. So a picture
//! begins in the color of the groups, which cover most of it, and only what lies between them is
//! painted: strips around and below, and a rounded edge a group.

use super::theme;
use egui::scroll_area::ScrollAreaOutput;
use egui::{Margin, Painter, Rect, Rgba, StrokeKind, Ui};

/// The color in which a picture begins, as it is stored: the window's painter does not convert it.
pub fn color() -> Rgba {
    let [r, g, b, _] = theme::PANEL.to_array().map(|channel| f32::from(channel) / 255.0);
    Rgba::from_rgb(r, g, b)
}

/// Rounds a group off, and paints half of what lies between it and the next.
pub fn edge(painter: &Painter, group: Rect) {
    let clip = painter.clip_rect().expand(theme::GAP);
    let line = (theme::GAP, theme::BACKGROUND);
    painter.with_clip_rect(clip).rect_stroke(group, theme::RADIUS, line, StrokeKind::Outside);
}

/// Paints the margin of a section.
pub fn around(ui: &Ui, section: Rect, margin: Margin) {
    let inner = section - margin;
    let sides = [
        section.with_max_x(inner.left()),
        section.with_min_x(inner.right()),
        section.with_max_y(inner.top()),
        section.with_min_y(inner.bottom()),
    ];
    for side in sides.into_iter().filter(Rect::is_positive) {
        ui.painter().rect_filled(side, 0.0, theme::BACKGROUND);
    }
}

/// Paints what a column of groups leaves free below.
pub fn below<R>(ui: &Ui, column: &ScrollAreaOutput<R>) {
    let end = column.inner_rect.top() + column.content_size.y;
    let free = column.inner_rect.with_min_y(end);
    if free.is_positive() {
        ui.painter().rect_filled(free, 0.0, theme::BACKGROUND);
    }
}
