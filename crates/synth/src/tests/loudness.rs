//! How loud the patches are, as ITU-R BS.1770 weighs it.

use super::*;

/// How loud each part's phrase shall be, in LUFS, in the order of [`Part::ALL`].
const TARGETS: [f32; 4] = [-17.2, -19.2, -21.2, -19.2];

/// How far a patch may be off, in LU.
const TOLERANCE: f32 = 1.0;

/// The two filters of the weighting, at 48 kHz: ITU-R BS.1770-4, tables 1 and 2.
const SHELF: [f32; 5] = [1.535_124_9, -2.691_696_2, 1.198_392_8, -1.690_659_3, 0.732_480_8];
const HIGH_PASS: [f32; 5] = [1.0, -2.0, 1.0, -1.990_047_5, 0.990_072_25];

fn filtered(samples: &[f32], [b0, b1, b2, a1, a2]: [f32; 5]) -> Vec<f32> {
    let [b0, b1, b2, a1, a2] = [b0, b1, b2, a1, a2].map(f64::from);
    let (mut first, mut second) = (0.0, 0.0);
    let step = |sample: &f32| {
        let input = f64::from(*sample);
        let output = b0 * input + first;
        (first, second) = (b1 * input - a1 * output + second, b2 * input - a2 * output);
        output as f32
    };
    samples.iter().map(step).collect()
}

fn lufs((left, right): &(Vec<f32>, Vec<f32>)) -> f32 {
    let power = |side: &[f32]| rms(&filtered(&filtered(side, SHELF), HIGH_PASS)).powi(2);
    -0.691 + 10.0 * (power(left) + power(right)).log10()
}

/// Two bars as each part plays them, at 120 BPM.
fn phrase(part: Part) -> Vec<(usize, Part, u8, u8)> {
    const EIGHTH: usize = 12_000;
    let mut script = Vec::new();
    for at in 0..16 {
        let mut note = |key, velocity, n_eighths: usize| {
            script.push((at * EIGHTH, part, key, velocity));
            script.push(((at + n_eighths) * EIGHTH - 600, part, key, 0));
        };
        match part {
            Part::Drums => {
                note(42, 75, 1);
                match at % 8 {
                    0 | 5 => note(36, 100, 1),
                    2 | 6 => note(38, 100, 1),
                    _ => {}
                }
            }
            Part::Bass if at % 2 == 0 => note([33, 40, 36, 38][at / 2 % 4], 95, 2),
            Part::Chords if at % 4 == 0 => [57, 60, 64].into_iter().for_each(|k| note(k, 80, 4)),
            Part::Lead => note([72, 74, 76, 69, 71, 72, 67, 64][at % 8], 90, 1),
            _ => {}
        }
    }
    script.sort();
    script
}

#[test]
fn a_known_tone_has_its_known_loudness() {
    // A sine of 997 Hz at full scale on one side: -3.01 LUFS.
    let sine: Vec<f32> =
        (0..48_000).map(|i| (i as f32 * 997.0 / 48_000.0 * std::f32::consts::TAU).sin()).collect();
    let loudness = lufs(&(sine, vec![0.0; 48_000]));
    assert!((loudness + 3.01).abs() < 0.05, "{loudness}");
}

#[test]
fn the_patches_of_a_part_are_equally_loud() {
    let mut wrong = Vec::new();
    for (part, place, name) in all_patches() {
        let loudness = lufs(&play_patch(part, place, &phrase(part), 48_000 * 4));
        let off = loudness - TARGETS[part.index()];
        println!("{:<7} {name:<16} {loudness:6.2} LUFS, {off:+.2} LU", part.name());
        if off.abs() > TOLERANCE {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "too loud or too soft: {wrong:?}");
}
