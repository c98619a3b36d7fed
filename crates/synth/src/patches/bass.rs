//! Bass: plucked, bowed and electronic.

use super::Patch;
use crate::dsp::EnvelopeTimes;
use crate::plucked::PluckedRecipe;
use crate::tone::{Oscillator, TONE, ToneRecipe, Wave};
use crate::voice::Recipe;
use score::Genre;

pub static PATCHES: [Patch; 5] = [
    Patch {
        trim: 1.408,
        program: 32,
        genres: &[Genre::Jazz, Genre::Folk],
        ..Patch::new("Upright", &UPRIGHT)
    },
    Patch { trim: 0.732, program: 33, genres: &[Genre::Rock], ..Patch::new("Finger", &FINGER) },
    Patch { trim: 1.239, program: 38, genres: &[Genre::Electronic], ..Patch::new("Synth", &SYNTH) },
    Patch { trim: 0.847, program: 39, genres: &[Genre::HipHop], ..Patch::new("Sub", &SUB) },
    Patch {
        trim: 1.768,
        program: 43,
        genres: &[Genre::Classical],
        ..Patch::new("Contrabass", &CONTRABASS)
    },
];

static UPRIGHT: Recipe = Recipe::Plucked(PluckedRecipe {
    gain: 0.55,
    seconds: 1.3,
    damping: 0.42,
    pick_hz: [260.0, 900.0],
    place: 0.31,
    body_hz: 105.0,
    body: 0.9,
    amplifier_hz: 2_800.0,
    drive: 0.0,
    release: 0.16,
});

static FINGER: Recipe = Recipe::Plucked(PluckedRecipe {
    gain: 0.55,
    seconds: 3.2,
    damping: 0.3,
    pick_hz: [500.0, 2_200.0],
    place: 0.22,
    body_hz: 180.0,
    body: 0.3,
    amplifier_hz: 3_600.0,
    drive: 1.5,
    release: 0.1,
});

static SYNTH: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.27,
    oscillators: &[
        Oscillator { wave: Wave::Saw, ratio: 1.0, level: 0.55, pan: 0.0 },
        Oscillator { wave: Wave::Sine, ratio: 1.0, level: 0.7, pan: 0.0 },
        Oscillator { wave: Wave::Pulse(0.42), ratio: 1.003, level: 0.25, pan: 0.0 },
    ],
    envelope: EnvelopeTimes { attack: 0.004, decay: 1.8, sustain: 0.45, release: 0.12 },
    cutoff: 1.8,
    cutoff_velocity: 3.0,
    sweep: 10.0,
    sweep_seconds: 0.5,
    cutoff_hz: [60.0, 6_000.0],
    resonance: 1.3,
    drive: 1.4,
    ..TONE
});

static SUB: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.34,
    oscillators: &[
        Oscillator { wave: Wave::Sine, ratio: 1.0, level: 1.0, pan: 0.0 },
        Oscillator { wave: Wave::Pulse(0.5), ratio: 1.0, level: 0.12, pan: 0.0 },
    ],
    envelope: EnvelopeTimes { attack: 0.005, decay: 3.5, sustain: 0.6, release: 0.18 },
    cutoff: 3.0,
    cutoff_velocity: 3.0,
    sweep: 3.0,
    sweep_seconds: 0.15,
    cutoff_hz: [60.0, 1_600.0],
    drive: 1.5,
    ..TONE
});

static CONTRABASS: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.3,
    oscillators: &[
        Oscillator { wave: Wave::Saw, ratio: 1.0, level: 0.5, pan: 0.0 },
        Oscillator { wave: Wave::Saw, ratio: 1.004, level: 0.35, pan: 0.35 },
        Oscillator { wave: Wave::Saw, ratio: 0.9965, level: 0.35, pan: -0.35 },
        Oscillator { wave: Wave::Sine, ratio: 1.0, level: 0.3, pan: 0.0 },
    ],
    envelope: EnvelopeTimes { attack: 0.07, decay: 1.5, sustain: 0.8, release: 0.3 },
    cutoff: 3.5,
    cutoff_velocity: 4.5,
    cutoff_hz: [120.0, 3_200.0],
    breath: 0.035,
    chiff: 0.1,
    vibrato_hz: 4.6,
    vibrato_depth: 0.0025,
    vibrato_delay: 0.4,
    ..TONE
});
