//! The plugin's editor inside an X11 window, by VST3's `IPlugView`.
//!
//! Traps of the framework: a scale is refused before the view is attached; what the plugin has to
//! do on the main thread waits until the host's run loop calls it.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;

use vst3::Steinberg::Linux::{
    FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait, ITimerHandler,
    TimerInterval,
};
use vst3::Steinberg::Vst::{IEditControllerTrait, ViewType};
use vst3::Steinberg::{
    IPlugFrame, IPlugFrameTrait, IPlugView, IPlugViewContentScaleSupport,
    IPlugViewContentScaleSupportTrait, IPlugViewTrait, ViewRect, kInvalidArgument, kNotImplemented,
    kPlatformTypeX11EmbedWindowID, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComRef, ComWrapper};

use super::{Vst3Instance, checked};
use crate::instance::{EditorRequests, EditorWish, PixelSize};
use crate::{Error, Result};

/// An open editor.
pub(super) struct Editor {
    view: ComPtr<IPlugView>,
    /// The plugin keeps pointers to it.
    frame: ComWrapper<Frame>,
}

/// The host's side of a view: what it asks for, and whom to call on the main thread. Used from that
/// thread alone.
#[derive(Default)]
struct Frame {
    size: Cell<Option<PixelSize>>,
    handlers: RefCell<Vec<(ComPtr<IEventHandler>, FileDescriptor)>>,
}

impl Class for Frame {
    type Interfaces = (IPlugFrame, IRunLoop);
}

impl IPlugFrameTrait for Frame {
    unsafe fn resizeView(&self, _view: *mut IPlugView, size: *mut ViewRect) -> tresult {
        // SAFETY: null, or a rectangle of the plugin's.
        let Some(size) = (unsafe { size.as_ref() }) else { return kInvalidArgument };
        self.size.set(Some(pixels(size)));
        kResultOk
    }
}

impl IRunLoopTrait for Frame {
    unsafe fn registerEventHandler(
        &self,
        handler: *mut IEventHandler,
        descriptor: FileDescriptor,
    ) -> tresult {
        // SAFETY: null, or a live handler, which the copy keeps alive.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else { return kInvalidArgument };
        self.handlers.borrow_mut().push((handler.to_com_ptr(), descriptor));
        kResultOk
    }

    unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
        self.handlers.borrow_mut().retain(|(known, _)| known.as_ptr() != handler);
        kResultOk
    }

    unsafe fn registerTimer(&self, _: *mut ITimerHandler, _: TimerInterval) -> tresult {
        kNotImplemented
    }

    unsafe fn unregisterTimer(&self, _: *mut ITimerHandler) -> tresult {
        kNotImplemented
    }
}

fn pixels(rect: &ViewRect) -> PixelSize {
    let length = |from: i32, to: i32| u32::try_from(to - from).unwrap_or_default();
    [length(rect.left, rect.right), length(rect.top, rect.bottom)]
}

fn rect([width, height]: PixelSize) -> ViewRect {
    ViewRect { left: 0, top: 0, right: width as i32, bottom: height as i32 }
}

impl Editor {
    /// Lets the plugin do what waits for the main thread. Handlers read without blocking, so they
    /// are called whether their descriptor has something to read or not.
    pub(super) fn turn(&self) {
        let handlers = self.frame.handlers.borrow().clone();
        for (handler, descriptor) in handlers {
            // SAFETY: the copy keeps the handler alive.
            unsafe { handler.onFDIsSet(descriptor) };
        }
    }

    pub(super) fn take_requests(&self) -> EditorRequests {
        EditorRequests { size: self.frame.size.take(), closed: false }
    }

    pub(super) fn close(self) {
        // SAFETY: the view is alive, and was attached.
        unsafe {
            self.view.removed();
            self.view.setFrame(std::ptr::null_mut());
        }
    }

    fn attach(&self, wish: &EditorWish) -> Result<PixelSize> {
        let x11 = kPlatformTypeX11EmbedWindowID;
        let frame = self.frame.as_com_ref::<IPlugFrame>().ok_or(Error::Missing("frame"))?;
        // SAFETY: the view is alive, the frame is kept beside it, and the caller keeps the window.
        unsafe {
            if self.view.isPlatformTypeSupported(x11) != kResultOk {
                return Err(Error::Missing("editor for X11"));
            }
            checked("setFrame", self.view.setFrame(frame.as_ptr()))?;
            let parent = wish.parent as usize as *mut c_void;
            checked("attached", self.view.attached(parent, x11))?;
            if let Some(scale) = wish.scale {
                let scaled: ComPtr<IPlugViewContentScaleSupport> =
                    self.view.cast().ok_or(Error::Missing("content scale"))?;
                let result = scaled.setContentScaleFactor(scale as f32);
                checked("setContentScaleFactor", result)?;
            }
            match wish.size {
                Some(size) => self.resize(size),
                None => {
                    let mut size = rect([0, 0]);
                    checked("getSize", self.view.getSize(&mut size))?;
                    Ok(pixels(&size))
                }
            }
        }
    }

    pub(super) fn resize(&self, size: PixelSize) -> Result<PixelSize> {
        let mut size = rect(size);
        // SAFETY: the view is alive and attached; the rectangle is a local.
        unsafe {
            checked("canResize", self.view.canResize())?;
            checked("checkSizeConstraint", self.view.checkSizeConstraint(&mut size))?;
            checked("onSize", self.view.onSize(&mut size))?;
        }
        Ok(pixels(&size))
    }
}

impl Vst3Instance {
    /// The calls that the format asks for, in its order.
    pub(super) fn open(&mut self, wish: &EditorWish) -> Result<PixelSize> {
        if self.editor.is_some() {
            return Err(Error::refused("createView", "the editor is open"));
        }
        // SAFETY: the controller is alive; a view comes with a reference for the caller.
        let view = unsafe { ComPtr::from_raw(self.controller.createView(ViewType::kEditor)) };
        let view = view.ok_or(Error::Missing("editor"))?;
        let editor = Editor { view, frame: ComWrapper::new(Frame::default()) };
        match editor.attach(wish) {
            Ok(size) => {
                self.editor = Some(editor);
                Ok(size)
            }
            Err(error) => {
                editor.close();
                Err(error)
            }
        }
    }
}
