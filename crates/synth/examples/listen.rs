//! Writes two bars of the built-in sound to a file: `cargo run -p synth --example listen FILE.wav`.

use score::{Part, Pitch, Velocity};
use synth::Synth;

const SAMPLE_RATE: u32 = 48_000;
const SAMPLES_PER_STEP: usize = SAMPLE_RATE as usize / 8;

/// One bar in sixteenths: a key a step, 0 rests, each held until the next.
const LINES: [(Part, i32, [u8; 16]); 7] = [
    (Part::Drums, 105, [36, 0, 0, 0, 0, 0, 36, 0, 0, 0, 36, 0, 0, 0, 0, 0]),
    (Part::Drums, 100, [0, 0, 0, 0, 38, 0, 0, 0, 0, 0, 0, 0, 38, 0, 0, 38]),
    (Part::Drums, 70, [42, 0, 42, 0, 42, 0, 42, 0, 42, 0, 42, 0, 42, 0, 46, 0]),
    (Part::Bass, 95, [33, 0, 0, 33, 0, 0, 40, 0, 31, 0, 0, 31, 0, 0, 38, 0]),
    (Part::Chords, 70, [57, 0, 0, 0, 0, 0, 57, 0, 55, 0, 0, 0, 0, 0, 55, 0]),
    (Part::Chords, 70, [64, 0, 0, 0, 0, 0, 64, 0, 62, 0, 0, 0, 0, 0, 62, 0]),
    (Part::Lead, 85, [0, 0, 76, 0, 74, 72, 0, 0, 74, 0, 71, 0, 0, 0, 67, 69]),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("the file to write is missing")?;
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec)?;
    let mut synth = Synth::new(SAMPLE_RATE as f32);
    let mut held = [0_u8; LINES.len()];
    let (mut left, mut right) = ([0.0; SAMPLES_PER_STEP], [0.0; SAMPLES_PER_STEP]);
    for step in 0..48 {
        for (held, (part, velocity, keys)) in held.iter_mut().zip(LINES) {
            let key = if step < 32 { keys[step % 16] } else { 0 };
            if key != 0 || step == 32 {
                synth.note_off(part, Pitch::clamped((*held).into()));
            }
            if key != 0 {
                *held = key;
                synth.note_on(part, Pitch::clamped(key.into()), Velocity::clamped(velocity));
            }
        }
        synth.render(&mut left, &mut right);
        for (left, right) in left.iter().zip(&right) {
            wav.write_sample(*left)?;
            wav.write_sample(*right)?;
        }
    }
    wav.finalize()?;
    Ok(())
}
