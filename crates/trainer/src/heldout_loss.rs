//! Held-out loss of a network: nats a target, window by window.

use anyhow::Result;
use model::Network;
use score::steps::{
    COND, IGNORE, N_CONDITIONS, N_TARGETS, NULL_CONDITION, Step, T_CHORD, T_DUR, T_POS, T_SYM,
};

use crate::heldout;
use crate::rows::Rows;
use crate::songs::Songs;

/// The targets that bits a note count, and their names.
pub const NOTE_TARGETS: [(usize, &str); 4] =
    [(T_CHORD, "chord"), (T_POS, "position"), (T_SYM, "pitch"), (T_DUR, "duration")];

/// Sums over one window.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowLoss {
    /// Nats a target.
    pub nats: [f64; N_TARGETS],
    /// Targets that count.
    pub counts: [usize; N_TARGETS],
}

impl WindowLoss {
    /// Number of notes.
    pub fn n_notes(&self) -> usize {
        self.counts[T_SYM]
    }

    /// Bits of chord, position, pitch and duration.
    pub fn bits(&self) -> f64 {
        NOTE_TARGETS.iter().map(|(target, _)| self.nats[*target]).sum::<f64>()
            / core::f64::consts::LN_2
    }

    /// Adds another window.
    pub fn add(&mut self, other: &Self) {
        for target in 0..N_TARGETS {
            self.nats[target] += other.nats[target];
            self.counts[target] += other.counts[target];
        }
    }
}

/// Steps of up to `n` held-out windows of a genre, each at most `max_steps` long.
pub fn windows(songs: &Songs, genre: usize, n: usize, max_steps: usize) -> Vec<Vec<Step>> {
    let encode = |window: &score::window::Window| window.encode(window.conditions(), max_steps);
    let windows = heldout::windows(songs, genre, n);
    let has_notes = |steps: &Vec<Step>| steps.iter().any(|step| step.targets[T_SYM] != IGNORE);
    windows.iter().map(encode).filter(has_notes).collect()
}

/// The same steps without genre.
pub fn without_genre(steps: &[Step]) -> Vec<Step> {
    let n = N_CONDITIONS as u16;
    let mut steps = steps.to_vec();
    for step in &mut steps {
        step.inputs[COND] = step.inputs[COND] / n * n + NULL_CONDITION;
    }
    steps
}

/// The network's loss on a window.
///
/// # Errors
/// Tensor operations that fail.
pub fn of_window(network: &Network, steps: &[Step]) -> Result<WindowLoss> {
    let rows = Rows::of_window(steps);
    let losses = network.losses(&rows.batch())?;
    let mut sums = WindowLoss { counts: losses.counts, ..WindowLoss::default() };
    for (sum, nats) in sums.nats.iter_mut().zip(&losses.nats) {
        *sum = f64::from(nats.to_scalar::<f32>()?);
    }
    Ok(sums)
}
