mod loudness;
mod sound_font;

use crate::{PartOutputs, Patch, Synth};
use nice_assert_no_alloc::{AllocDisabler, assert_no_alloc};
use score::{Blend, Genre, Part, Pitch, Velocity};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const RATE: f32 = 48_000.0;

/// A block with notes that start or end at sample offsets.
type Script<'a> = &'a [(usize, Part, u8, u8)];

/// Plays a script, velocity 0 being a note-off, in blocks of at most `block` samples.
fn play(script: Script, n_samples: usize, block: usize) -> (Vec<f32>, Vec<f32>) {
    play_on(&mut Synth::new(RATE), script, n_samples, block)
}

/// The same with one patch for a part.
fn play_patch(part: Part, patch: usize, script: Script, n_samples: usize) -> (Vec<f32>, Vec<f32>) {
    let mut synth = Synth::new(RATE);
    synth.set_patch(part, patch);
    play_on(&mut synth, script, n_samples, 480)
}

/// Every patch of every part.
fn all_patches() -> impl Iterator<Item = (Part, usize, &'static str)> {
    Part::ALL.into_iter().flat_map(|part| {
        Patch::of(part).iter().enumerate().map(move |(place, patch)| (part, place, patch.name))
    })
}

fn play_on(
    synth: &mut Synth,
    script: Script,
    n_samples: usize,
    block: usize,
) -> (Vec<f32>, Vec<f32>) {
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
    for (part, place, name) in all_patches() {
        let script = [(0, part, 50, 100), (24_000, part, 50, 0)];
        let (left, right) = play_patch(part, place, &script, 48_000 * 8);
        assert!(rms(&left[..24_000]) > 1e-3, "{name} is silent");
        let tail = 48_000 * 7;
        assert_eq!((peak(&left[tail..]), peak(&right[tail..])), (0.0, 0.0), "{name} never ends");
    }
}

#[test]
fn every_drum_key_is_heard_ends_and_stays_in_bounds() {
    for (kit, patch) in Patch::of(Part::Drums).iter().enumerate() {
        // Outside these keys the other kits are made of the acoustic one.
        let keys = if kit == 0 { 0..128 } else { 35..60 };
        for key in keys {
            let script = [(0, Part::Drums, key, 127)];
            let (left, right) = play_patch(Part::Drums, kit, &script, 48_000 * 6);
            let name = patch.name;
            assert!(left.iter().chain(&right).all(|s| s.abs() <= 1.0), "{name}, key {key}");
            let loudest = peak(&left).max(peak(&right));
            assert!(loudest > 0.01, "{name}, key {key} peaks at {loudest}");
            assert_eq!(peak(&left[48_000 * 6 - 480..]), 0.0, "{name}, key {key} rings for ever");
        }
    }
}

#[test]
fn every_key_of_every_patch_stays_in_tune_and_in_bounds() {
    for (part, place, name) in all_patches().filter(|(part, ..)| *part != Part::Drums) {
        for key in 0..128 {
            let script = [(0, part, key, 127), (9_600, part, key, 0)];
            let (left, right) = play_patch(part, place, &script, 19_200);
            let whole = left.iter().chain(&right);
            assert!(whole.clone().all(|s| s.abs() <= 1.0), "{name}, key {key}");
        }
        // Two periods of A3, for organs sound an octave below too, found where the signal is most like itself later on.
        let (left, _) = play_patch(part, place, &[(0, part, 57, 90)], 48_000);
        let steady = &left[24_000..24_000 + 9_600];
        let likeness = |lag: usize| -> f32 {
            steady.windows(lag + 1).map(|window| window[0] * window[lag]).sum::<f32>()
                / (steady.len() - lag) as f32
        };
        let best = (400..475).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap();
        let cents = 1_200.0 * (96_000.0 / best as f32 / 220.0).log2();
        assert!(cents.abs() < 12.0, "{name} is {cents} cents off");
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
    for (part, place, name) in all_patches().filter(|(part, ..)| *part != Part::Drums) {
        let key = [36, 33, 60, 76][part.index()];
        let end = 24_000;
        let script = [(0, part, key, 110), (end, part, key, 0)];
        let (left, _) = play_patch(part, place, &script, 48_000);
        // The waveform's own steepness is the measure: its release may not be steeper.
        let sounding = largest_step(&left[end - 4_800..end]);
        let ending = largest_step(&left[end - 1..]);
        assert!(ending <= sounding * 1.05, "{name}: {ending} against {sounding}");
    }
}

#[test]
fn a_new_patch_leaves_what_sounds_alone() {
    let script = [(0, Part::Lead, 69, 100)];
    let mut synth = Synth::new(RATE);
    let first = play_on(&mut synth, &script, 4_800, 480).0;
    synth.set_patch(Part::Lead, 5);
    let changed = play_on(&mut synth, &[], 4_800, 480).0;
    let whole = play(&script, 9_600, 480).0;
    assert!(first == whole[..4_800] && changed == whole[4_800..]);
    let saw = play_on(&mut synth, &script, 4_800, 480).0;
    assert!(saw != first);
}

#[test]
fn the_blend_chooses_what_suits_its_heaviest_genre() {
    let of = |part, weights: [f32; 6]| {
        let mut blend = [0.0; Blend::LEN];
        blend[..6].copy_from_slice(&weights);
        Patch::of(part)[Patch::for_blend(part, &Blend::new(blend))].name
    };
    assert_eq!(of(Part::Drums, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]), "Brushes");
    assert_eq!(of(Part::Lead, [0.6, 0.0, 0.5, 0.0, 0.0, 0.0]), "Violin");
    assert_eq!(of(Part::Lead, [0.4, 0.0, 0.5, 0.0, 0.0, 0.0]), "Electric guitar");
    assert_eq!(of(Part::Chords, [0.0; 6]), "Electric piano");
    for (genre, part) in Genre::ALL.into_iter().flat_map(|g| Part::ALL.map(|part| (g, part))) {
        let suits = Patch::of(part).iter().filter(|patch| patch.genres.contains(&genre)).count();
        assert_eq!(suits, 1, "{} {genre:?}", part.name());
    }
}

