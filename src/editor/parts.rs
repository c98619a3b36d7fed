//! A row a part, and one for harmony.

mod activity;
mod own;

use super::pad::{self, Look, Target, geometry::Shares};
use super::roll::Roll;
use super::{control, group, share_of_row, sound, takes, theme};
use crate::engine::View;
use crate::params::{BlendParams, PartParams, TributaryParams};
use egui::{Align2, Color32, Rect, Sense, Ui, UiBuilder, vec2};
use nice_plug::prelude::{FloatParam, ParamSetter};
use score::{Part, PitchClass};

/// Width of the button or name at the start of a row.
const NAME_WIDTH: f32 = 92.0;

/// Lines of controls in a part's row, and in that of the harmony.
const N_LINES: (usize, usize) = (3, 2);

/// The most that a row's height grows by while there is room.
const GROWTH: f32 = 68.0;

/// The largest width of a small pad.
const PAD: f32 = 120.0;

/// What a row says and changes.
struct Row<'a> {
    own: &'a FloatParam,
    blend: &'a BlendParams,
    name: &'a str,
    /// The common blend.
    common: Shares,
    /// What the row follows: between the common blend and its own.
    followed: Shares,
}

/// Shows the rows, as high as fits `height`.
pub fn show(
    ui: &mut Ui,
    setter: &ParamSetter,
    params: &TributaryParams,
    view: Option<&View>,
    roll: &Roll,
    height: f32,
) {
    let padding = 2.0 * theme::MARGIN + theme::GAP;
    let parts = Part::ALL.len() as f32;
    let least = parts * least_height(N_LINES.0) + least_height(N_LINES.1) + (parts + 1.0) * padding;
    let growth = ((height - least) / (parts + 1.0)).clamp(0.0, GROWTH).floor();
    let controls = params.controls();
    let common = pad::shares_of(&controls.blend);
    for part in Part::ALL {
        let part_params = params.parts()[part.index()];
        let row = Row {
            own: &part_params.own,
            blend: &part_params.blend,
            name: capital(part),
            common,
            followed: pad::shares_of(&controls.part_blend(part)),
        };
        let on = part_params.on.value();
        let word = activity::word(&roll.history, roll.position(), part, on);
        group(ui, |ui| {
            row.show(
                ui,
                setter,
                growth,
                &mut [
                    &mut |ui| {
                        part_name(ui, setter, part_params, part, roll);
                        takes::part(ui, params, part, view);
                        part_controls(ui, setter, part_params, part);
                    },
                    &mut |ui| {
                        caption(ui, word, NAME_WIDTH);
                        sound::show_part(ui, setter, params, part);
                    },
                    &mut |ui| caption(ui, "blend", NAME_WIDTH),
                ],
            );
        });
    }
    let row = Row {
        own: &params.harmony.own,
        blend: &params.harmony.blend,
        name: "Harmony",
        common,
        followed: pad::shares_of(&controls.harmony()),
    };
    group(ui, |ui| {
        row.show(
            ui,
            setter,
            growth,
            &mut [
                &mut |ui| {
                    title(ui, "Harmony", theme::TEXT);
                    chords(ui, roll);
                },
                &mut |ui| {
                    let key = key_name(controls.key, controls.scale.name());
                    caption(ui, &key, NAME_WIDTH);
                },
            ],
        );
    });
}

/// The height of so many lines of controls without more between them than must be.
fn least_height(n_lines: usize) -> f32 {
    n_lines as f32 * (control::HEIGHT + theme::GAP) - theme::GAP
}

