//! How long composing took, and how much time was left.

use std::time::Duration;

/// Steps of a histogram's scale in each doubling of time.
const PER_OCTAVE: usize = 8;

/// From a microsecond to 67 seconds.
const N_BUCKETS: usize = 26 * PER_OCTAVE;

/// How often which duration was seen, on a scale of steps of 9 %.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: [u32; N_BUCKETS],
    min: Duration,
    max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; N_BUCKETS], min: Duration::MAX, max: Duration::ZERO }
    }
}

impl Histogram {
    /// Adds one duration.
    pub fn add(&mut self, duration: Duration) {
        let octaves = (duration.as_secs_f64() * 1e6).max(1.0).log2();
        let bucket = (octaves * PER_OCTAVE as f64) as usize;
        self.counts[bucket.min(N_BUCKETS - 1)] += 1;
        self.min = self.min.min(duration);
        self.max = self.max.max(duration);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (count, other) in self.counts.iter_mut().zip(&other.counts) {
            *count += other;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Durations added.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// The shortest; `None` before the first.
    pub fn min(&self) -> Option<Duration> {
        (self.count() > 0).then_some(self.min)
    }

    /// The longest; `None` before the first.
    pub fn max(&self) -> Option<Duration> {
        (self.count() > 0).then_some(self.max)
    }

    /// The duration below which a share (`0.0..=1.0`) of all lies, good to 9 %; `None` before the
    /// first.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        let rank = ((count as f64 * share) as u64).min(count.checked_sub(1)?);
        let mut n_before = 0;
        let bucket = self.counts.iter().position(|count| {
            n_before += u64::from(*count);
            n_before > rank
        })?;
        let micros = ((bucket as f64 + 0.5) / PER_OCTAVE as f64).exp2();
        Some(Duration::from_secs_f64(micros / 1e6).clamp(self.min, self.max))
    }
}

/// What a session's beats cost since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Time to compose a beat and send its notes, all beats.
    pub composing: Histogram,
    /// Time left when a playing host's beat was done.
    pub slack: Histogram,
    /// Beats of a playing host that were done after they were due.
    pub n_overdue: u32,
}

impl Timing {
    /// Adds all of another session's.
    pub fn merge(&mut self, other: &Self) {
        self.composing.merge(&other.composing);
        self.slack.merge(&other.slack);
        self.n_overdue += other.n_overdue;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_good_to_a_tenth() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.max()), (None, None));
        for millis in 1..=100 {
            histogram.add(Duration::from_millis(millis));
        }
        for (share, expected) in [(0.0, 1.0), (0.5, 51.0), (0.99, 100.0), (1.0, 100.0)] {
            let found = histogram.quantile(share).unwrap().as_secs_f64() * 1e3;
            assert!((found / expected - 1.0).abs() < 0.1, "{share}: {found} for {expected}");
        }
        assert_eq!(histogram.max(), Some(Duration::from_millis(100)));
        let mut other = Histogram::default();
        other.add(Duration::from_secs(1000));
        other.merge(&histogram);
        assert_eq!((other.count(), other.max()), (101, Some(Duration::from_secs(1000))));
        assert_eq!(other.min(), Some(Duration::from_millis(1)));
    }
}
