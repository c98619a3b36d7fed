//! The interface that both hosts offer.

use std::path::Path;
use std::time::Duration;

use crate::{
    Block, ClapInstance, Edit, Error, HostEvent, Parameter, ParameterList, Result, Vst3Instance,
};

/// A plugin format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CLAP, one shared library.
    Clap,
    /// VST3, a folder with a shared library in it.
    Vst3,
}

/// What a host tells a plugin before processing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// Frames a second.
    pub sample_rate: f64,
    /// The largest block announced, in frames, at least 1. Nothing stops a test from sending more.
    pub max_frames: u32,
    /// Whether the plugin is told that it renders offline and may wait.
    pub offline: bool,
    /// How many output events the host takes in a block; it refuses the rest. Hosts built on the
    /// VST3 SDK's own event list take 50.
    pub event_capacity: usize,
    /// Whether the host has memory for outputs besides the main one. Without, a CLAP host's list of
    /// outputs ends after the main one, and a VST3 host lists the others without memory.
    pub auxiliary: bool,
}

/// One output bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bus {
    /// Name for the host's mixer.
    pub name: String,
    /// Number of channels.
    pub channels: usize,
}

/// What a plugin gave back for one block.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Note events, sorted; [`HostEvent::sample`] is the offset in the block, in frames.
    pub events: Vec<HostEvent>,
    /// Number of other events: controllers, parameter changes.
    pub other_events: usize,
    /// What was done in the editor since the block before, where the format sends it with blocks.
    pub edits: Vec<Edit>,
    /// Number of events that the host refused, see [`Setup::event_capacity`].
    pub refused_events: usize,
    /// Samples by bus, channel and frame.
    pub audio: Vec<Vec<Vec<f32>>>,
}

/// Width and height in pixels.
pub type PixelSize = [u32; 2];

/// How a host wants an editor to open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EditorWish {
    /// The X11 window to be embedded in; an [`EditorWindow`](crate::EditorWindow) fills it in.
    pub parent: u32,
    /// Pixels a point, or nothing for what the plugin finds out itself.
    pub scale: Option<f64>,
    /// The size to open with, or nothing for the plugin's own.
    pub size: Option<PixelSize>,
    /// How long the host does other things between making the editor and showing it, where the
    /// format has two calls for that.
    pub hesitation: Duration,
}

/// What an editor has asked of its host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EditorRequests {
    /// Another size for the window around it.
    pub size: Option<PixelSize>,
    /// Its window is gone, so the host must close the editor.
    pub closed: bool,
}

/// Called immediately before and after the plugin's process function, on the audio thread, with
/// nothing of the host's own in between: the place for a clock or a real-time guard.
pub trait ProcessHook {
    /// Called once on the audio thread before its first block.
    fn arm(&mut self) {}
    /// Called immediately before the plugin's process function.
    fn enter(&mut self) {}
    /// Called immediately after the plugin's process function.
    fn exit(&mut self) {}
}

/// Output events for which the hosts have room before the first block; more make them allocate.
pub(crate) const ROOM_FOR_EVENTS: usize = 4096;

/// A hook that does nothing.
pub struct NoHook;

impl ProcessHook for NoHook {}

/// A loaded plugin, seen from the host's main thread.
///
/// Values are normalised to 0.0..=1.0 in both formats. Dropping an instance destroys the plugin,
/// active or not, which hosts do as well.
pub trait Instance {
    /// The format of the bundle.
    fn format(&self) -> Format;

    /// The parameters, in the plugin's order.
    fn parameters(&self) -> &ParameterList;

    /// The output buses, main first.
    fn outputs(&self) -> &[Bus];

    /// The value of a parameter as the plugin reports it, normalised.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plugin does not know the parameter.
    fn value(&mut self, parameter: &Parameter) -> Result<f64>;

    /// The text a parameter shows for a normalised value.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plugin has no text for it.
    fn text(&mut self, parameter: &Parameter, value: f64) -> Result<String>;

    /// The normalised value of a text.
    ///
    /// # Errors
    /// [`Error::UnknownText`] when the parameter does not understand it.
    fn parse(&mut self, parameter: &Parameter, text: &str) -> Result<f64>;

    /// Sets a parameter from the main thread while the plugin is not active.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plugin is active or refuses; use block changes then.
    fn set(&mut self, parameter: &Parameter, value: f64) -> Result<()>;

    /// Prepares for processing and returns the audio thread's half.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plugin is active already or refuses.
    fn activate(&mut self, setup: &Setup) -> Result<Box<dyn Processor>>;

