//! The same network, one step at a time, in stock operations of candle: what the decoder is
//! measured against.
//!
//! Nothing is held back: projections of one input are one matrix, conditions are folded into gains
//! and shifts beforehand, the cache is allocated once, and no operation keeps a gradient.

use candle_core::{D, Device, Result, Tensor};
use candle_nn::ops::{rms_norm, softmax_last_dim};
use candle_nn::rotary_emb::rope;
use model::Config;
use model::weights::Weights;
use score::steps::{self, N_INPUTS};

/// Fields of a step that are embedded; the last field is the condition.
const N_FIELDS: usize = N_INPUTS - 1;

/// How a weight lies in memory; which one is faster depends on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// `(outputs, inputs)`, as stored in files and as candle's own linear layer keeps it.
    Rows,
    /// `(inputs, outputs)`.
    Columns,
}

/// A matrix ready to be the right side of a product, and its bias.
struct Linear {
    /// `(inputs, outputs)`.
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = x.matmul(&self.weight)?;
        match &self.bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }
}

struct Layer {
    /// Gain `(D,)` and shift `(1, D)` of both norms a slot, under the one condition.
    films: Vec<[(Tensor, Tensor); 2]>,
    qkv: Linear,
    o: Linear,
    gate_up: Linear,
    down: Linear,
    /// `(1, key heads, capacity, head width)`.
    keys: Tensor,
    values: Tensor,
}

/// One stream of the network with its cache.
pub struct StockDecoder {
    config: Config,
    embed: Tensor,
    layers: Vec<Layer>,
    norm: Tensor,
    cos: Tensor,
    sin: Tensor,
    chord: Linear,
    pos: Linear,
    proj: Linear,
    sym_pos: Tensor,
    sym: Linear,
    dur_pos: Tensor,
    dur_sym: Tensor,
    dur: Linear,
    expr_pos: Tensor,
    expr_sym: Tensor,
    expr_dur: Tensor,
    vel: Linear,
    micro: Linear,
    /// Widths of the parts of `proj`.
    widths: [usize; 3],
}

/// Logits of every head, given the choices of [`StockDecoder::heads`].
pub struct Logits {
    /// `(1, 97)`.
    pub chord: Tensor,
    /// `(1, 25)`.
    pub pos: Tensor,
    /// `(1, 192)`.
    pub sym: Tensor,
    /// `(1, 32)`.
    pub dur: Tensor,
    /// `(1, 8)`.
    pub vel: Tensor,
    /// `(1, 9)`.
    pub micro: Tensor,
}

impl StockDecoder {
    /// The network of `config` under one genre or none, a condition of `0..7`.
    pub fn new(
        config: Config,
        weights: &Weights,
        condition: usize,
        storage: Storage,
    ) -> Result<Self> {
        let get = |name: &str| weights[name].clone();
        let matrix = |names: &[String]| -> Result<Tensor> {
            let rows: Vec<Tensor> = names.iter().map(|name| get(name)).collect();
            let weight = Tensor::cat(&rows, 0)?.t()?;
            if storage == Storage::Columns { weight.contiguous() } else { Ok(weight) }
        };
        let linear = |name: &str| -> Result<Linear> {
            Ok(Linear {
                weight: matrix(&[format!("{name}.weight")])?,
                bias: Some(get(&format!("{name}.bias"))),
            })
        };
        let device = Device::Cpu;
        let (head_dim, d) = (config.head_dim(), config.d_model);
        let capacity = config.context_len;
        let layer = |i: usize| -> Result<Layer> {
            let plain = |names: &[&str]| -> Result<Linear> {
                let name = |name: &&str| format!("layers.{i}.{name}.weight");
                let names: Vec<String> = names.iter().map(name).collect();
                Ok(Linear { weight: matrix(&names)?, bias: None })
            };
            let film = get(&format!("layers.{i}.film.weight")); // (4 D, d_cond)
            let norms = [1, 2].map(|n| get(&format!("layers.{i}.norm{n}.weight")));
            let films = (0..steps::N_SLOTS)
                .map(|slot| {
                    let row = slot * steps::N_CONDITIONS + condition;
                    let row = get("cond.weight").narrow(0, row, 1)?; // (1, d_cond)
                    let film = row.matmul(&film.t()?)?; // (1, 4 D)
                    let both = |n: usize| -> Result<(Tensor, Tensor)> {
                        let gain = (film.narrow(1, 2 * n * d, d)?.reshape(d)? + 1.0)?;
                        Ok(((gain * &norms[n])?, film.narrow(1, (2 * n + 1) * d, d)?))
                    };
                    Ok([both(0)?, both(1)?])
                })
                .collect::<Result<Vec<_>>>()?;
            let cache = || {
                let shape = (1, config.n_kv_heads, capacity, head_dim);
                Tensor::zeros(shape, candle_core::DType::F32, &device)
            };
            Ok(Layer {
                films,
                qkv: plain(&["q", "k", "v"])?,
                o: plain(&["o"])?,
                gate_up: plain(&["gate", "up"])?,
                down: plain(&["down"])?,
                keys: cache()?,
                values: cache()?,
            })
        };
        let half = head_dim / 2;
        let angles: Vec<f32> = (0..capacity * half)
            .map(|i| {
                let exponent = 2.0 * (i % half) as f64 / head_dim as f64;
                ((i / half) as f64 / f64::from(config.rope_base).powf(exponent)) as f32
            })
            .collect();
        let angles = Tensor::from_vec(angles, (capacity, half), &device)?;
        let projections = ["sym.proj", "dur.proj", "expr.proj"].map(|n| format!("{n}.weight"));
        Ok(Self {
            config,
            embed: get("embed.weight"),
            layers: (0..config.n_layers).map(layer).collect::<Result<_>>()?,
            norm: get("norm.weight"),
            cos: angles.cos()?,
            sin: angles.sin()?,
            chord: linear("head.chord")?,
            pos: linear("head.pos")?,
            widths: projections.each_ref().map(|name| weights[name].dims()[0]),
            proj: Linear { weight: matrix(&projections)?, bias: None },
            sym_pos: get("sym.pos.weight"),
            sym: linear("head.sym")?,
            dur_pos: get("dur.pos.weight"),
            dur_sym: get("dur.sym.weight"),
            dur: linear("head.dur")?,
            expr_pos: get("expr.pos.weight"),
            expr_sym: get("expr.sym.weight"),
            expr_dur: get("expr.dur.weight"),
            vel: linear("head.vel")?,
            micro: linear("head.micro")?,
        })
    }

