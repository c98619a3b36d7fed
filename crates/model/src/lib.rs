//! Composes: a pure function from context and controls to the notes of a beat.
//!
//! Starts no thread and reads no clock; the composer's background thread calls it.
//!
//! It does not read or write music files (see `score`), decide when a beat is composed (see
//! `composer`), or train (see `trainer`, which uses [`Network`] and [`ops`]).
//!
//! ```
//! use model::{Config, weights};
//!
//! let weights = weights::random(&Config::TINY, 1)?;
//! assert_eq!(weights.len(), Config::TINY.tensors().len());
//! # Ok::<(), model::Error>(())
//! ```
//!
//! Start at [`Network`] for what is computed.

mod answer;
mod band;
mod blending;
pub mod conditioning;
mod config;
pub mod decoder;
mod ending;
mod error;
pub mod form;
pub mod grammar;
pub mod kernels;
mod math;
mod network;
pub mod ops;
pub mod originality;
mod pull;
pub mod sampler;
pub mod steadiness;
pub mod style;
pub mod weight_map;
pub mod weights;

pub use band::{BandModel, Given, HISTORY_BEATS};
pub use blending::Blending;
pub use config::Config;
pub use error::{Error, Result};
pub use form::FormTable;
pub use network::{Batch, Kernels, Losses, Network};
pub use originality::{OriginalityFilter, Redraws};
pub use steadiness::Steadiness;
pub use style::{Style, Styles};
pub use weight_map::WeightMap;
