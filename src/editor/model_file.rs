//! Which model composes: its name and genres, a file of weights by its path, and the way back to
//! the model that is built in.

use super::theme;
use crate::model_file::{Model, Outcome};
use crate::params::TributaryParams;
use egui::{Button, Key, RichText, TextEdit, Ui};

/// Width of the path, in points.
const PATH_WIDTH: f32 = 240.0;

/// The path as it is typed.
#[derive(Default)]
pub struct ModelFileState {
    text: String,
    /// The choice that the text was taken from last.
    shown: Option<String>,
    /// Why the text is no path.
    problem: Option<String>,
}

/// Shows what composes, in a row.
pub fn show(ui: &mut Ui, params: &TributaryParams, state: &mut ModelFileState) {
    let model = params.model.model();
    let chosen = model.path();
    if state.shown != chosen {
        // A project was loaded, or another window has chosen.
        state.text = chosen.clone().unwrap_or_default();
        state.shown.clone_from(&chosen);
        state.problem = None;
    }
    ui.label("Model").on_hover_text(genre_list(model));
    ui.label(RichText::new(model.name()).strong()).on_hover_text(genre_list(model));
    let hint = "full path of a .safetensors file";
    let edit = TextEdit::singleline(&mut state.text).desired_width(PATH_WIDTH).hint_text(hint);
    let edited = ui.add(edit);
    let entered = edited.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.horizontal(|ui| {
        let load = ui
            .add_enabled(!state.text.trim().is_empty(), Button::new("Load"))
            .on_hover_text("Compose with this model; also reads a file again that has changed");
        if entered || load.clicked() {
            state.problem = model.choose(&state.text).err();
            if state.problem.is_none() {
                state.shown = model.path();
            }
        }
        let back = ui
            .add_enabled(chosen.is_some(), Button::new("Built-in"))
            .on_hover_text("Compose with the model that comes with the plugin");
        if back.clicked() {
            model.choose_built_in();
        }
    });
    if let Some((text, is_warning)) = notice(&model.outcome(), state.problem.as_deref(), chosen) {
        let color = if is_warning { theme::WARNING } else { theme::FAINT_TEXT };
        ui.label(RichText::new(text).color(color));
    }
}

/// What is wrong with the chosen model, if anything.
pub fn warning(params: &TributaryParams) -> Option<String> {
    let model = params.model.model();
    let (text, is_warning) = notice(&model.outcome(), None, model.path())?;
    is_warning.then_some(text)
}

fn genre_list(model: &Model) -> String {
    format!("Its genres: {}", model.genres().as_slice().join(", "))
}

/// What there is to say, and whether it is a warning.
fn notice(
    outcome: &Outcome,
    problem: Option<&str>,
    chosen: Option<String>,
) -> Option<(String, bool)> {
    match (problem, outcome) {
        (Some(problem), _) => Some((problem.to_owned(), true)),
        (None, Outcome::Refused(reason)) => {
            Some((format!("the built-in model plays: {reason}"), true))
        }
        (None, Outcome::Changed) => {
            let text = "the file has changed since the project chose it; Load accepts that";
            Some((text.to_owned(), true))
        }
        (None, Outcome::Waiting) if chosen.is_some() => Some(("not read yet".to_owned(), false)),
        (None, Outcome::Waiting | Outcome::Plays) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let path = || Some("/m/a.safetensors".to_owned());
        let refused = Outcome::Refused("/m/a.safetensors: cannot be read: gone".into());
        let (text, is_warning) = notice(&refused, None, path()).unwrap();
        assert_eq!(text, "the built-in model plays: /m/a.safetensors: cannot be read: gone");
        assert!(is_warning);
        let typed = notice(&Outcome::Plays, Some("expected the full path"), None).unwrap();
        assert_eq!(typed, ("expected the full path".to_owned(), true));
        assert!(notice(&Outcome::Changed, None, path()).unwrap().1);
        assert!(!notice(&Outcome::Waiting, None, path()).unwrap().1);
        assert_eq!(notice(&Outcome::Waiting, None, None), None);
        assert_eq!(notice(&Outcome::Plays, None, path()), None);
    }
}
