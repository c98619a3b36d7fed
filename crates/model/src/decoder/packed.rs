//! The weights as the decoder reads them, shared by all instances.

use std::f64::consts::PI;

use score::steps::{self, N_INPUTS};

use super::field_offset;
use crate::config::{D_EXPRESSION, N_CONDITION_ROWS, N_FIELDS};
use crate::kernels::{self, Attention, Isa, Lines, Matrix, WeightLine, pack};
use crate::weights::Weights;
use crate::{Config, Error, Result};

/// A table whose rows are looked up.
#[derive(Debug)]
pub(super) struct Table {
    values: Vec<f32>,
    width: usize,
}

impl Table {
    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}

/// All weights: matrices in bfloat16, packed in the order in which a step reads them, tables and
/// vectors in `f32`.
#[derive(Debug)]
pub struct Packed {
    pub(super) config: Config,
    pub(super) attention: Attention,
    pub(super) arena: Lines<WeightLine>,
    embed: Table,
    pub(super) layers: Vec<PackedLayer>,
    pub(super) norm: Vec<f32>,
    pub(super) heads: PackedHeads,
    /// Cosine and sine a position and pair.
    rotations: Vec<(f32, f32)>,
    cond: Table,
}

#[derive(Debug)]
pub(super) struct PackedLayer {
    pub(super) qkv: Matrix,
    pub(super) o: Matrix,
    pub(super) gate_up: Matrix,
    pub(super) down: Matrix,
    /// Norm weights, folded into each condition's gains.
    norms: [Vec<f32>; 2],
    /// `(4 D, d_cond)`.
    film: Table,
}

#[derive(Debug)]
pub(super) struct PackedHeads {
    pub(super) chord: Matrix,
    pub(super) chord_bias: Vec<f32>,
    pub(super) pos: Matrix,
    pub(super) pos_bias: Vec<f32>,
    /// Projections of the symbol, the duration and the expression under each other.
    pub(super) proj: Matrix,
    pub(super) sym_pos: Table,
    pub(super) sym: Matrix,
    pub(super) sym_bias: Vec<f32>,
    pub(super) dur_pos: Table,
    pub(super) dur_sym: Table,
    pub(super) dur: Matrix,
    pub(super) dur_bias: Vec<f32>,
    pub(super) expr_pos: Table,
    pub(super) expr_sym: Table,
    pub(super) expr_dur: Table,
    /// Velocity and micro-timing under each other.
    pub(super) expr: Matrix,
    pub(super) expr_bias: Vec<f32>,
}

impl PackedHeads {
    /// Widths of all outputs.
    pub(super) fn widths(&self) -> [usize; 6] {
        [self.chord.n, self.pos.n, self.proj.n, self.sym.n, self.dur.n, self.expr.n]
    }
}

/// Reads tensors as plain numbers.
struct Source<'a>(&'a Weights);

impl Source<'_> {
    fn values(&self, name: &str) -> Result<Vec<f32>> {
        let tensor = self.0.get(name).ok_or_else(|| Error::MissingTensor { name: name.into() })?;
        Ok(tensor.flatten_all()?.to_vec1()?)
    }

    fn table(&self, name: &str) -> Result<Table> {
        let width = self.0.get(name).map_or(1, |tensor| tensor.dims()[tensor.dims().len() - 1]);
        Ok(Table { values: self.values(name)?, width })
    }

    /// Packs tensors of equal width under each other.
    fn matrix(&self, arena: &mut Vec<WeightLine>, names: &[String]) -> Result<Matrix> {
        let tables = names.iter().map(|name| self.table(name)).collect::<Result<Vec<_>>>()?;
        let rows: Vec<&[f32]> =
            tables.iter().flat_map(|table| table.values.chunks(table.width)).collect();
        Ok(pack(arena, tables[0].width, &rows))
    }
}

