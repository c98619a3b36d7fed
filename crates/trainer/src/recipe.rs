//! How training windows are made: one TOML file a published model.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Shares and probabilities of the training windows. Every probability lies in `0.0..=1.0`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Seed of everything random.
    pub seed: u64,
    /// Steps of a row; several short windows share one.
    pub context_len: usize,
    /// Windows that start where their song starts.
    pub song_starts: f32,
    /// Windows of the last bars of their song.
    pub song_ends: f32,
    /// Windows of 48 to 256 steps; they make the genre input matter.
    pub short_windows: f32,
    /// Windows without drums that are lent another song's.
    pub lend_drums: f32,
    /// Windows with drums whose drums are replaced by another song's.
    pub replace_drums: f32,
    /// Windows whose bass is replaced by, or that are lent, another song's.
    pub mix_bass: f32,
    /// Parts that are left out.
    pub drop_part: f32,
    /// Windows without any genre, for guidance.
    pub null_window: f32,
    /// Slots without genre.
    pub null_slot: f32,
    /// Parts whose density is hidden; likewise register.
    pub hide_density: f32,
    /// Windows without references to earlier bars.
    pub hide_references: f32,
    /// Windows whose bars do not say which earlier ones they repeat, and slots of the others.
    pub hide_form: f32,
    /// Windows that do not say how far the end of the song is.
    pub hide_closing: f32,
    /// Shares of collections within each genre; a genre that is missing here draws evenly.
    pub sources: BTreeMap<String, BTreeMap<String, f32>>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            seed: 1,
            context_len: 384,
            song_starts: 0.2,
            song_ends: 0.06,
            short_windows: 0.5,
            lend_drums: 0.6,
            replace_drums: 0.25,
            mix_bass: 0.15,
            drop_part: 0.1,
            null_window: 0.12,
            null_slot: 0.04,
            hide_density: 0.5,
            hide_references: 0.1,
            hide_form: 0.2,
            hide_closing: 0.4,
            sources: BTreeMap::new(),
        }
    }
}

impl Recipe {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// An unreadable file or an unknown field, with its line.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{}: not a recipe", path.display()))
    }
}
