//! What is done in an audio thread's first block, so that it need not be done later.
//!
//! nice-plug 0.4.2 asks for the calling thread's identity when it hands on a parameter's new value,
//! and the standard library allocates that identity when it is asked for first. Without this, the
//! first automated value would allocate, in the middle of a song; in a thread's first block the
//! framework allocates anyway.

#![cfg_attr(
    not(test),
    deny(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros)
)]

use nice_plug::util::permit_alloc;
use std::cell::Cell;

thread_local! {
    static IS_KNOWN: Cell<bool> = const { Cell::new(false) };
}

/// Has the calling thread's identity made, once a thread.
pub fn know_this_thread() {
    if !IS_KNOWN.replace(true) {
        permit_alloc(|| {
            #[cfg_attr(
                not(test),
                expect(clippy::disallowed_methods, reason = "this is the first call")
            )]
            drop(std::thread::current());
        });
    }
}
