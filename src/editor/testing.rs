//! The editor without a window: frames with raw input, and what a host would hear of it.

mod app;
mod raster;
mod snapshot;

pub use app::Window;
pub use snapshot::assert_looks;

use super::theme;
use crate::params::TributaryParams;
use egui::{Context, Event, FullOutput, Key, Modifiers, PointerButton, Pos2, RawInput, Rect, Ui};
use nice_plug::context::PluginApi;
use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::{ParamSetter, Params, PluginState};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Time between two frames, in seconds.
const FRAME: f64 = 1.0 / 60.0;

/// What a host hears of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Begin(String),
    Set(String, f32),
    End(String),
}

/// A host that writes down all gestures and takes over their values.
struct Host {
    ids: Vec<(ParamPtr, String)>,
    told: Mutex<Vec<Told>>,
}

impl Host {
    fn id(&self, param: ParamPtr) -> String {
        let known = self.ids.iter().find(|(known, _)| *known == param);
        known.map(|(_, id)| id.clone()).expect("a parameter of the plugin")
    }
}

impl GuiContextInner for Host {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        self.told.lock().push(Told::Begin(self.id(param)));
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        self.told.lock().push(Told::Set(self.id(param), normalized));
        // SAFETY: the parameters outlive the test's frames, and there is no other host.
        unsafe { param._internal_set_normalized_value(normalized) };
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        self.told.lock().push(Told::End(self.id(param)));
    }

    fn get_state(&self) -> PluginState {
        PluginState { version: String::new(), params: BTreeMap::new(), fields: BTreeMap::new() }
    }

    fn set_state(&self, _state: PluginState) {}

    fn request_restart(&self) {}
}

/// A window without a screen.
pub struct Bench {
    pub context: Context,
    pub params: Arc<TributaryParams>,
    gui: GuiContext,
    host: Arc<Host>,
    size: [f32; 2],
    /// Pixels a point.
    scale: f32,
    time: f64,
    events: Vec<Event>,
    modifiers: Modifiers,
}

impl Bench {
    /// A window of the given size in points.
    pub fn new(size: [f32; 2]) -> Self {
        let params = Arc::new(TributaryParams::default());
        let ids = params.param_map().into_iter().map(|(id, param, _)| (param, id)).collect();
        let host = Arc::new(Host { ids, told: Mutex::default() });
        let context = Context::default();
        theme::apply(&context);
        Self {
            context,
            params,
            gui: GuiContext::new(host.clone()),
            host,
            size,
            scale: 1.0,
            time: 0.0,
            events: Vec::new(),
            modifiers: Modifiers::NONE,
        }
    }

    /// Gives the window another size in points, at so many pixels a point.
    pub fn resize(&mut self, size: [f32; 2], scale: f32) {
        (self.size, self.scale) = (size, scale);
    }

    /// Draws a frame with the input so far.
    pub fn frame(&mut self, show: impl FnMut(&mut Ui, &ParamSetter)) -> FullOutput {
        let mut output = self.frame_with_textures(show);
        // There is no screen that would need them.
        output.textures_delta.clear();
        output
    }

    /// A frame to be painted.
    pub fn frame_with_textures(
        &mut self,
        mut show: impl FnMut(&mut Ui, &ParamSetter),
    ) -> FullOutput {
        self.time += FRAME;
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size.into())),
            time: Some(self.time),
            events: std::mem::take(&mut self.events),
            ..RawInput::default()
        };
        for viewport in input.viewports.values_mut() {
            viewport.native_pixels_per_point = Some(self.scale);
        }
        let setter = self.gui.param_setter();
        self.context.run_ui(input, |ui| show(ui, &setter))
    }

    pub fn shift(&mut self, held: bool) {
        self.modifiers = if held { Modifiers::SHIFT } else { Modifiers::NONE };
        self.events.push(Event::ModifiersChanged(self.modifiers));
    }

    /// Lets time pass, so that the next click is not part of a double click.
    pub fn pause(&mut self) {
        self.time += 2.0;
    }

    pub fn point_at(&mut self, at: Pos2) {
        self.events.push(Event::PointerMoved(at));
    }

    pub fn button(&mut self, at: Pos2, button: PointerButton, pressed: bool) {
        self.events.push(Event::PointerMoved(at));
        let modifiers = self.modifiers;
        self.events.push(Event::PointerButton { pos: at, button, pressed, modifiers });
    }

    pub fn key(&mut self, key: Key) {
        for pressed in [true, false] {
            self.events.push(Event::Key {
                key,
                physical_key: None,
                pressed,
                repeat: false,
                modifiers: self.modifiers,
            });
        }
    }

    pub fn text(&mut self, text: &str) {
        self.events.push(Event::Text(text.into()));
    }

    pub fn wheel(&mut self, notches: f32) {
        self.events.push(Event::MouseWheel {
            unit: egui::MouseWheelUnit::Line,
            delta: egui::vec2(0.0, notches),
            modifiers: self.modifiers,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
        });
    }

    /// What the host has been told since the last call; all gestures must be closed by now.
    pub fn told(&self) -> Vec<Told> {
        let told = std::mem::take(&mut *self.host.told.lock());
        assert_eq!(open_gestures(&told), BTreeSet::new(), "{told:?}");
        told
    }

    /// The host itself.
    pub fn host(&self) -> GuiContext {
        self.gui.clone()
    }

    /// What the host has been told while a gesture goes on.
    pub fn told_so_far(&self) -> Vec<Told> {
        self.host.told.lock().clone()
    }
}

/// Checks that values are set inside gestures only, and says which gestures are still open.
pub fn open_gestures(told: &[Told]) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for event in told {
        match event {
            Told::Begin(id) => assert!(open.insert(id.clone()), "{id} begins twice: {told:?}"),
            Told::Set(id, value) => {
                assert!(open.contains(id), "{id} is set outside of a gesture: {told:?}");
                assert!((0.0..=1.0).contains(value), "{id} is set to {value}");
            }
            Told::End(id) => assert!(open.remove(id), "{id} ends twice: {told:?}"),
        }
    }
    open
}

/// The ids that began, in order.
pub fn begun(told: &[Told]) -> Vec<&str> {
    let begun = |event: &'_ Told| matches!(event, Told::Begin(_));
    let id = |event| match event {
        &Told::Begin(ref id) | &Told::Set(ref id, _) | &Told::End(ref id) => id.as_str(),
    };
    told.iter().filter(|event| begun(event)).map(id).collect()
}
