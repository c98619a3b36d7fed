//! The parameters: what the host lists, automates and saves.
//!
//! Ids are ASCII, stable and never reused; a nested struct adds its prefix, so the drums' density
//! is `dr_density` and their own share of jazz `dr_g_jazz`.
//! The host writes the values; the audio thread reads them through [`TributaryParams::controls`].

mod choices;
mod follow;
mod patches;
mod styles;
mod values;

pub use choices::{
    ChannelsChoice, KeyChoice, OutputsChoice, PartChoice, PhraseChoice, ScaleChoice,
};
pub use follow::{FollowChoice, FollowParams, InputChoice};
pub use patches::{BassPatch, ChordsPatch, DrumsPatch, LeadPatch, PatchParams};
pub use styles::StyleParams;

use crate::editor::{DEFAULT_EDITOR_SIZE, EditorSize};
use crate::edits::Edits;
use crate::follow::Progressions;
use crate::host::Channels;
use crate::model_file::{Model, ModelField};
use crate::sound_font::SoundFonts;
use crate::state::{HeaderField, MusicField};
use crate::styles::StyleKnobs;
use nice_plug::prelude::*;
use player::Form;
use score::{Blend, Controls, Genre, Part, PartControls, Tempo};
use std::sync::Arc;
use values::{audible, decibels, number, pan, percent, rounded, weight};

/// The seeds that a user can choose; any of them is as good as another.
const SEEDS: IntRange = IntRange::Linear { min: 1, max: 9_999 };

/// Everything a host can turn.
#[derive(Params)]
pub struct TributaryParams {
    /// The common blend.
    #[nested(group = "Blend")]
    pub common: CommonParams,
    /// Drums.
    #[nested(id_prefix = "dr", group = "Drums")]
    pub drums: PartParams,
    /// Bass.
    #[nested(id_prefix = "ba", group = "Bass")]
    pub bass: PartParams,
    /// Chords.
    #[nested(id_prefix = "ch", group = "Chords")]
    pub chords: PartParams,
    /// Lead.
    #[nested(id_prefix = "ld", group = "Lead")]
    pub lead: PartParams,
    /// What the parts sound like.
    #[nested(group = "Patches")]
    pub patches: PatchParams,
    /// The choice of chords.
    #[nested(id_prefix = "ha", group = "Harmony")]
    pub harmony: HarmonyParams,
    /// Key, scale and manner.
    #[nested(group = "Music")]
    pub music: MusicParams,
    /// Whose chords are followed, and what becomes of notes that come in.
    #[nested(group = "Follow")]
    pub follow: FollowParams,
    /// Timing, routing and sound.
    #[nested(group = "Engine")]
    pub engine: EngineParams,
    /// The typed chords. The audio thread reads them without waiting.
    #[persist = "chords"]
    pub typed: Progressions,
    /// Size of the window; no parameter, but saved with them. Never touched by the audio thread.
    #[persist = "editor_size"]
    pub editor_size: EditorSize,
    /// Takes of parts and the held phrase. Never touched by the audio thread.
    #[persist = "music"]
    pub music_memory: MusicField,
    /// What was edited, compared and loaded. Never touched by the audio thread.
    #[persist = "edits"]
    pub edits: Edits,
    /// Which model composes. Never touched by the audio thread.
    #[persist = "model"]
    pub model: ModelField,
    /// The styles behind the style knobs. Never touched by the audio thread.
    #[persist = "styles"]
    pub styles: StyleKnobs,
    /// The SoundFont, by its path. Never touched by the audio thread.
    #[persist = "sound_font"]
    pub sound_font: SoundFonts,
    /// Format of the state. Never touched by the audio thread.
    #[persist = "state"]
    pub header: HeaderField,
}

/// Weights of the six genres, `0.0..=1.0` each; normalised where they are used.
///
/// A host asks for parameters' names once; what another model calls its genres is in the text of
/// the values.
#[derive(Params)]
pub struct BlendParams {
    /// Weight of classical.
    #[id = "classical"]
    pub classical: FloatParam,
    /// Weight of jazz.
    #[id = "jazz"]
    pub jazz: FloatParam,
    /// Weight of rock.
    #[id = "rock"]
    pub rock: FloatParam,
    /// Weight of electronic.
    #[id = "electronic"]
    pub electronic: FloatParam,
    /// Weight of folk.
    #[id = "folk"]
    pub folk: FloatParam,
    /// Weight of hip-hop.
    #[id = "hiphop"]
    pub hiphop: FloatParam,
}

