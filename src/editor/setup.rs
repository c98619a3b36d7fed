//! A small menu for what is set once: timing, MIDI channels, outputs, chords to follow, the model, a SoundFont.

use super::model_file::{self, ModelFileState};
use super::sound::{self, FontState};
use super::{control, follow, theme};
use crate::params::{ChannelsChoice, TributaryParams};
use egui::{Button, ScrollArea, Ui, vec2};
use nice_plug::prelude::ParamSetter;

/// Width of the menu.
const WIDTH: f32 = 280.0;

/// Shows the button, and the menu below it while it is open.
pub fn menu(
    ui: &mut Ui,
    setter: &ParamSetter,
    params: &TributaryParams,
    width: f32,
    (model_file, font): (&mut ModelFileState, &mut FontState),
) {
    let button = Button::new("Setup").min_size(vec2(width, control::HEIGHT));
    let response = ui.add(button).on_hover_text(
        "Lookahead, MIDI channels, audio outputs, chords to follow, the model and a SoundFont",
    );
    control::focus_ring(ui, response.rect, &response);
    control::menu(&response, WIDTH).show(|ui| {
        ui.set_width(WIDTH);
        // Below the button there must be room for all of it.
        let height = ui.ctx().content_rect().height() - response.rect.bottom() - 24.0;
        ui.set_max_height(height);
        ScrollArea::vertical().max_height(height).show(ui, |ui| {
            entries(ui, setter, params, (model_file, font));
        });
    });
}

fn entries(
    ui: &mut Ui,
    setter: &ParamSetter,
    params: &TributaryParams,
    (model_file, font): (&mut ModelFileState, &mut FontState),
) {
    let engine = &params.engine;
    ui.label("Timing");
    let lesson = "how long before it sounds a beat is fixed; what you turn is heard then";
    control::taught_bar(ui, setter, &engine.lookahead, "Lookahead", theme::ACCENT, (WIDTH, lesson));
    ui.add_space(theme::GAP);
    ui.label("MIDI channels");
    control::segments(ui, setter, &engine.channels, WIDTH)
        .on_hover_text("Drums 10, bass 2, chords 3, lead 4; or one part on channel 1");
    ui.add_enabled_ui(engine.channels.value() == ChannelsChoice::Single, |ui| {
        control::segments(ui, setter, &engine.single_part, WIDTH)
            .on_hover_text("The part that is alone on channel 1");
    });
    ui.add_space(theme::GAP);
    ui.label("Audio outputs");
    control::segments(ui, setter, &engine.outputs, WIDTH).on_hover_text(
        "The band on the main output, each part on an output of its own, dry and without the limiter, \
         or both. Hosts may add up what is on all outputs",
    );
    ui.add_space(theme::GAP);
    follow::show(ui, setter, params, WIDTH);
    ui.add_space(theme::GAP);
    model_file::show(ui, params, model_file);
    ui.add_space(theme::GAP);
    sound::show_font(ui, params, font);
}
