//! The network's loss on a window, and how it changes with the scales and shifts of every layer.
//!
//! Weights stay as they are, so nothing is kept for their gradients; that is what makes learning a
//! style several times cheaper than training. One thread, no graph: a plugin must not start threads
//! that outlive it.
//!
//! Letters: `T` steps, `D` model width, `H` query heads, `K` key heads, `W` head width, `F`
//! feed-forward width.

use score::steps::{self, N_SLOTS, N_TARGETS, Step, T_CHORD, T_DUR, T_POS, T_SYM};

use super::matrix::{View, multiply};
use crate::config::{D_DURATION, D_EXPRESSION, FIELD_OFFSETS};
use crate::weights::Weights;
use crate::{Config, Error, Result, math};

mod heads;

use heads::{Cascade, Head, Stage};

/// Biases of a film: slots, classes of all targets.
pub(super) const N_BIASES: usize = N_SLOTS * steps::N_CLASSES;

/// Query rows that are multiplied at a time; keys behind their last row are left out.
const CHUNK: usize = 96;

/// The weights as plain numbers, row behind row.
#[derive(Debug)]
pub(super) struct Plain {
    config: Config,
    embed: Vec<f32>,
    cond: Vec<f32>,
    layers: Vec<PlainLayer>,
    norm: Vec<f32>,
    chord: Head,
    pos: Head,
    sym: Cascade,
    dur: Cascade,
    vel: Head,
    micro: Head,
    expr: Stage,
}

#[derive(Debug)]
struct PlainLayer {
    norms: [Vec<f32>; 2],
    film: Vec<f32>,
    /// Queries, keys and values under each other.
    qkv: Vec<f32>,
    o: Vec<f32>,
    /// Gates and ups under each other.
    gate_up: Vec<f32>,
    down: Vec<f32>,
}

/// Cross entropies of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Nats {
    /// Sum a target.
    pub nats: [f64; N_TARGETS],
    /// Targets that count.
    pub counts: [usize; N_TARGETS],
}

impl Nats {
    /// Adds another window's.
    pub fn add(&mut self, other: &Self) {
        for target in 0..N_TARGETS {
            self.nats[target] += other.nats[target];
            self.counts[target] += other.counts[target];
        }
    }

    /// Bits a note of chords, positions, pitches and durations.
    pub fn bits_per_note(&self) -> f64 {
        let nats: f64 = [T_CHORD, T_POS, T_SYM, T_DUR].iter().map(|t| self.nats[*t]).sum();
        nats / core::f64::consts::LN_2 / self.counts[T_SYM].max(1) as f64
    }

    /// Bits a note of all targets: with how hard it is played and its micro-timing where they count.
    pub fn all_bits_per_note(&self) -> f64 {
        let nats: f64 = self.nats.iter().sum();
        nats / core::f64::consts::LN_2 / self.counts[T_SYM].max(1) as f64
    }

    /// Steps that predict something.
    pub fn n_steps(&self) -> usize {
        self.counts[T_CHORD] + self.counts[T_POS]
    }
}

/// What the way back needs of a layer.
#[derive(Debug, Default)]
struct Kept {
    x: Vec<f32>,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    /// `(H, T, T)`
    shares: Vec<f32>,
    mid: Vec<f32>,
    gate_up: Vec<f32>,
}

