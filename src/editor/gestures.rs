//! A window that is closed in the middle of a gesture ends it.
//!
//! The host may close the window while the mouse is held, and then no widget sees the release.

use nice_plug::context::PluginApi;
use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::PluginState;
use parking_lot::Mutex;
use std::sync::Arc;

/// What the widgets tell the host, and which gestures are open.
pub struct Gestures {
    host: GuiContext,
    open: Mutex<Vec<ParamPtr>>,
}

impl Gestures {
    /// Between the widgets and `host`.
    pub fn new(host: GuiContext) -> Arc<Self> {
        Arc::new(Self { host, open: Mutex::default() })
    }

    /// Ends what was begun.
    pub fn end_all(&self) {
        let open = std::mem::take(&mut *self.open.lock());
        for param in open {
            // SAFETY: it was begun with the same host, which checks it again.
            unsafe { self.host.raw_end_set_parameter(param) };
        }
    }
}

impl GuiContextInner for Gestures {
    fn plugin_api(&self) -> PluginApi {
        self.host.plugin_api()
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        self.open.lock().push(param);
        // SAFETY: the caller's promise is the same.
        unsafe { self.host.raw_begin_set_parameter(param) };
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        // SAFETY: the caller's promise is the same.
        unsafe { self.host.raw_set_parameter_normalized(param, normalized) };
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        self.open.lock().retain(|open| *open != param);
        // SAFETY: the caller's promise is the same.
        unsafe { self.host.raw_end_set_parameter(param) };
    }

    fn get_state(&self) -> PluginState {
        self.host.get_state()
    }

    fn set_state(&self, state: PluginState) {
        self.host.set_state(state);
    }

    fn request_restart(&self) {
        self.host.request_restart();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::testing::{Bench, Told, open_gestures};

    #[test]
    fn a_closed_window_leaves_no_gesture_open() {
        let bench = Bench::new([100.0, 100.0]);
        let gestures = Gestures::new(bench.host());
        let widgets = GuiContext::new(gestures.clone());
        let (setter, params) = (widgets.param_setter(), &bench.params);
        setter.begin_set_parameter(&params.common.strength);
        setter.set_parameter_normalized(&params.common.strength, 0.25);
        setter.end_set_parameter(&params.common.strength);
        setter.begin_set_parameter(&params.music.swing);
        setter.set_parameter_normalized(&params.music.swing, 0.75);
        assert_eq!(open_gestures(&bench.told_so_far()).len(), 1);
        gestures.end_all();
        assert_eq!(bench.told().last(), Some(&Told::End("swing".into())));
        gestures.end_all();
        assert_eq!(bench.told(), []);
    }
}
