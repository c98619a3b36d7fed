//! What judges said about a set of excerpts, and how right it was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stats::{Figure, bootstrap};

/// What a judge said about one excerpt.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Number of the genre that is right.
    pub genre: usize,
    /// Number of the song; excerpts of a song are drawn together.
    pub song: usize,
    /// How much it counts.
    pub weight: f64,
    /// A probability a genre.
    pub p: Vec<f32>,
}

impl Verdict {
    /// The likeliest genre.
    pub fn guess(&self) -> usize {
        (0..self.p.len()).rev().max_by(|a, b| self.p[*a].total_cmp(&self.p[*b])).unwrap_or(0)
    }
}

/// The verdicts, weighted so that each song counts alike.
pub fn each_song_alike(mut verdicts: Vec<Verdict>) -> Vec<Verdict> {
    let mut counts: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for verdict in &verdicts {
        *counts.entry((verdict.genre, verdict.song)).or_default() += 1.0;
    }
    for verdict in &mut verdicts {
        verdict.weight = 1.0 / counts[&(verdict.genre, verdict.song)];
    }
    verdicts
}

/// How right a judge was, a value a genre; `NaN` is left out as null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Mean over the genres that were heard.
    pub macro_mean: Figure,
    /// Share of excerpts that were recognised.
    pub by_genre: Vec<Option<Figure>>,
    /// Rows: the right genre; columns: the share that was judged so.
    pub confusion: Vec<Vec<f64>>,
    /// Mean probability of the right genre.
    pub p_true: Vec<Option<f64>>,
    /// Excerpts a genre.
    pub n_excerpts: Vec<usize>,
    /// Songs a genre.
    pub n_songs: Vec<usize>,
}

impl Accuracy {
    /// Summarises verdicts on `n_genres` genres.
    pub fn of(verdicts: &[Verdict], n_genres: usize) -> Self {
        let mut songs: Vec<(usize, usize)> = verdicts.iter().map(|v| (v.genre, v.song)).collect();
        songs.sort_unstable();
        songs.dedup();
        let of_genre = |genre: usize| -> Vec<usize> {
            (0..songs.len()).filter(|i| songs[*i].0 == genre).collect()
        };
        let strata: Vec<Vec<usize>> = (0..n_genres).map(of_genre).collect();
        let placed: Vec<(usize, &Verdict)> = verdicts
            .iter()
            .map(|v| (songs.binary_search(&(v.genre, v.song)).unwrap_or_default(), v))
            .collect();
        let share = |counts: &[f64], genre: usize, of: &dyn Fn(&Verdict) -> f64| {
            let heard = placed.iter().filter(|(_, v)| v.genre == genre);
            let (sum, total) = heard.fold((0.0, 0.0), |(sum, total), (song, v)| {
                let weight = counts[*song] * v.weight;
                (sum + weight * of(v), total + weight)
            });
            sum / total
        };
        let right = |v: &Verdict| f64::from(u8::from(v.guess() == v.genre));
        let heard: Vec<usize> = (0..n_genres).filter(|genre| !strata[*genre].is_empty()).collect();
        let macro_mean = bootstrap(&strata, |counts| {
            super::stats::mean(heard.iter().map(|genre| share(counts, *genre, &right)))
        });
        let is_heard = |genre: usize| heard.contains(&genre);
        let ones = vec![1.0; songs.len()];
        let row = |genre: usize| -> Vec<f64> {
            let judged =
                |guess: usize| share(&ones, genre, &|v| f64::from(u8::from(v.guess() == guess)));
            (0..n_genres).map(|guess| if is_heard(genre) { judged(guess) } else { 0.0 }).collect()
        };
        Self {
            macro_mean,
            by_genre: (0..n_genres)
                .map(|genre| {
                    is_heard(genre)
                        .then(|| bootstrap(&strata, |counts| share(counts, genre, &right)))
                })
                .collect(),
            confusion: (0..n_genres).map(row).collect(),
            p_true: (0..n_genres)
                .map(|g| is_heard(g).then(|| share(&ones, g, &|v| f64::from(v.p[v.genre]))))
                .collect(),
            n_excerpts: (0..n_genres)
                .map(|genre| verdicts.iter().filter(|v| v.genre == genre).count())
                .collect(),
            n_songs: strata.iter().map(Vec::len).collect(),
        }
    }

    /// The least recognised genre's share, and its number; none if nothing was heard.
    pub fn worst(&self) -> Option<(Figure, usize)> {
        let heard = self.by_genre.iter().enumerate().filter_map(|(g, f)| Some(((*f)?, g)));
        heard.min_by(|(a, _), (b, _)| a.value.total_cmp(&b.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_weighted_and_absent_genres_left_out() {
        let verdict =
            |genre, song, weight, p: [f32; 3]| Verdict { genre, song, weight, p: p.to_vec() };
        let accuracy = Accuracy::of(
            &[
                verdict(0, 0, 3.0, [0.8, 0.1, 0.1]),
                verdict(0, 1, 1.0, [0.2, 0.7, 0.1]),
                verdict(1, 2, 1.0, [0.1, 0.9, 0.0]),
            ],
            3,
        );
        assert_eq!(accuracy.by_genre[0].unwrap().value, 0.75);
        assert_eq!(accuracy.by_genre[2], None);
        assert_eq!(accuracy.macro_mean.value, 0.875);
        assert_eq!(accuracy.confusion[0], [0.75, 0.25, 0.0]);
        assert_eq!(accuracy.worst().map(|(f, genre)| (f.value, genre)), Some((0.75, 0)));
        assert!((accuracy.p_true[0].unwrap() - 0.65).abs() < 1e-6);
        assert_eq!(
            (&accuracy.n_songs[..], &accuracy.n_excerpts[..]),
            (&[2, 1, 0][..], &[2, 1, 0][..])
        );
    }

    #[test]
    fn songs_count_alike_however_many_excerpts_they_have() {
        let of = |song, weight| Verdict { genre: 0, song, weight, p: vec![1.0] };
        let alike = each_song_alike(vec![of(0, 5.0), of(1, 1.0), of(1, 2.0), of(1, 3.0)]);
        let weights: Vec<f64> = alike.iter().map(|verdict| verdict.weight).collect();
        assert_eq!(weights, [1.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
    }
}
