//! Waking the window: it is drawn when something has changed, and not at all otherwise.

use egui::Context;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A bell that the composing thread and the host's calls ring; the window hears it while it is
/// open. Cheap to clone.
#[derive(Clone, Default)]
pub struct Wake(Arc<Bell>);

#[derive(Default)]
struct Bell {
    /// The open window's, from its first picture on: baseview must not be asked for one earlier,
    /// see `window`.
    window: Mutex<Option<Context>>,
    rung: AtomicBool,
    /// Whether the window has another picture coming soon, which shows whatever is new.
    has_next: AtomicBool,
}

impl Wake {
    /// Says that something has changed. Not for the audio thread.
    pub fn ring(&self) {
        self.0.rung.store(true, Ordering::SeqCst);
        if !self.0.has_next.load(Ordering::SeqCst) {
            self.ask();
        }
    }

    fn ask(&self) {
        // Asked without the lock: drawing may begin at once, and take it.
        let window = self.0.window.lock().clone();
        if let Some(window) = window {
            window.request_repaint();
        }
    }

    /// Connects the open window, or none.
    pub fn connect(&self, window: Option<&Context>) {
        if window.is_none() {
            self.0.has_next.store(false, Ordering::SeqCst);
        }
        let before = std::mem::replace(&mut *self.0.window.lock(), window.cloned());
        // Without the lock: with the last that knows a context goes all that belongs to it.
        drop(before);
    }

    /// Says whether the open window will draw another picture soon, rung for or not.
    pub fn expect(&self, has_next: bool) {
        self.0.has_next.store(has_next, Ordering::SeqCst);
        // Who rang meanwhile relied on it.
        if !has_next && self.0.rung.load(Ordering::SeqCst) {
            self.ask();
        }
    }

    /// Whether it was rung since the last call.
    pub fn take(&self) -> bool {
        self.0.rung.swap(false, Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connects a window that was not asked for a picture yet; whether it is.
    fn opened(wake: &Wake) -> Arc<AtomicBool> {
        let asked = Arc::new(AtomicBool::new(false));
        let context = Context::default();
        let seen = asked.clone();
        context.set_request_repaint_callback(move |_| seen.store(true, Ordering::Relaxed));
        wake.connect(Some(&context));
        asked
    }

    #[test]
    fn an_open_window_is_asked_for_a_picture() {
        let wake = Wake::default();
        wake.ring();
        assert!(wake.take() && !wake.take(), "nobody is there, and it is not forgotten");
        let asked = opened(&wake);
        assert!(!asked.load(Ordering::Relaxed));
        wake.clone().ring();
        assert!(asked.swap(false, Ordering::Relaxed));
        wake.connect(None);
        wake.ring();
        assert!(!asked.load(Ordering::Relaxed), "closed again");
    }

    #[test]
    fn a_window_that_draws_anyway_is_not_asked() {
        let wake = Wake::default();
        let asked = opened(&wake);
        wake.expect(true);
        wake.ring();
        assert!(!asked.load(Ordering::Relaxed), "a picture is coming");
        wake.expect(false);
        assert!(asked.load(Ordering::Relaxed), "it is not, and somebody has rung");
        assert!(wake.take());
        let asked = opened(&wake);
        wake.expect(false);
        assert!(!asked.load(Ordering::Relaxed), "nobody has");
        wake.expect(true);
        wake.connect(None);
        let asked = opened(&wake);
        wake.ring();
        assert!(asked.load(Ordering::Relaxed), "another window draws when it is asked");
    }
}
