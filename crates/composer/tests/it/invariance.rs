use composer::testing::{Action, HashGenerator, Mishap, Script, TimedEvent, drive, drive_offline};
use composer::{PatternGenerator, Settings, session};
use proptest::prelude::*;
use score::{Blend, Controls, Genre, PitchClass};

/// A start, automation in sixteenths, tempo and meter changes, a seek, a loop, a stop.
fn long_script(sample_rate: f64) -> Script {
    let second = sample_rate as u64;
    let controls = |idx: usize| Controls {
        blend: Blend::pure(Genre::ALL[idx % 6]),
        key: PitchClass::new(idx as i32 * 5),
        swing: idx as f32 / 12.0,
        seed: 7,
        ..Controls::default()
    };
    let mut actions = vec![(second / 7, Action::Play)];
    actions.extend((0..60).map(|idx| (second / 5 * idx as u64, Action::Controls(controls(idx)))));
    actions.extend([
        (second * 2, Action::Tempo(97.3)),
        (second * 3 + 17, Action::Meter(7, 8)),
        (second * 4, Action::Tempo(171.0)),
        (second * 5 + 1, Action::Seek(33.4)),
        (second * 6, Action::Loop(Some((30.0, 36.5)))),
        (second * 10, Action::Loop(None)),
        (second * 11, Action::Stop),
    ]);
    actions.sort_by_key(|(sample, _)| *sample);
    Script { actions, n_samples: second * 12, sample_rate, ..Script::play(0) }
}

fn played(script: &Script, sizes: &[usize]) -> Vec<TimedEvent> {
    let make = HashGenerator::new(Mishap::None).boxed();
    let mut session = session::start_stepped(make, Settings::default());
    let events = drive(&mut session, &script.blocks(sizes));
    assert_eq!(session.status.dropped(), 0);
    events
}

/// The first difference, for a message that a person can read.
fn assert_equal(expected: &[TimedEvent], found: &[TimedEvent], what: &str) {
    if let Some(idx) = expected.iter().zip(found).position(|(a, b)| a != b) {
        panic!("{what}: event {idx}: expected {:?}, found {:?}", expected[idx], found[idx]);
    }
    assert_eq!(expected.len(), found.len(), "{what}");
}

#[test]
fn every_block_size_plays_the_same() {
    for sample_rate in [22_050.0, 44_100.0, 48_000.0] {
        let script = long_script(sample_rate);
        let reference = played(&script, &[64]);
        assert!(reference.len() > 500);
        for size in [1, 2, 37, 63, 65, 480, 1024, 4096, 8192] {
            assert_equal(
                &reference,
                &played(&script, &[size]),
                &format!("{sample_rate} Hz, {size}"),
            );
        }
    }
}

#[test]
fn hosts_that_loop_inside_blocks_play_the_same() {
    for range in [(0.0, 4.0), (1.0, 2.0), (0.5, 2.77), (1.3, 1.9)] {
        let mut script = Script::play(48_000 * 6);
        script.actions.insert(0, (0, Action::Loop(Some(range))));
        script.actions.insert(0, (0, Action::Tempo(133.7)));
        script.splits_at_loop_end = false;
        let reference = played(&script, &[1]);
        for size in [3, 64, 777, 8192] {
            assert_equal(&reference, &played(&script, &[size]), &format!("{range:?}, {size}"));
        }
        script.splits_at_loop_end = true;
        assert_equal(&reference, &played(&script, &[4096]), &format!("{range:?}, split"));
    }
}

#[test]
fn positions_in_fixed_point_play_the_same_for_every_split() {
    let script = Script { fixed_point: true, ..long_script(44_100.0) };
    let reference = played(&script, &[64]);
    for size in [1, 333, 8192] {
        assert_equal(&reference, &played(&script, &[size]), &format!("{size}"));
    }
}

