//! Which beats are committed when, and what they hold.

use std::collections::HashSet;

use score::grid::{BeatFrame, HistoryBeat};
use score::{Controls, GridBeat, Note, PitchClass, Ticks};

use super::road::{EARLY_BEATS, Moment, Road};
use super::{Block, Cell, HashGenerator, sane};
use crate::Generator;

/// A cell as it was written down.
#[derive(Clone)]
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
    /// Pass and which of the written, without the passes that were given up.
    line: Vec<(u32, usize)>,
    /// The phrase that `hold` keeps, with its first beat. It outlives takes.
    held: Option<(i64, Vec<Written>)>,
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
            take = Take { number: run.take, held: take.held, ..Take::default() };
        }
        if moment.gives_up {
            take.committed.retain(|(pass, _)| *pass <= run.pass);
            take.history.retain(|(pass, _)| *pass <= run.pass);
            take.line.retain(|(pass, _)| *pass <= run.pass);
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
    /// A beat and whether it is new (rules 9 to 12).
    fn compose(&mut self, due: &Due<'_>, generator: &mut HashGenerator) -> (GridBeat, bool) {
        self.follow_hold(due);
        self.move_history(due.frame.beat);
        let again = self.used_again(due).cloned();
        let is_new = again.is_none();
        let cell = again.unwrap_or_else(|| {
            let history: Vec<_> = self.history.iter().map(|(_, beat)| beat.clone()).collect();
            let controls = due.block.controls;
            let music = generator.compose(&history, &due.frame, &controls, due.pass);
            // PANIC: the generator is one that makes no mistakes.
            Written { frame: due.frame, controls, music: music.expect("a beat") }
        });
        // It stays what its own controls asked for.
        let cell = Written { frame: due.frame, ..cell };
        let music = cell.music.clone();
        if self.history.len() == crate::HISTORY_BEATS {
            self.history.drain(..64);
        }
        let heard = HistoryBeat { frame: due.frame, music: music.clone() };
        self.history.push((due.pass, heard));
        self.line.push((due.pass, self.written.len()));
        self.written.push(cell);
        (music, is_new)
    }

    /// Makes or forgets the held phrase (rule 12).
    fn follow_hold(&mut self, due: &Due<'_>) {
        if !due.block.form.hold {
            self.held = None;
        }
        if !due.block.form.hold || self.held.is_some() {
            return;
        }
        let beat = due.frame.beat;
        let heard: Vec<&Written> = self.line.iter().map(|(_, idx)| &self.written[*idx]).collect();
        let Some(last) = heard.last().map(|cell| cell.frame.beat) else { return };
        let n_beats = match last - beat {
            -1 => phrase_beats(due, 4),
            came_round => came_round + 1,
        };
        if n_beats < 1 || n_beats > heard.len().min(128) as i64 {
            return;
        }
        let first = last + 1 - n_beats;
        let phrase = &heard[heard.len() - n_beats as usize..];
        if phrase.iter().zip(first..).all(|(cell, beat)| cell.frame.beat == beat) {
            self.held = Some((first, phrase.iter().map(|cell| (*cell).clone()).collect()));
        }
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
        let in_place = |cell: &Written| {
            cell.frame.meter == due.frame.meter
                && cell.frame.offset_in_bar() == due.frame.offset_in_bar()
        };
        if let Some((first, phrase)) = &self.held {
            let cell = &phrase[(beat - first).rem_euclid(phrase.len() as i64) as usize];
            if in_place(cell) {
                return Some(cell);
            }
        }
        let drawn = crate::random::key(controls.seed, due.pass, beat, 0x6576);
        let is_new = controls.ending || crate::random::unit(drawn) < form.evolve;
        if !form.hold && is_new {
            return None;
        }
        let alike = |c: &Controls| {
            let composed = Controls { swing: 0.0, humanize: 0.0, ..*c };
            Controls { key: PitchClass::new(0), follow: score::grid::followed(c), ..composed }
        };
        let suits = |cell: &&Written| {
            in_place(cell) && (form.hold || alike(&cell.controls) == alike(controls))
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
    if due.block.form.phrase_bars == 0 {
        return vec![];
    }
    let bar = meter.bar_ticks().0;
    let n_beats = phrase_beats(due, 0);
    let n_bars = n_beats * 960 / bar;
    let number = bar_number.rem_euclid(4 * n_bars) / n_bars;
    let varies = match n_bars {
        1 => due.frame.offset_in_bar().0 * 2 >= bar,
        _ => bar_number.rem_euclid(n_bars) == n_bars - 1,
    };
    if varies && number % 2 == 1 {
        return vec![];
    }
    (1..=number).rev().map(|phrases| beat - phrases * n_beats).collect()
}

/// How long a phrase is in whole beats; `otherwise` is for phrases of 0 bars.
fn phrase_beats(due: &Due<'_>, otherwise: i64) -> i64 {
    let bar = due.frame.meter.bar_ticks().0;
    let mut n_bars = match due.block.form.phrase_bars {
        0 => otherwise,
        n => i64::from(n),
    };
    while n_bars * bar % 960 != 0 {
        n_bars *= 2;
    }
    while n_bars * bar > 128 * 960 && n_bars % 2 == 0 {
        n_bars /= 2;
    }
    n_bars * bar / 960
}
