//! The VST3 host, on the `vst3` bindings.
//!
//! Traps that shape this file: a plugin's component and controller may be one object, which is
//! terminated once; a state is handed to both halves from the start of the stream; points of one
//! parameter must share one queue; [`Event`]'s payload is a union that its type selects; the objects
//! lent to the plugin must outlive the process call; the bar number does not travel in VST3.

mod editor;
mod module;
mod objects;

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::path::Path;
use std::ptr::null_mut;
use std::sync::Arc;

use vst3::Steinberg::Vst::Event_::EventTypes_;
use vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::{kCanAutomate, kIsHidden};
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_ as Flags;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, BusDirections_, BusInfo, Event, Event__type0,
    IAudioProcessor, IAudioProcessorTrait, IComponent, IComponentHandler, IComponentTrait,
    IEditController, IEditControllerTrait, IEventList, IHostApplication, IParameterChanges,
    IUnitInfo, IUnitInfoTrait, MediaTypes_, NoteOffEvent, NoteOnEvent, ParameterInfo,
    ProcessContext, ProcessData, ProcessModes_, ProcessSetup, SymbolicSampleSizes_, UnitInfo,
};
use vst3::Steinberg::{
    FUnknown, IBStream, IPluginBaseTrait, IPluginFactory, IPluginFactoryTrait, PClassInfo, int32,
    kResultOk, tresult,
};
use vst3::{ComPtr, ComWrapper, Interface};

use self::module::Module;
use self::objects::{Changes, ComponentHandler, EventList, HostApplication, Stream};
use crate::instance::{
    Bus, EditorRequests, EditorWish, Format, Instance, Output, PixelSize, ProcessHook, Processor,
    ROOM_FOR_EVENTS, Setup,
};
use crate::{
    Block, Edit, Error, EventKind, HostEvent, InputNote, Parameter, ParameterList, Result,
    Transport,
};

const AUDIO: int32 = MediaTypes_::kAudio as int32;
const EVENT: int32 = MediaTypes_::kEvent as int32;
const INPUT: int32 = BusDirections_::kInput as int32;
const OUTPUT: int32 = BusDirections_::kOutput as int32;
const NOTE_ON: u16 = EventTypes_::kNoteOnEvent as u16;
const NOTE_OFF: u16 = EventTypes_::kNoteOffEvent as u16;

/// A VST3 plugin, seen from the main thread.
pub struct Vst3Instance {
    component: ComPtr<IComponent>,
    controller: ComPtr<IEditController>,
    processor: ComPtr<IAudioProcessor>,
    parameters: ParameterList,
    outputs: Vec<Bus>,
    active: bool,
    /// The editor, while one is open.
    editor: Option<editor::Editor>,
    /// The plugin keeps plain pointers to these two.
    _application: ComWrapper<HostApplication>,
    handler: ComWrapper<ComponentHandler>,
    /// Last, so that the library outlives every object of the plugin.
    module: Arc<Module>,
}

fn checked(call: &'static str, result: tresult) -> Result<()> {
    if result == kResultOk { Ok(()) } else { Err(Error::refused(call, format!("result {result}"))) }
}

fn text_of(units: &[u16]) -> String {
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    String::from_utf16_lossy(&units[..end])
}

fn create(factory: &ComPtr<IPluginFactory>) -> Result<ComPtr<IComponent>> {
    // SAFETY: the factory is alive; every out pointer leads to a local of the right type, and a
    // created object carries a reference for the caller.
    unsafe {
        for index in 0..factory.countClasses() {
            let mut class: PClassInfo = std::mem::zeroed();
            checked("getClassInfo", factory.getClassInfo(index, &mut class))?;
            let category = std::ffi::CStr::from_ptr(class.category.as_ptr());
            if category.to_bytes() != b"Audio Module Class" {
                continue;
            }
            let mut object: *mut c_void = null_mut();
            let iid = IComponent::IID;
            let result =
                factory.createInstance(class.cid.as_ptr(), iid.as_ptr().cast(), &mut object);
            checked("createInstance", result)?;
            return ComPtr::from_raw(object.cast()).ok_or(Error::Missing("component"));
        }
    }
    Err(Error::Missing("audio module class"))
}

