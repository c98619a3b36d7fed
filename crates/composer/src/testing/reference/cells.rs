//! Which beats are committed when, and what they hold.

use std::collections::HashSet;

use score::grid::{BeatFrame, HistoryBeat};
use score::{Controls, GridBeat, Note, PitchClass, Ticks};

use super::road::{EARLY_BEATS, Moment, Road};
use super::{Block, Cell, HashGenerator, sane};
use crate::Generator;

/// A cell as it was written down.
struct Written {
    frame: BeatFrame,
    controls: Controls,
    music: GridBeat,
}

/// What is known of the take that is playing.
#[derive(Default)]
struct Take {
    number: usize,
    /// Pass and beat.
    committed: HashSet<(u32, i64)>,
    /// With the pass.
    history: Vec<(u32, HistoryBeat)>,
    written: Vec<Written>,
}

/// A beat that must be committed.
struct Due<'a> {
    pass: u32,
    frame: BeatFrame,
    block: &'a Block,
}

/// All cells of the blocks, in the order in which they were committed.
pub(super) fn committed(blocks: &[Block], road: &Road, mut generator: HashGenerator) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut take = Take { number: usize::MAX, ..Take::default() };
    let lookaheads = lookaheads(blocks);
    for moment in &road.moments {
        let run = &road.runs[moment.run];
        if run.take != take.number {
            take = Take { number: run.take, ..Take::default() };
        }
        if moment.gives_up {
            take.committed.retain(|(pass, _)| *pass <= run.pass);
            take.history.retain(|(pass, _)| *pass <= run.pass);
            cells.retain(|cell| cell.take < run.take || cell.pass <= run.pass);
        }
        let block = &blocks[moment.block];
        for (pass, beat) in due(moment, run.first_beat, lookaheads[moment.block]) {
            if !take.committed.insert((run.pass + pass, beat)) {
                continue;
            }
            let due = Due { pass: run.pass + pass, frame: frame(block, beat), block };
            let (music, is_new) = take.compose(&due, &mut generator);
            cells.push(Cell {
                take: take.number,
                pass: due.pass,
                frame: due.frame,
                controls: block.controls,
                is_new,
                committed_from: moment.from as u64,
                parts: sounding(&music, beat, &block.controls),
            });
        }
    }
    cells
}

/// The lookahead of each block; one that is no number leaves it where it was.
fn lookaheads(blocks: &[Block]) -> Vec<f64> {
    let told = blocks.iter().map(|block| block.lookahead_beats);
    let follow = |last: &mut f64, told: f64| {
        *last = if told.is_finite() { told.clamp(0.5, 4.0) } else { *last };
        Some(*last)
    };
    told.scan(1.0, follow).collect()
}

/// The beats, by passes from now, that the playhead comes within `lookahead` beats of before the
/// block is over.
fn due(moment: &Moment, first_beat: i64, lookahead: f64) -> Vec<(u32, i64)> {
    let is_due = |beats: f64| moment.line.sample_of(beats - lookahead) < moment.to;
    let mut due = Vec::new();
    let Some((start, end)) = moment.coming else {
        due.extend((first_beat..).take_while(|beat| is_due(*beat as f64)).map(|beat| (0, beat)));
        return due;
    };
    let loop_beat = (start + EARLY_BEATS).floor() as i64;
    for pass in 0.. {
        let first = if pass == 0 { first_beat } else { loop_beat };
        for beat in (first..).take_while(|beat| (*beat as f64) < end - EARLY_BEATS) {
            // A pass begins with the loop, even when the beat there began before.
            let place = if pass == 0 { beat as f64 } else { (beat as f64).max(start) };
            if !is_due(place + f64::from(pass) * (end - start)) {
                return due;
            }
            due.push((pass, beat));
        }
    }
    due
}

/// Where a beat lies by what a block's host says.
fn frame(block: &Block, beat: i64) -> BeatFrame {
    let playhead = sane(&block.playhead);
    let regular = BeatFrame::regular(beat, playhead.meter, playhead.tempo);
    let Some(told) = playhead.bar_start_beats.map(Ticks::from_beats) else { return regular };
    let length = playhead.meter.bar_ticks().0;
    let n_bars = (Ticks::from_beat(beat).0 - told.0).div_euclid(length);
    let number = playhead.bar_number.unwrap_or(told.0.div_euclid(length));
    let bar_start = Ticks(told.0 + n_bars * length);
    BeatFrame { bar_start, bar_number: number + n_bars, ..regular }
}