impl Plain {
    /// The weights of a network.
    pub(super) fn new(config: Config, weights: &Weights) -> Result<Self> {
        let values = |name: &str| -> Result<Vec<f32>> {
            let tensor =
                weights.get(name).ok_or_else(|| Error::MissingTensor { name: name.to_owned() })?;
            Ok(tensor.flatten_all()?.to_vec1()?)
        };
        let stacked = |names: &[String]| -> Result<Vec<f32>> {
            let parts = names.iter().map(|name| values(name)).collect::<Result<Vec<_>>>()?;
            Ok(parts.concat())
        };
        let layers = (0..config.n_layers)
            .map(|i| {
                let name = |tensor: &str| format!("layers.{i}.{tensor}.weight");
                Ok(PlainLayer {
                    norms: [values(&name("norm1"))?, values(&name("norm2"))?],
                    film: values(&name("film"))?,
                    qkv: stacked(&[name("q"), name("k"), name("v")])?,
                    o: values(&name("o"))?,
                    gate_up: stacked(&[name("gate"), name("up")])?,
                    down: values(&name("down"))?,
                })
            })
            .collect::<Result<_>>()?;
        let head = |name: &str| -> Result<Head> {
            Ok(Head {
                weight: values(&format!("head.{name}.weight"))?,
                bias: values(&format!("head.{name}.bias"))?,
            })
        };
        let stage = |name: &str, width: usize, given: &[(usize, &str)]| -> Result<Stage> {
            let table = |(target, table): &(usize, &str)| {
                Ok((*target, values(&format!("{name}.{table}.weight"))?))
            };
            let tables = given.iter().map(table).collect::<Result<_>>()?;
            Ok(Stage { width, projection: values(&format!("{name}.proj.weight"))?, tables })
        };
        let known = [(T_POS, "pos"), (T_SYM, "sym"), (T_DUR, "dur")];
        Ok(Self {
            embed: values("embed.weight")?,
            cond: values("cond.weight")?,
            layers,
            norm: values("norm.weight")?,
            chord: head("chord")?,
            pos: head("pos")?,
            sym: Cascade { stage: stage("sym", config.d_model, &known[..1])?, head: head("sym")? },
            dur: Cascade { stage: stage("dur", D_DURATION, &known[..2])?, head: head("dur")? },
            vel: head("vel")?,
            micro: head("micro")?,
            expr: stage("expr", D_EXPRESSION, &known)?,
            config,
        })
    }

    /// Numbers of a film: scales and shifts, `(slots, layers, 4 D)`, and behind them biases of the
    /// heads, `(slots, classes)`.
    pub(super) fn film_len(&self) -> usize {
        self.scales_len() + N_BIASES
    }

    /// Numbers of its scales and shifts.
    pub(super) fn scales_len(&self) -> usize {
        film_len(&self.config)
    }

    /// Numbers of a condition: slots, width of a condition.
    pub(super) fn condition_len(&self) -> usize {
        N_SLOTS * self.config.d_cond
    }

