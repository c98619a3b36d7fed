//! Training windows: a stretch of a song in C major or A minor, sometimes with parts of others.

use score::random::Random;
use score::steps::{self, N_SLOTS, NULL_CONDITION, Step, density_class, register_class};
use score::window::Window;
use score::{Chord, GridNote, HistoryBeat, Part};

use crate::dynamics::Dynamics;
use crate::recipe::Recipe;
use crate::songs::{Song, Songs};

/// Longest window in beats.
const MAX_BEATS: usize = 160;

/// Drums of at most this many notes a beat, lent to classical music, count as classical: the
/// corpus has no orchestral percussion, and sparse playing is what it shares with such drums.
const CLASSICAL_DRUMS: f32 = 3.0;

/// `n_beats` of a song from beat `start`, brought to white keys.
pub fn cut(song: &Song, start: usize, n_beats: usize) -> Window {
    let source = &song.entry.source;
    Window {
        genres: [song.genre as u8; N_SLOTS],
        has_tempo: source.has_tempo,
        expressive: Part::ALL.map(|part| (song.has_dynamics(part), source.performed)),
        ..Window::cut(&song.beats, start, n_beats)
    }
}

/// Draws training windows.
pub struct WindowSampler<'a> {
    songs: &'a Songs,
    recipe: &'a Recipe,
    dynamics: Dynamics,
    /// The state of everything random; checkpoints keep it.
    pub rng: Random,
}

impl<'a> WindowSampler<'a> {
    /// Starts from the recipe's seed.
    pub fn new(songs: &'a Songs, recipe: &'a Recipe) -> Self {
        let dynamics = Dynamics::of(songs, recipe);
        Self { songs, recipe, dynamics, rng: Random::new(recipe.seed) }
    }

    /// A row of at most `context_len` steps: windows until it is full, each with its number.
    pub fn row(&mut self) -> Vec<(Step, u16)> {
        let mut row = Vec::with_capacity(self.recipe.context_len);
        for segment in 0.. {
            let left = self.recipe.context_len - row.len();
            if left < 40 {
                break;
            }
            let max_steps = if self.rng.chance(self.recipe.short_windows) {
                left.min(48 + self.rng.below(208))
            } else {
                left
            };
            row.extend(self.window(max_steps).into_iter().map(|step| (step, segment)));
        }
        row
    }

    /// The steps of one window.
    pub fn window(&mut self, max_steps: usize) -> Vec<Step> {
        let recipe = self.recipe;
        let genre = self.rng.below(self.songs.n_genres());
        let song = self.songs.draw(genre, &mut self.rng);
        let starts = &song.entry.fresh_starts;
        let start = if self.rng.chance(recipe.song_ends) {
            closing_start(song, 2 + self.rng.below(6) as i64)
        } else if self.rng.chance(recipe.song_starts) {
            starts[0] as usize
        } else {
            starts[self.rng.below(starts.len())] as usize
        };
        // A beat takes at least two steps.
        let mut window = cut(song, start, (max_steps / 2).min(MAX_BEATS));
        self.mix(&mut window);
        self.dynamics.fill(&mut window, &mut self.rng);
        let mask = window.mask();
        let mut kept = mask;
        for part in 0..4 {
            if kept & !(1 << part) != 0 && self.rng.chance(recipe.drop_part) {
                kept &= !(1 << part);
            }
        }
        for part in 0..4 {
            if mask & !kept & 1 << part != 0 {
                window.beats.iter_mut().for_each(|beat| beat.music.parts[part].clear());
            }
        }
        let mut conditions = window.conditions();
        for part in Part::ALL {
            let i = part.index();
            if kept >> i & 1 == 1 && !self.rng.chance(recipe.hide_density) {
                conditions.density[i] = density_class(window.density(part));
            }
            if kept >> i & 1 == 1 && part != Part::Drums && !self.rng.chance(recipe.hide_density) {
                conditions.register[i] = register_class(window.mean_pitch(part));
            }
        }
        let null = self.rng.chance(recipe.null_window);
        for slot in &mut conditions.genres {
            if null || self.rng.chance(recipe.null_slot) {
                *slot = NULL_CONDITION as u8;
            }
        }
        conditions.hide_references = self.rng.chance(recipe.hide_references);
        if !conditions.hide_references && !self.rng.chance(recipe.hide_form) {
            self.show_forms(&mut window);
        }
        if !self.rng.chance(recipe.hide_closing) {
            window.last_bar = song.beats.last().map(|beat| beat.frame.bar_number);
        }
        window.encode(conditions, max_steps)
    }

    /// Says of every beat what its bar is, in the slots that are not hidden.
    fn show_forms(&mut self, window: &mut Window) {
        let shown: [bool; N_SLOTS] =
            core::array::from_fn(|_| !self.rng.chance(self.recipe.hide_form));
        let forms = score::form::forms(&window.beats);
        for (beat, forms) in window.beats.iter_mut().zip(forms) {
            beat.music.forms = core::array::from_fn(|slot| forms[slot].filter(|_| shown[slot]));
        }
    }

