//! `answers`: whether the lead's answer to a phrase is related to it, on phrases of songs that the
//! model has not heard.
//!
//! A phrase of four bars of a held-out song's lead is played into the band, which goes on for four
//! bars. Beside it stand the song's own next four bars (the human ceiling), the band's lead when it
//! is not asked to answer but has the phrase in its ears, and what the answer shares with phrases
//! of other songs (the floor). A copy of the phrase would have 1.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, ensure};
use model::{BandModel, Network};
use rayon::prelude::*;
use score::answer::motif_similarity;
use score::grid::CELLS_PER_BEAT;
use score::window::Window;
use score::{
    BeatFrame, Blend, Controls, Form, Genre, GridNote, HistoryBeat, Meter, Mode, Part, Scale, Tempo,
};
use serde::{Deserialize, Serialize};

use crate::corpus::Split;
use crate::eval::stats::{Figure, mean, mean_of};
use crate::learn;
use crate::shard::write_whole;
use crate::songs::{Song, read_songs};

/// Beats of a phrase.
const N_BEATS: usize = 16;

/// Bars of one.
const N_BARS: u8 = 4;

/// Fewest notes of a phrase that is played into the band.
const FEWEST_NOTES: usize = 8;

/// Beats after which what was played is known, as with a lookahead of one.
const DELAY: usize = 2;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct AnswersOptions {
    /// Folder that `prepare` wrote.
    pub prepared: PathBuf,
    /// The weights; their manifest lies beside them.
    pub weights: PathBuf,
    /// Phrases of each genre.
    pub phrases: usize,
    /// Threads.
    pub threads: usize,
    /// Where the numbers go, if anywhere.
    pub json: Option<PathBuf>,
}

/// What was measured of one genre, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// Phrases.
    pub n: usize,
    /// Share of the phrase's motifs that its answer has.
    pub answer: Figure,
    /// That the answers to other phrases of the genre have.
    pub unrelated: Figure,
    /// That the song's own next phrase has.
    pub human: Figure,
    /// That the lead has when it is not asked to answer.
    pub unasked: Figure,
    /// Share of the answer's notes that are the phrase's, pitch and place.
    pub copied: Figure,
    /// The same of the song's own next phrase.
    pub copied_human: Figure,
}

/// The figures a genre.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerFigures {
    /// Name of the model.
    pub model: String,
    /// By name, `all` last.
    pub genres: Vec<(String, Answers)>,
}

impl AnswerFigures {
    /// The table.
    pub fn markdown(&self) -> String {
        let mut table = String::from(
            "| phrases of | n | answer | other answers | own next phrase | not asked | notes copied \
             | own next phrase |\n|---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for (name, a) in &self.genres {
            let figure = |f: &Figure| format!("{:.2} ({:.2}–{:.2})", f.value, f.low, f.high);
            table += &format!(
                "| {name} | {} | {} | {} | {} | {} | {} | {} |\n",
                a.n,
                figure(&a.answer),
                figure(&a.unrelated),
                figure(&a.human),
                figure(&a.unasked),
                figure(&a.copied),
                figure(&a.copied_human),
            );
        }
        table
    }
}

/// A line of notes: onset in cells from the phrase's start, and pitch.
type Line = Vec<(i64, u8)>;

/// A phrase of a song, and what the song itself makes of it.
struct Phrase {
    genre: usize,
    /// Notes a beat.
    beats: Vec<Vec<GridNote>>,
    minor: bool,
    tempo: Tempo,
    next: Line,
}

/// The highest notes of beats, one at a time.
fn tune(beats: &[Vec<GridNote>]) -> Line {
    let mut line: Line = Vec::new();
    for (beat, notes) in beats.iter().enumerate() {
        for note in notes {
            let cell = beat as i64 * CELLS_PER_BEAT + i64::from(note.position);
            // Sorted by position and pitch, so the highest comes last.
            match line.last_mut().filter(|last| last.0 == cell) {
                Some(last) => last.1 = note.pitch,
                None => line.push((cell, note.pitch)),
            }
        }
    }
    line
}

fn lead(beats: &[HistoryBeat]) -> Vec<Vec<GridNote>> {
    beats.iter().map(|beat| beat.music.parts[Part::Lead.index()].clone()).collect()
}

/// The first phrase of a song that has enough of a tune, in it and behind it; on white keys.
fn phrase(song: &Song) -> Option<Phrase> {
    let is_bar = |start: &usize| song.beats[*start].frame.offset_in_bar().0 == 0;
    let starts = (0..song.beats.len().saturating_sub(2 * N_BEATS)).filter(is_bar).step_by(4);
    let mut windows = starts.map(|start| Window::cut(&song.beats, start, 2 * N_BEATS));
    windows.find_map(|window| {
        let (first, second) = window.music().split_at(N_BEATS);
        let (own, next) = (lead(first), tune(&lead(second)));
        let is_common = window.music().iter().all(|beat| beat.frame.meter == Meter::COMMON);
        let starts_soon = own[..4].iter().any(|notes| !notes.is_empty());
        let is_enough = tune(&own).len() >= FEWEST_NOTES && next.len() >= FEWEST_NOTES;
        (is_common && starts_soon && is_enough).then(|| Phrase {
            genre: song.genre,
            beats: own,
            minor: window.mode == Mode::Minor,
            tempo: first[0].frame.tempo,
            next,
        })
    })
}

