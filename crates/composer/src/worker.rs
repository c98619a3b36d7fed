//! What composes for one session, a beat a turn.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Receiver;
use parking_lot::Mutex;
use player::{BeatRequest, ComposerEnd, RequestKind, Status, WorkerState};
use score::grid::{BeatFrame, HistoryBeat, key_shift};
use score::{Controls, GenreNames, GivenChord, GridBeat, Part};

use crate::capture::Capture;
use crate::denormals::FlushDenormals;
use crate::ear::Ear;
use crate::held::{Keepsake, Memory};
use crate::ledger::{Cell, Ledger};
use crate::pattern::PatternGenerator;
use crate::preview::PreviewWriter;
use crate::scheduler::Scheduler;
use crate::session::Listener;
use crate::successor::{MakeGenerator, Successor};
use crate::takes::{Takes, put};
use crate::timing::Timing;
use crate::turns::{Arrived, Due, PRIME_GRACE};
use crate::{Command, Error, Generator, Result};

/// What composes, what went wrong, in words, and what composing costs; shared with the editor.
#[derive(Debug, Default)]
pub struct Report {
    playing: Mutex<(String, GenreNames)>,
    failure: Mutex<Option<String>>,
    timing: Mutex<Timing>,
}

impl Report {
    /// Name of the generator that was made last; empty before the first.
    pub fn name(&self) -> String {
        self.playing.lock().0.clone()
    }

    /// What its genres are called, in the order of the knobs.
    pub fn genres(&self) -> GenreNames {
        self.playing.lock().1.clone()
    }

    /// Why stored patterns play, or nothing does, if that is so.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().clone()
    }

    /// How long the session's beats have taken.
    pub fn timing(&self) -> Timing {
        self.timing.lock().clone()
    }

    pub(crate) fn set_failure(&self, failure: Option<String>) {
        *self.failure.lock() = failure;
    }
}

/// What a session's worker shares with everyone but the audio thread.
pub(crate) struct Shared {
    pub(crate) status: Arc<Status>,
    pub(crate) report: Arc<Report>,
    pub(crate) capture: Arc<Capture>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) successor: Arc<Successor>,
    pub(crate) listener: Listener,
}

/// One session's composing and all it needs. Served by the crew, or stepped by hand in tests.
pub struct Worker {
    end: ComposerEnd,
    status: Arc<Status>,
    report: Arc<Report>,
    capture: Arc<Capture>,
    commands: Receiver<Command>,
    preview: PreviewWriter,
    successor: Arc<Successor>,
    listener: Listener,
    make_generator: Option<MakeGenerator>,
    /// When that was asked for.
    appointed: Instant,
    /// Whether making it is the next piece of work.
    loads_next: bool,
    generator: Box<dyn Generator>,
    /// Whether that is one that was asked for, and no stopgap before the first.
    is_made: bool,
    genres: GenreNames,
    /// Why the generator was replaced by stored patterns.
    fallback: Option<String>,
    last_answer: Option<Instant>,
    incoming: VecDeque<Arrived>,
    /// The request whose notes are in the outbox.
    sending: Option<u64>,
    scheduler: Scheduler,
    ledger: Ledger,
    ear: Ear,
    memory: Arc<Memory>,
    /// What commands have asked for.
    takes: Takes,
    /// Where the newest beat lies that was asked for, and the length of its phrases.
    newest: Option<(BeatFrame, u8)>,
}

impl Worker {
    pub(crate) fn new(
        end: ComposerEnd,
        shared: Shared,
        commands: Receiver<Command>,
        preview: PreviewWriter,
        make_generator: MakeGenerator,
    ) -> Self {
        let Shared { status, report, capture, memory, successor, listener } = shared;
        Self {
            end,
            status,
            report,
            capture,
            commands,
            preview,
            successor,
            listener,
            make_generator: Some(make_generator),
            appointed: Instant::now(),
            loads_next: true,
            generator: Box::new(PatternGenerator::new()),
            is_made: false,
            genres: GenreNames::default(),
            fallback: None,
            last_answer: None,
            incoming: VecDeque::new(),
            sending: None,
            scheduler: Scheduler::default(),
            ledger: Ledger::default(),
            ear: Ear::default(),
            memory,
            takes: Takes::default(),
            newest: None,
        }
    }