    /// Lends or replaces drums and bass.
    fn mix(&mut self, window: &mut Window) {
        let has_drums = window.mask() & 1 == 1;
        let p = if has_drums { self.recipe.replace_drums } else { self.recipe.lend_drums };
        if self.rng.chance(p) {
            let classical = score::Genre::Classical;
            let name = self.songs.index.genres.get(classical.index()).map(String::as_str);
            let is_shipped =
                self.songs.n_genres() == score::Genre::COUNT && name == Some(classical.name());
            let classical = classical.index() as u8;
            let wants_sparse = is_shipped && window.genres[0] == classical && self.rng.chance(0.6);
            // Sparse drums are rare; a few more draws find them.
            for _ in 0..if wants_sparse { 6 } else { 1 } {
                let Some(donor) = self.donor(window, Part::Drums) else { break };
                let is_sparse = donor.density(Part::Drums) <= CLASSICAL_DRUMS;
                if wants_sparse && !is_sparse {
                    continue;
                }
                graft(window, &donor, Part::Drums);
                if wants_sparse {
                    window.genres[1 + Part::Drums.index()] = classical;
                }
                break;
            }
        }
        if self.rng.chance(self.recipe.mix_bass)
            && let Some(donor) = self.donor(window, Part::Bass)
        {
            graft(window, &donor, Part::Bass);
        }
    }

    /// A stretch of another song that has the part, with equal bars and about the same tempo.
    fn donor(&mut self, window: &Window, part: Part) -> Option<Window> {
        let n_beats = window.music().len();
        // Most draws fail on meter, tempo or a missing part; after some the window stays as it is.
        for _ in 0..24 {
            let genre = self.rng.below(self.songs.n_genres());
            let song = self.songs.draw(genre, &mut self.rng);
            if song.entry.n_notes[part.index()] == 0 {
                continue;
            }
            let starts = &song.entry.fresh_starts;
            let start = starts[self.rng.below(starts.len())] as usize;
            if !fits(window, song, start, n_beats.min(32)) {
                continue;
            }
            let donor = cut(song, start, n_beats);
            if donor.mask() >> part.index() & 1 == 1 {
                return Some(donor);
            }
        }
        None
    }
}

/// Index of the beat at which the last `n_bars` bars of a song start.
fn closing_start(song: &Song, n_bars: i64) -> usize {
    let last = song.beats.last().map_or(0, |beat| beat.frame.bar_number);
    song.beats.partition_point(|beat| beat.frame.bar_number <= last - n_bars)
}

/// Whether the song's bars run as the window's do, at a tempo within a quarter of it.
fn fits(window: &Window, song: &Song, start: usize, n_beats: usize) -> bool {
    if song.beats.len() < start + n_beats {
        return false;
    }
    let frames = window.music().iter().zip(&song.beats[start..start + n_beats]);
    let bars_agree = frames.clone().take(n_beats).all(|(a, b)| {
        a.frame.offset_in_bar() == b.frame.offset_in_bar()
            && steps::meter_class(a.frame.meter) == steps::meter_class(b.frame.meter)
    });
    let tempo = |beat: &HistoryBeat| beat.frame.tempo.bpm();
    let tempos_agree = !window.has_tempo
        || !song.entry.source.has_tempo
        || window.music().first().is_some_and(|first| {
            (0.8..=1.25).contains(&(tempo(first) / tempo(&song.beats[start])))
        });
    bars_agree && tempos_agree
}

/// Puts a part of `donor` into `window`; a bass follows the window's chords.
fn graft(window: &mut Window, donor: &Window, part: Part) {
    let i = part.index();
    let shift = window.lead_in as i64 - donor.lead_in as i64;
    for (at, beat) in window.beats.iter_mut().enumerate() {
        let from = usize::try_from(at as i64 - shift).ok().and_then(|at| donor.beats.get(at));
        beat.music.parts[i] = match from {
            Some(from) if part == Part::Drums => from.music.parts[i].clone(),
            Some(from) => {
                let mut notes: Vec<GridNote> = from.music.parts[i].clone();
                for note in &mut notes {
                    note.pitch = reharmonize(note.pitch, from.music.chord, beat.music.chord);
                }
                notes.sort_by_key(|note| (note.position, note.pitch));
                notes.dedup_by_key(|note| (note.position, note.pitch));
                notes
            }
            None => Vec::new(),
        };
    }
    window.genres[1 + i] = donor.genres[1 + i];
    window.expressive[i] = donor.expressive[i];
}

/// The same degree over another chord; a third becomes the other chord's third.
fn reharmonize(pitch: u8, from: Option<Chord>, to: Option<Chord>) -> u8 {
    let (Some(from), Some(to)) = (from, to) else { return pitch };
    let degree = (i32::from(pitch) - i32::from(from.root.number())).rem_euclid(12);
    let third = match (from.quality.is_minor(), to.quality.is_minor()) {
        (true, false) if degree == 3 => 1,
        (false, true) if degree == 4 => -1,
        _ => 0,
    };
    let shift = i32::from(to.root.number()) - i32::from(from.root.number());
    let shift = (shift + 6).rem_euclid(12) - 6 + third;
    (i32::from(pitch) + shift).clamp(0, 127) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bass_note_keeps_its_degree() {
        let chord = |name| Some(Chord::parse(name).unwrap());
        assert_eq!(reharmonize(36, chord("C"), chord("F")), 41);
        assert_eq!(reharmonize(40, chord("C"), chord("Am")), 36);
        assert_eq!(reharmonize(36, None, chord("F")), 36);
    }
}
