//! From controls to streams: which conditions to read the music under, and how to weigh them.

use score::steps::{self, Conditions, N_SLOTS};
use score::{BeatFrame, Blend, Controls, Mode, Part, PartControls};

use crate::WeightMap;
use crate::blending::Blending;
use crate::decoder::{Mix, StreamMix};
use crate::style::Styles;

/// Genres that weigh no more than this are left out.
pub const MIN_WEIGHT: f32 = 0.01;

/// Pull at `strength` 1.0: logits lie this many times as far from those without a genre. Set by
/// eye and ear: 1.0 sounds like the corpus, 2.0 exaggerates what sets a genre apart.
const GUIDANCE: f32 = 1.3;

/// Most streams of a plan: six genres, the user's styles and none.
pub const MAX_STREAMS: usize = Blend::LEN + 1;

/// Streams to read, and their weights in each slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Conditions of the streams; the one without genre, if needed, is last.
    pub streams: Vec<StreamMix>,
    /// Weights of the streams, which sum to 1 in each slot.
    pub weights: [[f32; MAX_STREAMS]; N_SLOTS],
    /// How the streams become one distribution.
    pub blending: Blending,
}

impl Plan {
    /// The plan for a beat.
    ///
    /// Logits of a slot are `l₀ + g Σ wᵣ (lᵣ - l₀)`, `l₀` being those without genre. The weights
    /// of this plan hold `g` already: those of genres are `g wᵣ`, that of none is `1 - g`.
    pub fn new(controls: &Controls, map: &WeightMap, styles: &Styles, blending: Blending) -> Self {
        let guidance = GUIDANCE * controls.strength.clamp(0.0, 2.0);
        let slots: [Vec<(usize, f32)>; N_SLOTS] = core::array::from_fn(|slot| {
            match slot.checked_sub(1) {
                None => active(&controls.harmony(), map, styles),
                // A part that is off has no steps; no blend of its own may cost a stream.
                Some(part) if !controls.parts[part].on => vec![],
                Some(part) => active(&controls.part_blend(Part::ALL[part]), map, styles),
            }
        });
        let mut streams: Vec<StreamMix> = Vec::new();
        let mut weights = [[0.0; MAX_STREAMS]; N_SLOTS];
        if guidance > 1e-4 {
            let n = match blending {
                Blending::Composed | Blending::Mixed => {
                    slots.iter().map(Vec::len).max().unwrap_or(1)
                }
                Blending::Interpolated => 1,
            };
            streams = vec![[Mix::NULL; N_SLOTS]; n];
            for (slot, genres) in slots.iter().enumerate() {
                if blending == Blending::Interpolated {
                    if !genres.is_empty() {
                        let mut mix = [0.0; Blend::LEN];
                        genres.iter().for_each(|(genre, weight)| mix[*genre] = *weight);
                        streams[0][slot] = Mix::of_blend(mix);
                    }
                    weights[slot][0] = guidance;
                    continue;
                }
                spread(genres, n, |stream, genre, weight| {
                    streams[stream][slot] = Mix::of_one(genre);
                    weights[slot][stream] = guidance * weight;
                });
                if genres.is_empty() {
                    weights[slot][0] = guidance;
                }
            }
        }
        if (guidance - 1.0).abs() > 1e-4 {
            let null = streams.len();
            streams.push([Mix::NULL; N_SLOTS]);
            for weights in &mut weights {
                weights[null] = 1.0 - guidance;
            }
        }
        Self { streams, weights, blending }
    }
}

/// Genres and styles above [`MIN_WEIGHT`] in the order of a blend's weights, with the weights that
/// they are composed with, which sum to 1.
fn active(blend: &Blend, map: &WeightMap, styles: &Styles) -> Vec<(usize, f32)> {
    let shares = map.apply(styles.shares(blend), |place| styles.genres_of(place));
    shares.into_iter().enumerate().filter(|(_, share)| *share > 0.0).collect()
}

/// Gives every one of `n` streams a genre; the heaviest fills what is left, its weight shared.
fn spread(genres: &[(usize, f32)], n: usize, mut give: impl FnMut(usize, usize, f32)) {
    let Some(heaviest) =
        (0..genres.len()).rev().max_by(|a, b| genres[*a].1.total_cmp(&genres[*b].1))
    else {
        return;
    };
    let n_copies = n - genres.len() + 1;
    for stream in 0..n {
        let own = if stream < genres.len() { stream } else { heaviest };
        let (genre, weight) = genres[own];
        let share = if own == heaviest { weight / n_copies as f32 } else { weight };
        give(stream, genre, share);
    }
}

/// What the steps of a beat are told besides notes; genres are the streams' matter, density and
/// register that of the draws.
///
/// `closing` is that of the beat, which follows from the beats before it.
pub fn conditions(controls: &Controls, frame: &BeatFrame, closing: u8) -> Conditions {
    Conditions {
        mask: controls.part_mask(),
        mode: Some(if controls.scale.is_minor() { Mode::Minor } else { Mode::Major }),
        tempo: steps::tempo_class(frame.tempo),
        density: [0; 4],
        register: [0; 4],
        genres: [0; N_SLOTS],
        hide_references: false,
        forms: [None; N_SLOTS],
        closing,
    }
}

