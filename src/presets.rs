//! Presets as values of the parameters: which of them a preset sets, and how its numbers are read.
//!
//! Runs on the **GUI thread**, or wherever presets are looked at; never on the audio thread. Files
//! and their format are the `presets` crate's.

mod randomize;
mod table;

pub use randomize::randomized;
pub use table::Table;

use ::presets::{Preset, Setting};

/// One value a parameter, normalised, in the order of a [`Table`]; `None` leaves it as it is.
pub type Values = Vec<Option<f32>>;

/// What becomes of a parameter when a preset is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of every preset: it gets the preset's value, or its default.
    Music,
    /// Belongs to the song rather than to the band: set by presets that name it, saved when a user
    /// asks for it.
    Song,
    /// Belongs to the project or the moment (routing, level, timing, what is held): set by presets
    /// that name it, never saved.
    Setup,
}

impl Role {
    /// The role of a parameter, by its id and its group in the host's list.
    pub fn of(id: &str, group: &str) -> Self {
        match id {
            "key" | "seed" | "tempo" => Self::Song,
            "hold" | "ending" => Self::Setup,
            _ if group == "Engine" || group == "Follow" => Self::Setup,
            _ if id.ends_with("_mute") || id.ends_with("_solo") => Self::Setup,
            _ => Self::Music,
        }
    }
}

/// A preset as values of the parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fit {
    /// What it sets.
    pub values: Values,
    /// What of it could not be taken as it is, in words that name file, line and parameter.
    pub problems: Vec<String>,
}

/// Reads a preset's values; `file` is its name for messages.
///
/// A parameter that is not known is left out, a number out of range becomes the nearest in range,
/// and what cannot be read at all its default; all three are told.
pub fn fit(preset: &Preset, table: &Table<'_>, file: &str) -> Fit {
    let of_default = |idx| (table.role(idx) == Role::Music).then(|| table.default(idx));
    let mut values: Values = (0..table.len()).map(of_default).collect();
    let mut problems = Vec::new();
    for Setting { id, value, line } in &preset.values {
        let problem = match table.find(id) {
            None => "is not known, and is left out".to_owned(),
            Some(idx) => match table.read(idx, value) {
                Ok(read) => {
                    values[idx] = Some(read);
                    continue;
                }
                Err(table::Unreadable { nearest, problem }) => {
                    values[idx] = nearest.or(values[idx]);
                    problem
                }
            },
        };
        let id: String = id.chars().take(32).collect();
        let place = if *line > 0 { format!("line {line}: ") } else { String::new() };
        problems.push(format!("{file}: {place}{id}: {problem}"));
    }
    Fit { values, problems }
}

/// What a preset of the parameters as they stand says: what is not at its default, and with
/// `with_song` key, seed and tempo.
pub fn capture(table: &Table<'_>, values: &[f32], with_song: bool) -> Vec<Setting> {
    let is_said = |idx: &usize| match table.role(*idx) {
        Role::Music => !table.is_same(*idx, values[*idx], table.default(*idx)),
        Role::Song => with_song,
        Role::Setup => false,
    };
    let said = (0..table.len().min(values.len())).filter(is_said);
    let setting = |idx: usize| Setting {
        id: table.id(idx).to_owned(),
        value: table.write(idx, values[idx]),
        line: 0,
    };
    said.map(setting).collect()
}

#[cfg(test)]
mod tests;
