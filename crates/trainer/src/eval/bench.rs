//! The bench: everything that the measures of music share, and the order in which they run.
//!
//! A measure is a function that fills its part of [`Quality`] from songs of the studio; another
//! one is a [`Section`], a file here and its rows in the report.

mod blending;
mod genres;
mod habits;
mod knobs;
mod memory;

pub use genres::{FOUR_PARTS, NGRAM, SHUFFLED, UNTRAINED};
pub use memory::{
    GENERATED, NGRAM as FLOOR_NGRAM, PEOPLE, UNGUARDED, UNTRAINED as FLOOR_UNTRAINED,
};

use std::sync::{Arc, OnceLock};

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use model::{Network, Redraws};
use rayon::prelude::*;
use score::HistoryBeat;

use super::blends::{self, Cost, Length, Sweep, blend};
use super::hearing::{Verdict, each_song_alike};
use super::music::{Player, Studio, Wish};
use super::quality::{Budget, Quality};
use super::{EvalOptions, Section};
use crate::judge::{Excerpt, Kind, Material, N_FOLDS, Panel, Voice};
use crate::ngram::Ngram;
use crate::songs::Songs;

/// Seed of everything that the evaluation draws.
const SEED: u64 = 1;

/// Everything that measures share.
pub struct Bench<'a> {
    options: &'a EvalOptions,
    network: &'a Network,
    studio: Studio,
    held_out: &'a Songs,
    training: &'a Songs,
    material: Material,
    panel: OnceLock<Panel>,
}

/// Songs of each genre, one genre behind the other.
struct Pure {
    wishes: Vec<Wish>,
    songs: Vec<Vec<HistoryBeat>>,
    /// What the originality guard did to each.
    redraws: Vec<Redraws>,
    /// Songs a genre.
    n: usize,
}

impl Pure {
    /// Each song with its fold and its genre.
    fn iter(&self) -> impl Iterator<Item = (&Wish, &Vec<HistoryBeat>, usize)> {
        let songs = self.wishes.iter().zip(&self.songs).enumerate();
        songs.map(|(i, (wish, song))| (wish, song, i / self.n))
    }

    /// The songs of a genre.
    fn of(&self, genre: usize) -> &[Vec<HistoryBeat>] {
        &self.songs[genre * self.n..(genre + 1) * self.n]
    }
}

