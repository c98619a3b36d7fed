//! The hexagon pad: a blend as a point between six genres.
//!
//! A drag sets the six weights to the shares of the point under the pointer
//! ([`geometry::shares`]), as one gesture of all six. The other way is not always there, since six
//! weights say more than a point: then the point is where they lie ([`geometry::point`]), and the
//! weights themselves are drawn around the middle.

pub mod geometry;
mod paint;
pub mod rim;
#[cfg(test)]
mod tests;

use super::control::{self, FINE};
use super::{names, theme};
use crate::params::BlendParams;
use egui::{Key, PointerButton, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, vec2};
use geometry::{Hexagon, RING, Shares};
use nice_plug::prelude::{FloatParam, Param, ParamSetter};

/// How far an arrow key moves the point, in radii.
const KEY_STEP: f32 = 0.04;

/// How far outside the hexagon the point can still be taken, in points.
const REACH: f32 = 14.0;

/// How near a click means a corner or the middle, in radii.
const SNAP: f32 = 0.3;

/// Room for the names of the genres beside, above and below a large pad, in points.
const NAMES: (f32, f32) = (34.0, 27.0);

/// Room around a small pad for its dots.
const SMALL_MARGIN: f32 = 5.0;

/// What a pad moves.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The six weights.
    pub blend: &'a BlendParams,
    /// Said first by screen readers.
    pub name: &'a str,
    /// A share that is raised to its top when the pad is used while it is zero: a part that
    /// followed the common blend gets its own.
    pub own: Option<&'a FloatParam>,
    /// What is shown while `own` is zero, and behind the own blend otherwise.
    pub shown: Shares,
}

/// What a pad shows besides its point.
#[derive(Clone, Copy, Default)]
pub struct Look {
    /// Without names, for a row.
    pub small: bool,
    /// Drawn as if it were far away.
    pub faint: bool,
    /// What is heard, if somebody listens.
    pub heard: Option<Shares>,
}

/// A point that is being moved.
#[derive(Clone, Copy)]
struct Grip {
    /// Where it is, in the hexagon of radius 1.
    at: Vec2,
    /// Whether the share of the own blend is moved too.
    raised: bool,
}

/// The shares of a blend's six genres.
pub fn shares_of(blend: &score::Blend) -> Shares {
    let weights = *blend.normalized().weights();
    std::array::from_fn(|index| weights[index])
}

/// Shows a pad of the given size.
pub fn show(
    ui: &mut Ui,
    setter: &ParamSetter,
    target: Target<'_>,
    look: Look,
    size: Vec2,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let hexagon = hexagon(rect, look.small);
    let (grip, released) = hold(ui, setter, target, &response, &hexagon);
    if grip.is_none() {
        click(setter, target, &response, &hexagon, released);
        keys(ui, setter, target, &response);
    }
    let point = grip.map_or_else(|| geometry::point(&target.shown), |grip| grip.at);
    // Beforehand: egui holds its lock while it asks.
    let label = format!("{}: {}", target.name, names::shares(ui.ctx(), &target.shown));
    response
        .widget_info(|| WidgetInfo { label: Some(label.clone()), ..WidgetInfo::new(Role::Slider) });
    paint::pad(ui, rect, &response, &hexagon, point, &target.shown, look);
    response
}

/// Where the hexagon lies in its rectangle.
pub fn hexagon(rect: Rect, small: bool) -> Hexagon {
    if small {
        return Hexagon::inside(rect, SMALL_MARGIN, SMALL_MARGIN);
    }
    // Names are larger on a large pad.
    let beside = NAMES.0.max(rect.width() * 0.1);
    Hexagon::inside(rect, beside, NAMES.1)
}

/// The point follows the pointer from press to release; says whether it was released just now.
fn hold(
    ui: &Ui,
    setter: &ParamSetter,
    target: Target<'_>,
    response: &Response,
    hexagon: &Hexagon,
) -> (Option<Grip>, bool) {
    let id = response.id.with("grip");
    let held: Option<Grip> = ui.data(|data| data.get_temp(id));
    let (pressed, fine, moved) = ui.input(|input| {
        let down = input.pointer.button_down(PointerButton::Primary);
        (down, input.modifiers.shift, input.pointer.delta())
    });
    let pointer = ui.input(|input| input.pointer.latest_pos());
    let down = pressed && response.is_pointer_button_down_on();
    match (held, down, pointer) {
        (None, true, Some(pointer)) if takes(hexagon, pointer) => {
            response.request_focus();
            let raised = begin(setter, target);
            let from = geometry::point(&target.shown);
            let at = if fine { from } else { geometry::clamped(hexagon.point(pointer)) };
            let grip = Grip { at, raised };
            if !fine {
                set(setter, target, &grip);
            }
            ui.data_mut(|data| data.insert_temp(id, grip));
            (Some(grip), false)
        }
        (Some(grip), true, Some(pointer)) => {
            let wish = if fine {
                grip.at + moved * (FINE / hexagon.radius.max(1.0))
            } else {
                hexagon.point(pointer)
            };
            let grip = Grip { at: geometry::clamped(wish), ..grip };
            if moved != Vec2::ZERO {
                set(setter, target, &grip);
                ui.data_mut(|data| data.insert_temp(id, grip));
            }
            (Some(grip), false)
        }
        (Some(grip), true, None) => (Some(grip), false),
        (Some(grip), false, _) => {
            end(setter, target, grip.raised);
            ui.data_mut(|data| data.remove::<Grip>(id));
            (None, true)
        }
        (None, ..) => (None, false),
    }
}

