//! A connection of our own to the X server of the window.
//!
//! The library shares neither its connection nor the events that come over it. An X server does
//! not care whose window it is: whoever knows its number may paint into it and hear of it.

mod pace;

pub use pace::Pace;

use raw_window_handle::{HasWindowHandle, RawWindowHandle};
use x11rb::errors::ConnectError;
use x11rb::rust_connection::RustConnection;

/// A connection, and the library's window.
pub struct Screen {
    /// Used by one thread at a time.
    pub connection: RustConnection,
    /// The window's number.
    pub window: u32,
}

impl Screen {
    /// Connects to the server that the window is on.
    pub fn of(window: &impl HasWindowHandle) -> Option<Self> {
        let window = match window.window_handle().ok()?.as_raw() {
            RawWindowHandle::Xlib(handle) => handle.window.try_into().ok()?,
            RawWindowHandle::Xcb(handle) => handle.window.get(),
            _ => return None,
        };
        Self::connect(None, window).ok()
    }

    /// [`Screen::of`] a window on a server by name, or on that of `DISPLAY`.
    pub fn connect(server: Option<&str>, window: u32) -> Result<Self, ConnectError> {
        let (connection, _) = RustConnection::connect(server)?;
        Ok(Self { connection, window })
    }
}
