//! Styles: what a few songs of one artist change about how the network hears.
//!
//! A style is a point among the genres and, for every layer and slot, how far scales and shifts of
//! both norms, and for every slot biases of the heads, lie from those of that point (`fit`). It is
//! blended like a genre and costs a step nothing more, because a stream has scales and shifts of its
//! own anyway. Its music is as adventurous as the artist's (`tuning`).

mod fit;
mod gradient;
mod matrix;
mod tuning;
mod windows;

use std::collections::HashMap;
use std::sync::Arc;

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use score::steps::{N_CLASSES, N_CONDITIONS, N_SLOTS};
use score::{Blend, Genre, N_STYLES};
use serde::{Deserialize, Serialize};

pub use fit::{Fit, MAX_NOTES, MIN_NOTES, Progress};
use gradient::N_BIASES;
pub use gradient::Nats;
pub use windows::{Song, Windows};

use crate::conditioning::MIN_WEIGHT;
use crate::math::{from_bf16, to_bf16};
use crate::{Config, Error, Network, OriginalityFilter, Result};

/// What the name of a style's file ends in.
pub const FILE_ENDING: &str = "tributary-style";

/// Largest file that is read: ten times what a style takes.
pub const MAX_BYTES: usize = 4 << 20;

/// Version of the file's format.
const FORMAT: u32 = 1;

/// The entry of the header that holds the words.
const WORDS: &str = "tributary-style";

/// Longest name, author and licence line, in characters; more is cut off.
const MAX_TEXT: usize = 200;

/// What is known about a style besides the numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// What it is called.
    pub name: String,
    /// Whose music it was learnt from, or who taught it.
    pub author: String,
    /// Under which terms it may be used, in a line.
    pub licence: String,
    /// Notes that it was learnt from.
    pub n_notes: usize,
    /// Bits a note of the bars that were kept aside: under the best blend of genres, and under the
    /// style; none where there were too few.
    pub bits: Option<[f32; 2]>,
}

/// The words in a file's header.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Words {
    /// [`FORMAT`].
    format: u32,
    /// [`Network::fingerprint`] in hexadecimal digits.
    model: String,
    /// [`Style::adventure`] where it is not the middle; files of early versions have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    adventure: Option<f32>,
    #[serde(flatten)]
    about: About,
}

/// A style that was learnt for one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    about: About,
    /// [`Network::fingerprint`] of that network.
    fingerprint: u64,
    /// Shares of the genres it lies next to, which sum to 1.
    genres: [f32; Genre::COUNT],
    /// What is added to scales and shifts, `(slots, layers, 4 D)`, bfloat16 numbers.
    film: Vec<f32>,
    /// What is added to the biases of the heads, `(slots, classes)`, likewise; files of early versions
    /// have none, which is 0.
    biases: Vec<f32>,
    /// Where the middle of the knob of that name lies for its music, `0.0..=1.0`.
    adventure: f32,
    /// Which stretches of notes its songs hold, so that the band copies no more of them than of the
    /// network's own; files of early versions have none.
    filter: Option<OriginalityFilter>,
}

impl Style {
    /// What is known about it.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The same with other words about it.
    #[must_use]
    pub fn with_about(self, about: About) -> Self {
        Self { about, ..self }
    }

    /// Shares of the genres that it lies next to, which sum to 1.
    pub fn genres(&self) -> &[f32; Genre::COUNT] {
        &self.genres
    }

    /// What its songs hold.
    pub(crate) fn filter(&self) -> Option<&OriginalityFilter> {
        self.filter.as_ref()
    }

