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

pub(super) fn material() -> Material {
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
fn genres_weigh_alike_within_each_set_of_parts() {
    // Two genres, each of which has one set of parts four times as often as the other.
    let lessons: Vec<Lesson> = (0..600)
        .map(|i| {
            let genre = i % 2;
            let mask = if (i / 2 % 5 == 0) == (genre == 0) { 0b1001 } else { 0b1111 };
            Lesson { values: Vec::new(), genre, weight: 1.0, mask }
        })
        .collect();
    let weights = balanced(&lessons, 2);
    for mask in [0b1001, 0b1111] {
        let sum = |genre: usize| -> f32 {
            let of = lessons.iter().zip(&weights);
            let of = of.filter(|(l, _)| l.mask == mask && l.genre == genre);
            of.map(|(_, weight)| weight).sum()
        };
        assert!((sum(0) / sum(1) - 1.0).abs() < 1e-3, "{mask:b}: {} {}", sum(0), sum(1));
    }
}

#[test]
fn a_judge_of_drums_is_deaf_to_the_rest() {
    let material = material();
    let panel = Panel::fit(&material, 1, 1, |real| real.genre, || ());
    let (all, drums) = (material.reals[0].excerpt(ALL_PARTS), material.reals[0].excerpt(DRUMS));
    assert!(all.n_notes(PITCHED) > 0 && drums.n_notes(PITCHED) == 0);
    let hear = |kind: Kind, excerpt: &Excerpt| panel.hear(kind, &[(excerpt, 0)], Voice::All);
    assert_eq!(hear(Kind::Drums, &all), hear(Kind::Drums, &drums));
    assert_ne!(hear(Kind::All, &all), hear(Kind::All, &drums));
}

#[test]
fn a_genre_without_drums_is_lent_those_of_others() {
    let mut material = material();
    for real in material.reals.iter_mut().filter(|real| real.genre == 0) {
        real.beats.iter_mut().for_each(|beat| beat.music.parts[0].clear());
        real.mask = 0b1000;
    }
    let with_drums = |material: &Material, kind: Kind| {
        let mut random = Random::new(1);
        let lessons = material.lessons(kind, |_| true, &mut random, &|real| real.genre);
        lessons.iter().filter(|l| l.genre == 0 && l.mask & DRUMS != 0).count()
    };
    assert_eq!(with_drums(&material, Kind::All), 0);
    material.drumless = Some(0);
    assert!(with_drums(&material, Kind::All) >= N_SONGS);
    assert_eq!(with_drums(&material, Kind::Drums), 0);
}

#[test]
fn a_hybrid_has_the_drums_of_one_genre_and_the_rest_of_another_from_one_fold() {
    let mut material = material();
    let mut random = Random::new(3);
    assert!(material.hybrids((0, 1), 4, &mut random).is_empty(), "no song has all pitched parts");
    for real in &mut material.reals {
        for beat in &mut real.beats {
            let lead = beat.music.parts[3].clone();
            beat.music.parts[1..3].fill(lead);
        }
        real.mask = ALL_PARTS;
    }
    let hybrids = material.hybrids((0, 1), 20, &mut random);
    assert_eq!(hybrids.len(), 20);
    for (fold, hybrid) in hybrids {
        let of = |genre: usize| {
            material.reals.iter().filter(move |real| real.fold == fold && real.genre == genre)
        };
        let is_made_of = |(drums, rest): (&Real, &Real)| {
            rest.excerpt(PITCHED).with_drums(&drums.excerpt(DRUMS)) == hybrid
        };
        assert!(of(0).any(|drums| of(1).any(|rest| is_made_of((drums, rest)))));
    }
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
