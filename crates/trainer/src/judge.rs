//! The genre judge: a classifier of musical features that never heard what the generator learnt.
//!
//! It is fitted on held-out songs in folds by song, so that every real excerpt is judged by a
//! judge that never heard its song, and generated music by judges of the same strength. Three
//! kinds hear all parts, the drums alone, or the pitched parts alone.

mod boosting;
mod forest;
mod logistic;
mod material;
pub mod shipped;

use rayon::prelude::*;
use score::random::Random;

pub use ::judge::features::{drum_class, list as feature_list, values as feature_values};
pub use ::judge::{
    ALL_PARTS, BEATS_A_BAR, DRUMS, Excerpt, Kind, MIN_NOTES, N_BARS, N_BEATS, PITCHED,
    is_common_time,
};
pub use boosting::Boosting;
pub use forest::Forest;
pub use logistic::Logistic;
pub use material::{Material, Real, by_weight};

/// Folds of held-out songs.
pub const N_FOLDS: usize = 5;

/// Rows of features with labels and weights.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// Features of a row.
    pub n_features: usize,
    /// Classes that labels number.
    pub n_classes: usize,
    /// The class of each row.
    pub labels: Vec<usize>,
    /// How much each row counts.
    pub weights: Vec<f32>,
    rows: Vec<f32>,
}

impl Examples {
    /// No rows.
    pub fn new(n_features: usize, n_classes: usize) -> Self {
        Self { n_features, n_classes, ..Self::default() }
    }

    /// Adds a row of `n_features` values.
    pub fn push(&mut self, row: &[f32], label: usize, weight: f32) {
        debug_assert_eq!(row.len(), self.n_features);
        self.rows.extend_from_slice(row);
        self.labels.push(label);
        self.weights.push(weight);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// A row's features.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.rows[i * self.n_features..][..self.n_features]
    }
}

/// Which classifier speaks; the mean is kept, the others are there to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Voice {
    /// The mean of all.
    #[default]
    All,
    /// Logistic regression alone.
    Logistic,
    /// Extremely randomised trees alone.
    Forest,
    /// Boosted trees alone.
    Boosting,
}

/// A judge of one kind, fitted on some songs.
#[derive(Clone, Debug)]
pub struct Judge {
    kind: Kind,
    /// Numbers of the features that it uses, with mean and deviation.
    used: Vec<(usize, f32, f32)>,
    logistic: Logistic,
    forest: Forest,
    boosting: Boosting,
    n_classes: usize,
}

/// An excerpt to learn from: its features, its genre, how much it counts, and its parts.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// [`feature_values`].
    pub values: Vec<f32>,
    /// Number of the genre.
    pub genre: usize,
    /// How much it counts.
    pub weight: f32,
    /// Bits of the parts that play.
    pub mask: u8,
}

impl Judge {
    /// Fits a judge of `n_classes` genres.
    ///
    /// Within each set of parts all genres count alike, so that which parts play says little; some
    /// is left to a genre of which there are more examples with these parts.
    pub fn fit(kind: Kind, lessons: &[Lesson], n_classes: usize, seed: u64) -> Self {
        let (used, examples) = examples(kind, lessons, n_classes);
        let logistic = Logistic::fit(&examples);
        let forest = Forest::fit(&examples, seed);
        let boosting = Boosting::fit(&examples, seed);
        Self { kind, used, logistic, forest, boosting, n_classes }
    }

    /// What it hears.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// A probability a genre of features that [`feature_values`] gave.
    pub fn hear(&self, values: &[f32], voice: Voice) -> Vec<f32> {
        let row = standardized(&self.used, values);
        let voices: &[Voice] = match voice {
            Voice::All => &[Voice::Logistic, Voice::Forest, Voice::Boosting],
            _ => &[voice],
        };
        let mut p = vec![0.0; self.n_classes];
        for voice in voices {
            let heard = match voice {
                Voice::Forest => self.forest.predict(&row, self.n_classes),
                Voice::Boosting => self.boosting.predict(&row),
                _ => self.logistic.predict(&row),
            };
            p.iter_mut().zip(heard).for_each(|(p, heard)| *p += heard / voices.len() as f32);
        }
        p
    }
}

