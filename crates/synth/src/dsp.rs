//! Building blocks of voices: oscillators, noise, filter, envelope.

/// Envelopes below this level (-80 dB) are over; it also keeps denormals out.
pub const SILENCE: f32 = 1e-4;

/// The factor a sample that falls by 60 dB in `seconds`; takes no time below one sample.
pub fn decay_factor(seconds: f32, sample_rate: f32) -> f32 {
    (-6.907_755_f32 / (seconds * sample_rate).max(1.0)).exp()
}

/// Takes what is too small to hear for zero, so that nothing decays into denormals.
pub fn flushed(value: f32) -> f32 {
    if value.abs() < 1e-9 { 0.0 } else { value }
}

/// The frequency of an equal-tempered key number, in Hz.
pub fn key_hz(key: u8) -> f32 {
    440.0 * ((f32::from(key) - 69.0) / 12.0).exp2()
}

/// The sine of a phase in cycles, any finite value, to within 4e-6.
pub fn sine(phase: f32) -> f32 {
    let centered = phase - phase.floor() - 0.5;
    let folded =
        if centered.abs() > 0.25 { 0.5_f32.copysign(centered) - centered } else { centered };
    let x = -folded * core::f32::consts::TAU;
    let square = x * x;
    x * (1.0
        + square
            * (-1.0 / 6.0 + square * (1.0 / 120.0 + square * (-1.0 / 5040.0 + square / 362_880.0))))
}

/// A phase in cycles, `0.0..1.0`.
#[derive(Clone, Copy, Default)]
pub struct Phase(pub f32);

impl Phase {
    /// Moves on by `step` cycles and returns the phase before; `step` is below 1.
    pub fn advance(&mut self, step: f32) -> f32 {
        let before = self.0;
        self.0 += step;
        if self.0 >= 1.0 {
            self.0 -= 1.0;
        }
        before
    }

    /// A band-limited sawtooth in `-1.0..=1.0`.
    pub fn saw(&mut self, step: f32) -> f32 {
        let phase = self.advance(step);
        2.0 * phase - 1.0 - edge(phase, step)
    }

    /// A band-limited pulse that is high for `width` of its cycle, without its mean.
    pub fn pulse(&mut self, step: f32, width: f32) -> f32 {
        let phase = self.advance(step);
        let later = if phase < width { phase + 1.0 - width } else { phase - width };
        let naive = if phase < width { 1.0 } else { -1.0 };
        naive + edge(phase, step) - edge(later, step) + 1.0 - 2.0 * width
    }
}

/// A cubic that rounds peaks off and adds the third harmonic of a pushed amplifier.
pub fn driven(sample: f32) -> f32 {
    let limited = sample.clamp(-1.5, 1.5);
    limited - limited * limited * limited * (4.0 / 27.0)
}

/// The two factors that lay a mono signal between left (-1) and right (1) at constant power.
pub fn placed(pan: f32) -> [f32; 2] {
    let angle = (pan.clamp(-1.0, 1.0) + 1.0) * core::f32::consts::FRAC_PI_4;
    [angle.cos(), angle.sin()]
}

/// The correction that rounds off a jump of a waveform at phase 0.
///
/// Source: polynomial band-limited steps, Välimäki & Huovilainen 2007.
fn edge(phase: f32, step: f32) -> f32 {
    if phase < step {
        let x = phase / step;
        2.0 * x - x * x - 1.0
    } else if phase > 1.0 - step {
        let x = (phase - 1.0) / step;
        x * x + 2.0 * x + 1.0
    } else {
        0.0
    }
}

/// White noise, the same for the same seed.
#[derive(Clone, Copy)]
pub struct Noise(u32);

impl Noise {
    pub fn new(seed: u32) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9) | 1)
    }

    /// The next value, in `-1.0..1.0`.
    pub fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as i32 as f32 / 2_147_483_648.0
    }
}

/// A two-pole state-variable filter that may be retuned at any sample.
///
/// Source: trapezoidal integration as in Zavalishin, The Art of VA Filter Design, ch. 4.
#[derive(Clone, Copy, Default)]
pub struct Filter {
    g: f32,
    k: f32,
    scale: f32,
    low: f32,
    band: f32,
}

