//! Gradient boosting: small trees in turn, each fitted to what the ones before it got wrong.
//!
//! Source: Friedman 2001, "Greedy function approximation"; second-order leaves as in Chen &
//! Guestrin 2016, thresholds between bins of each feature as in Ke et al. 2017. A round grows a
//! tree a class, best leaf first, and each tree sees some of the features.

use ::judge::{Next, Split, Tree};
use rayon::prelude::*;
use score::random::Random;

use super::Examples;

const N_ROUNDS: usize = 80;
const RATE: f32 = 0.12;
const MAX_LEAVES: usize = 10;
/// Fewest examples of a leaf.
const MIN_LEAF: usize = 20;
/// Penalty on a leaf's squared value.
const PENALTY: f32 = 5.0;
const N_BINS: usize = 32;
/// One feature in so many is seen by a tree.
const FEATURE_SHARE: usize = 5;

/// A split or a leaf's value.
#[derive(Clone, Debug)]
enum Node {
    /// Feature, the least value that goes above, and the nodes below and above.
    Split(usize, f32, [usize; 2]),
    Leaf(f32),
}

/// Boosted trees for one kind of judge.
#[derive(Clone, Debug)]
pub struct Boosting {
    n_classes: usize,
    /// A class after the other, round by round.
    trees: Vec<Vec<Node>>,
}

impl Boosting {
    /// Grows the trees; equal examples and seeds give equal trees, on any number of threads.
    pub fn fit(examples: &Examples, seed: u64) -> Self {
        let (n, n_classes) = (examples.len(), examples.n_classes);
        let bins = Bins::of(examples);
        let mut random = Random::new(seed);
        let mut logits = vec![0.0f32; n * n_classes];
        let mut trees = Vec::with_capacity(N_ROUNDS * n_classes);
        for _ in 0..N_ROUNDS {
            let p: Vec<f32> = logits.chunks_exact(n_classes).flat_map(softmax).collect();
            let seeds: Vec<u64> = (0..n_classes).map(|_| random.bits()).collect();
            let grow = |class: usize| {
                let slope = |i: usize| {
                    let p = p[i * n_classes + class];
                    let target = f32::from(u8::from(examples.labels[i] == class));
                    let weight = examples.weights[i];
                    [weight * (p - target), weight * (p * (1.0 - p)).max(1e-6)]
                };
                let slopes: Vec<[f32; 2]> = (0..n).map(slope).collect();
                Grower::new(&bins, &slopes, seeds[class]).grow()
            };
            let round: Vec<(Vec<Node>, Vec<f32>)> =
                (0..n_classes).into_par_iter().map(grow).collect();
            for (class, (tree, moved)) in round.into_iter().enumerate() {
                moved.iter().enumerate().for_each(|(i, x)| logits[i * n_classes + class] += x);
                trees.push(tree);
            }
        }
        Self { n_classes, trees }
    }

    /// The trees, a class after the other, round by round; `number` gives the number of each of
    /// the features that they were grown on.
    pub fn trees(&self, number: impl Fn(usize) -> usize) -> Vec<Tree> {
        let tree = |nodes: &Vec<Node>| {
            // A node's number among those of its sort; the nodes below a split stand behind it.
            let (mut n_splits, mut n_leaves) = (0, 0);
            let mut places = Vec::with_capacity(nodes.len());
            for node in nodes {
                let (count, next): (_, fn(usize) -> Next) = match node {
                    Node::Split(..) => (&mut n_splits, Next::Split),
                    Node::Leaf(_) => (&mut n_leaves, Next::Leaf),
                };
                places.push(next(*count));
                *count += 1;
            }
            let mut tree = Tree::default();
            for node in nodes {
                match node {
                    Node::Split(feature, least, next) => tree.splits.push(Split {
                        feature: number(*feature),
                        least: *least,
                        next: next.map(|next| places[next]),
                    }),
                    Node::Leaf(value) => tree.leaves.push(*value),
                }
            }
            tree
        };
        self.trees.iter().map(tree).collect()
    }

    /// A probability a class.
    pub fn predict(&self, row: &[f32]) -> Vec<f32> {
        let mut logits = vec![0.0; self.n_classes];
        for (i, tree) in self.trees.iter().enumerate() {
            let mut at = 0;
            logits[i % self.n_classes] += loop {
                match tree[at] {
                    Node::Split(feature, least, next) => {
                        at = next[usize::from(row[feature] >= least)];
                    }
                    Node::Leaf(value) => break value,
                }
            };
        }
        softmax(&logits)
    }
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let all: Vec<f32> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let sum: f32 = all.iter().sum();
    all.iter().map(|x| x / sum).collect()
}

/// Every value's bin, a column a feature, and the least value of each bin but the first.
struct Bins {
    n: usize,
    columns: Vec<u8>,
    least: Vec<Vec<f32>>,
}

impl Bins {
    fn of(examples: &Examples) -> Self {
        let n = examples.len();
        let column = |feature: usize| {
            let values: Vec<f32> = (0..n).map(|i| examples.row(i)[feature]).collect();
            let mut sorted = values.clone();
            sorted.sort_by(f32::total_cmp);
            let mut least: Vec<f32> = (1..N_BINS).map(|i| sorted[i * n / N_BINS]).collect();
            least.dedup();
            // What is not above the lowest value parts nothing.
            least.retain(|value| *value > sorted[0]);
            let bin = |value: &f32| least.partition_point(|least| least <= value) as u8;
            (values.iter().map(bin).collect::<Vec<u8>>(), least)
        };
        let all: Vec<(Vec<u8>, Vec<f32>)> =
            (0..examples.n_features).into_par_iter().map(column).collect();
        let (columns, least): (Vec<Vec<u8>>, Vec<Vec<f32>>) = all.into_iter().unzip();
        Self { n, columns: columns.concat(), least }
    }

