//! The six genres and the space between them.

use crate::{GenreNames, Result};

/// How many styles a user can teach one instance.
pub const N_STYLES: usize = 4;

/// A genre of the shipped model, or the one that another model has under the same number and knob
/// (see [`GenreNames`]). Numbers are stable: they are stored in weights and states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Genre {
    /// Art music of the eighteenth to twentieth century.
    Classical,
    /// Swing, bossa nova, fusion.
    Jazz,
    /// Rock, with pop, funk, soul and metal.
    Rock,
    /// Electronic, with game and demo-scene music.
    Electronic,
    /// Tunes of the British Isles and beyond.
    Folk,
    /// Hip-hop, with trap.
    HipHop,
}

impl Genre {
    /// All six, in order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Classical, Self::Jazz, Self::Rock, Self::Electronic, Self::Folk, Self::HipHop];

    /// Number of genres.
    pub const COUNT: usize = Self::ALL.len();

    /// `0..=5`.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name as people write it, in lower case; also the corpus folder's name.
    pub const fn name(self) -> &'static str {
        ["classical", "jazz", "rock", "electronic", "folk", "hip-hop"][self as usize]
    }

    /// Reads a genre's [`name`](Self::name); `hiphop` and `hip hop` are understood too.
    ///
    /// # Errors
    /// [`crate::Error::UnknownGenre`], which lists the six.
    pub fn parse(text: &str) -> Result<Self> {
        GenreNames::default().parse(text)
    }
}

/// A point between the genres and the user's styles: weights that are never negative.
///
/// The first six weights are genres in the order of [`Genre::ALL`], the rest are user styles.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Blend {
    weights: [f32; Genre::COUNT + N_STYLES],
}

impl Blend {
    /// Number of weights.
    pub const LEN: usize = Genre::COUNT + N_STYLES;

    /// Takes the weights as they are, negative and non-finite ones as zero.
    pub fn new(weights: [f32; Self::LEN]) -> Self {
        Self { weights: weights.map(|w| if w.is_finite() { w.max(0.0) } else { 0.0 }) }
    }

    /// One genre alone.
    pub fn pure(genre: Genre) -> Self {
        let mut weights = [0.0; Self::LEN];
        weights[genre.index()] = 1.0;
        Self { weights }
    }

    /// The weights as they were given, before normalisation.
    pub fn weights(&self) -> &[f32; Self::LEN] {
        &self.weights
    }

    /// Weights that sum to 1; all six genres in equal parts when every weight is zero.
    pub fn normalized(&self) -> Self {
        let sum: f32 = self.weights.iter().sum();
        if sum > 1e-6 {
            return Self { weights: self.weights.map(|w| w / sum) };
        }
        let mut weights = [0.0; Self::LEN];
        weights[..Genre::COUNT].fill(1.0 / Genre::COUNT as f32);
        Self { weights }
    }

    /// The point `share` of the way from `self` to `other`, both normalised first.
    pub fn lerp(&self, other: &Self, share: f32) -> Self {
        let (from, to) = (self.normalized(), other.normalized());
        let mut weights = [0.0; Self::LEN];
        for (idx, weight) in weights.iter_mut().enumerate() {
            *weight = from.weights[idx] + (to.weights[idx] - from.weights[idx]) * share;
        }
        Self { weights }
    }

    /// The same blend for a model of `n_genres` genres and for the styles that there are: what is
    /// not there weighs nothing, and all genres of the model alike where none is left.
    #[must_use]
    pub fn within(&self, n_genres: usize, styles: [bool; N_STYLES]) -> Self {
        let mut weights = self.weights;
        let n_genres = n_genres.min(Genre::COUNT);
        weights[n_genres..Genre::COUNT].fill(0.0);
        for (weight, is_there) in weights[Genre::COUNT..].iter_mut().zip(styles) {
            if !is_there {
                *weight = 0.0;
            }
        }
        if n_genres == Genre::COUNT && weights == self.weights {
            return *self;
        }
        if weights.iter().sum::<f32>() <= 1e-6 {
            weights[..n_genres].fill(1.0);
        }
        Self { weights }
    }

    /// The genre that weighs most; the first of equals.
    pub fn nearest_genre(&self) -> Genre {
        let weights = self.normalized().weights;
        let mut nearest = Genre::Classical;
        for genre in Genre::ALL {
            if weights[genre.index()] > weights[nearest.index()] {
                nearest = genre;
            }
        }
        nearest
    }
}
