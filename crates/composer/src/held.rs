//! The phrase that `hold` keeps, and what of the composer's memory a project saves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use player::{BeatRequest, MAX_NOTES_PER_BEAT};
use score::grid::{CELLS_PER_BEAT, GridNote, MAX_MICRO};
use score::steps::{ENDED, N_SLOTS};
use score::{Chord, Form, GridBeat, Meter, Part, Ticks, Velocity};
use serde::{Deserialize, Serialize};

use crate::ledger::{Cell, MAX_HELD_BEATS, MAX_SHELVED, Shelved};
use crate::takes::{LockedBeat, MAX_LOCKED, MAX_RENEWED, Renewed, Take, Takes};

/// Longest duration that a saved note may have, in cells: the longest phrase.
pub(crate) const MAX_DURATION: i64 = MAX_HELD_BEATS * CELLS_PER_BEAT;

/// Cells that go round: beat `first + i` was heard with cell `i`.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    first: i64,
    cells: Vec<Cell>,
    /// Which renewal of the phrase its cells are to be of.
    renewal: u32,
}

impl Held {
    /// `None` without cells.
    pub(crate) fn new(first: i64, cells: Vec<Cell>) -> Option<Self> {
        let renewal = cells.iter().map(|cell| cell.renewal).max()?;
        // They are the phrase now, whichever phrases they came from.
        let cells = cells.into_iter().map(|cell| Cell { renewal, ..cell }).collect();
        Some(Self { first, cells, renewal })
    }

    /// Which renewal of the phrase its cells are to be of.
    pub(crate) fn renewal(&self) -> u32 {
        self.renewal
    }

    /// Has every cell composed anew the next time that it plays.
    pub(crate) fn renew_phrase(&mut self) {
        self.renewal = self.renewal.wrapping_add(1);
    }

