//! Rows of steps side by side, as the network takes them.

use model::Batch;
use score::steps::{IGNORE, N_INPUTS, N_TARGETS, Step};

/// Rows of equal length; what a row leaves free is padding without targets.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    n_steps: usize,
    inputs: Vec<[u16; N_INPUTS]>,
    targets: Vec<[u16; N_TARGETS]>,
    segments: Vec<u32>,
}

impl Rows {
    /// No rows of `n_steps` steps each.
    pub fn new(n_steps: usize) -> Self {
        Self { n_steps, ..Self::default() }
    }

    /// Adds a row of steps with the numbers of their windows; steps that do not fit are cut off.
    pub fn push(&mut self, row: &[(Step, u16)]) {
        for (step, segment) in row.iter().take(self.n_steps) {
            self.inputs.push(step.inputs);
            self.targets.push(step.targets);
            self.segments.push((*segment).into());
        }
        let n = self.inputs.len().next_multiple_of(self.n_steps);
        self.inputs.resize(n, [0; N_INPUTS]);
        self.targets.resize(n, [IGNORE; N_TARGETS]);
        self.segments.resize(n, u32::MAX);
    }

    /// One row of one window, as long as it is.
    pub fn of_window(steps: &[Step]) -> Self {
        let mut rows = Self::new(steps.len().max(1));
        rows.push(&steps.iter().map(|step| (*step, 0)).collect::<Vec<_>>());
        rows
    }

    /// What the network takes.
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            n_steps: self.n_steps,
            inputs: &self.inputs,
            targets: &self.targets,
            segments: &self.segments,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_padded_in_a_window_of_their_own() {
        let step = Step { inputs: [1; N_INPUTS], targets: [2; N_TARGETS] };
        let mut rows = Rows::new(3);
        rows.push(&[(step, 0), (step, 1)]);
        rows.push(&[(step, 0); 5]);
        let batch = rows.batch();
        assert_eq!(batch.segments, [0, 1, u32::MAX, 0, 0, 0]);
        assert_eq!(batch.targets[2], [IGNORE; N_TARGETS]);
        assert_eq!(batch.inputs.len(), 6);
    }
}
