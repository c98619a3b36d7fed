//! `eval`: what the model is worth on music it never saw.
//!
//! The first table is held-out loss in bits a note: chord, position, pitch and duration, of the
//! model under the song's genre, of the same model without genre, and of an n-gram baseline that
//! was counted on the training songs of the genre.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use model::{Kernels, Network, weights};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::corpus::Split;
use crate::heldout_loss::{self, NOTE_TARGETS, WindowLoss};
use crate::ngram::Ngram;
use crate::recipe::Recipe;
use crate::shard::write_whole;
use crate::songs::Songs;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct EvalOptions {
    /// Folder that `prepare` wrote.
    pub prepared: PathBuf,
    /// The weights.
    pub weights: PathBuf,
    /// Their manifest.
    pub manifest: PathBuf,
    /// Held-out windows a genre.
    pub windows: usize,
    /// Training windows a genre that the baseline counts.
    pub ngram_windows: usize,
    /// Evaluate on the validation songs instead of the test songs.
    pub valid: bool,
    /// Where the numbers go, if anywhere.
    pub json: Option<PathBuf>,
    /// Where the table goes, besides the screen.
    pub markdown: Option<PathBuf>,
}

/// Everything that `eval` measures; one value a genre where a map is keyed by genre.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Name of the model.
    pub model: String,
    /// The split that was measured: test or valid.
    pub split: String,
    /// The model under the song's genre.
    pub loss_bits_per_note: BTreeMap<String, f64>,
    /// The model without genre.
    pub loss_bits_per_note_unconditioned: BTreeMap<String, f64>,
    /// The n-gram cascade.
    pub loss_bits_per_note_ngram: BTreeMap<String, f64>,
    /// Standard error of the model's bits, over windows; absent where there is one window only.
    pub loss_standard_error: BTreeMap<String, f64>,
    /// Standard error of what the genre gains, over windows.
    pub genre_gain_standard_error: BTreeMap<String, f64>,
    /// The model's bits a note by attribute.
    pub loss_by_attribute: BTreeMap<String, BTreeMap<String, f64>>,
    /// The baseline's bits a note by attribute.
    pub ngram_by_attribute: BTreeMap<String, BTreeMap<String, f64>>,
    /// Held-out windows.
    pub n_windows: BTreeMap<String, usize>,
    /// Held-out songs that they come from.
    pub n_songs: BTreeMap<String, usize>,
    /// Notes in them.
    pub n_notes: BTreeMap<String, usize>,
    /// Notes that the baseline counted.
    pub n_ngram_notes: BTreeMap<String, usize>,
    /// What later versions measure is kept.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}

