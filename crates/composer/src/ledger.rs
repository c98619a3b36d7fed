//! The beats that have been composed, by song position and pass, and the beats as they were heard.

use std::collections::{BTreeMap, VecDeque};

use player::{BeatRequest, Epoch, Left, RequestKind};
use score::answer::{LeadTurn, lead_turn};
use score::grid::{BeatFrame, CELLS_PER_BEAT, GridNote, HistoryBeat, TICKS_PER_CELL, key_shift};
use score::hash::Fnv1a;
use score::{Chord, Controls, Form, GridBeat, Meter, Part, PartControls, Pitch, Ticks};

use crate::held::{Held, MAX_DURATION};
use crate::takes::{LockedBeat, MAX_LOCKED, Takes};

/// Most beats of history that a generator is given: more than any model's window.
pub const HISTORY_BEATS: usize = 288;

/// History is cut to this when it has grown to [`HISTORY_BEATS`], so that the oldest beat stays
/// the same for a while and caches of it stay good.
const HISTORY_BEATS_KEPT: usize = 224;

/// Places that are remembered for loops and phrases: 512 bars of 4/4.
const MAX_PLACES: usize = 2048;

/// Passes that are remembered of each place.
const MAX_PASSES: usize = 4;

/// Bars that `hold` keeps where no phrase length is set.
const HELD_BARS: u8 = 4;

/// Most beats of a held phrase: eight bars of 4/1, or one of the longest meter that there is.
pub(crate) const MAX_HELD_BEATS: i64 = 128;

/// Earlier takes that a cell keeps of each part.
pub(crate) const MAX_SHELVED: usize = 8;

/// A take of a part that is not heard at present.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shelved {
    pub(crate) part: Part,
    pub(crate) take: u32,
    pub(crate) notes: Vec<GridNote>,
}

/// One composed beat.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// What starts in it.
    pub(crate) music: GridBeat,
    /// The meter and the place in the bar that it was composed for.
    pub(crate) place: (Meter, Ticks),
    /// What the controls asked for, see [`asked`].
    pub(crate) asked: u64,
    /// Other takes of its parts, oldest first.
    pub(crate) shelf: Vec<Shelved>,
    /// The renewal of its phrase that it was composed for, 0 for none.
    pub(crate) renewal: u32,
    /// What its lead answers, see [`Ledger::call`].
    pub(crate) call: u64,
}

impl Cell {
    pub(crate) fn new(request: &BeatRequest, music: GridBeat, renewal: u32) -> Self {
        let asked = asked(&request.controls);
        Self { music, place: place(request), asked, shelf: Vec::new(), renewal, call: 0 }
    }

    /// Puts the take of a part that is heard on the shelf, and takes the other one from there;
    /// `false` when it is not there and is to be composed.
    pub(crate) fn turn_to(&mut self, part: Part, take: u32) -> bool {
        let idx = part.index();
        let notes = self.music.parts[idx].clone();
        let heard = Shelved { part, take: self.music.takes[idx], notes };
        let other = self.shelf.iter().position(|s| s.part == part && s.take == take);
        let other = other.map(|place| self.shelf.remove(place));
        self.shelf.push(heard);
        if self.shelf.iter().filter(|shelved| shelved.part == part).count() > MAX_SHELVED
            && let Some(oldest) = self.shelf.iter().position(|shelved| shelved.part == part)
        {
            self.shelf.remove(oldest);
        }
        self.music.takes[idx] = take;
        let is_there = other.is_some();
        if let Some(other) = other {
            self.music.parts[idx] = other.notes;
        }
        is_there
    }

    /// Whether the cell was composed for such a place of such a bar.
    pub(crate) fn fits(&self, request: &BeatRequest) -> bool {
        self.place == place(request)
    }

    /// Whether the cell is what these controls ask for at such a place of the bar.
    fn suits(&self, request: &BeatRequest) -> bool {
        self.fits(request) && (request.form.hold || self.asked == asked(&request.controls))
    }
}

/// The meter and the place in the bar that a beat is asked for.
pub(crate) fn place(request: &BeatRequest) -> (Meter, Ticks) {
    (request.frame.meter, request.frame.offset_in_bar())
}

