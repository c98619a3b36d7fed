//! The window that the host opens, as large as it was left.

use super::EditorApp;
use crate::engine::Link;
use crate::params::TributaryParams;
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{HostMethods, ParentWindowHandle, ResizeHint, SpawnedEditor};
use nice_plug::prelude::Editor;
use nice_plug_egui::{
    EguiEditor, EguiEditorHandle, EguiEditorState, EguiNiceSettings, RepaintNotifier,
    create_egui_editor,
};
use parking_lot::{Mutex, RwLock};
use std::error::Error;
use std::sync::Arc;

/// Width and height of the window in points, saved with the project. Never touched by the audio
/// thread.
pub type EditorSize = Arc<RwLock<[f32; 2]>>;

/// The size of a window that was never resized, in points.
pub const DEFAULT_SIZE: [f32; 2] = [960.0, 730.0];
const MIN_SIZE: [f32; 2] = [860.0, 560.0];
const MAX_SIZE: [f32; 2] = [4_000.0, 3_000.0];

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
        EguiNiceSettings::new().with_tile("Tributary").with_resize_hint(resize_hint),
        EditorApp::new(params.clone(), link.clone()),
    )?;
    Some(Prepared { editor, state, size })
}

impl Editor for TributaryEditor {
    type Handle = EguiEditorHandle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        self.with_editor(|editor| {
            editor.spawn(parent, wait_for_parent, fallback_scale_factor, gui_context, host)
        })
    }

    fn size(&self) -> NativeSize<u32> {
        self.with_editor(Editor::size)
    }

    fn resize_hint(&self) -> ResizeHint {
        self.with_editor(Editor::resize_hint)
    }

    unsafe fn assume_standalone_in_process(&self) {
        // SAFETY: the caller's promise is the same.
        self.with_editor(|editor| unsafe { editor.assume_standalone_in_process() });
    }
}
