//! What holds for every stream of note events, and how streams compare.

use hosting::{EventKind, PlayedNote, Recording, Script};

/// One event without what may differ between formats, see [`Recording::music`].
pub type Event = (i64, EventKind, u8, u8, u32);

/// Asserts what holds whatever a host does, and returns the notes.
///
/// Every start has its one end, at least a sample later; a key of a channel never overlaps; and
/// while the transport stands nothing starts or sounds. (Offsets, order and finite sound are
/// checked by the hosts themselves.)
#[track_caller]
pub fn assert_clean(what: &str, script: &Script, recording: &Recording) -> Vec<PlayedNote> {
    let notes = recording.notes().unwrap_or_else(|error| panic!("{what}: {error}"));
    for note in &notes {
        assert!(note.end > note.start, "{what}: {note:?} has no length");
        assert!(note.velocity > 0.0, "{what}: {note:?} is silent");
    }
    let starts: Vec<i64> = notes.iter().map(|note| note.start).collect();
    let mut frame = 0;
    for (block, sounding) in script.blocks.iter().zip(&recording.sounding) {
        let end = frame + block.frames as i64;
        let moves = |playing: bool| block.transports.iter().any(|t| t.transport.playing == playing);
        let stands = block.transport.is_some_and(|transport| !transport.playing);
        if stands && !moves(true) && block.frames > 0 {
            assert_eq!(*sounding, 0, "{what}: notes sound while the song stands at frame {frame}");
            let started = starts.iter().find(|start| (frame..end).contains(*start));
            assert_eq!(started, None, "{what}: a note starts while the song stands");
        }
        frame = end;
    }
    notes
}

/// Asserts that two lists of events are equal, and shows the first that differs.
#[track_caller]
pub fn assert_same_events(what: &str, expected: &[Event], found: &[Event]) {
    let differing = expected.iter().zip(found).position(|(a, b)| a != b);
    let place = differing.unwrap_or(expected.len().min(found.len()));
    assert!(
        expected == found,
        "{what}: {} events against {}; event {place} is {:?} against {:?}",
        expected.len(),
        found.len(),
        expected.get(place),
        found.get(place),
    );
}

/// Asserts that two recordings hold the same events.
#[track_caller]
pub fn assert_same_music(what: &str, expected: &Recording, found: &Recording) {
    assert_same_events(what, &expected.music(), &found.music());
}

/// Random numbers for scripts, the same for a seed on every machine (SplitMix64).
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A number in `from..to`.
    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of some choices.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}
