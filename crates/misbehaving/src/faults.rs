//! The faults, and a second thread for those that take two.

use std::cell::UnsafeCell;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use nice_plug::prelude::Enum;

/// What can be done wrong in a process call.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is wrong.
    #[id = "nothing"]
    #[name = "nothing"]
    Nothing,
    /// Allocates and frees.
    #[id = "heap"]
    #[name = "heap"]
    Heap,
    /// Takes a pthread mutex that nobody holds.
    #[id = "lock"]
    #[name = "lock"]
    Lock,
    /// Takes a pthread mutex that another thread holds, and waits.
    #[id = "contended"]
    #[name = "contended"]
    ContendedLock,
    /// Asks the kernel something that takes no time.
    #[id = "syscall"]
    #[name = "syscall"]
    Syscall,
    /// Wakes a thread.
    #[id = "wake"]
    #[name = "wake"]
    Wake,
    /// Locks the memory bus for one instruction.
    #[id = "atomic"]
    #[name = "atomic"]
    Atomic,
}

/// Counted up by [`Fault::Atomic`].
static COUNTER: AtomicU64 = AtomicU64::new(0);

impl Fault {
    /// Does it.
    pub fn commit(self, helper: &Helper) {
        match self {
            Self::Nothing => {}
            Self::Heap => drop(black_box(vec![0u8; 64])),
            Self::Lock => {
                helper.shared.own.lock();
                helper.shared.own.unlock();
            }
            Self::ContendedLock => {
                helper.shared.wanted.store(true, Ordering::Release);
                while helper.shared.wanted.load(Ordering::Acquire) {
                    std::hint::spin_loop();
                }
                helper.shared.contended.lock();
                helper.shared.contended.unlock();
            }
            Self::Syscall => {
                // SAFETY: asks for a number.
                black_box(unsafe { libc::syscall(libc::SYS_getppid) });
            }
            Self::Wake => helper.thread.unpark(),
            Self::Atomic => {
                COUNTER.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// A pthread mutex, which Rust's own locks are not.
struct PthreadMutex(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: a mutex is made to be shared.
unsafe impl Sync for PthreadMutex {}
// SAFETY: it is moved only before it is shared.
unsafe impl Send for PthreadMutex {}

impl PthreadMutex {
    const fn new() -> Self {
        Self(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER))
    }

    fn lock(&self) {
        // SAFETY: initialised, and never moved while it is shared.
        unsafe { libc::pthread_mutex_lock(self.0.get()) };
    }

    fn unlock(&self) {
        // SAFETY: as in `lock`; called by the thread that holds it.
        unsafe { libc::pthread_mutex_unlock(self.0.get()) };
    }
}

struct Shared {
    /// Only the audio thread takes this one.
    own: PthreadMutex,
    /// The helper holds this one for a while after it was wanted.
    contended: PthreadMutex,
    wanted: AtomicBool,
    ended: AtomicBool,
}

/// A thread that is in the way of the audio thread.
pub struct Helper {
    shared: Arc<Shared>,
    thread: Thread,
    handle: Option<JoinHandle<()>>,
}

impl Helper {
    /// Starts it.
    ///
    /// # Panics
    /// If the system gives no thread.
    pub fn start() -> Self {
        let shared = Arc::new(Shared {
            own: PthreadMutex::new(),
            contended: PthreadMutex::new(),
            wanted: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let handle = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                while !shared.ended.load(Ordering::Acquire) {
                    if shared.wanted.load(Ordering::Acquire) {
                        shared.contended.lock();
                        shared.wanted.store(false, Ordering::Release);
                        std::thread::sleep(Duration::from_millis(5));
                        shared.contended.unlock();
                    }
                    std::thread::park_timeout(Duration::from_millis(5));
                }
            }
        });
        Self { shared, thread: handle.thread().clone(), handle: Some(handle) }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        self.thread.unpark();
        if let Some(handle) = self.handle.take() {
            // A panic of the helper was reported where it happened.
            let _ = handle.join();
        }
    }
}
