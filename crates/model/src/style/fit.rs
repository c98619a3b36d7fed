//! Learns a style by gradient descent.
//!
//! First the point among the genres under which the songs are likeliest, then scales and shifts
//! around it, then how adventurous the band is under them (`tuning`). Scales and shifts move in two
//! ways at once: by what a condition asks of all of them, as genres do, and each on its own. The first
//! holds for an artist's other songs where the second alone would learn by heart. Windows are drawn
//! anew every time: forms, density, register and single parts are now shown, now hidden. The last
//! bars of longer songs are kept aside and say how much was learnt that is no memory.

use std::sync::Arc;

use score::Genre;
use score::steps::{N_CONDITIONS, Step};

use super::gradient::{Nats, Plain};
use super::tuning::{self, Tuning};
use super::{About, Song, Style, Windows};
use crate::math::{from_bf16, to_bf16};
use crate::{Error, Network, OriginalityFilter, Result, math};

/// Fewest pitched notes that a style is learnt from.
pub const MIN_NOTES: usize = 64;

/// Most notes of all songs together: what lies beyond is not read.
pub const MAX_NOTES: usize = 200_000;

/// Fewest pitch classes among them.
const MIN_PITCH_CLASSES: usize = 3;

/// Steps that a fit computes, so that it takes minutes however much it is given.
const N_STEPS: usize = 230_000;

/// Updates of the point among the genres, and of what comes after.
const GENRE_UPDATES: usize = 24;
const FILM_UPDATES: usize = 100;
const UPDATES: usize = GENRE_UPDATES + FILM_UPDATES;

/// Beats that count as an update for progress.
const BEATS_AN_UPDATE: usize = 32;

/// Windows of what was learnt from that say how surprising it is, where no bars were kept aside.
const N_OWN: usize = 16;

/// Adam's rates; those behind the first fall in a line.
const GENRE_RATE: f32 = 0.25;
const CONDITION_RATE: f32 = 0.03;
const FILM_RATE: f32 = 0.005;
const BIAS_RATE: f32 = 0.02;

/// How far a fit has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Updates done, of how many; what is composed at the end counts as some.
    pub done: usize,
    /// All of them.
    pub of: usize,
    /// Bits a note in the windows of the last updates.
    pub bits: f32,
}

/// A style that is being learnt.
#[derive(Debug)]
pub struct Fit {
    network: Arc<Network>,
    plain: Plain,
    fingerprint: u64,
    n_genres: usize,
    windows: Windows,
    n_notes: usize,
    /// Windows an update.
    n_windows: usize,
    genres: Adam,
    condition: Adam,
    film: Adam,
    biases: Adam,
    /// Scales and shifts of each genre, once the point among them is looked for; then those of the
    /// point alone.
    bases: Vec<Vec<f32>>,
    /// Sums over the windows of the update that is being computed, and how many there were.
    gradient: Vec<f32>,
    nats: Nats,
    n_summed: usize,
    done: usize,
    bits: f32,
    aside: Vec<Vec<Step>>,
    before: Nats,
    tuning: Option<Tuning>,
    /// Beats composed.
    n_beats: usize,
}

impl Fit {
    /// A fit of nothing yet. Equal songs and seeds give equal styles on one machine.
    ///
    /// # Errors
    /// [`Error::Song`] for songs that nothing can be learnt from, and why; [`Error::Tensor`].
    pub fn new(network: &Arc<Network>, songs: Vec<Song>, seed: u64) -> Result<Self> {
        let n_notes = check(&songs)?;
        let plain = Plain::new(*network.config(), network.weights())?;
        let n_genres = network.genres().len();
        let pure = |genre: usize| {
            let mut mix = [0.0; N_CONDITIONS];
            mix[genre] = 1.0;
            plain.film(&mix)
        };
        let bases: Vec<Vec<f32>> = (0..n_genres).map(pure).collect();
        let windows = Windows::new(songs, network.config().context_len, seed);
        let mut fit = Self {
            genres: Adam::new(n_genres),
            condition: Adam::new(plain.condition_len()),
            film: Adam::new(plain.scales_len()),
            biases: Adam::new(plain.film_len() - plain.scales_len()),
            plain,
            network: network.clone(),
            fingerprint: network.fingerprint()?,
            n_genres,
            windows,
            n_notes,
            n_windows: 1,
            bases,
            gradient: Vec::new(),
            nats: Nats::default(),
            n_summed: 0,
            done: 0,
            bits: 0.0,
            aside: Vec::new(),
            before: Nats::default(),
            tuning: None,
            n_beats: 0,
        };
        fit.n_windows = fit.windows_an_update();
        fit.aside = fit.windows.kept_aside();
        Ok(fit)
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let done = self.done + self.n_beats / BEATS_AN_UPDATE;
        Progress { done, of: UPDATES + tuning::N_STEPS / BEATS_AN_UPDATE, bits: self.bits }
    }

