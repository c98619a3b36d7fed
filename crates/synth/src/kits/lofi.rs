//! The dusty kit: short, dark and a little low, as if sampled from a record.

use super::{CLAP, DrumSound, HAT, KICK, SNARE};

pub fn sound(key: u8) -> DrumSound {
    match key {
        35 | 36 => DrumSound {
            gain: 1.0,
            skin_hz: if key == 35 { 46.0 } else { 54.0 },
            skin_seconds: 0.36,
            bend: 2.2,
            bend_seconds: 0.05,
            noise: 0.3,
            noise_hz: 900.0,
            noise_seconds: 0.03,
            ..KICK
        },
        37 => DrumSound { skin_hz: 640.0, noise_hz: 2_000.0, ..DrumSound::acoustic(37) },
        38 | 40 => DrumSound {
            gain: 0.66,
            skin: 0.6,
            skin_hz: if key == 38 { 168.0 } else { 190.0 },
            skin_seconds: 0.12,
            noise: 0.85,
            noise_hz: 1_500.0,
            noise_q: 0.6,
            noise_seconds: 0.16,
            ..SNARE
        },
        39 => DrumSound { noise_hz: 950.0, noise_seconds: 0.12, ..CLAP },
        42 | 44 => dusty(0.05),
        46 => dusty(0.3),
        _ => {
            // Everything else is an older pressing of the acoustic kit.
            let sound = DrumSound::acoustic(key);
            DrumSound {
                gain: sound.gain * 0.85,
                noise_hz: sound.noise_hz * 0.65,
                metal_hz: sound.metal_hz * 0.7,
                metal_seconds: sound.metal_seconds * 0.55,
                noise_seconds: sound.noise_seconds * 0.6,
                skin_seconds: sound.skin_seconds * 0.75,
                ..sound
            }
        }
    }
}

fn dusty(seconds: f32) -> DrumSound {
    DrumSound {
        gain: 0.42,
        noise: 0.6,
        noise_hz: 5_200.0,
        noise_seconds: seconds,
        metal: 0.5,
        metal_hz: 560.0,
        metal_seconds: seconds * 1.2,
        ..HAT
    }
}
