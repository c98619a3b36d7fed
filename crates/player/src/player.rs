//! What happens in this block.

mod follow;

use core::ops::Deref;

use rtrb::{Consumer, Producer};
use score::{Controls, Pitch, Progression, Ticks, Velocity};

use follow::Primed;

use crate::active_notes::{ActiveNote, ActiveNotes};
use crate::cursor::{Commits, Cursor};
use crate::pending::Pending;
use crate::played::Keyboard;
use crate::playhead::BEAT_NUDGE;
use crate::timeline::{Timeline, floor};
use crate::{
    BeatRequest, ChordLine, EventKind, Form, Left, PlayerEvent, Playhead, RequestKind,
    ScheduledNote, Status,
};

/// A note that is at most this late is played at once, a later one not at all, in seconds.
pub const LATE_LIMIT_SECS: f64 = 0.030;

/// A standing playhead asks for its beats at most this often, in seconds.
pub const PRIME_INTERVAL_SECS: f64 = 0.050;

/// A start this close behind a note's onset still plays it: half a cell of the grid, since hosts
/// land a little behind the place they were sent to.
const START_GRACE: Ticks = Ticks(20);

/// A note that sounds this many beats longer than it is hangs: the host says that it plays, and
/// stays where it is.
const HANGING_BEATS: f64 = 8.0;

/// Shortest and longest head start, in beats.
const LOOKAHEAD_BEATS: core::ops::RangeInclusive<f64> = 0.5..=4.0;

/// The block being filled.
#[derive(Clone, Copy, Debug)]
struct Block {
    playhead: Playhead,
    controls: Controls,
    /// Player's own count of samples at the block's first and behind its last sample.
    start: i64,
    end: i64,
}

/// Turns scheduled notes into note events at exact samples, and asks for beats in time.
///
/// Lives on the audio thread. About 100 KB without heap memory; box it.
#[derive(Debug)]
pub struct Player<S> {
    notes: Consumer<ScheduledNote>,
    requests: Producer<BeatRequest>,
    status: S,
    pending: Pending,
    active: ActiveNotes,
    cursor: Cursor,
    commits: Commits,
    /// Samples since the player was made.
    clock: i64,
    timeline: Timeline,
    /// Beats played since the player was made, by the tempo alone.
    travelled: f64,
    playing: bool,
    block: Block,
    /// Where the current stretch began to sound.
    started_at: Ticks,
    /// The first beat that was asked for in it; a host that slips may go back before it.
    first_beat: i64,
    /// Position and sample where the last stretch of a block began, for tempo ramps.
    segment: (f64, i64),
    loop_range: Option<(f64, f64)>,
    /// Whether the host is expected to go round it.
    goes_round: bool,
    /// What the beats were asked for with while the transport stood.
    primed: Option<Primed>,
    /// When the beat that was asked for last begins, in beats of the playhead's own line.
    newest_due: Option<f64>,
    /// The earliest sample of the next prime.
    next_prime: i64,
    left: Option<Left>,
    /// The beat that was last looked up for underruns.
    entered: Option<(crate::Epoch, i64)>,
    sequence: u64,
    next_note_id: i32,
    /// The sample whose beginnings have room; their ends have been sent.
    room_made_at: i64,
    /// Whether the host refused an event of this block.
    blocked: bool,
    lookahead_beats: f64,
    form: Form,
    /// Chords that the beats follow by their places.
    progression: Progression,
    /// Whether others follow the chords of beats as soon as these are asked for.
    sends_chords: bool,
    /// Whose chords the beats follow where it has theirs.
    chord_line: Option<&'static ChordLine>,
    /// What is played into the band.
    keyboard: Keyboard,
    /// Whether the host waits between the halves of the block.
    waits: bool,
    /// The newest request whose answer a waiting host has given up.
    given_up: u64,
}

impl<S: Deref<Target = Status>> Player<S> {
    pub(crate) fn new(
        notes: Consumer<ScheduledNote>,
        requests: Producer<BeatRequest>,
        status: S,
    ) -> Self {
        let playhead = Playhead::standing(48_000.0);
        Self {
            notes,
            requests,
            status,
            pending: Pending::new(),
            active: ActiveNotes::new(),
            cursor: Cursor::new(),
            commits: Commits::new(),
            clock: 0,
            timeline: Timeline::new(0.0, 0, playhead.samples_per_beat()),
            travelled: 0.0,
            playing: false,
            block: Block { playhead, controls: Controls::default(), start: 0, end: 0 },
            started_at: Ticks(0),
            first_beat: 0,
            segment: (0.0, 0),
            loop_range: None,
            goes_round: false,
            primed: None,
            newest_due: None,
            next_prime: 0,
            left: None,
            entered: None,
            sequence: 0,
            next_note_id: 0,
            room_made_at: i64::MIN,
            blocked: false,
            lookahead_beats: 1.0,
            form: Form::default(),
            progression: Progression::EMPTY,
            sends_chords: false,
            chord_line: None,
            keyboard: Keyboard::new(),
            waits: false,
            given_up: 0,
        }
    }

