//! Chords: keys, strings and guitars.

use super::Patch;
use crate::dsp::EnvelopeTimes;
use crate::fm::FmRecipe;
use crate::modal::ModalRecipe;
use crate::plucked::PluckedRecipe;
use crate::tone::{Oscillator, TONE, ToneRecipe, Wave};
use crate::voice::Recipe;
use score::Genre;

pub static PATCHES: [Patch; 7] = [
    Patch { trim: 0.880, program: 0, genres: &[Genre::Jazz], ..Patch::new("Piano", &PIANO) },
    Patch {
        trim: 0.367,
        program: 4,
        genres: &[Genre::HipHop],
        ..Patch::new("Electric piano", &FORKS)
    },
    Patch { trim: 0.496, program: 16, genres: &[], ..Patch::new("Organ", &ORGAN) },
    Patch {
        trim: 0.792,
        program: 48,
        genres: &[Genre::Classical],
        ..Patch::new("Strings", &STRINGS)
    },
    Patch { trim: 0.719, program: 89, genres: &[Genre::Electronic], ..Patch::new("Pad", &PAD) },
    Patch {
        trim: 1.172,
        program: 25,
        genres: &[Genre::Folk],
        ..Patch::new("Steel guitar", &STEEL)
    },
    Patch {
        trim: 0.252,
        program: 27,
        genres: &[Genre::Rock],
        ..Patch::new("Electric guitar", &ELECTRIC)
    },
];

static PIANO: Recipe = Recipe::Modal(ModalRecipe {
    gain: 0.6,
    ratios: &[],
    slope: [1.9, 0.85],
    place: 0.122,
    seconds: 6.0,
    shortening: 0.3,
    knock: 0.16,
    knock_hz: 420.0,
    release: 0.22,
});

static FORKS: Recipe = Recipe::Fm(FmRecipe {
    gain: 0.6,
    bark: 0.025,
    bark_velocity: 0.2,
    bark_seconds: 1.6,
    bell: 0.045,
    bell_ratio: 7.0,
    bell_seconds: 0.35,
    detune: 1.001_16,
    seconds: 5.0,
    release: 0.28,
});

static ORGAN: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.2,
    // Drawbars 888 000 008 and a little percussion, over a slow rotor.
    oscillators: &[
        Oscillator { wave: Wave::Sine, ratio: 0.5, level: 0.5, pan: 0.0 },
        Oscillator { wave: Wave::Sine, ratio: 1.0, level: 0.6, pan: 0.15 },
        Oscillator { wave: Wave::Sine, ratio: 1.498, level: 0.4, pan: -0.15 },
        Oscillator { wave: Wave::Sine, ratio: 2.0, level: 0.3, pan: 0.3 },
        Oscillator { wave: Wave::Sine, ratio: 2.997, level: 0.14, pan: -0.3 },
        Oscillator { wave: Wave::Sine, ratio: 8.0, level: 0.05, pan: 0.0 },
    ],
    envelope: EnvelopeTimes { attack: 0.006, decay: 1.0, sustain: 0.95, release: 0.09 },
    softest: 0.55,
    cutoff: 12.0,
    cutoff_velocity: 6.0,
    cutoff_hz: [1_200.0, 8_000.0],
    chiff: 0.12,
    vibrato_hz: 6.3,
    vibrato_depth: 0.0022,
    vibrato_delay: 0.0,
    tremolo: 0.13,
    drive: 0.9,
    ..TONE
});

static STRINGS: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.2,
    oscillators: &[
        Oscillator { wave: Wave::Saw, ratio: 1.0, level: 0.4, pan: 0.0 },
        Oscillator { wave: Wave::Saw, ratio: 1.0043, level: 0.35, pan: 0.7 },
        Oscillator { wave: Wave::Saw, ratio: 0.9958, level: 0.35, pan: -0.7 },
        Oscillator { wave: Wave::Saw, ratio: 1.0021, level: 0.3, pan: -0.4 },
        Oscillator { wave: Wave::Saw, ratio: 0.9976, level: 0.3, pan: 0.4 },
    ],
    envelope: EnvelopeTimes { attack: 0.11, decay: 2.0, sustain: 0.85, release: 0.55 },
    softest: 0.3,
    cutoff: 3.0,
    cutoff_velocity: 5.0,
    cutoff_hz: [500.0, 6_500.0],
    breath: 0.02,
    vibrato_hz: 5.0,
    vibrato_depth: 0.002,
    vibrato_delay: 0.2,
    ..TONE
});

static PAD: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.2,
    oscillators: &[
        Oscillator { wave: Wave::Saw, ratio: 1.0, level: 0.4, pan: -0.2 },
        Oscillator { wave: Wave::Saw, ratio: 1.0065, level: 0.4, pan: 0.8 },
        Oscillator { wave: Wave::Saw, ratio: 0.9935, level: 0.4, pan: -0.8 },
        Oscillator { wave: Wave::Pulse(0.35), ratio: 0.5015, level: 0.25, pan: 0.2 },
    ],
    envelope: EnvelopeTimes { attack: 0.06, decay: 2.5, sustain: 0.75, release: 0.7 },
    softest: 0.3,
    cutoff: 1.8,
    cutoff_velocity: 3.5,
    sweep: 6.0,
    sweep_seconds: 1.8,
    cutoff_hz: [250.0, 8_000.0],
    resonance: 1.1,
    ..TONE
});

static STEEL: Recipe = Recipe::Plucked(PluckedRecipe {
    gain: 0.45,
    seconds: 3.0,
    damping: 0.14,
    pick_hz: [1_500.0, 6_500.0],
    place: 0.17,
    body_hz: 190.0,
    body: 0.6,
    amplifier_hz: 9_000.0,
    drive: 0.0,
    release: 0.2,
});

static ELECTRIC: Recipe = Recipe::Plucked(PluckedRecipe {
    gain: 0.55,
    seconds: 4.5,
    damping: 0.2,
    pick_hz: [1_200.0, 4_200.0],
    place: 0.13,
    body_hz: 700.0,
    body: 0.5,
    amplifier_hz: 3_800.0,
    drive: 3.0,
    release: 0.12,
});
