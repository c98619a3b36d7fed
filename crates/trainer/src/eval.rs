//! `eval`: what the model is worth on music it never saw.
//!
//! Held-out loss ([`loss`]), then what listeners would care for: whether judges that never heard
//! the training songs recognise genres, blends and parts ([`quality`]), and whether the music is
//! dull, wrong or copied. Every figure stands beside what real music reaches and what something
//! naive reaches. Music is composed once and kept in a folder of its own.

pub(crate) mod bench;
pub mod blends;
pub mod copies;
pub mod habits;
pub mod harmony;
pub mod hearing;
pub mod knobs;
mod loss;
pub mod music;
mod plots;
mod quality;
pub mod repetition;
mod report;
pub mod stats;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use model::{Blending, Kernels, Network, weights};
use rayon::prelude::*;

pub use loss::Evaluation;
pub use plots::Report;
pub use quality::{Budget, Quality, Sides};
pub use report::compare;

use crate::corpus::Split;
use crate::recipe::Recipe;
use crate::shard::write_whole;
use crate::songs::Songs;
use bench::Bench;
use blends::Sweep;

/// A part of the evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Section {
    /// Held-out loss.
    Loss,
    /// The judges on real music.
    Judge,
    /// Pure genres.
    Pure,
    /// Sweeps between two genres.
    Blends,
    /// Drums of one genre under another.
    Parts,
    /// Dullness, wrongness and overlap with real music.
    Habits,
    /// Exact scales and given chords.
    Harmony,
    /// Runs of notes copied from the training songs.
    Copies,
    /// Repetition over 64 bars.
    Repetition,
    /// What each knob moves.
    Knobs,
}

impl Section {
    /// Whether it measures nothing with one genre.
    fn tells_genres_apart(self) -> bool {
        matches!(self, Self::Judge | Self::Pure | Self::Blends | Self::Parts)
    }
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct EvalOptions {
    /// Folder that `prepare` wrote.
    pub prepared: PathBuf,
    /// The weights.
    pub weights: PathBuf,
    /// Their manifest.
    pub manifest: PathBuf,
    /// How much of everything.
    pub budget: Budget,
    /// The parts to measure; empty means all.
    pub sections: Vec<Section>,
    /// How several genres become one distribution.
    pub blending: Blending,
    /// Pull towards the blend.
    pub strength: f32,
    /// Folder for composed music.
    pub cache: PathBuf,
    /// Threads that compose.
    pub threads: usize,
    /// Compose the pure genres also without the originality guard, to see what it does.
    pub unguarded: bool,
    /// Measure loss on the validation songs instead of the test songs.
    pub valid: bool,
    /// Where the numbers go, if anywhere.
    pub json: Option<PathBuf>,
    /// Where the tables go, besides the screen.
    pub markdown: Option<PathBuf>,
    /// Folder for pictures, if any.
    pub plots: Option<PathBuf>,
    /// What training wrote, for loss curves.
    pub log: Option<PathBuf>,
}

impl EvalOptions {
    /// A full evaluation of weights that writes nothing.
    pub fn new(prepared: &Path, weights: &Path, cache: &Path, threads: usize) -> Self {
        Self {
            prepared: prepared.to_owned(),
            weights: weights.to_owned(),
            manifest: weights.with_extension("json"),
            budget: Budget::FULL,
            sections: Vec::new(),
            blending: Blending::default(),
            strength: 1.0,
            cache: cache.to_owned(),
            threads,
            unguarded: false,
            valid: false,
            json: None,
            markdown: None,
            plots: None,
            log: None,
        }
    }

    /// Says what one genre leaves out.
    ///
    /// # Errors
    /// When that is all that was asked for.
    fn can_measure(&self, n_genres: usize) -> Result<()> {
        if n_genres > 1 {
            return Ok(());
        }
        let what = "judge, pure, blends and parts tell genres apart, and there is only one";
        let asked = !self.sections.is_empty();
        if asked && self.sections.iter().any(|section| section.tells_genres_apart()) {
            bail!("--sections: {what}");
        }
        if !asked {
            println!("left out: {what}");
        }
        Ok(())
    }

