//! Presets as files: the format, the factory bank and the user's folder.
//!
//! Runs on **whatever thread calls it**, which may wait for files; never the audio thread.
//!
//! A preset is a small TOML file that names parameters by id and gives values as a user sees them.
//! What an id means is not known here: the plugin and the renderer bind values to their own
//! parameters.
//!
//! ```
//! let presets = presets::factory();
//! let trap = presets.iter().find(|preset| preset.name == "Chamber trap").unwrap();
//! assert!(trap.values.iter().any(|setting| setting.id == "dr_g_hiphop"));
//! assert_eq!(presets::Preset::parse(&trap.to_toml(), "again.toml")?.0.name, trap.name);
//! # presets::Result::Ok(())
//! ```
//!
//! Start at [`Preset`] for the format, at [`Library`] for what a user browses.

mod error;
mod factory;
mod folder;
mod library;
mod preset;

pub use error::{Error, Result};
pub use factory::factory;
pub use folder::user_folder;
pub use library::{Item, Library, Source};
pub use preset::{FORMAT, MAX_BYTES, Preset, Setting, Value};
