//! The CLAP host, on clack.
//!
//! Traps of clack-host 0.2 that shape this file: extension handles must be asked for per instance
//! (one instance's handle on another panics); `AudioPorts` must be made with its final capacity, as
//! its growth path computes wrong pointers from the second port on; the length of a block is read
//! from the shortest channel, so a block of zero frames has channels of zero length.

mod editor;

use std::ffi::CString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use clack_extensions::audio_ports::{AudioPortInfoBuffer, PluginAudioPorts};
use clack_extensions::gui::{HostGui, PluginGui};
use clack_extensions::note_ports::PluginNotePorts;
use clack_extensions::params::{ParamInfoBuffer, ParamInfoFlags, PluginParams};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::events::event_types::{
    NoteOffEvent, NoteOnEvent, ParamValueEvent, TransportEvent, TransportFlags,
};
use clack_host::events::io::{OutputEventBuffer, TryPushError};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{EventFlags, EventHeader, Match, Pckn, UnknownEvent};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, ClapId, SecondsTime};

use crate::instance::{
    Bus, EditorRequests, EditorWish, Format, Instance, Output, PixelSize, ProcessHook, Processor,
    ROOM_FOR_EVENTS, Setup,
};
use crate::{
    Block, Edit, EditKind, Error, EventKind, HostEvent, Parameter, ParameterList, Result, Transport,
};

/// What the plugin may call from any thread: it asks for a main-thread turn, or for something that
/// concerns its editor.
#[derive(Default)]
struct Shared {
    callback_requested: AtomicBool,
    editor: editor::Requests,
}

impl<'a> SharedHandler<'a> for Shared {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback_requested.store(true, Ordering::Release);
    }
}

struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Shared;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _shared: &Self::Shared<'_>) {
        builder.register::<HostGui>();
    }
}

/// A CLAP plugin, seen from the main thread.
pub struct ClapInstance {
    instance: PluginInstance<Handlers>,
    params: PluginParams,
    parameters: ParameterList,
    /// Largest plain value by parameter index; the plain range starts at the matching minimum.
    ranges: Vec<(f64, f64)>,
    outputs: Vec<Bus>,
    /// The editor, while one is open.
    gui: Option<PluginGui>,
}

impl ClapInstance {
    /// Loads the first plugin of a `.clap` file.
    ///
    /// # Errors
    /// [`Error::Load`], or [`Error::Missing`] for a plugin without parameters, audio ports, note
    /// output or state.
    pub fn load(bundle: &Path) -> Result<Self> {
        let load_error = |reason: String| Error::Load { path: bundle.to_owned(), reason };
        // SAFETY: loading a plugin runs its library's initialisers; the caller chose the file.
        let entry =
            unsafe { PluginEntry::load(bundle) }.map_err(|error| load_error(error.to_string()))?;
        let factory = entry.get_plugin_factory().ok_or(Error::Missing("plugin factory"))?;
        let id: CString = factory
            .plugin_descriptors()
            .find_map(|descriptor| Some(descriptor.id()?.to_owned()))
            .ok_or(Error::Missing("plugin descriptor"))?;
        let host = HostInfo::new("hosting", "Tributary", "", env!("CARGO_PKG_VERSION"))
            .map_err(|error| load_error(error.to_string()))?;
        let mut instance =
            PluginInstance::<Handlers>::new(|_| Shared::default(), |_| (), &entry, &id, &host)
                .map_err(|error| load_error(error.to_string()))?;

        let handle = instance.plugin_handle();
        let params: PluginParams = handle.get_extension().ok_or(Error::Missing("parameters"))?;
        let ports: PluginAudioPorts =
            handle.get_extension().ok_or(Error::Missing("audio ports"))?;
        let notes: PluginNotePorts = handle.get_extension().ok_or(Error::Missing("note ports"))?;
        handle.get_extension::<PluginState>().ok_or(Error::Missing("state"))?;
        if notes.count(&handle, false) == 0 {
            return Err(Error::Missing("note output"));
        }
        let mut parameters = Vec::new();
        let mut ranges = Vec::new();
        for index in 0..params.count(&handle) {
            let mut buffer = ParamInfoBuffer::new();
            let info = params
                .get_info(&handle, index, &mut buffer)
                .ok_or_else(|| Error::refused("params.get_info", index))?;
            let span = info.max_value - info.min_value;
            let stepped = info.flags.contains(ParamInfoFlags::IS_STEPPED);
            parameters.push(Parameter {
                id: info.id.get(),
                name: String::from_utf8_lossy(info.name).into_owned(),
                module: String::from_utf8_lossy(info.module).into_owned(),
                steps: if stepped { span as u32 } else { 0 },
                default: (info.default_value - info.min_value) / span,
                automatable: info.flags.contains(ParamInfoFlags::IS_AUTOMATABLE),
                hidden: info.flags.contains(ParamInfoFlags::IS_HIDDEN),
            });
            ranges.push((info.min_value, span));
        }
        let mut outputs = Vec::new();
        for index in 0..ports.count(&handle, false) {
            let mut buffer = AudioPortInfoBuffer::new();
            let info = ports
                .get(&handle, index, false, &mut buffer)
                .ok_or_else(|| Error::refused("audio_ports.get", index))?;
            outputs.push(Bus {
                name: String::from_utf8_lossy(info.name).into_owned(),
                channels: info.channel_count as usize,
            });
        }
        let parameters = ParameterList(parameters);
        Ok(Self { instance, params, parameters, ranges, outputs, gui: None })
    }

