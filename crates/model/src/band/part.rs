//! Composes one part of a beat, and again where it would go on copying a training song.

use score::grid::CELLS_PER_BEAT;
use score::steps::{self, BeatEncoder, Conditions};
use score::{
    BeatFrame, Controls, Form, Genre, GridBeat, GridNote, HistoryBeat, Part, TICKS_PER_QUARTER,
    Ticks,
};

use super::{Given, Trunk, Turn};
use crate::answer::{self, Moved, Role};
use crate::grammar::MAX_NOTES;
use crate::originality::{Filters, Watches};
use crate::pull::Pull;
use crate::sampler::{RandomKey, Sampler};
use crate::steadiness::Lean;
use crate::style::Style;

/// Least likelihood, against the likeliest class, of what guidance may lift; set by eye over
/// pure genres. Larger ones make the band repeat itself; smaller ones let guidance fill rock and
/// electronic with percussion that no drummer would combine.
const PLAUSIBLE_POSITION: f32 = 0.004;
const PLAUSIBLE_SOUND: f32 = 0.015;

/// Times that a part's beat is drawn again freely before what is copied is forbidden.
const FREE_REDRAWS: u32 = 3;

/// Distance of the random keys' slots from one attempt to the next; chords, parts, forms and what a
/// song leans on have those below.
const ATTEMPT_KEYS: u32 = 32;

/// What all parts of a beat are composed under.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub history: &'a [HistoryBeat],
    pub frame: &'a BeatFrame,
    pub controls: &'a Controls,
    pub pass: u32,
    pub given: &'a Given<'a>,
    pub conditions: Conditions,
    pub waking: [bool; 4],
    /// The part that begins if no part before it has, where nothing has been heard yet.
    pub opener: Option<Part>,
    /// What the lead is bound to.
    pub role: Role<'a>,
}

/// What a part's notes in a beat are drawn under.
#[derive(Clone, Copy)]
struct Task<'a> {
    part: Part,
    form: Option<Form>,
    /// Whether the beat may not end before its first note.
    must_play: bool,
    /// What density and register ask for.
    pull: Pull,
    /// What velocities and timing lean on.
    leans: [Lean; 2],
    /// What of a call is taken up.
    call: Option<Moved<'a>>,
}

/// What comes next in a part's beat.
enum Next {
    Note(GridNote),
    End,
    /// A note that would make a copied run too long.
    Copied,
}

/// The guard over a part's beat.
#[derive(Clone, Copy)]
struct Guard<'a> {
    /// The line up to here.
    watches: Watches<'a>,
    beat: i64,
    /// Whether what would be one note too many cannot be drawn, instead of ending the attempt.
    is_forbidden: bool,
}

impl Guard<'_> {
    /// Whether a note would be one too many.
    fn catches(&self, pos: usize, sym: usize) -> bool {
        let mut watches = self.watches;
        let cell = self.beat * CELLS_PER_BEAT + pos as i64;
        watches.push(cell, steps::symbol_pitch(sym as u16))
    }

    /// Goes on with notes; whether any of them is one too many.
    fn push(&mut self, notes: &[GridNote]) -> bool {
        self.watches.push_all(self.beat, notes)
    }
}

impl<'a, T: Trunk> Turn<'a, T> {
    /// The part's notes in `beat`, whose chord is known.
    ///
    /// What would make a copied run longer than [`crate::originality::LIMIT`] notes is taken back
    /// and drawn again with other random numbers, no longer as a repetition. After
    /// [`FREE_REDRAWS`] of these each note that would do so is replaced by another pitch at its
    /// place, or by a rest where every pitch would. What is given stays as it is.
    pub(super) fn part(&mut self, scene: &Scene, part: Part, beat: &mut GridBeat) {
        let slot = 1 + part.index();
        let is_free = part != Part::Drums && scene.given.parts[part.index()].is_none();
        let filters = if is_free { self.filters(scene.controls, part) } else { Filters::default() };
        let watches = Watches::after(filters, scene.history, part);
        let n_steps = self.context.len();
        for attempt in 0.. {
            let is_forbidden = attempt > FREE_REDRAWS;
            let guard = Guard { watches, beat: scene.frame.beat, is_forbidden };
            if self.attempt(scene, part, beat, attempt, guard) {
                break;
            }
            self.context.truncate(n_steps);
            self.trunk.truncate(n_steps);
            let form = &mut beat.forms[slot];
            if form.and_then(Form::bars_back).is_some() {
                *form = Some(Form::Varied);
            }
            self.redraws.beats += u32::from(attempt == 0);
            self.redraws.forced += u32::from(attempt == FREE_REDRAWS);
        }
    }

