//! The band and its mixer.

use crate::bass::BassVoice;
use crate::drum_kit::DrumSound;
use crate::drums::DrumVoice;
use crate::dsp::Smoothed;
use crate::keys::KeysVoice;
use crate::lead::LeadVoice;
use crate::limiter::Limiter;
use crate::pool::Pool;
use crate::reverb::Reverb;
use score::{Part, Pitch, Velocity};

/// Longest stretch that is mixed at once, in samples.
const CHUNK: usize = 64;

/// Share of each part that goes into the room, in the order of [`Part::ALL`].
const ROOM: [f32; 4] = [0.10, 0.02, 0.22, 0.26];

/// What makes the parts equally loud at full level, in the order of [`Part::ALL`]. Measured: the
/// chords count for four notes, the others for one.
const TRIM: [f32; 4] = [0.80, 0.25, 0.17, 0.42];

/// How fast notes that must stop are faded.
const FADE_SECONDS: f32 = 0.06;

/// The built-in sound: four parts, their levels, a room and a limiter.
///
/// Levels and gain are linear and follow without a step.
pub struct Synth {
    sample_rate: f32,
    drums: Pool<DrumVoice, 24>,
    bass: Pool<BassVoice, 6>,
    chords: Pool<KeysVoice, 20>,
    lead: Pool<LeadVoice, 10>,
    levels: [Smoothed; 4],
    gain: Smoothed,
    reverb: Reverb,
    limiter: Limiter,
}

impl Synth {
    /// Makes room for everything that will ever sound; `sample_rate` in Hz, kept within 8 kHz to
    /// 768 kHz, 48 kHz when it is no number.
    pub fn new(sample_rate: f32) -> Self {
        let sample_rate =
            if sample_rate.is_finite() { sample_rate.clamp(8_000.0, 768_000.0) } else { 48_000.0 };
        Self {
            sample_rate,
            drums: Pool::new(sample_rate),
            bass: Pool::new(sample_rate),
            chords: Pool::new(sample_rate),
            lead: Pool::new(sample_rate),
            levels: TRIM.map(|trim| Smoothed::new(trim, sample_rate)),
            gain: Smoothed::new(1.0, sample_rate),
            reverb: Reverb::new(sample_rate),
            limiter: Limiter::new(sample_rate),
        }
    }

    /// Starts a note. When every voice of the part is in use, the oldest gives way.
    pub fn note_on(&mut self, part: Part, pitch: Pitch, velocity: Velocity) {
        let (key, rate) = (pitch.number(), self.sample_rate);
        let velocity = f32::from(velocity.number()) / 127.0;
        match part {
            Part::Drums => {
                let sound = DrumSound::of_key(key);
                if sound.choke_group != 0 {
                    self.drums.fade(FADE_SECONDS, |other| {
                        DrumSound::of_key(other).choke_group == sound.choke_group
                    });
                }
                let seed = self.drums.n_started() as u32;
                self.drums.start(DrumVoice::new(&sound, velocity, seed, rate), key, sound.pan);
            }
            Part::Bass => self.bass.start(BassVoice::new(key, velocity, rate), key, 0.0),
            Part::Chords => {
                // Low keys to the left, as a pianist sits.
                let pan = (f32::from(key) - 60.0) / 40.0;
                self.chords.start(KeysVoice::new(key, velocity, rate), key, pan.clamp(-0.6, 0.6));
            }
            Part::Lead => self.lead.start(LeadVoice::new(key, velocity, rate), key, 0.12),
        }
    }

    /// Lets go of a note; drums ring out.
    pub fn note_off(&mut self, part: Part, pitch: Pitch) {
        let key = pitch.number();
        match part {
            Part::Drums => self.drums.release(key),
            Part::Bass => self.bass.release(key),
            Part::Chords => self.chords.release(key),
            Part::Lead => self.lead.release(key),
        }
    }

    /// Fades everything out within 60 ms.
    pub fn all_off(&mut self) {
        self.drums.fade(FADE_SECONDS, |_| true);
        self.bass.fade(FADE_SECONDS, |_| true);
        self.chords.fade(FADE_SECONDS, |_| true);
        self.lead.fade(FADE_SECONDS, |_| true);
    }

    /// Silences everything at once and forgets what was ringing; levels stay.
    pub fn reset(&mut self) {
        self.drums.reset();
        self.bass.reset();
        self.chords.reset();
        self.lead.reset();
        self.reverb.reset();
        self.limiter.reset();
    }

    /// Sets a part's level, linear, `0.0..=4.0`.
    pub fn set_level(&mut self, part: Part, level: f32) {
        self.levels[part.index()].set(TRIM[part.index()] * bounded(level));
    }

    /// Sets the level of the whole band, linear, `0.0..=4.0`.
    pub fn set_gain(&mut self, gain: f32) {
        self.gain.set(bounded(gain));
    }

    /// Overwrites both channels with the next samples, each within `-1.0..=1.0`.
    ///
    /// What the longer slice has more than the other is filled with silence.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) {
        let n_samples = left.len().min(right.len());
        left[n_samples..].fill(0.0);
        right[n_samples..].fill(0.0);
        let (left, right) = (&mut left[..n_samples], &mut right[..n_samples]);
        for (left, right) in left.chunks_mut(CHUNK).zip(right.chunks_mut(CHUNK)) {
            self.render_chunk(left, right);
        }
    }

    fn render_chunk(&mut self, left: &mut [f32], right: &mut [f32]) {
        let n_samples = left.len();
        let mut room = [0.0; CHUNK];
        left.fill(0.0);
        right.fill(0.0);
        for part in Part::ALL {
            let (mut part_left, mut part_right) = ([0.0; CHUNK], [0.0; CHUNK]);
            let (from_left, from_right) =
                (&mut part_left[..n_samples], &mut part_right[..n_samples]);
            let sounds = match part {
                Part::Drums => self.drums.render(from_left, from_right),
                Part::Bass => self.bass.render(from_left, from_right),
                Part::Chords => self.chords.render(from_left, from_right),
                Part::Lead => self.lead.render(from_left, from_right),
            };
            let level = &mut self.levels[part.index()];
            for i in 0..n_samples {
                let level = level.next();
                if sounds {
                    left[i] += part_left[i] * level;
                    right[i] += part_right[i] * level;
                    room[i] += (part_left[i] + part_right[i]) * level * ROOM[part.index()];
                }
            }
        }
        for i in 0..n_samples {
            let (room_left, room_right) = self.reverb.process(room[i]);
            let gain = self.gain.next();
            (left[i], right[i]) =
                self.limiter.process((left[i] + room_left) * gain, (right[i] + room_right) * gain);
        }
    }
}

fn bounded(level: f32) -> f32 {
    if level.is_finite() { level.clamp(0.0, 4.0) } else { 0.0 }
}
