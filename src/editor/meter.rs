//! The genre meter: which genres the last bars sound like, as the judge hears them.

use super::{share_of_row, theme};
use crate::engine::View;
use egui::{Align2, Rect, Sense, Ui, vec2};
use judge::{Kind, Shares};
use score::Genre;

/// Height of a bar, in points.
const HEIGHT: f32 = 17.0;

/// Bars side by side.
const COLUMNS: usize = 2;

/// Shows a bar a genre, all empty while nothing is heard.
pub fn show(ui: &mut Ui, view: Option<&View>) {
    let shares = view.and_then(heard);
    let width = share_of_row(ui, COLUMNS);
    for row in Genre::ALL.chunks(COLUMNS) {
        ui.horizontal(|ui| {
            for genre in row {
                bar(ui, *genre, shares.map(|shares| shares[genre.index()]), width);
            }
        });
    }
}

/// What is heard at the playhead.
fn heard(view: &View) -> Option<&Shares> {
    let status = &view.status;
    view.preview().heard(status.epoch(), status.position_beats())?.shares(Kind::All)
}

fn bar(ui: &mut Ui, genre: Genre, share: Option<f32>, width: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
    let painter = ui.painter();
    painter.rect_filled(rect, 2.0, theme::TRACK);
    let filled = vec2(rect.width() * share.unwrap_or(0.0), rect.height());
    painter.rect_filled(Rect::from_min_size(rect.min, filled), 2.0, theme::GENRES[genre.index()]);
    let font = egui::FontId { size: theme::SMALL_TEXT, ..theme::control_font() };
    let color = if share.is_some() { theme::TEXT } else { theme::FAINT_TEXT };
    let inside = rect.shrink2(vec2(5.0, 0.0));
    painter.text(inside.left_center(), Align2::LEFT_CENTER, genre.name(), font.clone(), color);
    let text = share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0));
    painter.text(inside.right_center(), Align2::RIGHT_CENTER, text, font, color);
    response.on_hover_text(
        "How much the last eight bars sound like this genre; from the first bars on it is a guess",
    );
}
