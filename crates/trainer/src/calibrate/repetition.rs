//! How often a genre's bars repeat earlier ones: a tilt of its table of forms.
//!
//! The table is counted, but what is heard is not what was drawn: a bar that is new may come out as
//! an old one, and a repetition may find nothing to repeat.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use candle_core::{Device, Tensor};
use model::weights::Weights;
use model::{Blending, Config, FormTable, Kernels, Network, weights};
use score::{Form, Scale};

use crate::eval::blends::blend;
use crate::eval::habits::quartiles;
use crate::eval::music::{Studio, Wish};
use crate::eval::repetition::{N_BARS, real, share};
use crate::eval::stats::mean;
use crate::songs::Songs;

/// Real songs below which a genre's table stays as it was counted.
const LEAST_SONGS: usize = 8;

/// Share of the way from an outer quartile to the other that a mean keeps away from it, so that
/// other songs lie inside, too.
const MARGIN: f64 = 0.25;

/// Nats by which the odds of a repetition move at most.
const MOST: f64 = 4.0;

/// Tilts that are tried a genre, and the distance that is near enough.
const TRIALS: usize = 5;
const NEAR: f64 = 0.015;

/// What is composed to hear a tilt.
pub(super) struct Hearing<'a> {
    /// Sizes of the network.
    pub config: Config,
    /// Songs a tilt.
    pub songs: usize,
    /// Seed of the first.
    pub first_seed: u32,
    /// Folder for composed music.
    pub cache: &'a Path,
    /// Threads that compose.
    pub threads: usize,
}

/// Tilts each genre's part of the table until the share of repeated bars over 64 lies well between
/// the quartiles of real songs, no further than needed, and prints what it did.
///
/// # Errors
/// A model that fails, a full disk, a table of another shape.
pub(super) fn fit(tensors: &mut Weights, hearing: &Hearing, songs: &Songs) -> Result<()> {
    let Some(counted) = tensors.get(FormTable::NAME) else { return Ok(()) };
    let mut shares: Vec<f32> = counted.flatten_all()?.to_vec1()?;
    if shares.len() != FormTable::LEN {
        bail!("{}: {} shares, expected {}", FormTable::NAME, shares.len(), FormTable::LEN);
    }
    println!("| genre | repeated as counted | real quartiles | aim | tilt in nats | repeated |");
    println!("|---|---:|---|---:|---:|---:|");
    for (genre, name) in songs.index.genres.iter().enumerate() {
        let (found, _) = real(&[songs], genre, LEAST_SONGS);
        if found.len() < LEAST_SONGS {
            continue;
        }
        let [low, median, high] = quartiles(&found);
        let margin = MARGIN * (high - low);
        let mut hear = |tilt: f64| -> Result<f64> {
            let mut tilted = shares.clone();
            self::tilt(&mut tilted, genre, tilt);
            tensors.insert(FormTable::NAME.to_owned(), table(tilted)?);
            repeated(tensors, hearing, genre)
        };
        let as_counted = hear(0.0)?;
        let aim = as_counted.clamp(low + margin, high - margin);
        let (tilt, heard) = search(as_counted, aim, &mut hear)?;
        println!(
            "| {name} | {as_counted:.3} | {low:.3} {median:.3} {high:.3} | {aim:.3} | {tilt:+.2} | \
             {heard:.3} |"
        );
        self::tilt(&mut shares, genre, tilt);
    }
    tensors.insert(FormTable::NAME.to_owned(), table(shares)?);
    Ok(())
}

fn table(shares: Vec<f32>) -> Result<Tensor> {
    Ok(Tensor::from_vec(shares, FormTable::SHAPE.as_slice(), &Device::Cpu)?)
}

/// Share of repeated bars of a genre's songs, their mean.
fn repeated(tensors: &Weights, hearing: &Hearing, genre: usize) -> Result<f64> {
    let network = Arc::new(Network::new(hearing.config, tensors, Kernels::Fused)?);
    let bytes = weights::write(tensors)?;
    let how = (Blending::default(), 1.0);
    let networks = [network.clone(), network];
    let studio = Studio::open(networks, &bytes, Vec::new(), how, hearing.cache, hearing.threads)?;
    let wish = |seed: u32| Wish {
        scale: Scale::FreeMajor,
        ..Wish::new(blend(&[(genre, 1.0)]), N_BARS, seed)
    };
    let seeds = hearing.first_seed..hearing.first_seed + hearing.songs as u32;
    let songs = studio.make("64 bars", &seeds.map(wish).collect::<Vec<_>>())?;
    let shares = songs.iter().map(|song| share(song)).filter(|share| share.is_finite());
    Some(mean(shares)).filter(|share| share.is_finite()).context("nothing was played")
}

