//! The classifier: logistic regression and boosted trees, one pair for each kind of parts, and
//! their mean.
//!
//! Source: the trees as in Friedman 2001, "Greedy function approximation".

use std::collections::BTreeMap;

use score::hash::Fnv1a;
use score::{Genre, HistoryBeat};

use crate::features::{self, Feature};
use crate::trees::{SPLIT_LEN, Tree};
use crate::{ALL_PARTS, DRUMS, Error, Excerpt, PITCHED, Result, last_bars};

/// Fewest notes that a judge of some parts can say something about.
pub const MIN_NOTES: usize = 12;

/// How far from the mean a feature is taken for, in deviations.
const FARTHEST: f32 = 4.0;

/// What a judge hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Whatever parts there are.
    All,
    /// The drums alone.
    Drums,
    /// Bass, chords and lead.
    Pitched,
}

impl Kind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::All, Self::Drums, Self::Pitched];

    /// Number of kinds.
    pub const COUNT: usize = Self::ALL.len();

    /// Bits of the parts that it hears.
    pub const fn parts(self) -> u8 {
        [ALL_PARTS, DRUMS, PITCHED][self as usize]
    }

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        ["all parts", "drums", "pitched parts"][self as usize]
    }

    /// Whether it hears all parts that a feature is computed from.
    pub fn hears(self, feature: &Feature) -> bool {
        feature.parts & !self.parts() == 0
    }
}

/// A share a genre, in the order of [`Genre::ALL`]; they sum to 1, and genres that a model does not
/// have are 0.
pub type Shares = [f32; Genre::COUNT];

/// What some bars sound like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heard {
    shares: [Option<Shares>; Kind::COUNT],
}

impl Heard {
    /// What the parts of a kind sound like; `None` where they play too little to say.
    pub fn shares(&self, kind: Kind) -> Option<&Shares> {
        self.shares[kind as usize].as_ref()
    }
}

/// Mean and deviation of a feature among what a classifier was fitted on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Mean.
    pub mean: f32,
    /// Deviation, above 0.
    pub deviation: f32,
}

impl Scale {
    /// A value in deviations from the mean: far ones are pulled in, and unknown ones (`NaN`) are
    /// the mean.
    pub fn of(&self, value: f32) -> f32 {
        let x = (value - self.mean) / self.deviation;
        if x.is_nan() { 0.0 } else { x.clamp(-FARTHEST, FARTHEST) }
    }
}

/// The classifier of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    /// One a feature.
    pub scales: Vec<Scale>,
    /// A row a genre: a weight a feature, and a constant.
    pub linear: Vec<Vec<f32>>,
    /// A round after the other, a tree a genre in each.
    pub trees: Vec<Tree>,
}

impl Classifier {
    /// A share a genre of features that [`features::values`] gave.
    ///
    /// # Panics
    /// With fewer values than features.
    pub fn hear(&self, values: &[f32]) -> Shares {
        let row: Vec<f32> = self.scales.iter().zip(values).map(|(s, value)| s.of(*value)).collect();
        let n = self.linear.len();
        let mut linear = [0.0; Genre::COUNT];
        for (sum, weights) in linear.iter_mut().zip(&self.linear) {
            let products = weights.iter().zip(&row).map(|(weight, x)| weight * x);
            *sum = products.sum::<f32>() + weights.last().copied().unwrap_or(0.0);
        }
        let mut boosted = [0.0; Genre::COUNT];
        for (i, tree) in self.trees.iter().enumerate() {
            boosted[i % n] += tree.value(&row);
        }
        let (linear, boosted) = (softmax(linear, n), softmax(boosted, n));
        std::array::from_fn(|genre| f32::midpoint(linear[genre], boosted[genre]))
    }
}

/// Shares of the first `n` genres; no function of the system's mathematical library is used.
fn softmax(logits: [f32; Genre::COUNT], n: usize) -> Shares {
    let highest = logits[..n].iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut shares = [0.0; Genre::COUNT];
    for (share, logit) in shares.iter_mut().zip(&logits[..n]) {
        *share = libm::expf(logit - highest);
    }
    let sum: f32 = shares.iter().sum();
    shares.map(|share| share / sum)
}

/// A tensor: its shape, and its numbers row by row.
pub type Tensor = (Vec<usize>, Vec<f32>);

/// Hears which genre music sounds like.
#[derive(Clone, Debug, PartialEq)]
pub struct Judge {
    classifiers: [Classifier; Kind::COUNT],
}

