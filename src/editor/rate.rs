//! How often the window is drawn while the band plays.

#[cfg(target_os = "linux")]
use egui::FullOutput;
use egui::{Context, Plugin};
use nice_plug_egui::Frame;
use std::time::Duration;

/// Between two pictures, at least. Each waits for the screen besides: this much and the rest of a
/// sixtieth of a second, where that is how often the screen shows one.
pub const FASTEST: Duration = Duration::from_millis(12);

/// Between a picture and the question for the next, where the screen says when that is.
#[cfg(target_os = "linux")]
const QUESTION: Duration = Duration::from_millis(4);

/// Between two pictures for each million pixels where the processor brings them to the screen.
const A_MEGAPIXEL: Duration = Duration::from_millis(36);

/// Between two pictures where the processor draws them and the playhead moves without them: often
/// enough for lamps, notes that sound and meters.
const BESIDES: Duration = Duration::from_millis(50);

/// Parts of the names of renderers without a graphics card: Mesa's, Google's and Windows'.
const SOFTWARE_NAMES: [&str; 5] = ["llvmpipe", "softpipe", "swrast", "swiftshader", "gdi generic"];

/// Who draws a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renderer {
    /// A graphics card.
    Card,
    /// The processor.
    Software,
}

impl Renderer {
    /// The time between two pictures of so many pixels that it can bear; longer when the playhead
    /// `moves_alone`.
    pub fn interval(self, n_pixels: f32, moves_alone: bool) -> Duration {
        let least = if moves_alone { BESIDES } else { FASTEST };
        match self {
            Self::Card => FASTEST,
            Self::Software => least.max(A_MEGAPIXEL.mul_f32((n_pixels * 1e-6).clamp(0.0, 100.0))),
        }
    }
}

/// Has the framework draw for every picture of the screen while a graphics card does it, where it
/// would draw for every other one. Part of a window's context, and gone with it.
#[derive(Default)]
pub struct Pacer {
    #[cfg(target_os = "linux")]
    pace: Option<super::x11::Pace>,
}

impl Pacer {
    /// The pacer of a window.
    pub fn of(frame: &Frame, renderer: Renderer) -> Self {
        #[cfg(target_os = "linux")]
        if renderer == Renderer::Card {
            let pace = super::x11::Screen::of(frame).map(super::x11::Pace::new);
            return Self { pace: pace.and_then(Result::ok) };
        }
        let _ = (frame, renderer);
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

/// Who draws this window. A renderer that does not say its name is trusted.
pub fn renderer(frame: &Frame) -> Renderer {
    use glow::HasContext;
    let Some(context) = frame.baseview_window().gl_context() else { return Renderer::Card };
    // SAFETY: this is the window's own thread, on which no context is current between pictures.
    unsafe {
        if context.make_current().is_err() {
            return Renderer::Card;
        }
        let name = frame.gl().get_parameter_string(glow::RENDERER);
        // The next picture makes it current again, and reports what is wrong.
        let _ = context.make_not_current();
        named(&name)
    }
}

fn named(name: &str) -> Renderer {
    let name = name.to_lowercase();
    let software = SOFTWARE_NAMES.iter().any(|part| name.contains(part));
    if software { Renderer::Software } else { Renderer::Card }
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
        assert_eq!(named("llvmpipe (LLVM 15.0.6, 256 bits)"), Renderer::Software);
        assert_eq!(named("GDI Generic"), Renderer::Software);
        assert_eq!(named("NVIDIA GeForce RTX 3060/PCIe/SSE2"), Renderer::Card);
        assert_eq!(named(""), Renderer::Card);
    }

    #[test]
    fn large_windows_without_a_card_are_drawn_less_often() {
        let [usual, large] = [1_060.0 * 850.0, 3_840.0 * 2_160.0];
        assert_eq!(Renderer::Card.interval(large, false), FASTEST);
        assert_eq!(Renderer::Software.interval(usual, false).as_millis(), 32);
        assert_eq!(Renderer::Software.interval(usual, true), BESIDES);
        assert_eq!(Renderer::Software.interval(large, true).as_millis(), 298);
    }
}