    fn range(&self, parameter: &Parameter) -> Result<(f64, f64)> {
        self.parameters
            .iter()
            .position(|known| known.id == parameter.id)
            .map(|index| self.ranges[index])
            .ok_or_else(|| Error::refused("params.get_value", &parameter.name))
    }

    fn state(&mut self) -> Result<PluginState> {
        self.instance.plugin_handle().get_extension().ok_or(Error::Missing("state"))
    }
}

fn clap_id(parameter: &Parameter) -> Result<ClapId> {
    ClapId::from_raw(parameter.id).ok_or(Error::Missing("valid parameter id"))
}

impl Instance for ClapInstance {
    fn format(&self) -> Format {
        Format::Clap
    }

    fn parameters(&self) -> &ParameterList {
        &self.parameters
    }

    fn outputs(&self) -> &[Bus] {
        &self.outputs
    }

    fn value(&mut self, parameter: &Parameter) -> Result<f64> {
        let (least, span) = self.range(parameter)?;
        let handle = self.instance.plugin_handle();
        let plain = self
            .params
            .get_value(&handle, clap_id(parameter)?)
            .ok_or_else(|| Error::refused("params.get_value", &parameter.name))?;
        Ok((plain - least) / span)
    }

    fn text(&mut self, parameter: &Parameter, value: f64) -> Result<String> {
        let (least, span) = self.range(parameter)?;
        let handle = self.instance.plugin_handle();
        let mut buffer = [0; 256];
        let text = self
            .params
            .value_to_text(&handle, clap_id(parameter)?, least + value * span, &mut buffer)
            .map_err(|error| Error::refused("params.value_to_text", error))?;
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn parse(&mut self, parameter: &Parameter, text: &str) -> Result<f64> {
        let (least, span) = self.range(parameter)?;
        let handle = self.instance.plugin_handle();
        let unknown =
            || Error::UnknownText { parameter: parameter.name.clone(), text: text.to_owned() };
        let c_text = CString::new(text).map_err(|_| unknown())?;
        let plain =
            self.params.text_to_value(&handle, clap_id(parameter)?, &c_text).ok_or_else(unknown)?;
        Ok((plain - least) / span)
    }

    fn set(&mut self, parameter: &Parameter, value: f64) -> Result<()> {
        let (least, span) = self.range(parameter)?;
        let mut events = EventBuffer::with_capacity(1);
        let id = clap_id(parameter)?;
        events.push(&ParamValueEvent::new(0, id, Pckn::match_all(), least + value * span));
        let mut ignored = EventBuffer::with_capacity(16);
        let mut handle = self
            .instance
            .inactive_plugin_handle()
            .ok_or_else(|| Error::refused("params.flush", "the plugin is active"))?;
        self.params.flush(
            &mut handle,
            &InputEvents::from_buffer(&events),
            &mut OutputEvents::from_buffer(&mut ignored),
        );
        Ok(())
    }

    fn activate(&mut self, setup: &Setup) -> Result<Box<dyn Processor>> {
        let handle = self.instance.plugin_handle();
        let render: Option<PluginRender> = handle.get_extension();
        let mode = if setup.offline { RenderMode::Offline } else { RenderMode::Realtime };
        match render {
            Some(render) => render
                .set(&handle, mode)
                .map_err(|_| Error::refused("render.set", format!("{mode:?}")))?,
            None if setup.offline => return Err(Error::Missing("render mode")),
            None => {}
        }
        let configuration = PluginAudioConfiguration {
            sample_rate: setup.sample_rate,
            min_frames_count: 1,
            max_frames_count: setup.max_frames,
        };
        let stopped = self
            .instance
            .activate(|_, _| (), configuration)
            .map_err(|error| Error::refused("activate", error))?;
        let channels = self.outputs.iter().map(|bus| bus.channels).sum();
        Ok(Box::new(ClapProcessor {
            processor: stopped.into(),
            ports: AudioPorts::with_capacity(channels, self.outputs.len()),
            input: EventBuffer::with_capacity(1024),
            output: Outbox::new(setup.event_capacity),
            parameters: self.parameters.clone(),
            ranges: self.ranges.clone(),
            buses: self.outputs.clone(),
            n_given: if setup.auxiliary { self.outputs.len() } else { 1 },
        }))
    }

    fn deactivate(&mut self, mut processor: Box<dyn Processor>) -> Result<()> {
        processor.stop();
        drop(processor);
        self.instance.try_deactivate().map_err(|error| Error::refused("deactivate", error))
    }

    fn save_state(&mut self) -> Result<Vec<u8>> {
        let state = self.state()?;
        let mut bytes = Vec::new();
        state
            .save(&self.instance.plugin_handle(), &mut bytes)
            .map_err(|error| Error::refused("state.save", error))?;
        Ok(bytes)
    }

    fn load_state(&mut self, mut bytes: &[u8]) -> Result<()> {
        let state = self.state()?;
        state
            .load(&self.instance.plugin_handle(), &mut bytes)
            .map_err(|error| Error::refused("state.load", error))
    }

    fn idle(&mut self) {
        let requested = self.instance.access_shared_handler(|shared| {
            shared.callback_requested.swap(false, Ordering::AcqRel)
        });
        if requested {
            self.instance.call_on_main_thread_callback();
        }
    }

    fn open_editor(&mut self, wish: &EditorWish) -> Result<PixelSize> {
        self.open(wish)
    }

    fn resize_editor(&mut self, size: PixelSize) -> Result<PixelSize> {
        self.resize(size)
    }

    fn close_editor(&mut self) {
        if let Some(gui) = self.gui.take() {
            gui.destroy(&self.instance.plugin_handle());
        }
    }

    fn take_editor_requests(&mut self) -> EditorRequests {
        self.instance.access_shared_handler(|shared| shared.editor.take())
    }

    fn take_edits(&mut self) -> Vec<Edit> {
        // They come with the blocks.
        Vec::new()
    }
}

impl Drop for ClapInstance {
    fn drop(&mut self) {
        self.close_editor();
    }
}

/// A CLAP plugin, seen from the audio thread.
struct ClapProcessor {
    processor: PluginAudioProcessor<Handlers>,
    ports: AudioPorts,
    input: EventBuffer,
    output: Outbox,
    parameters: ParameterList,
    ranges: Vec<(f64, f64)>,
    buses: Vec<Bus>,
    /// How many of them have memory.
    n_given: usize,
}

/// The output event list of a host with room for so many events.
struct Outbox {
    capacity: usize,
    events: Vec<Result<HostEvent>>,
    /// Parameters' plain values.
    edits: Vec<Edit>,
    others: usize,
    refused: usize,
}

impl Outbox {
    /// Has room from the start, so that a plugin that sends a usual number of events does not make
    /// the host allocate.
    fn new(capacity: usize) -> Self {
        let events = Vec::with_capacity(capacity.min(ROOM_FOR_EVENTS));
        let edits = Vec::with_capacity(capacity.min(ROOM_FOR_EVENTS));
        Self { capacity, events, edits, others: 0, refused: 0 }
    }
}

impl OutputEventBuffer for Outbox {
    fn try_push(&mut self, event: &UnknownEvent) -> std::result::Result<(), TryPushError> {
        if self.events.len() + self.others >= self.capacity {
            self.refused += 1;
            return Err(TryPushError::new());
        }
        let time = i64::from(event.header().time());
        let decode = |kind, pckn: Pckn, velocity| {
            let specific = |value: Match<u16>| value.into_specific().map_or(-1, i32::from);
            let note_id = pckn.note_id.into_specific().map_or(-1, |id| id as i32);
            let (channel, key) = (specific(pckn.channel), specific(pckn.key));
            HostEvent::checked(time, kind, channel, key, velocity, note_id)
        };
        match event.as_core_event() {
            Some(CoreEventSpace::NoteOn(on)) => {
                self.events.push(decode(EventKind::On, on.pckn(), on.velocity()));
            }
            Some(CoreEventSpace::NoteOff(off)) => {
                self.events.push(decode(EventKind::Off, off.pckn(), off.velocity()));
            }
            other => {
                self.others += 1;
                self.edits.extend(other.and_then(edit));
            }
        }
        Ok(())
    }
}

/// What an event says about an edit, with the plain value.
fn edit(event: CoreEventSpace<'_>) -> Option<Edit> {
    let (parameter, kind) = match event {
        CoreEventSpace::ParamGestureBegin(begin) => (begin.param_id(), EditKind::Begin),
        CoreEventSpace::ParamValue(set) => (set.param_id(), EditKind::Set(set.value())),
        CoreEventSpace::ParamGestureEnd(end) => (end.param_id(), EditKind::End),
        _ => return None,
    };
    Some(Edit { parameter: parameter?.get(), kind })
}

impl ClapProcessor {
    /// An edit with a normalised value.
    fn normalized(&self, edit: Edit) -> Result<Edit> {
        let index = self.parameters.iter().position(|known| known.id == edit.parameter);
        let index = index.ok_or_else(|| Error::refused("an edit's parameter", edit.parameter))?;
        let (least, span) = self.ranges[index];
        Ok(match edit.kind {
            EditKind::Set(plain) => Edit { kind: EditKind::Set((plain - least) / span), ..edit },
            _ => edit,
        })
    }