    /// Whether there is nothing left to do but [`Self::finish`].
    pub fn is_done(&self) -> bool {
        self.n_beats >= tuning::N_STEPS
    }

    /// Reads one window, about a tenth of a second's work, after some of which comes an update; at
    /// the end composes a beat.
    pub fn step(&mut self) {
        if self.done == UPDATES {
            // A style that does not compose here has the middle that all have.
            if self.tune().is_err() {
                (self.tuning, self.n_beats) = (None, tuning::N_STEPS);
            }
            return;
        }
        let film = self.current_film();
        let window = self.windows.draw();
        self.gradient.resize(self.plain.film_len(), 0.0);
        self.nats.add(&self.plain.loss(&film, &window, Some(&mut self.gradient)));
        self.n_summed += 1;
        if self.n_summed == self.n_windows {
            let gradient = std::mem::take(&mut self.gradient);
            let nats = std::mem::take(&mut self.nats);
            self.n_summed = 0;
            self.update(gradient, &nats);
        }
    }

    /// Composes a beat under what was learnt.
    fn tune(&mut self) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        let mut tuning = match self.tuning.take() {
            Some(tuning) => tuning,
            None => {
                let style = self.finish(About::default());
                let bits = self.own_bits();
                Tuning::new(&self.network, style, self.windows.songs(), bits)?
            }
        };
        tuning.step()?;
        self.tuning = Some(tuning);
        self.n_beats += 1;
        Ok(())
    }

    /// Bits a note of the artist's music under the style, of bars kept aside if there are any.
    fn own_bits(&mut self) -> f32 {
        let film = self.current_film();
        if !self.aside.is_empty() {
            return self.loss_aside(&film).bits_per_note() as f32;
        }
        let mut nats = Nats::default();
        for _ in 0..N_OWN {
            nats.add(&self.plain.loss(&film, &self.windows.draw(), None));
        }
        nats.bits_per_note() as f32
    }

    fn update(&mut self, mut gradient: Vec<f32>, nats: &Nats) {
        let scale = 1.0 / nats.n_steps().max(1) as f32;
        gradient.iter_mut().for_each(|g| *g *= scale);
        let bits = nats.bits_per_note() as f32;
        self.bits = if self.done == 0 { bits } else { 0.9 * self.bits + 0.1 * bits };
        if self.done < GENRE_UPDATES {
            let shares = softmax(&self.genres.values);
            let along: Vec<f32> =
                self.bases.iter().map(|base| math::dot(base, &gradient)).collect();
            let mean = math::dot(&shares, &along);
            let to_logits: Vec<f32> =
                shares.iter().zip(&along).map(|(share, along)| share * (along - mean)).collect();
            self.genres.update(&to_logits, GENRE_RATE);
        } else {
            let done = (self.done - GENRE_UPDATES) as f32;
            let fall = 1.0 - done / FILM_UPDATES as f32;
            let share = ((done + 1.0) / 10.0).min(1.0) * fall.max(0.02);
            let (film, biases) = gradient.split_at(self.plain.scales_len());
            self.condition.update(&self.plain.to_condition(film), CONDITION_RATE * share);
            self.film.update(film, FILM_RATE * share);
            self.biases.update(biases, BIAS_RATE * share);
        }
        self.done += 1;
        if self.done == GENRE_UPDATES {
            let base = self.current_film();
            self.before = self.loss_aside(&base);
            self.bases = vec![base];
        }
    }

    /// The style, with what was learnt by now; `about` gives name, author and licence.
    pub fn finish(&self, about: About) -> Style {
        let mut film: Vec<f32> = self.learnt().into_iter().map(|x| from_bf16(to_bf16(x))).collect();
        let biases = film.split_off(self.plain.scales_len());
        let genres = self.shares();
        let lines: Vec<_> =
            self.windows.songs().iter().flat_map(|song| score::line::lines(&song.beats)).collect();
        let mut style = Style {
            about: About { n_notes: self.n_notes, bits: None, ..about },
            fingerprint: self.fingerprint,
            genres,
            film,
            biases,
            adventure: self.tuning.as_ref().map_or(tuning::MIDDLE, Tuning::middle),
            filter: Some(OriginalityFilter::new(lines.iter().map(Vec::as_slice))),
        };
        if !self.aside.is_empty() && self.done > GENRE_UPDATES {
            let after = self.loss_aside(&self.current_film());
            let bits = [&self.before, &after].map(|nats| nats.bits_per_note() as f32);
            style.about.bits = Some(bits);
        }
        style
    }

    /// Shares of the genres it starts from.
    fn shares(&self) -> [f32; Genre::COUNT] {
        let mut genres = [0.0; Genre::COUNT];
        genres[..self.n_genres].copy_from_slice(&softmax(&self.genres.values));
        genres
    }

    /// What is added to the scales and shifts of the point among the genres, and biases.
    fn learnt(&self) -> Vec<f32> {
        let of_condition = self.plain.film_of(&self.condition.values);
        let film = of_condition.iter().zip(&self.film.values).map(|(a, b)| a + b);
        film.chain(self.biases.values.iter().copied()).collect()
    }

    fn current_film(&self) -> Vec<f32> {
        if self.bases.len() == 1 && self.done >= GENRE_UPDATES {
            return self.bases[0].iter().zip(self.learnt()).map(|(a, b)| a + b).collect();
        }
        let mut film = vec![0.0; self.plain.film_len()];
        for (base, share) in self.bases.iter().zip(softmax(&self.genres.values)) {
            film.iter_mut().zip(base).for_each(|(film, base)| *film += share * base);
        }
        film
    }

    fn loss_aside(&self, film: &[f32]) -> Nats {
        let mut nats = Nats::default();
        self.aside.iter().for_each(|window| nats.add(&self.plain.loss(film, window, None)));
        nats
    }

    /// As many windows an update as make all of them together about [`N_STEPS`] steps.
    fn windows_an_update(&self) -> usize {
        let mut windows = self.windows.clone();
        let n_steps: usize = (0..8).map(|_| windows.draw().len()).sum();
        let of_window = (n_steps / 8).max(1);
        (N_STEPS / UPDATES / of_window).clamp(1, 16)
    }
}

