//! Held-out loss in bits a note: of the model under the song's genre, of the same model without
//! genre, and of an n-gram baseline that was counted on the training songs of the genre.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use model::Network;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::quality::Quality;
use crate::heldout_loss::{self, NOTE_TARGETS, WindowLoss};
use crate::ngram::Ngram;
use crate::songs::Songs;

/// Everything that `eval` measures; one value a genre where a map is keyed by genre.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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
    /// The network before training.
    pub loss_bits_per_note_untrained: BTreeMap<String, f64>,
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
    /// What judges and other measures of music say.
    #[serde(flatten)]
    pub quality: Quality,
    /// What later versions measure is kept.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}

impl Evaluation {
    /// Measures held-out loss of one genre on up to `n_windows` windows.
    pub(super) fn loss(
        &mut self,
        [network, untrained]: [&Network; 2],
        held_out: &Songs,
        genre: usize,
        n_windows: usize,
        (ngram, n_counted): &(Ngram, usize),
    ) -> Result<()> {
        let name = &held_out.index.genres[genre];
        let max_steps = network.config().context_len;
        let windows = heldout_loss::windows(held_out, genre, n_windows, max_steps);
        ensure!(!windows.is_empty(), "genre {name}: no held-out window has notes");
        let bar = ProgressBar::new(windows.len() as u64);
        bar.set_style(ProgressStyle::with_template(
            "{msg:<20} {wide_bar} {pos}/{len} windows, {eta} left",
        )?);
        bar.set_message(format!("loss: {name}"));
        let losses = windows
            .par_iter()
            .map(|steps| {
                let own = heldout_loss::of_window(network, steps)?;
                let null = heldout_loss::without_genre(steps);
                let null = heldout_loss::of_window(network, &null)?;
                let untrained = heldout_loss::of_window(untrained, steps)?;
                bar.inc(1);
                Ok([own, null, ngram.of_window(steps), untrained])
            })
            .collect::<Result<Vec<[WindowLoss; 4]>>>()?;
        bar.finish_and_clear();
        let mut sums = [WindowLoss::default(); 4];
        for losses in &losses {
            sums.iter_mut().zip(losses).for_each(|(sum, loss)| sum.add(loss));
        }
        let n = sums[0].n_notes() as f64;
        let name = || name.to_owned();
        let bits = sums.map(|sum| sum.bits() / n);
        self.loss_bits_per_note.insert(name(), bits[0]);
        self.loss_bits_per_note_unconditioned.insert(name(), bits[1]);
        self.loss_bits_per_note_ngram.insert(name(), bits[2]);
        self.loss_bits_per_note_untrained.insert(name(), bits[3]);
        let own = losses.iter().map(|[own, ..]| (own.bits(), own.n_notes()));
        let error = ratio_error(own, bits[0]);
        self.loss_standard_error.extend(error.map(|error| (name(), error)));
        let gain = losses.iter().map(|[own, null, ..]| (null.bits() - own.bits(), own.n_notes()));
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
        self.n_ngram_notes.insert(name(), *n_counted);
        Ok(())
    }
}

/// Counts up to `n_windows` training windows of a genre; gives the notes that it counted, too.
pub fn count_ngram(
    training: &Songs,
    genre: usize,
    n_windows: usize,
    max_steps: usize,
) -> (Ngram, usize) {
    let (mut ngram, mut n_counted) = (Ngram::default(), 0);
    for steps in heldout_loss::windows(training, genre, n_windows, max_steps) {
        ngram.learn(&steps);
        n_counted += n_notes(&steps);
    }
    (ngram, n_counted)
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
        let row = "| jazz | 6.50 ± 0.10 | 6.75 | 9.00 | – | 0.250 ± 0.010 | 7 | 0 |";
        assert!(evaluation.markdown().contains(row), "{}", evaluation.markdown());
        let json = serde_json::to_string(&evaluation).unwrap();
        assert_eq!(serde_json::from_str::<Evaluation>(&json).unwrap(), evaluation);
        // Of an older program, which measured less.
        let older = r#"{"model": "m", "loss_bits_per_note": {"jazz": 6.5}, "colour": 1}"#;
        let older: Evaluation = serde_json::from_str(older).unwrap();
        assert_eq!((older.model.as_str(), older.loss_bits_per_note["jazz"]), ("m", 6.5));
        assert_eq!(older.more["colour"], 1);
    }
}
