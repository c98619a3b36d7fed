//! The judge that ships with a model: small enough for the plugin, fitted on all held-out songs.
//!
//! Logistic regression and boosted trees as in the judges of the evaluation, without the forest, in
//! all meters and on shorter stretches, too, since the plugin listens from the first bars on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use ::judge::{Classifier, Judge, Scale, window_beats};
use rayon::prelude::*;
use score::random::Random;
use score::{Genre, HistoryBeat};

use super::material::{lender, spread};
use super::{
    ALL_PARTS, BEATS_A_BAR, Boosting, DRUMS, Excerpt, Kind, Lesson, Logistic, MIN_NOTES, Material,
    N_BARS, N_FOLDS, Real, feature_list, feature_values, is_common_time,
};
use crate::eval::hearing::{Accuracy, Verdict};
use crate::eval::stats::Figure;
use crate::songs::Songs;

/// Seed of all that is drawn.
const SEED: u64 = 1;

/// Copies of an excerpt with parts taken away that a judge of several parts learns from.
const N_COPIES: usize = 3;

/// Copies of an excerpt that are shorter.
const N_SHORT: usize = 2;

/// Bars of shorter copies.
const SHORT_BARS: [usize; 3] = [1, 2, 4];

/// Stretches of eight bars of any meter.
pub fn ranges(beats: &[HistoryBeat]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < beats.len() {
        let frame = &beats[at].frame;
        let n_beats = window_beats(frame.meter, N_BARS);
        let Some(window) = beats.get(at..at + n_beats) else {
            at += 1;
            continue;
        };
        let is_even = window.iter().all(|beat| beat.frame.meter == frame.meter);
        if frame.offset_in_bar().0 != 0 || !(is_even || is_common_time(window)) {
            at += 1;
            continue;
        }
        let n_notes = |beat: &HistoryBeat| beat.music.parts.iter().map(Vec::len).sum::<usize>();
        if window.iter().map(n_notes).sum::<usize>() >= 2 * MIN_NOTES {
            ranges.push(at..at + n_beats);
        }
        at += n_beats;
    }
    spread(&ranges)
}

/// A copy of an excerpt that a judge learns from.
struct Copy<'a> {
    real: &'a Real,
    donor: Option<&'a Real>,
    beats: Range<usize>,
    mask: u8,
    weight: f32,
}

/// What the classifier of a kind learns from the excerpts that `is_heard`.
fn lessons(
    material: &Material,
    kind: Kind,
    is_heard: impl Fn(&Real) -> bool,
    random: &mut Random,
) -> Vec<Lesson> {
    let heard: Vec<&Real> = material.reals.iter().filter(|real| is_heard(real)).collect();
    let mut donors: BTreeMap<(usize, i64), Vec<&Real>> = BTreeMap::new();
    let size = |real: &Real| (real.beats.len(), real.beats[0].frame.meter.bar_ticks().0);
    for real in heard.iter().filter(|real| real.mask & DRUMS != 0) {
        donors.entry(size(real)).or_default().push(real);
    }
    // Everything random is drawn first, so that threads change nothing.
    let mut copies: Vec<Copy> = Vec::new();
    for real in heard {
        let lends = kind == Kind::All && Some(real.genre) == material.drumless;
        let of_size = donors.get(&size(real)).filter(|_| lends);
        let donor = of_size.and_then(|donors| lender(donors, random));
        let mut masks = vec![real.mask & kind.parts()];
        let lent = masks[0] | if donor.is_some() { DRUMS } else { 0 };
        masks.extend(donor.map(|_| lent));
        if kind != Kind::Drums {
            for _ in 0..N_COPIES {
                let fewer = lent & random.bits() as u8;
                if fewer != 0 && !masks.contains(&fewer) {
                    masks.push(fewer);
                }
            }
        }
        let first = copies.len();
        let whole = 0..real.beats.len();
        let whole = |mask| Copy { real, donor, beats: whole.clone(), mask, weight: 0.0 };
        copies.extend(masks.iter().copied().map(whole));
        let n_bars = n_bars(real);
        for _ in 0..N_SHORT {
            let bars = SHORT_BARS[random.below(SHORT_BARS.len())].min(n_bars);
            let n_beats = real.beats.len() * bars / n_bars;
            let start = random.below(n_bars / bars) * n_beats;
            let mask = masks[random.below(masks.len())];
            copies.push(Copy { real, donor, beats: start..start + n_beats, mask, weight: 0.0 });
        }
        let n = (copies.len() - first) as f32;
        copies[first..].iter_mut().for_each(|copy| copy.weight = real.weight / n);
    }
    copies.par_iter().filter_map(lesson).collect()
}

