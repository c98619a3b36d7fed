//! How often the window is drawn while the band plays.

use egui::Context;
use nice_plug_egui::Frame;
use std::time::Duration;

/// Between two pictures where a graphics card draws them.
pub const FASTEST: Duration = Duration::from_micros(16_667);

/// Between two pictures where the processor draws them itself.
const SOFTWARE: Duration = Duration::from_millis(66);

/// Parts of the names of renderers without a graphics card: Mesa's, Google's and Windows'.
const SOFTWARE_NAMES: [&str; 5] = ["llvmpipe", "softpipe", "swrast", "swiftshader", "gdi generic"];

/// What the renderer of a window can bear.
///
/// A renderer that does not say its name is trusted.
pub fn interval(frame: &Frame) -> Duration {
    use glow::HasContext;
    let Some(context) = frame.baseview_window().gl_context() else { return FASTEST };
    // SAFETY: this is the window's own thread, on which no context is current between pictures.
    unsafe {
        if context.make_current().is_err() {
            return FASTEST;
        }
        let name = frame.gl().get_parameter_string(glow::RENDERER);
        // The next picture makes it current again, and reports what is wrong.
        let _ = context.make_not_current();
        for_renderer(&name)
    }
}

fn for_renderer(name: &str) -> Duration {
    let name = name.to_lowercase();
    let software = SOFTWARE_NAMES.iter().any(|part| name.contains(part));
    if software { SOFTWARE } else { FASTEST }
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
    fn processors_draw_less_often() {
        assert_eq!(for_renderer("llvmpipe (LLVM 15.0.6, 256 bits)"), SOFTWARE);
        assert_eq!(for_renderer("GDI Generic"), SOFTWARE);
        assert_eq!(for_renderer("NVIDIA GeForce RTX 3060/PCIe/SSE2"), FASTEST);
        assert_eq!(for_renderer(""), FASTEST);
    }
}
