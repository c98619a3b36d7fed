//! The user's own styles: what is behind the style knobs, their weights, and how they are learnt,
//! loaded, saved and taken away.

use super::keep::folder;
use super::{control, share_of_row, theme};
use crate::engine::View;
use crate::params::{StyleParams, TributaryParams};
use crate::styles::{self, StyleKnobs};
use composer::{CAPTURE_BARS, Learning};
use egui::{
    Align, Button, Key, Label, Layout, ProgressBar, RichText, ScrollArea, TextEdit, Ui, vec2,
};
use model::Style;
use model::style::{FILE_ENDING, MIN_NOTES};
use nice_plug::prelude::{FloatParam, Param, ParamSetter};
use score::N_STYLES;

/// Width of the menu.
const WIDTH: f32 = 400.0;

/// Bars that were heard, of which a style can be learnt.
const HEARD: [usize; 2] = [16, 64];

const LESSON: &str = "Teach the band the music of an artist: yours, or a friend's.\nA style is \
    learnt on this computer in a few minutes and becomes a knob besides the genres.";

/// What is typed, and what came of it.
#[derive(Default)]
pub struct StylesState {
    /// Paths of MIDI files, a folder or a style.
    typed: String,
    /// Names as they are typed, with the name that each was made from.
    names: [(String, String); N_STYLES],
    /// What was said last, and whether it is a warning.
    said: Option<(String, bool)>,
}

/// Weights of the styles that there are in the common blend, and the button of the menu.
pub fn show(
    ui: &mut Ui,
    setter: &ParamSetter,
    params: &TributaryParams,
    view: Option<&View>,
    state: &mut StylesState,
) {
    let knobs: Vec<usize> =
        (0..N_STYLES).filter(|knob| params.styles.get(*knob).is_some()).collect();
    for row in knobs.chunks(2) {
        ui.horizontal(|ui| {
            let width = share_of_row(ui, row.len());
            for knob in row {
                let lesson = "the weight of your style against the genres";
                let name = params.styles.name(*knob);
                let param = params.common.styles.weights()[*knob];
                control::taught_bar(ui, setter, param, &name, theme::style(*knob), (width, lesson));
            }
        });
    }
    let learning = params.styles.learning();
    let text = match &learning {
        Learning::Running { share, .. } => format!("Learning a style: {:.0} %", share * 100.0),
        Learning::Reading => "Learning a style …".to_owned(),
        _ if knobs.is_empty() => "Teach a style …".to_owned(),
        _ => "Styles …".to_owned(),
    };
    let width = ui.available_width();
    let response =
        ui.add(Button::new(text).min_size(vec2(width, control::HEIGHT))).on_hover_text(LESSON);
    control::focus_ring(ui, response.rect, &response);
    control::menu(&response, WIDTH).show(|ui| {
        ui.set_width(WIDTH);
        let height = (ui.ctx().content_rect().height() - 48.0).max(120.0);
        ScrollArea::vertical().max_height(height).show(ui, |ui| {
            for knob in knobs {
                one(ui, setter, params, knob, state);
                ui.separator();
            }
            problems(ui, &params.styles);
            add(ui, &params.styles, view, state, &learning);
            said(ui, &learning, state);
        });
    });
}

/// Why a style is not played, if that is so.
pub fn warning(params: &TributaryParams) -> Option<String> {
    let knobs = 0..N_STYLES;
    knobs.into_iter().find_map(|knob| {
        let reason = params.styles.problem(knob)?;
        Some(format!("{} is not played: {reason}", params.styles.name(knob)))
    })
}

/// The names of the styles that there are.
pub fn names(knobs: &StyleKnobs) -> [Option<String>; N_STYLES] {
    core::array::from_fn(|knob| knobs.get(knob).map(|_| knobs.name(knob)))
}