    /// Scales and shifts under a weighted sum of conditions, and biases of 0.
    ///
    /// # Shapes
    /// - returns [`Self::film_len`] numbers
    pub(super) fn film(&self, mix: &[f32; steps::N_CONDITIONS]) -> Vec<f32> {
        let (n_conditions, width) = (steps::N_CONDITIONS, self.config.d_cond);
        let mut condition = vec![0.0f32; self.condition_len()];
        for (slot, condition) in condition.chunks_exact_mut(width).enumerate() {
            for (genre, weight) in mix.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
                let row = &self.cond[(slot * n_conditions + genre) * width..][..width];
                condition.iter_mut().zip(row).for_each(|(c, row)| *c += weight * row);
            }
        }
        let mut film = self.film_of(&condition);
        film.resize(self.film_len(), 0.0);
        film
    }

    /// Scales and shifts that a condition asks for.
    ///
    /// # Shapes
    /// - `condition`: `(slots, width of a condition)`
    /// - returns `(slots, layers, 4 D)`
    pub(super) fn film_of(&self, condition: &[f32]) -> Vec<f32> {
        let width = self.config.d_cond;
        let mut film = Vec::with_capacity(self.film_len());
        for condition in condition.chunks_exact(width) {
            for layer in &self.layers {
                film.extend(layer.film.chunks_exact(width).map(|row| math::dot(row, condition)));
            }
        }
        film
    }

    /// The gradient of a condition, of that of the scales and shifts that it asks for.
    ///
    /// # Shapes
    /// - `gradient`: `(slots, layers, 4 D)`
    /// - returns `(slots, width of a condition)`
    pub(super) fn to_condition(&self, gradient: &[f32]) -> Vec<f32> {
        let width = self.config.d_cond;
        let mut to_condition = vec![0.0; self.condition_len()];
        let of_slot = gradient.len() / N_SLOTS;
        let slots = to_condition.chunks_exact_mut(width).zip(gradient.chunks_exact(of_slot));
        for (to_condition, gradient) in slots {
            let rows = self.layers.iter().flat_map(|layer| layer.film.chunks_exact(width));
            for (row, along) in rows.zip(gradient) {
                to_condition.iter_mut().zip(row).for_each(|(to, row)| *to += along * row);
            }
        }
        to_condition
    }

    /// The loss of a window of at most `context_len` steps under `film`; with `gradient`, that of
    /// the sum of all targets is added to it.
    ///
    /// # Shapes
    /// - `film`, `gradient`: [`Self::film_len`] numbers
    pub(super) fn loss(&self, film: &[f32], steps: &[Step], gradient: Option<&mut [f32]>) -> Nats {
        let d = self.config.d_model;
        let slots: Vec<usize> = steps
            .iter()
            .map(|s| usize::from(s.inputs[steps::COND]) / steps::N_CONDITIONS)
            .collect();
        let films: Vec<Films> =
            (0..self.layers.len()).map(|layer| self.films(film, layer)).collect();
        let mut x = self.embedded(steps);
        let mut kept = Vec::with_capacity(self.layers.len());
        for (layer, film) in self.layers.iter().zip(&films) {
            kept.push(self.forward(layer, film, &slots, &mut x));
        }
        let mut h = vec![0.0; x.len()];
        for (h, x) in h.chunks_exact_mut(d).zip(x.chunks_exact(d)) {
            let r = math::inverse_rms(x, self.config.rms_eps);
            (0..d).for_each(|i| h[i] = x[i] * r * self.norm[i]);
        }
        let mut nats = Nats::default();
        let biases = &film[self.scales_len()..];
        let Some(gradient) = gradient else {
            self.heads(&h, steps, biases, &mut nats, None);
            return nats;
        };
        let (gradient, to_biases) = gradient.split_at_mut(self.scales_len());
        let mut to_h = vec![0.0; h.len()];
        self.heads(&h, steps, biases, &mut nats, Some((&mut to_h, to_biases)));
        // From here `x` is the gradient of what a layer gave.
        let mut along = vec![0.0; d];
        for (x, to_h) in x.chunks_exact_mut(d).zip(to_h.chunks_exact(d)) {
            let r = math::inverse_rms(x, self.config.rms_eps);
            (0..d).for_each(|i| along[i] = to_h[i] * self.norm[i]);
            let mean = math::dot(&along, x) * r * r / d as f32;
            (0..d).for_each(|i| x[i] = r * (along[i] - x[i] * mean));
        }
        for (i, layer) in self.layers.iter().enumerate().rev() {
            // PANIC: one was pushed a layer.
            let kept = kept.pop().expect("a layer's values");
            self.backward(layer, i, &films[i], &slots, &kept, &mut x, gradient);
        }
        nats
    }

    /// A layer's part of a film.
    fn films<'a>(&self, film: &'a [f32], layer: usize) -> Films<'a> {
        let d_film = 4 * self.config.d_model;
        core::array::from_fn(|slot| &film[(slot * self.layers.len() + layer) * d_film..][..d_film])
    }

    fn embedded(&self, steps: &[Step]) -> Vec<f32> {
        let d = self.config.d_model;
        let mut x = vec![0.0; steps.len() * d];
        for (x, step) in x.chunks_exact_mut(d).zip(steps) {
            for (value, offset) in step.inputs.iter().zip(&FIELD_OFFSETS) {
                let row = &self.embed[(usize::from(*value) + offset) * d..][..d];
                x.iter_mut().zip(row).for_each(|(x, row)| *x += row);
            }
        }
        x
    }

    fn forward(&self, layer: &PlainLayer, film: &Films, slots: &[usize], x: &mut [f32]) -> Kept {
        let Config { d_model: d, d_ff, n_heads, rms_eps, .. } = self.config;
        let (d_kv, width) = (self.config.d_kv(), self.config.head_dim());
        let n = slots.len();
        let mut kept = Kept { x: x.to_owned(), ..Kept::default() };
        let h = film_norm(x, &layer.norms[0], film, slots, 0, rms_eps);
        let n_qkv = d + 2 * d_kv;
        let mut qkv = vec![0.0; n * n_qkv];
        multiply(&mut qkv, n_qkv, false, View::of(&h, d), View::of(&layer.qkv, d).turned());
        for row in qkv.chunks_exact(n_qkv) {
            kept.q.extend_from_slice(&row[..d]);
            kept.k.extend_from_slice(&row[d..d + d_kv]);
            kept.v.extend_from_slice(&row[d + d_kv..]);
        }
        self.rotate(&mut kept.q, d, 1.0);
        self.rotate(&mut kept.k, d_kv, 1.0);
        let scale = 1.0 / (width as f32).sqrt();
        kept.q.iter_mut().for_each(|q| *q *= scale);
        kept.shares = vec![0.0; n_heads * n * n];
        let mut att = vec![0.0; n * d];
        for head in 0..n_heads {
            let kv = head / self.config.group() * width;
            let shares = &mut kept.shares[head * n * n..][..n * n];
            for start in (0..n).step_by(CHUNK) {
                let end = (start + CHUNK).min(n);
                let q = View::new(&kept.q[start * d + head * width..], end - start, width, d);
                let k = View::new(&kept.k[kv..], end, width, d_kv);
                let rows = &mut shares[start * n..end * n];
                multiply(rows, n, false, q, k.turned());
                for (i, row) in rows.chunks_exact_mut(n).enumerate() {
                    softmax(row, start + i + 1);
                }
                let v = View::new(&kept.v[kv..], end, width, d_kv);
                let out = &mut att[start * d + head * width..];
                multiply(out, d, false, View::new(rows, end - start, end, n), v);
            }
        }
        multiply(x, d, true, View::of(&att, d), View::of(&layer.o, d).turned());
        kept.mid = x.to_owned();
        let h = film_norm(x, &layer.norms[1], film, slots, 2 * d, rms_eps);
        kept.gate_up = vec![0.0; n * 2 * d_ff];
        let gate_up = View::of(&layer.gate_up, d).turned();
        multiply(&mut kept.gate_up, 2 * d_ff, false, View::of(&h, d), gate_up);
        let mut inner = Vec::with_capacity(n * d_ff);
        for row in kept.gate_up.chunks_exact(2 * d_ff) {
            let (gate, up) = row.split_at(d_ff);
            inner.extend(gate.iter().zip(up).map(|(gate, up)| math::silu(*gate) * up));
        }
        multiply(x, d, true, View::of(&inner, d_ff), View::of(&layer.down, d_ff).turned());
        kept
    }

    /// Turns `to_x`, the gradient of what a layer gave, into that of what it got.
    #[expect(
        clippy::too_many_arguments,
        reason = "a layer, its place, what it kept, both gradients"
    )]
    fn backward(
        &self,
        layer: &PlainLayer,
        layer_idx: usize,
        film: &Films,
        slots: &[usize],
        kept: &Kept,
        to_x: &mut [f32],
        gradient: &mut [f32],
    ) {
        let Config { d_model: d, d_ff, n_heads, rms_eps, .. } = self.config;
        let (d_kv, width) = (self.config.d_kv(), self.config.head_dim());
        let n = slots.len();
        let mut to_film = FilmGradient {
            gradient,
            layer: layer_idx,
            n_layers: self.layers.len(),
            d,
            eps: rms_eps,
        };
        let mut to_inner = vec![0.0; n * d_ff];
        multiply(&mut to_inner, d_ff, false, View::of(to_x, d), View::of(&layer.down, d_ff));
        let mut to_gate_up = vec![0.0; n * 2 * d_ff];
        let rows = kept.gate_up.chunks_exact(2 * d_ff).zip(to_inner.chunks_exact(d_ff));
        for (to, (row, to_inner)) in to_gate_up.chunks_exact_mut(2 * d_ff).zip(rows) {
            let ((gate, up), (to_gate, to_up)) = (row.split_at(d_ff), to.split_at_mut(d_ff));
            for i in 0..d_ff {
                let sigmoid = 1.0 / (1.0 + math::exp(-gate[i]));
                to_gate[i] = to_inner[i] * up[i] * sigmoid * (1.0 + gate[i] * (1.0 - sigmoid));
                to_up[i] = to_inner[i] * gate[i] * sigmoid;
            }
        }
        let mut to_h = vec![0.0; n * d];
        let gate_up = View::of(&layer.gate_up, d);
        multiply(&mut to_h, d, false, View::of(&to_gate_up, 2 * d_ff), gate_up);
        to_film.back(&kept.mid, &layer.norms[1], film, slots, 2 * d, &to_h, to_x);

        let mut to_att = vec![0.0; n * d];
        multiply(&mut to_att, d, false, View::of(to_x, d), View::of(&layer.o, d));
        let mut to_q = vec![0.0; n * d];
        let mut to_k = vec![0.0; n * d_kv];
        let n_qkv = d + 2 * d_kv;
        let mut to_qkv = vec![0.0; n * n_qkv];
        let mut to_scores = vec![0.0; CHUNK * n];
        let mut to_v = vec![0.0; n * d_kv];
        for head in 0..n_heads {
            let kv = head / self.config.group() * width;
            let shares = &kept.shares[head * n * n..][..n * n];
            for start in (0..n).step_by(CHUNK) {
                let end = (start + CHUNK).min(n);
                let m = end - start;
                let shares = &shares[start * n..end * n];
                let share = View::new(shares, m, end, n);
                let to_out = View::new(&to_att[start * d + head * width..], m, width, d);
                multiply(&mut to_v[kv..], d_kv, true, share.turned(), to_out);
                let v = View::new(&kept.v[kv..], end, width, d_kv);
                multiply(&mut to_scores, n, false, to_out, v.turned());
                for (i, (to, share)) in
                    to_scores.chunks_exact_mut(n).zip(shares.chunks_exact(n)).enumerate()
                {
                    let seen = start + i + 1;
                    let mean = math::dot(&to[..seen], &share[..seen]);
                    to[..seen]
                        .iter_mut()
                        .zip(share)
                        .for_each(|(to, share)| *to = (*to - mean) * share);
                    to[seen..end].fill(0.0);
                }
                let to_score = View::new(&to_scores, m, end, n);
                let k = View::new(&kept.k[kv..], end, width, d_kv);
                multiply(&mut to_q[start * d + head * width..], d, false, to_score, k);
                let q = View::new(&kept.q[start * d + head * width..], m, width, d);
                multiply(&mut to_k[kv..], d_kv, true, to_score.turned(), q);
            }
        }
        // Kept queries are scaled, so keys are done; queries are scaled on their way back.
        let scale = 1.0 / (width as f32).sqrt();
        to_q.iter_mut().for_each(|q| *q *= scale);
        self.rotate(&mut to_q, d, -1.0);
        self.rotate(&mut to_k, d_kv, -1.0);
        let parts = to_q.chunks_exact(d).zip(to_k.chunks_exact(d_kv)).zip(to_v.chunks_exact(d_kv));
        for (to, ((q, k), v)) in to_qkv.chunks_exact_mut(n_qkv).zip(parts) {
            to[..d].copy_from_slice(q);
            to[d..d + d_kv].copy_from_slice(k);
            to[d + d_kv..].copy_from_slice(v);
        }
        multiply(&mut to_h, d, false, View::of(&to_qkv, n_qkv), View::of(&layer.qkv, d));
        to_film.back(&kept.x, &layer.norms[0], film, slots, 0, &to_h, to_x);
    }

    /// Turns rows of heads to their positions, or back with a `sign` of -1.
    fn rotate(&self, rows: &mut [f32], row: usize, sign: f32) {
        let (width, base) = (self.config.head_dim(), self.config.rope_base);
        let half = width / 2;
        for (position, heads) in rows.chunks_exact_mut(row).enumerate() {
            let turns: Vec<(f32, f32)> = (0..half)
                .map(|pair| {
                    let angle = crate::ops::rope_angle(position, pair, width, base);
                    (angle.cos(), angle.sin() * sign)
                })
                .collect();
            for head in heads.chunks_exact_mut(width) {
                let (a, b) = head.split_at_mut(half);
                for ((a, b), (cos, sin)) in a.iter_mut().zip(b).zip(&turns) {
                    (*a, *b) = (*a * cos - *b * sin, *a * sin + *b * cos);
                }
            }
        }
    }
}

