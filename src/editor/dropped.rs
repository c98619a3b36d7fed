//! Files that are let go over the window: a model, a style, songs to learn one of, a preset or a
//! SoundFont, told apart by their endings.
//!
//! What a file is for is said while it hangs over the window; why one is refused, afterwards until
//! the next press of a button.

use super::theme;
use crate::params::TributaryParams;
use egui::{Align2, Id, LayerId, Order, Ui};
use model::style::FILE_ENDING;
use std::path::{Path, PathBuf};

/// What is over the window, and what was wrong with what was let go.
#[derive(Default)]
pub struct Dropped {
    over: Vec<PathBuf>,
    problem: Option<String>,
}

/// What files are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Model,
    Style,
    Songs,
    Preset,
    SoundFont,
}

impl Kind {
    /// What these are for: one file of any kind, or songs and folders of them, as many as there are.
    ///
    /// # Errors
    /// In words, with the name of the file that is for nothing.
    fn of(paths: &[PathBuf]) -> Result<Self, String> {
        let mut kinds = paths.iter().map(|path| {
            Self::of_one(path).ok_or_else(|| {
                format!(
                    "{}: expected MIDI files or a folder of them, a .{FILE_ENDING}, a .safetensors model, a .toml \
                     preset or a .sf2",
                    path.display()
                )
            })
        });
        let first = kinds.next().unwrap_or_else(|| Err("no file was let go here".to_owned()))?;
        for kind in kinds {
            if (first, kind?) != (Self::Songs, Self::Songs) {
                return Err("of several files at once only songs are taken".to_owned());
            }
        }
        Ok(first)
    }

    fn of_one(path: &Path) -> Option<Self> {
        let is = |ending: &str| {
            path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending.trim_matches('.')))
        };
        let of_endings: [(&[&str], Self); 5] = [
            (&["mid", "midi", "smf"], Self::Songs),
            (&[FILE_ENDING], Self::Style),
            (&["safetensors"], Self::Model),
            (&["toml"], Self::Preset),
            (&["sf2"], Self::SoundFont),
        ];
        let known = of_endings.into_iter().find(|(endings, _)| endings.iter().any(|one| is(one)));
        known.map(|(_, kind)| kind).or_else(|| path.is_dir().then_some(Self::Songs))
    }

    /// What happens when they are let go.
    fn promise(self) -> &'static str {
        match self {
            Self::Model => "Let go to compose with this model",
            Self::Style => "Let go to put this style behind a knob",
            Self::Songs => "Let go to learn a style of this music",
            Self::Preset => "Let go to add this preset to yours",
            Self::SoundFont => "Let go to play this SoundFont",
        }
    }
}

impl Dropped {
    /// Takes in which files are over the window, none when they have gone; whether they can be used.
    pub fn hover(&mut self, paths: &[PathBuf]) -> bool {
        if self.over != paths {
            self.over = paths.to_vec();
        }
        Kind::of(paths).is_ok()
    }

    /// Uses files that were let go; whether they can be used. A preset is `import`ed.
    pub fn take(
        &mut self,
        paths: &[PathBuf],
        params: &TributaryParams,
        import: impl FnOnce(&str),
    ) -> bool {
        self.over.clear();
        let used = Kind::of(paths).and_then(|kind| {
            let text = paths[0].display().to_string();
            let knob = || {
                params.styles.free().ok_or_else(|| {
                    "all four knobs have a style; remove one to make room".to_owned()
                })
            };
            match kind {
                Kind::Model => params.model.model().choose(&text),
                Kind::Style => params.styles.load(knob()?, &text),
                Kind::Songs => {
                    params.styles.dismiss();
                    params.styles.learn_paths(knob()?, paths.to_vec())
                }
                Kind::Preset => {
                    import(&text);
                    Ok(())
                }
                Kind::SoundFont => {
                    params.sound_font.request(paths.first().cloned());
                    Ok(())
                }
            }
        });
        let is_used = used.is_ok();
        self.problem = used.err();
        is_used
    }

    /// Why what was let go last could not be used.
    pub fn warning(&mut self, ui: &Ui) -> Option<String> {
        if ui.input(|input| input.pointer.any_pressed()) {
            self.problem = None;
        }
        self.problem.clone()
    }

    /// Says over everything else what becomes of the files that are over the window.
    pub fn show(&self, ui: &Ui) {
        if self.over.is_empty() {
            return;
        }
        let (text, color) = match Kind::of(&self.over) {
            Ok(kind) => (kind.promise().to_owned(), theme::TEXT),
            Err(problem) => (problem, theme::WARNING),
        };
        let rect = ui.ctx().content_rect();
        let painter =
            ui.ctx().layer_painter(LayerId::new(Order::Foreground, Id::unique("dropped")));
        painter.rect_filled(rect, 0.0, theme::PANEL.gamma_multiply(0.85));
        let text = painter.layout(text, theme::title_font(), color, rect.width() * 0.8);
        let place = Align2::CENTER_CENTER.anchor_size(rect.center(), text.size());
        painter.galley(place.min, text, color);
    }
}
