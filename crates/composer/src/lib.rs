//! The background thread that keeps the band's music composed ahead of the playhead.
//!
//! Runs on **a thread of its own**, one a process, which may allocate and wait. The audio threads
//! of all sessions send it a [`player::BeatRequest`] for every beat; whichever is due first, it
//! composes with the session's [`Generator`], writes it down in a ledger, and sends back the notes:
//!
//! ```text
//! BeatRequest ─► ledger: exists? ─no─► Generator ─► ledger ─► scheduler ─► ScheduledNote
//!                     └──────────yes──────────────────►┘  └─► preview, capture
//! ```
//!
//! It knows no host and no window, and the audio thread never waits for it; only [`Offline`]
//! does.
//!
//! ```
//! use composer::{PatternGenerator, Settings, session};
//! use player::Playhead;
//! use score::Controls;
//! use std::time::Duration;
//!
//! let make = || Ok(Box::new(PatternGenerator::new()) as Box<dyn composer::Generator>);
//! let mut session = session::start(make, Settings::default());
//! let playhead = Playhead { playing: true, ..Playhead::standing(48_000.0) };
//! let mut n_events = 0;
//! session.offline.fill_block(
//!     &mut session.player, &playhead, 24_000, &Controls::default(), Duration::from_secs(10),
//!     &mut |_event| { n_events += 1; true },
//! ).unwrap();
//! assert!(n_events > 0);
//! ```
//!
//! Start at [`session::start`]; `crew.rs` has the thread, `worker.rs` what it does for a
//! session.

mod capture;
mod commands;
mod crew;
mod denormals;
mod ear;
mod error;
mod generator;
mod held;
mod learning;
mod ledger;
mod model_file;
mod neural;
mod offline;
pub mod pattern;
mod preview;
mod random;
mod scheduler;
pub mod session;
mod successor;
mod takes;
#[cfg(feature = "testing")]
pub mod testing;
mod timing;
mod turns;
mod worker;

pub use capture::{CAPTURE_BARS, Capture, HeardBeat};
pub use commands::{Command, Commands};
pub use crew::{Waker, WorkerHandle};
pub use error::{Error, GenerateError, Result};
pub use generator::Generator;
pub use held::{Keepsake, Memory};
pub use learning::{Learner, Learning, Lesson};
pub use ledger::HISTORY_BEATS;
pub use model_file::ModelFile;
pub use neural::NeuralGenerator;
pub use offline::Offline;
pub use pattern::PatternGenerator;
pub use preview::{Preview, PreviewBeat, PreviewReader};
pub use session::{Player, Session, Settings, SteppedSession};
pub use successor::Successor;
pub use takes::Take;
pub use timing::{Histogram, Timing};
pub use worker::{Report, Worker};