    /// What the part may not copy: the network's training songs, and those of the styles that its
    /// blend has.
    fn filters(&self, controls: &Controls, part: Part) -> Filters<'a> {
        let mut filters = Filters::default();
        if self.is_guarded {
            filters[0] = self.guard;
            let styles = self.styles;
            let shares = styles.shares(&controls.part_blend(part));
            for (knob, filter) in filters[1..].iter_mut().enumerate() {
                let is_heard = shares[Genre::COUNT + knob] > 0.0;
                *filter = styles.get(knob).filter(|_| is_heard).and_then(Style::filter);
            }
        }
        filters
    }

    /// Composes the part; `false` if it was given up for being copied.
    fn attempt(
        &mut self,
        scene: &Scene,
        part: Part,
        beat: &mut GridBeat,
        attempt: u32,
        mut guard: Guard,
    ) -> bool {
        let Scene { history, frame, controls, pass, given, conditions, waking, opener, role } =
            *scene;
        let (idx, chord) = (part.index(), beat.chord);
        if controls.follow.is_some() && part != Part::Drums {
            // Pitches of a bar under another chord are none to repeat.
            let form = &mut beat.forms[1 + idx];
            if repeated_beat(history, frame, *form).is_some_and(|beat| beat.chord != chord) {
                *form = Some(Form::Varied);
            }
        }
        let form = beat.forms[1 + idx];
        let opens = opener == Some(part) && beat.parts[..idx].iter().all(Vec::is_empty);
        let wakes = opens || waking[idx] && form.and_then(Form::bars_back).is_none();
        // What was silent before is no reference for a part that shall play.
        let hide_references = conditions.hide_references || wakes;
        let conditions = Conditions { hide_references, forms: beat.forms, ..conditions };
        let encoder = BeatEncoder::new(history, *frame, conditions);
        self.append(&encoder.start_step(part, chord));
        let notes = &mut beat.parts[idx];
        notes.clear();
        let reprised = reprise(history, frame, form).map(|beat| beat.parts[idx].as_slice());
        let reprised = reprised.filter(|notes| self.grammar.allows_all(part, notes));
        if let Some(known) = given.parts[idx].or(reprised) {
            if guard.push(known) {
                return false;
            }
            notes.extend_from_slice(known);
            for note in notes.iter().take(MAX_NOTES[idx]) {
                self.append(&encoder.note_step(part, chord, note));
            }
            return true;
        }
        if form == Some(Form::Rest) {
            return true;
        }
        let slot = 1 + idx as u32 + ATTEMPT_KEYS * attempt;
        let key = RandomKey { seed: controls.seed, pass, beat: frame.beat, slot };
        let adventure = self.styles.adventure(controls.adventure, &controls.part_blend(part));
        let mut sampler = Sampler::new(adventure, key);
        let starts_bar = frame.offset_in_bar() == Ticks(0);
        let call = Moved::of(role, chord).filter(|_| part == Part::Lead);
        let must_play = wakes && starts_bar && call.is_none() || self.grammar.strikes(part);
        let leans = self
            .steadiness
            .map_or_else(Default::default, |of| of.leans(controls, self.styles, part));
        let pull = Pull::of(part, controls);
        let task = Task { part, form, must_play, pull, leans, call };
        loop {
            match self.note(&task, notes, &mut sampler, &guard) {
                Next::Note(note) => {
                    guard.push(&[note]);
                    self.append(&encoder.note_step(part, chord, &note));
                    notes.push(note);
                }
                Next::End => return true,
                Next::Copied => return false,
            }
        }
    }

    /// What comes next in a part's beat after its `notes`.
    ///
    /// In a bar that repeats another, places and pitches are that bar's, as they were wherever the
    /// network learnt of such bars. Lengths and dynamics are drawn.
    fn note(
        &mut self,
        task: &Task,
        notes: &[GridNote],
        sampler: &mut Sampler,
        guard: &Guard,
    ) -> Next {
        let Task { part, form, must_play, pull, leans, call } = *task;
        let slot = 1 + part.index();
        let repeated = self.repeated(form);
        let (trunk, plan) = (&mut self.trunk, self.plan);
        let (logits, plain) = (&mut *self.logits, &mut *self.plain);
        plan.mix(slot, trunk.pos(), logits, plain);
        let last = notes.last().map(|note| note.position);
        pull.positions(last, logits);
        pull.positions(last, plain);
        let mut positions = self.grammar.positions(part, notes.last(), notes.len());
        positions[usize::from(steps::END)] &= !(must_play && notes.is_empty());
        // A note of the call that a rule of the part leaves no place for ends the beat.
        let called = call.map(|call| call.note(notes.len()));
        if let Some(called) = called {
            let place = called.map_or(usize::from(steps::END), |(place, _)| place);
            if !keep_only(&mut positions, place) {
                return Next::End;
            }
        }
        let pos_again = repeated.is_some_and(|(pos, _)| keep_only(&mut positions, pos));
        let pos = sampler.draw_plausible(logits, plain, &positions, PLAUSIBLE_POSITION);
        if pos == usize::from(steps::END) {
            return Next::End;
        }
        plan.mix(slot, trunk.sym(pos), logits, plain);
        pull.symbols(logits);
        pull.symbols(plain);
        let mut symbols = self.grammar.symbols(part, pos, notes.last());
        if let Some((_, symbol)) = repeated.filter(|_| pos_again) {
            keep_only(&mut symbols, symbol);
        }
        if let Some((_, pitch)) = called.flatten() {
            answer::keep_near(&mut symbols, pitch);
        }
        let sym = loop {
            let sym = sampler.draw_plausible(logits, plain, &symbols, PLAUSIBLE_SOUND);
            if !guard.catches(pos, sym) {
                break sym;
            }
            symbols[sym] = false;
            if !guard.is_forbidden {
                return Next::Copied;
            }
            if !symbols.contains(&true) {
                return Next::End;
            }
        };
        let (dur, expression_dur) = if part == Part::Drums {
            (usize::from(steps::DRUM_DURATION), steps::N_DURATIONS)
        } else {
            plan.mix(slot, trunk.dur(pos, sym), logits, plain);
            let dur =
                sampler.draw_plausible(logits, plain, &self.grammar.durations(), PLAUSIBLE_SOUND);
            (dur, dur)
        };
        let expression = trunk.expression(pos, sym, expression_dur);
        plan.mix(slot, expression, logits, plain);
        // Guidance would only make dynamics and timing extreme.
        let (vel, micro) = plain.split_at(steps::N_VELOCITIES);
        let vel = sampler.draw_steadily(vel, leans[0]);
        let micro = sampler.draw_steadily(micro, leans[1]);
        Next::Note(GridNote {
            position: pos as u8,
            pitch: steps::symbol_pitch(sym as u16),
            duration: steps::DURATIONS[dur],
            velocity: steps::class_velocity(vel as u16),
            micro: micro as i8 - score::grid::MAX_MICRO,
        })
    }
}

/// The beat that a repetition from further away than steps tell brings back, note for note.
pub(super) fn reprise<'a>(
    history: &'a [HistoryBeat],
    frame: &BeatFrame,
    form: Option<Form>,
) -> Option<&'a GridBeat> {
    let is_far = Form::step_class(form) != Form::class(form);
    repeated_beat(history, frame, form.filter(|_| is_far))
}

/// The beat at the same place in the bar that a form repeats.
fn repeated_beat<'a>(
    history: &'a [HistoryBeat],
    frame: &BeatFrame,
    form: Option<Form>,
) -> Option<&'a GridBeat> {
    let bars = form?.bars_back()?;
    let n_beats = bars * (frame.meter.bar_ticks().0 / TICKS_PER_QUARTER) as usize;
    let at = history.len().checked_sub(n_beats)?;
    history.get(at).map(|beat| &beat.music)
}

/// Leaves one class of those allowed, if it is.
pub(super) fn keep_only(allowed: &mut [bool], class: usize) -> bool {
    let is_allowed = allowed.get(class).copied().unwrap_or(false);
    if is_allowed {
        allowed.iter_mut().enumerate().for_each(|(i, allowed)| *allowed = i == class);
    }
    is_allowed
}
