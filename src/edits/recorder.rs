//! The host's context with a memory: every gesture goes on to the host and is written down.

use std::sync::Arc;

use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::{GuiContextInner, ParamPtr, ParamSetter, PluginApi, PluginState};

use crate::params::TributaryParams;
use crate::presets::Table;

/// Passes gestures on and has [`Edits`](super::Edits) remember them.
///
/// Controls take its [`setter`](Self::setter) as they would take the host's.
pub struct Recorder {
    gui: GuiContext,
    params: Arc<TributaryParams>,
}

impl Recorder {
    /// Stands between the controls of these parameters and their host.
    pub fn new(gui: GuiContext, params: Arc<TributaryParams>) -> Self {
        Self { gui, params }
    }

    /// What controls set parameters with.
    pub fn setter(&self) -> ParamSetter<'_> {
        ParamSetter::new(self)
    }

    fn with(&self, param: ParamPtr, note: impl FnOnce(&super::Edits, &Table<'_>, usize)) {
        let table = Table::new(&self.params);
        if let Some(idx) = table.position(param) {
            note(&self.params.edits, &table, idx);
        }
    }
}

impl GuiContextInner for Recorder {
    fn plugin_api(&self) -> PluginApi {
        self.gui.plugin_api()
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        self.with(param, |edits, table, idx| edits.begin(table, idx));
        // SAFETY: the caller's promise is the same; so below.
        unsafe { self.gui.raw_begin_set_parameter(param) };
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        self.with(param, |edits, table, idx| edits.set(table, idx, normalized));
        // SAFETY: as above.
        unsafe { self.gui.raw_set_parameter_normalized(param, normalized) };
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        // SAFETY: as above.
        unsafe { self.gui.raw_end_set_parameter(param) };
        self.with(param, |edits, _, idx| edits.end(idx));
    }

    fn get_state(&self) -> PluginState {
        self.gui.get_state()
    }

    fn set_state(&self, state: PluginState) {
        self.gui.set_state(state);
    }

    fn request_restart(&self) {
        self.gui.request_restart();
    }
}
