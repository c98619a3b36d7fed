//! Typing a value where its control is.

use super::{set_once, theme};
use egui::text::{CCursor, CCursorRange};
use egui::{Frame, Id, Key, Margin, Rect, Response, StrokeKind, TextEdit, Ui};
use nice_plug::prelude::{Param, ParamSetter};

/// What is being typed into one control.
#[derive(Clone)]
struct Entry {
    text: String,
    /// Whether it was refused.
    refused: bool,
}

fn place(response: &Response) -> Id {
    response.id.with("entry")
}

/// Opens the field of a control, with all of `text` chosen.
pub fn open(ui: &Ui, response: &Response, text: String) {
    let id = place(response);
    let mut state = egui::widgets::text_edit::TextEditState::default();
    let all = CCursorRange::two(CCursor::new(0), CCursor::new(text.chars().count()));
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), id);
    ui.data_mut(|data| data.insert_temp(id, Entry { text, refused: false }));
    ui.memory_mut(|memory| memory.request_focus(id));
}

/// Shows the field of a control if it is open; Enter and leaving the field set the value, Escape
/// forgets it, and what is no value stays until it is mended.
pub fn show<P: Param>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &P,
    response: &Response,
    rect: Rect,
) -> bool {
    let id = place(response);
    let Some(mut entry) = ui.data(|data| data.get_temp::<Entry>(id)) else { return false };
    let edit = TextEdit::singleline(&mut entry.text)
        .id(id)
        .font(theme::control_font())
        .align(egui::Align2::RIGHT_CENTER)
        .frame(Frame::new().fill(theme::BACKGROUND).corner_radius(theme::RADIUS))
        .margin(Margin::symmetric(6, 0))
        .min_size(rect.size())
        .desired_width(rect.width());
    let field = ui.put(rect, edit);
    let color = if entry.refused { theme::WARNING } else { theme::FOCUS };
    ui.painter().rect_stroke(rect, theme::RADIUS, (1.5, color), StrokeKind::Inside);
    if entry.refused {
        let like = param.normalized_value_to_string(param.default_normalized_value(), true);
        field.show_tooltip_text(format!("No value of {}; type it like {like}", param.name()));
    }
    let (entered, escaped) =
        ui.input(|input| (input.key_pressed(Key::Enter), input.key_pressed(Key::Escape)));
    let value = param.string_to_normalized_value(entry.text.trim()).filter(|v| v.is_finite());
    let left = field.lost_focus() || !field.has_focus();
    match value {
        _ if !left => {
            ui.data_mut(|data| data.insert_temp(id, entry));
        }
        None if entered && !escaped => {
            entry.refused = true;
            ui.data_mut(|data| data.insert_temp(id, entry));
            field.request_focus();
        }
        value => {
            ui.data_mut(|data| data.remove::<Entry>(id));
            if let Some(value) = value
                && !escaped
            {
                set_once(setter, param, value);
            }
            if entered || escaped {
                response.request_focus();
            }
        }
    }
    true
}
