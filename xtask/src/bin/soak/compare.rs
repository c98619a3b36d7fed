//! What was heard against what should have been.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{AddAssign, Range};

use hosting::{EventKind, HostEvent};

/// A note that begins less than this too late is late, a later one another note: 40 ms at 48 kHz.
const LATE_SAMPLES: i64 = 1920;

/// What a stretch of one instance's playing lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Notes that should have begun.
    pub n_notes: usize,
    /// Notes that began after their sample.
    pub n_late: usize,
    /// Notes that never began.
    pub n_missing: usize,
    /// Notes that should not have begun.
    pub n_strange: usize,
    /// Beats of which at least one note was late or missing.
    pub n_beats: usize,
}

impl AddAssign for Losses {
    fn add_assign(&mut self, other: Self) {
        self.n_notes += other.n_notes;
        self.n_late += other.n_late;
        self.n_missing += other.n_missing;
        self.n_strange += other.n_strange;
        self.n_beats += other.n_beats;
    }
}

impl Losses {
    /// Whether everything was there.
    pub fn is_none(&self) -> bool {
        self.n_late + self.n_missing + self.n_strange == 0
    }
}

/// Note-ons by who plays what, each with its samples in order.
type Starts = BTreeMap<(u8, u8, u32), Vec<i64>>;

fn starts(events: &[HostEvent], range: &Range<i64>) -> Starts {
    let mut starts = Starts::new();
    for event in events {
        if event.kind == EventKind::On && range.contains(&event.sample) {
            let note = (event.channel, event.key, event.velocity.to_bits());
            starts.entry(note).or_default().push(event.sample);
        }
    }
    starts
}

/// Compares note-ons of a range of samples.
pub fn compare(
    expected: &[HostEvent],
    heard: &[HostEvent],
    range: Range<i64>,
    samples_per_beat: i64,
) -> Losses {
    let expected = starts(expected, &range);
    let mut heard = starts(heard, &range);
    let mut losses = Losses::default();
    let mut beats = BTreeSet::new();
    let mut beat_of = |sample: i64| beats.insert(sample / samples_per_beat);
    for (note, samples) in expected {
        losses.n_notes += samples.len();
        let heard = heard.entry(note).or_default();
        let lost = samples.iter().filter(|sample| match heard.binary_search(sample) {
            Ok(at) => {
                heard.remove(at);
                false
            }
            Err(_) => true,
        });
        for sample in lost.copied().collect::<Vec<_>>() {
            beat_of(sample);
            let limit = sample + LATE_SAMPLES;
            match heard.iter().position(|at| (sample..limit).contains(at)) {
                Some(at) => {
                    heard.remove(at);
                    losses.n_late += 1;
                }
                None => losses.n_missing += 1,
            }
        }
    }
    losses.n_strange = heard.values().map(Vec::len).sum();
    losses.n_beats = beats.len();
    losses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(sample: i64, key: u8) -> HostEvent {
        HostEvent { sample, kind: EventKind::On, channel: 0, key, velocity: 0.5, note_id: 0 }
    }

    #[test]
    fn late_and_missing_and_strange_notes_are_told_apart() {
        let expected = [on(0, 60), on(24_000, 60), on(24_000, 64), on(50_000, 60)];
        let heard = [on(0, 60), on(24_200, 60), on(24_000, 64), on(50_000, 61)];
        assert!(compare(&expected, &expected, 0..60_000, 24_000).is_none());
        let losses = compare(&expected, &heard, 0..60_000, 24_000);
        let told = Losses { n_notes: 4, n_late: 1, n_missing: 1, n_strange: 1, n_beats: 2 };
        assert_eq!(losses, told);
        assert!(compare(&expected, &heard, 0..24_000, 24_000).is_none());
    }
}
