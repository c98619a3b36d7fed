//! The window on the server, to paint into.

use super::shown::Target;
use crate::editor::raster::Area;
use crate::editor::x11::Screen;
use x11rb::connection::Connection;
use x11rb::errors::{ConnectionError, ReplyOrIdError};
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, Gcontext, ImageFormat, ImageOrder, Visualtype,
};

/// The window, whose pixels are blue, green, red and opacity or nothing.
pub struct Canvas {
    screen: Screen,
    context: Gcontext,
    depth: u8,
}

impl Canvas {
    /// The canvas of a window, if its pixels are so.
    ///
    /// # Errors
    /// When the server has gone.
    pub fn new(screen: Screen) -> Result<Option<Self>, ReplyOrIdError> {
        let Screen { connection, window, .. } = &screen;
        let depth = connection.get_geometry(*window)?.reply()?.depth;
        let visual = connection.get_window_attributes(*window)?.reply()?.visual;
        let setup = connection.setup();
        let mut visuals = setup.roots.iter().flat_map(|root| &root.allowed_depths);
        let visual = visuals.find_map(|depth| depth.visuals.iter().find(|v| v.visual_id == visual));
        let has_masks = |visual: &Visualtype| {
            [visual.red_mask, visual.green_mask, visual.blue_mask] == [0xff_0000, 0xff00, 0xff]
        };
        let format = setup.pixmap_formats.iter().find(|format| format.depth == depth);
        if setup.image_byte_order != ImageOrder::LSB_FIRST
            || format.is_none_or(|format| format.bits_per_pixel != 32)
            || !visual.is_some_and(has_masks)
        {
            return Ok(None);
        }
        let context = connection.generate_id()?;
        connection.create_gc(context, *window, &CreateGCAux::new())?.check()?;
        Ok(Some(Self { screen, context, depth }))
    }
}

impl Target for Canvas {
    type Error = ConnectionError;

    fn put(&self, area: &Area, bytes: &[u8]) -> Result<(), ConnectionError> {
        let Screen { connection, window, .. } = &self.screen;
        let [width, height] = [area.x.len(), area.y.len()].map(|length| length as u16);
        let [left, top] = [area.x.start, area.y.start].map(|place| place as i16);
        let (format, depth) = (ImageFormat::Z_PIXMAP, self.depth);
        // The window may be closed meanwhile.
        connection
            .put_image(format, *window, self.context, width, height, left, top, 0, depth, bytes)?
            .ignore_error();
        Ok(())
    }

    fn flush(&self) -> Result<(), ConnectionError> {
        self.screen.connection.flush()
    }
}
