//! The whole network: embedding, conditioned layers, and the cascade of heads.
//!
//! Letters in shape comments: `B` batch, `T` steps, `N = B · T`, `D` model width, `K` key heads,
//! `G` query heads a key head, `H` head width, `F` feed-forward width, `C` condition rows, `M`
//! note targets.

use std::sync::{Arc, OnceLock};

use candle_core::{D, Tensor};
use judge::Judge;
use score::GenreNames;
use score::steps::{self, N_INPUTS, N_TARGETS, T_CHORD, T_DUR, T_MICRO, T_POS, T_SYM, T_VEL};

use crate::config::{FIELD_OFFSETS, N_CONDITION_ROWS, N_FIELDS};
use crate::decoder::Packed;
use crate::weights::{self, Manifest, Weights};
use crate::{Config, Error, FormTable, OriginalityFilter, Result, Steadiness, WeightMap, ops};

mod span;

use span::AttentionSpan;

/// Which operations compute the network; both give the same numbers and gradients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernels {
    /// Fused operations, CPU only: faster, less memory.
    #[default]
    Fused,
    /// Stock differentiable operations of candle, on any device: the reference.
    Stock,
}

/// Steps of several windows side by side.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Steps a row, `T`; the slices below hold `B · T` entries.
    pub n_steps: usize,
    /// Inputs of each step.
    pub inputs: &'a [[u16; N_INPUTS]],
    /// Targets of each step; those that do not count are [`steps::IGNORE`].
    pub targets: &'a [[u16; N_TARGETS]],
    /// Window of each step; attention stays within a run of equal numbers.
    pub segments: &'a [u32],
}

/// Cross entropies of a batch.
#[derive(Clone, Debug)]
pub struct Losses {
    /// Sum in nats a target, scalars; in the order of [`steps::TARGET_SIZES`].
    pub nats: [Tensor; N_TARGETS],
    /// Number of targets that count.
    pub counts: [usize; N_TARGETS],
}

impl Losses {
    /// Number of steps; each has a chord or a position to predict, and padding has none.
    pub fn n_steps(&self) -> usize {
        self.counts[T_CHORD] + self.counts[T_POS]
    }

    /// The loss that training lowers: all nats over all steps.
    ///
    /// # Errors
    /// [`Error::Tensor`].
    pub fn mean(&self) -> Result<Tensor> {
        let mut sum = self.nats[0].clone();
        for nats in &self.nats[1..] {
            sum = (sum + nats)?;
        }
        Ok((sum / self.n_steps().max(1) as f64)?)
    }
}

/// The network over tensors that may be variables (training) or plain (reference).
#[derive(Clone, Debug)]
pub struct Network {
    name: String,
    genres: GenreNames,
    config: Config,
    kernels: Kernels,
    embed: Tensor,
    cond: Tensor,
    layers: Vec<Layer>,
    norm: Tensor,
    heads: Heads,
    forms: Option<FormTable>,
    weight_map: WeightMap,
    steadiness: Option<Steadiness>,
    judge: Option<Arc<Judge>>,
    originality: Option<OriginalityFilter>,
    weights: Weights,
    packed: OnceLock<Arc<Packed>>,
    fingerprint: OnceLock<u64>,
}

#[derive(Clone, Debug)]
struct Layer {
    norm1: Tensor,
    film: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    o: Tensor,
    norm2: Tensor,
    gate: Tensor,
    up: Tensor,
    down: Tensor,
}

#[derive(Clone, Debug)]
struct Linear {
    weight: Tensor,
    bias: Tensor,
}

#[derive(Clone, Debug)]
struct Heads {
    chord: Linear,
    pos: Linear,
    sym_proj: Tensor,
    sym_pos: Tensor,
    sym: Linear,
    dur_proj: Tensor,
    dur_pos: Tensor,
    dur_sym: Tensor,
    dur: Linear,
    expr_proj: Tensor,
    expr_pos: Tensor,
    expr_sym: Tensor,
    expr_dur: Tensor,
    vel: Linear,
    micro: Linear,
}

impl Linear {
    /// `(M, in)` to `(M, out)`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(x.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)?)
    }
}

