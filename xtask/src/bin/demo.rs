//! Plays 16 bars of the built CLAP with an automated blend and writes what was heard.
//!
//! The plugin plays twice: once as in a bounce, which gives the files, and once against the clock,
//! faster than real time. Notes of the bounce that the second pass did not play on their exact
//! sample are counted as late. What the shipped judge hears is computed from the played notes, which
//! are put back on the grid for it. `cargo xtask demo` builds the plugin and starts this program.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hosting::{PlayedNote, Recording, Script, Song};
use judge::{Judge, Kind, ends_bar};
use score::quantize::quantize;
use score::{Blend, Controls, Genre, Note, Part, Piece, Pitch, Tempo, Ticks, Velocity};

const RATE: f64 = 48_000.0;
const TEMPO: f64 = 104.0;
const BARS: usize = 16;
/// The song stands still for half a second before it plays, as in a host before somebody presses
/// play.
const STAND: usize = (RATE / 2.0) as usize;
/// How many times faster than the clock the second pass runs.
const SPEED: f64 = 4.0;

/// Of the first eight songs the one in which each genre of the tour is heard soonest.
const SEED: &str = "7";

/// Genres of which less is heard are left out of the table.
const LEAST_TOLD: f32 = 0.1;

/// Parameter ids in the order of [`Genre::ALL`].
const PARAMETERS: [&str; 6] =
    ["g_classical", "g_jazz", "g_rock", "g_electronic", "g_folk", "g_hiphop"];

/// The tour: beats, and the genres that are heard there in equal parts.
const TOUR: [(f64, &[Genre]); 9] = [
    (0.0, &[Genre::Folk]),
    (8.0, &[Genre::Folk]),
    (16.0, &[Genre::Jazz]),
    (24.0, &[Genre::Jazz]),
    (32.0, &[Genre::HipHop]),
    (40.0, &[Genre::HipHop]),
    (48.0, &[Genre::Classical, Genre::HipHop]),
    (56.0, &[Genre::Classical, Genre::HipHop]),
    (63.0, &[Genre::Electronic]),
];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: demo BUNDLE.clap FOLDER";
    let bundle = PathBuf::from(arguments.next().context(usage)?);
    let folder = PathBuf::from(arguments.next().context(usage)?);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;

    let script = script()?;
    let bounce = hosting::run(&bundle, &script)?;
    let notes = bounce.notes()?;
    eprintln!("playing against the clock, {SPEED} times faster than real time ...");
    let live = hosting::run(&bundle, &script.clone().in_real_time(SPEED))?.notes()?;

    let network = render::shipped()?;
    print_table(&notes, &live, &heard(&notes, network.judge().map(|judge| &**judge)));
    write_midi(&folder.join("demo.mid"), &notes)?;
    write_sound(&folder.join("demo.wav"), &bounce)?;
    write_picture(&folder.join("demo.png"), &notes)?;
    for name in ["demo.mid", "demo.wav", "demo.png"] {
        println!("{}", folder.join(name).display());
    }
    Ok(())
}

/// Weights of the six genres at a beat, in the order of [`Genre::ALL`].
fn weights_at(beat: f64) -> [f64; 6] {
    let weights = |genres: &[Genre]| {
        Genre::ALL
            .map(|genre| if genres.contains(&genre) { 1.0 / genres.len() as f64 } else { 0.0 })
    };
    let next = TOUR.iter().position(|(at, _)| *at > beat).unwrap_or(TOUR.len());
    let (from_beat, from) = TOUR[next.saturating_sub(1)];
    let Some((to_beat, to)) = TOUR.get(next) else { return weights(from) };
    let share = (beat - from_beat) / (to_beat - from_beat);
    let (from, to) = (weights(from), weights(to));
    std::array::from_fn(|genre| from[genre] + (to[genre] - from[genre]) * share)
}

fn script() -> Result<Script> {
    let mut script = Script::new(RATE, 512);
    let song = Song { tempo: TEMPO, ..Song::default() };
    script.stand(&song, 0.0, STAND / 50, 50);
    script.play(&song, 0.0, BARS as f64 * 4.0, &[512]);
    script.setting("seed", SEED);
    // Notes that are still held end when the song stops; a second lets their sound die away.
    script.stop(512, RATE as usize / 512);
    for (parameter, weight) in PARAMETERS.iter().zip(weights_at(0.0)) {
        script.value(parameter, weight);
    }
    for pair in TOUR.windows(2) {
        let ((from, _), (to, _)) = (pair[0], pair[1]);
        let (before, after) = (weights_at(from), weights_at(to));
        for (genre, parameter) in PARAMETERS.iter().enumerate() {
            if before[genre] != after[genre] {
                script.glide(parameter, (from, before[genre]), (to, after[genre]))?;
            }
        }
    }
    Ok(script)
}

fn beat_of(sample: i64) -> f64 {
    (sample - STAND as i64) as f64 / RATE * TEMPO / 60.0
}

