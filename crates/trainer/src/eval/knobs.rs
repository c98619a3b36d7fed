//! Whether each knob does what its name says, step by step, and leaves alone what it should.

use score::{Blend, Chord, Controls, HistoryBeat, Part};
use serde::{Deserialize, Serialize};

use super::blends::{N_POINTS, blend};
use super::stats::{Figure, bootstrap, mean, spearman};
use crate::judge::BEATS_A_BAR;

/// A knob of the composer, whose range is walked in even steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Knob {
    /// Density of a part.
    Density(Part),
    /// Register of a pitched part.
    Register(Part),
    /// Adventure.
    Adventure,
    /// Strength.
    Strength,
    /// The drums' own blend, all of a genre.
    DrumsOwn(Blend),
    /// The harmony's own blend, all of a genre.
    HarmonyOwn(Blend),
}

impl Knob {
    /// Sets the knob to a share of its range.
    pub fn turn(self, share: f32, controls: &mut Controls) {
        match self {
            Self::Density(part) => controls.parts[part.index()].density = share,
            Self::Register(part) => controls.parts[part.index()].register = 2.0 * share - 1.0,
            Self::Adventure => controls.adventure = share,
            Self::Strength => controls.strength = 2.0 * share,
            Self::DrumsOwn(blend) => {
                let drums = &mut controls.parts[Part::Drums.index()];
                (drums.own, drums.blend) = (share, blend);
            }
            Self::HarmonyOwn(blend) => {
                (controls.harmony_own, controls.harmony_blend) = (share, blend);
            }
        }
    }
}

/// Knobs that answer to the same goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Densities.
    Density,
    /// Registers.
    Register,
    /// Adventure.
    Adventure,
    /// Strength.
    Strength,
    /// Own blends of the drums.
    DrumsOwn,
    /// Own blends of the harmony.
    HarmonyOwn,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 6] = [
        Self::Density,
        Self::Register,
        Self::Adventure,
        Self::Strength,
        Self::DrumsOwn,
        Self::HarmonyOwn,
    ];

    /// The knobs of the family.
    pub fn knobs(self, n_genres: usize) -> Vec<Vec<Knob>> {
        let pitched = Part::ALL.into_iter().filter(|part| *part != Part::Drums);
        let genres = (0..n_genres).map(|genre| blend(&[(genre, 1.0)]));
        match self {
            Self::Density => Part::ALL.map(|part| vec![Knob::Density(part)]).into(),
            Self::Register => pitched.map(|part| vec![Knob::Register(part)]).collect(),
            Self::Adventure => vec![vec![Knob::Adventure]],
            Self::Strength => vec![vec![Knob::Strength]],
            Self::DrumsOwn => vec![genres.map(Knob::DrumsOwn).collect()],
            Self::HarmonyOwn => vec![genres.map(Knob::HarmonyOwn).collect()],
        }
    }

    /// Songs a step where most families take so many.
    pub fn n_songs(self, usual: usize) -> usize {
        match self {
            Self::Strength => usual * 5 / 4,
            Self::Register => usual * 7 / 4,
            // Songs differ in their chords by more than a step of the knob.
            Self::HarmonyOwn => usual * 15 / 4,
            Self::Density | Self::Adventure | Self::DrumsOwn => usual,
        }
    }

    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Density => "density",
            Self::Register => "register",
            Self::Adventure => "adventure",
            Self::Strength => "strength",
            Self::DrumsOwn => "drums' own blend",
            Self::HarmonyOwn => "harmony's own blend",
        }
    }

    /// What a knob of the family shall move, in words.
    pub fn effect(self) -> &'static str {
        match self {
            Self::Density => "notes a bar",
            Self::Register => "mean pitch",
            Self::Adventure => "bits a note without genre",
            Self::Strength => "P(genre)",
            Self::DrumsOwn => "P(own) - P(common) of the drums",
            Self::HarmonyOwn => "bits a chord that the own genre explains better",
        }
    }
}

/// What a knob moved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The knob.
    pub knob: String,
    /// Means over songs of what it shall move, at each step.
    pub means: Vec<f64>,
    /// Rank correlation of step and mean.
    pub spearman: Figure,
    /// Rank correlation of step and what it shall leave alone, over steps and songs, by name;
    /// each song counts from its own mean.
    pub others: Vec<(String, f64)>,
    /// How the same go together in real songs, each from its genre's mean: music's own pull.
    #[serde(default)]
    pub real_others: Vec<(String, f64)>,
    /// The same knob on untrained weights.
    pub untrained: f64,
    /// Songs a step.
    pub n_songs: usize,
}