    /// Does the next piece of work; `false` when there is none.
    pub fn step(&mut self) -> bool {
        let was_sending = self.sending.is_some();
        if self.poll(Instant::now()).is_none() {
            return was_sending && self.sending.is_none();
        }
        self.work();
        true
    }

    /// Takes in what came, hands out what can go, and says what is to be worked on next, if there
    /// is anything.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Due> {
        self.take_over_successor(now);
        if self.is_made {
            while let Ok(command) = self.commands.try_recv() {
                self.obey(command);
                self.listener.tell();
            }
            // Also after the requests, so that none that was sent after a state was loaded misses it.
            self.take_over_memory();
            self.receive(now);
            self.take_over_memory();
            self.take_over_successor(now);
        }
        let beat = self.beat_due();
        let load = self.make_generator.as_ref().map(|_| self.appointed + PRIME_GRACE);
        self.loads_next = match (load, beat) {
            // The one that plays goes on with what cannot wait.
            (Some(load), Some(Due::At(beat))) => !self.is_made || load <= beat,
            (load, _) => load.is_some(),
        };
        if self.loads_next { load.map(Due::At) } else { beat }
    }

    /// Hands out what can go, and says when the oldest request must be answered.
    fn beat_due(&mut self) -> Option<Due> {
        if let Some(sequence) = self.sending {
            if !self.scheduler.send(&mut self.end.notes) {
                return None;
            }
            self.status.set_done(sequence);
            self.sending = None;
        }
        let first = self.incoming.front()?;
        if self.incoming.iter().all(|arrived| arrived.request.waits) {
            return Some(Due::WhenIdle(self.last_answer.map_or(first.at, |at| at.max(first.at))));
        }
        // Beats are answered in order, so those before an urgent one are as urgent.
        let heard = self.status.playing().then(|| self.status.epoch());
        self.incoming.iter().map(|arrived| arrived.deadline(heard)).min().map(Due::At)
    }

    /// Makes the generator, or answers the oldest request: what [`Self::poll`] has told.
    pub(crate) fn work(&mut self) {
        let _flush = FlushDenormals::begin();
        if self.loads_next
            && let Some(make_generator) = self.make_generator.take()
        {
            self.load(make_generator);
            return self.listener.tell();
        }
        let Some(arrived) = self.incoming.pop_front() else { return };
        let begun = Instant::now();
        self.answer(&arrived.request);
        if self.incoming.is_empty() {
            self.preview.publish();
        }
        self.account(&arrived, begun);
        self.listener.tell();
    }

    fn account(&mut self, arrived: &Arrived, begun: Instant) {
        let now = Instant::now();
        self.last_answer = Some(now);
        let mut timing = self.report.timing.lock();
        timing.composing.add(now - begun);
        if arrived.request.kind == RequestKind::Commit && !arrived.request.waits {
            let due = arrived.deadline(None);
            timing.slack.add(due.saturating_duration_since(now));
            timing.n_overdue += u32::from(due < now);
        }
    }

    /// What it shares with everyone.
    pub(crate) fn links(&self) -> (Arc<Status>, Arc<Report>) {
        (Arc::clone(&self.status), Arc::clone(&self.report))
    }

    /// Tells the state that the work was left in, after nobody did it for a while.
    pub(crate) fn resume(&self) {
        self.report.set_failure(self.fallback.clone());
        self.status.set_worker_state(match (&self.make_generator, &self.fallback) {
            (Some(_), _) => WorkerState::Loading,
            (None, None) => WorkerState::Ready,
            (None, Some(_)) => WorkerState::Fallback,
        });
    }

    fn load(&mut self, make_generator: MakeGenerator) {
        self.status.set_worker_state(WorkerState::Loading);
        let made = catch_unwind(AssertUnwindSafe(make_generator))
            .unwrap_or_else(|payload| Err(panicked(payload)));
        match made {
            Ok(generator) => {
                self.ear.set_judge(generator.judge());
                self.genres = generator.genres();
                *self.report.playing.lock() = (generator.name().to_owned(), self.genres.clone());
                self.report.set_failure(None);
                self.fallback = None;
                drop_quietly(std::mem::replace(&mut self.generator, generator));
                self.status.set_worker_state(WorkerState::Ready);
            }
            Err(error) => self.fall_back(&error),
        }
        if self.is_made {
            // As for a control that was turned: what would be repeated is made anew.
            self.ledger.forget_cells();
            self.status.ask_for_prime();
        }
        self.is_made = true;
    }

    fn fall_back(&mut self, error: &Error) {
        self.fallback = Some(error.to_string());
        self.report.set_failure(self.fallback.clone());
        self.ear.set_judge(None);
        drop_quietly(std::mem::replace(&mut self.generator, Box::new(PatternGenerator::new())));
        self.status.set_worker_state(WorkerState::Fallback);
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Regenerate(part) => self.takes.regenerate(part),
            Command::RegenerateAll => Part::ALL.into_iter().for_each(|p| self.takes.regenerate(p)),
            Command::PreviousTake(part) => self.takes.step(part, false),
            Command::NextTake(part) => self.takes.step(part, true),
            Command::FirstTakes => self.takes.first(),
            Command::RegeneratePhrase { beat } => {
                if !self.ledger.renew_phrase()
                    && let Some((last, phrase_bars)) = &self.newest
                {
                    self.takes.renew_phrase(beat, last, *phrase_bars);
                }
            }
            Command::TakePhraseBack => {
                self.takes.renewed.pop();
            }
            Command::Lock(part, locks) => {
                let keep = || self.ledger.part(part);
                let locked = &mut self.takes.locked[part.index()];
                match locks {
                    true => _ = locked.get_or_insert_with(keep),
                    false => *locked = None,
                }
            }
            Command::ClearHistory => self.ledger.clear(),
            Command::ClearCapture => return self.capture.clear(),
        }
        self.remember();
        self.status.ask_for_prime();
    }

    /// Follows who was appointed.
    fn take_over_successor(&mut self, now: Instant) {
        if let Some(make_generator) = self.successor.take() {
            self.make_generator = Some(make_generator);
            self.appointed = now;
        }
    }

    /// Follows what a project has restored.
    fn take_over_memory(&mut self) {
        if let Some(keepsake) = self.memory.take_restored() {
            self.takes = keepsake.takes();
            self.ledger.set_held(keepsake.held());
            self.status.ask_for_prime();
        }
    }

    /// Takes all requests in, and gives up those that a start or jump has overtaken.
    fn receive(&mut self, now: Instant) {
        while let Ok(request) = self.end.requests.pop() {
            if request.fresh {
                if let Some(left) = request.left {
                    self.capture.leave(left);
                }
                if self.ledger.leave(request.left) {
                    self.remember();
                }
                let given_up = self.incoming.drain(..);
                if given_up.filter(|arrived| !arrived.request.form.hold).count() > 0 {
                    self.ledger.set_held(None);
                    self.remember();
                }
                self.scheduler.drop_before(request.epoch);
            }
            self.incoming.push_back(Arrived { request, at: now });
        }
    }

    fn answer(&mut self, request: &BeatRequest) {
        let controls = request.controls.within(self.genres.len(), self.genres.styles_present());
        let request = &BeatRequest { controls, ..*request };
        if request.fresh {
            self.ledger.clear();
            self.capture.start();
        }
        if self.ledger.follow_hold(request) {
            self.remember();
        }
        if request.controls.answer.is_some() {
            self.ledger.hear(request);
        }
        let cell = self.cell(request);
        if self.fallback.is_none() {
            let redraws = self.generator.redraws();
            self.status.set_redraws(redraws.beats, redraws.forced);
        }
        if request.controls.follow.is_none()
            && let Some(chord) = cell.music.chord
        {
            let sounding = chord.transposed(key_shift(&request.controls));
            self.status.chords().put(request.frame.beat, GivenChord::new(sounding));
        }
        let parts = Scheduler::realize(request, &cell.music);
        self.scheduler.schedule(request, &parts);
        self.sending = Some(request.sequence);
        self.capture.add(request, &parts, cell.music.chord, &self.genres);
        if self.scheduler.send(&mut self.end.notes) {
            self.status.set_done(request.sequence);
            self.sending = None;
        }
        let heard = self.ear.hear(request, &cell.music);
        self.preview.add(request, &cell.music, &parts, heard);
        if request.form.hold && self.ledger.renew_held(request, &cell) {
            self.remember();
        }
        self.ledger.record(request, cell);
    }

    /// Shows what a project would save.
    fn remember(&self) {
        self.memory.show(Keepsake::new(&self.takes, self.ledger.held()));
    }

    /// An existing cell where the form repeats, else a new one; then what locked parts keep, and
    /// the takes that were asked for.
    fn cell(&mut self, request: &BeatRequest) -> Cell {
        self.newest = Some((request.frame, request.form.phrase_bars));
        let renewal = self.ledger.renewal(request, &self.takes);
        // Takes count from the far end of the passes, where no loop gets to, renewals from the
        // middle.
        let pass = request.pass ^ renewal.reverse_bits().rotate_left(16);
        let call = self.ledger.call(request);
        let mut cell = match self.ledger.reusable(request, renewal, call) {
            Some(mut cell) => {
                // What repeats under an answer does, and the lead answers.
                if cell.call != call && !request.form.hold {
                    let pass = pass ^ (call as u32);
                    cell.music = self.compose(request, pass, Some((Part::Lead, &cell.music)));
                    cell.call = call;
                }
                cell
            }
            None => {
                let music = self.compose(request, pass, None);
                let cell = Cell { call, ..Cell::new(request, music, renewal) };
                self.around_locked(request, pass, cell)
            }
        };
        for part in Part::ALL {
            let (idx, take) = (part.index(), self.takes.current[part.index()]);
            if let Some(locked) = self.takes.locked_beat(part, request) {
                put(&mut cell, part, locked);
            } else if cell.music.takes[idx] != take && !cell.turn_to(part, take) {
                let pass = pass ^ take.reverse_bits();
                cell.music = self.compose(request, pass, Some((part, &cell.music)));
            }
        }
        cell
    }

    /// A new cell with what locked parts keep, and the pitched parts around them composed to fit.
    fn around_locked(&mut self, request: &BeatRequest, pass: u32, mut cell: Cell) -> Cell {
        let mut locks = false;
        let mut chord = None;
        for part in Part::ALL {
            if let Some(locked) = self.takes.locked_beat(part, request) {
                let differs = put(&mut cell, part, locked);
                if part != Part::Drums {
                    locks |= differs || cell.music.chord != locked.chord;
                    chord.get_or_insert(locked.chord);
                }
            }
        }
        let (true, Some(chord)) = (locks, chord) else { return cell };
        cell.music.chord = chord;
        for part in Part::ALL.into_iter().filter(|part| *part != Part::Drums) {
            if self.takes.locked_beat(part, request).is_none() {
                cell.music = self.compose(request, pass, Some((part, &cell.music)));
            }
        }
        cell
    }

    /// A beat, or a beat with another take of one part.
    fn compose(
        &mut self,
        request: &BeatRequest,
        pass: u32,
        around: Option<(Part, &GridBeat)>,
    ) -> GridBeat {
        let (frame, controls) = (&request.frame, &request.controls);
        let history = self.ledger.history_before(request);
        let composed = catch_unwind(AssertUnwindSafe(|| {
            take(self.generator.as_mut(), history, frame, controls, pass, around)
        }));
        match composed.unwrap_or_else(|payload| Err(panicked(payload))) {
            Ok(music) => music,
            Err(error) => {
                self.fall_back(&error);
                PatternGenerator::new().beat(frame, controls, pass)
            }
        }
    }
}

fn take(
    generator: &mut dyn Generator,
    history: &[HistoryBeat],
    frame: &BeatFrame,
    controls: &Controls,
    pass: u32,
    around: Option<(Part, &GridBeat)>,
) -> Result<GridBeat> {
    match around {
        None => generator.compose(history, frame, controls, pass),
        Some((part, beat)) => generator.compose_part(history, frame, controls, pass, part, beat),
    }
}

/// A generator that panicked once may do so again when it is dropped.
fn drop_quietly(generator: Box<dyn Generator>) {
    let _ = catch_unwind(AssertUnwindSafe(move || drop(generator)));
}

/// The words of a panic.
pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Error {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".to_owned());
    Error::Panicked { message }
}
