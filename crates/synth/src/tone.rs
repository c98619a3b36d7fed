//! Subtractive voices: a few oscillators through a filter that moves, for bowed, blown and
//! electronic sounds.

use crate::dsp::{
    Envelope, EnvelopeTimes, Filter, Noise, Phase, decay_factor, driven, flushed, key_hz, placed,
    sine,
};

const RETUNE_SAMPLES: u32 = 16;

/// A waveform.
#[derive(Clone, Copy)]
pub enum Wave {
    Sine,
    Saw,
    /// High for that share of its cycle.
    Pulse(f32),
}

/// One of a voice's oscillators.
#[derive(Clone, Copy)]
pub struct Oscillator {
    pub wave: Wave,
    /// Frequency relative to the key's.
    pub ratio: f32,
    pub level: f32,
    /// -1 is left, 1 is right.
    pub pan: f32,
}

/// The most oscillators of a voice.
const N_OSCILLATORS: usize = 6;

/// What a sound is made of. Frequencies named `multiples` count the key's own.
#[derive(Clone, Copy)]
pub struct ToneRecipe {
    pub gain: f32,
    pub oscillators: &'static [Oscillator],
    pub envelope: EnvelopeTimes,
    /// Level of a note at the softest velocity, relative to the loudest.
    pub softest: f32,
    /// Where the low-pass stands at rest, in multiples, and how many more at full velocity.
    pub cutoff: f32,
    pub cutoff_velocity: f32,
    /// How many multiples more at the onset, falling within `sweep_seconds`.
    pub sweep: f32,
    pub sweep_seconds: f32,
    /// Bounds of the low-pass, in Hz.
    pub cutoff_hz: [f32; 2],
    pub resonance: f32,
    /// Air or bow, at the low-pass's input.
    pub breath: f32,
    /// How much more of it at the onset, gone within 60 ms.
    pub chiff: f32,
    pub vibrato_hz: f32,
    /// To each side, as a share of the frequency.
    pub vibrato_depth: f32,
    pub vibrato_delay: f32,
    /// How far below its pitch a note starts, as a share of the frequency; gone within 60 ms.
    pub scoop: f32,
    /// Depth of the loudness that goes with the vibrato.
    pub tremolo: f32,
    /// Input gain of the shaper behind the filter; 0 is none.
    pub drive: f32,
}

/// A plain note; recipes say how they differ.
pub const TONE: ToneRecipe = ToneRecipe {
    gain: 1.0,
    oscillators: &[Oscillator { wave: Wave::Saw, ratio: 1.0, level: 1.0, pan: 0.0 }],
    envelope: EnvelopeTimes { attack: 0.01, decay: 1.0, sustain: 0.8, release: 0.25 },
    softest: 0.25,
    cutoff: 3.0,
    cutoff_velocity: 6.0,
    sweep: 0.0,
    sweep_seconds: 0.5,
    cutoff_hz: [80.0, 9_000.0],
    resonance: 0.7,
    breath: 0.0,
    chiff: 0.0,
    vibrato_hz: 5.2,
    vibrato_depth: 0.0,
    vibrato_delay: 0.25,
    scoop: 0.0,
    tremolo: 0.0,
    drive: 0.0,
};

/// One note.
pub struct Tone {
    recipe: &'static ToneRecipe,
    sample_rate: f32,
    hz: f32,
    step: f32,
    bent_step: f32,
    gain: f32,
    loudness: f32,
    phases: [Phase; N_OSCILLATORS],
    pans: [[f32; 2]; N_OSCILLATORS],
    /// Whether left and right differ.
    wide: bool,
    filters: [Filter; 2],
    cutoff: f32,
    sweep: f32,
    sweep_factor: f32,
    noise: Noise,
    chiff: f32,
    chiff_factor: f32,
    vibrato: Phase,
    scoop: f32,
    envelope: Envelope,
    n_samples: u32,
}

