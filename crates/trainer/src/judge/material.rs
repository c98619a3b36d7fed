//! Real music for the judge: excerpts of held-out songs with weights, parts taken away and drums
//! lent.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rayon::prelude::*;
use score::random::Random;
use score::{Genre, HistoryBeat};

use super::{
    ALL_PARTS, DRUMS, Excerpt, Kind, Lesson, MIN_NOTES, N_BEATS, N_FOLDS, PITCHED, feature_values,
    is_common_time,
};
use crate::corpus;
use crate::songs::{Song, Songs};

/// Excerpts that a song gives at most.
const PER_SONG: usize = 12;

/// Copies of an excerpt with parts taken away that a judge of several parts learns from.
const N_COPIES: usize = 3;

/// Drums of at most this many notes a beat count as sparse.
const SPARSE: f32 = 3.0;

/// An excerpt of a held-out song.
#[derive(Clone, Debug)]
pub struct Real {
    /// The beats, in the song's key.
    pub beats: Vec<HistoryBeat>,
    /// Number of the genre.
    pub genre: usize,
    /// Number of the song's group among those of the material.
    pub group: usize,
    /// Fold of the group.
    pub fold: usize,
    /// How much it counts; a genre's sum to 1.
    pub weight: f32,
    /// Whether people wrote or played it, arrangements not counted.
    pub is_human: bool,
    /// Whether its velocities say something.
    pub has_dynamics: bool,
    /// Bits of the parts that play.
    pub mask: u8,
}

/// Excerpts of all held-out songs in common time.
pub struct Material {
    /// Names of the genres.
    pub genres: Vec<String>,
    /// The excerpts.
    pub reals: Vec<Real>,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Genre that has no drums of its own, if the corpus has the six genres.
    pub drumless: Option<usize>,
}

impl Material {
    /// Cuts the songs into excerpts of common time without overlap, spread over each song.
    ///
    /// A genre's collections count by the root of their number of groups, a collection's groups
    /// alike, and a group's excerpts alike.
    pub fn cut(songs: &Songs) -> Self {
        let of = |start: usize| start..start + N_BEATS;
        let ranges = |beats: &[HistoryBeat]| starts(beats).into_iter().map(of).collect();
        Self::cut_at(&songs.index.genres, &songs.songs, ranges)
    }