impl<'a> Bench<'a> {
    /// Opens the studio and cuts the held-out songs.
    ///
    /// # Errors
    /// A folder that cannot be made, held-out songs without common time.
    pub fn open(
        options: &'a EvalOptions,
        [network, untrained]: [&'a Arc<Network>; 2],
        weights_bytes: &[u8],
        ngrams: Vec<Ngram>,
        held_out: &'a Songs,
        training: &'a Songs,
    ) -> Result<Self> {
        let how = (options.blending, options.strength);
        let networks = [network.clone(), untrained.clone()];
        let studio =
            Studio::open(networks, weights_bytes, ngrams, how, &options.cache, options.threads)?;
        let material = Material::cut(held_out);
        ensure!(!material.reals.is_empty(), "no held-out song has eight bars of common time");
        let panel = OnceLock::new();
        Ok(Self { options, network, studio, held_out, training, material, panel })
    }

    /// Measures every section that the options ask for.
    ///
    /// # Errors
    /// A model that fails, a full disk.
    pub fn measure(&self) -> Result<Quality> {
        let mut quality = Quality {
            budget: Some(self.options.budget),
            genres: self.material.genres.clone(),
            ..Quality::default()
        };
        type Measure<'a> = fn(&Bench<'a>, &mut Quality) -> Result<()>;
        let sections: [(Section, Measure<'a>); 9] = [
            (Section::Judge, Self::judge),
            (Section::Pure, Self::pure),
            (Section::Blends, Self::blends),
            (Section::Parts, Self::parts),
            (Section::Habits, Self::habits),
            (Section::Harmony, Self::harmony),
            (Section::Copies, Self::copies),
            (Section::Repetition, Self::repetition),
            (Section::Knobs, Self::knobs),
        ];
        for (section, measure) in sections {
            let is_told = self.n_genres() > 1 || !section.tells_genres_apart();
            if is_told && self.options.wants(section) {
                measure(self, &mut quality)?;
            }
        }
        Ok(quality)
    }

    /// Sweeps between all pairs, without their ceiling and floors or costs.
    ///
    /// # Errors
    /// A model that fails, a full disk.
    pub fn sweep_alone(&self, first_seed: u32) -> Result<Sweep> {
        let (panel, genres) = (self.panel(), &self.material.genres);
        let length = Length { first_seed, ..self.sweep_length() };
        blends::sweep(&self.studio, panel, genres, length, |_| Ok(Cost::default()))
    }

    fn sweep_length(&self) -> Length {
        let Budget { sweep_songs, most_sweep_songs, sweep_bars, .. } = self.options.budget;
        let n_songs = sweep_songs;
        Length { n_songs, most_songs: most_sweep_songs, n_bars: sweep_bars, first_seed: 0 }
    }

    fn n_genres(&self) -> usize {
        self.material.genres.len()
    }

    /// The judges, fitted when they are first asked for.
    fn panel(&self) -> &Panel {
        self.panel.get_or_init(|| {
            let bar = progress("fitting judges", 3 * N_FOLDS);
            let fit =
                || Panel::fit(&self.material, N_FOLDS, SEED, |real| real.genre, || bar.inc(1));
            let panel = self.studio.pool().install(fit);
            bar.finish_and_clear();
            panel
        })
    }

    /// What the judges say about real excerpts, each one that never heard its song; each song
    /// counts alike.
    fn hear_real(&self, kind: Kind, set: &[(usize, Excerpt)]) -> Vec<Verdict> {
        let reals = &self.material.reals;
        let placed: Vec<(&Excerpt, usize)> =
            set.iter().map(|(i, excerpt)| (excerpt, reals[*i].fold)).collect();
        let panel = self.panel();
        let judged = self.studio.pool().install(|| panel.hear(kind, &placed, Voice::All));
        let verdict = |((i, _), p): (&(usize, Excerpt), Vec<f32>)| {
            let real = &reals[*i];
            Verdict { genre: real.genre, song: real.group, weight: 1.0, p }
        };
        each_song_alike(set.iter().zip(judged).map(verdict).collect())
    }

    /// What the judges say about composed songs; `keep` chooses the parts of each song.
    fn hear_songs(
        &self,
        kind: Kind,
        songs: &Pure,
        mut keep: impl FnMut(usize) -> u8,
    ) -> Vec<Verdict> {
        let (mut excerpts, mut of) = (Vec::new(), Vec::new());
        for (i, (wish, song, genre)) in songs.iter().enumerate() {
            // What no song of the genre has cannot be recognised.
            if kind == Kind::Drums && Some(genre) == self.material.drumless {
                continue;
            }
            for beats in song.chunks_exact(crate::judge::N_BEATS) {
                // Silence is judged, too: it is no genre's music, and a model must not gain by it.
                excerpts.push(Excerpt::new(beats, keep(genre) & kind.parts()));
                of.push((genre, i, wish.fold()));
            }
        }
        let placed: Vec<(&Excerpt, usize)> =
            excerpts.iter().zip(&of).map(|(excerpt, (.., fold))| (excerpt, *fold)).collect();
        let panel = self.panel();
        let judged = self.studio.pool().install(|| panel.hear(kind, &placed, Voice::All));
        let verdicts = of.into_iter().zip(judged);
        verdicts.map(|((genre, song, _), p)| Verdict { genre, song, weight: 1.0, p }).collect()
    }

    /// `n` songs a genre of the pure genres, `wish` changed by the caller.
    fn compose(
        &self,
        what: &str,
        n: usize,
        n_bars: usize,
        player: impl Fn(usize) -> Player,
    ) -> Result<Pure> {
        let wish = |genre: usize, seed: u32| Wish {
            player: player(genre),
            ..Wish::new(blend(&[(genre, 1.0)]), n_bars, seed)
        };
        let pairs = (0..self.n_genres()).flat_map(|genre| (0..n as u32).map(move |s| (genre, s)));
        let wishes: Vec<Wish> = pairs.map(|(genre, seed)| wish(genre, seed)).collect();
        let (songs, redraws) = self.studio.make_counted(what, &wishes)?.into_iter().unzip();
        Ok(Pure { wishes, songs, redraws, n })
    }

    /// Songs of the model a pure genre.
    fn generated(&self) -> Result<Pure> {
        let budget = self.options.budget;
        self.compose("pure genres", budget.pure_songs, budget.bars, |_| Player::Model)
    }

    /// Songs of both floors: the n-gram cascade and untrained weights.
    fn floors(&self) -> Result<[Pure; 2]> {
        let budget = self.options.budget;
        let (n, n_bars) = (budget.floor_songs, budget.bars);
        let ngram = self.compose("n-gram cascade", n, n_bars, Player::Ngram)?;
        Ok([ngram, self.compose("untrained", n, n_bars, |_| Player::Untrained)?])
    }

    /// Runs something over a list on the studio's threads.
    fn each<T: Sync, U: Send>(&self, list: &[T], of: impl Fn(&T) -> U + Sync + Send) -> Vec<U> {
        self.studio.pool().install(|| list.par_iter().map(of).collect())
    }
}

pub(crate) fn progress(what: &str, n: usize) -> ProgressBar {
    // PANIC: the template is a literal that the pipeline's test draws.
    let style = ProgressStyle::with_template("{msg:<20} {wide_bar} {pos}/{len}, {eta} left")
        .expect("the template can be read");
    ProgressBar::new(n as u64).with_style(style).with_message(what.to_owned())
}
