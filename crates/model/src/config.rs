//! Sizes of the network, as stored with the weights.

use score::steps;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Width of the position cascade's inner layers: duration, then expression.
pub(crate) const D_DURATION: usize = 128;
pub(crate) const D_EXPRESSION: usize = 64;
/// Rows of the condition table: every slot's genres and its null row.
pub(crate) const N_CONDITION_ROWS: usize = steps::N_SLOTS * steps::N_CONDITIONS;
/// Rows of the embedding table: every field but the last, which is the condition.
pub(crate) const N_EMBEDDINGS: usize = {
    let (mut sum, mut field) = (0, 0);
    while field < N_FIELDS {
        sum += steps::FIELD_SIZES[field];
        field += 1;
    }
    sum
};
/// Fields of a step that are embedded.
pub(crate) const N_FIELDS: usize = steps::N_INPUTS - 1;
/// First row of each field in the embedding table.
pub(crate) const FIELD_OFFSETS: [usize; N_FIELDS] = {
    let (mut offsets, mut field) = ([0; N_FIELDS], 1);
    while field < N_FIELDS {
        offsets[field] = offsets[field - 1] + steps::FIELD_SIZES[field - 1];
        field += 1;
    }
    offsets
};

/// Sizes of the network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Width of the residual stream, a multiple of 16.
    pub d_model: usize,
    /// Number of layers, at least 1.
    pub n_layers: usize,
    /// Number of query heads.
    pub n_heads: usize,
    /// Number of key and value heads, a divisor of `n_heads`.
    pub n_kv_heads: usize,
    /// Width of the feed-forward layer, a multiple of 16.
    pub d_ff: usize,
    /// Width of a condition.
    pub d_cond: usize,
    /// Steps that attention reaches, and the capacity of the decoder's cache.
    pub context_len: usize,
    /// Added to the mean square in RMSNorm.
    pub rms_eps: f32,
    /// Base of the rotary positions.
    pub rope_base: f32,
}

impl Config {
    /// The shipped network: 3.1 million weights.
    pub const BASE: Self = Self {
        d_model: 192,
        n_layers: 6,
        n_heads: 6,
        n_kv_heads: 2,
        d_ff: 512,
        d_cond: 48,
        context_len: 512,
        rms_eps: 1e-5,
        rope_base: 10_000.0,
    };

    /// A network for tests, three orders of magnitude cheaper.
    pub const TINY: Self = Self {
        d_model: 32,
        n_layers: 2,
        n_heads: 4,
        n_kv_heads: 2,
        d_ff: 48,
        d_cond: 8,
        context_len: 128,
        ..Self::BASE
    };

    /// Width of a head.
    pub const fn head_dim(&self) -> usize {
        self.d_model / self.n_heads
    }

    /// Width of all keys of a step, or of all values.
    pub const fn d_kv(&self) -> usize {
        self.n_kv_heads * self.head_dim()
    }

    /// Query heads that share a key head.
    pub const fn group(&self) -> usize {
        self.n_heads / self.n_kv_heads
    }

    /// # Errors
    /// [`Error::Config`] for the first size that cannot be.
    pub fn validate(&self) -> Result<()> {
        let check = |ok: bool, field, found: String, expected| {
            if ok { Ok(()) } else { Err(Error::Config { field, found, expected }) }
        };
        let sane = |n: usize, of: usize, max| n > 0 && n <= max && n.is_multiple_of(of);
        let d_model = self.d_model.to_string();
        check(sane(self.d_model, 16, 4096), "d_model", d_model.clone(), "a multiple of 16")?;
        let n_layers = self.n_layers.to_string();
        check(sane(self.n_layers, 1, 64), "n_layers", n_layers, "1 to 64")?;
        let heads = sane(self.n_heads, 1, 64) && self.d_model.is_multiple_of(self.n_heads * 2);
        check(heads, "n_heads", self.n_heads.to_string(), "a divisor of d_model / 2")?;
        let kv = self.n_kv_heads > 0 && self.n_heads.is_multiple_of(self.n_kv_heads);
        check(kv, "n_kv_heads", self.n_kv_heads.to_string(), "a divisor of n_heads")?;
        check(sane(self.d_ff, 16, 16384), "d_ff", self.d_ff.to_string(), "a multiple of 16")?;
        check(sane(self.d_cond, 1, 4096), "d_cond", self.d_cond.to_string(), "1 to 4096")?;
        let context = (128..=65_536).contains(&self.context_len);
        check(context, "context_len", self.context_len.to_string(), "128 to 65536")?;
        check(self.rms_eps > 0.0, "rms_eps", self.rms_eps.to_string(), "above 0")?;
        check(self.rope_base > 1.0, "rope_base", self.rope_base.to_string(), "above 1")
    }

