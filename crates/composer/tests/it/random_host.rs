//! A random host against the reference.
//!
//! `TRIBUTARY_TRANSPORT_EVENTS` in the environment chooses how much is tried, as `cargo xtask full`
//! does; then the seed is another each time, unless `TRIBUTARY_TRANSPORT_SEED` gives it.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};
use std::time::Instant;

use composer::SteppedSession;
use composer::testing::reference::{Sound, sane};
use composer::testing::{
    Action, Bars, Block, NoteStreamChecker, Reference, Script, TimedEvent, drive_on, drive_paced,
};
use player::Form;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use score::{Blend, Controls, Genre, PartControls, PitchClass};

use crate::scene::{generator, hashing};

/// The longest note of the generator in beats: 40 cells.
const LONGEST: f64 = 40.0 / 24.0;

/// Transport events in the everyday run, for each of the properties.
const EVENTS: u64 = 12_000;

/// Scripts between two looks at the number of events.
const BATCH: u32 = 64;

fn near(places: &'static [f64]) -> impl Strategy<Value = f64> {
    prop::sample::select(places)
}

fn any_position() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => near(&[0.0, 1.0, 2.0, 3.0, 4.0, 4.01096, 8.0]),
        4 => -4.0..16.0f64,
        1 => (-64..1024i64).prop_map(|quarter| quarter as f64 / 4.0),
        1 => near(&[-0.0, -1.0, -1e-7, 3.999_999_9, 1e5, 1e8, -1e6]),
    ]
}

fn any_length() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (1..=16u32).prop_map(|n| f64::from(n) / 4.0),
        2 => 0.25..6.0f64,
        1 => (1..=64u32).prop_map(|bars| f64::from(bars) * 4.0),
        1 => 0.02..0.3f64,
    ]
}

fn any_loop() -> impl Strategy<Value = Option<(f64, f64)>> {
    let range = (any_position(), any_length()).prop_map(|(start, len)| Some((start, start + len)));
    let nonsense = prop::sample::select(vec![
        Some((4.0, 4.0)),
        Some((8.0, 4.0)),
        Some((f64::NAN, 4.0)),
        Some((0.0, f64::INFINITY)),
        Some((-1e300, 1e300)),
    ]);
    prop_oneof![6 => range, 3 => Just(None), 1 => nonsense]
}

fn any_tempo() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => near(&[60.0, 90.0, 120.0, 128.0, 174.0, 240.0]),
        3 => 60.0..400.0f64,
        3 => 400.0..999.0f64,
        1 => 1.0..60.0f64,
        1 => near(&[f64::NAN, 0.0, -120.0, 1e9, 999.0, 1.0]),
    ]
}

fn any_rate() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => near(&[22_050.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0]),
        1 => 8_000.0..192_000.0f64,
    ]
}

fn any_controls() -> impl Strategy<Value = Controls> {
    let ending = prop::bool::weighted(0.1);
    let knobs = (0..6usize, 1..4u32, 0..12i32, 0..3u8, 0..3u8, 0..16u8, 0..3u8, ending);
    knobs.prop_map(|(genre, seed, key, swing, humanize, on, density, ending)| {
        let part = |idx: usize| PartControls {
            on: on >> idx & 1 == 0,
            density: f32::from(density) / 2.0,
            ..PartControls::default()
        };
        Controls {
            blend: Blend::pure(Genre::ALL[genre]),
            seed,
            key: PitchClass::new(key),
            swing: f32::from(swing) / 2.0,
            humanize: f32::from(humanize) / 2.0,
            ending,
            parts: [0, 1, 2, 3].map(part),
            ..Controls::default()
        }
    })
}

fn any_form() -> impl Strategy<Value = Form> {
    let evolve = near(&[0.0, 0.0, 0.3, 0.7, 1.0]);
    let phrase_bars = prop::sample::select(vec![0u8, 0, 1, 2, 4]);
    (evolve, phrase_bars, prop::bool::weighted(0.4)).prop_map(|(evolve, phrase_bars, hold)| Form {
        evolve: evolve as f32,
        phrase_bars,
        hold,
    })
}