/// What a [`Filter`] lets through at once.
#[derive(Clone, Copy)]
pub struct Filtered {
    pub low: f32,
    pub band: f32,
    pub high: f32,
}

impl Filter {
    /// `hz` is kept below 0.45 of the sample rate; `resonance` is Q, at least 0.5.
    pub fn tune(&mut self, hz: f32, resonance: f32, sample_rate: f32) {
        let share = (hz / sample_rate).clamp(1e-4, 0.45);
        self.g = (core::f32::consts::PI * share).tan();
        self.k = 1.0 / resonance.max(0.5);
        self.scale = 1.0 / (1.0 + self.g * (self.g + self.k));
    }

    pub fn process(&mut self, input: f32) -> Filtered {
        let high = (input - (self.g + self.k) * self.band - self.low) * self.scale;
        let band = self.g * high + self.band;
        let low = self.g * band + self.low;
        self.band = self.g * high + band;
        self.low = self.g * band + low;
        // The band output is scaled to unit gain at its center.
        Filtered { low, band: band * self.k, high }
    }
}

/// Times of an [`Envelope`]; in seconds, to fall by 60 dB where something falls.
#[derive(Clone, Copy)]
pub struct EnvelopeTimes {
    pub attack: f32,
    pub decay: f32,
    /// `0.0..=1.0`.
    pub sustain: f32,
    pub release: f32,
}

/// Linear attack, exponential decay to a sustain level, exponential release.
#[derive(Clone, Copy, Default)]
pub struct Envelope {
    level: f32,
    attack_step: f32,
    decay: f32,
    sustain: f32,
    release: f32,
    stage: Stage,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    Attack,
    Decay,
    Release,
    #[default]
    Done,
}

impl Envelope {
    pub fn start(times: EnvelopeTimes, sample_rate: f32) -> Self {
        Self {
            level: 0.0,
            attack_step: 1.0 / (times.attack * sample_rate).max(1.0),
            decay: decay_factor(times.decay, sample_rate),
            sustain: times.sustain,
            release: decay_factor(times.release, sample_rate),
            stage: Stage::Attack,
        }
    }

    pub fn release(&mut self) {
        if self.stage != Stage::Done {
            self.stage = Stage::Release;
        }
    }

    /// Releases within `seconds`, whatever the voice's own release is.
    pub fn fade(&mut self, seconds: f32, sample_rate: f32) {
        self.release = self.release.min(decay_factor(seconds, sample_rate));
        self.release();
    }

    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// The next level, `0.0..=1.0`.
    pub fn next(&mut self) -> f32 {
        match self.stage {
            Stage::Attack => {
                self.level += self.attack_step;
                if self.level >= 1.0 {
                    self.level = 1.0;
                    self.stage = Stage::Decay;
                }
            }
            Stage::Decay => {
                self.level = self.sustain + (self.level - self.sustain) * self.decay;
                if self.level < SILENCE {
                    self.stage = Stage::Done;
                }
            }
            Stage::Release => {
                self.level *= self.release;
                if self.level < SILENCE {
                    self.stage = Stage::Done;
                }
            }
            Stage::Done => self.level = 0.0,
        }
        self.level
    }
}

/// A value that follows its target without a step.
#[derive(Clone, Copy)]
pub struct Smoothed {
    value: f32,
    target: f32,
    share: f32,
}

impl Smoothed {
    /// Starts at `value`; covers 63 % of a change in 10 ms.
    pub fn new(value: f32, sample_rate: f32) -> Self {
        Self { value, target: value, share: 1.0 - (-1.0 / (0.01 * sample_rate)).exp() }
    }

    pub fn set(&mut self, target: f32) {
        self.target = target;
    }

    pub fn next(&mut self) -> f32 {
        let rest = self.target - self.value;
        // The last step is inaudible and keeps denormals out.
        self.value = if rest.abs() < 1e-5 { self.target } else { self.value + rest * self.share };
        self.value
    }
}
