//! Composes with the network.

use std::sync::{Arc, Weak};

use judge::Judge;
use model::{BandModel, Given, Network, Redraws, Style, Styles};
use parking_lot::Mutex;
use score::grid::{BeatFrame, HistoryBeat};
use score::{Blend, Controls, Genre, GenreNames, GridBeat, Meter, N_STYLES, Part, Tempo};

use crate::{Error, Generator, ModelFile, Result};

/// The model's generator: caches of its own over weights that instances share.
#[derive(Debug)]
pub struct NeuralGenerator {
    model: BandModel,
    judge: Option<Arc<Judge>>,
    name: String,
    genres: GenreNames,
}

/// The networks in use in this process, by what tells their bytes from others.
static SHARED: Mutex<Vec<(Source, Weak<Network>)>> = Mutex::new(Vec::new());

/// Which bytes a network was read from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Address and length of what the program embeds.
    Embedded(usize, usize),
    /// [`ModelFile::fingerprint`].
    File(u64),
}

impl NeuralGenerator {
    /// A generator over weights that are loaded already.
    pub fn new(network: Arc<Network>) -> Self {
        let (judge, name) = (network.judge().cloned(), network.name().to_owned());
        let genres = network.genres().clone();
        Self { model: BandModel::new(network), judge, name, genres }
    }

    /// A generator over weights embedded in the program, which all instances of a process share.
    ///
    /// The first call parses and tries them; they are freed with the last generator. `weights` is a
    /// safetensors file, `manifest` its JSON.
    ///
    /// # Errors
    /// [`Error::Load`] when the bytes are no weights of this version.
    pub fn embedded(weights: &'static [u8], manifest: &'static [u8]) -> Result<Self> {
        let source = Source::Embedded(weights.as_ptr() as usize, weights.len());
        let network = shared(source, || Network::from_bytes(weights, manifest));
        network.map(Self::new).map_err(|error| Error::Load { message: error.to_string() })
    }

    /// A generator over weights from a file; those with the same bytes are shared, too.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when they are no weights of this version.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        let read = || Network::from_bytes(file.weights(), file.manifest());
        shared(Source::File(file.fingerprint()), read).map(Self::new).map_err(|error| {
            Error::ModelFile { file: file.path().to_owned(), message: error.to_string() }
        })
    }
}

impl NeuralGenerator {
    /// The same generator with styles behind the style knobs. One that does not fit its network is
    /// left out; the reason stands in its place.
    pub fn with_styles(
        self,
        styles: &[Option<Arc<Style>>; N_STYLES],
    ) -> (Self, [Option<String>; N_STYLES]) {
        let mut reasons = [const { None }; N_STYLES];
        let network = self.model.network();
        let fitting = core::array::from_fn(|knob| {
            let style = styles[knob].as_ref()?;
            match style.check(network) {
                Ok(()) => Some(Arc::clone(style)),
                Err(error) => {
                    reasons[knob] = Some(error.to_string());
                    None
                }
            }
        });
        let named = |style: &Option<Arc<Style>>| Some(style.as_ref()?.about().name.as_str().into());
        let genres = self.genres.with_styles(fitting.each_ref().map(named));
        // PANIC: each was just checked.
        let styles = Styles::new(fitting, network).expect("styles that fit");
        (Self { model: self.model.with_styles(styles), genres, ..self }, reasons)
    }

    /// The network, to learn styles for.
    pub fn network(&self) -> &Arc<Network> {
        self.model.network()
    }
}

/// The network of a source, parsed and tried unless it is in use already.
fn shared(
    source: Source,
    read: impl FnOnce() -> model::Result<Arc<Network>>,
) -> model::Result<Arc<Network>> {
    // Held while parsing, so that instances that start together parse once.
    let mut shared = SHARED.lock();
    let in_use = shared.iter().find(|(s, _)| *s == source).and_then(|(_, n)| n.upgrade());
    if let Some(network) = in_use {
        return Ok(network);
    }
    let network = read()?;
    warm_up(&network)?;
    shared.retain(|(s, network)| *s != source && network.strong_count() > 0);
    shared.push((source, Arc::downgrade(&network)));
    Ok(network)
}