    /// What the heads read of a step at `position`, `(1, D)`; earlier steps must be in the cache.
    pub fn step(&self, position: usize, step: &[u16; N_INPUTS]) -> Result<Tensor> {
        let Config { n_heads, n_kv_heads, d_model: d, d_ff, rms_eps, .. } = self.config;
        let (group, head_dim, d_kv) =
            (self.config.group(), self.config.head_dim(), self.config.d_kv());
        let n = position + 1;
        let mut offset = 0;
        let rows: Vec<u32> = (0..N_FIELDS)
            .map(|field| {
                let row = offset + u32::from(step[field]);
                offset += steps::FIELD_SIZES[field] as u32;
                row
            })
            .collect();
        let slot = usize::from(step[steps::COND]) / steps::N_CONDITIONS;
        let rows = Tensor::from_vec(rows, N_FIELDS, &Device::Cpu)?;
        let mut x = self.embed.index_select(&rows, 0)?.sum_keepdim(0)?; // (1, D)
        let (cos, sin) = (self.cos.narrow(0, position, 1)?, self.sin.narrow(0, position, 1)?);
        let scale = 1.0 / (head_dim as f64).sqrt();
        for layer in &self.layers {
            let film = |x: &Tensor, i: usize| -> Result<Tensor> {
                let (gain, shift) = &layer.films[slot][i];
                rms_norm(x, gain, rms_eps)? + shift
            };
            let qkv = layer.qkv.forward(&film(&x, 0)?)?; // (1, D + 2 d_kv)
            let q = qkv.narrow(1, 0, d)?.reshape((1, n_heads, 1, head_dim))?;
            let k = qkv.narrow(1, d, d_kv)?.reshape((1, n_kv_heads, 1, head_dim))?;
            let v = qkv.narrow(1, d + d_kv, d_kv)?.reshape((1, n_kv_heads, 1, head_dim))?;
            let (q, k) = (rope(&q, &cos, &sin)?, rope(&k, &cos, &sin)?);
            layer.keys.slice_set(&k, 2, position)?;
            layer.values.slice_set(&v.contiguous()?, 2, position)?;
            let (keys, values) = (layer.keys.narrow(2, 0, n)?, layer.values.narrow(2, 0, n)?);
            // Query heads that share a key head lie behind each other, so they become rows.
            let q = (q.reshape((1, n_kv_heads, group, head_dim))? * scale)?;
            let p = softmax_last_dim(&q.matmul(&keys.t()?)?)?; // (1, K, G, n)
            let out = p.matmul(&values)?.reshape((1, d))?;
            x = (x + layer.o.forward(&out)?)?;
            let gate_up = layer.gate_up.forward(&film(&x, 1)?)?; // (1, 2 F)
            let (gate, up) = (gate_up.narrow(1, 0, d_ff)?, gate_up.narrow(1, d_ff, d_ff)?);
            x = (x + layer.down.forward(&(gate.silu()? * up)?)?)?;
        }
        rms_norm(&x, &self.norm, rms_eps)
    }

    /// Logits of all heads for the hidden state `(1, D)`, given position, symbol and duration.
    pub fn heads(&self, h: &Tensor, pos: usize, sym: usize, dur: usize) -> Result<Logits> {
        let row = |table: &Tensor, row: usize| table.narrow(0, row, 1);
        let projected = self.proj.forward(h)?;
        let [n_sym, n_dur, n_expr] = self.widths;
        let part = |at: usize, n: usize| projected.narrow(D::Minus1, at, n);
        let u = (part(0, n_sym)? + row(&self.sym_pos, pos)?)?.silu()?;
        let sym_logits = self.sym.forward(&u)?;
        let u = (part(n_sym, n_dur)? + row(&self.dur_pos, pos)?)?;
        let dur_logits = self.dur.forward(&(u + row(&self.dur_sym, sym)?)?.silu()?)?;
        let u = (part(n_sym + n_dur, n_expr)? + row(&self.expr_pos, pos)?)?;
        let u = ((u + row(&self.expr_sym, sym)?)? + row(&self.expr_dur, dur)?)?.silu()?;
        Ok(Logits {
            chord: self.chord.forward(h)?,
            pos: self.pos.forward(h)?,
            sym: sym_logits,
            dur: dur_logits,
            vel: self.vel.forward(&u)?,
            micro: self.micro.forward(&u)?,
        })
    }
}
