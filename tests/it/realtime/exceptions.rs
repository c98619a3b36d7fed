//! What the plugin framework does inside process calls against the rules, and why it cannot be
//! helped from outside. Nothing of ours belongs here.

use hosting::{Block, Format, Offence};

use super::symbols::Symbols;

/// `FUTEX_WAKE | FUTEX_PRIVATE_FLAG`, the second argument of the system call.
const FUTEX_WAKE_PRIVATE: u64 = 0x81;
/// `FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG`.
const FUTEX_WAIT_PRIVATE: u64 = 0x89;

/// Whose functions may lie between those that are named.
const BETWEEN: [&str; 2] = ["nice_plug::", "crossbeam_channel::"];

/// One thing that is let through.
struct Exception {
    format: Format,
    /// The system call's number.
    call: i64,
    /// What its second argument may be.
    operations: &'static [u64],
    /// The functions that must have led to it, innermost first; between them may lie functions of
    /// the framework and its channel alone, as what is inlined differs from build to build.
    through: &'static [&'static str],
    /// How often a block may do it.
    at_most: fn(&Block) -> usize,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[Exception {
    format: Format::Vst3,
    call: libc::SYS_futex,
    operations: &[FUTEX_WAKE_PRIVATE, FUTEX_WAIT_PRIVATE],
    through: &[
        "crossbeam_channel::waker::SyncWaker::notify",
        "<nice_plug::event_loop::linux::LinuxEventLoop<T,E> as \
         nice_plug::event_loop::EventLoop<T,E>>::schedule_gui",
        "nice_plug::wrapper::vst3::inner::WrapperInner<P>::schedule_gui",
    ],
    // The thread is woken, and perhaps it was just taking the lock that is needed for that.
    at_most: |block| 3 * block.changes.len(),
    reason: "nice-plug 0.4.2 tells a VST3's editor of each automated value, open or not, through a \
             thread that it wakes from inside the process call, and may have to wait for that \
             thread's hold on a lock. No option turns it off.",
}];

/// The reasons of the exceptions, for the test's output.
pub fn reasons() -> impl Iterator<Item = &'static str> {
    EXCEPTIONS.iter().map(|exception| exception.reason)
}

/// The offences of a block that no exception covers.
pub fn remaining<'a>(
    format: Format,
    block: &Block,
    offences: &'a [Offence],
    symbols: &Symbols,
) -> Vec<&'a Offence> {
    let mut used = [0; EXCEPTIONS.len()];
    offences
        .iter()
        .filter(|offence| {
            let excused = EXCEPTIONS.iter().zip(&mut used).any(|(exception, used)| {
                let covers = *used < (exception.at_most)(block)
                    && exception.covers(format, offence, symbols);
                *used += usize::from(covers);
                covers
            });
            !excused
        })
        .collect()
}

impl Exception {
    fn covers(&self, format: Format, offence: &Offence, symbols: &Symbols) -> bool {
        let Some((number, [_, second])) = offence.syscall else { return false };
        if format != self.format || number != self.call || !self.operations.contains(&second) {
            return false;
        }
        // The C library's own function for system calls has no name.
        let names = offence.frames.iter().map(|frame| symbols.name(frame));
        let mut expected = self.through.iter().peekable();
        for name in names.skip_while(|name| name.starts_with("libc.so")) {
            let Some(next) = expected.peek() else { break };
            if name == **next {
                expected.next();
            } else if !BETWEEN.iter().any(|of| name.trim_start_matches('<').starts_with(of)) {
                return false;
            }
        }
        expected.peek().is_none()
    }
}
