//! Sweeps between two genres, and drums of one genre under the rest of another, as judges hear
//! them.

use std::collections::BTreeMap;

use anyhow::Result;
use rayon::prelude::*;
use score::random::Random;
use score::{Blend, HistoryBeat};
use serde::{Deserialize, Serialize};

use super::hearing::{Accuracy, Verdict};
use super::music::{Studio, Wish, excerpts};
use super::stats::{Figure, bootstrap, mean, mean_of, spearman, standard_error};
use crate::judge::{ALL_PARTS, Excerpt, Kind, MIN_NOTES, Panel, Voice};

/// Points of a sweep.
pub const N_POINTS: usize = 11;

/// Ends closer than this by the difference of both probabilities count as this far apart, so
/// that a pair that cannot be told apart is not divided by nothing.
const LEAST_WAY: f64 = 0.1;

/// A blend of genres by number.
pub fn blend(weights: &[(usize, f32)]) -> Blend {
    let mut all = [0.0; Blend::LEN];
    weights.iter().for_each(|(genre, weight)| all[*genre] += weight);
    Blend::new(all)
}

/// All pairs of `n` genres, the lower number first.
pub fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |a| (a + 1..n).map(move |b| (a, b)))
}

/// The song of a pair at a point: the ends are the songs of the pure genres.
pub fn sweep_wish(a: usize, b: usize, point: usize, n_bars: usize, seed: u32) -> Wish {
    let w = point as f32 / (N_POINTS - 1) as f32;
    let weights = match point {
        0 => blend(&[(a, 1.0)]),
        _ if point == N_POINTS - 1 => blend(&[(b, 1.0)]),
        _ => blend(&[(a, 1.0 - w), (b, w)]),
    };
    Wish::new(weights, n_bars, seed)
}

/// A curve between two genres: what was judged at each point, a song a row.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// For each point and song the mean probabilities of the first and of the second genre.
    pub points: Vec<Vec<[f64; 2]>>,
}

/// What a curve is worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The first genre, at weight 0.
    pub from: String,
    /// The second genre, at weight 1.
    pub to: String,
    /// Mean probability of the first genre at each point.
    pub p_from: Vec<Figure>,
    /// Mean probability of the second genre at each point.
    pub p_to: Vec<Figure>,
    /// Rank correlation of weight and probability, the mean of both genres'.
    pub spearman: Figure,
    /// Largest step between neighbours, as a share of the way between the ends.
    pub largest_step: Figure,
    /// Mean distance from the line between the ends, as a share of the way.
    pub deviation: Figure,
    /// Mean probability of all other genres at the inner points.
    #[serde(deserialize_with = "super::stats::null_is_nan")]
    pub third: f64,
    /// Bits a note of the middle under the model without genre, against the mean of the ends.
    #[serde(deserialize_with = "super::stats::null_is_nan")]
    pub middle_cost: f64,
    /// Most songs of a point.
    pub n_songs: usize,
    /// Largest standard error of the mean probabilities.
    #[serde(default)]
    pub standard_error: f64,
}

impl Heard {
    fn mean(&self, point: usize, side: usize, counts: &[f64]) -> f64 {
        let songs = self.points[point].iter().zip(counts);
        let (sum, n) = songs.fold((0.0, 0.0), |(s, n), (p, c)| (s + c * p[side], n + c));
        sum / n
    }

    fn line(&self, side: usize, counts: &[f64]) -> Vec<f64> {
        (0..self.points.len()).map(|point| self.mean(point, side, counts)).collect()
    }

    /// `[spearman, largest step, deviation]` of songs drawn so often each.
    fn measures(&self, counts: &[f64]) -> [f64; 3] {
        let (from, to) = (self.line(0, counts), self.line(1, counts));
        let n = from.len() - 1;
        let weights: Vec<f64> = (0..=n).map(|i| i as f64 / n as f64).collect();
        let falling: Vec<f64> = from.iter().map(|p| -p).collect();
        let rank = f64::midpoint(spearman(&weights, &to), spearman(&weights, &falling));
        let lean: Vec<f64> = to.iter().zip(&from).map(|(to, from)| to - from).collect();
        let way = (lean[n] - lean[0]).max(LEAST_WAY);
        let step = lean.windows(2).map(|w| (w[1] - w[0]).abs() / way).fold(0.0, f64::max);
        let share = lean.iter().map(|here| (here - lean[0]) / way);
        let deviation = mean(share.zip(&weights).map(|(share, w)| (share - w).abs()));
        [rank, step, deviation]
    }