impl Response {
    /// Of what was measured `[step][song]`: what the knob shall move, and named others.
    pub fn of(knob: &str, moved: &[Vec<f64>], others: &[(String, Vec<Vec<f64>>)]) -> Self {
        let n_songs = moved.first().map_or(0, Vec::len);
        let means = |counts: &[f64]| -> Vec<f64> {
            let mean = |step: &Vec<f64>| {
                let known = step.iter().zip(counts).filter(|(value, _)| value.is_finite());
                let (sum, n) = known.fold((0.0, 0.0), |(s, n), (v, c)| (s + v * c, n + c));
                sum / n
            };
            moved.iter().map(mean).collect()
        };
        let steps: Vec<f64> = (0..moved.len()).map(|step| step as f64).collect();
        let strata = [(0..n_songs).collect::<Vec<_>>()];
        let others = others.iter().map(|(name, values)| (name.clone(), pull(values))).collect();
        Self {
            knob: knob.to_owned(),
            means: means(&vec![1.0; n_songs]),
            spearman: bootstrap(&strata, |counts| spearman(&steps, &means(counts))),
            others,
            real_others: Vec::new(),
            untrained: f64::NAN,
            n_songs,
        }
    }

    /// The largest pull on what should stay.
    pub fn worst_other(&self) -> Option<&(String, f64)> {
        worst(&self.others)
    }

    /// The largest in real songs.
    pub fn worst_real_other(&self) -> Option<&(String, f64)> {
        worst(&self.real_others)
    }
}

fn worst(pulls: &[(String, f64)]) -> Option<&(String, f64)> {
    pulls.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
}

/// Rank correlation of step and value over steps and songs, each song from its own mean.
fn pull(values: &[Vec<f64>]) -> f64 {
    let n_songs = values.first().map_or(0, Vec::len);
    let of_song = |song: usize| {
        let steps = values.iter().enumerate();
        steps.map(|(i, step)| (i as f64, step[song])).collect()
    };
    coupling((0..n_songs).map(of_song))
}

/// Rank correlation of pairs over groups, each group from its own means; pairs that lack a number
/// are left out.
pub fn coupling(groups: impl IntoIterator<Item = Vec<(f64, f64)>>) -> f64 {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for mut group in groups {
        group.retain(|(a, b)| a.is_finite() && b.is_finite());
        let middle = [mean(group.iter().map(|pair| pair.0)), mean(group.iter().map(|pair| pair.1))];
        x.extend(group.iter().map(|pair| pair.0 - middle[0]));
        y.extend(group.iter().map(|pair| pair.1 - middle[1]));
    }
    spearman(&x, &y)
}

/// Steps of a knob's range.
pub fn steps() -> impl Iterator<Item = f32> {
    (0..N_POINTS).map(|step| step as f32 / (N_POINTS - 1) as f32)
}

/// Notes a bar of a part.
pub fn density(song: &[HistoryBeat], part: Part) -> f64 {
    let notes: usize = song.iter().map(|beat| beat.music.parts[part.index()].len()).sum();
    notes as f64 * BEATS_A_BAR as f64 / song.len() as f64
}

/// Mean pitch of a part as a MIDI number; `NaN` where it rests.
pub fn register(song: &[HistoryBeat], part: Part) -> f64 {
    let notes = song.iter().flat_map(|beat| &beat.music.parts[part.index()]);
    mean(notes.map(|note| f64::from(note.pitch)))
}

/// How a genre's songs go from chord to chord, beat by beat.
#[derive(Clone, Debug)]
pub struct ChordHabits {
    /// Bits of each chord after each, `[before][after]`.
    bits: Vec<f64>,
}

impl ChordHabits {
    /// Counts songs; what was never seen counts a tenth.
    pub fn of<'a>(songs: impl Iterator<Item = &'a [HistoryBeat]>) -> Self {
        let n = Chord::N_CLASSES;
        let mut counts = vec![0.1; n * n];
        for song in songs {
            moves(song).for_each(|(before, after)| counts[before * n + after] += 1.0);
        }
        let bits = counts.chunks(n).flat_map(|row| {
            let sum: f64 = row.iter().sum();
            row.iter().map(move |count| -(count / sum).log2())
        });
        Self { bits: bits.collect() }
    }

    /// Mean bits of a song's moves; `NaN` without any.
    pub fn bits(&self, song: &[HistoryBeat]) -> f64 {
        mean(moves(song).map(|(before, after)| self.bits[before * Chord::N_CLASSES + after]))
    }
}

