//! The kits: what each General MIDI drum key is made of. All figures by ear.
//!
//! The acoustic kit stands here; the others say what they have of their own and take the rest
//! from it.

mod brushes;
mod electronic;
mod lofi;
mod orchestral;

/// The kits of the drum patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kit {
    Acoustic,
    Brushes,
    Electronic,
    Orchestral,
    LoFi,
}

/// Which side of its filter a drum's noise comes from.
#[derive(Clone, Copy)]
pub enum NoiseBand {
    Around,
    Above,
}

/// The make-up of one drum. Seconds are times to fall by 60 dB.
#[derive(Clone, Copy)]
pub struct DrumSound {
    pub gain: f32,
    /// -1 is left, 1 is right.
    pub pan: f32,
    /// Hits of a group end one another, as hands on a pair of hats; 0 is none.
    pub choke_group: u8,
    /// Level of the pitched skin.
    pub skin: f32,
    pub skin_hz: f32,
    pub skin_seconds: f32,
    /// How much higher the skin starts, as a share of its frequency.
    pub bend: f32,
    pub bend_seconds: f32,
    /// Level of a second mode, relative to the first.
    pub overtone: f32,
    pub overtone_ratio: f32,
    pub noise: f32,
    pub noise_band: NoiseBand,
    pub noise_hz: f32,
    pub noise_q: f32,
    pub noise_seconds: f32,
    /// How long a hit ramps up, short enough to be heard as one.
    pub attack_seconds: f32,
    /// How often the noise starts anew.
    pub bursts: u8,
    pub metal: f32,
    /// Lowest partial of the metal; what is heard lies far above it.
    pub metal_hz: f32,
    pub metal_seconds: f32,
}

const BASE: DrumSound = DrumSound {
    gain: 0.6,
    pan: 0.0,
    choke_group: 0,
    skin: 0.0,
    skin_hz: 200.0,
    skin_seconds: 0.2,
    bend: 0.0,
    bend_seconds: 0.05,
    overtone: 0.0,
    overtone_ratio: 1.59,
    noise: 0.0,
    noise_band: NoiseBand::Around,
    noise_hz: 2_000.0,
    noise_q: 0.7,
    noise_seconds: 0.1,
    attack_seconds: 0.0006,
    bursts: 0,
    metal: 0.0,
    metal_hz: 600.0,
    metal_seconds: 0.1,
};

impl DrumSound {
    /// Nothing at all.
    pub const SILENT: Self = Self { gain: 0.0, ..BASE };

    /// The sound of a General MIDI drum key; keys outside the standard sound like a wood block.
    pub fn of_key(kit: Kit, key: u8) -> Self {
        match kit {
            Kit::Acoustic => Self::acoustic(key),
            Kit::Brushes => brushes::sound(key),
            Kit::Electronic => electronic::sound(key),
            Kit::Orchestral => orchestral::sound(key),
            Kit::LoFi => lofi::sound(key),
        }
    }

    fn acoustic(key: u8) -> Self {
        match key {
            35 => Self { skin_hz: 43.0, skin_seconds: 0.75, ..KICK },
            36 => KICK,
            31 | 37 => SIDE_STICK,
            38 => SNARE,
            40 => Self { skin_hz: 205.0, noise_hz: 2_600.0, gain: 0.62, ..SNARE },
            28 | 39 => CLAP,
            41 => tom(72.0, -0.5),
            43 => tom(88.0, -0.35),
            45 => tom(108.0, -0.15),
            47 => tom(132.0, 0.1),
            48 => tom(158.0, 0.3),
            50 => tom(190.0, 0.45),
            42 => HAT,
            44 => Self { metal_seconds: 0.09, noise_seconds: 0.06, gain: 0.34, ..HAT },
            46 => Self { metal_seconds: 0.85, noise_seconds: 0.6, gain: 0.4, ..HAT },
            49 => CRASH,
            57 => Self { pan: 0.5, metal_hz: 530.0, ..CRASH },
            52 => Self { pan: 0.4, metal_hz: 390.0, metal: 1.2, noise_seconds: 1.0, ..CRASH },
            55 => Self { metal_seconds: 0.9, noise_seconds: 0.7, metal_hz: 690.0, ..CRASH },
            51 => RIDE,
            59 => Self { pan: 0.3, metal_hz: 560.0, ..RIDE },
            53 => Self { skin: 0.35, skin_hz: 1_050.0, skin_seconds: 0.9, gain: 0.42, ..RIDE },
            54 => Self { noise_hz: 8_200.0, noise_seconds: 0.16, metal_hz: 1_100.0, ..SHAKEN },
            69 | 82 => Self { noise_seconds: 0.09, ..SHAKEN },
            70 => Self { noise_seconds: 0.05, noise_hz: 6_400.0, pan: -0.4, ..SHAKEN },
            58 => Self { noise_seconds: 0.9, bursts: 9, noise_hz: 2_600.0, ..SHAKEN },
            73 => Self { noise_seconds: 0.08, bursts: 2, noise_hz: 3_200.0, ..SHAKEN },
            74 => Self { noise_seconds: 0.12, bursts: 12, noise_hz: 3_200.0, ..SHAKEN },
            56 => BELL,
            67 => Self { skin_hz: 880.0, skin_seconds: 0.35, ..BELL },
            68 => Self { skin_hz: 660.0, skin_seconds: 0.35, ..BELL },
            60 => hand_drum(420.0, 0.2, 0.35),
            61 => hand_drum(290.0, 0.25, 0.3),
            62 => hand_drum(235.0, 0.09, -0.3),
            63 => hand_drum(225.0, 0.3, -0.35),
            64 => hand_drum(165.0, 0.35, -0.4),
            65 => Self { noise: 0.5, ..hand_drum(330.0, 0.3, 0.25) },
            66 => Self { noise: 0.5, ..hand_drum(240.0, 0.35, 0.2) },
            78 | 79 => Self { bend: -0.3, bend_seconds: 0.2, ..hand_drum(460.0, 0.25, 0.3) },
            86 | 87 => hand_drum(95.0, if key == 86 { 0.12 } else { 0.6 }, 0.15),
            71 | 72 => Self { skin_hz: 2_300.0, skin_seconds: 0.25, ..WOOD },
            75 => Self { skin_hz: 2_500.0, skin_seconds: 0.06, ..WOOD },
            77 => Self { skin_hz: 620.0, ..WOOD },
            80 => Self { skin_seconds: 0.15, ..TRIANGLE },
            81 => TRIANGLE,
            _ => WOOD,
        }
    }
}

