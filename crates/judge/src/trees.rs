//! Boosted trees: each adds the number of one of its leaves to what speaks for a genre.

use crate::{Error, Result};

/// Numbers of a split: the feature, the least value that goes above, and where below and above lead.
pub const SPLIT_LEN: usize = 4;

/// A split of a tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Number of the feature.
    pub feature: usize,
    /// The least value that goes above.
    pub least: f32,
    /// Where values below and above lead.
    pub next: [Next; 2],
}

/// What follows a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The split of this number, larger than the number of the one it follows.
    Split(usize),
    /// The leaf of this number.
    Leaf(usize),
}

/// A tree: its splits from the root on, and the numbers of its leaves; without splits the first
/// leaf alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The splits, the root first.
    pub splits: Vec<Split>,
    /// The leaves' numbers, at least one.
    pub leaves: Vec<f32>,
}

impl Tree {
    /// The number of the leaf that a row of features falls into.
    pub fn value(&self, row: &[f32]) -> f32 {
        let mut at = 0;
        while let Some(split) = self.splits.get(at) {
            match split.next[usize::from(row[split.feature] >= split.least)] {
                Next::Split(next) => at = next,
                Next::Leaf(leaf) => return self.leaves[leaf],
            }
        }
        self.leaves[0]
    }

    /// [`SPLIT_LEN`] numbers for each of `n_splits` splits, those that are missing leading to the
    /// first leaf.
    ///
    /// # Panics
    /// With more splits than that.
    pub(crate) fn numbers(&self, n_splits: usize) -> Vec<f32> {
        assert!(self.splits.len() <= n_splits);
        let code = |next: Next| match next {
            Next::Split(number) => number as f32,
            Next::Leaf(number) => -1.0 - number as f32,
        };
        let of = |s: &Split| [s.feature as f32, s.least, code(s.next[0]), code(s.next[1])];
        let mut numbers: Vec<f32> = self.splits.iter().flat_map(of).collect();
        while numbers.len() < SPLIT_LEN * n_splits {
            numbers.extend([0.0, 0.0, -1.0, -1.0]);
        }
        numbers
    }

    /// A tree of [`Self::numbers`] and its leaves.
    ///
    /// # Errors
    /// [`Error::BadValue`] with the index among `numbers`.
    pub(crate) fn of(numbers: &[f32], leaves: &[f32], n_features: usize) -> Result<Self> {
        let n_splits = numbers.len() / SPLIT_LEN;
        let bad = |index: usize, expected: &'static str| Error::BadValue {
            name: String::new(),
            index,
            value: numbers[index],
            expected,
        };
        let split = |number: usize| {
            let at = number * SPLIT_LEN;
            let feature = whole(numbers[at]).and_then(|feature| usize::try_from(feature).ok());
            let feature = feature.filter(|feature| *feature < n_features);
            let feature = feature.ok_or_else(|| bad(at, "the number of a feature"))?;
            let next = |index: usize| {
                let next = match whole(numbers[index]) {
                    Some(code) if code >= 0 => Some(Next::Split(code as usize)),
                    Some(code) => Some(Next::Leaf((-1 - code) as usize)),
                    None => None,
                };
                // Splits lead onwards only, so every row comes to a leaf.
                let is_next = |next: &Next| match next {
                    Next::Split(next) => (number + 1..n_splits).contains(next),
                    Next::Leaf(leaf) => *leaf < leaves.len(),
                };
                next.filter(is_next).ok_or_else(|| bad(index, "a later split or a leaf"))
            };
            Ok(Split { feature, least: numbers[at + 1], next: [next(at + 2)?, next(at + 3)?] })
        };
        let splits = (0..n_splits).map(split).collect::<Result<_>>()?;
        Ok(Self { splits, leaves: leaves.to_vec() })
    }
}

/// A whole number that `f32` holds exactly.
fn whole(value: f32) -> Option<i32> {
    (value.fract() == 0.0 && value.abs() < 1e6).then_some(value as i32)
}
