//! The judges on real music, and on pure genres of the model and of both floors.

use anyhow::Result;
use rayon::prelude::*;
use score::random::Random;

use super::{Bench, Pure, SEED};
use crate::corpus;
use crate::eval::hearing::{Accuracy, Verdict, each_song_alike};
use crate::eval::quality::Quality;
use crate::judge::{
    ALL_PARTS, Excerpt, Judge, Kind, N_FOLDS, PITCHED, Real, Voice, by_weight, feature_values,
};

/// Name in tables of excerpts with four parts.
pub const FOUR_PARTS: &str = "four parts";
/// Name in tables of excerpts with three pitched parts.
pub const THREE_PITCHED: &str = "three pitched parts";
/// Name in tables of what a judge of shuffled songs says.
pub const SHUFFLED: &str = "all parts, shuffled labels";

/// Judges that learnt from fewer songs: names in tables, and how many quarters of the songs.
const FEWER: [(&str, u64); 2] =
    [("all parts, from a quarter of the songs", 1), ("all parts, from half of the songs", 2)];

impl Bench<'_> {
    /// How right the judges are on real music.
    pub(super) fn judge(&self, quality: &mut Quality) -> Result<()> {
        let n_genres = self.n_genres();
        let reals = &self.material.reals;
        for kind in Kind::ALL {
            let natural = self.material.natural(kind);
            let verdicts = self.hear_real(kind, &natural);
            let of = |is: &dyn Fn(&Real) -> bool| {
                let pairs = natural.iter().zip(&verdicts).filter(|((i, _), _)| is(&reals[*i]));
                let verdicts: Vec<Verdict> = pairs.map(|(_, verdict)| verdict.clone()).collect();
                Accuracy::of(&verdicts, n_genres)
            };
            quality.judge_real.insert(kind.name().into(), of(&|_| true));
            quality.judge_real.insert(format!("{}, people's", kind.name()), of(&|r| r.is_human));
            let mut weigh = |name: &str, weight: &dyn Fn(&Real) -> f64| {
                let pairs = natural.iter().zip(&verdicts);
                let verdicts: Vec<Verdict> = pairs
                    .map(|((i, _), verdict)| Verdict {
                        weight: weight(&reals[*i]),
                        ..verdict.clone()
                    })
                    .collect();
                let name = format!("{}, {name}", kind.name());
                quality.judge_real.insert(name, Accuracy::of(&verdicts, n_genres));
            };
            weigh("excerpts alike", &|_| 1.0);
            weigh("collections by their roots", &|real| real.weight.into());
            if kind == Kind::Pitched {
                let accuracy = of(&|real| real.mask & PITCHED == PITCHED);
                quality.judge_real.insert(THREE_PITCHED.into(), accuracy);
            }
        }
        let four = Accuracy::of(&self.four_parts(), n_genres);
        quality.judge_real.insert(FOUR_PARTS.into(), four);
        quality.judge_real_macro =
            quality.judge_real.get(Kind::All.name()).map(|a| a.macro_mean.value);
        quality.judge_real.insert(SHUFFLED.into(), self.shuffled());
        for (name, quarters) in FEWER {
            quality.judge_real.insert(name.into(), self.with_fewer_songs(quarters));
        }
        Ok(())
    }

    /// What the judges say about real excerpts with four parts.
    pub(super) fn four_parts(&self) -> Vec<Verdict> {
        self.hear_real(Kind::All, &self.material.four_parts(SEED))
    }

    /// Judges that learnt from so many quarters of the songs: what more songs would be worth.
    fn with_fewer_songs(&self, quarters: u64) -> Accuracy {
        let is_kept = |real: &Real| {
            let group = &self.material.groups[real.group];
            corpus::hash(format!("{group} kept").as_bytes()) % 4 < quarters
        };
        let natural = self.material.natural(Kind::All);
        let hear = |fold: usize| {
            let mut random = Random::new(SEED);
            let is_heard = |real: &Real| real.fold != fold && is_kept(real);
            let lessons = self.material.lessons(Kind::All, is_heard, &mut random, &|r| r.genre);
            let judge = Judge::fit(Kind::All, &lessons, self.n_genres(), SEED);
            self.hear_new(&judge, fold, &natural)
        };
        let verdicts = self.studio.pool().install(|| (0..N_FOLDS).flat_map(hear).collect());
        Accuracy::of(&each_song_alike(verdicts), self.n_genres())
    }

    /// What a judge says about the excerpts of a fold.
    fn hear_new(&self, judge: &Judge, fold: usize, set: &[(usize, Excerpt)]) -> Vec<Verdict> {
        let verdict = |(i, excerpt): &(usize, Excerpt)| {
            let real = &self.material.reals[*i];
            let p = judge.hear(&feature_values(excerpt), Voice::All);
            Verdict { genre: real.genre, song: real.group, weight: real.weight.into(), p }
        };
        let new = set.par_iter().filter(|(i, _)| self.material.reals[*i].fold == fold);
        new.map(verdict).collect()
    }

    /// A judge that learnt from songs whose genres were dealt out anew.
    fn shuffled(&self) -> Accuracy {
        let mut genres = vec![0; self.material.groups.len()];
        self.material.reals.iter().for_each(|real| genres[real.group] = real.genre);
        let mut random = Random::new(SEED);
        for i in (1..genres.len()).rev() {
            genres.swap(i, random.below(i + 1));
        }
        let relabel = |real: &Real| genres[real.group];
        let n_genres = self.n_genres();
        let heard = self.studio.pool().install(|| {
            let lessons =
                self.material.lessons(Kind::All, |real| real.fold != 0, &mut random, &relabel);
            let judge = Judge::fit(Kind::All, &lessons, n_genres, SEED);
            self.hear_new(&judge, 0, &self.material.natural(Kind::All))
        });
        Accuracy::of(&heard, n_genres)
    }

    /// Whether the judges recognise pure genres, four parts on.
    pub(super) fn pure(&self, quality: &mut Quality) -> Result<()> {
        let generated = self.generated()?;
        let [ngram, untrained] = self.floors()?;
        for kind in Kind::ALL {
            let mut insert = |prefix: &str, songs: &Pure| {
                let verdicts = self.hear_songs(kind, songs, |_| ALL_PARTS);
                let accuracy = Accuracy::of(&verdicts, self.n_genres());
                quality.pure.insert(format!("{prefix}{}", kind.name()), accuracy);
            };
            insert("", &generated);
            insert(NGRAM, &ngram);
            insert(UNTRAINED, &untrained);
        }
        let mut random = Random::new(SEED);
        let real_mask = |genre: usize| self.real_mask(genre, &mut random);
        let matched = self.hear_songs(Kind::All, &generated, real_mask);
        let matched = Accuracy::of(&matched, self.n_genres());
        quality.pure.insert("parts as in real music".into(), matched);
        let all = &quality.pure[Kind::All.name()];
        quality.pure_macro = Some(all.macro_mean.value);
        quality.pure_worst = all.worst().map(|(figure, _)| figure.value);
        Ok(())
    }

    /// The parts of a real excerpt of the genre, drawn by weight.
    fn real_mask(&self, genre: usize, random: &mut Random) -> u8 {
        let reals = self.material.reals.iter().filter(|real| real.genre == genre);
        by_weight(&reals.collect::<Vec<_>>(), random).map_or(ALL_PARTS, |real| real.mask)
    }
}

/// Before the names of what the n-gram cascade composed.
pub const NGRAM: &str = "n-gram: ";
/// Before the names of what untrained weights composed.
pub const UNTRAINED: &str = "untrained: ";