    /// Fills the input list, merged by time: transport before changes before notes of a frame.
    fn fill_input(&mut self, block: &Block) -> Result<()> {
        self.input.clear();
        for change in &block.transports {
            self.input.push(&transport_event(change.transport, change.offset));
        }
        for change in &block.changes {
            let parameter = self.parameters.find(&change.parameter)?;
            let index = self.parameters.iter().position(|known| known.id == parameter.id);
            let (least, span) = self.ranges[index.unwrap_or_default()];
            self.input.push(&ParamValueEvent::new(
                change.offset,
                clap_id(parameter)?,
                Pckn::match_all(),
                least + change.value * span,
            ));
        }
        for note in &block.notes {
            let pckn = Pckn::new(0u16, u16::from(note.channel), u16::from(note.key), Match::All);
            let velocity = f64::from(note.velocity);
            if note.on {
                self.input.push(&NoteOnEvent::new(note.offset, pckn, velocity));
            } else {
                self.input.push(&NoteOffEvent::new(note.offset, pckn, velocity));
            }
        }
        self.input.sort();
        Ok(())
    }
}

impl Processor for ClapProcessor {
    fn process_hooked(
        &mut self,
        block: &Block,
        steady_frame: i64,
        output: &mut Output,
        hook: &mut dyn ProcessHook,
    ) -> Result<()> {
        self.fill_input(block)?;
        output.prepare(&self.buses[..self.n_given.min(self.buses.len())], block.frames);
        self.output.events.clear();
        self.output.edits.clear();
        (self.output.others, self.output.refused) = (0, 0);
        let transport = block.transport.map(|transport| transport_event(transport, 0));
        let processor = self
            .processor
            .ensure_processing_started()
            .map_err(|error| Error::refused("start_processing", error))?;
        let mut audio =
            self.ports.with_output_buffers(output.audio.iter_mut().map(|bus| AudioPortBuffer {
                latency: 0,
                channels: AudioPortBufferType::f32_output_only(
                    bus.iter_mut().map(Vec::as_mut_slice),
                ),
            }));
        let input_events = InputEvents::from_buffer(&self.input);
        let mut output_events = OutputEvents::from_buffer(&mut self.output);
        hook.enter();
        let status = processor.process(
            &InputAudioBuffers::empty(),
            &mut audio,
            &input_events,
            &mut output_events,
            Some(steady_frame as u64),
            transport.as_ref(),
        );
        hook.exit();
        status.map_err(|error| Error::refused("process", error))?;
        for event in self.output.events.drain(..) {
            output.events.push(event?);
        }
        for edit in &self.output.edits {
            output.edits.push(self.normalized(*edit)?);
        }
        output.other_events = self.output.others;
        output.refused_events = self.output.refused;
        output.validate(block.frames)
    }