fn any_meter() -> impl Strategy<Value = Action> {
    let usual = prop::sample::select(vec![(4u32, 4u32), (3, 4), (6, 8), (7, 8), (5, 4), (2, 2)]);
    let odd = (0..36u32, 0..40u32);
    prop_oneof![4 => usual, 1 => odd].prop_map(|(over, under)| Action::Meter(over, under))
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => Just(Action::Play),
        3 => Just(Action::Stop),
        5 => any_position().prop_map(Action::Seek),
        3 => (-0.001..0.001f64).prop_map(Action::Slip),
        3 => (-0.022..0.022f64).prop_map(Action::Slip),
        6 => any_loop().prop_map(Action::Loop),
        5 => any_tempo().prop_map(Action::Tempo),
        1 => (any_tempo(), 1..30_000u64).prop_map(|(bpm, n)| Action::Ramp(bpm, n)),
        3 => any_meter(),
        7 => any_controls().prop_map(Action::Controls),
        4 => any_form().prop_map(Action::Form),
        3 => near(&[0.5, 0.75, 1.0, 1.0, 2.0, 4.0]).prop_map(Action::Lookahead),
        1 => near(&[f64::NAN, 0.0, 9.0]).prop_map(Action::Lookahead),
        1 => any_rate().prop_map(Action::SampleRate),
        1 => near(&[0.0, -1.0, f64::NAN, f64::INFINITY]).prop_map(Action::SampleRate),
        2 => any::<bool>().prop_map(Action::Bypass),
        2 => Just(Action::Reset),
        1 => near(&[f64::NAN, f64::INFINITY, -1e300, 1e18, 5.5])
            .prop_map(|beats| Action::Claim(Some(beats))),
        2 => Just(Action::Claim(None)),
    ]
}

/// Samples between two actions.
fn any_gap() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0u64), 1 => 1..4u64, 2 => 4..1_500u64, 4 => 1_500..24_000u64]
}

prop_compose! {
    fn any_script()(
        steps in prop::collection::vec((any_gap(), any_action()), 1..40),
        start in (any_position(), any_loop(), any_tempo()),
        sample_rate in any_rate(),
        splits_at_loop_end in any::<bool>(),
        follows_loop in prop::bool::weighted(0.9),
        fixed_point in any::<bool>(),
        bars in prop::sample::select(vec![Bars::Untold, Bars::Start, Bars::StartAndNumber]),
        jitter_samples in prop_oneof![4 => Just(0.0), 1 => 0.0..2.0f64],
    ) -> Script {
        let mut at = 0;
        let (position, range, bpm) = start;
        let mut actions =
            vec![(0, Action::Seek(position)), (0, Action::Loop(range)), (0, Action::Tempo(bpm))];
        if jitter_samples < 1.0 {
            actions.push((0, Action::Play));
        }
        for (gap, action) in steps {
            at += gap;
            actions.push((at, action));
        }
        // In the end every host stops.
        actions.push((at + 20_000, Action::Stop));
        Script {
            actions,
            n_samples: at + 24_096,
            sample_rate,
            splits_at_loop_end,
            follows_loop,
            fixed_point,
            bars,
            jitter_samples,
        }
    }
}

fn any_sizes() -> impl Strategy<Value = Vec<usize>> {
    let size = prop_oneof![
        2 => 0..64usize,
        2 => 1..1024usize,
        2 => 1024..=8192usize,
        1 => prop::sample::select(vec![1usize, 64, 480, 512, 8192]),
    ];
    prop::collection::vec(size, 1..8).prop_map(|mut sizes| {
        // Blocks of a few samples alone take long to play.
        sizes.push(1024);
        sizes
    })
}

/// Whether the host has passed its loop's end and may yet come round: what is seen of that, and
/// when, depends on the blocks.
fn is_just_behind_its_loop(block: &Block) -> bool {
    let playhead = sane(&block.playhead);
    playhead.loop_range.is_some_and(|(_, end)| {
        let beats_behind = playhead.position_beats - end;
        playhead.playing && (0.0..0.03 * playhead.tempo.bpm() / 60.0).contains(&beats_behind)
    })
}

/// Whether `hold` comes on while the transport stands, see the reference.
fn holds_again_while_it_stands(blocks: &[Block]) -> bool {
    let mut seen = blocks.iter().filter(|block| block.n_samples > 0 && !block.bypassed);
    let Some(mut before) = seen.next() else { return false };
    seen.any(|block| {
        let stood = !before.playhead.playing && !before.form.hold;
        before = block;
        stood && block.form.hold
    })
}