/// Where a part's density and register stand, roughly.
pub(crate) fn classes(part: &PartControls) -> (u8, u8) {
    (class(part.density, 0.5, 0.0, 1.0), class(part.register, 0.0, -1.0, 1.0))
}

/// A knob's class, `1..=7` from low to high; 0, the model's own choice, near `center`.
fn class(value: f32, center: f32, low: f32, high: f32) -> u8 {
    let share = (value - low) / (high - low);
    if !share.is_finite() || (value - center).abs() < 0.04 * (high - low) {
        return 0;
    }
    1 + (share.clamp(0.0, 1.0) * 7.0).min(6.0) as u8
}

#[cfg(test)]
mod tests {
    use score::Genre;

    use super::*;

    fn blend(weights: &[(Genre, f32)]) -> Blend {
        let mut all = [0.0; Blend::LEN];
        weights.iter().for_each(|(genre, weight)| all[genre.index()] = *weight);
        Blend::new(all)
    }

    #[test]
    fn two_genres_are_two_streams_and_none() {
        let controls = Controls {
            blend: blend(&[(Genre::Jazz, 0.6), (Genre::HipHop, 0.4), (Genre::Folk, 0.005)]),
            ..Controls::default()
        };
        let plan =
            Plan::new(&controls, &WeightMap::default(), &Styles::default(), Blending::Composed);
        assert_eq!(
            plan.streams,
            [[Mix::pure(1); N_SLOTS], [Mix::pure(5); N_SLOTS], [Mix::NULL; N_SLOTS]]
        );
        for weights in plan.weights {
            assert!((weights[0] / GUIDANCE - 0.6).abs() < 0.01);
            assert!((weights[1] / GUIDANCE - 0.4).abs() < 0.01);
            assert_eq!(weights[2], 1.0 - GUIDANCE);
        }
        let plan = Plan::new(
            &Controls { strength: 1.0 / GUIDANCE, ..controls },
            &WeightMap::default(),
            &Styles::default(),
            Blending::Composed,
        );
        assert_eq!(plan.streams.len(), 2, "no stream without genre at guidance 1");
        let plan = Plan::new(
            &Controls { strength: 0.0, ..controls },
            &WeightMap::default(),
            &Styles::default(),
            Blending::Composed,
        );
        assert_eq!(plan.streams, [[Mix::NULL; N_SLOTS]]);
        let plan =
            Plan::new(&controls, &WeightMap::default(), &Styles::default(), Blending::Interpolated);
        assert_eq!(plan.streams.len(), 2);
        assert!((plan.streams[0][3].weights()[1] - 0.6).abs() < 0.01);
    }

    #[test]
    fn parts_with_their_own_genre_share_streams() {
        let mut controls = Controls { blend: Blend::pure(Genre::Classical), ..Controls::default() };
        controls.parts[0].own = 1.0;
        controls.parts[0].blend = Blend::pure(Genre::HipHop);
        let plan =
            Plan::new(&controls, &WeightMap::default(), &Styles::default(), Blending::Composed);
        let classical = Mix::pure(0);
        let own = [classical, Mix::pure(5), classical, classical, classical];
        assert_eq!(plan.streams, [own, [Mix::NULL; N_SLOTS]]);
        controls.blend = blend(&[(Genre::Classical, 1.0), (Genre::Jazz, 1.0)]);
        let plan =
            Plan::new(&controls, &WeightMap::default(), &Styles::default(), Blending::Composed);
        assert_eq!(plan.streams.len(), 3);
        assert_eq!(plan.streams[1][1], Mix::pure(5));
        assert_eq!(plan.weights[1][..2], [GUIDANCE / 2.0; 2]);
        assert_eq!(plan.weights[2][..2], [GUIDANCE / 2.0; 2]);
        controls.parts[0].on = false;
        assert_eq!(
            Plan::new(&controls, &WeightMap::default(), &Styles::default(), Blending::Composed)
                .streams[0][1],
            Mix::NULL
        );
    }

    #[test]
    fn weights_sum_to_one_whatever_the_blend() {
        for weights in [&[][..], &[(Genre::Rock, 0.3)], &[(Genre::Rock, 5.0), (Genre::Jazz, 1.0)]] {
            for strength in [0.0, 0.3, 0.5, 1.0, 2.0, f32::INFINITY] {
                for blending in [Blending::Composed, Blending::Interpolated] {
                    let mut controls =
                        Controls { blend: blend(weights), strength, ..Controls::default() };
                    controls.parts[2].own = 0.7;
                    controls.parts[3].on = false;
                    let plan =
                        Plan::new(&controls, &WeightMap::default(), &Styles::default(), blending);
                    assert!((1..=MAX_STREAMS).contains(&plan.streams.len()));
                    for weights in plan.weights {
                        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{plan:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn knobs_in_the_middle_leave_the_choice_to_the_model() {
        assert_eq!(
            [0.0, 0.2, 0.49, 0.5, 0.6, 1.0].map(|d| class(d, 0.5, 0.0, 1.0)),
            [1, 2, 0, 0, 5, 7]
        );
        assert_eq!([-1.0, 0.0, 1.0].map(|r| class(r, 0.0, -1.0, 1.0)), [1, 0, 7]);
        assert_eq!(class(f32::NAN, 0.5, 0.0, 1.0), 0);
    }
}
