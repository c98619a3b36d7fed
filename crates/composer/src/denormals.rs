//! Numbers too small to matter, counted as zero while composing.
//!
//! The processor works on such numbers (denormals) up to a hundred times slower, and they turn up
//! where music fades: a beat would be late for nothing anybody hears.

/// Flushes denormals on this thread until it is dropped.
#[must_use]
pub(crate) struct FlushDenormals {
    before: Control,
    /// The control register belongs to the thread.
    _not_send: core::marker::PhantomData<*const ()>,
}

impl FlushDenormals {
    /// Begins to flush, where the processor can.
    pub(crate) fn begin() -> Self {
        let before = read_control();
        write_control(before | FLUSH);
        Self { before, _not_send: core::marker::PhantomData }
    }
}

impl Drop for FlushDenormals {
    fn drop(&mut self) {
        write_control(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
type Control = u32;
/// Flush-to-zero and denormals-are-zero, bits 15 and 6 of MXCSR.
#[cfg(target_arch = "x86_64")]
const FLUSH: Control = 1 << 15 | 1 << 6;

#[cfg(target_arch = "x86_64")]
fn read_control() -> Control {
    let mut control: Control = 0;
    // SAFETY: stores the register's 32 bits into a variable of that size.
    unsafe {
        core::arch::asm!("stmxcsr [{}]", in(reg) &mut control, options(nostack, preserves_flags));
    }
    control
}

#[cfg(target_arch = "x86_64")]
fn write_control(control: Control) {
    // SAFETY: only the two bits of `FLUSH` ever differ from what was read. They mask no exception
    // and turn no rounding, and what runs under them takes either result for a denormal.
    unsafe { core::arch::asm!("ldmxcsr [{}]", in(reg) &control, options(nostack, readonly)) };
}

#[cfg(target_arch = "aarch64")]
type Control = u64;
/// Flush-to-zero, bit 24 of FPCR.
#[cfg(target_arch = "aarch64")]
const FLUSH: Control = 1 << 24;

#[cfg(target_arch = "aarch64")]
fn read_control() -> Control {
    let control: Control;
    // SAFETY: reads a register that every thread may read.
    unsafe { core::arch::asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack)) };
    control
}

#[cfg(target_arch = "aarch64")]
fn write_control(control: Control) {
    // SAFETY: only the bit of `FLUSH` ever differs from what was read, and what runs under it takes
    // either result for a denormal.
    unsafe { core::arch::asm!("msr fpcr, {}", in(reg) control, options(nomem, nostack)) };
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Control = u32;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const FLUSH: Control = 0;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn read_control() -> Control {
    0
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn write_control(_control: Control) {}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::FlushDenormals;
    use std::hint::black_box;

    fn is_kept(number: f32) -> bool {
        black_box(black_box(number) * black_box(0.5)) != 0.0
    }

    #[test]
    fn denormals_are_flushed_as_long_as_the_guard_lives() {
        assert!(is_kept(f32::MIN_POSITIVE));
        let guard = FlushDenormals::begin();
        assert!(!is_kept(f32::MIN_POSITIVE));
        let inner = FlushDenormals::begin();
        drop(inner);
        assert!(!is_kept(f32::MIN_POSITIVE), "the outer guard still holds");
        drop(guard);
        assert!(is_kept(f32::MIN_POSITIVE));
    }
}
