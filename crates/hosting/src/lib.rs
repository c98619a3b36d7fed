//! Two small in-process hosts that drive a *built* plugin from a script.
//!
//! **What for.** The tests, the demo and the measurements load `Tributary.clap` and
//! `Tributary.vst3` as a DAW would: over the plugin formats' binary interfaces, with blocks of any
//! size, a transport, sample-accurate automation and input notes. Everything the plugin sends back
//! is checked (order, offsets, finite audio) and recorded.
//!
//! **Threads.** An [`Instance`] belongs to the thread that loaded it (the *main thread* of both
//! formats). [`Instance::activate`] hands out a [`Processor`], which is [`Send`] and is meant for a
//! thread of its own (the *audio thread*). [`run`] does exactly that.
//!
//! **Editors.** On Linux, [`EditorWindow`] opens a plugin's editor in a window of an X server, takes
//! pictures of it and works it with pointer and keys, while [`play_meanwhile`] plays a script.
//!
//! **What it does not do.** No MIDI files, no sound card, no scanning. It does not unload a plugin
//! before its last instance is dropped.
//!
//! ```no_run
//! use hosting::{Script, Song};
//!
//! let mut script = Script::new(48_000.0, 512);
//! script.play(&Song::default(), 0.0, 16.0, &[512, 64, 1]);
//! script.set_at(8.0, "g_jazz", 1.0)?;
//! script.stop(512, 2);
//! let recording = hosting::run("target/bundled/Tributary.clap", &script)?;
//! println!("{} notes", recording.notes()?.len());
//! # Ok::<(), hosting::Error>(())
//! ```
//!
//! **Where to start reading.** `instance.rs` has the interface, `script.rs` what is asked of a
//! plugin, `recording.rs` what came back; `clap.rs` and `vst3.rs` are the two hosts, `x11.rs` the windows.

mod clap;
mod error;
#[cfg(target_os = "linux")]
mod guard;
mod instance;
mod meanwhile;
mod parameters;
mod recording;
mod run;
mod script;
mod stepper;
mod vst3;
#[cfg(target_os = "linux")]
mod x11;

pub use clap::ClapInstance;
pub use error::{Error, Result};
#[cfg(target_os = "linux")]
pub use guard::{
    BlockOffences, CodeAddress, LockedInstruction, Offence, OffenceKind, RealtimeGuard,
};
pub use instance::{
    Bus, EditorRequests, EditorWish, Format, Instance, NoHook, Output, PixelSize, ProcessHook,
    Processor, Setup, load,
};
pub use meanwhile::{Meanwhile, play_meanwhile};
pub use parameters::{Parameter, ParameterList, stable_id};
pub use recording::{
    BusAudio, Edit, EditKind, EventKind, HostEvent, PlayedNote, Recording, pair_notes,
};
pub use run::{play, prepare, run};
pub use script::{
    Action, Block, InputNote, Known, ParameterChange, Script, Setting, Song, Transport,
    TransportChange,
};
pub use stepper::Stepper;
pub use vst3::Vst3Instance;
#[cfg(target_os = "linux")]
pub use x11::{Button, Cover, Display, EditorWindow, Keysym, Picture, Pictures, Watch, XServer};
