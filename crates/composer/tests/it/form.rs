use composer::testing::{Action, HashGenerator, Mishap, NoteStreamChecker, Script, drive_on};
use composer::{Command, Settings, SteppedSession, session};
use player::{EventKind, Form};
use score::{Blend, Controls, Genre, Part, PitchClass};

/// Samples of a beat at 120 BPM and 48 kHz.
const BEAT: u64 = 24_000;

fn hashing() -> SteppedSession {
    session::start_stepped(HashGenerator::new(Mishap::None).boxed(), Settings::default())
}

fn looping(n_beats: u64, range: (f64, f64)) -> Script {
    let mut script = Script::play(n_beats * BEAT);
    script.actions.insert(0, (0, Action::Loop(Some(range))));
    script
}

/// One line a beat: the notes that begin in it, by their place in the beat.
fn beats(session: &mut SteppedSession, script: &Script) -> Vec<String> {
    beats_on(session, script, &mut NoteStreamChecker::new())
}

/// The same for a session that has played before.
fn beats_on(
    session: &mut SteppedSession,
    script: &Script,
    checker: &mut NoteStreamChecker,
) -> Vec<String> {
    let mut beats = vec![String::new(); script.n_samples.div_ceil(BEAT) as usize];
    for (sample, kind) in drive_on(session, &script.blocks(&[512]), checker) {
        if let EventKind::NoteOn { part, pitch, velocity, .. } = kind {
            let at = sample % BEAT;
            let note = format!("{at} {} {} {};", part.name(), pitch.number(), velocity.number());
            beats[(sample / BEAT) as usize].push_str(&note);
        }
    }
    beats
}

fn n_equal(a: &[String], b: &[String]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a == b).count()
}

#[test]
fn a_loop_repeats_what_was_made() {
    let beats = beats(&mut hashing(), &looping(16, (0.0, 4.0)));
    for pass in 1..4 {
        assert_eq!(beats[..4], beats[4 * pass..4 * pass + 4]);
    }
    assert_ne!(beats[0], beats[1]);
}

#[test]
fn evolve_makes_its_share_anew() {
    let changed = |evolve: f32| {
        let mut session = hashing();
        let form = Action::Form(Form { evolve, ..Form::default() });
        let beats = beats(&mut session, &looping(160, (0.0, 80.0)).after([form]));
        80 - n_equal(&beats[..80], &beats[80..])
    };
    assert_eq!((changed(0.0), changed(1.0)), (0, 80));
    assert!((25..=55).contains(&changed(0.5)));
}

#[test]
fn a_moved_control_is_heard_in_a_loop_unless_it_is_held() {
    let jazz = Controls { blend: Blend::pure(Genre::Jazz), ..Controls::default() };
    let run = |hold: bool, controls: Controls| {
        let form = Action::Form(Form { hold, ..Form::default() });
        let script = looping(16, (0.0, 4.0)).after([form]);
        beats(&mut hashing(), &script.with(5 * BEAT, Action::Controls(controls)))
    };
    let moved = run(false, jazz);
    assert_eq!(n_equal(&moved[..4], &moved[4..8]), 2);
    assert_eq!(n_equal(&moved[..4], &moved[8..12]), 0);
    assert_eq!(moved[10..12], moved[14..16]);
    let held = run(true, jazz);
    assert_eq!(held[..4], held[12..16]);
    // The key moves composed notes; nothing is made anew for it.
    let transposed = run(false, Controls { key: PitchClass::new(2), ..Controls::default() });
    assert_ne!(transposed[..4], transposed[8..12]);
    let drums = |line: &String| line.split(';').filter(|n| n.contains("drums")).count();
    assert_eq!(
        transposed[..4].iter().map(drums).collect::<Vec<_>>(),
        transposed[8..12].iter().map(drums).collect::<Vec<_>>()
    );
}

