//! The plugin's editor inside an X11 window, by CLAP's `gui` extension.

use std::sync::Mutex;

use clack_extensions::gui::{
    GuiApiType, GuiConfiguration, GuiError, GuiSize, HostGuiImpl, PluginGui, Window,
};
use clack_host::prelude::*;

use super::{ClapInstance, Shared};
use crate::instance::{EditorRequests, EditorWish, PixelSize};
use crate::{Error, Result};

const EMBEDDED: GuiConfiguration =
    GuiConfiguration { api_type: GuiApiType::X11, is_floating: false };

/// What the plugin has asked about its editor, from any thread.
#[derive(Default)]
pub(super) struct Requests(Mutex<EditorRequests>);

impl Requests {
    pub(super) fn take(&self) -> EditorRequests {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, EditorRequests> {
        // Whoever panicked has left plain values behind.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl HostGuiImpl for Shared {
    fn resize_hints_changed(&self) {}

    fn request_resize(&self, size: GuiSize) -> std::result::Result<(), HostError> {
        self.editor.lock().size = Some([size.width, size.height]);
        Ok(())
    }

    fn request_show(&self) -> std::result::Result<(), HostError> {
        Ok(())
    }

    fn request_hide(&self) -> std::result::Result<(), HostError> {
        Ok(())
    }

    fn closed(&self, _was_destroyed: bool) {
        self.editor.lock().closed = true;
    }
}

fn refused(call: &'static str) -> impl Fn(GuiError) -> Error {
    move |error| Error::refused(call, error)
}

impl ClapInstance {
    /// The calls that the format asks for, in its order.
    pub(super) fn open(&mut self, wish: &EditorWish) -> Result<PixelSize> {
        if self.gui.is_some() {
            return Err(Error::refused("gui.create", "the editor is open"));
        }
        let plugin = self.instance.plugin_handle();
        let gui: PluginGui = plugin.get_extension().ok_or(Error::Missing("editor"))?;
        if !gui.is_api_supported(&plugin, EMBEDDED) {
            return Err(Error::Missing("editor for X11"));
        }
        gui.create(&plugin, EMBEDDED).map_err(refused("gui.create"))?;
        // From here on the editor must be destroyed, whatever happens.
        self.gui = Some(gui);
        let opened = self.embed(gui, wish);
        if opened.is_err() {
            self.gui = None;
            gui.destroy(&self.instance.plugin_handle());
        }
        opened
    }

    fn embed(&mut self, gui: PluginGui, wish: &EditorWish) -> Result<PixelSize> {
        let plugin = self.instance.plugin_handle();
        if let Some(scale) = wish.scale {
            gui.set_scale(&plugin, scale).map_err(refused("gui.set_scale"))?;
        }
        let size = match wish.size {
            Some(size) => self.resize(size)?,
            None => {
                let size = gui.get_size(&plugin);
                let size = size.ok_or_else(|| Error::refused("gui.get_size", "no size"))?;
                [size.width, size.height]
            }
        };
        std::thread::sleep(wish.hesitation);
        let plugin = self.instance.plugin_handle();
        let parent = Window::from_x11_handle(wish.parent.into());
        // SAFETY: the caller keeps the window until it closes the editor. A window that is gone is
        // an error of the X server's, which the plugin gets.
        unsafe { gui.set_parent(&plugin, parent) }.map_err(refused("gui.set_parent"))?;
        gui.show(&plugin).map_err(refused("gui.show"))?;
        Ok(size)
    }

    pub(super) fn resize(&mut self, [width, height]: PixelSize) -> Result<PixelSize> {
        let gui = self.gui.ok_or_else(|| Error::refused("gui.set_size", "no editor is open"))?;
        let plugin = self.instance.plugin_handle();
        if !gui.can_resize(&plugin) {
            return Err(Error::refused("gui.set_size", "the editor cannot be resized"));
        }
        let wanted = GuiSize { width, height };
        let size = gui.adjust_size(&plugin, wanted).unwrap_or(wanted);
        gui.set_size(&plugin, size).map_err(refused("gui.set_size"))?;
        Ok([size.width, size.height])
    }
}
