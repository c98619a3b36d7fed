//! Runs a stretch instruction by instruction, and lists the locked ones.
//!
//! An uncontended lock is one locked instruction: no call, no system call. With the processor's
//! trap flag set, each instruction raises a `SIGTRAP`, whose handler looks at the next one. A
//! stretch takes some ten thousand times longer than it does otherwise.

use std::arch::asm;
use std::ffi::{c_int, c_void};

use crate::session::{Session, current};
use crate::syscalls::set_handler;

/// The processor traps after every instruction while this bit of its flags is set.
const TRAP_FLAG: i64 = 0x100;

/// Distinct places that can be kept.
const MAX_SITES: usize = 4096;

/// A locked instruction. The layout is read by the host.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Where it lies in memory.
    pub address: usize,
    /// How often it was run.
    pub count: u64,
    /// Its name, ended by 0.
    pub name: *const u8,
}

/// Sites by hash of their address, then listed in the order in which they were found.
pub(crate) struct Sites {
    found: Vec<Site>,
    /// Index into `found` plus one, 0 for none.
    places: Vec<u16>,
    stepping: bool,
    n_steps: u64,
}

impl Sites {
    pub(crate) fn new() -> Self {
        Self {
            found: Vec::with_capacity(MAX_SITES / 2),
            places: vec![0; MAX_SITES],
            stepping: false,
            n_steps: 0,
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Site> {
        self.found.get(index)
    }

    /// Counts an instruction; the table never grows, so a handler may call this.
    fn count(&mut self, address: usize, name: &'static str) {
        let mut place = address.wrapping_mul(0x9e37_79b9) % MAX_SITES;
        loop {
            match self.places[place] {
                0 if self.found.len() == self.found.capacity() => return,
                0 => {
                    self.found.push(Site { address, count: 1, name: name.as_ptr() });
                    self.places[place] = self.found.len() as u16;
                    return;
                }
                index => {
                    let site = &mut self.found[usize::from(index) - 1];
                    if site.address == address {
                        site.count += 1;
                        return;
                    }
                }
            }
            place = (place + 1) % MAX_SITES;
        }
    }
}

/// Sets the handler. Returns 0 or a negative error number.
pub(crate) fn arm() -> c_int {
    set_handler(libc::SIGTRAP, on_step)
}

/// Sets the trap flag.
#[inline(always)]
pub(crate) fn begin(session: &mut Session) {
    session.sites.stepping = true;
    session.sites.n_steps = 0;
    // SAFETY: the handler is set, and clears the flag once `stepping` is false.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
}

/// Clears the trap flag; returns how many instructions were run.
#[inline(always)]
pub(crate) fn end(session: &mut Session) -> u64 {
    // SAFETY: clears a flag that nothing else uses.
    unsafe { asm!("pushfq", "and qword ptr [rsp], -0x101", "popfq") };
    session.sites.stepping = false;
    session.sites.n_steps
}

extern "C" fn on_step(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes a valid context to a handler.
    let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    // SAFETY: a session lives as long as the process and is used by its own thread alone; the
    // interrupted code of this library does not touch its sites while it steps.
    let Some(session) = (unsafe { current().as_mut() }) else { return };
    if !session.sites.stepping {
        registers[libc::REG_EFL as usize] &= !TRAP_FLAG;
        return;
    }
    session.sites.n_steps += 1;
    let next = registers[libc::REG_RIP as usize] as usize;
    // SAFETY: the instruction at this address runs next, so its bytes can be read. What lies
    // behind a short instruction at the end of a page is looked at only if the bytes ask for it.
    if let Some(name) = unsafe { locked(next as *const u8) } {
        session.sites.count(next, name);
    }
}

/// The name of the instruction, if it locks the bus.
///
/// # Safety
/// `code` leads to an instruction.
unsafe fn locked(code: *const u8) -> Option<&'static str> {
    // SAFETY: an instruction is read up to its last byte at most.
    let byte = |index: usize| unsafe { *code.add(index) };
    let mut at = 0;
    let mut lock = false;
    loop {
        match byte(at) {
            0xf0 => lock = true,
            // Sizes, repetitions, segments, and the extension of registers.
            0x66 | 0x67 | 0xf2 | 0xf3 | 0x2e | 0x3e | 0x26 | 0x36 | 0x64 | 0x65 => {}
            0x40..=0x4f => {}
            _ => break,
        }
        at += 1;
    }
    let opcode = byte(at);
    if lock {
        return Some(match opcode {
            0x0f => match byte(at + 1) {
                0xb0 | 0xb1 => "lock cmpxchg\0",
                0xc0 | 0xc1 => "lock xadd\0",
                0xc7 => "lock cmpxchg16b\0",
                0xab | 0xb3 | 0xbb | 0xba => "lock bt\0",
                _ => "lock\0",
            },
            0xfe | 0xff => "lock inc\0",
            0x00 | 0x01 => "lock add\0",
            0x08 | 0x09 => "lock or\0",
            0x20 | 0x21 => "lock and\0",
            0x28 | 0x29 => "lock sub\0",
            0x30 | 0x31 => "lock xor\0",
            0x80 | 0x81 | 0x83 => match (byte(at + 1) >> 3) & 7 {
                0 => "lock add\0",
                1 => "lock or\0",
                4 => "lock and\0",
                5 => "lock sub\0",
                6 => "lock xor\0",
                _ => "lock\0",
            },
            _ => "lock\0",
        });
    }
    match opcode {
        // An exchange with memory locks without saying so.
        0x86 | 0x87 if byte(at + 1) & 0xc0 != 0xc0 => Some("xchg\0"),
        _ => None,
    }
}
