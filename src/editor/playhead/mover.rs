//! The thread that moves the playhead.

use super::Playhead;
use super::strip::{Patch, Strip};
use crate::editor::damage::callback;
use crate::editor::x11::Screen;
use egui::Rect;
use egui::epaint::ClippedShape;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use x11rb::connection::Connection;
use x11rb::errors::ReplyOrIdError;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, Gcontext, ImageFormat, ImageOrder, Visualtype,
};

/// Between two places of the line.
const STEP: Duration = Duration::from_micros(16_667);

/// How long a picture may take from the last thing that is painted until it is on the screen. Before
/// that the line would be moved in the picture before it.
const UNSEEN: Duration = Duration::from_millis(3);

/// Moves the playhead in the framework's window until it is dropped.
pub struct Mover {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    strip: Option<Strip>,
    ended: bool,
}

impl Mover {
    /// Starts the thread for a window, if its pixels are as [`Strip`] has them.
    pub fn of(frame: &nice_plug_egui::Frame) -> Option<Self> {
        Self::start(Screen::of(frame)?)
    }

    fn start(screen: Screen) -> Option<Self> {
        let canvas = Canvas::new(screen).ok()??;
        let shared = Arc::<Shared>::default();
        let on_thread = shared.clone();
        let thread = std::thread::Builder::new().name("playhead".into());
        let thread = thread.spawn(move || on_thread.run(&canvas)).ok()?;
        Some(Self { shared, thread: Some(thread) })
    }

    /// Whether it still paints; a server may have gone.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Lets the line stand where the next picture has it.
    pub fn rest(&self) {
        self.shared.state.lock().strip = None;
    }

    /// Goes behind what is painted, and before the playhead: takes the pixels that it will cross.
    pub fn take(&self, playhead: Playhead, window: Rect) -> ClippedShape {
        let shared = self.shared.clone();
        callback(window, move |info, painter| {
            let [_, height] = info.screen_size_px;
            let mut strip = Strip::around(&playhead, info.pixels_per_point, info.screen_size_px);
            strip.take(painter, height);
            shared.state.lock().strip = Some(strip);
            shared.bell.notify_one();
        })
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        self.shared.bell.notify_one();
        if let Some(thread) = self.thread.take() {
            // It has panicked at worst, and is gone.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self, canvas: &Canvas) {
        let mut next = Instant::now();
        let mut drawn = None;
        let mut state = self.state.lock();
        while !state.ended {
            let now = Instant::now();
            let Some((strip, x)) = state.at(now) else {
                drawn = None;
                self.bell.wait(&mut state);
                continue;
            };
            let due = next.max(strip.taken() + UNSEEN);
            if now < due {
                self.bell.wait_until(&mut state, due);
                continue;
            }
            next = (next + STEP).max(now);
            // Whichever can be seen: what was drawn last, or the picture since.
            let stood = [drawn.unwrap_or(x), strip.painted()];
            drawn = Some(x);
            // With the lock held, so that it is on its way before the next picture is.
            if stood != [x, x] && canvas.paint(&strip.patch(x, stood)).is_err() {
                return;
            }
        }
    }
}

impl State {
    /// The strip, and where in it the line stands; nothing when it rests.
    fn at(&self, now: Instant) -> Option<(&Strip, i32)> {
        self.strip.as_ref().and_then(|strip| Some((strip, strip.stands(now)?)))
    }
}

/// The window, to paint into.
struct Canvas {
    screen: Screen,
    context: Gcontext,
    depth: u8,
}

impl Canvas {
    fn new(screen: Screen) -> Result<Option<Self>, ReplyOrIdError> {
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

    fn paint(&self, patch: &Patch) -> Result<(), ReplyOrIdError> {
        let Screen { connection, window, .. } = &self.screen;
        let [width, height] = [patch.width, patch.height].map(|length| length as u16);
        let [left, top] = [patch.left, patch.top].map(|place| place as i16);
        let format = ImageFormat::Z_PIXMAP;
        let (context, depth) = (self.context, self.depth);
        if width > 0 && height > 0 {
            let pixels = &patch.pixels;
            connection
                .put_image(format, *window, context, width, height, left, top, 0, depth, pixels)?
                .ignore_error();
        }
        connection.flush()?;
        Ok(())
    }
}
