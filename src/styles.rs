//! The styles behind the style knobs of one instance: what a project saves of them, and how they
//! are learnt, loaded and saved.
//!
//! Whatever plays them is made by [`Model`], on the composing thread. Files are read and styles are
//! learnt on the learning thread. The audio thread never looks here.

use crate::midi_file;
use crate::model_file::{Model, full_path};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use composer::{Learner, Learning, Lesson};
use model::style::{About, FILE_ENDING, MAX_BYTES, Song, Style};
use nice_plug::params::persist::PersistentField;
use score::{Blend, Genre, N_STYLES, Piece};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most files that one style is learnt from.
const MAX_FILES: usize = 256;

/// The styles as a project saves them: files in base 64, a knob each.
pub type Saved = Vec<Option<String>>;

/// The styles of one instance, as the framework saves and loads them.
#[derive(Debug, Default)]
pub struct StyleKnobs {
    model: Arc<Model>,
    learner: Learner,
}

impl StyleKnobs {
    /// Styles that `model` plays.
    pub fn new(model: Arc<Model>) -> Self {
        Self { model, learner: Learner::default() }
    }

    /// The style of a knob.
    pub fn get(&self, knob: usize) -> Option<Arc<Style>> {
        self.model.style(knob)
    }

    /// The blend with each style's weight on the genre that it lies nearest to.
    ///
    /// # Real-time
    /// Reads atomics only.
    pub fn in_genres(&self, blend: &Blend) -> Blend {
        let mut weights = *blend.weights();
        for knob in 0..N_STYLES {
            let weight = std::mem::take(&mut weights[Genre::COUNT + knob]);
            if let Some(genre) = self.model.nearest_genre(knob) {
                weights[genre] += weight;
            }
        }
        Blend::new(weights)
    }

    /// Why the style of a knob is not played, if it is not.
    pub fn problem(&self, knob: usize) -> Option<String> {
        self.model.style_problem(knob)
    }

    /// What the knob is called: as its style, or by its number.
    pub fn name(&self, knob: usize) -> String {
        name(&self.model, knob)
    }

    /// The first knob without a style.
    pub fn free(&self) -> Option<usize> {
        (0..N_STYLES).find(|knob| self.get(*knob).is_none())
    }

    /// Takes the style off a knob, whose weight then counts nothing.
    pub fn remove(&self, knob: usize) {
        self.model.set_style(knob, None);
    }

    /// Gives a style another name.
    pub fn rename(&self, knob: usize, name: &str) {
        if let Some(style) = self.get(knob) {
            let about = About { name: name.trim().to_owned(), ..style.about().clone() };
            self.model.set_style(knob, Some(Arc::new(style.as_ref().clone().with_about(about))));
        }
    }

    /// How learning comes along.
    pub fn learning(&self) -> Learning {
        self.learner.state()
    }

    /// Gives up what is being learnt.
    pub fn cancel(&self) {
        self.learner.cancel();
    }

    /// Forgets how the last style came along.
    pub fn dismiss(&self) {
        self.learner.dismiss();
    }

    /// Puts the style of a file behind a knob; the old one stays if it cannot be used.
    ///
    /// # Errors
    /// In words, with the file's name.
    pub fn load(&self, knob: usize, text: &str) -> Result<(), String> {
        let path = full_path(text, STYLE)?;
        let named = |what: String| format!("{}: {what}", path.display());
        let length = std::fs::metadata(&path).map_err(|error| named(error.to_string()))?.len();
        if length > MAX_BYTES as u64 {
            return Err(named(format!("{length} bytes; a style has at most {MAX_BYTES}")));
        }
        let bytes = std::fs::read(&path).map_err(|error| named(error.to_string()))?;
        let style = Style::from_bytes(&bytes).map_err(|error| named(error.to_string()))?;
        if let Some(network) = self.model.network() {
            style.check(&network).map_err(|error| named(error.to_string()))?;
        }
        self.model.set_style(knob, Some(Arc::new(style)));
        Ok(())
    }

    /// Learns a style of MIDI files, or of all that lie in a folder, for a knob.
    ///
    /// # Errors
    /// In words, when `text` names no files; what is wrong with a file, [`Self::learning`] says.
    pub fn learn_files(&self, knob: usize, text: &str) -> Result<(), String> {
        let paths: Vec<PathBuf> = text
            .split([';', '\n'])
            .filter(|path| !path.trim().is_empty())
            .map(|path| full_path(path, MIDI))
            .collect::<Result<_, _>>()?;
        self.learn_paths(knob, paths)
    }

    /// The same of full paths.
    ///
    /// # Errors
    /// As for [`Self::learn_files`].
    pub fn learn_paths(&self, knob: usize, paths: Vec<PathBuf>) -> Result<(), String> {
        let Some(first) = paths.first() else { return Err(full_path("", MIDI).unwrap_err()) };
        let name = first.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.learn(knob, name, move || songs(&paths))
    }

