//! `train`: fits the network to windows of the prepared corpus.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use model::weights::{self, Manifest, Weights};
use model::{Config, Kernels, Network};
use score::GenreNames;
use score::random::Random;
use score::steps::Step;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{self, LoopState};
use crate::corpus::Split;
use crate::eval::Report;
use crate::heldout_loss::{self, WindowLoss};
use crate::optimizer::{AdamW, OptimizerConfig};
use crate::recipe::Recipe;
use crate::rows::Rows;
use crate::shard::write_whole;
use crate::songs::Songs;
use crate::windows::WindowSampler;

/// A training run: one TOML file a published model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Name of the model, as in its file names.
    pub name: String,
    /// The windows' recipe, beside this file.
    pub recipe: PathBuf,
    /// Seed of the first weights.
    pub seed: u64,
    /// Steps of music to see.
    pub steps: u64,
    /// Rows an update.
    pub rows: usize,
    /// Steps between reports of held-out loss.
    pub report: u64,
    /// Held-out windows a genre in a report.
    pub valid_windows: usize,
    /// Seconds between checkpoints.
    pub checkpoint_secs: u64,
    /// How weights are updated.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// Sizes of the network.
    pub network: Config,
}

impl TrainConfig {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// An unreadable file, an unknown field or an impossible size, by name.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        let config: Self = toml::from_str(&text)
            .with_context(|| format!("{}: not a training run", path.display()))?;
        config.network.validate().with_context(|| path.display().to_string())?;
        ensure!(config.rows > 0, "{}: rows: expected at least 1, found 0", path.display());
        Ok(config)
    }

    /// The recipe that the file at `path` names.
    ///
    /// # Errors
    /// As [`Recipe::read`]; rows longer than the network's context.
    pub fn read_recipe(&self, path: &Path) -> Result<Recipe> {
        let recipe_path = path.parent().unwrap_or(Path::new("")).join(&self.recipe);
        let recipe = Recipe::read(&recipe_path)?;
        ensure!(
            recipe.context_len <= self.network.context_len,
            "{}: context_len: expected at most the network's {}, found {}",
            recipe_path.display(),
            self.network.context_len,
            recipe.context_len
        );
        Ok(recipe)
    }
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// Folder that `prepare` wrote.
    pub prepared: PathBuf,
    /// The run's TOML file.
    pub config: PathBuf,
    /// Folder for checkpoint, weights and log.
    pub out: PathBuf,
    /// Go on from the folder's checkpoint.
    pub resume: bool,
    /// Weights to start from instead of random ones.
    pub init: Option<PathBuf>,
    /// Replaces the run's steps.
    pub steps: Option<u64>,
}

/// Trains, and leaves `checkpoint.safetensors`, `weights.safetensors`, `manifest.json` and a report
/// a line in `log.jsonl`.
///
/// # Errors
/// Files that cannot be read or written, a checkpoint of another run, a diverging loss.
pub fn run(options: &TrainOptions) -> Result<()> {
    run_until(options, u64::MAX)
}

/// [`run`], stopped once `limit` steps of music have been seen; `resume` goes on as if it had not.
///
/// # Errors
/// As [`run`].
pub fn run_until(options: &TrainOptions, limit: u64) -> Result<()> {
    let mut config = TrainConfig::read(&options.config)?;
    config.steps = options.steps.unwrap_or(config.steps);
    let recipe = config.read_recipe(&options.config)?;
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("{}: cannot be made", options.out.display()))?;
    let songs = Songs::read(&options.prepared, &[Split::Train], &recipe)?;
    songs.index.genre_names().with_context(|| options.prepared.display().to_string())?;
    let valid = Songs::read(&options.prepared, &[Split::Valid], &recipe)?;
    let valid = Valid::new(&valid, config.valid_windows, recipe.context_len);
    let mut run = Run::start(&config, &recipe, &songs, options)?;
    let bar = ProgressBar::new(config.steps);
    let style = "{elapsed_precise} [{bar:30}] {human_pos}/{human_len} steps {msg}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?.progress_chars("=> "));
    bar.reset_eta();
    let mut running: Option<f64> = None;
    let mut saved = Instant::now();
    let (mut timed, mut timed_at) = (Instant::now(), run.state.n_steps);
    let mut next_report = (run.state.n_steps / config.report + 1) * config.report;
    while run.state.n_steps < config.steps.min(limit) {
        let loss = run.update(&config, recipe.context_len)?;
        let mean = running.map_or(loss, |mean| 0.97 * mean + 0.03 * loss);
        running = Some(mean);
        bar.set_position(run.state.n_steps);
        let rate = (run.state.n_steps - timed_at) as f64 / timed.elapsed().as_secs_f64();
        bar.set_message(format!("loss {mean:.3}, {rate:.0}/s"));
        if run.state.n_steps >= next_report {
            let line = run.report(&valid, mean, rate, &options.out)?;
            bar.suspend(|| println!("{line}"));
            next_report += config.report;
            (timed, timed_at) = (Instant::now(), run.state.n_steps);
        }
        if saved.elapsed() > Duration::from_secs(config.checkpoint_secs) {
            run.save(&options.out, &config.name)?;
            saved = Instant::now();
        }
    }
    bar.finish();
    let loss = running.unwrap_or(f64::NAN);
    println!("{}", run.report(&valid, loss, 0.0, &options.out)?);
    run.save(&options.out, &config.name)
}