const KICK: DrumSound = DrumSound {
    gain: 0.95,
    skin: 1.0,
    skin_hz: 49.0,
    skin_seconds: 0.5,
    bend: 3.4,
    bend_seconds: 0.09,
    noise: 0.35,
    noise_hz: 3_000.0,
    noise_seconds: 0.018,
    ..BASE
};

const SNARE: DrumSound = DrumSound {
    gain: 0.58,
    pan: 0.04,
    skin: 0.55,
    skin_hz: 185.0,
    skin_seconds: 0.17,
    bend: 0.6,
    bend_seconds: 0.04,
    overtone: 0.5,
    overtone_ratio: 1.78,
    noise: 0.8,
    noise_hz: 2_100.0,
    noise_q: 0.5,
    noise_seconds: 0.24,
    ..BASE
};

const SIDE_STICK: DrumSound = DrumSound {
    gain: 0.5,
    pan: 0.08,
    skin: 0.6,
    skin_hz: 830.0,
    skin_seconds: 0.05,
    overtone: 0.7,
    overtone_ratio: 2.1,
    noise: 0.5,
    noise_hz: 3_600.0,
    noise_seconds: 0.03,
    ..BASE
};

const CLAP: DrumSound = DrumSound {
    gain: 0.55,
    pan: -0.06,
    noise: 0.9,
    noise_hz: 1_250.0,
    noise_q: 1.1,
    noise_seconds: 0.16,
    bursts: 3,
    ..BASE
};

const HAT: DrumSound = DrumSound {
    gain: 0.4,
    pan: 0.25,
    choke_group: 1,
    noise: 0.35,
    noise_band: NoiseBand::Above,
    noise_hz: 8_500.0,
    noise_seconds: 0.08,
    metal: 0.9,
    metal_hz: 840.0,
    metal_seconds: 0.13,
    ..BASE
};

const CRASH: DrumSound = DrumSound {
    gain: 0.42,
    pan: -0.45,
    noise: 0.5,
    noise_band: NoiseBand::Above,
    noise_hz: 5_200.0,
    noise_seconds: 1.7,
    metal: 0.85,
    metal_hz: 470.0,
    metal_seconds: 2.2,
    ..BASE
};

const RIDE: DrumSound = DrumSound {
    gain: 0.34,
    pan: 0.4,
    skin: 0.08,
    skin_hz: 1_900.0,
    skin_seconds: 0.25,
    noise: 0.12,
    noise_band: NoiseBand::Above,
    noise_hz: 7_000.0,
    noise_seconds: 0.8,
    metal: 0.8,
    metal_hz: 620.0,
    metal_seconds: 1.6,
    ..BASE
};

const SHAKEN: DrumSound = DrumSound {
    gain: 0.34,
    pan: 0.35,
    noise: 0.9,
    noise_band: NoiseBand::Above,
    noise_hz: 7_000.0,
    noise_seconds: 0.1,
    ..BASE
};

const BELL: DrumSound = DrumSound {
    gain: 0.34,
    pan: -0.2,
    skin: 0.7,
    skin_hz: 555.0,
    skin_seconds: 0.25,
    overtone: 0.8,
    overtone_ratio: 1.505,
    noise: 0.2,
    noise_hz: 4_000.0,
    noise_seconds: 0.02,
    ..BASE
};

const WOOD: DrumSound = DrumSound {
    gain: 0.4,
    pan: 0.3,
    skin: 0.9,
    skin_hz: 980.0,
    skin_seconds: 0.07,
    overtone: 0.25,
    overtone_ratio: 2.7,
    noise: 0.15,
    noise_hz: 4_000.0,
    noise_seconds: 0.012,
    ..BASE
};

const TRIANGLE: DrumSound = DrumSound {
    gain: 0.2,
    pan: -0.35,
    skin: 0.6,
    skin_hz: 4_100.0,
    skin_seconds: 1.9,
    overtone: 0.6,
    overtone_ratio: 1.61,
    ..BASE
};

fn tom(skin_hz: f32, pan: f32) -> DrumSound {
    DrumSound {
        gain: 0.62,
        pan,
        skin: 0.9,
        skin_hz,
        skin_seconds: 0.6,
        bend: 0.7,
        bend_seconds: 0.12,
        overtone: 0.2,
        noise: 0.25,
        noise_hz: 1_800.0,
        noise_seconds: 0.05,
        ..BASE
    }
}

fn hand_drum(skin_hz: f32, skin_seconds: f32, pan: f32) -> DrumSound {
    DrumSound {
        gain: 0.5,
        pan,
        skin: 0.85,
        skin_hz,
        skin_seconds,
        bend: 0.25,
        bend_seconds: 0.06,
        overtone: 0.3,
        noise: 0.25,
        noise_hz: 2_800.0,
        noise_seconds: 0.03,
        ..BASE
    }
}