impl Tone {
    /// `velocity` in `0.0..=1.0`; notes with different seeds differ in their noise.
    pub fn new(
        recipe: &'static ToneRecipe,
        key: u8,
        velocity: f32,
        seed: u32,
        sample_rate: f32,
    ) -> Self {
        let hz = key_hz(key);
        let step = (hz / sample_rate).min(0.45);
        let oscillators = recipe.oscillators;
        let a_60_ms = decay_factor(0.06, sample_rate);
        Self {
            recipe,
            sample_rate,
            hz,
            step,
            bent_step: step,
            gain: recipe.gain * (recipe.softest + (1.0 - recipe.softest) * velocity),
            loudness: 1.0,
            // The first starts where its wave crosses zero, the others anywhere but there.
            phases: core::array::from_fn(|i| Phase((0.5 + 0.37 * i as f32).fract())),
            pans: core::array::from_fn(|i| {
                oscillators.get(i).map_or([0.0; 2], |oscillator| {
                    // Both sides of a centered oscillator are what a mono voice would be.
                    placed(oscillator.pan).map(|side| side * core::f32::consts::SQRT_2)
                })
            }),
            wide: oscillators.iter().any(|oscillator| oscillator.pan != 0.0),
            filters: [Filter::default(); 2],
            cutoff: recipe.cutoff + recipe.cutoff_velocity * velocity,
            sweep: recipe.sweep * (0.4 + 0.6 * velocity),
            sweep_factor: decay_factor(recipe.sweep_seconds, sample_rate)
                .powi(RETUNE_SAMPLES as i32),
            noise: Noise::new(seed),
            chiff: recipe.chiff,
            chiff_factor: a_60_ms,
            vibrato: Phase::default(),
            scoop: recipe.scoop,
            envelope: Envelope::start(recipe.envelope, sample_rate),
            n_samples: 0,
        }
    }

    fn retune(&mut self) {
        let recipe = self.recipe;
        let [lowest, highest] = recipe.cutoff_hz;
        let cutoff_hz = (self.hz * (self.cutoff + self.sweep)).clamp(lowest, highest);
        for filter in &mut self.filters[..if self.wide { 2 } else { 1 }] {
            filter.tune(cutoff_hz, recipe.resonance, self.sample_rate);
        }
        self.sweep = flushed(self.sweep * self.sweep_factor);
        self.scoop = flushed(self.scoop * self.chiff_factor.powi(RETUNE_SAMPLES as i32));
        let seconds = self.n_samples as f32 / self.sample_rate;
        let share = ((seconds - recipe.vibrato_delay) / 0.4).clamp(0.0, 1.0);
        let turn = recipe.vibrato_hz * RETUNE_SAMPLES as f32 / self.sample_rate;
        let swing = sine(self.vibrato.advance(turn.min(0.45))) * share;
        let bend = swing * recipe.vibrato_depth - self.scoop;
        self.bent_step = (self.step * (1.0 + bend)).min(0.45);
        self.loudness = 1.0 + swing * recipe.tremolo;
    }

    pub fn next(&mut self) -> [f32; 2] {
        if self.n_samples.is_multiple_of(RETUNE_SAMPLES) {
            self.retune();
        }
        self.n_samples = self.n_samples.saturating_add(1);
        let recipe = self.recipe;
        let mut raw = [0.0; 2];
        for (i, oscillator) in recipe.oscillators.iter().take(N_OSCILLATORS).enumerate() {
            let step = (self.bent_step * oscillator.ratio).min(0.45);
            let phase = &mut self.phases[i];
            let wave = match oscillator.wave {
                Wave::Sine => sine(phase.advance(step)),
                Wave::Saw => phase.saw(step),
                Wave::Pulse(width) => phase.pulse(step, width),
            } * oscillator.level;
            raw[0] += wave * self.pans[i][0];
            raw[1] += wave * self.pans[i][1];
        }
        if recipe.breath > 0.0 || self.chiff > 0.0 {
            let air = self.noise.next() * (recipe.breath + self.chiff);
            self.chiff = flushed(self.chiff * self.chiff_factor);
            raw = raw.map(|side| side + air);
        }
        let level = self.envelope.next() * self.gain * self.loudness;
        let mut shape = |side: usize| {
            let filtered = self.filters[side].process(raw[side]).low;
            let shaped =
                if recipe.drive > 0.0 { driven(filtered * recipe.drive) } else { filtered };
            shaped * level
        };
        let left = shape(0);
        [left, if self.wide { shape(1) } else { left }]
    }

    pub fn envelope(&mut self) -> &mut Envelope {
        &mut self.envelope
    }
}
