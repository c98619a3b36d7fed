use super::*;
use crate::params::TributaryParams;
use crate::state::repair;
use nice_plug::context::gui::GuiContext;
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::{GuiContextInner, Params, PluginApi, PluginState};
use proptest::prelude::*;
use std::sync::Arc;

/// Sets a parameter as a host's automation does.
pub(crate) fn turn(params: &TributaryParams, idx: usize, normalized: f32) {
    let (_, param, _) = params.param_map().swap_remove(idx);
    // SAFETY: the pointer leads into `params`.
    unsafe { param._internal_set_normalized_value(normalized) };
}

/// What a gesture did, by the parameter's position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gesture {
    Begin(usize),
    Set(usize, f32),
    End(usize),
}

/// A host that passes values back at once, or when it is told to.
pub(crate) struct FakeHost {
    params: Arc<TributaryParams>,
    is_lazy: bool,
    queue: Mutex<Vec<(usize, f32)>>,
    pub(crate) gestures: Mutex<Vec<Gesture>>,
}

impl FakeHost {
    pub(crate) fn new(params: &Arc<TributaryParams>, is_lazy: bool) -> Arc<Self> {
        let (queue, gestures) = Default::default();
        Arc::new(Self { params: params.clone(), is_lazy, queue, gestures })
    }

    pub(crate) fn recorder(self: &Arc<Self>) -> Recorder {
        Recorder::new(GuiContext::new(self.clone()), self.params.clone())
    }

    pub(crate) fn flush(&self) {
        for (idx, value) in self.queue.lock().drain(..) {
            turn(&self.params, idx, value);
        }
    }

    fn note(&self, param: ParamPtr, gesture: impl FnOnce(usize) -> Gesture) {
        let idx = Table::new(&self.params).position(param).unwrap();
        self.gestures.lock().push(gesture(idx));
    }
}

impl GuiContextInner for FakeHost {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        self.note(param, Gesture::Begin);
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        self.note(param, |idx| {
            self.queue.lock().push((idx, normalized));
            Gesture::Set(idx, normalized)
        });
        if !self.is_lazy {
            self.flush();
        }
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        self.note(param, Gesture::End);
    }

    fn get_state(&self) -> PluginState {
        let (version, params, fields) = Default::default();
        PluginState { version, params, fields }
    }

    fn set_state(&self, _state: PluginState) {}

    fn request_restart(&self) {}
}

/// A window over parameters with their host.
struct Scene {
    params: Arc<TributaryParams>,
    host: Arc<FakeHost>,
    now: f64,
}

impl Scene {
    fn new(is_lazy: bool) -> Self {
        let params = Arc::new(TributaryParams::default());
        let host = FakeHost::new(&params, is_lazy);
        Self { params, host, now: 10.0 }
    }

    fn table(&self) -> Table<'_> {
        Table::new(&self.params)
    }

    /// A frame some seconds later.
    fn later(&mut self, seconds: f64) {
        self.now += seconds;
        self.params.edits.begin_frame(self.now);
    }

    fn set(&self, id: &str, value: f32) {
        let table = self.table();
        table.set(table.find(id).unwrap(), &self.host.recorder().setter(), value);
    }

    fn value(&self, id: &str) -> f32 {
        let table = self.table();
        table.value(table.find(id).unwrap())
    }

    fn undo(&self) -> bool {
        self.params.edits.undo(&self.table(), &self.host.recorder().setter())
    }

    fn redo(&self) -> bool {
        self.params.edits.redo(&self.table(), &self.host.recorder().setter())
    }

    fn compare(&self) {
        self.params.edits.compare(&self.table(), &self.host.recorder().setter());
    }

    fn apply(&self, values: &[(&str, f32)]) {
        let table = self.table();
        let mut all = vec![None; table.len()];
        for (id, value) in values {
            all[table.find(id).unwrap()] = Some(*value);
        }
        self.params.edits.apply(&table, &self.host.recorder().setter(), "Preset", &all);
    }

    fn undo_name(&self) -> Option<String> {
        self.params.edits.names()[0].clone()
    }
}