/// One number for all controls but those that act on composed notes alone (key, swing and
/// humanize): equal exactly when the controls are, for all that can be told.
fn asked(controls: &Controls) -> u64 {
    let Controls {
        blend,
        strength,
        parts,
        harmony_own,
        harmony_blend,
        key: _,
        scale,
        adventure,
        swing: _,
        humanize: _,
        ending,
        follow: _,
        answer,
        seed,
    } = controls;
    let mut hash = Fnv1a::default();
    let mut add = |bits: u32| hash.bytes(&bits.to_le_bytes());
    // Adding zero makes one of both zeros.
    let number = |value: f32| (value + 0.0).to_bits();
    blend.weights().iter().chain(harmony_blend.weights()).for_each(|w| add(number(*w)));
    for PartControls { on, density, register, own, blend } in parts {
        add(u32::from(*on));
        [density, register, own].into_iter().for_each(|value| add(number(*value)));
        blend.weights().iter().for_each(|w| add(number(*w)));
    }
    [strength, harmony_own, adventure].into_iter().for_each(|value| add(number(*value)));
    add(*scale as u32);
    add(*seed);
    if *ending {
        add(1);
    }
    // On the grid, since a cell in another key is the same cell.
    if let Some(given) = score::grid::followed(controls) {
        add(given.packed());
    }
    if let Some(n_bars) = answer {
        add(0x100 | u32::from(*n_bars));
    }
    hash.finish()
}

/// What was composed since the last start or jump, and the phrase that is held.
///
/// # Hold
/// A request *k* with `hold` finds the held phrase, or makes it:
/// - The *run* is the longest series of beats without a gap, of requests since the last fresh one,
///   that ends with the last request before *k* (requests of passes that were given up do not
///   count).
/// - The phrase is `phrase` bars long (4 when it is off) in the meter of *k*: twice, four or eight
///   times as many where that is no whole number of beats, half as many again and again while it
///   is longer than [`MAX_HELD_BEATS`].
/// - If the run ends right before *k* and is at least that long, its last beats become the phrase.
/// - If *k* lies inside the run, the song went back without a start (a loop came round), and the
///   run from *k* to its end becomes the phrase.
///
/// Once there is a phrase, beat *k* plays cell (*k* − first) mod length if that was composed for
/// the meter and the place in the bar of *k*, whatever the controls are; key, swing, humanize and
/// the parts' switches still act on its notes. Where it does not fit, and before there is a
/// phrase, music goes on as without `hold`, but nothing evolves, and what a loop or a form of
/// phrases repeats it repeats whatever the controls are. A part that is regenerated takes its new
/// take into the held cell the next time that the cell plays. A phrase that primed beats made is
/// forgotten when they are primed again before they were heard. The phrase outlives stops, starts,
/// jumps and loops, and is forgotten when a request arrives without `hold`.
///
/// # Form
/// In a later pass of a loop (`pass` > 0) a beat that has cells plays the newest that suits meter,
/// place in the bar and controls. Otherwise, with `phrase` on, it plays what the same beat of an
/// earlier phrase of the group of four played, see [`phrase_sources`]. A share `evolve` of the beats
/// is composed anew instead, and all of them while an ending is asked for.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    cells: BTreeMap<i64, Vec<Cell>>,
    /// The last cells in the order of their requests, for `hold`.
    run: VecDeque<(Heard, i64, Cell)>,
    held: Option<Held>,
    /// The stretch whose primed beats made the held phrase, until it is known to have been heard.
    unheard: Option<Epoch>,
    history: Vec<HistoryBeat>,
    /// Where each beat of the history was heard.
    history_passes: Vec<Heard>,
}

/// The pass of the loop and the stretch that a beat belongs to, where in the song it lies, and
/// semitones from the grid's key to that in which it is heard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pass: u32,
    epoch: Epoch,
    beat: i64,
    key_shift: i32,
}

impl Heard {
    pub(crate) fn new(request: &BeatRequest) -> Self {
        let BeatRequest { pass, epoch, frame, controls, .. } = request;
        Self { pass: *pass, epoch: *epoch, beat: frame.beat, key_shift: key_shift(controls) }
    }

    /// Whether the pass was announced and given up before `request`, and so not heard; another
    /// may have taken its place.
    pub(crate) fn is_given_up(&self, request: &BeatRequest) -> bool {
        self.pass >= request.pass && self.epoch != request.epoch
    }
}

