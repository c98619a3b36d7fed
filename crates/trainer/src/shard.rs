//! Prepared songs on disk: one binary file a genre and one index for all.
//!
//! A song is a list of beats; numbers are little-endian. Each beat is `bar_start i64,
//! bar_number i32, tempo f32, numerator u8, denominator u8, chord u8`, then for each part
//! `count u16` and notes of six bytes: `position u8, pitch u8, duration u16, velocity u8,
//! micro i8`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use score::{
    BeatFrame, Chord, GenreNames, GridBeat, GridNote, HistoryBeat, Meter, Tempo, Ticks, Velocity,
};
use serde::{Deserialize, Serialize};

use crate::corpus::Source;

/// Version of the binary layout.
const FORMAT: u32 = 1;

/// What the index says about a song.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SongEntry {
    /// What the corpus says.
    pub source: Source,
    /// Byte offset in the genre's file.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
    /// Number of beats.
    pub n_beats: usize,
    /// Notes a part.
    pub n_notes: [usize; 4],
    /// Beats at which a block of bars starts that no earlier block equals.
    pub fresh_starts: Vec<u32>,
}

/// The index of a folder of shards.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Index {
    /// [`FORMAT`].
    pub format: u32,
    /// [`score::steps::fingerprint`] in hexadecimal digits.
    pub fingerprint: String,
    /// Hash of every file that went in, in hexadecimal digits.
    pub corpus_hash: String,
    /// Licence tiers that were used; empty means all.
    pub tiers: Vec<String>,
    /// Genres in the order of their numbers.
    pub genres: Vec<String>,
    /// Names of the genres' files in the same order; older folders have none, see
    /// [`Index::shard_name`].
    #[serde(default)]
    pub shards: Vec<String>,
    /// Songs, sorted by path.
    pub songs: Vec<SongEntry>,
}

impl Index {
    /// An index without songs.
    pub fn new(genres: Vec<String>, tiers: Vec<String>) -> Self {
        let fingerprint = format!("{:016x}", score::steps::fingerprint());
        Self {
            format: FORMAT,
            fingerprint,
            corpus_hash: String::new(),
            tiers,
            genres,
            shards: vec![],
            songs: vec![],
        }
    }

    /// Reads `index.json` of a folder.
    ///
    /// # Errors
    /// A missing or broken index, or one of another format or vocabulary.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("index.json");
        let text = fs::read(&path)
            .with_context(|| format!("{}: cannot be read; run `prepare` first", path.display()))?;
        let index: Self =
            serde_json::from_slice(&text).with_context(|| format!("{}: broken", path.display()))?;
        let expected = format!("{:016x}", score::steps::fingerprint());
        ensure!(
            index.format == FORMAT && index.fingerprint == expected,
            "{}: expected format {FORMAT} and vocabulary {expected}, found {} and {}; run `prepare` again",
            path.display(),
            index.format,
            index.fingerprint,
        );
        Ok(index)
    }

    /// Writes `index.json`, whole or not at all.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        write_whole(&folder.join("index.json"), &serde_json::to_vec(self)?)
    }

    /// Name of the file that holds a genre's songs.
    pub fn shard_name(&self, genre: usize) -> String {
        let named = self.shards.get(genre).cloned();
        named.unwrap_or_else(|| format!("{}{SHARD_ENDING}", self.genres[genre]))
    }

    /// What the genres are called.
    ///
    /// # Errors
    /// More genres than a model has knobs for, or names that cannot be, with what was found.
    pub fn genre_names(&self) -> Result<GenreNames> {
        Ok(GenreNames::new(self.genres.clone())?)
    }
}

/// What names of shards end in.
pub(crate) const SHARD_ENDING: &str = ".songs";

/// Writes a file beside its place and renames it, so that no half file is ever seen.
///
/// # Errors
/// Names the file: a full disk, a missing folder.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = partial(path);
    let written = File::create(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        // The name must not be there before what it names, should the power fail.
        file.sync_all()?;
        fs::rename(&partial, path)
    });
    if written.is_err() {
        // The disk may be full; what was there before stays.
        let _ = fs::remove_file(&partial);
    }
    written.with_context(|| format!("{}: cannot be written", path.display()))
}

/// Where a file lies until it is whole.
pub(crate) fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Appends a song's bytes.
pub fn encode(beats: &[HistoryBeat], bytes: &mut Vec<u8>) {
    for beat in beats {
        let HistoryBeat { frame, music } = beat;
        bytes.extend(frame.bar_start.0.to_le_bytes());
        bytes.extend((frame.bar_number as i32).to_le_bytes());
        bytes.extend((frame.tempo.bpm() as f32).to_le_bytes());
        bytes.push(frame.meter.numerator());
        bytes.push(frame.meter.denominator());
        bytes.push(Chord::index(music.chord) as u8);
        for notes in &music.parts {
            bytes.extend((notes.len() as u16).to_le_bytes());
            for note in notes {
                bytes.push(note.position);
                bytes.push(note.pitch);
                bytes.extend(note.duration.to_le_bytes());
                bytes.push(note.velocity.number());
                bytes.push(note.micro as u8);
            }
        }
    }
}

/// Reads the beats of a song.
///
/// # Errors
/// Bytes that end early or hold impossible numbers.
pub fn decode(mut bytes: &[u8], n_beats: usize) -> Result<Vec<HistoryBeat>> {
    let mut beats = Vec::with_capacity(n_beats);
    for beat in 0..n_beats {
        let bar_start = Ticks(i64::from_le_bytes(take(&mut bytes)?));
        let bar_number = i64::from(i32::from_le_bytes(take(&mut bytes)?));
        let tempo = Tempo::new(f64::from(f32::from_le_bytes(take(&mut bytes)?)));
        let [numerator, denominator, chord] = take(&mut bytes)?;
        let meter = Meter::new(numerator.into(), denominator.into())?;
        let frame = BeatFrame { beat: beat as i64, bar_start, bar_number, meter, tempo };
        let mut music = GridBeat { chord: Chord::from_index(chord.into()), ..GridBeat::default() };
        for notes in &mut music.parts {
            let count = u16::from_le_bytes(take(&mut bytes)?);
            for _ in 0..count {
                let [position, pitch, low, high, velocity, micro] = take(&mut bytes)?;
                notes.push(GridNote {
                    position,
                    pitch,
                    duration: u16::from_le_bytes([low, high]),
                    velocity: Velocity::clamped(velocity.into()),
                    micro: micro as i8,
                });
            }
        }
        beats.push(HistoryBeat { frame, music });
    }
    Ok(beats)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let Some((head, tail)) = bytes.split_first_chunk() else { bail!("the song ends early") };
    *bytes = tail;
    Ok(*head)
}