#[test]
fn gestures_are_taken_back_and_made_again() {
    let mut scene = Scene::new(false);
    scene.later(1.0);
    scene.set("g_jazz", 0.5);
    scene.later(1.0);
    scene.set("dr_on", 0.0);
    assert_eq!(scene.undo_name().as_deref(), Some("Drums on"));
    assert!(scene.undo());
    assert_eq!((scene.value("g_jazz"), scene.value("dr_on")), (0.5, 1.0));
    assert!(scene.undo());
    assert_eq!(scene.value("g_jazz"), 0.0);
    assert!(!scene.undo());
    assert!(scene.redo() && scene.redo() && !scene.redo());
    assert_eq!((scene.value("g_jazz"), scene.value("dr_on")), (0.5, 0.0));
    // Something else after going back is another future.
    scene.undo();
    scene.later(1.0);
    scene.set("swing", 0.25);
    assert!(!scene.redo());
}

#[test]
fn one_movement_is_one_step() {
    let mut scene = Scene::new(false);
    let recorder = scene.host.recorder();
    let params = scene.params.clone();
    let (setter, music) = (recorder.setter(), &params.music);
    scene.later(1.0);
    // A drag over many frames.
    setter.begin_set_parameter(&music.swing);
    for step in 1..=20 {
        setter.set_parameter_normalized(&music.swing, step as f32 / 40.0);
        scene.later(0.03);
    }
    setter.end_set_parameter(&music.swing);
    assert!(scene.undo());
    assert_eq!((scene.value("swing"), scene.undo()), (0.0, false));
    // A wheel: many gestures of one control, close together.
    for step in 1..=5 {
        scene.later(0.2);
        scene.set("adventure", 0.5 + step as f32 / 20.0);
    }
    scene.later(5.0);
    scene.set("adventure", 0.9);
    assert!(scene.undo());
    assert_eq!(scene.value("adventure"), 0.75);
    assert!(scene.undo());
    assert_eq!((scene.value("adventure"), scene.undo()), (0.5, false));
    // A pad sets several controls in a frame, one after the other.
    scene.later(1.0);
    for (idx, id) in ["g_jazz", "g_rock", "g_folk"].into_iter().enumerate() {
        scene.set(id, (idx + 1) as f32 / 4.0);
    }
    assert!(scene.undo());
    let blend = ["g_jazz", "g_rock", "g_folk"].map(|id| scene.value(id));
    assert_eq!((blend, scene.undo()), ([0.0; 3], false));
    // Two controls one after the other are two steps.
    scene.later(1.0);
    scene.set("dr_on", 0.0);
    scene.later(0.1);
    scene.set("ba_on", 0.0);
    assert!(scene.undo() && scene.undo());
    // What ends where it began is none, and neither is a gesture that sets nothing.
    scene.later(1.0);
    scene.set("swing", 0.0);
    setter.begin_set_parameter(&music.swing);
    setter.end_set_parameter(&music.swing);
    assert!(!scene.undo());
}

#[test]
fn presets_are_one_step_and_touch_only_what_changes() {
    let mut scene = Scene::new(false);
    scene.later(1.0);
    scene.apply(&[("g_jazz", 1.0), ("swing", 0.5), ("humanize", 0.8), ("dr_on", 1.0)]);
    let gestures = scene.host.gestures.lock().clone();
    let (jazz, swing) = (1, scene.table().find("swing").unwrap());
    let expected = [
        Gesture::Begin(jazz),
        Gesture::Set(jazz, 1.0),
        Gesture::End(jazz),
        Gesture::Begin(swing),
        Gesture::Set(swing, 0.5),
        Gesture::End(swing),
    ];
    assert_eq!(gestures, expected);
    assert_eq!(scene.undo_name().as_deref(), Some("Preset"));
    // A turn in the same frame is a step of its own.
    scene.set("swing", 0.75);
    assert!(scene.undo());
    assert_eq!(scene.value("swing"), 0.5);
    assert!(scene.undo());
    assert_eq!((scene.value("g_jazz"), scene.value("swing"), scene.undo()), (0.0, 0.0, false));
}