impl Ledger {
    /// Forgets all but the held phrase: what is composed next depends on nothing before it.
    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.run.clear();
        self.clear_history();
    }

    /// Forgets what loops and phrases would repeat.
    pub(crate) fn forget_cells(&mut self) {
        self.cells.clear();
    }

    pub(crate) fn clear_history(&mut self) {
        self.history.clear();
        self.history_passes.clear();
    }

    /// The beats heard before `request`'s, as if they lay right before it in the song.
    pub(crate) fn history_before(&mut self, request: &BeatRequest) -> &[HistoryBeat] {
        self.align_history(request);
        &self.history
    }

    /// Forgets passes that were given up, and moves the history to lie right before `request`.
    fn align_history(&mut self, request: &BeatRequest) {
        while self.history_passes.last().is_some_and(|heard| heard.is_given_up(request)) {
            self.history_passes.pop();
            self.history.pop();
        }
        while self.run.back().is_some_and(|(heard, ..)| heard.is_given_up(request)) {
            self.run.pop_back();
        }
        if let Some(last) = self.history.last() {
            let shift = request.frame.beat - (last.frame.beat + 1);
            if shift != 0 {
                for beat in &mut self.history {
                    shift_frame(&mut beat.frame, shift);
                }
            }
        }
    }

    /// Takes what was played into the band for the lead of the beats in which it was.
    pub(crate) fn hear(&mut self, request: &BeatRequest) {
        self.align_history(request);
        for note in request.played.iter() {
            let cell = (note.onset.0 + TICKS_PER_CELL / 2).div_euclid(TICKS_PER_CELL);
            let beat = cell.div_euclid(CELLS_PER_BEAT);
            let is_there = |heard: &Heard| heard.epoch == note.epoch && heard.beat == beat;
            let Some(place) = self.history_passes.iter().rposition(is_there) else { continue };
            let music = &mut self.history[place].music;
            let lead = &mut music.parts[Part::Lead.index()];
            if !music.lead_is_played {
                music.lead_is_played = true;
                music.forms[1 + Part::Lead.index()] = Some(Form::New);
                lead.clear();
            }
            let shift = self.history_passes[place].key_shift;
            let note = GridNote {
                position: cell.rem_euclid(CELLS_PER_BEAT) as u8,
                pitch: Pitch::clamped(i32::from(note.pitch.number()) - shift).number(),
                duration: (note.duration.0 / TICKS_PER_CELL).clamp(1, MAX_DURATION) as u16,
                velocity: note.velocity,
                micro: 0,
            };
            // Of a chord the highest note is the tune.
            match lead.binary_search_by_key(&note.position, |note| note.position) {
                Ok(same) if lead[same].pitch <= note.pitch => lead[same] = note,
                Ok(_) => {}
                Err(at) => lead.insert(at, note),
            }
        }
    }

    /// What the lead of a beat answers, in one number; 0 where it does not.
    ///
    /// Two beats at one place with the same number and equal controls ask the lead for the same.
    pub(crate) fn call(&mut self, request: &BeatRequest) -> u64 {
        let Some(n_bars) = request.controls.answer else { return 0 };
        let mut hash = Fnv1a::default();
        let mut add = |chord: Option<Chord>, notes: &[GridNote]| {
            hash.bytes(&(Chord::index(chord) as u32 | 0x100).to_le_bytes());
            notes.iter().for_each(|note| hash.bytes(&[note.position, note.pitch, 0, 1]));
        };
        match lead_turn(self.history_before(request), &request.frame, n_bars) {
            LeadTurn::Listens => return 0,
            LeadTurn::TakesUp(call) => add(call.chord, call.notes),
            LeadTurn::GoesOn(phrase) => {
                for HistoryBeat { music, .. } in phrase {
                    let is_played = music.lead_is_played;
                    let lead = &music.parts[Part::Lead.index()];
                    add(music.chord, if is_played { lead } else { &[] });
                }
            }
        }
        hash.finish()
    }

    /// The held phrase, if it is known to have been heard.
    pub(crate) fn held(&self) -> Option<&Held> {
        self.held.as_ref().filter(|_| self.unheard.is_none())
    }

    /// Holds another phrase, or none.
    pub(crate) fn set_held(&mut self, held: Option<Held>) {
        self.held = held;
        self.unheard = None;
    }

    /// Forgets a phrase that was made of primed beats, unless they were heard before the music was
    /// left; `true` when there was one.
    pub(crate) fn leave(&mut self, left: Option<Left>) -> bool {
        let Some(epoch) = self.unheard.take() else { return false };
        if left.is_none_or(|left| left.epoch < epoch) {
            self.held = None;
        }
        true
    }

    /// Makes or forgets the held phrase as the request's form says; `true` when [`Self::held`]
    /// changed.
    pub(crate) fn follow_hold(&mut self, request: &BeatRequest) -> bool {
        // The stretch is playing when it asks for beats on the way.
        let is_heard = request.kind == RequestKind::Commit;
        let is_known = is_heard && self.unheard.take().is_some();
        if !request.form.hold {
            self.unheard = None;
            return self.held.take().is_some();
        }
        if self.held.is_some() {
            return is_known;
        }
        self.align_history(request);
        self.held = self.phrase_heard_before(request);
        self.unheard = (self.held.is_some() && !is_heard).then_some(request.epoch);
        self.held().is_some()
    }

    fn phrase_heard_before(&self, request: &BeatRequest) -> Option<Held> {
        let beat = request.frame.beat;
        let (_, last, _) = self.run.back()?;
        let n_bars = match request.form.phrase_bars {
            0 => HELD_BARS,
            n => n,
        };
        let n_beats = if *last == beat - 1 {
            whole_phrase(request.frame.meter, n_bars).1
        } else {
            last.checked_sub(beat)?.checked_add(1)?
        };
        let n_beats = usize::try_from(n_beats).ok().filter(|n| *n > 0)?;
        let start = self.run.len().checked_sub(n_beats)?;
        let cells: Vec<_> = self.run.range(start..).collect();
        let without_gap = cells.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1);
        let first = cells.first()?.1;
        without_gap
            .then(|| Held::new(first, cells.into_iter().map(|(.., cell)| cell.clone()).collect()))?
    }

    /// Which renewal of its phrase a beat is to be of.
    pub(crate) fn renewal(&self, request: &BeatRequest, takes: &Takes) -> u32 {
        let held = self.held.as_ref().filter(|held| request.form.hold && held.fits(request));
        held.map_or_else(|| takes.renewal(request.frame.beat), Held::renewal)
    }

    /// Composes the held phrase anew from now on; `false` when there is none.
    pub(crate) fn renew_phrase(&mut self) -> bool {
        self.held.as_mut().map(Held::renew_phrase).is_some()
    }

    /// What a part plays at the beats that are known, for a lock to keep.
    pub(crate) fn part(&self, part: Part) -> BTreeMap<i64, LockedBeat> {
        let newest = self.cells.iter().rev().filter_map(|(beat, passes)| {
            let Cell { music, place, .. } = passes.last()?;
            let notes = music.parts[part.index()].clone();
            let take = music.takes[part.index()];
            Some((*beat, LockedBeat { place: *place, chord: music.chord, take, notes }))
        });
        newest.take(MAX_LOCKED).collect()
    }

    /// An existing cell that the request's form says to use again, rather one whose lead answers
    /// the same, see [`Self::call`].
    pub(crate) fn reusable(&self, request: &BeatRequest, renewal: u32, call: u64) -> Option<Cell> {
        let form = &request.form;
        if form.hold
            && let Some(held) = self.held.as_ref().filter(|held| held.fits(request))
        {
            return held.cell(request).filter(|cell| cell.renewal == renewal).cloned();
        }
        // An ending goes from bar to bar and never back.
        if !form.hold && (request.controls.ending || share(request, 0x6576) < form.evolve) {
            return None;
        }
        let newest_suiting = |beat: i64| {
            let passes = self.cells.get(&beat)?;
            let suits = |cell: &&Cell| cell.renewal == renewal && cell.suits(request);
            let mut newest = passes.iter().rev().filter(suits);
            let answering = newest.clone().find(|cell| cell.call == call);
            answering.or_else(|| newest.next()).cloned()
        };
        let beat = request.frame.beat;
        if request.pass > 0 && self.cells.contains_key(&beat) {
            return newest_suiting(beat);
        }
        phrase_sources(request).find_map(newest_suiting)
    }

    /// Takes a regenerated part over into the held phrase; `true` when it changed.
    pub(crate) fn renew_held(&mut self, request: &BeatRequest, played: &Cell) -> bool {
        self.held.as_mut().is_some_and(|held| held.renew(request, played))
    }

    /// Writes down a cell that was committed, and that it is heard next.
    pub(crate) fn record(&mut self, request: &BeatRequest, cell: Cell) {
        self.align_history(request);
        if self.history.len() >= HISTORY_BEATS {
            let n_old = self.history.len() - HISTORY_BEATS_KEPT;
            self.history.drain(..n_old);
            self.history_passes.drain(..n_old);
        }
        self.history.push(HistoryBeat { frame: request.frame, music: cell.music.clone() });
        self.history_passes.push(Heard::new(request));
        if self.run.len() >= MAX_HELD_BEATS as usize {
            self.run.pop_front();
        }
        self.run.push_back((Heard::new(request), request.frame.beat, cell.clone()));
        let passes = self.cells.entry(request.frame.beat).or_default();
        if passes.len() >= MAX_PASSES {
            // The first pass is kept: it is what a listener comes home to.
            passes.remove(1);
        }
        passes.push(cell);
        while self.cells.len() > MAX_PLACES {
            let (first, last) = (self.cells.keys().next(), self.cells.keys().next_back());
            let (Some(&first), Some(&last)) = (first, last) else { break };
            let beat = request.frame.beat;
            let farthest = if beat - first >= last - beat { first } else { last };
            self.cells.remove(&farthest);
        }
    }
}

