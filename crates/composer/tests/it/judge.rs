use composer::testing::{
    Action, HashGenerator, Mishap, NoteStreamChecker, Script, drive_on, random_judge,
};
use composer::{PreviewBeat, Settings, session};
use judge::{Heard, Kind, ends_bar, follows};
use player::Epoch;
use score::grid::{CELLS_PER_BEAT, TICKS_PER_CELL};
use score::{Controls, GridBeat, GridNote, HistoryBeat, Part, Ticks};

/// Samples of a beat at 960 BPM and 48 kHz.
const BEAT: u64 = 3000;

/// Notes on the grid, all parts on.
fn controls() -> Controls {
    Controls { humanize: 0.0, swing: 0.0, ..Controls::default() }
}

fn script(n_beats: u64, actions: impl IntoIterator<Item = Action>) -> Script {
    let set = [Action::Tempo(960.0), Action::Controls(controls())];
    Script::play(n_beats * BEAT).after(set.into_iter().chain(actions))
}

/// All beats of a script as the editor gets them.
fn shown(generator: HashGenerator, script: &Script) -> Vec<PreviewBeat> {
    let mut session = session::start_stepped(generator.boxed(), Settings::default());
    let mut checker = NoteStreamChecker::with_longest(2.0);
    let mut shown: Vec<PreviewBeat> = Vec::new();
    for blocks in script.blocks(&[BEAT as usize]).chunks(4) {
        drive_on(&mut session, blocks, &mut checker);
        for beat in &session.preview.read().beats {
            let place =
                |beat: &PreviewBeat| (beat.epoch, beat.pass, beat.frame.beat, beat.line_beat);
            if shown.iter().rev().take(32).all(|other| place(other) != place(beat)) {
                shown.push(beat.clone());
            }
        }
    }
    shown
}

/// A beat put back on the grid from the notes that sound.
fn on_the_grid(beat: &PreviewBeat) -> HistoryBeat {
    let start = Ticks::from_beat(beat.frame.beat);
    let mut music = GridBeat::default();
    for part in Part::ALL {
        let note = |note: &score::Note| {
            let cell = ((note.onset - start).0 + TICKS_PER_CELL / 2) / TICKS_PER_CELL;
            GridNote {
                position: cell.min(CELLS_PER_BEAT - 1) as u8,
                pitch: note.pitch.number(),
                duration: (note.duration.0 / TICKS_PER_CELL) as u16,
                velocity: note.velocity,
                micro: 0,
            }
        };
        let notes = &mut music.parts[part.index()];
        *notes = beat.parts[part.index()].iter().map(note).collect();
        notes.dedup_by_key(|note| (note.position, note.pitch));
    }
    HistoryBeat { frame: beat.frame, music }
}

/// What should be heard at each beat.
fn expected(shown: &[PreviewBeat]) -> Vec<Option<Heard>> {
    let judge = random_judge();
    let (mut line, mut epochs): (Vec<HistoryBeat>, Vec<Epoch>) = (Vec::new(), Vec::new());
    let mut expected = Vec::new();
    for beat in shown {
        if beat.line_beat == 0 {
            line.clear();
            epochs.clear();
        }
        // Passes of a loop that were announced and given up.
        while epochs.pop_if(|epoch| *epoch > beat.epoch).is_some() {
            line.pop();
        }
        epochs.push(beat.epoch);
        let is_cut = line
            .last()
            .is_some_and(|last| !ends_bar(&last.frame) && !follows(&last.frame, &beat.frame));
        let before = is_cut.then(|| judge.hear(&line));
        line.push(on_the_grid(beat));
        expected.push(if ends_bar(&beat.frame) { Some(judge.hear(&line)) } else { before });
    }
    expected
}

/// Plays a script, holds what was heard against what sounded, and gives how often a bar was judged.
#[track_caller]
fn check(script: &Script) -> usize {
    let shown = shown(HashGenerator::dense(2).with_judge(random_judge()), script);
    let heard: Vec<Option<Heard>> = shown.iter().map(|beat| beat.heard).collect();
    let expected = expected(&shown);
    let differing = heard.iter().zip(&expected).position(|(heard, expected)| heard != expected);
    assert_eq!(differing.map(|beat| shown[beat].line_beat), None);
    let shares = heard.iter().flatten().flat_map(|heard| heard.shares(Kind::All));
    for shares in shares.clone() {
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{shares:?}");
    }
    shares.count()
}