#[test]
fn parts_are_heard_alone_at_their_outputs() {
    let script = [(Part::Drums, 38), (Part::Bass, 40), (Part::Chords, 60), (Part::Lead, 72)];
    let (mut left, mut right) = (vec![0.0; 4_800], vec![0.0; 4_800]);
    for (heard, key) in script {
        let mut synth = Synth::new(RATE);
        synth.note_on(heard, Pitch::clamped(key), Velocity::clamped(100));
        let mut parts: [[Vec<f32>; 2]; 4] = Default::default();
        parts.iter_mut().flatten().for_each(|side| side.resize(4_800, f32::NAN));
        let outputs = parts.each_mut().map(|part| part.each_mut().map(|side| &mut side[..]));
        synth.render_parts(&mut left, &mut right, outputs);
        let main = left.clone();
        for part in Part::ALL {
            let [own, _] = &parts[part.index()];
            assert_eq!(rms(own) > 1e-3, part == heard, "{heard:?} on the output of {part:?}");
        }
        // Nobody listens to the parts: the main output is the same.
        let mut synth = Synth::new(RATE);
        synth.note_on(heard, Pitch::clamped(key), Velocity::clamped(100));
        synth.render(&mut left, &mut right);
        assert!(left == main);
    }
}

#[test]
fn a_place_moves_a_part_and_keeps_both_sides() {
    let sides = |pan: f32| {
        let mut synth = Synth::new(RATE);
        let [mut left, mut right, mut own_left, mut own_right] =
            [(); 4].map(|()| vec![0.0; 24_000]);
        synth.set_pan(Part::Chords, pan);
        synth.render(&mut left, &mut right);
        for key in [48, 72] {
            synth.note_on(Part::Chords, Pitch::clamped(key), Velocity::clamped(100));
        }
        let mut parts = PartOutputs::default();
        // Alone, since the room answers from all sides.
        parts[Part::Chords.index()] = [&mut own_left, &mut own_right];
        synth.render_parts(&mut left, &mut right, parts);
        (rms(&own_left), rms(&own_right))
    };
    let (left, right) = sides(0.0);
    assert!(left > 0.0 && right > 0.0);
    let (far_left, far_right) = sides(1.0);
    // What is left of the way there.
    assert!(far_left < 1e-4 * left, "{far_left} of {left}");
    let power = far_right * far_right / (left * left + right * right);
    assert!((0.4..1.6).contains(&power), "power {power}");
    assert!(sides(-1.0).1 < 1e-4 * right);
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
fn nothing_is_allocated_after_construction() {
    let mut synth = Synth::new(RATE);
    let (mut left, mut right) = ([0.0; 333], [0.0; 333]);
    let mut parts = [[[0.0; 333]; 2]; 4];
    assert_no_alloc(|| {
        for key in 0..128 {
            for part in Part::ALL {
                synth.set_patch(part, key as usize % Patch::of(part).len());
                synth.note_on(part, Pitch::clamped(key), Velocity::clamped(key));
                synth.note_off(part, Pitch::clamped(key - 3));
            }
            let outputs = parts.each_mut().map(|part| part.each_mut().map(|side| &mut side[..]));
            synth.render_parts(&mut left, &mut right, outputs);
        }
        synth.set_level(Part::Lead, 0.5);
        synth.set_pan(Part::Lead, 0.5);
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
