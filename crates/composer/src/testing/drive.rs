//! Plays blocks as a host does, with workers in every state of health.

use std::time::Duration;

use player::{EventKind, PlayerEvent};

use super::{Block, NoteStreamChecker};
use crate::{Player, Session, SteppedSession};

/// An event with the sample it fell on, counted from the script's start.
pub type TimedEvent = (u64, EventKind);

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

/// Calls the player for one block as the plugin does; `wait` comes where offline rendering waits.
fn play(
    player: &mut Player,
    block: &Block,
    wait: impl FnOnce(&mut Player),
    emit: &mut impl FnMut(PlayerEvent) -> bool,
) {
    prepare(player, block);
    if block.n_samples == 0 || !block.bypassed {
        player.begin_block(&block.playhead, block.n_samples, &block.controls);
        wait(player);
        player.finish_block(emit);
    } else {
        player.stop_all(emit);
    }
}

fn prepare(player: &mut Player, block: &Block) {
    if block.resets {
        player.reset();
    }
    player.set_form(block.form);
    player.set_lookahead(block.lookahead_beats);
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
    let SteppedSession { player, worker, .. } = session;
    while worker.step() {}
    for block in blocks {
        sink.checker.begin(block);
        let answer = |player: &mut Player| {
            while worker.step() {
                player.receive();
            }
        };
        play(player, block, answer, &mut |event| sink.take(event));
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
    host_takes: impl FnMut(usize) -> bool,
) -> Vec<TimedEvent> {
    let pace = |idx: usize| if idx % (n_blocks + 1) == n_blocks { usize::MAX } else { 0 };
    drive_paced(session, blocks, &mut NoteStreamChecker::new(), pace, host_takes)
}

/// Plays blocks as in real time: after block `i` the worker gets `pace(i)` steps, and the host
/// takes the `n`th event that it is offered if `host_takes(n)`.
///
/// # Panics
/// When the stream breaks a promise of [`NoteStreamChecker`].
pub fn drive_paced(
    session: &mut SteppedSession,
    blocks: &[Block],
    checker: &mut NoteStreamChecker,
    pace: impl Fn(usize) -> usize,
    mut host_takes: impl FnMut(usize) -> bool,
) -> Vec<TimedEvent> {
    let mut sink = NoteSink::new(checker);
    let mut n_offered = 0;
    for (idx, block) in blocks.iter().enumerate() {
        sink.checker.begin(block);
        play(&mut session.player, block, |_| {}, &mut |event| {
            n_offered += 1;
            if host_takes(n_offered) {
                return sink.take(event);
            }
            sink.checker.refused();
            false
        });
        sink.end_block(block);
        let mut n_steps = pace(idx);
        while n_steps > 0 && session.worker.step() {
            n_steps -= 1;
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
        sink.checker.begin(block);
        prepare(&mut session.player, block);
        let mut emit = |event: PlayerEvent| sink.take(event);
        if block.bypassed && block.n_samples > 0 {
            session.player.stop_all(&mut emit);
        } else {
            let outcome = session.offline.fill_block(
                &mut session.player,
                &block.playhead,
                block.n_samples,
                &block.controls,
                limit,
                &mut emit,
            );
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        sink.end_block(block);
    }
    sink.events
}