/// The common blend and how hard it pulls.
#[derive(Params)]
pub struct CommonParams {
    /// The weights.
    #[nested(id_prefix = "g")]
    pub blend: BlendParams,
    /// The styles' weights.
    #[nested(id_prefix = "s")]
    pub styles: StyleParams,
    /// `0.0..=2.0`.
    #[id = "strength"]
    pub strength: FloatParam,
}

/// One part.
#[derive(Params)]
pub struct PartParams {
    /// Whether the part plays.
    #[id = "on"]
    pub on: BoolParam,
    /// `0.0..=1.0`.
    #[id = "density"]
    pub density: FloatParam,
    /// `-1.0..=1.0`.
    #[id = "register"]
    pub register: FloatParam,
    /// Linear gain of the built-in sound.
    #[id = "level"]
    pub level: FloatParam,
    /// `-1.0..=1.0` from left to right, in the built-in sound.
    #[id = "pan"]
    pub pan: FloatParam,
    /// Silences the part, its notes too; the band plays on as if it were heard.
    #[id = "mute"]
    pub mute: BoolParam,
    /// Silences the parts without it, once any has it.
    #[id = "solo"]
    pub solo: BoolParam,
    /// `0.0..=1.0` from the common blend to the part's own.
    #[id = "own"]
    pub own: FloatParam,
    /// The part's own blend.
    #[nested(id_prefix = "g", group = "Own blend")]
    pub blend: BlendParams,
    /// The styles' weights in it.
    #[nested(id_prefix = "s", group = "Own blend")]
    pub styles: StyleParams,
}

/// The choice of chords.
#[derive(Params)]
pub struct HarmonyParams {
    /// `0.0..=1.0` from the common blend to the harmony's own.
    #[id = "own"]
    pub own: FloatParam,
    /// The harmony's own blend.
    #[nested(id_prefix = "g", group = "Own blend")]
    pub blend: BlendParams,
    /// The styles' weights in it.
    #[nested(id_prefix = "s", group = "Own blend")]
    pub styles: StyleParams,
}

/// Key, scale and manner.
#[derive(Params)]
pub struct MusicParams {
    /// The tonic.
    #[id = "key"]
    pub key: EnumParam<KeyChoice>,
    /// The allowed notes.
    #[id = "scale"]
    pub scale: EnumParam<ScaleChoice>,
    /// `0.0..=1.0`.
    #[id = "adventure"]
    pub adventure: FloatParam,
    /// `0.0..=1.0`.
    #[id = "swing"]
    pub swing: FloatParam,
    /// `0.0..=1.0`.
    #[id = "humanize"]
    pub humanize: FloatParam,
    /// Equal seeds give equal music.
    #[id = "seed"]
    pub seed: IntParam,
    /// Length of the phrases of which free playback is built.
    #[id = "phrase"]
    pub phrase: EnumParam<PhraseChoice>,
    /// `0.0..=1.0`: share of a loop's or phrase's beats that each pass makes anew.
    #[id = "evolve"]
    pub evolve: FloatParam,
    /// Plays on what exists, whatever is turned.
    #[id = "hold"]
    pub hold: BoolParam,
    /// Closes the music in four bars, then rests.
    #[id = "ending"]
    pub ending: BoolParam,
}

