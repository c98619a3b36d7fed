//! Controls bound to parameters: every change is a gesture that a host can record.

mod entry;
mod paint;
#[cfg(test)]
mod tests;

use super::theme;
use egui::style::StyleModifier;
use egui::{
    Align2, Color32, Key, PointerButton, Popup, PopupCloseBehavior, Rect, Response, RichText, Role,
    Sense, Ui, WidgetInfo, vec2,
};
use nice_plug::prelude::{BoolParam, Enum, EnumParam, IntParam, Param, ParamSetter};
pub use paint::focus_ring;

/// Height of every control, in points.
pub const HEIGHT: f32 = 24.0;

/// How much slower a control follows the pointer while shift is held.
pub const FINE: f32 = 0.1;

/// What every bar can do, for the end of its tooltip.
const BAR_HELP: &str = "Drag, wheel or arrow keys; shift is fine. Click the value or press Enter \
                        to type. Double-click resets.";

/// Sets a parameter to a normalised value, as one gesture.
pub fn set_once<P: Param>(setter: &ParamSetter, param: &P, normalized: f32) {
    setter.begin_set_parameter(param);
    setter.set_parameter_normalized(param, normalized.clamp(0.0, 1.0));
    setter.end_set_parameter(param);
}

/// A menu below a button, until somebody clicks elsewhere. It looks as the window does: in a menu's
/// own style buttons are bare text.
pub fn menu(button: &Response, width: f32) -> Popup<'_> {
    Popup::menu(button)
        .style(StyleModifier::default())
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .width(width)
}

/// A bar with its label and value inside.
///
/// Drag to set, with shift for fine; wheel and arrow keys step; double click resets; a click on
/// the value or Enter opens a field to type it.
pub fn bar<P: Param>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &P,
    label: &str,
    color: Color32,
    width: f32,
) -> Response {
    let hint = format!("{}\n{BAR_HELP}", param.name());
    explained_bar(ui, setter, param, label, color, width, &hint)
}

/// A [`bar`] whose tooltip says what the parameter does.
pub fn taught_bar<P: Param>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &P,
    label: &str,
    color: Color32,
    (width, lesson): (f32, &str),
) -> Response {
    let hint = format!("{}: {lesson}\n{BAR_HELP}", param.name());
    explained_bar(ui, setter, param, label, color, width, &hint)
}

fn explained_bar<P: Param>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &P,
    label: &str,
    color: Color32,
    width: f32,
    hint: &str,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click_and_drag());
    if entry::show(ui, setter, param, &response, rect) {
        return response;
    }
    let value = param.unmodulated_normalized_value();
    // Where there is no room for a name there is none for a unit.
    let text = param.normalized_value_to_string(value, !label.is_empty());
    let text = amount(&text).to_owned();
    let value_width = paint::text_width(ui, &text) + 2.0 * theme::GRID;
    drag(ui, setter, param, &response, rect);
    if response.double_clicked() {
        set_once(setter, param, param.default_normalized_value());
    } else if response.clicked() {
        response.request_focus();
        let on_value = |pointer: egui::Pos2| pointer.x > rect.right() - value_width;
        let by_keys = ui.input(|input| input.key_pressed(Key::Enter));
        if by_keys || response.interact_pointer_pos().is_some_and(on_value) {
            entry::open(ui, &response, param.normalized_value_to_string(value, false));
        }
    }
    step(ui, setter, param, &response);
    response.widget_info(|| {
        WidgetInfo::slider(ui.is_enabled(), f64::from(value), format!("{} {text}", param.name()))
    });
    let from = param.default_normalized_value();
    let zero = param.normalized_zero().unwrap_or(0.0).min(from);
    paint::bar(ui, rect, &response, color, (zero, value), (label, &text));
    response.on_hover_text(hint)
}

/// Number and unit of a value's text, without a genre's name before them: that is in the label.
fn amount(text: &str) -> &str {
    text.rmatch_indices(' ').nth(1).map_or(text, |(at, _)| &text[at + 1..])
}