/// One style: name, what is known about it, and its weights.
fn one(
    ui: &mut Ui,
    setter: &ParamSetter,
    params: &TributaryParams,
    knob: usize,
    state: &mut StylesState,
) {
    let Some(style) = params.styles.get(knob) else { return };
    let known = params.styles.name(knob);
    let (typed, made_from) = &mut state.names[knob];
    if *made_from != known {
        typed.clone_from(&known);
        made_from.clone_from(&known);
    }
    ui.horizontal(|ui| {
        let edit = TextEdit::singleline(typed).desired_width(WIDTH - 150.0);
        if ui.add(edit).on_hover_text("Its name").lost_focus() && *typed != known {
            params.styles.rename(knob, typed);
        }
        if ui.button("Save").on_hover_text("As a small file to keep or to send").clicked() {
            state.said = Some(match save(&style) {
                Ok(text) => (text, false),
                Err(reason) => (reason, true),
            });
        }
        if ui.button("Remove").on_hover_text("Take it off its knob; save it before").clicked() {
            params.styles.remove(knob);
        }
    });
    let about = RichText::new(about(&style)).color(theme::FAINT_TEXT);
    paragraph(ui, about);
    let [drums, bass, chords, lead] = params.parts();
    let rows: [[(&str, &StyleParams, Option<&FloatParam>); 3]; 2] = [
        [
            ("All", &params.common.styles, None),
            ("Harmony", &params.harmony.styles, Some(&params.harmony.own)),
            ("Drums", &drums.styles, Some(&drums.own)),
        ],
        [
            ("Bass", &bass.styles, Some(&bass.own)),
            ("Chords", &chords.styles, Some(&chords.own)),
            ("Lead", &lead.styles, Some(&lead.own)),
        ],
    ];
    for row in rows {
        ui.horizontal(|ui| {
            let width = share_of_row(ui, row.len());
            for (label, styles, own) in row {
                let param = styles.weights()[knob];
                let before = param.unmodulated_normalized_value();
                let lesson = match own {
                    None => "its weight in the common blend",
                    Some(_) => "its weight in the part's own blend, which this turns on",
                };
                control::taught_bar(ui, setter, param, label, theme::style(knob), (width, lesson));
                let is_raised = param.unmodulated_normalized_value() > before;
                if let Some(own) = own
                    && is_raised
                    && own.unmodulated_normalized_value() == 0.0
                {
                    control::set_once(setter, own, 1.0);
                }
            }
        });
    }
}

/// What is known about a style, in a line.
fn about(style: &Style) -> String {
    let about = style.about();
    let mut words = vec![format!("{} notes", about.n_notes)];
    if let Some([genres, own]) = about.bits {
        let less = 100.0 * (1.0 - own / genres);
        words.push(format!("tells {less:.0} % more about bars it has not seen than genres do"));
    }
    words.extend(
        [&about.author, &about.licence].into_iter().filter(|text| !text.is_empty()).cloned(),
    );
    words.join(" · ")
}

fn save(style: &Style) -> Result<String, String> {
    let folder = folder::music().ok_or("no home folder is known to save it in")?;
    styles::save(&folder.join("Styles"), style).map(|path| path.display().to_string())
}

fn problems(ui: &mut Ui, knobs: &StyleKnobs) {
    for knob in 0..N_STYLES {
        if let Some(reason) = knobs.problem(knob) {
            let text = format!("{} is not played: {reason}", knobs.name(knob));
            paragraph(ui, RichText::new(text).color(theme::WARNING));
        }
    }
}