/// Notes of all songs, if something can be learnt from them.
fn check(songs: &[Song]) -> Result<usize> {
    let name = match songs {
        [] => "no song".to_owned(),
        [song] => song.name.clone(),
        [song, ..] => format!("{} and {} more", song.name, songs.len() - 1),
    };
    let refuse = |expected: String, found: String| Err(Error::Song { name, expected, found });
    let (mut n_notes, mut n_pitched, mut classes) = (0, 0, 0u32);
    for beat in songs.iter().flat_map(|song| &song.beats) {
        n_notes += beat.music.parts.iter().map(Vec::len).sum::<usize>();
        for note in beat.music.parts[1..].iter().flatten() {
            n_pitched += 1;
            classes |= 1 << (note.pitch % 12);
        }
    }
    if n_pitched == 0 && n_notes > 0 {
        return refuse("pitched notes".into(), format!("{n_notes} notes of drums alone"));
    }
    if n_pitched < MIN_NOTES {
        return refuse(format!("at least {MIN_NOTES} pitched notes"), n_pitched.to_string());
    }
    if (classes.count_ones() as usize) < MIN_PITCH_CLASSES {
        let found = format!("{n_pitched} notes on {}", classes.count_ones());
        return refuse(format!("at least {MIN_PITCH_CLASSES} different pitch classes"), found);
    }
    if n_notes > MAX_NOTES {
        return refuse(format!("at most {MAX_NOTES} notes"), n_notes.to_string());
    }
    Ok(n_notes)
}

/// Numbers with their moments.
///
/// Source: Kingma & Ba 2015, "Adam: a method for stochastic optimization".
#[derive(Debug)]
struct Adam {
    values: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    n_updates: i32,
}

impl Adam {
    const DECAYS: [f32; 2] = [0.9, 0.99];
    const CLIP: f32 = 1.0;

    fn new(n: usize) -> Self {
        Self { values: vec![0.0; n], first: vec![0.0; n], second: vec![0.0; n], n_updates: 0 }
    }

    fn update(&mut self, gradient: &[f32], rate: f32) {
        let [beta1, beta2] = Self::DECAYS;
        self.n_updates += 1;
        let length = math::dot(gradient, gradient).sqrt();
        if !length.is_finite() {
            return;
        }
        let scale = if length > Self::CLIP { Self::CLIP / length } else { 1.0 };
        let [unbias1, unbias2] = Self::DECAYS.map(|beta| 1.0 - beta.powi(self.n_updates));
        for (i, gradient) in gradient.iter().enumerate() {
            let gradient = gradient * scale;
            self.first[i] += (1.0 - beta1) * (gradient - self.first[i]);
            self.second[i] += (1.0 - beta2) * (gradient * gradient - self.second[i]);
            let (first, second) = (self.first[i] / unbias1, self.second[i] / unbias2);
            self.values[i] -= rate * first / (second.sqrt() + 1e-8);
        }
    }
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f32> = logits.iter().map(|logit| math::exp(logit - max)).collect();
    let sum: f32 = exps.iter().sum();
    exps.iter().map(|exp| exp / sum).collect()
}

const _: () = {
    const fn assert_send<T: Send>() {}
    assert_send::<Fit>();
    assert_send::<Arc<Style>>();
};