impl Vst3Instance {
    /// Loads the first plugin of a `.vst3` bundle.
    ///
    /// # Errors
    /// [`Error::Load`], or [`Error::Missing`] for a plugin whose controller is a separate object.
    pub fn load(bundle: &Path) -> Result<Self> {
        let module = Module::open(bundle)?;
        let component = create(&module.factory()?)?;
        let application = ComWrapper::new(HostApplication);
        let handler = ComWrapper::new(ComponentHandler::default());
        // SAFETY: the component is alive, and the host objects outlive it: they are kept beside it.
        unsafe {
            let context = application
                .as_com_ref::<IHostApplication>()
                .ok_or(Error::Missing("host application"))?;
            checked("initialize", component.initialize(context.as_ptr().cast::<FUnknown>()))?;
        }
        let controller: ComPtr<IEditController> =
            component.cast().ok_or(Error::Missing("controller in its component"))?;
        let processor: ComPtr<IAudioProcessor> =
            component.cast().ok_or(Error::Missing("audio processor"))?;
        // SAFETY: as above.
        unsafe {
            if let Some(handler) = handler.as_com_ref::<IComponentHandler>() {
                checked("setComponentHandler", controller.setComponentHandler(handler.as_ptr()))?;
            }
        }
        let mut instance = Self {
            component,
            controller,
            processor,
            parameters: ParameterList::default(),
            outputs: Vec::new(),
            active: false,
            editor: None,
            _application: application,
            handler,
            module,
        };
        instance.parameters = instance.read_parameters()?;
        instance.outputs = instance.read_outputs()?;
        Ok(instance)
    }

    fn read_parameters(&self) -> Result<ParameterList> {
        let modules = self.read_units();
        let mut parameters = Vec::new();
        // SAFETY: the controller is alive; the out pointer leads to a local of the right type.
        unsafe {
            for index in 0..self.controller.getParameterCount() {
                let mut info: ParameterInfo = std::mem::zeroed();
                checked("getParameterInfo", self.controller.getParameterInfo(index, &mut info))?;
                let module = modules.iter().find(|(id, _)| *id == info.unitId);
                parameters.push(Parameter {
                    id: info.id,
                    name: text_of(&info.title),
                    module: module.map(|(_, path)| path.clone()).unwrap_or_default(),
                    steps: info.stepCount.max(0) as u32,
                    default: info.defaultNormalizedValue,
                    automatable: info.flags & kCanAutomate as int32 != 0,
                    hidden: info.flags & kIsHidden as int32 != 0,
                });
            }
        }
        Ok(ParameterList(parameters))
    }

    /// The paths of all units by id; the root unit has none.
    fn read_units(&self) -> Vec<(int32, String)> {
        let mut units: Vec<(int32, int32, String)> = Vec::new();
        // SAFETY: the controller is alive; the out pointer leads to a local of the right type.
        unsafe {
            let Some(info) = self.controller.cast::<IUnitInfo>() else { return Vec::new() };
            for index in 0..info.getUnitCount() {
                let mut unit: UnitInfo = std::mem::zeroed();
                if info.getUnitInfo(index, &mut unit) == kResultOk && unit.id != 0 {
                    units.push((unit.id, unit.parentUnitId, text_of(&unit.name)));
                }
            }
        }
        let path = |id: int32| {
            let mut names = Vec::new();
            let mut at = id;
            // A loop in the plugin's tree must not hang the host.
            for _ in 0..units.len() {
                let Some((_, parent, name)) = units.iter().find(|unit| unit.0 == at) else { break };
                names.insert(0, name.as_str());
                at = *parent;
            }
            names.join("/")
        };
        units.iter().map(|unit| (unit.0, path(unit.0))).collect()
    }

    fn read_outputs(&self) -> Result<Vec<Bus>> {
        // SAFETY: the component is alive; the out pointer leads to a local of the right type.
        unsafe {
            (0..self.component.getBusCount(AUDIO, OUTPUT))
                .map(|index| {
                    let mut info: BusInfo = std::mem::zeroed();
                    let result = self.component.getBusInfo(AUDIO, OUTPUT, index, &mut info);
                    checked("getBusInfo", result)?;
                    let channels = info.channelCount.max(0) as usize;
                    Ok(Bus { name: text_of(&info.name), channels })
                })
                .collect()
        }
    }

    /// Tells an active plugin to become active again, which some hosts do.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plugin refuses, which it may.
    pub fn activate_again(&mut self) -> Result<()> {
        // SAFETY: the component is alive.
        checked("setActive", unsafe { self.component.setActive(1) })
    }
}

impl Drop for Vst3Instance {
    fn drop(&mut self) {
        self.close_editor();
        // SAFETY: the component is alive; hosts that quit do not always deactivate it first.
        unsafe {
            self.component.terminate();
        }
    }
}

