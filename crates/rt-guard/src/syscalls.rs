//! System calls, handed over by the kernel.
//!
//! While a thread's selector says so, each of its system calls becomes a `SIGSYS` instead. The
//! kernel makes one exception, a range of code; two pieces of code lie in it: the one by which the
//! handler does what was asked for, and the one by which it returns. So the selector can stay as it
//! is, and every call of a stretch is counted, not only the first.

use std::arch::global_asm;
use std::ffi::{c_int, c_void};

use crate::session::{Kind, Offence, Session, current};

const PR_SET_SYSCALL_USER_DISPATCH: c_int = 59;
const PR_SYS_DISPATCH_ON: usize = 1;
const SA_RESTORER: u64 = 0x0400_0000;

/// Length of the `syscall` instruction in bytes.
const SYSCALL_LENGTH: i64 = 2;

global_asm!(
    ".pushsection .text.rt_guard_kernel, \"ax\", @progbits",
    ".globl rt_guard_kernel_begin, rt_guard_kernel_end, rt_guard_syscall, rt_guard_return",
    ".hidden rt_guard_kernel_begin, rt_guard_kernel_end, rt_guard_syscall, rt_guard_return",
    "rt_guard_kernel_begin:",
    // (number, six arguments) -> the kernel's answer; the seventh lies on the stack.
    "rt_guard_syscall:",
    "mov rax, rdi",
    "mov rdi, rsi",
    "mov rsi, rdx",
    "mov rdx, rcx",
    "mov r10, r8",
    "mov r8, r9",
    "mov r9, qword ptr [rsp + 8]",
    "syscall",
    "ret",
    ".balign 16",
    // These very bytes tell unwinders that a signal was delivered here.
    "rt_guard_return:",
    ".byte 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00", // mov rax, SYS_rt_sigreturn
    ".byte 0x0f, 0x05",                               // syscall
    // The kernel looks at the address behind the instruction, which must lie in the range too.
    "int3",
    "rt_guard_kernel_end:",
    ".popsection",
);

unsafe extern "C" {
    fn rt_guard_kernel_begin();
    fn rt_guard_kernel_end();
    fn rt_guard_return();
    fn rt_guard_syscall(number: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64;
}

/// The kernel's own form of a signal action.
#[repr(C)]
struct KernelAction {
    handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void),
    flags: u64,
    restorer: unsafe extern "C" fn(),
    mask: u64,
}

/// Sets the handler of a signal; returns 0 or a negative error number.
///
/// The C library's function would set its own way of returning from handlers.
pub(crate) fn set_handler(
    signal: c_int,
    handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void),
) -> c_int {
    let flags = libc::SA_SIGINFO as u64 | SA_RESTORER;
    let action = KernelAction { handler, flags, restorer: rt_guard_return, mask: 0 };
    let mask_bytes = size_of::<u64>() as i64;
    // SAFETY: the action is read during the call, and nothing is asked back.
    let result = unsafe {
        rt_guard_syscall(
            libc::SYS_rt_sigaction,
            i64::from(signal),
            &raw const action as i64,
            0,
            mask_bytes,
            0,
            0,
        )
    };
    result as c_int
}

/// Hands the calling thread's system calls to us. Returns 0 or a negative error number.
pub(crate) fn arm(session: *mut Session) -> c_int {
    let refused = set_handler(libc::SIGSYS, on_system_call);
    if refused != 0 {
        return refused;
    }
    let begin = rt_guard_kernel_begin as *const () as usize;
    let length = rt_guard_kernel_end as *const () as usize - begin;
    // SAFETY: the session lives as long as the process, and so does its selector.
    unsafe {
        let selector = (*session).selector();
        let on = PR_SYS_DISPATCH_ON;
        match libc::prctl(PR_SET_SYSCALL_USER_DISPATCH, on, begin, length, selector) {
            0 => 0,
            _ => -*libc::__errno_location(),
        }
    }
}

/// Where `siginfo_t` has the number of a blocked system call: behind its address.
#[repr(C)]
struct SystemCallInfo {
    _signal: [c_int; 4],
    _address: *mut c_void,
    number: c_int,
}

extern "C" fn on_system_call(_: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes valid pointers of these types to a handler; the session is this
    // thread's own, and exists, since only threads that have one are dispatched.
    let (info, registers, session) = unsafe {
        let context = &mut *context.cast::<libc::ucontext_t>();
        (&*info.cast::<SystemCallInfo>(), &mut context.uc_mcontext.gregs, &mut *current())
    };
    let number = i64::from(info.number);
    let at = |register: c_int| register as usize;
    let arguments = [registers[at(libc::REG_RDI)] as u64, registers[at(libc::REG_RSI)] as u64];
    session.record(Offence { number, arguments, ..Offence::new(Kind::Syscall) });
    match number {
        // What makes a thread or returns from a signal looks at the stack it is called on. It is
        // done again, by the caller itself.
        libc::SYS_clone
        | libc::SYS_clone3
        | libc::SYS_fork
        | libc::SYS_vfork
        | libc::SYS_rt_sigreturn => {
            session.open_kernel();
            registers[at(libc::REG_RIP)] -= SYSCALL_LENGTH;
            registers[at(libc::REG_RAX)] = number;
        }
        _ => {
            // SAFETY: exactly what the program asked for.
            registers[at(libc::REG_RAX)] = unsafe {
                rt_guard_syscall(
                    number,
                    registers[at(libc::REG_RDI)],
                    registers[at(libc::REG_RSI)],
                    registers[at(libc::REG_RDX)],
                    registers[at(libc::REG_R10)],
                    registers[at(libc::REG_R8)],
                    registers[at(libc::REG_R9)],
                )
            };
        }
    }
}
