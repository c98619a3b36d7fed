//! An X11 server, and a window on it that holds a plugin's editor, for hosts without a desktop.
//!
//! [`XServer`] starts one that paints into memory, [`Display`] is a connection to one: it takes
//! pictures of windows and moves the pointer and presses keys as a person would, through the XTEST
//! extension. [`EditorWindow`] puts an editor into a window.

mod picture;
mod server;
mod watch;
mod window;

use std::thread::sleep;
use std::time::Duration;

use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, ImageFormat, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

pub use picture::Picture;
pub use server::XServer;
pub use watch::{Pictures, Watch};
pub use window::{Cover, EditorWindow};

use crate::instance::PixelSize;
use crate::{Error, Result};

/// How long a hand rests between two movements; an editor that paints seldom misses faster ones.
const REST: Duration = Duration::from_millis(100);

/// A key, by its X11 keysym.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keysym(pub u32);

impl Keysym {
    /// The arrow keys.
    pub const LEFT: Self = Self(0xff51);
    /// See [`Keysym::LEFT`].
    pub const UP: Self = Self(0xff52);
    /// See [`Keysym::LEFT`].
    pub const RIGHT: Self = Self(0xff53);
    /// See [`Keysym::LEFT`].
    pub const DOWN: Self = Self(0xff54);
    /// Moves the focus to the next control.
    pub const TAB: Self = Self(0xff09);
    /// Escape.
    pub const ESCAPE: Self = Self(0xff1b);
    /// The left shift key.
    pub const SHIFT: Self = Self(0xffe1);
}

/// A mouse button or a notch of the wheel, as X11 numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Button {
    /// The main button.
    Left = 1,
    /// The button for menus.
    Right = 3,
    /// One notch of the wheel away from the hand.
    WheelUp = 4,
    /// One notch of the wheel towards the hand.
    WheelDown = 5,
}

/// A connection to an X server.
pub struct Display {
    connection: RustConnection,
    screen: usize,
}

pub(crate) fn refused(error: impl std::fmt::Display) -> Error {
    Error::XServer(error.to_string())
}

impl Display {
    /// Connects to a server by name (`:7`), or to the one that `DISPLAY` names.
    ///
    /// # Errors
    /// [`Error::XServer`].
    pub fn connect(name: Option<&str>) -> Result<Self> {
        let (connection, screen) = RustConnection::connect(name).map_err(refused)?;
        Ok(Self { connection, screen })
    }

    /// The window that holds all others.
    pub fn root(&self) -> u32 {
        self.connection.setup().roots[self.screen].root
    }

    /// Width and height of the screen.
    pub fn size(&self) -> PixelSize {
        let screen = &self.connection.setup().roots[self.screen];
        [screen.width_in_pixels.into(), screen.height_in_pixels.into()]
    }

    /// Whether the server offers an extension, such as `GLX`.
    ///
    /// # Errors
    /// [`Error::XServer`].
    pub fn has_extension(&self, name: &'static str) -> Result<bool> {
        Ok(self.connection.extension_information(name).map_err(refused)?.is_some())
    }

    /// Number of windows on the server, the root not counted.
    ///
    /// # Errors
    /// [`Error::XServer`].
    pub fn n_windows(&self) -> Result<usize> {
        let mut left = vec![self.root()];
        let mut n_windows = 0;
        while let Some(window) = left.pop() {
            let Ok(tree) = self.connection.query_tree(window).map_err(refused)?.reply() else {
                // It was closed meanwhile.
                continue;
            };
            n_windows += tree.children.len();
            left.extend(tree.children);
        }
        Ok(n_windows)
    }

    /// A picture of a window with everything in it.
    ///
    /// # Errors
    /// [`Error::XServer`] when the window is gone or not wholly on the screen, [`Error::Picture`]
    /// for a screen without true colours.
    pub fn capture(&self, window: u32, [width, height]: PixelSize) -> Result<Picture> {
        let image = self
            .connection
            .get_image(
                ImageFormat::Z_PIXMAP,
                window,
                0,
                0,
                width.try_into().map_err(refused)?,
                height.try_into().map_err(refused)?,
                u32::MAX,
            )
            .map_err(refused)?
            .reply()
            .map_err(refused)?;
        Picture::from_image([width, height], image.depth, &image.data)
    }

    /// Moves the pointer to a place of a window, in pixels, and lets it rest there.
    ///
    /// # Errors
    /// [`Error::XServer`].
    pub fn point(&self, window: u32, [x, y]: [i32; 2]) -> Result<()> {
        let clamp = |value: i32| value.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        let (x, y) = (clamp(x), clamp(y));
        let root = self.root();
        let place = self.connection.translate_coordinates(window, root, x, y);
        let place = place.map_err(refused)?.reply().map_err(refused)?;
        self.fake(MOTION_NOTIFY_EVENT, 0, [place.dst_x, place.dst_y])?;
        sleep(REST);
        Ok(())
    }

    /// Presses or releases a button where the pointer is.
    ///
    /// # Errors
    /// [`Error::XServer`].
    pub fn button(&self, button: Button, pressed: bool) -> Result<()> {
        let kind = if pressed { BUTTON_PRESS_EVENT } else { BUTTON_RELEASE_EVENT };
        self.fake(kind, button as u8, [0, 0])?;
        sleep(REST);
        Ok(())
    }

    /// Presses and releases a button at a place of a window; with the wheel, turns it a notch.
    ///
    /// # Errors
    /// [`Error::XServer`].
    pub fn click(&self, window: u32, place: [i32; 2], button: Button) -> Result<()> {
        self.point(window, place)?;
        self.button(button, true)?;
        self.button(button, false)
    }

    /// Drags with the left button from one place of a window to another, in so many movements.
    ///
    /// # Errors
    /// [`Error::XServer`].
    pub fn drag(&self, window: u32, from: [i32; 2], to: [i32; 2], n_moves: i32) -> Result<()> {
        self.point(window, from)?;
        self.button(Button::Left, true)?;
        for step in 1..=n_moves {
            let at = |axis: usize| from[axis] + (to[axis] - from[axis]) * step / n_moves;
            self.point(window, [at(0), at(1)])?;
        }
        self.button(Button::Left, false)
    }

    /// Presses and releases a key in the window that has the focus.
    ///
    /// # Errors
    /// [`Error::XServer`], also when the keyboard has no such key.
    pub fn key(&self, key: Keysym) -> Result<()> {
        let code = self.code_of(key)?;
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            self.fake(kind, code, [0, 0])?;
            sleep(REST);
        }
        Ok(())
    }

    fn code_of(&self, key: Keysym) -> Result<u8> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = self.connection.get_keyboard_mapping(first, last - first + 1);
        let mapping = mapping.map_err(refused)?.reply().map_err(refused)?;
        let width = usize::from(mapping.keysyms_per_keycode).max(1);
        let row = mapping.keysyms.chunks(width).position(|row| row.contains(&key.0));
        let row = row.ok_or_else(|| refused(format!("no key has the keysym {:#x}", key.0)))?;
        Ok(first + row as u8)
    }

    fn fake(&self, kind: u8, detail: u8, [x, y]: [i16; 2]) -> Result<()> {
        let root = self.root();
        let sent = self.connection.xtest_fake_input(kind, detail, 0, root, x, y, 0);
        sent.map_err(refused)?.check().map_err(refused)
    }
}
