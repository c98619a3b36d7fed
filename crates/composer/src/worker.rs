//! The thread that composes: the only spawn in the instrument's code.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use parking_lot::Mutex;
use player::{BeatRequest, ComposerEnd, RequestKind, Status, WorkerState};
use score::grid::{BeatFrame, HistoryBeat};
use score::{Controls, GridBeat, Part};

use crate::capture::Capture;
use crate::ledger::{Cell, Ledger};
use crate::pattern::PatternGenerator;
use crate::preview::PreviewWriter;
use crate::scheduler::Scheduler;
use crate::{Command, Error, Generator, Result};

/// How long the worker sleeps when nothing is asked of it. The audio thread may not wake it.
const POLL: Duration = Duration::from_millis(1);

/// How long dropping the handle waits for the beat that is being composed.
const JOIN_LIMIT: Duration = Duration::from_secs(2);

/// Makes the generator, on the worker's thread.
pub(crate) type MakeGenerator = Box<dyn FnOnce() -> Result<Box<dyn Generator>> + Send>;

/// What went wrong, in words; shared with the editor.
#[derive(Debug, Default)]
pub struct Report {
    failure: Mutex<Option<String>>,
}

impl Report {
    /// Why the stored patterns play, if they do.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().clone()
    }
}

/// The loop's body and all it needs. Owned by the thread, or stepped by hand in tests.
pub struct Worker {
    end: ComposerEnd,
    status: Arc<Status>,
    report: Arc<Report>,
    capture: Arc<Capture>,
    commands: Receiver<Command>,
    preview: PreviewWriter,
    make_generator: Option<MakeGenerator>,
    generator: Box<dyn Generator>,
    incoming: VecDeque<BeatRequest>,
    /// The request whose notes are in the outbox.
    sending: Option<u64>,
    scheduler: Scheduler,
    ledger: Ledger,
    /// How often each part was composed anew by command.
    takes: [u32; 4],
}

impl Worker {
    pub(crate) fn new(
        end: ComposerEnd,
        status: Arc<Status>,
        report: Arc<Report>,
        capture: Arc<Capture>,
        commands: Receiver<Command>,
        preview: PreviewWriter,
        make_generator: MakeGenerator,
    ) -> Self {
        Self {
            end,
            status,
            report,
            capture,
            commands,
            preview,
            make_generator: Some(make_generator),
            generator: Box::new(PatternGenerator::new()),
            incoming: VecDeque::new(),
            sending: None,
            scheduler: Scheduler::default(),
            ledger: Ledger::default(),
            takes: [0; 4],
        }
    }

    /// Does the next piece of work; `false` when there is none.
    pub fn step(&mut self) -> bool {
        if let Some(make_generator) = self.make_generator.take() {
            self.load(make_generator);
            return true;
        }
        while let Ok(command) = self.commands.try_recv() {
            self.obey(command);
        }
        self.receive();
        if let Some(sequence) = self.sending {
            if !self.scheduler.send(&mut self.end.notes) {
                return false;
            }
            self.status.set_done(sequence);
            self.sending = None;
            return true;
        }
        let Some(request) = self.incoming.pop_front() else { return false };
        self.answer(&request);
        if self.incoming.is_empty() {
            self.preview.publish();
        }
        true
    }

    fn load(&mut self, make_generator: MakeGenerator) {
        self.status.set_worker_state(WorkerState::Loading);
        let made = catch_unwind(AssertUnwindSafe(make_generator))
            .unwrap_or_else(|payload| Err(panicked(payload)));
        match made {
            Ok(generator) => {
                self.generator = generator;
                self.status.set_worker_state(WorkerState::Ready);
            }
            Err(error) => self.fall_back(&error),
        }
    }

    fn fall_back(&mut self, error: &Error) {
        *self.report.failure.lock() = Some(error.to_string());
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
        self.status.ask_for_prime();
    }

    /// Takes all requests in, and gives up those that a start or jump has overtaken.
    fn receive(&mut self) {
        while let Ok(request) = self.end.requests.pop() {
            if request.fresh {
                if let Some(left) = request.left {
                    self.capture.leave(left);
                }
                self.incoming.clear();
                self.scheduler.drop_before(request.epoch);
            }
            self.incoming.push_back(request);
        }
    }

    fn answer(&mut self, request: &BeatRequest) {
        if request.fresh {
            self.ledger.clear();
            self.capture.start();
        }
        let cell = self.cell(request);
        let parts = Scheduler::realize(request, &cell.music);
        self.scheduler.schedule(request, &parts);
        self.sending = Some(request.sequence);
        self.capture.add(request, &parts, request.kind == RequestKind::Prime);
        self.preview.add(request, &cell.music, &parts);
        self.ledger.record(request, cell);
        if self.scheduler.send(&mut self.end.notes) {
            self.status.set_done(request.sequence);
            self.sending = None;
        }
    }

    /// An existing cell where the form repeats, else a new one; then the takes that were asked for.
    fn cell(&mut self, request: &BeatRequest) -> Cell {
        let mut cell = match self.ledger.reusable(request) {
            Some(cell) => cell,
            None => {
                let music = self.compose(request, request.pass, None);
                Cell::new(request, music, [0; 4])
            }
        };
        for part in Part::ALL {
            let (idx, take) = (part.index(), self.takes[part.index()]);
            if cell.takes[idx] != take {
                // Takes count from the far end of the passes, where no loop gets to.
                let pass = request.pass ^ take.reverse_bits();
                cell.music = self.compose(request, pass, Some((part, &cell.music)));
                cell.takes[idx] = take;
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
    let Some((part, beat)) = around else {
        return generator.compose(history, frame, controls, pass);
    };
    let notes = generator.compose_part(history, frame, controls, pass, part, beat)?;
    let mut beat = beat.clone();
    beat.parts[part.index()] = notes;
    Ok(beat)
}

/// The words of a panic.
fn panicked(payload: Box<dyn Any + Send>) -> Error {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".to_owned());
    Error::Panicked { message }
}

/// Wakes the worker. A system call: not for the audio thread in real time.
#[derive(Clone, Debug)]
pub struct Waker {
    pub(crate) thread: Option<Thread>,
}

impl Waker {
    /// Lets the worker look for work now.
    pub fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

/// Owns the composing thread; dropping it ends the thread.
///
/// Dropping waits for the beat that is being composed, at most two seconds: a generator that
/// hangs longer is left behind rather than hanging the host.
#[derive(Debug)]
pub struct WorkerHandle {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl WorkerHandle {
    /// Starts the thread.
    pub(crate) fn spawn(mut worker: Worker) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let body = move || {
            while !stopped.load(Ordering::Acquire) {
                if !worker.step() {
                    std::thread::park_timeout(POLL);
                }
            }
            worker.status.set_worker_state(WorkerState::Stopped);
        };
        let thread = std::thread::Builder::new().name("tributary-compose".into()).spawn(body)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker { thread: self.thread.as_ref().map(|handle| handle.thread().clone()) }
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let Some(handle) = self.thread.take() else { return };
        handle.thread().unpark();
        let deadline = Instant::now() + JOIN_LIMIT;
        while !handle.is_finished() {
            if Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        // The body catches the generator's panics; any other has nowhere to go from a drop.
        let _ = handle.join();
    }
}
