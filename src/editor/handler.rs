//! What the window does when the system calls: it draws, is resized, and takes input.
//!
//! Runs on the window's own thread. The window library has no part in painting but that it gives an
//! OpenGL; so where no graphics card draws, only what has changed is painted and brought to the
//! screen ([`super::software`]).

use super::EditorApp;
use super::card::{Card, OpenGl};
use super::input::{Input, cursor};
use super::rate::Renderer;
#[cfg(target_os = "linux")]
use super::{raster::Area, software::Software, x11::Screen};
use baseview::{
    DamageArea, DropData, DropEffect, Event, EventStatus, HandlerError, MouseCursor, MouseEvent,
    WindowContext, WindowHandler, WindowSize,
};
use copypasta::{ClipboardContext, ClipboardProvider};
use egui::{
    Context, FullOutput, OutputCommand, Pos2, RawInput, Rect, ViewportId, ViewportInfo, vec2,
};
use nice_plug::context::gui::GuiContext;
use parking_lot::Mutex;
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

/// The title of a window that belongs to no host.
pub const TITLE: &str = "Tributary";

/// An open window.
pub struct Handler {
    window: WindowContext,
    app: Arc<Mutex<EditorApp>>,
    /// Where the window's size is told when it changes.
    resized: Box<dyn Fn(WindowSize)>,
    context: Context,
    input: RefCell<Input>,
    painter: RefCell<Painter>,
    clipboard: RefCell<Option<ClipboardContext>>,
    pointer: Cell<MouseCursor>,
    started: Instant,
}

/// Brings pictures to the screen.
enum Painter {
    Card(Card),
    #[cfg(target_os = "linux")]
    Software(Box<Software>),
}

impl Handler {
    /// Opens the app in a window.
    ///
    /// # Errors
    /// When there is no OpenGL in it.
    pub fn new(
        window: WindowContext,
        app: Arc<Mutex<EditorApp>>,
        gui: GuiContext,
        resized: impl Fn(WindowSize) + 'static,
    ) -> Result<Self, HandlerError> {
        let context = Context::default();
        let waker = window.waker();
        context.set_request_repaint_callback(move |wish| waker.request_redraw_after(wish.delay));
        let (painter, renderer) = Painter::of(&window)?;
        app.lock().open(&context, gui, &window, renderer);
        Ok(Self {
            window,
            app,
            resized: Box::new(resized),
            context,
            input: RefCell::default(),
            painter: RefCell::new(painter),
            // A system without one cannot copy.
            clipboard: RefCell::new(ClipboardContext::new().ok()),
            pointer: Cell::new(MouseCursor::Default),
            started: Instant::now(),
        })
    }

    /// The input since the last picture.
    fn raw_input(&self) -> RawInput {
        let size = self.window.size();
        let points = size.physical.to_logical::<f32>(size.scale_factor);
        let rect = Rect::from_min_size(Pos2::ZERO, vec2(points.width, points.height));
        let mut input = self.input.borrow_mut();
        let viewport = ViewportInfo {
            title: Some(TITLE.into()),
            native_pixels_per_point: Some(size.scale_factor as f32),
            focused: Some(input.is_focused.unwrap_or(true)),
            inner_rect: Some(rect),
            ..ViewportInfo::default()
        };
        RawInput {
            viewports: [(ViewportId::ROOT, viewport)].into_iter().collect(),
            max_texture_side: self.painter.borrow().max_texture_side(),
            screen_rect: Some(rect),
            time: Some(self.started.elapsed().as_secs_f64()),
            events: std::mem::take(&mut input.events),
            ..RawInput::default()
        }
    }

    /// Does what was asked for besides a picture.
    fn follow(&self, output: &mut FullOutput) -> Result<(), HandlerError> {
        for command in output.platform_output.commands.drain(..) {
            let done = match command {
                OutputCommand::CopyText(text) => self.copy(text),
                OutputCommand::OpenUrl(url) => open::that_detached(url.url).map_err(Into::into),
                _ => Ok(()),
            };
            if let Err(error) = done {
                nice_plug::nice_error!("the editor cannot do what it was asked for: {error}");
            }
        }
        let pointer = cursor(output.platform_output.cursor_icon);
        if self.pointer.replace(pointer) != pointer {
            self.window.set_mouse_cursor(pointer)?;
        }
        Ok(())
    }

