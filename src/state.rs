//! What a project saves besides the parameters' values, and what becomes of states that are old,
//! newer, foreign or damaged.
//!
//! The framework writes a state as JSON: the version of the plugin, the parameters by id, and
//! fields, each of them JSON in a string. It refuses a state that is no such JSON, whole, and tells
//! the host; everything else comes through [`repair`] first. Nothing here is for the audio thread.

use crate::editor::EditorSize;
use crate::edits;
use crate::model_file::Choice;
use crate::params::TributaryParams;
use crate::styles;
use composer::{Keepsake, Memory};
use nice_plug::params::persist::PersistentField;
use nice_plug::plugin::ParamValue;
use nice_plug::prelude::{Param, ParamPtr, Params, PluginState};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Number of the format. It rises whenever a state gets other entries than before; states of every
/// format from 1 on are kept with the tests, and load for ever.
pub const FORMAT: u32 = 5;

/// The first format that says which outputs are heard, and where.
const FORMAT_WITH_OUTPUTS: u32 = 5;
const OUTPUTS: &str = "outputs";

/// Names of the fields, which must be those of `#[persist]` in [`TributaryParams`].
const HEADER: &str = "state";
const MUSIC: &str = "music";
const EDITOR_SIZE: &str = "editor_size";
const EDITS: &str = "edits";
const MODEL: &str = "model";
const SOUND_FONT: &str = "sound_font";
const STYLES: &str = "styles";
const CHORDS: &str = "chords";

/// Names of entries that a message lists before it only counts them.
const N_NAMED: usize = 4;

/// Which format a state has, and after [`repair`] what was wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    format: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost: Option<String>,
}

/// The [`Header`] of the state that was loaded last.
#[derive(Debug, Default)]
pub struct HeaderField {
    lost: Mutex<Option<String>>,
}

impl HeaderField {
    /// What the last state that was loaded had and this plugin could not read, in words.
    pub fn lost(&self) -> Option<String> {
        self.lost.lock().clone()
    }
}

impl PersistentField<'_, Header> for HeaderField {
    fn set(&self, header: Header) {
        *self.lost.lock() = header.lost;
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Header) -> R,
    {
        f(&Header { format: FORMAT, lost: None })
    }
}

/// The composer's memory, as the framework saves and loads it.
#[derive(Debug, Default)]
pub struct MusicField {
    memory: Arc<Memory>,
}

impl MusicField {
    /// The memory, to be shared with the composing thread.
    pub fn memory(&self) -> Arc<Memory> {
        self.memory.clone()
    }
}

impl PersistentField<'_, Keepsake> for MusicField {
    fn set(&self, keepsake: Keepsake) {
        self.memory.restore(keepsake);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Keepsake) -> R,
    {
        f(&self.memory.save())
    }
}

/// Makes a state complete and harmless before it is loaded.
///
/// What is missing gets its default, so that an older state does not leave what was turned before
/// it was loaded. Numbers are brought into range, since the framework stores them as they come.
/// What cannot be read gets its default, what is unknown is left out, and both are written into
/// the header for the editor to say.
pub fn repair(state: &mut PluginState) {
    let mut repair = Repair::default();
    let header = state.fields.get(HEADER).map(|text| serde_json::from_str::<Header>(text));
    let format = match header {
        Some(Ok(header)) => header.format,
        Some(Err(_)) => {
            repair.unreadable.push(HEADER.into());
            0
        }
        None => 0,
    };
    // Until then every part was on an output of its own, and projects may hear it there.
    if (1..FORMAT_WITH_OUTPUTS).contains(&format) {
        let both = ParamValue::String("both".into());
        state.params.entry(OUTPUTS.into()).or_insert(both);
    }
    repair.params(state);
    repair.field::<Keepsake>(state, MUSIC);
    repair.field::<<EditorSize as Saved>::Value>(state, EDITOR_SIZE);
    repair.field::<edits::Saved>(state, EDITS);
    repair.field::<Choice>(state, MODEL);
    repair.field::<styles::Saved>(state, STYLES);
    repair.field::<Option<String>>(state, SOUND_FONT);
    repair.field::<String>(state, CHORDS);
    let known = [HEADER, MUSIC, EDITOR_SIZE, EDITS, MODEL, STYLES, SOUND_FONT, CHORDS];
    state.fields.retain(|name, _| repair.keep(name, known.contains(&name.as_str())));
    if !state.fields.contains_key(MUSIC) {
        state.fields.insert(MUSIC.into(), json(&Keepsake::default()));
    }
    if !state.fields.contains_key(EDITS) {
        state.fields.insert(EDITS.into(), json(&edits::Saved::default()));
    }
    if !state.fields.contains_key(MODEL) {
        state.fields.insert(MODEL.into(), json(&Choice::default()));
    }
    if !state.fields.contains_key(STYLES) {
        state.fields.insert(STYLES.into(), json(&styles::Saved::default()));
    }
    if !state.fields.contains_key(SOUND_FONT) {
        state.fields.insert(SOUND_FONT.into(), json(&None::<String>));
    }
    if !state.fields.contains_key(CHORDS) {
        state.fields.insert(CHORDS.into(), json(&String::new()));
    }
    let header = Header { format, lost: repair.message(format) };
    state.fields.insert(HEADER.into(), json(&header));
}

