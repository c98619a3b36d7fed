//! Controls of the built-in sound: mute, solo, patch, place and level of a part, and the SoundFont.

use super::{control, share_of_row, theme};
use crate::params::TributaryParams;
use crate::sound_font::{FontStatus, suggestion};
use egui::{Button, Key, RichText, TextEdit, Ui};
use nice_plug::prelude::ParamSetter;
use score::Part;
use std::path::PathBuf;

/// Widths of a list of patches, in wide rows and in narrow ones.
const PATCH: (f32, f32) = (132.0, 104.0);
/// Rows from this width on have room for the wide list.
const WIDE: f32 = 380.0;
/// Width of a button with one letter.
const LETTER: f32 = 24.0;
/// Width of the path, in points.
const PATH: f32 = 240.0;

/// Shows a part's mute, solo, patch, place and level in what is left of a row.
pub fn show_part(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams, part: Part) {
    let row = params.parts()[part.index()];
    control::toggle(ui, setter, &row.mute, "M", theme::WARNING, LETTER)
        .on_hover_text("The part is silent, its MIDI too; the others play on as if they heard it");
    control::toggle(ui, setter, &row.solo, "S", theme::ACCENT, LETTER)
        .on_hover_text("Only parts with this are heard; what they play stays the same");
    let width = if ui.available_width() >= WIDE { PATCH.0 } else { PATCH.1 };
    let patches = &params.patches;
    // What the blend has chosen.
    let auto = synth::Patch::of(part)[params.patch(part)].name;
    match part {
        Part::Drums => control::auto_choice(ui, setter, &patches.drums, width, auto),
        Part::Bass => control::auto_choice(ui, setter, &patches.bass, width, auto),
        Part::Chords => control::auto_choice(ui, setter, &patches.chords, width, auto),
        Part::Lead => control::auto_choice(ui, setter, &patches.lead, width, auto),
    };
    let width = share_of_row(ui, 2);
    let color = theme::part(part);
    let lesson = "its place between left and right, in the built-in sound";
    control::taught_bar(ui, setter, &row.pan, "Pan", color, (width, lesson));
    let lesson = "its loudness in the built-in sound; the MIDI stays as it is";
    control::taught_bar(ui, setter, &row.level, "Level", color, (width, lesson));
}

/// The path of a SoundFont as it is typed.
#[derive(Default)]
pub struct FontState {
    typed: String,
    /// The path that `typed` was made from.
    shown: Option<PathBuf>,
}

/// Shows which SoundFont plays, in a menu.
pub fn show_font(ui: &mut Ui, params: &TributaryParams, state: &mut FontState) {
    let fonts = &params.sound_font;
    let path = fonts.path();
    if path != state.shown {
        state.typed = path.as_ref().map_or_else(String::new, |path| path.display().to_string());
        state.shown.clone_from(&path);
    }
    ui.label("SoundFont").on_hover_text(
        "A General MIDI set plays in place of the built-in patches; each patch names its program",
    );
    let edit = TextEdit::singleline(&mut state.typed)
        .desired_width(PATH)
        .hint_text("full path of a .sf2 file");
    let edited = ui.add(edit);
    let entered = edited.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.horizontal(|ui| {
        let typed = state.typed.trim();
        let load = ui.add_enabled(!typed.is_empty(), Button::new("Load")).clicked();
        if load || (entered && !typed.is_empty()) {
            fonts.request(Some(PathBuf::from(typed)));
        }
        if let Some(usual) = suggestion()
            && path.as_ref() != Some(&usual)
            && ui.button("System set").on_hover_text(usual.display().to_string()).clicked()
        {
            fonts.request(Some(usual));
        }
        let back = ui
            .add_enabled(path.is_some(), Button::new("Built-in"))
            .on_hover_text("Play the patches that come with the plugin");
        if back.clicked() {
            fonts.request(None);
        }
    });
    let (text, color) = match fonts.status() {
        FontStatus::None => ("the built-in patches play".to_owned(), theme::FAINT_TEXT),
        FontStatus::Loading => {
            ("loading; the patches play meanwhile".to_owned(), theme::FAINT_TEXT)
        }
        FontStatus::Playing => ("plays".to_owned(), theme::FAINT_TEXT),
        FontStatus::Failed(reason) => (format!("the patches play: {reason}"), theme::WARNING),
    };
    ui.label(RichText::new(text).color(color));
}

/// Why the chosen SoundFont does not play, if it does not.
pub fn warning(params: &TributaryParams) -> Option<String> {
    match params.sound_font.status() {
        FontStatus::Failed(reason) => Some(format!("the built-in patches play: {reason}")),
        _ => None,
    }
}
