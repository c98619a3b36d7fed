//! The playhead in pixels.

use crate::editor::playhead::{Look, Playhead};
use crate::editor::raster::{Area, pixel};
use crate::editor::theme;
use std::time::{Duration, Instant};

/// How long a picture may say where the playhead goes: longer than any window takes to the next.
const GOOD_FOR: Duration = Duration::from_millis(800);

/// The playhead of a picture, and how it moves on from there.
///
/// All lengths are in pixels, all places from the window's upper left corner.
#[derive(Clone, Debug)]
pub struct Line {
    look: Look,
    /// What it must not leave.
    within: Area,
    /// Where it stands, and since when.
    x: f32,
    at: Instant,
    /// Pixels a second, and how far it goes.
    speed: f32,
    end: f32,
}

impl Line {
    /// The playhead in a window of some size.
    pub fn new(playhead: &Playhead, scale: f32, [width, height]: [usize; 2]) -> Self {
        let on = |at: f32, end: usize| ((at * scale).round().max(0.0) as usize).min(end);
        let within = playhead.within;
        Self {
            look: Look::new(scale),
            within: Area {
                x: on(within.left(), width)..on(within.right(), width),
                y: on(within.top(), height)..on(within.bottom(), height),
            },
            x: playhead.x * scale,
            at: playhead.at,
            speed: playhead.speed * scale,
            end: playhead.end * scale,
        }
    }

    /// Where it stands at a time. It waits for the next picture where the last is too old to say.
    pub fn stands(&self, now: Instant) -> i32 {
        let passed = now.saturating_duration_since(self.at).min(GOOD_FOR);
        let x = self.x + self.speed * passed.as_secs_f32();
        x.min(self.end.max(self.x)).round() as i32
    }

    /// Whether it moves at a time.
    pub fn moves(&self, now: Instant) -> bool {
        self.speed > 0.0 && now.saturating_duration_since(self.at) < GOOD_FOR
    }

    /// What it may cover where it stands at `x`.
    pub fn covers(&self, x: i32) -> Area {
        let reach = self.look.reach();
        let on = |x: i32| (x.max(0) as usize).clamp(self.within.x.start, self.within.x.end);
        Area { x: on(x - reach / 2)..on(x - reach / 2 + reach), y: self.within.y.clone() }
    }

    /// Paints it where it stands at `x` into the pixels of a row from the column `left` on.
    pub fn paint(&self, x: i32, y: usize, left: usize, pixels: &mut [u32]) {
        if !self.within.y.contains(&y) {
            return;
        }
        let width = self.look.width((y - self.within.y.start) as i32);
        let on = |x: i32| (x.max(0) as usize).clamp(self.within.x.start, self.within.x.end);
        let in_row = |x: usize| x.saturating_sub(left).min(pixels.len());
        let columns = in_row(on(x - width / 2))..in_row(on(x - width / 2 + width));
        if let Some(line) = pixels.get_mut(columns) {
            line.fill(pixel(theme::PLAYHEAD));
        }
    }
}
