//! Chords that instances of one process send each other, by number.
//!
//! A line holds one chord: the one that the sender's last committed beat follows. Who reads it gets
//! the chord that stands there when its own next beat is committed, so a receiver that the host
//! processes before its sender hears a change a block later, which may be a beat later. The last
//! chord stays when the sender goes. Two senders on a line overwrite each other.

use score::GivenChord;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many lines there are, numbered from 1.
pub const N_LINES: usize = 16;

/// [`GivenChord::packed`] a line, 0 for none.
static LINES: [AtomicU32; N_LINES] = [const { AtomicU32::new(0) }; N_LINES];

fn line(number: usize) -> Option<&'static AtomicU32> {
    LINES.get(number.checked_sub(1)?)
}

/// Puts a chord on a line; nothing happens for 0 and without a chord.
pub fn send(number: usize, chord: Option<GivenChord>) {
    if let (Some(line), Some(chord)) = (line(number), chord) {
        line.store(chord.packed(), Ordering::Relaxed);
    }
}

/// The chord on a line.
pub fn read(number: usize) -> Option<GivenChord> {
    GivenChord::unpacked(line(number)?.load(Ordering::Relaxed))
}