/// Name of the tensor that says on which features a judge was fitted: `[8]`.
const FEATURES: &str = "judge.features";
/// Mean and deviation of the features: `[kinds, 2, features]`.
const SCALES: &str = "judge.scales";
/// Weights and constants: `[kinds, genres, features + 1]`.
const LINEAR: &str = "judge.linear";
/// Splits of the trees: `[kinds, rounds, genres, splits, 4]`, see [`SPLIT_LEN`].
const SPLITS: &str = "judge.splits";
/// Numbers of the leaves: `[kinds, rounds, genres, splits + 1]`.
const LEAVES: &str = "judge.leaves";

impl Judge {
    /// What the names of all its tensors start with.
    pub const PREFIX: &str = "judge.";

    /// A judge of a classifier a kind, in the order of [`Kind::ALL`].
    pub fn new(classifiers: [Classifier; Kind::COUNT]) -> Self {
        Self { classifiers }
    }

    /// Number of genres that it tells apart.
    pub fn n_genres(&self) -> usize {
        self.classifiers[0].linear.len()
    }

    /// The classifier of a kind.
    pub fn classifier(&self, kind: Kind) -> &Classifier {
        &self.classifiers[kind as usize]
    }

    /// What the last bars of some beats sound like, see [`last_bars`].
    ///
    /// Any meter and any key will do, and the beats may start anywhere in a bar. From fewer bars
    /// than eight a judge hears less, which the shares say themselves: they are closer to each
    /// other. Parts that play fewer than [`MIN_NOTES`] notes are not judged.
    pub fn hear(&self, beats: &[HistoryBeat]) -> Heard {
        self.hear_excerpt(&Excerpt::new(last_bars(beats), ALL_PARTS))
    }

    /// What an excerpt sounds like.
    pub fn hear_excerpt(&self, excerpt: &Excerpt) -> Heard {
        let speaks = Kind::ALL.map(|kind| excerpt.n_notes(kind.parts()) >= MIN_NOTES);
        if !speaks.contains(&true) {
            return Heard::default();
        }
        // Features of some parts are the same with and without the others.
        let values = features::values(excerpt);
        let hear = |kind: Kind| speaks[kind as usize].then(|| self.classifier(kind).hear(&values));
        Heard { shares: Kind::ALL.map(hear) }
    }

    /// Its tensors by name.
    pub fn to_tensors(&self) -> BTreeMap<String, Tensor> {
        let n_features = features::list().len();
        let (n_kinds, n_genres) = (Kind::COUNT, self.n_genres());
        let trees = || self.classifiers.iter().flat_map(|classifier| &classifier.trees);
        let n_rounds = trees().count() / (n_kinds * n_genres).max(1);
        let n_splits = trees().map(|tree| tree.splits.len()).max().unwrap_or(0).max(1);
        let scales = self.classifiers.iter().flat_map(|classifier| {
            let means = classifier.scales.iter().map(|scale| scale.mean);
            means.chain(classifier.scales.iter().map(|scale| scale.deviation))
        });
        let linear = self.classifiers.iter().flat_map(|c| c.linear.iter().flatten().copied());
        let splits = trees().flat_map(|tree| tree.numbers(n_splits));
        let leaves = trees().flat_map(|tree| {
            let none = std::iter::repeat_n(0.0, n_splits + 1 - tree.leaves.len());
            tree.leaves.iter().copied().chain(none)
        });
        let forest = [n_kinds, n_rounds, n_genres];
        let shaped = |more: &[usize]| [&forest[..], more].concat();
        [
            (FEATURES, vec![8], fingerprint().to_vec()),
            (SCALES, vec![n_kinds, 2, n_features], scales.collect()),
            (LINEAR, vec![n_kinds, n_genres, n_features + 1], linear.collect()),
            (SPLITS, shaped(&[n_splits, SPLIT_LEN]), splits.collect()),
            (LEAVES, shaped(&[n_splits + 1]), leaves.collect()),
        ]
        .into_iter()
        .map(|(name, shape, values)| (name.to_owned(), (shape, values)))
        .collect()
    }

