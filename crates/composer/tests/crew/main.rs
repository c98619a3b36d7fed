//! Many sessions on the one composing thread of a process.

// Each plays what it plays alone, whatever the others do.
mod together;
// Workers that are slow, stop for a while, fail or go in the middle of a song.
mod trouble;
// What a request says about the time that is left.
mod lead;

use std::sync::{Arc, OnceLock};

use composer::{Generator, NeuralGenerator};
use model::{Config, Kernels, Network, weights};

/// A small untrained network, one for the process.
fn network() -> Arc<Network> {
    static NETWORK: OnceLock<Arc<Network>> = OnceLock::new();
    let make = || {
        let weights = weights::random(&Config::TINY, 3).expect("weights");
        Arc::new(Network::new(Config::TINY, &weights, Kernels::Fused).expect("a network"))
    };
    Arc::clone(NETWORK.get_or_init(make))
}

fn neural() -> composer::Result<Box<dyn Generator>> {
    Ok(Box::new(NeuralGenerator::new(network())))
}
