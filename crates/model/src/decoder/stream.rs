//! One reading of the music: conditions, and the cache of keys and values.

use score::steps;

use super::Packed;
use crate::kernels::{Line, Lines};

/// A weighted sum of conditions: six genres and null.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix([f32; steps::N_CONDITIONS]);

impl Mix {
    /// No genre.
    pub const NULL: Self = {
        let mut weights = [0.0; steps::N_CONDITIONS];
        weights[steps::NULL_CONDITION as usize] = 1.0;
        Self(weights)
    };

    /// One condition alone, `0..7`.
    pub fn pure(condition: usize) -> Self {
        let mut weights = [0.0; steps::N_CONDITIONS];
        weights[condition] = 1.0;
        Self(weights)
    }

    /// Weights that should sum to 1.
    pub fn new(weights: [f32; steps::N_CONDITIONS]) -> Self {
        Self(weights)
    }

    /// One weight a condition.
    pub fn weights(&self) -> &[f32; steps::N_CONDITIONS] {
        &self.0
    }
}

/// The conditions of a stream, a slot each: harmony and four parts.
pub type StreamMix = [Mix; steps::N_SLOTS];

/// The cache of one stream, and how its conditions scale and shift every layer.
#[derive(Debug)]
pub struct Stream {
    pub(super) len: usize,
    mix: StreamMix,
    n_layers: usize,
    d_film: usize,
    /// `(slots, layers, 4 D)`.
    film: Vec<f32>,
    key_lines: usize,
    value_lines: usize,
    keys: Lines,
    values: Lines,
}

impl Stream {
    /// An empty stream.
    pub fn new(packed: &Packed, mix: StreamMix) -> Self {
        let n_layers = packed.config.n_layers;
        let (key_lines, value_lines) =
            (packed.attention.key_lines(), packed.attention.value_lines());
        let mut stream = Self {
            len: 0,
            mix,
            n_layers,
            d_film: 4 * packed.config.d_model,
            film: Vec::new(),
            key_lines,
            value_lines,
            keys: Lines::zeroed(n_layers * key_lines),
            values: Lines::zeroed(n_layers * value_lines),
        };
        stream.condition(packed, mix);
        stream
    }

    /// Empties the stream and gives it other conditions.
    pub fn condition(&mut self, packed: &Packed, mix: StreamMix) {
        self.len = 0;
        self.mix = mix;
        self.film.clear();
        for (slot, mix) in mix.iter().enumerate() {
            let condition = packed.condition(slot, mix);
            for layer in 0..self.n_layers {
                self.film.extend(packed.film(layer, &condition));
            }
        }
    }

    /// The conditions.
    pub fn mix(&self) -> &StreamMix {
        &self.mix
    }

    /// Steps read so far.
    pub fn n_steps(&self) -> usize {
        self.len
    }

    /// Forgets all steps from `n_steps` on.
    pub fn truncate(&mut self, n_steps: usize) {
        self.len = self.len.min(n_steps);
    }

    /// Bytes of the cache.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.keys) + size_of_val(&*self.values) + size_of_val(self.film.as_slice())
    }

    pub(super) fn film(&self, slot: usize, layer: usize) -> &[f32] {
        &self.film[(slot * self.n_layers + layer) * self.d_film..][..self.d_film]
    }

    pub(super) fn cache(&mut self, layer: usize) -> (&mut [Line], &mut [Line]) {
        (
            &mut self.keys[layer * self.key_lines..][..self.key_lines],
            &mut self.values[layer * self.value_lines..][..self.value_lines],
        )
    }
}
