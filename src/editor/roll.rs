//! The piano roll: what has just played, what is committed, and where the song is.

mod grid;
pub mod history;
mod lanes;
mod motion;
mod selection;

use super::{control, ground, theme};
use crate::engine::View;
use composer::HeardBeat;
use egui::{Align2, EventFilter, Key, Order, Rect, Response, Role, Sense, Ui, WidgetInfo};
use grid::{Grid, View as GridView};
pub use history::History;
use motion::Motion;
use selection::Selection;
pub use selection::Stretch;
use std::time::Instant;

/// What the roll remembers between two frames.
#[derive(Default)]
pub struct Roll {
    /// The beats that can be seen.
    pub history: History,
    motion: Motion,
    /// How fast it moves, in beats a second.
    speed: f64,
    selection: Selection,
    /// Whether music stands still while the playhead moves through a bar, and turns over with the
    /// bars. That paints far less than music that scrolls.
    pub is_paged: bool,
}

impl Roll {
    /// Takes in the newest snapshot.
    pub fn take(&mut self, view: &View) {
        self.history.take(&view.preview().beats, |beat| {
            view.capture.has(HeardBeat { epoch: beat.epoch, beat: beat.frame.beat })
        });
    }

    /// Where the playhead is on the line without loops, as of the last frame.
    pub fn position(&self) -> f64 {
        self.motion.position()
    }

    /// Moves the playhead on to `now`, in seconds.
    pub fn advance(&mut self, view: &View, now: f64) {
        let status = &view.status;
        self.speed = 0.0;
        let reported = view.preview().line_position(status.epoch(), status.position_beats());
        match reported {
            Some(at) => {
                let at = at + self.history.shift() as f64;
                let tempo = self.history.at(at).map_or(0.0, |beat| beat.frame.tempo.bpm() / 60.0);
                self.speed = if status.playing() { tempo } else { 0.0 };
                self.motion.follow(at, self.speed, now);
            }
            // At a standstill elsewhere, the primed beats stand right of the playhead.
            None if !status.playing() => {
                let newest = self.history.beats().back().map_or(0.0, |beat| beat.line_beat as f64);
                self.motion.jump(newest, now);
            }
            None => {}
        }
    }

    /// The bars that are chosen.
    pub fn chosen(&self) -> Option<&Stretch> {
        self.selection.stretch()
    }

    fn view(&self, lookahead: f64) -> GridView {
        let position = self.position();
        let bar = self.history.at(position).filter(|_| self.is_paged).map(|beat| {
            let start = beat.line_beat as f64 - beat.frame.offset_in_bar().beats();
            (start, beat.frame.meter.bar_ticks().beats())
        });
        let (anchor, page) = bar.unwrap_or((position, 0.0));
        GridView { position, speed: self.speed, at: Instant::now(), lookahead, anchor, page }
    }

    /// Shows the roll with room for `lookahead` beats before the playhead, or why there is nothing
    /// to show.
    pub fn show(&mut self, ui: &mut Ui, lookahead: f64) {
        let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
        ground::edge(ui.painter(), rect);
        let painter = ui.painter().with_clip_rect(rect);
        if self.history.beats().is_empty() {
            nothing(&painter, rect);
        } else {
            let grid = Grid::new(ui, rect, self.view(lookahead), &self.history);
            self.choose(ui, &response, &grid);
            grid.paint(&painter, &self.history, self.selection.on(&self.history));
            if !is_covered(ui, rect) {
                grid.playhead().tell(ui.ctx());
            }
        }
        response.widget_info(|| WidgetInfo::labeled(Role::Group, ui.is_enabled(), "Piano roll"));
        control::focus_ring(ui, rect, &response);
        response.on_hover_text_at_pointer(
            "Left of the line: what has played. Right of it, in outline: what is committed and \
             will sound as it stands, whatever you turn now.\n\
             Drag over bars to choose them for keeping; a click lets go. Arrow keys move the \
             choice, with shift its beginning.",
        );
    }

    /// Follows pointer and keys.
    fn choose(&mut self, ui: &Ui, response: &Response, grid: &Grid) {
        let (history, selection) = (&self.history, &mut self.selection);
        if let Some(pointer) = response.interact_pointer_pos() {
            let at = grid.line_beats(pointer.x);
            if response.drag_started() {
                response.request_focus();
                // The pointer has moved a little before it counts as a drag.
                let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
                selection.begin(history, grid.line_beats(origin.x));
            }
            if response.dragged() {
                selection.reach(history, at);
            }
        }
        if response.clicked() {
            response.request_focus();
            selection.clear();
        }
        if response.has_focus() {
            let filter =
                EventFilter { horizontal_arrows: true, escape: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
            let (left, right, escape, shift) = ui.input(|input| {
                let pressed = |key| input.key_pressed(key);
                let arrows = (pressed(Key::ArrowLeft), pressed(Key::ArrowRight));
                (arrows.0, arrows.1, pressed(Key::Escape), input.modifiers.shift)
            });
            if left != right {
                selection.step(history, right, shift, self.motion.position());
            }
            if escape {
                selection.clear();
            }
        }
    }
}

#[cfg(test)]
impl Roll {
    /// A roll of given beats with the playhead at a place of their line.
    pub fn of(beats: &[composer::PreviewBeat], position: f64) -> Self {
        let mut roll = Self::default();
        roll.history.take(beats, |_| true);
        roll.motion.jump(position, 0.0);
        roll
    }

    /// Chooses the bars between two places of the line.
    pub fn choose_bars(&mut self, from: f64, to: f64) {
        self.selection.begin(&self.history, from);
        self.selection.reach(&self.history, to);
    }
}

/// Whether a menu or a tooltip lies over a place.
fn is_covered(ui: &Ui, rect: Rect) -> bool {
    ui.memory(|memory| {
        let above = memory.areas().visible_layer_ids();
        let mut above = above.iter().filter(|layer| layer.order != Order::Background);
        above.any(|layer| memory.area_rect(layer.id).is_none_or(|area| area.intersects(rect)))
    })
}

fn nothing(painter: &egui::Painter, rect: Rect) {
    let text = "Press play in the host, or Run above, and the band starts.";
    let font = theme::control_font();
    painter.text(rect.center(), Align2::CENTER_CENTER, text, font, theme::FAINT_TEXT);
}

#[cfg(test)]
mod tests {
    use super::history::tests::beat;
    use super::*;

    #[test]
    fn a_paged_roll_turns_over_with_the_bars() {
        let beats: Vec<_> = (0..12).map(|n| beat(n, n, 1)).collect();
        let view = |is_paged: bool, position: f64| {
            let mut roll = Roll::of(&beats, position);
            roll.is_paged = is_paged;
            let view = roll.view(1.0);
            (view.anchor, view.page)
        };
        assert_eq!([0.0, 3.9, 4.0, 9.5].map(|at| view(true, at).0), [0.0, 0.0, 4.0, 8.0]);
        assert_eq!(view(true, 5.0).1, 4.0);
        assert_eq!(view(false, 5.3), (5.3, 0.0), "else it scrolls");
        assert_eq!(view(true, 99.0), (99.0, 0.0), "nothing is known there");
    }
}
