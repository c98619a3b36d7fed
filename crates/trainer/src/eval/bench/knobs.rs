//! Every knob walked through its range.

use std::collections::BTreeMap;

use anyhow::Result;
use score::{HistoryBeat, Part};

use super::Bench;
use crate::eval::blends::{blend, hear_song};
use crate::eval::knobs::{ChordHabits, Family, Knob, Response, coupling, density, register, steps};
use crate::eval::music::{Player, Wish};
use crate::eval::quality::Quality;
use crate::eval::stats::mean;
use crate::judge::{ALL_PARTS, Excerpt, Kind, Voice};

/// Bars of a song.
const N_BARS: usize = 8;

/// A song of a walk: what was wished for, and its genre before the knob.
struct Walked {
    wish: Wish,
    knob: Knob,
    genre: usize,
    song: Vec<HistoryBeat>,
}

impl Bench<'_> {
    /// What each knob moves, and what else.
    pub(super) fn knobs(&self, quality: &mut Quality) -> Result<()> {
        let chords = self.chord_habits();
        for family in Family::ALL {
            let mut responses = Vec::new();
            for knobs in family.knobs(self.n_genres()) {
                let n = family.n_songs(self.options.budget.knob_songs);
                let walk = self.walk(family, &knobs, Player::Model, n)?;
                let floor = self.walk(family, &knobs, Player::Untrained, n.div_ceil(20))?;
                let name = name(family, knobs[0]);
                let moved = self.moved(family, &walk, &chords)?;
                let floor = self.moved(family, &floor, &chords)?;
                responses.push(Response {
                    untrained: Response::of(&name, &floor, &[]).spearman.value,
                    real_others: self.real_others(knobs[0]),
                    ..Response::of(&name, &moved, &others(knobs[0], &walk))
                });
            }
            quality.knobs.insert(family.name().to_owned(), responses);
        }
        Ok(())
    }

    /// Songs of a knob, `[step][song]`. Knobs of own blends take turns, always another genre's.
    fn walk(
        &self,
        family: Family,
        knobs: &[Knob],
        player: Player,
        n: usize,
    ) -> Result<Vec<Vec<Walked>>> {
        let n_genres = self.n_genres();
        let place = |song: usize| {
            let (genre, turn) = (song % n_genres, song / n_genres);
            (genre, knobs[(genre + 1 + turn % (n_genres - 1).max(1)) % knobs.len()])
        };
        let wish = |song: usize, share: f32| {
            let (genre, knob) = place(song);
            let knob = Some((knob, share));
            let plain = Wish::new(blend(&[(genre, 1.0)]), N_BARS, song as u32);
            Wish { player, knob, ..plain }
        };
        let wishes: Vec<Wish> = steps()
            .flat_map(|share| (0..n).map(move |song| (song, share)))
            .map(|(song, share)| wish(song, share))
            .collect();
        let songs = self.studio.make(family.name(), &wishes)?;
        let mut walked = wishes.into_iter().zip(songs).enumerate().map(|(i, (wish, song))| {
            let (genre, knob) = place(i % n);
            Walked { wish, knob, genre, song }
        });
        Ok(steps().map(|_| walked.by_ref().take(n).collect()).collect())
    }

    /// What the family shall move, `[step][song]`.
    fn moved(
        &self,
        family: Family,
        walk: &[Vec<Walked>],
        chords: &[ChordHabits],
    ) -> Result<Vec<Vec<f64>>> {
        let of = |walked: &Walked| -> Result<f64> {
            let song = &walked.song;
            Ok(match walked.knob {
                Knob::Density(part) => density(song, part),
                Knob::Register(part) => register(song, part),
                Knob::Adventure => self.cost(&[song])?.a_note(),
                Knob::Strength => {
                    hear_song(self.panel(), song, walked.wish.fold(), self.n_genres())[walked.genre]
                }
                Knob::DrumsOwn(own) => {
                    let excerpt = Excerpt::new(song, ALL_PARTS & Kind::Drums.parts());
                    let placed = [(&excerpt, walked.wish.fold())];
                    let heard = self.panel().hear(Kind::Drums, &placed, Voice::All);
                    f64::from(heard[0][genre_of(own)] - heard[0][walked.genre])
                }
                Knob::HarmonyOwn(own) => {
                    chords[walked.genre].bits(song) - chords[genre_of(own)].bits(song)
                }
            })
        };
        // The judges are fitted before many threads ask for them.
        if matches!(family, Family::Strength | Family::DrumsOwn) {
            self.panel();
        }
        walk.iter().map(|step| self.each(step, of).into_iter().collect()).collect()
    }

    /// How what a knob shall leave alone goes with what it moves in held-out songs.
    fn real_others(&self, knob: Knob) -> Vec<(String, f64)> {
        let Some((moved, part)) = measure_of(knob) else { return Vec::new() };
        let coupled = |(name, measure, other): (String, Measure, Part)| {
            // Songs by genre and group; means over their excerpts.
            let mut songs: BTreeMap<(usize, usize), Vec<(f64, f64)>> = BTreeMap::new();
            for real in &self.material.reals {
                let plays = |part: Part| real.mask & (1 << part.index()) != 0;
                if plays(part) && plays(other) {
                    let pair = (moved(&real.beats, part), measure(&real.beats, other));
                    songs.entry((real.genre, real.group)).or_default().push(pair);
                }
            }
            let of_genre = |genre: usize| -> Vec<(f64, f64)> {
                let of = songs.iter().filter(|((g, _), _)| *g == genre);
                of.map(|(_, pairs)| {
                    (mean(pairs.iter().map(|pair| pair.0)), mean(pairs.iter().map(|pair| pair.1)))
                })
                .collect()
            };
            (name, coupling((0..self.n_genres()).map(of_genre)))
        };
        left_alone(knob).map(coupled).collect()
    }

    fn chord_habits(&self) -> Vec<ChordHabits> {
        let songs = |genre: usize| {
            let of = self.training.songs.iter().filter(move |song| song.genre == genre);
            of.map(|song| song.beats.as_slice())
        };
        (0..self.n_genres()).map(|genre| ChordHabits::of(songs(genre))).collect()
    }
}

