//! Weights and their manifest: reading, writing, and refusing what does not fit.
//!
//! Training has `f32` weights. What ships has been [`rounded`] and is stored in bfloat16 where that
//! loses nothing: half the bytes to keep in a file and to read in every step.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use judge::Judge;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use score::hash::Fnv1a;
use score::random::Random;
use score::{GenreNames, steps};
use serde::{Deserialize, Serialize};

use crate::math::{from_bf16, to_bf16};
use crate::{Config, Error, FormTable, OriginalityFilter, Result, Steadiness, WeightMap};

/// The tensors of a network by name.
pub type Weights = BTreeMap<String, Tensor>;

/// Version of the manifest's format.
pub const FORMAT_VERSION: u32 = 1;

/// What is known about a file of weights besides the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the model, as in its file names.
    pub name: String,
    /// [`FORMAT_VERSION`] of the program that wrote it.
    pub format_version: u32,
    /// Sizes of the network.
    pub config: Config,
    /// [`fingerprint`] of the steps that the network was trained on.
    pub vocabulary_fingerprint: String,
    /// Names of the genres in the order of their numbers; without them, those of
    /// [`score::Genre::ALL`].
    #[serde(default, with = "genre_list")]
    pub genres: GenreNames,
    /// Hash of the corpus manifest, or empty.
    #[serde(default)]
    pub corpus_hash: String,
    /// Seed of the training run.
    #[serde(default)]
    pub seed: u64,
    /// Updates of the weights.
    #[serde(default)]
    pub steps: u64,
    /// Held-out bits a note by genre name, and whatever else the trainer measured.
    #[serde(default)]
    pub losses: BTreeMap<String, f64>,
    /// Anything else, kept as it is.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}

impl Manifest {
    /// A manifest for `config` and this program's steps.
    pub fn new(name: &str, config: Config) -> Self {
        Self {
            name: name.to_owned(),
            format_version: FORMAT_VERSION,
            config,
            vocabulary_fingerprint: fingerprint(),
            genres: GenreNames::default(),
            corpus_hash: String::new(),
            seed: 0,
            steps: 0,
            losses: BTreeMap::new(),
            more: BTreeMap::new(),
        }
    }

    /// Reads a manifest and checks that this program can use it.
    ///
    /// # Errors
    /// [`Error::Manifest`], [`Error::FormatVersion`], [`Error::VocabularyMismatch`] and
    /// [`Error::Config`].
    pub fn from_bytes(json: &[u8]) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(json)?;
        if manifest.format_version != FORMAT_VERSION {
            let found = manifest.format_version;
            return Err(Error::FormatVersion { expected: FORMAT_VERSION, found });
        }
        if manifest.vocabulary_fingerprint != fingerprint() {
            let found = manifest.vocabulary_fingerprint;
            return Err(Error::VocabularyMismatch { expected: fingerprint(), found });
        }
        manifest.config.validate()?;
        Ok(manifest)
    }

    /// The manifest as indented JSON.
    ///
    /// # Errors
    /// [`Error::Manifest`] if a loss is not finite.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec_pretty(self)?)
    }
}

