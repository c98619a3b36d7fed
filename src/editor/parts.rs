//! A row a part, and one for harmony.

mod activity;
mod own;

use super::pad::{self, Look, Target, geometry::Shares};
use super::roll::Roll;
use super::{control, group, share_of_row, theme};
use crate::engine::View;
use crate::params::{BlendParams, PartParams, TributaryParams};
use composer::Command;
use egui::{Align2, Color32, Rect, Sense, Ui, UiBuilder, vec2};
use nice_plug::prelude::{FloatParam, ParamSetter};
use score::{Part, PitchClass};

/// Width of the button or name at the start of a row.
const NAME_WIDTH: f32 = 92.0;

/// The least and the largest height of a row's content, two lines of controls and more.
const ROW: (f32, f32) = (2.0 * control::HEIGHT + theme::GAP, 148.0);

/// Number of rows.
const N_ROWS: f32 = 5.0;

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
    let row_height = (height / N_ROWS - padding).clamp(ROW.0, ROW.1).floor();
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
        group(ui, |ui| {
            row.show(
                ui,
                setter,
                row_height,
                |ui| {
                    part_name(ui, setter, part_params, part, roll);
                    part_controls(ui, setter, part_params, part);
                },
                |ui| {
                    let on = part_params.on.value();
                    let word = activity::word(&roll.history, roll.position(), part, on);
                    caption(ui, word, NAME_WIDTH);
                    regenerate(ui, part, view);
                },
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
            row_height,
            |ui| {
                title(ui, "Harmony", theme::TEXT);
                chords(ui, roll);
            },
            |ui| {
                let key = key_name(controls.key, controls.scale.name());
                caption(ui, &key, NAME_WIDTH);
            },
        );
    });
}

impl Row<'_> {
    /// The small pad at the right, and two lines left of it.
    fn show(
        &self,
        ui: &mut Ui,
        setter: &ParamSetter,
        height: f32,
        first: impl FnOnce(&mut Ui),
        second: impl FnOnce(&mut Ui),
    ) {
        let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let pad_width = height.min(ROW.1);
        let lines = Rect::from_min_max(area.min, area.max - vec2(pad_width + theme::MARGIN, 0.0));
        let gap = (height - 2.0 * control::HEIGHT).min(2.0 * theme::MARGIN);
        let top = lines.top() + (height - 2.0 * control::HEIGHT - gap) / 2.0;
        let line = |index: f32| {
            let y = top + index * (control::HEIGHT + gap);
            Rect::from_x_y_ranges(lines.x_range(), y..=y + control::HEIGHT)
        };
        let builder = |rect: Rect, name: &str| {
            let layout = egui::Layout::left_to_right(egui::Align::Center);
            UiBuilder::new().max_rect(rect).layout(layout).id_salt((self.name, name))
        };
        ui.scope_builder(builder(line(0.0), "first"), first);
        ui.scope_builder(builder(line(1.0), "second"), |ui| {
            second(ui);
            own::show(ui, setter, self.name, self.own, self.blend);
        });
        let corner = area.max - vec2(pad_width, height);
        let place = Rect::from_min_size(corner, vec2(pad_width, height));
        ui.scope_builder(builder(place, "pad"), |ui| {
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
    sound_slot(ui, setter, row, part);
    let width = share_of_row(ui, 3);
    let color = theme::part(part);
    let lessons = [
        (&row.density, "Density", "how many notes it plays, against what is usual"),
        (&row.register, "Register", "lower or higher than it would play by itself"),
        (&row.level, "Level", "loudness in the built-in sound; the MIDI stays as it is"),
    ];
    for (param, label, lesson) in lessons {
        control::taught_bar(ui, setter, param, label, color, (width, lesson));
    }
}

/// The place of a part's sound (mute, solo, pan, patch); the bars share what it leaves.
fn sound_slot(_ui: &mut Ui, _setter: &ParamSetter, _row: &PartParams, _part: Part) {}

/// A button that has a part composed anew wherever it would repeat.
fn regenerate(ui: &mut Ui, part: Part, view: Option<&View>) {
    let hint = "Another take: compose this part anew where a loop, phrase or hold would repeat it";
    let clicked = ui.add_enabled(view.is_some(), egui::Button::new("Anew")).on_hover_text(hint);
    if clicked.clicked()
        && let Some(view) = view
    {
        // A worker that is behind has enough to do; the next click will reach it.
        let _ = view.commands.send(Command::Regenerate(part));
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
