//! The thread that a window has on X11, and waiting until it is no more.
//!
//! Closing a window of baseview 0.4.2 asks its thread to show it once more, and does not join the
//! thread when that fails because it is ending already. A host that unloads the library then takes
//! the code away under a thread that still runs.

use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A thread that hangs in a graphics driver is not waited for longer than this.
const LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_micros(200);

/// The thread of the open window; known from when the window is built. Cheap to clone.
#[derive(Clone, Default)]
pub struct WindowThread(Arc<Mutex<Option<PathBuf>>>);

impl WindowThread {
    /// Says that the calling thread is the window's. Does nothing but on Linux.
    pub fn set(&self) {
        *self.0.lock() = if cfg!(target_os = "linux") {
            std::fs::canonicalize("/proc/thread-self").ok()
        } else {
            None
        };
    }

    /// Waits until the thread has ended. Not for the thread itself.
    pub fn wait(&self) {
        let Some(thread) = self.0.lock().take() else { return };
        let started = Instant::now();
        while thread.exists() {
            if started.elapsed() > LIMIT {
                nice_plug::nice_error!("the thread of the editor's window does not end");
                return;
            }
            std::thread::sleep(POLL);
        }
    }
}

#[cfg(test)]
mod tests;
