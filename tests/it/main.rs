//! The promises of the whole plugin, in one program.
//!
//! The plugin is tested as it ships: the release bundles are loaded in hosts. `cargo xtask test`
//! builds them first; a test that finds them missing or older than the sources says so and fails.

/// The rules of the source tree: which crate may use which, file sizes, words that do not belong.
mod architecture;
/// The real DAW: load, automate, record the plugin's MIDI, save, reopen in a second process.
mod ardour;
/// A knob reaches the music exactly `lookahead` beats later.
mod automation;
/// Nonsense from hosts, files and keyboards.
mod bad_input;
/// The CLAP in its host: every promise, and what only CLAP has.
mod clap_host;
/// The editor in a window of a real X server: pictures, pointer, keys, opening and closing.
#[cfg(target_os = "linux")]
mod editor;
/// Many instances in one process.
mod instances;
/// Bypass, reset, activation, states and removal while notes sound.
mod interruptions;
/// The same notes for every split, rate, run and pace.
mod invariance;
/// The shipped model: its files, its losses, its music.
mod model_file;
/// A model of one's own: trained on a folder of MIDI files, played by both bundles.
mod own_model;
/// The renderer's parameters against the plugin's.
mod parameters;
/// Recorded MIDI into both bundles: chords that are followed, keyboards gone mad.
mod play_along;
/// The factory presets through both bundles.
mod presets;
/// Bounces after playback and playback after bounces: each in the mode that the host says.
mod process_mode;
/// What every format must keep: notes, exact positions, automation, state, hosts that misbehave.
mod promises;
/// A host that does anything at any time.
mod random_host;
/// The audio thread of both bundles under the real-time guard: no heap, no locks, no system calls.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod realtime;
/// The built-in sound: outputs, patches, mute and solo, SoundFonts.
mod sound;
/// States: old, new, damaged, loaded while playing; the held phrase.
mod state;
/// What holds for every stream of note events, and how streams compare.
mod streams;
/// Styles behind the knobs: heard, saved, refused.
mod styles;
/// Bundles and scripts that the tests share.
mod support;
/// Starts, seeks, loops, drift, tempo and meter, and hosts that tell little.
mod transport;
/// The VST3 in its host: every promise, and that it plays what the CLAP plays.
mod vst3_host;