    /// The same of songs of these genres, where `ranges` gives the excerpts of a song's beats.
    pub fn cut_at<'a>(
        genres: &[String],
        songs: impl IntoIterator<Item = &'a Song>,
        ranges: impl Fn(&[HistoryBeat]) -> Vec<Range<usize>>,
    ) -> Self {
        let genres = genres.to_vec();
        let mut groups: BTreeSet<String> = BTreeSet::new();
        let mut found: Vec<(&Song, Vec<Range<usize>>)> = Vec::new();
        for song in songs {
            let ranges = ranges(&song.beats);
            if !ranges.is_empty() {
                groups.insert(song.entry.source.group.clone());
                found.push((song, ranges));
            }
        }
        let groups: Vec<String> = groups.into_iter().collect();
        // Groups of a collection, and excerpts of a group of a collection.
        let mut members: BTreeMap<(usize, &str), BTreeSet<&str>> = BTreeMap::new();
        let mut counts: BTreeMap<(usize, &str, &str), usize> = BTreeMap::new();
        for (song, ranges) in &found {
            let source = &song.entry.source;
            members.entry((song.genre, &source.source)).or_default().insert(&source.group);
            *counts.entry((song.genre, &source.source, &source.group)).or_default() += ranges.len();
        }
        let share = |genre: usize| -> f32 {
            members
                .iter()
                .filter(|((g, _), _)| *g == genre)
                .map(|(_, m)| (m.len() as f32).sqrt())
                .sum()
        };
        let shares: Vec<f32> = (0..genres.len()).map(share).collect();
        let mut reals = Vec::new();
        for (song, ranges) in &found {
            let source = &song.entry.source;
            let n_groups = members[&(song.genre, source.source.as_str())].len() as f32;
            let n = counts[&(song.genre, source.source.as_str(), source.group.as_str())] as f32;
            let fold = corpus::hash(source.group.as_bytes()) as usize % N_FOLDS;
            for range in ranges {
                let beats = song.beats[range.clone()].to_vec();
                reals.push(Real {
                    mask: mask(&beats),
                    beats,
                    genre: song.genre,
                    group: groups.binary_search(&source.group).unwrap_or_default(),
                    fold,
                    weight: 1.0 / (shares[song.genre] * n_groups.sqrt() * n),
                    is_human: source.origin == "human",
                    has_dynamics: source.dynamics,
                });
            }
        }
        let classical = Genre::Classical.name();
        let drumless = genres.iter().position(|name| name == classical);
        let drumless = drumless.filter(|genre| {
            reals.iter().all(|real| real.genre != *genre || real.mask & DRUMS == 0)
        });
        Self { genres, reals, groups, drumless }
    }

    /// What a judge of `kind` learns from the excerpts that `is_heard`.
    pub fn lessons(
        &self,
        kind: Kind,
        is_heard: impl Fn(&Real) -> bool,
        random: &mut Random,
        relabel: &(impl Fn(&Real) -> usize + Sync),
    ) -> Vec<Lesson> {
        let heard: Vec<&Real> = self.reals.iter().filter(|real| is_heard(real)).collect();
        let donors: Vec<&Real> =
            heard.iter().copied().filter(|real| real.mask & DRUMS != 0).collect();
        // Everything random is drawn first, so that threads change nothing.
        let mut jobs: Vec<(&Real, Option<&Real>, u8, f32)> = Vec::new();
        for real in heard {
            let lends = kind == Kind::All && Some(real.genre) == self.drumless;
            let donor = lends.then(|| lender(&donors, random)).flatten();
            let mut masks = vec![real.mask & kind.parts()];
            let lent = masks[0] | if donor.is_some() { DRUMS } else { 0 };
            masks.extend(donor.map(|_| lent));
            if kind != Kind::Drums {
                for _ in 0..N_COPIES {
                    let fewer = lent & random.bits() as u8;
                    if fewer != 0 && !masks.contains(&fewer) {
                        masks.push(fewer);
                    }
                }
            }
            let weight = real.weight / masks.len() as f32;
            jobs.extend(masks.into_iter().map(|mask| (real, donor, mask, weight)));
        }
        let lesson = |(real, donor, mask, weight): &(&Real, Option<&Real>, u8, f32)| {
            let excerpt = real.excerpt(*mask);
            let excerpt = match donor {
                Some(donor) if mask & DRUMS != 0 => excerpt.with_drums(&donor.excerpt(DRUMS)),
                _ => excerpt,
            };
            let (mask, genre) = (excerpt.mask(), relabel(real));
            let is_enough = excerpt.n_notes(ALL_PARTS) >= MIN_NOTES;
            is_enough.then(|| Lesson {
                values: feature_values(&excerpt),
                genre,
                weight: *weight,
                mask,
            })
        };
        jobs.par_iter().filter_map(lesson).collect()
    }

    /// Excerpts with their own parts that a kind can judge: `(index in reals, excerpt)`.
    pub fn natural(&self, kind: Kind) -> Vec<(usize, Excerpt)> {
        self.select(|real| Some(real.excerpt(real.mask & kind.parts())))
    }

    /// Excerpts with all four parts; those of the genre without drums are lent another's of the
    /// same fold.
    pub fn four_parts(&self, seed: u64) -> Vec<(usize, Excerpt)> {
        let mut random = Random::new(seed);
        let donors: Vec<Vec<&Real>> = (0..N_FOLDS)
            .map(|fold| {
                self.reals.iter().filter(|r| r.fold == fold && r.mask & DRUMS != 0).collect()
            })
            .collect();
        let lent: Vec<Option<&Real>> = self
            .reals
            .iter()
            .map(|real| match real.mask {
                PITCHED if Some(real.genre) == self.drumless => {
                    lender(&donors[real.fold], &mut random)
                }
                _ => None,
            })
            .collect();
        let mut lent = lent.into_iter();
        self.select(|real| match lent.next().flatten() {
            Some(donor) => Some(real.excerpt(PITCHED).with_drums(&donor.excerpt(DRUMS))),
            None => (real.mask == ALL_PARTS).then(|| real.excerpt(ALL_PARTS)),
        })
    }

    /// Up to `n` excerpts of two genres at once, each with its fold, drawn by weight: the drums of a
    /// song under the three pitched parts of another one of the same fold.
    pub fn hybrids(
        &self,
        (drums, rest): (usize, usize),
        n: usize,
        random: &mut Random,
    ) -> Vec<(usize, Excerpt)> {
        let of = |genre: usize, parts: u8, fold: Option<usize>| -> Vec<&Real> {
            let has = |real: &&Real| {
                let is_here = fold.is_none_or(|fold| real.fold == fold);
                real.genre == genre && real.mask & parts == parts && is_here
            };
            self.reals.iter().filter(has).collect()
        };
        let bands = of(rest, PITCHED, None);
        let donors: Vec<Vec<&Real>> =
            (0..N_FOLDS).map(|fold| of(drums, DRUMS, Some(fold))).collect();
        let mut hybrid = || {
            let band = by_weight(&bands, random)?;
            let donor = by_weight(&donors[band.fold], random)?;
            Some((band.fold, band.excerpt(PITCHED).with_drums(&donor.excerpt(DRUMS))))
        };
        (0..n).filter_map(|_| hybrid()).collect()
    }

    fn select(&self, mut cut: impl FnMut(&Real) -> Option<Excerpt>) -> Vec<(usize, Excerpt)> {
        let cut = self.reals.iter().enumerate().filter_map(|(i, real)| Some((i, cut(real)?)));
        cut.filter(|(_, excerpt)| excerpt.n_notes(ALL_PARTS) >= MIN_NOTES).collect()
    }
}

