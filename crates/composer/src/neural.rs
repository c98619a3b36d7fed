//! Composes with the network.

use std::sync::{Arc, Weak};

use judge::Judge;
use model::{BandModel, Given, Network, Redraws};
use parking_lot::Mutex;
use score::grid::{BeatFrame, HistoryBeat};
use score::{Blend, Controls, Genre, GridBeat, Meter, Part, Tempo};

use crate::{Error, Generator, Result};

/// The model's generator: caches of its own over weights that instances share.
#[derive(Debug)]
pub struct NeuralGenerator {
    model: BandModel,
    judge: Option<Arc<Judge>>,
}

/// The networks in use in this process, by place and length of their bytes.
static SHARED: Mutex<Vec<(Source, Weak<Network>)>> = Mutex::new(Vec::new());

/// Where embedded weights lie: address and length.
type Source = (usize, usize);

impl NeuralGenerator {
    /// A generator over weights that are loaded already.
    pub fn new(network: Arc<Network>) -> Self {
        let judge = network.judge().cloned();
        Self { model: BandModel::new(network), judge }
    }

    /// A generator over weights embedded in the program, which all instances of a process share.
    ///
    /// The first call parses and tries them; they are freed with the last generator. `weights` is a
    /// safetensors file, `manifest` its JSON. For weights from a file, use [`Network::from_bytes`]
    /// and [`Self::new`].
    ///
    /// # Errors
    /// [`Error::Load`] when the bytes are no weights of this version.
    pub fn embedded(weights: &'static [u8], manifest: &'static [u8]) -> Result<Self> {
        let source = (weights.as_ptr() as usize, weights.len());
        // Held while parsing, so that instances that start together parse once.
        let mut shared = SHARED.lock();
        let in_use = shared.iter().find(|(s, _)| *s == source).and_then(|(_, n)| n.upgrade());
        if let Some(network) = in_use {
            return Ok(Self::new(network));
        }
        let network = Network::from_bytes(weights, manifest)
            .and_then(|network| warm_up(&network).map(|()| network))
            .map_err(|error| Error::Load { message: error.to_string() })?;
        shared.retain(|(s, network)| *s != source && network.strong_count() > 0);
        shared.push((source, Arc::downgrade(&network)));
        Ok(Self::new(network))
    }
}

/// Composes a beat that nobody hears, so that the first that counts finds weights and code in
/// memory, and weights that cannot compose are refused before they go live.
fn warm_up(network: &Arc<Network>) -> model::Result<()> {
    let controls = Controls { blend: Blend::pure(Genre::Rock), ..Controls::default() };
    let frame = BeatFrame::regular(0, Meter::default(), Tempo::default());
    BandModel::new(Arc::clone(network)).compose(&[], &frame, &controls, 0).map(drop)
}

impl Generator for NeuralGenerator {
    fn compose(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> Result<GridBeat> {
        self.model
            .compose(history, frame, controls, pass)
            .map_err(|error| Error::Compose { beat: frame.beat, message: error.to_string() })
    }

    fn compose_part(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
        part: Part,
        beat: &GridBeat,
    ) -> Result<GridBeat> {
        let mut given = Given {
            chord: Some(beat.chord),
            parts: [None; 4],
            forms: beat.forms,
            takes: beat.takes,
        };
        for other in Part::ALL.into_iter().filter(|other| *other != part) {
            given.parts[other.index()] = Some(&beat.parts[other.index()]);
        }
        self.model
            .compose_around(history, frame, controls, pass, &given)
            .map_err(|error| Error::Compose { beat: frame.beat, message: error.to_string() })
    }

    fn judge(&self) -> Option<Arc<Judge>> {
        self.judge.clone()
    }

    fn redraws(&self) -> Redraws {
        self.model.redraws()
    }
}
