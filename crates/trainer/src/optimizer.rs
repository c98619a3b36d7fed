//! AdamW with a clipped gradient, and its learning rate.
//!
//! Source: Loshchilov & Hutter 2019, "Decoupled weight decay regularization".

use anyhow::{Context, Result, ensure};
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use model::weights::Weights;
use serde::{Deserialize, Serialize};

/// How weights are updated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Steps (of music, not updates) over which the rate rises to it.
    pub warmup: u64,
    /// Steps at the end over which it falls; at most all that follow the warm-up.
    pub decay: u64,
    /// Share of the highest rate that is left at the end.
    pub final_share: f64,
    /// Decay of matrices; embeddings, conditions, norms and biases do not decay.
    pub weight_decay: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Longest gradient, over all weights.
    pub clip: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1.5e-3,
            warmup: 400_000,
            decay: 6_000_000,
            final_share: 0.02,
            weight_decay: 0.1,
            beta1: 0.9,
            beta2: 0.95,
            clip: 1.0,
        }
    }
}

impl OptimizerConfig {
    /// The rate after `seen` of `total` steps: it rises in a line, stays, and falls in a line.
    ///
    /// While it stays, a run can be given more steps, or other music to end with.
    ///
    /// Source: Hu et al. 2024, "MiniCPM: Unveiling the Potential of Small Language Models with
    /// Scalable Training Strategies".
    pub fn rate(&self, seen: u64, total: u64) -> f64 {
        let share = |part: u64, of: u64| (part as f64 / of.max(1) as f64).min(1.0);
        let rise = if seen < self.warmup { share(seen, self.warmup) } else { 1.0 };
        let decay = self.decay.min(total.saturating_sub(self.warmup));
        let fall = share(total.saturating_sub(seen), decay).max(self.final_share);
        self.learning_rate * rise * fall
    }
}

/// The variables of a network with their moments.
#[derive(Debug)]
pub struct AdamW {
    config: OptimizerConfig,
    entries: Vec<Entry>,
    /// Updates so far.
    pub n_updates: u64,
}