    /// Whether there is a cell that was composed for such a place of such a bar.
    pub(crate) fn fits(&self, request: &BeatRequest) -> bool {
        self.cell(request).is_some()
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
            Some(cell)
                if cell.fits(request)
                    && (cell.music.takes != played.music.takes
                        || cell.renewal != played.renewal) =>
            {
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
    /// The take of each part that is heard, in the order of [`Part::ALL`].
    #[serde(default)]
    takes: [u32; 4],
    /// The newest take of each part; older projects have none and were at their newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    newest: Option<[u32; 4]>,
    /// Phrases that were composed anew: first beat, one past the last, number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    renewed: Vec<(i64, i64, u32)>,
    /// Locked parts by number, with what they keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    locked: Vec<(usize, Vec<SavedLock>)>,
    #[serde(default)]
    held: Option<SavedPhrase>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedPhrase {
    first: i64,
    /// [`Held::renewal`]; older projects have none.
    #[serde(default)]
    renewal: u32,
    cells: Vec<SavedCell>,
}

/// One beat of a locked part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedLock {
    beat: i64,
    /// As in [`SavedCell`]; so below.
    meter: (u32, u32),
    at: i64,
    chord: usize,
    take: u32,
    notes: Vec<[i64; 6]>,
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
    wishes: [u64; N_SLOTS],
    /// Part, position, pitch, duration in cells, velocity, micro-timing class.
    notes: Vec<[i64; 6]>,
    /// Other takes of its parts: number of the take and notes; older projects have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shelf: Vec<(usize, u32, Vec<[i64; 6]>)>,
    /// [`Cell::renewal`].
    #[serde(default)]
    renewal: u32,
}

impl Keepsake {
    pub(crate) fn new(takes: &Takes, held: Option<&Held>) -> Self {
        let held = held.map(|held| SavedPhrase {
            first: held.first,
            renewal: held.renewal,
            cells: held.cells.iter().map(SavedCell::new).collect(),
        });
        let is_stepped = takes.newest != takes.current;
        let renewed = takes.renewed.iter().map(|r| (r.first, r.end, r.number)).collect();
        let locked = takes.locked.iter().enumerate();
        let locked =
            locked.filter_map(|(idx, beats)| Some((idx, saved_lock(idx, beats.as_ref()?))));
        Self {
            takes: takes.current,
            newest: is_stepped.then_some(takes.newest),
            renewed,
            locked: locked.collect(),
            held,
        }
    }

    /// What commands had asked for, with every number brought into range.
    pub(crate) fn takes(&self) -> Takes {
        let newest = self.newest.unwrap_or(self.takes);
        let mut takes = Takes { current: self.takes, newest, ..Takes::default() };
        for (newest, current) in takes.newest.iter_mut().zip(self.takes) {
            *newest = current.max(*newest);
        }
        let renewed = self.renewed.iter().take(MAX_RENEWED);
        takes.renewed = renewed
            .map(|(first, end, number)| Renewed { first: *first, end: *end, number: *number })
            .collect();
        takes.n_renewed = takes.renewed.iter().map(|phrase| phrase.number).max().unwrap_or(0);
        for (idx, beats) in &self.locked {
            if let Some(locked) = takes.locked.get_mut(*idx) {
                *locked = Some(beats.iter().take(MAX_LOCKED).map(SavedLock::restored).collect());
            }
        }
        takes
    }

    /// Which take of each part is heard, in the order of [`Part::ALL`].
    pub fn parts(&self) -> [Take; 4] {
        let newest = self.newest.unwrap_or(self.takes);
        Part::ALL.map(|part| {
            let idx = part.index();
            let current = self.takes[idx];
            let locked = self.locked.iter().any(|(locked, _)| *locked == idx);
            Take { current, newest: newest[idx].max(current), locked }
        })
    }

    /// Whether a phrase is held.
    pub fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// The phrase, with every number brought into range.
    pub(crate) fn held(&self) -> Option<Held> {
        let saved = self.held.as_ref()?;
        let cells = saved.cells.iter().take(MAX_HELD_BEATS as usize);
        let cells: Vec<Cell> = cells.map(SavedCell::restored).collect();
        // Of those that have not played since the phrase was to be composed anew, the old ones.
        (!cells.is_empty()).then_some(Held { first: saved.first, cells, renewal: saved.renewal })
    }
}

impl SavedCell {
    fn new(cell: &Cell) -> Self {
        let (meter, offset) = cell.place;
        let notes = Part::ALL
            .into_iter()
            .flat_map(|part| saved_notes(part.index(), &cell.music.parts[part.index()]));
        let shelf = cell.shelf.iter().map(|Shelved { part, take, notes }| {
            (part.index(), *take, saved_notes(part.index(), notes).collect())
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
            shelf: shelf.collect(),
            renewal: cell.renewal,
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
        music.parts = restored_notes(&self.notes);
        let shelved = self.shelf.iter().take(4 * MAX_SHELVED);
        let shelf = shelved.filter_map(|(part, take, notes)| {
            let part = *Part::ALL.get(*part)?;
            let notes = std::mem::take(&mut restored_notes(notes)[part.index()]);
            Some(Shelved { part, take: *take, notes })
        });
        let place = (saved_meter(self.meter), Ticks(self.at));
        let (shelf, renewal) = (shelf.collect(), self.renewal);
        Cell { music, place, asked: self.asked, shelf, renewal, call: 0 }
    }
}

impl SavedLock {
    fn restored(&self) -> (i64, LockedBeat) {
        let notes = restored_notes(&self.notes).into_iter().flatten().collect();
        let place = (saved_meter(self.meter), Ticks(self.at));
        let chord = Chord::from_index(self.chord);
        (self.beat, LockedBeat { place, chord, take: self.take, notes })
    }
}

fn saved_lock(part: usize, beats: &BTreeMap<i64, LockedBeat>) -> Vec<SavedLock> {
    let saved = |(beat, locked): (&i64, &LockedBeat)| {
        let (meter, offset) = locked.place;
        SavedLock {
            beat: *beat,
            meter: (meter.numerator().into(), meter.denominator().into()),
            at: offset.0,
            chord: Chord::index(locked.chord),
            take: locked.take,
            notes: saved_notes(part, &locked.notes).collect(),
        }
    };
    beats.iter().map(saved).collect()
}

/// A meter that is none is 4/4, which then suits nowhere or does no harm.
fn saved_meter((numerator, denominator): (u32, u32)) -> Meter {
    Meter::new(numerator, denominator).unwrap_or_default()
}

/// Notes as a project has them: part, position, pitch, duration, velocity, micro-timing class.
fn saved_notes(part: usize, notes: &[GridNote]) -> impl Iterator<Item = [i64; 6]> {
    notes.iter().map(move |note| {
        let GridNote { position, pitch, duration, velocity, micro } = *note;
        [
            part as i64,
            position.into(),
            pitch.into(),
            duration.into(),
            velocity.number().into(),
            micro.into(),
        ]
    })
}

/// The notes of each part, with every number brought into range.
fn restored_notes(saved: &[[i64; 6]]) -> [Vec<GridNote>; 4] {
    let mut parts: [Vec<GridNote>; 4] = Default::default();
    for &[part, position, pitch, duration, velocity, micro] in saved.iter().take(MAX_NOTES_PER_BEAT)
    {
        let part = usize::try_from(part).ok().and_then(|part| parts.get_mut(part));
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
    for part in &mut parts {
        part.sort_by_key(|note| (note.position, note.pitch));
        part.dedup_by_key(|note| (note.position, note.pitch));
    }
    parts
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

    /// Which take of each part is heard, in the order of [`Part::ALL`].
    pub fn parts(&self) -> [Take; 4] {
        self.keepsake.lock().parts()
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