/// Held-out windows a genre.
struct Valid {
    genres: Vec<(String, Vec<Vec<Step>>)>,
}

impl Valid {
    fn new(songs: &Songs, n: usize, max_steps: usize) -> Self {
        let names = songs.index.genres.iter().enumerate();
        let windows = |genre| heldout_loss::windows(songs, genre, n, max_steps);
        Self { genres: names.map(|(genre, name)| (name.clone(), windows(genre))).collect() }
    }

    /// Bits a note with and without genre.
    fn measure(&self, network: &Network) -> Result<BTreeMap<String, [f64; 2]>> {
        let mut table = BTreeMap::new();
        for (name, windows) in &self.genres {
            let mut sums = [WindowLoss::default(); 2];
            for steps in windows {
                sums[0].add(&heldout_loss::of_window(network, steps)?);
                let null = heldout_loss::without_genre(steps);
                sums[1].add(&heldout_loss::of_window(network, &null)?);
            }
            let bits = sums.map(|sum| sum.bits() / sum.n_notes().max(1) as f64);
            table.insert(name.clone(), bits);
        }
        Ok(table)
    }
}

/// A run in progress.
struct Run<'a> {
    network: Network,
    optimizer: AdamW,
    sampler: WindowSampler<'a>,
    state: LoopState,
}

impl<'a> Run<'a> {
    fn start(
        config: &TrainConfig,
        recipe: &'a Recipe,
        songs: &'a Songs,
        options: &TrainOptions,
    ) -> Result<Self> {
        let path = options.out.join("checkpoint.safetensors");
        let mut state = LoopState {
            config: config.network,
            vocabulary_fingerprint: weights::fingerprint(),
            corpus_hash: songs.index.corpus_hash.clone(),
            genres: songs.index.genres.clone(),
            seed: config.seed,
            n_steps: 0,
            n_updates: 0,
            rng: recipe.seed,
            losses: BTreeMap::new(),
        };
        let first = match &options.init {
            Some(path) => {
                let bytes = std::fs::read(path)
                    .with_context(|| format!("{}: cannot be read", path.display()))?;
                let mut weights = weights::read(&bytes, &config.network)
                    .with_context(|| path.display().to_string())?;
                // What a shipped file has besides the network is not trained.
                let network = config.network.tensors();
                weights.retain(|name, _| network.iter().any(|(tensor, _)| tensor == name));
                weights
            }
            None => weights::random(&config.network, config.seed)?,
        };
        let mut optimizer = AdamW::new(&first, config.optimizer)?;
        if options.resume {
            let (tensors, saved) = checkpoint::read(&path)?;
            ensure!(
                saved.config == state.config
                    && saved.vocabulary_fingerprint == state.vocabulary_fingerprint,
                "{}: expected {:?} and vocabulary {}, found {:?} and {}",
                path.display(),
                state.config,
                state.vocabulary_fingerprint,
                saved.config,
                saved.vocabulary_fingerprint
            );
            ensure!(
                saved.genres.is_empty() || saved.genres == state.genres,
                "{}: expected the genres {}, found {}; a model keeps its genres",
                path.display(),
                state.genres.join(", "),
                saved.genres.join(", ")
            );
            if saved.corpus_hash != state.corpus_hash {
                eprintln!(
                    "the corpus has changed: expected {}, found {}",
                    saved.corpus_hash, state.corpus_hash
                );
            }
            optimizer.restore(&tensors).with_context(|| path.display().to_string())?;
            optimizer.n_updates = saved.n_updates;
            state = LoopState { genres: state.genres, ..saved };
        } else if path.exists() {
            bail!(
                "{}: a checkpoint is there; go on with --resume, or choose another --out",
                path.display()
            );
        }
        let network = Network::new(config.network, &optimizer.weights(), Kernels::Fused)?;
        let mut sampler = WindowSampler::new(songs, recipe);
        sampler.rng = Random::new(state.rng);
        Ok(Self { network, optimizer, sampler, state })
    }