    /// The style as a file: safetensors with words in its header.
    ///
    /// # Errors
    /// [`Error::Weights`] if it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let model = format!("{:016x}", self.fingerprint);
        // What is read is written as it was, to the byte.
        let adventure = Some(self.adventure).filter(|middle| *middle != tuning::MIDDLE);
        let words = Words { format: FORMAT, model, adventure, about: self.about.clone() };
        // One entry, since the order of several would not be the same every time.
        let words = HashMap::from([(WORDS.to_owned(), serde_json::to_string(&words)?)]);
        let genres: Vec<u8> = self.genres.iter().flat_map(|share| share.to_le_bytes()).collect();
        let [film, biases] = [&self.film, &self.biases]
            .map(|list| list.iter().flat_map(|x| to_bf16(*x).to_le_bytes()).collect::<Vec<u8>>());
        let mut views = vec![
            ("film", TensorView::new(Dtype::BF16, vec![self.film.len()], &film)?),
            ("genres", TensorView::new(Dtype::F32, vec![Genre::COUNT], &genres)?),
        ];
        // What is read is written as it was here, too.
        if self.biases.iter().any(|bias| *bias != 0.0) {
            views.push(("biases", TensorView::new(Dtype::BF16, vec![self.biases.len()], &biases)?));
        }
        let parameters: Vec<u8> = self
            .filter
            .iter()
            .flat_map(|filter| filter.parameters())
            .flat_map(u32::to_le_bytes)
            .collect();
        if let Some(filter) = &self.filter {
            let blocks = TensorView::new(Dtype::U8, filter.shape().to_vec(), filter.bytes())?;
            views.push((OriginalityFilter::NAME, blocks));
            let meaning = TensorView::new(Dtype::U32, vec![4], &parameters)?;
            views.push((OriginalityFilter::PARAMETERS, meaning));
        }
        Ok(safetensors::serialize(views, Some(words))?)
    }

    /// Reads a file's bytes. Whether it fits a network, [`Self::check`] says.
    ///
    /// # Errors
    /// [`Error::Style`] with what was found instead of what was expected.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let refuse =
            |what, expected: String, found: String| Err(Error::Style { what, expected, found });
        if bytes.len() > MAX_BYTES {
            let found = bytes.len().to_string();
            return refuse("number of bytes", format!("at most {MAX_BYTES}"), found);
        }
        let not_one = |error: safetensors::SafeTensorError| Error::Style {
            what: "file",
            expected: format!("a .{FILE_ENDING} file"),
            found: error.to_string(),
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(not_one)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(not_one)?;
        let words = header.metadata().as_ref().and_then(|words| words.get(WORDS));
        let words = words.map_or("{}", String::as_str);
        let words: Words = serde_json::from_str(words).map_err(|error| Error::Style {
            what: "header",
            expected: "what a style says of itself".to_owned(),
            found: error.to_string(),
        })?;
        if words.format != FORMAT {
            return refuse("format", FORMAT.to_string(), words.format.to_string());
        }
        let Ok(fingerprint) = u64::from_str_radix(&words.model, 16) else {
            return refuse("model", "a fingerprint of 16 digits".into(), words.model);
        };
        let numbers = |what: &'static str, dtype: Dtype| {
            let view = tensors.tensor(what).map_err(not_one)?;
            if view.dtype() != dtype || view.shape().len() != 1 {
                let expected = format!("a list of {dtype:?}");
                let found = format!("{:?} of shape {:?}", view.dtype(), view.shape());
                return Err(Error::Style { what, expected, found });
            }
            let values: Vec<f32> = if dtype == Dtype::F32 {
                view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
            } else {
                let bits = view.data().as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes));
                bits.map(from_bf16).collect()
            };
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                let (expected, found) = ("finite numbers".to_owned(), value.to_string());
                return Err(Error::Style { what, expected, found });
            }
            Ok(values)
        };
        let adventure = words.adventure.unwrap_or(tuning::MIDDLE);
        if !(0.0..=1.0).contains(&adventure) {
            return refuse("adventure", "0 to 1".into(), adventure.to_string());
        }
        let shares = numbers("genres", Dtype::F32)?;
        let sum: f32 = shares.iter().sum();
        let are_shares = shares.iter().all(|share| *share >= 0.0) && (sum - 1.0).abs() < 1e-3;
        let (Ok(genres), true) = (<[f32; Genre::COUNT]>::try_from(&shares[..]), are_shares) else {
            let expected = format!("{} shares that sum to 1", Genre::COUNT);
            return refuse("genres", expected, format!("{shares:?}"));
        };
        let short = |text: String| text.chars().take(MAX_TEXT).collect::<String>();
        let About { name, author, licence, n_notes, bits } = words.about;
        let about = About {
            name: short(name),
            author: short(author),
            licence: short(licence),
            n_notes,
            bits: bits.filter(|bits| bits.iter().all(|bits| bits.is_finite())),
        };
        let film = numbers("film", Dtype::BF16)?;
        let biases = match tensors.tensor("biases") {
            Ok(_) => numbers("biases", Dtype::BF16)?,
            Err(_) => vec![0.0; N_BIASES],
        };
        if biases.len() != N_BIASES {
            return refuse("number of biases", N_BIASES.to_string(), biases.len().to_string());
        }
        let filter = OriginalityFilter::read(&tensors)
            .and_then(|found| OriginalityFilter::of_weights(&found.into_iter().collect()))
            .map_err(|error| Error::Style {
                what: "guard",
                expected: "a filter of what its songs hold".to_owned(),
                found: error.to_string(),
            })?;
        Ok(Self { about, fingerprint, genres, film, biases, adventure, filter })
    }

    /// Whether it was learnt for this network.
    ///
    /// # Errors
    /// [`Error::Style`] with both models, or both sizes.
    pub fn check(&self, network: &Network) -> Result<()> {
        let found = network.fingerprint()?;
        if found != self.fingerprint {
            return Err(Error::Style {
                what: "model",
                expected: format!("{found:016x}, which is {}", network.name()),
                found: format!("{:016x}", self.fingerprint),
            });
        }
        let (expected, found) = (film_len(network.config()), self.film.len());
        if expected != found {
            let (expected, found) = (expected.to_string(), found.to_string());
            return Err(Error::Style { what: "number of scales and shifts", expected, found });
        }
        Ok(())
    }
}

