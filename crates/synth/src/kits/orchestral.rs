//! Orchestral percussion: a concert bass drum, a field snare, kettledrums, clashed cymbals.

use super::{CRASH, DrumSound, HAT, KICK, SNARE, TRIANGLE, tom};

pub fn sound(key: u8) -> DrumSound {
    match key {
        35 | 36 => DrumSound {
            gain: 0.75,
            skin_hz: if key == 35 { 38.0 } else { 45.0 },
            skin_seconds: 1.5,
            bend: 0.45,
            bend_seconds: 0.1,
            overtone: 0.35,
            overtone_ratio: 1.63,
            noise: 0.25,
            noise_hz: 420.0,
            noise_seconds: 0.07,
            attack_seconds: 0.003,
            ..KICK
        },
        37 => DrumSound { gain: 0.45, ..DrumSound::acoustic(37) },
        38 => FIELD,
        39 => DrumSound { noise_seconds: 0.12, gain: 0.4, ..FIELD },
        40 => DrumSound { skin_hz: 250.0, noise_hz: 3_600.0, noise_seconds: 0.3, ..FIELD },
        41 => kettle(73.0, -0.4),
        43 => kettle(82.0, -0.25),
        45 => kettle(98.0, -0.1),
        47 => kettle(110.0, 0.1),
        48 => kettle(131.0, 0.25),
        50 => kettle(147.0, 0.4),
        // A small triangle and a shaken ring keep the time where a band has its hats.
        42 | 44 => DrumSound { gain: 0.13, skin_seconds: 0.16, choke_group: 1, ..TRIANGLE },
        46 => DrumSound { gain: 0.15, skin_seconds: 1.4, choke_group: 1, ..TRIANGLE },
        49 | 57 => {
            DrumSound { metal_seconds: 3.2, noise_seconds: 2.6, attack_seconds: 0.004, ..CRASH }
        }
        51 | 59 => DrumSound {
            gain: 0.2,
            pan: 0.3,
            choke_group: 0,
            metal: 0.5,
            metal_hz: 480.0,
            metal_seconds: 1.9,
            noise: 0.3,
            noise_hz: 5_000.0,
            noise_seconds: 1.4,
            attack_seconds: 0.012,
            ..HAT
        },
        _ => DrumSound::acoustic(key),
    }
}

const FIELD: DrumSound = DrumSound {
    gain: 0.5,
    skin: 0.4,
    skin_hz: 225.0,
    skin_seconds: 0.2,
    bend: 0.25,
    noise: 0.75,
    noise_hz: 2_900.0,
    noise_seconds: 0.2,
    ..SNARE
};

fn kettle(skin_hz: f32, pan: f32) -> DrumSound {
    DrumSound {
        gain: 0.68,
        skin_seconds: 1.7,
        bend: 0.06,
        overtone: 0.55,
        // The fifth over the note that a kettle sounds.
        overtone_ratio: 1.5,
        noise: 0.2,
        noise_hz: 700.0,
        noise_seconds: 0.04,
        ..tom(skin_hz, pan)
    }
}
