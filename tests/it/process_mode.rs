//! The process mode that a host announces is the one that the next activation has, in both formats.
//!
//! Every host here announces it once, on an instance that was in the other mode before. Whether
//! `process` waits is told by the music: a script sent without any pace leaves the composer behind
//! at once, so a process function that waits plays every note, and one that does not misses some.

use std::path::Path;

use hosting::{NoHook, Script};

use crate::support::{assert_same_music, clap, run, song, vst3};

/// Beats of each run.
const BEATS: f64 = 24.0;

/// Blocks as fast as the plugin takes them: no composer is fast enough to keep up.
fn hurried() -> Script {
    let mut script = song(BEATS, &[512]);
    script.setup.offline = false;
    script
}

/// A bounce waits for every beat, also when the instance was playing in real time just before.
fn a_bounce_after_playback_is_complete(bundle: &Path) {
    let expected = run(bundle, &song(BEATS, &[512]));
    assert!(expected.events.len() > 100);
    let mut instance = hosting::load(bundle).unwrap();
    hosting::play(instance.as_mut(), &hurried(), &mut NoHook).unwrap();
    for _ in 0..2 {
        let bounce = hosting::play(instance.as_mut(), &song(BEATS, &[512]), &mut NoHook).unwrap();
        assert_same_music("a bounce right after playback", &expected, &bounce);
    }
}

/// Playback waits for nothing, also when the instance was bouncing just before, and also while the
/// model is being loaded: what is not there in time is missing.
fn playback_after_a_bounce_never_waits(bundle: &Path) {
    let expected = run(bundle, &song(BEATS, &[512]));
    let mut instance = hosting::load(bundle).unwrap();
    let mut play = |script: &Script| hosting::play(instance.as_mut(), script, &mut NoHook).unwrap();
    let first = play(&hurried());
    let bounce = play(&song(BEATS, &[512]));
    assert_same_music("a bounce in between", &expected, &bounce);
    let second = play(&hurried());
    for (when, playback) in [("first of all", first), ("after a bounce", second)] {
        let (found, complete) = (playback.events.len(), expected.events.len());
        assert!(found < complete, "{when}: {found} events of {complete}: somebody waited");
    }
}

#[test]
fn a_clap_bounces_completely_after_playback() {
    a_bounce_after_playback_is_complete(&clap());
}

#[test]
fn a_vst3_bounces_completely_after_playback() {
    a_bounce_after_playback_is_complete(&vst3());
}

#[test]
fn a_clap_never_waits_in_real_time() {
    playback_after_a_bounce_never_waits(&clap());
}

#[test]
fn a_vst3_never_waits_in_real_time() {
    playback_after_a_bounce_never_waits(&vst3());
}
