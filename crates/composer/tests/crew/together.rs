use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use composer::testing::{
    Action, Block, HashGenerator, Mishap, NoteStreamChecker, Script, TimedEvent, drive,
    drive_offline,
};
use composer::{Session, Settings, session};
use player::PlayerEvent;
use score::random::Random;
use score::{Blend, Controls, Genre};

use crate::neural;

const N_SESSIONS: usize = 16;

/// A session's own seed, blend, parts and transport.
fn script(idx: usize) -> Script {
    let mut controls = Controls { seed: 100 + idx as u32, ..Controls::default() };
    let (first, second) = (Genre::ALL[idx % 6], Genre::ALL[(idx / 2 + 3) % 6]);
    let share = idx as f32 / N_SESSIONS as f32;
    controls.blend = Blend::pure(first).lerp(&Blend::pure(second), share);
    if idx % 3 == 0 {
        controls.parts[idx % 4].own = 1.0;
        controls.parts[idx % 4].blend = Blend::pure(second);
    }
    // A host stands still for a while before somebody presses play, and a knob is turned later.
    let mut script = Script::play(48_000 * 4);
    script.actions = vec![(0, Action::Controls(controls)), (4_800, Action::Play)];
    if idx % 4 == 1 {
        script.actions.insert(0, (0, Action::Loop(Some((0.0, 3.0)))));
    }
    let turned = Controls { adventure: 0.8, ..controls };
    script.actions.push((60_000 + 1_000 * idx as u64, Action::Controls(turned)));
    script
}

/// Plays blocks as in real time, each block only once all that was asked for has been answered.
fn drive_in_time(session: &mut Session, blocks: &[Block]) -> Vec<TimedEvent> {
    let mut checker = NoteStreamChecker::new();
    let mut events = Vec::new();
    let mut start = 0;
    for block in blocks {
        checker.begin_block(block.n_samples);
        let mut take = |event: PlayerEvent| {
            checker.event(&event);
            events.push((start + u64::from(event.offset), event.kind));
            true
        };
        session.player.fill_block(&block.playhead, block.n_samples, &block.controls, &mut take);
        start += block.n_samples as u64;
        while session.status.done() < session.player.newest_sequence() {
            session.player.receive();
            thread::yield_now();
        }
    }
    assert_eq!((session.status.late(), session.status.dropped()), (0, 0));
    assert_eq!(session.status.underruns(), 0);
    events
}

#[test]
fn sixteen_sessions_play_what_each_plays_alone() {
    let scripts: Vec<Script> = (0..N_SESSIONS).map(script).collect();
    let alone: Vec<Vec<TimedEvent>> = scripts
        .iter()
        .map(|script| {
            let mut session = session::start_stepped(neural, Settings::default());
            drive(&mut session, &script.blocks(&[512]))
        })
        .collect();
    for (idx, events) in alone.iter().enumerate() {
        assert!(events.len() > 20, "session {idx} plays {} events", events.len());
        assert!(alone[..idx].iter().all(|other| other != events), "session {idx} is another's");
    }

    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Others come and go meanwhile: some play, some fail, some are dropped while they compose.
        scope.spawn(|| {
            let mut random = Random::new(7);
            while !over.load(Ordering::Relaxed) {
                let mishap = match random.bits() % 3 {
                    0 => Mishap::None,
                    1 => Mishap::Panic((random.bits() % 4) as usize),
                    _ => Mishap::Error((random.bits() % 4) as usize),
                };
                let make = HashGenerator::new(mishap).boxed();
                let mut guest = session::start(make, Settings::default());
                let n_blocks = (random.bits() % 40) as usize;
                for block in &scripts[0].blocks(&[2_000])[..n_blocks] {
                    let Session { player, .. } = &mut guest;
                    player.fill_block(&block.playhead, 2_000, &block.controls, &mut |_| true);
                }
            }
        });
        let players: Vec<_> = scripts
            .iter()
            .enumerate()
            .map(|(idx, script)| {
                scope.spawn(move || {
                    let mut session = session::start(neural, Settings::default());
                    let blocks = script.blocks(&[512]);
                    let events = if idx % 4 == 0 {
                        drive_offline(&mut session, &blocks)
                    } else {
                        drive_in_time(&mut session, &blocks)
                    };
                    assert_eq!(session.report.failure(), None);
                    events
                })
            })
            .collect();
        let together: Vec<_> = players.into_iter().map(|player| player.join()).collect();
        over.store(true, Ordering::Relaxed);
        for (idx, (alone, together)) in alone.iter().zip(together).enumerate() {
            let together = together.unwrap_or_else(|_| panic!("session {idx} failed"));
            assert!(*alone == together, "session {idx} plays something else");
        }
    });
}
