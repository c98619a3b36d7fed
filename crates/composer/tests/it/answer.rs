//! What is played into the band becomes the lead of the beats in which it was played.

use std::sync::{Arc, Mutex};

use composer::{Generator, Settings, session};
use player::{Form, PlayerEvent, Playhead};
use score::answer::{LeadTurn, lead_turn};
use score::{
    BeatFrame, Controls, GridBeat, GridNote, HistoryBeat, Part, Pitch, PitchClass, Velocity,
};

use crate::scene::BEAT;

/// Composes a drum in every beat and a note of the lead where it is not to listen, and keeps what
/// it was given of history.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Given>>);

/// Beats, and what history each was given.
type Given = Vec<(i64, Vec<HistoryBeat>)>;

impl Generator for Recorder {
    fn compose(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        _pass: u32,
    ) -> composer::Result<GridBeat> {
        self.0.lock().unwrap().push((frame.beat, history.to_vec()));
        let note = |pitch| GridNote {
            position: 0,
            pitch,
            duration: 24,
            velocity: Velocity::clamped(90),
            micro: 0,
        };
        let mut music = GridBeat::default();
        music.parts[0].push(note(36));
        if let Some(n_bars) = controls.answer {
            music.parts[3].extend(match lead_turn(history, frame, n_bars) {
                LeadTurn::Listens => None,
                LeadTurn::TakesUp(call) => call.notes.first().map(|first| note(first.pitch)),
                LeadTurn::GoesOn(_) => Some(note(60)),
            });
        }
        Ok(music)
    }
}

/// A key that goes down (with a velocity) or up, at a sample.
type Key = (u64, u8, Option<u8>);

/// What somebody plays: each note a beat, a length in beats, and a key.
fn keys(notes: &[(f64, f64, u8)]) -> Vec<Key> {
    let sample = |beat: f64| (beat * BEAT as f64).round() as u64;
    let both = |(beat, length, key): &(f64, f64, u8)| {
        [(sample(*beat), *key, Some(100)), (sample(beat + length), *key, None)]
    };
    let mut keys: Vec<Key> = notes.iter().flat_map(both).collect();
    keys.sort_by_key(|(at, key, on)| (*at, on.is_some(), *key));
    keys
}

/// Plays from 0 under the controls of each sample, or round a loop of which a share evolves, with keys at their samples; the notes that came out, and what the
/// generator was given.
fn play(
    controls: impl Fn(u64) -> Controls,
    keys: &[Key],
    n_beats: u64,
    size: usize,
    loop_beats: Option<u64>,
    evolve: f32,
) -> (Vec<(u64, PlayerEvent)>, Given) {
    let recorder = Recorder::default();
    let generator = recorder.clone();
    let make = move || Ok(Box::new(generator) as Box<dyn Generator>);
    let mut session = session::start_stepped(make, Settings::default());
    while session.worker.step() {}
    session.player.set_form(Form { evolve, ..Form::default() });
    let mut events = Vec::new();
    let mut keys = keys.iter().peekable();
    let (end, mut at) = (n_beats * BEAT, 0);
    let loop_end = loop_beats.map_or(u64::MAX, |beats| beats * BEAT);
    while at < end {
        while let Some((_, key, velocity)) = keys.next_if(|(sample, ..)| *sample <= at) {
            let velocity = velocity.map(|velocity| Velocity::clamped(velocity.into()));
            session.player.hear(Pitch::new(*key).unwrap(), velocity);
        }
        // The host's blocks, in pieces between the keys and at the loop's end.
        let block = (at / size as u64 + 1) * size as u64;
        let next_key = keys.peek().map_or(u64::MAX, |(sample, ..)| *sample);
        let next_loop = (at / loop_end + 1).saturating_mul(loop_end);
        let until = block.min(end).min(next_key).min(next_loop);
        let playhead = Playhead {
            playing: true,
            position_beats: (at % loop_end) as f64 / BEAT as f64,
            loop_range: loop_beats.map(|beats| (0.0, beats as f64)),
            ..Playhead::standing(48_000.0)
        };
        let n_samples = (until - at) as usize;
        session.player.begin_block(&playhead, n_samples, &controls(at));
        while session.worker.step() {
            session.player.receive();
        }
        session.player.finish_block(&mut |event| {
            events.push((at + u64::from(event.offset), PlayerEvent { offset: 0, ..event }));
            true
        });
        at = until;
    }
    let given = recorder.0.lock().unwrap().clone();
    (events, given)
}

fn trading(n_bars: u8) -> Controls {
    Controls { answer: Some(n_bars), ..Controls::default() }
}

/// The lead of a beat in what a later beat was given: cell, key and cells of each note.
fn heard(given: &[(i64, Vec<HistoryBeat>)], beat: i64, by: i64) -> Vec<(u8, u8, u16)> {
    let (_, history) = given.iter().rev().find(|(at, _)| *at == by).unwrap();
    let music = &history.iter().find(|known| known.frame.beat == beat).unwrap().music;
    assert_eq!(music.lead_is_played, !music.parts[3].is_empty());
    music.parts[3].iter().map(|note| (note.position, note.pitch, note.duration)).collect()
}

