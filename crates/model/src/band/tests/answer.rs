//! Phrases that are traded.

use score::{GridNote, Velocity};

use super::*;

const BEATS: i64 = 16;

fn note(position: u8, pitch: u8) -> GridNote {
    GridNote { position, pitch, duration: 6, velocity: Velocity::clamped(90), micro: 0 }
}

fn trading(scale: Scale, seed: u32) -> Controls {
    Controls { answer: Some(4), scale, seed, adventure: 1.0, ..Controls::default() }
}

/// A phrase that is played into what the band has composed, two beats behind, and what it composes
/// then.
fn trade(network: &Arc<Network>, controls: &Controls, call: &[Vec<GridNote>]) -> Vec<HistoryBeat> {
    let mut model = BandModel::new(network.clone());
    let mut history: Vec<HistoryBeat> = Vec::new();
    for beat in 0..3 * BEATS {
        if let Some(known) = beat.checked_sub(2).and_then(|known| usize::try_from(known).ok())
            && let Some(notes) = call.get(known)
        {
            let music = &mut history[known].music;
            music.lead_is_played = !notes.is_empty();
            music.parts[3].clone_from(notes);
        }
        let music = model.compose(&history, &frame(beat), controls, 0).unwrap();
        history.push(HistoryBeat { frame: frame(beat), music });
    }
    history
}

#[test]
fn the_lead_listens_and_then_takes_up_what_it_heard() {
    let call: Vec<Vec<GridNote>> = (0..16)
        .map(|beat| match beat {
            3 | 9.. => Vec::new(),
            beat => vec![note(0, 60 + beat), note(6 + beat, 72 - beat)],
        })
        .collect();
    for (seed, scale) in [(3, Scale::FreeMajor), (4, Scale::MajorPentatonic), (5, Scale::Minor)] {
        let network = network(seed);
        let controls = trading(scale, seed as u32);
        let song = trade(&network, &controls, &call);
        let lead = |beat: usize| &song[beat].music.parts[3];
        let at = |notes: &[GridNote]| notes.iter().map(|note| note.position).collect::<Vec<_>>();
        assert!((9..16).chain(32..48).all(|beat| lead(beat).is_empty()), "it listens");
        for (beat, played) in call.iter().enumerate().take(8) {
            assert_eq!(at(lead(16 + beat)), at(played), "{scale:?}, beat {beat}");
        }
        let others = song.iter().any(|beat| !beat.music.parts[1].is_empty());
        assert!(others, "the band plays on");
        let moved = (0..8).flat_map(|beat| lead(16 + beat).iter().zip(&call[beat]));
        let n_same = moved.clone().filter(|(answer, call)| answer.pitch == call.pitch).count();
        let far = |(answer, call): &(&GridNote, &GridNote)| answer.pitch.abs_diff(call.pitch) > 9;
        assert_eq!(moved.clone().filter(far).count(), 0);
        assert!(n_same * 2 < moved.count(), "no copy");
        let allowed = |note: &GridNote| scale.mask() >> ((note.pitch + 12 - home(scale)) % 12) & 1;
        assert!((16..32).all(|beat| lead(beat).iter().all(|note| allowed(note) == 1)));
        assert_eq!(trade(&network, &controls, &call), song, "the same again");
    }
}

fn home(scale: Scale) -> u8 {
    if scale.is_minor() { 9 } else { 0 }
}

#[test]
fn a_lead_that_is_off_or_given_stays_so() {
    let call = vec![vec![note(0, 60), note(12, 62)]; 16];
    let network = network(6);
    let mut controls = trading(Scale::FreeMajor, 1);
    controls.parts[3].on = false;
    let song = trade(&network, &controls, &call);
    assert!(song[16..].iter().all(|beat| beat.music.parts[3].is_empty()));
    controls.parts[3].on = true;
    let given = [note(3, 90)];
    let given = Given { parts: [None, None, None, Some(&given)], ..Given::default() };
    let mut model = BandModel::new(network);
    let beat = model.compose_around(&song[..16], &frame(16), &controls, 0, &given).unwrap();
    assert_eq!(beat.parts[3], [note(3, 90)]);
}
