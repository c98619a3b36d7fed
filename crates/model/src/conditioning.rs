//! From controls to streams: which conditions to read the music under, and how to weigh them.

use score::steps::{self, Conditions, N_SLOTS};
use score::{BeatFrame, Blend, Controls, Genre, Mode, Part, PartControls};

use crate::WeightMap;
use crate::blending::Blending;
use crate::decoder::{Mix, StreamMix};
use crate::style::Styles;

/// Genres that weigh no more than this are left out.
pub const MIN_WEIGHT: f32 = 0.01;

/// Pull of one genre at `strength` 1.0: logits lie this many times as far from those without a
/// genre. Set by eye and ear: 1.0 sounds like the corpus, 2.0 exaggerates what sets a genre apart.
const GUIDANCE: f32 = 1.3;

/// The same where genres meet, and of a style. Between two genres lie others, and a style lies beside
/// its genres: so there the band is pulled harder, and away from these. See `models/EXPERIMENTS.md` 14
/// and 20.
const MIXED_GUIDANCE: f32 = 1.8;

/// Most pull of one genre, whatever the strength: beyond, a band plays what sets its genres apart and
/// little else. Where genres meet that is so from [`MIXED_GUIDANCE`] on.
const MOST_GUIDANCE: f32 = 2.0 * GUIDANCE;

/// How many times as hard as at `strength` 1.0 its full turn pulls: judges hear the genre no better
/// beyond. See `models/EXPERIMENTS.md` 16.
const FULL_STRENGTH: f32 = 1.4;

/// Steps in which a stream that is pulled away from changes, so that what it has read mostly stays
/// while a knob turns.
const AGAINST_STEPS: f32 = 8.0;

/// Most streams of a plan: six genres, the user's styles and none.
pub const MAX_STREAMS: usize = Blend::LEN + 1;

/// Streams to read, and their weights in each slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Conditions of the streams; the one that is pulled away from, if needed, is last.
    pub streams: Vec<StreamMix>,
    /// How many of them are of the blend.
    pub n_blended: usize,
    /// Weights of the streams, which sum to 1 in each slot.
    pub weights: [[f32; MAX_STREAMS]; N_SLOTS],
    /// How the streams become one distribution.
    pub blending: Blending,
}

impl Plan {
    /// The plan for a beat, pulled at `pull` times as hard as the strength asks for.
    ///
    /// Logits of a slot are `l₀ + g Σ wᵣ (lᵣ - l₀)`, `l₀` being those without genre where one genre
    /// plays, of the genres that it lies next to where a style does, and of the other genres the more
    /// of them the more genres do, or the harder that one is pulled at. The weights of this plan hold
    /// `g` already: those of the blend are `g wᵣ`, that of `l₀` is `1 - g`. Of the harmony `g` is 1
    /// under one genre.
    pub fn new(
        controls: &Controls,
        pull: f32,
        n_genres: usize,
        map: &WeightMap,
        styles: &Styles,
        blending: Blending,
    ) -> Self {
        let strength = controls.strength.clamp(0.0, 2.0);
        let eased = strength.min(1.0) + (FULL_STRENGTH - 1.0) * (strength - 1.0).max(0.0);
        let pull = (pull * eased).min(2.0);
        let slots: [Vec<(usize, f32)>; N_SLOTS] = core::array::from_fn(|slot| {
            match slot.checked_sub(1) {
                None => harmony(controls, map, styles),
                // A part that is off has no steps; no blend of its own may cost a stream.
                Some(part) if !controls.parts[part].on => vec![],
                Some(part) => active(&controls.part_blend(Part::ALL[part]), map, styles),
            }
        });
        let mixture = mixture(&slots);
        let between = |one: f32, share: f32| one + (MIXED_GUIDANCE - one) * share;
        let most = between(MOST_GUIDANCE, mixture);
        let mut pulls = slots
            .each_ref()
            .map(|genres| (pull * between(GUIDANCE, mixture.max(style_share(genres)))).min(most));
        if pull > 1e-4 {
            // The chords of one genre are the corpus's: pulled at, they keep fewer of its habits.
            pulls[0] = 1.0 + (MIXED_GUIDANCE - 1.0) * mixture * pull.min(1.0);
        }
        let mut streams: Vec<StreamMix> = Vec::new();
        let mut weights = [[0.0; MAX_STREAMS]; N_SLOTS];
        if pull > 1e-4 {
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
                    weights[slot][0] = pulls[slot];
                    continue;
                }
                spread(genres, n, |stream, genre, weight| {
                    streams[stream][slot] = Mix::of_one(genre);
                    weights[slot][stream] = pulls[slot] * weight;
                });
                if genres.is_empty() {
                    weights[slot][0] = pulls[slot];
                }
            }
        }
        let n_blended = streams.len();
        if pulls.iter().any(|pull| (pull - 1.0).abs() > 1e-4) {
            let others = (mixture + (pull - 1.0).max(0.0)).min(1.0) * pull.min(1.0);
            streams.push(slots.map(|genres| against(&genres, others, n_genres, styles)));
            for (weights, pull) in weights.iter_mut().zip(pulls) {
                weights[n_blended] = 1.0 - pull;
            }
        }
        Self { streams, n_blended, weights, blending }
    }

    /// Whether what a slot's genres say is pulled away from what others do.
    pub fn is_pulled(&self, slot: usize) -> bool {
        let is_blended = (1..self.streams.len()).contains(&self.n_blended);
        is_blended && self.weights[slot][self.n_blended] != 0.0
    }
}

