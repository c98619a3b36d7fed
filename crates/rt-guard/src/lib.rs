//! Counts what a plugin must not do while it processes audio.
//!
//! Preloaded into a host (`LD_PRELOAD`), on **x86-64 Linux** only. Between [`rt_guard_enter`] and
//! [`rt_guard_exit`] the calling thread's heap calls and pthread locks are seen because this library
//! takes the place of the C library's functions, and its system calls, *all* of them, because the
//! kernel hands each to a signal handler (syscall user dispatch, Linux 5.11). What was asked for is
//! then done, so that the plugin goes on, and every offence is kept with its return addresses.
//!
//! [`rt_guard_step_arm`] is another, slow mode: it runs the same stretch instruction by instruction
//! and lists the locked ones, which no interposer and no kernel sees.
//!
//! It decides nothing: who may do what is up to the test that reads the offences. It does not see
//! spinning, nor locks that never reach the kernel, except by stepping.
//!
//! A host finds the functions by name; `hosting::RealtimeGuard` is the other side.
//! Start at `session.rs`.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod heap;
mod locks;
mod session;
mod step;
mod syscalls;

use std::ffi::c_int;
use std::ptr;

use crate::session::{Mode, Session};

pub use crate::session::{Kind, MAX_FRAMES, Offence};
pub use crate::step::Site;

/// Prepares the calling thread for guarding. Once a thread.
///
/// Returns 0, or the negative error number of the system call that failed: `-EINVAL` from a kernel
/// without syscall user dispatch.
#[unsafe(no_mangle)]
pub extern "C" fn rt_guard_arm() -> c_int {
    let session = Session::start(Mode::Count);
    session::warm_up();
    syscalls::arm(session)
}

/// Prepares the calling thread for stepping. Once a thread, instead of [`rt_guard_arm`].
///
/// Returns 0 or the negative error number of the system call that failed.
#[unsafe(no_mangle)]
pub extern "C" fn rt_guard_step_arm() -> c_int {
    Session::start(Mode::Step);
    step::arm()
}

/// The calling thread enters the plugin. Forgets the offences of the stretch before. Does nothing
/// on a thread that is not armed.
#[unsafe(no_mangle)]
pub extern "C" fn rt_guard_enter() {
    // SAFETY: a session lives as long as the process and is used by its own thread alone.
    let Some(session) = (unsafe { session::current().as_mut() }) else { return };
    session.clear();
    match session.mode {
        Mode::Count => session.watch(true),
        Mode::Step => step::begin(session),
    }
}

/// The calling thread has left the plugin. Returns how many offences there were; in stepping mode,
/// how many instructions.
#[unsafe(no_mangle)]
pub extern "C" fn rt_guard_exit() -> u64 {
    // SAFETY: as in `rt_guard_enter`.
    let Some(session) = (unsafe { session::current().as_mut() }) else { return 0 };
    match session.mode {
        Mode::Count => {
            session.watch(false);
            session.n_offences()
        }
        Mode::Step => step::end(session),
    }
}

/// An offence of the calling thread's last stretch, the first ones by index from 0; null when there
/// is none of that index, or it was not kept. Valid until the thread enters again.
#[unsafe(no_mangle)]
pub extern "C" fn rt_guard_offence(index: usize) -> *const Offence {
    // SAFETY: as in `rt_guard_enter`.
    let session = unsafe { session::current().as_ref() };
    session.and_then(|session| session.offence(index)).map_or(ptr::null(), ptr::from_ref)
}

/// A locked instruction that the calling thread has stepped over since it was armed, by index from
/// 0; null when there is none of that index.
#[unsafe(no_mangle)]
pub extern "C" fn rt_guard_site(index: usize) -> *const Site {
    // SAFETY: as in `rt_guard_enter`.
    let session = unsafe { session::current().as_ref() };
    session.and_then(|session| session.sites.get(index)).map_or(ptr::null(), ptr::from_ref)
}