impl Network {
    /// The network of `config` over `weights`, which it shares.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::ShapeMismatch`], [`Error::Judge`], [`Error::Config`] and
    /// those of the originality guard.
    pub fn new(config: Config, weights: &Weights, kernels: Kernels) -> Result<Self> {
        config.validate()?;
        for (name, expected) in config.tensors() {
            let Some(tensor) = weights.get(&name) else {
                return Err(Error::MissingTensor { name });
            };
            if tensor.dims() != expected {
                let found = tensor.dims().to_vec();
                return Err(Error::ShapeMismatch { name, expected, found });
            }
        }
        // PANIC: every name below is in `Config::tensors`, which was just checked.
        let get = |name: &str| weights[name].clone();
        let linear = |name: &str| Linear {
            weight: get(&format!("{name}.weight")),
            bias: get(&format!("{name}.bias")),
        };
        let layer = |i: usize| {
            let get = |name: &str| get(&format!("layers.{i}.{name}.weight"));
            Layer {
                norm1: get("norm1"),
                film: get("film"),
                q: get("q"),
                k: get("k"),
                v: get("v"),
                o: get("o"),
                norm2: get("norm2"),
                gate: get("gate"),
                up: get("up"),
                down: get("down"),
            }
        };
        let heads = Heads {
            chord: linear("head.chord"),
            pos: linear("head.pos"),
            sym_proj: get("sym.proj.weight"),
            sym_pos: get("sym.pos.weight"),
            sym: linear("head.sym"),
            dur_proj: get("dur.proj.weight"),
            dur_pos: get("dur.pos.weight"),
            dur_sym: get("dur.sym.weight"),
            dur: linear("head.dur"),
            expr_proj: get("expr.proj.weight"),
            expr_pos: get("expr.pos.weight"),
            expr_sym: get("expr.sym.weight"),
            expr_dur: get("expr.dur.weight"),
            vel: linear("head.vel"),
            micro: linear("head.micro"),
        };
        Ok(Self {
            name: String::new(),
            genres: GenreNames::default(),
            config,
            kernels,
            embed: get("embed.weight"),
            cond: get("cond.weight"),
            layers: (0..config.n_layers).map(layer).collect(),
            norm: get("norm.weight"),
            heads,
            forms: weights.get(FormTable::NAME).map(FormTable::of_tensor).transpose()?,
            steadiness: weights.get(Steadiness::NAME).map(Steadiness::of_tensor).transpose()?,
            weight_map: match weights.get(WeightMap::NAME) {
                Some(tensor) => WeightMap::of_tensor(tensor)?,
                None => WeightMap::default(),
            },
            judge: weights::judge(weights)?.map(Arc::new),
            originality: OriginalityFilter::of_weights(weights)?,
            weights: weights.clone(),
            packed: OnceLock::new(),
            fingerprint: OnceLock::new(),
        })
    }

    /// The network in safetensors and its JSON manifest, to be shared by all instances.
    ///
    /// Weights that were not [`weights::rounded`] yet are: what composes is the network that ships.
    ///
    /// # Errors
    /// Every error of [`Manifest::from_bytes`], [`weights::read`] and [`weights::rounded`].
    pub fn from_bytes(weights: &[u8], manifest: &[u8]) -> Result<Arc<Self>> {
        let Manifest { name, genres, config, .. } = Manifest::from_bytes(manifest)?;
        let weights = weights::rounded(&weights::read(weights, &config)?)?;
        let network = Self { name, genres, ..Self::new(config, &weights, Kernels::Fused)? };
        network.packed()?;
        Ok(Arc::new(network))
    }

    /// The weights as they are now, packed for the decoder, which rounds matrices to bfloat16;
    /// packed once.
    ///
    /// # Errors
    /// [`Error::Tensor`] if a weight is not `f32`.
    pub fn packed(&self) -> Result<Arc<Packed>> {
        if let Some(packed) = self.packed.get() {
            return Ok(packed.clone());
        }
        let packed = Arc::new(Packed::new(self.config, &self.weights)?);
        Ok(self.packed.get_or_init(|| packed).clone())
    }

    /// The name in its manifest; empty without one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its genres are called; the six of the shipped model without a manifest.
    pub fn genres(&self) -> &GenreNames {
        &self.genres
    }

    /// How often bars repeat earlier ones, if the weights come with that.
    pub fn forms(&self) -> Option<&FormTable> {
        self.forms.as_ref()
    }

    /// How alike a song's dynamics and timing are, if the weights say so.
    pub fn steadiness(&self) -> Option<&Steadiness> {
        self.steadiness.as_ref()
    }

    /// What the weights of a blend are composed with; the identity if the weights say nothing.
    pub fn weight_map(&self) -> &WeightMap {
        &self.weight_map
    }

    /// What hears which genre music sounds like, if the weights come with that.
    pub fn judge(&self) -> Option<&Arc<Judge>> {
        self.judge.as_ref()
    }

