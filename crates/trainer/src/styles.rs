//! `styles`: what learning a style is worth, on artists of whom the model has heard nothing.
//!
//! Of each artist that `prepare --artists` held out, every other song is learnt from, the rest is
//! asked. Another style of the rest is fitted too: by it, and those of the other artists, composed
//! music is judged, so that nothing judges what it was learnt from.

mod ceiling;
mod ear;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use model::style::{About, Film, Listener, Nats, Song as StyleSong};
use model::{BandModel, Network, Style, Styles};
use rayon::prelude::*;
use score::steps::{IGNORE, Step, T_SYM};
use score::window::{Window, whole};
use score::{BeatFrame, Blend, Controls, Genre, HistoryBeat, Meter, Scale, Tempo};
use serde::{Deserialize, Serialize};

use self::ear::Ear;
use crate::corpus::Split;
use crate::eval::copies;
use crate::eval::stats::{Figure, mean, mean_of, quantile_of, spearman};
use crate::learn;
use crate::shard::write_whole;
use crate::songs::{Song, read_songs};

/// Windows of held-out songs an artist, and their longest length in beats.
const N_WINDOWS: usize = 32;
const WINDOW_BEATS: usize = 160;

/// Composed songs an artist, and their bars; as many are heard of real songs.
const N_SONGS: usize = 12;
const N_BARS: usize = 16;

/// Beats of a bar of what is composed.
const BEATS_A_BAR: usize = 4;

/// Points of a sweep from genres to a style, and songs at each.
const N_POINTS: usize = 11;
const N_SWEEP_SONGS: usize = 8;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct StylesOptions {
    /// Folder that `prepare --artists` wrote.
    pub prepared: PathBuf,
    /// The weights; their manifest lies beside them.
    pub weights: PathBuf,
    /// Folder for styles, so that what was learnt is not learnt again.
    pub cache: PathBuf,
    /// Whether the whole network learns each artist, too, which takes longer than all the rest.
    pub ceiling: bool,
    /// Threads.
    pub threads: usize,
    /// Where the numbers go, if anywhere.
    pub json: Option<PathBuf>,
}

/// What was measured of one artist.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Artist {
    /// Songs and notes that were learnt from.
    pub n_songs: usize,
    /// Notes in them.
    pub n_notes: usize,
    /// Held-out windows.
    pub n_windows: usize,
    /// Bits a note of the held-out songs under the genre or mix that fits them best: what is played
    /// and, of songs with dynamics, how hard.
    pub genres_bits: f64,
    /// Under the style.
    pub style_bits: f64,
    /// How much less that is, in shares.
    pub gain: Figure,
    /// The same three without dynamics: chords, positions, pitches and durations.
    pub notes_genres_bits: f64,
    /// Under the style.
    pub notes_style_bits: f64,
    /// How much less.
    pub notes_gain: Figure,
    /// Fewest bits a note, without dynamics, that training the whole network leads to, if that was
    /// measured.
    #[serde(default)]
    pub ceiling_bits: Option<f64>,
    /// Sixteen bars of held-out songs whose nearest style is the artist's.
    pub recognised_real: f64,
    /// Composed songs under the style whose nearest style, of songs that it does not know, is the
    /// artist's.
    pub recognised: f64,
    /// Composed songs of the genres it lies next to that are taken for it: the floor.
    pub recognised_genres: f64,
    /// The same three without dynamics.
    pub notes_recognised_real: f64,
    /// In composed songs under the style.
    pub notes_recognised: f64,
    /// In composed songs of the genres.
    pub notes_recognised_genres: f64,
    /// The same by a judge of notes and chords that learnt the artist's other songs: in the songs
    /// that were learnt from.
    #[serde(default)]
    pub judged_real: f64,
    /// In composed songs under the style.
    #[serde(default)]
    pub judged: f64,
    /// In composed songs of the genres it lies next to: the floor.
    #[serde(default)]
    pub judged_genres: f64,
    /// Whom that judge hears in composed songs under the style, in shares.
    #[serde(default)]
    pub heard_as: BTreeMap<String, f64>,
    /// Rank correlation of the style's weight and of how much the artist is heard.
    pub sweep: f64,
    /// Longest run of notes that composed music shares with what was learnt from, 95th percentile
    /// over songs.
    pub copied: f64,
    /// The same of the artist's other songs.
    pub copied_by_artist: f64,
}