/// The likeliest genres that are heard in the last bars up to each bar's end, in words.
fn heard(notes: &[PlayedNote], judge: Option<&Judge>) -> Vec<String> {
    let beats = quantize(&piece(notes), true);
    let ends = (0..beats.len()).filter(|beat| ends_bar(&beats[*beat].frame));
    let words = |end: usize| {
        let heard = judge.map(|judge| judge.hear(&beats[..=end]))?;
        let shares = heard.shares(Kind::All)?;
        let mut likeliest = Genre::ALL.map(|genre| (shares[genre.index()], genre));
        likeliest.sort_by(|a, b| b.0.total_cmp(&a.0));
        let told = likeliest.iter().take(2).filter(|(share, _)| *share >= LEAST_TOLD);
        let words = told.map(|(share, genre)| format!("{} {:.0} %", genre.name(), share * 100.0));
        Some(words.collect::<Vec<_>>().join(", "))
    };
    ends.map(|end| words(end).unwrap_or_else(|| "-".to_owned())).collect()
}

fn print_table(notes: &[PlayedNote], live: &[PlayedNote], heard: &[String]) {
    println!(
        "{:>3}  {:<46} {:>5} {:>5} {:>6} {:>5}  {:<34} {:>4}",
        "bar", "blend", "drums", "bass", "chords", "lead", "what the judge hears", "late"
    );
    let mut total_late = 0;
    for bar in 0..BARS {
        let range = bar as f64 * 4.0..bar as f64 * 4.0 + 4.0;
        let here = |note: &&PlayedNote| range.contains(&(beat_of(note.start) + 1e-6));
        let mut blend: Vec<(f64, Genre)> =
            weights_at(range.start).into_iter().zip(Genre::ALL).collect();
        blend.retain(|(weight, _)| *weight > 0.005);
        blend.sort_by(|a, b| b.0.total_cmp(&a.0));
        let blend: Vec<String> = blend
            .iter()
            .map(|(weight, genre)| format!("{} {:.0} %", genre.name(), weight * 100.0))
            .collect();
        let counts = Part::ALL.map(|part| {
            notes.iter().filter(here).filter(|note| note.channel == part.channel()).count()
        });
        let in_time = |note: &PlayedNote| {
            live.iter().any(|other| {
                (other.start, other.channel, other.key) == (note.start, note.channel, note.key)
            })
        };
        let late = notes.iter().filter(here).filter(|note| !in_time(note)).count();
        total_late += late;
        println!(
            "{:>3}  {:<46} {:>5} {:>5} {:>6} {:>5}  {:<34} {:>4}",
            bar + 1,
            blend.join(", "),
            counts[0],
            counts[1],
            counts[2],
            counts[3],
            heard.get(bar).map_or("-", String::as_str),
            late
        );
    }
    println!("{} notes, {total_late} late at {SPEED} times real time", notes.len());
}

fn piece(notes: &[PlayedNote]) -> Piece {
    let ticks = |sample| Ticks::from_beats(beat_of(sample));
    let mut piece = Piece { tempos: vec![(Ticks(0), Tempo::new(TEMPO))], ..Piece::default() };
    for note in notes {
        let Some(part) = Part::ALL.into_iter().find(|part| part.channel() == note.channel) else {
            continue;
        };
        let onset = ticks(note.start);
        piece.parts[part.index()].push(Note {
            onset,
            duration: (ticks(note.end) - onset).max(Ticks(1)),
            pitch: Pitch::clamped(note.key.into()),
            velocity: Velocity::clamped((note.velocity * 127.0).round() as i32),
        });
    }
    for (beat, genres) in TOUR {
        let names: Vec<&str> = genres.iter().map(|genre| genre.name()).collect();
        piece.markers.push((Ticks::from_beats(beat), names.join(" + ")));
    }
    piece.sort();
    piece
}

fn write_midi(file: &Path, notes: &[PlayedNote]) -> Result<()> {
    std::fs::write(file, score::smf::write(&piece(notes)))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn write_sound(file: &Path, recording: &Recording) -> Result<()> {
    let main = recording.audio.first().context("the plugin has no output bus")?;
    let specification = hound::WavSpec {
        channels: main.channels.len() as u16,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let context = || format!("cannot write {}", file.display());
    let mut writer = hound::WavWriter::create(file, specification).with_context(context)?;
    for frame in STAND..recording.frames as usize {
        for channel in &main.channels {
            let sample = (channel[frame].clamp(-1.0, 1.0) * f32::from(i16::MAX)).round();
            writer.write_sample(sample as i16).with_context(context)?;
        }
    }
    writer.finalize().with_context(context)
}

fn write_picture(file: &Path, notes: &[PlayedNote]) -> Result<()> {
    let mut performance =
        render::Performance::of_piece("Tributary: a tour in 16 bars", piece(notes));
    for beat in &mut performance.beats {
        let mut weights = [0.0; Blend::LEN];
        for (weight, here) in weights.iter_mut().zip(weights_at(beat.frame.beat as f64)) {
            *weight = here as f32;
        }
        beat.controls = Some(Controls { blend: Blend::new(weights), ..Controls::default() });
    }
    std::fs::write(file, render::picture(&performance)?)
        .with_context(|| format!("cannot write {}", file.display()))
}
