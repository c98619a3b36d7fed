//! Whether the window's back buffer still holds the last picture.

use super::theme;
use egui::epaint::ClippedShape;
use egui::{PaintCallback, PaintCallbackInfo, Rect, Shape};
use egui_glow::{CallbackFn, Painter};
use glow::HasContext;
use parking_lot::Mutex;
use std::sync::Arc;

/// Pictures in a row that must have been there still before anything is left out of one.
const TRUSTED: u32 = 3;

/// The first pictures in a window are all probed, later ones one in so many.
const FIRST: u64 = 8;
const SELDOM: u64 = 32;

/// Values of the mark: more than a window has buffers that it might show in turn.
const MARKS: u64 = 4;

/// The window's back buffer, which OpenGL lets be anything once it was shown.
///
/// The renderers of Mesa that need no graphics card copy it to the screen and leave it. No extension
/// says so, thus a picture marks the pixel in the lower left corner, by a blue that is a trace
/// brighter each time, and the next looks whether the mark is there.
///
/// The window's painter clears the picture when it begins one. So between pictures it is told to
/// draw to no buffer at all.
#[derive(Default)]
pub struct Surface(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Pictures in this window since it has this size.
    n_pictures: u64,
    size: [u32; 2],
    /// Probes in a row that found the mark.
    n_held: u32,
    /// A picture was painted to its end since somebody asked.
    is_painted: bool,
}

impl Surface {
    /// Whether a picture was painted since this was asked last.
    pub fn take_painted(&self) -> bool {
        std::mem::take(&mut self.0.lock().is_painted)
    }

    /// Whether the last pictures have stayed in the buffer.
    pub fn is_kept(&self) -> bool {
        self.0.lock().n_held >= TRUSTED
    }

    /// Says what a window would: that a picture was painted, and the one before was there still.
    #[cfg(test)]
    pub fn pretend_painted(&self) {
        let mut state = self.0.lock();
        state.is_painted = true;
        state.n_held += 1;
    }

    /// Goes before what is painted.
    pub fn begin(&self, window: Rect) -> ClippedShape {
        let state = self.0.clone();
        callback(window, move |info, painter| {
            state.lock().begin(painter.gl(), info.screen_size_px);
        })
    }

    /// Goes behind what is painted.
    pub fn end(&self, window: Rect) -> ClippedShape {
        let state = self.0.clone();
        callback(window, move |_, painter| state.lock().end(painter.gl()))
    }
}

/// Calls the painter's OpenGL where a picture comes to this shape.
pub fn callback(
    window: Rect,
    call: impl Fn(PaintCallbackInfo, &Painter) + Send + Sync + 'static,
) -> ClippedShape {
    let callback = Arc::new(CallbackFn::new(call));
    ClippedShape::new(window, Shape::Callback(PaintCallback { rect: window, callback }))
}

impl State {
    fn begin(&mut self, gl: &glow::Context, size: [u32; 2]) {
        // SAFETY: the painter calls this with its context current, and draws to whatever buffer it
        // finds.
        unsafe { gl.draw_buffers(&[glow::BACK]) };
        if self.size != size {
            *self = Self { size, ..Self::default() };
        } else if is_probed(self.n_pictures) {
            let mut pixel = [0; 4];
            let into = glow::PixelPackData::Slice(Some(&mut pixel));
            // SAFETY: as above; four bytes are read into four.
            unsafe { gl.read_pixels(0, 0, 1, 1, glow::RGBA, glow::UNSIGNED_BYTE, into) };
            let is_held = pixel[..3] == color(self.n_pictures);
            self.n_held = if is_held { self.n_held.saturating_add(1) } else { 0 };
        }
    }

    fn end(&mut self, gl: &glow::Context) {
        self.is_painted = true;
        self.n_pictures += 1;
        let [red, green, blue] = color(self.n_pictures).map(|channel| f32::from(channel) / 255.0);
        // SAFETY: as in `begin`; the painter sets scissors and the color anew.
        unsafe {
            if is_probed(self.n_pictures) {
                gl.enable(glow::SCISSOR_TEST);
                gl.scissor(0, 0, 1, 1);
                gl.clear_color(red, green, blue, 1.0);
                gl.clear(glow::COLOR_BUFFER_BIT);
            }
            gl.draw_buffers(&[glow::NONE]);
        }
    }
}

/// Whether a picture looks for the mark of the one before.
fn is_probed(n_pictures: u64) -> bool {
    n_pictures > 0 && (n_pictures < FIRST || n_pictures.is_multiple_of(SELDOM))
}

/// The color of the mark that a picture looks for, next to that of what is there.
fn color(n_pictures: u64) -> [u8; 3] {
    let [red, green, blue, _] = theme::BACKGROUND.to_array();
    [red, green, blue + (n_pictures % MARKS) as u8]
}
