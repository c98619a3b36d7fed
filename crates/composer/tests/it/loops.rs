use composer::testing::reference::Sound;
use composer::testing::{Action, HashGenerator, Script, drive, drive_late};
use composer::{Settings, session};
use player::Form;
use score::{Controls, Ticks};

use crate::scene::{Scene, hashing, ons};

/// Samples of a beat at 960 BPM and 48 kHz.
const BEAT: u64 = 3000;

/// Plays a loop from its start for so many passes.
fn looping(start: f64, beats: f64, n_passes: u64) -> Script {
    let n_samples = n_passes * (beats * BEAT as f64) as u64;
    let range = Some((start, start + beats));
    Script::play(n_samples).after([Action::Tempo(960.0), Action::Seek(start), Action::Loop(range)])
}

#[test]
fn a_loop_of_any_length_repeats_exactly() {
    let sixteenths = [1u32, 2, 3, 4, 5, 6, 7, 8, 11, 12, 16, 20, 24, 32];
    let bars = [3, 4, 8, 16, 32, 64].map(|bars| bars * 16);
    for n in sixteenths.into_iter().chain(bars) {
        for start in [0.0, 4.01096, -2.75] {
            let beats = f64::from(n) / 4.0;
            let scene = Scene::play(&looping(start, beats, 4), &[512]);
            let length = u64::from(n) * BEAT / 4;
            let pass = |idx: u64| ons(&scene.sounds, idx * length..(idx + 1) * length);
            assert!(n < 4 || !pass(0).is_empty(), "{n} sixteenths from {start}");
            for idx in 1..4 {
                assert_eq!(pass(0), pass(idx), "{n} sixteenths from {start}, pass {idx}");
            }
        }
    }
}

#[test]
fn evolve_makes_about_its_share_anew() {
    let (n_beats, n_passes) = (16, 120);
    let share = |evolve: f32| {
        let form = Action::Form(Form { evolve, ..Form::default() });
        let scene = Scene::play(&looping(0.0, 16.0, n_passes).after([form]), &[2048]);
        let beat = |idx: u64| ons(&scene.sounds, idx * BEAT..(idx + 1) * BEAT);
        let n = n_beats * (n_passes - 1);
        let n_new = (0..n).filter(|idx| beat(*idx) != beat(idx + n_beats)).count();
        n_new as f64 / n as f64
    };
    assert_eq!((share(0.0), share(1.0)), (0.0, 1.0));
    for evolve in [0.1, 0.25, 0.5, 0.9] {
        // Three standard deviations of 1904 draws are less.
        assert!((share(evolve) - f64::from(evolve)).abs() < 0.035, "{evolve}");
    }
}

#[test]
fn a_wrap_is_composed_ahead_and_never_late() {
    for (start, beats) in [(0.0, 0.25), (0.0, 0.5), (4.01096, 1.0), (2.5, 3.0), (0.0, 16.0)] {
        for lookahead in [0.5, 1.0, 4.0] {
            let mut script = looping(start, beats, 8).after([Action::Lookahead(lookahead)]);
            // It stands a while before, so that the first beats are there.
            script.actions.iter_mut().filter(|(_, a)| *a == Action::Play).for_each(|a| a.0 = 4800);
            let mut session = hashing();
            let events = drive_late(&mut session, &script.blocks(&[256]), 0, |_| true);
            assert!(!events.is_empty());
            let status = session.status;
            let counts = (status.late(), status.dropped(), status.underruns());
            assert_eq!(counts, (0, 0, 0), "{beats} beats from {start}, lookahead {lookahead}");
        }
    }
}

