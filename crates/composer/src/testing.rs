//! For tests: a checker of note streams, a host made of a list of actions, scripted generators.
//!
//! Behind the feature `testing`, so that tests of other crates can use it too.

mod checker;
mod generators;
mod host;

pub use checker::NoteStreamChecker;
pub use generators::{HashGenerator, Mishap};
pub use host::{Action, Block, Script, TimedEvent, drive, drive_late, drive_offline, drive_on};