    /// Summarises the curve; middle cost and names are the caller's.
    pub fn curve(&self) -> Curve {
        let n_songs = self.points.iter().map(Vec::len).max().unwrap_or(0);
        let ones = vec![1.0; n_songs];
        let strata = [(0..n_songs).collect::<Vec<_>>()];
        let figure = |i: usize| bootstrap(&strata, |counts| self.measures(counts)[i]);
        let line = |side: usize| -> Vec<Figure> {
            let at = |point: usize| bootstrap(&strata, |counts| self.mean(point, side, counts));
            (0..self.points.len()).map(at).collect()
        };
        let inner = 1..self.points.len() - 1;
        let third = mean(inner.map(|i| 1.0 - self.mean(i, 0, &ones) - self.mean(i, 1, &ones)));
        Curve {
            p_from: line(0),
            p_to: line(1),
            spearman: figure(0),
            largest_step: figure(1),
            deviation: figure(2),
            third,
            n_songs,
            standard_error: self.standard_errors().into_iter().fold(0.0, f64::max),
            ..Curve::default()
        }
    }

    /// Standard error of the mean probabilities of each point, the larger one.
    fn standard_errors(&self) -> Vec<f64> {
        let of = |songs: &Vec<[f64; 2]>| {
            let side = |side: usize| standard_error(songs.iter().map(|song| song[side]));
            side(0).max(side(1))
        };
        self.points.iter().map(of).collect()
    }
}

/// A summary of all curves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// A curve a pair.
    pub curves: Vec<Curve>,
    /// Mean over pairs, with the interval over pairs.
    pub spearman: Figure,
    /// The least.
    #[serde(deserialize_with = "super::stats::null_is_nan")]
    pub spearman_worst: f64,
    /// Mean over pairs of the largest step.
    pub largest_step: Figure,
    /// The largest.
    #[serde(deserialize_with = "super::stats::null_is_nan")]
    pub largest_step_worst: f64,
    /// Mean over pairs.
    pub deviation: Figure,
    /// Mean over pairs.
    pub third: Figure,
    /// Mean over pairs of the cost of the middle.
    pub middle_cost: Figure,
}

impl Sweep {
    /// Summarises curves.
    pub fn of(curves: Vec<Curve>) -> Self {
        let over = |of: &dyn Fn(&Curve) -> f64| mean_of(&curves.iter().map(of).collect::<Vec<_>>());
        Self {
            spearman: over(&|c| c.spearman.value),
            spearman_worst: curves.iter().map(|c| c.spearman.value).fold(f64::INFINITY, f64::min),
            largest_step: over(&|c| c.largest_step.value),
            largest_step_worst: curves.iter().map(|c| c.largest_step.value).fold(0.0, f64::max),
            deviation: over(&|c| c.deviation.value),
            third: over(&|c| c.third),
            middle_cost: over(&|c| c.middle_cost),
            curves,
        }
    }
}

impl Sweep {
    /// The least rank correlation, with the interval of its pair.
    pub fn worst_pair(&self) -> Figure {
        let all = self.curves.iter().map(|curve| curve.spearman);
        all.min_by(|a, b| a.value.total_cmp(&b.value)).unwrap_or(Figure::alone(f64::NAN))
    }
}

/// Mean probabilities of a song's excerpts.
pub fn hear_song(panel: &Panel, song: &[HistoryBeat], fold: usize, n_genres: usize) -> Vec<f64> {
    let excerpts = excerpts(song, ALL_PARTS);
    let heard: Vec<(&Excerpt, usize)> = excerpts.iter().map(|excerpt| (excerpt, fold)).collect();
    let judged = panel.hear(Kind::All, &heard, Voice::All);
    let of = |genre: usize| mean(judged.iter().map(|p| f64::from(p[genre])));
    (0..n_genres).map(of).collect()
}

