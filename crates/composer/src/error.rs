//! What can go wrong behind the scenes.

/// Why composing failed; the band plays on from stored patterns.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system gave no thread.
    #[error("the composing thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The generator could not be made, as from weights that do not fit.
    #[error("the model could not be loaded: {message}")]
    Load {
        /// The cause, in words.
        message: String,
    },
    /// A file of a model that cannot be used.
    #[error("{}: {message}", file.display())]
    ModelFile {
        /// The file.
        file: std::path::PathBuf,
        /// What was expected and what was found.
        message: String,
    },
    /// The generator gave up on a beat.
    #[error("beat {beat} could not be composed: {message}")]
    Compose {
        /// The beat, counted in quarter notes from the song's start.
        beat: i64,
        /// The cause, in words.
        message: String,
    },
    /// The generator panicked.
    #[error("composing stopped unexpectedly: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The worker has more commands waiting than it can hold.
    #[error("the composing thread is busy: {capacity} commands are waiting")]
    Busy {
        /// Commands that fit.
        capacity: usize,
    },
    /// A host that may wait has waited for a beat as long as it would.
    #[error("a beat was not composed within {} s", limit.as_secs_f64())]
    GivenUp {
        /// How long it has waited.
        limit: std::time::Duration,
    },
    /// The composing thread has ended.
    #[error("the composing thread has ended")]
    Ended,
}

/// The error of a [`crate::Generator`].
pub type GenerateError = Error;

/// Results of this crate.
pub type Result<T> = core::result::Result<T, Error>;
