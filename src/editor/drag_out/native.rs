//! Drags on Windows and macOS, by way of the crate `drag`.
//!
//! macOS follows the pointer by itself once a drag has begun. On Windows the call that begins it
//! returns when it has ended, and draws windows meanwhile, ours too; so it must not be made while
//! one is drawn, see [`later`].

#[cfg(windows)]
mod later;

use super::Outcome;
use drag::{DragItem, DragResult, Image};
use parking_lot::Mutex;
use raw_window_handle::{HandleError, HasWindowHandle, RawWindowHandle, WindowHandle};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What hangs at the pointer.
const IMAGE: &[u8] = include_bytes!("../../../assets/drag.png");

/// The system's number of a window, or nothing before it is there.
#[derive(Clone, Copy, Default)]
pub struct Window(Option<usize>);

impl Window {
    /// The window that is drawn in.
    pub fn of(window: &baseview::WindowContext) -> Self {
        let handle = window.window_handle().ok();
        Self(handle.and_then(|handle| match handle.as_raw() {
            #[cfg(windows)]
            RawWindowHandle::Win32(handle) => Some(handle.hwnd.get() as usize),
            #[cfg(target_os = "macos")]
            RawWindowHandle::AppKit(handle) => Some(handle.ns_view.as_ptr() as usize),
            _ => None,
        }))
    }

    fn raw(self) -> Option<RawWindowHandle> {
        let number = self.0?;
        #[cfg(windows)]
        let handle = {
            let hwnd = std::num::NonZeroIsize::new(number as isize)?;
            RawWindowHandle::Win32(raw_window_handle::Win32WindowHandle::new(hwnd))
        };
        #[cfg(target_os = "macos")]
        let handle = {
            let view = std::ptr::NonNull::new(number as *mut std::ffi::c_void)?;
            RawWindowHandle::AppKit(raw_window_handle::AppKitWindowHandle::new(view))
        };
        Some(handle)
    }
}

impl HasWindowHandle for Window {
    fn window_handle(&self) -> Result<WindowHandle<'_>, HandleError> {
        let raw = self.raw().ok_or(HandleError::Unavailable)?;
        // SAFETY: the editor is in the window as long as it begins drags, and a drag begins only
        // while its `Drag` is there, which the editor owns.
        Ok(unsafe { WindowHandle::borrow_raw(raw) })
    }
}

/// A drag that has begun, or will with the next message.
pub struct Drag {
    outcome: Arc<Mutex<Option<Outcome>>>,
    #[cfg(windows)]
    _later: later::Later,
}

impl Drag {
    /// Begins the drag.
    ///
    /// # Errors
    /// In words, when there is no window or the system refuses.
    pub fn begin(window: &Window, path: &Path) -> Result<Self, String> {
        let (window, path) = (*window, path.to_owned());
        if window.raw().is_none() {
            return Err("files cannot be dragged out of this window".into());
        }
        let outcome = Arc::<Mutex<Option<Outcome>>>::default();
        // Whoever has dropped the drag by then does not want it to begin.
        let told = Arc::downgrade(&outcome);
        let start = move |is_held: bool| match told.upgrade() {
            Some(outcome) if is_held => start(window, path, outcome),
            Some(outcome) => *outcome.lock() = Some(Outcome::Cancelled),
            None => {}
        };
        #[cfg(windows)]
        return Ok(Self { outcome, _later: later::Later::new(start)? });
        #[cfg(target_os = "macos")]
        {
            start(true);
            Ok(Self { outcome })
        }
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome.lock().clone()
    }
}

/// Begins it; on Windows this returns when it has ended. The lock is taken only to write down how
/// that was.
fn start(window: Window, path: PathBuf, outcome: Arc<Mutex<Option<Outcome>>>) {
    let told = outcome.clone();
    let begun = catch_unwind(AssertUnwindSafe(|| {
        drag::start_drag(
            &window,
            DragItem::Files(vec![path]),
            Image::Raw(IMAGE.to_vec()),
            move |result, _| {
                *told.lock() = Some(match result {
                    DragResult::Dropped => Outcome::Dropped,
                    DragResult::Cancel => Outcome::Cancelled,
                });
            },
            drag::Options::default(),
        )
    }));
    let failed = match begun {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        // The library expects much of the system.
        Err(_) => "the system does not drag files".to_owned(),
    };
    *outcome.lock() = Some(Outcome::Failed(failed));
}