impl Instance for Vst3Instance {
    fn format(&self) -> Format {
        Format::Vst3
    }

    fn parameters(&self) -> &ParameterList {
        &self.parameters
    }

    fn outputs(&self) -> &[Bus] {
        &self.outputs
    }

    fn value(&mut self, parameter: &Parameter) -> Result<f64> {
        // SAFETY: the controller is alive.
        Ok(unsafe { self.controller.getParamNormalized(parameter.id) })
    }

    fn text(&mut self, parameter: &Parameter, value: f64) -> Result<String> {
        let mut text = [0; 128];
        // SAFETY: the controller is alive and gets room for 128 units.
        let result =
            unsafe { self.controller.getParamStringByValue(parameter.id, value, &mut text) };
        checked("getParamStringByValue", result)?;
        Ok(text_of(&text))
    }

    fn parse(&mut self, parameter: &Parameter, text: &str) -> Result<f64> {
        let mut units: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut value = 0.0;
        // SAFETY: the controller is alive and gets a text with its end.
        let result = unsafe {
            self.controller.getParamValueByString(parameter.id, units.as_mut_ptr(), &mut value)
        };
        if result != kResultOk {
            let parameter = parameter.name.clone();
            return Err(Error::UnknownText { parameter, text: text.to_owned() });
        }
        Ok(value)
    }

    fn set(&mut self, parameter: &Parameter, value: f64) -> Result<()> {
        if self.active {
            return Err(Error::refused("setParamNormalized", "the plugin is active"));
        }
        // SAFETY: the controller is alive.
        let result = unsafe { self.controller.setParamNormalized(parameter.id, value) };
        checked("setParamNormalized", result)
    }

    fn activate(&mut self, setup: &Setup) -> Result<Box<dyn Processor>> {
        if self.active {
            return Err(Error::refused("setActive", "the plugin is active already"));
        }
        let mode = if setup.offline { ProcessModes_::kOffline } else { ProcessModes_::kRealtime };
        let mut process_setup = ProcessSetup {
            processMode: mode as int32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as int32,
            maxSamplesPerBlock: setup.max_frames as int32,
            sampleRate: setup.sample_rate,
        };
        // SAFETY: component and processor are alive; the setup is read during the call only.
        unsafe {
            checked("setupProcessing", self.processor.setupProcessing(&mut process_setup))?;
            for index in 0..self.outputs.len() as int32 {
                checked("activateBus", self.component.activateBus(AUDIO, OUTPUT, index, 1))?;
            }
            checked("activateBus", self.component.activateBus(EVENT, OUTPUT, 0, 1))?;
            if self.component.getBusCount(EVENT, INPUT) > 0 {
                checked("activateBus", self.component.activateBus(EVENT, INPUT, 0, 1))?;
            }
            checked("setActive", self.component.setActive(1))?;
        }
        self.active = true;
        let list = |capacity: usize| {
            ComWrapper::new(EventList {
                events: RefCell::new(Vec::with_capacity(capacity.min(ROOM_FOR_EVENTS))),
                capacity,
                refused: Cell::new(0),
            })
        };
        Ok(Box::new(Vst3Processor {
            processor: self.processor.clone(),
            started: false,
            setup: process_setup,
            input: list(usize::MAX),
            output: list(setup.event_capacity),
            parameters: self.parameters.clone(),
            buses: self.outputs.clone(),
            n_given: if setup.auxiliary { self.outputs.len() } else { 1 },
            _module: self.module.clone(),
        }))
    }

    fn deactivate(&mut self, mut processor: Box<dyn Processor>) -> Result<()> {
        processor.stop();
        drop(processor);
        self.active = false;
        // SAFETY: the component is alive, and the audio thread's half was just dropped.
        checked("setActive", unsafe { self.component.setActive(0) })
    }

    fn save_state(&mut self) -> Result<Vec<u8>> {
        let stream = ComWrapper::new(Stream::default());
        let pointer = stream.as_com_ref::<IBStream>().ok_or(Error::Missing("stream"))?;
        // SAFETY: the component is alive, and the stream outlives the call.
        checked("getState", unsafe { self.component.getState(pointer.as_ptr()) })?;
        Ok(stream.bytes.take())
    }

