//! How alike the dynamics and the timing within a song are: what a model draws expression from.

use std::collections::BTreeMap;

use anyhow::Result;
use candle_core::{Device, Tensor};
use model::Steadiness;
use score::{Genre, Part};

use crate::recipe::Recipe;
use crate::songs::{Song, Songs};

/// Notes of a part below which a song says nothing.
const LEAST_NOTES: usize = 16;

/// Songs of a collection below which it says nothing.
const LEAST_SONGS: usize = 3;

/// Mean, variance and number of a song's notes.
type Moments = (f64, f64, f64);

/// The tensor [`Steadiness::NAME`] of played songs; collections by their shares in the recipe.
///
/// The share is that of the variance between songs in all variance, as in an analysis of variance
/// of one factor (Fisher 1925). Where nothing was played it is 0.
///
/// # Errors
/// Tensors that cannot be made.
pub fn table(songs: &Songs, recipe: &Recipe) -> Result<Tensor> {
    let mut shares = Vec::new();
    for genre in 0..Genre::COUNT {
        let collections = songs.index.genres.get(genre).and_then(|name| recipe.sources.get(name));
        let weight = |source: &str| {
            collections.map_or(1.0, |shares| shares.get(source).copied().unwrap_or(0.0))
        };
        for part in Part::ALL {
            for is_timing in [false, true] {
                let mut sources: BTreeMap<&str, Vec<Moments>> = BTreeMap::new();
                for song in songs.songs.iter().filter(|song| song.genre == genre) {
                    let source = &song.entry.source;
                    if !(if is_timing { source.performed } else { song.has_dynamics(part) }) {
                        continue;
                    }
                    if let Some(moments) = moments(song, part, is_timing) {
                        sources.entry(&source.source).or_default().push(moments);
                    }
                }
                shares.push(share(&sources, |source| f64::from(weight(source))) as f32);
            }
        }
    }
    Ok(Tensor::from_vec(shares, Steadiness::SHAPE.as_slice(), &Device::Cpu)?)
}

/// The share of a part's variance that lies between songs.
fn share(sources: &BTreeMap<&str, Vec<Moments>>, weight: impl Fn(&str) -> f64) -> f64 {
    let known = sources.iter().filter(|(_, songs)| songs.len() >= LEAST_SONGS);
    let songs: Vec<(f64, Moments)> = known
        .flat_map(|(source, songs)| {
            let weight = weight(source) / songs.len() as f64;
            songs.iter().map(move |moments| (weight, *moments))
        })
        .collect();
    let total: f64 = songs.iter().map(|(weight, _)| weight).sum();
    let mean = |of: &dyn Fn(&Moments) -> f64| {
        songs.iter().map(|(weight, moments)| weight * of(moments)).sum::<f64>() / total
    };
    let middle = mean(&|m| m.0);
    let within = mean(&|m| m.1);
    // Means of few notes differ by chance.
    let between = mean(&|m| (m.0 - middle).powi(2) - m.1 / m.2).max(0.0);
    let share = between / (between + within);
    if share.is_finite() { share } else { 0.0 }
}

fn moments(song: &Song, part: Part, is_timing: bool) -> Option<Moments> {
    let notes = song.beats.iter().flat_map(|beat| &beat.music.parts[part.index()]);
    let value = |note: &score::GridNote| match is_timing {
        true => f64::from(note.micro),
        false => f64::from(note.velocity.number()),
    };
    let values: Vec<f64> = notes.map(value).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (values.len() >= LEAST_NOTES).then_some((mean, variance, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn songs_of_one_loudness_each_are_steady_and_mixed_ones_are_not() {
        let songs = |all: &[Moments]| BTreeMap::from([("s", all.to_vec())]);
        let each = [(40.0, 1.0, 100.0), (80.0, 1.0, 100.0), (110.0, 1.0, 100.0)];
        assert!(share(&songs(&each), |_| 1.0) > 0.99);
        let mixed = [(80.0, 900.0, 100.0), (81.0, 900.0, 100.0), (79.0, 900.0, 100.0)];
        assert_eq!(share(&songs(&mixed), |_| 1.0), 0.0);
        let half = [(60.0, 400.0, 1e9), (80.0, 400.0, 1e9), (100.0, 400.0, 1e9)];
        let expected = 800.0 / 3.0 / (800.0 / 3.0 + 400.0);
        assert!((share(&songs(&half), |_| 1.0) - expected).abs() < 1e-6);
        assert_eq!(share(&songs(&each[..2]), |_| 1.0), 0.0, "too few songs");
        assert_eq!(share(&BTreeMap::new(), |_| 1.0), 0.0);
    }
}
