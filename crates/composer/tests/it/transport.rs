use composer::testing::reference::Sound;
use composer::testing::{Action, Bars, Script};
use player::{Clock, PlayerEvent, Transport};
use score::{Blend, Controls, Genre, Meter, Tempo, Ticks};

use crate::scene::{BEAT, Scene, hashing, ons};

fn from(position: f64, n_beats: u64) -> Script {
    Script::play(n_beats * BEAT).after([Action::Seek(position)])
}

/// What a session sounds like that starts at `position` and does nothing else.
fn started_at(position: f64, n_samples: u64) -> Vec<Sound> {
    let script = Script { n_samples, ..from(position, 0) };
    Scene::play(&script, &[512]).ons()
}

#[test]
fn a_start_is_heard_anywhere_in_the_song() {
    for position in [-1e6, -8.0, -0.5, 0.0, 1.0 / 3.0, 3.999, 4.01096, 63.75, 1e6] {
        let scene = Scene::play(&from(position, 4), &[480]);
        // The generator has a note on every beat.
        for beat in [position.floor() + 1.0, position.floor() + 2.0] {
            let sample = ((beat - position) * BEAT as f64).round() as u64;
            let is_there = scene.ons().iter().any(|on| on.sample == sample);
            assert!(is_there, "nothing at beat {beat} after a start at {position}");
        }
    }
}

#[test]
fn a_start_a_little_before_the_primed_place_commits_no_beat_early() {
    // At 4.505 the beat at 5 is due; at 4.499 it is not, and the knob is turned before it is.
    let jazz = Controls { blend: Blend::pure(Genre::Jazz), ..Controls::default() };
    let script = Script { actions: vec![], ..Script::play(3 * BEAT) }
        .after([Action::Lookahead(0.5), Action::Seek(4.505)])
        .with(4800, Action::Seek(4.499))
        .with(4900, Action::Play)
        .with(4910, Action::Controls(jazz));
    let scene = Scene::play(&script, &[100]);
    let committed = scene.reference.cells.iter().find(|cell| cell.frame.beat == 5);
    assert_eq!(committed.map(|cell| cell.controls), Some(jazz));
}

#[test]
fn a_stop_ends_everything_at_its_sample_and_a_second_changes_nothing() {
    let once = from(0.0, 6).with(3 * BEAT + 777, Action::Stop);
    let twice = once.clone().with(3 * BEAT + 778, Action::Stop).with(4 * BEAT, Action::Stop);
    let scene = Scene::play(&twice, &[512]);
    let last = scene.sounds.last().expect("sounds");
    assert_eq!((last.sample, last.velocity), (3 * BEAT + 777, None));
    assert_eq!(scene.events, Scene::play(&once, &[512]).events);
}

#[test]
fn a_seek_sounds_like_a_start_there() {
    for target in [-3.0, 0.0, 2.0, 2.4, 40.0, 1e5] {
        let at = 2 * BEAT + 5000;
        let scene = Scene::play(&from(1.0, 5).with(at, Action::Seek(target)), &[512]);
        let n_samples = 5 * BEAT - at;
        assert_eq!(ons(&scene.sounds, at..u64::MAX), started_at(target, n_samples), "{target}");
        let sounding = |sample: u64| {
            let before = || scene.sounds.iter().filter(move |sound| sound.sample <= sample);
            let n_ons = before().filter(|sound| sound.velocity.is_some()).count();
            2 * n_ons - before().count()
        };
        assert!(sounding(at - 1) > 0, "nothing to end");
        let begun = ons(&scene.sounds, at..at + 1).len();
        assert_eq!(sounding(at), begun, "something sounds on");
    }
}