#[test]
fn automation_is_no_edit() {
    let mut scene = Scene::new(false);
    scene.later(1.0);
    scene.set("g_jazz", 0.5);
    scene.later(2.0);
    let swing = scene.table().find("swing").unwrap();
    turn(&scene.params, swing, 0.5);
    scene.later(2.0);
    assert!(scene.undo());
    assert_eq!((scene.value("g_jazz"), scene.value("swing"), scene.undo()), (0.0, 0.5, false));
}

#[test]
fn a_host_may_take_its_time() {
    let mut scene = Scene::new(true);
    scene.later(1.0);
    scene.set("swing", 0.25);
    scene.later(0.7);
    // Not passed back yet, and known all the same.
    assert_eq!(scene.value("swing"), 0.0);
    scene.set("swing", 0.5);
    scene.host.flush();
    assert_eq!(scene.value("swing"), 0.5);
    scene.later(0.7);
    scene.undo();
    scene.undo();
    scene.host.flush();
    assert_eq!(scene.value("swing"), 0.0);
    assert!(scene.redo());
    scene.host.flush();
    assert_eq!(scene.value("swing"), 0.25);
}

#[test]
fn two_settings_are_compared() {
    let mut scene = Scene::new(false);
    scene.later(1.0);
    scene.set("g_jazz", 1.0);
    let gain = scene.table().find("gain").unwrap();
    scene.later(1.0);
    // The first time, B is as A.
    scene.compare();
    assert_eq!((scene.params.edits.slot(), scene.value("g_jazz")), (Slot::B, 1.0));
    scene.later(1.0);
    scene.set("g_jazz", 0.25);
    turn(&scene.params, gain, 0.3);
    scene.later(1.0);
    scene.compare();
    assert_eq!((scene.params.edits.slot(), scene.value("g_jazz")), (Slot::A, 1.0));
    assert_eq!(scene.table().value(gain), 0.3, "the gain is not compared");
    scene.compare();
    assert_eq!((scene.params.edits.slot(), scene.value("g_jazz")), (Slot::B, 0.25));
    // Going over is a step, and so is coming back; both settings survive.
    assert!(scene.undo());
    assert_eq!((scene.params.edits.slot(), scene.value("g_jazz")), (Slot::A, 1.0));
    assert!(scene.redo());
    assert_eq!((scene.params.edits.slot(), scene.value("g_jazz")), (Slot::B, 0.25));
    while scene.undo() {}
    assert_eq!((scene.params.edits.slot(), scene.value("g_jazz")), (Slot::A, 0.0));
    scene.later(1.0);
    scene.set("g_jazz", 0.6);
    scene.params.edits.copy_to_other(&scene.table());
    scene.later(1.0);
    scene.set("g_jazz", 0.1);
    scene.compare();
    assert_eq!((scene.params.edits.slot(), scene.value("g_jazz")), (Slot::B, 0.6));
}

#[test]
fn a_project_keeps_name_and_other_setting_and_forgets_the_steps() {
    let mut scene = Scene::new(false);
    scene.later(1.0);
    scene.set("g_jazz", 1.0);
    scene.params.edits.set_preset(Some("Chamber trap".into()));
    scene.compare();
    scene.later(1.0);
    scene.set("g_jazz", 0.5);
    let fields = scene.params.serialize_fields();
    let restored = Scene::new(false);
    restored.params.deserialize_fields(&fields);
    let edits = &restored.params.edits;
    assert_eq!((edits.preset().as_deref(), edits.slot()), (Some("Chamber trap"), Slot::B));
    restored.compare();
    assert_eq!(restored.value("g_jazz"), 1.0);
    // An older project has none, and what was there before it is loaded is gone.
    scene.later(1.0);
    let (version, params, fields) = Default::default();
    let mut older = PluginState { version, params, fields };
    repair(&mut older);
    scene.params.deserialize_fields(&older.fields);
    assert_eq!((scene.params.edits.preset(), scene.undo()), (None, false));
    assert!(!scene.params.edits.has_other());
    // Numbers that are none do no harm.
    let text = r#"{"preset":"a","slot":"B","other":{"g_jazz":7.0,"swing":0.5,"none":0.1}}"#;
    let mut damaged = scene.params.serialize_fields();
    damaged.insert("edits".into(), text.into());
    scene.params.deserialize_fields(&damaged);
    scene.compare();
    assert_eq!((scene.value("g_jazz"), scene.value("swing")), (0.5, 0.5));
}