    /// Sets how many beats ahead of its start a beat is committed; clamped into `0.5..=4.0`.
    pub fn set_lookahead(&mut self, beats: f64) {
        if beats.is_finite() {
            self.lookahead_beats = beats.clamp(*LOOKAHEAD_BEATS.start(), *LOOKAHEAD_BEATS.end());
        }
    }

    /// Sets the form that the next committed beats follow.
    pub fn set_form(&mut self, form: Form) {
        self.form = form;
    }

    /// Sets the chords that the next committed beats follow, which go before the controls' chord; an
    /// empty progression leaves that.
    pub fn set_progression(&mut self, progression: &Progression) {
        if self.progression != *progression {
            self.progression = *progression;
        }
    }

    /// Sets whose chords the next committed beats follow, each its own; where the line has none for
    /// a beat, the controls' chord.
    pub fn set_chord_line(&mut self, line: Option<&'static ChordLine>) {
        self.chord_line = line;
    }

    /// Says whether others follow [`Self::chords`]: an offline host then waits for every beat as soon
    /// as it is asked for, so that they follow the same ones every time.
    pub fn set_sends_chords(&mut self, sends: bool) {
        self.sends_chords = sends;
    }

    /// The chords of the last committed beats.
    pub fn chords(&self) -> &ChordLine {
        self.status.chords()
    }

    /// Hears a key that goes down or, without a velocity, comes up at the first sample of the next
    /// block that is not empty.
    pub fn hear(&mut self, pitch: Pitch, velocity: Option<Velocity>) {
        self.keyboard.hear(pitch, velocity);
    }

    /// Plays one block: `emit` gets its events in order and says whether the host took each.
    ///
    /// `playhead` and `controls` hold at the block's first sample; a host's block may be given in
    /// pieces, as at parameter changes, and any split plays the same notes at the same samples. A
    /// refused event is offered again in the next block. Blocks of 0 samples change nothing.
    pub fn fill_block(
        &mut self,
        playhead: &Playhead,
        n_samples: usize,
        controls: &Controls,
        emit: &mut impl FnMut(PlayerEvent) -> bool,
    ) {
        self.waits = false;
        self.open_block(playhead, n_samples, controls);
        self.finish_block(emit);
    }

    /// First half of [`Self::fill_block`] for hosts that wait: follows the transport and asks for
    /// beats.
    ///
    /// Offline rendering waits between the halves until the composer has answered
    /// [`Self::needed_sequence`].
    pub fn begin_block(&mut self, playhead: &Playhead, n_samples: usize, controls: &Controls) {
        self.waits = true;
        self.open_block(playhead, n_samples, controls);
    }

    fn open_block(&mut self, playhead: &Playhead, n_samples: usize, controls: &Controls) {
        let playhead = playhead.sanitized();
        let n_samples = i64::try_from(n_samples).unwrap_or(i64::MAX).min(1 << 31);
        self.block =
            Block { playhead, controls: *controls, start: self.clock, end: self.clock + n_samples };
        self.blocked = false;
        if n_samples == 0 {
            return;
        }
        match (self.playing, playhead.playing) {
            (false, false) => self.stand(),
            (false, true) => self.start(),
            (true, false) => {
                self.leave();
                self.stand();
            }
            (true, true) => self.go_on(),
        }
        let here = (self.cursor.current(), Ticks::from_beats(self.position()));
        self.keyboard.settle(self.playing.then_some(here));
        if self.playing {
            self.commit(self.block.end, RequestKind::Commit);
        }
    }

    /// Number of the newest request whose answer can sound in the block that has begun, or is followed
    /// by others; 0 if none.
    pub fn needed_sequence(&self) -> u64 {
        if !self.playing {
            return 0;
        }
        if self.segment_end() < self.block.end || self.sends_chords {
            return self.sequence;
        }
        let last = self.timeline.beats_at(self.block.end);
        self.commits.last_until(self.cursor.current(), floor(last + BEAT_NUDGE))
    }

    /// Number of the newest request; 0 if there was none.
    pub fn newest_sequence(&self) -> u64 {
        self.sequence
    }

    /// Says that the host goes on without [`Self::needed_sequence`]; counts its beat once.
    pub fn give_up(&mut self) {
        let needed = self.needed_sequence();
        if needed > self.given_up {
            self.given_up = needed;
            self.status.count_given_up();
        }
    }