/// Scales and shifts of a layer, a slot each: scale and shift of the first norm, then of the second.
type Films<'a> = [&'a [f32]; N_SLOTS];

/// Numbers of a film.
pub(super) fn film_len(config: &Config) -> usize {
    N_SLOTS * config.n_layers * 4 * config.d_model
}

/// `x / rms(x) · weight · (1 + scale) + shift`, of the slot of each row.
fn film_norm(
    x: &[f32],
    weight: &[f32],
    film: &Films,
    slots: &[usize],
    offset: usize,
    eps: f32,
) -> Vec<f32> {
    let d = weight.len();
    let mut h = vec![0.0; x.len()];
    for ((h, x), slot) in h.chunks_exact_mut(d).zip(x.chunks_exact(d)).zip(slots) {
        let (scale, shift) = film[*slot][offset..offset + 2 * d].split_at(d);
        let r = math::inverse_rms(x, eps);
        (0..d).for_each(|i| h[i] = x[i] * r * weight[i] * (1.0 + scale[i]) + shift[i]);
    }
    h
}

/// Where the gradient of a film is summed.
struct FilmGradient<'a> {
    gradient: &'a mut [f32],
    layer: usize,
    n_layers: usize,
    d: usize,
    eps: f32,
}

impl FilmGradient<'_> {
    /// The way back through [`film_norm`]: adds to the gradients of the film and of `x`.
    #[expect(clippy::too_many_arguments, reason = "what film_norm takes, and both gradients")]
    fn back(
        &mut self,
        x: &[f32],
        weight: &[f32],
        film: &Films,
        slots: &[usize],
        offset: usize,
        to_h: &[f32],
        to_x: &mut [f32],
    ) {
        let d = self.d;
        let mut along = vec![0.0; d];
        let rows = x.chunks_exact(d).zip(to_h.chunks_exact(d)).zip(slots);
        for (to_x, ((x, to_h), slot)) in to_x.chunks_exact_mut(d).zip(rows) {
            let scale = &film[*slot][offset..offset + d];
            let at = (slot * self.n_layers + self.layer) * 4 * d + offset;
            let (to_scale, to_shift) = self.gradient[at..at + 2 * d].split_at_mut(d);
            let r = math::inverse_rms(x, self.eps);
            for i in 0..d {
                to_scale[i] += to_h[i] * x[i] * r * weight[i];
                to_shift[i] += to_h[i];
                along[i] = to_h[i] * (1.0 + scale[i]) * weight[i];
            }
            let mean = math::dot(&along, x) * r * r / d as f32;
            (0..d).for_each(|i| to_x[i] += r * (along[i] - x[i] * mean));
        }
    }
}

/// Shares of the first `seen` columns; what lies behind gets none.
fn softmax(row: &mut [f32], seen: usize) {
    let (seen, unseen) = row.split_at_mut(seen);
    let max = seen.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    seen.iter_mut().for_each(|x| *x = math::exp(*x - max));
    let inverse = 1.0 / math::sum(seen);
    seen.iter_mut().for_each(|x| *x *= inverse);
    unseen.fill(0.0);
}

#[cfg(test)]
mod tests;