/// The styles behind the style knobs of an instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Styles([Option<Arc<Style>>; N_STYLES]);

impl Styles {
    /// Styles that fit a network, a knob each.
    ///
    /// # Errors
    /// [`Error::Style`] for the first that does not.
    pub fn new(styles: [Option<Arc<Style>>; N_STYLES], network: &Network) -> Result<Self> {
        styles.iter().flatten().try_for_each(|style| style.check(network))?;
        Ok(Self(styles))
    }

    /// The style of a knob.
    pub fn get(&self, knob: usize) -> Option<&Style> {
        self.0.get(knob)?.as_deref()
    }

    /// Which knobs have one.
    pub fn present(&self) -> [bool; N_STYLES] {
        self.0.each_ref().map(Option::is_some)
    }

    /// Weights of genres and styles above [`MIN_WEIGHT`], which sum to 1; 0 of the others and of
    /// knobs without a style.
    pub(crate) fn shares(&self, blend: &Blend) -> [f32; Blend::LEN] {
        let mut weights = *blend.weights();
        for (knob, weight) in weights[Genre::COUNT..].iter_mut().enumerate() {
            if self.get(knob).is_none() {
                *weight = 0.0;
            }
        }
        let weights = *Blend::new(weights).normalized().weights();
        let heavy = |idx: usize| if weights[idx] > MIN_WEIGHT { weights[idx] } else { 0.0 };
        let sum: f32 = (0..Blend::LEN).map(heavy).sum();
        core::array::from_fn(|idx| heavy(idx) / sum)
    }

    /// The genres that a weight of a blend stands for, in shares that sum to 1, or to 0 for a knob
    /// without a style.
    pub(crate) fn genres_of(&self, place: usize) -> [f32; Genre::COUNT] {
        match place.checked_sub(Genre::COUNT) {
            Some(knob) => self.get(knob).map_or([0.0; Genre::COUNT], |style| style.genres),
            None => core::array::from_fn(|genre| f32::from(u8::from(genre == place))),
        }
    }

    /// The same in genres alone: a style counts as those it lies next to.
    pub(crate) fn in_genres(&self, blend: &Blend) -> [f32; Genre::COUNT] {
        let shares = self.shares(blend);
        core::array::from_fn(|genre| {
            let of_style = |knob: usize| {
                let of = self.get(knob).map_or(0.0, |style| style.genres[genre]);
                shares[Genre::COUNT + knob] * of
            };
            shares[genre] + (0..N_STYLES).map(of_style).sum::<f32>()
        })
    }

    /// Where the knob stands for a blend: styles have their own middle, and all have the same ends.
    pub(crate) fn adventure(&self, knob: f32, blend: &Blend) -> f32 {
        use tuning::MIDDLE;
        let shares = self.shares(blend);
        let lean = |style: usize| {
            let middle = self.get(style).map_or(MIDDLE, |style| style.adventure);
            shares[Genre::COUNT + style] * (middle - MIDDLE)
        };
        let lean: f32 = (0..N_STYLES).map(lean).sum();
        let scale = if knob <= MIDDLE { knob / MIDDLE } else { (1.0 - knob) / (1.0 - MIDDLE) };
        knob + lean * scale
    }

