//! Another generator for a session that has one: where it waits until the composing thread makes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use player::Status;

use crate::{Generator, Result};

/// Makes the generator, on the worker's thread.
pub(crate) type MakeGenerator = Box<dyn FnOnce() -> Result<Box<dyn Generator>> + Send>;

/// Who composes next in a session.
///
/// Never for the audio thread. What is committed stays, as when a control is turned; the next beats
/// are the new generator's. Beats that a host waits for are composed by it in any case; others that
/// would be late by then are still composed by the old one. What loops and phrases would repeat is
/// composed anew; a held phrase stays.
#[derive(Default)]
pub struct Successor {
    make: Mutex<Option<MakeGenerator>>,
    /// Whether there is one, so that looking takes no lock.
    waiting: AtomicBool,
    /// The session's, once there is one.
    status: Mutex<Option<Arc<Status>>>,
}

impl Successor {
    /// Has the composing thread make another generator; one that was not made yet never will be.
    ///
    /// When `make_generator` fails, stored patterns play.
    pub fn appoint(
        &self,
        make_generator: impl FnOnce() -> Result<Box<dyn Generator>> + Send + 'static,
    ) {
        let mut make = self.make.lock();
        *make = Some(Box::new(make_generator));
        self.waiting.store(true, Ordering::Release);
        // Beats that are ready at a standstill are not played by whoever starts the song now.
        if let Some(status) = &*self.status.lock() {
            status.ask_for_prime();
        }
    }

    /// Makes it known whose beats it is about.
    pub(crate) fn serve(&self, status: Arc<Status>) {
        *self.status.lock() = Some(status);
    }

    /// The one that was appointed since the last call.
    pub(crate) fn take(&self) -> Option<MakeGenerator> {
        if !self.waiting.load(Ordering::Acquire) {
            return None;
        }
        let mut make = self.make.lock();
        self.waiting.store(false, Ordering::Release);
        make.take()
    }
}

impl std::fmt::Debug for Successor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Successor").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}
