//! Extremely randomised trees: many trees of random splits, their leaves averaged.
//!
//! Source: Geurts, Ernst & Wehenkel 2006, "Extremely randomized trees". Each tree sees all
//! examples; a node tries some features at one random threshold each and keeps the purest split.

use rayon::prelude::*;
use score::random::Random;

use super::Examples;

const N_TREES: usize = 100;
const MAX_DEPTH: usize = 18;
/// Fewest examples of a leaf.
const MIN_LEAF: usize = 4;

/// Either a split or a leaf.
#[derive(Clone, Debug)]
enum Node {
    /// Feature, threshold, and the nodes at and above it; the one below stands next.
    Split(usize, f32, usize),
    /// A probability a class.
    Leaf(Vec<f32>),
}

/// A forest for one kind of judge.
#[derive(Clone, Debug)]
pub struct Forest {
    trees: Vec<Vec<Node>>,
}

impl Forest {
    /// Grows the trees; equal examples and seeds give equal trees, on any number of threads.
    pub fn fit(examples: &Examples, seed: u64) -> Self {
        let grow = |tree: u64| {
            let random = Random::new(seed.wrapping_mul(0x9e37_79b9).wrapping_add(tree));
            let mut grower = Grower { examples, random, nodes: Vec::new() };
            let mut all: Vec<usize> = (0..examples.len()).collect();
            grower.grow(&mut all, 0);
            grower.nodes
        };
        Self { trees: (0..N_TREES as u64).into_par_iter().map(grow).collect() }
    }

    /// A probability a class.
    pub fn predict(&self, row: &[f32], n_classes: usize) -> Vec<f32> {
        let mut sum = vec![0.0; n_classes];
        for tree in &self.trees {
            let mut at = 0;
            let leaf = loop {
                match &tree[at] {
                    Node::Split(feature, threshold, above) => {
                        at = if row[*feature] < *threshold { at + 1 } else { *above };
                    }
                    Node::Leaf(shares) => break shares,
                }
            };
            sum.iter_mut().zip(leaf).for_each(|(sum, share)| *sum += share);
        }
        let n = self.trees.len() as f32;
        sum.iter().map(|p| p / n).collect()
    }
}

struct Grower<'a> {
    examples: &'a Examples,
    random: Random,
    nodes: Vec<Node>,
}

impl Grower<'_> {
    fn counts(&self, members: &[usize]) -> Vec<f32> {
        let mut counts = vec![0.0; self.examples.n_classes];
        members.iter().for_each(|i| counts[self.examples.labels[*i]] += self.examples.weights[*i]);
        counts
    }

    fn grow(&mut self, members: &mut [usize], depth: usize) {
        let counts = self.counts(members);
        let is_pure = counts.iter().filter(|count| **count > 0.0).count() < 2;
        let split = if is_pure || depth == MAX_DEPTH || members.len() < 2 * MIN_LEAF {
            None
        } else {
            self.best_split(members, &counts)
        };
        let Some((feature, threshold)) = split else {
            let sum = counts.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            self.nodes.push(Node::Leaf(counts.iter().map(|count| count / sum).collect()));
            return;
        };
        let examples = self.examples;
        let below = partition(members, |i| examples.row(i)[feature] < threshold);
        let at = self.nodes.len();
        self.nodes.push(Node::Split(feature, threshold, 0));
        let (left, right) = members.split_at_mut(below);
        self.grow(left, depth + 1);
        let above = self.nodes.len();
        self.nodes[at] = Node::Split(feature, threshold, above);
        self.grow(right, depth + 1);
    }

    fn best_split(&mut self, members: &[usize], counts: &[f32]) -> Option<(usize, f32)> {
        let examples = self.examples;
        let n_tries = (2.0 * (examples.n_features as f32).sqrt()) as usize;
        let mut best = (f32::NEG_INFINITY, None);
        let mut below = vec![0.0; counts.len()];
        let mut column = Vec::with_capacity(members.len());
        for _ in 0..n_tries {
            let feature = self.random.below(examples.n_features);
            column.clear();
            column.extend(members.iter().map(|i| examples.row(*i)[feature]));
            let (low, high) =
                column.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
                    (low.min(*value), high.max(*value))
                });
            let share = self.random.uniform();
            let threshold = low + (high - low) * share;
            // Between equal floats no threshold parts them.
            if threshold <= low {
                continue;
            }
            below.fill(0.0);
            let mut n_below = 0;
            for (i, _) in members.iter().zip(&column).filter(|(_, value)| **value < threshold) {
                below[examples.labels[*i]] += examples.weights[*i];
                n_below += 1;
            }
            if n_below < MIN_LEAF || members.len() - n_below < MIN_LEAF {
                continue;
            }
            // Gini: the larger the sum of squares by side, the purer the sides.
            let purity = |counts: &mut dyn Iterator<Item = f32>| {
                let (sum, squares) = counts.fold((0.0, 0.0), |(s, q), c| (s + c, q + c * c));
                if sum > 0.0 { squares / sum } else { 0.0 }
            };
            let gain = purity(&mut below.iter().copied())
                + purity(&mut counts.iter().zip(&below).map(|(all, below)| all - below));
            if gain > best.0 {
                best = (gain, Some((feature, threshold)));
            }
        }
        best.1
    }
}

/// Moves those that are `below` to the front, keeping order out of the count; gives their number.
fn partition(members: &mut [usize], below: impl Fn(usize) -> bool) -> usize {
    let mut n_below = 0;
    for at in 0..members.len() {
        if below(members[at]) {
            members.swap(at, n_below);
            n_below += 1;
        }
    }
    n_below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_learn_what_no_line_parts() {
        // Exclusive or of two features, and one of noise.
        let mut random = Random::new(1);
        let mut examples = Examples::new(3, 2);
        for _ in 0..400 {
            let row: Vec<f32> = (0..3).map(|_| random.uniform() - 0.5).collect();
            examples.push(&row, usize::from(row[0] * row[1] > 0.0), 1.0);
        }
        let forest = Forest::fit(&examples, 3);
        for (x, y) in [(0.3, 0.3), (-0.3, -0.3), (0.3, -0.3), (-0.3, 0.3)] {
            let p = forest.predict(&[x, y, 0.0], 2);
            assert!((p[0] + p[1] - 1.0).abs() < 1e-5);
            assert_eq!(p[1] > 0.7, x * y > 0.0, "{x} {y} {p:?}");
        }
        let again = Forest::fit(&examples, 3);
        assert_eq!(again.predict(&[0.1, 0.2, 0.3], 2), forest.predict(&[0.1, 0.2, 0.3], 2));
    }
}
