//! Holds every promise about a stream of note events, event by event.

use std::collections::BTreeMap;

use player::{EventKind, PlayerEvent};
use score::{Part, Pitch};

/// Fed with every event that a host is given; panics at the first that breaks a promise.
///
/// Promises: offsets ascend and lie inside the block; at one sample, ends come before beginnings
/// of other notes; every end names a sounding note; a part and pitch never sounds twice at once; no
/// note ends at the sample it began; ids are not reused while they sound.
#[derive(Debug, Default)]
pub struct NoteStreamChecker {
    n_samples: u32,
    block_start: u64,
    last: Option<(u32, bool)>,
    sounding: BTreeMap<(Part, Pitch), (i32, u64)>,
    n_ons: usize,
    n_offs: usize,
}

impl NoteStreamChecker {
    /// Nothing is sounding.
    pub fn new() -> Self {
        Self::default()
    }

    /// A block of `n_samples` begins.
    pub fn begin_block(&mut self, n_samples: usize) {
        self.block_start += u64::from(self.n_samples);
        self.n_samples = n_samples as u32;
        self.last = None;
    }

    /// The host took this event.
    ///
    /// # Panics
    /// When it breaks a promise.
    pub fn event(&mut self, event: &PlayerEvent) {
        let PlayerEvent { offset, kind } = *event;
        assert!(offset < self.n_samples, "{event:?} lies outside a block of {}", self.n_samples);
        let sample = self.block_start + u64::from(offset);
        let is_on = matches!(kind, EventKind::NoteOn { .. });
        if let Some((last_offset, last_is_on)) = self.last {
            assert!(offset >= last_offset, "{event:?} comes after offset {last_offset}");
            assert!(
                offset > last_offset || is_on || !last_is_on,
                "{event:?}: an end after a beginning at the same sample"
            );
        }
        self.last = Some((offset, is_on));
        match kind {
            EventKind::NoteOn { part, pitch, note_id, .. } => {
                assert!(note_id >= 0, "{event:?} has a negative id");
                assert!(
                    self.sounding.values().all(|(id, _)| *id != note_id),
                    "{event:?} uses the id of a sounding note"
                );
                let before = self.sounding.insert((part, pitch), (note_id, sample));
                assert_eq!(before, None, "{event:?} begins while its key is sounding");
                self.n_ons += 1;
            }
            EventKind::NoteOff { part, pitch, note_id } => {
                let Some((id, began)) = self.sounding.remove(&(part, pitch)) else {
                    panic!("{event:?} ends a note that is not sounding");
                };
                assert_eq!(id, note_id, "{event:?} ends another note");
                assert!(sample > began, "{event:?} ends where it began");
                self.n_offs += 1;
            }
        }
    }

    /// Notes sounding now.
    pub fn n_sounding(&self) -> usize {
        self.sounding.len()
    }

    /// Notes begun so far.
    pub fn n_ons(&self) -> usize {
        self.n_ons
    }

    /// The host stands still and has taken all events: nothing may sound.
    ///
    /// # Panics
    /// When something does.
    pub fn silent(&self) {
        assert!(self.sounding.is_empty(), "left hanging: {:?}", self.sounding);
        assert_eq!(self.n_ons, self.n_offs);
    }
}