/// A column of the table: its title, its number of an artist, and how that is written.
type Column = (&'static str, fn(&Artist) -> f64, fn(f64) -> String);

const COLUMNS: [Column; 21] = [
    ("songs", |a| a.n_songs as f64, whole_number),
    ("notes", |a| a.n_notes as f64, whole_number),
    ("genres", |a| a.genres_bits, decimals),
    ("style", |a| a.style_bits, decimals),
    ("less", |a| a.gain.value, percent),
    ("notes alone, genres", |a| a.notes_genres_bits, decimals),
    ("style", |a| a.notes_style_bits, decimals),
    ("less", |a| a.notes_gain.value, percent),
    ("whole network", whole_network, percent),
    ("nearest style, real", |a| a.recognised_real, decimals),
    ("composed", |a| a.recognised, decimals),
    ("by genres alone", |a| a.recognised_genres, decimals),
    ("by notes alone, real", |a| a.notes_recognised_real, decimals),
    ("composed", |a| a.notes_recognised, decimals),
    ("by genres alone", |a| a.notes_recognised_genres, decimals),
    ("judge, real", |a| a.judged_real, decimals),
    ("composed", |a| a.judged, decimals),
    ("by genres alone", |a| a.judged_genres, decimals),
    ("sweep ρ", |a| a.sweep, decimals),
    ("copied", |a| a.copied, whole_number),
    ("by the artist", |a| a.copied_by_artist, whole_number),
];

fn whole_network(artist: &Artist) -> f64 {
    artist.ceiling_bits.map_or(f64::NAN, |bits| 1.0 - bits / artist.notes_genres_bits)
}

fn whole_number(x: f64) -> String {
    format!("{x:.0}")
}

fn decimals(x: f64) -> String {
    format!("{x:.2}")
}

/// Nothing where nothing was measured.
fn percent(x: f64) -> String {
    if x.is_nan() { String::new() } else { format!("{:.1} %", 100.0 * x) }
}

/// What was measured of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StyleFigures {
    /// Name of the model.
    pub model: String,
    /// By name.
    pub artists: BTreeMap<String, Artist>,
}

impl StyleFigures {
    /// The table, with means in its last row.
    pub fn markdown(&self) -> String {
        let row = |name: &str, cells: Vec<String>| format!("| {name} | {} |\n", cells.join(" | "));
        let of = |artist: &Artist| COLUMNS.iter().map(|(_, of, text)| text(of(artist))).collect();
        let mean = |(_, of, text): &Column| text(mean(self.artists.values().map(of)));
        let mut table = row("artist", COLUMNS.map(|(title, ..)| title.to_owned()).into());
        table += &format!("|---|{}\n", "---:|".repeat(COLUMNS.len()));
        for (name, artist) in &self.artists {
            table += &row(name, of(artist));
        }
        table + &row(&format!("mean of {}", self.artists.len()), COLUMNS.iter().map(mean).collect())
    }
}

/// An artist's songs: those that are learnt from, and the others.
struct Halves<'a> {
    name: &'a str,
    learnt: Vec<&'a Song>,
    others: Vec<&'a Song>,
    windows: Vec<Vec<Step>>,
    /// Sixteen bars each, of the others.
    stretches: Vec<Vec<Vec<Step>>>,
}