impl Row<'_> {
    /// The small pad at the right, and lines left of it; the last goes on with the own blend.
    fn show(
        &self,
        ui: &mut Ui,
        setter: &ParamSetter,
        growth: f32,
        lines: &mut [&mut dyn FnMut(&mut Ui)],
    ) {
        let n_lines = lines.len();
        let height = least_height(n_lines) + growth;
        let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let pad_width = height.min(PAD).min(area.width() / 7.5);
        let room = Rect::from_min_max(area.min, area.max - vec2(pad_width + theme::MARGIN, 0.0));
        let between = (growth / (n_lines - 1) as f32).min(theme::MARGIN).floor() + theme::GAP;
        let used = n_lines as f32 * (control::HEIGHT + between) - between;
        let top = room.top() + ((height - used) / 2.0).floor();
        for (index, show) in lines.iter_mut().enumerate() {
            let y = top + index as f32 * (control::HEIGHT + between);
            let line = Rect::from_x_y_ranges(room.x_range(), y..=y + control::HEIGHT);
            let layout = egui::Layout::left_to_right(egui::Align::Center);
            let salt = (self.name, index);
            ui.scope_builder(UiBuilder::new().max_rect(line).layout(layout).id_salt(salt), |ui| {
                show(ui);
                if index + 1 == n_lines {
                    own::show(ui, setter, self.name, self.own, self.blend);
                }
            });
        }
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let corner = area.max - vec2(pad_width, height);
        let place = Rect::from_min_size(corner, vec2(pad_width, height));
        let builder = UiBuilder::new().max_rect(place).layout(layout).id_salt((self.name, "pad"));
        ui.scope_builder(builder, |ui| {
            let follows = own::follows(self.own);
            let target = Target {
                blend: self.blend,
                name: self.name,
                own: Some(self.own),
                shown: if follows { self.common } else { pad::shares_of(&self.blend.blend()) },
            };
            let look = Look { small: true, faint: follows, heard: None };
            let size = vec2(pad_width, height);
            let hint = own::pad_hint(ui.ctx(), self.name, follows, &self.followed);
            pad::show(ui, setter, target, look, size).on_hover_text(hint);
        });
    }
}

/// A part's name as a title.
fn capital(part: Part) -> &'static str {
    ["Drums", "Bass", "Chords", "Lead"][part.index()]
}

/// The switch with a part's name, lit while it plays along, and a light that follows its notes.
fn part_name(ui: &mut Ui, setter: &ParamSetter, row: &PartParams, part: Part, roll: &Roll) {
    let color = theme::part(part);
    let response = control::toggle(ui, setter, &row.on, capital(part), color, NAME_WIDTH);
    if row.on.value() {
        let light = activity::light(&roll.history, roll.position(), part);
        let center = response.rect.left_center() + vec2(2.5 * theme::GRID, 0.0);
        let dark = theme::mix(color, theme::BACKGROUND, 0.45);
        ui.painter().circle_filled(center, 3.0, theme::mix(dark, Color32::WHITE, light));
    }
    response.on_hover_text("Whether this part is in the band; the others hear when it is not");
}

fn part_controls(ui: &mut Ui, setter: &ParamSetter, row: &PartParams, part: Part) {
    let width = share_of_row(ui, 2);
    let color = theme::part(part);
    let lessons = [
        (&row.density, "Density", "how many notes it plays, against what is usual"),
        (&row.register, "Register", "lower or higher than it would play by itself"),
    ];
    for (param, label, lesson) in lessons {
        control::taught_bar(ui, setter, param, label, color, (width, lesson));
    }
}

/// The chord at the playhead and those before and after it.
fn chords(ui: &mut Ui, roll: &Roll) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), control::HEIGHT), Sense::hover());
    let painter = ui.painter().with_clip_rect(rect);
    let (names, now) = activity::chords(&roll.history, roll.position());
    let mut left = rect.left_center() + vec2(theme::GRID, 0.0);
    // At least the chord before the present one is in sight.
    for (index, name) in names.iter().enumerate().skip(now.unwrap_or(0).saturating_sub(2)) {
        let (font, color) = match now {
            Some(now) if now == index => (theme::strong_font(), theme::TEXT),
            _ => (theme::control_font(), theme::FAINT_TEXT),
        };
        let text = painter.text(left, Align2::LEFT_CENTER, name, font, color);
        left.x = text.right() + 3.0 * theme::GRID;
    }
    response.on_hover_text("The chords: before, at and after the playhead");
}

fn title(ui: &mut Ui, text: &str, color: Color32) {
    let size = vec2(NAME_WIDTH, control::HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let left = rect.left_center() + vec2(theme::GRID, 0.0);
    ui.painter().text(left, Align2::LEFT_CENTER, text, theme::strong_font(), color);
}

fn caption(ui: &mut Ui, text: &str, width: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, control::HEIGHT), Sense::hover());
    let left = rect.left_center() + vec2(theme::GRID, 0.0);
    let (font, color) = (theme::small_font(), theme::FAINT_TEXT);
    ui.painter().with_clip_rect(rect).text(left, Align2::LEFT_CENTER, text, font, color);
}

fn key_name(key: PitchClass, scale: &str) -> String {
    format!("{} {scale}", key.name())
}