/// Whether a press at a place takes the point, and is not beside the pad.
fn takes(hexagon: &Hexagon, pointer: Pos2) -> bool {
    let nearest = hexagon.at(geometry::clamped(hexagon.point(pointer)));
    nearest.distance(pointer) <= REACH
}

/// A click too short to be held, double clicks and the other button.
fn click(
    setter: &ParamSetter,
    target: Target<'_>,
    response: &Response,
    hexagon: &Hexagon,
    released: bool,
) {
    let Some(pointer) = response.interact_pointer_pos() else { return };
    if response.double_clicked() || response.secondary_clicked() {
        if let Some(at) = snapped(hexagon, pointer) {
            set_point(setter, target, at);
        }
    } else if response.clicked_by(PointerButton::Primary) && !released && takes(hexagon, pointer) {
        response.request_focus();
        set_point(setter, target, geometry::clamped(hexagon.point(pointer)));
    }
}

/// The corner or the middle that a click means.
fn snapped(hexagon: &Hexagon, pointer: Pos2) -> Option<Vec2> {
    let point = hexagon.point(pointer);
    let places = (0..RING.len()).map(geometry::corner).chain([Vec2::ZERO]);
    // Names stand outside of their corners.
    places
        .filter(|place| (*place - point).length() < SNAP + 0.1 * place.length())
        .min_by(|a, b| (*a - point).length_sq().total_cmp(&(*b - point).length_sq()))
}

/// Arrow keys move the point.
fn keys(ui: &Ui, setter: &ParamSetter, target: Target<'_>, response: &Response) {
    if !response.has_focus() {
        return;
    }
    control::keep_arrows(ui, response);
    let step = ui.input(|input| {
        let pressed = |key| f32::from(u8::from(input.key_pressed(key)));
        let step = vec2(
            pressed(Key::ArrowRight) - pressed(Key::ArrowLeft),
            pressed(Key::ArrowDown) - pressed(Key::ArrowUp),
        );
        step * if input.modifiers.shift { KEY_STEP * FINE } else { KEY_STEP }
    });
    if step != Vec2::ZERO {
        let at = geometry::clamped(geometry::point(&target.shown) + step);
        set_point(setter, target, at);
    }
}

/// Sets all weights to those of a point, as one gesture.
fn set_point(setter: &ParamSetter, target: Target<'_>, at: Vec2) {
    let raised = begin(setter, target);
    set(setter, target, &Grip { at, raised });
    end(setter, target, raised);
}

/// Begins the gesture; says whether the share of the own blend is part of it.
fn begin(setter: &ParamSetter, target: Target<'_>) -> bool {
    let own = target.own.filter(|own| own.unmodulated_normalized_value() == 0.0);
    if let Some(own) = own {
        setter.begin_set_parameter(own);
        setter.set_parameter_normalized(own, 1.0);
    }
    target.blend.weights().into_iter().for_each(|param| setter.begin_set_parameter(param));
    own.is_some()
}

fn set(setter: &ParamSetter, target: Target<'_>, grip: &Grip) {
    for (param, share) in target.blend.weights().into_iter().zip(geometry::shares(grip.at)) {
        setter.set_parameter_normalized(param, share.clamp(0.0, 1.0));
    }
}

fn end(setter: &ParamSetter, target: Target<'_>, raised: bool) {
    target.blend.weights().into_iter().for_each(|param| setter.end_set_parameter(param));
    if let Some(own) = target.own.filter(|_| raised) {
        setter.end_set_parameter(own);
    }
}

/// Whether a pad of this id is being dragged.
#[cfg(test)]
fn is_held(context: &egui::Context, id: egui::Id) -> bool {
    context.data(|data| data.get_temp::<Grip>(id.with("grip")).is_some())
}
