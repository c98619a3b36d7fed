//! Chords that instances of one process send each other, by number.
//!
//! A line holds the chords of its sender's last beats: what they follow, once they are committed, and
//! what the band made up, once they are composed. A receiver takes the chord of its own beat where it
//! stands there in time, which it does when the sender looks further ahead; else the newest, which may
//! be a beat old. The last chord stays when the sender goes. Two senders on a line overwrite each
//! other.

use super::Source;
use player::ChordLine;
use score::GivenChord;

/// How many lines there are, numbered from 1.
pub const N_LINES: usize = 16;

static LINES: [ChordLine; N_LINES] = [const { ChordLine::new() }; N_LINES];

fn line(number: usize) -> Option<&'static ChordLine> {
    LINES.get(number.checked_sub(1)?)
}

/// Puts chords on a line; nothing happens for 0.
pub fn send(number: usize, chords: &ChordLine) {
    if let Some(line) = line(number) {
        line.repeat(chords);
    }
}

/// The newest chord on a line.
pub fn newest(number: usize) -> Option<GivenChord> {
    line(number)?.newest()
}

/// The line that is followed, if one is.
pub fn followed(source: Source) -> Option<&'static ChordLine> {
    match source {
        Source::Bus(number) => line(number),
        Source::Model | Source::Keys | Source::Typed => None,
    }
}
