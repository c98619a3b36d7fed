use composer::testing::{
    Action, Block, HashGenerator, NoteStreamChecker, Script, drive, drive_late,
};
use composer::{Settings, SteppedSession, session};
use player::Playhead;
use proptest::prelude::*;
use score::{Blend, Controls, Genre, Meter, Tempo};

fn any_position() -> impl Strategy<Value = f64> {
    prop_oneof![
        -16.0..256.0f64,
        (-4..64i64).prop_map(|beat| beat as f64),
        Just(4.01096),
        Just(-0.0),
    ]
}

fn any_action() -> impl Strategy<Value = Action> {
    let range = (any_position(), 0.01..12.0f64).prop_map(|(start, len)| (start, start + len));
    prop_oneof![
        4 => Just(Action::Play),
        2 => Just(Action::Stop),
        3 => any_position().prop_map(Action::Seek),
        2 => prop::option::of(range).prop_map(Action::Loop),
        2 => (1.0..999.0f64).prop_map(Action::Tempo),
        1 => (1..16u32, prop::sample::select(vec![1u32, 2, 4, 8, 16])).prop_map(|(n, d)| Action::Meter(n, d)),
        2 => (0..6usize, any::<u32>()).prop_map(|(genre, seed)| {
            Action::Controls(Controls { blend: Blend::pure(Genre::ALL[genre]), seed, ..Controls::default() })
        }),
    ]
}

prop_compose! {
    fn any_script()(
        actions in prop::collection::vec((0..200_000u64, any_action()), 0..24),
        sample_rate in prop_oneof![Just(44_100.0), 8_000.0..192_000.0f64],
        splits_at_loop_end in any::<bool>(),
        fixed_point in any::<bool>(),
    ) -> Script {
        let mut actions = actions;
        actions.sort_by_key(|(sample, _)| *sample);
        // In the end every host stops.
        actions.push((200_000, Action::Stop));
        Script { actions, sample_rate, splits_at_loop_end, fixed_point, ..Script::play(204_096) }
    }
}

fn hashing(n_notes: usize) -> SteppedSession {
    session::start_stepped(HashGenerator::dense(n_notes).boxed(), Settings::default())
}

/// Adds the blocks of 0 samples that hosts send to change parameters.
fn with_empty_blocks(blocks: &[Block]) -> Vec<Block> {
    let with_empty = |(idx, block): (usize, &Block)| {
        let empty = (idx % 3 == 0).then_some(Block { n_samples: 0, ..*block });
        empty.into_iter().chain([*block])
    };
    blocks.iter().enumerate().flat_map(with_empty).collect()
}

/// Fails when something still sounds after the events.
fn assert_silent(events: &[composer::testing::TimedEvent]) {
    let mut checker = NoteStreamChecker::new();
    let mut at = 0;
    checker.begin_block(u32::MAX as usize);
    for (sample, kind) in events {
        assert!(*sample >= at);
        at = *sample;
        checker.event(&player::PlayerEvent { offset: *sample as u32, kind: *kind });
    }
    checker.silent();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_transport_ends_every_note(
        script in any_script(),
        sizes in prop::collection::vec(1..=8192usize, 2..8),
        n_notes in 1..40usize,
    ) {
        let mut session = hashing(n_notes);
        let blocks = with_empty_blocks(&script.blocks(&sizes));
        assert_silent(&drive(&mut session, &blocks));
    }

    #[test]
    fn a_late_worker_and_a_full_host_lose_no_end(
        script in any_script(),
        size in 16..=2048usize,
        n_late in 0..12usize,
        refuses in 2..9usize,
    ) {
        let mut session = hashing(6);
        let blocks = with_empty_blocks(&script.blocks(&[size]));
        let mut events = drive_late(&mut session, &blocks, n_late, |n| n % refuses != 0);
        // The host has stopped; a few blocks more empty its backlog.
        let last = *blocks.last().expect("a block");
        let block_start = blocks.iter().map(|block| block.n_samples as u64).sum::<u64>();
        for _ in 0..200 {
            session.player.fill_block(&last.playhead, 64, &last.controls, &mut |event| {
                events.push((block_start, event.kind));
                true
            });
        }
        assert_silent(&events);
    }

    #[test]
    fn nonsense_from_a_host_is_survived(
        numbers in prop::collection::vec(
            prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1e300), Just(1e18), Just(0.0), any::<f64>(), -9.0..99.0f64],
            40,
        ),
        n_samples in prop::collection::vec(0..100_000usize, 8),
    ) {
        let mut session = hashing(3);
        let mut checker = NoteStreamChecker::new();
        for (numbers, n_samples) in numbers.chunks(5).zip(n_samples) {
            let playhead = Playhead {
                playing: true,
                position_beats: numbers[0],
                tempo: Tempo::new(numbers[1]),
                meter: Meter::COMMON,
                bar_start_beats: Some(numbers[2]),
                bar_number: Some(numbers[2] as i64),
                loop_range: Some((numbers[3], numbers[4])),
                sample_rate: numbers[4],
            };
            for _ in 0..2 {
                checker.begin_block(n_samples);
                let controls = Controls::default();
                session.player.fill_block(&playhead, n_samples, &controls, &mut |event| {
                    checker.event(&event);
                    true
                });
                while session.worker.step() { session.player.receive(); }
            }
        }
        checker.begin_block(1);
        session.player.stop_all(&mut |event| { checker.event(&event); true });
        checker.silent();
    }
}

