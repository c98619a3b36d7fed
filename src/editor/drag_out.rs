//! Dragging a file out of the editor into the host or a file manager.
//!
//! A drag is begun when the pointer leaves a handle with its button held, with the path of a file
//! that is written already. From then on it runs by itself and ends with the button; the editor
//! only asks how it went. On systems without a way to do that, [`begin`] says so.

#[cfg(target_os = "linux")]
mod uri;
#[cfg(target_os = "linux")]
mod x11;

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

/// A drag; when it is dropped before it has ended, it is cancelled.
pub struct DragOut {
    #[cfg(target_os = "linux")]
    drag: x11::Drag,
}

impl DragOut {
    /// How the drag ended, once it has; asked for every frame.
    pub fn outcome(&self) -> Option<Outcome> {
        #[cfg(target_os = "linux")]
        return self.drag.outcome();
        #[cfg(not(target_os = "linux"))]
        return Some(Outcome::Cancelled);
    }
}

/// Whether files can be dragged out of the editor on this system.
pub const fn is_available() -> bool {
    cfg!(target_os = "linux")
}

/// Begins to drag a file, with the button held now.
///
/// # Errors
/// In words: the file is not there, or this system has no way.
pub fn begin(path: &Path) -> Result<DragOut, String> {
    if !path.is_file() {
        return Err(format!("{} is not there any more", path.display()));
    }
    #[cfg(target_os = "linux")]
    return x11::Drag::begin(path).map(|drag| DragOut { drag });
    #[cfg(not(target_os = "linux"))]
    return Err("files cannot be dragged out on this system; use the folder".into());
}
