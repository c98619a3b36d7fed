//! What can be wrong with a name, a file or a number that a person gave.

/// What can be wrong with music that comes from outside.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A genre that the model does not have.
    #[error("unknown genre \"{found}\"; expected one of: {expected}")]
    UnknownGenre {
        /// The word that was given.
        found: String,
        /// The names that there are.
        expected: String,
    },
    /// Names that cannot be those of a model's genres.
    #[error("genres: expected {expected}, found {found}")]
    GenreNames {
        /// What would do.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// A part that the band does not have.
    #[error("unknown part \"{found}\"; expected one of: drums, bass, chords, lead")]
    UnknownPart {
        /// The word that was given.
        found: String,
    },
    /// A meter outside `1..=32` over a power of two up to 32.
    #[error("meter {numerator}/{denominator}: expected 1..=32 over 1, 2, 4, 8, 16 or 32")]
    InvalidMeter {
        /// Beats a bar as written.
        numerator: u32,
        /// Note value of such a beat as written.
        denominator: u32,
    },
    /// A name that is no chord, key or scale.
    #[error("cannot read {what} \"{found}\"; expected {expected}")]
    Unreadable {
        /// What was to be read, for example `chord`.
        what: &'static str,
        /// The text that was given.
        found: String,
        /// What would have been understood.
        expected: &'static str,
    },
    /// A word of a chord progression that is no chord.
    #[error("{} bar: \"{found}\" is no chord", ordinal(*bar))]
    NoChord {
        /// Which bar, from 1.
        bar: usize,
        /// The word that was given.
        found: String,
    },
    /// A chord progression above the limits of [`crate::follow`].
    #[error("{found} {what}; at most {limit} are followed")]
    TooLong {
        /// What there is too much of.
        what: &'static str,
        /// How many there are, or the first that is too many.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A file that is no Standard MIDI File, or a broken one of which nothing can be read.
    #[error("{file}: byte {offset}: {problem}")]
    MidiFile {
        /// The file's name.
        file: String,
        /// Where in the file, in bytes.
        offset: usize,
        /// What was expected there and what was found.
        problem: String,
    },
    /// A file above the limits of [`crate::smf`].
    #[error("{file}: {found} {what}; at most {limit} are read")]
    MidiFileTooLarge {
        /// The file's name.
        file: String,
        /// How many there are; reading may have stopped there.
        found: usize,
        /// Of what: `bytes` or `notes`.
        what: &'static str,
        /// The most that is read.
        limit: usize,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// A place in a row as people say it: 1st, 2nd, 3rd, 11th.
fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