/// How much a sweep takes.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// Songs a point.
    pub n_songs: usize,
    /// Songs of a point whose probabilities are known worse than to [`MOST_ERROR`] with fewer.
    pub most_songs: usize,
    /// Bars of a song.
    pub n_bars: usize,
    /// Seed of the first song.
    pub first_seed: u32,
}

/// Standard error up to which a point gets more songs.
const MOST_ERROR: f64 = 0.03;

/// Two genres and a point between them; five pairs share each end.
type Place = (usize, usize, usize);

fn place(a: usize, b: usize, point: usize) -> Place {
    match point {
        0 => (a, a, 0),
        _ if point == N_POINTS - 1 => (b, b, 0),
        _ => (a, b, point),
    }
}

/// A song, and the mean probabilities of its excerpts.
type Judged = (Vec<HistoryBeat>, Vec<f64>);

/// Composes and judges all sweeps; `cost` gives the bits and the notes of songs.
///
/// # Errors
/// A model that fails.
pub fn sweep(
    studio: &Studio,
    panel: &Panel,
    genres: &[String],
    length: Length,
    cost: impl Fn(&[&Vec<HistoryBeat>]) -> Result<Cost>,
) -> Result<Sweep> {
    let all = || pairs(genres.len()).flat_map(|(a, b)| (0..N_POINTS).map(move |p| place(a, b, p)));
    let mut judged: BTreeMap<Place, Vec<Judged>> = all().map(|place| (place, vec![])).collect();
    loop {
        let wishes: Vec<(Place, Wish)> = judged
            .iter()
            .flat_map(|(place, songs)| {
                let (a, b, point) = *place;
                (songs.len()..wanted(*place, songs, length)).map(move |song| {
                    let seed = length.first_seed + song as u32;
                    (*place, sweep_wish(a, b, point, length.n_bars, seed))
                })
            })
            .collect();
        if wishes.is_empty() {
            break;
        }
        let (places, wishes): (Vec<Place>, Vec<Wish>) = wishes.into_iter().unzip();
        let songs = studio.make("blend sweeps", &wishes)?;
        let heard: Vec<Vec<f64>> = studio.pool().install(|| {
            let pairs = wishes.par_iter().zip(&songs);
            pairs.map(|(w, song)| hear_song(panel, song, w.fold(), genres.len())).collect()
        });
        for ((place, song), heard) in places.into_iter().zip(songs).zip(heard) {
            judged.entry(place).or_default().push((song, heard));
        }
    }
    let mut curves = Vec::new();
    for (a, b) in pairs(genres.len()) {
        let at = |point: usize| judged[&place(a, b, point)].as_slice();
        let row = |point: usize| at(point).iter().map(|(_, heard)| [heard[a], heard[b]]).collect();
        let of = Heard { points: (0..N_POINTS).map(row).collect() };
        let bits = |point: usize| -> Result<f64> {
            Ok(cost(&at(point).iter().map(|(song, _)| song).collect::<Vec<_>>())?.a_note())
        };
        let ends = f64::midpoint(bits(0)?, bits(N_POINTS - 1)?);
        let middle_cost = bits(N_POINTS / 2)? / ends;
        curves.push(Curve {
            from: genres[a].clone(),
            to: genres[b].clone(),
            middle_cost,
            ..of.curve()
        });
    }
    Ok(Sweep::of(curves))
}

/// Songs that a point needs, as far as those it has tell.
fn wanted((a, b, _): Place, songs: &[Judged], length: Length) -> usize {
    let error = |genre: usize| standard_error(songs.iter().map(|(_, heard)| heard[genre]));
    let error = error(a).max(error(b)) / MOST_ERROR;
    match songs.len() {
        n if n < length.n_songs => length.n_songs,
        n if error > 1.0 => {
            let needed = (n as f64 * error * error).ceil() as usize;
            needed.clamp(n, length.most_songs.max(n))
        }
        n => n,
    }
}

/// Bits of some music under a model, and its notes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Bits of all notes.
    pub bits: f64,
    /// Notes.
    pub notes: f64,
}

