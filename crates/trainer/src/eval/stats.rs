//! Small statistics: ranks, quantiles, overlap of densities, and intervals by resampling songs.

use score::random::Random;
use serde::{Deserialize, Serialize};

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The value.
    #[serde(deserialize_with = "null_is_nan")]
    pub value: f64,
    /// Lower end.
    #[serde(deserialize_with = "null_is_nan")]
    pub low: f64,
    /// Upper end.
    #[serde(deserialize_with = "null_is_nan")]
    pub high: f64,
}

/// JSON has no `NaN`; what is unknown is written as null, and read back as it was.
///
/// # Errors
/// What is neither a number nor null.
pub fn null_is_nan<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3} ({:.3}–{:.3})", self.value, self.low, self.high)
    }
}

impl Figure {
    /// A value of which nothing else is known.
    pub const fn alone(value: f64) -> Self {
        Self { value, low: f64::NAN, high: f64::NAN }
    }
}

const N_RESAMPLES: usize = 400;

/// A statistic of clusters with its bootstrap interval.
///
/// `strata` lists the clusters of each stratum; within each as many are drawn as there are, with
/// replacement. `statistic` gets how often each cluster was drawn.
///
/// Source: Efron & Tibshirani 1993, percentile intervals.
pub fn bootstrap(strata: &[Vec<usize>], statistic: impl Fn(&[f64]) -> f64) -> Figure {
    let n = strata.iter().flatten().max().map_or(0, |last| last + 1);
    let value = statistic(&vec![1.0; n]);
    let mut random = Random::new(17);
    let mut values: Vec<f64> = (0..N_RESAMPLES)
        .map(|_| {
            let mut counts = vec![0.0; n];
            for stratum in strata {
                for _ in 0..stratum.len() {
                    counts[stratum[random.below(stratum.len())]] += 1.0;
                }
            }
            statistic(&counts)
        })
        .filter(|value| value.is_finite())
        .collect();
    values.sort_by(f64::total_cmp);
    Figure { value, low: quantile(&values, 0.025), high: quantile(&values, 0.975) }
}

/// The mean over groups of a ratio of sums; songs come as `(group, part, whole)`, and are drawn
/// together with those of their group. Groups without songs do not count.
pub fn mean_ratio(songs: &[(usize, f64, f64)], n_groups: usize) -> Figure {
    let of = |group: usize| (0..songs.len()).filter(|i| songs[*i].0 == group).collect();
    let mut strata: Vec<Vec<usize>> = (0..n_groups).map(of).collect();
    strata.retain(|stratum| !stratum.is_empty());
    bootstrap(&strata, |counts| {
        let ratio = |stratum: &Vec<usize>| {
            let songs = stratum.iter().map(|i| (counts[*i], songs[*i]));
            let sum = |(a, b), (n, (_, part, whole)): (f64, (usize, f64, f64))| {
                (a + n * part, b + n * whole)
            };
            let (part, whole) = songs.fold((0.0, 0.0), sum);
            part / whole
        };
        mean(strata.iter().map(ratio).filter(|ratio| ratio.is_finite()))
    })
}

/// The mean of those values that are known, which are drawn one by one.
pub fn mean_of(values: &[f64]) -> Figure {
    let known = values.iter().filter(|value| value.is_finite());
    let rows: Vec<(usize, f64, f64)> = known.map(|value| (0, *value, 1.0)).collect();
    mean_ratio(&rows, 1)
}

/// The quantile of sorted values, between neighbours by distance; `NaN` of nothing.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = share.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

/// A quantile of values in any order.
pub fn quantile_of(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, share)
}

/// The mean; `NaN` of nothing.
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, n) = values.into_iter().fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
    sum / n
}

/// The standard error of the mean; `NaN` of fewer than two.
pub fn standard_error(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (middle, n) = (mean(values.clone()), values.clone().count() as f64);
    let squares: f64 = values.map(|value| (value - middle).powi(2)).sum();
    (squares / (n - 1.0) / n).sqrt()
}

/// Spearman's rank correlation; 0 where one side is constant.
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (ranks(x), ranks(y));
    let (mx, my) = (mean(x.iter().copied()), mean(y.iter().copied()));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        x.iter().zip(&y).map(|(a, b)| f(a - mx, b - my)).sum()
    };
    let scale = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    if scale > 0.0 { sum(&|a, b| a * b) / scale } else { 0.0 }
}

