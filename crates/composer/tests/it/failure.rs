use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use composer::testing::{
    HashGenerator, Mishap, Script, TimedEvent, drive, drive_late, drive_offline,
};
use composer::{Error, Generator, PatternGenerator, Settings, session};
use model::Redraws;
use player::{EventKind, WorkerState};
use score::grid::{BeatFrame, HistoryBeat};
use score::{Controls, GridBeat};

fn n_ons(events: &[TimedEvent]) -> usize {
    events.iter().filter(|(_, kind)| matches!(kind, EventKind::NoteOn { .. })).count()
}

fn patterns() -> Vec<TimedEvent> {
    let make = || Ok(Box::new(PatternGenerator::new()) as Box<dyn Generator>);
    drive(&mut session::start_stepped(make, Settings::default()), &blocks())
}

fn blocks() -> Vec<composer::testing::Block> {
    Script::play(48_000 * 6).blocks(&[512])
}

#[test]
fn a_generator_that_cannot_be_made_is_replaced_by_patterns() {
    let load = || Err(Error::Load { message: "expected 4 layers, found 3".into() });
    let mut session = session::start_stepped(load, Settings::default());
    assert_eq!(drive(&mut session, &blocks()), patterns());
    assert_eq!(session.status.worker_state(), WorkerState::Fallback);
    let failure = session.report.failure().expect("a reason");
    assert_eq!(failure, "the model could not be loaded: expected 4 layers, found 3");

    let mut session = session::start_stepped(|| panic!("no memory"), Settings::default());
    assert_eq!(drive(&mut session, &blocks()), patterns());
    let failure = session.report.failure().expect("a reason");
    assert_eq!(failure, "composing stopped unexpectedly: no memory");
}

#[test]
fn errors_and_panics_on_the_way_are_replaced_by_patterns() {
    for (mishap, reason) in [
        (Mishap::Error(5), "beat 5 could not be composed: as scripted"),
        (Mishap::Panic(5), "composing stopped unexpectedly: as scripted at beat 5"),
    ] {
        let make = HashGenerator::new(mishap).boxed();
        let mut session = session::start_stepped(make, Settings::default());
        let events = drive(&mut session, &blocks());
        assert_eq!(session.report.failure().as_deref(), Some(reason));
        assert_eq!(session.status.worker_state(), WorkerState::Fallback);
        assert_eq!((session.status.underruns(), session.status.dropped()), (0, 0));
        let from_beat_six = |events: &[TimedEvent]| -> usize {
            n_ons(&events[events.partition_point(|(sample, _)| *sample < 24_000 * 6)..])
        };
        assert_eq!(from_beat_six(&events), from_beat_six(&patterns()));
    }
}

/// Says that it composed every beat again, every other one by force, and fails after six.
#[derive(Default)]
struct Copying {
    redraws: Redraws,
}

impl Generator for Copying {
    fn compose(
        &mut self,
        _history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> composer::Result<GridBeat> {
        if self.redraws.beats == 6 {
            return Err(Error::Compose { beat: frame.beat, message: "as scripted".into() });
        }
        self.redraws.beats += 1;
        self.redraws.forced = self.redraws.beats / 2;
        Ok(PatternGenerator::new().beat(frame, controls, pass))
    }

    fn redraws(&self) -> Redraws {
        self.redraws
    }
}

#[test]
fn what_was_composed_again_is_counted_even_after_a_failure() {
    let make = || Ok(Box::new(Copying::default()) as Box<dyn Generator>);
    let mut session = session::start_stepped(make, Settings::default());
    let blocks = blocks();
    drive(&mut session, &blocks[..1]);
    let begun = session.status.redrawn();
    assert!((1..6).contains(&begun), "{begun} beats ahead");
    assert_eq!(session.status.redraws_forced(), begun / 2);
    assert_eq!(session.status.worker_state(), WorkerState::Ready);
    let mut session = session::start_stepped(make, Settings::default());
    drive(&mut session, &blocks);
    assert_eq!(session.status.worker_state(), WorkerState::Fallback);
    assert_eq!((session.status.redrawn(), session.status.redraws_forced()), (6, 3));
}

/// Composes only when it is let.
struct Gated {
    open: Arc<AtomicBool>,
    n_entered: Arc<AtomicUsize>,
}

impl Generator for Gated {
    fn compose(
        &mut self,
        _history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> composer::Result<GridBeat> {
        self.n_entered.fetch_add(1, Ordering::SeqCst);
        while !self.open.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        Ok(PatternGenerator::new().beat(frame, controls, pass))
    }
}

fn gated(open: bool) -> (composer::Session, Arc<AtomicBool>, Arc<AtomicUsize>) {
    let gate = Arc::new(AtomicBool::new(open));
    let n_entered = Arc::new(AtomicUsize::new(0));
    let generator = Gated { open: Arc::clone(&gate), n_entered: Arc::clone(&n_entered) };
    let make = move || Ok(Box::new(generator) as Box<dyn Generator>);
    let session = session::start(make, Settings::default());
    (session, gate, n_entered)
}

#[test]
fn a_generator_that_hangs_never_holds_up_a_block() {
    let (mut session, gate, _) = gated(false);
    let mut n_events = 0;
    for block in blocks() {
        session.player.fill_block(&block.playhead, block.n_samples, &block.controls, &mut |_| {
            n_events += 1;
            true
        });
    }
    assert_eq!(n_events, 0);
    assert_eq!(session.status.underruns(), 12);
    // Once it goes on, all that was asked for is answered and later beats sound again.
    gate.store(true, Ordering::SeqCst);
    let again = Script::play(48_000 * 2).blocks(&[512]);
    assert!(n_ons(&drive_offline(&mut session, &again)) > 0);
}

#[test]
fn dropping_while_composing_ends_the_thread() {
    let (mut session, gate, n_entered) = gated(false);
    let block = blocks()[0];
    session.player.fill_block(&block.playhead, 512, &block.controls, &mut |_| true);
    while n_entered.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    let status = Arc::clone(&session.status);
    let opener = std::thread::spawn(move || gate.store(true, Ordering::SeqCst));
    drop(session);
    opener.join().expect("no panic");
    assert_eq!(status.worker_state(), WorkerState::Stopped);
}

#[test]
fn either_end_may_be_dropped_first() {
    let (session, _, _) = gated(true);
    let composer::Session { mut player, worker, commands, .. } = session;
    drop(worker);
    let block = blocks()[0];
    for _ in 0..2000 {
        player.fill_block(&block.playhead, 512, &block.controls, &mut |_| true);
    }
    assert!(matches!(commands.send(composer::Command::ClearHistory), Err(Error::Ended)));

    let (session, _, _) = gated(true);
    let composer::Session { player, worker, .. } = session;
    drop(player);
    drop(worker);
}

#[test]
fn a_stalled_worker_loses_no_request_before_the_queue_is_full() {
    let make = HashGenerator::new(Mishap::None).boxed();
    let mut session = session::start_stepped(make, Settings::default());
    // 250 beats without an answer.
    let blocks = Script::play(24_000 * 250).blocks(&[4096]);
    drive_late(&mut session, &blocks, usize::MAX - 1, |_| true);
    assert_eq!(session.status.delayed_requests(), 0);
    let blocks = Script::play(24_000 * 30).blocks(&[4096]);
    drive_late(&mut session, &blocks, usize::MAX - 1, |_| true);
    assert!(session.status.delayed_requests() > 0);
}
