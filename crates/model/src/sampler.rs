//! From logits to a class: mask, temperature, nucleus, and a keyed random stream.

use crate::math;
use crate::steadiness::Lean;
use score::random::Random;

/// What a random stream is keyed by; time and threads are not among it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomKey {
    /// The user's seed.
    pub seed: u32,
    /// How often the place has been composed: passes of a loop.
    pub pass: u32,
    /// Number of the beat.
    pub beat: i64,
    /// 0 for the chord, 1..=4 for the parts.
    pub slot: u32,
}

impl RandomKey {
    /// The stream of this key: each number is mixed in by one round of splitmix64.
    pub fn stream(self) -> Random {
        let numbers = [self.pass.into(), self.beat as u64, self.slot.into()];
        let mix = |state: u64, number: u64| Random::new(state ^ number).bits();
        Random::new(numbers.into_iter().fold(Random::new(self.seed.into()).bits(), mix))
    }
}

/// Draws classes.
#[derive(Clone, Debug)]
pub struct Sampler {
    temperature: f32,
    top_p: f32,
    random: Random,
}

/// Most classes that can be drawn from.
const MAX_CLASSES: usize = 192;

impl Sampler {
    /// `adventure` in `0.0..=1.0`: the likeliest class at 0; temperature 0.97 over the likeliest
    /// 98 % at 0.5; temperature 1.3 over everything at 1.
    pub fn new(adventure: f32, key: RandomKey) -> Self {
        let adventure = if adventure.is_finite() { adventure.clamp(0.0, 1.0) } else { 0.5 };
        let (temperature, top_p) = if adventure <= 0.5 {
            (1.94 * adventure, 0.5 + 0.96 * adventure)
        } else {
            (0.97 + 0.66 * (adventure - 0.5), 0.98 + 0.04 * (adventure - 0.5))
        };
        Self { temperature, top_p, random: key.stream() }
    }

    /// [`Self::draw`] from what `plain`, the logits before guidance, deem plausible.
    ///
    /// Guidance multiplies differences, also those between classes that no genre would play; what
    /// is less than `least` times as likely as the likeliest allowed class is left out.
    /// Source: the plausibility constraint of contrastive decoding, Li et al. 2022.
    ///
    /// # Panics
    /// Above 192 classes.
    pub fn draw_plausible(
        &mut self,
        logits: &[f32],
        plain: &[f32],
        allowed: &[bool],
        least: f32,
    ) -> usize {
        let mut plausible = [false; MAX_CLASSES];
        let known =
            plain.iter().zip(allowed).filter(|(logit, allowed)| **allowed && !logit.is_nan());
        // Not the system's logarithm, which rounds as each system likes.
        let least = libm::logf(least);
        let least = known.map(|(logit, _)| *logit).fold(f32::NEG_INFINITY, f32::max) + least;
        for ((plausible, logit), allowed) in plausible.iter_mut().zip(plain).zip(allowed) {
            *plausible = *allowed && *logit >= least;
        }
        let plausible = &plausible[..logits.len()];
        let any =
            plausible.iter().zip(logits).any(|(plausible, logit)| *plausible && logit.is_finite());
        self.draw(logits, if any { plausible } else { allowed })
    }

    /// Draws a class of an ordered attribute near the place that `lean` gives it among all; always
    /// takes twelve numbers from the stream.
    ///
    /// The classes' shares are those of [`Self::draw`] over everything, whatever the place; a
    /// larger share of the place only makes successive draws more alike.
    pub fn draw_steadily(&mut self, logits: &[f32], lean: Lean) -> usize {
        let own = self.random.normal();
        let share = lean.share.clamp(0.0, 1.0);
        let deviate = lean.place * share.sqrt() + own * (1.0 - share).sqrt();
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if self.temperature < 1e-3 || !max.is_finite() {
            return logits.iter().position(|logit| *logit == max).unwrap_or(0);
        }
        let weight = |logit: &f32| {
            if logit.is_nan() { 0.0 } else { math::exp((logit - max) / self.temperature) }
        };
        let total: f32 = logits.iter().map(weight).sum();
        // Not the system's error function, which rounds as each system likes.
        let quantile = 0.5 * (1.0 + libm::erff(deviate * core::f32::consts::FRAC_1_SQRT_2));
        let mut left = quantile * total;
        let class = logits.iter().position(|logit| {
            left -= weight(logit);
            left < 0.0
        });
        class.unwrap_or(logits.len() - 1)
    }