    fn wants(&self, section: Section) -> bool {
        self.sections.is_empty() || self.sections.contains(&section)
    }
}

/// Measures, prints the tables, and writes what was asked for.
///
/// # Errors
/// Weights or songs that cannot be read, by name.
pub fn run(options: &EvalOptions) -> Result<()> {
    let read = |path: &PathBuf| {
        std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
    };
    let manifest = weights::Manifest::from_bytes(&read(&options.manifest)?)
        .with_context(|| options.manifest.display().to_string())?;
    let weights_bytes = read(&options.weights)?;
    let tensors = weights::read(&weights_bytes, &manifest.config)
        .with_context(|| options.weights.display().to_string())?;
    let config = manifest.config;
    let network = Arc::new(Network::new(config, &tensors, Kernels::Fused)?);
    let untrained = weights::random(&config, 1)?;
    let untrained = Arc::new(Network::new(config, &untrained, Kernels::Fused)?);
    let recipe = Recipe::default();
    let split = if options.valid { Split::Valid } else { Split::Test };
    let training = Songs::read(&options.prepared, &[Split::Train], &recipe)?;
    ensure!(
        manifest.corpus_hash.is_empty() || manifest.corpus_hash == training.index.corpus_hash,
        "corpus: expected {}, found {}; the model may have heard the held-out songs",
        manifest.corpus_hash,
        training.index.corpus_hash
    );
    let genres = &training.index.genres;
    ensure!(
        manifest.genres.as_slice() == genres.as_slice(),
        "genres: the model has {}, {} has {}",
        manifest.genres.as_slice().join(", "),
        options.prepared.display(),
        genres.join(", ")
    );
    let n_genres = training.n_genres();
    options.can_measure(n_genres)?;
    let (budget, max_steps) = (options.budget, network.config().context_len);
    let ngrams: Vec<_> = (0..n_genres)
        .into_par_iter()
        .map(|genre| loss::count_ngram(&training, genre, budget.ngram_windows, max_steps))
        .collect();
    let mut evaluation = Evaluation {
        model: manifest.name.clone(),
        split: if options.valid { "valid" } else { "test" }.into(),
        ..Evaluation::default()
    };
    if options.wants(Section::Loss) {
        let held_out = Songs::read(&options.prepared, &[split], &recipe)?;
        for (genre, ngram) in ngrams.iter().enumerate() {
            let networks = [&*network, &*untrained];
            evaluation.loss(networks, &held_out, genre, budget.loss_windows, ngram)?;
        }
    }
    if options.sections != [Section::Loss] {
        // Judges hear all songs that training did not: in folds, so that each song is new to some.
        let held_out = Songs::read(&options.prepared, &[Split::Valid, Split::Test], &recipe)?;
        let ngrams = ngrams.into_iter().map(|(ngram, _)| ngram).collect();
        let networks = [&network, &untrained];
        let bench = Bench::open(options, networks, &weights_bytes, ngrams, &held_out, &training)?;
        evaluation.quality = bench.measure()?;
    }
    if let Some(folder) = &options.plots {
        draw(&evaluation, options.log.as_deref(), folder)?;
    }
    let table = evaluation.markdown();
    println!("{table}");
    if let Some(path) = &options.json {
        write_whole(path, &serde_json::to_vec_pretty(&evaluation)?)?;
    }
    if let Some(path) = &options.markdown {
        write_whole(path, table.as_bytes())?;
    }
    Ok(())
}

/// Sweeps between all pairs as the judge hears them, with nothing beside them.
///
/// # Errors
/// A model that fails, a full disk.
pub fn sweep_alone(
    options: &EvalOptions,
    network: &Arc<Network>,
    weights_bytes: &[u8],
    held_out: &Songs,
    first_seed: u32,
) -> Result<Sweep> {
    let networks = [network, network];
    let bench = Bench::open(options, networks, weights_bytes, Vec::new(), held_out, held_out)?;
    bench.sweep_alone(first_seed)
}

/// Draws the pictures of an evaluation into a folder.
///
/// # Errors
/// A folder or a file that cannot be written, a log that cannot be read.
pub fn draw(evaluation: &Evaluation, log: Option<&Path>, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot be made", folder.display()))?;
    for (name, png) in plots::draw(evaluation, log)? {
        write_whole(&folder.join(name), &png)?;
    }
    Ok(())
}

/// Draws the pictures of what `eval --json` wrote.
///
/// # Errors
/// As [`draw`]; a file that is no evaluation.
pub fn draw_again(json: &Path, log: Option<&Path>, folder: &Path) -> Result<()> {
    draw(&Evaluation::read(json)?, log, folder)
}

impl Evaluation {
    /// Reads what `eval --json` wrote.
    ///
    /// # Errors
    /// A file that cannot be read or is no evaluation, by name.
    pub fn read(json: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(json).with_context(|| format!("{}: cannot be read", json.display()))?;
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{}: not an evaluation", json.display()))
    }
}