/// How mixed the genres of a band are: 0 where all slots have one, 1 from where the second has a
/// fifth on.
fn mixture(slots: &[Vec<(usize, f32)>; N_SLOTS]) -> f32 {
    let n_heard = slots.iter().filter(|genres| !genres.is_empty()).count();
    if n_heard == 0 {
        return 0.0;
    }
    let mut band = [0.0; Blend::LEN];
    for (place, weight) in slots.iter().flatten() {
        band[*place] += weight / n_heard as f32;
    }
    (3.0 - 3.0 * band.iter().map(|weight| weight * weight).sum::<f32>()).clamp(0.0, 1.0)
}

/// What a slot of these genres is pulled away from: music of no genre, and of that a share of the
/// other genres' instead. A genre of the blend is among these as far as it weighs less than the
/// heaviest, and a style's are those that it lies next to. As far as the slot is a style's, it is
/// pulled away from these, so that what is heard is what sets the style apart.
fn against(genres: &[(usize, f32)], share: f32, n_genres: usize, styles: &Styles) -> Mix {
    let rounded = |value: f32| (AGAINST_STEPS * value).round() / AGAINST_STEPS;
    let mut own = [0.0; Genre::COUNT];
    for (place, weight) in genres {
        let of = styles.genres_of(*place);
        own.iter_mut().zip(of).for_each(|(own, of)| *own += weight * of);
    }
    let heaviest = own.iter().copied().fold(0.0, f32::max);
    if heaviest == 0.0 {
        return Mix::NULL;
    }
    let mut weights = [0.0; steps::N_CONDITIONS];
    for (weight, own) in weights.iter_mut().zip(&own[..n_genres.min(Genre::COUNT)]) {
        *weight = rounded(1.0 - own / heaviest);
    }
    let sum: f32 = weights.iter().sum();
    let share = if sum > 0.0 { rounded(share) } else { 0.0 };
    let sum = sum.max(1.0 / AGAINST_STEPS);
    weights.iter_mut().for_each(|weight| *weight = share * *weight / sum);
    weights[usize::from(steps::NULL_CONDITION)] = 1.0 - share;
    let style = rounded(style_share(genres));
    if style > 0.0 {
        let mut beside = [0.0; Genre::COUNT];
        for (place, weight) in genres.iter().filter(|(place, _)| is_style(*place)) {
            let of = styles.genres_of(*place);
            beside.iter_mut().zip(of).for_each(|(beside, of)| *beside += weight * of);
        }
        let beside = beside.map(rounded);
        let sum: f32 = beside.iter().sum();
        if sum > 0.0 {
            weights.iter_mut().for_each(|weight| *weight *= 1.0 - style);
            let places = weights.iter_mut().zip(beside);
            places.for_each(|(weight, beside)| *weight += style * beside / sum);
        }
    }
    Mix::new(weights)
}

