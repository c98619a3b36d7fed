use composer::testing::{
    Action, HashGenerator, Mishap, NoteStreamChecker, Script, drive, drive_on,
};
use composer::{CAPTURE_BARS, Command, HeardBeat, Settings, SteppedSession, session};
use player::{ChordLine, Epoch, EventKind, Playhead};
use score::{Blend, Controls, Genre, GivenChord, Note, Part, Pitch, Ticks, Velocity};

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

/// What comes in is kept where it was played, whatever the band does with it, through a stop.
#[test]
fn what_is_played_in_is_kept_with_the_bars_that_were_heard() {
    let mut session = hashing();
    let mut play = |beat: u64, playing: bool, keys: &[(u8, u8)]| {
        for (key, velocity) in keys {
            let velocity = (*velocity > 0).then(|| Velocity::clamped((*velocity).into()));
            session.player.hear(Pitch::clamped((*key).into()), velocity);
        }
        let standing = Playhead::standing(48_000.0);
        let playhead = Playhead { playing, position_beats: beat as f64 / 2.0, ..standing };
        let n_samples = (BEAT / 2) as usize;
        session.player.begin_block(&playhead, n_samples, &Controls::default());
        while session.worker.step() {
            session.player.receive();
        }
        session.player.finish_block(&mut |_| true);
    };
    play(0, true, &[(60, 80), (64, 81), (67, 82)]);
    play(1, true, &[]);
    play(2, true, &[(60, 0), (64, 0), (67, 0), (72, 90)]);
    play(3, true, &[(72, 0)]);
    // What is pressed while nothing plays is heard by nobody.
    play(4, false, &[(40, 100)]);
    play(4, false, &[(40, 0)]);
    let piece = session.capture.played(64);
    let half = Ticks::from_beats(0.5);
    let note = |pitch: i32, onset: i64, duration: i64, velocity: i32| Note {
        onset: Ticks(onset * half.0),
        duration: Ticks(duration * half.0),
        pitch: Pitch::clamped(pitch),
        velocity: Velocity::clamped(velocity),
    };
    let expected = [note(60, 0, 2, 80), note(64, 0, 2, 81), note(67, 0, 2, 82), note(72, 2, 1, 90)];
    assert_eq!(piece.parts[Part::Chords.index()], expected);
    assert_eq!((piece.n_notes(), session.capture.n_played()), (4, 4));
    assert!(piece.markers.is_empty() && piece.tempos.len() == 1);
    session.commands.send(Command::ClearCapture).expect("room");
    while session.worker.step() {}
    assert_eq!((session.capture.n_played(), session.capture.played(64)), (0, Default::default()));
}

/// Beats that wait for a start follow a line's chords as they are by then, not only its newest.
#[test]
fn a_standing_band_follows_every_chord_of_a_line() {
    static LINE: ChordLine = ChordLine::new();
    let [home, other, last] = ["C", "Am", "F"].map(|name| GivenChord::parse(name).unwrap());
    let mut session = hashing();
    session.player.set_chord_line(Some(&LINE));
    let mut chord_of_first = |first: GivenChord| {
        LINE.put(0, first);
        LINE.put(1, last);
        // Long enough for a second request where there is a reason for one.
        for _ in 0..100 {
            let controls = Controls { follow: LINE.newest(), ..Controls::default() };
            session
                .player
                .fill_block(&Playhead::standing(48_000.0), 2_400, &controls, &mut |_| true);
            while session.worker.step() {}
        }
        session.preview.read().beats.first().and_then(|beat| beat.controls.follow)
    };
    assert_eq!(chord_of_first(home), Some(home));
    assert_eq!(chord_of_first(other), Some(other));
}
