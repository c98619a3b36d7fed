//! Hears which genre some bars of music sound like: features and a small classifier.
//!
//! Runs on **whatever thread calls it**: the composing thread judges what it composed, bar by bar,
//! and the trainer fits classifiers on the same features. A pure function of notes, meters and the
//! classifier's numbers, the same on every machine.
//!
//! It fits nothing (see `trainer`) and knows no file (see `model`, which reads [`Judge`] from the
//! file of the weights).

mod bars;
mod error;
mod excerpt;
pub mod features;
mod judge;
mod trees;

pub use bars::{Bars, MAX_BEATS, N_BARS, ends_bar, follows, last_bars, window_beats};
pub use error::{Error, Result};
pub use excerpt::{ALL_PARTS, BEATS_A_BAR, DRUMS, Excerpt, N_BEATS, PITCHED, is_common_time};
pub use judge::{Classifier, Heard, Judge, Kind, MIN_NOTES, Scale, Shares, Tensor};
pub use trees::{Next, Split, Tree};