impl Cost {
    /// Bits a note.
    pub fn a_note(self) -> f64 {
        self.bits / self.notes
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self { bits: self.bits + other.bits, notes: self.notes + other.notes }
    }
}

/// The same measures of excerpts that take turns: at weight `w` that share of excerpts is of the
/// second genre, the others of the first. There are verdicts and a cost a genre.
pub fn turns(
    verdicts: &[Vec<&Verdict>],
    costs: &[Cost],
    genres: &[String],
    n_songs: usize,
) -> Sweep {
    let mut random = Random::new(23);
    let mut curves = Vec::new();
    for (a, b) in
        pairs(genres.len()).filter(|(a, b)| !verdicts[*a].is_empty() && !verdicts[*b].is_empty())
    {
        let mut points = Vec::new();
        for point in 0..N_POINTS {
            let n_second = (n_songs * point + N_POINTS / 2) / (N_POINTS - 1);
            let song = |i: usize, random: &mut Random| {
                let verdict = draw(&verdicts[if i < n_second { b } else { a }], random);
                [f64::from(verdict.p[a]), f64::from(verdict.p[b])]
            };
            points.push((0..n_songs).map(|i| song(i, &mut random)).collect());
        }
        let ends = f64::midpoint(costs[a].a_note(), costs[b].a_note());
        curves.push(Curve {
            from: genres[a].clone(),
            to: genres[b].clone(),
            middle_cost: costs[a].and(costs[b]).a_note() / ends,
            ..Heard { points }.curve()
        });
    }
    Sweep::of(curves)
}

/// A verdict by weight.
fn draw<'a>(verdicts: &[&'a Verdict], random: &mut Random) -> &'a Verdict {
    let sum: f64 = verdicts.iter().map(|v| v.weight).sum();
    let mut left = f64::from(random.uniform()) * sum;
    let mut drawn = verdicts[0];
    for verdict in verdicts {
        drawn = verdict;
        left -= verdict.weight;
        if left < 0.0 {
            break;
        }
    }
    drawn
}

/// Drums of one genre under the rest of another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderedPair {
    /// Genre of the drums.
    pub drums: String,
    /// Genre of the pitched parts.
    pub rest: String,
    /// Share of excerpts whose drums are recognised; none where the genre has no drums.
    pub drums_right: Option<f64>,
    /// Share whose pitched parts are recognised.
    #[serde(deserialize_with = "super::stats::null_is_nan")]
    pub pitched_right: f64,
    /// Share where both are.
    pub both_right: Option<f64>,
    /// Mean probability of other genres, all parts heard at once.
    #[serde(default)]
    pub third: Option<f64>,
    /// Excerpts.
    pub n_excerpts: usize,
}

/// Means over the ordered pairs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerPart {
    /// A row an ordered pair.
    pub pairs: Vec<OrderedPair>,
    /// Drums that are recognised, with the interval over pairs.
    pub drums: Figure,
    /// Pitched parts that are recognised.
    pub pitched: Figure,
    /// Both at once.
    pub both: Figure,
    /// Other genres, all parts heard at once.
    #[serde(default = "unknown")]
    pub third: Figure,
}

fn unknown() -> Figure {
    Figure::alone(f64::NAN)
}

/// The song with drums of one genre under the rest of another.
pub fn pair_wish(drums: usize, rest: usize, n_bars: usize, seed: u32) -> Wish {
    let wish = Wish::new(blend(&[(rest, 1.0)]), n_bars, seed);
    Wish { drums: Some(blend(&[(drums, 1.0)])), ..wish }
}