/// The band's lead after the phrase was played into it.
fn answer(network: &Arc<Network>, phrase: &Phrase, seed: u32, asked: bool) -> Result<Line> {
    let mut band = BandModel::new(network.clone());
    let mut song: Vec<HistoryBeat> = Vec::new();
    let mut controls = Controls {
        blend: Blend::pure(Genre::ALL[phrase.genre]),
        scale: if phrase.minor { Scale::FreeMinor } else { Scale::FreeMajor },
        seed,
        ..Controls::default()
    };
    for beat in 0..2 * N_BEATS {
        // Whoever is not asked still does not play into the phrase.
        controls.answer = (asked || beat < N_BEATS).then_some(N_BARS);
        if let Some(known) = beat.checked_sub(DELAY).filter(|known| *known < N_BEATS) {
            let music = &mut song[known].music;
            music.parts[Part::Lead.index()].clone_from(&phrase.beats[known]);
            music.lead_is_played = !phrase.beats[known].is_empty();
            if music.lead_is_played {
                music.forms[1 + Part::Lead.index()] = Some(Form::New);
            }
        }
        let frame = BeatFrame::regular(beat as i64, Meter::COMMON, phrase.tempo);
        let music = band.compose(&song, &frame, &controls, 0)?;
        song.push(HistoryBeat { frame, music });
    }
    Ok(tune(&lead(&song[N_BEATS..])))
}

/// The share of a line's notes that stand at the same place of another.
fn copied(line: &Line, other: &Line) -> f64 {
    let same = line.iter().filter(|note| other.contains(note)).count();
    same as f64 / line.len() as f64
}

/// Measures and prints the table.
///
/// # Errors
/// Weights or songs that cannot be read.
pub fn run(options: &AnswersOptions) -> Result<()> {
    let network = learn::network(&options.weights)?;
    let (index, songs) = read_songs(&options.prepared, &[Split::Test])?;
    let mut phrases: Vec<Phrase> = Vec::new();
    for genre in 0..index.genres.len().min(Genre::COUNT) {
        let of_genre = songs.iter().filter(|song| song.genre == genre).filter_map(phrase);
        phrases.extend(of_genre.take(options.phrases));
    }
    ensure!(!phrases.is_empty(), "{}: no phrase to play", options.prepared.display());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    let answers = |asked: bool| -> Result<Vec<Line>> {
        let one = |i: usize| answer(&network, &phrases[i], i as u32 + 1, asked);
        pool.install(|| (0..phrases.len()).into_par_iter().map(one).collect())
    };
    let (asked, unasked) = (answers(true)?, answers(false)?);
    let calls: Vec<Line> = phrases.iter().map(|phrase| tune(&phrase.beats)).collect();
    let measure = |of: &dyn Fn(usize) -> bool| -> Answers {
        let these: Vec<usize> = (0..phrases.len()).filter(|i| of(phrases[*i].genre)).collect();
        let figure = |value: &dyn Fn(usize) -> f64| {
            mean_of(&these.iter().map(|i| value(*i)).collect::<Vec<f64>>())
        };
        let similar = |call: &Line, line: &Line| motif_similarity(call, line).unwrap_or(f64::NAN);
        let unrelated = |i: usize| {
            let others =
                these.iter().filter(|j| **j != i && phrases[**j].genre == phrases[i].genre);
            mean(others.map(|j| similar(&calls[i], &asked[*j])))
        };
        Answers {
            n: these.len(),
            answer: figure(&|i| similar(&calls[i], &asked[i])),
            unrelated: figure(&unrelated),
            human: figure(&|i| similar(&calls[i], &phrases[i].next)),
            unasked: figure(&|i| similar(&calls[i], &unasked[i])),
            copied: figure(&|i| copied(&asked[i], &calls[i])),
            copied_human: figure(&|i| copied(&phrases[i].next, &calls[i])),
        }
    };
    let mut genres: Vec<(String, Answers)> = Vec::new();
    for (genre, name) in index.genres.iter().enumerate().take(Genre::COUNT) {
        genres.push((name.clone(), measure(&|of| of == genre)));
    }
    genres.push(("all".to_owned(), measure(&|_| true)));
    let figures = AnswerFigures { model: network.name().to_owned(), genres };
    println!("{}", figures.markdown());
    if let Some(path) = &options.json {
        write_whole(path, &serde_json::to_vec_pretty(&figures)?)?;
    }
    Ok(())
}