impl Packed {
    /// Packs the weights of a network; matrices are rounded to bfloat16, which changes nothing in
    /// [`weights::rounded`](crate::weights::rounded) ones.
    ///
    /// # Errors
    /// [`Error::MissingTensor`]; shapes must have been checked.
    pub fn new(config: Config, weights: &Weights) -> Result<Self> {
        let source = Source(weights);
        let mut arena = Vec::with_capacity(config.n_weights().div_ceil(32));
        let mut layers = Vec::new();
        for i in 0..config.n_layers {
            let name = |tensor: &str| format!("layers.{i}.{tensor}.weight");
            let mut matrix = |tensors: &[&str]| {
                let names: Vec<String> = tensors.iter().map(|tensor| name(tensor)).collect();
                source.matrix(&mut arena, &names)
            };
            layers.push(PackedLayer {
                qkv: matrix(&["q", "k", "v"])?,
                o: matrix(&["o"])?,
                gate_up: matrix(&["gate", "up"])?,
                down: matrix(&["down"])?,
                norms: [source.values(&name("norm1"))?, source.values(&name("norm2"))?],
                film: source.table(&name("film"))?,
            });
        }
        let mut matrix = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| format!("{name}.weight")).collect();
            source.matrix(&mut arena, &names)
        };
        let mut expr_bias = source.values("head.vel.bias")?;
        expr_bias.extend(source.values("head.micro.bias")?);
        let heads = PackedHeads {
            chord: matrix(&["head.chord"])?,
            chord_bias: source.values("head.chord.bias")?,
            pos: matrix(&["head.pos"])?,
            pos_bias: source.values("head.pos.bias")?,
            proj: matrix(&["sym.proj", "dur.proj", "expr.proj"])?,
            sym_pos: source.table("sym.pos.weight")?,
            sym: matrix(&["head.sym"])?,
            sym_bias: source.values("head.sym.bias")?,
            dur_pos: source.table("dur.pos.weight")?,
            dur_sym: source.table("dur.sym.weight")?,
            dur: matrix(&["head.dur"])?,
            dur_bias: source.values("head.dur.bias")?,
            expr_pos: source.table("expr.pos.weight")?,
            expr_sym: source.table("expr.sym.weight")?,
            expr_dur: source.table("expr.dur.weight")?,
            expr: matrix(&["head.vel", "head.micro"])?,
            expr_bias,
        };
        debug_assert_eq!(heads.expr_sym.width, D_EXPRESSION);
        let head_dim = config.head_dim();
        let half = head_dim / 2;
        let rotations = (0..config.context_len * half)
            .map(|i| {
                let exponent = 2.0 * (i % half) as f64 / head_dim as f64;
                let angle = (i / half) as f64 / libm::pow(config.rope_base.into(), exponent);
                let angle = angle % (2.0 * PI);
                // Not the system's functions, which round as each system likes.
                (libm::cos(angle) as f32, libm::sin(angle) as f32)
            })
            .collect();
        Ok(Self {
            config,
            attention: Attention {
                n_kv_heads: config.n_kv_heads,
                group: config.group(),
                head_dim,
                capacity: config.context_len.next_multiple_of(16),
            },
            arena: Lines::on_huge_pages(&arena),
            embed: source.table("embed.weight")?,
            layers,
            norm: source.values("norm.weight")?,
            heads,
            rotations,
            cond: source.table("cond.weight")?,
        })
    }

    /// The sizes.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Bytes of weights that one step reads, heads included.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.arena)
    }

    /// Sums the embeddings of a step.
    pub(super) fn embed(&self, isa: Isa, step: &[u16; N_INPUTS], x: &mut [f32]) {
        let fields = step[..N_FIELDS].iter().enumerate();
        let rows = fields.map(|(field, value)| field_offset(field) + usize::from(*value));
        kernels::sum_rows(isa, &self.embed.values, rows, x);
    }

    /// Turns heads of queries or keys to a position.
    pub(super) fn rotate(&self, heads: &mut [f32], position: usize) {
        let (d, half) = (self.config.head_dim(), self.config.head_dim() / 2);
        let rotations = &self.rotations[position * half..(position + 1) * half];
        for head in heads.chunks_exact_mut(d) {
            let (a, b) = head.split_at_mut(half);
            for ((a, b), (cos, sin)) in a.iter_mut().zip(b).zip(rotations) {
                (*a, *b) = (*a * cos - *b * sin, *a * sin + *b * cos);
            }
        }
    }

    /// Scales turned queries.
    pub(super) fn scale(&self, q: &mut [f32]) {
        let scale = 1.0 / (self.config.head_dim() as f32).sqrt();
        q.iter_mut().for_each(|q| *q *= scale);
    }

    /// A weighted sum of the condition rows of a slot.
    pub(super) fn condition(&self, slot: usize, mix: &[f32; steps::N_CONDITIONS]) -> Vec<f32> {
        debug_assert!(slot * steps::N_CONDITIONS < N_CONDITION_ROWS);
        let mut condition = vec![0.0f32; self.config.d_cond];
        for (genre, weight) in mix.iter().enumerate() {
            if *weight != 0.0 {
                let row = self.cond.row(slot * steps::N_CONDITIONS + genre);
                condition.iter_mut().zip(row).for_each(|(c, row)| *c += weight * row);
            }
        }
        condition
    }

    /// Gains and shifts of both norms of a layer under a condition, `4 D` numbers; `add` may add to
    /// scales and shifts before scales become gains.
    pub(super) fn film(
        &self,
        layer: usize,
        condition: &[f32],
        add: impl FnOnce(&mut [f32]),
    ) -> Vec<f32> {
        let layer = &self.layers[layer];
        let d = self.config.d_model;
        let mut film: Vec<f32> = layer
            .film
            .values
            .chunks_exact(layer.film.width)
            .map(|row| row.iter().zip(condition).map(|(w, c)| w * c).sum())
            .collect();
        add(&mut film);
        for (norm, film) in layer.norms.iter().zip(film.chunks_exact_mut(2 * d)) {
            for (gain, weight) in film.iter_mut().zip(norm) {
                *gain = (1.0 + *gain) * weight;
            }
        }
        film
    }
}