/// Composes and judges all ordered pairs; `drumless` is the genre without drums of its own.
///
/// # Errors
/// A model that fails.
pub fn per_part(
    studio: &Studio,
    panel: &Panel,
    genres: &[String],
    drumless: Option<usize>,
    (n_songs, n_bars): (usize, usize),
) -> Result<PerPart> {
    let ordered: Vec<(usize, usize)> = ordered_pairs(genres.len()).collect();
    let wishes: Vec<Wish> = ordered
        .iter()
        .flat_map(|(d, r)| (0..n_songs as u32).map(|seed| pair_wish(*d, *r, n_bars, seed)))
        .collect();
    let songs = studio.make("drums of another", &wishes)?;
    let mut rows = Vec::new();
    for ((d, r), (wishes, songs)) in
        ordered.into_iter().zip(wishes.chunks(n_songs).zip(songs.chunks(n_songs)))
    {
        let (mut n, mut right, mut thirds) = (0, [0.0; 3], Vec::new());
        for (wish, song) in wishes.iter().zip(songs) {
            let guess = |kind: Kind, genre: usize| -> Vec<bool> {
                let set = excerpts(song, kind.parts());
                let placed: Vec<_> = set.iter().map(|excerpt| (excerpt, wish.fold())).collect();
                let is = |(p, excerpt): (Vec<f32>, &Excerpt)| {
                    let verdict = Verdict { genre, song: 0, weight: 1.0, p };
                    excerpt.n_notes(ALL_PARTS) >= MIN_NOTES && verdict.guess() == genre
                };
                panel.hear(kind, &placed, Voice::All).into_iter().zip(&set).map(is).collect()
            };
            let p = hear_song(panel, song, wish.fold(), genres.len());
            thirds.push(1.0 - p[d] - p[r]);
            let heard = guess(Kind::Drums, d).into_iter().zip(guess(Kind::Pitched, r));
            for (drums, pitched) in heard {
                n += 1;
                for (sum, is) in right.iter_mut().zip([drums, pitched, drums && pitched]) {
                    *sum += f64::from(u8::from(is));
                }
            }
        }
        let share = |i: usize| right[i] / f64::from(n.max(1));
        let has_drums = Some(d) != drumless;
        rows.push(OrderedPair {
            drums: genres[d].clone(),
            rest: genres[r].clone(),
            drums_right: has_drums.then(|| share(0)),
            pitched_right: share(1),
            both_right: has_drums.then(|| share(2)),
            third: has_drums.then(|| mean(thirds.iter().copied())),
            n_excerpts: n as usize,
        });
    }
    Ok(PerPart::of(rows))
}

impl PerPart {
    /// Summarises ordered pairs.
    pub fn of(pairs: Vec<OrderedPair>) -> Self {
        let over = |of: &dyn Fn(&OrderedPair) -> Option<f64>| {
            mean_of(&pairs.iter().filter_map(of).collect::<Vec<_>>())
        };
        Self {
            drums: over(&|row| row.drums_right),
            pitched: over(&|row| Some(row.pitched_right)),
            both: over(&|row| row.both_right),
            third: over(&|row| row.third),
            pairs,
        }
    }

    /// What independent songs would reach: drums of one, all else of another. `third` says how much
    /// of other genres is heard where both play at once, as far as that is known.
    pub fn independent(
        drums: &Accuracy,
        pitched: &Accuracy,
        genres: &[String],
        third: impl Fn(usize, usize) -> Option<f64>,
    ) -> Self {
        let share = |of: &Accuracy, genre: usize| of.by_genre[genre].map(|share| share.value);
        let row = |(d, r): (usize, usize)| {
            let (drums_right, pitched_right) = (share(drums, d), share(pitched, r)?);
            Some(OrderedPair {
                drums: genres[d].clone(),
                rest: genres[r].clone(),
                drums_right,
                pitched_right,
                both_right: drums_right.map(|drums| drums * pitched_right),
                third: third(d, r),
                n_excerpts: drums.n_excerpts[d].min(pitched.n_excerpts[r]),
            })
        };
        Self::of(ordered_pairs(genres.len()).filter_map(row).collect())
    }
}