    /// Takes notes out of the queue, so that the composer can go on sending.
    pub fn receive(&mut self) {
        while let Ok(&note) = self.notes.peek() {
            if self.cursor.expects(note.epoch) && !self.pending.insert(note) {
                return;
            }
            let _ = self.notes.pop();
        }
    }

    /// Second half of [`Self::fill_block`]: plays what is due.
    pub fn finish_block(&mut self, emit: &mut impl FnMut(PlayerEvent) -> bool) {
        if self.block.end == self.block.start {
            return;
        }
        loop {
            let segment_end = self.segment_end();
            self.segment = (self.position(), self.clock);
            self.receive();
            self.count_underruns();
            self.active.end_hanging(self.travelled);
            self.play(segment_end, emit);
            let end_beats = self.timeline.beats_at(segment_end);
            if self.playing {
                let n_samples = (segment_end - self.clock) as f64;
                self.travelled += n_samples / self.timeline.samples_per_beat();
            }
            self.clock = segment_end;
            let Some((loop_start, loop_end)) = self.loop_range else { break };
            if segment_end >= self.block.end {
                break;
            }
            // The loop's end lies inside the block.
            self.enter_next_pass(loop_start, loop_start + (end_beats - loop_end).max(0.0));
        }
        // The block is over; finishing it twice does nothing.
        self.block.start = self.block.end;
        self.report();
    }

    /// Ends every sounding note now, at offset 0, and forgets the transport.
    ///
    /// For bypass and the like. What the host refuses ends with the next block.
    pub fn stop_all(&mut self, emit: &mut impl FnMut(PlayerEvent) -> bool) {
        self.reset();
        self.blocked = false;
        self.block.start = self.clock;
        self.play(self.clock, emit);
    }

    /// Forgets the transport; sounding notes end at the start of the next block.
    ///
    /// For a host's `reset`, where no events can be sent.
    pub fn reset(&mut self) {
        if self.playing {
            self.leave();
        }
        self.active.end_all();
        self.primed = None;
        self.next_prime = self.clock;
    }

    /// The counters that this player writes.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Song position at the clock, in beats.
    fn position(&self) -> f64 {
        self.timeline.beats_at(self.clock)
    }

    /// The end of the block, or the loop's end if that comes before.
    fn segment_end(&self) -> i64 {
        match self.loop_range {
            Some((_, loop_end)) if self.playing && self.position() < loop_end => {
                self.timeline.first_sample_from(loop_end).clamp(self.clock, self.block.end)
            }
            _ => self.block.end,
        }
    }

    /// Plays from the clock to the sample `segment_end`, ends before beginnings.
    fn play(&mut self, segment_end: i64, emit: &mut impl FnMut(PlayerEvent) -> bool) {
        while !self.blocked {
            let off = self.active.first_to_end(&self.timeline);
            let off = off.map(|(sample, note)| (sample.max(self.clock), note));
            let off = off.filter(|(sample, note)| note.ending || *sample < segment_end);
            match (off, self.next_on(segment_end)) {
                (Some((off_sample, note)), Some((on_sample, _))) if off_sample <= on_sample => {
                    self.emit_off(&note, off_sample, emit);
                }
                (_, Some((sample, _))) if sample != self.room_made_at => {
                    self.make_room(sample, emit);
                }
                (_, Some((sample, note))) => self.begin_note(&note, sample, emit),
                (Some((sample, note)), None) => {
                    self.emit_off(&note, sample, emit);
                }
                (None, None) => return,
            }
        }
    }

    /// The next note to begin before `segment_end`, with its sample; forgets what is too late.
    fn next_on(&mut self, segment_end: i64) -> Option<(i64, ScheduledNote)> {
        if !self.playing {
            return None;
        }
        let late_limit = (self.block.playhead.sample_rate * LATE_LIMIT_SECS) as i64;
        loop {
            let note = *self.pending.first()?;
            if note.epoch > self.cursor.current() {
                return None;
            }
            let sample = self.timeline.sample_of(note.onset.beats());
            // In no samples, as before a loop's end at a block's start, nothing can begin.
            if sample.max(self.clock) >= segment_end {
                return None;
            }
            let lateness = self.clock - sample;
            let before_start = note.onset < self.started_at;
            let playable = lateness <= late_limit
                && (!before_start || self.started_at - note.onset <= START_GRACE);
            if note.epoch == self.cursor.current() && playable {
                return Some((sample.max(self.clock), note));
            }
            if note.epoch == self.cursor.current() && !before_start {
                self.status.count_dropped();
            }
            self.pending.remove_first();
        }
    }