/// Genres as a list of their names.
mod genre_list {
    use score::GenreNames;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(names: &GenreNames, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(names.as_slice())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<GenreNames, D::Error> {
        GenreNames::new(Vec::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// The fingerprint of this program's steps, in hexadecimal.
pub fn fingerprint() -> String {
    format!("{:016x}", steps::fingerprint())
}

/// Reads the tensors that `config` names, and a [`FormTable`], a [`Steadiness`], a [`WeightMap`] and
/// a [`Judge`] if there are any, F32 or BF16, as `f32`; an [`OriginalityFilter`] as it is. Others are
/// ignored.
///
/// # Errors
/// [`Error::Weights`], [`Error::MissingTensor`], [`Error::ShapeMismatch`],
/// [`Error::TypeMismatch`], [`Error::NotFinite`] and [`Error::Originality`].
pub fn read(bytes: &[u8], config: &Config) -> Result<Weights> {
    let file = SafeTensors::deserialize(bytes)?;
    let mut weights = Weights::new();
    for (name, expected) in config.tensors() {
        let Ok(view) = file.tensor(&name) else { return Err(Error::MissingTensor { name }) };
        let tensor = tensor(&name, &view, &expected)?;
        weights.insert(name, tensor);
    }
    let tables = [
        (FormTable::NAME, &FormTable::SHAPE[..]),
        (Steadiness::NAME, &Steadiness::SHAPE),
        (WeightMap::NAME, &WeightMap::SHAPE),
    ];
    for (name, shape) in tables {
        if let Ok(view) = file.tensor(name) {
            weights.insert(name.to_owned(), tensor(name, &view, shape)?);
        }
    }
    for name in file.names().into_iter().filter(|name| name.starts_with(Judge::PREFIX)) {
        let view = file.tensor(name)?;
        weights.insert(name.to_owned(), tensor(name, &view, view.shape())?);
    }
    weights.extend(OriginalityFilter::read(&file)?);
    OriginalityFilter::of_weights(&weights)?;
    Ok(weights)
}

/// Adds a judge to the weights; the tensors of one that was there go.
///
/// # Errors
/// [`Error::Tensor`].
pub fn insert_judge(weights: &mut Weights, judge: &Judge) -> Result<()> {
    weights.retain(|name, _| !name.starts_with(Judge::PREFIX));
    for (name, (shape, values)) in judge.to_tensors() {
        weights.insert(name, Tensor::from_vec(values, shape, &Device::Cpu)?);
    }
    Ok(())
}

/// The judge among weights, if there is one.
///
/// # Errors
/// [`Error::Judge`] if its tensors do not fit, [`Error::Tensor`].
pub fn judge(weights: &Weights) -> Result<Option<Judge>> {
    let of_judge = weights.iter().filter(|(name, _)| name.starts_with(Judge::PREFIX));
    let plain = |(name, tensor): (&String, &Tensor)| {
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        Ok((name.clone(), (tensor.dims().to_vec(), values)))
    };
    let tensors = of_judge.map(plain).collect::<Result<BTreeMap<_, _>>>()?;
    if tensors.is_empty() { Ok(None) } else { Ok(Some(Judge::from_tensors(&tensors)?)) }
}

fn tensor(name: &str, view: &TensorView, expected: &[usize]) -> Result<Tensor> {
    let name = name.to_owned();
    if view.shape() != expected {
        let (expected, found) = (expected.to_vec(), view.shape().to_vec());
        return Err(Error::ShapeMismatch { name, expected, found });
    }
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => {
            let (chunks, _) = view.data().as_chunks();
            chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
        }
        Dtype::BF16 => {
            let (chunks, _) = view.data().as_chunks();
            chunks.iter().map(|bytes| from_bf16(u16::from_le_bytes(*bytes))).collect()
        }
        found => {
            let (expected, found) = ("F32 or BF16".to_owned(), format!("{found:?}"));
            return Err(Error::TypeMismatch { name, expected, found });
        }
    };
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(Error::NotFinite { name, index, value: values[index] });
    }
    Ok(Tensor::from_vec(values, expected, &Device::Cpu)?)
}

/// The weights that ship: `f32` tensors of two dimensions with the nearest bfloat16 numbers, still as
/// `f32`; norms and biases as they are.
///
/// # Errors
/// [`Error::Tensor`] for tensors that are not `f32`, [`Error::NotFinite`] for numbers beyond what
/// bfloat16 holds.
pub fn rounded(weights: &Weights) -> Result<Weights> {
    let round = |(name, tensor): (&String, &Tensor)| {
        if tensor.rank() != 2 || tensor.dtype() != DType::F32 {
            return Ok((name.clone(), tensor.clone()));
        }
        let mut values = tensor.flatten_all()?.to_vec1::<f32>()?;
        for (index, value) in values.iter_mut().enumerate() {
            *value = from_bf16(to_bf16(*value));
            if !value.is_finite() {
                return Err(Error::NotFinite { name: name.clone(), index, value: *value });
            }
        }
        Ok((name.clone(), Tensor::from_vec(values, tensor.dims(), tensor.device())?))
    };
    weights.iter().map(round).collect()
}

/// A number of all weights of a network, rounded as the decoder rounds them, that another network
/// does not have, for all that can be told: 64-bit FNV-1a a weight.
///
/// # Errors
/// [`Error::MissingTensor`], and [`Error::Tensor`] if a weight is not `f32`.
pub fn hash(config: &Config, weights: &Weights) -> Result<u64> {
    let mut hash = Fnv1a::default();
    for (name, _) in config.tensors() {
        let tensor = weights.get(&name).ok_or(Error::MissingTensor { name })?;
        for value in tensor.flatten_all()?.to_vec1::<f32>()? {
            let is_rounded = tensor.rank() == 2;
            let bits = if is_rounded { to_bf16(value).into() } else { value.to_bits() };
            hash.word(u64::from(bits));
        }
    }
    Ok(hash.finish())
}

/// Writes tensors as safetensors: `f32` as BF16 where no number loses anything, else as F32; what
/// an [`OriginalityFilter`] has as it is.
///
/// # Errors
/// [`Error::Tensor`] for tensors of other types, [`Error::Weights`].
pub fn write(weights: &Weights) -> Result<Vec<u8>> {
    let mut raw = Vec::new();
    for (name, tensor) in weights {
        let (dtype, bytes) = bytes(tensor)?;
        raw.push((name, dtype, tensor.dims().to_vec(), bytes));
    }
    let views = raw
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(safetensors::serialize(views, None)?)
}

fn bytes(tensor: &Tensor) -> Result<(Dtype, Vec<u8>)> {
    let flat = tensor.flatten_all()?;
    match tensor.dtype() {
        DType::U8 => return Ok((Dtype::U8, flat.to_vec1()?)),
        DType::U32 => {
            let values = flat.to_vec1::<u32>()?;
            return Ok((Dtype::U32, values.into_iter().flat_map(u32::to_le_bytes).collect()));
        }
        _ => {}
    }
    let values = flat.to_vec1::<f32>()?;
    let is_exact = |value: &f32| value.to_bits() & 0xffff == 0;
    Ok(if tensor.rank() == 2 && values.iter().all(is_exact) {
        let bytes = values.into_iter().flat_map(|value| to_bf16(value).to_le_bytes());
        (Dtype::BF16, bytes.collect())
    } else {
        (Dtype::F32, values.into_iter().flat_map(f32::to_le_bytes).collect())
    })
}

/// Untrained weights for training and tests; equal seeds give equal weights.
///
/// Matrices are normal with a deviation of one over the root of their inputs, those that write to
/// the residual stream less by the root of their number, embeddings small, norms 1 and biases 0.
///
/// # Errors
/// [`Error::Tensor`] if the configuration is invalid.
pub fn random(config: &Config, seed: u64) -> Result<Weights> {
    let mut random = Random::new(seed);
    let mut weights = Weights::new();
    for (name, shape) in config.tensors() {
        let n: usize = shape.iter().product();
        let fan_in = 1.0 / (shape[shape.len() - 1] as f32).sqrt();
        let residual = 1.0 / (2.0 * config.n_layers as f32).sqrt();
        let (mean, deviation) = match name.as_str() {
            _ if name.ends_with(".bias") => (0.0, 0.0),
            _ if shape.len() == 1 => (1.0, 0.0),
            "embed.weight" => (0.0, 0.1),
            "cond.weight" => (0.0, 1.0),
            _ if name.ends_with("film.weight") => (0.0, 0.2 * fan_in),
            _ if name.ends_with(".o.weight") || name.ends_with(".down.weight") => {
                (0.0, fan_in * residual)
            }
            _ if name.contains(".pos.") || name.contains(".sym.") || name.contains(".dur.") => {
                (0.0, if name.starts_with("head") { fan_in } else { 0.1 })
            }
            _ => (0.0, fan_in),
        };
        let values: Vec<f32> = (0..n).map(|_| mean + random.normal() * deviation).collect();
        weights.insert(name, Tensor::from_vec(values, shape, &Device::Cpu)?);
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (Vec<u8>, Vec<u8>) {
        let weights = random(&Config::TINY, 1).unwrap();
        let manifest = Manifest::new("test", Config::TINY);
        (write(&weights).unwrap(), manifest.to_bytes().unwrap())
    }

    /// The message of reading weights after one change.
    fn refusal(change: impl FnOnce(&mut Weights)) -> String {
        let mut weights = random(&Config::TINY, 1).unwrap();
        change(&mut weights);
        read(&write(&weights).unwrap(), &Config::TINY).unwrap_err().to_string()
    }

    #[test]
    fn weights_survive_a_round_trip() {
        let (bytes, manifest) = file();
        let manifest = Manifest::from_bytes(&manifest).unwrap();
        let back = read(&bytes, &manifest.config).unwrap();
        for (name, tensor) in random(&Config::TINY, 1).unwrap() {
            assert_eq!(values(&tensor), values(&back[&name]), "{name}");
        }
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn rounded_weights_take_half_the_bytes_and_lose_nothing_more() {
        let weights = random(&Config::TINY, 1).unwrap();
        let rounded = rounded(&weights).unwrap();
        let bytes = write(&rounded).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let back = read(&bytes, &Config::TINY).unwrap();
        for (name, tensor) in &weights {
            let is_matrix = tensor.rank() == 2;
            let dtype = if is_matrix { Dtype::BF16 } else { Dtype::F32 };
            assert_eq!(file.tensor(name).unwrap().dtype(), dtype, "{name}");
            let (exact, stored) = (values(tensor), values(&back[name]));
            assert_eq!(values(&rounded[name]), stored, "{name}");
            assert_eq!(exact == stored, !is_matrix, "{name}");
            // Eight bits of a number are kept.
            let is_near = |(a, b): (&f32, &f32)| (a - b).abs() <= a.abs() / 256.0;
            assert!(exact.iter().zip(&stored).all(is_near), "{name}");
        }
        assert!(bytes.len() < write(&weights).unwrap().len() * 6 / 10);
        assert_eq!(write(&back).unwrap(), bytes);
    }

    #[test]
    fn other_types_and_cut_or_absurd_files_are_refused() {
        let weights = random(&Config::TINY, 1).unwrap();
        let rounded = rounded(&weights).unwrap();
        let bytes = write(&rounded).unwrap();
        for len in [0, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
            let error = read(&bytes[..len], &Config::TINY).unwrap_err();
            assert!(matches!(error, Error::Weights(_)), "{len} bytes: {error}");
        }
        // The header's text alone says of what type the bytes are.
        let renamed = |from: &str, to: &str| {
            let mut bytes = bytes.clone();
            let text = bytes.windows(from.len()).position(|window| window == from.as_bytes());
            bytes[text.unwrap()..][..to.len()].copy_from_slice(to.as_bytes());
            read(&bytes, &Config::TINY).unwrap_err().to_string()
        };
        let found = renamed(r#""BF16""#, r#""F16" "#);
        assert!(
            found.starts_with("weights: ") && found.contains("F32 or BF16, found F16"),
            "{found}"
        );
        assert!(renamed(r#""BF16""#, r#""F32" "#).starts_with("weights: "));
        let infinite = |weights: &Weights| {
            let mut weights = weights.clone();
            let shape = weights["layers.0.q.weight"].shape().clone();
            let mut values = values(&weights["layers.0.q.weight"]);
            values[5] = f32::MAX;
            let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
            weights.insert("layers.0.q.weight".into(), tensor);
            super::rounded(&weights).unwrap_err().to_string()
        };
        let expected = "weights: layers.0.q.weight: value 5 is inf, expected a finite number";
        assert_eq!(infinite(&weights), expected);
        let mut bytes = bytes.clone();
        let len = bytes.len();
        // An infinite number at the end of the data, whatever tensor that is.
        bytes[len - 4..].copy_from_slice(&[0x80, 0x7f, 0x80, 0x7f]);
        let error = read(&bytes, &Config::TINY).unwrap_err().to_string();
        assert!(error.ends_with("is inf, expected a finite number"), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let zeros =
            |shape: &[usize]| Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu).unwrap();
        assert_eq!(
            refusal(|w| drop(w.remove("layers.1.q.weight"))),
            "weights: missing tensor layers.1.q.weight"
        );
        assert_eq!(
            refusal(|w| drop(w.insert("norm.weight".into(), zeros(&[31])))),
            "weights: norm.weight: expected shape [32], found [31]"
        );
        let nan = Tensor::from_vec(vec![f32::NAN; 32], 32, &Device::Cpu).unwrap();
        assert_eq!(
            refusal(|w| drop(w.insert("norm.weight".into(), nan))),
            "weights: norm.weight: value 0 is NaN, expected a finite number"
        );
        let (mut bytes, _) = file();
        bytes.truncate(1000);
        assert!(matches!(read(&bytes, &Config::TINY), Err(Error::Weights(_))));
        assert!(matches!(read(&[], &Config::TINY), Err(Error::Weights(_))));
    }

    /// A judge of three genres that hears nothing.
    fn deaf_judge() -> Judge {
        let n_features = judge::features::list().len();
        let classifier = |_| judge::Classifier {
            scales: vec![judge::Scale { mean: 0.0, deviation: 1.0 }; n_features],
            linear: vec![vec![0.0; n_features + 1]; 3],
            trees: vec![judge::Tree { splits: Vec::new(), leaves: vec![0.5] }; 3],
        };
        Judge::new(judge::Kind::ALL.map(classifier))
    }

    #[test]
    fn a_judge_is_read_if_there_is_one_and_refused_if_it_does_not_fit() {
        let manifest = Manifest::new("test", Config::TINY).to_bytes().unwrap();
        let load =
            |weights: &Weights| crate::Network::from_bytes(&write(weights).unwrap(), &manifest);
        let mut weights = random(&Config::TINY, 1).unwrap();
        assert!(load(&weights).unwrap().judge().is_none());
        insert_judge(&mut weights, &deaf_judge()).unwrap();
        let network = load(&weights).unwrap();
        assert_eq!(network.judge().unwrap().to_tensors(), deaf_judge().to_tensors());
        let names: Vec<String> = deaf_judge().to_tensors().into_keys().collect();
        let refusal = |name: &str, shape: &[usize], value: f32| {
            let n: usize = shape.iter().product();
            let tensor = Tensor::from_vec(vec![value; n], shape, &Device::Cpu).unwrap();
            let mut weights = weights.clone();
            weights.insert(name.to_owned(), tensor);
            load(&weights).unwrap_err().to_string()
        };
        for name in &names {
            let error = refusal(name, &[3, 5], 1.0);
            assert!(error.starts_with(&format!("weights: {name}: expected shape [")), "{error}");
            assert!(error.ends_with("found [3, 5]"), "{error}");
            let error = refusal(name, &[3, 5], f32::NAN);
            assert_eq!(error, format!("weights: {name}: value 0 is NaN, expected a finite number"));
        }
        for name in &names {
            let mut weights = weights.clone();
            weights.remove(name);
            assert_eq!(
                load(&weights).unwrap_err().to_string(),
                format!("weights: missing tensor {name}")
            );
        }
        // Another judge takes the place of the first.
        weights.insert("judge.old".into(), weights["judge.features"].clone());
        insert_judge(&mut weights, &deaf_judge()).unwrap();
        assert!(!weights.contains_key("judge.old"));
    }

    #[test]
    fn genres_have_names_of_their_own_or_the_six() {
        let mut manifest = Manifest::new("test", Config::TINY);
        manifest.genres = GenreNames::new(vec!["waltz".into(), "march".into()]).unwrap();
        let json = manifest.to_bytes().unwrap();
        assert_eq!(Manifest::from_bytes(&json).unwrap(), manifest);
        let mut json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        json.as_object_mut().unwrap().remove("genres");
        let older = Manifest::from_bytes(json.to_string().as_bytes()).unwrap();
        assert_eq!(older.genres, GenreNames::default());
    }

    #[test]
    fn manifests_of_others_are_refused() {
        let json = String::from_utf8(file().1).unwrap();
        let found = |json: &str| Manifest::from_bytes(json.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            found(&json.replace(&fingerprint(), "0123")),
            format!("vocabulary: expected {}, found 0123", fingerprint())
        );
        assert_eq!(
            found(&json.replace("\"format_version\": 1", "\"format_version\": 7")),
            "manifest format version: expected 1, found 7"
        );
        assert!(found("{").starts_with("manifest: "));
        let genres = found(&json.replace("\"hip-hop\"", "\"Jazz\""));
        assert!(genres.starts_with("manifest: genres: expected names that differ"), "{genres}");
        assert!(found(&json.replace("\"d_ff\": 48", "\"d_ff\": 47")).contains("d_ff is 47"));
    }
}