#[test]
fn offline_and_stepped_and_repeated_runs_are_equal() {
    let script = long_script(48_000.0);
    let reference = played(&script, &[128]);
    let make = HashGenerator::new(Mishap::None).boxed();
    let mut session = session::start(make, Settings::default());
    for size in [8192, 100] {
        let mut fresh = script.clone();
        // Standing a while between runs, as a user does.
        fresh.n_samples += 48_000;
        let events = drive_offline(&mut session, &fresh.blocks(&[size]));
        let without_ids = |events: &[TimedEvent]| -> Vec<String> {
            events
                .iter()
                .map(|(s, kind)| {
                    format!("{s} {kind:?}").split("note_id").next().unwrap_or("").into()
                })
                .collect()
        };
        assert_eq!(without_ids(&reference), without_ids(&events), "{size}");
    }
}

#[test]
fn two_sessions_do_not_hear_each_other() {
    let script = long_script(48_000.0);
    let blocks = script.blocks(&[1024]);
    let alone = {
        let make = || Ok(Box::new(PatternGenerator::new()) as Box<dyn composer::Generator>);
        let mut session = session::start(make, Settings::default());
        drive_offline(&mut session, &blocks)
    };
    let together: Vec<Vec<TimedEvent>> = std::thread::scope(|scope| {
        let play = || {
            let make = || Ok(Box::new(PatternGenerator::new()) as Box<dyn composer::Generator>);
            let mut session = session::start(make, Settings::default());
            drive_offline(&mut session, &blocks)
        };
        let both = [scope.spawn(play), scope.spawn(play)];
        both.map(|thread| thread.join().expect("no panic")).into()
    });
    assert_equal(&alone, &together[0], "the first");
    assert_equal(&alone, &together[1], "the second");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_plays_the_same(
        sizes in prop::collection::vec(prop_oneof![1..64usize, 1..1024usize, 1..=8192usize], 1..12),
        sample_rate in prop_oneof![Just(44_100.0), Just(48_000.0), Just(88_200.0), 8_000.0..192_000.0f64],
        bpm in prop_oneof![Just(120.0), 20.0..400.0f64],
        start in prop_oneof![Just(0.0), -8.0..64.0f64],
        range in prop::option::of((0.0..8.0f64, 0.25..8.0f64)),
        splits_at_loop_end in any::<bool>(),
    ) {
        let mut script = Script::play(sample_rate as u64 * 4);
        script.sample_rate = sample_rate;
        script.splits_at_loop_end = splits_at_loop_end;
        let range = range.map(|(start, length)| (start, start + length));
        script.actions = vec![
            (0, Action::Tempo(bpm)), (0, Action::Seek(start)), (0, Action::Loop(range)),
            (sample_rate as u64 / 10, Action::Play),
        ];
        let reference = played(&script, &[64]);
        let other = played(&script, &sizes);
        prop_assert_eq!(reference, other);
    }
}

#[test]
fn the_network_plays_the_same_for_every_split_and_offline() {
    let network = || {
        let weights = model::weights::random(&model::Config::TINY, 3).expect("weights");
        let kernels = model::Kernels::Fused;
        std::sync::Arc::new(
            model::Network::new(model::Config::TINY, &weights, kernels).expect("a network"),
        )
    };
    let make = move || {
        Ok(Box::new(composer::NeuralGenerator::new(network())) as Box<dyn composer::Generator>)
    };
    let mut script = Script::play(48_000 * 5);
    script.actions.insert(0, (0, Action::Loop(Some((2.0, 6.5)))));
    let jazz = Controls { blend: Blend::pure(Genre::Jazz), ..Controls::default() };
    script.actions.push((60_000, Action::Controls(jazz)));
    let stepped = |size: usize| {
        let mut session = session::start_stepped(make, Settings::default());
        let events = drive(&mut session, &script.blocks(&[size]));
        assert_eq!(session.report.failure(), None);
        events
    };
    let reference = stepped(64);
    assert!(!reference.is_empty());
    assert_equal(&reference, &stepped(8192), "8192");
    let mut session = session::start(make, Settings::default());
    let offline = drive_offline(&mut session, &script.blocks(&[1000]));
    assert_equal(&reference, &offline, "offline");
}
