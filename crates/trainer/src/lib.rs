//! From a corpus of MIDI files to weights and tables.
//!
//! Never runs in a host. `prepare` reads the corpus, `train` fits the network, `eval` prints
//! what it is worth on music it never saw, `export` writes what the plugin ships. `pack` writes
//! the same training windows for a trainer in another framework (`twin/train.py`).
//!
//! Start at [`prepare`] for the data and at [`windows`] for what the network sees.

pub mod answers;
pub mod calibrate;
pub mod checkpoint;
pub mod corpus;
pub mod dynamics;
pub mod eval;
pub mod export;
pub mod form_shares;
pub mod heldout;
pub mod heldout_loss;
pub mod judge;
pub mod learn;
pub mod ngram;
pub mod optimizer;
pub mod pack;
pub mod prepare;
pub mod recipe;
pub mod rounding;
pub mod rows;
pub mod shard;
pub mod songs;
pub mod steadiness;
pub mod styles;
pub mod train;
pub mod windows;