/// The notes of a beat with the parts that are off left out.
fn sounding(music: &GridBeat, beat: i64, controls: &Controls) -> [Vec<Note>; 4] {
    let mut parts = music.realize(beat, controls);
    for (notes, part) in parts.iter_mut().zip(&controls.parts) {
        notes.retain(|_| part.on);
    }
    parts
}

impl Take {
    /// A beat and whether it is new (rules 9 to 11).
    fn compose(&mut self, due: &Due<'_>, generator: &mut HashGenerator) -> (GridBeat, bool) {
        self.move_history(due.frame.beat);
        let again = self.used_again(due).map(|cell| cell.music.clone());
        let is_new = again.is_none();
        let music = again.unwrap_or_else(|| {
            let history: Vec<_> = self.history.iter().map(|(_, beat)| beat.clone()).collect();
            // PANIC: the generator is one that makes no mistakes.
            let made = generator.compose(&history, &due.frame, &due.block.controls, due.pass);
            made.expect("a beat")
        });
        if self.history.len() == crate::HISTORY_BEATS {
            self.history.drain(..32);
        }
        let heard = HistoryBeat { frame: due.frame, music: music.clone() };
        self.history.push((due.pass, heard));
        let (frame, controls) = (due.frame, due.block.controls);
        self.written.push(Written { frame, controls, music: music.clone() });
        (music, is_new)
    }

    fn move_history(&mut self, beat: i64) {
        let Some(last) = self.history.last().map(|(_, last)| last.frame.beat) else { return };
        let n_beats = beat - 1 - last;
        for (_, HistoryBeat { frame, .. }) in &mut self.history {
            frame.beat += n_beats;
            frame.bar_start = frame.bar_start + Ticks::from_beat(n_beats);
            frame.bar_number += (n_beats as f64 / frame.meter.bar_beats()).round() as i64;
        }
    }

    fn used_again(&self, due: &Due<'_>) -> Option<&Written> {
        let at = |beat: i64| -> Vec<&Written> {
            let all: Vec<_> = self.written.iter().filter(|cell| cell.frame.beat == beat).collect();
            let n_forgotten = all.len().saturating_sub(4);
            all.iter().take(1).chain(all.iter().skip(1 + n_forgotten)).copied().collect()
        };
        let Block { form, controls, .. } = due.block;
        let beat = due.frame.beat;
        let drawn = crate::random::key(controls.seed, due.pass, beat, 0x6576);
        if crate::random::unit(drawn) < form.evolve {
            return None;
        }
        let alike = |c: &Controls| {
            let composed = Controls { swing: 0.0, humanize: 0.0, ..*c };
            Controls { key: PitchClass::new(0), ..composed }
        };
        let suits = |cell: &&Written| {
            cell.frame.meter == due.frame.meter
                && cell.frame.offset_in_bar() == due.frame.offset_in_bar()
                && alike(&cell.controls) == alike(controls)
        };
        let newest_at = |beat: i64| at(beat).into_iter().rev().find(suits);
        if due.pass > 0 && !at(beat).is_empty() {
            return newest_at(beat);
        }
        phrase_sources(due).into_iter().find_map(newest_at)
    }
}

/// The beats that stand where this one stands in the phrases before it, if it is to be like them:
/// that of the first phrase first.
fn phrase_sources(due: &Due<'_>) -> Vec<i64> {
    let BeatFrame { beat, bar_number, meter, .. } = due.frame;
    let bar = meter.bar_ticks().0;
    let mut n_bars = i64::from(due.block.form.phrase_bars);
    if n_bars == 0 {
        return vec![];
    }
    while n_bars * bar % 960 != 0 {
        n_bars *= 2;
    }
    while n_bars * bar > 128 * 960 && n_bars % 2 == 0 {
        n_bars /= 2;
    }
    let number = bar_number.rem_euclid(4 * n_bars) / n_bars;
    let varies = match n_bars {
        1 => due.frame.offset_in_bar().0 * 2 >= bar,
        _ => bar_number.rem_euclid(n_bars) == n_bars - 1,
    };
    if varies && number % 2 == 1 {
        return vec![];
    }
    (1..=number).rev().map(|phrases| beat - phrases * n_bars * bar / 960).collect()
}
