//! Where the host is in the song, for one block.

use score::grid::BeatFrame;
use score::{Meter, Tempo, Ticks};

use crate::timeline::floor;

/// Positions further out than this are taken for nonsense and clamped, in beats: 19 years at 100.
const MAX_BEATS: f64 = 1e9;

/// Rates below this are taken for nonsense and clamped, in Hz.
const MIN_SAMPLE_RATE: f64 = 1000.0;

/// Loops shorter than this are played as jumps, in beats.
///
/// Each pass needs its own beats composed ahead, and passes of a few milliseconds are not music.
const MIN_LOOP_BEATS: f64 = 0.25;

/// Positions this little below a beat's start count as inside it, in beats.
pub(crate) const BEAT_NUDGE: f64 = 1e-6;

/// The host's transport at the first sample of a block, in this project's terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playhead {
    /// Whether the song position moves during the block.
    pub playing: bool,
    /// Song position in beats (quarter notes); may be negative.
    pub position_beats: f64,
    /// Tempo during the block.
    pub tempo: Tempo,
    /// Meter at the block's start.
    pub meter: Meter,
    /// Start of the bar that contains the block's start, in beats; without it, bars are counted
    /// from the song's start in the current meter.
    pub bar_start_beats: Option<f64>,
    /// Number of that bar from 0.
    pub bar_number: Option<i64>,
    /// Start and end of the active loop in beats.
    pub loop_range: Option<(f64, f64)>,
    /// In Hz.
    pub sample_rate: f64,
}

impl Playhead {
    /// Standing at the start of a song at 120 BPM in 4/4.
    pub fn standing(sample_rate: f64) -> Self {
        Self {
            playing: false,
            position_beats: 0.0,
            tempo: Tempo::DEFAULT,
            meter: Meter::COMMON,
            bar_start_beats: None,
            bar_number: None,
            loop_range: None,
            sample_rate,
        }
    }

    /// Samples in a beat.
    pub fn samples_per_beat(&self) -> f64 {
        self.tempo.samples_per_beat(self.sample_rate)
    }

    /// The playhead `n_samples` later, if nothing but time happens: the loop is followed.
    pub fn advanced(&self, n_samples: usize) -> Self {
        if !self.playing {
            return *self;
        }
        let mut beats = self.position_beats + n_samples as f64 / self.samples_per_beat();
        let mut bar = (self.bar_start_beats, self.bar_number);
        if let Some((start, end)) = self.loop_range
            && end > start
            && self.position_beats < end
            && beats >= end
        {
            beats = start + (beats - end) % (end - start);
            bar = (None, None);
        }
        if let (Some(bar_start), number) = bar {
            let bar_beats = self.meter.bar_beats();
            let n_bars = floor((beats - bar_start + BEAT_NUDGE) / bar_beats);
            bar = (Some(bar_start + n_bars as f64 * bar_beats), number.map(|n| n + n_bars));
        }
        Self { position_beats: beats, bar_start_beats: bar.0, bar_number: bar.1, ..*self }
    }

    /// The same with every number in a range that arithmetic survives.
    pub(crate) fn sanitized(&self) -> Self {
        let beats = |b: f64| if b.is_finite() { b.clamp(-MAX_BEATS, MAX_BEATS) } else { 0.0 };
        let rate = self.sample_rate;
        Self {
            position_beats: beats(self.position_beats),
            bar_start_beats: self.bar_start_beats.filter(|b| b.is_finite() && b.abs() <= MAX_BEATS),
            bar_number: self.bar_number.filter(|n| n.unsigned_abs() <= MAX_BEATS as u64),
            loop_range: self
                .loop_range
                .map(|(start, end)| (beats(start), beats(end)))
                .filter(|(start, end)| end - start >= MIN_LOOP_BEATS),
            sample_rate: if rate.is_finite() { rate.clamp(MIN_SAMPLE_RATE, 1e7) } else { 48_000.0 },
            ..*self
        }
    }

    /// Where `beat` lies, if meter and tempo stay as they are.
    pub(crate) fn frame(&self, beat: i64) -> BeatFrame {
        let regular = BeatFrame::regular(beat, self.meter, self.tempo);
        let Some(bar_start_beats) = self.bar_start_beats else { return regular };
        let bar_start = Ticks::from_beats(bar_start_beats);
        let bar_ticks = self.meter.bar_ticks().0.max(1);
        let n_bars = (Ticks::from_beat(beat) - bar_start).0.div_euclid(bar_ticks);
        let first_number = self.bar_number.unwrap_or_else(|| bar_start.0.div_euclid(bar_ticks));
        BeatFrame {
            bar_start: bar_start + Ticks(n_bars * bar_ticks),
            bar_number: first_number + n_bars,
            ..regular
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_follow_the_hosts_bars() {
        let waltz = Playhead {
            meter: Meter::new(3, 4).unwrap_or_default(),
            bar_start_beats: Some(4.0),
            bar_number: Some(1),
            ..Playhead::standing(48_000.0)
        };
        let frame = waltz.frame(11);
        assert_eq!((frame.bar_start, frame.bar_number), (Ticks::from_beat(10), 3));
        let frame = waltz.frame(3);
        assert_eq!((frame.bar_start, frame.bar_number), (Ticks::from_beat(1), 0));
    }

    #[test]
    fn advancing_follows_the_loop() {
        let playhead = Playhead {
            playing: true,
            position_beats: 7.0,
            loop_range: Some((4.0, 8.0)),
            ..Playhead::standing(48_000.0)
        };
        assert_eq!(playhead.advanced(24_000).position_beats, 4.0);
        assert_eq!(playhead.advanced(36_000).position_beats, 4.5);
        assert_eq!(playhead.advanced(12_000).position_beats, 7.5);
    }

    #[test]
    fn nonsense_becomes_harmless() {
        let playhead = Playhead {
            position_beats: f64::NAN,
            bar_start_beats: Some(f64::INFINITY),
            loop_range: Some((4.0, f64::NAN)),
            sample_rate: -1.0,
            ..Playhead::standing(0.0)
        }
        .sanitized();
        assert_eq!(playhead.position_beats, 0.0);
        assert_eq!((playhead.bar_start_beats, playhead.loop_range), (None, None));
        assert_eq!(playhead.sample_rate, MIN_SAMPLE_RATE);
    }
}
