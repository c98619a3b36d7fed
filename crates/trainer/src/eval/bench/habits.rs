//! Habits of pure genres against real music, and harmony that was asked for.

use anyhow::Result;
use score::HistoryBeat;
use score::random::Random;

use super::{Bench, Pure, SEED};
use crate::eval::habits::{Habit, Habits, RealExcerpt, over_all};
use crate::eval::harmony::{self, Share};
use crate::eval::music::{Player, excerpts};
use crate::eval::quality::{Quality, Sides};
use crate::eval::stats::{Figure, mean_ratio};
use crate::judge::{ALL_PARTS, Excerpt, Kind};

/// Excerpts a genre that are compared at most.
const MOST: usize = 160;

impl Bench<'_> {
    /// Habits of each genre.
    pub(super) fn habits(&self, quality: &mut Quality) -> Result<()> {
        let generated = self.generated()?;
        let [ngram, untrained] = self.floors()?;
        let natural = self.material.natural(Kind::All);
        let of_genre = |genre: &usize| {
            let genre = *genre;
            let cut = |songs: &Pure| -> Vec<Excerpt> {
                songs.of(genre).iter().flat_map(|song| excerpts(song, ALL_PARTS)).collect()
            };
            let real = self.real_excerpts(&natural, genre);
            let (generated, ngram, untrained) = (cut(&generated), cut(&ngram), cut(&untrained));
            let name = &self.material.genres[genre];
            Habits::compare(name, &real, &generated, &ngram, &untrained)
        };
        quality.habits = self.each(&(0..self.n_genres()).collect::<Vec<_>>(), of_genre);
        let over = |of: &dyn Fn(&Habit) -> Option<f64>| over_all(&quality.habits, of);
        let overlap = Sides {
            generated: over(&|habit| habit.overlaps.generated),
            real: over(&|habit| habit.overlaps.real),
            ngram: over(&|habit| habit.overlaps.ngram),
            untrained: over(&|habit| habit.overlaps.untrained),
        };
        let usual = |of: fn(&Habit) -> Option<f64>| {
            over(&|habit| of(habit).map(|median| f64::from(u8::from(habit.is_usual(median)))))
        };
        let usual = Sides {
            generated: usual(|habit| habit.medians.generated),
            real: usual(|habit| habit.medians.real),
            ngram: usual(|habit| habit.medians.ngram),
            untrained: usual(|habit| habit.medians.untrained),
        };
        if overlap.generated.value.is_finite() {
            quality.overlap_area = Some(overlap.generated.value);
            (quality.overlap, quality.usual) = (Some(overlap), Some(usual));
        }
        Ok(())
    }

    /// Real excerpts of a genre, drawn by weight, since some collections and songs are far larger
    /// than others.
    fn real_excerpts(&self, natural: &[(usize, Excerpt)], genre: usize) -> Vec<RealExcerpt> {
        let mut random = Random::new(SEED);
        let real: Vec<&(usize, Excerpt)> =
            natural.iter().filter(|(i, _)| self.material.reals[*i].genre == genre).collect();
        let weights: Vec<f32> = real.iter().map(|(i, _)| self.material.reals[*i].weight).collect();
        let total: f32 = weights.iter().sum();
        let pick = |random: &mut Random| {
            let mut left = random.uniform() * total;
            weights.iter().position(|weight| {
                left -= weight;
                left < 0.0
            })
        };
        let mut drawn: Vec<usize> = (0..4 * MOST).filter_map(|_| pick(&mut random)).collect();
        drawn.sort_unstable();
        drawn.dedup();
        let step = drawn.len().div_ceil(MOST).max(1);
        let excerpt = |i: &usize| {
            let (number, excerpt) = real[*i];
            let of = &self.material.reals[*number];
            RealExcerpt { song: of.group, has_dynamics: of.has_dynamics, excerpt: excerpt.clone() }
        };
        drawn.iter().step_by(step).map(excerpt).collect()
    }

    /// Exact scales and given chords.
    pub(super) fn harmony(&self, quality: &mut Quality) -> Result<()> {
        let (n, n_genres) = (self.options.budget.chord_songs, self.n_genres());
        let [ngram, untrained] = self.floors()?;
        let scales = harmony::scale_lock(&self.studio, n)?;
        let locked = mean_ratio(&scales.iter().map(|share| share.row(0)).collect::<Vec<_>>(), 1);
        let free = |songs: &Pure| {
            let row = |(_, song, genre): (_, &Vec<HistoryBeat>, usize)| {
                harmony::on_white_keys(song).row(genre)
            };
            mean_ratio(&songs.iter().map(row).collect::<Vec<_>>(), n_genres)
        };
        let of_real = |of: &(dyn Fn(&RealExcerpt) -> Share + Sync)| -> Figure {
            let natural = self.material.natural(Kind::Pitched);
            let rows = (0..n_genres).flat_map(|genre| {
                let real = self.real_excerpts(&natural, genre);
                real.iter().map(|real| of(real).row(genre)).collect::<Vec<_>>()
            });
            mean_ratio(&rows.collect::<Vec<_>>(), n_genres)
        };
        quality.scale_lock = Some(locked.value);
        quality.scale_notes = scales.iter().map(|share| share.n).sum();
        quality.scale = Some(Sides {
            generated: locked,
            real: of_real(&|real| harmony::on_white_keys_of(&real.excerpt)),
            ngram: free(&ngram),
            untrained: free(&untrained),
        });
        let follow = |by_rule: bool, player: &dyn Fn(usize) -> Player| {
            harmony::chord_follow(&self.studio, n_genres, n, by_rule, player)
        };
        let figure = |songs: &[(usize, Share)]| {
            let rows: Vec<_> = songs.iter().map(|(genre, share)| share.row(*genre)).collect();
            mean_ratio(&rows, n_genres)
        };
        let generated = follow(true, &|_| Player::Model)?;
        let of_genre = |genre: usize| {
            let rows = generated.iter().filter(|(of, _)| *of == genre).map(|(_, s)| s.row(0));
            let (sum, n) = rows.fold((0.0, 0.0), |(s, n), (_, a, b)| (s + a, n + b));
            Share { value: sum / n, n: n as usize }
        };
        quality.chords_by_genre = (0..n_genres).map(of_genre).collect();
        let real = of_real(&|real| harmony::on_own_chords(&real.excerpt));
        let ngram = figure(&follow(false, &Player::Ngram)?);
        let chords = Sides {
            generated: figure(&generated),
            real,
            ngram,
            untrained: figure(&follow(true, &|_| Player::Untrained)?),
        };
        quality.chord_follow = Some(chords.generated.value);
        quality.chords = Some(chords);
        quality.chords_without_rule = Some(Sides {
            generated: figure(&follow(false, &|_| Player::Model)?),
            real,
            ngram,
            untrained: figure(&follow(false, &|_| Player::Untrained)?),
        });
        Ok(())
    }
}