/// One of some excerpts, by weight.
pub fn by_weight<'a>(reals: &[&'a Real], random: &mut Random) -> Option<&'a Real> {
    let sum: f32 = reals.iter().map(|real| real.weight).sum();
    let mut left = random.uniform() * sum;
    let drawn = reals.iter().find(|real| {
        left -= real.weight;
        left < 0.0
    });
    drawn.or(reals.last()).copied()
}

impl Real {
    /// The parts of `keep` as a judge hears them.
    pub fn excerpt(&self, keep: u8) -> Excerpt {
        Excerpt::new(&self.beats, keep)
    }
}

/// Drums to lend, sparse ones more often than not, as for training windows.
pub(super) fn lender<'a>(donors: &[&'a Real], random: &mut Random) -> Option<&'a Real> {
    let wants_sparse = random.chance(0.6);
    let density = |real: &Real| {
        let hits: usize = real.beats.iter().map(|beat| beat.music.parts[0].len()).sum();
        hits as f32 / real.beats.len() as f32
    };
    let mut found = None;
    for _ in 0..6 {
        found = (!donors.is_empty()).then(|| donors[random.below(donors.len())]);
        if found.is_none_or(|real| !wants_sparse || density(real) <= SPARSE) {
            break;
        }
    }
    found
}

fn mask(beats: &[HistoryBeat]) -> u8 {
    let has = |part: usize| beats.iter().any(|beat| !beat.music.parts[part].is_empty());
    (0..4).map(|part| u8::from(has(part)) << part).sum()
}

/// Beats at which excerpts of common time with enough notes start.
fn starts(beats: &[HistoryBeat]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    while at + N_BEATS <= beats.len() {
        let window = &beats[at..at + N_BEATS];
        let n_notes = |beat: &HistoryBeat| beat.music.parts.iter().map(Vec::len).sum::<usize>();
        if !is_common_time(window) {
            at += 1;
            continue;
        }
        if window.iter().map(n_notes).sum::<usize>() >= 2 * MIN_NOTES {
            starts.push(at);
        }
        at += N_BEATS;
    }
    spread(&starts)
}

/// As many as a song may give, spread over it.
pub(super) fn spread<T: Clone>(all: &[T]) -> Vec<T> {
    let n = all.len();
    let chosen = |i: usize| all[i * n / PER_SONG].clone();
    if n <= PER_SONG { all.to_vec() } else { (0..PER_SONG).map(chosen).collect() }
}