/// Measures and prints the table.
///
/// # Errors
/// Weights or songs that cannot be read, a folder without held-out artists.
pub fn run(options: &StylesOptions) -> Result<()> {
    let network = learn::network(&options.weights)?;
    let (_, songs) = read_songs(&options.prepared, &[Split::Artist])?;
    ensure!(
        !songs.is_empty(),
        "{}: no held-out artist; prepare with --artists",
        options.prepared.display()
    );
    let mut by_name: BTreeMap<&str, Vec<&Song>> = BTreeMap::new();
    for song in &songs {
        by_name
            .entry(song.entry.source.artist.as_deref().unwrap_or_default())
            .or_default()
            .push(song);
    }
    let max_steps = network.config().context_len;
    let artists: Vec<Halves> = by_name
        .into_iter()
        .map(|(name, songs)| {
            let half = |odd: usize| songs.iter().skip(odd).step_by(2).copied().collect::<Vec<_>>();
            let (learnt, others) = (half(0), half(1));
            let windows = windows(&others, max_steps);
            let stretches = stretches(&others, max_steps);
            Halves { name, windows, stretches, learnt, others }
        })
        .collect();
    let cache = folder_of_program(&options.cache)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    let bar = ProgressBar::new(2 * artists.len() as u64)
        .with_style(ProgressStyle::with_template("{msg:<20} {wide_bar} {pos}/{len}, {eta} left")?);
    bar.set_message("learning");
    let learn = |(i, of_others): (usize, bool)| {
        let artist = &artists[i];
        let songs = if of_others { &artist.others } else { &artist.learnt };
        let style = learnt(&network, songs, artist.name, &cache);
        bar.inc(1);
        style.map(Arc::new)
    };
    let jobs: Vec<(usize, bool)> =
        (0..artists.len()).flat_map(|i| [(i, false), (i, true)]).collect();
    let styles: Vec<Arc<Style>> =
        pool.install(|| jobs.into_par_iter().map(learn).collect::<Result<_>>())?;
    bar.finish_and_clear();
    let listener = Listener::new(&network)?;
    let (own, judges): (Vec<_>, Vec<_>) =
        styles.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).unzip();
    let others: Vec<_> = artists.iter().map(|artist| (artist.name, &artist.others[..])).collect();
    let ear = Ear::fit(&others);
    let measure = |i: usize| -> Result<(String, Artist)> {
        let mut artist = measure(&network, (&listener, &ear), &artists, i, &own, &judges)?;
        if options.ceiling {
            let genre = (0..Genre::COUNT)
                .max_by(|a, b| own[i].genres()[*a].total_cmp(&own[i].genres()[*b]));
            let songs = to_learn(&artists[i].learnt);
            let bits = ceiling::bits(&network, songs, &artists[i].windows, genre.unwrap_or(0))?;
            artist.ceiling_bits = Some(bits);
        }
        println!("{}: {:.1} % less", artists[i].name, 100.0 * artist.gain.value);
        Ok((artists[i].name.to_owned(), artist))
    };
    let measured = pool
        .install(|| (0..artists.len()).into_par_iter().map(measure).collect::<Result<Vec<_>>>())?;
    let figures =
        StyleFigures { model: network.name().to_owned(), artists: measured.into_iter().collect() };
    println!("{}", figures.markdown());
    if let Some(path) = &options.json {
        write_whole(path, &serde_json::to_vec_pretty(&figures)?)?;
    }
    Ok(())
}

/// The folder within `cache` of what this program learns: one that was built anew may learn otherwise.
fn folder_of_program(cache: &Path) -> Result<PathBuf> {
    let program = fs::read(std::env::current_exe()?).context("the program that runs")?;
    let folder = cache.join(format!("{:016x}", crate::corpus::hash(&program)));
    fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
    Ok(folder)
}

/// The style of songs, from the cache if it was learnt before.
fn learnt(network: &Arc<Network>, songs: &[&Song], name: &str, cache: &Path) -> Result<Style> {
    let paths: Vec<_> = songs.iter().map(|song| &song.entry.source.path).collect();
    let key = format!("{paths:?} {:016x}", network.fingerprint()?);
    let path = cache.join(format!("{:016x}.tributary-style", crate::corpus::hash(key.as_bytes())));
    if let Ok(bytes) = fs::read(&path)
        && let Ok(style) = Style::from_bytes(&bytes)
    {
        return Ok(style);
    }
    let about = About { name: name.to_owned(), ..About::default() };
    let style = learn::fit(network, to_learn(songs), about, false)?;
    write_whole(&path, &style.to_bytes()?)?;
    Ok(style)
}

