use composer::testing::{
    Action, HashGenerator, Mishap, NoteStreamChecker, Script, drive, drive_on,
};
use composer::{CAPTURE_BARS, Command, HeardBeat, Settings, SteppedSession, session};
use player::{Epoch, EventKind};
use score::{Blend, Controls, Genre, Note, Ticks};

const BEAT: u64 = 24_000;

fn hashing() -> SteppedSession {
    session::start_stepped(HashGenerator::new(Mishap::None).boxed(), Settings::default())
}

#[test]
fn the_capture_holds_what_was_heard() {
    let mut session = hashing();
    let mut script = Script::play(BEAT * 11);
    // Two and a half bars, then the song's start again for half a beat.
    script.actions.push((BEAT * 10, Action::Stop));
    let jazz = Controls { blend: Blend::pure(Genre::Jazz), ..Controls::default() };
    script.actions.insert(1, (BEAT * 4, Action::Controls(jazz)));
    let mut checker = NoteStreamChecker::new();
    let events = drive_on(&mut session, &script.blocks(&[480]), &mut checker);
    let is_on = |kind: &EventKind| matches!(kind, EventKind::NoteOn { .. });
    let n_heard = events.iter().filter(|(_, kind)| is_on(kind)).count() as u32;
    let piece = session.capture.piece(64);
    assert_eq!(piece.n_notes() as u32, n_heard + session.status.merged());
    assert_eq!(session.capture.n_bars(), 3);
    assert_eq!((piece.tempos.len(), piece.meters.len()), (1, 1));
    let is_chord = |text: &str| text.starts_with(|letter: char| letter.is_ascii_uppercase());
    let (chords, blends): (Vec<_>, Vec<_>) =
        piece.markers.iter().cloned().partition(|(_, text)| is_chord(text));
    assert_eq!(blends.len(), 2);
    assert_eq!(blends[1], (Ticks::from_beat(5), "jazz 100".into()));
    // The generator changes its chord at almost every beat.
    assert!((5..=12).contains(&chords.len()), "{chords:?}");
    assert!(chords.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
    // The first note lies on the first beat, and the last bar alone starts at its own bar line.
    let onsets = |n| session.capture.piece(n).parts.iter().flatten().map(|n| n.onset).min();
    assert_eq!((onsets(64), onsets(1)), (Some(Ticks(0)), Some(Ticks(0))));

    drive_on(&mut session, &Script::play(BEAT / 2).blocks(&[480]), &mut checker);
    let standing = Script { actions: vec![], ..Script::play(BEAT) };
    drive_on(&mut session, &standing.blocks(&[480]), &mut checker);
    assert_eq!(session.capture.n_bars(), 4);
    session.commands.send(Command::ClearCapture).expect("room");
    drive(&mut session, &standing.blocks(&[480]));
    assert_eq!((session.capture.n_bars(), session.capture.piece(8)), (0, Default::default()));
}

#[test]
fn a_stretch_of_what_was_heard_starts_at_its_bar_line() {
    let mut session = hashing();
    drive(&mut session, &Script::play(BEAT * 16).blocks(&[480]));
    let epoch = session.status.epoch();
    let place = |beat| HeardBeat { epoch, beat };
    let whole = session.capture.piece(64);
    let bars = session.capture.between(place(4), place(11)).expect("two bars");
    let within = |note: &&Note| (4..12).contains(&(note.onset.0 / Ticks::from_beat(1).0));
    for (part, chosen) in whole.parts.iter().zip(&bars.parts) {
        let moved: Vec<Note> = part
            .iter()
            .filter(within)
            .map(|note| Note { onset: note.onset - Ticks::from_beat(4), ..*note })
            .collect();
        assert_eq!(*chosen, moved);
    }
    assert!(bars.n_notes() > 0);
    assert_eq!((bars.tempos[0].0, bars.meters[0].0), (Ticks(0), Ticks(0)));
    // From the middle of a bar on, bar lines stay where they were.
    let half = session.capture.between(place(6), place(7)).expect("half a bar");
    let onsets = half.parts.iter().flatten().map(|note| note.onset);
    assert!(onsets.min().is_some_and(|onset| onset >= Ticks::from_beat(2)));
    assert_eq!(session.capture.between(place(4), place(99)), None);
    let other = HeardBeat { epoch: Epoch(epoch.0 + 1), beat: 4 };
    assert_eq!(session.capture.between(other, place(11)), None);
}

#[test]
fn the_capture_keeps_sixty_four_bars() {
    let mut session = hashing();
    drive(&mut session, &Script::play(BEAT * 300).blocks(&[8192]));
    assert_eq!(session.capture.n_bars(), CAPTURE_BARS);
    let piece = session.capture.piece(CAPTURE_BARS);
    assert!(piece.end() > Ticks::from_beat(60 * 4) && piece.end() < Ticks::from_beat(70 * 4));
}

#[test]
fn primed_beats_that_never_sound_are_not_captured() {
    let mut session = hashing();
    let mut script = Script { actions: vec![(0, Action::Seek(4.0))], ..Script::play(BEAT) };
    drive(&mut session, &script.blocks(&[480]));
    script.actions = vec![(0, Action::Seek(8.0))];
    drive(&mut session, &script.blocks(&[480]));
    assert_eq!(session.capture.n_bars(), 0);
}

#[test]
fn the_preview_follows_the_playhead_through_a_loop() {
    let mut session = hashing();
    let mut script = Script::play(BEAT * 9 + BEAT / 2);
    script.actions.insert(0, (0, Action::Loop(Some((0.0, 4.0)))));
    drive(&mut session, &script.blocks(&[480]));
    let status = session.status.clone();
    let preview = session.preview.read();
    assert!(status.playing() && (status.position_beats() - 1.5).abs() < 1e-9);
    let line = preview.line_position(status.epoch(), status.position_beats()).expect("a beat");
    assert!((line - 9.5).abs() < 1e-9);
    // A beat is on its way, and eight are left behind.
    assert_eq!(preview.beats.last().map(|beat| (beat.line_beat, beat.pass)), Some((10, 2)));
    assert!(preview.beats[0].line_beat <= 1);
    assert_eq!(status.cells_ahead(), 1);
}