/// Measures, prints the table, and writes what was asked for.
///
/// # Errors
/// Weights or songs that cannot be read, by name.
pub fn run(options: &EvalOptions) -> Result<()> {
    let read = |path: &PathBuf| {
        std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
    };
    let manifest = weights::Manifest::from_bytes(&read(&options.manifest)?)
        .with_context(|| options.manifest.display().to_string())?;
    let tensors = weights::read(&read(&options.weights)?, &manifest.config)
        .with_context(|| options.weights.display().to_string())?;
    let network = Network::new(manifest.config, &tensors, Kernels::Fused)?;
    let recipe = Recipe::default();
    let split = if options.valid { Split::Valid } else { Split::Test };
    let held_out = Songs::read(&options.prepared, &[split], &recipe)?;
    let training = Songs::read(&options.prepared, &[Split::Train], &recipe)?;
    ensure!(
        manifest.corpus_hash.is_empty() || manifest.corpus_hash == held_out.index.corpus_hash,
        "corpus: expected {}, found {}; the model may have heard the held-out songs",
        manifest.corpus_hash,
        held_out.index.corpus_hash
    );
    let mut evaluation = Evaluation {
        model: manifest.name.clone(),
        split: if options.valid { "valid" } else { "test" }.into(),
        ..Evaluation::default()
    };
    for (genre, name) in held_out.index.genres.iter().enumerate() {
        evaluation.loss(&network, &held_out, &training, genre, name, options)?;
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

impl Evaluation {
    /// Measures held-out loss of one genre.
    fn loss(
        &mut self,
        network: &Network,
        held_out: &Songs,
        training: &Songs,
        genre: usize,
        name: &str,
        options: &EvalOptions,
    ) -> Result<()> {
        let max_steps = network.config().context_len;
        let windows = heldout_loss::windows(held_out, genre, options.windows, max_steps);
        ensure!(!windows.is_empty(), "genre {name}: no held-out window has notes");
        let bar = ProgressBar::new((windows.len() + options.ngram_windows) as u64);
        bar.set_style(ProgressStyle::with_template("{msg:12} [{bar:30}] {pos}/{len} windows")?);
        bar.set_message(name.to_owned());
        let mut ngram = Ngram::default();
        let mut n_counted = 0;
        for steps in heldout_loss::windows(training, genre, options.ngram_windows, max_steps) {
            ngram.learn(&steps);
            n_counted += n_notes(&steps);
            bar.inc(1);
        }
        bar.set_length(bar.position() + windows.len() as u64);
        let losses = windows
            .par_iter()
            .map(|steps| {
                let own = heldout_loss::of_window(network, steps)?;
                let null = heldout_loss::without_genre(steps);
                let null = heldout_loss::of_window(network, &null)?;
                bar.inc(1);
                Ok([own, null, ngram.of_window(steps)])
            })
            .collect::<Result<Vec<[WindowLoss; 3]>>>()?;
        bar.finish_and_clear();
        let mut sums = [WindowLoss::default(); 3];
        for losses in &losses {
            sums.iter_mut().zip(losses).for_each(|(sum, loss)| sum.add(loss));
        }
        let n = sums[0].n_notes() as f64;
        let name = || name.to_owned();
        let bits = sums.map(|sum| sum.bits() / n);
        self.loss_bits_per_note.insert(name(), bits[0]);
        self.loss_bits_per_note_unconditioned.insert(name(), bits[1]);
        self.loss_bits_per_note_ngram.insert(name(), bits[2]);
        let own = losses.iter().map(|[own, ..]| (own.bits(), own.n_notes()));
        let error = ratio_error(own, bits[0]);
        self.loss_standard_error.extend(error.map(|error| (name(), error)));
        let gain = losses.iter().map(|[own, null, _]| (null.bits() - own.bits(), own.n_notes()));
        let error = ratio_error(gain, bits[1] - bits[0]);
        self.genre_gain_standard_error.extend(error.map(|error| (name(), error)));
        let by_attribute = |sum: &WindowLoss| {
            let bits = |target: usize| sum.nats[target] / core::f64::consts::LN_2 / n;
            NOTE_TARGETS.iter().map(|(target, name)| ((*name).into(), bits(*target))).collect()
        };
        self.loss_by_attribute.insert(name(), by_attribute(&sums[0]));
        self.ngram_by_attribute.insert(name(), by_attribute(&sums[2]));
        self.n_windows.insert(name(), windows.len());
        let songs = held_out.songs.iter().filter(|song| song.genre == genre).count();
        self.n_songs.insert(name(), songs.min(windows.len()));
        self.n_notes.insert(name(), sums[0].n_notes());
        self.n_ngram_notes.insert(name(), n_counted);
        Ok(())
    }

    /// The tables for people.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |parts: std::fmt::Arguments| {
            // PANIC: writing to a string cannot fail.
            text.write_fmt(parts).expect("a string takes everything");
        };
        line(format_args!(
            "Held-out loss of {} in bits a note ({} songs).\n",
            self.model, self.split
        ));
        line(format_args!("Chord, position, pitch and duration; lower is better.\n\n"));
        line(format_args!(
            "| genre | model | without genre | n-gram | genre gains | windows | notes |\n"
        ));
        line(format_args!("|---|---:|---:|---:|---:|---:|---:|\n"));
        for (genre, own) in &self.loss_bits_per_note {
            let null = self.loss_bits_per_note_unconditioned.get(genre).unwrap_or(&f64::NAN);
            let error = |table: &BTreeMap<String, f64>, digits: usize| {
                table.get(genre).map_or(String::new(), |error| format!(" ± {error:.digits$}"))
            };
            line(format_args!(
                "| {genre} | {own:.2}{} | {null:.2} | {:.2} | {:.3}{} | {} | {} |\n",
                error(&self.loss_standard_error, 2),
                self.loss_bits_per_note_ngram.get(genre).unwrap_or(&f64::NAN),
                null - own,
                error(&self.genre_gain_standard_error, 3),
                self.n_windows.get(genre).unwrap_or(&0),
                self.n_notes.get(genre).unwrap_or(&0),
            ));
        }
        line(format_args!("\n± is the standard error over windows.\n"));
        line(format_args!("The same by attribute, model / n-gram:\n\n| genre |"));
        NOTE_TARGETS.iter().for_each(|(_, name)| line(format_args!(" {name} |")));
        line(format_args!(" notes the n-gram counted |\n|---|"));
        NOTE_TARGETS.iter().for_each(|_| line(format_args!("---:|")));
        line(format_args!("---:|\n"));
        for (genre, own) in &self.loss_by_attribute {
            line(format_args!("| {genre} |"));
            for (_, name) in NOTE_TARGETS {
                let of = |table: Option<&BTreeMap<String, f64>>| {
                    table.and_then(|table| table.get(name)).copied().unwrap_or(f64::NAN)
                };
                let ngram = of(self.ngram_by_attribute.get(genre));
                line(format_args!(" {:.2} / {ngram:.2} |", of(Some(own))));
            }
            line(format_args!(" {} |\n", self.n_ngram_notes.get(genre).unwrap_or(&0)));
        }
        text
    }
}

