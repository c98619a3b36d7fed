//! Notes sounding now: exactly one end for every beginning.

use score::{Part, Pitch, Ticks};

use crate::timeline::Timeline;

/// Notes that can sound at once; a dense band holds about twenty.
pub(crate) const CAPACITY: usize = 128;

/// A note that the host has been told about and whose end it has not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActiveNote {
    pub(crate) part: Part,
    pub(crate) pitch: Pitch,
    pub(crate) note_id: i32,
    /// The sample it began at.
    pub(crate) on_sample: i64,
    /// Where it ends; follows the tempo.
    pub(crate) end: Ticks,
    /// Beats that the player has travelled when the note must be over, wherever the host is.
    pub(crate) hangs_at: f64,
    /// Whether it must end as soon as the host takes the event.
    pub(crate) ending: bool,
}

impl ActiveNote {
    /// The sample of its end, at least one after its beginning.
    fn off_sample(&self, timeline: &Timeline) -> i64 {
        if self.ending {
            return i64::MIN;
        }
        timeline.sample_of(self.end.beats()).max(self.on_sample.saturating_add(1))
    }
}

/// A fixed-size set, at most one note of a part and pitch.
#[derive(Debug)]
pub(crate) struct ActiveNotes {
    /// Notes lie in `0..len`, in no order.
    notes: [Option<ActiveNote>; CAPACITY],
    len: usize,
}

impl ActiveNotes {
    pub(crate) const fn new() -> Self {
        Self { notes: [None; CAPACITY], len: 0 }
    }

    /// Notes that can begin before others must end.
    pub(crate) fn n_free(&self) -> usize {
        CAPACITY - self.len
    }

    fn iter(&self) -> impl Iterator<Item = &ActiveNote> {
        self.notes.iter().take(self.len).flatten()
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut ActiveNote> {
        self.notes.iter_mut().take(self.len).flatten()
    }

    /// Adds a note that has begun; the caller has made room.
    pub(crate) fn insert(&mut self, note: ActiveNote) {
        if let Some(place) = self.notes.get_mut(self.len) {
            *place = Some(note);
            self.len += 1;
        }
    }

    /// Forgets a note whose end the host has taken.
    pub(crate) fn remove(&mut self, note_id: i32) {
        let Some(idx) = self.iter().position(|note| note.note_id == note_id) else { return };
        self.len -= 1;
        let last = self.notes.get_mut(self.len).and_then(Option::take);
        if idx < self.len
            && let Some(place) = self.notes.get_mut(idx)
        {
            *place = last;
        }
    }

    /// The sounding note of a part and pitch.
    pub(crate) fn find(&self, part: Part, pitch: Pitch) -> Option<&ActiveNote> {
        self.iter().find(|note| note.part == part && note.pitch == pitch)
    }

    /// The same, to change it.
    pub(crate) fn find_mut(&mut self, part: Part, pitch: Pitch) -> Option<&mut ActiveNote> {
        self.iter_mut().find(|note| note.part == part && note.pitch == pitch)
    }

    /// The note that ends first, with the sample of its end; `i64::MIN` when it is overdue by
    /// order. Ties fall to the lower part and pitch.
    pub(crate) fn first_to_end(&self, timeline: &Timeline) -> Option<(i64, ActiveNote)> {
        self.iter()
            .map(|note| (note.off_sample(timeline), *note))
            .min_by_key(|(sample, note)| (*sample, note.part, note.pitch))
    }

    /// Orders notes to end that ought to be over: the host plays and gets nowhere.
    pub(crate) fn end_hanging(&mut self, travelled: f64) {
        for note in self.iter_mut().filter(|note| travelled >= note.hangs_at) {
            note.ending = true;
        }
    }

    /// Orders every sounding note to end.
    pub(crate) fn end_all(&mut self) {
        self.iter_mut().for_each(|note| note.ending = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_in_order_of_time_and_orders() {
        let mut active = ActiveNotes::new();
        for (note_id, end) in [(1, 300), (2, 100), (3, 200)] {
            active.insert(ActiveNote {
                part: Part::Bass,
                pitch: Pitch::clamped(40 + note_id),
                note_id,
                on_sample: 0,
                end: Ticks(end),
                hangs_at: 16.0,
                ending: false,
            });
        }
        let timeline = Timeline::new(0.0, 0, 960.0);
        let first =
            |active: &ActiveNotes| active.first_to_end(&timeline).map(|(s, n)| (s, n.note_id));
        assert_eq!(first(&active), Some((100, 2)));
        active.remove(2);
        active.end_hanging(15.0);
        assert_eq!(first(&active), Some((200, 3)));
        active.end_all();
        assert_eq!(first(&active), Some((i64::MIN, 1)));
        active.remove(1);
        active.remove(3);
        active.remove(3);
        assert_eq!(first(&active), None);
    }
}