#[test]
fn phrases_have_the_form_a_a_prime() {
    let form = Action::Form(Form { phrase_bars: 2, ..Form::default() });
    let beats = beats(&mut hashing(), &Script::play(40 * BEAT).after([form]));
    let (a, a_prime, again, a_second) =
        (&beats[..8], &beats[8..16], &beats[16..24], &beats[24..32]);
    assert_eq!(a[..4], a_prime[..4]);
    assert_eq!(n_equal(&a[4..], &a_prime[4..]), 0);
    assert_eq!(a, again);
    assert_eq!((&a[..4], n_equal(&a[4..], &a_second[4..])), (&a_second[..4], 0));
    assert_eq!(n_equal(a, &beats[32..]), 0);
}

#[test]
fn regenerating_a_part_leaves_the_others() {
    let mut session = hashing();
    let script = looping(8, (0.0, 4.0));
    let blocks = script.blocks(&[512]);
    let of = |part: Part, events: &[composer::testing::TimedEvent]| -> Vec<String> {
        let ons = events.iter().filter_map(|(sample, kind)| match kind {
            EventKind::NoteOn { part: p, pitch, .. } if *p == part => {
                Some(format!("{} {}", sample % (4 * BEAT), pitch.number()))
            }
            _ => None,
        });
        ons.collect()
    };
    let mut checker = NoteStreamChecker::new();
    let first = drive_on(&mut session, &blocks[..blocks.len() / 2], &mut checker);
    session.commands.send(Command::Regenerate(Part::Lead)).expect("room");
    // The beat at the loop's start is committed already.
    let second = drive_on(&mut session, &blocks[blocks.len() / 2..], &mut checker);
    for part in [Part::Drums, Part::Bass, Part::Chords] {
        assert_eq!(of(part, &first), of(part, &second), "{}", part.name());
    }
    assert_ne!(of(Part::Lead, &first), of(Part::Lead, &second));
}

#[test]
fn moving_the_loop_goes_on_without_a_break() {
    let mut script = looping(12, (0.0, 4.0));
    // Switched off in the last beat before its end, when the next pass is committed already.
    script.actions.push((3 * BEAT + 100, Action::Loop(None)));
    let straight = beats(&mut hashing(), &Script::play(12 * BEAT));
    let mut session = hashing();
    assert_eq!(beats(&mut session, &script), straight);
    assert_eq!((session.status.underruns(), session.status.dropped()), (0, 0));
}

#[test]
fn a_start_sounds_the_same_whatever_was_played_before() {
    let script = |start: f64| {
        let mut script = Script::play(8 * BEAT);
        script.actions.insert(0, (0, Action::Seek(start)));
        script
    };
    let mut session = hashing();
    let mut checker = NoteStreamChecker::new();
    let mut play = |script: &Script| beats_on(&mut session, script, &mut checker);
    let first = play(&script(4.0));
    let standing = Script { actions: vec![], ..Script::play(BEAT) };
    play(&standing);
    play(&script(0.0));
    play(&standing);
    assert_eq!(play(&script(4.0)), first);
}

#[test]
fn a_loop_that_lands_late_keeps_its_first_notes() {
    // The host goes from 8.0 to 4.01096 and says so in its next block.
    let mut session = hashing();
    let mut script = looping(12, (4.0, 8.0));
    script.actions.insert(0, (0, Action::Seek(4.0)));
    let straight = beats(&mut hashing(), &script);
    let mut script = Script::play(8 * BEAT);
    script.actions.insert(0, (0, Action::Loop(Some((4.0, 8.0)))));
    script.actions.insert(0, (0, Action::Seek(4.0)));
    let mut checker = NoteStreamChecker::new();
    beats_on(&mut session, &script, &mut checker);
    let epoch = session.status.epoch();
    let landed = Script {
        actions: vec![
            (0, Action::Loop(Some((4.0, 8.0)))),
            (0, Action::Seek(4.01096)),
            (0, Action::Play),
        ],
        // Up to the next beat.
        ..Script::play(BEAT - 400)
    };
    let late = beats_on(&mut session, &landed, &mut checker);
    assert_eq!(session.status.epoch(), epoch.next());
    assert_eq!(late[0].matches(';').count(), straight[8].matches(';').count());
    assert_eq!((session.status.dropped(), session.status.underruns()), (0, 0));
}
