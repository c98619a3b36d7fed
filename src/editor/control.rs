//! Controls bound to parameters: every change is a gesture that a host can record.

use super::theme;
use egui::{Align2, Color32, Key, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};
use nice_plug::prelude::{BoolParam, Enum, EnumParam, IntParam, Param, ParamSetter};

/// Height of every control, in points.
pub const HEIGHT: f32 = 22.0;

/// How much slower a bar follows the pointer while shift is held.
const FINE: f32 = 0.1;

/// Sets a parameter to a normalised value, as one gesture.
fn set_once<P: Param>(setter: &ParamSetter, param: &P, normalized: f32) {
    setter.begin_set_parameter(param);
    setter.set_parameter_normalized(param, normalized.clamp(0.0, 1.0));
    setter.end_set_parameter(param);
}

/// A bar with its label and value inside.
///
/// Drag to set, with shift for fine; wheel and arrow keys step; double click resets.
pub fn bar<P: Param>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &P,
    label: &str,
    color: Color32,
    width: f32,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click_and_drag());
    let response = response.on_hover_text(param.name());
    drag(ui, setter, param, &response, rect);
    if response.double_clicked() {
        set_once(setter, param, param.default_normalized_value());
    }
    step(ui, setter, param, &response);
    let value = param.unmodulated_normalized_value();
    let text = param.normalized_value_to_string(value, true);
    response.widget_info(|| {
        WidgetInfo::slider(ui.is_enabled(), f64::from(value), format!("{} {text}", param.name()))
    });
    let from = param.default_normalized_value();
    let centered = param.preview_normalized_zero().unwrap_or(0.0).min(from);
    paint_bar(ui, rect, &response, color, (centered, value), (label, &text));
    response
}

/// Where zero lies on a bar, for values that go both ways.
trait ZeroPoint {
    fn preview_normalized_zero(&self) -> Option<f32>;
}

impl<P: Param> ZeroPoint for P {
    fn preview_normalized_zero(&self) -> Option<f32> {
        let zero = self.string_to_normalized_value("0")?;
        let lowest = self.normalized_value_to_string(0.0, false);
        (lowest.starts_with('-') && lowest != "-inf").then_some(zero)
    }
}

fn drag<P: Param>(ui: &Ui, setter: &ParamSetter, param: &P, response: &Response, rect: Rect) {
    if response.drag_started() {
        setter.begin_set_parameter(param);
    }
    if response.dragged()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let fine = ui.input(|input| input.modifiers.shift);
        let value = param.unmodulated_normalized_value();
        let target = (pointer.x - rect.left()) / rect.width();
        let moved = response.drag_delta().x / rect.width();
        let value = if fine { value + moved * FINE } else { target };
        setter.set_parameter_normalized(param, value.clamp(0.0, 1.0));
    }
    if response.drag_stopped() {
        setter.end_set_parameter(param);
    }
}

/// Wheel while hovered, arrow keys while focused.
fn step<P: Param>(ui: &Ui, setter: &ParamSetter, param: &P, response: &Response) {
    if response.clicked() {
        response.request_focus();
    }
    let mut up = false;
    let mut down = false;
    if response.hovered() {
        // A notch of a wheel arrives as one event, a touch pad's stroke as many.
        ui.input_mut(|input| {
            for event in &input.raw.events {
                if let egui::Event::MouseWheel { delta, .. } = event {
                    up |= delta.y > 0.0;
                    down |= delta.y < 0.0;
                }
            }
        });
    }
    if response.has_focus() {
        ui.input(|input| {
            up |= input.key_pressed(Key::ArrowUp) || input.key_pressed(Key::ArrowRight);
            down |= input.key_pressed(Key::ArrowDown) || input.key_pressed(Key::ArrowLeft);
        });
        ui.memory_mut(|memory| {
            let arrows = egui::EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                ..Default::default()
            };
            memory.set_focus_lock_filter(response.id, arrows);
        });
    }
    let fine = ui.input(|input| input.modifiers.shift);
    let value = param.unmodulated_normalized_value();
    if up != down {
        let stepped = if up {
            param.next_normalized_step(value, fine)
        } else {
            param.previous_normalized_step(value, fine)
        };
        set_once(setter, param, stepped);
    }
}

fn paint_bar(
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
    painter.rect_filled(rect, 3.0, theme::TRACK);
    let x = |share: f32| rect.left() + share * rect.width();
    let filled = Rect::from_x_y_ranges(x(from.min(to))..=x(from.max(to)), rect.y_range());
    let strong = response.hovered() || response.dragged();
    painter.rect_filled(filled, 3.0, if strong { color } else { color.gamma_multiply(0.85) });
    if from > 0.0 {
        painter.vline(x(from), rect.y_range(), (1.0, theme::FAINT_TEXT));
    }
    if response.has_focus() {
        painter.rect_stroke(rect, 3.0, (1.0, theme::TEXT), egui::StrokeKind::Inside);
    }
    let font = theme::control_font();
    let inner = rect.shrink2(vec2(6.0, 0.0));
    painter.text(inner.left_center(), Align2::LEFT_CENTER, label, font.clone(), theme::TEXT);
    painter.text(inner.right_center(), Align2::RIGHT_CENTER, text, font, theme::TEXT);
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
    let response = response.on_hover_text(param.name());
    if response.clicked() {
        set_once(setter, param, if param.value() { 0.0 } else { 1.0 });
    }
    let on = param.value();
    response
        .widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), on, param.name()));
    let painter = ui.painter();
    let fill = if on { color } else { theme::TRACK };
    painter.rect_filled(
        rect,
        3.0,
        if response.hovered() { fill.gamma_multiply(1.15) } else { fill },
    );
    if response.has_focus() {
        painter.rect_stroke(rect, 3.0, (1.0, theme::TEXT), egui::StrokeKind::Inside);
    }
    let text = if on { theme::text_on(fill) } else { theme::FAINT_TEXT };
    painter.text(rect.center(), Align2::CENTER_CENTER, label, theme::control_font(), text);
    response
}

/// A list of a parameter's choices.
pub fn choice<T: Enum + PartialEq + 'static>(
    ui: &mut Ui,
    setter: &ParamSetter,
    param: &EnumParam<T>,
    width: f32,
) {
    let current = param.unmodulated_plain_value().to_index();
    let response = egui::ComboBox::from_id_salt(param.name())
        .width(width)
        .selected_text(T::variants()[current])
        .show_ui(ui, |ui| {
            for (index, name) in T::variants().iter().enumerate() {
                if ui.selectable_label(index == current, *name).clicked() {
                    set_once(setter, param, param.preview_normalized(T::from_index(index)));
                }
            }
        })
        .response;
    response.on_hover_text(param.name());
}

/// A whole number to type or drag, and a button that draws another one.
pub fn number(ui: &mut Ui, setter: &ParamSetter, param: &IntParam, button: &str) {
    let (lowest, highest) = (param.preview_plain(0.0), param.preview_plain(1.0));
    let mut value = param.unmodulated_plain_value();
    let field = egui::DragValue::new(&mut value).range(lowest..=highest).speed(0.2);
    if ui.add(field).on_hover_text(param.name()).changed() {
        set_once(setter, param, param.preview_normalized(value));
    }
    if ui.button(button).clicked() {
        let seconds = ui.input(|input| input.time);
        // The moment of the click is as good as dice; 7919 is prime, so that close clicks differ.
        let drawn = (seconds * 1_000.0) as i64 * 7_919 % i64::from(highest - lowest + 1);
        set_once(setter, param, param.preview_normalized(lowest + drawn as i32));
    }
}
