//! The drum machine: a long sine for a kick, a snapping snare, square-wave cymbals.

use super::{BELL, CLAP, CRASH, DrumSound, HAT, KICK, NoiseBand, RIDE, SIDE_STICK, SNARE, tom};

pub fn sound(key: u8) -> DrumSound {
    match key {
        35 => DrumSound { skin_hz: 41.0, skin_seconds: 1.5, ..BOOM },
        36 => BOOM,
        37 => DrumSound { skin_hz: 1_700.0, overtone_ratio: 1.47, noise: 0.1, ..SIDE_STICK },
        38 => SNAP,
        40 => DrumSound { skin_hz: 245.0, noise_hz: 6_400.0, noise_seconds: 0.14, ..SNAP },
        39 | 28 => DrumSound { gain: 0.62, noise_hz: 1_100.0, noise_seconds: 0.22, ..CLAP },
        41 | 43 | 45 | 47 | 48 | 50 => {
            let drum = DrumSound::acoustic(key);
            DrumSound {
                noise: 0.05,
                overtone: 0.0,
                bend: 0.5,
                bend_seconds: 0.2,
                ..tom(drum.skin_hz, drum.pan)
            }
        }
        42 => TICK,
        44 => DrumSound { metal_seconds: 0.05, gain: 0.3, ..TICK },
        46 => DrumSound { metal_seconds: 0.7, ..TICK },
        49 | 57 => {
            DrumSound { noise: 0.3, metal: 1.0, metal_hz: 620.0, metal_seconds: 1.8, ..CRASH }
        }
        51 | 59 => DrumSound { skin: 0.0, metal_hz: 880.0, metal_seconds: 0.9, ..RIDE },
        56 => DrumSound { skin_hz: 540.0, overtone_ratio: 1.48, noise: 0.0, ..BELL },
        _ => DrumSound::acoustic(key),
    }
}

const BOOM: DrumSound = DrumSound {
    gain: 0.95,
    skin_hz: 47.0,
    skin_seconds: 0.95,
    bend: 4.5,
    bend_seconds: 0.06,
    noise: 0.2,
    noise_hz: 4_500.0,
    noise_seconds: 0.008,
    ..KICK
};

const SNAP: DrumSound = DrumSound {
    gain: 0.6,
    skin: 0.6,
    skin_hz: 210.0,
    skin_seconds: 0.12,
    bend: 0.9,
    bend_seconds: 0.03,
    overtone: 0.55,
    overtone_ratio: 1.5,
    noise: 0.7,
    noise_band: NoiseBand::Above,
    noise_hz: 2_600.0,
    noise_seconds: 0.18,
    ..SNARE
};

const TICK: DrumSound = DrumSound {
    gain: 0.36,
    noise: 0.1,
    noise_seconds: 0.03,
    metal: 1.1,
    metal_hz: 950.0,
    metal_seconds: 0.085,
    ..HAT
};
