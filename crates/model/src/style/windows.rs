//! Windows of songs: what a style is learnt from.

use std::sync::Arc;

use score::random::Random;
use score::steps::{self, Step, density_class, register_class};
use score::window::Window;
use score::{HistoryBeat, Part};

use crate::{Error, Result};

/// Longest window in beats; the steps end most of them earlier.
const WINDOW_BEATS: usize = 160;

/// Shares of windows in which something is hidden, or a part left out. What is shown is not learnt of
/// the artist, so that more is hidden than in training.
const HIDE_FORMS: f32 = 0.7;
const HIDE_DENSITY: f32 = 0.9;
const DROP_PART: f32 = 0.1;

/// Share of a song that is kept aside, and how many beats it must have for that.
const KEPT_ASIDE: usize = 6;
const MIN_KEPT_BEATS: usize = 96;

/// A song to learn from.
#[derive(Clone, Debug)]
pub struct Song {
    /// What errors call it: a file's name.
    pub name: String,
    /// Its beats, quantised, in its own key.
    pub beats: Vec<HistoryBeat>,
    /// Whether velocities differ as somebody played them.
    pub dynamics: bool,
}

impl Song {
    /// A song of a Standard MIDI File.
    ///
    /// # Errors
    /// [`Error::Song`] for a file whose time is no music's, or that cannot be read, with its place.
    pub fn from_midi(bytes: &[u8], name: &str) -> Result<Self> {
        let refuse = |expected: &str, found: String| {
            Err(Error::Song { name: name.to_owned(), expected: expected.to_owned(), found })
        };
        let import = match score::smf::read(bytes, name) {
            Ok(import) => import,
            Err(error) => return refuse("a MIDI file", error.to_string()),
        };
        if import.report.smpte {
            return refuse("timing in beats", "timing in seconds (SMPTE)".into());
        }
        let notes = import.piece.parts.iter().flatten();
        let mut velocities = [false; 128];
        notes.for_each(|note| velocities[usize::from(note.velocity.number())] = true);
        let dynamics = velocities.iter().filter(|heard| **heard).count() > 3;
        let beats = score::quantize::quantize(&import.piece, false);
        Ok(Self { name: name.to_owned(), beats, dynamics })
    }
}

/// Songs, and windows of them at random.
#[derive(Clone, Debug)]
pub struct Windows {
    songs: Arc<[Song]>,
    /// Beats of each song that are learnt from.
    learnt: Vec<usize>,
    context_len: usize,
    random: Random,
}

impl Windows {
    /// Windows of at most `context_len` steps of at least one song.
    pub fn new(songs: Vec<Song>, context_len: usize, seed: u64) -> Self {
        let learnt = songs.iter().map(|song| learnt_beats(&song.beats)).collect();
        Self { songs: songs.into(), learnt, context_len, random: Random::new(seed) }
    }

    /// All of them.
    pub fn songs(&self) -> &[Song] {
        &self.songs
    }

    /// A window of a song, drawn by length, from some bar on.
    pub fn draw(&mut self) -> Vec<Step> {
        let sum: usize = self.learnt.iter().sum();
        let mut at = self.random.below(sum);
        let mut song = 0;
        while at >= self.learnt[song] {
            at -= self.learnt[song];
            song += 1;
        }
        let (Song { beats, dynamics, .. }, end) = (&self.songs[song], self.learnt[song]);
        // Not so late that hardly anything is left of the song.
        let at = at.min(end.saturating_sub(16));
        let start = (0..=at)
            .rev()
            .find(|i| beats[*i].frame.offset_in_bar().0 < score::TICKS_PER_QUARTER)
            .unwrap_or(0);
        let mut window = Window::cut(&beats[..end], start, WINDOW_BEATS);
        window.expressive = [(*dynamics, false); 4];
        self.hide(&mut window)
    }

    /// Windows of the bars kept aside, one a song, without forms, density or register.
    pub(super) fn kept_aside(&self) -> Vec<Vec<Step>> {
        let songs = self.songs.iter().zip(&self.learnt);
        let windows = songs.filter(|(song, learnt)| **learnt < song.beats.len());
        let windows = windows.map(|(song, learnt)| {
            let window = Window::cut(&song.beats, *learnt, WINDOW_BEATS);
            window.encode(window.conditions(), self.context_len)
        });
        windows.take(32).filter(|steps| has_notes(steps)).collect()
    }

    fn hide(&mut self, window: &mut Window) -> Vec<Step> {
        let random = &mut self.random;
        let mask = window.mask();
        let mut kept = mask;
        for part in 0..4 {
            if mask >> part & 1 == 1 && kept & !(1 << part) != 0 && random.chance(DROP_PART) {
                kept &= !(1 << part);
                window.beats.iter_mut().for_each(|beat| beat.music.parts[part].clear());
            }
        }
        let mut conditions = window.conditions();
        for part in Part::ALL.into_iter().filter(|part| kept >> part.index() & 1 == 1) {
            let i = part.index();
            if !random.chance(HIDE_DENSITY) {
                conditions.density[i] = density_class(window.density(part));
            }
            if part != Part::Drums && !random.chance(HIDE_DENSITY) {
                conditions.register[i] = register_class(window.mean_pitch(part));
            }
        }
        if !random.chance(HIDE_FORMS) {
            let forms = score::form::forms(&window.beats);
            window.beats.iter_mut().zip(forms).for_each(|(beat, forms)| beat.music.forms = forms);
        }
        window.encode(conditions, self.context_len)
    }
}

/// Beats of a song that are learnt from: all, or all but its last bars.
fn learnt_beats(beats: &[HistoryBeat]) -> usize {
    let n = beats.len();
    if n < MIN_KEPT_BEATS { n } else { n - n / KEPT_ASIDE }
}

fn has_notes(steps: &[Step]) -> bool {
    steps.iter().any(|step| step.targets[steps::T_SYM] != steps::IGNORE)
}
