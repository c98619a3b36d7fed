//! Multinomial logistic regression, fitted by accelerated gradient descent.
//!
//! Source: Nesterov 1983; the step comes from a bound of the loss' curvature, so nothing is tuned
//! but the penalty.

use rayon::prelude::*;

use super::Examples;

const N_ROUNDS: usize = 250;
/// Penalty on the squared weights, against the mean loss. Real accuracy hardly moves from a third
/// of it to twice; at a thirtieth human drums and jazz get worse.
const PENALTY: f32 = 1e-2;

/// Weights a class: one a feature and a constant.
#[derive(Clone, Debug)]
pub struct Logistic {
    weights: Vec<Vec<f32>>,
}

impl Logistic {
    /// Fits to examples whose features are about standardised.
    pub fn fit(examples: &Examples) -> Self {
        let (n_classes, width) = (examples.n_classes, examples.n_features + 1);
        let total = examples.weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        // The curvature is at most half of the mean squared length of a row along its largest
        // direction, which a few rounds of the power method find.
        let rate = 1.0 / (0.5 * largest_eigenvalue(examples) / total + 2.0 * PENALTY);
        let mut weights = vec![vec![0.0; width]; n_classes];
        let mut ahead = weights.clone();
        let mut momentum = 1.0f32;
        for _ in 0..N_ROUNDS {
            let gradient = gradient(examples, &ahead, total);
            let mut moved = ahead;
            for (weights, gradient) in moved.iter_mut().zip(&gradient) {
                weights.iter_mut().zip(gradient).for_each(|(w, g)| *w -= rate * g);
            }
            let next = f32::midpoint(1.0, (1.0 + 4.0 * momentum * momentum).sqrt());
            let push = (momentum - 1.0) / next;
            momentum = next;
            ahead = moved
                .iter()
                .zip(&weights)
                .map(|(new, old)| {
                    new.iter().zip(old).map(|(new, old)| new + push * (new - old)).collect()
                })
                .collect();
            weights = moved;
        }
        Self { weights }
    }

    /// A row a class: a weight a feature, and a constant.
    pub fn weights(&self) -> &[Vec<f32>] {
        &self.weights
    }

    /// A probability a class.
    pub fn predict(&self, row: &[f32]) -> Vec<f32> {
        softmax(&self.weights, row)
    }
}

fn softmax(weights: &[Vec<f32>], row: &[f32]) -> Vec<f32> {
    let mut logits: Vec<f32> = weights
        .iter()
        .map(|weights| {
            let (constant, weights) = weights.split_last().expect("a constant");
            constant + dot(weights, row)
        })
        .collect();
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    logits.iter_mut().for_each(|logit| *logit = (*logit - highest).exp());
    let sum: f32 = logits.iter().sum();
    logits.iter().map(|p| p / sum).collect()
}

/// Eight running sums, so that the compiler may use vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((heads_a, tail_a), (heads_b, tail_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0f32; 8];
    for (a, b) in heads_a.iter().zip(heads_b) {
        (0..8).for_each(|i| sums[i] += a[i] * b[i]);
    }
    sums.iter().sum::<f32>() + tail_a.iter().zip(tail_b).map(|(a, b)| a * b).sum::<f32>()
}

/// Rows a task: a fixed number, so that sums come out the same on any number of threads.
const CHUNK: usize = 256;

fn gradient(examples: &Examples, weights: &[Vec<f32>], total: f32) -> Vec<Vec<f32>> {
    let starts: Vec<usize> = (0..examples.len()).step_by(CHUNK).collect();
    let parts: Vec<Vec<Vec<f32>>> = starts
        .par_iter()
        .map(|start| {
            let mut sum = vec![vec![0.0; examples.n_features + 1]; examples.n_classes];
            for i in *start..(start + CHUNK).min(examples.len()) {
                let row = examples.row(i);
                for (class, p) in softmax(weights, row).into_iter().enumerate() {
                    let target = f32::from(u8::from(examples.labels[i] == class));
                    let error = (p - target) * examples.weights[i] / total;
                    let sum = &mut sum[class];
                    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += error * x);
                    sum[examples.n_features] += error;
                }
            }
            sum
        })
        .collect();
    let mut gradient: Vec<Vec<f32>> =
        weights.iter().map(|w| w.iter().map(|w| 2.0 * PENALTY * w).collect()).collect();
    for gradient in &mut gradient {
        gradient[examples.n_features] = 0.0;
    }
    for part in parts {
        for (gradient, part) in gradient.iter_mut().zip(part) {
            gradient.iter_mut().zip(part).for_each(|(g, p)| *g += p);
        }
    }
    gradient
}

/// Of the weighted sum of the rows' outer products, constants included; from above by a tenth.
fn largest_eigenvalue(examples: &Examples) -> f32 {
    let width = examples.n_features + 1;
    let mut direction = vec![1.0f32 / (width as f32).sqrt(); width];
    let mut value = 1.0;
    for _ in 0..30 {
        let mut next = vec![0.0f32; width];
        for i in 0..examples.len() {
            let row = examples.row(i);
            let along = dot(&direction[..width - 1], row) + direction[width - 1];
            let share = along * examples.weights[i];
            next.iter_mut().zip(row).for_each(|(next, x)| *next += share * x);
            next[width - 1] += share;
        }
        value = next.iter().map(|x| x * x).sum::<f32>().sqrt();
        if value <= f32::MIN_POSITIVE {
            return 1.0;
        }
        direction = next.iter().map(|x| x / value).collect();
    }
    1.1 * value
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::random::Random;

    #[test]
    fn classes_along_a_line_are_parted_and_weights_count() {
        let mut random = Random::new(1);
        let mut examples = Examples::new(2, 3);
        for i in 0..600 {
            let class = i % 3;
            let row = [class as f32 - 1.0 + 0.3 * random.normal(), random.normal()];
            examples.push(&row, class, 1.0);
        }
        let fitted = Logistic::fit(&examples);
        for class in 0..3 {
            let p = fitted.predict(&[class as f32 * 1.2 - 1.2, 0.0]);
            assert!(p[class] > 0.6, "{class} {p:?}");
        }
        examples.weights.iter_mut().zip(&examples.labels).for_each(|(weight, label)| {
            *weight = if *label == 2 { 0.0 } else { 1.0 };
        });
        assert!(Logistic::fit(&examples).predict(&[1.0, 0.0])[2] < 0.1);
    }
}