    /// Ends processing. `processor` is the one that [`Instance::activate`] returned.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plugin is not active.
    fn deactivate(&mut self, processor: Box<dyn Processor>) -> Result<()>;

    /// The plugin's state.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plugin cannot save.
    fn save_state(&mut self) -> Result<Vec<u8>>;

    /// Restores a state, also while the plugin is active.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plugin does not take it.
    fn load_state(&mut self, state: &[u8]) -> Result<()>;

    /// Gives the plugin the main-thread turn that it may have asked for.
    fn idle(&mut self);

    /// Opens the editor inside the window that `wish` names, and returns its size.
    ///
    /// # Errors
    /// [`Error::Missing`] without an editor for X11, [`Error::Refused`] when it does not open.
    fn open_editor(&mut self, wish: &EditorWish) -> Result<PixelSize>;

    /// Gives the open editor the nearest size that it takes, and returns that.
    ///
    /// # Errors
    /// [`Error::Refused`] when no editor is open or it cannot be resized.
    fn resize_editor(&mut self, size: PixelSize) -> Result<PixelSize>;

    /// Closes the editor, if one is open.
    fn close_editor(&mut self);

    /// What the editor has asked of its host since the last call.
    fn take_editor_requests(&mut self) -> EditorRequests;

    /// What was done in the editor since the last call, where the format sends it to the main
    /// thread.
    fn take_edits(&mut self) -> Vec<Edit>;
}

/// A loaded plugin, seen from the host's audio thread.
pub trait Processor: Send {
    /// Lets the plugin process one block, checks what it sends back, and replaces `output`.
    ///
    /// The audio buffers hold not-a-number before the call, as a host may leave anything there.
    /// A block of zero frames is a parameter flush. `steady_frame` counts frames from activation.
    ///
    /// # Errors
    /// The plugin's refusal, or the first rule that its output breaks.
    fn process_hooked(
        &mut self,
        block: &Block,
        steady_frame: i64,
        output: &mut Output,
        hook: &mut dyn ProcessHook,
    ) -> Result<()>;

    /// [`Processor::process_hooked`] without a hook.
    ///
    /// # Errors
    /// As [`Processor::process_hooked`].
    fn process(&mut self, block: &Block, steady_frame: i64, output: &mut Output) -> Result<()> {
        self.process_hooked(block, steady_frame, output, &mut NoHook)
    }

    /// Tells the plugin that the stream is cut here: a CLAP `reset`; in VST3, processing off and on.
    fn reset(&mut self);

    /// Leaves the processing state; called on the audio thread before deactivation. Idempotent.
    fn stop(&mut self);
}

/// Loads the first plugin of a bundle, by the ending of its path.
///
/// # Errors
/// [`Error::UnknownFormat`], [`Error::Load`], or what the plugin's own set-up refuses.
pub fn load(bundle: impl AsRef<Path>) -> Result<Box<dyn Instance>> {
    let bundle = bundle.as_ref();
    match bundle.extension().and_then(|ending| ending.to_str()) {
        Some("clap") => Ok(Box::new(ClapInstance::load(bundle)?)),
        Some("vst3") => Ok(Box::new(Vst3Instance::load(bundle)?)),
        _ => Err(Error::UnknownFormat(bundle.to_owned())),
    }
}

impl Output {
    /// Empties the events and sizes the audio for a block, filled with not-a-number.
    pub(crate) fn prepare(&mut self, buses: &[Bus], frames: usize) {
        self.events.clear();
        self.other_events = 0;
        self.edits.clear();
        self.refused_events = 0;
        self.audio.resize_with(buses.len(), Vec::new);
        for (audio, bus) in self.audio.iter_mut().zip(buses) {
            audio.resize_with(bus.channels, Vec::new);
            for channel in audio {
                channel.clear();
                channel.resize(frames, f32::NAN);
            }
        }
    }

    /// Checks the rules that hold for every plugin in every block.
    pub(crate) fn validate(&self, frames: usize) -> Result<()> {
        let mut before = 0;
        for event in &self.events {
            let offset = event.sample;
            if offset < 0 || offset >= frames.max(1) as i64 {
                return Err(Error::EventOutside { offset, frames });
            }
            if offset < before {
                return Err(Error::EventsUnsorted { offset, before });
            }
            before = offset;
        }
        for (bus, channels) in self.audio.iter().enumerate() {
            for (channel, samples) in channels.iter().enumerate() {
                if let Some(frame) = samples.iter().position(|sample| !sample.is_finite()) {
                    return Err(Error::SampleInvalid { bus, channel, frame });
                }
            }
        }
        Ok(())
    }
}
