use score::random::Random;
use score::{BeatFrame, GridBeat, GridNote, HistoryBeat, Meter, Tempo, Velocity};

use super::*;

const N_SONGS: usize = 30;

/// Eight bars of drums and a melody; genre 1 swings and leaps where genre 0 walks straight.
fn song(genre: usize, random: &mut Random) -> Vec<HistoryBeat> {
    let mut pitch = 60 + random.below(12) as i32;
    let density = 0.3 + 0.5 * random.uniform();
    (0..N_BEATS as i64)
        .map(|i| {
            let mut music = GridBeat::default();
            let note = |position: usize, pitch: i32| GridNote {
                position: position as u8,
                pitch: pitch as u8,
                duration: 6,
                velocity: Velocity::clamped(90),
                micro: 0,
            };
            for position in [0, if genre == 0 { 12 } else { 16 }] {
                if random.chance(density) {
                    music.parts[0].push(note(position, 42));
                }
                if random.chance(density) {
                    let step = if genre == 0 { 2 } else { 7 };
                    pitch += if random.chance(0.5) { step } else { -step };
                    pitch = 48 + (pitch - 48).rem_euclid(36);
                    music.parts[3].push(note(position, pitch));
                }
            }
            let frame = BeatFrame::regular(i, Meter::COMMON, Tempo::DEFAULT);
            HistoryBeat { frame, music }
        })
        .collect()
}

fn material() -> Material {
    let mut random = Random::new(4);
    let reals = (0..2 * N_SONGS)
        .map(|i| Real {
            beats: song(i % 2, &mut random),
            genre: i % 2,
            group: i,
            fold: i / 2 % N_FOLDS,
            weight: 1.0 / N_SONGS as f32,
            is_human: true,
            has_dynamics: true,
            mask: 0b1001,
        })
        .collect();
    Material {
        genres: vec!["straight".into(), "swung".into()],
        reals,
        groups: (0..2 * N_SONGS).map(|i| i.to_string()).collect(),
        drumless: None,
    }
}

/// Share of excerpts of the first `n_folds` folds that are recognised.
fn accuracy(material: &Material, panel: &Panel, kind: Kind, n_folds: usize) -> f64 {
    let natural = material.natural(kind);
    let heard: Vec<_> =
        natural.into_iter().filter(|(i, _)| material.reals[*i].fold < n_folds).collect();
    let placed: Vec<_> = heard.iter().map(|(i, e)| (e, material.reals[*i].fold)).collect();
    let judged = panel.hear(kind, &placed, Voice::All);
    let right = heard.iter().zip(&judged).filter(|((i, _), p)| {
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-3, "{p:?}");
        p[material.reals[*i].genre] > 0.5
    });
    right.count() as f64 / heard.len() as f64
}

#[test]
fn two_genres_are_told_apart_by_every_kind_of_judge() {
    let material = material();
    let panel = Panel::fit(&material, 2, 1, |real| real.genre, || ());
    for kind in Kind::ALL {
        let accuracy = accuracy(&material, &panel, kind, 2);
        assert!(accuracy > 0.9, "{}: {accuracy}", kind.name());
    }
}

#[test]
fn shuffled_labels_teach_nothing() {
    let material = material();
    let mut random = Random::new(9);
    let labels: Vec<usize> = (0..2 * N_SONGS).map(|_| random.below(2)).collect();
    let panel = Panel::fit(&material, N_FOLDS, 1, |real| labels[real.group], || ());
    let accuracy = accuracy(&material, &panel, Kind::All, N_FOLDS);
    assert!((0.2..=0.8).contains(&accuracy), "{accuracy}");
}

#[test]
fn which_parts_play_teaches_nothing() {
    // Noise of two genres, one of which never has parts 1 and 2.
    let mut random = Random::new(2);
    let n = feature_list().len();
    let lessons: Vec<Lesson> = (0..600)
        .map(|i| {
            let (genre, mask) = if i % 3 == 0 { (0, 0b1001) } else { (i % 2, 0b1111) };
            let mut values: Vec<f32> = (0..n).map(|_| random.normal()).collect();
            if mask == 0b1001 {
                values.fill(f32::NAN);
            }
            Lesson { values, genre, weight: 1.0, mask }
        })
        .collect();
    let weights = balanced(&lessons, 2);
    let sum = |genre: usize| -> f32 {
        let of = lessons.iter().zip(&weights).filter(|(l, _)| l.mask == 15 && l.genre == genre);
        of.map(|(_, weight)| weight).sum()
    };
    assert!((sum(0) / sum(1) - 1.0).abs() < 1e-3);
}

#[test]
fn equal_seeds_give_equal_judges() {
    let material = material();
    let fit = || Panel::fit(&material, 1, 1, |real| real.genre, || ());
    let excerpt = material.reals[0].excerpt(ALL_PARTS);
    let heard = [(&excerpt, 0)];
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(fit);
    let hear = |panel: &Panel| panel.hear(Kind::All, &heard, Voice::All);
    assert_eq!(hear(&one), hear(&fit()));
}
