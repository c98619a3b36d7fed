//! A row's own blend: how far it leaves the common one, and where to.

use crate::editor::pad::geometry::{RING, Shares};
use crate::editor::{control, names, share_of_row, theme};
use crate::params::BlendParams;
use egui::{Align2, Context, Sense, Ui, vec2};
use nice_plug::prelude::{FloatParam, Param, ParamSetter};
use score::Genre;

/// Width of the bar that says how far, and the least of a weight with its name.
const OWN_WIDTH: f32 = 104.0;
const NAMED_WIDTH: f32 = 80.0;

/// Whether a row follows the common blend alone.
pub fn follows(own: &FloatParam) -> bool {
    own.unmodulated_normalized_value() == 0.0
}

/// The bar of the share, and six weights beside it once it is above zero.
pub fn show(ui: &mut Ui, setter: &ParamSetter, name: &str, own: &FloatParam, blend: &BlendParams) {
    let lesson = "how far it leaves the common blend for its own";
    control::taught_bar(ui, setter, own, "Own", theme::ACCENT, (OWN_WIDTH, lesson));
    if follows(own) {
        let size = vec2(ui.available_width().max(0.0), control::HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let text = if rect.width() > 280.0 {
            "follows the blend; drag the small pad to give it its own"
        } else {
            "follows the blend"
        };
        let left = rect.left_center() + vec2(theme::GRID, 0.0);
        ui.painter().with_clip_rect(rect).text(
            left,
            Align2::LEFT_CENTER,
            text,
            theme::small_font(),
            theme::FAINT_TEXT,
        );
        return;
    }
    let width = share_of_row(ui, RING.len());
    for genre in RING {
        let param = blend.weights()[genre.index()];
        let label =
            if width >= NAMED_WIDTH { names::short(ui.ctx(), genre) } else { String::new() };
        let lesson = format!("weight of {} for {name} alone", names::genre(ui.ctx(), genre));
        ui.add_enabled_ui(names::is_known(ui.ctx(), genre), |ui| {
            let color = theme::genre(genre);
            control::taught_bar(ui, setter, param, &label, color, (width, &lesson));
        });
    }
}

/// What a small pad says.
pub fn pad_hint(context: &Context, name: &str, follows: bool, followed: &Shares) -> String {
    let now = names::shares(context, followed);
    let help = "Drag the point, shift is fine; double-click a corner for that genre alone, the \
                middle for all.";
    let genres = RING.map(|genre: Genre| names::genre(context, genre)).join(", ");
    if follows {
        format!(
            "{name} follows the common blend: {now}.\nDrag to give it its own.\n{help}\nClockwise from the top: {genres}."
        )
    } else {
        format!(
            "{name} plays {now}.\n{help}\nOwn at zero follows the common blend again.\nClockwise from the top: {genres}."
        )
    }
}
