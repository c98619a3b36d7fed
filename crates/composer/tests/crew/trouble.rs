use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use composer::testing::{Block, HashGenerator, Mishap, NoteStreamChecker, Script};
use composer::{Generator, Session, Settings, session};
use player::PlayerEvent;
use score::grid::{BeatFrame, HistoryBeat};
use score::random::Random;
use score::{Controls, GridBeat};

/// Composes each beat only when its host is so many blocks on, or gone.
struct Slow {
    random: Random,
    block: Arc<AtomicUsize>,
    inner: HashGenerator,
}

const GONE: usize = usize::MAX;

impl Generator for Slow {
    fn compose(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> composer::Result<GridBeat> {
        // Mostly in time, often late, sometimes by bars.
        let n_blocks = [0, 0, 20, 150, 800][(self.random.bits() % 5) as usize];
        let until = self.block.load(Ordering::SeqCst).saturating_add(n_blocks);
        while self.block.load(Ordering::SeqCst) < until {
            thread::yield_now();
        }
        self.inner.compose(history, frame, controls, pass)
    }
}

/// Plays a block and checks its events.
fn play(session: &mut Session, block: &Block, checker: &mut NoteStreamChecker) {
    checker.begin_block(block.n_samples);
    let mut take = |event: PlayerEvent| {
        checker.event(&event);
        true
    };
    session.player.fill_block(&block.playhead, block.n_samples, &block.controls, &mut take);
}

#[test]
fn slow_and_failing_and_vanishing_workers_never_hang_a_note_or_a_host() {
    for seed in 0..12 {
        let mut random = Random::new(seed);
        let block_now = Arc::new(AtomicUsize::new(0));
        let mishap = match seed % 3 {
            0 => Mishap::None,
            1 => Mishap::Panic(10),
            _ => Mishap::Error(5),
        };
        let slow = Slow {
            random: Random::new(seed ^ 0xff),
            block: Arc::clone(&block_now),
            inner: HashGenerator::new(mishap),
        };
        let make = move || Ok(Box::new(slow) as Box<dyn Generator>);
        let mut session = session::start(make, Settings::default());
        let mut checker = NoteStreamChecker::new();
        let blocks = Script::play(48_000 * 30).blocks(&[256]);
        // Where the worker is taken away, if it is: in the middle of the song.
        let killed_at = (seed % 2 == 0).then(|| random.bits() as usize % blocks.len());
        for (idx, block) in blocks.iter().enumerate() {
            play(&mut session, block, &mut checker);
            block_now.store(idx + 1, Ordering::SeqCst);
            if random.bits() % 8 == 0 {
                thread::yield_now();
            }
            if Some(idx) == killed_at {
                block_now.store(GONE, Ordering::SeqCst);
                let another =
                    session::start(HashGenerator::new(mishap).boxed(), Settings::default());
                drop(std::mem::replace(&mut session.worker, another.worker));
            }
        }
        // The host stands still: everything ends with the next block.
        let end = Block { playhead: player::Playhead::standing(48_000.0), ..blocks[0] };
        play(&mut session, &end, &mut checker);
        checker.silent();
        block_now.store(GONE, Ordering::SeqCst);
    }
}

#[test]
fn many_threads_may_start_and_drop_sessions_at_once() {
    let n_composed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for seed in 0..6 {
            let n_composed = &n_composed;
            scope.spawn(move || {
                let mut random = Random::new(seed);
                let blocks = Script::play(48_000 * 2).blocks(&[512]);
                let mut sessions: Vec<Session> = Vec::new();
                for _ in 0..60 {
                    if sessions.is_empty() || (sessions.len() < 4 && random.bits() % 2 == 0) {
                        let make = HashGenerator::new(Mishap::None).boxed();
                        sessions.push(session::start(make, Settings::default()));
                    } else {
                        let idx = random.bits() as usize % sessions.len();
                        drop(sessions.swap_remove(idx));
                    }
                    for session in &mut sessions {
                        for block in &blocks[..40] {
                            let Session { player, .. } = session;
                            player.fill_block(&block.playhead, 512, &block.controls, &mut |_| true);
                        }
                    }
                }
                for mut session in sessions {
                    // Whoever is left is still served.
                    composer::testing::drive_offline(&mut session, &blocks);
                    n_composed.fetch_add(session.status.done() as usize, Ordering::SeqCst);
                }
            });
        }
    });
    assert!(n_composed.load(Ordering::SeqCst) > 0);
}
