//! Loudness for notes whose own says nothing: what other songs of their genre play at that place.
//!
//! Scores and tune books have no velocities. A network that never hears how loud their notes are
//! guesses when it composes such music itself, each note anew; so in training they are given the
//! velocities of songs of the genre that were played or have chosen ones.

use std::collections::BTreeMap;

use score::random::Random;
use score::window::Window;
use score::{GridNote, Part, TICKS_PER_QUARTER, steps};

use crate::recipe::Recipe;
use crate::songs::Songs;

/// Places in a beat.
const N_PLACES: usize = TICKS_PER_QUARTER as usize;

/// How often notes of a place have each velocity class.
type Odds = [f32; steps::N_VELOCITIES];

/// Velocities by genre, part and place in the beat, collections by their shares in the recipe.
pub struct Dynamics {
    /// `[genre][part][place]`, places that no song plays as the whole part; `None` where no song of
    /// the genre says anything of the part.
    parts: Vec<[Option<Vec<Odds>>; 4]>,
}

impl Dynamics {
    /// Counts the songs whose dynamics mean something.
    pub fn of(songs: &Songs, recipe: &Recipe) -> Self {
        let of_genre = |genre: usize| {
            let shares = recipe.sources.get(&songs.index.genres[genre]);
            Part::ALL.map(|part| {
                let mut collections: BTreeMap<&str, Vec<Odds>> = BTreeMap::new();
                let of_genre = songs.songs.iter().filter(|song| song.genre == genre);
                for song in of_genre.filter(|song| song.has_dynamics(part)) {
                    let places = collections
                        .entry(&song.entry.source.source)
                        .or_insert_with(|| vec![Odds::default(); N_PLACES]);
                    let beats = song.beats.iter();
                    for note in beats.flat_map(|beat| &beat.music.parts[part.index()]) {
                        places[place(note)][class(note)] += 1.0;
                    }
                }
                let weight = |source: &str| {
                    shares.map_or(1.0, |shares| shares.get(source).copied().unwrap_or(0.0))
                };
                let mixed = mix(collections.iter().map(|(source, of)| (weight(source), of)));
                (sum(&mixed).iter().sum::<f32>() > 0.0).then_some(mixed)
            })
        };
        Self { parts: (0..songs.n_genres()).map(of_genre).collect() }
    }

    /// Gives velocities to the parts of a window that have none, where the genre knows some.
    pub fn fill(&self, window: &mut Window, random: &mut Random) {
        for part in Part::ALL.map(Part::index) {
            let genre = usize::from(window.genres[1 + part]);
            let known = self.parts.get(genre).and_then(|parts| parts[part].as_ref());
            let Some(places) = known.filter(|_| !window.expressive[part].0) else { continue };
            for note in window.beats.iter_mut().flat_map(|beat| &mut beat.music.parts[part]) {
                note.velocity = steps::class_velocity(draw(&places[place(note)], random));
            }
            window.expressive[part].0 = true;
        }
    }
}

fn place(note: &GridNote) -> usize {
    usize::from(note.position).min(N_PLACES - 1)
}

fn class(note: &GridNote) -> usize {
    usize::from(steps::velocity_class(note.velocity))
}

/// Collections by weight, however many notes each has; places without notes as all together.
fn mix<'a>(collections: impl Iterator<Item = (f32, &'a Vec<Odds>)>) -> Vec<Odds> {
    let mut mixed = vec![Odds::default(); N_PLACES];
    for (weight, places) in collections {
        let n_notes = sum(places).iter().sum::<f32>().max(1.0);
        let pairs = mixed.iter_mut().flatten().zip(places.iter().flatten());
        pairs.for_each(|(mixed, count)| *mixed += weight * count / n_notes);
    }
    let all = sum(&mixed);
    let silent = mixed.iter_mut().filter(|odds| odds.iter().sum::<f32>() <= 0.0);
    silent.for_each(|odds| *odds = all);
    mixed
}

fn sum(places: &[Odds]) -> Odds {
    core::array::from_fn(|class| places.iter().map(|odds| odds[class]).sum())
}

fn draw(odds: &Odds, random: &mut Random) -> u16 {
    let mut left = random.uniform() * odds.iter().sum::<f32>();
    let drawn = odds.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    let likeliest = || (0..odds.len()).max_by(|a, b| odds[*a].total_cmp(&odds[*b])).unwrap_or(0);
    drawn.unwrap_or_else(likeliest) as u16
}

#[cfg(test)]
mod tests {
    use score::steps::N_SLOTS;
    use score::{BeatFrame, GridBeat, HistoryBeat, Meter, Tempo, Velocity};

    use super::*;

    fn odds(class: usize, count: f32) -> Odds {
        core::array::from_fn(|i| if i == class { count } else { 0.0 })
    }

    #[test]
    fn collections_count_by_weight_and_silent_places_as_all() {
        let mut loud = vec![Odds::default(); N_PLACES];
        (loud[0], loud[12]) = (odds(6, 900.0), odds(5, 100.0));
        let soft: Vec<Odds> = (0..N_PLACES).map(|i| odds(2, f32::from(u8::from(i == 0)))).collect();
        let mixed = mix([(3.0, &loud), (1.0, &soft)].into_iter());
        assert!((mixed[0][6] - 2.7).abs() < 1e-5 && (mixed[0][2] - 1.0).abs() < 1e-5);
        assert_eq!(mixed[12], odds(5, 0.3));
        assert_eq!(mixed[7], sum(&[mixed[0], mixed[12]]));
        let mut random = Random::new(1);
        assert_eq!(draw(&mixed[12], &mut random), 5);
    }

    #[test]
    fn only_parts_that_say_nothing_are_given_velocities() {
        let note = |pitch| GridNote {
            position: 0,
            pitch,
            duration: 24,
            velocity: Velocity::clamped(64),
            micro: 0,
        };
        let parts = [36, 40, 60, 72].map(|pitch| vec![note(pitch)]);
        let music = GridBeat { parts, ..GridBeat::default() };
        let frame = BeatFrame::regular(0, Meter::COMMON, Tempo::DEFAULT);
        let mut window = Window {
            genres: [0, 0, 0, 1, 0],
            expressive: [(false, false), (true, false), (false, false), (false, false)],
            ..Window::cut(&[HistoryBeat { frame, music }], 0, 1)
        };
        assert_eq!(window.genres.len(), N_SLOTS);
        let loud = || Some(vec![odds(7, 1.0); N_PLACES]);
        let dynamics = Dynamics { parts: vec![[loud(), loud(), loud(), None]] };
        dynamics.fill(&mut window, &mut Random::new(1));
        let own = Velocity::clamped(64);
        let velocities = Part::ALL.map(|part| {
            let notes = &window.beats.last().unwrap().music.parts[part.index()];
            notes[0].velocity
        });
        // The drums are filled; the bass has its own, the chords' genre and the lead know none.
        assert_eq!(velocities, [steps::class_velocity(7), own, own, own]);
        assert_eq!(window.expressive.map(|of| of.0), [true, true, false, false]);
    }
}