    /// Conditions that a sum of conditions and styles starts from.
    pub(crate) fn conditions(
        &self,
        conditions: &[f32; N_CONDITIONS],
        styles: &[f32; N_STYLES],
    ) -> [f32; N_CONDITIONS] {
        let mut sum = *conditions;
        for (knob, weight) in styles.iter().enumerate() {
            let Some(style) = self.get(knob) else { continue };
            sum.iter_mut().zip(&style.genres).for_each(|(sum, share)| *sum += weight * share);
        }
        sum
    }

    /// Adds the styles' scales and shifts of a slot and layer to `film`, `4 D` numbers.
    pub(crate) fn add_film(
        &self,
        styles: &[f32; N_STYLES],
        slot: usize,
        layer: usize,
        film: &mut [f32],
    ) {
        for (knob, weight) in styles.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            let Some(style) = self.get(knob) else { continue };
            let n_layers = style.film.len() / (N_SLOTS * film.len());
            let of_style = &style.film[(slot * n_layers + layer) * film.len()..][..film.len()];
            film.iter_mut().zip(of_style).for_each(|(film, x)| *film += weight * x);
        }
    }

    /// What the styles add to the biases of the heads, [`N_CLASSES`] numbers of a slot.
    pub(crate) fn biases(&self, styles: &[f32; N_STYLES], slot: usize) -> [f32; N_CLASSES] {
        let mut biases = [0.0; N_CLASSES];
        for (knob, weight) in styles.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            let Some(style) = self.get(knob) else { continue };
            let of_style = &style.biases[slot * N_CLASSES..];
            biases.iter_mut().zip(of_style).for_each(|(bias, x)| *bias += weight * x);
        }
        biases
    }
}

/// Hears how likely music is under blends and styles, for measuring styles.
#[derive(Debug)]
pub struct Listener(gradient::Plain);

/// Scales and shifts of every layer and slot.
#[derive(Clone, Debug)]
pub struct Film(Vec<f32>);

impl Listener {
    /// A listener with a network's weights.
    ///
    /// # Errors
    /// [`Error::Tensor`] if a weight is not `f32`.
    pub fn new(network: &Network) -> Result<Self> {
        Ok(Self(gradient::Plain::new(*network.config(), network.weights())?))
    }

    /// What shares of genres ask for, in one pass.
    pub fn genres(&self, shares: &[f32; Genre::COUNT]) -> Film {
        let mut mix = [0.0; N_CONDITIONS];
        mix[..Genre::COUNT].copy_from_slice(shares);
        Film(self.0.film(&mix))
    }

    /// What a style asks for, which must have been checked.
    pub fn style(&self, style: &Style) -> Film {
        let mut film = self.genres(&style.genres);
        let of_style = style.film.iter().chain(&style.biases);
        film.0.iter_mut().zip(of_style).for_each(|(film, x)| *film += x);
        film
    }

    /// Cross entropies of a window of at most `context_len` steps, without guidance.
    pub fn nats(&self, film: &Film, steps: &[score::steps::Step]) -> Nats {
        self.0.loss(&film.0, steps, None)
    }
}

/// Numbers of a style.
#[cfg(test)]
impl Style {
    /// The same with other biases of the heads, `(slots, classes)`.
    pub(crate) fn with_biases(self, biases: Vec<f32>) -> Self {
        Self { biases, ..self }
    }

    /// A style that plays as a network's second genre does, and whose songs hold these lines.
    pub(crate) fn of_lines(network: &Network, lines: &[Vec<score::line::Token>]) -> Self {
        let mut genres = [0.0; Genre::COUNT];
        genres[1] = 1.0;
        Self {
            about: About::default(),
            fingerprint: network.fingerprint().unwrap(),
            genres,
            film: vec![0.0; film_len(network.config())],
            biases: vec![0.0; N_BIASES],
            adventure: tuning::MIDDLE,
            filter: Some(OriginalityFilter::new(lines.iter().map(Vec::as_slice))),
        }
    }
}

fn film_len(config: &Config) -> usize {
    gradient::film_len(config)
}

#[cfg(test)]
mod tests;
