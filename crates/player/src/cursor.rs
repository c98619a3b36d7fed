//! Which beat to ask for next, through the coming passes of a loop.

use crate::Epoch;
use crate::playhead::BEAT_NUDGE;
use crate::timeline::{ceil, floor};

/// The next beat to ask for, which may lie several passes of a loop ahead of the playhead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// The beat.
    pub(crate) beat: i64,
    /// Its stretch.
    pub(crate) epoch: Epoch,
    /// Its pass of the loop.
    pub(crate) pass: u32,
    /// Passes between the playhead and the beat.
    wraps: u32,
    /// While there are any: the first beat that the playhead's own line has not asked for, at
    /// least; a loop may have been closed before beats that were asked for.
    resume: i64,
    /// The stretch that is playing.
    current: Epoch,
    /// The stretch of the next pass; all from here to `newest` have been announced.
    ahead: Epoch,
    /// The largest number given away.
    newest: Epoch,
    /// Whether the next request is the first of a start or jump.
    pub(crate) fresh: bool,
}

impl Cursor {
    pub(crate) const fn new() -> Self {
        Self {
            beat: 0,
            epoch: Epoch(0),
            pass: 0,
            wraps: 0,
            resume: 0,
            current: Epoch(0),
            ahead: Epoch(1),
            newest: Epoch(0),
            fresh: true,
        }
    }

    /// The stretch that is playing, or would be.
    pub(crate) fn current(&self) -> Epoch {
        self.current
    }

    /// Whether notes of `epoch` will be played, now or in a coming pass.
    pub(crate) fn expects(&self, epoch: Epoch) -> bool {
        epoch == self.current || (self.ahead..=self.newest).contains(&epoch)
    }

    /// Starts a new stretch with `beat`, after a start or a jump.
    pub(crate) fn start(&mut self, beat: i64) {
        self.newest = self.newest.next();
        *self = Self {
            beat,
            epoch: self.newest,
            pass: 0,
            wraps: 0,
            resume: i64::MIN,
            current: self.newest,
            ahead: self.newest.next(),
            newest: self.newest,
            fresh: true,
        };
    }

    /// Goes to the start of the loop that the host goes round, if that ends before the next beat.
    pub(crate) fn follow_loop(&mut self, loop_range: Option<(f64, f64)>) {
        if let Some((start, end)) = loop_range
            && self.beat as f64 >= end - BEAT_NUDGE
        {
            if self.wraps == 0 {
                self.resume = self.beat;
            }
            self.wrap(start);
        }
    }

    fn wrap(&mut self, loop_start: f64) {
        self.newest = self.newest.next();
        self.epoch = self.newest;
        self.beat = floor(loop_start + BEAT_NUDGE);
        self.pass = self.pass.saturating_add(1);
        self.wraps += 1;
    }

    /// When the next beat begins, in beats of the playhead's own line.
    pub(crate) fn due(&self, loop_range: Option<(f64, f64)>) -> f64 {
        match loop_range {
            Some((start, end)) if self.wraps > 0 => {
                (self.beat as f64).max(start) + f64::from(self.wraps) * (end - start)
            }
            _ => self.beat as f64,
        }
    }

    /// The playhead has gone from the loop's end to its start.
    pub(crate) fn enter_next_pass(&mut self, loop_start: f64) {
        if self.wraps == 0 {
            self.wrap(loop_start);
        }
        self.wraps -= 1;
        self.resume = i64::MIN;
        self.current = self.ahead;
        self.ahead = self.ahead.next();
    }

    /// The loop was moved, switched off or passed by: goes back to the playhead's own line.
    ///
    /// Passes that were announced are given up; `old_loop` is the loop they belonged to.
    pub(crate) fn leave_loop(&mut self, old_loop: (f64, f64)) {
        if self.wraps == 0 {
            return;
        }
        self.beat = ceil(old_loop.1 - BEAT_NUDGE).max(self.resume);
        self.epoch = self.current;
        self.pass = self.pass.saturating_sub(self.wraps);
        self.wraps = 0;
        self.ahead = self.newest.next();
    }
}

/// Requests whose answers matter still: both beats of each quarter-beat loop that a block of 8192
/// samples and the longest lookahead go round, at 22.05 kHz and the highest tempo.
const N_REMEMBERED: usize = 128;

/// Which request asked for which beat; the oldest are forgotten first.
#[derive(Debug)]
pub(crate) struct Commits {
    ring: [(Epoch, i64, u64); N_REMEMBERED],
    next: usize,
}

impl Commits {
    pub(crate) const fn new() -> Self {
        Self { ring: [(Epoch(0), 0, 0); N_REMEMBERED], next: 0 }
    }

    pub(crate) fn remember(&mut self, epoch: Epoch, beat: i64, sequence: u64) {
        if let Some(place) = self.ring.get_mut(self.next % N_REMEMBERED) {
            *place = (epoch, beat, sequence);
        }
        self.next = (self.next + 1) % N_REMEMBERED;
    }

    /// The request for a beat.
    pub(crate) fn sequence_of(&self, epoch: Epoch, beat: i64) -> Option<u64> {
        self.iter().find(|(e, b, _)| (*e, *b) == (epoch, beat)).map(|(_, _, sequence)| sequence)
    }

    /// The newest request for a beat of `epoch` not after `beat`, or of an epoch before it.
    pub(crate) fn last_until(&self, epoch: Epoch, beat: i64) -> u64 {
        let due = self.iter().filter(|(e, b, _)| (*e, *b) <= (epoch, beat));
        due.map(|(_, _, sequence)| sequence).max().unwrap_or(0)
    }

    /// Beats after `beat` of `epoch` that are answered, where `done` is the newest answer.
    pub(crate) fn n_ahead(&self, epoch: Epoch, beat: i64, done: u64) -> u32 {
        let ahead = self.iter().filter(|(e, b, s)| (*e, *b) > (epoch, beat) && *s <= done);
        ahead.count() as u32
    }

    fn iter(&self) -> impl Iterator<Item = (Epoch, i64, u64)> + '_ {
        self.ring.iter().copied().filter(|(_, _, sequence)| *sequence > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_loops_are_asked_for_pass_after_pass() {
        let mut cursor = Cursor::new();
        cursor.start(4);
        let range = Some((4.5, 5.25));
        let mut asked = [(0, 0, 0.0); 5];
        for place in &mut asked {
            cursor.follow_loop(range);
            *place = (cursor.beat, cursor.pass, cursor.due(range));
            cursor.beat += 1;
        }
        assert_eq!(asked, [(4, 0, 4.0), (5, 0, 5.0), (4, 1, 5.25), (5, 1, 5.75), (4, 2, 6.0)]);
        assert!(cursor.expects(Epoch(3)) && !cursor.expects(Epoch(4)));
        cursor.enter_next_pass(4.5);
        assert_eq!(cursor.current(), Epoch(2));
        assert!(!cursor.expects(Epoch(1)));
    }

    #[test]
    fn leaving_a_loop_goes_on_behind_its_end() {
        let mut cursor = Cursor::new();
        cursor.start(0);
        cursor.beat = 4;
        cursor.follow_loop(Some((0.0, 4.0)));
        cursor.beat += 1;
        cursor.leave_loop((0.0, 4.0));
        assert_eq!((cursor.beat, cursor.epoch, cursor.pass), (4, Epoch(1), 0));
        assert!(!cursor.expects(Epoch(2)));
        cursor.enter_next_pass(0.0);
        assert_eq!((cursor.current(), cursor.beat, cursor.pass), (Epoch(3), 0, 1));
    }
}
