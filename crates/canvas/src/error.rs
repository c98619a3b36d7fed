//! What can go wrong with pictures.

use thiserror::Error;

/// An error of this crate.
#[derive(Debug, Error)]
pub enum Error {
    /// The picture is too large to encode.
    #[error("picture: cannot be encoded: {0}")]
    Encoding(String),
}

/// A result of this crate.
pub type Result<T> = core::result::Result<T, Error>;