/// Whether the host says the same however its samples are cut into blocks.
fn says_the_same_in_any_split(script: &Script) -> bool {
    let each_block_anew = |action: &Action| match action {
        Action::Ramp(..) | Action::Claim(Some(_)) => true,
        Action::SampleRate(rate) => !(1e3..1e7).contains(rate),
        // In loops of milliseconds a host gets nowhere.
        Action::Loop(Some((start, end))) => !(0.25..=1e9).contains(&(end - start)),
        _ => false,
    };
    let tempo = |action: &Action| {
        matches!(action, Action::Tempo(_) | Action::Ramp(..) | Action::SampleRate(_))
    };
    let place = |action: &Action| matches!(action, Action::Seek(_) | Action::Slip(_));
    let both_at = |sample: u64| {
        let here = || script.actions.iter().filter(|(at, _)| *at == sample && sample > 0);
        here().any(|(_, action)| tempo(action)) && here().any(|(_, action)| place(action))
    };
    let blocks = script.blocks(&[4096]);
    script.follows_loop
        && !blocks.iter().any(is_just_behind_its_loop)
        && !holds_again_while_it_stands(&blocks)
        && script.jitter_samples == 0.0
        && !script.actions.iter().any(|(at, action)| each_block_anew(action) || both_at(*at))
}

/// Knows the longest note; a host that stays where it is ends notes only between blocks.
fn checker(blocks: &[Block]) -> NoteStreamChecker {
    let beats = |b: &Block| b.n_samples as f64 / sane(&b.playhead).samples_per_beat();
    let longest_block = blocks.iter().map(beats).fold(0.0, f64::max);
    NoteStreamChecker::with_longest(LONGEST + (longest_block - 1.0).max(0.0))
}

fn play_in_time(script: &Script, sizes: &[usize]) -> (Vec<TimedEvent>, SteppedSession) {
    let mut session = hashing();
    let blocks = script.blocks(sizes);
    let mut checker = checker(&blocks);
    let events = drive_on(&mut session, &blocks, &mut checker);
    checker.silent();
    (events, session)
}

/// The first difference, for a message that a person can read.
fn assert_equal(what: &str, expected: &[Sound], found: &[Sound]) {
    let first = expected.iter().zip(found).position(|(a, b)| a != b);
    let first = first.unwrap_or(expected.len().min(found.len()));
    assert!(
        expected.len() == found.len() && first == found.len(),
        "{what}: sound {first}: expected {:?}, found {:?}",
        expected.get(first),
        found.get(first)
    );
}

/// Gives the number of notes, as [`survives`] does.
fn plays_as_the_reference(script: &Script, sizes: [&[usize]; 2]) -> usize {
    let (events, session) = play_in_time(script, sizes[0]);
    let blocks = script.blocks(sizes[0]);
    // Blocks of hundreds of beats, from a host that tells nonsense, may be more than there is room
    // for.
    let is_song = |block: &Block| sane(&block.playhead).samples_per_beat() >= 1300.0;
    if blocks.iter().all(is_song) {
        assert_eq!(session.status.delayed_requests(), 0);
        // Beats behind a loop's end are asked for once it is passed, if it was to be followed.
        if script.follows_loop && !blocks.iter().any(is_just_behind_its_loop) {
            assert_eq!(session.status.underruns(), 0, "a beat came late");
        }
    } else if session.status.delayed_requests() > 0 {
        return events.len() / 2;
    }
    if !holds_again_while_it_stands(&blocks) {
        let reference = Reference::new(&blocks, generator());
        assert_equal("reference", &reference.sounds, &Sound::of(&events));
    }
    if says_the_same_in_any_split(script) {
        let (other, _) = play_in_time(script, sizes[1]);
        if events != other {
            assert_equal("another split", &Sound::of(&events), &Sound::of(&other));
            assert_eq!(events, other);
        }
    }
    events.len() / 2
}

/// How a worker and a host misbehave.
#[derive(Clone, Debug)]
struct Trouble {
    /// Steps that the worker makes after each block, over and over.
    steps: Vec<usize>,
    /// The block from which on it makes none.
    dies_at: usize,
    /// The host refuses one event of so many.
    refuses: Option<usize>,
}