/// Whether a place in a blend is a style's.
fn is_style(place: usize) -> bool {
    place >= Genre::COUNT
}

/// How much of a slot is the user's styles.
fn style_share(genres: &[(usize, f32)]) -> f32 {
    genres.iter().filter(|(place, _)| is_style(*place)).map(|(_, weight)| weight).sum()
}

/// Genres and styles above [`MIN_WEIGHT`] in the order of a blend's weights, with the weights that
/// they are composed with, which sum to 1.
fn active(blend: &Blend, map: &WeightMap, styles: &Styles) -> Vec<(usize, f32)> {
    let shares = map.apply(styles.shares(blend), |place| styles.genres_of(place));
    shares.into_iter().enumerate().filter(|(_, share)| *share > 0.0).collect()
}

/// The same of the harmony. On the way from the common blend to its own the map has no say: it tells
/// how a whole band is heard, and bent by it, chords turn at both ends of the way and hardly between. See
/// `models/EXPERIMENTS.md` 18.
fn harmony(controls: &Controls, map: &WeightMap, styles: &Styles) -> Vec<(usize, f32)> {
    let own = controls.harmony_own.clamp(0.0, 1.0);
    let of = |blend: &Blend| active(blend, map, styles);
    if own <= MIN_WEIGHT {
        return of(&controls.blend);
    }
    if own >= 1.0 - MIN_WEIGHT {
        return of(&controls.harmony_blend);
    }
    let mut mixed = [0.0; Blend::LEN];
    for (blend, weight) in [(&controls.blend, 1.0 - own), (&controls.harmony_blend, own)] {
        of(blend).into_iter().for_each(|(place, share)| mixed[place] += weight * share);
    }
    mixed.into_iter().enumerate().filter(|(_, share)| *share > 0.0).collect()
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
    use super::*;

    fn blend(weights: &[(Genre, f32)]) -> Blend {
        let mut all = [0.0; Blend::LEN];
        weights.iter().for_each(|(genre, weight)| all[genre.index()] = *weight);
        Blend::new(all)
    }

    fn plan_of(controls: &Controls, blending: Blending) -> Plan {
        Plan::new(controls, 1.0, 6, &WeightMap::default(), &Styles::default(), blending)
    }

    fn plan(controls: &Controls) -> Plan {
        plan_of(controls, Blending::Composed)
    }

    /// Shares of the six genres and of none in what is pulled away from.
    fn others(genres: &[(usize, f32)], share: f32, n_genres: usize) -> [f32; 7] {
        let mix = against(genres, share, n_genres, &Styles::default());
        core::array::from_fn(|condition| mix.weights()[condition])
    }

    #[test]
    fn one_genre_is_pulled_away_from_none() {
        let controls = Controls { blend: blend(&[(Genre::Jazz, 1.0)]), ..Controls::default() };
        let pure = plan(&controls);
        assert_eq!(pure.streams, [[Mix::pure(1); N_SLOTS], [Mix::NULL; N_SLOTS]]);
        assert_eq!(pure.n_blended, 1);
        assert_eq!(pure.weights[3][..2], [GUIDANCE, 1.0 - GUIDANCE]);
        assert_eq!(pure.weights[0][..2], [1.0, 0.0], "the harmony of one genre is not pulled at");
        assert!(pure.is_pulled(3) && !pure.is_pulled(0));
        let at = |strength: f32| plan(&Controls { strength, ..controls });
        assert_eq!(at(1.0 / GUIDANCE).streams.len(), 1, "nothing to pull away from at guidance 1");
        assert_eq!((at(0.0).streams, at(0.0).n_blended), (vec![[Mix::NULL; N_SLOTS]], 0));
        assert!(!at(0.0).is_pulled(0), "no genre pulls");
        // Stronger than 100 %, it is pulled away from the other genres.
        let none = |strength: f32| at(strength).streams[1][2].weights()[6];
        assert_eq!((none(1.5), none(2.0)), (0.75, 0.625));
        let strongest = at(2.0).weights[3][0];
        assert!((strongest - FULL_STRENGTH * GUIDANCE).abs() < 1e-5);
        // Whoever asks for twice the pull has it whatever the strength, and no more at the full one.
        let twice = |strength: f32| {
            let (map, styles) = (WeightMap::default(), Styles::default());
            let controls = Controls { strength, ..controls };
            Plan::new(&controls, 2.0, 6, &map, &styles, Blending::Composed).weights[3][0]
        };
        assert_eq!((twice(0.5), twice(1.0), twice(2.0)), (GUIDANCE, MOST_GUIDANCE, MOST_GUIDANCE));
    }

    #[test]
    fn two_genres_are_two_streams_pulled_away_from_the_others() {
        let weights = [(Genre::Jazz, 0.5), (Genre::HipHop, 0.5), (Genre::Folk, 0.005)];
        let controls = Controls { blend: blend(&weights), ..Controls::default() };
        let planned = plan(&controls);
        assert_eq!(planned.streams[..2], [[Mix::pure(1); N_SLOTS], [Mix::pure(5); N_SLOTS]]);
        assert_eq!(planned.streams[2][0].weights()[..7], [0.25, 0.0, 0.25, 0.25, 0.25, 0.0, 0.0]);
        for weights in planned.weights {
            assert!((weights[0] - MIXED_GUIDANCE / 2.0).abs() < 0.01);
            assert!((weights[1] - MIXED_GUIDANCE / 2.0).abs() < 0.01);
            assert!((weights[2] - (1.0 - MIXED_GUIDANCE)).abs() < 0.01);
        }
        assert!(planned.is_pulled(0));
        let strongest = plan(&Controls { strength: 2.0, ..controls });
        assert!((strongest.weights[0][2] - (1.0 - MIXED_GUIDANCE)).abs() < 0.02);
        let planned = plan_of(&controls, Blending::Interpolated);
        assert_eq!((planned.streams.len(), planned.n_blended), (2, 1));
        assert!((planned.streams[0][3].weights()[1] - 0.5).abs() < 0.01);
    }

    #[test]
    fn the_pull_turns_with_the_blend_without_a_step() {
        let at = |share: f32| {
            let weights = [(Genre::Jazz, 1.0 - share), (Genre::HipHop, share)];
            plan(&Controls { blend: blend(&weights), ..Controls::default() })
        };
        let guidance =
            |share: f32| -> f32 { at(share).weights[1][..at(share).n_blended].iter().sum() };
        let pulls: Vec<f32> = (0..=100).map(|percent| guidance(percent as f32 / 100.0)).collect();
        assert!(pulls.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.08), "{pulls:?}");
        assert!(
            (pulls[0], pulls[100]) == (GUIDANCE, GUIDANCE) && pulls[50] > MIXED_GUIDANCE - 0.01
        );
        let mut read: Vec<StreamMix> = Vec::new();
        for percent in 0..=100 {
            let last = *at(percent as f32 / 100.0).streams.last().unwrap();
            if read.last() != Some(&last) {
                read.push(last);
            }
        }
        assert!(read.len() < 32, "what is pulled away from is read anew {} times", read.len());
    }

    #[test]
    fn a_genre_of_the_blend_is_among_the_others_as_far_as_it_weighs_less() {
        assert_eq!(others(&[(0, 1.0)], 0.0, 6)[6], 1.0);
        let [classical, jazz, rock, .., none] = others(&[(0, 0.8), (1, 0.2)], 1.0, 6);
        assert!(classical == 0.0 && none == 0.0 && (jazz / rock - 0.75).abs() < 1e-6);
        // A model of two genres has no third; without a blend there is nothing to be apart from.
        assert_eq!(others(&[(0, 0.5), (1, 0.5)], 1.0, 2)[6], 1.0);
        assert_eq!(others(&[(0, 1.0)], 1.0, 2)[1], 1.0);
        assert_eq!(others(&[], 1.0, 6)[6], 1.0);
    }

    #[test]
    fn a_style_is_pulled_away_from_the_genres_it_lies_next_to() {
        let weights = crate::weights::random(&crate::Config::TINY, 1).unwrap();
        let network =
            crate::Network::new(crate::Config::TINY, &weights, crate::Kernels::Fused).unwrap();
        let style = crate::Style::of_lines(&network, &[]);
        let beside = style.genres().iter().position(|share| *share == 1.0).unwrap();
        let styles = Styles::new([Some(style.into()), None, None, None], &network).unwrap();
        let at = |share: f32| {
            let mut weights = [0.0; Blend::LEN];
            (weights[beside], weights[Genre::COUNT]) = (1.0 - share, share);
            let controls = Controls { blend: Blend::new(weights), ..Controls::default() };
            Plan::new(&controls, 1.0, 6, &WeightMap::default(), &styles, Blending::Composed)
        };
        let away = |share: f32| at(share).streams.last().unwrap()[2].weights()[beside];
        assert_eq!([0.0, 0.5, 1.0].map(away), [0.0, 0.5, 1.0]);
        let guidance =
            |share: f32| -> f32 { at(share).weights[2][..at(share).n_blended].iter().sum() };
        assert_eq!((guidance(0.0), guidance(1.0)), (GUIDANCE, MIXED_GUIDANCE));
        let pulls: Vec<f32> = (0..=50).map(|i| guidance(i as f32 / 50.0)).collect();
        assert!(pulls.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.08), "{pulls:?}");
    }

    #[test]
    fn parts_with_their_own_genre_share_streams() {
        let mut controls = Controls { blend: Blend::pure(Genre::Classical), ..Controls::default() };
        controls.parts[0].own = 1.0;
        controls.parts[0].blend = Blend::pure(Genre::HipHop);
        let planned = plan(&controls);
        let classical = Mix::pure(0);
        let own = [classical, Mix::pure(5), classical, classical, classical];
        assert_eq!((planned.n_blended, planned.streams[0]), (1, own));
        // In a band of two genres each part is pulled away from the other's, too.
        let away = [0, 1].map(|slot| *planned.streams[1][slot].weights());
        assert!(away[0][5] > 0.0 && away[0][0] == 0.0 && away[1][0] > 0.0 && away[1][5] == 0.0);
        assert!(planned.weights[2][0] > GUIDANCE);
        controls.blend = blend(&[(Genre::Classical, 1.0), (Genre::Jazz, 1.0)]);
        let planned = plan(&controls);
        assert_eq!(planned.streams.len(), 3);
        assert_eq!(planned.streams[1][1], Mix::pure(5));
        assert_eq!(planned.weights[1][..2], [MIXED_GUIDANCE / 2.0; 2]);
        assert_eq!(planned.weights[2][..2], [MIXED_GUIDANCE / 2.0; 2]);
        controls.parts[0].on = false;
        assert_eq!(plan(&controls).streams[0][1], Mix::NULL);
    }

    #[test]
    fn the_harmony_goes_to_its_own_blend_in_a_line() {
        let mut map = WeightMap::default();
        map.set(0, 5, core::array::from_fn(|i| (i as f32 / 10.0).powi(2))).unwrap();
        let classical = Blend::pure(Genre::Classical);
        let mixed = blend(&[(Genre::Classical, 0.5), (Genre::HipHop, 0.5)]);
        let at = |common: Blend, harmony_own: f32| {
            let harmony_blend = Blend::pure(Genre::HipHop);
            let controls =
                Controls { blend: common, harmony_own, harmony_blend, ..Controls::default() };
            let of_hip_hop = |(place, share): &(usize, f32)| (*place == 5).then_some(*share);
            harmony(&controls, &map, &Styles::default()).iter().find_map(of_hip_hop).unwrap_or(0.0)
        };
        let near = |a: f32, b: f32| (a - b).abs() < 1e-4;
        assert!([0.0, 0.3, 0.7, 1.0].iter().all(|own| near(at(classical, *own), *own)));
        // Blends themselves pass the map.
        assert!(near(at(mixed, 0.0), 0.25) && near(at(mixed, 0.6), 0.7));
        assert_eq!(at(classical, MIN_WEIGHT), 0.0, "too little to be read for");
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
                    let plan = plan_of(&controls, blending);
                    assert!((1..=MAX_STREAMS).contains(&plan.streams.len()));
                    for weights in plan.weights {
                        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{plan:?}");
                    }
                    for mix in plan.streams.iter().flatten() {
                        let sum = mix.weights().iter().chain(mix.styles()).sum::<f32>();
                        assert!((sum - 1.0).abs() < 1e-4, "{plan:?}");
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
