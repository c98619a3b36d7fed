//! `learn`: MIDI files of an artist → a style, as the plugin does it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use model::style::{About, FILE_ENDING, Fit, Song};
use model::weights::Manifest;
use model::{Network, Style};

use crate::shard::write_whole;

/// Seed of the windows that a fit draws.
const SEED: u64 = 1;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct LearnOptions {
    /// The songs.
    pub midi: Vec<PathBuf>,
    /// The weights; their manifest lies beside them.
    pub weights: PathBuf,
    /// What the style is called; the file's name without one.
    pub name: Option<String>,
    /// Whose music it is.
    pub author: String,
    /// Under which terms the style may be used, in a line.
    pub licence: String,
    /// The file to write.
    pub out: PathBuf,
}

/// Learns a style and writes it.
///
/// # Errors
/// Files that cannot be read or that nothing can be learnt from, by name and place.
pub fn run(options: &LearnOptions) -> Result<()> {
    if options.out.extension().is_none_or(|ending| ending != FILE_ENDING) {
        bail!("{}: expected a name that ends in .{FILE_ENDING}", options.out.display());
    }
    let network = network(&options.weights)?;
    let songs = options.midi.iter().map(|path| song(path)).collect::<Result<Vec<_>>>()?;
    let stem = options.out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let about = About {
        name: options.name.clone().unwrap_or(stem),
        author: options.author.clone(),
        licence: options.licence.clone(),
        ..About::default()
    };
    let style = fit(&network, songs, about, true)?;
    write_whole(&options.out, &style.to_bytes()?)?;
    let About { name, n_notes, bits, .. } = style.about();
    println!("{}: {name}, of {n_notes} notes", options.out.display());
    if let Some([genres, own]) = bits {
        let gain = 100.0 * (1.0 - own / genres);
        println!(
            "bars kept aside: {genres:.2} bits a note under genres, {own:.2} ({gain:.1} % less)"
        );
    }
    Ok(())
}

/// The network of a file of weights.
///
/// # Errors
/// Files that cannot be read or do not fit, by name.
pub fn network(weights: &Path) -> Result<Arc<Network>> {
    let read =
        |path: &Path| fs::read(path).with_context(|| format!("{}: cannot be read", path.display()));
    let manifest = weights.with_extension("json");
    let bytes = read(&manifest)?;
    Manifest::from_bytes(&bytes).with_context(|| manifest.display().to_string())?;
    Network::from_bytes(&read(weights)?, &bytes).with_context(|| weights.display().to_string())
}

/// A song of a MIDI file.
///
/// # Errors
/// A file that cannot be read, with its place.
fn song(path: &Path) -> Result<Song> {
    let bytes = fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    Ok(Song::from_midi(&bytes, &path.display().to_string())?)
}

/// Learns a style of songs on this thread.
///
/// # Errors
/// Songs that nothing can be learnt from.
pub fn fit(
    network: &Arc<Network>,
    songs: Vec<Song>,
    about: About,
    is_shown: bool,
) -> Result<Style> {
    let mut fit = Fit::new(network, songs, SEED)?;
    let bar =
        if is_shown { ProgressBar::new(fit.progress().of as u64) } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len}, {msg}, {eta} left")?);
    while !fit.is_done() {
        fit.step();
        bar.set_message(format!("{:.2} bits a note", fit.progress().bits));
        bar.set_position(fit.progress().done as u64);
    }
    bar.finish_and_clear();
    Ok(fit.finish(about))
}
