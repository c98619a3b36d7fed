//! The band and its mixer.

use crate::drums::DrumVoice;
use crate::dsp::Smoothed;
use crate::kits::{DrumSound, Kit};
use crate::limiter::Limiter;
use crate::patches::{Make, Patch};
use crate::pool::Pool;
use crate::reverb::Reverb;
use crate::sound_font::SoundFontBand;
use crate::voice::{PitchedVoice, Recipe};
use score::{Part, Pitch, Velocity};

/// Longest stretch that is mixed at once, in samples.
const CHUNK: usize = 64;

/// Share of each part that goes into the room, in the order of [`Part::ALL`].
const ROOM: [f32; 4] = [0.10, 0.02, 0.22, 0.26];

/// What brings bands of four parts at full level to -16 to -12 LUFS, as they were measured over the
/// genres and some seeds each.
const TRIM: f32 = 1.1;

/// How fast notes that must stop are faded.
const FADE_SECONDS: f32 = 0.06;

/// Both channels of each part, in the order of [`Part::ALL`]; empty where nobody listens.
pub type PartOutputs<'a> = [[&'a mut [f32]; 2]; 4];

/// The built-in sound: four parts, their patches, levels and places, a room and a limiter.
///
/// Levels, places and gain are linear and follow without a step. A patch changes for notes that
/// begin after it.
pub struct Synth {
    sample_rate: f32,
    drums: Pool<DrumVoice, 24>,
    bass: Pool<PitchedVoice, 6>,
    chords: Pool<PitchedVoice, 20>,
    lead: Pool<PitchedVoice, 10>,
    patches: [&'static Patch; 4],
    /// The kit that sounds, whose hats choke one another.
    kit: Kit,
    levels: [Smoothed; 4],
    pans: [Smoothed; 4],
    gain: Smoothed,
    reverb: Reverb,
    limiter: Limiter,
    font: FontSlot,
}

/// The SoundFont that plays, and how it comes and goes without a click.
struct FontSlot {
    playing: Option<Box<SoundFontBand>>,
    /// What shall play when the old one has faded.
    next: Option<Option<Box<SoundFontBand>>>,
    retired: Option<Box<SoundFontBand>>,
    level: Smoothed,
}

impl Synth {
    /// Makes room for everything that will ever sound; `sample_rate` in Hz, kept within 8 kHz to
    /// 768 kHz, 48 kHz when it is no number.
    pub fn new(sample_rate: f32) -> Self {
        let sample_rate =
            if sample_rate.is_finite() { sample_rate.clamp(8_000.0, 768_000.0) } else { 48_000.0 };
        let pitched = || PitchedVoice::new(sample_rate);
        let smoothed = |value| Smoothed::new(value, sample_rate);
        Self {
            sample_rate,
            drums: Pool::new(sample_rate, DrumVoice::default),
            bass: Pool::new(sample_rate, pitched),
            chords: Pool::new(sample_rate, pitched),
            lead: Pool::new(sample_rate, pitched),
            patches: Part::ALL.map(|part| &Patch::of(part)[0]),
            kit: Kit::Acoustic,
            levels: [smoothed(TRIM); 4],
            pans: [smoothed(0.0); 4],
            gain: smoothed(1.0),
            reverb: Reverb::new(sample_rate),
            limiter: Limiter::new(sample_rate),
            font: FontSlot { playing: None, next: None, retired: None, level: smoothed(1.0) },
        }
    }

    /// Starts a note. When every voice of the part is in use, the oldest gives way.
    pub fn note_on(&mut self, part: Part, pitch: Pitch, velocity: Velocity) {
        let patch = self.patches[part.index()];
        if let Some(font) = &mut self.font.playing {
            font.note_on(part, patch, pitch, velocity);
            return;
        }
        let key = pitch.number();
        let velocity = f32::from(velocity.number()) / 127.0;
        match patch.make {
            Make::Kit(kit) => self.strike(kit, patch.trim, key, velocity),
            Make::Notes(recipe) => {
                // Low chords to the left, as a pianist sits.
                let spread = ((f32::from(key) - 60.0) / 40.0).clamp(-0.6, 0.6);
                let (pool, pan) = match part {
                    Part::Chords => (PoolOf::Chords(&mut self.chords), spread),
                    Part::Lead => (PoolOf::Lead(&mut self.lead), 0.12),
                    Part::Bass | Part::Drums => (PoolOf::Bass(&mut self.bass), 0.0),
                };
                pool.start(recipe, key, velocity, patch.trim, pan);
            }
        }
    }