    /// Follows files that are dragged over the window; whether they are welcome, if it is that.
    fn drag(&self, event: &MouseEvent) -> Option<EventStatus> {
        let files = |data: &DropData| match data {
            DropData::Files(paths) => paths.clone(),
            _ => vec![],
        };
        let mut app = self.app.lock();
        let is_welcome = match event {
            MouseEvent::DragEntered { data, .. } | MouseEvent::DragMoved { data, .. } => {
                app.hover_files(&files(data))
            }
            MouseEvent::DragLeft => app.hover_files(&[]),
            MouseEvent::DragDropped { data, .. } => app.take_files(&files(data)),
            _ => return None,
        };
        self.window.request_redraw();
        let accepted = EventStatus::AcceptDrop(DropEffect::Copy);
        Some(if is_welcome { accepted } else { EventStatus::Ignored })
    }

    fn copy(&self, text: String) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self.clipboard.borrow_mut().as_mut() {
            Some(clipboard) => clipboard.set_contents(text),
            None => Err("there is no clipboard".into()),
        }
    }
}

impl WindowHandler for Handler {
    fn draw(&self) -> Result<(), HandlerError> {
        let input = self.raw_input();
        let mut output = self.context.run_ui(input, |ui| self.app.lock().ui(ui));
        let size = self.window.size().physical.into();
        self.painter.borrow_mut().paint(&self.context, &mut output, size)?;
        self.follow(&mut output)
    }

    fn damage(&self, area: DamageArea) {
        #[cfg(target_os = "linux")]
        if let Painter::Software(software) = &*self.painter.borrow() {
            let all = Area { x: 0..usize::MAX, y: 0..usize::MAX };
            let one = |rect: &baseview::DamageRect| {
                let (place, size) = (rect.position(), rect.size());
                let range = |from: u32, length: u32| from as usize..(from + length) as usize;
                Area { x: range(place.x, size.width), y: range(place.y, size.height) }
            };
            match area {
                DamageArea::Rect(rect) => software.expose(one(&rect)),
                DamageArea::Rects(rects) => {
                    rects.iter().for_each(|rect| software.expose(one(rect)))
                }
                _ => software.expose(all),
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = area;
    }

    fn resized(&self, size: WindowSize) -> Result<(), HandlerError> {
        (self.resized)(size);
        self.app.lock().resized(size.logical);
        Ok(())
    }

    fn on_event(&self, event: Event) -> EventStatus {
        // A window inside of another does not get the keyboard by itself.
        if matches!(event, Event::Mouse(MouseEvent::ButtonPressed { .. }))
            && !self.window.has_focus()
            && let Err(error) = self.window.focus()
        {
            nice_plug::nice_error!("the editor does not get the keyboard: {error}");
        }
        if let Event::Mouse(event) = &event
            && let Some(status) = self.drag(event)
        {
            return status;
        }
        let paste = || self.clipboard.borrow_mut().as_mut()?.get_contents().ok();
        let scale = self.window.scale_factor();
        if self.input.borrow_mut().take(&event, scale, paste) {
            self.window.request_redraw();
        }
        // What egui has no use for is the host's, such as its space bar.
        let is_taken = match event {
            Event::Mouse(_) => {
                self.context.egui_is_using_pointer() || self.context.egui_wants_pointer_input()
            }
            Event::Keyboard(_) => self.context.egui_wants_keyboard_input(),
            Event::Window(_) => true,
            _ => false,
        };
        if is_taken { EventStatus::Captured } else { EventStatus::Ignored }
    }
}

impl Painter {
    /// The painter of a window, and what it is.
    fn of(window: &WindowContext) -> Result<(Self, Renderer), HandlerError> {
        let open_gl = OpenGl::of(window)?;
        if !open_gl.is_emulated {
            return Ok((Self::Card(Card::new(open_gl)?), Renderer::Card));
        }
        #[cfg(target_os = "linux")]
        if let Some(software) = Screen::of(window).and_then(Software::of) {
            return Ok((Self::Software(Box::new(software)), Renderer::Software));
        }
        Ok((Self::Card(Card::new(open_gl)?), Renderer::Emulated))
    }

    fn max_texture_side(&self) -> Option<usize> {
        match self {
            Self::Card(card) => Some(card.max_texture_side()),
            #[cfg(target_os = "linux")]
            Self::Software(_) => None,
        }
    }

    fn paint(
        &mut self,
        context: &Context,
        output: &mut FullOutput,
        size: [u32; 2],
    ) -> Result<(), HandlerError> {
        match self {
            Self::Card(card) => card.paint(context, output, size),
            #[cfg(target_os = "linux")]
            Self::Software(software) => {
                software.paint(context, output, size);
                Ok(())
            }
        }
    }
}