#[test]
fn steps_are_bounded() {
    let mut scene = Scene::new(false);
    for step in 0..1_000 {
        scene.later(1.0);
        scene.set("swing", (step % 2) as f32);
    }
    let n_steps = std::iter::from_fn(|| scene.undo().then_some(())).count();
    assert_eq!(n_steps, 256);
}

#[derive(Clone, Debug)]
enum Act {
    Turn(usize, f32),
    Pad(Vec<(usize, f32)>),
    Preset(Vec<(usize, f32)>),
    Compare,
    Undo,
    Redo,
    Wait(f64),
}

fn act() -> impl Strategy<Value = Act> {
    let value = || (0_usize..60, (0_u8..=8).prop_map(|eighths| f32::from(eighths) / 8.0));
    let values = || prop::collection::vec(value(), 1..6);
    prop_oneof![
        4 => value().prop_map(|(idx, to)| Act::Turn(idx, to)),
        1 => values().prop_map(Act::Pad),
        1 => values().prop_map(Act::Preset),
        1 => Just(Act::Compare),
        2 => Just(Act::Undo),
        1 => Just(Act::Redo),
        3 => (0.0_f64..1.5).prop_map(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was done: all of it taken back is the beginning, all of it made again is the end.
    #[test]
    fn all_taken_back_is_the_beginning(acts in prop::collection::vec(act(), 0..60), is_lazy: bool) {
        let mut scene = Scene::new(is_lazy);
        scene.later(1.0);
        let start = scene.table().values();
        for act in acts {
            match act {
                Act::Turn(idx, to) => {
                    let table = scene.table();
                    table.set(idx, &scene.host.recorder().setter(), to);
                }
                Act::Pad(values) => {
                    let table = scene.table();
                    for (idx, to) in values {
                        table.set(idx, &scene.host.recorder().setter(), to);
                    }
                }
                Act::Preset(values) => {
                    let table = scene.table();
                    let mut all = vec![None; table.len()];
                    values.into_iter().for_each(|(idx, to)| all[idx] = Some(to));
                    let recorder = scene.host.recorder();
                    scene.params.edits.apply(&table, &recorder.setter(), "Preset", &all);
                }
                Act::Compare => scene.compare(),
                Act::Undo => { scene.undo(); }
                Act::Redo => { scene.redo(); }
                Act::Wait(seconds) => {
                    scene.host.flush();
                    scene.later(seconds);
                }
            }
        }
        while scene.redo() {}
        scene.host.flush();
        let end = scene.table().values();
        while scene.undo() {}
        scene.host.flush();
        prop_assert!(close(&scene.table().values(), &start));
        prop_assert_eq!(scene.params.edits.slot(), Slot::A);
        while scene.redo() {}
        scene.host.flush();
        prop_assert!(close(&scene.table().values(), &end));
        // Every gesture that began has ended.
        let mut held = Vec::new();
        for gesture in scene.host.gestures.lock().iter() {
            match gesture {
                Gesture::Begin(idx) => held.push(*idx),
                Gesture::Set(idx, _) => prop_assert!(held.contains(idx)),
                Gesture::End(idx) => held.retain(|open| open != idx),
            }
        }
        prop_assert!(held.is_empty());
    }
}

/// Equal but for the rounding between a plain value and its share of the range.
fn close(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}