    fn strike(&mut self, kit: Kit, trim: f32, key: u8, velocity: f32) {
        let mut sound = DrumSound::of_key(kit, key);
        if sound.choke_group != 0 {
            let kit = self.kit;
            self.drums.fade(FADE_SECONDS, |other| {
                DrumSound::of_key(kit, other).choke_group == sound.choke_group
            });
        }
        self.kit = kit;
        sound.gain *= trim;
        let (seed, rate) = (self.drums.n_started() as u32, self.sample_rate);
        self.drums.start(key, sound.pan, |voice| {
            *voice = DrumVoice::new(&sound, velocity, seed, rate);
        });
    }

    /// Lets go of a note; drums ring out.
    pub fn note_off(&mut self, part: Part, pitch: Pitch) {
        let key = pitch.number();
        // A note may have begun before the SoundFont came or went.
        if let Some(font) = &mut self.font.playing {
            font.note_off(part, pitch);
        }
        match part {
            Part::Drums => self.drums.release(key),
            Part::Bass => self.bass.release(key),
            Part::Chords => self.chords.release(key),
            Part::Lead => self.lead.release(key),
        }
    }

    /// Fades everything out within 60 ms; a SoundFont's notes end as they do when let go.
    pub fn all_off(&mut self) {
        self.fade_patches();
        if let Some(font) = &mut self.font.playing {
            font.all_off();
        }
    }

    fn fade_patches(&mut self) {
        self.drums.fade(FADE_SECONDS, |_| true);
        self.bass.fade(FADE_SECONDS, |_| true);
        self.chords.fade(FADE_SECONDS, |_| true);
        self.lead.fade(FADE_SECONDS, |_| true);
    }

    /// Silences everything at once and forgets what was ringing; levels and patches stay.
    pub fn reset(&mut self) {
        self.drums.reset();
        self.bass.reset();
        self.chords.reset();
        self.lead.reset();
        self.reverb.reset();
        self.limiter.reset();
        if let Some(font) = &mut self.font.playing {
            font.reset();
        }
    }

    /// Chooses what a part's coming notes sound like: a place in [`Patch::of`], the last for any
    /// beyond.
    pub fn set_patch(&mut self, part: Part, patch: usize) {
        let patches = Patch::of(part);
        self.patches[part.index()] = &patches[patch.min(patches.len() - 1)];
    }

    /// Sets a part's level, linear, `0.0..=4.0`.
    pub fn set_level(&mut self, part: Part, level: f32) {
        self.levels[part.index()].set(TRIM * bounded(level));
    }

    /// Moves a part from the left (-1) over where it was played (0) to the right (1).
    pub fn set_pan(&mut self, part: Part, pan: f32) {
        let pan = if pan.is_finite() { pan.clamp(-1.0, 1.0) } else { 0.0 };
        self.pans[part.index()].set(pan);
    }

    /// Sets the level of the whole band, linear, `0.0..=4.0`.
    pub fn set_gain(&mut self, gain: f32) {
        self.gain.set(bounded(gain));
    }

    /// Has a SoundFont play instead of the patches, or the patches again; what sounds fades first.
    ///
    /// Gives back a SoundFont that was to come and now never will.
    pub fn change_sound_font(
        &mut self,
        next: Option<Box<SoundFontBand>>,
    ) -> Option<Box<SoundFontBand>> {
        self.fade_patches();
        self.font.level.set(0.0);
        self.font.next.replace(next).flatten()
    }

    /// The SoundFont that has been replaced, to be freed elsewhere. It must be taken before the
    /// next one can go.
    pub fn take_retired(&mut self) -> Option<Box<SoundFontBand>> {
        self.font.retired.take()
    }

    /// The SoundFont that plays.
    pub fn sound_font(&self) -> Option<&SoundFontBand> {
        self.font.playing.as_deref()
    }

    /// Overwrites both channels with the next samples, each within `-1.0..=1.0`.
    ///
    /// What the longer slice has more than the other is filled with silence.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) {
        self.render_parts(left, right, Default::default());
    }

    /// [`render`](Self::render), and each part alone into its own channels: with its level and
    /// place and the gain of the band, without room and limiter.
    ///
    /// A part's channels are filled as far as the main ones, or left alone when they are shorter.
    pub fn render_parts(&mut self, left: &mut [f32], right: &mut [f32], mut parts: PartOutputs) {
        let n_samples = left.len().min(right.len());
        left[n_samples..].fill(0.0);
        right[n_samples..].fill(0.0);
        let mut at = 0;
        while at < n_samples {
            let end = (at + CHUNK).min(n_samples);
            let stretch = parts.each_mut().map(|channels| {
                channels.each_mut().map(|channel| channel.get_mut(at..end).unwrap_or_default())
            });
            self.render_chunk(&mut left[at..end], &mut right[at..end], stretch);
            at = end;
        }
    }

