//! The window library's window, made safe to close.
//!
//! On X11 a window has a thread of its own. When that has panicked, as a graphics driver can make
//! it, closing the window panics on the host's thread, behind a C interface, which ends the host.
//! The window here keeps that to itself; the plugin plays on, and the editor can be opened again.
//! It is closed only when its thread has ended.

use super::gestures::Gestures;
use super::thread::WindowThread;
use super::wake::Wake;
use nice_plug::editor::dpi::NativeSize;
use nice_plug::editor::{EditorHandle, Modifiers, ParentWindowHandle, ResizeHint, VirtualKeyCode};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A window that is closed without panicking, and leaves no thread behind.
pub struct Window<W = baseview::Window> {
    inner: Option<W>,
    thread: WindowThread,
    closed: Box<dyn Fn()>,
}

impl<W> Window<W> {
    /// Takes over an open window with its thread, and what is to be done once it is closed.
    pub fn new(window: W, thread: WindowThread, closed: impl Fn() + 'static) -> Self {
        Self { inner: Some(window), thread, closed: Box::new(closed) }
    }
}

impl<W> Drop for Window<W> {
    fn drop(&mut self) {
        let window = self.inner.take();
        // Nothing of the window is used again.
        if catch_unwind(AssertUnwindSafe(|| drop(window))).is_err() {
            nice_plug::nice_error!("the editor had crashed; the music was not touched by it");
        }
        self.thread.wait();
        (self.closed)();
    }
}

/// What the host calls for such a window; closing or hiding that ends all gestures, and what the
/// host changes is drawn.
pub struct Handle {
    resize_hint: ResizeHint,
    gestures: Arc<Gestures>,
    wake: Wake,
}

impl Handle {
    /// For a window that takes some sizes.
    pub fn new(resize_hint: ResizeHint, gestures: Arc<Gestures>, wake: Wake) -> Self {
        Self { resize_hint, gestures, wake }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.gestures.end_all();
    }
}

/// Calls the window library with its own window, which is there until it is dropped.
fn with(
    window: &Window,
    call: impl FnOnce(&baseview::Window) -> Result<(), baseview::Error>,
) -> Result<(), baseview::Error> {
    window.inner.as_ref().map_or(Ok(()), call)
}

impl EditorHandle for Handle {
    type Window = Window;
    type Error = baseview::Error;

    fn run_until_closed(mut window: Window) -> Result<(), baseview::Error> {
        window.inner.take().map_or(Ok(()), baseview::Window::run_until_closed)
    }

    fn set_parent(
        &self,
        parent: ParentWindowHandle,
        window: &Window,
    ) -> Result<(), baseview::Error> {
        with(window, |window| window.set_parent(&parent))
    }

    fn show(&self, window: &Window) -> Result<(), baseview::Error> {
        with(window, baseview::Window::show)
    }

    fn hide(&self, window: &Window) -> Result<(), baseview::Error> {
        self.gestures.end_all();
        with(window, baseview::Window::hide)
    }

    fn set_size(&self, size: NativeSize<u32>, window: &Window) -> Result<(), baseview::Error> {
        with(window, |window| window.resize(size))
    }

    fn host_main_thread_callback(&self, window: &Window) {
        if let Some(window) = &window.inner {
            window.host_main_thread_callback();
        }
    }

    fn adjust_size(&self, size: NativeSize<u32>, window: &Window) -> Option<NativeSize<u32>> {
        let now = window.inner.as_ref()?.size();
        let size_now = NativeSize::from_logical_or_physical(now.logical, now.physical);
        Some(self.resize_hint.adjust_size(size, size_now, now.scale_factor))
    }

    fn set_fallback_scale_factor(
        &self,
        scale: f64,
        window: &Window,
    ) -> Result<(), baseview::Error> {
        with(window, |window| window.suggest_fallback_scale_factor(scale))
    }

    fn on_virtual_key_from_host(
        &self,
        _key: VirtualKeyCode,
        _is_down: bool,
        _modifiers: Modifiers,
    ) -> bool {
        false
    }

    fn state_changed(&self) {
        self.wake.ring();
    }

    fn param_value_changed(&self, _id: &str, _normalized_value: f32) {
        self.wake.ring();
    }

    fn param_modulation_changed(&self, _id: &str, _modulation_offset: f32) {
        self.wake.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Panics when it is dropped, as a window does whose thread has.
    struct Crashed;

    impl Drop for Crashed {
        fn drop(&mut self) {
            panic!("the window's thread has panicked");
        }
    }

    #[test]
    fn a_crashed_window_is_closed_in_peace() {
        let closed = Arc::new(AtomicBool::new(false));
        let said = closed.clone();
        let thread = WindowThread::default();
        drop(Window::new(Crashed, thread, move || said.store(true, Ordering::Relaxed)));
        assert!(closed.load(Ordering::Relaxed));
    }
}