/// As many of the songs as a style may be learnt from.
fn to_learn(songs: &[&Song]) -> Vec<StyleSong> {
    let mut n_notes = 0;
    let fits = songs.iter().take_while(|song| {
        n_notes += song.entry.n_notes.iter().sum::<usize>();
        n_notes <= model::style::MAX_NOTES
    });
    let song = |song: &&Song| StyleSong {
        name: song.entry.source.path.display().to_string(),
        beats: song.beats.clone(),
        dynamics: song.entry.source.dynamics,
    };
    fits.map(song).collect()
}

/// Windows of songs, the first of each before the second of any.
fn windows(songs: &[&Song], max_steps: usize) -> Vec<Vec<Step>> {
    let cut = |Song { beats, entry, .. }: &Song, start: usize| {
        let mut window = Window::cut(beats, start, WINDOW_BEATS);
        window.expressive = [(entry.source.dynamics, false); 4];
        let steps = window.encode(window.conditions(), max_steps);
        has_notes(&steps).then_some(steps)
    };
    in_rounds(songs, WINDOW_BEATS, 16, cut)
}

/// As much of songs as is composed, the first of each before the second of any.
fn stretches(songs: &[&Song], max_steps: usize) -> Vec<Vec<Vec<Step>>> {
    let n_beats = N_BARS * BEATS_A_BAR;
    let cut = |Song { beats, entry, .. }: &Song, start: usize| {
        let windows = whole(&beats[start..start + n_beats], entry.source.dynamics, max_steps);
        windows.iter().any(|steps| has_notes(steps)).then_some(windows)
    };
    in_rounds(songs, n_beats, n_beats, cut)
}

/// What `cut` makes of the beats from each multiple of `stride` on, where at least `left` remain:
/// the first of each song, then the second, up to [`N_WINDOWS`].
fn in_rounds<T>(
    songs: &[&Song],
    stride: usize,
    left: usize,
    cut: impl Fn(&Song, usize) -> Option<T>,
) -> Vec<T> {
    let longest = songs.iter().map(|song| song.beats.len()).max().unwrap_or(0);
    let starts = (0..longest).step_by(stride);
    let places = starts.flat_map(|start| songs.iter().map(move |song| (song, start)));
    let fits = places.filter(|(song, start)| start + left <= song.beats.len());
    fits.filter_map(|(song, start)| cut(song, start)).take(N_WINDOWS).collect()
}

fn has_notes(steps: &[Step]) -> bool {
    steps.iter().any(|step| step.targets[T_SYM] != IGNORE)
}

