//! The network one step at a time, over packed weights: what the plugin runs.
//!
//! A [`Stream`] is one reading of the music under one set of conditions: its cache of keys and
//! values. A [`Decoder`] appends a step to several streams in one pass over the weights, and
//! evaluates the heads. Nothing allocates after construction, except a stream's own.

mod packed;
mod stream;

use std::sync::Arc;

pub use packed::Packed;
pub use stream::{Mix, Stream, StreamMix};

use crate::kernels::{self, Isa, Line, Matrix};
use score::steps::{self, N_INPUTS};

use crate::config::{D_DURATION, D_EXPRESSION, FIELD_OFFSETS};

/// Columns that one pass over the weights computes: streams, or steps of one stream.
pub const MAX_COLUMNS: usize = 24;

/// Computes steps and heads for up to [`MAX_COLUMNS`] streams.
#[derive(Debug)]
pub struct Decoder {
    packed: Arc<Packed>,
    isa: Isa,
    /// Residual streams, `(columns, D)`, and after a step the normed ones.
    x: Vec<f32>,
    h: Vec<f32>,
    wide: Vec<f32>,
    inner: Vec<f32>,
    scores: Vec<Line>,
    /// Columns of the last step.
    n_columns: usize,
    /// `(columns, sym.proj | dur.proj | expr.proj)` of the last step; empty until asked for.
    projected: Vec<f32>,
    is_projected: bool,
    u: Vec<f32>,
    logits: Vec<f32>,
    /// What styles add to the biases of the heads, `(columns, classes)` of the last step.
    biases: Vec<f32>,
}

impl Decoder {
    /// A decoder with the machine's best kernels.
    pub fn new(packed: Arc<Packed>) -> Self {
        Self::with_isa(packed, Isa::detect())
    }

    /// A decoder with chosen kernels.
    pub fn with_isa(packed: Arc<Packed>, isa: Isa) -> Self {
        let config = packed.config;
        let columns = |n: usize| vec![0.0; MAX_COLUMNS * n];
        let widest = packed.layers.iter().flat_map(|l| [l.qkv.n, l.gate_up.n, l.o.n, l.down.n]);
        let widest = widest.chain(packed.heads.widths()).max().unwrap_or(0);
        Self {
            isa,
            x: columns(config.d_model),
            h: columns(config.d_model.max(config.d_ff)),
            wide: columns(widest),
            inner: columns(config.d_ff.max(config.d_model)),
            scores: vec![Line::default(); packed.attention.score_lines()],
            n_columns: 0,
            projected: columns(packed.heads.proj.n),
            is_projected: false,
            u: columns(config.d_model.max(D_DURATION)),
            logits: columns(widest),
            biases: columns(steps::N_CLASSES),
            packed,
        }
    }

    /// The weights.
    pub fn packed(&self) -> &Packed {
        &self.packed
    }

    /// Appends one step to each stream; the heads then speak of it.
    ///
    /// # Panics
    /// If there are more than [`MAX_COLUMNS`] streams, or one is full.
    pub fn step(&mut self, streams: &mut [Stream], step: &[u16; N_INPUTS]) {
        self.columns(streams, core::slice::from_ref(step), true);
    }

    /// Appends steps to one stream, many in one pass over the weights.
    ///
    /// Gives the same bits as [`Self::step`] one by one. The heads speak of nothing afterwards.
    ///
    /// # Panics
    /// If the stream gets more steps than the context has.
    pub fn prefill(&mut self, stream: &mut Stream, steps: &[[u16; N_INPUTS]]) {
        for chunk in steps.chunks(MAX_COLUMNS) {
            self.columns(core::slice::from_mut(stream), chunk, false);
        }
    }

