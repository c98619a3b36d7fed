//! Lead: bowed, blown, plucked and electronic.

use super::Patch;
use crate::dsp::EnvelopeTimes;
use crate::fm::FmRecipe;
use crate::plucked::PluckedRecipe;
use crate::tone::{Oscillator, TONE, ToneRecipe, Wave};
use crate::voice::Recipe;
use score::Genre;

pub static PATCHES: [Patch; 7] = [
    Patch {
        trim: 0.888,
        program: 40,
        genres: &[Genre::Classical],
        ..Patch::new("Violin", &VIOLIN)
    },
    Patch { trim: 0.554, program: 73, genres: &[Genre::Folk], ..Patch::new("Flute", &FLUTE) },
    Patch { trim: 0.847, program: 71, genres: &[Genre::Jazz], ..Patch::new("Clarinet", &CLARINET) },
    Patch { trim: 0.709, program: 56, genres: &[], ..Patch::new("Trumpet", &TRUMPET) },
    Patch {
        trim: 0.102,
        program: 29,
        genres: &[Genre::Rock],
        ..Patch::new("Electric guitar", &OVERDRIVEN)
    },
    Patch {
        trim: 1.245,
        program: 81,
        genres: &[Genre::Electronic],
        ..Patch::new("Saw lead", &SAW)
    },
    Patch { trim: 0.573, program: 11, genres: &[Genre::HipHop], ..Patch::new("Bell pluck", &BELL) },
];

static VIOLIN: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.36,
    oscillators: &[
        Oscillator { wave: Wave::Saw, ratio: 1.0, level: 0.7, pan: 0.0 },
        Oscillator { wave: Wave::Saw, ratio: 1.0018, level: 0.3, pan: 0.0 },
    ],
    envelope: EnvelopeTimes { attack: 0.055, decay: 1.5, sustain: 0.85, release: 0.2 },
    cutoff: 3.0,
    cutoff_velocity: 5.5,
    cutoff_hz: [900.0, 7_500.0],
    resonance: 0.9,
    breath: 0.03,
    chiff: 0.12,
    vibrato_hz: 5.6,
    vibrato_depth: 0.0055,
    vibrato_delay: 0.22,
    tremolo: 0.06,
    scoop: 0.004,
    ..TONE
});

static FLUTE: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.4,
    oscillators: &[
        Oscillator { wave: Wave::Sine, ratio: 1.0, level: 0.8, pan: 0.0 },
        Oscillator { wave: Wave::Sine, ratio: 2.0, level: 0.28, pan: 0.0 },
        Oscillator { wave: Wave::Sine, ratio: 3.0, level: 0.1, pan: 0.0 },
        Oscillator { wave: Wave::Saw, ratio: 1.0, level: 0.06, pan: 0.0 },
    ],
    envelope: EnvelopeTimes { attack: 0.045, decay: 1.0, sustain: 0.9, release: 0.14 },
    softest: 0.35,
    cutoff: 2.5,
    cutoff_velocity: 4.0,
    cutoff_hz: [1_000.0, 8_000.0],
    breath: 0.05,
    chiff: 0.35,
    vibrato_hz: 5.0,
    vibrato_depth: 0.003,
    vibrato_delay: 0.3,
    tremolo: 0.12,
    scoop: 0.006,
    ..TONE
});

static CLARINET: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.36,
    oscillators: &[
        // A tube that is closed at one end has odd harmonics alone.
        Oscillator { wave: Wave::Pulse(0.5), ratio: 1.0, level: 0.5, pan: 0.0 },
        Oscillator { wave: Wave::Sine, ratio: 1.0, level: 0.25, pan: 0.0 },
        Oscillator { wave: Wave::Saw, ratio: 1.0, level: 0.1, pan: 0.0 },
    ],
    envelope: EnvelopeTimes { attack: 0.035, decay: 1.0, sustain: 0.88, release: 0.13 },
    cutoff: 2.2,
    cutoff_velocity: 5.0,
    cutoff_hz: [700.0, 5_500.0],
    breath: 0.025,
    chiff: 0.1,
    vibrato_hz: 4.8,
    vibrato_depth: 0.0025,
    vibrato_delay: 0.35,
    scoop: 0.008,
    ..TONE
});

static TRUMPET: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.36,
    oscillators: &[
        Oscillator { wave: Wave::Saw, ratio: 1.0, level: 0.75, pan: 0.0 },
        Oscillator { wave: Wave::Sine, ratio: 1.0, level: 0.2, pan: 0.0 },
    ],
    envelope: EnvelopeTimes { attack: 0.03, decay: 0.6, sustain: 0.82, release: 0.12 },
    softest: 0.2,
    cutoff: 1.6,
    cutoff_velocity: 6.0,
    // Brass opens late: the onset is darker than the note.
    sweep: -1.2,
    sweep_seconds: 0.18,
    cutoff_hz: [500.0, 8_000.0],
    resonance: 1.0,
    breath: 0.02,
    chiff: 0.12,
    vibrato_hz: 5.3,
    vibrato_depth: 0.003,
    vibrato_delay: 0.35,
    scoop: 0.012,
    drive: 1.1,
    ..TONE
});

static OVERDRIVEN: Recipe = Recipe::Plucked(PluckedRecipe {
    gain: 0.8,
    seconds: 9.0,
    damping: 0.12,
    pick_hz: [1_500.0, 4_500.0],
    place: 0.11,
    body_hz: 900.0,
    body: 0.7,
    amplifier_hz: 3_600.0,
    drive: 9.0,
    release: 0.14,
});

static SAW: Recipe = Recipe::Tone(ToneRecipe {
    gain: 0.34,
    oscillators: &[
        Oscillator { wave: Wave::Saw, ratio: 1.0, level: 0.4, pan: 0.0 },
        Oscillator { wave: Wave::Saw, ratio: 1.0045, level: 0.35, pan: 0.6 },
        Oscillator { wave: Wave::Saw, ratio: 0.9955, level: 0.35, pan: -0.6 },
    ],
    envelope: EnvelopeTimes { attack: 0.006, decay: 1.2, sustain: 0.6, release: 0.22 },
    cutoff: 2.0,
    cutoff_velocity: 4.5,
    sweep: 6.0,
    sweep_seconds: 0.8,
    cutoff_hz: [200.0, 9_500.0],
    resonance: 1.1,
    vibrato_depth: 0.004,
    ..TONE
});

static BELL: Recipe = Recipe::Fm(FmRecipe {
    gain: 0.6,
    bark: 0.012,
    bark_velocity: 0.1,
    bark_seconds: 0.5,
    bell: 0.14,
    bell_ratio: 3.5,
    bell_seconds: 0.6,
    detune: 1.002,
    seconds: 3.0,
    release: 0.4,
});