    /// What the training songs hold, if the weights come with that.
    pub fn originality(&self) -> Option<&OriginalityFilter> {
        self.originality.as_ref()
    }

    /// The tensors it was made of.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// A number that another network does not have, for all that can be told: of every weight of
    /// the network itself, rounded as the decoder rounds them; computed once.
    ///
    /// # Errors
    /// [`Error::Tensor`] if a weight is not `f32`.
    pub fn fingerprint(&self) -> Result<u64> {
        if let Some(fingerprint) = self.fingerprint.get() {
            return Ok(*fingerprint);
        }
        let hash = weights::hash(&self.config, &self.weights)?;
        Ok(*self.fingerprint.get_or_init(|| hash))
    }

    /// The sizes.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What the heads read of each step.
    ///
    /// # Shapes
    /// - returns `(N, D)`
    ///
    /// # Errors
    /// [`Error::Tensor`].
    pub fn hidden(&self, batch: &Batch) -> Result<Tensor> {
        self.hidden_of(batch, &self.cond)
    }

    /// [`Self::hidden`] with a condition table of one's own, `(C, d_cond)`.
    pub(crate) fn hidden_of(&self, batch: &Batch, cond: &Tensor) -> Result<Tensor> {
        let rows: Arc<[u32]> = embedding_rows(batch.inputs).into();
        let cond_rows: Arc<[u32]> =
            batch.inputs.iter().map(|step| u32::from(step[steps::COND])).collect();
        let attention = AttentionSpan::new(batch);
        let mut x = self.embedding(&rows)?; // (N, D)
        for layer in &self.layers {
            let film = cond.matmul(&layer.film.t()?)?; // (C, 4 D)
            let h = self.film_norm(&x, &layer.norm1, &film, &cond_rows, 0)?;
            x = (x + self.attention(layer, &h, &attention)?)?;
            let h = self.film_norm(&x, &layer.norm2, &film, &cond_rows, 2 * self.config.d_model)?;
            let (gate, up) = (h.matmul(&layer.gate.t()?)?, h.matmul(&layer.up.t()?)?); // (N, F)
            let inner = match self.kernels {
                Kernels::Fused => ops::swiglu(&gate, &up)?,
                Kernels::Stock => (gate.silu()? * up)?,
            };
            x = (x + inner.matmul(&layer.down.t()?)?)?; // (N, D)
        }
        self.rms_norm(&x, &self.norm)
    }

    /// Cross entropies of all targets of a batch.
    ///
    /// # Errors
    /// [`Error::Tensor`].
    pub fn losses(&self, batch: &Batch) -> Result<Losses> {
        let hidden = self.hidden(batch)?;
        self.losses_of(&hidden, batch.targets)
    }

    /// [`Self::losses`] from hidden states `(N, D)`.
    ///
    /// # Errors
    /// [`Error::Tensor`].
    pub fn losses_of(&self, hidden: &Tensor, targets: &[[u16; N_TARGETS]]) -> Result<Losses> {
        let heads = &self.heads;
        let of = |target: usize| -> Vec<u32> {
            let counts = |(_, t): &(usize, &[u16; N_TARGETS])| t[target] != steps::IGNORE;
            targets.iter().enumerate().filter(counts).map(|(i, _)| i as u32).collect()
        };
        let classes = |rows: &[u32], target: usize| -> Arc<[u32]> {
            rows.iter().map(|row| u32::from(targets[*row as usize][target])).collect()
        };
        let mut counts = [0; N_TARGETS];
        let mut nats = Vec::with_capacity(N_TARGETS);
        for (target, head) in [(T_CHORD, &heads.chord), (T_POS, &heads.pos)] {
            let rows = of(target);
            counts[target] = rows.len();
            let h = gather(hidden, &rows)?; // (M, D)
            nats.push(self.cross_entropy(&head.forward(&h)?, &classes(&rows, target))?);
        }
        let notes = of(T_SYM);
        let h = gather(hidden, &notes)?; // (M, D)
        let (pos, sym) = (classes(&notes, T_POS), classes(&notes, T_SYM));
        let dur: Arc<[u32]> = classes(&notes, T_DUR)
            .iter()
            .map(|dur| (*dur).min(steps::N_DURATIONS as u32))
            .collect();
        let logits = [
            self.sym_logits(&h, &pos)?,
            self.dur_logits(&h, &pos, &sym)?,
            self.vel_logits(&h, &pos, &sym, &dur)?,
            self.micro_logits(&h, &pos, &sym, &dur)?,
        ];
        for (logits, target) in logits.iter().zip([T_SYM, T_DUR, T_VEL, T_MICRO]) {
            let classes = classes(&notes, target);
            counts[target] = classes.iter().filter(|c| **c != ops::IGNORE).count();
            nats.push(self.cross_entropy(logits, &classes)?);
        }
        // PANIC: two targets and four were pushed.
        let nats = nats.try_into().expect("six targets");
        Ok(Losses { nats, counts })
    }

