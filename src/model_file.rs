//! Which model a project plays: the one that is built in, or one from a file.
//!
//! The choice is made by the host's main thread (a project is loaded) or by the editor; files are
//! read by the **composing thread**. The audio thread never looks here.

use crate::weights;
use composer::{Generator, ModelFile, NeuralGenerator, Successor};
use model::{Network, Style};
use nice_plug::params::persist::PersistentField;
use parking_lot::{Mutex, MutexGuard};
use score::{Genre, GenreNames, N_STYLES};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};

/// A project's choice of a model, as it is saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The file of weights; `None` for the model that is built in.
    #[serde(default)]
    path: Option<String>,
    /// [`composer::ModelFile::fingerprint`] in hexadecimal digits when the file was chosen; `None`
    /// until it was read.
    #[serde(default)]
    fingerprint: Option<String>,
}

/// What has become of a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody has needed the model yet, or it is being read.
    #[default]
    Waiting,
    /// It plays.
    Plays,
    /// It plays, and is not what it was when it was chosen.
    Changed,
    /// The file cannot be used, for this reason; the model that is built in plays.
    Refused(String),
}

/// The choice of one instance, and what has become of it.
#[derive(Debug, Default)]
pub struct Model {
    /// To the composing thread.
    successor: Arc<Successor>,
    state: Mutex<State>,
    /// Of each style the genre that it lies nearest to, for the audio thread.
    nearest: [Nearest; N_STYLES],
}

/// A genre's number that is no genre's.
const NO_GENRE: u8 = u8::MAX;

#[derive(Debug)]
struct Nearest(AtomicU8);

impl Default for Nearest {
    fn default() -> Self {
        Self(AtomicU8::new(NO_GENRE))
    }
}

#[derive(Debug, Default)]
struct State {
    choice: Choice,
    outcome: Outcome,
    /// Name and genres of what plays; of the built-in model until another does.
    name: Option<String>,
    genres: GenreNames,
    /// What composes, as long as it does, to learn styles for.
    network: Weak<Network>,
    /// The styles behind the style knobs, and why some are not played.
    styles: [Option<Arc<Style>>; N_STYLES],
    style_problems: [Option<String>; N_STYLES],
}

impl Model {
    /// The file that is chosen, whatever has become of it; `None` for the built-in model.
    pub fn path(&self) -> Option<String> {
        self.state.lock().choice.path.clone()
    }

    /// What has become of the choice.
    pub fn outcome(&self) -> Outcome {
        self.state.lock().outcome.clone()
    }

    /// Name of the model that plays, or will.
    pub fn name(&self) -> String {
        self.state.lock().name.clone().unwrap_or_else(|| weights::NAME.to_owned())
    }

    /// What its genres are called, in the order of the knobs.
    pub fn genres(&self) -> GenreNames {
        self.state.lock().genres.clone()
    }

    /// What a genre is called if not as the knob is named: another model's name, or that it has
    /// none.
    pub fn renamed(&self, genre: Genre) -> Option<String> {
        let state = self.state.lock();
        match state.genres.get(genre) {
            Some(name) if name == genre.name() => None,
            Some(name) => Some(name.to_owned()),
            None => Some("unused".to_owned()),
        }
    }

    /// The network that composes, while one does.
    pub fn network(&self) -> Option<Arc<Network>> {
        self.state.lock().network.upgrade()
    }

    /// The style behind a knob.
    pub fn style(&self, knob: usize) -> Option<Arc<Style>> {
        self.state.lock().styles.get(knob)?.clone()
    }

    /// Number of the genre that the style behind a knob lies nearest to.
    ///
    /// # Real-time
    /// Reads an atomic only.
    pub fn nearest_genre(&self, knob: usize) -> Option<usize> {
        let genre = self.nearest[knob].0.load(Ordering::Relaxed);
        (genre != NO_GENRE).then_some(genre.into())
    }

    /// Why the style behind a knob is not played.
    pub fn style_problem(&self, knob: usize) -> Option<String> {
        self.state.lock().style_problems.get(knob)?.clone()
    }

