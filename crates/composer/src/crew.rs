//! The one thread of a process that composes, and the only spawn in the instrument's code.
//!
//! Every session has a [`Seat`], where its [`Worker`] lies. The thread goes round all seats, takes
//! in what their players ask for, and does one piece of work for the session that is due first
//! (`turns.rs`). It starts with the first session and has ended when the last one is dropped, since
//! a host may then unload the library that holds its code.
//!
//! A session that panics leaves its seat; the others do not notice. One that hangs holds up the
//! others until its handle is dropped: the thread is then left behind with it, and the others move
//! to a new one.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use player::{Status, WorkerState};

use crate::Error;
use crate::turns::{Due, Turns};
use crate::worker::{Report, Worker, panicked};

/// How long the thread sleeps when nothing is asked of it. The audio thread may not wake it.
const POLL: Duration = Duration::from_millis(1);

/// The crew of this process.
pub(crate) static CREW: Crew = Crew::new(spawn, Duration::from_secs(2));

/// Starts a thread.
type Spawn = fn(Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>;

fn spawn(body: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("tributary-compose".into()).spawn(body)
}

/// All sessions and the thread that serves them.
///
/// Locks are taken by threads that may wait alone, and in this order: `shift`, a roster's `seats`,
/// a seat's `worker` or `thread`.
pub(crate) struct Crew {
    spawn: Spawn,
    /// How long dropping a handle waits for the beat that is being composed, and for the thread's
    /// end.
    leave_limit: Duration,
    shift: Mutex<Option<Shift>>,
}

/// The thread at work and whom it serves.
struct Shift {
    roster: Arc<Roster>,
    /// `None` if it could not be started.
    thread: Option<JoinHandle<()>>,
}

/// Whom a thread serves.
#[derive(Default)]
struct Roster {
    seats: Mutex<Vec<Arc<Seat>>>,
    /// Rises with every change of the seats.
    version: AtomicU64,
    /// Tells the thread to end.
    stop: AtomicBool,
    /// The thread ended without being told.
    ended: AtomicBool,
}

/// Where a session's worker lies.
struct Seat {
    /// Held while it works. `None` once the session is over.
    worker: Mutex<Option<Worker>>,
    /// Whether its handle is gone and its worker was not to be had.
    left: AtomicBool,
    status: Arc<Status>,
    report: Arc<Report>,
    /// Who serves it, to be woken.
    thread: Mutex<Option<Thread>>,
}

impl Crew {
    pub(crate) const fn new(spawn: Spawn, leave_limit: Duration) -> Self {
        Self { spawn, leave_limit, shift: Mutex::new(None) }
    }

    /// Takes a session in, and starts the thread if there is none at work.
    ///
    /// Without a thread the session stands still and says so; the next one that joins tries again
    /// for all.
    pub(crate) fn join(&'static self, worker: Worker) -> WorkerHandle {
        let (status, report) = worker.links();
        let seat = Arc::new(Seat {
            worker: Mutex::new(Some(worker)),
            left: AtomicBool::new(false),
            status,
            report,
            thread: Mutex::new(None),
        });
        let mut shift = self.shift.lock();
        let shift = shift.get_or_insert_with(Shift::vacant);
        shift.roster.change(|seats| seats.push(Arc::clone(&seat)));
        match &shift.thread {
            Some(thread) if !shift.roster.ended.load(Ordering::Acquire) => {
                *seat.thread.lock() = Some(thread.thread().clone());
                thread.thread().unpark();
            }
            _ => self.begin(shift),
        }
        WorkerHandle { crew: self, seat }
    }

    /// Starts a thread for all seats of a shift that has none, or one that is of no use any more.
    fn begin(&self, shift: &mut Shift) {
        let seats = std::mem::take(&mut *shift.roster.seats.lock());
        seats.iter().for_each(|seat| seat.resume());
        let roster = Roster { seats: Mutex::new(seats.clone()), ..Roster::default() };
        shift.roster = Arc::new(roster);
        let duty = Duty(Arc::clone(&shift.roster));
        match (self.spawn)(Box::new(move || duty.serve())) {
            Ok(thread) => {
                for seat in seats {
                    *seat.thread.lock() = Some(thread.thread().clone());
                }
                shift.thread = Some(thread);
            }
            Err(error) => {
                shift.thread = None;
                let error = Error::Thread(error);
                seats.iter().for_each(|seat| seat.stop(&error));
            }
        }
    }

    /// Takes a session out, and ends the thread with the last one.
    fn leave(&self, seat: &Arc<Seat>) {
        let deadline = Instant::now() + self.leave_limit;
        let last = {
            let mut shift = self.shift.lock();
            let Some(at_work) = shift.as_ref() else { return };
            let is_last = at_work.roster.change(|seats| {
                seats.retain(|other| !Arc::ptr_eq(other, seat));
                seats.is_empty()
            });
            if is_last { shift.take() } else { None }
        };
        let thread = last.and_then(Shift::end);
        let mut worker = seat.worker.try_lock_until(deadline).map(|mut place| place.take());
        if worker.is_none() {
            seat.left.store(true, Ordering::Release);
            // It may have come free just now.
            worker = seat.worker.try_lock().map(|mut place| place.take());
        }
        seat.status.set_worker_state(WorkerState::Stopped);
        match worker {
            Some(worker) => drop_quietly(worker),
            None => self.move_on(seat),
        }
        let Some(thread) = thread else { return };
        while !thread.is_finished() {
            if Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        // The thread has caught what panicked and told; any other has nowhere to go from a drop.
        let _ = thread.join();
    }

    /// Leaves a thread behind that hangs in the work of `hung`, and serves the others by a new one.
    fn move_on(&self, hung: &Arc<Seat>) {
        let mut place = self.shift.lock();
        let Some(shift) = place.as_mut() else { return };
        let hangs_here = match (&shift.thread, &*hung.thread.lock()) {
            (Some(thread), Some(served_by)) => thread.thread().id() == served_by.id(),
            _ => false,
        };
        if !hangs_here {
            return;
        }
        shift.roster.stop.store(true, Ordering::Release);
        // Not joined: it ends when its work does, if ever.
        shift.thread = None;
        self.begin(shift);
    }
}

impl Shift {
    fn vacant() -> Self {
        Self { roster: Arc::default(), thread: None }
    }

    /// Tells the thread to end after the work at hand.
    fn end(self) -> Option<JoinHandle<()>> {
        self.roster.stop.store(true, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
        self.thread
    }
}

impl Roster {
    fn change<R>(&self, change: impl FnOnce(&mut Vec<Arc<Seat>>) -> R) -> R {
        let mut seats = self.seats.lock();
        let result = change(&mut seats);
        self.version.fetch_add(1, Ordering::Release);
        result
    }
}

/// What the thread does. If it ends in any other way than by being told, it says so to all.
struct Duty(Arc<Roster>);

impl Duty {
    fn serve(self) {
        let roster = &*self.0;
        let mut turns = Turns::default();
        let mut seats: Vec<Arc<Seat>> = Vec::new();
        let mut version = None;
        while !roster.stop.load(Ordering::Acquire) {
            let newest = roster.version.load(Ordering::Acquire);
            if version != Some(newest) {
                seats.clone_from(&roster.seats.lock());
                version = Some(newest);
            }
            let now = Instant::now();
            let waiting = seats.iter().enumerate();
            let waiting = waiting.filter_map(|(idx, seat)| Some((idx, seat.poll(now)?)));
            match turns.next(now, waiting) {
                Some(idx) => seats[idx].work(),
                None => std::thread::park_timeout(POLL),
            }
        }
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        if !self.0.stop.load(Ordering::Acquire) {
            self.0.ended.store(true, Ordering::Release);
            // Seats that a new thread has taken over are not there any more.
            self.0.seats.lock().iter().for_each(|seat| seat.stop(&Error::Ended));
        }
    }
}

impl Seat {
    fn poll(&self, now: Instant) -> Option<Due> {
        self.with_worker(|worker| worker.poll(now)).flatten()
    }

    fn work(&self) {
        self.with_worker(Worker::work);
    }

    /// Lets the worker do something. If it panics, where it did not expect to, its session is over.
    fn with_worker<R>(&self, act: impl FnOnce(&mut Worker) -> R) -> Option<R> {
        let mut place = self.worker.lock();
        let worker = place.as_mut()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| act(worker)));
        if outcome.is_err() || self.left.load(Ordering::Acquire) {
            let over = place.take();
            drop(place);
            drop_quietly(over);
        }
        outcome.map_err(|payload| self.stop(&panicked(payload))).ok()
    }

    /// Says that nothing comes any more.
    fn stop(&self, error: &Error) {
        self.report.set_failure(Some(error.to_string()));
        self.status.set_worker_state(WorkerState::Stopped);
    }

    fn resume(&self) {
        if let Some(worker) = self.worker.lock().as_ref() {
            worker.resume();
        }
    }
}

/// Drops what may panic in its drop as well.
fn drop_quietly<T>(value: T) {
    let _ = catch_unwind(AssertUnwindSafe(move || drop(value)));
}

/// Wakes the composing thread. A system call: not for the audio thread in real time.
#[derive(Clone)]
pub struct Waker {
    /// `None` where the worker is stepped by hand.
    seat: Option<Arc<Seat>>,
}

impl Waker {
    pub(crate) const NONE: Self = Self { seat: None };

    /// Lets the thread look for work now.
    pub fn wake(&self) {
        if let Some(seat) = &self.seat
            && let Some(thread) = &*seat.thread.lock()
        {
            thread.unpark();
        }
    }
}

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}

/// A session's place with the composing thread; dropping it ends the session's composing, and the
/// thread with the last one.
///
/// Dropping waits for the beat that is being composed, at most two seconds: a generator that
/// hangs longer is left behind rather than hanging the host. The generator is freed by the thread
/// that drops the handle.
pub struct WorkerHandle {
    crew: &'static Crew,
    seat: Arc<Seat>,
}

impl WorkerHandle {
    pub(crate) fn waker(&self) -> Waker {
        Waker { seat: Some(Arc::clone(&self.seat)) }
    }
}

impl std::fmt::Debug for WorkerHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerHandle").finish_non_exhaustive()
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.crew.leave(&self.seat);
    }
}

#[cfg(test)]
mod tests;