/// All ordered pairs of two different ones of `n` genres.
pub fn ordered_pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |d| (0..n).filter(move |r| d != *r).map(move |r| (d, r)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(curve: impl Fn(f64) -> f64) -> Heard {
        let point = |i: usize| {
            let p = curve(i as f64 / 10.0);
            vec![[0.9 - p, p]; 3]
        };
        Heard { points: (0..N_POINTS).map(point).collect() }
    }

    #[test]
    fn a_line_is_perfect_and_a_switch_is_not() {
        let line = heard(|w| 0.1 + 0.6 * w).curve();
        assert!((line.spearman.value - 1.0).abs() < 1e-9);
        assert!((line.largest_step.value - 0.1).abs() < 1e-9 && line.deviation.value < 1e-9);
        assert!((line.third - 0.1).abs() < 1e-9);
        let switch = heard(|w| if w < 0.55 { 0.1 } else { 0.7 }).curve();
        assert!((switch.largest_step.value - 1.0).abs() < 1e-9);
        assert!(switch.deviation.value > 0.2);
        let deaf = heard(|_| 0.3).curve();
        assert_eq!((deaf.spearman.value, deaf.largest_step.value), (0.0, 0.0));
        assert!(deaf.deviation.value > 0.4, "a curve that stays does not follow the line");
    }

    #[test]
    fn the_ends_of_a_sweep_are_the_pure_genres() {
        assert_eq!(sweep_wish(0, 3, 0, 8, 2), sweep_wish(0, 5, 0, 8, 2));
        assert_eq!(sweep_wish(0, 3, 10, 8, 2), sweep_wish(1, 3, 10, 8, 2));
        assert_eq!(pairs(6).count(), 15);
    }

    #[test]
    fn a_point_of_which_little_is_known_gets_more_songs() {
        let length = Length { n_songs: 4, most_songs: 9, n_bars: 8, first_seed: 0 };
        let songs = |p: &[f64]| p.iter().map(|p| (vec![], vec![*p, 0.5])).collect::<Vec<_>>();
        let n = |p: &[f64]| wanted((0, 1, 5), &songs(p), length);
        assert_eq!((n(&[]), n(&[0.5; 4]), n(&[0.1, 0.9, 0.1, 0.9])), (4, 4, 9));
    }

    #[test]
    fn excerpts_that_take_turns_rise_with_the_weight_and_equal_ones_do_not() {
        let genres: Vec<String> = ["a", "b", "c"].map(String::from).into();
        let verdict = |p: [f32; 3]| Verdict { genre: 0, song: 0, weight: 1.0, p: p.to_vec() };
        let all = [verdict([0.8, 0.1, 0.1]), verdict([0.1, 0.8, 0.1]), verdict([0.1, 0.1, 0.8])];
        let cost = |bits: f64| Cost { bits, notes: 2.0 };
        let costs = [cost(4.0), cost(8.0), cost(8.0)];
        let each: Vec<Vec<&Verdict>> = all.iter().map(|verdict| vec![verdict]).collect();
        let turned = turns(&each, &costs, &genres, 10);
        assert_eq!(turned.curves.len(), 3);
        assert!((turned.spearman.value - 1.0).abs() < 1e-9 && turned.deviation.value < 1e-6);
        assert!((turned.middle_cost.value - 1.0).abs() < 1e-9);
        let same = vec![vec![&all[0]]; 3];
        let deaf = turns(&same, &costs, &genres, 10);
        assert_eq!((deaf.spearman.value, deaf.worst_pair().value), (0.0, 0.0));
    }

    #[test]
    fn independent_songs_are_both_heard_as_often_as_chance_has_it() {
        let genres: Vec<String> = ["a", "b"].map(String::from).into();
        let verdict = |genre: usize, song: usize, guess: usize| {
            let p = if guess == 0 { vec![0.9, 0.1] } else { vec![0.1, 0.9] };
            Verdict { genre, song, weight: 1.0, p }
        };
        // Drums of a are never heard since it has none; those of b in one song of two.
        let drums = Accuracy::of(&[verdict(1, 0, 0), verdict(1, 1, 1)], 2);
        let rest = Accuracy::of(&[verdict(0, 0, 0), verdict(0, 1, 1), verdict(1, 2, 1)], 2);
        let heard = PerPart::independent(&drums, &rest, &genres, |d, _| (d == 1).then_some(0.4));
        let row = |i: usize| (heard.pairs[i].drums_right, heard.pairs[i].both_right);
        assert_eq!((row(0), row(1)), ((None, None), (Some(0.5), Some(0.25))));
        assert_eq!((heard.drums.value, heard.pitched.value, heard.both.value), (0.5, 0.75, 0.25));
        assert_eq!(heard.third.value, 0.4);
    }
}