    fn render_chunk(&mut self, left: &mut [f32], right: &mut [f32], mut parts: PartOutputs) {
        let n_samples = left.len();
        let mut room = [0.0; CHUNK];
        let mut gains = [0.0; CHUNK];
        gains[..n_samples].fill_with(|| self.gain.next());
        let font_levels = self.font.next_levels(n_samples);
        left.fill(0.0);
        right.fill(0.0);
        for part in Part::ALL {
            let mut own = [[0.0; CHUNK]; 2];
            let mut sounds = self.render_part(part, &mut own, n_samples);
            sounds |= self.font.render(part, &mut own, &font_levels, n_samples);
            let [level, pan] = [&mut self.levels[part.index()], &mut self.pans[part.index()]];
            let [out_left, out_right] = &mut parts[part.index()];
            for i in 0..n_samples {
                let placed = balanced([own[0][i], own[1][i]], pan.next(), level.next());
                if sounds {
                    left[i] += placed[0];
                    right[i] += placed[1];
                    room[i] += (placed[0] + placed[1]) * ROOM[part.index()];
                }
                // An empty slice is a part that nobody listens to.
                if let Some(out) = out_left.get_mut(i) {
                    *out = placed[0] * gains[i];
                }
                if let Some(out) = out_right.get_mut(i) {
                    *out = placed[1] * gains[i];
                }
            }
        }
        for i in 0..n_samples {
            let (room_left, room_right) = self.reverb.process(room[i]);
            let [dry_left, dry_right] = [left[i], right[i]];
            (left[i], right[i]) = self
                .limiter
                .process((dry_left + room_left) * gains[i], (dry_right + room_right) * gains[i]);
        }
    }

    fn render_part(&mut self, part: Part, own: &mut [[f32; CHUNK]; 2], n_samples: usize) -> bool {
        let [left, right] = own;
        let (left, right) = (&mut left[..n_samples], &mut right[..n_samples]);
        match part {
            Part::Drums => self.drums.render(left, right),
            Part::Bass => self.bass.render(left, right),
            Part::Chords => self.chords.render(left, right),
            Part::Lead => self.lead.render(left, right),
        }
    }
}

/// The pool of a pitched part.
enum PoolOf<'a> {
    Bass(&'a mut Pool<PitchedVoice, 6>),
    Chords(&'a mut Pool<PitchedVoice, 20>),
    Lead(&'a mut Pool<PitchedVoice, 10>),
}

impl PoolOf<'_> {
    fn start(self, recipe: &'static Recipe, key: u8, velocity: f32, trim: f32, pan: f32) {
        match self {
            Self::Bass(pool) => start(pool, recipe, key, velocity, trim, pan),
            Self::Chords(pool) => start(pool, recipe, key, velocity, trim, pan),
            Self::Lead(pool) => start(pool, recipe, key, velocity, trim, pan),
        }
    }
}

fn start<const N: usize>(
    pool: &mut Pool<PitchedVoice, N>,
    recipe: &'static Recipe,
    key: u8,
    velocity: f32,
    trim: f32,
    pan: f32,
) {
    let seed = pool.n_started() as u32;
    pool.start(key, pan, |voice| voice.begin(recipe, key, velocity, trim, seed));
}

impl FontSlot {
    /// The SoundFont's fade over the next samples; at its end the next one comes.
    fn next_levels(&mut self, n_samples: usize) -> [f32; CHUNK] {
        let mut levels = [1.0; CHUNK];
        for level in &mut levels[..n_samples] {
            *level = self.level.next();
            let is_gone = *level == 0.0 || self.playing.is_none();
            if is_gone
                && self.retired.is_none()
                && let Some(next) = self.next.take()
            {
                self.retired = core::mem::replace(&mut self.playing, next);
                self.level.set(1.0);
            }
        }
        levels
    }

    /// Adds a part of the SoundFont to what the patches play.
    fn render(
        &mut self,
        part: Part,
        own: &mut [[f32; CHUNK]; 2],
        levels: &[f32; CHUNK],
        n_samples: usize,
    ) -> bool {
        let Some(font) = &mut self.playing else { return false };
        let mut sampled = [[0.0; CHUNK]; 2];
        let [left, right] = &mut sampled;
        if !font.render(part, &mut left[..n_samples], &mut right[..n_samples]) {
            return false;
        }
        for (own, sampled) in own.iter_mut().zip(&sampled) {
            for i in 0..n_samples {
                own[i] += sampled[i] * levels[i];
            }
        }
        true
    }
}

/// A stereo signal at a level, moved to one side without losing the other side's.
fn balanced([left, right]: [f32; 2], pan: f32, level: f32) -> [f32; 2] {
    if pan == 0.0 {
        return [left * level, right * level];
    }
    let away = pan.abs();
    let even = level / (1.0 + away * away).sqrt();
    if pan > 0.0 {
        [left * (1.0 - away) * level, (right + left * away) * even]
    } else {
        [(left + right * away) * even, right * (1.0 - away) * level]
    }
}

fn bounded(level: f32) -> f32 {
    if level.is_finite() { level.clamp(0.0, 4.0) } else { 0.0 }
}