#[test]
fn stop_all_and_reset_end_everything() {
    let blocks = Script::play(30_000).blocks(&[512]);
    for resets in [false, true] {
        let mut session = hashing(8);
        let mut events = drive(&mut session, &blocks);
        let mut late = Vec::new();
        if resets {
            session.player.reset();
            let standing = Playhead::standing(48_000.0);
            session.player.fill_block(&standing, 64, &Controls::default(), &mut |event| {
                assert_eq!(event.offset, 0);
                late.push((30_000, event.kind));
                true
            });
        } else {
            session.player.stop_all(&mut |event| {
                assert_eq!(event.offset, 0);
                late.push((30_000, event.kind));
                true
            });
        }
        assert!(!late.is_empty());
        events.extend(late);
        assert_silent(&events);
    }
}

#[test]
fn a_host_with_room_for_one_event_a_block_gets_all_ends() {
    let mut script = Script::play(96_000);
    script.actions.push((90_000, Action::Stop));
    script.n_samples = 200_000;
    let mut session = hashing(12);
    let mut taken_in = 0;
    let mut events = Vec::new();
    for (idx, block) in script.blocks(&[64]).iter().enumerate() {
        session.player.begin_block(&block.playhead, block.n_samples, &block.controls);
        while session.worker.step() {
            session.player.receive();
        }
        session.player.finish_block(&mut |event| {
            let takes = taken_in != idx + 1;
            if takes {
                taken_in = idx + 1;
                events.push((64 * idx as u64 + u64::from(event.offset), event.kind));
            }
            takes
        });
    }
    assert!(session.status.refused() > 0 && events.len() > 40);
    assert_silent(&events);
}

#[test]
fn tempo_ramps_are_no_jumps() {
    // A host that integrates its ramp inside the block and tells only the tempo at its start.
    let mut session = hashing(3);
    let mut beats = 0.0;
    let (sample_rate, n_samples) = (48_000.0, 8192);
    let mut epochs = Vec::new();
    for idx in 0..60 {
        let bpm = if idx < 30 { 60.0 + 4.0 * f64::from(idx) } else { 300.0 - 4.0 * f64::from(idx) };
        let playhead = Playhead {
            playing: true,
            position_beats: beats,
            tempo: Tempo::new(bpm),
            ..Playhead::standing(sample_rate)
        };
        session.player.begin_block(&playhead, n_samples, &Controls::default());
        while session.worker.step() {
            session.player.receive();
        }
        session.player.finish_block(&mut |_| true);
        epochs.push(session.status.epoch());
        let middle_bpm = if idx < 30 { bpm + 2.0 } else { bpm - 2.0 };
        beats += f64::from(n_samples as u32) / sample_rate * middle_bpm / 60.0;
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 1);
}