    fn load_state(&mut self, state: &[u8]) -> Result<()> {
        let stream = ComWrapper::new(Stream::default());
        stream.bytes.replace(state.to_vec());
        let pointer = stream.as_com_ref::<IBStream>().ok_or(Error::Missing("stream"))?.as_ptr();
        // SAFETY: both halves are alive, and the stream outlives the calls.
        unsafe {
            checked("setState", self.component.setState(pointer))?;
            stream.position.set(0);
            checked("setComponentState", self.controller.setComponentState(pointer))
        }
    }

    fn idle(&mut self) {
        if let Some(editor) = &self.editor {
            editor.turn();
        }
    }

    fn open_editor(&mut self, wish: &EditorWish) -> Result<PixelSize> {
        self.open(wish)
    }

    fn resize_editor(&mut self, size: PixelSize) -> Result<PixelSize> {
        let none = || Error::refused("onSize", "no editor is open");
        self.editor.as_ref().ok_or_else(none)?.resize(size)
    }

    fn close_editor(&mut self) {
        if let Some(editor) = self.editor.take() {
            editor.close();
        }
    }

    fn take_editor_requests(&mut self) -> EditorRequests {
        self.editor.as_ref().map(editor::Editor::take_requests).unwrap_or_default()
    }

    fn take_edits(&mut self) -> Vec<Edit> {
        self.handler.take_edits()
    }
}

/// A VST3 plugin, seen from the audio thread.
struct Vst3Processor {
    processor: ComPtr<IAudioProcessor>,
    started: bool,
    setup: ProcessSetup,
    input: ComWrapper<EventList>,
    output: ComWrapper<EventList>,
    parameters: ParameterList,
    buses: Vec<Bus>,
    /// How many of them have memory.
    n_given: usize,
    _module: Arc<Module>,
}

// SAFETY: the plugin's processor may be used from any one thread at a time, and its reference count
// is atomic by the format's rules. The lists are reached through this struct and, during process(),
// through the plugin on the same thread; nobody else holds them.
unsafe impl Send for Vst3Processor {}

impl Vst3Processor {
    /// The block's parameter changes; points of one parameter in one queue.
    fn changes(&self, block: &Block) -> Result<ComWrapper<Changes>> {
        let changes = ComWrapper::new(Changes::default());
        for change in &block.changes {
            let id = self.parameters.find(&change.parameter)?.id;
            changes.push(id, change.offset as int32, change.value);
        }
        Ok(changes)
    }
}

impl Processor for Vst3Processor {
    fn process_hooked(
        &mut self,
        block: &Block,
        steady_frame: i64,
        output: &mut Output,
        hook: &mut dyn ProcessHook,
    ) -> Result<()> {
        if !block.transports.is_empty() {
            return Err(Error::refused("process", "VST3 has no transport inside a block"));
        }
        output.prepare(&self.buses[..self.n_given.min(self.buses.len())], block.frames);
        self.input.events.replace(block.notes.iter().map(input_event).collect());
        self.output.events.borrow_mut().clear();
        self.output.refused.set(0);
        let input_changes = self.changes(block)?;
        let output_changes = ComWrapper::new(Changes::default());
        let mut context = process_context(block.transport, self.setup.sampleRate, steady_frame);
        let mut channels: Vec<Vec<*mut f32>> = output
            .audio
            .iter_mut()
            .map(|bus| bus.iter_mut().map(|channel| channel.as_mut_ptr()).collect())
            .collect();
        let mut buses: Vec<AudioBusBuffers> = channels
            .iter_mut()
            .map(|channels| (channels.len(), channels.as_mut_ptr()))
            .chain(self.buses.iter().skip(self.n_given).map(|bus| (bus.channels, null_mut())))
            .map(|(n_channels, channels)| AudioBusBuffers {
                numChannels: n_channels as int32,
                silenceFlags: 0,
                __field0: AudioBusBuffers__type0 { channelBuffers32: channels },
            })
            .collect();
        if !self.started {
            // SAFETY: the processor is alive. The result is advisory: many plugins do not
            // implement this call.
            unsafe { self.processor.setProcessing(1) };
            self.started = true;
        }
        let missing = || Error::Missing("host object");
        let context_pointer = if block.transport.is_some() { &raw mut context } else { null_mut() };
        let mut data = ProcessData {
            processMode: self.setup.processMode,
            symbolicSampleSize: self.setup.symbolicSampleSize,
            numSamples: block.frames as int32,
            numInputs: 0,
            numOutputs: buses.len() as int32,
            inputs: null_mut(),
            outputs: buses.as_mut_ptr(),
            inputParameterChanges: input_changes
                .as_com_ref::<IParameterChanges>()
                .ok_or_else(missing)?
                .as_ptr(),
            outputParameterChanges: output_changes
                .as_com_ref::<IParameterChanges>()
                .ok_or_else(missing)?
                .as_ptr(),
            inputEvents: self.input.as_com_ref::<IEventList>().ok_or_else(missing)?.as_ptr(),
            outputEvents: self.output.as_com_ref::<IEventList>().ok_or_else(missing)?.as_ptr(),
            processContext: context_pointer,
        };
        hook.enter();
        // SAFETY: the processor is active, and everything that `data` leads to lives until the end
        // of this function.
        let result = unsafe { self.processor.process(&mut data) };
        hook.exit();
        checked("process", result)?;
        for event in self.output.events.borrow().iter() {
            match output_event(event)? {
                Some(event) => output.events.push(event),
                None => output.other_events += 1,
            }
        }
        output.other_events += output_changes.count();
        output.refused_events = self.output.refused.get();
        output.validate(block.frames)
    }

