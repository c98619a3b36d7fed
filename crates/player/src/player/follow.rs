//! Follows the host's transport, and asks for the beats it comes to.

use core::ops::Deref;

use score::grid::BeatFrame;
use score::{Controls, GivenChord, Progression, Ticks};

use super::Player;
use crate::cursor::Cursor;
use crate::playhead::BEAT_NUDGE;
use crate::timeline::{Timeline, ceil, floor};
use crate::{BeatRequest, Form, Left, MAX_LEAD_SECS, PRIME_INTERVAL_SECS, RequestKind, Status};

/// Hosts whose position is off by less than this have not jumped, in seconds.
const SLIP_LIMIT_SECS: f64 = 0.020;

/// A start that lies this little before a beat begins with that beat, in seconds. Ardour starts up to
/// a block before the place it was sent to.
const EARLY_START_SECS: f64 = 0.050;

/// The same in beats; what is less of both counts.
const EARLY_START_BEATS: f64 = 0.125;

/// Positions this near the expected one are the expected one, in samples.
const POSITION_NOISE_SAMPLES: f64 = 0.02;

/// Room in the request queue without which a standing playhead waits.
const PRIME_SLOTS: usize = 64;

/// Beats that are primed at most: the longest lookahead's, and the one that it begins in.
const N_PRIMED: usize = 5;

/// What the primed beats were asked for with; they are good while all of it stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Primed {
    controls: Controls,
    form: Form,
    progression: Progression,
    /// What a followed line has for the beats that may be asked for.
    of_line: [Option<GivenChord>; N_PRIMED],
    lookahead_beats: f64,
    /// Of the first beat. Where the bars lie, and not which of them the host named: that may be
    /// another one as soon as it plays.
    frame: BeatFrame,
    loop_range: Option<(f64, f64)>,
    generation: u32,
}

impl<S: Deref<Target = Status>> Player<S> {
    /// Stops: everything sounding ends, everything waiting is forgotten.
    pub(super) fn leave(&mut self) {
        self.left =
            Some(Left { epoch: self.cursor.current(), at: Ticks::from_beats(self.position()) });
        self.playing = false;
        self.active.end_all();
        self.pending.drop_before(crate::Epoch(u32::MAX));
        self.primed = None;
        self.entered = None;
    }

    /// Stands still at the playhead and has its beats composed.
    pub(super) fn stand(&mut self) {
        self.anchor(self.block.playhead.position_beats);
        self.loop_range = self.block.playhead.loop_range;
        let key = self.prime_key();
        if !self.is_primed(&key, self.clock + 1) {
            if self.clock < self.next_prime {
                return;
            }
            if self.requests.slots() < PRIME_SLOTS {
                self.status.count_delayed_request();
                return;
            }
            self.begin_stretch();
            self.primed = Some(key);
            let interval = self.block.playhead.sample_rate * PRIME_INTERVAL_SECS;
            self.next_prime = self.clock.saturating_add(interval as i64);
        }
        // No beat that is not due yet when the host starts a little before here; more of them when it
        // was moved on.
        let early = ceil(self.early_start() * self.timeline.samples_per_beat());
        self.commit(self.clock + 1 - early, RequestKind::Prime);
    }

    /// Starts from standing.
    pub(super) fn start(&mut self) {
        self.anchor(self.block.playhead.position_beats);
        self.loop_range = self.block.playhead.loop_range;
        if !self.is_primed(&self.prime_key(), self.block.end) {
            self.begin_stretch();
        }
        self.begin_playing();
    }

    /// Follows a host that played already: on its way, at the loop's start, or elsewhere.
    pub(super) fn go_on(&mut self) {
        let playhead = self.block.playhead;
        let samples_per_beat = playhead.samples_per_beat();
        let expected = self.position();
        // A host that changes its tempo inside a block tells the position of the new tempo, the
        // old one, or one between.
        let (from, at) = self.segment;
        let expected_at_new_tempo = from + (self.clock - at) as f64 / samples_per_beat;
        let earliest = expected.min(expected_at_new_tempo);
        let latest = expected.max(expected_at_new_tempo);
        let limit = SLIP_LIMIT_SECS * playhead.sample_rate / samples_per_beat;
        let host = playhead.position_beats;

        let limit_in = |(start, end): (f64, f64)| limit.min((end - start) / 2.0);
        let wrapped = self.loop_range.filter(|(start, end)| {
            let limit = limit_in((*start, *end));
            (host - expected).abs() > limit
                && latest >= end - limit
                && earliest < end + limit
                && host < end - limit
                && (start - limit..=start + (latest - end).max(0.0) + limit).contains(&host)
        });
        if let Some((loop_start, _)) = wrapped {
            self.enter_next_pass(loop_start, host);
        } else if host < earliest - limit || host > latest + limit {
            self.leave();
            self.anchor(host);
            self.loop_range = playhead.loop_range;
            self.begin_stretch();
            self.begin_playing();
        } else if samples_per_beat != self.timeline.samples_per_beat()
            || playhead.loop_range.is_some_and(|(_, end)| host < end && expected >= end)
            || (host - expected).abs() * samples_per_beat > POSITION_NOISE_SAMPLES
        {
            self.anchor(host);
        }
        if let Some(old_loop) = self.loop_range
            && self.loop_range != playhead.loop_range
        {
            self.give_up_passes(old_loop);
        }
        self.loop_range = playhead.loop_range;
        if let Some((start, end)) = self.loop_range {
            // A host that plays on behind the loop's end will not come round any more.
            if self.position() >= end + limit_in((start, end)) {
                self.give_up_passes((start, end));
            }
            self.goes_round |= self.position() < end;
        }
    }

