//! How often the window is drawn while the band plays.

use baseview::WindowContext;
#[cfg(target_os = "linux")]
use egui::FullOutput;
use egui::{Context, Plugin};
use std::time::Duration;

/// Between two pictures, at least. Each waits for the screen besides: this much and the rest of a
/// sixtieth of a second, where that is how often the screen shows one.
pub const FASTEST: Duration = Duration::from_millis(12);

/// Between a picture and the question for the next, where the screen says when that is.
#[cfg(target_os = "linux")]
const QUESTION: Duration = Duration::from_millis(4);

/// Between two pictures for each million pixels where an OpenGL without a graphics card draws them.
const A_MEGAPIXEL: Duration = Duration::from_millis(36);

/// Between two pictures where the playhead moves without them: often enough for lamps, notes that
/// sound, meters and what glides.
const BESIDES: Duration = Duration::from_millis(30);

/// Parts of the names of renderers without a graphics card: Mesa's, Google's and Windows'.
const SOFTWARE_NAMES: [&str; 5] = ["llvmpipe", "softpipe", "swrast", "swiftshader", "gdi generic"];

/// Who draws a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renderer {
    /// A graphics card.
    Card,
    /// An OpenGL without one, each picture whole.
    Emulated,
    /// We do, and only what has changed: `software`.
    Software,
}

impl Renderer {
    /// The time between two pictures of so many pixels that it can bear.
    pub fn interval(self, n_pixels: f32) -> Duration {
        match self {
            Self::Card => FASTEST,
            Self::Emulated => FASTEST.max(A_MEGAPIXEL.mul_f32((n_pixels * 1e-6).clamp(0.0, 100.0))),
            Self::Software => BESIDES,
        }
    }
}

/// Has the window drawn for every picture of the screen while a graphics card does it, where it
/// would draw for every other one. Part of a window's context, and gone with it.
#[derive(Default)]
pub struct Pacer {
    #[cfg(target_os = "linux")]
    pace: Option<super::x11::Pace>,
}

impl Pacer {
    /// The pacer of a window.
    pub fn of(window: &WindowContext, renderer: Renderer) -> Self {
        #[cfg(target_os = "linux")]
        if renderer == Renderer::Card {
            let pace = super::x11::Screen::of(window).map(super::x11::Pace::new);
            return Self { pace: pace.and_then(Result::ok) };
        }
        let _ = (window, renderer);
        Self::default()
    }

    /// How long the window may wait with its question for the next picture of the screen, where it
    /// was asked for already.
    pub fn question(&self) -> Option<Duration> {
        #[cfg(target_os = "linux")]
        if self.pace.is_some() {
            return Some(QUESTION);
        }
        None
    }
}

impl Plugin for Pacer {
    fn debug_name(&self) -> &'static str {
        "pacer"
    }

    /// There may be another picture to draw after this one.
    #[cfg(target_os = "linux")]
    fn output_hook(&mut self, _context: &Context, _output: &mut FullOutput) {
        if self.pace.as_mut().is_some_and(|pace| pace.hurry().is_err()) {
            self.pace = None;
        }
    }
}

/// Whether an OpenGL of this name does without a graphics card. One that does not say its name is
/// trusted.
pub fn is_emulated(name: &str) -> bool {
    let name = name.to_lowercase();
    SOFTWARE_NAMES.iter().any(|part| name.contains(part))
}

/// Asks for the next picture after `interval`.
pub fn repaint_after(context: &Context, interval: Duration) {
    // egui takes the time of a frame off, expecting to wait for a screen; nobody waits here.
    let frame = context.input(|input| input.predicted_dt);
    context.request_repaint_after(interval + Duration::from_secs_f32(frame.clamp(0.0, 1.0)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_known_by_name() {
        assert!(is_emulated("llvmpipe (LLVM 15.0.6, 256 bits)"));
        assert!(is_emulated("GDI Generic"));
        assert!(!is_emulated("NVIDIA GeForce RTX 3060/PCIe/SSE2"));
        assert!(!is_emulated(""));
    }

    #[test]
    fn only_whole_pictures_are_drawn_less_often_in_large_windows() {
        let [usual, large] = [1_060.0 * 850.0, 3_840.0 * 2_160.0];
        assert_eq!(Renderer::Card.interval(large), FASTEST);
        assert_eq!(Renderer::Emulated.interval(usual).as_millis(), 32);
        assert_eq!(Renderer::Emulated.interval(large).as_millis(), 298);
        assert_eq!(Renderer::Software.interval(usual), Renderer::Software.interval(large));
    }
}
