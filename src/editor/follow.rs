//! Whose chords the band follows: the choice, the typed progression, and the bus.

use super::control;
use super::theme;
use crate::params::{FollowChoice, TributaryParams};
use egui::{RichText, TextEdit, Ui};
use nice_plug::prelude::ParamSetter;

/// Shows it in a menu of a width.
pub fn show(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams, width: f32) {
    let follow = &params.follow;
    ui.label("Follow");
    control::segments(ui, setter, &follow.follow, width).on_hover_text(
        "Chords that you hold, that you type, or that another instance sends; or answer: the \
             lead listens to a phrase that you play, and answers it in the next",
    );
    if follow.follow.value() == FollowChoice::Typed {
        let mut text = params.typed.text();
        let hint = "Am7 | D7 | Gmaj7 | C";
        let edit = TextEdit::singleline(&mut text).desired_width(width).hint_text(hint);
        if ui.add(edit).on_hover_text("A chord a bar, over and over").changed() {
            // What cannot be read is said below.
            let _ = params.typed.type_in(&text);
        }
        if let Err(error) = score::Progression::parse(&text) {
            ui.label(RichText::new(error.to_string()).color(theme::WARNING));
        }
    }
    if follow.follow.value() == FollowChoice::Bus {
        control::bar(ui, setter, &follow.receive, "Bus to follow", theme::ACCENT, width);
    }
    let lesson = "the bus on which other instances hear the chords that this one follows";
    control::taught_bar(ui, setter, &follow.send, "Bus to send to", theme::ACCENT, (width, lesson));
    ui.label("Notes that come in");
    control::segments(ui, setter, &follow.input, width)
        .on_hover_text("Pass: they go out with the band's; eat: they end here");
}
