//! Renders a blend to files without a DAW.
//!
//! Runs on **whatever thread calls it**, and waits for the composing thread: [`OfflineHost`] plays
//! the same session as the plugin, block by block, through a transport of its own.
//!
//! It composes nothing (see `composer`) and decides no timing (see `player`).
//!
//! ```
//! use render::{Song, perform, text};
//!
//! let song = Song { n_bars: 2, ..Song::default() };
//! let rendering = perform(&song, render::patterns())?;
//! println!("{}", text(&rendering.performance));
//! # anyhow::Ok(())
//! ```
//!
//! Start at [`perform()`] for music, at [`picture()`] for pictures of it.

mod automation;
mod drums;
mod generator;
mod host;
mod parameters;
mod perform;
mod performance;
mod picture;
mod preset;
mod text;
mod write;

pub use automation::Automation;
pub use generator::{PATTERNS, generator, neural, patterns, shipped};
pub use host::{MakeGenerator, OfflineHost};
pub use parameters::{Parameter, Settings};
pub use perform::{Audio, Rendering, Song, describe, perform};
pub use performance::{Bar, Beat, Performance};
pub use picture::picture;
pub use preset::{Band, preset};
pub use text::text;
pub use write::{Format, bytes, write};
