//! The piano roll: what has just played, what is committed, and where the song is.

mod grid;
pub mod history;
mod lanes;
mod motion;

use super::theme;
use crate::engine::View;
use egui::{Align2, Rect, Sense, Ui};
use grid::Grid;
pub use history::History;
use motion::Motion;

/// What the roll remembers between two frames.
#[derive(Default)]
pub struct Roll {
    /// The beats that can be seen.
    pub history: History,
    motion: Motion,
}

impl Roll {
    /// Takes in the newest snapshot.
    pub fn take(&mut self, view: &View) {
        self.history.take(&view.preview().beats);
    }

    /// Where the playhead is on the line without loops, as of the last frame.
    pub fn position(&self) -> f64 {
        self.motion.position()
    }

    /// Moves the playhead on to `now`, in seconds.
    pub fn advance(&mut self, view: &View, now: f64) {
        let status = &view.status;
        let reported = view.preview().line_position(status.epoch(), status.position_beats());
        match reported {
            Some(at) => {
                let tempo = self.history.at(at).map_or(0.0, |beat| beat.frame.tempo.bpm() / 60.0);
                self.motion.follow(at, if status.playing() { tempo } else { 0.0 }, now);
            }
            // At a standstill elsewhere, the primed beats stand right of the playhead.
            None if !status.playing() => {
                let newest = self.history.beats().back().map_or(0.0, |beat| beat.line_beat as f64);
                self.motion.jump(newest, now);
            }
            None => {}
        }
    }

    /// Shows the roll with room for `lookahead` beats before the playhead, or why there is nothing
    /// to show.
    pub fn show(&self, ui: &mut Ui, lookahead: f64) {
        let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
        let painter = ui.painter().with_clip_rect(rect);
        painter.rect_filled(rect, theme::RADIUS, theme::PANEL);
        if self.history.beats().is_empty() {
            nothing(&painter, rect);
        } else {
            Grid::new(ui, rect, (self.position(), lookahead), &self.history)
                .paint(&painter, &self.history);
        }
        response.on_hover_text_at_pointer(
            "Left of the line: what has played. Right of it, in outline: what is committed and \
             will sound as it stands, whatever you turn now.",
        );
    }
}

fn nothing(painter: &egui::Painter, rect: Rect) {
    let text = "Press play in the host, or Run above, and the band starts.";
    let font = theme::control_font();
    painter.text(rect.center(), Align2::CENTER_CENTER, text, font, theme::FAINT_TEXT);
}