#[test]
fn a_loop_from_a_hair_behind_the_beat_keeps_its_first_notes() {
    // As some hosts place it: 10.5 ticks behind the beat.
    let scene = Scene::play(&looping(4.01096, 4.0, 3), &[512]);
    for pass in 0..3 {
        let begin = ons(&scene.sounds, pass * 4 * BEAT..pass * 4 * BEAT + 1);
        assert_eq!(begin.len(), 4, "each part has a note on beat 4");
    }
    let first = scene.reference.cells.iter().filter(|cell| cell.frame.beat == 4);
    assert_eq!(first.map(|cell| cell.pass).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert!(scene.reference.cells.iter().all(|cell| cell.frame.bar_start <= Ticks::from_beat(8)));
}

#[test]
fn a_loop_closed_and_opened_again_asks_for_no_beat_twice() {
    // Four beats ahead, beats behind the loop's end are committed when it is closed.
    let script = Script::play(24_000 * 12)
        .after([Action::Lookahead(4.0)])
        .with(24_000 * 5, Action::Loop(Some((4.0, 6.0))))
        .with(24_000 * 5 + 6000, Action::Loop(None));
    let straight = Script::play(24_000 * 12).after([Action::Lookahead(4.0)]);
    let until = 24_000 * 10;
    let heard = |script: &Script| ons(&Scene::play(script, &[512]).sounds, 0..until);
    assert_eq!(heard(&script), heard(&straight));
}

#[test]
fn a_host_that_plays_on_behind_its_loop_is_heard() {
    let mut script = Script::play(24_000 * 12).after([Action::Loop(Some((0.0, 4.0)))]);
    script.follows_loop = false;
    // Blocks end on the loop's end, so the host is seen there.
    let mut session = hashing();
    let blocks = script.blocks(&[480]);
    let events = drive(&mut session, &blocks);
    let sounds = Sound::of(&events);
    for beat in 5..11 {
        assert!(!ons(&sounds, beat * 24_000..(beat + 1) * 24_000).is_empty(), "beat {beat}");
    }
}

#[test]
fn a_tempo_step_inside_a_loop_is_no_wrap() {
    for sizes in [[64], [8192]] {
        let script = Script { sample_rate: 22_050.0, ..Script::play(40_000) }
            .after([Action::Tempo(150.0), Action::Seek(4.0), Action::Loop(Some((4.0, 5.25)))])
            .with(4645, Action::Tempo(975.0));
        let scene = Scene::play(&script, &sizes);
        let (spb, fast) = (22_050.0 * 60.0 / 150.0, 22_050.0 * 60.0 / 975.0);
        let end = 4645.0 + (1.25 - 4645.0 / spb) * fast;
        // The first beat of the second pass, a note on it.
        assert!(scene.ons().iter().any(|on| on.sample == f64::ceil(end) as u64), "{sizes:?}");
    }
}

#[test]
fn a_moved_loop_forgets_the_passes_it_gives_up() {
    // The beat at 0 is committed for the second pass, when that is to begin at 1. All is made anew,
    // so that history counts.
    let form = Action::Form(Form { evolve: 1.0, ..Form::default() });
    let script = Script::play(24_000 * 9)
        .after([Action::Loop(Some((0.0, 4.0))), form])
        .with(24_000 * 3 + 12_000, Action::Loop(Some((1.0, 4.0))));
    let scene = Scene::play(&script, &[512]);
    let second_pass = scene.reference.cells.iter().filter(|cell| cell.pass == 1);
    assert_eq!(second_pass.map(|cell| cell.frame.beat).collect::<Vec<_>>(), [1, 2, 3]);
    let again = scene.ons().iter().any(|on| on.sample == 24_000 * 4);
    assert!(again, "the loop's new start is not heard");
}

#[test]
fn a_late_note_does_not_begin_where_its_pass_ends() {
    // The last block begins a ten thousandth of a sample before the loop's end, and the answers
    // to the first have just come: some of their notes are late by little enough to be played.
    let script = Script::play(16_800 + 480).after([Action::Loop(Some((0.0, 0.7)))]);
    let mut blocks = script.blocks(&[16_800]);
    blocks[1].playhead.position_beats = 0.7 - 4e-9;
    let dense = || session::start_stepped(HashGenerator::dense(16).boxed(), Settings::default());
    let in_time = Sound::of(&drive(&mut dense(), &blocks));
    assert!(!ons(&in_time, 16_800 - 1400..16_800).is_empty(), "no note is late there");
    let late = Sound::of(&drive_late(&mut dense(), &blocks, 0, |_| true));
    assert_eq!(ons(&late, 16_800..16_801), ons(&in_time, 16_800..16_801));
}

#[test]
fn the_first_pass_and_the_last_three_are_remembered() {
    let mut script = looping(0.0, 4.0, 7);
    for (pass, seed) in [1, 2, 3, 4, 2, 1].into_iter().enumerate() {
        // A beat ahead.
        let at = (4 * BEAT * pass as u64).saturating_sub(BEAT + 1);
        script = script.with(at, Action::Controls(Controls { seed, ..Controls::default() }));
    }
    let scene = Scene::play(&script, &[512]);
    let pass = |idx: u64| ons(&scene.sounds, 4 * idx * BEAT..4 * (idx + 1) * BEAT);
    assert_eq!((pass(4), pass(5)), (pass(1), pass(0)));
    assert!(pass(1) != pass(0) && pass(2) != pass(1) && pass(3) != pass(2));
}
