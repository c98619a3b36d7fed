use score::random::Random;
use score::{BeatFrame, GridBeat, GridNote, Meter, Tempo, Velocity};

use super::*;
use crate::trees::{Next, Split};

/// A judge of `n_genres` that only asks how much the drums swing: the first genre does not.
fn judge(n_genres: usize) -> Judge {
    let names = features::list();
    let classifier = |kind: Kind| {
        let swing = names.iter().position(|feature| feature.name == "drums swing").unwrap();
        let mut linear = vec![vec![0.0; names.len() + 1]; n_genres];
        if kind != Kind::Pitched {
            linear[0][swing] = -2.0;
        }
        linear[n_genres - 1][names.len()] = 0.5;
        let split = |least, next| Split { feature: swing, least, next };
        let tree = |genre: usize| match genre {
            0 => Tree {
                splits: vec![
                    split(0.5, [Next::Leaf(0), Next::Split(1)]),
                    split(0.9, [Next::Leaf(1), Next::Leaf(2)]),
                ],
                leaves: vec![1.0, 0.0, -1.0],
            },
            _ => Tree { splits: Vec::new(), leaves: vec![0.1] },
        };
        Classifier {
            scales: vec![Scale { mean: 0.25, deviation: 0.5 }; names.len()],
            linear,
            trees: (0..2 * n_genres).map(|i| tree(i % n_genres)).collect(),
        }
    };
    Judge::new(Kind::ALL.map(classifier))
}

/// Hats on each beat and between, straight or swung, for some beats.
fn hats(meter: &str, n_beats: usize, off: u8) -> Vec<HistoryBeat> {
    let meter = Meter::parse(meter).unwrap();
    let hat = |position: u8| GridNote {
        position,
        pitch: 42,
        duration: 6,
        velocity: Velocity::clamped(90),
        micro: 0,
    };
    (0..n_beats as i64)
        .map(|beat| {
            let mut music = GridBeat::default();
            music.parts[0] = vec![hat(0), hat(off)];
            HistoryBeat { frame: BeatFrame::regular(beat, meter, Tempo::DEFAULT), music }
        })
        .collect()
}

fn sums_to_one(shares: &Shares) -> bool {
    shares.iter().all(|share| (0.0..=1.0).contains(share))
        && (shares.iter().sum::<f32>() - 1.0).abs() < 1e-5
}

#[test]
fn what_was_fitted_is_heard_in_any_meter() {
    for n_genres in 1..=Genre::COUNT {
        let judge = judge(n_genres);
        for meter in ["4/4", "3/4", "5/4", "6/8", "7/8", "2/4", "32/1"] {
            let [straight, swung] = [12, 16].map(|off| judge.hear(&hats(meter, 70, off)));
            for kind in [Kind::All, Kind::Drums] {
                let [straight, swung] = [straight, swung].map(|heard| *heard.shares(kind).unwrap());
                assert!(sums_to_one(&straight) && sums_to_one(&swung), "{straight:?} {swung:?}");
                assert!(straight[n_genres..].iter().all(|share| *share == 0.0));
                assert!(n_genres == 1 || straight[0] > 2.0 * swung[0], "{meter} {n_genres}");
            }
            assert_eq!(straight.shares(Kind::Pitched), None);
        }
    }
}

#[test]
fn only_the_last_eight_bars_are_heard_and_little_is_nothing() {
    let judge = judge(3);
    let (mut changed, swung) = (hats("4/4", 40, 12), hats("4/4", 72, 16));
    changed.extend_from_slice(&swung[40..]);
    assert_eq!(judge.hear(&changed), judge.hear(&swung));
    assert_ne!(judge.hear(&changed[..changed.len() - 4]), judge.hear(&swung));
    for silent in [&[][..], &hats("4/4", 5, 12)] {
        assert_eq!(judge.hear(silent), Heard::default());
    }
    assert!(judge.hear(&hats("4/4", 6, 12)).shares(Kind::All).is_some());
}

#[test]
fn any_music_is_judged() {
    let judge = judge(6);
    let mut random = Random::new(5);
    for round in 0..150 {
        let numerator = 1 + random.below(32) as u32;
        let meters = [1, 2, 4, 8, 16, 32].map(|of| Meter::new(numerator, of).unwrap());
        let mut beats: Vec<HistoryBeat> = Vec::new();
        let density = random.uniform().powi(3);
        for _ in 0..random.below(70) {
            // Now and then another meter, or a jump.
            let meter = match beats.last() {
                Some(last) if random.chance(0.9) => last.frame.meter,
                _ => meters[random.below(6)],
            };
            let next = beats.last().map_or(0, |last| last.frame.beat + 1);
            let beat = if random.chance(0.95) { next } else { random.below(1000) as i64 - 500 };
            let mut music = GridBeat::default();
            for notes in &mut music.parts {
                for position in 0..24 {
                    while random.chance(density * 0.6) {
                        let pitch = random.below(128) as u8;
                        let duration = [1, 6, 24, 400, u16::MAX][random.below(5)];
                        let velocity = Velocity::clamped(90);
                        notes.push(GridNote { position, pitch, duration, velocity, micro: 0 });
                    }
                }
                notes.sort_by_key(|note| (note.position, note.pitch));
                notes.dedup_by_key(|note| (note.position, note.pitch));
            }
            let frame = BeatFrame::regular(beat, meter, Tempo::DEFAULT);
            beats.push(HistoryBeat { frame, music });
        }
        let heard = judge.hear(&beats);
        for shares in Kind::ALL.into_iter().filter_map(|kind| heard.shares(kind)) {
            assert!(sums_to_one(shares), "round {round}: {shares:?}");
        }
        assert_eq!(heard, judge.hear(&beats));
    }
}

