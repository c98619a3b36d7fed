use score::{Blend, Genre, Meter, Scale, Tempo};

use super::*;
use crate::weights;
use crate::{Config, Kernels};

mod answer;
mod greedy;
mod guard;

fn network(seed: u64) -> Arc<Network> {
    let weights = weights::random(&Config::TINY, seed).unwrap();
    Arc::new(Network::new(Config::TINY, &weights, Kernels::Fused).unwrap())
}

fn frame(beat: i64) -> BeatFrame {
    BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT)
}

/// Composes `n` beats from beat `first` on, with one model or with a new one for every beat.
fn play(
    network: &Arc<Network>,
    is_kept: bool,
    first: i64,
    n: i64,
    controls: impl Fn(i64) -> Controls,
) -> Vec<HistoryBeat> {
    let mut model = BandModel::new(network.clone());
    let mut history: Vec<HistoryBeat> = Vec::new();
    for beat in first..first + n {
        if !is_kept {
            model = BandModel::new(network.clone());
        }
        let recent = &history[history.len().saturating_sub(HISTORY_BEATS)..];
        let music = model.compose(recent, &frame(beat), &controls(beat), 0).unwrap();
        history.push(HistoryBeat { frame: frame(beat), music });
    }
    history
}

fn lively(beat: i64) -> Controls {
    let mut weights = [0.0; Blend::LEN];
    weights[1] = 0.3 + 0.01 * beat as f32;
    weights[4] = 0.5;
    let mut controls = Controls { blend: Blend::new(weights), ..Controls::default() };
    controls.parts[3].on = beat % 20 < 15;
    controls.parts[0].density = if beat > 30 { 0.9 } else { 0.5 };
    controls
}

#[test]
fn caches_change_nothing() {
    let network = network(1);
    let with_cache = play(&network, true, -3, 40, lively);
    let without = play(&network, false, -3, 40, lively);
    assert_eq!(with_cache, without);
    assert!(with_cache.iter().any(|beat| beat.music.parts.iter().any(|part| !part.is_empty())));
}

#[test]
fn only_the_last_beats_of_history_count() {
    let network = network(2);
    let controls = |_| Controls { parts: quiet(), ..Controls::default() };
    let history = play(&network, true, 5, 250, controls);
    let all = BandModel::new(network.clone()).compose(&history, &frame(255), &controls(0), 0);
    let last = &history[history.len() - HISTORY_BEATS..];
    let few = BandModel::new(network).compose(last, &frame(255), &controls(0), 0);
    assert_eq!(all.unwrap(), few.unwrap());
}

fn quiet() -> [score::PartControls; 4] {
    let off = score::PartControls { on: false, ..Default::default() };
    [off, score::PartControls::default(), off, off]
}

#[test]
fn every_beat_obeys_the_rules() {
    for (seed, scale) in [(3, Scale::MinorPentatonic), (4, Scale::Major), (5, Scale::FreeMajor)] {
        let network = network(seed);
        let controls = |_| Controls { scale, adventure: 1.0, ..Controls::default() };
        for beat in play(&network, true, 0, 24, controls) {
            for part in Part::ALL {
                let notes = &beat.music.parts[part.index()];
                let order = |note: &GridNote| (note.position, note.pitch);
                assert!(notes.is_sorted_by(|a, b| order(a) < order(b)), "{notes:?}");
                for note in notes {
                    assert!(note.position < 24 && note.duration >= 1 && note.micro.abs() <= 4);
                    let home = if scale.is_minor() { 9 } else { 0 };
                    let class = (note.pitch + 12 - home) % 12;
                    assert!(part == Part::Drums || scale.mask() >> class & 1 == 1);
                }
            }
        }
    }
}

#[test]
fn seeds_passes_and_blends_change_the_music_and_repeat_exactly() {
    let network = network(6);
    let compose = |controls: &Controls, pass| {
        BandModel::new(network.clone()).compose(&[], &frame(0), controls, pass).unwrap()
    };
    let base = Controls::default();
    assert_eq!(compose(&base, 0), compose(&base, 0));
    assert_ne!(compose(&base, 0), compose(&base, 1));
    assert_ne!(compose(&base, 0), compose(&Controls { seed: 2, ..base }, 0));
    let jazz = Controls { blend: Blend::pure(Genre::Jazz), ..base };
    assert_ne!(compose(&base, 0), compose(&jazz, 0));
}

