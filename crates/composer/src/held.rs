//! The phrase that `hold` keeps, and what of the composer's memory a project saves.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use player::{BeatRequest, MAX_NOTES_PER_BEAT};
use score::grid::{CELLS_PER_BEAT, GridNote, MAX_MICRO};
use score::steps::{ENDED, N_SLOTS};
use score::{Chord, Form, GridBeat, Meter, Part, Ticks, Velocity};
use serde::{Deserialize, Serialize};

use crate::ledger::{Cell, MAX_HELD_BEATS};

/// Longest duration that a saved note may have, in cells: the longest phrase.
const MAX_DURATION: i64 = MAX_HELD_BEATS * CELLS_PER_BEAT;

/// Cells that go round: beat `first + i` was heard with cell `i`.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    first: i64,
    cells: Vec<Cell>,
}

impl Held {
    /// `None` without cells.
    pub(crate) fn new(first: i64, cells: Vec<Cell>) -> Option<Self> {
        (!cells.is_empty()).then_some(Self { first, cells })
    }

    /// Beat k plays cell (k - first) mod length where it suits the place.
    pub(crate) fn cell(&self, request: &BeatRequest) -> Option<&Cell> {
        self.cells.get(self.index(request)).filter(|cell| cell.fits(request))
    }

    /// Keeps the takes of a cell that was played.
    ///
    /// `true` when something changed.
    pub(crate) fn renew(&mut self, request: &BeatRequest, played: &Cell) -> bool {
        let index = self.index(request);
        match self.cells.get_mut(index) {
            Some(cell) if cell.fits(request) && cell.music.takes != played.music.takes => {
                *cell = played.clone();
                true
            }
            _ => false,
        }
    }

    fn index(&self, request: &BeatRequest) -> usize {
        // Saved numbers are anything, so the difference wraps.
        let since = request.frame.beat.wrapping_sub(self.first);
        since.rem_euclid(self.cells.len() as i64) as usize
    }
}

/// What of the composer's memory belongs to a project, besides its parameters: the takes of parts
/// that were regenerated, and the phrase that is held.
///
/// Whatever numbers it is read with, restoring it does no harm: they are brought into range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keepsake {
    /// How often each part was composed anew by command, in the order of [`Part::ALL`].
    #[serde(default)]
    pub(crate) takes: [u32; 4],
    #[serde(default)]
    held: Option<SavedPhrase>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedPhrase {
    first: i64,
    cells: Vec<SavedCell>,
}

/// One beat of a held phrase, in short names because there are many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedCell {
    /// Numerator and denominator.
    meter: (u32, u32),
    /// Ticks from the bar's start.
    at: i64,
    /// [`Cell::asked`].
    asked: u64,
    takes: [u32; 4],
    /// [`Chord::index`].
    chord: usize,
    /// [`GridBeat::closing`].
    #[serde(default)]
    closing: u8,
    /// [`Form::class`] a slot; older projects have none.
    #[serde(default)]
    forms: [u8; N_SLOTS],
    /// [`GridBeat::asked`].
    #[serde(default)]
    wishes: [u32; N_SLOTS],
    /// Part, position, pitch, duration in cells, velocity, micro-timing class.
    notes: Vec<[i64; 6]>,
}

impl Keepsake {
    pub(crate) fn new(takes: [u32; 4], held: Option<&Held>) -> Self {
        let held = held.map(|held| SavedPhrase {
            first: held.first,
            cells: held.cells.iter().map(SavedCell::new).collect(),
        });
        Self { takes, held }
    }

    /// Whether a phrase is held.
    pub fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// The phrase, with every number brought into range.
    pub(crate) fn held(&self) -> Option<Held> {
        let saved = self.held.as_ref()?;
        let cells = saved.cells.iter().take(MAX_HELD_BEATS as usize);
        Held::new(saved.first, cells.map(SavedCell::restored).collect())
    }
}

impl SavedCell {
    fn new(cell: &Cell) -> Self {
        let (meter, offset) = cell.place;
        let notes = Part::ALL.into_iter().flat_map(|part| {
            cell.music.parts[part.index()].iter().map(move |note| {
                let GridNote { position, pitch, duration, velocity, micro } = *note;
                [
                    part.index() as i64,
                    position.into(),
                    pitch.into(),
                    duration.into(),
                    velocity.number().into(),
                    micro.into(),
                ]
            })
        });
        Self {
            meter: (meter.numerator().into(), meter.denominator().into()),
            at: offset.0,
            asked: cell.asked,
            takes: cell.music.takes,
            chord: Chord::index(cell.music.chord),
            closing: cell.music.closing,
            forms: cell.music.forms.map(Form::class),
            wishes: cell.music.asked,
            notes: notes.collect(),
        }
    }

    fn restored(&self) -> Cell {
        let mut music = GridBeat {
            chord: Chord::from_index(self.chord),
            closing: self.closing.min(ENDED),
            forms: self.forms.map(Form::from_class),
            takes: self.takes,
            asked: self.wishes,
            ..GridBeat::default()
        };
        for &[part, position, pitch, duration, velocity, micro] in
            self.notes.iter().take(MAX_NOTES_PER_BEAT)
        {
            let part = usize::try_from(part).ok().and_then(|part| music.parts.get_mut(part));
            let Some(part) = part else { continue };
            let micro_limit = i64::from(MAX_MICRO);
            part.push(GridNote {
                position: position.clamp(0, CELLS_PER_BEAT - 1) as u8,
                pitch: pitch.clamp(0, 127) as u8,
                duration: duration.clamp(1, MAX_DURATION) as u16,
                velocity: Velocity::clamped(velocity.clamp(0, 127) as i32),
                micro: micro.clamp(-micro_limit, micro_limit) as i8,
            });
        }
        for part in &mut music.parts {
            part.sort_by_key(|note| (note.position, note.pitch));
            part.dedup_by_key(|note| (note.position, note.pitch));
        }
        // A meter that is none gives a cell for 4/4, which then suits nowhere or does no harm.
        let meter = Meter::new(self.meter.0, self.meter.1).unwrap_or_default();
        Cell { music, place: (meter, Ticks(self.at)), asked: self.asked }
    }
}

/// A [`Keepsake`] between the composing thread and whoever saves and loads projects.
///
/// Never for the audio thread. A state that is restored while the band plays is heard from the
/// next beat that is asked for.
#[derive(Debug, Default)]
pub struct Memory {
    keepsake: Mutex<Keepsake>,
    /// Restored, and not taken over by the composing thread yet.
    restored: AtomicBool,
}

impl Memory {
    /// What a project saves now.
    pub fn save(&self) -> Keepsake {
        self.keepsake.lock().clone()
    }

    /// Brings back what a project saved; beats that are asked for after this follow it.
    pub fn restore(&self, keepsake: Keepsake) {
        let mut current = self.keepsake.lock();
        *current = keepsake;
        self.restored.store(true, Ordering::Release);
    }

    /// What was restored since the last call.
    pub(crate) fn take_restored(&self) -> Option<Keepsake> {
        if !self.restored.load(Ordering::Acquire) {
            return None;
        }
        let current = self.keepsake.lock();
        self.restored.store(false, Ordering::Release);
        Some(current.clone())
    }

    /// Shows what the composing thread remembers, unless a restored memory waits for it.
    pub(crate) fn show(&self, keepsake: Keepsake) {
        let mut current = self.keepsake.lock();
        if !self.restored.load(Ordering::Acquire) {
            *current = keepsake;
        }
    }
}
