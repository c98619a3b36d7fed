//! `calibrate`: what is fitted by hearing what a model composes. How often bars repeat, so that it is
//! as often as in real songs ([`repetition`]); the weight map, so that equal turns of a genre's knob
//! are equal steps for the judge.

mod repetition;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use model::weight_map::N_POINTS;
use model::weights::{self, Manifest, Weights};
use model::{Kernels, Network, WeightMap};

use crate::corpus::Split;
use crate::eval::blends::{Curve, pairs};
use crate::eval::{Budget, EvalOptions, sweep_alone};
use crate::recipe::Recipe;
use crate::shard::write_whole;
use crate::songs::Songs;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct CalibrateOptions {
    /// Folder that `prepare` wrote.
    pub prepared: PathBuf,
    /// The exported weights, which get the map and another table of forms.
    pub weights: PathBuf,
    /// Songs a point.
    pub songs: usize,
    /// Songs of 64 bars a genre and tilt of its forms; 0 leaves these as they are.
    pub long_songs: usize,
    /// Folder for composed music.
    pub cache: PathBuf,
    /// Threads that compose.
    pub threads: usize,
}

/// Seed of the first song: none that an evaluation listens to.
const FIRST_SEED: u32 = 100_000;

/// Fits how often bars repeat, composes sweeps of all pairs under the map that the weights have, bends
/// it by what is heard, and writes both into the weights.
///
/// Weights without a map get their first one. A map that is fitted again gets closer: one bend has
/// two parameters, and the curves of some pairs need more.
///
/// # Errors
/// Files that cannot be read or written, by name; a model that fails.
pub fn run(options: &CalibrateOptions) -> Result<()> {
    let path = &options.weights;
    let read = |path: &PathBuf| {
        std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
    };
    let place = || path.display().to_string();
    let manifest_path = path.with_extension("json");
    let manifest = Manifest::from_bytes(&read(&manifest_path)?)
        .with_context(|| manifest_path.display().to_string())?;
    let mut tensors = weights::read(&read(path)?, &manifest.config).with_context(place)?;
    if options.long_songs > 0 {
        let training = Songs::read(&options.prepared, &[Split::Train], &Recipe::default())?;
        let hearing = repetition::Hearing {
            config: manifest.config,
            songs: options.long_songs,
            first_seed: FIRST_SEED,
            cache: &options.cache,
            threads: options.threads,
        };
        repetition::fit(&mut tensors, &hearing, &training).with_context(place)?;
    }
    if options.songs == 0 {
        return finish(path, &tensors, &manifest);
    }
    let mut map = match tensors.get(WeightMap::NAME) {
        Some(tensor) => WeightMap::of_tensor(tensor).with_context(place)?,
        None => WeightMap::default(),
    };
    let network = Arc::new(Network::new(manifest.config, &tensors, Kernels::Fused)?);
    let eval = EvalOptions {
        budget: Budget {
            sweep_songs: options.songs,
            most_sweep_songs: options.songs,
            ..Budget::FULL
        },
        ..EvalOptions::new(&options.prepared, path, &options.cache, options.threads)
    };
    let held_out =
        Songs::read(&options.prepared, &[Split::Valid, Split::Test], &Recipe::default())?;
    let sweep = sweep_alone(&eval, &network, &weights::write(&tensors)?, &held_out, FIRST_SEED)?;
    println!("| pair | heard at each asked share | a | b | composed share for each heard |");
    println!("|---|---|---:|---:|---|");
    let n_genres = held_out.n_genres();
    for ((first, second), curve) in pairs(n_genres).zip(&sweep.curves) {
        let heard = shares(curve);
        let bend = Bend::fit(&heard);
        let undone = bend.undone(map.curve(first, second));
        map.set(first, second, undone).with_context(place)?;
        let text = |shares: &mut dyn Iterator<Item = f64>| -> String {
            shares.map(|share| format!("{:.2}", share)).collect::<Vec<_>>().join(" ")
        };
        println!(
            "| {} – {} | {} | {:.2} | {:.2} | {} |",
            curve.from,
            curve.to,
            text(&mut heard.into_iter()),
            bend.a,
            bend.b,
            text(&mut undone.iter().map(|share| f64::from(*share))),
        );
    }
    tensors.insert(WeightMap::NAME.to_owned(), map.to_tensor()?);
    finish(path, &tensors, &manifest)
}

/// Writes weights that can be read again.
fn finish(path: &Path, tensors: &Weights, manifest: &Manifest) -> Result<()> {
    let bytes = weights::write(tensors)?;
    Network::from_bytes(&bytes, &manifest.to_bytes()?)
        .with_context(|| path.display().to_string())?;
    write_whole(path, &bytes)
}