/// Bars of an excerpt, short ones joined.
fn n_bars(real: &Real) -> usize {
    let meter = real.beats.first().map(|beat| beat.frame.meter).unwrap_or_default();
    (real.beats.len() / window_beats(meter, 1)).max(1)
}

fn lesson(copy: &Copy) -> Option<Lesson> {
    let excerpt = Excerpt::new(&copy.real.beats[copy.beats.clone()], copy.mask);
    let excerpt = match copy.donor {
        Some(donor) if copy.mask & DRUMS != 0 => {
            excerpt.with_drums(&Excerpt::new(&donor.beats[copy.beats.clone()], DRUMS))
        }
        _ => excerpt,
    };
    (excerpt.n_notes(ALL_PARTS) >= MIN_NOTES).then(|| Lesson {
        values: feature_values(&excerpt),
        genre: copy.real.genre,
        weight: copy.weight,
        mask: excerpt.mask(),
    })
}

/// Fits the classifier of a kind.
fn classifier(kind: Kind, lessons: &[Lesson], n_genres: usize) -> Classifier {
    let (used, examples) = super::examples(kind, lessons, n_genres);
    let n_features = feature_list().len();
    let mut scales = vec![Scale { mean: 0.0, deviation: 1.0 }; n_features];
    for (i, mean, deviation) in &used {
        scales[*i] = Scale { mean: *mean, deviation: *deviation };
    }
    let spread = |row: &Vec<f32>| {
        let mut weights = vec![0.0; n_features + 1];
        used.iter().zip(row).for_each(|((i, ..), weight)| weights[*i] = *weight);
        weights[n_features] = row.last().copied().unwrap_or(0.0);
        weights
    };
    let linear = Logistic::fit(&examples).weights().iter().map(spread).collect();
    let trees = Boosting::fit(&examples, SEED).trees(|feature| used[feature].0);
    Classifier { scales, linear, trees }
}

/// A judge, and how right judges like it are.
pub struct Fitted {
    /// Fitted on all songs.
    pub judge: Judge,
    /// Names of what was heard, with how right judges were that never heard the songs.
    pub rows: Vec<(String, Accuracy)>,
}

/// Fits a judge on held-out songs, and one without each fold of them to measure it.
///
/// `done` is called after each of [`N_FITS`]. `None` where a genre has no excerpt to learn from.
pub fn fit(songs: &Songs, done: impl Fn() + Sync) -> Option<Fitted> {
    fit_on(
        &Material::cut(songs),
        &Material::cut_at(&songs.index.genres, &songs.songs, ranges),
        done,
    )
}

/// Fits on excerpts of all meters; those of common time are heard to measure it.
fn fit_on(common: &Material, material: &Material, done: impl Fn() + Sync) -> Option<Fitted> {
    let n_genres = material.genres.len();
    let is_heard = |genre: usize| material.reals.iter().any(|real| real.genre == genre);
    if !(1..=Genre::COUNT).contains(&n_genres) || !(0..n_genres).all(is_heard) {
        return None;
    }
    let fit = |is_heard: &(dyn Fn(&Real) -> bool + Sync)| {
        let of_kind = |kind: Kind| {
            let mut random = Random::new(SEED ^ kind as u64);
            let lessons = lessons(material, kind, is_heard, &mut random);
            let classifier = classifier(kind, &lessons, n_genres);
            done();
            classifier
        };
        Judge::new(Kind::ALL.map(of_kind))
    };
    let is_new = |fold: usize| move |real: &Real| real.fold == fold;
    let folds: Vec<Judge> =
        (0..N_FOLDS).map(|fold| fit(&|real: &Real| !is_new(fold)(real))).collect();
    let rows = measure(&folds, common, material);
    Some(Fitted { judge: fit(&|_| true), rows })
}

