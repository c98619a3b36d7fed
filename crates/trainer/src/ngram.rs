//! The baseline: counts of each attribute after shorter and shorter contexts.
//!
//! Every attribute of a step is predicted by the same cascade as in the network, from the step's
//! own inputs. A context that was seen `n` times with `k` different outcomes trusts itself by
//! `n / (n + k)` and leaves the rest to the next shorter context.
//!
//! Source: Witten & Bell 1991, "The zero-frequency problem", method C, interpolated.

use std::collections::HashMap;

use model::conditioning;
use model::grammar::Grammar;
use score::random::Random;
use score::steps::{
    self, BAR_POS, BeatEncoder, CHORD, DUR, IGNORE, KIND, METER, POS, REF, SYM, Step, T_CHORD,
    T_DUR, T_POS, T_SYM, TARGET_SIZES,
};
use score::{
    BeatFrame, Chord, Controls, GridBeat, GridNote, HistoryBeat, Meter, Part, Tempo, Velocity,
};

use crate::heldout_loss::{NOTE_TARGETS, WindowLoss};

/// Counts of one context.
#[derive(Debug, Default)]
struct Outcomes {
    n: u32,
    counts: Vec<(u16, u32)>,
}

impl Outcomes {
    fn add(&mut self, outcome: u16) {
        self.n += 1;
        match self.counts.iter_mut().find(|(seen, _)| *seen == outcome) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((outcome, 1)),
        }
    }

    fn count(&self, outcome: u16) -> u32 {
        self.counts.iter().find(|(seen, _)| *seen == outcome).map_or(0, |(_, count)| *count)
    }
}

/// Counts of chords, positions, symbols and durations.
#[derive(Debug, Default)]
pub struct Ngram {
    outcomes: HashMap<Context, Outcomes>,
}

/// Target, length of the context, and its numbers.
type Context = (u8, u8, [u16; 6]);

/// Contexts of a target from the shortest on; the first one is empty.
fn contexts(step: &Step, target: usize) -> Vec<Context> {
    let i = |field: usize| step.inputs[field];
    let pos = step.targets[T_POS];
    let sym = step.targets[T_SYM];
    let fields: Vec<u16> = match target {
        T_CHORD => vec![i(CHORD), u16::from(i(BAR_POS) == 0), i(REF + 1), i(BAR_POS), i(METER)],
        T_POS => {
            vec![i(KIND), i(POS), i(SYM).wrapping_mul(u16::from(i(KIND) == 5)), i(REF), i(BAR_POS)]
        }
        // Whether the note joins the last one or moves on matters more than where it stands.
        T_SYM => vec![i(KIND), u16::from(pos == i(POS)), i(SYM), i(REF + 1), i(CHORD), pos],
        _ => vec![i(KIND), i(DUR), u16::from(pos == i(POS)), pos, i(POS), sym],
    };
    (0..=fields.len())
        .map(|n| {
            let mut context = [u16::MAX; 6];
            context[..n].copy_from_slice(&fields[..n]);
            (target as u8, n as u8, context)
        })
        .collect()
}

impl Ngram {
    /// Counts the targets of steps.
    pub fn learn(&mut self, steps: &[Step]) {
        for step in steps {
            for (target, _) in NOTE_TARGETS {
                let outcome = step.targets[target];
                if outcome != IGNORE {
                    for context in contexts(step, target) {
                        self.outcomes.entry(context).or_default().add(outcome);
                    }
                }
            }
        }
    }

    /// Probability of a step's target, which must not be ignored.
    fn probability(&self, step: &Step, target: usize) -> f64 {
        let outcome = step.targets[target];
        let mut p = 1.0 / TARGET_SIZES[target] as f64;
        for context in contexts(step, target) {
            let Some(seen) = self.outcomes.get(&context) else { break };
            let kinds = seen.counts.len() as f64;
            p = (f64::from(seen.count(outcome)) + kinds * p) / (f64::from(seen.n) + kinds);
        }
        p
    }

    /// Probabilities of all outcomes of a step's target.
    fn distribution(&self, step: &Step, target: usize) -> Vec<f64> {
        let n = TARGET_SIZES[target];
        let mut p = vec![1.0 / n as f64; n];
        for context in contexts(step, target) {
            let Some(seen) = self.outcomes.get(&context) else { break };
            let kinds = seen.counts.len() as f64;
            let total = f64::from(seen.n) + kinds;
            p.iter_mut().for_each(|p| *p *= kinds / total);
            for (outcome, count) in &seen.counts {
                p[usize::from(*outcome)] += f64::from(*count) / total;
            }
        }
        p
    }