/// Timing, routing and sound.
#[derive(Params)]
pub struct EngineParams {
    /// How far ahead of the playhead a beat is committed, in beats.
    #[id = "lookahead"]
    pub lookahead: FloatParam,
    /// How parts are laid on MIDI channels.
    #[id = "channels"]
    pub channels: EnumParam<ChannelsChoice>,
    /// The part that is heard when `channels` is single.
    #[id = "single_part"]
    pub single_part: EnumParam<PartChoice>,
    /// Plays on the plugin's own clock while the host stands still or has no transport.
    #[id = "run"]
    pub run: BoolParam,
    /// Tempo of the plugin's own clock, in BPM.
    #[id = "tempo"]
    pub tempo: FloatParam,
    /// Whether the built-in sound is heard.
    #[id = "sound"]
    pub sound: BoolParam,
    /// Linear gain of the built-in sound.
    #[id = "gain"]
    pub gain: FloatParam,
    /// The host's own bypass button: every note ends, and none begins.
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// Which outputs the built-in sound goes to.
    #[id = "outputs"]
    pub outputs: EnumParam<OutputsChoice>,
}

impl Default for TributaryParams {
    fn default() -> Self {
        let model = Arc::new(Model::default());
        Self {
            common: CommonParams {
                blend: BlendParams::new("", &model),
                styles: StyleParams::new("", &model),
                strength: percent("Strength", 1.0, 0.0, 2.0),
            },
            drums: PartParams::new("Drums", &model),
            bass: PartParams::new("Bass", &model),
            chords: PartParams::new("Chords", &model),
            lead: PartParams::new("Lead", &model),
            patches: PatchParams::default(),
            harmony: HarmonyParams {
                own: percent("Harmony own", 0.0, 0.0, 1.0),
                blend: BlendParams::new("Harmony ", &model),
                styles: StyleParams::new("Harmony ", &model),
            },
            music: MusicParams::default(),
            follow: FollowParams::default(),
            engine: EngineParams::default(),
            typed: Progressions::default(),
            editor_size: EditorSize::new(DEFAULT_EDITOR_SIZE.into()),
            music_memory: MusicField::default(),
            edits: Edits::default(),
            styles: StyleKnobs::new(model.clone()),
            model: model.into(),
            sound_font: SoundFonts::default(),
            header: HeaderField::default(),
        }
    }
}

impl BlendParams {
    fn new(owner: &str, model: &Arc<Model>) -> Self {
        let weight =
            |genre: &str, number: Genre| weight(format!("{owner}{genre}"), number, model.clone());
        Self {
            classical: weight("Classical", Genre::Classical),
            jazz: weight("Jazz", Genre::Jazz),
            rock: weight("Rock", Genre::Rock),
            electronic: weight("Electronic", Genre::Electronic),
            folk: weight("Folk", Genre::Folk),
            hiphop: weight("Hip-hop", Genre::HipHop),
        }
    }

    /// The six weights, in the order of [`score::Genre::ALL`].
    pub fn weights(&self) -> [&FloatParam; 6] {
        [&self.classical, &self.jazz, &self.rock, &self.electronic, &self.folk, &self.hiphop]
    }

    /// The blend of the genres alone.
    pub fn blend(&self) -> Blend {
        let mut weights = [0.0; Blend::LEN];
        for (weight, param) in weights.iter_mut().zip(self.weights()) {
            *weight = number(param);
        }
        Blend::new(weights)
    }

    /// The blend as the model takes it.
    pub fn with(&self, styles: &StyleParams) -> Blend {
        let mut weights = [0.0; Blend::LEN];
        let params = self.weights().into_iter().chain(styles.weights());
        for (weight, param) in weights.iter_mut().zip(params) {
            *weight = rounded(param);
        }
        Blend::new(weights)
    }
}

impl PartParams {
    fn new(part: &str, model: &Arc<Model>) -> Self {
        Self {
            on: BoolParam::new(format!("{part} on"), true),
            density: percent(format!("{part} density"), 0.5, 0.0, 1.0),
            register: percent(format!("{part} register"), 0.0, -1.0, 1.0),
            level: decibels(format!("{part} level")),
            pan: pan(format!("{part} pan")),
            mute: BoolParam::new(format!("{part} mute"), false),
            solo: BoolParam::new(format!("{part} solo"), false),
            own: percent(format!("{part} own"), 0.0, 0.0, 1.0),
            blend: BlendParams::new(&format!("{part} "), model),
            styles: StyleParams::new(&format!("{part} "), model),
        }
    }

    fn controls(&self) -> PartControls {
        PartControls {
            on: self.on.value(),
            density: rounded(&self.density),
            register: rounded(&self.register),
            own: rounded(&self.own),
            blend: self.blend.with(&self.styles),
        }
    }
}