/// Classifiers that [`fit`] fits.
pub const N_FITS: usize = Kind::COUNT * (N_FOLDS + 1);

/// Judges excerpts of common time and of other meters, each by the judge of its fold.
fn measure(folds: &[Judge], common: &Material, all: &Material) -> Vec<(String, Accuracy)> {
    let mut rows = Vec::new();
    let mut hear = |name: String, kind: Kind, heard: Vec<(&Real, Excerpt)>| {
        let judged = heard.par_iter().filter_map(|(real, excerpt)| {
            let shares = *folds[real.fold].hear_excerpt(excerpt).shares(kind)?;
            Some((*real, shares[..all.genres.len()].to_vec()))
        });
        let judged: Vec<(&Real, Vec<f32>)> = judged.collect();
        // Each song counts alike.
        let song = |real: &Real| (real.genre, real.group);
        let mut counts: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        judged.iter().for_each(|(real, _)| *counts.entry(song(real)).or_default() += 1.0);
        let verdict = |(real, p): (&Real, Vec<f32>)| {
            let weight = 1.0 / counts[&song(real)];
            Verdict { genre: real.genre, song: real.group, weight, p }
        };
        let verdicts: Vec<Verdict> = judged.into_iter().map(verdict).collect();
        if !verdicts.is_empty() {
            rows.push((name, Accuracy::of(&verdicts, all.genres.len())));
        }
    };
    let cut = |set: Vec<(usize, Excerpt)>| -> Vec<(&Real, Excerpt)> {
        set.into_iter().map(|(i, excerpt)| (&common.reals[i], excerpt)).collect()
    };
    for kind in Kind::ALL {
        hear(kind.name().into(), kind, cut(common.natural(kind)));
    }
    hear("four parts".into(), Kind::All, cut(common.four_parts(SEED)));
    for n_bars in SHORT_BARS.into_iter().rev() {
        let first = |real: &Real| Excerpt::new(&real.beats[..n_bars * BEATS_A_BAR], ALL_PARTS);
        let heard = common.reals.iter().map(|real| (real, first(real))).collect();
        let bars = if n_bars == 1 { "bar" } else { "bars" };
        hear(format!("all parts, {n_bars} {bars}"), Kind::All, heard);
    }
    let others = all.reals.iter().filter(|real| !is_common_time(&real.beats));
    let heard = others.map(|real| (real, real.excerpt(ALL_PARTS))).collect();
    hear("all parts, other meters".into(), Kind::All, heard);
    rows
}