fn measure(
    network: &Arc<Network>,
    (listener, ear): (&Listener, &Ear),
    artists: &[Halves],
    i: usize,
    own: &[Arc<Style>],
    judges: &[Arc<Style>],
) -> Result<Artist> {
    let artist = &artists[i];
    let films: Vec<Film> = own.iter().map(|style| listener.style(style)).collect();
    let judging: Vec<Film> = judges.iter().map(|style| listener.style(style)).collect();
    // Each genre, the mix that fits what was learnt from, and the one that fits what is asked.
    let n_genres = network.genres().len();
    let pure = (0..n_genres).map(|genre| {
        let mut shares = [0.0; Genre::COUNT];
        shares[genre] = 1.0;
        shares
    });
    let mixes = pure.chain([*own[i].genres(), *judges[i].genres()]);
    let mixes: Vec<Film> = mixes.map(|shares| listener.genres(&shares)).collect();
    let hear = |film: &Film| -> Vec<Nats> {
        artist.windows.iter().map(|steps| listener.nats(film, steps)).collect()
    };
    let by_genres: Vec<Vec<Nats>> = mixes.iter().map(hear).collect();
    let by_style = hear(&films[i]);
    let all = Gain::of(&by_genres, &by_style, Nats::all_bits_per_note);
    let notes = Gain::of(&by_genres, &by_style, Nats::bits_per_note);
    let is_taken_for =
        |styles: &[Film], windows: &[Vec<Step>]| nearest(listener, styles, windows).map(|n| n == i);
    let [recognised_real, notes_recognised_real] =
        shares(artist.stretches.iter().map(|windows| is_taken_for(&films, windows)));

    let mut slots = [const { None }; score::N_STYLES];
    slots[0] = Some(own[i].clone());
    let styles = Styles::new(slots, network)?;
    let blend = |share: f32| {
        let mut weights = [0.0; Blend::LEN];
        for (weight, genre) in weights.iter_mut().zip(own[i].genres()) {
            *weight = genre * (1.0 - share);
        }
        weights[Genre::COUNT] = share;
        Blend::new(weights)
    };
    let example = artist.learnt.iter().max_by_key(|song| song.beats.len());
    let parts: [bool; 4] =
        core::array::from_fn(|part| artist.learnt.iter().any(|song| song.entry.n_notes[part] > 0));
    let tempo = example.map_or(Tempo::default(), |song| song.beats[0].frame.tempo);
    let compose = |share: f32, seed: usize, n_bars: usize| -> Result<Vec<HistoryBeat>> {
        let mut controls = Controls {
            blend: blend(share),
            scale: if seed % 2 == 1 { Scale::FreeMinor } else { Scale::FreeMajor },
            seed: seed as u32 + 1,
            ..Controls::default()
        };
        controls.parts.iter_mut().zip(parts).for_each(|(part, on)| part.on = on);
        let mut band = BandModel::new(network.clone()).with_styles(styles.clone());
        let mut song: Vec<HistoryBeat> = Vec::new();
        for beat in 0..n_bars * BEATS_A_BAR {
            let frame = BeatFrame::regular(beat as i64, Meter::COMMON, tempo);
            let music = band.compose(&song, &frame, &controls, 0)?;
            song.push(HistoryBeat { frame, music });
        }
        Ok(song)
    };
    let max_steps = network.config().context_len;
    let composed =
        (0..N_SONGS).map(|seed| compose(1.0, seed, N_BARS)).collect::<Result<Vec<_>>>()?;
    let of_genres =
        (0..N_SONGS).map(|seed| compose(0.0, seed, N_BARS)).collect::<Result<Vec<_>>>()?;
    let share_of = |songs: &[Vec<HistoryBeat>]| {
        shares(songs.iter().map(|song| is_taken_for(&judging, &whole(song, true, max_steps))))
    };
    let [recognised, notes_recognised] = share_of(&composed);
    let [recognised_genres, notes_recognised_genres] = share_of(&of_genres);
    let heard_as = ear.shares(composed.iter().map(Vec::as_slice));
    let heard_in = |shares: &BTreeMap<String, f64>| shares.get(artist.name).copied().unwrap_or(0.0);
    let judged_real = heard_in(&ear.shares(artist.learnt.iter().map(|song| &song.beats[..])));
    let judged_genres = heard_in(&ear.shares(of_genres.iter().map(Vec::as_slice)));
    let neutral = listener.genres(judges[i].genres());
    let mut heard = Vec::new();
    for point in 0..N_POINTS {
        let share = point as f32 / (N_POINTS - 1) as f32;
        let at = (0..N_SWEEP_SONGS).map(|seed| {
            let windows = whole(&compose(share, 100 + seed, 8)?, true, max_steps);
            let [genres, style] =
                [&neutral, &judging[i]].map(|film| bits_of(listener, film, &windows));
            Ok(genres - style)
        });
        heard.push(mean(at.collect::<Result<Vec<f64>>>()?));
    }
    let points: Vec<f64> = (0..N_POINTS).map(|point| point as f64).collect();

    let lines: Vec<_> =
        artist.learnt.iter().flat_map(|song| score::line::lines(&song.beats)).collect();
    let copied = |songs: Vec<Vec<Vec<score::line::Token>>>| {
        let runs = copies::longest(&songs, &lines, || {});
        quantile_of(&runs.iter().map(|run| *run as f64).collect::<Vec<_>>(), 0.95)
    };
    // As long as what is composed.
    let by_artist =
        artist.others.iter().map(|song| &song.beats[..song.beats.len().min(N_BARS * BEATS_A_BAR)]);
    Ok(Artist {
        n_songs: artist.learnt.len(),
        n_notes: own[i].about().n_notes,
        n_windows: artist.windows.len(),
        genres_bits: all.genres_bits,
        style_bits: all.style_bits,
        gain: all.gain,
        notes_genres_bits: notes.genres_bits,
        notes_style_bits: notes.style_bits,
        notes_gain: notes.gain,
        ceiling_bits: None,
        recognised_real,
        recognised,
        recognised_genres,
        notes_recognised_real,
        notes_recognised,
        notes_recognised_genres,
        judged_real,
        judged: heard_in(&heard_as),
        judged_genres,
        heard_as,
        sweep: spearman(&points, &heard),
        copied: copied(composed.iter().map(|song| score::line::lines(song)).collect()),
        copied_by_artist: copied(by_artist.map(score::line::lines).collect()),
    })
}