    fn column(&self, feature: usize) -> &[u8] {
        &self.columns[feature * self.n..][..self.n]
    }
}

/// A leaf that may be split: its examples, its node, and the best split.
struct Open {
    members: Vec<u32>,
    node: usize,
    /// Gain, feature, and the first bin that goes above.
    best: Option<(f32, usize, usize)>,
}

struct Grower<'a> {
    bins: &'a Bins,
    /// First and second derivative of each example's loss.
    slopes: &'a [[f32; 2]],
    features: Vec<usize>,
    nodes: Vec<Node>,
}

impl<'a> Grower<'a> {
    fn new(bins: &'a Bins, slopes: &'a [[f32; 2]], seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut features: Vec<usize> = (0..bins.least.len()).collect();
        let n = features.len().div_ceil(FEATURE_SHARE);
        for i in 0..n {
            let other = i + random.below(features.len() - i);
            features.swap(i, other);
        }
        features.truncate(n);
        Self { bins, slopes, features, nodes: Vec::new() }
    }

    /// The tree, and how far it moves each example.
    fn grow(mut self) -> (Vec<Node>, Vec<f32>) {
        let all: Vec<u32> = (0..self.slopes.len() as u32).collect();
        let mut leaves = vec![self.open(all)];
        while leaves.len() < MAX_LEAVES {
            let gain = |open: &Open| open.best.map_or(f32::NEG_INFINITY, |(gain, ..)| gain);
            let widest =
                (0..leaves.len()).max_by(|a, b| gain(&leaves[*a]).total_cmp(&gain(&leaves[*b])));
            let Some(at) = widest.filter(|at| leaves[*at].best.is_some()) else { break };
            let open = leaves.swap_remove(at);
            let Some((_, feature, bin)) = open.best else { break };
            let column = self.bins.column(feature);
            let (above, below): (Vec<u32>, Vec<u32>) =
                open.members.iter().partition(|i| usize::from(column[**i as usize]) >= bin);
            let (below, above) = (self.open(below), self.open(above));
            let least = self.bins.least[feature][bin - 1];
            self.nodes[open.node] = Node::Split(feature, least, [below.node, above.node]);
            leaves.extend([below, above]);
        }
        let mut moved = vec![0.0; self.slopes.len()];
        for leaf in &leaves {
            if let Node::Leaf(value) = self.nodes[leaf.node] {
                leaf.members.iter().for_each(|i| moved[*i as usize] = value);
            }
        }
        (self.nodes, moved)
    }

    fn open(&mut self, members: Vec<u32>) -> Open {
        let sum = |[a, b]: [f32; 2], i: &u32| {
            let [c, d] = self.slopes[*i as usize];
            [a + c, b + d]
        };
        let total = members.iter().fold([0.0; 2], sum);
        let best = self.best_split(&members, total);
        let node = self.nodes.len();
        self.nodes.push(Node::Leaf(-RATE * total[0] / (total[1] + PENALTY)));
        Open { members, node, best }
    }

    fn best_split(&self, members: &[u32], total: [f32; 2]) -> Option<(f32, usize, usize)> {
        if members.len() < 2 * MIN_LEAF {
            return None;
        }
        let worth = |[slope, curve]: [f32; 2]| slope * slope / (curve + PENALTY);
        let mut best: Option<(f32, usize, usize)> = None;
        for feature in &self.features {
            let column = self.bins.column(*feature);
            let mut sums = [[0.0f32; 2]; N_BINS];
            let mut counts = [0usize; N_BINS];
            for i in members {
                let bin = usize::from(column[*i as usize]) % N_BINS;
                let slope = self.slopes[*i as usize];
                sums[bin] = [sums[bin][0] + slope[0], sums[bin][1] + slope[1]];
                counts[bin] += 1;
            }
            let (mut below, mut n_below) = ([0.0f32; 2], 0);
            for bin in 1..=self.bins.least[*feature].len() {
                below = [below[0] + sums[bin - 1][0], below[1] + sums[bin - 1][1]];
                n_below += counts[bin - 1];
                if n_below < MIN_LEAF || members.len() - n_below < MIN_LEAF {
                    continue;
                }
                let above = [total[0] - below[0], total[1] - below[1]];
                let gain = worth(below) + worth(above) - worth(total);
                if gain > best.map_or(1e-6, |(gain, ..)| gain) {
                    best = Some((gain, *feature, bin));
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_and_weights_count() {
        let mut random = Random::new(1);
        let mut examples = Examples::new(5, 3);
        for _ in 0..900 {
            let row: Vec<f32> = (0..5).map(|_| random.uniform()).collect();
            let class = if row[0] < 0.3 { 0 } else { 1 + usize::from(row[1] > 0.6) };
            examples.push(&row, class, 1.0);
        }
        let fitted = Boosting::fit(&examples, 3);
        for (x, y, class) in [(0.1, 0.9, 0), (0.7, 0.2, 1), (0.7, 0.9, 2)] {
            let p = fitted.predict(&[x, y, 0.5, 0.5, 0.5]);
            assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert!(p[class] > 0.9, "{x} {y} {p:?}");
        }
        let again = Boosting::fit(&examples, 3);
        assert_eq!(again.predict(&[0.3; 5]), fitted.predict(&[0.3; 5]));
        let is_last = |label: &usize| *label == 2;
        examples.weights =
            examples.labels.iter().map(|l| if is_last(l) { 0.0 } else { 1.0 }).collect();
        assert!(Boosting::fit(&examples, 3).predict(&[0.7, 0.9, 0.5, 0.5, 0.5])[2] < 0.2);
    }
}