/// A new style: of files, of what was heard, or one that was learnt before; and how it comes along.
fn add(
    ui: &mut Ui,
    knobs: &StyleKnobs,
    view: Option<&View>,
    state: &mut StylesState,
    learning: &Learning,
) {
    ui.label("New style").on_hover_text(LESSON);
    if learning.is_busy() {
        progress(ui, knobs, learning);
        return;
    }
    let Some(knob) = knobs.free() else {
        ui.label("All four knobs have a style; remove one to teach another.");
        return;
    };
    let hint = "full path: MIDI files (; between), a folder, or a style";
    let edit = TextEdit::singleline(&mut state.typed).desired_width(WIDTH - 12.0).hint_text(hint);
    let edited = ui.add(edit);
    let entered = edited.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let is_style = state.typed.trim().trim_matches(['"', '\'']).ends_with(FILE_ENDING);
    let mut result = None;
    ui.horizontal(|ui| {
        let label = if is_style { "Load" } else { "Learn" };
        let can = !state.typed.trim().is_empty();
        let clicked = ui
            .add_enabled(can, Button::new(label))
            .on_hover_text("Several songs teach more than one: about two hundred bars are plenty")
            .clicked();
        if can && (clicked || entered) {
            knobs.dismiss();
            result = Some(match is_style {
                true => knobs.load(knob, &state.typed),
                false => knobs.learn_files(knob, &state.typed),
            });
        }
        for n_bars in HEARD {
            let capture = view.map(|view| &view.capture);
            let capture = capture.filter(|capture| capture.n_bars() >= n_bars);
            let heard = ui
                .add_enabled(capture.is_some(), Button::new(format!("Last {n_bars} bars")))
                .on_hover_text("Learn from what has just been heard");
            if let Some(capture) = capture.filter(|_| heard.clicked()) {
                let name = format!("Last {n_bars} bars");
                knobs.dismiss();
                result = Some(knobs.learn_piece(knob, capture.piece(n_bars), name));
            }
        }
        if let Some(capture) = view.map(|view| &view.capture) {
            let n_notes = capture.n_played();
            let played = ui
                .add_enabled(n_notes >= MIN_NOTES, Button::new("What I played"))
                .on_hover_text("Learn from the notes that came in during the last 64 bars")
                .on_disabled_hover_text(format!(
                    "Play into the band first: {n_notes} notes came in during the last 64 bars, a style \
                     needs {MIN_NOTES}"
                ));
            if played.clicked() {
                knobs.dismiss();
                let piece = capture.played(CAPTURE_BARS);
                result = Some(knobs.learn_piece(knob, piece, "What I played".to_owned()));
            }
        }
    });
    match result {
        Some(Ok(())) => {
            state.said = None;
            state.typed.clear();
        }
        Some(Err(reason)) => state.said = Some((reason, true)),
        None => {}
    }
}

/// How far it is, in the place of what a new style is made of.
fn progress(ui: &mut Ui, knobs: &StyleKnobs, learning: &Learning) {
    let (share, text, hint) = match learning {
        Learning::Running { share, bits, left } => {
            let percent = format!("{:.0} %", share * 100.0);
            let text = left.map_or(percent.clone(), |left| {
                let secs = left.as_secs();
                format!("{percent}, {}:{:02} left", secs / 60, secs % 60)
            });
            let hint = "bits a note: the fewer, the better the songs are understood";
            (*share, text, format!("{bits:.2} {hint}"))
        }
        _ => (0.0, "reading".to_owned(), String::new()),
    };
    ui.add(ProgressBar::new(share).desired_width(WIDTH - 12.0).text(text)).on_hover_text(hint);
    if ui.button("Cancel").on_hover_text("Give it up; nothing else changes").clicked() {
        knobs.cancel();
    }
}

/// What came of the last style, in a line that is always there, since a menu does not grow.
fn said(ui: &mut Ui, learning: &Learning, state: &StylesState) {
    let (text, color) = match (learning, &state.said) {
        (Learning::Failed(reason), _) => (reason.as_str(), theme::WARNING),
        (_, Some((text, true))) => (text.as_str(), theme::WARNING),
        (_, Some((text, false))) => (text.as_str(), theme::FAINT_TEXT),
        (Learning::Done, None) => ("Learnt: turn it up.", theme::FAINT_TEXT),
        (_, None) => (" ", theme::FAINT_TEXT),
    };
    paragraph(ui, RichText::new(text).color(color));
}

/// Lines of their own, ragged: a menu justifies what is laid out in it.
fn paragraph(ui: &mut Ui, text: RichText) {
    ui.with_layout(Layout::top_down(Align::LEFT), |ui| ui.add(Label::new(text).wrap()));
}

#[cfg(test)]
mod tests;