impl Default for MusicParams {
    fn default() -> Self {
        let Controls { adventure, swing, humanize, .. } = Controls::default();
        Self {
            key: EnumParam::new("Key", KeyChoice::C),
            scale: EnumParam::new("Scale", ScaleChoice::FreeMajor),
            adventure: percent("Adventure", adventure, 0.0, 1.0),
            swing: percent("Swing", swing, 0.0, 1.0),
            humanize: percent("Humanize", humanize, 0.0, 1.0),
            seed: IntParam::new("Seed", 1, SEEDS),
            phrase: EnumParam::new("Phrase", PhraseChoice::Off),
            evolve: percent("Evolve", 0.0, 0.0, 1.0),
            hold: BoolParam::new("Hold", false),
            ending: BoolParam::new("Ending", false),
        }
    }
}

impl Default for EngineParams {
    fn default() -> Self {
        Self {
            lookahead: FloatParam::new("Lookahead", 1.0, FloatRange::Linear { min: 0.5, max: 4.0 })
                .with_step_size(0.5)
                .with_unit(" beats"),
            channels: EnumParam::new("MIDI channels", ChannelsChoice::PerPart),
            single_part: EnumParam::new("Single part", PartChoice::Lead),
            run: BoolParam::new("Run", false),
            tempo: FloatParam::new("Tempo", 120.0, FloatRange::Linear { min: 40.0, max: 240.0 })
                .with_step_size(0.1)
                .with_unit(" BPM"),
            sound: BoolParam::new("Sound", true),
            gain: decibels("Gain"),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            outputs: EnumParam::new("Outputs", OutputsChoice::Mix),
        }
    }
}

impl TributaryParams {
    /// The four parts, in the order of [`Part::ALL`].
    pub fn parts(&self) -> [&PartParams; 4] {
        [&self.drums, &self.bass, &self.chords, &self.lead]
    }

    /// What decides the notes, as it stands now.
    ///
    /// # Real-time
    /// Reads atomics only.
    pub fn controls(&self) -> Controls {
        Controls {
            blend: self.common.blend.with(&self.common.styles),
            strength: rounded(&self.common.strength),
            parts: self.parts().map(PartParams::controls),
            harmony_own: rounded(&self.harmony.own),
            harmony_blend: self.harmony.blend.with(&self.harmony.styles),
            key: self.music.key.value().pitch_class(),
            scale: self.music.scale.value().scale(),
            adventure: rounded(&self.music.adventure),
            swing: rounded(&self.music.swing),
            humanize: rounded(&self.music.humanize),
            ending: self.music.ending.value(),
            follow: None,
            answer: self.answer(),
            // PANIC: cannot; the range of seeds is positive.
            seed: self.music.seed.value().unsigned_abs(),
        }
    }

    /// How existing beats are used again, as it stands now.
    ///
    /// # Real-time
    /// Reads atomics only.
    pub fn form(&self) -> Form {
        Form {
            evolve: rounded(&self.music.evolve),
            phrase_bars: self.music.phrase.value().n_bars(),
            hold: self.music.hold.value(),
        }
    }

    /// How far ahead of the playhead a beat is committed, in beats.
    pub fn lookahead(&self) -> f64 {
        number(&self.engine.lookahead).into()
    }

    /// Tempo of the plugin's own clock.
    pub fn tempo(&self) -> Tempo {
        Tempo::new(number(&self.engine.tempo).into())
    }

    /// How parts are laid on MIDI channels.
    pub fn channels(&self) -> Channels {
        match self.engine.channels.value() {
            ChannelsChoice::PerPart => Channels::PerPart,
            ChannelsChoice::Single => Channels::Single(self.engine.single_part.value().part()),
        }
    }

    /// Linear level of a part in the built-in sound, silence at the bottom of its range.
    pub fn level(&self, part: Part) -> f32 {
        audible(number(&self.parts()[part.index()].level))
    }

    /// Linear gain of the built-in sound, silence at the bottom of its range.
    pub fn gain(&self) -> f32 {
        audible(number(&self.engine.gain))
    }
}

#[cfg(test)]
mod tests;
