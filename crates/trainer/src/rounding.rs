//! What rounding the weights to bfloat16 costs in held-out loss.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use model::Network;
use rayon::prelude::*;

use crate::heldout_loss::{self, WindowLoss};
use crate::songs::Songs;

/// Held-out windows a genre.
const WINDOWS: usize = 100;

/// The most that rounding may move a genre's loss by, as a share.
const MOST: f64 = 0.005;

/// Held-out loss of one genre.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The genre's name.
    pub genre: String,
    /// Bits a note of the weights as they were trained.
    pub before: f64,
    /// Bits a note of the rounded weights.
    pub after: f64,
    /// Held-out windows.
    pub n_windows: usize,
    /// Notes in them.
    pub n_notes: usize,
}

impl Change {
    /// What rounding adds, as a share of the loss before.
    pub fn share(&self) -> f64 {
        self.after / self.before - 1.0
    }
}

/// Measures both networks on the same windows of every genre.
///
/// # Errors
/// A genre without held-out notes; tensor operations that fail.
pub fn measure(before: &Network, after: &Network, songs: &Songs) -> Result<Vec<Change>> {
    let genres = songs.index.genres.iter().enumerate();
    let change = |(genre, name): (usize, &String)| {
        let max_steps = before.config().context_len;
        let windows = heldout_loss::windows(songs, genre, WINDOWS, max_steps);
        ensure!(!windows.is_empty(), "genre {name}: no held-out window has notes");
        let bits = |network: &Network| -> Result<(f64, usize)> {
            let of = |steps: &Vec<_>| heldout_loss::of_window(network, steps);
            let losses = windows.par_iter().map(of).collect::<Result<Vec<_>>>()?;
            let mut sum = WindowLoss::default();
            losses.iter().for_each(|loss| sum.add(loss));
            Ok((sum.bits() / sum.n_notes() as f64, sum.n_notes()))
        };
        let ((before, n_notes), (after, _)) = (bits(before)?, bits(after)?);
        let n_windows = windows.len();
        Ok(Change { genre: name.clone(), before, after, n_windows, n_notes })
    };
    genres.map(change).collect()
}

/// Refuses what costs too much.
///
/// # Errors
/// A genre whose loss moves by more than half a percent, by name.
pub fn check(changes: &[Change]) -> Result<()> {
    for change in changes {
        let share = change.share();
        ensure!(
            share.abs() <= MOST,
            "genre {}: rounding to bfloat16 moves held-out loss by {:+.2} %, at most {:.2} %",
            change.genre,
            100.0 * share,
            100.0 * MOST
        );
    }
    Ok(())
}

/// The table for people.
pub fn markdown(changes: &[Change]) -> String {
    let mut text = String::from(
        "Held-out loss in bits a note (test songs), before and after rounding to bfloat16:\n\n\
         | genre | before | after | change | windows | notes |\n|---|---:|---:|---:|---:|---:|\n",
    );
    for change in changes {
        let Change { genre, before, after, n_windows, n_notes } = change;
        let percent = 100.0 * change.share();
        // PANIC: writing to a string cannot fail.
        writeln!(
            text,
            "| {genre} | {before:.4} | {after:.4} | {percent:+.3} % | {n_windows} | {n_notes} |"
        )
        .expect("a string takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(after: f64) -> Change {
        Change { genre: "folk".into(), before: 2.0, after, n_windows: 9, n_notes: 1234 }
    }

    #[test]
    fn half_a_percent_either_way_is_the_most() {
        for after in [2.0, 2.009, 1.991] {
            check(&[change(2.0), change(after)]).unwrap();
        }
        for after in [2.011, 1.989, f64::NAN] {
            let error = check(&[change(2.0), change(after)]).unwrap_err().to_string();
            assert!(error.contains("genre folk") && error.contains("at most 0.50 %"), "{error}");
        }
    }

    #[test]
    fn the_table_has_every_genre() {
        let table = markdown(&[change(2.001)]);
        assert!(table.contains("| folk | 2.0000 | 2.0010 | +0.050 % | 9 | 1234 |"), "{table}");
    }
}
