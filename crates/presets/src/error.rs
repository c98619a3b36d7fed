//! What can go wrong with presets, in words that name file and place.

use std::io;
use std::path::PathBuf;

/// Short for a result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong with presets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is no preset.
    #[error("{file}: line {line}: {problem}")]
    Broken {
        /// The file's name.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What was expected and what was found.
        problem: String,
    },
    /// The file is too large to be a preset, or no text.
    #[error("{file}: {problem}")]
    NoPreset {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A name that no preset can have.
    #[error("\"{name}\" cannot be a preset's name: {problem}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Another preset has the name.
    #[error("there is a {whose} preset \"{name}\" already")]
    Taken {
        /// The name.
        name: String,
        /// `factory` or `user`.
        whose: &'static str,
    },
    /// The preset cannot be changed.
    #[error("\"{name}\" is a factory preset, which stays as it is")]
    Factory {
        /// Its name.
        name: String,
    },
    /// There is no folder to keep presets in.
    #[error("no home folder to keep presets in")]
    Homeless,
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// Names the path that the system refused.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }
}
