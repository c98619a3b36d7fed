//! A playhead that glides, though its place is reported once a block.

/// A place further from the expected one than this is a jump, in beats.
const JUMP: f64 = 0.35;

/// How long the difference to the reported place takes to melt, in seconds.
const MELT: f64 = 0.12;

/// Frames further apart than this say nothing about the speed, in seconds.
const PAUSE: f64 = 0.5;

/// The playhead as it is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Motion {
    beats: f64,
    at: f64,
}

impl Motion {
    /// Where it is drawn, in beats.
    pub fn position(&self) -> f64 {
        self.beats
    }

    /// Goes there at once.
    pub fn jump(&mut self, beats: f64, now: f64) {
        *self = Self { beats, at: now };
    }

    /// Moves on to `now` (seconds) at `speed` (beats a second), drawn to the `reported` beat.
    pub fn follow(&mut self, reported: f64, speed: f64, now: f64) {
        let passed = now - self.at;
        let expected = self.beats + speed * passed;
        let error = reported - expected;
        if speed == 0.0 || !(0.0..PAUSE).contains(&passed) || error.abs() > JUMP {
            return self.jump(reported, now);
        }
        let melted = 1.0 - (-passed / MELT).exp();
        // Never backwards: a note that has sounded stays left of the line.
        *self = Self { beats: self.beats.max(expected + error * melted), at: now };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 1024 samples report places that stand still and hop; the playhead does not.
    #[test]
    fn steps_of_the_report_are_smoothed() {
        let (speed, block) = (2.0, 1024.0 / 48_000.0);
        let mut motion = Motion::default();
        motion.jump(0.0, 0.0);
        let mut widths = Vec::new();
        for frame in 1..200 {
            let now = f64::from(frame) / 60.0;
            let reported = (now / block).floor() * block * speed;
            let before = motion.position();
            motion.follow(reported, speed, now);
            widths.push(motion.position() - before);
            assert!((motion.position() - now * speed).abs() < 0.1);
        }
        let even = speed / 60.0;
        assert!(widths.iter().all(|width| (0.3 * even..1.7 * even).contains(width)), "{widths:?}");
    }

    #[test]
    fn jumps_and_stops_are_taken_at_once() {
        let mut motion = Motion::default();
        motion.follow(8.0, 2.0, 1.0);
        assert_eq!(motion.position(), 8.0);
        motion.follow(3.0, 2.0, 1.016);
        assert_eq!(motion.position(), 3.0);
        motion.follow(3.01, 0.0, 1.032);
        assert_eq!(motion.position(), 3.01);
    }
}