    fn draw(&self, step: &Step, target: usize, allowed: &[bool], random: &mut Random) -> usize {
        let p = self.distribution(step, target);
        let allowed = |i: usize| allowed.get(i).is_none_or(|allowed| *allowed);
        let sum: f64 = (0..p.len()).filter(|i| allowed(*i)).map(|i| p[i]).sum();
        let mut left = f64::from(random.uniform()) * sum;
        let mut drawn = 0;
        for i in (0..p.len()).filter(|i| allowed(*i)) {
            drawn = i;
            left -= p[i];
            if left < 0.0 {
                break;
            }
        }
        drawn
    }

    /// Composes in 4/4 under the model's grammar: a floor for what judges hear.
    pub fn compose(&self, controls: &Controls, tempo: Tempo, n_beats: usize) -> Vec<HistoryBeat> {
        let mut random = Random::new(controls.seed.into());
        let grammar = Grammar::new(controls);
        let mut song: Vec<HistoryBeat> = Vec::with_capacity(n_beats);
        for beat in 0..n_beats {
            let frame = BeatFrame::regular(beat as i64, Meter::COMMON, tempo);
            let past = &song[beat.saturating_sub(model::HISTORY_BEATS)..];
            let encoder =
                BeatEncoder::new(past, frame, conditioning::conditions(controls, &frame, 0));
            let step = encoder.beat_step();
            let chord = self.draw(&step, T_CHORD, &grammar.chords(), &mut random);
            let chord = Chord::from_index(chord);
            let mut music = GridBeat { chord, ..GridBeat::default() };
            for part in Part::ALL.into_iter().filter(|part| controls.parts[part.index()].on) {
                let notes = &mut music.parts[part.index()];
                let mut step = encoder.start_step(part, chord);
                while let Some(note) = self.note(&grammar, part, notes, &mut step, &mut random) {
                    step = encoder.note_step(part, chord, &note);
                    notes.push(note);
                }
            }
            song.push(HistoryBeat { frame, music });
        }
        song
    }

    fn note(
        &self,
        grammar: &Grammar,
        part: Part,
        notes: &[GridNote],
        step: &mut Step,
        random: &mut Random,
    ) -> Option<GridNote> {
        let positions = grammar.positions(part, notes.last(), notes.len());
        let pos = self.draw(step, T_POS, &positions, random);
        if pos == usize::from(steps::END) {
            return None;
        }
        step.targets[T_POS] = pos as u16;
        let symbols = grammar.symbols(part, pos, notes.last());
        let sym = self.draw(step, T_SYM, &symbols, random);
        step.targets[T_SYM] = sym as u16;
        let dur = match part {
            Part::Drums => usize::from(steps::DRUM_DURATION),
            _ => self.draw(step, T_DUR, &[], random),
        };
        Some(GridNote {
            position: pos as u8,
            pitch: steps::symbol_pitch(sym as u16),
            duration: steps::DURATIONS[dur],
            velocity: Velocity::clamped(90),
            micro: 0,
        })
    }

    /// Loss on a window.
    pub fn of_window(&self, steps: &[Step]) -> WindowLoss {
        let mut loss = WindowLoss::default();
        for step in steps {
            for (target, _) in NOTE_TARGETS {
                if step.targets[target] != IGNORE {
                    loss.nats[target] -= self.probability(step, target).ln();
                    loss.counts[target] += 1;
                }
            }
        }
        loss
    }
}

const _: () = assert!(T_DUR < TARGET_SIZES.len());

#[cfg(test)]
mod tests {
    use super::*;
    use score::steps::{N_INPUTS, N_TARGETS};

    fn step(previous: u16, sym: u16) -> Step {
        let mut step = Step { inputs: [0; N_INPUTS], targets: [IGNORE; N_TARGETS] };
        step.inputs[SYM] = previous;
        (step.targets[T_POS], step.targets[T_SYM]) = (0, sym);
        step
    }

    #[test]
    fn probabilities_sum_to_one_and_follow_the_counts() {
        let mut ngram = Ngram::default();
        let uniform = ngram.probability(&step(60, 62), T_SYM);
        assert!((uniform - 1.0 / 192.0).abs() < 1e-12);
        for i in 0..60 {
            ngram.learn(&[step(60, if i % 3 == 0 { 64 } else { 62 }), step(62, 60)]);
        }
        let p = |sym| ngram.probability(&step(60, sym), T_SYM);
        assert!((0..192).map(p).sum::<f64>() > 0.999_999);
        assert!((0..192).map(p).sum::<f64>() < 1.000_001);
        assert!(p(62) > 0.6 && p(64) > 0.25 && p(60) < 0.05 && p(1) < 0.001);
        let loss = ngram.of_window(&[step(60, 62)]);
        assert_eq!((loss.counts[T_SYM], loss.counts[T_DUR], loss.n_notes()), (1, 0, 1));
        assert!((loss.nats[T_SYM] + p(62).ln()).abs() < 1e-12);
    }
}