    fn reset(&mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        if self.started {
            // SAFETY: the processor is alive; the result is advisory as above.
            unsafe { self.processor.setProcessing(0) };
            self.started = false;
        }
    }
}

fn input_event(note: &InputNote) -> Event {
    let (channel, pitch) = (i16::from(note.channel), i16::from(note.key));
    let payload = if note.on {
        Event__type0 {
            noteOn: NoteOnEvent {
                channel,
                pitch,
                tuning: 0.0,
                velocity: note.velocity,
                length: 0,
                noteId: -1,
            },
        }
    } else {
        Event__type0 {
            noteOff: NoteOffEvent {
                channel,
                pitch,
                velocity: note.velocity,
                noteId: -1,
                tuning: 0.0,
            },
        }
    };
    Event {
        busIndex: 0,
        sampleOffset: note.offset as int32,
        ppqPosition: 0.0,
        flags: 0,
        r#type: if note.on { NOTE_ON } else { NOTE_OFF },
        __field0: payload,
    }
}

/// A note event, or `None` for an event of another kind.
fn output_event(event: &Event) -> Result<Option<HostEvent>> {
    let sample = i64::from(event.sampleOffset);
    let (kind, channel, pitch, velocity, note_id) = match event.r#type {
        NOTE_ON => {
            // SAFETY: the type says which member of the union was written.
            let on = unsafe { event.__field0.noteOn };
            (EventKind::On, on.channel, on.pitch, on.velocity, on.noteId)
        }
        NOTE_OFF => {
            // SAFETY: the type says which member of the union was written.
            let off = unsafe { event.__field0.noteOff };
            (EventKind::Off, off.channel, off.pitch, off.velocity, off.noteId)
        }
        _ => return Ok(None),
    };
    let (channel, key, velocity) = (channel.into(), pitch.into(), velocity.into());
    HostEvent::checked(sample, kind, channel, key, velocity, note_id).map(Some)
}

/// The song as VST3 sees it; without a transport, only the sample rate.
fn process_context(transport: Option<Transport>, rate: f64, steady_frame: i64) -> ProcessContext {
    // SAFETY: the context is plain numbers, for which zero is a value.
    let mut context: ProcessContext = unsafe { std::mem::zeroed() };
    context.sampleRate = rate;
    let Some(transport) = transport else { return context };
    let known = transport.known;
    let mut flags = Flags::kContTimeValid;
    if known.tempo {
        flags |= Flags::kTempoValid;
    }
    if known.meter {
        flags |= Flags::kTimeSigValid;
    }
    if known.position {
        flags |= Flags::kProjectTimeMusicValid | Flags::kBarPositionValid;
    }
    if transport.playing {
        flags |= Flags::kPlaying;
    }
    if transport.recording {
        flags |= Flags::kRecording;
    }
    if let Some((start, end)) = transport.loop_beats.filter(|_| known.position) {
        flags |= Flags::kCycleValid | Flags::kCycleActive;
        (context.cycleStartMusic, context.cycleEndMusic) = (start, end);
    }
    context.state = flags;
    context.projectTimeSamples =
        (transport.position_beats * 60.0 / transport.tempo * rate).round() as i64;
    context.continousTimeSamples = steady_frame;
    context.projectTimeMusic = transport.position_beats;
    context.barPositionMusic = transport.bar_start_beats;
    context.tempo = transport.tempo;
    context.timeSigNumerator = transport.meter.0.into();
    context.timeSigDenominator = transport.meter.1.into();
    context
}
