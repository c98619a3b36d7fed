//! Where the playhead goes: straight pieces of samples, each in a pass of a take.

use score::Ticks;

use super::{Block, sane};

/// The start of a beat reaches this far before it, in beats.
pub(super) const EARLY_BEATS: f64 = 1e-6;

/// A host may be beside its place by this much without having jumped, in seconds.
const SLIP_SECS: f64 = 0.020;

/// A start this little before a beat begins with it, in seconds and in beats.
const EARLY: (f64, f64) = (0.050, 0.125);

/// A straight line between samples and beats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    beats: f64,
    sample: i64,
    samples_per_beat: f64,
}

impl Line {
    fn beats_at(&self, sample: i64) -> f64 {
        self.beats + (sample - self.sample) as f64 / self.samples_per_beat
    }

    pub(super) fn n_beats(&self, n_samples: i64) -> f64 {
        n_samples as f64 / self.samples_per_beat
    }

    /// The nearest sample (rule 4).
    pub(super) fn sample_of(&self, beats: f64) -> i64 {
        let distance = (beats - self.beats) * self.samples_per_beat;
        self.sample.saturating_add((distance + 0.501).floor() as i64)
    }

    /// The first sample not before (rule 4).
    fn first_from(&self, beats: f64) -> i64 {
        let distance = (beats - self.beats) * self.samples_per_beat;
        self.sample.saturating_add((distance - 0.001).ceil() as i64)
    }
}

/// Samples without a break on one line.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) line: Line,
    /// Which of [`Road::runs`].
    pub(super) run: usize,
    pub(super) sample_rate: f64,
    /// Beats played before it since the first block, by the tempo alone.
    pub(super) travelled: f64,
}

/// Music without a break: a start, a jump or a pass of a loop begins one.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// Counts starts and jumps.
    pub(super) take: usize,
    /// Counts the passes since.
    pub(super) pass: u32,
    /// The first beat that is composed for it.
    pub(super) first_beat: i64,
    /// Where it begins to sound.
    pub(super) started_at: Ticks,
}

/// A block that plays, at its first sample.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    /// Which of the blocks.
    pub(super) block: usize,
    pub(super) from: i64,
    pub(super) to: i64,
    /// Which of [`Road::runs`].
    pub(super) run: usize,
    pub(super) line: Line,
    /// The loop that the host is expected to go round.
    pub(super) coming: Option<(f64, f64)>,
    /// Whether the passes that were expected until here will not come.
    pub(super) gives_up: bool,
}

/// All of it.
pub(super) struct Road {
    pub(super) pieces: Vec<Piece>,
    pub(super) runs: Vec<Run>,
    pub(super) moments: Vec<Moment>,
    /// The sample behind the last block.
    pub(super) end: i64,
    travelled: f64,
}

/// While the music plays.
struct Going {
    run: usize,
    line: Line,
    /// Position and sample where the last piece of the last block began.
    last_piece: (f64, i64),
    loop_range: Option<(f64, f64)>,
    /// Whether the host is expected to go round it.
    goes_round: bool,
}

impl Road {
    pub(super) fn new(blocks: &[Block]) -> Self {
        let mut road =
            Self { pieces: vec![], runs: vec![], moments: vec![], end: 0, travelled: 0.0 };
        let mut going: Option<Going> = None;
        for (idx, block) in blocks.iter().enumerate() {
            let stops = block.bypassed || !block.playhead.playing;
            if block.resets || (stops && block.n_samples > 0) {
                going = None;
            }
            if !stops && block.n_samples > 0 {
                going = Some(road.follow(idx, block, going));
            }
            road.end += block.n_samples as i64;
        }
        road
    }

    /// `first` lies in the first beat.
    fn begin_run(&mut self, pass: u32, first: f64, started_at: f64) -> usize {
        let n_takes = self.runs.last().map_or(0, |run| run.take + 1);
        let take = if pass == 0 { n_takes } else { n_takes - 1 };
        let started_at = Ticks::from_beats(started_at);
        self.runs.push(Run { take, pass, first_beat: first.floor() as i64, started_at });
        self.runs.len() - 1
    }

