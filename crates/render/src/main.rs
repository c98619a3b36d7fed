//! The command line of the renderer. Exit status 0, 1 for an error, 2 for a wrong command line.

mod cli;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, Parser as _};

use cli::Cli;
use score::GenreNames;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if !cli.list && cli.output.is_empty() {
        let message = "nothing to do: give a file with -o FILE, or --list";
        Cli::command().error(clap::error::ErrorKind::MissingRequiredArgument, message).exit();
    }
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    if cli.list && cli.output.is_empty() && cli.model.is_none() {
        // The shipped model's are known without its weights.
        let _ = std::io::stdout().write_all(cli::list(&GenreNames::default()).as_bytes());
        return Ok(());
    }
    let (generator, genres) = render::generator(cli.model.as_deref(), &cli.style).context(
        match cli.style.is_empty() {
            true => "--model",
            false => "--model, --style",
        },
    )?;
    if let Some((flag, error)) = cli.misnamed(&genres) {
        let message = format!("invalid value for '{flag}': {error}");
        Cli::command().error(clap::error::ErrorKind::ValueValidation, message).exit();
    }
    if cli.list {
        // Whoever closes the pipe early has seen enough.
        let _ = std::io::stdout().write_all(cli::list(&genres).as_bytes());
    }
    if cli.output.is_empty() {
        return Ok(());
    }
    let song = cli.song(&genres)?;
    let rendering = render::perform(&song, generator)?;
    for file in &cli.output {
        render::write(&rendering, file).context("--output")?;
    }
    let n_notes = rendering.performance.piece.n_notes();
    let files: Vec<String> = cli.output.iter().map(|file| file.display().to_string()).collect();
    eprintln!("{} bars, {n_notes} notes: {}", song.n_bars, files.join(", "));
    let (redrawn, forced) = (rendering.n_redrawn, rendering.n_redraws_forced);
    if redrawn > 0 {
        eprintln!("{redrawn} beats of parts composed again to copy less, {forced} by force");
    }
    Ok(())
}
