use crate::Synth;
use nice_assert_no_alloc::{AllocDisabler, assert_no_alloc};
use score::{Part, Pitch, Velocity};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const RATE: f32 = 48_000.0;

/// A block with notes that start or end at sample offsets.
type Script<'a> = &'a [(usize, Part, u8, u8)];

/// Plays a script, velocity 0 being a note-off, in blocks of at most `block` samples.
fn play(script: Script, n_samples: usize, block: usize) -> (Vec<f32>, Vec<f32>) {
    let mut synth = Synth::new(RATE);
    let (mut left, mut right) = (vec![0.0; n_samples], vec![0.0; n_samples]);
    let mut at = 0;
    while at < n_samples {
        for &(_, part, key, velocity) in script.iter().filter(|(offset, ..)| *offset == at) {
            match velocity {
                0 => synth.note_off(part, Pitch::clamped(key.into())),
                _ => synth.note_on(
                    part,
                    Pitch::clamped(key.into()),
                    Velocity::clamped(velocity.into()),
                ),
            }
        }
        let next = script.iter().map(|(offset, ..)| *offset).filter(|offset| *offset > at).min();
        let end = (at + block).min(n_samples).min(next.unwrap_or(n_samples));
        synth.render(&mut left[at..end], &mut right[at..end]);
        at = end;
    }
    (left, right)
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| sample.abs().max(peak))
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
}

fn largest_step(samples: &[f32]) -> f32 {
    samples.windows(2).fold(0.0, |step, pair| (pair[1] - pair[0]).abs().max(step))
}

#[test]
fn nothing_sounds_before_the_first_note_or_long_after_the_last() {
    let (left, right) = play(&[], 4_800, 512);
    assert_eq!((peak(&left), peak(&right)), (0.0, 0.0));
    for part in Part::ALL {
        let script = [(0, part, 50, 100), (24_000, part, 50, 0)];
        let (left, right) = play(&script, 48_000 * 8, 512);
        assert!(rms(&left[..24_000]) > 1e-3, "{part:?} is silent");
        let tail = 48_000 * 7;
        assert_eq!((peak(&left[tail..]), peak(&right[tail..])), (0.0, 0.0), "{part:?} never ends");
    }
}

#[test]
fn every_drum_key_is_heard_ends_and_stays_in_bounds() {
    for key in 0..128 {
        let (left, right) = play(&[(0, Part::Drums, key, 127)], 48_000 * 5, 480);
        assert!(left.iter().chain(&right).all(|sample| sample.abs() <= 1.0), "key {key}");
        let loudest = peak(&left).max(peak(&right));
        assert!(loudest > 0.01, "key {key} peaks at {loudest}");
        assert_eq!(peak(&left[48_000 * 5 - 480..]), 0.0, "key {key} rings for ever");
    }
}

#[test]
fn the_loudest_band_stays_finite_and_inside_full_scale() {
    for rate in [8_000.0, 44_100.0, 192_000.0, f32::NAN] {
        let mut synth = Synth::new(rate);
        synth.set_gain(f32::INFINITY);
        synth.set_gain(4.0);
        let (mut left, mut right) = ([0.0; 97], [0.0; 97]);
        for round in 0..400 {
            for part in Part::ALL {
                synth.set_level(part, 4.0);
                synth.note_on(part, Pitch::clamped(round % 128), Velocity::clamped(127));
            }
            synth.render(&mut left, &mut right);
            assert!(left.iter().chain(&right).all(|sample| sample.abs() <= 1.0));
        }
    }
}

#[test]
fn the_samples_do_not_depend_on_the_cut_into_blocks() {
    let script = [
        (0, Part::Drums, 36, 110),
        (0, Part::Chords, 60, 80),
        (10, Part::Chords, 64, 80),
        (500, Part::Bass, 36, 100),
        (700, Part::Drums, 46, 90),
        (4_000, Part::Lead, 72, 90),
        (5_000, Part::Drums, 42, 90),
        (9_001, Part::Lead, 72, 0),
        (12_000, Part::Bass, 36, 0),
        (12_345, Part::Chords, 60, 0),
    ];
    let whole = play(&script, 30_000, 8_192);
    for block in [1, 37, 64, 512] {
        assert!(play(&script, 30_000, block) == whole, "block {block}");
    }
}