    /// Ends what must not sound when the notes of `sample` begin: the same parts and pitches, and
    /// as many others as there are too few places for.
    fn make_room(&mut self, sample: i64, emit: &mut impl FnMut(PlayerEvent) -> bool) {
        let epoch = self.cursor.current();
        let timeline = self.timeline;
        let begins = |note: &&ScheduledNote| {
            timeline.sample_of(note.onset.beats()) <= sample && note.epoch == epoch
        };
        loop {
            let again = {
                let mut due = self.pending.iter().take_while(begins);
                due.find_map(|note| self.active.find(note.part, note.pitch)).copied()
            };
            let Some(sounding) = again else { break };
            if !self.emit_off(&sounding, sample, emit) {
                return;
            }
        }
        let n_begins = self.pending.iter().take_while(begins).count();
        while self.active.n_free() < n_begins
            && let Some((_, sounding)) = self.active.first_to_end(&self.timeline)
        {
            if !self.emit_off(&sounding, sample, emit) {
                return;
            }
            self.status.count_cut();
        }
        self.room_made_at = sample;
    }

    fn begin_note(
        &mut self,
        note: &ScheduledNote,
        sample: i64,
        emit: &mut impl FnMut(PlayerEvent) -> bool,
    ) {
        let duration = Ticks(note.duration.0.max(1));
        let end = note.onset + duration;
        let since = (sample - self.clock) as f64 / self.timeline.samples_per_beat();
        let hangs_at = self.travelled + since + (duration.beats() + HANGING_BEATS);
        if let Some(sounding) = self.active.find_mut(note.part, note.pitch) {
            sounding.end = sounding.end.max(end);
            sounding.hangs_at = sounding.hangs_at.max(hangs_at);
            self.status.count_merged();
            self.pending.remove_first();
            return;
        }
        if self.active.n_free() == 0 {
            self.status.count_dropped();
            self.pending.remove_first();
            return;
        }
        let note_id = self.next_note_id;
        let kind = EventKind::NoteOn {
            part: note.part,
            pitch: note.pitch,
            velocity: note.velocity,
            note_id,
        };
        if !self.emit(sample, kind, emit) {
            return;
        }
        self.next_note_id = note_id.checked_add(1).unwrap_or(0);
        self.active.insert(ActiveNote {
            part: note.part,
            pitch: note.pitch,
            note_id,
            on_sample: sample,
            end,
            hangs_at,
            ending: false,
        });
        self.status.count_played();
        let due = self.timeline.sample_of(note.onset.beats());
        // One sample is the rounding of a loop's start.
        if sample - due > 1 && note.onset >= self.started_at {
            self.status.count_late();
        }
        self.pending.remove_first();
    }

    /// Ends a note if the host takes the event.
    fn emit_off(
        &mut self,
        note: &ActiveNote,
        sample: i64,
        emit: &mut impl FnMut(PlayerEvent) -> bool,
    ) -> bool {
        let kind = EventKind::NoteOff { part: note.part, pitch: note.pitch, note_id: note.note_id };
        let accepted = self.emit(sample, kind, emit);
        if accepted {
            self.active.remove(note.note_id);
        }
        accepted
    }

    fn emit(
        &mut self,
        sample: i64,
        kind: EventKind,
        emit: &mut impl FnMut(PlayerEvent) -> bool,
    ) -> bool {
        let offset = u32::try_from(sample - self.block.start).unwrap_or(0);
        let accepted = emit(PlayerEvent { offset, kind });
        if !accepted {
            self.blocked = true;
            self.status.count_refused();
        }
        accepted
    }

    /// Counts a beat that begins before its answer has come.
    fn count_underruns(&mut self) {
        if !self.playing {
            return;
        }
        let beat = (self.cursor.current(), floor(self.position() + BEAT_NUDGE));
        if self.entered == Some(beat) || beat.1 < self.first_beat {
            return;
        }
        self.entered = Some(beat);
        // The last moment of a loop may count as the beat behind its end, which nobody hears.
        if self
            .loop_range
            .is_some_and(|(_, end)| self.position() < end && beat.1 as f64 >= end - BEAT_NUDGE)
        {
            return;
        }
        let done = self.status.done();
        if self.commits.sequence_of(beat.0, beat.1).is_none_or(|sequence| sequence > done) {
            self.status.count_underrun();
        }
    }

    fn report(&self) {
        let position = self.position();
        self.status.set_position(position, self.cursor.current(), self.playing);
        let beat = floor(position + BEAT_NUDGE);
        let n_ahead = self.commits.n_ahead(self.cursor.current(), beat, self.status.done());
        self.status.set_cells_ahead(n_ahead);
    }
}
