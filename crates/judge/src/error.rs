//! What can be wrong with the numbers of a judge.

/// An error of this crate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Some tensors of a judge are there and this one is not.
    #[error("missing tensor {name}")]
    MissingTensor {
        /// Its name.
        name: String,
    },
    /// A tensor is of another shape.
    #[error("{name}: expected shape {expected}, found {found:?}")]
    ShapeMismatch {
        /// Its name.
        name: String,
        /// What this program and the other tensors ask for; a letter stands for a size that is
        /// free.
        expected: String,
        /// The shape found.
        found: Vec<usize>,
    },
    /// A number that means nothing where it stands.
    #[error("{name}: value {index} is {value}, expected {expected}")]
    BadValue {
        /// The tensor's name.
        name: String,
        /// Index of the number.
        index: usize,
        /// The number.
        value: f32,
        /// What would do.
        expected: &'static str,
    },
    /// The judge was fitted on other features than this program measures.
    #[error(
        "judge: fitted on features {found}, this program measures {expected}: export the weights \
         again"
    )]
    OtherFeatures {
        /// The fingerprint of this program's features.
        expected: String,
        /// The fingerprint found.
        found: String,
    },
}

/// A result of this crate.
pub type Result<T> = core::result::Result<T, Error>;