/// The value that a shared field saves.
trait Saved {
    type Value;
}

impl<T> Saved for Arc<parking_lot::RwLock<T>> {
    type Value = T;
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Names of entries that were not taken as they were.
#[derive(Default)]
struct Repair {
    unreadable: Vec<String>,
    unknown: Vec<String>,
}

impl Repair {
    fn params(&mut self, state: &mut PluginState) {
        // The pointers lead into this one.
        let defaults = TributaryParams::default();
        let known = defaults.param_map();
        state.params.retain(|id, _| self.keep(id, known.iter().any(|(known, ..)| known == id)));
        for (id, param, _) in known {
            // SAFETY: `defaults` lives until the end of this function.
            let (default, readable) = unsafe {
                let default = default_value(param);
                (default, state.params.get(&id).map(|value| in_range(param, value)))
            };
            let value = match readable {
                None => default,
                Some(Ok(value)) => value,
                Some(Err(value)) => {
                    self.unreadable.push(id.clone());
                    value.unwrap_or(default)
                }
            };
            state.params.insert(id, value);
        }
    }

    /// Leaves a field out that is not JSON of its kind.
    fn field<T: for<'a> Deserialize<'a>>(&mut self, state: &mut PluginState, name: &str) {
        let readable = |text: &String| serde_json::from_str::<T>(text).is_ok();
        if state.fields.get(name).is_some_and(|text| !readable(text)) {
            state.fields.remove(name);
            self.unreadable.push(name.into());
        }
    }

    /// Whether an entry stays.
    fn keep(&mut self, name: &str, known: bool) -> bool {
        if !known {
            self.unknown.push(name.into());
        }
        known
    }

    fn message(&self, format: u32) -> Option<String> {
        let mut parts = Vec::new();
        if format > FORMAT {
            parts.push("saved by a newer version".to_owned());
        }
        for (names, what) in [(&self.unreadable, "not readable"), (&self.unknown, "not known")] {
            if !names.is_empty() {
                parts.push(format!("{what}: {}", list(names)));
            }
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

fn list(names: &[String]) -> String {
    // Names come from the file and may be of any length.
    let short = |name: &String| name.chars().take(24).collect::<String>();
    let mut text = names.iter().take(N_NAMED).map(short).collect::<Vec<_>>().join(", ");
    if names.len() > N_NAMED {
        text.push_str(&format!(" and {} more", names.len() - N_NAMED));
    }
    text
}

/// # Safety
/// The parameter must be alive.
unsafe fn default_value(param: ParamPtr) -> ParamValue {
    // SAFETY: the caller's promise.
    unsafe {
        match param {
            ParamPtr::FloatParam(p) => ParamValue::F32((*p).default_plain_value()),
            ParamPtr::IntParam(p) => ParamValue::I32((*p).default_plain_value()),
            ParamPtr::BoolParam(p) => ParamValue::Bool((*p).default_plain_value()),
            ParamPtr::EnumParam(p) => ParamValue::I32((*p).default_plain_value()),
        }
    }
}

/// A saved value as it is, or what is left of it: the nearest in range, or nothing.
///
/// # Safety
/// The parameter must be alive, and nobody's but the caller's: a choice is tried on it.
unsafe fn in_range(param: ParamPtr, value: &ParamValue) -> Result<ParamValue, Option<ParamValue>> {
    // SAFETY: the caller's promise.
    unsafe {
        match (param, value) {
            (ParamPtr::FloatParam(p), ParamValue::F32(value)) if !value.is_nan() => {
                let nearest = value.clamp((*p).preview_plain(0.0), (*p).preview_plain(1.0));
                within(nearest == *value, ParamValue::F32(nearest))
            }
            (ParamPtr::IntParam(p), ParamValue::I32(value)) => {
                let nearest = *value.clamp(&(*p).preview_plain(0.0), &(*p).preview_plain(1.0));
                within(nearest == *value, ParamValue::I32(nearest))
            }
            (ParamPtr::BoolParam(_), ParamValue::Bool(_)) => Ok(value.clone()),
            (ParamPtr::EnumParam(p), ParamValue::String(id)) if (*p).set_from_id(id) => {
                Ok(value.clone())
            }
            (ParamPtr::EnumParam(p), ParamValue::I32(index))
                if (0..=(*p).preview_plain(1.0)).contains(index) =>
            {
                Ok(value.clone())
            }
            _ => Err(None),
        }
    }
}

fn within(unchanged: bool, value: ParamValue) -> Result<ParamValue, Option<ParamValue>> {
    if unchanged { Ok(value) } else { Err(Some(value)) }
}

#[cfg(test)]
mod tests;