    fn reset(&mut self) {
        self.processor.reset();
    }

    fn stop(&mut self) {
        self.processor.ensure_processing_stopped();
    }
}

fn transport_event(transport: Transport, offset: u32) -> TransportEvent {
    let seconds = |beats: f64| SecondsTime::from_float(beats * 60.0 / transport.tempo);
    let known = transport.known;
    let timelines = TransportFlags::HAS_BEATS_TIMELINE | TransportFlags::HAS_SECONDS_TIMELINE;
    let mut flags = TransportFlags::empty();
    flags.set(TransportFlags::HAS_TEMPO, known.tempo);
    flags.set(timelines, known.position);
    flags.set(TransportFlags::HAS_TIME_SIGNATURE, known.meter);
    flags.set(TransportFlags::IS_PLAYING, transport.playing);
    flags.set(TransportFlags::IS_RECORDING, transport.recording);
    flags.set(TransportFlags::IS_LOOP_ACTIVE, transport.loop_beats.is_some());
    let (loop_start, loop_end) = transport.loop_beats.unwrap_or_default();
    TransportEvent {
        header: EventHeader::new_core(offset, EventFlags::empty()),
        flags,
        song_pos_beats: BeatTime::from_float(transport.position_beats),
        song_pos_seconds: seconds(transport.position_beats),
        tempo: transport.tempo,
        tempo_inc: 0.0,
        loop_start_beats: BeatTime::from_float(loop_start),
        loop_end_beats: BeatTime::from_float(loop_end),
        loop_start_seconds: seconds(loop_start),
        loop_end_seconds: seconds(loop_end),
        bar_start: BeatTime::from_float(transport.bar_start_beats),
        bar_number: transport.bar_number,
        time_signature_numerator: transport.meter.0,
        time_signature_denominator: transport.meter.1,
    }
}