/// What a style saves.
struct Gain {
    genres_bits: f64,
    style_bits: f64,
    gain: Figure,
}

impl Gain {
    /// Of windows under each mix of genres, of which the best counts, and under a style; bits a note
    /// are what `of` makes of them.
    fn of(by_genres: &[Vec<Nats>], by_style: &[Nats], of: fn(&Nats) -> f64) -> Self {
        let best = by_genres.iter().min_by(|a, b| of(&sum(a)).total_cmp(&of(&sum(b))));
        let best = best.map_or(&[][..], Vec::as_slice);
        let gains: Vec<f64> =
            best.iter().zip(by_style).map(|(genres, style)| 1.0 - of(style) / of(genres)).collect();
        let [genres_bits, style_bits] = [best, by_style].map(|windows| of(&sum(windows)));
        let value = 1.0 - style_bits / genres_bits;
        Self { genres_bits, style_bits, gain: Figure { value, ..mean_of(&gains) } }
    }
}

/// The style under which windows are likeliest: with dynamics where they count, and by notes alone.
fn nearest(listener: &Listener, styles: &[Film], windows: &[Vec<Step>]) -> [usize; 2] {
    let heard: Vec<Nats> = styles
        .iter()
        .map(|film| {
            sum(&windows.iter().map(|steps| listener.nats(film, steps)).collect::<Vec<_>>())
        })
        .collect();
    [Nats::all_bits_per_note, Nats::bits_per_note].map(|of| {
        let least = heard.iter().enumerate().min_by(|(_, a), (_, b)| of(a).total_cmp(&of(b)));
        least.map_or(0, |(style, _)| style)
    })
}

/// Shares of songs that are taken for an artist, by each of two measures.
fn shares(taken: impl Iterator<Item = [bool; 2]>) -> [f64; 2] {
    let taken: Vec<[bool; 2]> = taken.collect();
    [0, 1]
        .map(|by| taken.iter().filter(|taken| taken[by]).count() as f64 / taken.len().max(1) as f64)
}

/// Bits a note, with dynamics, of windows under a genre or a style.
fn bits_of(listener: &Listener, film: &Film, windows: &[Vec<Step>]) -> f64 {
    let heard: Vec<Nats> = windows.iter().map(|steps| listener.nats(film, steps)).collect();
    sum(&heard).all_bits_per_note()
}

fn sum(windows: &[Nats]) -> Nats {
    let mut sum = Nats::default();
    windows.iter().for_each(|nats| sum.add(nats));
    sum
}
