//! The source's side of XDND, the drag-and-drop protocol of X11, version 5.
//!
//! The editor's window holds the pointer while its button is down and belongs to another
//! connection, so a drag cannot grab the pointer: a thread with a connection of its own asks where
//! it is, finds the window below that knows the protocol, and talks to it. Every wait has a limit,
//! since the other side is any program.

mod source;

use super::Outcome;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The window a drag begins in: none, the pointer is asked for on the whole screen.
#[derive(Clone, Copy, Default)]
pub struct Window;

impl Window {
    /// The window that is drawn in.
    pub fn of(_window: &baseview::WindowContext) -> Self {
        Self
    }
}

/// A drag on its thread.
pub struct Drag {
    shared: Arc<Shared>,
}

/// What the GUI thread and the drag's share.
#[derive(Default)]
struct Shared {
    outcome: Mutex<Option<Outcome>>,
    cancelled: AtomicBool,
}

impl Drag {
    /// Starts the thread.
    ///
    /// # Errors
    /// In words, when there is no X server or no thread.
    pub fn begin(_window: &Window, path: &Path) -> Result<Self, String> {
        Self::begin_on(None, path)
    }

    /// [`Drag::begin`] on an X server by name.
    fn begin_on(server: Option<&str>, path: &Path) -> Result<Self, String> {
        let line = super::uri::line(path);
        let shared = Arc::<Shared>::default();
        let on_thread = shared.clone();
        let source = source::Source::connect(server, line).map_err(|error| error.to_string())?;
        std::thread::Builder::new()
            .name("drag".into())
            .spawn(move || {
                let outcome = source.run(|| on_thread.cancelled.load(Ordering::Relaxed));
                let outcome = outcome.unwrap_or_else(|error| Outcome::Failed(error.to_string()));
                *on_thread.outcome.lock() = Some(outcome);
            })
            .map_err(|error| format!("no thread for the drag: {error}"))?;
        Ok(Self { shared })
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.shared.outcome.lock().clone()
    }
}

impl Drop for Drag {
    fn drop(&mut self) {
        // The thread notices within a few milliseconds. It is not waited for: the server it talks
        // to may be stuck, and this library stays loaded.
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
