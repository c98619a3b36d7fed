//! What can be wrong with weights, and with what is asked of them.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The weights were trained for other steps.
    #[error("vocabulary: expected {expected}, found {found}")]
    VocabularyMismatch {
        /// The fingerprint of this program.
        expected: String,
        /// The fingerprint in the manifest.
        found: String,
    },
    /// The manifest is of a format that this program does not read.
    #[error("manifest format version: expected {expected}, found {found}")]
    FormatVersion {
        /// What this program reads.
        expected: u32,
        /// What the manifest says.
        found: u32,
    },
    /// The manifest is no readable JSON of the right fields.
    #[error("manifest: {0}")]
    Manifest(#[from] serde_json::Error),
    /// A size of the network that cannot be.
    #[error("configuration: {field} is {found}, expected {expected}")]
    Config {
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// The weights are no readable safetensors.
    #[error("weights: {0}")]
    Weights(#[from] safetensors::SafeTensorError),
    /// A tensor of the network is not among the weights.
    #[error("weights: missing tensor {name}")]
    MissingTensor {
        /// Its name.
        name: String,
    },
    /// A share that is none.
    #[error("weights: expression.steadiness: expected shares of 0 to 1, found {found}")]
    Steadiness {
        /// What stands there.
        found: f32,
    },
    /// The curve of a pair of genres that is none.
    #[error(
        "weights: blend.map: genres {first} and {second}: expected a curve that rises from 0 to 1"
    )]
    WeightMap {
        /// Number of the first genre.
        first: usize,
        /// Number of the second.
        second: usize,
    },
    /// A tensor is of another shape.
    #[error("weights: {name}: expected shape {expected:?}, found {found:?}")]
    ShapeMismatch {
        /// Its name.
        name: String,
        /// The shape that the configuration asks for.
        expected: Vec<usize>,
        /// The shape found.
        found: Vec<usize>,
    },
    /// A tensor is of another type.
    #[error("weights: {name}: expected type {expected}, found {found}")]
    TypeMismatch {
        /// Its name.
        name: String,
        /// The types that would do.
        expected: String,
        /// The type found.
        found: String,
    },
    /// A tensor holds a number that is not finite.
    #[error("weights: {name}: value {index} is {value}, expected a finite number")]
    NotFinite {
        /// Its name.
        name: String,
        /// Index of the first such value.
        index: usize,
        /// The value.
        value: f32,
    },
    /// The judge among the weights cannot be used.
    #[error("weights: {0}")]
    Judge(#[from] judge::Error),
    /// A number of the originality guard that cannot be.
    #[error("weights: originality guard: {what} is {found}, expected {expected}")]
    Originality {
        /// What the number is.
        what: &'static str,
        /// What would do.
        expected: String,
        /// The number.
        found: String,
    },
    /// A style that is none, or of another model.
    #[error("style: {what}: expected {expected}, found {found}")]
    Style {
        /// What is wrong.
        what: &'static str,
        /// What would do.
        expected: String,
        /// What was found.
        found: String,
    },
    /// Songs that no style can be learnt from.
    #[error("{name}: expected {expected}, found {found}")]
    Song {
        /// The song, or the first of them.
        name: String,
        /// What would do.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The beats before the asked one have a gap or do not end right before it.
    #[error("history: expected beat {expected}, found beat {found}")]
    HistoryGap {
        /// The beat that should stand here.
        expected: i64,
        /// The beat that stands here.
        found: i64,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// A result of this crate.
pub type Result<T> = core::result::Result<T, Error>;