/// Ranks from 0; equal values share theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |x: &f64| {
        let below = values.iter().filter(|y| *y < x).count() as f64;
        let equal = values.iter().filter(|y| *y == x).count() as f64;
        below + (equal - 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

/// Area under both of two densities that Gaussian kernels estimate.
///
/// Source: Yang & Lerch 2020, "On the evaluation of generative models in music"; bandwidths by
/// Scott's rule.
pub fn overlap(a: &[f64], b: &[f64]) -> f64 {
    const N_POINTS: usize = 400;
    if a.len() < 2 || b.len() < 2 {
        return f64::NAN;
    }
    let bandwidth = |values: &[f64]| {
        let m = mean(values.iter().copied());
        let variance =
            values.iter().map(|x| (x - m).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
        variance.sqrt() * (values.len() as f64).powf(-0.2)
    };
    let (ha, hb) = (bandwidth(a), bandwidth(b));
    let all = || a.iter().chain(b).copied();
    let (low, high) = (all().fold(f64::MAX, f64::min), all().fold(f64::MIN, f64::max));
    // Where all values are alike there is no density; the sets agree or they do not.
    let least = 1e-3 * (high - low).max(1e-9);
    // One width for both, since a spike under a wide kernel and under a narrow one would differ.
    let h = ha.max(hb).max(least);
    let (from, to) = (low - 3.0 * h, high + 3.0 * h);
    let step = (to - from) / N_POINTS as f64;
    let density = |values: &[f64], x: f64| {
        let sum: f64 = values.iter().map(|v| (-0.5 * ((x - v) / h).powi(2)).exp()).sum();
        sum / (values.len() as f64 * h * (2.0 * std::f64::consts::PI).sqrt())
    };
    (0..N_POINTS)
        .map(|i| from + (i as f64 + 0.5) * step)
        .map(|x| density(a, x).min(density(b, x)) * step)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_mean_is_that_of_its_values_over_the_root_of_their_number() {
        let of = |values: &[f64]| standard_error(values.iter().copied());
        assert!((of(&[1.0, 2.0, 3.0]) - (1.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(of(&[5.0; 4]) == 0.0 && of(&[5.0]).is_nan());
    }

    #[test]
    fn ranks_agree_whatever_the_scale() {
        let x = [0.0, 0.1, 0.2, 0.3];
        assert!((spearman(&x, &[1.0, 10.0, 100.0, 1000.0]) - 1.0).abs() < 1e-12);
        assert!((spearman(&x, &[4.0, 3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
        assert_eq!(spearman(&x, &[1.0; 4]), 0.0);
        assert!((spearman(&x, &[1.0, 1.0, 2.0, 2.0]) - 0.8f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn equal_sets_overlap_and_far_ones_do_not() {
        let near: Vec<f64> = (0..50).map(f64::from).collect();
        let far: Vec<f64> = near.iter().map(|x| x + 1000.0).collect();
        assert!((overlap(&near, &near) - 1.0).abs() < 0.01);
        assert!(overlap(&near, &far) < 0.01);
        let shifted: Vec<f64> = near.iter().map(|x| x + 25.0).collect();
        assert!((0.3..0.8).contains(&overlap(&near, &shifted)));
        assert!((overlap(&[2.0; 5], &[2.0; 4]) - 1.0).abs() < 0.05);
    }

    #[test]
    fn resampling_keeps_strata_and_widens_with_spread() {
        let strata = [vec![0, 1, 2, 3], vec![4, 5]];
        let values = [1.0, 2.0, 3.0, 4.0, 10.0, 10.0];
        let figure = bootstrap(&strata, |counts| {
            let first: f64 = (0..4).map(|i| counts[i] * values[i]).sum::<f64>() / 4.0;
            let second: f64 = (4..6).map(|i| counts[i] * values[i]).sum::<f64>() / 2.0;
            first + second
        });
        assert!((figure.value - 12.5).abs() < 1e-12);
        assert!(figure.low < 12.0 && figure.high > 13.0 && figure.low > 10.9);
        assert_eq!(quantile_of(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn ratios_are_of_sums_and_groups_count_alike() {
        // Group 0: 3 of 12; group 1: 5 of 5; group 2 has nothing to count.
        let songs = [(0, 1.0, 10.0), (0, 2.0, 2.0), (1, 5.0, 5.0), (2, 0.0, 0.0)];
        let figure = mean_ratio(&songs, 4);
        assert!((figure.value - f64::midpoint(0.25, 1.0)).abs() < 1e-12);
        assert!(figure.low < 0.56 && figure.high > 0.99, "{figure}");
        assert_eq!(mean_of(&[1.0, f64::NAN, 3.0]).value, 2.0);
        assert!(mean_of(&[]).value.is_nan());
    }
}
