use composer::testing::{
    Action, Bars, HashGenerator, Mishap, Script, TimedEvent, drive, drive_late,
};
use composer::{PatternGenerator, Settings, SteppedSession, session};
use player::{EventKind, WorkerState};
use score::{Blend, Controls, Genre, Ticks};

fn hashing() -> SteppedSession {
    session::start_stepped(HashGenerator::new(Mishap::None).boxed(), Settings::default())
}

fn ons(events: &[TimedEvent]) -> Vec<u64> {
    let is_on = |kind: &EventKind| matches!(kind, EventKind::NoteOn { .. });
    events.iter().filter(|(_, kind)| is_on(kind)).map(|(sample, _)| *sample).collect()
}

#[test]
fn a_primed_transport_sounds_on_its_first_sample() {
    let mut script = Script::play(48_000);
    script.actions = vec![(0, Action::Seek(8.0)), (9_600, Action::Play)];
    let mut session = hashing();
    // The worker answers a block late: priming alone makes the first sample.
    let events = drive_late(&mut session, &script.blocks(&[480]), 0, |_| true);
    assert_eq!(ons(&events)[..4], [9_600; 4]);
    let status = session.status;
    assert_eq!((status.underruns(), status.late(), status.dropped()), (0, 0, 0));
    assert_eq!(status.worker_state(), WorkerState::Ready);
}

#[test]
fn a_host_that_starts_a_little_before_where_it_stood_plays_what_was_primed() {
    // As Ardour does in blocks of 1024 and 2048: it stands a little behind the place, and starts a
    // whole block before that, perhaps in another bar.
    for (stood_at, started_at) in
        [(0.0115, -0.031_25), (16.0115, 15.968_75), (0.0115, -0.073_75), (8.0, 8.3)]
    {
        let mut script = Script { bars: Bars::StartAndNumber, ..Script::play(96_000) };
        script.actions = vec![
            (0, Action::Seek(stood_at)),
            (9_600, Action::Seek(started_at)),
            (9_600, Action::Play),
        ];
        let mut session = hashing();
        let events = drive_late(&mut session, &script.blocks(&[480]), 1, |_| true);
        let first_onset = (f64::floor(started_at + 0.1).max(started_at) - started_at) * 24_000.0;
        if started_at < stood_at {
            assert_eq!(ons(&events)[..4], [9_600 + first_onset as u64; 4]);
        }
        let status = session.status;
        assert_eq!((status.underruns(), status.late(), status.dropped()), (0, 0, 0));
    }
}

#[test]
fn a_standing_host_that_is_moved_on_has_the_next_beat_composed_too() {
    let mut script = Script::play(96_000);
    script.actions =
        vec![(0, Action::Seek(4.05)), (9_600, Action::Seek(4.85)), (38_400, Action::Play)];
    let mut session = hashing();
    // 100 ms late, where the beat is 75 ms away.
    let events = drive_late(&mut session, &script.blocks(&[480]), 10, |_| true);
    assert_eq!(ons(&events)[..4], [38_400 + 3_600; 4]);
    assert_eq!((session.status.underruns(), session.status.late()), (0, 0));
}

#[test]
fn without_priming_the_first_notes_are_late_but_play() {
    let mut session = hashing();
    let events = drive_late(&mut session, &Script::play(48_000).blocks(&[480]), 0, |_| true);
    assert_eq!(ons(&events)[..4], [480; 4]);
    assert_eq!(session.status.underruns(), 1);
    assert!(session.status.late() >= 4);
}

#[test]
fn a_worker_that_is_far_behind_skips_notes_and_says_so() {
    let mut session = hashing();
    let events = drive_late(&mut session, &Script::play(480_000).blocks(&[480]), 199, |_| true);
    assert!(session.status.dropped() > 0 && session.status.underruns() > 0);
    assert_eq!(ons(&events).len() as u32, session.status.played());
}

#[test]
fn every_note_begins_at_the_sample_its_beat_says() {
    for (bpm, sample_rate, start) in [
        (120.0, 44_100.0, 0.0),
        (123.45, 48_000.0, 3.25),
        (61.7, 96_000.0, -4.0),
        (240.0, 22_050.0, 1e4),
    ] {
        let mut script = Script::play((sample_rate * 10.0) as u64);
        script.sample_rate = sample_rate;
        script.actions.insert(0, (0, Action::Seek(start)));
        script.actions.insert(0, (0, Action::Tempo(bpm)));
        let mut session = hashing();
        let played = drive(&mut session, &script.blocks(&[64, 1, 333, 1024, 7]));
        // What should have sounded, from the worker's own account.
        let samples_per_beat = sample_rate * 60.0 / bpm;
        let mut expected: Vec<u64> = Vec::new();
        let preview = session.preview.read();
        let first = preview.beats[0].frame.beat;
        for beat in &preview.beats {
            for note in beat.parts.iter().flatten() {
                let exact = (note.onset.beats() - start) * samples_per_beat;
                if exact >= -0.5 && note.onset >= Ticks::from_beats(start) {
                    expected.push((exact + 0.501).floor() as u64);
                }
            }
        }
        expected.sort_unstable();
        let begin = ((first as f64 - start) * samples_per_beat).max(0.0) as u64;
        let got: Vec<u64> = ons(&played).into_iter().filter(|sample| *sample >= begin).collect();
        let is_expected = |sample: &u64| expected.binary_search(sample).is_ok();
        assert!(got.len() > 40 && got.iter().all(is_expected), "{bpm} {sample_rate} {start}");
        assert_eq!(session.status.late(), 0);
    }
}

#[test]
fn a_control_reaches_the_music_exactly_a_lookahead_later() {
    let jazz = Controls { blend: Blend::pure(Genre::Jazz), ..Controls::default() };
    for (lookahead, change_sample, first_beat) in
        // At 120 BPM a beat is 24,000 samples; the beat committed at the change takes it.
        [
            (1.0, 72_000, 4),
            (1.0, 72_001, 5),
            (0.5, 84_000, 4),
            (2.0, 72_000, 5),
            (4.0, 24_001, 6),
        ]
    {
        let run = |changes: bool| {
            let mut script = Script::play(24_000 * 9).after([Action::Lookahead(lookahead)]);
            if changes {
                script.actions.push((change_sample, Action::Controls(jazz)));
            }
            let make = || Ok(Box::new(PatternGenerator::new()) as Box<dyn composer::Generator>);
            let mut session = session::start_stepped(make, Settings::default());
            drive(&mut session, &script.blocks(&[512]));
            let beats = session.preview.read().beats.clone();
            beats.into_iter().map(|beat| (beat.frame.beat, beat.controls.blend)).collect::<Vec<_>>()
        };
        let (with, without) = (run(true), run(false));
        let changed = with.iter().zip(&without).find(|(a, b)| a != b).map(|(a, _)| a.0);
        assert_eq!(changed, Some(first_beat), "lookahead {lookahead}, change at {change_sample}");
    }
}