fn n_notes(steps: &[score::steps::Step]) -> usize {
    let is_note =
        |step: &&score::steps::Step| step.targets[score::steps::T_SYM] != score::steps::IGNORE;
    steps.iter().filter(is_note).count()
}

/// Standard error of a ratio of sums over windows of `(bits, notes)`, by linearisation.
fn ratio_error(windows: impl Iterator<Item = (f64, usize)> + Clone, ratio: f64) -> Option<f64> {
    let (count, notes) = windows.clone().fold((0.0, 0.0), |(c, n), (_, m)| (c + 1.0, n + m as f64));
    if count < 2.0 {
        return None;
    }
    let squares: f64 = windows.map(|(bits, notes)| (bits - ratio * notes as f64).powi(2)).sum();
    Some((squares * count / (count - 1.0)).sqrt() / notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_ratio_is_that_of_a_mean_when_windows_are_alike() {
        let bits = [10.0, 14.0, 12.0, 16.0];
        let error = ratio_error(bits.iter().map(|bits| (*bits, 1)), 13.0);
        let variance = bits.iter().map(|b| (b - 13.0f64).powi(2)).sum::<f64>() / 3.0;
        assert!((error.unwrap() - (variance / 4.0).sqrt()).abs() < 1e-12);
        assert_eq!(ratio_error([(1.0, 1)].into_iter(), 1.0), None);
    }

    #[test]
    fn tables_name_every_genre_and_numbers_read_back() {
        let one = |value: f64| BTreeMap::from([("jazz".to_owned(), value)]);
        let evaluation = Evaluation {
            model: "m".into(),
            loss_bits_per_note: one(6.5),
            loss_bits_per_note_unconditioned: one(6.75),
            loss_bits_per_note_ngram: one(9.0),
            loss_standard_error: one(0.1),
            genre_gain_standard_error: one(0.01),
            n_windows: BTreeMap::from([("jazz".to_owned(), 7)]),
            ..Evaluation::default()
        };
        let row = "| jazz | 6.50 ± 0.10 | 6.75 | 9.00 | 0.250 ± 0.010 | 7 | 0 |";
        assert!(evaluation.markdown().contains(row), "{}", evaluation.markdown());
        let json = serde_json::to_string(&evaluation).unwrap();
        assert_eq!(serde_json::from_str::<Evaluation>(&json).unwrap(), evaluation);
    }
}