/// The tilt of those tried whose share is nearest to the aim, and that share.
///
/// More tilt is more repetition, so the aim is closed in between two tilts, by regula falsi kept
/// from their ends.
fn search(
    as_counted: f64,
    aim: f64,
    hear: &mut impl FnMut(f64) -> Result<f64>,
) -> Result<(f64, f64)> {
    let mut best = (0.0_f64, as_counted);
    let mut near = best;
    let mut far: Option<(f64, f64)> = None;
    let direction = (aim - as_counted).signum();
    for _ in 0..TRIALS {
        if (best.1 - aim).abs() <= NEAR {
            break;
        }
        let tilt = match far {
            None if near.0.abs() >= MOST => break,
            // One nat at first, then further.
            None => (2.0 * near.0 + direction).clamp(-MOST, MOST),
            Some((end, beyond)) => {
                let way = (aim - near.1) / (beyond - near.1);
                near.0 + way.clamp(0.2, 0.8) * (end - near.0)
            }
        };
        let heard = hear(tilt)?;
        if (heard - aim) * direction < 0.0 {
            near = (tilt, heard);
        } else {
            far = Some((tilt, heard));
        }
        if (heard - aim).abs() < (best.1 - aim).abs() {
            best = (tilt, heard);
        }
    }
    Ok(best)
}

/// Moves the odds of repetitions in all parts' rows of a genre by `tilt` nats.
fn tilt(shares: &mut [f32], genre: usize, tilt: f64) {
    let [_, slots, givens, befores, forms] = FormTable::SHAPE;
    let slot_len = givens * befores * forms;
    let start = (genre * slots + 1) * slot_len;
    let parts = &mut shares[start..start + (slots - 1) * slot_len];
    for row in parts.chunks_exact_mut(forms) {
        let repeats = row.iter_mut().zip(Form::ALL).filter(|(_, form)| form.bars_back().is_some());
        repeats.for_each(|(share, _)| *share *= tilt.exp() as f32);
        let sum: f32 = row.iter().sum();
        if sum > 0.0 {
            row.iter_mut().for_each(|share| *share /= sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilt_moves_the_odds_of_one_genre() {
        let n_forms = Form::ALL.len();
        let even = vec![1.0 / n_forms as f32; FormTable::LEN];
        let mut tilted = even.clone();
        tilt(&mut tilted, 2, 1.5);
        let genre_len = FormTable::LEN / FormTable::SHAPE[0];
        assert_eq!(tilted[..2 * genre_len], even[..2 * genre_len]);
        assert_eq!(tilted[3 * genre_len..], even[3 * genre_len..]);
        let slot_len = genre_len / FormTable::SHAPE[1];
        let of_genre = &tilted[2 * genre_len..3 * genre_len];
        assert_eq!(of_genre[..slot_len], even[..slot_len], "the harmony's forms stay");
        for row in of_genre[slot_len..].chunks(n_forms) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let share = |repeats: bool| {
                let of =
                    Form::ALL.iter().zip(row).filter(|(f, _)| f.bars_back().is_some() == repeats);
                *of.map(|(_, share)| share).next().unwrap()
            };
            assert!((share(true) / share(false) - 1.5_f32.exp()).abs() < 1e-3);
        }
        tilt(&mut tilted, 2, -1.5);
        assert!(tilted.iter().zip(&even).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn the_aim_is_closed_in_from_both_sides() {
        let logistic = |tilt: f64| 1.0 / (1.0 + (-tilt).exp());
        for (aim, is_reached) in [(0.5, true), (0.2, true), (0.85, true), (0.999, false)] {
            let mut n = 0;
            let mut hear = |tilt: f64| {
                n += 1;
                Ok(logistic(tilt))
            };
            let (tilt, heard) = search(0.5, aim, &mut hear).unwrap();
            assert_eq!(heard, logistic(tilt));
            assert_eq!((heard - aim).abs() <= NEAR, is_reached, "{aim}: {heard} at {tilt}");
            assert!(n <= TRIALS && tilt.abs() <= MOST);
        }
        let (_, heard) = search(0.5, 0.1, &mut |_| Ok(0.6)).unwrap();
        assert_eq!(heard, 0.5, "what makes it worse is left");
    }
}