    /// Puts a style behind a knob, or takes it away, from the next beats on.
    pub fn set_style(self: &Arc<Self>, knob: usize, style: Option<Arc<Style>>) {
        let mut state = self.state.lock();
        let largest = |style: &Arc<Style>| {
            let genres = style.genres().iter().enumerate();
            genres.max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(genre, _)| genre as u8)
        };
        let nearest = style.as_ref().map_or(NO_GENRE, largest);
        self.nearest[knob].0.store(nearest, Ordering::Relaxed);
        state.style_problems[knob] = None;
        state.styles[knob] = style;
        self.appoint(state);
    }

    /// Takes the style of a knob away because what was saved of it cannot be read.
    pub fn lose_style(self: &Arc<Self>, knob: usize, reason: String) {
        let mut state = self.state.lock();
        self.nearest[knob].0.store(NO_GENRE, Ordering::Relaxed);
        state.styles[knob] = None;
        state.style_problems[knob] = Some(reason);
        self.appoint(state);
    }

    /// Plays the model of a file from the next beats on; also reads a file again that has changed.
    ///
    /// # Errors
    /// In words, when `text` is no full path. What is wrong with the file is found when it is
    /// read, and told by [`Self::outcome`].
    pub fn choose(self: &Arc<Self>, text: &str) -> Result<(), String> {
        let path = full_path(text, WEIGHTS)?;
        let path = path.to_str().ok_or("the path is no Unicode text")?.to_owned();
        self.set(Choice { path: Some(path), fingerprint: None });
        Ok(())
    }

    /// Plays the model that is built in.
    pub fn choose_built_in(self: &Arc<Self>) {
        self.set(Choice::default());
    }

    fn set(self: &Arc<Self>, choice: Choice) {
        let mut state = self.state.lock();
        state.choice = choice;
        state.outcome = Outcome::Waiting;
        self.appoint(state);
    }

    /// Has another generator made of what is chosen now; under the lock, so that the last choice is
    /// the last one to be made.
    fn appoint(self: &Arc<Self>, _state: MutexGuard<State>) {
        let model = Arc::downgrade(self);
        self.successor.appoint(move || match model.upgrade() {
            Some(model) => model.make(),
            None => Err(composer::Error::Ended),
        });
    }

    /// Where the composing thread finds a generator when the choice changes.
    pub fn successor(&self) -> Arc<Successor> {
        self.successor.clone()
    }

    /// Makes what plays the choice, on the composing thread.
    ///
    /// # Errors
    /// [`composer::Error::Load`] when not even the built-in weights fit this program.
    pub fn make(&self) -> composer::Result<Box<dyn Generator>> {
        let (choice, styles) = {
            let state = self.state.lock();
            (state.choice.clone(), state.styles.clone())
        };
        let (generator, fingerprint, outcome) = match &choice.path {
            None => (weights::generator()?, None, Outcome::Plays),
            Some(path) => match read(path) {
                Ok((generator, found)) => {
                    let changed = choice.fingerprint.as_ref().is_some_and(|then| *then != found);
                    let outcome = if changed { Outcome::Changed } else { Outcome::Plays };
                    (generator, Some(found), outcome)
                }
                Err(reason) => (weights::generator()?, None, Outcome::Refused(reason)),
            },
        };
        let (generator, problems) = generator.with_styles(&styles);
        let mut state = self.state.lock();
        for (knob, problem) in problems.into_iter().enumerate() {
            // What could not even be read has its reason already.
            if state.styles[knob].is_some() && state.styles[knob] == styles[knob] {
                state.style_problems[knob] = problem;
            }
        }
        state.network = Arc::downgrade(generator.network());
        // The choice may have changed again; another turn will say what becomes of that.
        if state.choice == choice {
            state.outcome = outcome;
            state.name = Some(generator.name().to_owned());
            state.genres = generator.genres();
            // A changed file is told until somebody chooses it again.
            state.choice.fingerprint = choice.fingerprint.or(fingerprint);
        }
        Ok(Box::new(generator))
    }
}

/// A generator over a file, and the file's fingerprint.
fn read(path: &str) -> Result<(NeuralGenerator, String), String> {
    let file = ModelFile::read(&full_path(path, WEIGHTS)?).map_err(|error| error.to_string())?;
    let generator = NeuralGenerator::from_file(&file).map_err(|error| error.to_string())?;
    Ok((generator, format!("{:016x}", file.fingerprint())))
}

/// What is expected where a path is none.
const WEIGHTS: &str = "a .safetensors file";

/// The path that somebody has typed or pasted; `~` is the home folder.
///
/// # Errors
/// In words, when it is no full path; `of` says of what.
pub fn full_path(text: &str, of: &str) -> Result<PathBuf, String> {
    let text = text.trim().trim_matches(['"', '\'']);
    let path = match text.strip_prefix("~/") {
        Some(rest) => match std::env::home_dir() {
            Some(home) => home.join(rest),
            None => return Err("no home folder is known for ~".to_owned()),
        },
        None => PathBuf::from(text.strip_prefix("file://").unwrap_or(text)),
    };
    if path.is_absolute() {
        return Ok(path);
    }
    let found = if text.is_empty() { "nothing".to_owned() } else { format!("\"{text}\"") };
    Err(format!("expected the full path of {of}, found {found}"))
}

/// The model as the framework saves and loads it.
#[derive(Debug, Default)]
pub struct ModelField {
    model: Arc<Model>,
}

impl ModelField {
    /// To be shared with the composing thread and the editor.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

impl From<Arc<Model>> for ModelField {
    fn from(model: Arc<Model>) -> Self {
        Self { model }
    }
}

impl PersistentField<'_, Choice> for ModelField {
    fn set(&self, choice: Choice) {
        let (same, refused) = {
            let state = self.model.state.lock();
            (state.choice == choice, matches!(state.outcome, Outcome::Refused(_)))
        };
        // A host may load a state to undo a turn of a knob, which must not take the music apart.
        if !same || refused {
            self.model.set(choice);
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Choice) -> R,
    {
        f(&self.model.state.lock().choice)
    }
}

#[cfg(test)]
mod tests;
