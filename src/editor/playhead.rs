//! The line where the song is.
//!
//! Where the processor draws the window, nothing but the playhead needs sixty pictures a second. So
//! there it is no part of the picture, but is painted over it on the way to the screen
//! ([`super::software`]), further right each time until the next picture. The roll tells where it
//! is by way of egui's memory, since what lies between the two knows nothing of it.

#[cfg(test)]
mod tests;

use super::theme;
use egui::{Context, Id, Mesh, Rect, Shape, pos2};
use std::time::Instant;

/// Width of the line, and half the width and height of the head on it, in points.
const LINE: f32 = 1.5;
const HEAD: (f32, f32) = (5.0, 6.0);

/// The line where the song is, in a picture.
#[derive(Clone, Copy, Debug)]
pub struct Playhead {
    /// Where it stands, in points from the window's left.
    pub x: f32,
    /// From where to where it goes, and what it must not leave: the roll without its names.
    pub within: Rect,
    /// How fast it moves over the music, in points a second. `0.0` where the music moves below it.
    pub speed: f32,
    /// How far right it may go before there must be a picture.
    pub end: f32,
    /// When it stood there.
    pub at: Instant,
}

impl Playhead {
    /// Says that the playhead of this picture is not below anything.
    pub fn tell(self, context: &Context) {
        context.data_mut(|data| data.insert_temp(Id::NULL, Some(self)));
    }

    /// What was told since this was asked last.
    pub fn told(context: &Context) -> Option<Self> {
        context.data_mut(|data| data.remove_temp::<Option<Self>>(Id::NULL)).flatten()
    }

    /// The line and its head, on whole pixels and without soft edges, so that every renderer makes
    /// the same of it.
    pub fn shape(&self, pixels_per_point: f32) -> Shape {
        let look = Look::new(pixels_per_point);
        let x = (self.x * pixels_per_point).round() as i32;
        let top = (self.within.top() * pixels_per_point).round() as i32;
        let bottom = (self.within.bottom() * pixels_per_point).round() as i32;
        let mut mesh = Mesh::default();
        let mut bar = |width: i32, from: i32, to: i32| {
            let left = x - width / 2;
            let corner = |x: i32, y: i32| pos2(x as f32, y as f32) / pixels_per_point;
            let rect = Rect::from_min_max(corner(left, from), corner(left + width, to));
            mesh.add_colored_rect(rect, theme::PLAYHEAD);
        };
        for row in 0..look.n_head {
            bar(look.width(row), top + row, top + row + 1);
        }
        bar(look.line, top + look.n_head, bottom);
        Shape::mesh(mesh)
    }
}

/// How wide it is, in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    line: i32,
    half_head: f32,
    /// Rows that the head has.
    n_head: i32,
}

impl Look {
    /// At so many pixels a point.
    pub fn new(pixels_per_point: f32) -> Self {
        Self {
            line: (LINE * pixels_per_point).round().max(1.0) as i32,
            half_head: HEAD.0 * pixels_per_point,
            n_head: (HEAD.1 * pixels_per_point).round() as i32,
        }
    }

    /// Its width in a row below the top.
    pub fn width(&self, row: i32) -> i32 {
        let left = (self.n_head - row).max(0) as f32 / self.n_head.max(1) as f32;
        self.line.max(2 * (self.half_head * left).round() as i32)
    }

    /// Its largest width.
    pub fn reach(&self) -> i32 {
        self.width(0)
    }
}
