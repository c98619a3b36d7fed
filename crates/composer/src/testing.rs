//! For tests: a host made of a list of actions, a checker of note streams, a plain model of what
//! must be heard, scripted generators.
//!
//! Behind the feature `testing`, so that tests of other crates can use it too.

mod checker;
mod drive;
mod generators;
mod host;
pub mod reference;

pub use checker::NoteStreamChecker;
pub use drive::{TimedEvent, drive, drive_late, drive_offline, drive_on, drive_paced};
pub use generators::{HashGenerator, Mishap, random_judge};
pub use host::{Action, Bars, Block, Script};
pub use reference::Reference;
