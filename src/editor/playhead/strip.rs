//! The pixels around the playhead.

use super::{Look, Playhead};
use crate::editor::theme;
use egui_glow::Painter;
use glow::HasContext;
use std::time::{Duration, Instant};

/// How long the pixels of a picture are good for: longer than the largest window takes to the next.
const GOOD_FOR: Duration = Duration::from_millis(800);

/// The playhead's color, as a window has it whose pixels are blue, green, red and nothing.
const PIXEL: [u8; 4] = {
    let [red, green, blue, _] = theme::PLAYHEAD.to_array();
    [blue, green, red, 0]
};

/// What of a picture lies around the playhead, without it, and where it goes from there.
///
/// All lengths are in pixels, all places from the window's upper left corner.
#[derive(Clone, Debug)]
pub struct Strip {
    left: i32,
    top: i32,
    width: i32,
    height: i32,
    /// Rows from above, each from the left: blue, green, red and nothing.
    pixels: Vec<[u8; 4]>,
    look: Look,
    /// Where it stands in the picture, and since when.
    x: f32,
    at: Instant,
    /// When the pixels were taken.
    taken: Instant,
    /// Pixels a second, and how far it goes.
    speed: f32,
    end: f32,
}

/// Pixels for the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// Place and size.
    pub left: i32,
    pub top: i32,
    pub width: i32,
    pub height: i32,
    /// Rows from above: blue, green, red and nothing.
    pub pixels: Vec<u8>,
}

impl Strip {
    /// The strip that a playhead will cross until the next picture; its pixels are not known yet.
    pub fn around(playhead: &Playhead, pixels_per_point: f32, window: [u32; 2]) -> Self {
        let look = Look::new(pixels_per_point);
        let x = playhead.x * pixels_per_point;
        let speed = playhead.speed * pixels_per_point;
        let within = playhead.within * pixels_per_point;
        let [most_x, most_y] = window.map(|length| length as i32);
        // It may stand a little further right on the screen than in the picture that is drawn now.
        let slack = look.reach() + (speed * GOOD_FOR.as_secs_f32()).ceil() as i32;
        let stands = x.round() as i32;
        let left = (stands - slack).max(within.left().round() as i32).clamp(0, most_x);
        let right = (stands + slack).min(within.right().round() as i32).clamp(left, most_x);
        let top = (within.top().round() as i32).clamp(0, most_y);
        let bottom = (within.bottom().round() as i32).clamp(top, most_y);
        Self {
            left,
            top,
            width: right - left,
            height: bottom - top,
            pixels: Vec::new(),
            look,
            x,
            at: playhead.at,
            taken: Instant::now(),
            speed,
            end: playhead.end * pixels_per_point,
        }
    }

    /// Takes the pixels from the picture that is being painted.
    pub fn take(&mut self, painter: &Painter, window_height: u32) {
        let n_bytes = (self.width * self.height * 4) as usize;
        let mut bytes = vec![0; n_bytes];
        let from_below = window_height as i32 - self.top - self.height;
        let (width, height) = (self.width, self.height);
        let into = glow::PixelPackData::Slice(Some(&mut bytes));
        // SAFETY: the painter is at work, so its context is current; the slice has four bytes for
        // each pixel, and rows of four bytes a pixel have no gaps at any alignment.
        unsafe {
            let (format, kind) = (glow::BGRA, glow::UNSIGNED_BYTE);
            painter.gl().read_pixels(self.left, from_below, width, height, format, kind, into);
        }
        self.taken = Instant::now();
        // OpenGL begins below.
        let rows = bytes.chunks_exact((width * 4).max(1) as usize).rev();
        self.pixels = rows.flat_map(|row| row.as_chunks().0.iter().copied()).collect();
    }

    /// When the pixels were taken, shortly before the picture reaches the screen.
    pub fn taken(&self) -> Instant {
        self.taken
    }

    /// Where the line stands in the picture itself.
    pub fn painted(&self) -> i32 {
        self.x.round() as i32
    }

    /// Where the line stands at a time, or nothing when the picture is too old to say.
    pub fn stands(&self, now: Instant) -> Option<i32> {
        let passed = now.saturating_duration_since(self.at);
        let x = (self.x + self.speed * passed.as_secs_f32()).min(self.end.max(self.x));
        (passed < GOOD_FOR && self.speed > 0.0).then_some(x.round() as i32)
    }

    /// What brings the line to `x`, from all the places where it may stand.
    pub fn patch(&self, x: i32, from: impl IntoIterator<Item = i32>) -> Patch {
        let (first, last) = from.into_iter().fold((x, x), |(a, b), x| (a.min(x), b.max(x)));
        let reach = self.look.reach();
        let in_strip = |x: i32| x.clamp(self.left, self.left + self.width);
        let (left, right) = (in_strip(first - reach / 2), in_strip(last - reach / 2 + reach));
        let mut pixels = Vec::with_capacity(((right - left) * self.height * 4) as usize);
        for row in 0..self.height {
            let width = self.look.width(row);
            let line = x - width / 2..x - width / 2 + width;
            let start = row * self.width - self.left;
            let pixel = |x: i32| self.pixels.get((start + x) as usize).copied().unwrap_or_default();
            let painted = |x: i32| if line.contains(&x) { PIXEL } else { pixel(x) };
            pixels.extend((left..right).flat_map(painted));
        }
        Patch { left, top: self.top, width: right - left, height: self.height, pixels }
    }
}

#[cfg(test)]
impl Strip {
    /// Fills it from a picture.
    pub fn fill(&mut self, pixel: impl Fn(i32, i32) -> [u8; 4]) {
        let (left, top) = (self.left, self.top);
        let row = |y: i32| (0..self.width).map(move |x| (left + x, top + y));
        self.pixels = (0..self.height).flat_map(row).map(|(x, y)| pixel(x, y)).collect();
    }
}
