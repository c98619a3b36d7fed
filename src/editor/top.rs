//! The top: what is played, in which manner, and when.

use super::model_file::ModelFileState;
use super::presets::{self, Presets};
use super::sound::FontState;
use super::{control, setup, share_of_row, takes, theme};
use crate::engine::View;
use crate::params::TributaryParams;
use egui::{Align2, Sense, Ui, pos2, vec2};
use nice_plug::prelude::ParamSetter;

/// Widths of what stands at the right of the first line.
const RUN: f32 = 48.0;
const SOUND: f32 = 60.0;
const SETUP: f32 = 64.0;
const METERS: (f32, f32) = (104.0, 140.0);
/// What the tempo needs more than the gain.
const TEMPO: f32 = 32.0;

/// The most that the track's name gets, in narrow windows and in wide ones.
const TRACK: (f32, f32) = (80.0, 240.0);

/// A window at least this wide has all of the music in one line.
pub const WIDE: f32 = 1_240.0;

/// What the presets need to share the first line.
const PRESETS: f32 = 640.0;

/// Shows the lines.
pub fn show(
    ui: &mut Ui,
    setter: &ParamSetter,
    params: &TributaryParams,
    (view, track): (Option<&View>, &str),
    (presets, model_file, font): (&mut Presets, &mut ModelFileState, &mut FontState),
) {
    let mut is_shared = false;
    ui.horizontal(|ui| {
        wordmark(ui, track);
        let meter = if ui.available_width() > 900.0 { METERS.1 } else { METERS.0 };
        let gaps = 4.0 * theme::GAP;
        let right = RUN + SOUND + SETUP + 2.0 * meter + TEMPO + gaps;
        let room = (ui.available_width() - right - theme::GAP).max(0.0);
        ui.allocate_ui(vec2(room, control::HEIGHT), |ui| {
            ui.set_min_size(vec2(room, control::HEIGHT));
            is_shared = room >= PRESETS;
            if is_shared {
                presets::show(ui, setter, params, presets);
            }
        });
        engine(ui, setter, params, meter, (model_file, font));
    });
    if !is_shared {
        presets::show(ui, setter, params, presets);
    }
    if ui.available_width() >= WIDE {
        ui.horizontal(|ui| {
            music(ui, setter, params, view);
            manner(ui, setter, params);
        });
    } else {
        ui.horizontal(|ui| music(ui, setter, params, view));
        ui.horizontal(|ui| manner(ui, setter, params));
    }
}

/// The name, with a hexagon, and the name of the track.
fn wordmark(ui: &mut Ui, track: &str) {
    let text = ui.painter().layout_no_wrap("Tributary".into(), theme::title_font(), theme::TEXT);
    let room = if ui.available_width() > 900.0 { TRACK.1 } else { TRACK.0 };
    let track = ui.painter().layout_no_wrap(track.into(), theme::control_font(), theme::FAINT_TEXT);
    let width = text.size().x + 40.0 + track.size().x.min(room);
    let (rect, response) = ui.allocate_exact_size(vec2(width, control::HEIGHT), Sense::hover());
    let hexagon = super::pad::geometry::Hexagon {
        center: rect.left_center() + vec2(12.0, 0.0),
        radius: 10.0,
    };
    for (index, genre) in super::pad::geometry::RING.into_iter().enumerate() {
        let corners = vec![hexagon.center, hexagon.corner(index), hexagon.corner((index + 1) % 6)];
        let color = theme::genre(genre);
        ui.painter().add(egui::Shape::convex_polygon(corners, color, egui::Stroke::NONE));
    }
    let left = rect.left_center() + vec2(28.0, -text.size().y / 2.0);
    let end = left.x + text.size().x + 3.0 * theme::GRID;
    ui.painter().galley(left, text, theme::TEXT);
    let place = pos2(end, rect.center().y - track.size().y / 2.0);
    let name = track.text().to_owned();
    ui.painter().with_clip_rect(rect).galley(place, track, theme::FAINT_TEXT);
    if !name.is_empty() {
        response.on_hover_text(format!("On the track {name}"));
    }
}

fn engine(
    ui: &mut Ui,
    setter: &ParamSetter,
    params: &TributaryParams,
    meter: f32,
    menus: (&mut ModelFileState, &mut FontState),
) {
    let engine = &params.engine;
    control::toggle(ui, setter, &engine.run, "Run", theme::ACCENT, RUN)
        .on_hover_text("Play on the plugin's own clock while the host stands still");
    let lesson = "of the plugin's own clock, in beats a minute; a host's tempo goes first";
    let width = meter + TEMPO;
    control::taught_bar(ui, setter, &engine.tempo, "Tempo", theme::ACCENT, (width, lesson));
    control::toggle(ui, setter, &engine.sound, "Sound", theme::ACCENT, SOUND)
        .on_hover_text("The built-in sound; off leaves the MIDI alone");
    control::bar(ui, setter, &engine.gain, "Gain", theme::ACCENT, meter);
    setup::menu(ui, setter, params, SETUP, menus);
}

/// What is played: key, seed and form.
fn music(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams, view: Option<&View>) {
    let music = &params.music;
    caption(ui, "Key");
    control::choice(ui, setter, &music.key, 52.0);
    control::choice(ui, setter, &music.scale, 132.0);
    ui.add_space(theme::GAP);
    caption(ui, "Seed");
    control::number(ui, setter, &music.seed, "New");
    ui.add_space(theme::GAP);
    caption(ui, "Phrase");
    control::choice(ui, setter, &music.phrase, 72.0)
        .on_hover_text("Length of the phrases that come again; off goes on and on");
    takes::phrase(ui, view);
    control::toggle(ui, setter, &music.hold, "Hold", theme::ACCENT, 48.0)
        .on_hover_text("Play on what exists, whatever is turned");
    control::toggle(ui, setter, &music.ending, "End", theme::ACCENT, 44.0)
        .on_hover_text("Close the music in four bars, then rest until this is off");
    ui.add_space(theme::GAP);
}

/// In which manner.
fn manner(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams) {
    let music = &params.music;
    let width = share_of_row(ui, 4);
    let lessons = [
        (&music.evolve, "Evolve", "share of a loop or phrase that each pass makes anew"),
        (&music.adventure, "Adventure", "from what is most likely to what is rarely dared"),
        (&music.swing, "Swing", "how late off-beats come"),
        (&music.humanize, "Humanize", "how much of a player's timing and touch is kept"),
    ];
    for (param, label, lesson) in lessons {
        control::taught_bar(ui, setter, param, label, theme::ACCENT, (width, lesson));
    }
}

fn caption(ui: &mut Ui, text: &str) {
    let galley =
        ui.painter().layout_no_wrap(text.to_owned(), theme::small_font(), theme::FAINT_TEXT);
    let size = vec2(galley.size().x + theme::GAP, control::HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let place = Align2::LEFT_CENTER.anchor_size(rect.left_center(), galley.size()).min;
    ui.painter().galley(place, galley, theme::FAINT_TEXT);
}