#[test]
fn what_is_played_becomes_the_lead_of_its_beats() {
    let notes = [(0.26, 0.5, 62), (0.26, 0.5, 55), (1.0, 2.5, 64), (2.99, 0.5, 67), (5.0, 0.1, 60)];
    let in_g = Controls { key: PitchClass::new(7), ..trading(4) };
    for size in [64, 333, 24_000] {
        let (_, given) = play(|_| in_g, &keys(&notes), 10, size, None, 0.0);
        // A beat is composed a beat ahead: what was played in beat 0 is known to beat 2.
        let key = |pitch: u8| pitch + 5;
        assert_eq!(heard(&given, 0, 1), []);
        assert_eq!(heard(&given, 0, 2), [(6, key(62), 12)], "the tune of two notes");
        assert_eq!(heard(&given, 1, 3), [(0, key(64), 24)], "still sounds");
        assert_eq!(heard(&given, 1, 5), [(0, key(64), 60)]);
        assert_eq!(heard(&given, 3, 5), [(0, key(67), 12)], "a little early is on the beat");
        assert_eq!(heard(&given, 2, 6), []);
        assert_eq!(heard(&given, 5, 7), [(0, key(60), 2)]);
    }
    let (_, given) = play(|_| Controls::default(), &keys(&notes), 10, 64, None, 0.0);
    assert!(given.iter().all(|(_, history)| history.iter().all(|b| !b.music.lead_is_played)));
}

#[test]
fn a_phrase_is_answered_the_same_in_any_blocks() {
    let notes: Vec<_> = (0..4).map(|i| (f64::from(i), 0.5, 60 + i as u8)).collect();
    let keys = keys(&notes);
    let lead = |events: &[(u64, PlayerEvent)]| -> Vec<(u64, u8)> {
        let ons = events.iter().filter_map(|(sample, event)| match event.kind {
            player::EventKind::NoteOn { part: Part::Lead, pitch, .. } => {
                Some((sample / BEAT, pitch.number()))
            }
            _ => None,
        });
        ons.collect()
    };
    let (events, _) = play(|_| trading(1), &keys, 12, 512, None, 0.0);
    assert_eq!(lead(&events), [(4, 60), (5, 61), (6, 60), (7, 60)]);
    for size in [1_000, 37, 24_000] {
        assert_eq!(play(|_| trading(1), &keys, 12, size, None, 0.0).0, events, "{size}");
    }
    // In a loop of a phrase every other pass answers, as long as somebody plays: the first pass
    // repeats, and its lead does not.
    let (events, given) = play(|_| trading(1), &keys, 12, 512, Some(4), 0.0);
    assert_eq!(lead(&events), [(4, 60), (5, 61), (6, 60), (7, 60)]);
    let n_composed = given.iter().filter(|(beat, _)| *beat == 1).count();
    assert_eq!(n_composed, 2, "the first pass and the answer");
}

/// What goes on from a phrase is not that of another one.
#[test]
fn another_phrase_in_a_loop_has_another_answer() {
    let turn = |pass: i32, key: u8| {
        (0..4).map(move |beat| (f64::from(4 * pass + beat), 0.5, key + beat as u8))
    };
    let n_composed = |second: u8| {
        let notes: Vec<_> = turn(0, 60).chain(turn(2, second)).collect();
        let (_, given) = play(|_| trading(1), &keys(&notes), 16, 512, Some(4), 0.0);
        given.iter().filter(|(beat, _)| *beat == 3).count()
    };
    assert_eq!(n_composed(60), 2, "the first pass and the answer");
    assert_eq!(n_composed(72), 3, "and the other answer");
}

#[test]
fn a_turn_of_the_key_moves_no_note_that_was_heard() {
    let turned = |at: u64| {
        let key = PitchClass::new(if at < 3 * BEAT { 0 } else { 9 });
        Controls { key, ..trading(4) }
    };
    let (_, given) = play(turned, &keys(&[(0.0, 0.5, 60), (1.0, 0.5, 64)]), 10, 512, None, 0.0);
    for by in [3, 5, 9] {
        assert_eq!(heard(&given, 0, by), [(0, 60, 12)], "beat {by}");
        assert_eq!(heard(&given, 1, by), [(0, 64, 12)], "beat {by}");
    }
}

#[test]
fn what_is_held_round_a_loop_is_heard_once() {
    let (_, given) = play(|_| trading(4), &keys(&[(1.5, 40.0, 60)]), 6, 512, Some(3), 1.0);
    assert_eq!(heard(&given, 1, 2), []);
    let last = given.last().unwrap();
    let played = last.1.iter().filter(|beat| beat.music.lead_is_played).count();
    assert_eq!(played, 1, "once, in the pass in which it was struck");
}