/// Successive chords, those that stay left out.
fn moves(song: &[HistoryBeat]) -> impl Iterator<Item = (usize, usize)> {
    let chords = song.windows(2).map(|w| [&w[0], &w[1]].map(|b| Chord::index(b.music.chord)));
    chords.filter(|[before, after]| before != after).map(|[before, after]| (before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knob_that_moves_its_own_and_nothing_else() {
        let song = |step: usize, song: usize| (10 * song + step) as f64;
        let moved: Vec<Vec<f64>> = (0..11).map(|s| (0..4).map(|i| song(s, i)).collect()).collect();
        let still = vec![vec![5.0, 1.0, 2.0, f64::NAN]; 11];
        let others = [("still".to_owned(), still), ("follows".to_owned(), moved.clone())];
        let response = Response::of("k", &moved, &others);
        assert!((response.spearman.value - 1.0).abs() < 1e-9);
        assert_eq!(response.others[0].1, 0.0);
        assert_eq!(response.worst_other().unwrap().0, "follows");
        assert!(response.others[1].1 > 0.99);
        let deaf = Response::of("k", &vec![vec![1.0; 3]; 11], &[]);
        assert_eq!((deaf.spearman.value, deaf.worst_other()), (0.0, None));
    }

    #[test]
    fn what_goes_together_in_each_group_counts_and_groups_apart_do_not() {
        let group = |at: f64, slope: f64| -> Vec<(f64, f64)> {
            (0..9).map(|i| (at + f64::from(i), at + slope * f64::from(i))).collect()
        };
        assert!(coupling([group(0.0, 1.0), group(500.0, 1.0)]) > 0.99);
        assert!(coupling([group(0.0, 1.0), group(500.0, -1.0)]).abs() < 1e-9);
        let mut known = group(0.0, -1.0);
        known.push((f64::NAN, 3.0));
        assert!(coupling([known, Vec::new()]) < -0.99);
    }

    #[test]
    fn every_knob_reaches_its_control() {
        let mut controls = Controls::default();
        Knob::Density(Part::Bass).turn(0.9, &mut controls);
        Knob::Register(Part::Lead).turn(0.0, &mut controls);
        Knob::Adventure.turn(0.3, &mut controls);
        Knob::Strength.turn(1.0, &mut controls);
        Knob::DrumsOwn(blend(&[(2, 1.0)])).turn(1.0, &mut controls);
        Knob::HarmonyOwn(blend(&[(1, 1.0)])).turn(1.0, &mut controls);
        assert_eq!((controls.parts[1].density, controls.parts[3].register), (0.9, -1.0));
        assert_eq!((controls.adventure, controls.strength), (0.3, 2.0));
        assert_eq!(controls.part_blend(Part::Drums).weights()[2], 1.0);
        assert_eq!(controls.harmony().weights()[1], 1.0);
        let n: usize = Family::ALL.iter().map(|family| family.knobs(6).len()).sum();
        assert_eq!(n, 4 + 3 + 4);
    }

    #[test]
    fn chords_are_cheap_where_they_are_usual() {
        use score::{BeatFrame, GridBeat, Meter, Tempo};
        let song = |names: &[&str]| -> Vec<HistoryBeat> {
            let beat = |(i, name): (usize, &&str)| HistoryBeat {
                frame: BeatFrame::regular(i as i64, Meter::COMMON, Tempo::DEFAULT),
                music: GridBeat { chord: Some(Chord::parse(name).unwrap()), ..Default::default() },
            };
            names.iter().enumerate().map(beat).collect()
        };
        let folk = song(&["C", "C", "F", "G", "C", "F", "G", "C"]);
        let jazz = song(&["Dm7", "G7", "C", "A7", "Dm7", "G7", "C"]);
        let [of_folk, of_jazz] =
            [&folk, &jazz].map(|song| ChordHabits::of(std::iter::once(song.as_slice())));
        assert!(of_folk.bits(&folk) + 1.0 < of_jazz.bits(&folk));
        assert!(of_jazz.bits(&jazz) + 1.0 < of_folk.bits(&jazz));
        assert!(of_folk.bits(&folk[..2]).is_nan());
    }
}