    /// The passes that were announced will not come.
    fn give_up_passes(&mut self, of_loop: (f64, f64)) {
        self.goes_round = false;
        self.cursor.leave_loop(of_loop);
        self.pending.drop_after(self.cursor.current());
    }

    pub(super) fn anchor(&mut self, beats: f64) {
        self.timeline = Timeline::new(beats, self.clock, self.block.playhead.samples_per_beat());
    }

    /// Gives up all music that was asked for and starts anew at the clock's position.
    pub(super) fn begin_stretch(&mut self) {
        self.cursor.start(self.first_beat());
        self.newest_due = None;
        self.goes_round = self.loop_range.is_some_and(|(_, end)| self.position() < end);
        self.pending.drop_before(self.cursor.current());
    }

    pub(super) fn begin_playing(&mut self) {
        self.playing = true;
        self.primed = None;
        self.entered = None;
        self.started_at = Ticks::from_beats(self.position());
        self.first_beat = self.first_beat();
    }

    /// The beat that a start at the clock's position begins with. The last moment of a beat is none:
    /// a host that was sent to a beat may land a little before it, and what came first would be
    /// composed for that moment alone, with no time to compose the beat itself.
    fn first_beat(&self) -> i64 {
        floor(self.position() + self.early_start() + BEAT_NUDGE)
    }

    /// How little before a beat a start begins with it, in beats.
    fn early_start(&self) -> f64 {
        let early = EARLY_START_SECS * self.block.playhead.sample_rate;
        (early / self.timeline.samples_per_beat()).min(EARLY_START_BEATS)
    }

    /// Goes from the loop's end to `position` near its start.
    pub(super) fn enter_next_pass(&mut self, loop_start: f64, position: f64) {
        self.active.end_all();
        self.cursor.enter_next_pass(loop_start);
        self.pending.drop_before(self.cursor.current());
        self.anchor(position);
        self.started_at = Ticks::from_beats(position);
        self.first_beat = floor(loop_start + BEAT_NUDGE);
        self.entered = None;
    }

    pub(super) fn prime_key(&self) -> Primed {
        let playhead = &self.block.playhead;
        Primed {
            controls: self.block.controls,
            form: self.form,
            progression: self.progression,
            of_line: self.chords_ahead(),
            lookahead_beats: self.lookahead_beats,
            frame: playhead.frame(self.first_beat()),
            loop_range: playhead.loop_range,
            generation: self.status.prime_generation(),
        }
    }

    /// What a followed line has for the first beat and those behind it.
    fn chords_ahead(&self) -> [Option<GivenChord>; N_PRIMED] {
        let first = self.first_beat();
        core::array::from_fn(|ahead| self.chord_line?.at(first.saturating_add(ahead as i64)))
    }

    /// Whether the beats at the clock's position were asked for under these conditions, and none that
    /// is not due before the sample `until`.
    fn is_primed(&self, key: &Primed, until: i64) -> bool {
        let is_due = |due: f64| self.timeline.sample_of(due - self.lookahead_beats) < until;
        self.primed.as_ref() == Some(key)
            && self.newest_due.is_none_or(is_due)
            && self.goes_round == key.loop_range.is_some_and(|(_, end)| self.position() < end)
    }

    /// Asks for every beat whose controls are due before the sample `until`, the passes of a loop
    /// laid end to end.
    pub(super) fn commit(&mut self, until: i64, kind: RequestKind) {
        loop {
            self.cursor.follow_loop(self.loop_range.filter(|_| self.goes_round));
            let due = self.cursor.due(self.loop_range);
            if self.timeline.sample_of(due - self.lookahead_beats) >= until {
                return;
            }
            let lead = self.timeline.sample_of(due).saturating_sub(self.clock);
            let lead_secs = (lead as f64 / self.block.playhead.sample_rate) as f32;
            let Cursor { beat, epoch, pass, fresh, .. } = self.cursor;
            let frame = self.block.playhead.frame(beat);
            let mut controls = self.block.controls;
            if self.progression.n_bars() > 0 {
                controls.follow = self.progression.at(&frame);
            }
            let of_line = self.chord_line.and_then(|line| line.at(beat));
            controls.follow = of_line.or(controls.follow);
            // Where the beat is committed, wherever the block begins.
            let now = Ticks::from_beats(due - self.lookahead_beats);
            let played = self.keyboard.played(self.cursor.current(), now);
            let request = BeatRequest {
                frame,
                controls,
                form: self.form,
                played,
                epoch,
                pass,
                sequence: self.sequence + 1,
                kind,
                fresh,
                left: if fresh { self.left } else { None },
                lead_secs: lead_secs.clamp(0.0, MAX_LEAD_SECS),
                waits: self.waits,
            };
            if self.requests.push(request).is_err() {
                self.status.count_delayed_request();
                return;
            }
            if fresh {
                self.left = None;
            }
            self.sequence += 1;
            self.newest_due = Some(due);
            if let Some(chord) = controls.follow {
                self.status.chords().put(beat, chord);
            }
            self.commits.remember(epoch, beat, self.sequence);
            self.cursor.fresh = false;
            self.cursor.beat += 1;
        }
    }
}
