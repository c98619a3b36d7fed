//! Which sample a song position falls on, the same for every split of the samples into blocks.

/// Positions of hosts are only good to about a thousandth of a sample: one that misses a half, or a
/// whole, by less is meant to be on it. Halves are common: many ticks lie on one at 44.1 kHz.
const POSITION_ERROR_SAMPLES: f64 = 1e-3;

/// The largest whole number not above `x`; saturates.
pub(crate) fn floor(x: f64) -> i64 {
    let whole = x as i64;
    if x < whole as f64 { whole.saturating_sub(1) } else { whole }
}

/// The smallest whole number not below `x`; saturates.
pub(crate) fn ceil(x: f64) -> i64 {
    floor(-x).saturating_neg()
}

/// A straight line between samples and beats.
///
/// Every position of a stretch at constant tempo is counted from the stretch's first sample, not
/// from the start of the current block: so the rounding of a note cannot depend on where blocks
/// begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// Position in beats at `anchor_sample`.
    anchor_beats: f64,
    /// A sample of the player's own count.
    anchor_sample: i64,
    /// Samples in a beat, positive.
    samples_per_beat: f64,
}

impl Timeline {
    pub(crate) fn new(beats: f64, sample: i64, samples_per_beat: f64) -> Self {
        Self { anchor_beats: beats, anchor_sample: sample, samples_per_beat }
    }

    pub(crate) fn samples_per_beat(&self) -> f64 {
        self.samples_per_beat
    }

    /// The sample that a position falls on, half a sample rounded up.
    pub(crate) fn sample_of(&self, beats: f64) -> i64 {
        let samples = (beats - self.anchor_beats) * self.samples_per_beat;
        self.anchor_sample.saturating_add(floor(samples + 0.5 + POSITION_ERROR_SAMPLES))
    }

    /// The first sample at or after a position.
    pub(crate) fn first_sample_from(&self, beats: f64) -> i64 {
        let samples = (beats - self.anchor_beats) * self.samples_per_beat;
        self.anchor_sample.saturating_add(ceil(samples - POSITION_ERROR_SAMPLES))
    }

    /// The position at a sample.
    pub(crate) fn beats_at(&self, sample: i64) -> f64 {
        self.anchor_beats + (sample - self.anchor_sample) as f64 / self.samples_per_beat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_up_on_both_sides_of_zero() {
        let line = Timeline::new(0.0, 0, 10.0);
        assert_eq!(
            [-0.16, -0.15, -0.14, 0.14, 0.15].map(|b| line.sample_of(b)),
            [-2, -1, -1, 1, 2]
        );
    }

    #[test]
    fn ceil_is_the_first_sample_inside() {
        let line = Timeline::new(0.0, 100, 10.0);
        assert_eq!([0.0, 0.01, 0.1, 0.11].map(|b| line.first_sample_from(b)), [100, 101, 101, 102]);
    }
}
