//! The trainer's command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use trainer::corpus::Split;
use trainer::recipe::Recipe;
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
        Verb::Prepare { corpus, out, tiers } => prepare::run(&corpus, &out, &tiers),
        Verb::Pack { prepared, recipe, steps, seed, held_out, out } => {
            let mut recipe = Recipe::read(&recipe)?;
            recipe.seed = seed.unwrap_or(recipe.seed);
            match held_out {
                Some(rows) => pack::held_out(&prepared, &recipe, Split::Valid, rows, &out),
                None => pack::train(&prepared, &recipe, steps, &out),
            }
        }
    }
}
