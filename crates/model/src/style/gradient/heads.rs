//! The heads, which are read in a short cascade.

use score::steps::{self, Step, T_CHORD, T_DUR, T_MICRO, T_POS, T_SYM, T_VEL};

use super::super::matrix::{View, multiply};
use super::{Nats, Plain};
use crate::math;

#[derive(Debug)]
pub(super) struct Head {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

/// `silu(projection · h + rows of tables)`, which one or two heads read.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) width: usize,
    pub(super) projection: Vec<f32>,
    /// A table a target that is known by then.
    pub(super) tables: Vec<(usize, Vec<f32>)>,
}

#[derive(Debug)]
pub(super) struct Cascade {
    pub(super) stage: Stage,
    pub(super) head: Head,
}

impl Plain {
    /// Adds the losses of all targets; `biases` are added to those of the heads. With `to`, adds the
    /// gradients of what the heads read and of `biases`.
    ///
    /// # Shapes
    /// - `biases`: `(slots, classes)`
    pub(super) fn heads(
        &self,
        h: &[f32],
        steps: &[Step],
        biases: &[f32],
        nats: &mut Nats,
        to: Option<(&mut [f32], &mut [f32])>,
    ) {
        let (mut to_h, mut to_biases) = to.unzip();
        let d = self.config.d_model;
        let rows = |target: usize| -> Vec<usize> {
            (0..steps.len()).filter(|i| steps[*i].targets[target] != steps::IGNORE).collect()
        };
        for (target, head) in [(T_CHORD, &self.chord), (T_POS, &self.pos)] {
            let rows = rows(target);
            let read = gather(h, d, &rows);
            let to = to_biases.as_deref_mut();
            let to_read = head.loss(&read, d, &rows, target, steps, biases, nats, to);
            scatter(to_h.as_deref_mut(), d, &rows, &to_read);
        }
        let notes = rows(T_SYM);
        let read = gather(h, d, &notes);
        for (stage, heads) in [
            (&self.sym.stage, &[(T_SYM, &self.sym.head)][..]),
            (&self.dur.stage, &[(T_DUR, &self.dur.head)]),
            (&self.expr, &[(T_VEL, &self.vel), (T_MICRO, &self.micro)]),
        ] {
            let u = stage.before(&read, d, &notes, steps);
            let silu: Vec<f32> = u.iter().map(|u| math::silu(*u)).collect();
            let mut to_silu = vec![0.0; if to_h.is_some() { silu.len() } else { 0 }];
            for (target, head) in heads {
                let counts = |i: &usize| steps[notes[*i]].targets[*target] != steps::IGNORE;
                let picked: Vec<usize> = (0..notes.len()).filter(counts).collect();
                let rows: Vec<usize> = picked.iter().map(|i| notes[*i]).collect();
                let read = gather(&silu, stage.width, &picked);
                let width = stage.width;
                let to = to_biases.as_deref_mut();
                let to = head.loss(&read, width, &rows, *target, steps, biases, nats, to);
                scatter(Some(&mut to_silu), width, &picked, &to);
            }
            if let Some(to_h) = to_h.as_deref_mut() {
                for (to, u) in to_silu.iter_mut().zip(&u) {
                    let sigmoid = 1.0 / (1.0 + math::exp(-u));
                    *to *= sigmoid * (1.0 + u * (1.0 - sigmoid));
                }
                let mut to_read = vec![0.0; read.len()];
                let projection = View::of(&stage.projection, d);
                multiply(&mut to_read, d, false, View::of(&to_silu, stage.width), projection);
                scatter(Some(to_h), d, &notes, &to_read);
            }
        }
    }
}

impl Stage {
    /// What silu is taken of, for steps `rows`; `read` holds what the heads read of them.
    fn before(&self, read: &[f32], d: usize, rows: &[usize], steps: &[Step]) -> Vec<f32> {
        let width = self.width;
        let mut u = vec![0.0; rows.len() * width];
        let projection = View::of(&self.projection, d).turned();
        multiply(&mut u, width, false, View::of(read, d), projection);
        for (u, row) in u.chunks_exact_mut(width).zip(rows) {
            for (target, table) in &self.tables {
                // Drums have no duration; their class is the last one.
                let class = usize::from(steps[*row].targets[*target]).min(table.len() / width - 1);
                let row = &table[class * width..][..width];
                u.iter_mut().zip(row).for_each(|(u, row)| *u += row);
            }
        }
        u
    }
}

impl Head {
    /// Adds the loss of a target at steps `rows`, of which `read` holds what the head reads. With
    /// `to_biases`, adds the gradient of `biases` and gives that of `read`; else gives nothing.
    #[expect(clippy::too_many_arguments, reason = "what is read, of which steps, and the sums")]
    fn loss(
        &self,
        read: &[f32],
        width: usize,
        rows: &[usize],
        target: usize,
        steps: &[Step],
        biases: &[f32],
        nats: &mut Nats,
        mut to_biases: Option<&mut [f32]>,
    ) -> Vec<f32> {
        let n = self.bias.len();
        let mut logits = vec![0.0; rows.len() * n];
        let weight = View::of(&self.weight, width);
        multiply(&mut logits, n, false, View::of(read, width), weight.turned());
        nats.counts[target] += rows.len();
        for (logits, row) in logits.chunks_exact_mut(n).zip(rows) {
            let slot = usize::from(steps[*row].inputs[steps::COND]) / steps::N_CONDITIONS;
            let own = slot * steps::N_CLASSES + steps::first_class(target);
            let bias = self.bias.iter().zip(&biases[own..]).map(|(head, own)| head + own);
            logits.iter_mut().zip(bias).for_each(|(logit, bias)| *logit += bias);
            let class = usize::from(steps[*row].targets[target]);
            let of_class = logits[class];
            let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            logits.iter_mut().for_each(|logit| *logit = math::exp(*logit - max));
            let sum = math::sum(logits);
            nats.nats[target] += f64::from(sum.ln() + max - of_class);
            logits.iter_mut().for_each(|p| *p /= sum);
            logits[class] -= 1.0;
            if let Some(to) = to_biases.as_deref_mut() {
                to[own..].iter_mut().zip(&*logits).for_each(|(to, logit)| *to += logit);
            }
        }
        if to_biases.is_none() {
            return Vec::new();
        }
        let mut to_read = vec![0.0; read.len()];
        multiply(&mut to_read, width, false, View::of(&logits, n), weight);
        to_read
    }
}

fn gather(x: &[f32], width: usize, rows: &[usize]) -> Vec<f32> {
    rows.iter().flat_map(|row| &x[row * width..][..width]).copied().collect()
}

fn scatter(to: Option<&mut [f32]>, width: usize, rows: &[usize], from: &[f32]) {
    let Some(to) = to else { return };
    for (row, from) in rows.iter().zip(from.chunks_exact(width)) {
        to[row * width..][..width].iter_mut().zip(from).for_each(|(to, from)| *to += from);
    }
}