    /// A judge of its tensors.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::ShapeMismatch`], [`Error::BadValue`] and
    /// [`Error::OtherFeatures`].
    pub fn from_tensors(tensors: &BTreeMap<String, Tensor>) -> Result<Self> {
        let get = |name: &str| {
            let tensor = tensors.get(name);
            tensor.ok_or_else(|| Error::MissingTensor { name: name.to_owned() })
        };
        let expect = |name: &str, is: bool, expected: String| {
            let found = get(name)?.0.clone();
            let name = name.to_owned();
            if is { Ok(()) } else { Err(Error::ShapeMismatch { name, expected, found }) }
        };
        let (features, n_kinds) = (features::list().len(), Kind::COUNT);
        check_features(get(FEATURES)?)?;
        let (scales, linear) = (get(SCALES)?, get(LINEAR)?);
        let shape = [n_kinds, 2, features];
        expect(SCALES, scales.0 == shape, format!("{shape:?}"))?;
        let is_linear = matches!(linear.0[..], [k, genres, f] if k == n_kinds
            && (1..=Genre::COUNT).contains(&genres) && f == features + 1);
        let most = Genre::COUNT;
        expect(LINEAR, is_linear, format!("[{n_kinds}, G, {}], G in 1..={most}", features + 1))?;
        let n_genres = linear.0[1];
        let (splits, leaves) = (get(SPLITS)?, get(LEAVES)?);
        let is_splits = matches!(splits.0[..], [k, rounds, g, s, SPLIT_LEN] if k == n_kinds
            && g == n_genres && (1..=MOST_ROUNDS).contains(&rounds)
            && (1..=MOST_SPLITS).contains(&s));
        let limits = format!("R in 1..={MOST_ROUNDS}, S in 1..={MOST_SPLITS}");
        expect(SPLITS, is_splits, format!("[{n_kinds}, R, {n_genres}, S, {SPLIT_LEN}], {limits}"))?;
        let (n_rounds, n_splits) = (splits.0[1], splits.0[3]);
        let shape = [n_kinds, n_rounds, n_genres, n_splits + 1];
        expect(LEAVES, leaves.0 == shape, format!("{shape:?}"))?;
        for name in [SCALES, LINEAR, SPLITS, LEAVES] {
            let (shape, values) = get(name)?;
            expect(name, shape.iter().product::<usize>() == values.len(), format!("{shape:?}"))?;
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                return Err(bad(name, index, values[index], "a finite number"));
            }
        }
        let classifier = |kind: usize| {
            let of_kind = &scales.1[kind * 2 * features..][..2 * features];
            let (means, deviations) = of_kind.split_at(features);
            if let Some(i) = deviations.iter().position(|deviation| *deviation <= 0.0) {
                let index = (kind * 2 + 1) * features + i;
                return Err(bad(SCALES, index, deviations[i], "a deviation above 0"));
            }
            let pairs = means.iter().zip(deviations);
            let scales = pairs.map(|(m, d)| Scale { mean: *m, deviation: *d }).collect();
            let rows = linear.1[kind * n_genres * (features + 1)..].chunks_exact(features + 1);
            let tree = |number: usize| {
                let at = number * n_splits * SPLIT_LEN;
                let numbers = &splits.1[at..at + n_splits * SPLIT_LEN];
                let leaves = &leaves.1[number * (n_splits + 1)..][..n_splits + 1];
                Tree::of(numbers, leaves, features).map_err(|error| match error {
                    Error::BadValue { index, value, expected, .. } => {
                        bad(SPLITS, at + index, value, expected)
                    }
                    error => error,
                })
            };
            let first = kind * n_rounds * n_genres;
            let trees = (first..first + n_rounds * n_genres).map(tree).collect::<Result<_>>()?;
            Ok(Classifier {
                scales,
                linear: rows.take(n_genres).map(<[f32]>::to_vec).collect(),
                trees,
            })
        };
        Ok(Self { classifiers: [classifier(0)?, classifier(1)?, classifier(2)?] })
    }
}

/// Limits of what is read: far above what is fitted.
const MOST_ROUNDS: usize = 1000;
const MOST_SPLITS: usize = 255;

fn bad(name: &str, index: usize, value: f32, expected: &'static str) -> Error {
    Error::BadValue { name: name.to_owned(), index, value, expected }
}

/// A hash of the names of all features, byte by byte: any type of number holds a byte exactly.
fn fingerprint() -> [f32; 8] {
    let mut hash = Fnv1a::default();
    for feature in features::list() {
        hash.bytes(feature.name.as_bytes());
        hash.bytes(&[b'\n', feature.parts]);
    }
    hash.finish().to_be_bytes().map(f32::from)
}

fn check_features((shape, values): &Tensor) -> Result<()> {
    let expected = fingerprint();
    if shape[..] != [expected.len()] || values.len() != expected.len() {
        let (name, found) = (FEATURES.to_owned(), shape.clone());
        return Err(Error::ShapeMismatch { name, expected: "[8]".to_owned(), found });
    }
    let hex = |numbers: &[f32]| -> String {
        numbers.iter().map(|number| format!("{:02x}", *number as u8)).collect()
    };
    if values[..] != expected {
        let (expected, found) = (hex(&expected), hex(values));
        return Err(Error::OtherFeatures { expected, found });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