fn any_trouble() -> impl Strategy<Value = Trouble> {
    let steps = prop_oneof![3 => Just(0usize), 2 => 1..4usize, 2 => Just(usize::MAX)];
    let refuses = prop_oneof![2 => Just(None), 1 => (2..9usize).prop_map(Some)];
    let dies_at = prop_oneof![3 => Just(usize::MAX), 1 => 0..400usize];
    (prop::collection::vec(steps, 1..24), dies_at, refuses)
        .prop_map(|(steps, dies_at, refuses)| Trouble { steps, dies_at, refuses })
}

fn survives(script: &Script, sizes: &[usize], trouble: &Trouble) -> usize {
    let mut session = hashing();
    let blocks = script.blocks(sizes);
    let mut checker = checker(&blocks);
    let pace = |idx: usize| match idx {
        idx if idx >= trouble.dies_at => 0,
        idx => trouble.steps[idx % trouble.steps.len()],
    };
    let takes = |n: usize| trouble.refuses.is_none_or(|one_of| !n.is_multiple_of(one_of));
    let events = drive_paced(&mut session, &blocks, &mut checker, pace, takes);
    // The host has stopped; a few blocks more empty its backlog.
    let standing: Vec<_> = blocks.iter().rev().take(1).cycle().take(3).copied().collect();
    drive_paced(&mut session, &standing, &mut checker, |_| 0, |_| true);
    checker.silent();
    // A beat that the full queue delayed may hold other controls than it should, and what a late
    // worker never heard it cannot hold.
    if session.status.delayed_requests() > 0 || blocks.iter().any(|block| block.form.hold) {
        return events.len() / 2;
    }
    let reference = Reference::new(&blocks, generator());
    for sound in Sound::of(&events).iter().filter(|sound| sound.velocity.is_some()) {
        assert!(reference.allows(sound), "{sound:?} is none of the song or too late");
    }
    events.len() / 2
}

/// Tries random values until they had enough transport events in sum; prints how to do so again.
fn try_many<S: Strategy>(
    what: &str,
    strategy: S,
    script: impl Fn(&S::Value) -> &Script,
    test: impl Fn(&S::Value) -> usize,
) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let wanted = number("TRIBUTARY_TRANSPORT_EVENTS");
    let any_seed = || std::hash::RandomState::new().build_hasher().finish() >> 32;
    let seed = number("TRIBUTARY_TRANSPORT_SEED").or(wanted.map(|_| any_seed())).unwrap_or(1);
    let wanted = wanted.unwrap_or(EVENTS);
    let began = Instant::now();
    let (n_events, n_notes, mut n_scripts) = (Cell::new(0), Cell::new(0), 0);
    for batch in 0.. {
        let config = Config {
            cases: BATCH,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(seed.wrapping_add(batch)),
            max_shrink_iters: 20_000,
            ..Config::default()
        };
        let ran = TestRunner::new(config).run(&strategy, |value| {
            n_events.set(n_events.get() + script(&value).actions.len() as u64);
            n_notes.set(n_notes.get() + test(&value));
            Ok(())
        });
        if let Err(TestError::Fail(reason, value)) = ran {
            let seed = seed.wrapping_add(batch);
            panic!("{what}: TRIBUTARY_TRANSPORT_SEED={seed}: {reason}\n{value:?}");
        }
        n_scripts += BATCH;
        if n_events.get() >= wanted {
            break;
        }
    }
    let (n_events, secs) = (n_events.get(), began.elapsed().as_secs_f64());
    println!(
        "{what}: {n_events} transport events in {n_scripts} scripts, seed {seed}, {secs:.1} s"
    );
}

#[test]
fn any_host_hears_what_the_reference_says() {
    let strategy = (any_script(), any_sizes(), any_sizes());
    try_many(
        "in time",
        strategy,
        |(script, ..)| script,
        |(script, sizes, others)| plays_as_the_reference(script, [sizes, others]),
    );
}

#[test]
fn any_host_survives_a_worker_in_trouble() {
    let strategy = (any_script(), any_sizes(), any_trouble());
    try_many(
        "in trouble",
        strategy,
        |(script, ..)| script,
        |(script, sizes, trouble)| survives(script, sizes, trouble),
    );
}
