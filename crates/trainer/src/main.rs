//! The trainer's command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use model::Blending;
use trainer::answers::{self, AnswersOptions};
use trainer::calibrate::{self, CalibrateOptions};
use trainer::corpus::{Artists, Split};
use trainer::eval::{self, Budget, EvalOptions, Evaluation, Section};
use trainer::export::{self, ExportOptions};
use trainer::learn::{self, LearnOptions};
use trainer::recipe::Recipe;
use trainer::styles::{self, StylesOptions};
use trainer::train::{self, TrainOptions};
use trainer::{pack, prepare};

/// From a corpus folder to weights and tables.
#[derive(Parser)]
#[command(name = "trainer", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Read, quantise and de-duplicate a corpus; print what was kept and why not.
    Prepare {
        /// Folder with <genre>/**/*.mid and, if there is one, manifest.csv.
        #[arg(long)]
        corpus: PathBuf,
        /// Folder for the prepared songs.
        #[arg(long, default_value = "target/prepared")]
        out: PathBuf,
        /// Licence tiers to use, for example A or A,B; all by default.
        #[arg(long, value_delimiter = ',')]
        tiers: Vec<String>,
        /// Artists whose songs are kept out of training, to measure on them how styles are learnt.
        #[arg(long)]
        artists: Option<PathBuf>,
    },
    /// Write training or held-out windows as flat files for the twin trainer.
    Pack {
        /// Folder that `prepare` wrote.
        #[arg(long, default_value = "target/prepared")]
        prepared: PathBuf,
        /// How windows are made.
        #[arg(long)]
        recipe: PathBuf,
        /// Training steps to write.
        #[arg(long, default_value_t = 2_000_000)]
        steps: usize,
        /// Replaces the recipe's seed.
        #[arg(long)]
        seed: Option<u64>,
        /// Write this many rows a genre of the validation split instead.
        #[arg(long)]
        held_out: Option<usize>,
        /// The file to write; a .json of the same name is written beside it.
        #[arg(short, long)]
        out: PathBuf,
    },
    /// Fit the network; prints held-out loss a genre while it runs.
    Train {
        /// Folder that `prepare` wrote.
        #[arg(long, default_value = "target/prepared")]
        prepared: PathBuf,
        /// The training run.
        #[arg(long, default_value = "crates/trainer/configs/train-v4.toml")]
        config: PathBuf,
        /// Folder for checkpoint, weights and manifest.
        #[arg(long, default_value = "target/run")]
        out: PathBuf,
        /// Go on from the folder's checkpoint.
        #[arg(long)]
        resume: bool,
        /// Start from these weights instead of random ones.
        #[arg(long, conflicts_with = "resume")]
        init: Option<PathBuf>,
        /// Replaces the run's number of music steps.
        #[arg(long)]
        steps: Option<u64>,
    },
    /// Measure a model on held-out songs; print tables with sample sizes.
    Eval {
        /// Folder that `prepare` wrote.
        #[arg(long, default_value = "target/prepared")]
        prepared: PathBuf,
        /// The weights.
        #[arg(long, default_value = "models/tributary-v4.safetensors")]
        weights: PathBuf,
        /// Their manifest; by default the .json of the same name.
        #[arg(long)]
        manifest: Option<PathBuf>,
        /// Five minutes instead of half an hour or more, with wider intervals.
        #[arg(long)]
        quick: bool,
        /// The parts to measure; all by default.
        #[arg(long, value_delimiter = ',')]
        sections: Vec<Section>,
        /// How several genres become one distribution: composed, mixed, interpolated.
        #[arg(long, default_value = "composed")]
        blending: Blending,
        /// Pull towards the blend, as the plugin's strength: 1 is its default.
        #[arg(long, default_value_t = 1.0)]
        strength: f32,
        /// Folder that keeps composed music, so that a stopped evaluation goes on where it was.
        #[arg(long, default_value = "target/eval-cache")]
        cache: PathBuf,
        /// Threads that compose.
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Say also what is copied without the originality guard.
        #[arg(long)]
        unguarded: bool,
        /// Measure loss on the validation songs instead of the test songs.
        #[arg(long)]
        valid: bool,
        /// Write the numbers here.
        #[arg(long)]
        json: Option<PathBuf>,
        /// Write the tables here.
        #[arg(long)]
        markdown: Option<PathBuf>,
        /// Write pictures into this folder.
        #[arg(long)]
        plots: Option<PathBuf>,
        /// The log.jsonl of the training run, for the picture of its loss.
        #[arg(long, requires = "plots")]
        log: Option<PathBuf>,
    },
    /// Learn a style of MIDI files: a knob besides the genres, in the plugin and in `render`.
    Learn {
        /// The songs; several of one artist tell more than one.
        #[arg(required = true)]
        midi: Vec<PathBuf>,
        /// The weights that the style is for; their manifest lies beside them.
        #[arg(long, default_value = "models/tributary-v4.safetensors")]
        weights: PathBuf,
        /// What it is called; by default as the file.
        #[arg(long)]
        name: Option<String>,
        /// Whose music it is.
        #[arg(long, default_value = "")]
        author: String,
        /// Under which terms the style may be used, in a line.
        #[arg(long, default_value = "")]
        licence: String,
        /// The .tributary-style to write.
        #[arg(short, long)]
        out: PathBuf,
    },
    /// Measure how styles are learnt, on the artists that `prepare --artists` held out.
    Styles {
        /// Folder that `prepare --artists` wrote.
        #[arg(long, default_value = "target/prepared")]
        prepared: PathBuf,
        /// The weights; their manifest lies beside them.
        #[arg(long, default_value = "models/tributary-v4.safetensors")]
        weights: PathBuf,
        /// Folder that keeps learnt styles.
        #[arg(long, default_value = "target/style-cache")]
        cache: PathBuf,
        /// Train the whole network on each artist, too, to compare styles with that.
        #[arg(long)]
        ceiling: bool,
        /// Threads that learn and compose.
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Write the numbers here.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Measure how the lead answers phrases of held-out songs.
    Answers {
        /// Folder that `prepare` wrote.
        #[arg(long, default_value = "target/prepared")]
        prepared: PathBuf,
        /// The weights; their manifest lies beside them.
        #[arg(long, default_value = "models/tributary-v4.safetensors")]
        weights: PathBuf,
        /// Phrases of each genre.
        #[arg(long, default_value_t = 24)]
        phrases: usize,
        /// Threads that compose.
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Write the numbers here.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Print earlier evaluations side by side.
    Compare {
        /// What `eval --json` wrote; a column each, named after its file.
        evals: Vec<PathBuf>,
    },
    /// Fit how often bars repeat and the weight map of exported weights: even steps of a knob become
    /// even steps for the ear. Run again, it bends the map that it finds.
    Calibrate {
        /// Folder that `prepare` wrote.
        #[arg(long, default_value = "target/prepared")]
        prepared: PathBuf,
        /// The weights, which get the map and another table of forms.
        #[arg(long, default_value = "models/tributary-v4.safetensors")]
        weights: PathBuf,
        /// Songs of eight bars at each of eleven points of each pair; 0 leaves the map alone.
        #[arg(long, default_value_t = 40)]
        songs: usize,
        /// Songs of 64 bars a genre, at each of up to six tilts of its forms; 0 leaves those alone.
        #[arg(long, default_value_t = 12)]
        long_songs: usize,
        /// Folder that keeps composed music.
        #[arg(long, default_value = "target/eval-cache")]
        cache: PathBuf,
        /// Threads that compose.
        #[arg(long, default_value_t = 2)]
        threads: usize,
    },
    /// Draw the pictures of an earlier evaluation again.
    Plot {
        /// What `eval --json` wrote.
        #[arg(long)]
        eval: PathBuf,
        /// The log.jsonl of the training run, for the picture of its loss.
        #[arg(long)]
        log: Option<PathBuf>,
        /// Folder for the pictures.
        #[arg(short, long)]
        out: PathBuf,
    },
    /// Write what the plugin ships: weights, manifest, model card.
    Export {
        /// A checkpoint, or safetensors that the twin wrote.
        #[arg(long, default_value = "target/run/checkpoint.safetensors")]
        weights: PathBuf,
        /// The training run: name and sizes.
        #[arg(long, default_value = "crates/trainer/configs/train-v4.toml")]
        config: PathBuf,
        /// Folder that `prepare` wrote, for the hash of the corpus, for what rounding costs, for how
        /// often bars repeat, and for the originality guard.
        #[arg(long)]
        prepared: Option<PathBuf>,
        /// What `eval --json` wrote, for the model card.
        #[arg(long)]
        eval: Option<PathBuf>,
        /// Music steps seen in training, where the weights do not say.
        #[arg(long)]
        steps: Option<u64>,
        /// Replaces the run's name.
        #[arg(long)]
        name: Option<String>,
        /// Folder of the shipped models.
        #[arg(long, default_value = "models")]
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trainer: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Prepare { corpus, out, tiers, artists } => {
            let artists = artists.as_deref().map(Artists::read).transpose()?.unwrap_or_default();
            prepare::run(&corpus, &out, &tiers, &artists)
        }
        Verb::Pack { prepared, recipe, steps, seed, held_out, out } => {
            let mut recipe = Recipe::read(&recipe)?;
            recipe.seed = seed.unwrap_or(recipe.seed);
            match held_out {
                Some(rows) => pack::held_out(&prepared, &recipe, Split::Valid, rows, &out),
                None => pack::train(&prepared, &recipe, steps, &out),
            }
        }
        Verb::Train { prepared, config, out, resume, init, steps } => {
            train::run(&TrainOptions { prepared, config, out, resume, init, steps })
        }
        Verb::Eval {
            prepared,
            weights,
            manifest,
            quick,
            sections,
            blending,
            strength,
            cache,
            threads,
            unguarded,
            valid,
            json,
            markdown,
            plots,
            log,
        } => {
            let manifest = manifest.unwrap_or_else(|| weights.with_extension("json"));
            eval::run(&EvalOptions {
                prepared,
                weights,
                manifest,
                budget: if quick { Budget::QUICK } else { Budget::FULL },
                sections,
                blending,
                strength,
                cache,
                threads,
                unguarded,
                valid,
                json,
                markdown,
                plots,
                log,
            })
        }
        Verb::Learn { midi, weights, name, author, licence, out } => {
            learn::run(&LearnOptions { midi, weights, name, author, licence, out })
        }
        Verb::Styles { prepared, weights, cache, ceiling, threads, json } => {
            styles::run(&StylesOptions { prepared, weights, cache, ceiling, threads, json })
        }
        Verb::Answers { prepared, weights, phrases, threads, json } => {
            answers::run(&AnswersOptions { prepared, weights, phrases, threads, json })
        }
        Verb::Compare { evals } => {
            let read = |path: &PathBuf| {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                anyhow::Ok((name, Evaluation::read(path)?))
            };
            let evaluations: Vec<_> = evals.iter().map(read).collect::<Result<_>>()?;
            print!("{}", eval::compare(&evaluations));
            Ok(())
        }
        Verb::Calibrate { prepared, weights, songs, long_songs, cache, threads } => {
            calibrate::run(&CalibrateOptions {
                prepared,
                weights,
                songs,
                long_songs,
                cache,
                threads,
            })
        }
        Verb::Plot { eval, log, out } => eval::draw_again(&eval, log.as_deref(), &out),
        Verb::Export { weights, config, prepared, eval, steps, name, out } => {
            export::run(&ExportOptions { weights, config, prepared, eval, steps, name, out })
        }
    }
}
