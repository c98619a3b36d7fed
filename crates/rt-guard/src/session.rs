//! What is known about one guarded thread, and how to get at it without the C library's help.

use std::arch::{asm, global_asm};
use std::ffi::c_void;

use crate::step::Sites;

/// Return addresses kept of an offence.
pub const MAX_FRAMES: usize = 32;

/// Offences kept of a stretch; the rest is counted.
const MAX_OFFENCES: usize = 256;

/// What a thread did.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asked the allocator for memory or gave it back.
    Heap = 1,
    /// Called a pthread function that may wait, wake or be waited for.
    Lock = 2,
    /// Entered the kernel.
    Syscall = 3,
}

/// One thing that the plugin did and must not do. The layout is read by the host.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Offence {
    /// What it did.
    pub kind: Kind,
    /// Number of `frames` that hold.
    pub n_frames: u32,
    /// The system call's number; otherwise 0.
    pub number: i64,
    /// The system call's first two arguments; otherwise 0.
    pub arguments: [u64; 2],
    /// The C function that was called, ended by 0; null for a system call.
    pub function: *const u8,
    /// Return addresses, innermost first; the first few lie in this library.
    pub frames: [usize; MAX_FRAMES],
}

/// What the session is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Count offences at full speed.
    Count,
    /// Step through every instruction.
    Step,
}

/// The kernel lets this thread's system calls through.
const ALLOW: u8 = 0;
/// The kernel turns this thread's system calls into signals.
const BLOCK: u8 = 1;

/// One guarded thread.
pub(crate) struct Session {
    /// Read by the kernel at every system call of this thread.
    selector: u8,
    watching: bool,
    pub(crate) mode: Mode,
    /// Offences of this stretch, also those that were not kept.
    n_offences: u64,
    offences: Vec<Offence>,
    /// Locked instructions since the thread was armed.
    pub(crate) sites: Sites,
}

// A thread-local of our own with the *initial exec* model, which is a plain load at a fixed distance
// from the thread pointer. Rust's `thread_local!` would call `__tls_get_addr` in a shared library,
// and that allocates after another library was loaded: for an allocator, a call to itself.
global_asm!(
    ".pushsection .tbss, \"awT\", @nobits",
    ".balign 8",
    ".globl rt_guard_session",
    ".hidden rt_guard_session",
    ".type rt_guard_session, @tls_object",
    ".size rt_guard_session, 8",
    "rt_guard_session:",
    ".zero 8",
    ".popsection",
);

/// The calling thread's session; null when it has none.
#[inline]
pub(crate) fn current() -> *mut Session {
    let session: *mut Session;
    // SAFETY: reads eight bytes of this thread's own storage, which starts as zero.
    unsafe {
        asm!(
            "mov {place}, qword ptr [rip + rt_guard_session@GOTTPOFF]",
            "mov {session}, qword ptr fs:[{place}]",
            place = out(reg) _,
            session = lateout(reg) session,
            options(nostack, readonly, preserves_flags),
        );
    }
    session
}

fn set_current(session: *mut Session) {
    // SAFETY: writes the eight bytes that `current` reads.
    unsafe {
        asm!(
            "mov {place}, qword ptr [rip + rt_guard_session@GOTTPOFF]",
            "mov qword ptr fs:[{place}], {session}",
            place = out(reg) _,
            session = in(reg) session,
            options(nostack, preserves_flags),
        );
    }
}

impl Session {
    /// Gives the calling thread a session. It is never freed: the kernel reads its selector until
    /// the thread's last system call.
    pub(crate) fn start(mode: Mode) -> *mut Self {
        let session = Box::into_raw(Box::new(Self {
            selector: ALLOW,
            watching: false,
            mode,
            n_offences: 0,
            offences: Vec::with_capacity(MAX_OFFENCES),
            sites: Sites::new(),
        }));
        set_current(session);
        session
    }

    pub(crate) fn clear(&mut self) {
        self.n_offences = 0;
        self.offences.clear();
    }

    /// Starts or ends watching. The compiler may not move other code across.
    pub(crate) fn watch(&mut self, watching: bool) {
        let selector = if watching { BLOCK } else { ALLOW };
        // SAFETY: both are this thread's own bytes; volatile, because signal handlers and the
        // kernel read them behind the compiler's back.
        unsafe {
            (&raw mut self.watching).write_volatile(watching);
            (&raw mut self.selector).write_volatile(selector);
        }
        std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
    }

    /// Lets system calls through until the thread enters again, and counts the rest as before.
    pub(crate) fn open_kernel(&mut self) {
        // SAFETY: as in `watch`.
        unsafe { (&raw mut self.selector).write_volatile(ALLOW) };
    }

    pub(crate) fn selector(&mut self) -> *mut u8 {
        &raw mut self.selector
    }

    pub(crate) fn n_offences(&self) -> u64 {
        self.n_offences
    }

    pub(crate) fn offence(&self, index: usize) -> Option<&Offence> {
        self.offences.get(index)
    }

    /// Keeps an offence while there is room, and counts it. What this itself does is not counted.
    pub(crate) fn record(&mut self, mut offence: Offence) {
        self.n_offences += 1;
        if self.offences.len() == MAX_OFFENCES {
            return;
        }
        self.watch(false);
        offence.n_frames = return_addresses(&mut offence.frames);
        self.offences.push(offence);
        self.watch(true);
    }
}

impl Offence {
    /// An offence without its return addresses.
    pub(crate) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            n_frames: 0,
            number: 0,
            arguments: [0; 2],
            function: std::ptr::null(),
            frames: [0; MAX_FRAMES],
        }
    }
}

/// Records a call of a C function by a thread that is being watched.
///
/// `function` ends with 0.
#[inline]
pub(crate) fn called(kind: Kind, function: &'static str) {
    // SAFETY: a session lives as long as the process and is used by its own thread alone.
    if let Some(session) = unsafe { current().as_mut() }
        && session.watching
    {
        session.record(Offence { function: function.as_ptr(), ..Offence::new(kind) });
    }
}

/// Loads what unwinding loads when it is used first.
pub(crate) fn warm_up() {
    return_addresses(&mut [0; MAX_FRAMES]);
}

fn return_addresses(frames: &mut [usize; MAX_FRAMES]) -> u32 {
    // SAFETY: the array has room for as many pointers as are asked for.
    let n =
        unsafe { libc::backtrace(frames.as_mut_ptr().cast::<*mut c_void>(), MAX_FRAMES as i32) };
    n.max(0) as u32
}
