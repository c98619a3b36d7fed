//! The beats that the roll shows, more than one snapshot holds.

use composer::PreviewBeat;
use std::collections::VecDeque;

/// The most beats kept; as many as fit a very wide window.
const N_BEATS: usize = 96;

/// Beats on one line without gaps, oldest first.
#[derive(Debug, Default)]
pub struct History {
    beats: VecDeque<PreviewBeat>,
}

impl History {
    /// The beats, oldest first.
    pub fn beats(&self) -> &VecDeque<PreviewBeat> {
        &self.beats
    }

    /// The beat at a place of the line, in beats.
    pub fn at(&self, line_beats: f64) -> Option<&PreviewBeat> {
        let first = self.beats.front()?.line_beat;
        let index = usize::try_from(line_beats.floor() as i64 - first).ok()?;
        self.beats.get(index)
    }

    /// Takes in a snapshot: its beats replace those of the same place, and those before it stay
    /// while they lead up to it.
    pub fn take(&mut self, snapshot: &[PreviewBeat]) {
        let Some(first) = snapshot.first() else { return self.beats.clear() };
        let same_line = match self.at(first.line_beat as f64) {
            Some(known) => known.epoch == first.epoch && known.frame.beat == first.frame.beat,
            None => self.beats.back().is_some_and(|last| last.line_beat + 1 == first.line_beat),
        };
        if same_line {
            while self.beats.back().is_some_and(|last| last.line_beat >= first.line_beat) {
                self.beats.pop_back();
            }
        } else {
            self.beats.clear();
        }
        self.beats.extend(snapshot.iter().cloned());
        while self.beats.len() > N_BEATS {
            self.beats.pop_front();
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use player::Epoch;
    use score::grid::BeatFrame;
    use score::{Controls, Meter, Tempo};

    /// A beat without notes.
    pub fn beat(line_beat: i64, song_beat: i64, epoch: u32) -> PreviewBeat {
        PreviewBeat {
            frame: BeatFrame::regular(song_beat, Meter::COMMON, Tempo::DEFAULT),
            line_beat,
            epoch: Epoch(epoch),
            pass: 0,
            parts: Default::default(),
            chord: None,
            controls: Controls::default(),
            heard: None,
        }
    }

    fn line(history: &History) -> Vec<i64> {
        history.beats().iter().map(|beat| beat.line_beat).collect()
    }

    #[test]
    fn snapshots_join_to_a_longer_line() {
        let mut history = History::default();
        for newest in 0..40 {
            let snapshot: Vec<_> =
                ((newest - 15_i64).max(0)..=newest).map(|n| beat(n, n, 1)).collect();
            history.take(&snapshot);
        }
        assert_eq!(line(&history), (0..40).collect::<Vec<_>>());
        assert_eq!(history.at(12.7).map(|beat| beat.line_beat), Some(12));
        assert!(history.at(-0.1).is_none() && history.at(40.0).is_none());
    }

    #[test]
    fn a_new_start_forgets_the_old_line() {
        let mut history = History::default();
        history.take(&(0..16).map(|n| beat(n, n, 1)).collect::<Vec<_>>());
        history.take(&[beat(0, 100, 2)]);
        assert_eq!(line(&history), [0]);
        // The window was closed for a while: what leads up to the snapshot is not known.
        history.take(&(30..46).map(|n| beat(n, 100 + n, 2)).collect::<Vec<_>>());
        assert_eq!(line(&history), (30..46).collect::<Vec<_>>());
    }

    #[test]
    fn the_line_is_bounded() {
        let mut history = History::default();
        for newest in 0..500 {
            history.take(&[beat(newest, newest, 1)]);
        }
        assert_eq!(history.beats().len(), N_BEATS);
        history.take(&[]);
        assert!(history.beats().is_empty());
    }
}
