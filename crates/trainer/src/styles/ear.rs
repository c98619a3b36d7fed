//! Whose music it is, by ear: the evaluation's judge of genres, which learns artists instead.
//!
//! It hears notes and chords and knows nothing of the network, so that what the network makes
//! likely by itself speaks for nobody.

use std::collections::BTreeMap;

use score::HistoryBeat;
use score::random::Random;

use crate::judge::{ALL_PARTS, Excerpt, Judge, Kind, Material, Voice, feature_values, shipped};
use crate::songs::Song;

/// Seed of what is drawn.
const SEED: u64 = 1;

/// Songs that are learnt from, an artist: who has hundreds would be heard in everything.
const MAX_SONGS: usize = 24;

/// Stretches of eight bars that are heard as one: as much as is composed.
const N_STRETCHES: usize = 2;

/// A judge of artists.
pub struct Ear {
    judge: Judge,
    names: Vec<String>,
}

impl Ear {
    /// Learns songs of each artist, in bars of any meter.
    pub fn fit(artists: &[(&str, &[&Song])]) -> Self {
        let names: Vec<String> = artists.iter().map(|(name, _)| (*name).to_owned()).collect();
        let of_artist = |(artist, (_, songs)): (usize, &(&str, &[&Song]))| {
            let every = songs.len().div_ceil(MAX_SONGS);
            let some = songs.iter().step_by(every.max(1));
            some.map(|song| Song { genre: artist, ..(*song).clone() }).collect::<Vec<_>>()
        };
        let songs: Vec<Song> = artists.iter().enumerate().flat_map(of_artist).collect();
        let material = Material::cut_at(&names, &songs, shipped::ranges);
        let mut random = Random::new(SEED);
        let mut lessons = material.lessons(Kind::All, |_| true, &mut random, &|real| real.genre);
        // Nor is anybody heard more because there is more of theirs.
        let mut sums = vec![0.0; names.len()];
        lessons.iter().for_each(|lesson| sums[lesson.genre] += lesson.weight);
        lessons.iter_mut().for_each(|lesson| lesson.weight /= sums[lesson.genre]);
        Self { judge: Judge::fit(Kind::All, &lessons, names.len(), SEED), names }
    }

    /// How often each artist is heard in pieces of music, in shares; sixteen bars decide at a time.
    pub fn shares<'a>(
        &self,
        music: impl IntoIterator<Item = &'a [HistoryBeat]>,
    ) -> BTreeMap<String, f64> {
        let heard: Vec<usize> = music.into_iter().flat_map(|music| self.heard(music)).collect();
        let mut shares = BTreeMap::new();
        for artist in &heard {
            *shares.entry(self.names[*artist].clone()).or_default() += 1.0 / heard.len() as f64;
        }
        shares
    }

    /// The artist that is heard most in each sixteen bars.
    fn heard(&self, music: &[HistoryBeat]) -> Vec<usize> {
        let ranges = shipped::ranges(music);
        let most = |ranges: &[std::ops::Range<usize>]| {
            let mut sum = vec![0.0; self.names.len()];
            for range in ranges {
                let values = feature_values(&Excerpt::new(&music[range.clone()], ALL_PARTS));
                let heard = self.judge.hear(&values, Voice::All);
                sum.iter_mut().zip(heard).for_each(|(sum, heard)| *sum += heard);
            }
            (0..sum.len()).max_by(|a, b| sum[*a].total_cmp(&sum[*b]))
        };
        ranges.chunks(N_STRETCHES).filter_map(most).collect()
    }
}