/// Music of another genre speaks against the new one, so that it is pulled at as with full strength.
#[test]
fn a_turn_of_the_blend_is_pulled_at_twice_as_hard() {
    let network = network(8);
    let of =
        |genre, strength| Controls { blend: Blend::pure(genre), strength, ..Controls::default() };
    let history = play(&network, true, 0, 8, |_| of(Genre::Jazz, 1.0));
    let next = |genre, strength| {
        let mut model = BandModel::new(network.clone());
        model.compose(&history, &frame(8), &of(genre, strength), 0).unwrap()
    };
    assert_eq!(next(Genre::HipHop, 1.0), next(Genre::HipHop, 2.0));
    assert_ne!(next(Genre::HipHop, 0.2), next(Genre::HipHop, 1.0));
    assert_ne!(next(Genre::Jazz, 1.0), next(Genre::Jazz, 2.0), "nothing was turned");
}

#[test]
fn absent_parts_are_silent_and_given_ones_kept() {
    let network = network(7);
    let mut controls = Controls::default();
    controls.parts[2].on = false;
    let drums = [36u8, 42].map(|pitch| GridNote {
        position: 0,
        pitch,
        duration: 6,
        velocity: score::Velocity::clamped(100),
        micro: 0,
    });
    let chord = Chord::parse("Am7").unwrap();
    let given = Given {
        chord: Some(Some(chord)),
        parts: [Some(&drums), None, None, None],
        ..Given::default()
    };
    let mut model = BandModel::new(network);
    let beat = model.compose_around(&[], &frame(0), &controls, 0, &given).unwrap();
    assert_eq!(beat.chord, Some(chord));
    assert_eq!(beat.parts[0], drums);
    assert!(beat.parts[2].is_empty());
}

/// Whoever plays: a song begins with its first beat, and one that is entered inside a bar with the
/// next bar at the latest.
#[test]
fn nobody_waits_for_the_first_note() {
    for mask in 1..16_u8 {
        let mut controls = Controls::default();
        for (index, part) in controls.parts.iter_mut().enumerate() {
            part.on = mask >> index & 1 == 1;
        }
        for seed in 1..=8 {
            controls.seed = seed;
            let mut band = BandModel::new(network(u64::from(seed)));
            for first in [0, 8, 11] {
                let mut history: Vec<HistoryBeat> = Vec::new();
                for beat in first..=(first + 3) / 4 * 4 {
                    let frame = frame(beat);
                    let music = band.compose(&history, &frame, &controls, 0).unwrap();
                    history.push(HistoryBeat { frame, music });
                }
                let is_heard = |beat: &HistoryBeat| beat.music.parts.iter().any(|p| !p.is_empty());
                assert!(history.iter().any(is_heard), "parts {mask:b}, seed {seed}, beat {first}");
            }
        }
    }
}

#[test]
fn an_ending_closes_in_four_bars_then_rests_until_another_song_begins() {
    let mut band = BandModel::new(network(5));
    let mut history: Vec<HistoryBeat> = Vec::new();
    for beat in 0..36 {
        // Asked for inside the second bar, and taken back inside the ninth.
        let controls = Controls { ending: (6..34).contains(&beat), ..lively(0) };
        let frame = frame(beat);
        let music = band.compose(&history, &frame, &controls, 0).unwrap();
        let closing = match beat {
            8..24 => 4 - (beat as u8 - 8) / 4,
            24..34 => steps::ENDED,
            _ => 0,
        };
        assert_eq!(music.closing, closing, "beat {beat}");
        if closing == steps::ENDED {
            assert!(music.chord.is_none() && music.parts.iter().all(Vec::is_empty));
        }
        if beat == 34 {
            let anew = BandModel::new(network(5)).compose(&[], &frame, &controls, 0).unwrap();
            assert_eq!(music, anew);
        }
        history.push(HistoryBeat { frame, music });
    }
    let sounds =
        |beats: &[HistoryBeat]| beats.iter().any(|b| b.music.parts.iter().any(|p| !p.is_empty()));
    assert!(sounds(&history[8..24]) && sounds(&history[34..]));
    // Given up, it is forgotten.
    let controls = Controls { ending: true, ..lively(0) };
    let first = band.compose(&history, &frame(36), &controls, 0).unwrap();
    assert_eq!(first.closing, 4);
}