#[test]
fn stop_and_start_again_and_again_as_when_recording() {
    let mut script = from(0.0, 26);
    let mut starts = Vec::new();
    for idx in 1..20 {
        let at = idx * (BEAT * 5 / 4 + 13);
        script = script.with(at, Action::Stop).with(at + idx * 7, Action::Play);
        starts.push(at + idx * 7);
    }
    let scene = Scene::play(&script, &[64]);
    assert_eq!(scene.n_takes(), 20);
    let mut at = 0;
    for block in script.blocks(&[64]) {
        if starts.contains(&at) {
            let n_samples = BEAT * 5 / 4 - 400;
            let heard = ons(&scene.sounds, at..at + n_samples);
            assert_eq!(heard, started_at(block.playhead.position_beats, n_samples));
            starts.retain(|start| *start != at);
        }
        at += block.n_samples as u64;
    }
    assert!(starts.is_empty());
}

#[test]
fn bypass_is_silent_and_ends_like_a_start() {
    let (off, on) = (2 * BEAT + 100, 3 * BEAT + 12_000);
    let script = from(0.0, 6).with(off, Action::Bypass(true)).with(on, Action::Bypass(false));
    let scene = Scene::play(&script, &[333]);
    assert!(scene.sounds.iter().any(|sound| sound.sample == off && sound.velocity.is_none()));
    assert!(scene.sounds.iter().all(|sound| !(off + 1..on).contains(&sound.sample)));
    assert_eq!(ons(&scene.sounds, on..u64::MAX), started_at(3.5, 6 * BEAT - on));
}

#[test]
fn a_reset_ends_everything_and_starts_again() {
    let at = 2 * BEAT + 100;
    let scene = Scene::play(&from(0.0, 5).with(at, Action::Reset), &[512]);
    assert!(scene.sounds.iter().any(|sound| sound.sample == at && sound.velocity.is_none()));
    let position = at as f64 / BEAT as f64;
    assert_eq!(ons(&scene.sounds, at..u64::MAX), started_at(position, 5 * BEAT - at));
}

#[test]
fn another_sample_rate_goes_on_at_the_same_place() {
    for resets in [false, true] {
        let mut script = from(0.0, 12).with(3 * BEAT, Action::SampleRate(96_000.0));
        if resets {
            script = script.with(3 * BEAT, Action::Reset);
        }
        let scene = Scene::play(&script, &[512]);
        assert_eq!(scene.n_takes(), 1 + usize::from(resets));
        for beat in 3..7 {
            let sample = 3 * BEAT + (beat - 3) * 2 * BEAT;
            assert!(scene.ons().iter().any(|on| on.sample == sample), "beat {beat}");
        }
    }
}

#[test]
fn drift_moves_notes_and_breaks_nothing() {
    for secs in [2e-6, -2e-6, 3e-4, -3e-4, 5e-3, -5e-3] {
        let mut script = from(0.0, 20);
        for idx in 1..60 {
            script = script.with(idx * 7919, Action::Slip(secs));
        }
        let scene = Scene::play(&script, &[512]);
        assert_eq!(scene.n_takes(), 1);
        // One note a beat lies on it; where a beat falls is where the host is then.
        let drifted = |sample: u64| (sample / 7919).min(59) as f64 * secs * 48_000.0;
        for beat in 1..16u64 {
            let meant = beat * BEAT;
            let near = scene
                .ons()
                .into_iter()
                .any(|on| (on.sample as f64 + drifted(on.sample) - meant as f64).abs() <= 240.0);
            assert!(near, "beat {beat} is lost with {secs} s");
        }
    }
}

#[test]
fn tempo_steps_move_notes_to_the_sample() {
    let script = from(0.0, 8)
        .with(BEAT / 2, Action::Tempo(240.0))
        .with(BEAT / 2 + 6000, Action::Tempo(60.0));
    let scene = Scene::play(&script, &[4096]);
    assert_eq!(scene.n_takes(), 1);
    // Half a beat at 120, half a beat at 240, then 48,000 samples a beat.
    let beats: Vec<u64> = (1..4).map(|beat| 18_000 + (beat - 1) * 48_000).collect();
    for sample in beats {
        assert!(scene.ons().iter().any(|on| on.sample == sample), "sample {sample}");
    }
}