/// Composes a beat that nobody hears, so that the first that counts finds weights and code in
/// memory, and weights that cannot compose are refused before they go live.
fn warm_up(network: &Arc<Network>) -> model::Result<()> {
    let controls = Controls { blend: Blend::pure(Genre::Rock), ..Controls::default() };
    let frame = BeatFrame::regular(0, Meter::default(), Tempo::default());
    BandModel::new(Arc::clone(network)).compose(&[], &frame, &controls, 0).map(drop)
}

impl Generator for NeuralGenerator {
    fn compose(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> Result<GridBeat> {
        self.model
            .compose(history, frame, controls, pass)
            .map_err(|error| Error::Compose { beat: frame.beat, message: error.to_string() })
    }

    fn compose_part(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
        part: Part,
        beat: &GridBeat,
    ) -> Result<GridBeat> {
        let mut given = Given {
            chord: Some(beat.chord),
            parts: [None; 4],
            forms: beat.forms,
            takes: beat.takes,
        };
        for other in Part::ALL.into_iter().filter(|other| *other != part) {
            given.parts[other.index()] = Some(&beat.parts[other.index()]);
        }
        self.model
            .compose_around(history, frame, controls, pass, &given)
            .map_err(|error| Error::Compose { beat: frame.beat, message: error.to_string() })
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn genres(&self) -> GenreNames {
        self.genres.clone()
    }

    fn judge(&self) -> Option<Arc<Judge>> {
        self.judge.clone()
    }

    fn redraws(&self) -> Redraws {
        self.model.redraws()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Config;
    use model::weights::{self, Manifest};
    use std::path::Path;

    /// A tiny model's files in a folder of their own.
    fn write(name: &str, seed: u64, genres: &[&str]) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("tributary-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("tiny.safetensors");
        let genres = genres.iter().map(|genre| (*genre).to_owned()).collect();
        let manifest = Manifest {
            genres: GenreNames::new(genres).unwrap(),
            ..Manifest::new("tiny", Config::TINY)
        };
        let tensors = weights::random(&Config::TINY, seed).unwrap();
        std::fs::write(&path, weights::write(&tensors).unwrap()).unwrap();
        std::fs::write(path.with_extension("json"), manifest.to_bytes().unwrap()).unwrap();
        path
    }

    fn load(path: &Path) -> Result<NeuralGenerator> {
        NeuralGenerator::from_file(&ModelFile::read(path)?)
    }

    #[test]
    fn generators_of_the_same_bytes_share_weights() {
        let path = write("shared-1", 1, &["waltz", "march"]);
        let first = load(&path).unwrap();
        assert_eq!((first.name(), first.genres().as_slice().len()), ("tiny", 2));
        let n_shared = || SHARED.lock().iter().filter(|(_, n)| n.strong_count() > 0).count();
        let before = n_shared();
        let elsewhere = write("shared-2", 1, &["waltz", "march"]);
        let second = load(&elsewhere).unwrap();
        assert_eq!(n_shared(), before);
        // The file may change under them.
        write("shared-1", 2, &["waltz", "march"]);
        let third = load(&path).unwrap();
        assert_eq!(n_shared(), before + 1);
        drop((first, second, third));
        [path, elsewhere].iter().for_each(|path| {
            std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        });
    }

    #[test]
    fn weights_that_do_not_fit_are_refused_with_the_files_name() {
        let path = write("misfit", 1, &["waltz"]);
        let refusal = |change: &dyn Fn(&mut weights::Weights)| {
            let mut tensors = weights::random(&Config::TINY, 1).unwrap();
            change(&mut tensors);
            std::fs::write(&path, weights::write(&tensors).unwrap()).unwrap();
            load(&path).unwrap_err().to_string()
        };
        let name = path.display();
        let error = refusal(&|tensors| {
            let nan = tensors["norm.weight"].affine(f64::NAN, 0.0).unwrap();
            tensors.insert("norm.weight".into(), nan);
        });
        let expected = "weights: norm.weight: value 0 is NaN, expected a finite number";
        assert_eq!(error, format!("{name}: {expected}"));
        let error = refusal(&|tensors| {
            let other = tensors["norm.weight"].clone();
            tensors.insert("layers.0.q.weight".into(), other);
        });
        let expected = "weights: layers.0.q.weight: expected shape [32, 32], found [32]";
        assert_eq!(error, format!("{name}: {expected}"));
        std::fs::write(&path, b"RIFF....WAVE").unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{name}: weights: ")), "{error}");
        std::fs::write(path.with_extension("json"), b"{}").unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{name}: manifest: missing field")), "{error}");
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