#[derive(Debug)]
struct Entry {
    name: String,
    var: Var,
    decays: bool,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl AdamW {
    /// Makes variables of `weights`; moments start at zero.
    ///
    /// # Errors
    /// Weights that are not `f32`.
    pub fn new(weights: &Weights, config: OptimizerConfig) -> Result<Self> {
        let entries = weights
            .iter()
            .map(|(name, tensor)| {
                let n = tensor.elem_count();
                Ok(Entry {
                    name: name.clone(),
                    var: Var::from_tensor(tensor)?,
                    decays: tensor.rank() == 2
                        && !name.starts_with("embed")
                        && !name.starts_with("cond"),
                    first: vec![0.0; n],
                    second: vec![0.0; n],
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self { config, entries, n_updates: 0 })
    }

    /// The variables by name, for the network.
    pub fn weights(&self) -> Weights {
        self.entries.iter().map(|e| (e.name.clone(), e.var.as_tensor().clone())).collect()
    }

    /// Clips the gradient and updates every variable; returns the gradient's length before.
    ///
    /// # Errors
    /// A variable without gradient, or a gradient that is not finite.
    pub fn update(&mut self, gradients: &GradStore, rate: f64) -> Result<f64> {
        let gradients = self
            .entries
            .iter()
            .map(|entry| {
                let gradient = gradients
                    .get(&entry.var)
                    .with_context(|| format!("{}: no gradient", entry.name))?;
                Ok(gradient.flatten_all()?.to_vec1::<f32>()?)
            })
            .collect::<Result<Vec<_>>>()?;
        let square = |g: &f32| f64::from(*g) * f64::from(*g);
        let length = gradients.iter().flatten().map(square).sum::<f64>().sqrt();
        ensure!(length.is_finite(), "the gradient is not finite; lower the learning rate");
        self.n_updates += 1;
        let OptimizerConfig { beta1, beta2, weight_decay, clip, .. } = self.config;
        let scale = if length > clip { clip / length } else { 1.0 } as f32;
        let unbias = |beta: f64| 1.0 - beta.powf(self.n_updates as f64);
        let step = (rate / unbias(beta1)) as f32;
        let root = unbias(beta2).sqrt() as f32;
        let (beta1, beta2) = (beta1 as f32, beta2 as f32);
        for (entry, gradient) in self.entries.iter_mut().zip(&gradients) {
            let keep = if entry.decays { 1.0 - (rate * weight_decay) as f32 } else { 1.0 };
            let mut values = entry.var.flatten_all()?.to_vec1::<f32>()?;
            let moments = entry.first.iter_mut().zip(&mut entry.second);
            for ((value, gradient), (first, second)) in values.iter_mut().zip(gradient).zip(moments)
            {
                let gradient = gradient * scale;
                *first = beta1 * *first + (1.0 - beta1) * gradient;
                *second = beta2 * *second + (1.0 - beta2) * gradient * gradient;
                *value = *value * keep - step * *first / (second.sqrt() / root + 1e-8);
            }
            entry.var.set(&Tensor::from_vec(values, entry.var.shape(), entry.var.device())?)?;
        }
        Ok(length)
    }

    /// Weights and moments by name, for a checkpoint.
    ///
    /// # Errors
    /// None in practice.
    pub fn state(&self) -> Result<Weights> {
        let mut state = Weights::new();
        for entry in &self.entries {
            let shape = entry.var.shape();
            let tensor = |values: &[f32]| Tensor::from_slice(values, shape, entry.var.device());
            state.insert(format!("first.{}", entry.name), tensor(&entry.first)?);
            state.insert(format!("second.{}", entry.name), tensor(&entry.second)?);
            state.insert(entry.name.clone(), entry.var.as_tensor().detach());
        }
        Ok(state)
    }

    /// Takes weights and moments from a checkpoint.
    ///
    /// # Errors
    /// A missing tensor, or one of another shape, by name.
    pub fn restore(&mut self, state: &Weights) -> Result<()> {
        for entry in &mut self.entries {
            let get = |name: String| -> Result<&Tensor> {
                let tensor = state.get(&name).with_context(|| format!("missing tensor {name}"))?;
                ensure!(
                    tensor.dims() == entry.var.dims(),
                    "{name}: expected shape {:?}, found {:?}",
                    entry.var.dims(),
                    tensor.dims()
                );
                Ok(tensor)
            };
            let values = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
            entry.first = values(get(format!("first.{}", entry.name))?)?;
            entry.second = values(get(format!("second.{}", entry.name))?)?;
            entry.var.set(get(entry.name.clone())?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn weights() -> Weights {
        let tensor = Tensor::new(&[[3.0f32, -2.0]], &Device::Cpu).unwrap();
        [("a.weight".to_owned(), tensor)].into()
    }

    #[test]
    fn a_square_is_brought_down_and_a_restored_run_goes_on_alike() {
        let config = OptimizerConfig { weight_decay: 0.0, ..OptimizerConfig::default() };
        let mut adam = AdamW::new(&weights(), config).unwrap();
        let step = |adam: &mut AdamW| {
            let x = adam.weights()["a.weight"].clone();
            let loss = x.sqr().unwrap().sum_all().unwrap();
            adam.update(&loss.backward().unwrap(), 0.05).unwrap();
            loss.to_scalar::<f32>().unwrap()
        };
        let losses: Vec<f32> = (0..100).map(|_| step(&mut adam)).collect();
        assert!(losses[99] < 0.05 * losses[0]);
        let mut other = AdamW::new(&weights(), config).unwrap();
        other.restore(&adam.state().unwrap()).unwrap();
        other.n_updates = adam.n_updates;
        assert_eq!(step(&mut adam), step(&mut other));
        assert_eq!(step(&mut adam), step(&mut other));
        assert!(other.restore(&weights()).unwrap_err().to_string().contains("first.a.weight"));
    }

    #[test]
    fn the_rate_rises_stays_and_falls() {
        let config =
            OptimizerConfig { learning_rate: 2.0, warmup: 10, decay: 40, ..Default::default() };
        let rates = [0, 5, 10, 70, 90, 110, 500].map(|seen| config.rate(seen, 110));
        assert_eq!(rates, [0.0, 1.0, 2.0, 2.0, 1.0, 0.04, 0.04]);
        // A short run falls from the end of its warm-up on.
        assert_eq!([10, 20, 30].map(|seen| config.rate(seen, 30)), [2.0, 1.0, 0.04]);
    }
}