/// How far the judge is along the way from the first genre to the second, at each point.
fn shares(curve: &Curve) -> [f64; N_POINTS] {
    let lean = |i: usize| curve.p_to[i].value - curve.p_from[i].value;
    let way = (lean(N_POINTS - 1) - lean(0)).max(0.1);
    core::array::from_fn(|i| (lean(i) - lean(0)) / way)
}

/// A monotone curve from 0 to 1 with two parameters: `1 - (1 - xᵃ)ᵇ`.
///
/// Source: Kumaraswamy 1980, "A generalized probability density function for double-bounded random
/// processes"; chosen since it bends early, late and twice, and has an inverse.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bend {
    a: f64,
    b: f64,
}

impl Bend {
    fn at(self, x: f64) -> f64 {
        1.0 - (1.0 - x.powf(self.a)).powf(self.b)
    }

    /// Least squares over a grid that is made finer around the best point.
    fn fit(shares: &[f64; N_POINTS]) -> Self {
        /// Beyond, a bend would leave a knob dead over much of its range.
        const MOST: f64 = 1.7;
        let error = |bend: Self| -> f64 {
            let at = |i: usize| bend.at(i as f64 / (N_POINTS - 1) as f64);
            shares.iter().enumerate().map(|(i, share)| (share - at(i)).powi(2)).sum()
        };
        let (mut best, mut step) = ((0.0, 0.0), MOST / 4.0);
        let of = |(a, b): (f64, f64)| Self { a: f64::exp(a), b: f64::exp(b) };
        while step > 1e-4 {
            let around = |middle: f64| {
                (-4..=4).map(move |i| (middle + f64::from(i) * step).clamp(-MOST, MOST))
            };
            let grid = around(best.0).flat_map(|a| around(best.1).map(move |b| (a, b)));
            let error = |at: &(f64, f64)| error(of(*at));
            best = grid.min_by(|x, y| error(x).total_cmp(&error(y))).unwrap_or(best);
            step /= 2.0;
        }
        of(best)
    }

    /// Composed shares that are heard as 0, 0.1, … 1, where those of `composed` were heard so bent.
    fn undone(self, composed: &[f32; N_POINTS]) -> [f32; N_POINTS] {
        /// A map rises; where it was bent more than once, shares may come to lie on each other.
        const LEAST: f32 = 1e-3;
        core::array::from_fn(|i| match i {
            0 => 0.0,
            _ if i == N_POINTS - 1 => 1.0,
            _ => {
                let heard = i as f64 / (N_POINTS - 1) as f64;
                let asked = (1.0 - (1.0 - heard).powf(1.0 / self.b)).powf(1.0 / self.a);
                let share = WeightMap::between(composed, asked as f32);
                // Room for the points on either side, each at its own place.
                let low = LEAST * i as f32;
                low + share * (1.0 - LEAST * (N_POINTS - 1) as f32)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> [f32; N_POINTS] {
        core::array::from_fn(|i| i as f32 / (N_POINTS - 1) as f32)
    }

    #[test]
    fn a_bend_is_found_and_undone() {
        for (a, b) in [(1.0, 1.0), (2.5, 2.0), (0.6, 1.4), (1.0, 0.5)] {
            let bend = Bend { a, b };
            let found = Bend::fit(&core::array::from_fn(|i| bend.at(i as f64 / 10.0)));
            assert!((found.a - a).abs() < 0.01 && (found.b - b).abs() < 0.01, "{found:?}");
            for (i, share) in found.undone(&line()).into_iter().enumerate() {
                assert!((bend.at(share.into()) - i as f64 / 10.0).abs() < 0.01);
            }
        }
    }

    #[test]
    fn a_map_that_is_fitted_again_undoes_what_one_bend_cannot() {
        let heard_of =
            |share: f64| share - 0.12 * (3.0 * core::f64::consts::TAU * share / 2.0).sin();
        let heard = |map: &[f32; N_POINTS]| map.map(|share| heard_of(share.into()));
        let off = |map: &[f32; N_POINTS]| -> f64 {
            heard(map)
                .iter()
                .zip(line())
                .map(|(heard, share)| (heard - f64::from(share)).abs())
                .sum()
        };
        let first = Bend::fit(&heard(&line())).undone(&line());
        let second = Bend::fit(&heard(&first)).undone(&first);
        assert!(off(&second) < off(&first) && off(&first) < off(&line()));
    }

    #[test]
    fn noise_and_a_switch_still_give_a_curve_that_rises() {
        let mut map = WeightMap::default();
        let switch = core::array::from_fn(|i| if i < 5 { 0.0 } else { 1.0 });
        let noise = [0.0, 0.3, -0.2, 0.5, 0.2, 0.9, 0.3, 0.4, 1.1, 0.7, 1.0];
        for heard in [switch, noise, [0.0; 11], [1.0; 11]] {
            for _ in 0..4 {
                let curve = *map.curve(0, 1);
                map.set(0, 1, Bend::fit(&heard).undone(&curve)).unwrap();
            }
        }
    }
}
