use super::*;
use score::{Blend, Chord, GridBeat, GridNote, Meter, Tempo, Velocity};

/// A table in which every slot of every genre always has the same form, whatever is known.
fn always(form: Form) -> FormTable {
    let n_forms = Form::ALL.len();
    let shares = (0..FormTable::LEN).map(|i| f32::from(u8::from(i % n_forms == form as usize - 1)));
    FormTable { shares: shares.collect() }
}

/// Bars of 4/4 whose bass plays the given key at each bar's start.
fn bars(keys: &[u8]) -> Vec<HistoryBeat> {
    let mut beats = Vec::new();
    for beat in 0..4 * keys.len() {
        let mut music = GridBeat { chord: Chord::from_index(1), ..GridBeat::default() };
        if beat % 4 == 0 {
            let velocity = Velocity::clamped(90);
            let pitch = keys[beat / 4];
            music.parts[1].push(GridNote { position: 0, pitch, duration: 24, velocity, micro: 0 });
        }
        music.asked = asked(&Controls::default(), &Styles::default());
        beats.push(HistoryBeat { frame: frame(beat as i64), music });
    }
    beats
}

fn frame(beat: i64) -> BeatFrame {
    BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT)
}

fn bass(
    table: &FormTable,
    history: &[HistoryBeat],
    change: impl Fn(&mut Occasion),
) -> Option<Form> {
    bass_under(&Controls::default(), table, history, change)
}

fn bass_under(
    controls: &Controls,
    table: &FormTable,
    history: &[HistoryBeat],
    change: impl Fn(&mut Occasion),
) -> Option<Form> {
    let (frame, styles) = (frame(history.len() as i64), Styles::default());
    let mut occasion = Occasion {
        history,
        frame: &frame,
        controls,
        styles: &styles,
        pass: 0,
        takes: [0; 4],
        must_play: [false; 4],
        given: [None; N_SLOTS],
    };
    change(&mut occasion);
    table.forms(&occasion)[2]
}

#[test]
fn only_what_was_heard_is_repeated() {
    let again4 = always(Form::Again4);
    assert_eq!(bass(&again4, &bars(&[36, 38, 40]), |_| ()), None, "three bars");
    assert_eq!(bass(&again4, &bars(&[36, 38, 40, 41]), |_| ()), Some(Form::Again4));
    let retaken = |occasion: &mut Occasion| occasion.takes[1] = 1;
    assert_eq!(bass(&again4, &bars(&[36, 38, 40, 41]), retaken), None, "another take");
    let mut silent = bars(&[36, 38, 40, 41]);
    silent[0].music.parts[1].clear();
    assert_eq!(bass(&again4, &silent, |_| ()), None, "a bar of rest");
}

#[test]
fn what_was_asked_for_otherwise_is_not_repeated() {
    let again1 = always(Form::Again1);
    let after = |change: &dyn Fn(&mut Controls)| {
        let mut controls = Controls::default();
        change(&mut controls);
        bass_under(&controls, &again1, &bars(&[36]), |_| ())
    };
    let all = Controls::default().blend;
    assert_eq!(after(&|_| ()), Some(Form::Again1));
    assert_eq!(after(&|c| c.blend = Blend::pure(Genre::Jazz)), None);
    let mut near = *all.normalized().weights();
    near[0] += 0.05;
    assert_eq!(after(&|c| c.blend = Blend::new(near)), Some(Form::Again1));
    assert_eq!(after(&|c| c.parts[1].density = 0.9), None);
    assert_eq!(after(&|c| c.parts[2].density = 0.9), Some(Form::Again1), "another part's");
}

#[test]
fn a_repetition_is_named_after_the_latest_equal_bar() {
    let again8 = always(Form::Again8);
    let distinct: Vec<u8> = (36..44).collect();
    assert_eq!(bass(&again8, &bars(&distinct), |_| ()), Some(Form::Again8));
    assert_eq!(bass(&again8, &bars(&[36, 38, 40, 41, 36, 43, 45, 47]), |_| ()), Some(Form::Again4));
    assert_eq!(bass(&again8, &bars(&[36; 8]), |_| ()), Some(Form::Again1));
}

