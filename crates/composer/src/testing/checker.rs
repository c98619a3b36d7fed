//! Holds every promise about a stream of note events, event by event.

use std::collections::BTreeMap;

use player::{EventKind, PlayerEvent};
use score::{Part, Pitch};

use super::Block;
use super::reference::sane;

/// A note may sound this many beats longer than the longest that was composed, before it hangs.
const HANGING_BEATS: f64 = 16.0;

/// Fed with every event that a host is given; panics at the first that breaks a promise.
///
/// Promises: offsets ascend and lie inside the block; at one sample, ends come before beginnings;
/// every end names a sounding note; a part and pitch never sounds twice at once; no note ends at
/// the sample it began; ids are not reused while they sound. When it is told the blocks
/// ([`Self::begin`]): nothing begins while the transport stands or the instrument is switched off,
/// and nothing sounds at the end of such a block unless the host refused an event; when it is told
/// the longest note: no note sounds 16 beats longer than that.
#[derive(Debug, Default)]
pub struct NoteStreamChecker {
    n_samples: u64,
    block_start: u64,
    /// Whether the music stands in this block.
    stands: bool,
    beats_per_sample: f64,
    refused: bool,
    last: Option<(u32, bool)>,
    sounding: BTreeMap<(Part, Pitch), Sounding>,
    longest_beats: Option<f64>,
    n_ons: usize,
    n_offs: usize,
}

#[derive(Clone, Copy, Debug)]
struct Sounding {
    note_id: i32,
    began: u64,
    /// Until the end of the last block.
    beats: f64,
}

impl NoteStreamChecker {
    /// Nothing is sounding.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, for notes that are at most `beats` long.
    pub fn with_longest(beats: f64) -> Self {
        Self { longest_beats: Some(beats), ..Self::default() }
    }

    /// A block begins.
    ///
    /// # Panics
    /// When the block before broke a promise.
    pub fn begin(&mut self, block: &Block) {
        self.begin_block(block.n_samples);
        self.stands = block.bypassed || !block.playhead.playing;
        if !self.stands {
            self.beats_per_sample = 1.0 / sane(&block.playhead).samples_per_beat();
        }
    }

    /// A block of `n_samples` begins, of which nothing else is known.
    ///
    /// # Panics
    /// When the block before broke a promise.
    pub fn begin_block(&mut self, n_samples: usize) {
        self.end_block();
        self.block_start += self.n_samples;
        self.n_samples = n_samples as u64;
        self.last = None;
        (self.stands, self.beats_per_sample, self.refused) = (false, 0.0, false);
    }

    fn end_block(&mut self) {
        if self.stands && self.n_samples > 0 && !self.refused {
            assert!(self.sounding.is_empty(), "sounds while it stands: {:?}", self.sounding);
        }
        let end = self.block_start + self.n_samples;
        for note in self.sounding.values_mut() {
            let n_samples = end - note.began.max(self.block_start);
            note.beats += n_samples as f64 * self.beats_per_sample;
            if let Some(longest) = self.longest_beats.filter(|_| !self.refused) {
                assert!(note.beats < longest + HANGING_BEATS, "a note hangs: {note:?}");
            }
        }
    }

    /// The host refused an event of this block.
    pub fn refused(&mut self) {
        self.refused = true;
    }

    /// The host took this event.
    ///
    /// # Panics
    /// When it breaks a promise.
    pub fn event(&mut self, event: &PlayerEvent) {
        let PlayerEvent { offset, kind } = *event;
        let n_samples = self.n_samples;
        assert!(u64::from(offset) < n_samples, "{event:?} lies outside a block of {n_samples}");
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
                assert!(!self.stands, "{event:?} begins while the music stands");
                assert!(note_id >= 0, "{event:?} has a negative id");
                assert!(
                    self.sounding.values().all(|other| other.note_id != note_id),
                    "{event:?} uses the id of a sounding note"
                );
                let note = Sounding { note_id, began: sample, beats: 0.0 };
                let before = self.sounding.insert((part, pitch), note);
                assert!(before.is_none(), "{event:?} begins while its key is sounding");
                self.n_ons += 1;
            }
            EventKind::NoteOff { part, pitch, note_id } => {
                let Some(note) = self.sounding.remove(&(part, pitch)) else {
                    panic!("{event:?} ends a note that is not sounding");
                };
                assert_eq!(note.note_id, note_id, "{event:?} ends another note");
                assert!(sample > note.began, "{event:?} ends where it began");
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