    /// Column `c` is step `c % n_steps` of stream `c / n_steps`.
    fn columns(&mut self, streams: &mut [Stream], steps: &[[u16; N_INPUTS]], with_heads: bool) {
        let (packed, isa) = (self.packed.clone(), self.isa);
        let (config, arena) = (&packed.config, &*packed.arena);
        let (d, ff, d_kv) = (config.d_model, config.d_ff, config.d_kv());
        let n_steps = steps.len();
        let m = streams.len() * n_steps;
        assert!(m <= MAX_COLUMNS, "{m} columns, at most {MAX_COLUMNS}");
        for (c, x) in self.x[..m * d].chunks_exact_mut(d).enumerate() {
            packed.embed(isa, &steps[c % n_steps], x);
        }
        for (layer_idx, layer) in packed.layers.iter().enumerate() {
            self.film_norm(streams, steps, layer_idx, 0);
            // Of the last layer, steps that no head speaks of leave keys and values alone.
            let is_done = !with_heads && layer_idx + 1 == packed.layers.len();
            let (w, at) = layer.qkv.from_row(if is_done { d } else { 0 });
            kernels::multiply(isa, arena, w, &self.h, &mut self.wide, m);
            for (c, qkv) in self.wide[..m * w.n].chunks_exact_mut(w.n).enumerate() {
                let stream = &mut streams[c / n_steps];
                let position = stream.len + c % n_steps;
                let (qk, v) = qkv[at..].split_at_mut(if is_done { d_kv } else { d + d_kv });
                packed.rotate(qk, position);
                let (q, k) = qk.split_at_mut(qk.len() - d_kv);
                packed.scale(q);
                let (keys, values) = stream.cache(layer_idx);
                packed.attention.store(keys, values, position, k, &v[..d_kv]);
            }
            if is_done {
                break;
            }
            let queries = self.wide[..m * layer.qkv.n].chunks_exact(n_steps * layer.qkv.n);
            let outs = self.inner[..m * d].chunks_exact_mut(n_steps * d);
            for ((stream, q), out) in streams.iter_mut().zip(queries).zip(outs) {
                let n = stream.len + 1;
                let (keys, values) = stream.cache(layer_idx);
                let (sizes, scores) = (&packed.attention, &mut self.scores);
                kernels::attend(isa, sizes, keys, values, n, q, layer.qkv.n, out, scores);
            }
            kernels::multiply(isa, arena, layer.o, &self.inner, &mut self.wide, m);
            add_columns(&mut self.x, d, &self.wide, layer.o.n, m);
            self.film_norm(streams, steps, layer_idx, 2 * d);
            kernels::multiply(isa, arena, layer.gate_up, &self.h, &mut self.wide, m);
            for c in 0..m {
                let (gate, up) = self.wide[c * layer.gate_up.n..][..2 * ff].split_at(ff);
                kernels::swiglu(isa, gate, up, &mut self.inner[c * ff..(c + 1) * ff]);
            }
            kernels::multiply(isa, arena, layer.down, &self.inner, &mut self.wide, m);
            add_columns(&mut self.x, d, &self.wide, layer.down.n, m);
        }
        for stream in &mut *streams {
            stream.len += n_steps;
        }
        self.n_columns = if with_heads { m } else { 0 };
        self.is_projected = false;
        for c in 0..self.n_columns {
            let at = c * d..(c + 1) * d;
            let (x, h) = (&self.x[at.clone()], &mut self.h[at]);
            kernels::norm(isa, x, &packed.norm, &[], config.rms_eps, h);
            let slot = usize::from(steps[c % n_steps][steps::COND]) / steps::N_CONDITIONS;
            let biases = &mut self.biases[c * steps::N_CLASSES..][..steps::N_CLASSES];
            biases.copy_from_slice(streams[c / n_steps].biases(slot));
        }
    }

    /// `h = norm(x) · gain + shift` of each column's condition; gain and shift lie at `offset`.
    fn film_norm(
        &mut self,
        streams: &[Stream],
        steps: &[[u16; N_INPUTS]],
        layer: usize,
        offset: usize,
    ) {
        let (d, eps) = (self.packed.config.d_model, self.packed.config.rms_eps);
        for (stream_idx, stream) in streams.iter().enumerate() {
            for (step_idx, step) in steps.iter().enumerate() {
                let slot = usize::from(step[steps::COND]) / steps::N_CONDITIONS;
                let (gain, shift) = stream.film(slot, layer)[offset..offset + 2 * d].split_at(d);
                let c = stream_idx * steps.len() + step_idx;
                let at = c * d..(c + 1) * d;
                kernels::norm(self.isa, &self.x[at.clone()], gain, shift, eps, &mut self.h[at]);
            }
        }
    }

    /// What the heads read, `D` numbers a stream of the last step.
    pub fn hidden(&self) -> impl Iterator<Item = &[f32]> {
        let d = self.packed.config.d_model;
        self.h[..self.n_columns * d].chunks_exact(d)
    }

