//! What composes for one session, a beat a turn.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Receiver;
use parking_lot::Mutex;
use player::{BeatRequest, ComposerEnd, RequestKind, Status, WorkerState};
use score::grid::{BeatFrame, HistoryBeat};
use score::{Controls, GridBeat, Part};

use crate::capture::Capture;
use crate::denormals::FlushDenormals;
use crate::ear::Ear;
use crate::held::{Keepsake, Memory};
use crate::ledger::{Cell, Ledger};
use crate::pattern::PatternGenerator;
use crate::preview::PreviewWriter;
use crate::scheduler::Scheduler;
use crate::timing::Timing;
use crate::turns::{Arrived, Due, PRIME_GRACE};
use crate::{Command, Error, Generator, Result};

/// Makes the generator, on the worker's thread.
pub(crate) type MakeGenerator = Box<dyn FnOnce() -> Result<Box<dyn Generator>> + Send>;

/// What went wrong, in words, and what composing costs; shared with the editor.
#[derive(Debug, Default)]
pub struct Report {
    failure: Mutex<Option<String>>,
    timing: Mutex<Timing>,
}

impl Report {
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
}

/// One session's composing and all it needs. Served by the crew, or stepped by hand in tests.
pub struct Worker {
    end: ComposerEnd,
    status: Arc<Status>,
    report: Arc<Report>,
    capture: Arc<Capture>,
    commands: Receiver<Command>,
    preview: PreviewWriter,
    make_generator: Option<MakeGenerator>,
    generator: Box<dyn Generator>,
    /// Why the generator was replaced by stored patterns.
    fallback: Option<String>,
    made: Instant,
    last_answer: Option<Instant>,
    incoming: VecDeque<Arrived>,
    /// The request whose notes are in the outbox.
    sending: Option<u64>,
    scheduler: Scheduler,
    ledger: Ledger,
    ear: Ear,
    memory: Arc<Memory>,
    /// How often each part was composed anew by command.
    takes: [u32; 4],
}

impl Worker {
    pub(crate) fn new(
        end: ComposerEnd,
        shared: Shared,
        commands: Receiver<Command>,
        preview: PreviewWriter,
        make_generator: MakeGenerator,
    ) -> Self {
        let Shared { status, report, capture, memory } = shared;
        Self {
            end,
            status,
            report,
            capture,
            commands,
            preview,
            make_generator: Some(make_generator),
            generator: Box::new(PatternGenerator::new()),
            fallback: None,
            made: Instant::now(),
            last_answer: None,
            incoming: VecDeque::new(),
            sending: None,
            scheduler: Scheduler::default(),
            ledger: Ledger::default(),
            ear: Ear::default(),
            memory,
            takes: [0; 4],
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
        if self.make_generator.is_some() {
            return Some(Due::At(self.made + PRIME_GRACE));
        }
        while let Ok(command) = self.commands.try_recv() {
            self.obey(command);
        }
        // Also after the requests, so that none that was sent after a state was loaded misses it.
        self.take_over_memory();
        self.receive(now);
        self.take_over_memory();
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
        if let Some(make_generator) = self.make_generator.take() {
            return self.load(make_generator);
        }
        let Some(arrived) = self.incoming.pop_front() else { return };
        let begun = Instant::now();
        self.answer(&arrived.request);
        if self.incoming.is_empty() {
            self.preview.publish();
        }
        self.account(&arrived, begun);
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
                self.generator = generator;
                self.status.set_worker_state(WorkerState::Ready);
            }
            Err(error) => self.fall_back(&error),
        }
    }

    fn fall_back(&mut self, error: &Error) {
        self.fallback = Some(error.to_string());
        self.report.set_failure(self.fallback.clone());
        self.ear.set_judge(None);
        let failed = std::mem::replace(&mut self.generator, Box::new(PatternGenerator::new()));
        // A generator that panicked once may do so again when it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(failed)));
        self.status.set_worker_state(WorkerState::Fallback);
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Regenerate(part) => {
                let take = &mut self.takes[part.index()];
                *take = take.wrapping_add(1);
            }
            Command::RegenerateAll => {
                self.takes.iter_mut().for_each(|take| *take = take.wrapping_add(1));
            }
            Command::FirstTakes => self.takes = [0; 4],
            Command::ClearHistory => self.ledger.clear(),
            Command::ClearCapture => return self.capture.clear(),
        }
        self.remember();
        self.status.ask_for_prime();
    }

    /// Follows what a project has restored.
    fn take_over_memory(&mut self) {
        if let Some(keepsake) = self.memory.take_restored() {
            self.takes = keepsake.takes;
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
        if request.fresh {
            self.ledger.clear();
            self.capture.start();
        }
        if self.ledger.follow_hold(request) {
            self.remember();
        }
        let cell = self.cell(request);
        if self.fallback.is_none() {
            let redraws = self.generator.redraws();
            self.status.set_redraws(redraws.beats, redraws.forced);
        }
        let parts = Scheduler::realize(request, &cell.music);
        self.scheduler.schedule(request, &parts);
        self.sending = Some(request.sequence);
        self.capture.add(request, &parts, request.kind == RequestKind::Prime);
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
        self.memory.show(Keepsake::new(self.takes, self.ledger.held()));
    }

    /// An existing cell where the form repeats, else a new one; then the takes that were asked for.
    fn cell(&mut self, request: &BeatRequest) -> Cell {
        let mut cell = match self.ledger.reusable(request) {
            Some(cell) => cell,
            None => {
                let music = self.compose(request, request.pass, None);
                Cell::new(request, music)
            }
        };
        for part in Part::ALL {
            let (idx, take) = (part.index(), self.takes[part.index()]);
            if cell.music.takes[idx] != take {
                cell.music.takes[idx] = take;
                // Takes count from the far end of the passes, where no loop gets to.
                let pass = request.pass ^ take.reverse_bits();
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

/// The words of a panic.
pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Error {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".to_owned());
    Error::Panicked { message }
}