    /// `(M, D)` to chord logits `(M, 97)`.
    pub fn chord_logits(&self, h: &Tensor) -> Result<Tensor> {
        self.heads.chord.forward(h)
    }

    /// `(M, D)` to position logits `(M, 25)`.
    pub fn pos_logits(&self, h: &Tensor) -> Result<Tensor> {
        self.heads.pos.forward(h)
    }

    /// `(M, D)` and positions to symbol logits `(M, 192)`.
    pub fn sym_logits(&self, h: &Tensor, pos: &Arc<[u32]>) -> Result<Tensor> {
        let heads = &self.heads;
        let u = (h.matmul(&heads.sym_proj.t()?)? + self.lookup(&heads.sym_pos, pos)?)?;
        heads.sym.forward(&u.silu()?)
    }

    /// `(M, D)`, positions and symbols to duration logits `(M, 32)`.
    pub fn dur_logits(&self, h: &Tensor, pos: &Arc<[u32]>, sym: &Arc<[u32]>) -> Result<Tensor> {
        let heads = &self.heads;
        let u = (h.matmul(&heads.dur_proj.t()?)? + self.lookup(&heads.dur_pos, pos)?)?;
        let u = (u + self.lookup(&heads.dur_sym, sym)?)?;
        heads.dur.forward(&u.silu()?)
    }

    /// `(M, D)` and what the cascade chose before to velocity logits `(M, 8)`.
    pub fn vel_logits(
        &self,
        h: &Tensor,
        pos: &Arc<[u32]>,
        sym: &Arc<[u32]>,
        dur: &Arc<[u32]>,
    ) -> Result<Tensor> {
        self.heads.vel.forward(&self.expression(h, pos, sym, dur)?)
    }

    /// `(M, D)` and what the cascade chose before to micro-timing logits `(M, 9)`.
    pub fn micro_logits(
        &self,
        h: &Tensor,
        pos: &Arc<[u32]>,
        sym: &Arc<[u32]>,
        dur: &Arc<[u32]>,
    ) -> Result<Tensor> {
        self.heads.micro.forward(&self.expression(h, pos, sym, dur)?)
    }

    fn expression(
        &self,
        h: &Tensor,
        pos: &Arc<[u32]>,
        sym: &Arc<[u32]>,
        dur: &Arc<[u32]>,
    ) -> Result<Tensor> {
        let heads = &self.heads;
        let u = (h.matmul(&heads.expr_proj.t()?)? + self.lookup(&heads.expr_pos, pos)?)?;
        let u = (u + self.lookup(&heads.expr_sym, sym)?)?;
        Ok((u + self.lookup(&heads.expr_dur, dur)?)?.silu()?)
    }

    fn attention(&self, layer: &Layer, h: &Tensor, span: &AttentionSpan) -> Result<Tensor> {
        let Config { n_heads, n_kv_heads, rope_base, .. } = self.config;
        let (group, width) = (self.config.group(), self.config.head_dim());
        let (n, d) = h.dims2()?;
        let (b, t) = (n / span.n_steps, span.n_steps);
        let split = |w: &Tensor, heads: usize| -> Result<Tensor> {
            let x = h.matmul(&w.t()?)?.reshape((b, t, heads, width))?;
            Ok(x.transpose(1, 2)?.contiguous()?) // (B, heads, T, H)
        };
        let q = split(&layer.q, n_heads)?;
        let (k, v) = (split(&layer.k, n_kv_heads)?, split(&layer.v, n_kv_heads)?);
        let (q, k) = (self.rope(&q, rope_base)?, self.rope(&k, rope_base)?);
        // Query heads that share a key head lie behind each other, so they become rows.
        let q = q.reshape((b, n_kv_heads, group * t, width))?;
        let scores = q.matmul(&k.t()?)?; // (B, K, G T, T)
        let scale = 1.0 / (width as f32).sqrt();
        let p = match self.kernels {
            Kernels::Fused => ops::segment_softmax(&scores, scale, &span.starts)?,
            Kernels::Stock => {
                let mask = span.mask(group, &scores)?; // (B, 1, G T, T)
                let scores = (scores * f64::from(scale))?.broadcast_add(&mask)?;
                candle_nn::ops::softmax(&scores, D::Minus1)?
            }
        };
        let att = p.matmul(&v)?.reshape((b, n_heads, t, width))?;
        let att = att.transpose(1, 2)?.reshape((n, d))?;
        Ok(att.matmul(&layer.o.t()?)?) // (N, D)
    }

