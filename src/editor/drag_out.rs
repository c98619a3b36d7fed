//! Dragging a file out of the editor into the host or a file manager.
//!
//! A drag is begun when the pointer leaves a handle with its button held, with the path of a file
//! that is written already. From then on it runs by itself and ends with the button; the editor
//! only asks how it went. X11 is spoken here ([`x11`]), since no library does without a toolkit of
//! its own; Windows and macOS are left to the crate `drag` ([`native`]).

#[cfg(any(windows, target_os = "macos"))]
mod native;
#[cfg(any(test, windows, target_os = "macos"))]
mod release;
#[cfg(target_os = "linux")]
mod uri;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(any(windows, target_os = "macos"))]
use native as system;
#[cfg(target_os = "linux")]
use x11 as system;

pub use system::Window;

use std::path::Path;

/// How a drag ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A window took the file.
    Dropped,
    /// The button was released where nobody takes files, or Escape was pressed.
    Cancelled,
    /// In words, why it did not work.
    Failed(String),
}

/// A drag; when it is dropped before it has ended, it is cancelled where the system can do that.
pub struct DragOut {
    drag: system::Drag,
}

impl DragOut {
    /// How the drag ended, once it has; asked for every frame.
    pub fn outcome(&self) -> Option<Outcome> {
        self.drag.outcome()
    }
}

/// Begins to drag a file out of a window, with the button held now.
///
/// # Errors
/// In words: the file is not there, or this system has no way.
pub fn begin(window: &Window, path: &Path) -> Result<DragOut, String> {
    if !path.is_file() {
        return Err(format!("{} is not there any more", path.display()));
    }
    system::Drag::begin(window, path).map(|drag| DragOut { drag })
}

/// Lets the window know that the button is up, which Windows and macOS tell nobody after a drag.
pub fn end(context: &egui::Context) {
    #[cfg(any(windows, target_os = "macos"))]
    release::release(context);
    #[cfg(target_os = "linux")]
    let _ = context;
}