    /// Learns a style of music that was heard or played, for a knob.
    ///
    /// # Errors
    /// In words, when something is being learnt already.
    pub fn learn_piece(&self, knob: usize, piece: Piece, name: String) -> Result<(), String> {
        let of_piece = name.clone();
        self.learn(knob, name, move || {
            let beats = score::quantize::quantize(&piece, true);
            Ok(vec![Song { name: of_piece, beats, dynamics: true }])
        })
    }

    fn learn(
        &self,
        knob: usize,
        name: String,
        read: impl FnOnce() -> Result<Vec<Song>, String> + Send + 'static,
    ) -> Result<(), String> {
        let (model, for_knob) = (self.model.clone(), self.model.clone());
        let lesson = move || {
            let network = match model.network() {
                Some(network) => network,
                None => crate::weights::generator()
                    .map(|generator| generator.network().clone())
                    .map_err(|error| error.to_string())?,
            };
            Ok(Lesson { network, songs: read()?, about: About { name, ..About::default() } })
        };
        let learnt = move |style| for_knob.set_style(knob, Some(Arc::new(style)));
        if self.learner.start(lesson, learnt) {
            Ok(())
        } else {
            Err("a style is being learnt already".to_owned())
        }
    }
}

/// What is expected where a path is none.
const STYLE: &str = "a .tributary-style file";
const MIDI: &str = "a MIDI file, several with ; between them, or a folder";

/// What a style knob is called.
pub fn name(model: &Model, knob: usize) -> String {
    let named = model.style(knob).map(|style| style.about().name.trim().to_owned());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| format!("Style {}", knob + 1))
}

/// The songs of files and folders.
fn songs(paths: &[PathBuf]) -> Result<Vec<Song>, String> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries =
                std::fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let midi = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| midi_file::is_named(path));
            let before = files.len();
            files.extend(midi);
            files[before..].sort();
            if files.len() == before {
                return Err(format!("{}: no MIDI file in this folder", path.display()));
            }
        } else {
            files.push(path.clone());
        }
    }
    if files.len() > MAX_FILES {
        return Err(format!("{} files; at most {MAX_FILES} are learnt from", files.len()));
    }
    files.iter().map(|path| song(path)).collect()
}

fn song(path: &Path) -> Result<Song, String> {
    let bytes = midi_file::read(path)?;
    Song::from_midi(&bytes, &path.display().to_string()).map_err(|error| error.to_string())
}

impl PersistentField<'_, Saved> for StyleKnobs {
    fn set(&self, saved: Saved) {
        let read = |text: &String| {
            let bytes = BASE64_STANDARD.decode(text).map_err(|error| error.to_string())?;
            Style::from_bytes(&bytes).map(Arc::new).map_err(|error| error.to_string())
        };
        for knob in 0..N_STYLES {
            match saved.get(knob).and_then(Option::as_ref).map(read).transpose() {
                // A host may load a state to undo a turn of a knob; nothing is made anew for that.
                Ok(style) if style == self.get(knob) => {}
                Ok(style) => self.model.set_style(knob, style),
                Err(reason) => self.model.lose_style(knob, reason),
            }
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Saved) -> R,
    {
        let save = |knob: usize| {
            let bytes = self.get(knob)?.to_bytes().ok()?;
            Some(BASE64_STANDARD.encode(bytes))
        };
        f(&(0..N_STYLES).map(save).collect())
    }
}

/// Writes a style's file under a name that is free, in a folder that is made if it must be.
///
/// # Errors
/// In words, with the folder's name.
pub fn save(folder: &Path, style: &Style) -> Result<PathBuf, String> {
    let named = |path: &Path, what: String| format!("{}: {what}", path.display());
    std::fs::create_dir_all(folder).map_err(|error| named(folder, error.to_string()))?;
    let bytes = style.to_bytes().map_err(|error| named(folder, error.to_string()))?;
    let is_plain = |c: char| if c.is_alphanumeric() || " -_.".contains(c) { c } else { '-' };
    let name: String = style.about().name.chars().map(is_plain).take(80).collect();
    let name = if name.trim().is_empty() { "Style" } else { name.trim() };
    for number in 1..1_000 {
        let numbered = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
        let path = folder.join(format!("{numbered}.{FILE_ENDING}"));
        let mut file = match std::fs::File::create_new(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(named(&path, error.to_string())),
        };
        if let Err(error) = std::io::Write::write_all(&mut file, &bytes) {
            drop(file);
            // Half a file would be taken for one.
            let _ = std::fs::remove_file(&path);
            return Err(named(&path, error.to_string()));
        }
        return Ok(path);
    }
    Err(named(folder, format!("no free name for {name}")))
}

#[cfg(test)]
mod tests;