/// Where zero lies on a bar, for values that go both ways.
trait ZeroPoint {
    fn normalized_zero(&self) -> Option<f32>;
}

impl<P: Param> ZeroPoint for P {
    fn normalized_zero(&self) -> Option<f32> {
        let lowest = self.normalized_value_to_string(0.0, false);
        let zero = match lowest.as_bytes() {
            // A place, from so much left.
            [.., b'L'] => "C",
            [b'-', ..] if lowest != "-inf" => "0",
            _ => return None,
        };
        self.string_to_normalized_value(zero)
    }
}

fn drag<P: Param>(ui: &Ui, setter: &ParamSetter, param: &P, response: &Response, rect: Rect) {
    if response.drag_started_by(PointerButton::Primary) {
        response.request_focus();
        setter.begin_set_parameter(param);
    }
    if response.dragged_by(PointerButton::Primary)
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let fine = ui.input(|input| input.modifiers.shift);
        let value = param.unmodulated_normalized_value();
        let target = (pointer.x - rect.left()) / rect.width();
        let moved = response.drag_delta().x / rect.width();
        let value = if fine { value + moved * FINE } else { target };
        setter.set_parameter_normalized(param, value.clamp(0.0, 1.0));
    }
    if response.drag_stopped_by(PointerButton::Primary) {
        setter.end_set_parameter(param);
    }
}

/// What wheel and arrow keys ask for: up, down, or nothing.
///
/// A wheel that turns a control does not scroll what is around it.
fn turned(ui: &Ui, response: &Response) -> (bool, bool) {
    let (mut up, mut down) = (false, false);
    if response.hovered() {
        // A notch of a wheel arrives as one event, a touch pad's stroke as many.
        ui.input_mut(|input| {
            for event in &input.raw.events {
                if let egui::Event::MouseWheel { delta, .. } = event {
                    // Some systems turn the wheel sideways while shift is held.
                    let delta = delta.y + delta.x;
                    up |= delta > 0.0;
                    down |= delta < 0.0;
                }
            }
            input.smooth_scroll_delta = egui::Vec2::ZERO;
        });
    }
    if response.has_focus() {
        ui.input(|input| {
            up |= input.key_pressed(Key::ArrowUp) || input.key_pressed(Key::ArrowRight);
            down |= input.key_pressed(Key::ArrowDown) || input.key_pressed(Key::ArrowLeft);
        });
        keep_arrows(ui, response);
    }
    (up, down)
}

/// Has the arrow keys go to a focused control instead of moving the focus.
pub fn keep_arrows(ui: &Ui, response: &Response) {
    let arrows =
        egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
}

/// Wheel while hovered, arrow keys while focused.
fn step<P: Param>(ui: &Ui, setter: &ParamSetter, param: &P, response: &Response) {
    let (up, down) = turned(ui, response);
    if up == down {
        return;
    }
    let fine = ui.input(|input| input.modifiers.shift);
    let value = param.unmodulated_normalized_value();
    let stepped = if up {
        param.next_normalized_step(value, fine)
    } else {
        param.previous_normalized_step(value, fine)
    };
    set_once(setter, param, stepped);
}

/// A button that is lit while its parameter is on.
pub fn toggle(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &BoolParam,
    label: &str,
    color: Color32,
    width: f32,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    if response.clicked() {
        set_once(setter, param, if param.value() { 0.0 } else { 1.0 });
    }
    let on = param.value();
    response
        .widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), on, param.name()));
    let fill = paint::button(ui, rect, &response, if on { color } else { theme::TRACK });
    let text = if on { theme::text_on(fill) } else { theme::FAINT_TEXT };
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, label, theme::control_font(), text);
    response.on_hover_text(param.name())
}

/// A list of a parameter's choices; the wheel goes through them.
pub fn choice<T: Enum + PartialEq + 'static>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &EnumParam<T>,
    width: f32,
) -> Response {
    let chosen = T::variants()[param.unmodulated_plain_value().to_index()];
    choice_named(ui, setter, param, width, RichText::new(chosen))
}

