//! Longest runs of notes that stand in the training songs as well, in any key.
//!
//! A run is a stretch of one pitched part ([`score::line`]). It is looked for by rolling hashes (Karp
//! & Rabin 1987), length by length: what has no match at one length has none at the next.

use std::collections::HashMap;

use rayon::prelude::*;
use score::line::Token;
use serde::{Deserialize, Serialize};

use super::stats::{Figure, bootstrap, quantile_of};

/// Lengths that are tried, in notes.
const LENGTHS: [usize; 24] =
    [4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256];

const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Bits of the filter that most hashes fail at.
const FILTER_BITS: u32 = 22;

/// Longest copied runs of a set of songs, in notes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// Median.
    pub median: f64,
    /// 95th percentile.
    pub p95: Figure,
    /// The longest.
    pub longest: f64,
    /// Songs.
    pub n: usize,
}

impl Runs {
    /// Summarises the runs of at least one song.
    pub fn of(runs: &[f64]) -> Self {
        let strata = [(0..runs.len()).collect::<Vec<_>>()];
        let p95 = bootstrap(&strata, |counts| {
            let drawn = runs.iter().zip(counts);
            let drawn = drawn.flat_map(|(run, n)| std::iter::repeat_n(*run, *n as usize));
            quantile_of(&drawn.collect::<Vec<_>>(), 0.95)
        });
        let (median, longest) = (quantile_of(runs, 0.5), quantile_of(runs, 1.0));
        Self { median, p95, longest, n: runs.len() }
    }
}

/// For each query the length in notes of its longest run that a training line holds; 0 below the
/// shortest length.
///
/// A query is the lines of one excerpt. `done` is called after each length.
pub fn longest(
    queries: &[Vec<Vec<Token>>],
    training: &[Vec<Token>],
    done: impl Fn(),
) -> Vec<usize> {
    let mut longest = vec![0; queries.len()];
    let mut alive: Vec<usize> = (0..queries.len()).collect();
    for n_notes in LENGTHS {
        let n = n_notes - 1;
        let mut wanted: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut filter = vec![0u64; 1 << (FILTER_BITS - 6)];
        for query in &alive {
            for line in &queries[*query] {
                for hash in hashes(line, n) {
                    let (word, bit) = place(hash);
                    filter[word] |= bit;
                    let of = wanted.entry(hash).or_default();
                    if of.last() != Some(query) {
                        of.push(*query);
                    }
                }
            }
        }
        let found: Vec<u64> = training
            .par_iter()
            .flat_map_iter(|line| {
                hashes(line, n).filter(|hash| {
                    let (word, bit) = place(*hash);
                    filter[word] & bit != 0 && wanted.contains_key(hash)
                })
            })
            .collect();
        let mut is_found = vec![false; queries.len()];
        for query in found.iter().filter_map(|hash| wanted.get(hash)).flatten() {
            is_found[*query] = true;
        }
        alive.retain(|query| is_found[*query]);
        alive.iter().for_each(|query| longest[*query] = n_notes);
        done();
        if alive.is_empty() {
            break;
        }
    }
    longest
}

/// Times that `done` is called at most.
pub const N_LENGTHS: usize = LENGTHS.len();

fn place(hash: u64) -> (usize, u64) {
    let at = hash >> (64 - FILTER_BITS);
    ((at >> 6) as usize, 1 << (at & 63))
}

/// A hash of every stretch of `n` tokens.
fn hashes(line: &[Token], n: usize) -> impl Iterator<Item = u64> + '_ {
    let top = (0..n).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut hash = 0u64;
    line.iter().enumerate().filter_map(move |(i, token)| {
        hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(*token));
        if i >= n {
            hash = hash.wrapping_sub(top.wrapping_mul(line[i - n].into()));
        }
        // Low bits of sums of odd products are poor; mixing spreads the high ones.
        let mixed = (hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (i + 1 >= n).then_some(mixed ^ mixed >> 32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::line::lines;
    use score::random::Random;
    use score::{BeatFrame, GridBeat, GridNote, HistoryBeat, Meter, Tempo, Velocity};

    fn song(seed: u64, n_beats: usize, shift: u8) -> Vec<HistoryBeat> {
        let mut random = Random::new(seed);
        let beat = |i: i64, random: &mut Random| {
            let mut music = GridBeat::default();
            for position in [0, 12] {
                music.parts[3].push(GridNote {
                    position,
                    pitch: 60 + shift + random.below(12) as u8,
                    duration: 12,
                    velocity: Velocity::clamped(90),
                    micro: 0,
                });
            }
            let frame = BeatFrame::regular(i, Meter::COMMON, Tempo::DEFAULT);
            HistoryBeat { frame, music }
        };
        (0..n_beats as i64).map(|i| beat(i, &mut random)).collect()
    }

    #[test]
    fn a_copied_song_is_caught_in_any_key_and_a_new_one_is_not() {
        let training: Vec<Vec<Token>> =
            (0..20).flat_map(|seed| lines(&song(seed, 64, 0))).collect();
        let queries = [lines(&song(7, 64, 5)[16..48]), lines(&song(99, 32, 0)), lines(&[])];
        let runs = longest(&queries, &training, || ());
        assert_eq!(runs[0], 64, "thirty-two beats of two notes");
        assert!(runs[1] < 8 && runs[2] == 0, "{runs:?}");
    }

    #[test]
    fn a_hash_depends_on_its_stretch_alone() {
        let a: Vec<u64> = hashes(&[1, 2, 3, 4, 5], 3).collect();
        let b: Vec<u64> = hashes(&[9, 2, 3, 4, 8], 3).collect();
        assert_eq!((a.len(), a[1]), (3, b[1]));
        assert!(a[0] != b[0] && a[2] != b[2]);
        assert_eq!(hashes(&[1, 2], 3).count(), 0);
    }
}
