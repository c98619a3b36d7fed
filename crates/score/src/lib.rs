//! The vocabulary of music: notes, time, chords, genres, and the steps the model reads.
//!
//! Knows no thread, no host and no tensor; every other crate speaks in these types. Start at
//! [`Note`] and [`Piece`] for music as people know it, at [`grid::GridBeat`] for music as the
//! model sees it, and at [`steps`] for the numbers in between.
//!
//! ```
//! use score::{Meter, Ticks, TICKS_PER_QUARTER};
//!
//! let waltz = Meter::new(3, 4).unwrap();
//! assert_eq!(waltz.bar_ticks(), Ticks(3 * TICKS_PER_QUARTER));
//! ```

pub mod answer;
pub mod chord;
pub mod controls;
mod error;
pub mod follow;
pub mod form;
pub mod genre;
mod genre_names;
pub mod grid;
pub mod hash;
pub mod key;
pub mod line;
mod note;
mod piece;
pub mod quantize;
pub mod random;
pub mod smf;
pub mod steps;
mod time;
pub mod window;

pub use chord::{Chord, ChordQuality};
pub use controls::{Controls, PartControls, Scale};
pub use error::{Error, Result};
pub use follow::{GivenChord, Progression};
pub use form::Form;
pub use genre::{Blend, Genre, N_STYLES};
pub use genre_names::GenreNames;
pub use grid::{BeatFrame, GridBeat, GridNote, HistoryBeat};
pub use key::{Key, Mode};
pub use note::{Note, Part, Pitch, PitchClass, Velocity};
pub use piece::Piece;
pub use time::{Meter, TICKS_PER_QUARTER, Tempo, Ticks};
