//! What the whole network learns of an artist, for comparison with a style.
//!
//! Every weight is trained on the artist's songs, at one rate, from the genre next to them; where to
//! stop is chosen by the very windows that are asked about, which no style may do. It is an estimate
//! of how far a style could get, and no bound: from another start or at another rate it may get further.

use anyhow::Result;
use model::style::{Song, Windows};
use model::{Kernels, Network};
use score::steps::{COND, N_CONDITIONS, Step};

use crate::heldout_loss::{self, WindowLoss};
use crate::optimizer::{AdamW, OptimizerConfig};
use crate::rows::Rows;

/// Updates, windows in each, and updates from one look at what is asked to the next.
const N_UPDATES: u64 = 80;
const N_WINDOWS: usize = 4;
const LOOK_EVERY: u64 = 10;

/// Highest learning rate.
const RATE: f64 = 2e-4;

/// Updates in which the rate rises.
const WARMUP: u64 = 10;

/// Seed of the windows that are drawn.
const SEED: u64 = 1;

/// Fewest bits a note of `asked`, windows of other songs, that training all weights on `songs`
/// leads to; both are read as music of `genre`.
///
/// # Errors
/// Tensor operations that fail.
pub fn bits(network: &Network, songs: Vec<Song>, asked: &[Vec<Step>], genre: usize) -> Result<f64> {
    let own = network.config().tensors();
    let mut weights = network.weights().clone();
    weights.retain(|name, _| own.iter().any(|(tensor, _)| tensor == name));
    let config = OptimizerConfig { beta2: 0.99, weight_decay: 0.0, ..OptimizerConfig::default() };
    let mut optimizer = AdamW::new(&weights, config)?;
    let learner = Network::new(*network.config(), &optimizer.weights(), Kernels::Fused)?;
    let context_len = network.config().context_len;
    let mut windows = Windows::new(songs, context_len, SEED);
    let asked: Vec<Vec<Step>> = asked.iter().map(|steps| of_genre(steps, genre)).collect();
    let mut fewest = f64::INFINITY;
    for update in 0..N_UPDATES {
        let mut rows = Rows::new(context_len);
        for _ in 0..N_WINDOWS {
            let steps = of_genre(&windows.draw(), genre);
            rows.push(&steps.into_iter().map(|step| (step, 0)).collect::<Vec<_>>());
        }
        let gradients = learner.losses(&rows.batch())?.mean()?.backward()?;
        let rise = (update + 1).min(WARMUP) as f64 / WARMUP as f64;
        let fall = 1.0 - update as f64 / N_UPDATES as f64;
        optimizer.update(&gradients, RATE * rise * fall)?;
        if (update + 1) % LOOK_EVERY == 0 {
            fewest = fewest.min(bits_of(&learner, &optimizer, &asked)?);
        }
    }
    Ok(fewest)
}

fn bits_of(learner: &Network, optimizer: &AdamW, asked: &[Vec<Step>]) -> Result<f64> {
    // Over weights that record no graph.
    let weights = optimizer.weights().into_iter().map(|(name, tensor)| (name, tensor.detach()));
    let network = Network::new(*learner.config(), &weights.collect(), Kernels::Fused)?;
    let mut sum = WindowLoss::default();
    for steps in asked {
        sum.add(&heldout_loss::of_window(&network, steps)?);
    }
    Ok(sum.bits() / sum.n_notes().max(1) as f64)
}

/// The same steps as music of a genre.
fn of_genre(steps: &[Step], genre: usize) -> Vec<Step> {
    let n = N_CONDITIONS as u16;
    let mut steps = steps.to_vec();
    for step in &mut steps {
        step.inputs[COND] = step.inputs[COND] / n * n + genre as u16;
    }
    steps
}
