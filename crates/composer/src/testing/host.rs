//! A host made of a list: actions at samples, cut into blocks of any size.

use std::time::Duration;

use player::{EventKind, PlayerEvent, Playhead};
use score::{Controls, Meter, Tempo};

use crate::{Session, SteppedSession};

use super::NoteStreamChecker;

/// What a user or a host does.
// A few actions a script; a box would only make scripts harder to write.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Starts the transport; nothing when it plays.
    Play,
    /// Stops it where it is.
    Stop,
    /// Goes to a position in beats.
    Seek(f64),
    /// Sets or switches off the loop, in beats.
    Loop(Option<(f64, f64)>),
    /// Sets the tempo in BPM.
    Tempo(f64),
    /// Sets the meter.
    Meter(u32, u32),
    /// Moves parameters.
    Controls(Controls),
}

/// A session with a host, told in advance.
#[derive(Clone, Debug)]
pub struct Script {
    /// Sorted by sample.
    pub actions: Vec<(u64, Action)>,
    /// Length.
    pub n_samples: u64,
    /// In Hz.
    pub sample_rate: f64,
    /// Whether the host ends a block at the loop's end; others go round inside it.
    pub splits_at_loop_end: bool,
    /// Rounds positions as CLAP does, to `2^-31` beats.
    pub fixed_point: bool,
}

/// One block as a plugin is called for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// At its first sample.
    pub playhead: Playhead,
    /// At its first sample.
    pub controls: Controls,
    /// Its length.
    pub n_samples: usize,
}

/// An event with the sample it fell on, counted from the script's start.
pub type TimedEvent = (u64, EventKind);

impl Script {
    /// Plays from the song's start for `n_samples` at 48 kHz, 120 BPM.
    pub fn play(n_samples: u64) -> Self {
        Self {
            actions: vec![(0, Action::Play)],
            n_samples,
            sample_rate: 48_000.0,
            splits_at_loop_end: true,
            fixed_point: false,
        }
    }

    /// The blocks of this script: cut at every action, and by `sizes`, over and over.
    pub fn blocks(&self, sizes: &[usize]) -> Vec<Block> {
        let mut host = Host::new(self);
        let mut blocks = Vec::new();
        let mut actions = self.actions.iter().peekable();
        let mut sizes = sizes.iter().cycle();
        let mut sample = 0;
        while sample < self.n_samples {
            while let Some((_, action)) = actions.next_if(|(at, _)| *at <= sample) {
                host.act(*action, sample);
            }
            let mut end = actions.peek().map_or(self.n_samples, |(at, _)| *at).min(self.n_samples);
            end = end.min(sample + sizes.next().map_or(64, |n| *n as u64));
            let playhead = host.playhead(sample);
            if self.splits_at_loop_end
                && let Some(loop_end) = host.loop_end_after(sample)
            {
                end = end.min(loop_end);
            }
            let n_samples = (end - sample) as usize;
            blocks.push(Block { playhead, controls: host.controls, n_samples });
            sample = end;
        }
        blocks
    }
}

struct Host<'a> {
    script: &'a Script,
    playing: bool,
    base_beats: f64,
    base_sample: u64,
    loop_range: Option<(f64, f64)>,
    tempo: Tempo,
    meter: Meter,
    controls: Controls,
}

impl<'a> Host<'a> {
    fn new(script: &'a Script) -> Self {
        Self {
            script,
            playing: false,
            base_beats: 0.0,
            base_sample: 0,
            loop_range: None,
            tempo: Tempo::DEFAULT,
            meter: Meter::COMMON,
            controls: Controls::default(),
        }
    }

    fn samples_per_beat(&self) -> f64 {
        self.tempo.samples_per_beat(self.script.sample_rate)
    }

    fn position(&mut self, sample: u64) -> f64 {
        if !self.playing {
            return self.base_beats;
        }
        let since = (sample - self.base_sample) as f64 / self.samples_per_beat();
        let position = self.base_beats + since;
        match self.loop_range {
            // A thousandth of a sample early still counts as the loop's end.
            Some((start, end))
                if self.base_beats < end && position >= end - 1e-3 / self.samples_per_beat() =>
            {
                let n_passes = ((position - start) / (end - start) + 1e-9).floor();
                self.base_beats -= n_passes * (end - start);
                (self.base_beats + since).max(start)
            }
            _ => position,
        }
    }

    fn act(&mut self, action: Action, sample: u64) {
        self.base_beats = self.position(sample);
        self.base_sample = sample;
        match action {
            Action::Play => self.playing = true,
            Action::Stop => self.playing = false,
            Action::Seek(beats) => self.base_beats = beats,
            Action::Loop(range) => self.loop_range = range,
            Action::Tempo(bpm) => self.tempo = Tempo::new(bpm),
            Action::Meter(numerator, denominator) => {
                self.meter = Meter::new(numerator, denominator).unwrap_or_default();
            }
            Action::Controls(controls) => self.controls = controls,
        }
    }