    /// Chord logits a stream of the last step, 97 each.
    pub fn chord(&mut self) -> impl Iterator<Item = &[f32]> {
        let packed = self.packed.clone();
        let (w, m) = (packed.heads.chord, self.n_columns);
        kernels::multiply(self.isa, &packed.arena, w, &self.h, &mut self.logits, m);
        self.biased(w, &packed.heads.chord_bias, steps::T_CHORD)
    }

    /// Position logits a stream of the last step, 25 each.
    pub fn pos(&mut self) -> impl Iterator<Item = &[f32]> {
        let packed = self.packed.clone();
        let (w, m) = (packed.heads.pos, self.n_columns);
        kernels::multiply(self.isa, &packed.arena, w, &self.h, &mut self.logits, m);
        self.biased(w, &packed.heads.pos_bias, steps::T_POS)
    }

    /// Symbol logits a stream of the last step at a position, 192 each.
    pub fn sym(&mut self, pos: usize) -> impl Iterator<Item = &[f32]> {
        let packed = self.packed.clone();
        let heads = &packed.heads;
        let d = packed.config.d_model;
        self.cascade(0, d, &[heads.sym_pos.row(pos)], heads.sym);
        self.biased(heads.sym, &heads.sym_bias, steps::T_SYM)
    }

    /// Duration logits a stream of the last step, given position and symbol, 32 each.
    pub fn dur(&mut self, pos: usize, sym: usize) -> impl Iterator<Item = &[f32]> {
        let packed = self.packed.clone();
        let heads = &packed.heads;
        let at = packed.config.d_model;
        self.cascade(at, D_DURATION, &[heads.dur_pos.row(pos), heads.dur_sym.row(sym)], heads.dur);
        self.biased(heads.dur, &heads.dur_bias, steps::T_DUR)
    }

    /// Velocity and micro-timing logits a stream of the last step, 8 and 9 behind each other, given
    /// the note; `dur` is 32 for drums.
    pub fn expression(
        &mut self,
        pos: usize,
        sym: usize,
        dur: usize,
    ) -> impl Iterator<Item = &[f32]> {
        let packed = self.packed.clone();
        let heads = &packed.heads;
        let at = packed.config.d_model + D_DURATION;
        let rows = [heads.expr_pos.row(pos), heads.expr_sym.row(sym), heads.expr_dur.row(dur)];
        self.cascade(at, D_EXPRESSION, &rows, heads.expr);
        self.biased(heads.expr, &heads.expr_bias, steps::T_VEL)
    }

    /// `logits = W silu(projection + embeddings)`; the projection lies at `at` of all of them.
    fn cascade(&mut self, at: usize, width: usize, embeddings: &[&[f32]], w: Matrix) {
        let packed = self.packed.clone();
        let proj = packed.heads.proj;
        let m = self.n_columns;
        if !self.is_projected {
            let arena = &packed.arena;
            kernels::multiply(self.isa, arena, proj, &self.h, &mut self.projected, m);
            self.is_projected = true;
        }
        for (c, u) in self.u[..m * width].chunks_exact_mut(width).enumerate() {
            u.copy_from_slice(&self.projected[c * proj.n + at..][..width]);
            for embedding in embeddings {
                kernels::add(u, embedding);
            }
            kernels::silu(self.isa, u);
        }
        kernels::multiply(self.isa, &packed.arena, w, &self.u, &mut self.logits, m);
    }

    /// The logits that were just computed, their bias added; their classes are those of `target`.
    fn biased<'a>(
        &'a mut self,
        w: Matrix,
        bias: &[f32],
        target: usize,
    ) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let (n, n_classes) = (w.n, bias.len());
        let logits = &mut self.logits[..self.n_columns * n];
        let own = self.biases.chunks_exact(steps::N_CLASSES);
        for (logits, own) in logits.chunks_exact_mut(n).zip(own) {
            kernels::add(logits, bias);
            kernels::add(logits, &own[steps::first_class(target)..][..n_classes]);
        }
        logits.chunks_exact(n).map(move |logits| &logits[..n_classes])
    }
}

/// `x += y` a column, whose strides differ.
fn add_columns(x: &mut [f32], d: usize, y: &[f32], stride: usize, m: usize) {
    for (x, y) in x.chunks_exact_mut(d).zip(y.chunks_exact(stride)).take(m) {
        kernels::add(x, y);
    }
}

/// First row of field `field` in the embedding table.
const fn field_offset(field: usize) -> usize {
    FIELD_OFFSETS[field]
}

#[cfg(test)]
mod tests;
