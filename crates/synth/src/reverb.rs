//! A small room: four delay lines that feed one another.

use crate::dsp::{decay_factor, flushed};

/// Lengths of the lines in seconds, without a common measure. By ear.
const LINE_SECONDS: [f32; 4] = [0.0297, 0.0371, 0.0411, 0.0437];
const DECAY_SECONDS: f32 = 0.9;

struct Line {
    samples: Vec<f32>,
    position: usize,
    feedback: f32,
    damped: f32,
}

/// A feedback delay network with a Hadamard matrix.
pub struct Reverb {
    lines: [Line; 4],
    damping: f32,
    /// Samples since the last input that was not zero.
    idle_samples: usize,
    tail_samples: usize,
}

impl Reverb {
    #[cfg_attr(
        not(test),
        expect(clippy::disallowed_macros, reason = "made before the first block")
    )]
    pub fn new(sample_rate: f32) -> Self {
        let lines = LINE_SECONDS.map(|seconds| {
            let length = ((seconds * sample_rate) as usize).max(1);
            Line {
                samples: vec![0.0; length],
                position: 0,
                feedback: decay_factor(DECAY_SECONDS, sample_rate).powi(length as i32),
                damped: 0.0,
            }
        });
        Self {
            lines,
            damping: 1.0 - (-core::f32::consts::TAU * 4_500.0 / sample_rate).exp(),
            idle_samples: usize::MAX,
            tail_samples: (2.0 * DECAY_SECONDS * sample_rate) as usize,
        }
    }

    /// Forgets what is ringing.
    pub fn reset(&mut self) {
        for line in &mut self.lines {
            line.samples.fill(0.0);
            line.damped = 0.0;
            line.position = 0;
        }
        self.idle_samples = usize::MAX;
    }

    /// The room's answer to one sample, left and right.
    pub fn process(&mut self, input: f32) -> (f32, f32) {
        if input != 0.0 {
            self.idle_samples = 0;
        } else if self.idle_samples >= self.tail_samples {
            if self.idle_samples != usize::MAX {
                self.reset();
            }
            return (0.0, 0.0);
        } else {
            self.idle_samples += 1;
        }
        let mut out = [0.0; 4];
        for (out, line) in out.iter_mut().zip(&mut self.lines) {
            let delayed = line.samples[line.position];
            line.damped = flushed(line.damped + (delayed - line.damped) * self.damping);
            *out = line.damped * line.feedback;
        }
        let [a, b, c, d] = out;
        let mixed = [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d];
        for (line, mixed) in self.lines.iter_mut().zip(mixed) {
            line.samples[line.position] = flushed(input + 0.5 * mixed);
            line.position = (line.position + 1) % line.samples.len();
        }
        (a - c, b - d)
    }
}
