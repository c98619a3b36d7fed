//! A window that the processor draws, on X11.
//!
//! An OpenGL without a graphics card is slow in two ways: each pixel goes through a shader, and each
//! picture is brought to the screen whole. Here the picture lies in memory of ours ([`Shown`]), of
//! each new one only what has changed is painted ([`Damage`], [`Raster`]), and only that is sent to
//! the screen ([`Canvas`]). The playhead is painted over it on the way, and moves between two
//! pictures ([`Line`]), which costs some kilobytes a time.

mod canvas;
mod line;
mod shown;

use super::damage::Damage;
use super::playhead::Playhead;
use super::raster::{Area, Raster};
use super::theme;
use super::x11::Screen;
use canvas::Canvas;
use egui::{Context, FullOutput};
use parking_lot::{Condvar, Mutex};
use shown::Shown;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two places of the playhead.
const STEP: Duration = Duration::from_micros(16_667);

/// Draws a window until it is dropped.
pub struct Software {
    raster: Raster,
    damage: Damage,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    canvas: Canvas,
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    shown: Shown,
    ended: bool,
}

impl Software {
    /// Starts a thread for the playhead of a window, if its pixels are as [`Pixels`] has them.
    pub fn of(screen: Screen) -> Option<Self> {
        let canvas = Canvas::new(screen).ok()??;
        let (state, bell) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { canvas, state, bell });
        let on_thread = shared.clone();
        let thread = std::thread::Builder::new().name("playhead".into());
        let thread = thread.spawn(move || on_thread.move_playhead()).ok()?;
        let (raster, damage) = (Raster::default(), Damage::default());
        Some(Self { raster, damage, shared, thread: Some(thread) })
    }

    /// Says that the screen has lost a part of the window, which the next picture brings back.
    pub fn expose(&self, area: Area) {
        self.shared.state.lock().shown.expose(area);
    }

    /// Shows a picture of a window of so many pixels.
    pub fn paint(&mut self, context: &Context, output: &mut FullOutput, size: [u32; 2]) {
        let size = size.map(|length| length as usize);
        let scale = output.pixels_per_point;
        self.raster.set(&mut output.textures_delta);
        let mut state = self.shared.state.lock();
        let State { shown, .. } = &mut *state;
        if shown.pixels.size() != size {
            *shown = Shown::new(size);
            self.damage.forget();
        }
        let playhead = Playhead::told(context);
        let changed = self.damage.take(output, context.viewport_rect(), playhead);
        for rect in changed.rects.iter() {
            let area = shown.pixels.area(*rect, scale);
            shown.pixels.fill(&area, theme::PANEL);
            shown.expose(area);
        }
        let primitives = context.tessellate(changed.shapes, scale);
        self.raster.paint(&mut shown.pixels, &primitives, scale);
        self.raster.free(&mut output.textures_delta);
        shown.put_line(changed.playhead.map(|playhead| line::Line::new(&playhead, scale, size)));
        // With the lock held, so that the playhead is not moved in the picture before. A server that
        // has gone is the window library's to notice.
        let _ = shown.send(Instant::now(), &self.shared.canvas);
        drop(state);
        self.shared.bell.notify_one();
    }
}

impl Drop for Software {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        self.shared.bell.notify_one();
        if let Some(thread) = self.thread.take() {
            // It has panicked at worst, and is gone.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn move_playhead(&self) {
        let mut next = Instant::now();
        let mut state = self.state.lock();
        while !state.ended {
            let now = Instant::now();
            if !state.shown.moves(now) {
                self.bell.wait(&mut state);
            } else if now < next {
                self.bell.wait_until(&mut state, next);
            } else {
                next = (next + STEP).max(now);
                if state.shown.send(now, &self.canvas).is_err() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
