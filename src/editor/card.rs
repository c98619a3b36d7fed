//! Draws a window with OpenGL, each picture whole.

use super::{ground, rate};
use baseview::gl::GlContext;
use baseview::{HandlerError, WindowContext};
use egui::{Context, FullOutput};
use egui_glow::Painter;
use glow::HasContext;
use std::sync::Arc;

/// The OpenGL of a window.
pub struct OpenGl {
    window: GlContext,
    gl: Arc<glow::Context>,
    /// Whether it does without a graphics card.
    pub is_emulated: bool,
}

impl OpenGl {
    /// The OpenGL of a window.
    ///
    /// # Errors
    /// When there is none, or it refuses.
    pub fn of(window: &WindowContext) -> Result<Self, HandlerError> {
        let window = window.gl_context().ok_or_else(|| said("the window has no OpenGL"))?;
        // SAFETY: this is the window's own thread, on which no context is current between pictures.
        let gl = unsafe {
            window.make_current()?;
            let gl = glow::Context::from_loader_function_cstr(|name| window.get_proc_address(name));
            Arc::new(gl)
        };
        // SAFETY: its context is current.
        let is_emulated = unsafe { rate::is_emulated(&gl.get_parameter_string(glow::RENDERER)) };
        // SAFETY: as above.
        unsafe { window.make_not_current()? };
        Ok(Self { window, gl, is_emulated })
    }
}

/// Paints with it.
pub struct Card {
    open_gl: OpenGl,
    painter: Painter,
}

impl Card {
    /// Takes an OpenGL over.
    ///
    /// # Errors
    /// When it refuses.
    pub fn new(open_gl: OpenGl) -> Result<Self, HandlerError> {
        // SAFETY: this is the window's own thread, on which no context is current between pictures.
        unsafe { open_gl.window.make_current()? };
        let painter = Painter::new(open_gl.gl.clone(), "", None, true);
        // SAFETY: as above.
        unsafe { open_gl.window.make_not_current()? };
        Ok(Self { open_gl, painter: painter? })
    }

    /// The longest side that a texture may have.
    pub fn max_texture_side(&self) -> usize {
        self.painter.max_texture_side()
    }

    /// Shows a picture of a window of so many pixels.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn paint(
        &mut self,
        context: &Context,
        output: &mut FullOutput,
        size: [u32; 2],
    ) -> Result<(), HandlerError> {
        let OpenGl { window, gl, .. } = &self.open_gl;
        let [red, green, blue, opacity] = ground::color().to_array();
        // SAFETY: as in `new`; what is cleared is the window.
        unsafe {
            window.make_current()?;
            gl.clear_color(red, green, blue, opacity);
            gl.clear(glow::COLOR_BUFFER_BIT);
        }
        let scale = output.pixels_per_point;
        let primitives = context.tessellate(std::mem::take(&mut output.shapes), scale);
        let textures = &mut output.textures_delta;
        self.painter.paint_and_update_textures(size, scale, &primitives, textures);
        window.swap_buffers()?;
        // SAFETY: as in `new`.
        unsafe { window.make_not_current()? };
        Ok(())
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        // SAFETY: as in `new`. Without its context nothing can be given back.
        if unsafe { self.open_gl.window.make_current() }.is_ok() {
            self.painter.destroy();
            // SAFETY: as in `new`. The context ends with the window.
            let _ = unsafe { self.open_gl.window.make_not_current() };
        }
    }
}

fn said(words: &'static str) -> HandlerError {
    HandlerError::from_boxed(words.into())
}