/// The table for people.
pub fn markdown(rows: &[(String, Accuracy)]) -> String {
    let mut text = String::from(
        "The judge in the plugin, on held-out songs that it never heard; share of excerpts that it \
         recognises, mean over genres:\n\n\
         | it hears | recognised | 95 % interval | excerpts | songs |\n|---|---:|---|---:|---:|\n",
    );
    for (name, accuracy) in rows {
        let Figure { value, low, high } = accuracy.macro_mean;
        let [excerpts, songs] =
            [&accuracy.n_excerpts, &accuracy.n_songs].map(|n| n.iter().sum::<usize>());
        // PANIC: writing to a string cannot fail.
        writeln!(text, "| {name} | {value:.3} | {low:.3}–{high:.3} | {excerpts} | {songs} |")
            .expect("a string takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::material;
    use super::super::{Lesson, standardized};
    use super::*;

    #[test]
    fn a_judge_that_never_heard_them_tells_songs_apart_soon() {
        let material = material();
        let Fitted { judge, rows } = fit_on(&material, &material, || ()).unwrap();
        for (name, accuracy) in &rows {
            assert!(accuracy.macro_mean.value > 0.9, "{name}: {:?}", accuracy.macro_mean);
        }
        let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"all parts") && names.contains(&"all parts, 2 bars"), "{names:?}");
        let table = markdown(&rows);
        assert!(table.contains("| all parts, 2 bars | "), "{table}");
        assert_eq!(judge.n_genres(), 2);
        let real = &material.reals[1];
        let heard = judge.hear(&real.beats);
        for kind in [Kind::All, Kind::Drums, Kind::Pitched] {
            assert!(heard.shares(kind).unwrap()[real.genre] > 0.5, "{}", kind.name());
        }
    }

    #[test]
    fn songs_of_random_genres_are_recognised_no_better_than_by_chance() {
        let mut material = material();
        let mut random = Random::new(9);
        material.reals.iter_mut().for_each(|real| real.genre = random.below(2));
        let Fitted { judge, rows } = fit_on(&material, &material, || ()).unwrap();
        for (name, accuracy) in &rows {
            assert!((0.2..=0.8).contains(&accuracy.macro_mean.value), "{name}: {accuracy:?}");
        }
        // Those that it learnt from it does recognise.
        let is_known =
            |real: &&Real| judge.hear(&real.beats).shares(Kind::All).unwrap()[real.genre] > 0.5;
        assert!(material.reals.iter().filter(is_known).count() > 50);
    }

    #[test]
    fn what_ships_is_what_was_fitted_on_any_number_of_threads() {
        let material = material();
        let lessons = || lessons(&material, Kind::All, |_| true, &mut Random::new(7));
        let fit = || classifier(Kind::All, &lessons(), 2);
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let (shipped, lessons) = (one.install(fit), lessons());
        assert!(shipped == fit());
        let (used, examples) = super::super::examples(Kind::All, &lessons, 2);
        let (logistic, boosting) = (Logistic::fit(&examples), Boosting::fit(&examples, SEED));
        for Lesson { values, .. } in &lessons {
            let row = standardized(&used, values);
            let (linear, boosted) = (logistic.predict(&row), boosting.predict(&row));
            let heard = shipped.hear(values);
            for genre in 0..2 {
                let mean = f32::midpoint(linear[genre], boosted[genre]);
                assert!((heard[genre] - mean).abs() < 1e-5, "{heard:?} {linear:?} {boosted:?}");
            }
        }
        let judge = Judge::new([shipped.clone(), shipped.clone(), shipped]);
        let back = Judge::from_tensors(&judge.to_tensors()).unwrap();
        let heard = |judge: &Judge| judge.hear(&material.reals[3].beats);
        assert_eq!(heard(&back), heard(&judge));
    }

    #[test]
    fn lessons_are_short_and_long_and_drums_are_lent_to_those_without() {
        let mut material = material();
        material.drumless = Some(0);
        for real in material.reals.iter_mut().filter(|real| real.genre == 0) {
            real.beats.iter_mut().for_each(|beat| beat.music.parts[0].clear());
            real.mask = 0b1000;
        }
        let lessons = lessons(&material, Kind::All, |_| true, &mut Random::new(1));
        let lent = lessons.iter().filter(|l| l.genre == 0 && l.mask & DRUMS != 0).count();
        assert!(lent >= material.reals.len() / 2, "{lent}");
        let names = feature_list();
        let at = names.iter().position(|f| f.name == "lead bar like 4 before").unwrap();
        let is_short = |l: &&Lesson| l.mask & 0b1000 != 0 && l.values[at].is_nan();
        let n_short = lessons.iter().filter(is_short).count();
        assert!(n_short > lessons.len() / 10 && n_short < lessons.len() / 2, "{n_short}");
        let sum: f32 = lessons.iter().map(|lesson| lesson.weight).sum();
        assert!(sum > 1.5 && sum <= 2.001, "a genre's weights sum to 1 but for what is too short");
    }

    #[test]
    fn a_genre_that_nobody_heard_leaves_no_judge() {
        let mut material = material();
        material.reals.retain(|real| real.genre == 0);
        assert!(fit_on(&material, &material, || ()).is_none());
    }
}
