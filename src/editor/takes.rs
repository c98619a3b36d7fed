//! Takes: a part composed anew, the takes before and after, a part locked, a phrase anew.

use super::{control, theme};
use crate::engine::View;
use crate::params::TributaryParams;
use composer::Command;
use egui::{Align2, Button, Sense, Ui, vec2};
use score::Part;

/// Widths of an arrow, of the number between arrows, and of buttons with a word.
const ARROW: f32 = 20.0;
const NUMBER: f32 = 34.0;
const ANEW: f32 = 48.0;
const LOCK: f32 = 44.0;
const BACK: f32 = 44.0;
/// Rows below this width have no room for the number of the take.
const NARROW: f32 = 400.0;

/// Shows which take of a part is heard, the way to the others, to a new one, and the lock.
pub fn part(ui: &mut Ui, params: &TributaryParams, part: Part, view: Option<&View>) {
    let take = params.music_memory.memory().parts()[part.index()];
    let name = part.name();
    let has_number = ui.available_width() > NARROW;
    let steps = [take.current > 0, take.current < take.newest].map(|there| there && !take.locked);
    if button(ui, "<", ARROW, steps[0], &format!("The take of the {name} before this one")) {
        send(view, Command::PreviousTake(part));
    }
    if has_number {
        let text = format!("{}/{}", take.current + 1, take.newest + 1);
        let (rect, number) = ui.allocate_exact_size(vec2(NUMBER, control::HEIGHT), Sense::hover());
        let painter = ui.painter().with_clip_rect(rect);
        let (font, color) = (theme::small_font(), theme::FAINT_TEXT);
        painter.text(rect.center(), Align2::CENTER_CENTER, text, font, color);
        number.on_hover_text(format!("Take {} of {}", take.current + 1, take.newest + 1));
    }
    if button(ui, ">", ARROW, steps[1], &format!("The take of the {name} after this one")) {
        send(view, Command::NextTake(part));
    }
    let hint = format!(
        "Another take: composes the {name} anew where a loop, phrase or hold would repeat them; \
         the rest stays"
    );
    if button(ui, "Anew", ANEW, view.is_some() && !take.locked, &hint) {
        send(view, Command::Regenerate(part));
    }
    let hint = if take.locked {
        "Locked: what it has played comes again at its place, whatever is turned. Click to let go"
    } else {
        "Lock: keep what it has played since the start, whatever else changes"
    };
    let lock = Button::new("Lock").min_size(vec2(LOCK, control::HEIGHT)).selected(take.locked);
    let response = ui.add_enabled(view.is_some(), lock).on_hover_text(hint);
    control::focus_ring(ui, response.rect, &response);
    if response.clicked() {
        send(view, Command::Lock(part, !take.locked));
    }
}

/// Shows how the phrase at the playhead is composed anew, and the way back.
pub fn phrase(ui: &mut Ui, view: Option<&View>) {
    let hint = "Composes the phrase at the playhead anew, chords included, for when it comes \
                again; four bars where there are no phrases";
    if button(ui, "Anew", ANEW, view.is_some(), hint)
        && let Some(view) = view
    {
        let beat = view.status.position_beats().floor() as i64;
        send(Some(view), Command::RegeneratePhrase { beat });
    }
    if button(ui, "Back", BACK, view.is_some(), "Takes the last phrase anew back") {
        send(view, Command::TakePhraseBack);
    }
}

fn button(ui: &mut Ui, text: &str, width: f32, enabled: bool, hint: &str) -> bool {
    let button = Button::new(text).min_size(vec2(width, control::HEIGHT));
    let response = ui.add_enabled(enabled, button).on_hover_text(hint);
    control::focus_ring(ui, response.rect, &response);
    response.clicked()
}

fn send(view: Option<&View>, command: Command) {
    if let Some(view) = view {
        // A worker that is behind has enough to do; the next click will reach it.
        let _ = view.commands.send(command);
    }
}