/// A [`choice`] whose first is the plugin's own, `auto` at the moment.
pub fn auto_choice<T: Enum + PartialEq + 'static>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &EnumParam<T>,
    width: f32,
    auto: &str,
) -> Response {
    let index = param.unmodulated_plain_value().to_index();
    let shown = if index == 0 {
        RichText::new(auto).color(theme::FAINT_TEXT)
    } else {
        RichText::new(T::variants()[index])
    };
    choice_named(ui, setter, param, width, shown)
        .on_hover_text("Auto, in grey, follows the blend. Patches change with the next note")
}

fn choice_named<T: Enum + PartialEq + 'static>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &EnumParam<T>,
    width: f32,
    shown: RichText,
) -> Response {
    let current = param.unmodulated_plain_value().to_index();
    let response = egui::ComboBox::from_id_salt(param.name())
        .width(width)
        .truncate()
        .selected_text(shown)
        .show_ui(ui, |ui| {
            for (index, name) in T::variants().iter().enumerate() {
                if ui.selectable_label(index == current, *name).clicked() {
                    set_once(setter, param, param.preview_normalized(T::from_index(index)));
                }
            }
        })
        .response;
    if !egui::Popup::is_any_open(ui.ctx()) && response.hovered() {
        step(ui, setter, param, &response);
    }
    focus_ring(ui, response.rect, &response);
    response.on_hover_text(format!("{}\nClick for the list, or turn the wheel.", param.name()))
}

/// A parameter's choices side by side, `width` points together.
pub fn segments<T: Enum + PartialEq + 'static>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &EnumParam<T>,
    width: f32,
) -> Response {
    let current = param.unmodulated_plain_value().to_index();
    let names = T::variants();
    let gaps = theme::GAP * (names.len() - 1) as f32;
    let each = ((width - gaps) / names.len() as f32).floor();
    ui.horizontal(|ui| {
        for (index, name) in names.iter().enumerate() {
            let (rect, response) = ui.allocate_exact_size(vec2(each, HEIGHT), Sense::click());
            if response.clicked() && index != current {
                set_once(setter, param, param.preview_normalized(T::from_index(index)));
            }
            response.widget_info(|| {
                let label = format!("{}: {name}", param.name());
                WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), index == current, label)
            });
            let chosen = index == current;
            let fill = if chosen { theme::ACCENT } else { theme::TRACK };
            let fill = paint::button(ui, rect, &response, fill);
            let text = if chosen { theme::text_on(fill) } else { theme::FAINT_TEXT };
            let font = theme::control_font();
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, name, font, text);
        }
    })
    .response
}

/// A whole number to type or drag, and a button that draws another one.
pub fn number(ui: &mut Ui, setter: &ParamSetter, param: &IntParam, button: &str) {
    let (lowest, highest) = (param.preview_plain(0.0), param.preview_plain(1.0));
    let mut value = param.unmodulated_plain_value();
    let field = egui::DragValue::new(&mut value).range(lowest..=highest).speed(0.2);
    let hint = format!("{}\nDrag, or click to type. Equal seeds give equal music.", param.name());
    let response = ui.add(field).on_hover_text(hint);
    if response.drag_started() {
        setter.begin_set_parameter(param);
    }
    if response.drag_stopped() {
        setter.set_parameter_normalized(param, param.preview_normalized(value));
        setter.end_set_parameter(param);
    } else if response.dragged() && response.changed() {
        setter.set_parameter_normalized(param, param.preview_normalized(value));
    } else if response.changed() {
        set_once(setter, param, param.preview_normalized(value));
    }
    if ui.button(button).on_hover_text("Draw another seed: other music of the same kind").clicked()
    {
        let seconds = ui.input(|input| input.time);
        // The moment of the click is as good as dice; 7919 is prime, so that close clicks differ.
        let drawn = (seconds * 1_000.0) as i64 * 7_919 % i64::from(highest - lowest + 1);
        set_once(setter, param, param.preview_normalized(lowest + drawn as i32));
    }
}