    /// One update; the loss in nats a step.
    fn update(&mut self, config: &TrainConfig, context_len: usize) -> Result<f64> {
        let mut rows = Rows::new(context_len);
        for _ in 0..config.rows {
            rows.push(&self.sampler.row());
        }
        let losses = self.network.losses(&rows.batch())?;
        let mean = losses.mean()?;
        let rate = config.optimizer.rate(self.state.n_steps, config.steps);
        let gradients = mean.backward()?;
        self.optimizer.update(&gradients, rate).with_context(|| {
            format!("after {} steps, loss {:?}", self.state.n_steps, mean.to_scalar::<f32>())
        })?;
        self.state.n_steps += losses.n_steps() as u64;
        self.state.n_updates = self.optimizer.n_updates;
        self.state.rng = self.sampler.rng.state();
        Ok(mean.to_scalar::<f32>()?.into())
    }

    /// Measures held-out loss and adds it to the log; the line to print.
    fn report(&mut self, valid: &Valid, loss: f64, rate: f64, out: &Path) -> Result<String> {
        let table = valid.measure(&detached(&self.network, &self.optimizer.weights())?)?;
        self.state.losses = table.iter().map(|(name, [own, _])| (name.clone(), *own)).collect();
        if loss.is_finite() {
            let valid = table.iter().map(|(name, bits)| (name.clone(), *bits)).collect();
            let steps = self.state.n_steps;
            let report = Report { steps, train_nats_per_step: loss, valid };
            let path = out.join("log.jsonl");
            let log = File::options().append(true).create(true).open(&path);
            let line = serde_json::to_string(&report)?;
            log.and_then(|mut log| writeln!(log, "{line}"))
                .with_context(|| format!("{}: cannot be written", path.display()))?;
        }
        let genres: Vec<String> = table
            .iter()
            .map(|(name, [own, null])| format!("{name} {own:.3} ({null:.3})"))
            .collect();
        Ok(format!(
            "{:>11} steps  loss {loss:.4}  {rate:.0}/s  bits a note, without genre in brackets: {}",
            self.state.n_steps,
            genres.join("  ")
        ))
    }

    fn save(&self, out: &Path, name: &str) -> Result<()> {
        checkpoint::write(
            &out.join("checkpoint.safetensors"),
            &self.optimizer.state()?,
            &self.state,
        )?;
        write_whole(&out.join("weights.safetensors"), &weights::write(&self.optimizer.weights())?)?;
        write_whole(&out.join("manifest.json"), &manifest(name, &self.state)?.to_bytes()?)
    }
}

/// The network over weights that record no graph.
fn detached(network: &Network, weights: &Weights) -> Result<Network> {
    let weights = weights.iter().map(|(name, tensor)| (name.clone(), tensor.detach())).collect();
    Ok(Network::new(*network.config(), &weights, Kernels::Fused)?)
}

/// The manifest of a run's weights.
///
/// # Errors
/// Names that cannot be those of genres.
pub fn manifest(name: &str, state: &LoopState) -> Result<Manifest> {
    let genres = match state.genres.is_empty() {
        true => GenreNames::default(),
        false => GenreNames::new(state.genres.clone())?,
    };
    Ok(Manifest {
        genres,
        corpus_hash: state.corpus_hash.clone(),
        seed: state.seed,
        steps: state.n_steps,
        losses: state.losses.clone(),
        vocabulary_fingerprint: state.vocabulary_fingerprint.clone(),
        ..Manifest::new(name, state.config)
    })
}