    /// One block that plays.
    fn follow(&mut self, idx: usize, block: &Block, going: Option<Going>) -> Going {
        let (from, to) = (self.end, self.end + block.n_samples as i64);
        let playhead = sane(&block.playhead);
        let samples_per_beat = playhead.sample_rate * 60.0 / playhead.tempo.bpm();
        let host = playhead.position_beats;
        let here = Line { beats: host, sample: from, samples_per_beat };
        let slip = SLIP_SECS * playhead.sample_rate / samples_per_beat;
        let early = (EARLY.0 * playhead.sample_rate / samples_per_beat).min(EARLY.1);
        let slip_in = |(start, end): (f64, f64)| slip.min((end - start) / 2.0);

        let mut gives_up = false;
        let mut going = match going {
            Some(before) => match before.meets(&here, slip) {
                Met::OnTheWay => {
                    let line = before.line;
                    let off = (host - line.beats_at(from)).abs() * samples_per_beat;
                    let end = playhead.loop_range.map(|(_, end)| end);
                    let is_past = end.is_some_and(|end| host < end && line.beats_at(from) >= end);
                    let goes_on =
                        line.samples_per_beat == samples_per_beat && off <= 0.02 && !is_past;
                    Some(Going { line: if goes_on { line } else { here }, ..before })
                }
                Met::Round(start) => {
                    let pass = self.runs[before.run].pass + 1;
                    Some(Going {
                        run: self.begin_run(pass, start + EARLY_BEATS, host),
                        line: here,
                        ..before
                    })
                }
                Met::Elsewhere => None,
            },
            None => None,
        }
        .unwrap_or_else(|| Going {
            run: self.begin_run(0, host + early + EARLY_BEATS, host),
            line: here,
            last_piece: (host, from),
            loop_range: playhead.loop_range,
            goes_round: false,
        });

        if going.loop_range != playhead.loop_range {
            (going.goes_round, gives_up) = (false, true);
            going.loop_range = playhead.loop_range;
        }
        if let Some((start, end)) = going.loop_range {
            let position = going.line.beats_at(from);
            let was_coming = going.goes_round;
            let not_gone_by = position < end + slip_in((start, end));
            going.goes_round = position < end || (was_coming && not_gone_by);
            gives_up |= was_coming && !going.goes_round;
        }
        self.moments.push(Moment {
            block: idx,
            from,
            to,
            run: going.run,
            line: going.line,
            coming: going.loop_range.filter(|_| going.goes_round),
            gives_up,
        });
        self.lay_pieces(from, to, playhead.sample_rate, &mut going);
        going
    }

    /// The pieces of a block, which may go round inside it.
    fn lay_pieces(&mut self, from: i64, to: i64, sample_rate: f64, going: &mut Going) {
        let mut at = from;
        loop {
            let position = going.line.beats_at(at);
            going.last_piece = (position, at);
            let turn = going
                .loop_range
                .filter(|(_, end)| position < *end)
                .map(|(start, end)| (start, end, going.line.first_from(end).max(at)))
                .filter(|(_, _, turn)| *turn < to);
            let piece_end = turn.map_or(to, |(_, _, turn)| turn);
            if piece_end > at {
                let (line, run) = (going.line, going.run);
                let travelled = self.travelled;
                self.travelled += line.n_beats(piece_end - at);
                self.pieces.push(Piece {
                    from: at,
                    to: piece_end,
                    line,
                    run,
                    sample_rate,
                    travelled,
                });
            }
            let Some((start, end, turn)) = turn else { return };
            let landing = start + (going.line.beats_at(turn) - end).max(0.0);
            going.run = self.begin_run(self.runs[going.run].pass + 1, start + EARLY_BEATS, landing);
            going.line = Line { beats: landing, sample: turn, ..going.line };
            at = turn;
        }
    }
}

/// How a host is met at a block's start.
enum Met {
    OnTheWay,
    /// At the start of its loop.
    Round(f64),
    Elsewhere,
}

impl Going {
    /// Compares where the host is with where it was expected (rules 2 and 3).
    fn meets(&self, here: &Line, slip: f64) -> Met {
        let by_old_tempo = self.line.beats_at(here.sample);
        let (beats, sample) = self.last_piece;
        let by_new_tempo = beats + (here.sample - sample) as f64 / here.samples_per_beat;
        let expected = by_old_tempo.min(by_new_tempo)..=by_old_tempo.max(by_new_tempo);
        let host = here.beats;
        if let Some((start, end)) = self.loop_range {
            let slip = slip.min((end - start) / 2.0);
            let overshoot = (expected.end() - end).max(0.0);
            let at_the_end = *expected.end() >= end - slip && *expected.start() < end + slip;
            let at_the_start = host >= start - slip && host <= start + overshoot + slip;
            let on_its_way = (host - by_old_tempo).abs() <= slip;
            if !on_its_way && at_the_end && at_the_start && host < end - slip {
                return Met::Round(start);
            }
        }
        if host < expected.start() - slip || host > expected.end() + slip {
            return Met::Elsewhere;
        }
        Met::OnTheWay
    }
}