    fn playhead(&mut self, sample: u64) -> Playhead {
        let mut beats = self.position(sample);
        if self.script.fixed_point {
            let unit = (1u64 << 31) as f64;
            beats = (beats * unit).round() / unit;
        }
        Playhead {
            playing: self.playing,
            position_beats: beats,
            tempo: self.tempo,
            meter: self.meter,
            loop_range: self.loop_range,
            ..Playhead::standing(self.script.sample_rate)
        }
    }

    fn loop_end_after(&mut self, sample: u64) -> Option<u64> {
        let position = self.position(sample);
        let (_, end) = self.loop_range.filter(|(_, end)| self.playing && position < *end)?;
        let samples = ((end - position) * self.samples_per_beat() - 1e-3).ceil();
        Some(sample + (samples as u64).max(1))
    }
}

/// Checks and keeps events.
struct NoteSink<'a> {
    checker: &'a mut NoteStreamChecker,
    events: Vec<TimedEvent>,
    block_start: u64,
}

impl<'a> NoteSink<'a> {
    fn new(checker: &'a mut NoteStreamChecker) -> Self {
        Self { checker, events: Vec::new(), block_start: 0 }
    }

    fn take(&mut self, event: PlayerEvent) -> bool {
        self.checker.event(&event);
        self.events.push((self.block_start + u64::from(event.offset), event.kind));
        true
    }

    fn end_block(&mut self, block: &Block) {
        self.block_start += block.n_samples as u64;
    }
}

/// Plays blocks with every beat answered before it is needed, the worker stepped by hand.
///
/// # Panics
/// When the stream breaks a promise of [`NoteStreamChecker`].
pub fn drive(session: &mut SteppedSession, blocks: &[Block]) -> Vec<TimedEvent> {
    drive_on(session, blocks, &mut NoteStreamChecker::new())
}

/// The same, going on where the checker's last block ended.
///
/// # Panics
/// When the stream breaks a promise of [`NoteStreamChecker`].
pub fn drive_on(
    session: &mut SteppedSession,
    blocks: &[Block],
    checker: &mut NoteStreamChecker,
) -> Vec<TimedEvent> {
    let mut sink = NoteSink::new(checker);
    while session.worker.step() {}
    for block in blocks {
        sink.checker.begin_block(block.n_samples);
        session.player.begin_block(&block.playhead, block.n_samples, &block.controls);
        while session.worker.step() {
            session.player.receive();
        }
        session.player.finish_block(&mut |event| sink.take(event));
        sink.end_block(block);
    }
    sink.events
}

/// Plays blocks as in real time with a worker that is `n_blocks` late with all it does.
///
/// # Panics
/// When the stream breaks a promise of [`NoteStreamChecker`].
pub fn drive_late(
    session: &mut SteppedSession,
    blocks: &[Block],
    n_blocks: usize,
    mut host_takes: impl FnMut(usize) -> bool,
) -> Vec<TimedEvent> {
    let mut checker = NoteStreamChecker::new();
    let mut sink = NoteSink::new(&mut checker);
    let mut n_offered = 0;
    for (idx, block) in blocks.iter().enumerate() {
        sink.checker.begin_block(block.n_samples);
        session.player.fill_block(
            &block.playhead,
            block.n_samples,
            &block.controls,
            &mut |event| {
                n_offered += 1;
                host_takes(n_offered) && sink.take(event)
            },
        );
        sink.end_block(block);
        if idx % (n_blocks + 1) == n_blocks {
            while session.worker.step() {}
        }
    }
    sink.events
}

/// Plays blocks against a session's own thread, waiting for each beat.
///
/// # Panics
/// When the stream breaks a promise of [`NoteStreamChecker`], or a beat takes a minute.
pub fn drive_offline(session: &mut Session, blocks: &[Block]) -> Vec<TimedEvent> {
    let mut checker = NoteStreamChecker::new();
    let mut sink = NoteSink::new(&mut checker);
    let limit = Duration::from_secs(60);
    for block in blocks {
        sink.checker.begin_block(block.n_samples);
        let outcome = session.offline.fill_block(
            &mut session.player,
            &block.playhead,
            block.n_samples,
            &block.controls,
            limit,
            &mut |event: PlayerEvent| sink.take(event),
        );
        assert!(outcome.is_ok(), "{outcome:?}");
        sink.end_block(block);
    }
    sink.events
}