#[test]
fn every_bar_of_any_meter_is_judged_as_it_sounds() {
    for (numerator, denominator, n_bars) in
        [(4, 4, 15), (3, 4, 20), (5, 4, 12), (6, 8, 20), (7, 8, 17), (2, 4, 30)]
    {
        let meter = Action::Meter(numerator, denominator);
        let n_judged = check(&script(60, [meter]));
        // The lookahead reaches a beat further; one beat of a bar may hold too few notes.
        assert!(
            (n_bars - 1..=n_bars + 1).contains(&n_judged),
            "{numerator}/{denominator}: {n_judged}"
        );
    }
}

#[test]
fn swing_and_silent_parts_are_heard() {
    let mut other = Controls { swing: 1.0, ..controls() };
    other.parts[3].on = false;
    let plain = script(24, []);
    let changed = plain.clone().with(8 * BEAT, Action::Controls(other));
    check(&changed);
    let generator = || HashGenerator::dense(2).with_judge(random_judge());
    let last = |script: &Script| shown(generator(), script).iter().rev().find_map(|b| b.heard);
    assert_ne!(last(&plain), last(&changed));
}

#[test]
fn loops_starts_and_jumps_are_heard() {
    for (start, end) in [(0.0, 8.0), (0.0, 3.0), (2.0, 6.0), (1.0, 2.0), (0.0, 1.5)] {
        let range = Action::Loop(Some((start, end)));
        let n_judged = check(&script(40, [Action::Seek(start), range]));
        assert!(n_judged >= 7, "{start}..{end}: {n_judged}");
    }
    // The pass of the loop that was on its way is given up.
    let range = Action::Loop(Some((0.0, 8.0)));
    let left = script(40, [range, Action::Lookahead(4.0)]).with(22 * BEAT, Action::Loop(None));
    assert!(check(&left) >= 9);
    let restarted = script(60, [range])
        .with(30 * BEAT, Action::Stop)
        .with(31 * BEAT, Action::Seek(64.0))
        .with(32 * BEAT, Action::Play);
    assert!(check(&restarted) >= 12);
    let jump = script(60, []).with(30 * BEAT, Action::Seek(101.0));
    assert!(check(&jump) >= 12);
    let pause = script(60, []).with(22 * BEAT, Action::Stop).with(26 * BEAT, Action::Play);
    assert!(check(&pause) >= 10);
    assert!(check(&script(300, [])) >= 75);
}

#[test]
fn the_meter_shows_the_newest_bar_that_has_ended() {
    let generator = HashGenerator::dense(2).with_judge(random_judge());
    let mut session = session::start_stepped(generator.boxed(), Settings::default());
    // A bar ends right before the playhead, and the next is committed to its end.
    let script = script(9, [Action::Lookahead(4.0)]);
    drive_on(
        &mut session,
        &script.blocks(&[BEAT as usize]),
        &mut NoteStreamChecker::with_longest(2.0),
    );
    let (epoch, position) = (session.status.epoch(), session.status.position_beats());
    let preview = session.preview.read();
    let of = |beat: i64| preview.beats.iter().find(|b| b.frame.beat == beat).unwrap().heard;
    assert!(of(7).is_some() && of(11).is_some() && of(7) != of(11));
    assert_eq!(preview.heard(epoch, position).copied(), of(7));
    assert_eq!(preview.heard(epoch, 1e6).copied(), of(11));
}

#[test]
fn without_a_judge_nothing_is_heard() {
    for generator in
        [HashGenerator::dense(2), HashGenerator::new(Mishap::Error(0)).with_judge(random_judge())]
    {
        let shown = shown(generator, &script(24, []));
        assert!(shown.len() >= 24 && shown.iter().all(|beat| beat.heard.is_none()));
    }
    let failing = HashGenerator::new(Mishap::Panic(12)).with_judge(random_judge());
    let shown = shown(failing, &script(24, []));
    let n_judged = shown.iter().filter(|beat| beat.heard.is_some()).count();
    assert_eq!(n_judged, 3, "three bars before the generator failed");
}
