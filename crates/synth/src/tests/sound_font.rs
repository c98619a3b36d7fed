//! A SoundFont made here: one looped sine for every key of every program and of the drum bank.

use super::*;
use crate::{SoundFontBand, SoundFontError};
use std::path::PathBuf;

const N_SAMPLES: usize = 4_410;

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut bytes = id.to_vec();
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

fn named(name: &str, n_bytes: usize) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(n_bytes, 0);
    bytes
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A SoundFont whose sample loops from `loop_start` to its end.
fn font(loop_start: u32) -> Vec<u8> {
    let wave: Vec<u8> = (0..N_SAMPLES + 46)
        .map(|i| (i as f32 / 100.0 * std::f32::consts::TAU).sin() * 16_000.0)
        .flat_map(|sample| (sample as i16).to_le_bytes())
        .collect();
    let preset = |name: &str, bank: u16, bag: u16| {
        [named(name, 20), words(&[0, bank, bag]), vec![0; 12]].concat()
    };
    let mut header = named("sine", 20);
    for number in [0, N_SAMPLES as u32, loop_start, N_SAMPLES as u32 - 10, 44_100] {
        header.extend(number.to_le_bytes());
    }
    header.extend([69, 0]);
    header.extend(words(&[0, 1]));
    let list = |id: &[u8; 4], chunks: Vec<Vec<u8>>| {
        chunk(b"LIST", &[id.to_vec(), chunks.concat()].concat())
    };
    let info = list(
        b"INFO",
        vec![
            chunk(b"ifil", &words(&[2, 1])),
            chunk(b"isng", &named("EMU8000", 8)),
            chunk(b"INAM", &named("Test", 6)),
        ],
    );
    let data = list(b"sdta", vec![chunk(b"smpl", &wave)]);
    let tables = list(
        b"pdta",
        vec![
            chunk(
                b"phdr",
                &[preset("Tone", 0, 0), preset("Kit", 128, 1), preset("EOP", 0, 2)].concat(),
            ),
            chunk(b"pbag", &words(&[0, 0, 1, 0, 2, 0])),
            chunk(b"pmod", &[0; 10]),
            // Both presets name instrument 0.
            chunk(b"pgen", &words(&[41, 0, 41, 0, 0, 0])),
            chunk(
                b"inst",
                &[named("Tone", 20), words(&[0]), named("EOI", 20), words(&[1])].concat(),
            ),
            chunk(b"ibag", &words(&[0, 0, 2, 0])),
            chunk(b"imod", &[0; 10]),
            // Looped, sample 0.
            chunk(b"igen", &words(&[54, 1, 53, 0, 0, 0])),
            chunk(b"shdr", &[header, vec![0; 46]].concat()),
        ],
    );
    chunk(b"RIFF", &[b"sfbk".to_vec(), info, data, tables].concat())
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("tributary-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}

fn band(name: &str) -> Box<SoundFontBand> {
    let path = file(name, &font(400));
    let band = SoundFontBand::load(&path, RATE).unwrap();
    std::fs::remove_file(path).unwrap();
    band
}

#[test]
fn a_sound_font_plays_every_part_without_allocating_and_goes_again() {
    let mut next = Some(band("plays.sf2"));
    let mut synth = Synth::new(RATE);
    let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
    for part in Part::ALL {
        let mut retired = None;
        assert_no_alloc(|| {
            assert!(synth.change_sound_font(next.take()).is_none());
            (0..40).for_each(|_| synth.render(&mut left, &mut right));
            assert_eq!(peak(&left), 0.0);
            synth.note_on(part, Pitch::clamped(60), Velocity::clamped(100));
            synth.render(&mut left, &mut right);
            assert!(peak(&left) > 0.01, "{part:?} is silent");
            synth.note_off(part, Pitch::clamped(60));
            assert!(synth.change_sound_font(None).is_none());
            (0..400).for_each(|_| synth.render(&mut left, &mut right));
            assert!(synth.sound_font().is_none());
            retired = synth.take_retired();
        });
        assert_eq!(peak(&left), 0.0);
        next = retired;
        assert!(next.as_ref().is_some_and(|font| !font.has_failed()));
    }
}

#[test]
fn a_sound_font_does_not_depend_on_the_cut_into_blocks_and_ends_without_a_click() {
    let script = [(0, Part::Lead, 69, 100), (100, Part::Drums, 38, 90), (9_001, Part::Lead, 69, 0)];
    let whole = {
        let mut synth = Synth::new(RATE);
        synth.change_sound_font(Some(band("whole.sf2")));
        let _ = play_on(&mut synth, &[], 4_800, 480);
        play_on(&mut synth, &script, 24_000, 8_192)
    };
    assert!(rms(&whole.0) > 0.01);
    for block in [1, 37, 512] {
        let mut synth = Synth::new(RATE);
        synth.change_sound_font(Some(band("cut.sf2")));
        let _ = play_on(&mut synth, &[], 4_800, 480);
        assert!(play_on(&mut synth, &script, 24_000, block) == whole, "block {block}");
    }
    let mut synth = Synth::new(RATE);
    synth.change_sound_font(Some(band("click.sf2")));
    let _ = play_on(&mut synth, &[], 4_800, 480);
    let sounding = play_on(&mut synth, &[(0, Part::Lead, 69, 100)], 9_600, 480).0;
    let step = largest_step(&sounding[4_800..]);
    assert!(synth.change_sound_font(None).is_none());
    let fading = play_on(&mut synth, &[], 9_600, 480).0;
    assert!((fading[0] - sounding[9_599]).abs() < step * 1.1 && largest_step(&fading) < step * 1.1);
}

#[test]
fn what_is_no_sound_font_is_refused_by_name() {
    let whole = font(400);
    let broken: [(&str, Vec<u8>); 4] = [
        ("empty.sf2", Vec::new()),
        ("text.sf2", b"this is a text and no SoundFont at all".to_vec()),
        ("half.sf2", whole[..whole.len() / 2].to_vec()),
        // A loop of two samples, which the highest key would leave in one step.
        ("loop.sf2", font(N_SAMPLES as u32 - 12)),
    ];
    for (name, bytes) in broken {
        let path = file(name, &bytes);
        let error = SoundFontBand::load(&path, RATE).err().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(error, SoundFontError::Read { .. }), "{name}: {error}");
        assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    }
    let missing = SoundFontBand::load("there-is-no-such.sf2".as_ref(), RATE).err().unwrap();
    assert!(matches!(missing, SoundFontError::Open { .. }), "{missing}");
    assert!(missing.to_string().starts_with("there-is-no-such.sf2: "));
    let path = file("rate.sf2", &whole);
    let error = SoundFontBand::load(&path, 384_000.0).err().unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(error, SoundFontError::SampleRate(_)), "{error}");
}

/// Damage anywhere is refused or played, never worse.
#[test]
fn damaged_sound_fonts_do_no_harm() {
    let whole = font(400);
    let tables = whole.len() - 420;
    let mut random = crate::dsp::Noise::new(7);
    let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
    for round in 0..300 {
        let mut bytes = whole.clone();
        let at = tables + ((random.next() + 1.0) * 210.0) as usize;
        bytes[at] = ((random.next() + 1.0) * 128.0) as u8;
        let path = file("damaged.sf2", &bytes);
        let Ok(band) = SoundFontBand::load(&path, RATE) else { continue };
        let mut synth = Synth::new(RATE);
        synth.change_sound_font(Some(band));
        synth.render(&mut left, &mut right);
        for key in [0, 60, 127] {
            synth.note_on(Part::Lead, Pitch::clamped(key), Velocity::clamped(127));
            synth.note_on(Part::Drums, Pitch::clamped(key), Velocity::clamped(127));
        }
        for _ in 0..20 {
            synth.render(&mut left, &mut right);
            assert!(left.iter().all(|s| s.abs() <= 1.0), "round {round}, byte {at}");
        }
    }
    let _ = std::fs::remove_file(std::env::temp_dir().join("damaged.sf2"));
}
