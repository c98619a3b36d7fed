//! Whose chords the band follows: the choice, the typed progression, and the bus.

use super::control;
use super::theme;
use crate::follow::Progressions;
use crate::midi_file;
use crate::params::{FollowChoice, TributaryParams};
use egui::{Key, RichText, TextEdit, Ui};
use nice_plug::prelude::ParamSetter;
use std::path::Path;

/// Shows it in a menu of a width.
pub fn show(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams, width: f32) {
    let follow = &params.follow;
    ui.label("Follow");
    control::segments(ui, setter, &follow.follow, width).on_hover_text(
        "Chords that you hold, that you type, or that another instance sends; or answer: the \
             lead listens to a phrase that you play, and answers it in the next",
    );
    if follow.follow.value() == FollowChoice::Typed {
        typed(ui, &params.typed, width);
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

/// The progression: chords, or the path of a MIDI file, which Enter turns into its chords.
fn typed(ui: &mut Ui, progressions: &Progressions, width: f32) {
    let mut text = progressions.text();
    let hint = "Am7 | D7 | Gmaj7 | C";
    let edit = TextEdit::singleline(&mut text).desired_width(width).hint_text(hint);
    let edited = ui.add(edit).on_hover_text(
        "A chord a bar, over and over; or the full path of a MIDI file, and Enter, for its chords",
    );
    if edited.changed() {
        // What cannot be read is said below.
        let _ = progressions.type_in(&text);
    }
    let problem = if !is_path(&text) {
        score::Progression::parse(&text).err().map(|error| error.to_string())
    } else if edited.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        let read = midi_file::chords(&text)
            .and_then(|chords| progressions.type_in(&chords).map_err(|error| error.to_string()));
        ui.data_mut(|data| data.insert_temp(edited.id, (text, read.clone().err())));
        read.err()
    } else {
        // What came of the same path before.
        let known = ui.data(|data| data.get_temp::<(String, Option<String>)>(edited.id));
        known.filter(|(path, _)| *path == text).and_then(|(_, problem)| problem)
    };
    if let Some(problem) = problem {
        ui.label(RichText::new(problem).color(theme::WARNING));
    }
}

fn is_path(text: &str) -> bool {
    midi_file::is_named(Path::new(text.trim().trim_matches(['"', '\''])))
}

#[cfg(test)]
mod tests;