/// The features that a kind of judge uses, with mean and deviation, and the lessons in them.
fn examples(
    kind: Kind,
    lessons: &[Lesson],
    n_classes: usize,
) -> (Vec<(usize, f32, f32)>, Examples) {
    let weights = balanced(lessons, n_classes);
    let features = feature_list();
    let used: Vec<(usize, f32, f32)> = (0..features.len())
        .filter(|i| kind.hears(&features[*i]))
        .filter_map(|i| {
            let known = lessons.iter().zip(&weights).filter(|(l, _)| !l.values[i].is_nan());
            let known: Vec<(f64, f64)> =
                known.map(|(l, w)| (f64::from(l.values[i]), f64::from(*w))).collect();
            let sum: f64 = known.iter().map(|(_, w)| w).sum();
            let mean = known.iter().map(|(x, w)| x * w).sum::<f64>() / sum;
            let squares = known.iter().map(|(x, w)| (x - mean).powi(2) * w).sum::<f64>();
            let deviation = (squares / sum).sqrt();
            (deviation > 1e-6).then_some((i, mean as f32, deviation as f32))
        })
        .collect();
    let mut examples = Examples::new(used.len(), n_classes);
    for (lesson, weight) in lessons.iter().zip(weights) {
        examples.push(&standardized(&used, &lesson.values), lesson.genre, weight);
    }
    (used, examples)
}

/// Unknown features take the mean; far ones are pulled in.
fn standardized(used: &[(usize, f32, f32)], values: &[f32]) -> Vec<f32> {
    used.iter()
        .map(|(i, mean, deviation)| {
            let x = (values[*i] - mean) / deviation;
            if x.is_nan() { 0.0 } else { x.clamp(-4.0, 4.0) }
        })
        .collect()
}

/// Weights under which the genres of each set of parts weigh alike, as far as a factor of eight.
fn balanced(lessons: &[Lesson], n_classes: usize) -> Vec<f32> {
    let mut sums = vec![vec![0.0f32; n_classes]; 16];
    for lesson in lessons {
        sums[usize::from(lesson.mask)][lesson.genre] += lesson.weight;
    }
    let scale = |lesson: &Lesson| {
        let sums = &sums[usize::from(lesson.mask)];
        let n_present = sums.iter().filter(|sum| **sum > 0.0).count();
        let mean = sums.iter().sum::<f32>() / n_present.max(1) as f32;
        lesson.weight * (mean / sums[lesson.genre].max(f32::MIN_POSITIVE)).clamp(0.125, 8.0)
    };
    let weights: Vec<f32> = lessons.iter().map(scale).collect();
    // The mean weight is 1, so that penalties mean the same for any number of lessons.
    let mean = weights.iter().sum::<f32>() / weights.len().max(1) as f32;
    weights.iter().map(|weight| weight / mean.max(f32::MIN_POSITIVE)).collect()
}

/// One judge a kind and fold.
pub struct Panel {
    judges: Vec<[Judge; 3]>,
}

impl Panel {
    /// Fits the judges of the first `n_folds` folds; that of fold `k` never hears songs of it.
    ///
    /// `relabel` gives an excerpt's genre; what it says is what the judges learn.
    pub fn fit(
        material: &Material,
        n_folds: usize,
        seed: u64,
        relabel: impl Fn(&Real) -> usize + Sync,
        done: impl Fn() + Sync,
    ) -> Self {
        let judges = (0..n_folds)
            .map(|fold| {
                Kind::ALL.map(|kind| {
                    let mut random = Random::new(seed ^ (fold * 3 + kind as usize) as u64);
                    let lessons =
                        material.lessons(kind, |real| real.fold != fold, &mut random, &relabel);
                    let judge = Judge::fit(kind, &lessons, material.genres.len(), seed);
                    done();
                    judge
                })
            })
            .collect();
        Self { judges }
    }

    /// The judge of a kind that never heard songs of `fold`.
    pub fn judge(&self, kind: Kind, fold: usize) -> &Judge {
        &self.judges[fold % self.judges.len()][kind as usize]
    }

    /// Judges excerpts, each by the judge of its fold.
    pub fn hear(&self, kind: Kind, excerpts: &[(&Excerpt, usize)], voice: Voice) -> Vec<Vec<f32>> {
        let hear = |(excerpt, fold): &(&Excerpt, usize)| {
            self.judge(kind, *fold).hear(&feature_values(excerpt), voice)
        };
        excerpts.par_iter().map(hear).collect()
    }
}

#[cfg(test)]
mod tests;
