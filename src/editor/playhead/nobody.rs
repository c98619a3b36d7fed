//! Where nobody moves the playhead between two pictures.

use super::Playhead;
use egui::Rect;
use egui::epaint::ClippedShape;

/// There is none.
pub enum Mover {}

impl Mover {
    /// Nobody.
    pub fn of(_frame: &nice_plug_egui::Frame) -> Option<Self> {
        None
    }

    /// Whether it still paints.
    pub fn is_running(&self) -> bool {
        match *self {}
    }

    /// Lets the line stand where the next picture has it.
    pub fn rest(&self) {
        match *self {}
    }

    /// Goes behind what is painted, and before the playhead.
    pub fn take(&self, _playhead: Playhead, _window: Rect) -> ClippedShape {
        match *self {}
    }
}