    /// Name and shape of every tensor of the network, in a fixed order.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (d, kv, ff, c) = (self.d_model, self.d_kv(), self.d_ff, self.d_cond);
        let mut tensors = vec![
            ("embed.weight".to_owned(), vec![N_EMBEDDINGS, d]),
            ("cond.weight".to_owned(), vec![N_CONDITION_ROWS, c]),
        ];
        for layer in 0..self.n_layers {
            let shapes = [
                ("norm1.weight", vec![d]),
                ("film.weight", vec![4 * d, c]),
                ("q.weight", vec![d, d]),
                ("k.weight", vec![kv, d]),
                ("v.weight", vec![kv, d]),
                ("o.weight", vec![d, d]),
                ("norm2.weight", vec![d]),
                ("gate.weight", vec![ff, d]),
                ("up.weight", vec![ff, d]),
                ("down.weight", vec![d, ff]),
            ];
            tensors.extend(shapes.map(|(name, shape)| (format!("layers.{layer}.{name}"), shape)));
        }
        let (dur, expr) = (D_DURATION, D_EXPRESSION);
        let [chord, pos, sym, n_dur, vel, micro] = steps::TARGET_SIZES;
        let shapes = [
            ("norm.weight", vec![d]),
            ("head.chord.weight", vec![chord, d]),
            ("head.chord.bias", vec![chord]),
            ("head.pos.weight", vec![pos, d]),
            ("head.pos.bias", vec![pos]),
            ("sym.proj.weight", vec![d, d]),
            ("sym.pos.weight", vec![pos, d]),
            ("head.sym.weight", vec![sym, d]),
            ("head.sym.bias", vec![sym]),
            ("dur.proj.weight", vec![dur, d]),
            ("dur.pos.weight", vec![pos, dur]),
            ("dur.sym.weight", vec![sym, dur]),
            ("head.dur.weight", vec![n_dur, dur]),
            ("head.dur.bias", vec![n_dur]),
            ("expr.proj.weight", vec![expr, d]),
            ("expr.pos.weight", vec![pos, expr]),
            ("expr.sym.weight", vec![sym, expr]),
            ("expr.dur.weight", vec![n_dur + 1, expr]),
            ("head.vel.weight", vec![vel, expr]),
            ("head.vel.bias", vec![vel]),
            ("head.micro.weight", vec![micro, expr]),
            ("head.micro.bias", vec![micro]),
        ];
        tensors.extend(shapes.map(|(name, shape)| (name.to_owned(), shape)));
        tensors
    }

    /// Number of weights.
    pub fn n_weights(&self) -> usize {
        self.tensors().iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_has_the_size_it_says() {
        assert_eq!((Config::BASE.n_weights() + 50_000) / 100_000, 31);
        Config::BASE.validate().unwrap();
        Config::TINY.validate().unwrap();
    }

    #[test]
    fn impossible_sizes_are_named() {
        let error = Config { n_kv_heads: 4, ..Config::BASE }.validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "configuration: n_kv_heads is 4, expected a divisor of n_heads"
        );
        for config in [
            Config { d_model: 0, ..Config::BASE },
            Config { n_layers: 0, ..Config::BASE },
            Config { n_heads: 0, ..Config::BASE },
            Config { n_kv_heads: 0, ..Config::BASE },
            Config { context_len: 1, ..Config::BASE },
            Config { rms_eps: f32::NAN, ..Config::BASE },
        ] {
            assert!(config.validate().is_err(), "{config:?}");
        }
    }
}
