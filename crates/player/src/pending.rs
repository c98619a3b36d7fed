//! Notes received and not yet due.

use score::{Part, Pitch, Ticks, Velocity};

use crate::{Epoch, ScheduledNote};

/// Notes that can wait: [`crate::MAX_NOTES_PER_BEAT`] in each of the beats that the longest
/// lookahead covers, and room to spare. When full, notes stay in the queue.
const CAPACITY: usize = 2048;

const EMPTY: ScheduledNote = ScheduledNote {
    onset: Ticks(0),
    duration: Ticks(0),
    epoch: Epoch(0),
    part: Part::Drums,
    pitch: Pitch::clamped(0),
    velocity: Velocity::clamped(1),
};

/// A fixed-size list, sorted so that equal music comes out in equal order however it arrived.
#[derive(Debug)]
pub(crate) struct Pending {
    /// Notes lie in `head..tail`, sorted by [`order`].
    notes: [ScheduledNote; CAPACITY],
    head: usize,
    tail: usize,
}

fn order(note: &ScheduledNote) -> (Epoch, Ticks, Part, Pitch, Ticks, Velocity) {
    (note.epoch, note.onset, note.part, note.pitch, note.duration, note.velocity)
}

impl Pending {
    pub(crate) const fn new() -> Self {
        Self { notes: [EMPTY; CAPACITY], head: 0, tail: 0 }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.tail - self.head >= CAPACITY
    }

    /// Takes a note to its place; `false` when full.
    pub(crate) fn insert(&mut self, note: ScheduledNote) -> bool {
        if self.is_full() {
            return false;
        }
        if self.tail >= CAPACITY {
            self.notes.rotate_left(self.head);
            self.tail -= self.head;
            self.head = 0;
        }
        let key = order(&note);
        let waiting = self.notes.get(self.head..self.tail).unwrap_or(&[]);
        let at = self.head + waiting.partition_point(|other| order(other) <= key);
        if let Some(moved) = self.notes.get_mut(at..=self.tail) {
            moved.rotate_right(1);
            if let Some(place) = moved.first_mut() {
                *place = note;
            }
            self.tail += 1;
        }
        true
    }

    /// The note that is due first.
    pub(crate) fn first(&self) -> Option<&ScheduledNote> {
        if self.head < self.tail { self.notes.get(self.head) } else { None }
    }

    /// All notes in the order in which they are due.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ScheduledNote> {
        self.notes.get(self.head..self.tail).unwrap_or(&[]).iter()
    }

    /// Forgets the note that is due first.
    pub(crate) fn remove_first(&mut self) {
        if self.head < self.tail {
            self.head += 1;
        }
        if self.head == self.tail {
            (self.head, self.tail) = (0, 0);
        }
    }

    /// Forgets notes of epochs before `epoch`.
    pub(crate) fn drop_before(&mut self, epoch: Epoch) {
        while self.first().is_some_and(|note| note.epoch < epoch) {
            self.remove_first();
        }
    }

    /// Forgets notes of epochs after `epoch`.
    pub(crate) fn drop_after(&mut self, epoch: Epoch) {
        while self.head < self.tail
            && self.notes.get(self.tail - 1).is_some_and(|note| note.epoch > epoch)
        {
            self.tail -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(epoch: u32, onset: i64) -> ScheduledNote {
        ScheduledNote { epoch: Epoch(epoch), onset: Ticks(onset), duration: Ticks(1), ..EMPTY }
    }

    #[test]
    fn sorts_by_epoch_and_onset() {
        let mut pending = Pending::new();
        for (epoch, onset) in [(1, 30), (2, 0), (1, 10), (1, 20), (3, 5)] {
            assert!(pending.insert(note(epoch, onset)));
        }
        pending.drop_after(Epoch(2));
        for expected in [(1, 10), (1, 20), (1, 30), (2, 0)] {
            assert_eq!(pending.first().map(|n| (n.epoch.0, n.onset.0)), Some(expected));
            pending.remove_first();
        }
        assert!(pending.first().is_none());
    }

    #[test]
    fn full_refuses_and_recovers() {
        let mut pending = Pending::new();
        for onset in 0..CAPACITY as i64 {
            assert!(pending.insert(note(1, onset)));
        }
        assert!(!pending.insert(note(1, 0)));
        pending.remove_first();
        pending.remove_first();
        assert!(pending.insert(note(1, 5000)) && pending.insert(note(1, 4)));
        assert!(pending.is_full());
        assert_eq!(pending.first().map(|n| n.onset.0), Some(2));
        pending.drop_before(Epoch(2));
        assert!(pending.first().is_none() && !pending.is_full());
    }
}
