//! Training windows: a stretch of a song in C major or A minor, sometimes with parts of others.

use score::quantize::pitch_class_weights;
use score::random::Random;
use score::steps::{
    self, BeatEncoder, Conditions, N_SLOTS, NULL_CONDITION, Step, density_class, register_class,
    tempo_class,
};
use score::{Chord, GridNote, HistoryBeat, Key, Mode, Part};

use crate::recipe::Recipe;
use crate::songs::{Song, Songs};

/// Beats before a window that its references may look at: eight bars of 12/8 or less.
pub const LEAD_IN: usize = 48;

/// Longest window in beats.
const MAX_BEATS: usize = 160;

/// Drums of at most this many notes a beat, lent to classical music, count as classical: the
/// corpus has no orchestral percussion, and sparse playing is what it shares with such drums.
const CLASSICAL_DRUMS: f32 = 3.0;

/// A stretch of music with the genre of each slot, ready to become steps.
#[derive(Clone, Debug)]
pub struct Window {
    /// Beats in C major or A minor, lead-in first.
    pub beats: Vec<HistoryBeat>,
    /// Number of lead-in beats.
    pub lead_in: usize,
    /// The mode of the key that was found.
    pub mode: Mode,
    /// Whether the tempo means something.
    pub has_tempo: bool,
    /// Genre a slot.
    pub genres: [u8; N_SLOTS],
    /// Whether velocity and micro-timing are real, a part.
    pub expressive: [(bool, bool); 4],
    /// Number of the song's last bar, if steps shall say how far it is.
    pub last_bar: Option<i64>,
}

impl Window {
    /// `n_beats` of a song from beat `start`, brought to white keys.
    pub fn cut(song: &Song, start: usize, n_beats: usize) -> Self {
        let from = start.saturating_sub(LEAD_IN);
        let to = (start + n_beats).min(song.beats.len());
        let mut beats = song.beats[from..to].to_vec();
        let key = Key::detect(&pitch_class_weights(&beats[start - from..]));
        transpose(&mut beats, key.to_white_keys());
        let source = &song.entry.source;
        Self {
            beats,
            lead_in: start - from,
            mode: key.mode,
            has_tempo: source.has_tempo,
            genres: [song.genre as u8; N_SLOTS],
            expressive: [(source.dynamics, source.performed); 4],
            last_bar: None,
        }
    }

    /// The beats behind the lead-in.
    pub fn music(&self) -> &[HistoryBeat] {
        &self.beats[self.lead_in..]
    }

    /// Bits of the parts that have notes.
    pub fn mask(&self) -> u8 {
        let has = |i: usize| self.music().iter().any(|beat| !beat.music.parts[i].is_empty());
        (0..4).map(|i| u8::from(has(i)) << i).sum()
    }

    /// Notes a beat of a part.
    pub fn density(&self, part: Part) -> f32 {
        let notes: usize = self.music().iter().map(|b| b.music.parts[part.index()].len()).sum();
        notes as f32 / self.music().len().max(1) as f32
    }

    /// Own genres, no density, no register.
    pub fn conditions(&self) -> Conditions {
        Conditions {
            mask: self.mask(),
            mode: Some(self.mode),
            tempo: match self.music().first() {
                Some(beat) if self.has_tempo => tempo_class(beat.frame.tempo),
                _ => 0,
            },
            density: [0; 4],
            register: [0; 4],
            genres: self.genres,
            hide_references: false,
            forms: [None; N_SLOTS],
            closing: 0,
        }
    }

    /// At most `max_steps` steps, whole beats only; forms are those of the beats.
    pub fn encode(&self, conditions: Conditions, max_steps: usize) -> Vec<Step> {
        let mut encoded = Vec::with_capacity(max_steps);
        for i in self.lead_in..self.beats.len() {
            let len = encoded.len();
            let HistoryBeat { frame, music } = &self.beats[i];
            let bars_left = self.last_bar.map_or(i64::MAX, |last| last - frame.bar_number);
            let closing = steps::closing_class(bars_left);
            let conditions = Conditions { forms: music.forms, closing, ..conditions };
            BeatEncoder::new(&self.beats[..i], *frame, conditions).encode(
                music,
                self.expressive,
                &mut encoded,
            );
            if encoded.len() > max_steps {
                encoded.truncate(len);
                break;
            }
        }
        encoded
    }

    fn mean_pitch(&self, part: Part) -> f32 {
        let pitches = self.music().iter().flat_map(|b| &b.music.parts[part.index()]);
        let (sum, n) =
            pitches.fold((0.0, 0.0), |(sum, n), note| (sum + f32::from(note.pitch), n + 1.0));
        if n > 0.0 { sum / n } else { 60.0 }
    }
}

/// Moves pitched parts and chords.
fn transpose(beats: &mut [HistoryBeat], semitones: i32) {
    for beat in beats {
        beat.music.chord = beat.music.chord.map(|chord| chord.transposed(semitones));
        for notes in &mut beat.music.parts[1..] {
            for note in notes {
                note.pitch = (i32::from(note.pitch) + semitones).clamp(0, 127) as u8;
            }
        }
    }
}

/// Draws training windows.
pub struct WindowSampler<'a> {
    songs: &'a Songs,
    recipe: &'a Recipe,
    /// The state of everything random; checkpoints keep it.
    pub rng: Random,
}

impl<'a> WindowSampler<'a> {
    /// Starts from the recipe's seed.
    pub fn new(songs: &'a Songs, recipe: &'a Recipe) -> Self {
        Self { songs, recipe, rng: Random::new(recipe.seed) }
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
        let mut window = Window::cut(song, start, (max_steps / 2).min(MAX_BEATS));
        self.mix(&mut window);
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
            let donor = Window::cut(song, start, n_beats);
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
