//! How the opinions of several genres become one distribution.

use crate::conditioning::{MAX_STREAMS, Plan};
use crate::math;

/// The least probability whose logarithm is taken.
const LEAST: f32 = 1e-30;

/// How several genres become one distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blending {
    /// A stream a genre; their logits are added by weight, so what is drawn suits all.
    #[default]
    Composed,
    /// A stream a genre; their probabilities are added by weight, so what is drawn suits one.
    Mixed,
    /// One stream under the weighted sum of conditions.
    Interpolated,
}

impl Blending {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::Composed, Self::Mixed, Self::Interpolated];

    /// Its name on command lines and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Composed => "composed",
            Self::Mixed => "mixed",
            Self::Interpolated => "interpolated",
        }
    }
}

impl std::str::FromStr for Blending {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let is = |blending: &Self| blending.name() == name;
        Self::ALL.into_iter().find(is).ok_or_else(|| format!("not one of {}", names()))
    }
}

impl Plan {
    /// Brings the streams' logits of a slot together in `out`, and those of genres alone, without
    /// guidance, in `plain`.
    pub fn mix<'a>(
        &self,
        slot: usize,
        logits: impl Iterator<Item = &'a [f32]>,
        out: &mut Vec<f32>,
        plain: &mut Vec<f32>,
    ) {
        let mut streams: [&[f32]; MAX_STREAMS] = [&[]; MAX_STREAMS];
        let n = streams.iter_mut().zip(logits).map(|(stream, logits)| *stream = logits).count();
        let streams = &streams[..n];
        let n_classes = streams.first().map_or(0, |logits| logits.len());
        out.clear();
        plain.clear();
        // The stream that is pulled away from is last; alone, at no strength, it is all there is.
        let n_blended = self.n_blended;
        if n_blended == 0 {
            out.extend_from_slice(streams[0]);
            plain.extend_from_slice(streams[0]);
            return;
        }
        let weights = &self.weights[slot];
        let guidance: f32 = weights[..n_blended].iter().sum();
        let null = streams.get(n_blended);
        out.resize(n_classes, 0.0);
        plain.resize(n_classes, 0.0);
        if self.blending == Blending::Mixed {
            for (logits, weight) in streams[..n_blended].iter().zip(weights) {
                let share = weight / guidance;
                let guided = |class: usize| match null {
                    Some(null) => null[class] + guidance * (logits[class] - null[class]),
                    None => logits[class],
                };
                add_probabilities(out, share, guided);
                add_probabilities(plain, share, |class| logits[class]);
            }
            out.iter_mut().chain(plain).for_each(|sum| *sum = libm::logf(sum.max(LEAST)));
            return;
        }
        for (logits, weight) in streams.iter().zip(weights) {
            out.iter_mut().zip(*logits).for_each(|(out, logit)| *out += weight * logit);
        }
        for (logits, weight) in streams[..n_blended].iter().zip(weights) {
            let share = weight / guidance;
            plain.iter_mut().zip(*logits).for_each(|(out, logit)| *out += share * logit);
        }
    }
}

/// Adds the probabilities of logits by weight.
fn add_probabilities(sum: &mut [f32], weight: f32, logit: impl Fn(usize) -> f32) {
    let classes = 0..sum.len();
    let max = classes.clone().map(&logit).fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = classes.map(|class| math::exp(logit(class) - max)).sum();
    for (class, sum) in sum.iter_mut().enumerate() {
        *sum += weight * math::exp(logit(class) - max) / total;
    }
}

#[cfg(test)]
mod tests {
    use score::{Blend, Controls};

    use super::*;
    use crate::weight_map::WeightMap;

    /// Two genres at 3 : 1, with guidance; the logits of each and of no genre.
    fn blended(blending: Blending, logits: [[f32; 3]; 3]) -> (Vec<f32>, Vec<f32>) {
        let blend = Blend::new([0.75, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let controls = Controls { blend, ..Controls::default() };
        let plan = Plan::new(
            &controls,
            1.0,
            6,
            &WeightMap::default(),
            &crate::Styles::default(),
            blending,
        );
        let (mut out, mut plain) = (Vec::new(), Vec::new());
        plan.mix(0, logits.iter().map(|logits| &logits[..]), &mut out, &mut plain);
        (out, plain)
    }

    fn probabilities(logits: &[f32]) -> Vec<f32> {
        let total: f32 = logits.iter().map(|logit| logit.exp()).sum();
        logits.iter().map(|logit| logit.exp() / total).collect()
    }

    fn near(a: &[f32], b: &[f32]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    #[test]
    fn a_composed_class_suits_all_and_a_mixed_one_suits_either() {
        // What one genre all but excludes: in a product it is gone, in a sum it stays.
        let logits = [[0.0, 9.0, 0.0], [9.0, 0.0, 0.0], [0.0; 3]];
        let (_, composed) = blended(Blending::Composed, logits);
        let (_, mixed) = blended(Blending::Mixed, logits);
        assert!(probabilities(&composed)[0] < 0.02);
        let [first, second, _] = [0, 1, 2].map(|class| probabilities(&mixed)[class]);
        assert!((first - 0.25).abs() < 1e-3 && (second - 0.75).abs() < 1e-3, "{first} {second}");
    }

    #[test]
    fn a_mixture_is_the_weighted_sum_of_what_each_genre_would_play_alone() {
        let logits = [[0.3, 1.2, -0.5], [2.0, -1.0, 0.4], [0.1, 0.2, -0.3]];
        let (out, plain) = blended(Blending::Mixed, logits);
        let guidance = {
            let (out, _) =
                blended(Blending::Composed, [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0; 3]]);
            out[0]
        };
        let guided = |genre: &[f32; 3]| -> Vec<f32> {
            let null = &logits[2];
            let pulled = genre.iter().zip(null).map(|(own, null)| null + guidance * (own - null));
            probabilities(&pulled.collect::<Vec<_>>())
        };
        let sum = |first: &[f32], second: &[f32]| -> Vec<f32> {
            first.iter().zip(second).map(|(a, b)| 0.75 * a + 0.25 * b).collect()
        };
        assert!(near(&probabilities(&out), &sum(&guided(&logits[0]), &guided(&logits[1]))));
        let alone = [probabilities(&logits[0]), probabilities(&logits[1])];
        assert!(near(&probabilities(&plain), &sum(&alone[0], &alone[1])));
    }

    #[test]
    fn genres_that_agree_are_blended_into_the_same_by_all() {
        let logits = [[0.3, 1.2, -0.5], [0.3, 1.2, -0.5], [0.1, 0.2, -0.3]];
        let (composed, _) = blended(Blending::Composed, logits);
        let (mixed, _) = blended(Blending::Mixed, logits);
        assert!(near(&probabilities(&composed), &probabilities(&mixed)));
    }
}
