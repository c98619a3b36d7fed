//! The jazz kit: a small tuned kick, a snare under brushes, wide cymbals.

use super::{CRASH, DrumSound, HAT, KICK, RIDE, SNARE, tom};

pub fn sound(key: u8) -> DrumSound {
    match key {
        35 | 36 => DrumSound {
            gain: 0.7,
            skin_hz: if key == 35 { 56.0 } else { 62.0 },
            skin_seconds: 0.42,
            bend: 1.1,
            bend_seconds: 0.05,
            noise: 0.2,
            noise_hz: 1_400.0,
            noise_seconds: 0.012,
            ..KICK
        },
        38 => BRUSH,
        // The brush that is swept across the skin.
        40 => DrumSound { noise_seconds: 0.55, noise_hz: 4_600.0, skin: 0.08, ..BRUSH },
        39 => DrumSound { noise_seconds: 0.12, noise_hz: 3_600.0, skin: 0.2, ..BRUSH },
        41 | 43 | 45 | 47 | 48 | 50 => {
            let drum = DrumSound::acoustic(key);
            DrumSound {
                skin_seconds: 0.8,
                bend: 0.3,
                gain: 0.5,
                ..tom(drum.skin_hz * 1.25, drum.pan)
            }
        }
        42 | 44 => DrumSound {
            gain: 0.3,
            metal: 0.6,
            metal_hz: 760.0,
            noise_seconds: 0.06,
            metal_seconds: 0.09,
            ..HAT
        },
        46 => {
            DrumSound { gain: 0.3, metal_hz: 760.0, metal_seconds: 0.7, noise_seconds: 0.5, ..HAT }
        }
        49 | 57 => DrumSound { gain: 0.3, metal_seconds: 2.8, noise_seconds: 2.2, ..CRASH },
        51 | 59 => DrumSound {
            gain: 0.4,
            skin: 0.14,
            skin_hz: 2_350.0,
            skin_seconds: 0.35,
            noise: 0.16,
            metal_hz: if key == 51 { 560.0 } else { 510.0 },
            metal_seconds: 2.4,
            noise_seconds: 1.3,
            ..RIDE
        },
        _ => DrumSound::acoustic(key),
    }
}

const BRUSH: DrumSound = DrumSound {
    gain: 0.5,
    skin: 0.3,
    skin_hz: 205.0,
    skin_seconds: 0.14,
    bend: 0.2,
    overtone: 0.3,
    noise: 0.75,
    noise_hz: 3_400.0,
    noise_q: 0.5,
    noise_seconds: 0.3,
    attack_seconds: 0.008,
    ..SNARE
};
