//! The window that the host opens, as large as it was left.

use super::EditorApp;
use super::gestures::Gestures;
use super::handle::{Handle, Window};
use crate::engine::Link;
use crate::params::TributaryParams;
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{HostMethods, ParentWindowHandle, ResizeHint, SpawnedEditor};
use nice_plug::prelude::{Editor, TrackInfo};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, RepaintNotifier, create_egui_editor,
};
use parking_lot::{Mutex, RwLock};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Width and height of the window in points, saved with the project. Never touched by the audio
/// thread.
pub type EditorSize = Arc<RwLock<[f32; 2]>>;

/// The size of a window that was never resized, in points.
pub const DEFAULT_SIZE: [f32; 2] = [1_060.0, 850.0];
/// The least size that shows every control, in points; what does not fit at once scrolls.
pub const MIN_SIZE: [f32; 2] = [720.0, 480.0];
const MAX_SIZE: [f32; 2] = [4_096.0, 3_072.0];

/// How often the framework looks whether somebody wants another frame: not by a timer of its own.
///
/// baseview 0.4.2 asks the X server for the time of the next frame, and waits for the answer before
/// it asks again. When it asks before the window is shown, there is no answer, and the window stays
/// black for ever. A [`RepaintNotifier`] wants a frame when it is new, so that timer made it ask
/// when a host took longer than 16 ms. The editor asks for frames itself, see
/// [`Wake`](super::Wake).
const NEVER: Duration = Duration::from_secs(1 << 20);

/// What a user can do about a window that does not open.
#[cfg(target_os = "linux")]
const NEEDS: &str = "the editor needs an X11 display with OpenGL, GLX or EGL; the plugin plays on";
#[cfg(not(target_os = "linux"))]
const NEEDS: &str = "the editor needs OpenGL; the plugin plays on";

/// Opens the editor.
///
/// A state may be loaded after the host asked for the editor, so the window that is built for it
/// is built anew when the saved size has changed and no window is open.
pub struct TributaryEditor {
    params: Arc<TributaryParams>,
    link: Arc<Link>,
    prepared: Mutex<Prepared>,
}

struct Prepared {
    editor: EguiEditor<EditorApp>,
    state: Arc<EguiEditorState>,
    size: [f32; 2],
}

impl TributaryEditor {
    /// Prepares the editor; opens nothing.
    pub fn new(params: Arc<TributaryParams>, link: Arc<Link>) -> Option<Self> {
        let prepared = Mutex::new(prepare(&params, &link)?);
        Some(Self { params, link, prepared })
    }

    fn with_editor<R>(&self, action: impl FnOnce(&EguiEditor<EditorApp>) -> R) -> R {
        let mut prepared = self.prepared.lock();
        if !prepared.state.is_open()
            && prepared.size != saved_size(&self.params)
            && let Some(fresh) = prepare(&self.params, &self.link)
        {
            *prepared = fresh;
        }
        action(&prepared.editor)
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

fn prepare(params: &Arc<TributaryParams>, link: &Arc<Link>) -> Option<Prepared> {
    let size = saved_size(params);
    let [min_width, min_height] = MIN_SIZE;
    let resize_hint =
        ResizeHint::resizable().with_min_logical_size(LogicalSize::new(min_width, min_height));
    let state = EguiEditorState::from_size(LogicalSize::<f32>::new(size[0], size[1]), 1.0);
    let editor = create_egui_editor(
        state.clone(),
        RepaintNotifier::default(),
        EguiNiceSettings::new()
            .with_tile("Tributary")
            .with_resize_hint(resize_hint)
            .with_repaint_poll_interval(NEVER),
        EditorApp::new(params.clone(), link.clone()),
    )?;
    Some(Prepared { editor, state, size })
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
        let (params, link) = (self.params.clone(), self.link.clone());
        let closed = move || {
            // The last to know the window's context, with all that belongs to it.
            link.wake.connect(None);
            params.edits.close();
        };
        let spawned = self.with_editor(|editor| {
            editor.spawn(parent, wait_for_parent, fallback_scale_factor, widgets, host)
        });
        match spawned {
            Ok(SpawnedEditor { handle, window }) => Ok(SpawnedEditor {
                handle: Handle::new(handle, gestures, self.link.wake.clone()),
                window: Window::new(window, self.link.window_thread.clone(), closed),
            }),
            Err(error) => Err(format!("{error} ({NEEDS})").into()),
        }
    }

    fn size(&self) -> NativeSize<u32> {
        self.with_editor(Editor::size)
    }

    fn resize_hint(&self) -> ResizeHint {
        self.with_editor(Editor::resize_hint)
    }

    fn track_info_updated(&self, info: TrackInfo) {
        self.link.set_track(info.name());
    }

    unsafe fn assume_standalone_in_process(&self) {
        // SAFETY: the caller's promise is the same.
        self.with_editor(|editor| unsafe { editor.assume_standalone_in_process() });
    }
}