/// Moves a frame by whole beats, its bar with it.
fn shift_frame(frame: &mut BeatFrame, beats: i64) {
    let bar_ticks = frame.meter.bar_ticks().0.max(1);
    let ticks = Ticks::from_beat(beats);
    frame.beat += beats;
    frame.bar_start = frame.bar_start + ticks;
    frame.bar_number += (ticks.0 as f64 / bar_ticks as f64).round() as i64;
}

/// The number of bars and of beats of a phrase of about `n_bars` bars: as many more bars as make
/// whole beats, and as many fewer as [`MAX_HELD_BEATS`] has room for.
pub(crate) fn whole_phrase(meter: Meter, n_bars: u8) -> (i64, i64) {
    let beat = Ticks::from_beat(1).0;
    let ticks = |n_bars: i64| meter.bar_ticks().0 * n_bars;
    // Eight bars of any meter are whole beats, since none has a denominator above 32.
    let mut n_bars = i64::from(n_bars).clamp(1, 8);
    while ticks(n_bars) % beat != 0 {
        n_bars *= 2;
    }
    while ticks(n_bars) > MAX_HELD_BEATS * beat && n_bars % 2 == 0 {
        n_bars /= 2;
    }
    (n_bars, ticks(n_bars) / beat)
}

/// The beats that the form of phrases says to repeat, the first that is known: A A' A A'', then a
/// new A.
///
/// A' and A'' differ from A in their last bar, or in the second half of a single one. All three
/// repeat A; where it was not heard, as after a start in the middle, the earliest that was.
pub(crate) fn phrase_sources(request: &BeatRequest) -> impl Iterator<Item = i64> {
    let BeatFrame { beat, bar_number, meter, .. } = request.frame;
    let (n_bars, phrase_beats) = whole_phrase(meter, request.form.phrase_bars);
    let phrase = bar_number.div_euclid(n_bars).rem_euclid(4);
    let bar_in_phrase = bar_number.rem_euclid(n_bars);
    let in_second_half = request.frame.offset_in_bar().0 * 2 >= meter.bar_ticks().0;
    let at_the_end = bar_in_phrase == n_bars - 1 && (n_bars > 1 || in_second_half);
    let varies = phrase % 2 == 1 && at_the_end;
    let repeats = request.form.phrase_bars > 0 && !varies;
    let n_before = if repeats { phrase } else { 0 };
    (0..n_before).map(move |earlier| beat - (phrase - earlier) * phrase_beats)
}

/// A number in `[0, 1)` that depends on seed, pass and beat alone.
fn share(request: &BeatRequest, purpose: u64) -> f32 {
    let key = crate::random::key(request.controls.seed, request.pass, request.frame.beat, purpose);
    crate::random::unit(key)
}