#[test]
fn tensors_bring_a_judge_back() {
    for n_genres in [1, 2, 6] {
        let judge = judge(n_genres);
        let tensors = judge.to_tensors();
        for (name, (shape, values)) in &tensors {
            assert!(name.starts_with(Judge::PREFIX));
            assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        }
        let back = Judge::from_tensors(&tensors).unwrap();
        assert_eq!(back.n_genres(), n_genres);
        assert_eq!(back.to_tensors(), tensors);
        for off in [12, 14, 16, 20] {
            let beats = hats("4/4", 32, off);
            assert_eq!(back.hear(&beats), judge.hear(&beats));
        }
    }
}

/// The message of reading a judge of two genres after one change.
fn refusal(change: impl FnOnce(&mut BTreeMap<String, Tensor>)) -> String {
    let mut tensors = judge(2).to_tensors();
    change(&mut tensors);
    Judge::from_tensors(&tensors).unwrap_err().to_string()
}

#[test]
fn tensors_that_do_not_fit_are_refused_by_name() {
    let n = features::list().len();
    assert_eq!(refusal(|t| drop(t.remove(LEAVES))), "missing tensor judge.leaves");
    assert_eq!(
        refusal(|t| t.get_mut(SCALES).unwrap().0 = vec![3, 2, 7]),
        format!("judge.scales: expected shape [3, 2, {n}], found [3, 2, 7]")
    );
    assert_eq!(
        refusal(|t| t.get_mut(LINEAR).unwrap().0 = vec![3, 7, n + 1]),
        format!(
            "judge.linear: expected shape [3, G, {}], G in 1..=6, found [3, 7, {}]",
            n + 1,
            n + 1
        )
    );
    assert_eq!(
        refusal(|t| t.get_mut(SPLITS).unwrap().0 = vec![3, 2, 3, 2, 4]),
        "judge.splits: expected shape [3, R, 2, S, 4], R in 1..=1000, S in 1..=255, \
         found [3, 2, 3, 2, 4]"
    );
    assert_eq!(
        refusal(|t| t.get_mut(LEAVES).unwrap().0 = vec![3, 2, 2, 2]),
        "judge.leaves: expected shape [3, 2, 2, 3], found [3, 2, 2, 2]"
    );
    assert!(refusal(|t| t.get_mut(LEAVES).unwrap().1.truncate(5)).contains("[3, 2, 2, 3]"));
    assert!(refusal(|t| t.get_mut(FEATURES).unwrap().1[0] += 1.0).contains("fitted on features"));
    assert!(refusal(|t| t.get_mut(FEATURES).unwrap().0 = vec![2, 4]).contains("[8], found [2, 4]"));
}

#[test]
fn numbers_that_mean_nothing_are_refused_by_place() {
    let set = |name: &str, index: usize, value: f32| {
        refusal(|tensors| tensors.get_mut(name).unwrap().1[index] = value)
    };
    for name in [SCALES, LINEAR, SPLITS, LEAVES] {
        let expected = format!("{name}: value 1 is NaN, expected a finite number");
        assert_eq!(set(name, 1, f32::NAN), expected);
        assert!(set(name, 2, f32::INFINITY).contains("value 2 is inf"));
    }
    let n = features::list().len();
    let expected = format!("judge.scales: value {} is 0, expected a deviation above 0", 3 * n + 1);
    assert_eq!(set(SCALES, 3 * n + 1, 0.0), expected);
    for feature in [-1.0, 0.5, n as f32, 1e9] {
        assert!(set(SPLITS, 0, feature).contains("the number of a feature"), "{feature}");
    }
    // Back to itself, to a split or a leaf that is not there, between two.
    for next in [0.0, 2.0, -4.0, 1.5, 1e9] {
        assert!(set(SPLITS, 3, next).contains("a later split or a leaf"), "{next}");
    }
}

/// Weights in files name features by number.
#[test]
fn the_features_are_those_that_shipped_judges_were_fitted_on() {
    let hex: String = fingerprint().iter().map(|byte| format!("{:02x}", *byte as u8)).collect();
    assert_eq!((features::list().len(), hex.as_str()), (363, "a85a6ace06a11767"));
}