#[test]
fn gaps_in_history_are_refused() {
    let mut model = BandModel::new(network(8));
    let beat = |beat| HistoryBeat { frame: frame(beat), music: GridBeat::default() };
    let error = model.compose(&[beat(0), beat(2)], &frame(3), &Controls::default(), 0).unwrap_err();
    assert_eq!(error.to_string(), "history: expected beat 1, found beat 0");
    assert!(model.compose(&[beat(1), beat(2)], &frame(3), &Controls::default(), 0).is_ok());
}

#[test]
fn the_anchor_moves_seldom_and_leaves_room() {
    let network = network(9);
    let history = play(&network, true, 0, 40, lively);
    let budget = Config::TINY.context_len - MAX_BEAT_STEPS;
    let anchors: Vec<i64> = (0..history.len())
        .map(|n| {
            let first = anchor(&history[..n], &frame(n as i64), 15, budget);
            let n_steps: usize =
                history[first..n].iter().map(|beat| n_beat_steps(&beat.music, 15)).sum();
            assert!(n_steps <= budget);
            first as i64
        })
        .collect();
    assert!(anchors.is_sorted(), "{anchors:?}");
    // Sparse music of one step a beat keeps its anchor for a long time.
    let empty: Vec<HistoryBeat> = (0..CONTEXT_BEATS as i64)
        .map(|beat| HistoryBeat { frame: frame(beat), music: GridBeat::default() })
        .collect();
    let at = |now: i64| {
        let shifted: Vec<HistoryBeat> = (now - empty.len() as i64..now)
            .zip(&empty)
            .map(|(beat, old)| HistoryBeat { frame: frame(beat), ..old.clone() })
            .collect();
        now - empty.len() as i64 + anchor(&shifted, &frame(now), 0, 1000) as i64
    };
    let moves = (200..328).filter(|now| at(*now) != at(now + 1)).count();
    assert!(moves <= 12, "{moves} moves in 128 beats");
}

#[test]
fn all_ways_of_blending_play() {
    let network = network(10);
    let mut model = BandModel::new(network).with_blending(Blending::Interpolated);
    for beat in 0..6 {
        let controls = lively(beat);
        model.compose(&[], &frame(beat), &controls, 0).unwrap();
    }
    assert_eq!(model.streams.len(), 3, "one spare stream is kept");
}

#[test]
fn guidance_chooses_the_next_chord_and_not_whether_one_comes() {
    let plain = [2.0f32, 0.0, -0.5, -9.0, 1.0];
    let allowed = [true, true, true, true, false];
    let shares = |logits: &[f32]| {
        let odds = logits.iter().zip(allowed).map(|(l, on)| if on { l.exp() } else { 0.0 });
        let odds: Vec<f32> = odds.collect();
        let sum: f32 = odds.iter().sum();
        odds.into_iter().map(|odds| odds / sum).collect::<Vec<f32>>()
    };
    let guide = |held| {
        let mut guided = [9.0f32, 1.0, 2.0, 7.0, 3.0];
        guide_changes(&mut guided, &plain, held, &allowed);
        shares(&guided)
    };
    let held = guide(Some(0));
    assert!((held[0] - shares(&plain)[0]).abs() < 1e-3, "{held:?}");
    assert!((held[2] / held[1] - 1f32.exp()).abs() < 1e-4, "{held:?}");
    assert_eq!(held[3], 0.0, "implausible before guidance");
    // Nothing is held where music begins.
    let first = guide(None);
    assert!((first[0] / first[2] - 7f32.exp()).abs() < 1.0, "{first:?}");
    // A chord that has to stay does.
    let only = [true, false, false, false, false];
    let mut guided = plain;
    guide_changes(&mut guided, &plain, Some(0), &only);
    assert_eq!(guided, plain);
}