    /// Draws one of the allowed classes; always takes one number from the stream.
    ///
    /// Logits that are not numbers count as impossible. If nothing is allowed, the last class
    /// comes back.
    ///
    /// # Panics
    /// Above 192 classes.
    pub fn draw(&mut self, logits: &[f32], allowed: &[bool]) -> usize {
        let uniform = self.random.uniform();
        let mut ranked = [(0.0f32, 0usize); MAX_CLASSES];
        let mut n = 0;
        for (class, (logit, allowed)) in logits.iter().zip(allowed).enumerate() {
            if *allowed && logit.is_finite() {
                ranked[n] = (*logit, class);
                n += 1;
            }
        }
        let ranked = &mut ranked[..n];
        if ranked.is_empty() {
            return allowed.iter().rposition(|allowed| *allowed).unwrap_or(logits.len() - 1);
        }
        // Equal logits keep the order of their classes.
        ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        if self.temperature < 1e-3 {
            return ranked[0].1;
        }
        let max = ranked[0].0;
        for (weight, _) in ranked.iter_mut() {
            *weight = math::exp((*weight - max) / self.temperature);
        }
        let total: f32 = ranked.iter().map(|(weight, _)| weight).sum();
        let mut nucleus = 0.0;
        let mut n_nucleus = 0;
        while n_nucleus < ranked.len() && (n_nucleus == 0 || nucleus < self.top_p * total) {
            nucleus += ranked[n_nucleus].0;
            n_nucleus += 1;
        }
        let mut left = uniform * nucleus;
        for (weight, class) in &ranked[..n_nucleus] {
            left -= weight;
            if left < 0.0 {
                return *class;
            }
        }
        ranked[n_nucleus - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(beat: i64) -> RandomKey {
        RandomKey { seed: 1, pass: 0, beat, slot: 2 }
    }

    fn counts(adventure: f32, logits: &[f32], allowed: &[bool]) -> Vec<usize> {
        let mut counts = vec![0; logits.len()];
        for beat in 0..4000 {
            counts[Sampler::new(adventure, key(beat)).draw(logits, allowed)] += 1;
        }
        counts
    }

    #[test]
    fn draws_follow_the_probabilities_and_the_mask() {
        let probabilities = [0.4f32, 0.3, 0.2, 0.1];
        let logits = probabilities.map(f32::ln);
        let counts = counts(1.0, &logits, &[true, false, true, true]);
        assert_eq!(counts[1], 0);
        let weights = [0.4f32, 0.2, 0.1].map(|p| p.powf(1.0 / 1.3));
        let share = weights[0] / weights.iter().sum::<f32>();
        assert!((counts[0] as f32 / 4000.0 - share).abs() < 0.03);
    }

    #[test]
    fn no_adventure_is_the_likeliest_and_some_cuts_the_tail() {
        let logits = [0.0, 3.0, 2.9, -8.0];
        assert_eq!(counts(0.0, &logits, &[true; 4]), [0, 4000, 0, 0]);
        assert_eq!(counts(0.5, &logits, &[true; 4])[3], 0);
        assert_eq!(counts(0.0, &logits, &[true, false, false, true])[0], 4000);
    }

    #[test]
    fn guidance_lifts_nothing_implausible() {
        let (guided, plain) = ([0.0, 0.5, 9.0], [0.0, 0.2, -5.0]);
        for beat in 0..500 {
            let mut sampler = Sampler::new(0.5, key(beat));
            assert_ne!(sampler.draw_plausible(&guided, &plain, &[true; 3], 0.01), 2);
            let only = [false, false, true];
            assert_eq!(sampler.draw_plausible(&guided, &plain, &only, 0.01), 2);
        }
    }

    #[test]
    fn steady_draws_keep_their_shares_and_resemble_each_other() {
        let logits = [0.1f32, 0.2, 0.4, 0.2, 0.1].map(f32::ln);
        let mut counts = [0usize; 5];
        let mut apart = [0.0; 2];
        for song in 0..2000 {
            let place = key(-1 - song).stream().normal();
            for (share, apart) in [0.0, 0.9].into_iter().zip(&mut apart) {
                let mut sampler = Sampler::new(1.0, key(song));
                let lean = Lean { place, share };
                let drawn: [usize; 2] =
                    core::array::from_fn(|_| sampler.draw_steadily(&logits, lean));
                *apart += drawn[0].abs_diff(drawn[1]) as f32 / 2000.0;
                counts[drawn[0]] += 1;
            }
        }
        let weights = [0.1f32, 0.2, 0.4, 0.2, 0.1].map(|p| p.powf(1.0 / 1.3));
        for (count, weight) in counts.into_iter().zip(weights) {
            let share = weight / weights.iter().sum::<f32>();
            assert!((count as f32 / 4000.0 - share).abs() < 0.03, "{counts:?}");
        }
        assert!(apart[1] < 0.5 * apart[0], "{apart:?}");
        let mut sampler = Sampler::new(0.5, key(0));
        let odd = [f32::NAN, f32::INFINITY, 0.0];
        assert!(sampler.draw_steadily(&odd, Lean::default()) < 3);
        assert!(sampler.draw_steadily(&[f32::NAN; 3], Lean::default()) < 3);
    }

    #[test]
    fn what_is_no_number_is_never_drawn() {
        let counts = counts(0.5, &[f32::NAN, 0.0, f32::INFINITY], &[true; 3]);
        assert_eq!(counts, [0, 4000, 0]);
        assert_eq!(Sampler::new(0.5, key(0)).draw(&[f32::NAN; 3], &[true, true, false]), 1);
        assert_eq!(Sampler::new(f32::NAN, key(0)).draw(&[1.0], &[true]), 0);
    }

    #[test]
    fn streams_differ_in_every_part_of_the_key() {
        let base = RandomKey { seed: 1, pass: 2, beat: 3, slot: 4 };
        let others = [
            base,
            RandomKey { seed: 2, ..base },
            RandomKey { pass: 3, ..base },
            RandomKey { beat: -3, ..base },
            RandomKey { slot: 3, ..base },
            RandomKey { pass: 3, beat: 2, ..base },
        ];
        let first = others.map(|key| key.stream().bits());
        for i in 0..first.len() {
            assert!(!first[..i].contains(&first[i]), "{i}");
        }
        assert_eq!(first[0], base.stream().bits());
    }
}