#[test]
fn tempo_ramps_are_followed_block_by_block() {
    for (to, sizes) in [(200.0, 64), (60.0, 480), (200.0, 1024), (60.0, 2048)] {
        let script = from(0.0, 16).with(BEAT, Action::Ramp(to, 4 * BEAT));
        let scene = Scene::play(&script, &[sizes]);
        assert_eq!(scene.n_takes(), 1);
        let (start, rate): (f64, f64) = (120.0, (to - 120.0) / (4 * BEAT) as f64);
        // The host's own tempo map, solved for the sample of the third beat.
        let beats = |n: f64| (start + rate * n / 2.0) * n / (60.0 * 48_000.0);
        let sample = (0..8 * BEAT).find(|n| beats(*n as f64) >= 2.0).expect("a sample") + BEAT;
        let nearest = scene.ons().iter().map(|on| on.sample.abs_diff(sample)).min();
        // Within a block the host's tempo is the one at its start.
        let error = (sizes as f64).powi(2) * rate.abs() / 60.0 * 0.5;
        assert!(nearest.is_some_and(|n| n as f64 <= 1.0 + error), "{nearest:?} in {sizes}");
    }
}

#[test]
fn a_meter_change_inside_a_bar_begins_a_bar_and_nothing_else() {
    for bars in [Bars::Start, Bars::StartAndNumber] {
        let script = Script { bars, ..from(0.0, 12).with(5 * BEAT, Action::Meter(3, 4)) };
        let scene = Scene::play(&script, &[512]);
        assert_eq!(scene.n_takes(), 1);
        let waltz = Meter::new(3, 4).expect("a meter");
        let first = scene.reference.cells.iter().find(|cell| cell.frame.meter == waltz);
        let first = first.expect("a waltz").frame;
        // The beat at 6 is the first to be committed in it; its bar began at 5.
        assert_eq!((first.beat, first.bar_start), (6, Ticks::from_beat(5)));
        let straight = started_at(0.0, 6 * BEAT);
        assert_eq!(ons(&scene.sounds, 0..6 * BEAT), straight);
    }
}

#[test]
fn a_host_without_transport_hears_the_same_for_every_split() {
    let played = |sizes: &[usize], host: Transport| {
        let (mut session, mut clock) = (hashing(), Clock::new());
        let mut events = Vec::new();
        let mut sample = 0;
        for size in sizes.iter().cycle() {
            let n_samples = (*size).min(6 * BEAT as usize - sample);
            // The knob of the tempo is turned on the way.
            let tempo = Tempo::new(if sample < 96_000 { 133.0 } else { 90.0 });
            let n_samples =
                if sample < 96_000 { n_samples.min(96_000 - sample) } else { n_samples };
            let playhead = clock.playhead(&host, false, tempo, 48_000.0, n_samples);
            session.player.begin_block(&playhead, n_samples, &Controls::default());
            while session.worker.step() {
                session.player.receive();
            }
            session.player.finish_block(&mut |event: PlayerEvent| {
                events.push(Sound::at(sample as u64, &event));
                true
            });
            sample += n_samples;
            if sample >= 6 * BEAT as usize {
                return events;
            }
        }
        events
    };
    let untold = Transport::default();
    let reference = played(&[64], untold);
    assert!(reference.len() > 40);
    let second_beat = 48_000 * 60 / 133;
    assert!(reference.iter().any(|on| on.sample.abs_diff(second_beat) <= 1));
    for sizes in [&[1][..], &[8192], &[7, 333, 1024]] {
        assert_eq!(reference, played(sizes, untold), "{sizes:?}");
    }
    // One that plays, and says no position or tempo, is no different.
    let playing = Transport { playing: Some(true), ..untold };
    assert_eq!(reference, played(&[480], playing));
    // One that stands hears nothing.
    let standing = Transport { playing: Some(false), ..untold };
    assert!(played(&[480], standing).is_empty());
}
