//! One reading of the music: conditions, and the cache of keys and values.

use score::{Blend, Genre, N_STYLES, steps};

use super::Packed;
use crate::Styles;
use crate::kernels::{Line, Lines};

/// A weighted sum of conditions: six genres and null, and the user's styles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    conditions: [f32; steps::N_CONDITIONS],
    styles: [f32; N_STYLES],
}

impl Mix {
    /// No genre.
    pub const NULL: Self = {
        let mut weights = [0.0; steps::N_CONDITIONS];
        weights[steps::NULL_CONDITION as usize] = 1.0;
        Self { conditions: weights, styles: [0.0; N_STYLES] }
    };

    /// One condition alone, `0..7`.
    pub fn pure(condition: usize) -> Self {
        let mut weights = [0.0; steps::N_CONDITIONS];
        weights[condition] = 1.0;
        Self::new(weights)
    }

    /// One genre or style alone, by its place in a blend.
    pub fn of_one(place: usize) -> Self {
        let mut weights = [0.0; Blend::LEN];
        weights[place] = 1.0;
        Self::of_blend(weights)
    }

    /// Weights of genres and styles that should sum to 1.
    pub fn of_blend(weights: [f32; Blend::LEN]) -> Self {
        let mut mix = Self { conditions: [0.0; steps::N_CONDITIONS], styles: [0.0; N_STYLES] };
        mix.conditions[..Genre::COUNT].copy_from_slice(&weights[..Genre::COUNT]);
        mix.styles.copy_from_slice(&weights[Genre::COUNT..]);
        mix
    }

    /// Weights that should sum to 1.
    pub fn new(weights: [f32; steps::N_CONDITIONS]) -> Self {
        Self { conditions: weights, styles: [0.0; N_STYLES] }
    }

    /// One weight a condition.
    pub fn weights(&self) -> &[f32; steps::N_CONDITIONS] {
        &self.conditions
    }

    /// One weight a style.
    pub fn styles(&self) -> &[f32; N_STYLES] {
        &self.styles
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
    /// What styles add to the biases of the heads, `(slots, classes)`.
    biases: Vec<f32>,
    key_lines: usize,
    value_lines: usize,
    keys: Lines,
    values: Lines,
}

impl Stream {
    /// An empty stream without styles.
    pub fn new(packed: &Packed, mix: StreamMix) -> Self {
        Self::with_styles(packed, mix, &Styles::default())
    }

    /// An empty stream; `styles` must fit the network.
    pub fn with_styles(packed: &Packed, mix: StreamMix, styles: &Styles) -> Self {
        let n_layers = packed.config.n_layers;
        let (key_lines, value_lines) =
            (packed.attention.key_lines(), packed.attention.value_lines());
        let mut stream = Self {
            len: 0,
            mix,
            n_layers,
            d_film: 4 * packed.config.d_model,
            film: Vec::new(),
            biases: Vec::new(),
            key_lines,
            value_lines,
            keys: Lines::zeroed(n_layers * key_lines),
            values: Lines::zeroed(n_layers * value_lines),
        };
        stream.condition(packed, mix, styles);
        stream
    }

    /// Empties the stream and gives it other conditions.
    pub fn condition(&mut self, packed: &Packed, mix: StreamMix, styles: &Styles) {
        self.len = 0;
        self.mix = mix;
        self.film.clear();
        self.biases.clear();
        for (slot, mix) in mix.iter().enumerate() {
            self.biases.extend(styles.biases(mix.styles(), slot));
            let conditions = styles.conditions(mix.weights(), mix.styles());
            let condition = packed.condition(slot, &conditions);
            for layer in 0..self.n_layers {
                let film = packed.film(layer, &condition, |film| {
                    styles.add_film(mix.styles(), slot, layer, film);
                });
                self.film.extend(film);
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
        let numbers = [self.film.as_slice(), self.biases.as_slice()];
        size_of_val(&*self.keys)
            + size_of_val(&*self.values)
            + numbers.map(size_of_val::<[f32]>).iter().sum::<usize>()
    }

    pub(super) fn film(&self, slot: usize, layer: usize) -> &[f32] {
        &self.film[(slot * self.n_layers + layer) * self.d_film..][..self.d_film]
    }

    /// Biases of a slot.
    pub(super) fn biases(&self, slot: usize) -> &[f32] {
        &self.biases[slot * steps::N_CLASSES..][..steps::N_CLASSES]
    }

    pub(super) fn cache(&mut self, layer: usize) -> (&mut [Line], &mut [Line]) {
        (
            &mut self.keys[layer * self.key_lines..][..self.key_lines],
            &mut self.values[layer * self.value_lines..][..self.value_lines],
        )
    }
}
