//! The genre meter: which genres the last bars sound like, against the blend that was asked for.

use super::{ground, names, theme};
use crate::engine::View;
use egui::{Align2, Color32, Rect, Sense, Ui, pos2, vec2};
use judge::{Kind, Shares};
use score::Genre;

/// Height of the names below the columns, and of the title, in points.
const NAMES: f32 = 18.0;

/// How long the columns take to move to a new judgement, in seconds.
const GLIDE: f32 = 0.35;

const LESSON: &str = "Filled: how much the last eight bars sound like a genre to a classifier \
    that knows nothing of the knobs; from the first bars on it is a guess.\nThe line: how much of \
    it was asked for.";

/// Shows a column a genre with what is heard, empty while that is nothing; `asked` is what the knobs
/// come to.
pub fn show(ui: &mut Ui, shares: Option<&Shares>, asked: &[f32; Genre::COUNT]) {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    ground::edge(ui.painter(), rect);
    let painter = ui.painter().with_clip_rect(rect);
    let inner = rect.shrink(theme::MARGIN);
    let small = theme::small_font();
    let title = if shares.is_some() { "Heard" } else { "Heard: listening" };
    painter.text(inner.left_top(), Align2::LEFT_TOP, title, theme::strong_font(), theme::TEXT);
    if inner.width() > 150.0 {
        let place = inner.right_top() + vec2(0.0, 2.0);
        painter.text(place, Align2::RIGHT_TOP, "line: asked", small.clone(), theme::FAINT_TEXT);
    }
    let columns = Rect::from_min_max(
        inner.min + vec2(0.0, NAMES + theme::GRID),
        inner.max - vec2(0.0, NAMES),
    );
    let width = columns.width() / Genre::COUNT as f32;
    for (index, genre) in super::pad::geometry::RING.into_iter().enumerate() {
        let left = columns.left() + index as f32 * width;
        let column = Rect::from_x_y_ranges(left + 2.0..=left + width - 2.0, columns.y_range());
        let share = shares.map_or(0.0, |shares| shares[genre.index()]);
        let shown = theme::glide(ui, response.id.with(index), share, GLIDE);
        let color = theme::genre(genre);
        painter.rect_filled(column, 2.0, theme::TRACK);
        let top = pos2(column.left(), column.bottom() - column.height() * shown);
        painter.rect_filled(Rect::from_min_max(top, column.max), 2.0, color);
        let line = column.bottom() - column.height() * asked[genre.index()];
        let range = column.left() - 1.0..=column.right() + 1.0;
        painter.hline(range.clone(), line, (4.0, theme::PANEL));
        painter.hline(range, line, (2.0, Color32::WHITE));
        if shares.is_some() && column.height() > 40.0 {
            let place = pos2(column.center().x, column.top() + 2.0);
            let on = if shown > 0.9 { theme::text_on(color) } else { theme::TEXT };
            let text = format!("{:.0}", share * 100.0);
            painter.text(place, Align2::CENTER_TOP, text, small.clone(), on);
        }
        let name = pos2(column.center().x, columns.bottom() + 3.0);
        painter.text(
            name,
            Align2::CENTER_TOP,
            names::short(ui.ctx(), genre),
            small.clone(),
            theme::FAINT_TEXT,
        );
    }
    response.on_hover_text(match shares {
        Some(shares) => format!("Heard: {}\n{LESSON}", names::shares(ui.ctx(), shares)),
        None => LESSON.into(),
    });
}

/// What is heard at the playhead.
pub fn heard(view: &View) -> Option<&Shares> {
    let status = &view.status;
    view.preview().heard(status.epoch(), status.position_beats())?.shares(Kind::All)
}