#[test]
fn the_end_of_a_note_makes_no_step() {
    for (part, key) in [(Part::Bass, 33), (Part::Chords, 60), (Part::Lead, 76)] {
        let end = 24_000;
        let (left, _) = play(&[(0, part, key, 110), (end, part, key, 0)], 48_000, 256);
        // The waveform's own steepness is the measure: its release may not be steeper.
        let sounding = largest_step(&left[end - 4_800..end]);
        let ending = largest_step(&left[end - 1..]);
        assert!(ending <= sounding * 1.05, "{part:?}: {ending} against {sounding}");
    }
}

#[test]
fn a_taken_voice_leaves_no_click() {
    // Low sines are the worst case: the jump from a cut would stand out at once.
    let low = |n_notes: usize| {
        let script: Vec<_> = (0..n_notes).map(|i| (i * 2_400, Part::Chords, 30, 100)).collect();
        play(&script, 48_000 * 2, 480).0
    };
    let few = largest_step(&low(18)[..]);
    let many = largest_step(&low(40)[..]);
    assert!(many < few * 1.5, "steps of {many} with taken voices, {few} without");
}

#[test]
fn hats_choke_one_another() {
    let open = play(&[(0, Part::Drums, 46, 120)], 24_000, 480).0;
    let choked = play(&[(0, Part::Drums, 46, 120), (4_800, Part::Drums, 42, 1)], 24_000, 480).0;
    let tail = 4_800 + 4_800..4_800 + 9_600;
    assert!(rms(&choked[tail.clone()]) < rms(&open[tail]) * 0.3);
}

#[test]
fn levels_and_stops_take_effect_without_a_step() {
    let mut synth = Synth::new(RATE);
    let (mut left, mut right) = (vec![0.0; 9_600], vec![0.0; 9_600]);
    synth.note_on(Part::Bass, Pitch::clamped(36), Velocity::clamped(110));
    synth.render(&mut left, &mut right);
    let (loud, step) = (rms(&left), largest_step(&left[2_400..]));
    let last = left[9_599];
    synth.set_level(Part::Bass, 0.0);
    synth.render(&mut left, &mut right);
    assert!((left[0] - last).abs() < step * 1.1 && largest_step(&left) < step * 1.1);
    synth.render(&mut left, &mut right);
    assert!(rms(&left) < loud * 0.01, "{} of {loud}", rms(&left));
    synth.set_level(Part::Bass, 1.0);
    synth.render(&mut left, &mut right);
    synth.all_off();
    synth.render(&mut left, &mut right);
    assert!(rms(&left[4_800..]) < loud * 0.02);
    synth.note_on(Part::Lead, Pitch::clamped(60), Velocity::clamped(110));
    synth.render(&mut left, &mut right);
    synth.reset();
    synth.render(&mut left, &mut right);
    assert_eq!(peak(&left), 0.0);
}

#[test]
fn parts_are_about_equally_loud() {
    let loudness = |script: Script| {
        let (left, right) = play(script, 48_000, 480);
        10.0 * (rms(&left).powi(2) + rms(&right).powi(2)).log10()
    };
    let chord = [(0, Part::Chords, 57, 90), (0, Part::Chords, 60, 90), (0, Part::Chords, 64, 90)];
    let beat = [
        (0, Part::Drums, 36, 100),
        (12_000, Part::Drums, 42, 80),
        (24_000, Part::Drums, 38, 100),
        (36_000, Part::Drums, 42, 80),
    ];
    let levels = [
        loudness(&beat),
        loudness(&[(0, Part::Bass, 36, 90)]),
        loudness(&chord),
        loudness(&[(0, Part::Lead, 72, 90)]),
    ];
    for level in levels {
        assert!((-32.0..-12.0).contains(&level), "levels in dB: {levels:?}");
        assert!((level - levels[0]).abs() < 7.0, "levels in dB: {levels:?}");
    }
}

#[test]
fn nothing_is_allocated_after_construction() {
    let mut synth = Synth::new(RATE);
    let (mut left, mut right) = ([0.0; 333], [0.0; 333]);
    assert_no_alloc(|| {
        for key in 0..128 {
            for part in Part::ALL {
                synth.note_on(part, Pitch::clamped(key), Velocity::clamped(key));
                synth.note_off(part, Pitch::clamped(key - 3));
            }
            synth.render(&mut left, &mut right);
        }
        synth.set_level(Part::Lead, 0.5);
        synth.all_off();
        synth.render(&mut left, &mut right);
        synth.reset();
    });
}

/// Long decays must not reach numbers so small that the processor slows down.
#[test]
fn no_output_is_denormal() {
    let script: Vec<_> = Part::ALL.map(|part| (0, part, 45, 127)).into();
    let (left, right) = play(&script, 48_000 * 15, 4_096);
    assert!(left.iter().chain(&right).all(|sample| !sample.is_subnormal()));
}