    fn embedding(&self, rows: &Arc<[u32]>) -> Result<Tensor> {
        match self.kernels {
            Kernels::Fused => Ok(ops::embed_sum(&self.embed, rows, N_FIELDS)?),
            Kernels::Stock => {
                let n = rows.len() / N_FIELDS;
                let x = gather(&self.embed, rows)?.reshape((n, N_FIELDS, self.config.d_model))?;
                Ok(x.sum(1)?)
            }
        }
    }

    fn lookup(&self, table: &Tensor, rows: &Arc<[u32]>) -> Result<Tensor> {
        match self.kernels {
            Kernels::Fused => Ok(ops::embed_sum(table, rows, 1)?),
            Kernels::Stock => gather(table, rows),
        }
    }

    fn rms_norm(&self, x: &Tensor, weight: &Tensor) -> Result<Tensor> {
        let eps = self.config.rms_eps;
        Ok(match self.kernels {
            Kernels::Fused => ops::rms_norm(x, weight, eps)?,
            Kernels::Stock => candle_nn::ops::rms_norm_slow(x, weight, eps)?,
        })
    }

    fn film_norm(
        &self,
        x: &Tensor,
        weight: &Tensor,
        film: &Tensor,
        rows: &Arc<[u32]>,
        offset: usize,
    ) -> Result<Tensor> {
        match self.kernels {
            Kernels::Fused => {
                Ok(ops::film_norm(x, weight, film, rows, offset, self.config.rms_eps)?)
            }
            Kernels::Stock => {
                let d = self.config.d_model;
                let film = gather(film, rows)?; // (N, 4 D)
                let scale = (film.narrow(1, offset, d)? + 1.0)?;
                let normed = (self.rms_norm(x, weight)? * scale)?;
                Ok((normed + film.narrow(1, offset + d, d)?)?)
            }
        }
    }

    fn rope(&self, x: &Tensor, base: f32) -> Result<Tensor> {
        match self.kernels {
            Kernels::Fused => Ok(ops::rope(x, base)?),
            Kernels::Stock => {
                let (_, _, t, width) = x.dims4()?;
                let half = width / 2;
                let angles: Vec<f32> = (0..t * half)
                    .map(|i| ops::rope_angle(i / half, i % half, width, base))
                    .collect();
                let angles = Tensor::from_vec(angles, (t, half), x.device())?;
                Ok(candle_nn::rotary_emb::rope_slow(x, &angles.cos()?, &angles.sin()?)?)
            }
        }
    }

    fn cross_entropy(&self, logits: &Tensor, classes: &Arc<[u32]>) -> Result<Tensor> {
        if self.kernels == Kernels::Fused {
            return Ok(ops::cross_entropy(logits, classes)?);
        }
        let valid: Vec<u32> =
            (0..classes.len() as u32).filter(|i| classes[*i as usize] != ops::IGNORE).collect();
        if valid.is_empty() {
            return Ok((logits.sum_all()? * 0.0)?);
        }
        let classes: Vec<u32> = valid.iter().map(|i| classes[*i as usize]).collect();
        let n = classes.len();
        let classes = Tensor::from_vec(classes, n, logits.device())?;
        let mean = candle_nn::loss::cross_entropy(&gather(logits, &valid)?, &classes)?;
        Ok((mean * n as f64)?)
    }
}

/// Rows `rows` of `x`, `(V, D)` to `(M, D)`.
fn gather(x: &Tensor, rows: &[u32]) -> Result<Tensor> {
    let rows = Tensor::from_slice(rows, rows.len(), x.device())?;
    Ok(x.index_select(&rows, 0)?)
}

/// Rows of the embedding table that each step sums.
fn embedding_rows(inputs: &[[u16; N_INPUTS]]) -> Vec<u32> {
    let row = |(value, offset): (&u16, &usize)| u32::from(*value) + *offset as u32;
    inputs.iter().flat_map(|step| step.iter().zip(&FIELD_OFFSETS).map(row)).collect()
}

const _: () = assert!(N_CONDITION_ROWS == steps::FIELD_SIZES[steps::COND]);

#[cfg(test)]
mod tests;
