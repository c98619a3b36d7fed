//! A window with a plugin's editor in it.

use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, WindowClass,
};

use super::{Display, Picture, refused};
use crate::instance::{EditorWish, Instance, PixelSize};
use crate::{Error, Result};

/// How large a window is before its editor has said what it wants.
const FIRST_SIZE: PixelSize = [640, 480];

/// How often a picture is taken while something is waited for.
const LOOK: Duration = Duration::from_millis(50);

/// A host's window around a plugin's editor.
///
/// [`EditorWindow::close`] ends both; a window that is dropped leaves the editor to its instance,
/// which closes it when it goes.
pub struct EditorWindow<'a> {
    display: &'a Display,
    window: u32,
    size: PixelSize,
}

impl<'a> EditorWindow<'a> {
    /// Opens a window in the screen's corner with the editor of an instance in it.
    ///
    /// # Errors
    /// [`Error::XServer`], or what the plugin refuses.
    pub fn open(
        display: &'a Display,
        instance: &mut dyn Instance,
        wish: &EditorWish,
    ) -> Result<Self> {
        let connection = &display.connection;
        let window = connection.generate_id().map_err(refused)?;
        let screen = &connection.setup().roots[display.screen];
        let [width, height] = wish.size.unwrap_or(FIRST_SIZE).map(|length| length as u16);
        connection
            .create_window(
                x11rb::COPY_DEPTH_FROM_PARENT,
                window,
                screen.root,
                0,
                0,
                width,
                height,
                0,
                WindowClass::INPUT_OUTPUT,
                x11rb::COPY_FROM_PARENT,
                &CreateWindowAux::new().background_pixel(screen.black_pixel),
            )
            .map_err(refused)?
            .check()
            .map_err(refused)?;
        let mut opened = Self { display, window, size: FIRST_SIZE };
        connection.map_window(window).map_err(refused)?.check().map_err(refused)?;
        let size = instance.open_editor(&EditorWish { parent: window, ..*wish })?;
        opened.configure(size)?;
        Ok(opened)
    }

    /// The window's X11 id.
    pub fn id(&self) -> u32 {
        self.window
    }

    /// Width and height in pixels.
    pub fn size(&self) -> PixelSize {
        self.size
    }

    fn configure(&mut self, size: PixelSize) -> Result<()> {
        let configured = ConfigureWindowAux::new().width(size[0]).height(size[1]);
        let sent = self.display.connection.configure_window(self.window, &configured);
        sent.map_err(refused)?.check().map_err(refused)?;
        self.size = size;
        Ok(())
    }

    /// Gives editor and window the nearest size that the editor takes, in pixels.
    ///
    /// # Errors
    /// [`Error::XServer`], or what the plugin refuses.
    pub fn resize(&mut self, instance: &mut dyn Instance, size: PixelSize) -> Result<PixelSize> {
        let size = instance.resize_editor(size)?;
        self.configure(size)?;
        Ok(size)
    }

    /// Does what the editor has asked for; whether it is still there.
    ///
    /// # Errors
    /// [`Error::XServer`].
    pub fn turn(&mut self, instance: &mut dyn Instance) -> Result<bool> {
        instance.idle();
        let requests = instance.take_editor_requests();
        if let Some(size) = requests.size {
            self.configure(size)?;
        }
        Ok(!requests.closed)
    }

    /// A picture of the window.
    ///
    /// # Errors
    /// As [`Display::capture`].
    pub fn capture(&self) -> Result<Picture> {
        self.display.capture(self.window, self.size)
    }

    /// Takes pictures until one is as wanted, and returns it.
    ///
    /// # Errors
    /// [`Error::Picture`] when there is none within `limit`, or as [`EditorWindow::capture`].
    pub fn wait_for(
        &mut self,
        instance: &mut dyn Instance,
        what: &str,
        limit: Duration,
        mut is_wanted: impl FnMut(&Picture) -> bool,
    ) -> Result<Picture> {
        let started = Instant::now();
        loop {
            if !self.turn(instance)? {
                return Err(Error::Picture(format!("{what}: the editor has closed itself")));
            }
            let picture = self.capture()?;
            if is_wanted(&picture) {
                return Ok(picture);
            }
            if started.elapsed() > limit {
                let [width, height] = self.size;
                let seconds = limit.as_secs_f64();
                let what = format!("{what} in {width} x {height} pixels within {seconds} s");
                return Err(Error::Picture(what));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Closes the editor, then the window.
    pub fn close(self, instance: &mut dyn Instance) {
        instance.close_editor();
    }
}

impl Drop for EditorWindow<'_> {
    fn drop(&mut self) {
        // A server that is gone has no windows.
        if let Ok(sent) = self.display.connection.destroy_window(self.window) {
            sent.ignore_error();
        }
        let _ = self.display.connection.flush();
    }
}

/// A window over others, until it is dropped.
pub struct Cover<'a> {
    display: &'a Display,
    window: u32,
}

impl Display {
    /// Covers a part of a window, from a place in it on, in pixels.
    ///
    /// # Errors
    /// [`Error::XServer`].
    pub fn cover(
        &self,
        window: u32,
        [left, top]: [i16; 2],
        [width, height]: [u16; 2],
    ) -> Result<Cover<'_>> {
        let (connection, root) = (&self.connection, self.root());
        let place = connection.translate_coordinates(window, root, left, top);
        let place = place.map_err(refused)?.reply().map_err(refused)?;
        let cover = connection.generate_id().map_err(refused)?;
        let aux = CreateWindowAux::new().override_redirect(1).background_pixel(0);
        let (x, y, class) = (place.dst_x, place.dst_y, WindowClass::INPUT_OUTPUT);
        let depth = x11rb::COPY_DEPTH_FROM_PARENT;
        connection
            .create_window(depth, cover, root, x, y, width, height, 0, class, 0, &aux)
            .map_err(refused)?
            .check()
            .map_err(refused)?;
        connection.map_window(cover).map_err(refused)?.check().map_err(refused)?;
        Ok(Cover { display: self, window: cover })
    }
}

impl Drop for Cover<'_> {
    fn drop(&mut self) {
        let destroyed = self.display.connection.destroy_window(self.window);
        // A server that has gone has no windows.
        if let Ok(cookie) = destroyed {
            let _ = cookie.check();
        }
    }
}