#[test]
fn a_bar_keeps_its_form_and_absent_parts_have_none() {
    let table = always(Form::New);
    let mut history = bars(&[36, 38]);
    history.truncate(6);
    for beat in &mut history[4..] {
        beat.music.forms = [Some(Form::Varied); N_SLOTS];
    }
    assert_eq!(bass(&table, &history, |_| ()), Some(Form::Varied));
    let mut off = Controls::default();
    off.parts[1].on = false;
    assert_eq!(bass_under(&off, &table, &history, |_| ()), None);
    let given = |occasion: &mut Occasion| occasion.given[2] = Some(Some(Form::Again1));
    assert_eq!(bass(&table, &history, given), Some(Form::Again1));
}

#[test]
fn a_part_that_must_play_does_not_rest() {
    let rest = always(Form::Rest);
    let history = bars(&[36, 38]);
    assert_eq!(bass(&rest, &history, |_| ()), Some(Form::Rest));
    assert_eq!(bass(&rest, &history, |occasion| occasion.must_play[1] = true), None);
}

/// What was asked for long ago is not read as the beginning of what is asked for now; a little of
/// it is, and all of what is about the same.
#[test]
fn music_of_another_blend_is_forgotten_but_for_a_bar() {
    let styles = Styles::default();
    let of = |jazz: f32| {
        let mut weights = [0.0; Blend::LEN];
        (weights[1], weights[4]) = (jazz, 1.0 - jazz);
        Controls { blend: Blend::new(weights), ..Controls::default() }
    };
    let history = |shares: &[f32]| -> Vec<HistoryBeat> {
        let beat = |(beat, share): (usize, &f32)| {
            let asked = asked(&of(*share), &styles);
            let music = GridBeat { asked, ..GridBeat::default() };
            HistoryBeat { frame: frame(beat as i64), music }
        };
        shares.iter().enumerate().map(beat).collect()
    };
    let first = |shares: &[f32], now: f32| {
        let history = history(shares);
        still_asked_for(&history, &of(now), &styles).first().map(|beat| beat.frame.beat)
    };
    let turned = |n_after: usize| [vec![0.0; 31], vec![1.0; n_after]].concat();
    assert_eq!(first(&turned(0), 0.0), Some(0), "nothing was turned");
    assert_eq!(first(&turned(0), 1.0), Some(27), "a bar is read whatever it was");
    assert_eq!(first(&turned(2), 1.0), Some(29));
    // Cuts lie four beats apart, so that what was read mostly stays.
    assert_eq!([8, 9, 10, 20].map(|n| first(&turned(n), 1.0)), [Some(32); 4]);
    // A slow turn forgets what lies far back alone.
    let slow: Vec<f32> = (0..64).map(|beat| beat as f32 / 63.0).collect();
    let kept = 64 - first(&slow, 1.0).unwrap();
    assert!((8..=20).contains(&kept), "{kept} beats");
    // Music that was given, and nobody asked for, stays.
    let mut given = history(&turned(8));
    given.iter_mut().for_each(|beat| beat.music.asked = [0; N_SLOTS]);
    assert_eq!(still_asked_for(&given, &of(1.0), &styles).len(), given.len());
    // How far the music lags behind a turn, which is over when all of it was asked for.
    let lag = |shares: &[f32], now: f32| lag(&history(shares), &of(now), &styles);
    assert_eq!((lag(&[], 1.0), lag(&[1.0; 8], 1.0), lag(&[0.0; 8], 1.0)), (0.0, 0.0, 1.0));
    assert_eq!(lag(&[0.0, 0.0, 1.0, 1.0], 1.0), 0.5);
    let halfway = lag(&[0.0, 1.0], 0.5);
    assert!((0.45..0.55).contains(&halfway), "{halfway}");
    assert_eq!(super::lag(&given, &of(1.0), &styles), 0.0, "nobody asked for it");
}
