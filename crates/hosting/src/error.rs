//! What can go wrong between a host and a plugin.

use std::path::PathBuf;

/// The result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong between a host and a plugin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The path ends in neither `.clap` nor `.vst3`.
    #[error("{}: expected a bundle that ends in .clap or .vst3", .0.display())]
    UnknownFormat(PathBuf),
    /// The bundle or the library in it could not be loaded.
    #[error("{}: cannot load: {reason}", path.display())]
    Load {
        /// The bundle, or the library in it.
        path: PathBuf,
        /// What the loader or the plugin's entry point said.
        reason: String,
    },
    /// The plugin lacks something that this host needs.
    #[error("the plugin has no {0}")]
    Missing(&'static str),
    /// A call into the plugin was refused.
    #[error("{call} was refused: {reason}")]
    Refused {
        /// The call, in the format's own words.
        call: &'static str,
        /// A result code or message.
        reason: String,
    },
    /// No parameter has this id or name.
    #[error("no parameter has the id or name `{name}`; among the known names: {known}")]
    UnknownParameter {
        /// What was asked for.
        name: String,
        /// The first few names that exist.
        known: String,
    },
    /// A parameter does not understand a text.
    #[error("parameter `{parameter}` does not understand the text `{text}`")]
    UnknownText {
        /// The parameter asked.
        parameter: String,
        /// The text given.
        text: String,
    },
    /// The plugin sent an event outside the block it was made in.
    #[error("an event at offset {offset} lies outside its block of {frames} frames")]
    EventOutside {
        /// The event's offset in frames.
        offset: i64,
        /// The block's length in frames.
        frames: usize,
    },
    /// The plugin sent events that are not sorted by time.
    #[error("an event at offset {offset} follows one at offset {before}")]
    EventsUnsorted {
        /// The event's offset in frames.
        offset: i64,
        /// The offset of the event before it.
        before: i64,
    },
    /// An event's channel, key or velocity is outside MIDI's ranges.
    #[error("an event has channel {channel}, key {key}, velocity {velocity}")]
    EventInvalid {
        /// Expected 0..=15.
        channel: i32,
        /// Expected 0..=127.
        key: i32,
        /// Expected 0.0..=1.0.
        velocity: f64,
    },
    /// The plugin left a sample unwritten, or wrote one that is not finite.
    #[error("bus {bus}, channel {channel}, frame {frame}: the sample is not a finite number")]
    SampleInvalid {
        /// The output bus.
        bus: usize,
        /// The channel of the bus.
        channel: usize,
        /// The frame in its block.
        frame: usize,
    },
    /// Note events that do not pair up.
    #[error("sample {sample}: channel {channel}, key {key}: {what}")]
    Unpaired {
        /// When it happened, in samples from the start of the recording.
        sample: i64,
        /// Channel, 0-based.
        channel: u8,
        /// Key, 0..=127.
        key: u8,
        /// What does not pair.
        what: &'static str,
    },
    /// A script asks for something outside the time it plays.
    #[error("beat {beat} is not played by any block of the script")]
    BeatNotPlayed {
        /// The song position asked for, in beats.
        beat: f64,
    },
    /// The X server cannot be started or reached, or refuses something.
    #[error("the X server: {0}")]
    XServer(String),
    /// A picture of a window could not be taken or written.
    #[error("a picture: {0}")]
    Picture(String),
    /// The audio thread panicked.
    #[error("the audio thread panicked: {0}")]
    Panicked(String),
}

impl Error {
    pub(crate) fn refused(call: &'static str, reason: impl ToString) -> Self {
        Self::Refused { call, reason: reason.to_string() }
    }
}
