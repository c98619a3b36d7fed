//! Files by their ending: `.mid`, `.wav`, `.png`, `.txt` and `.json`.

use std::io::Cursor;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use hound::{SampleFormat, WavSpec, WavWriter};
use judge::{Heard, Kind, Shares};
use score::{GenreNames, Part, smf};
use serde_json::{Value, json};

use crate::perform::{Audio, Rendering};
use crate::performance::{Bar, Beat, Performance};
use crate::{drums, picture, text};

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A type 1 Standard MIDI File.
    Midi,
    /// Stereo sound, 24 bits.
    Wave,
    /// A picture.
    Picture,
    /// One note a line.
    Text,
    /// Notes, and chords, blend, counts and what the judge hears a bar.
    Json,
}

impl Format {
    /// The format that a file's ending names.
    ///
    /// # Errors
    /// For any other ending; the message lists those that are known.
    pub fn of(file: &Path) -> Result<Self> {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or("");
        ending.to_ascii_lowercase().parse()
    }
}

impl FromStr for Format {
    type Err = anyhow::Error;

    fn from_str(ending: &str) -> Result<Self> {
        Ok(match ending {
            "mid" | "midi" => Self::Midi,
            "wav" => Self::Wave,
            "png" => Self::Picture,
            "txt" => Self::Text,
            "json" => Self::Json,
            _ => bail!("expected a file that ends in .mid, .wav, .png, .txt or .json"),
        })
    }
}

/// Writes a rendering to a file in the format of its ending.
///
/// The file is written beside its place and moved there whole, so that a full disk never leaves
/// half a file.
///
/// # Errors
/// When the ending is unknown, the sound was not rendered or the file cannot be written; the
/// message names the file.
pub fn write(rendering: &Rendering, file: &Path) -> Result<()> {
    let bytes = bytes(rendering, Format::of(file)?)
        .with_context(|| format!("{}: cannot be made", file.display()))?;
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    let written = std::fs::write(&beside, &bytes).and_then(|()| std::fs::rename(&beside, file));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(|| format!("{}: cannot be written", file.display()))
}

/// A rendering in a format.
///
/// # Errors
/// When the sound was not rendered or a picture or sound is too large for its format.
pub fn bytes(rendering: &Rendering, format: Format) -> Result<Vec<u8>> {
    let performance = &rendering.performance;
    match format {
        Format::Midi => Ok(smf::write(&performance.piece)),
        Format::Wave => wave(rendering.audio.as_ref().context("no sound was rendered")?),
        Format::Picture => picture::picture(performance),
        Format::Text => Ok(text::text(performance).into_bytes()),
        Format::Json => Ok(format!("{:#}\n", json(rendering)).into_bytes()),
    }
}

fn wave(audio: &Audio) -> Result<Vec<u8>> {
    const FULL_SCALE: f32 = 8_388_607.0;
    let specification = WavSpec {
        channels: 2,
        sample_rate: audio.sample_rate,
        bits_per_sample: 24,
        sample_format: SampleFormat::Int,
    };
    let mut bytes = Vec::with_capacity(6 * audio.left.len() + 64);
    let mut writer = WavWriter::new(Cursor::new(&mut bytes), specification)?;
    for (left, right) in audio.left.iter().zip(&audio.right) {
        for sample in [left, right] {
            writer.write_sample((sample.clamp(-1.0, 1.0) * FULL_SCALE).round() as i32)?;
        }
    }
    writer.finalize()?;
    Ok(bytes)
}

/// Everything about a performance but its sound.
fn json(rendering: &Rendering) -> Value {
    let performance = &rendering.performance;
    let bars: Vec<Value> =
        performance.bars().iter().map(|bar| bar_json(performance, bar)).collect();
    let notes: Vec<Value> =
        Part::ALL.iter().flat_map(|part| part_json(performance, *part)).collect();
    let tempos: Vec<Value> = performance
        .piece
        .tempos
        .iter()
        .map(|(at, tempo)| json!({ "tick": at.0, "bpm": tempo.bpm() }))
        .collect();
    json!({
        "title": performance.title,
        "ticks_per_quarter": score::TICKS_PER_QUARTER,
        "tempos": tempos,
        "late": rendering.n_late,
        "bars": bars,
        "notes": notes,
    })
}

fn bar_json(performance: &Performance, bar: &Bar) -> Value {
    let in_bar = |beat: &&Beat| beat.frame.bar_number == bar.number;
    let beats: Vec<&Beat> = performance.beats.iter().filter(in_bar).collect();
    let chords: Vec<Value> =
        beats.iter().map(|beat| json!(beat.chord.map(|chord| chord.to_string()))).collect();
    let blend = beats.first().and_then(|beat| beat.controls);
    let heard = beats.iter().rev().find_map(|beat| beat.heard);
    let genres = &performance.genres;
    let weights_json = |blend: &score::Blend| weights_json(blend, genres);
    let shares_json = |shares: &Shares| shares_json(shares, genres);
    let counts = Part::ALL.map(|part| {
        let notes = &performance.piece.parts[part.index()];
        let n = notes.iter().filter(|note| (bar.start..bar.end).contains(&note.onset)).count();
        (part.name(), n)
    });
    json!({
        "bar": bar.number + 1,
        "tick": bar.start.0,
        "meter": bar.meter.to_string(),
        "chords": chords,
        "blend": blend.map(|controls| weights_json(&controls.blend)),
        "part_blends": blend.map(|controls| {
            Value::from_iter(Part::ALL.map(|part| {
                (part.name(), weights_json(&controls.part_blend(part)))
            }))
        }),
        "harmony_blend": blend.map(|controls| weights_json(&controls.harmony())),
        "n_notes": Value::from_iter(counts),
        "judge": heard.as_ref().and_then(|heard| heard.shares(Kind::All)).map(shares_json),
        "part_judges": heard.as_ref().map(|heard| part_judges_json(heard, genres)),
    })
}

/// What some parts sound like alone, null where they play too little to say.
fn part_judges_json(heard: &Heard, genres: &GenreNames) -> Value {
    let of = |kind| json!(heard.shares(kind).map(|shares| shares_json(shares, genres)));
    json!({ "drums": of(Kind::Drums), "pitched": of(Kind::Pitched) })
}

fn shares_json(shares: &Shares, genres: &GenreNames) -> Value {
    Value::from_iter(genres.iter().map(|(genre, name)| (name, json!(shares[genre.index()]))))
}

/// The weights above zero of a normalised blend, by name.
fn weights_json(blend: &score::Blend, genres: &GenreNames) -> Value {
    let blend = blend.normalized();
    let present = blend.weights().iter().enumerate().filter(|(_, weight)| **weight > 0.0);
    Value::from_iter(present.map(|(idx, weight)| (genres.of_weight(idx).to_owned(), json!(weight))))
}

fn part_json(performance: &Performance, part: Part) -> Vec<Value> {
    let notes = performance.piece.parts[part.index()].iter();
    notes
        .map(|note| {
            let name = match part {
                Part::Drums => drums::name(note.pitch).to_owned(),
                _ => text::pitch_name(note),
            };
            json!({
                "part": part.name(),
                "tick": note.onset.0,
                "duration": note.duration.0,
                "pitch": note.pitch.number(),
                "name": name,
                "velocity": note.velocity.number(),
            })
        })
        .collect()
}
