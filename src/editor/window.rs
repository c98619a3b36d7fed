//! The window that the host opens, as large as it was left.

use super::EditorApp;
use super::gestures::Gestures;
use super::handle::{Handle, Window};
use super::handler::{Handler, TITLE};
use crate::engine::Link;
use crate::params::TributaryParams;
use baseview::gl::GlConfig;
use baseview::{HandlerError, WindowSettings, WindowSize};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize, Size};
use nice_plug::editor::{
    HostCallbacks, HostMainThreadCaller, HostMethods, ParentWindowHandle, ResizeHint, SpawnedEditor,
};
use nice_plug::prelude::{Editor, TrackInfo};
use parking_lot::{Mutex, RwLock};
use std::error::Error;
use std::sync::Arc;

/// Width and height of the window in points, saved with the project. Never touched by the audio
/// thread.
pub type EditorSize = Arc<RwLock<[f32; 2]>>;

/// The size of a window that was never resized, in points.
pub const DEFAULT_SIZE: [f32; 2] = [1_060.0, 850.0];
/// The least size that shows every control, in points; what does not fit at once scrolls.
pub const MIN_SIZE: [f32; 2] = [720.0, 480.0];
const MAX_SIZE: [f32; 2] = [4_096.0, 3_072.0];

/// What a user can do about a window that does not open.
#[cfg(target_os = "linux")]
const NEEDS: &str = "the editor needs an X11 display with OpenGL, GLX or EGL; the plugin plays on";
#[cfg(not(target_os = "linux"))]
const NEEDS: &str = "the editor needs OpenGL; the plugin plays on";

/// Opens the editor, one window at a time.
///
/// baseview 0.4.2 asks the X server for the time of the next frame, and waits for the answer before
/// it asks again. When it asks before the window is shown, there is no answer, and the window stays
/// black for ever. So nothing here asks for a picture before the window's first one, see
/// [`Wake`](super::Wake).
pub struct TributaryEditor {
    params: Arc<TributaryParams>,
    link: Arc<Link>,
    app: Arc<Mutex<EditorApp>>,
    shown: Arc<Mutex<Shown>>,
}

/// How the window is shown.
#[derive(Default)]
struct Shown {
    /// Its size in points while it is open.
    size: Option<[f32; 2]>,
    /// Pixels a point, as the last window knew.
    scale: Option<f64>,
}

impl TributaryEditor {
    /// Prepares the editor; opens nothing.
    pub fn new(params: Arc<TributaryParams>, link: Arc<Link>) -> Self {
        let app = Arc::new(Mutex::new(EditorApp::new(params.clone(), link.clone())));
        Self { params, link, app, shown: Arc::default() }
    }
}

fn saved_size(params: &TributaryParams) -> [f32; 2] {
    let saved = *params.editor_size.read();
    let mut size = DEFAULT_SIZE;
    for (axis, size) in size.iter_mut().enumerate() {
        // A damaged state may hold anything.
        if saved[axis].is_finite() {
            *size = saved[axis].clamp(MIN_SIZE[axis], MAX_SIZE[axis]);
        }
    }
    size
}

fn logical([width, height]: [f32; 2]) -> Size {
    LogicalSize::new(f64::from(width), f64::from(height)).into()
}

impl Editor for TributaryEditor {
    type Handle = Handle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        let gestures = Gestures::new(gui_context);
        let widgets = GuiContext::new(gestures.clone());
        let size = saved_size(&self.params);
        let settings = WindowSettings::new()
            .with_title(TITLE)
            .with_size(logical(size))
            .with_min_size::<Size>(logical(MIN_SIZE))
            .with_resizable(true)
            .with_gl_config(GlConfig::default())
            .with_parent(parent.as_ref())
            .with_fallback_scale_factor(fallback_scale_factor)
            .with_wait_for_parent(wait_for_parent);
        let shown = self.shown.clone();
        let resized = move |size: WindowSize| {
            let LogicalSize { width, height } = size.logical.cast();
            *shown.lock() = Shown { size: Some([width, height]), scale: Some(size.scale_factor) };
        };
        let app = self.app.clone();
        let handler = move |window| Handler::new(window, app, widgets, resized);
        let window = baseview::Window::create_with_host(settings, handler, host.map(adapted));
        let window = window.map_err(|error| format!("{error} ({NEEDS})"))?;
        self.shown.lock().size.get_or_insert(size);
        let (params, link, shown) = (self.params.clone(), self.link.clone(), self.shown.clone());
        let closed = move || {
            shown.lock().size = None;
            // The last to know the window's context, with all that belongs to it.
            link.wake.connect(None);
            params.edits.close();
        };
        Ok(SpawnedEditor {
            handle: Handle::new(self.resize_hint(), gestures, self.link.wake.clone()),
            window: Window::new(window, self.link.window_thread.clone(), closed),
        })
    }

    fn size(&self) -> NativeSize<u32> {
        let Shown { size, scale } = *self.shown.lock();
        let size = size.unwrap_or_else(|| saved_size(&self.params));
        NativeSize::from_size(logical(size), scale.unwrap_or(1.0))
    }

    fn resize_hint(&self) -> ResizeHint {
        let [width, height] = MIN_SIZE;
        ResizeHint::resizable().with_min_logical_size(LogicalSize::new(width, height))
    }

    fn track_info_updated(&self, info: TrackInfo) {
        self.link.set_track(info.name());
    }

    unsafe fn assume_standalone_in_process(&self) {
        // SAFETY: the caller's promise is the same.
        unsafe { baseview::assume_standalone_in_process() };
    }
}

/// The host as the window library calls it.
fn adapted(host: HostMethods) -> baseview::host::Host {
    struct Callbacks(Box<dyn HostCallbacks>);
    impl baseview::host::HostCallbacks for Callbacks {
        fn request_resize(&mut self, size: WindowSize) -> Result<(), HandlerError> {
            let asked = self.0.request_resize(size.physical.into(), size.scale_factor);
            asked.map_err(HandlerError::from_boxed)
        }

        fn destroyed(&mut self) {
            self.0.destroyed();
        }
    }
    struct MainThread(Box<dyn HostMainThreadCaller>);
    impl baseview::host::HostMainThreadCaller for MainThread {
        fn call_main_thread(&mut self) {
            self.0.call_main_thread();
        }
    }
    baseview::host::Host::new()
        .with_callbacks(Callbacks(host.callbacks))
        .with_main_thread(MainThread(host.main_thread_caller))
}
