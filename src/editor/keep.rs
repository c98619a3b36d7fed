//! Keeping what was good: the last bars as a MIDI file in the user's music folder, or dragged from
//! there into the host.

pub(super) mod folder;

use super::drag_out::{self, DragOut, Outcome};
use super::roll::Stretch;
use super::theme;
use crate::engine::View;
use egui::{OpenUrl, RichText, Sense, Ui};
use score::smf;
use std::path::{Path, PathBuf};

/// Lengths that can be kept, in bars.
const LENGTHS: [usize; 4] = [4, 8, 16, 64];

/// Width of a button for each, in points.
pub(super) const WIDTH: f32 = 248.0;

/// The file that was kept last, what is to be said about it, and a drag of it.
#[derive(Default)]
pub struct Keep {
    kept: Option<PathBuf>,
    /// Name of the host's track, for the names of files.
    track: String,
    /// The latest news, good or bad.
    news: Option<Result<String, String>>,
    drag: Option<DragOut>,
    /// The window that files are dragged out of.
    window: drag_out::Window,
}

impl Keep {
    /// Shows a button a length, one for the bars that are `chosen`, and where the last file went.
    pub fn show(&mut self, ui: &mut Ui, view: &View, chosen: Option<&Stretch>) {
        self.follow_drag(ui.ctx());
        let n_bars = view.capture.n_bars();
        ui.label("Keep the last");
        for length in LENGTHS {
            let button = egui::Button::new(length.to_string()).sense(Sense::click_and_drag());
            let response = ui
                .add_enabled(n_bars > 0, button)
                .on_hover_text(hint(&format!("the last {length} bars")));
            if response.clicked() || response.drag_started() {
                self.keep(&smf::write(&view.capture.piece(length)));
            }
            if response.drag_started() {
                self.drag_out();
            }
        }
        ui.label("bars");
        if let Some(stretch) = chosen {
            self.show_chosen(ui, view, stretch);
        }
        if let Some(path) = self.path() {
            if ui.small_button("Copy path").clicked() {
                copy_path(ui.ctx(), path);
            }
            if ui.small_button("Open folder").clicked() {
                open_folder(ui.ctx(), path);
            }
        }
        match (&self.news, self.path()) {
            (Some(Ok(text)), Some(path)) => {
                // On the line that is there: a second one would move all above.
                let room = ui.available_size_before_wrap().x;
                let text = RichText::new(text).color(theme::FAINT_TEXT);
                let label = egui::Label::new(text).truncate();
                ui.scope(|ui| {
                    ui.set_max_width(room);
                    ui.add(label).on_hover_text(path.display().to_string());
                });
            }
            (Some(Ok(text)), None) => {
                ui.label(RichText::new(text).color(theme::FAINT_TEXT));
            }
            (Some(Err(text)), _) => {
                ui.label(RichText::new(text).color(theme::WARNING));
            }
            (None, _) => {}
        }
    }

    fn show_chosen(&mut self, ui: &mut Ui, view: &View, stretch: &Stretch) {
        let n_bars = stretch.n_bars;
        let text = format!("chosen {n_bars} {}", if n_bars == 1 { "bar" } else { "bars" });
        let button = egui::Button::new(text).sense(Sense::click_and_drag());
        let hint = hint("the bars that are chosen on the roll");
        let response = ui.add(button).on_hover_text(hint);
        if !response.clicked() && !response.drag_started() {
            return;
        }
        match view.capture.between(stretch.first, stretch.last) {
            Some(piece) => self.keep(&smf::write(&piece)),
            None => {
                self.kept = None;
                let text = "what was chosen is not among the last 64 bars any more";
                self.news = Some(Err(text.into()));
            }
        }
        if response.drag_started() {
            self.drag_out();
        }
    }

    /// Writes a MIDI file into the music folder.
    pub fn keep(&mut self, bytes: &[u8]) {
        let saved = save(&self.track, bytes);
        self.news = Some(match &saved {
            Ok(path) => Ok(format!("kept {}", shown(path))),
            Err(text) => Err(text.clone()),
        });
        self.kept = saved.ok();
    }

    /// Takes over the name of the host's track.
    pub fn set_track(&mut self, name: String) {
        self.track = name;
    }

    /// Takes over the window that files are dragged out of.
    pub fn set_window(&mut self, window: drag_out::Window) {
        self.window = window;
    }

    /// Whether a drag goes on, whose end is to be shown.
    pub fn is_dragging(&self) -> bool {
        self.drag.is_some()
    }

    /// The file that was kept last, unless keeping it failed.
    pub fn path(&self) -> Option<&Path> {
        self.kept.as_deref()
    }

    /// Begins to drag the file that was kept last, with the button held now.
    pub fn drag_out(&mut self) {
        let Some(path) = &self.kept else { return };
        match drag_out::begin(&self.window, path) {
            Ok(drag) => self.drag = Some(drag),
            Err(text) => self.news = Some(Err(text)),
        }
    }

    fn follow_drag(&mut self, context: &egui::Context) {
        let Some(outcome) = self.drag.as_ref().and_then(DragOut::outcome) else { return };
        self.drag = None;
        drag_out::end(context);
        let path = self.path().map(shown).unwrap_or_default();
        match outcome {
            Outcome::Dropped => self.news = Some(Ok(format!("dragged out {path}"))),
            // The file is kept all the same, as the news say already.
            Outcome::Cancelled => {}
            Outcome::Failed(text) => self.news = Some(Err(format!("{text}; kept {path}"))),
        }
    }
}

/// A file and its folder, the name first, since the end is cut off where there is too little room.
fn shown(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().display();
    let folder = path.parent().unwrap_or(Path::new(""));
    let below_home = std::env::home_dir().and_then(|home| folder.strip_prefix(home).ok());
    match below_home {
        Some(below) => format!("{name} in ~/{}", below.display()),
        None => format!("{name} in {}", folder.display()),
    }
}

fn hint(what: &str) -> String {
    format!(
        "Write {what} to a MIDI file in the music folder. Drag it from here into the host or a file \
         manager"
    )
}

/// Puts a file's path into the clipboard.
pub fn copy_path(context: &egui::Context, path: &Path) {
    context.copy_text(path.display().to_string());
}

/// Opens a file's folder in the system's file manager.
pub fn open_folder(context: &egui::Context, path: &Path) {
    if let Some(folder) = path.parent() {
        context.open_url(OpenUrl::new_tab(folder.display()));
    }
}

fn save(track: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    let folder = folder::music().ok_or("no home folder to keep the file in")?;
    folder::write_take(&folder, track, bytes)
        .map_err(|error| format!("{}: {error}", folder.display()))
}