fn genre_of(pure: score::Blend) -> usize {
    pure.weights().iter().position(|weight| *weight > 0.0).unwrap_or_default()
}

fn name(family: Family, knob: Knob) -> String {
    match knob {
        Knob::Density(part) | Knob::Register(part) => {
            format!("{} of {}", family.name(), part.name())
        }
        _ => family.name().to_owned(),
    }
}

/// A number of a song's part.
type Measure = fn(&[HistoryBeat], Part) -> f64;

/// What a knob of a part moves.
fn measure_of(knob: Knob) -> Option<(Measure, Part)> {
    match knob {
        Knob::Density(part) => Some((density, part)),
        Knob::Register(part) => Some((register, part)),
        _ => None,
    }
}

/// Densities and registers that a knob of a part shall leave alone, by name.
fn left_alone(knob: Knob) -> impl Iterator<Item = (String, Measure, Part)> {
    let density = |part: Part| (format!("density of {}", part.name()), density as Measure, part);
    let register = |part: Part| (format!("register of {}", part.name()), register as Measure, part);
    let densities = Part::ALL.into_iter().filter(move |part| knob != Knob::Density(*part));
    let registers =
        Part::ALL.into_iter().filter(move |p| *p != Part::Drums && knob != Knob::Register(*p));
    let all = densities.map(density).chain(registers.map(register));
    all.filter(move |_| measure_of(knob).is_some())
}

/// What a knob shall leave alone, `[step][song]` by name.
fn others(knob: Knob, walk: &[Vec<Walked>]) -> Vec<(String, Vec<Vec<f64>>)> {
    let of = |(name, measure, part): (String, Measure, Part)| {
        let step = |step: &Vec<Walked>| step.iter().map(|w| measure(&w.song, part)).collect();
        (name, walk.iter().map(step).collect())
    };
    left_alone(knob).map(of).collect()
}
