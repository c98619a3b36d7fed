//! Which files a corpus folder holds, and what is known about each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use score::hash::Fnv1a;
use serde::{Deserialize, Serialize};

/// Where a song may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Trained on.
    Train,
    /// Held out, looked at during training.
    Valid,
    /// Held out, looked at in evaluations only.
    Test,
    /// By an artist of whom no song is trained on: styles are learnt from these.
    Artist,
}

/// Artists of whom no model learns anything, so that learning a style can be measured on them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artists {
    /// By name, what the paths of their songs start with, below the corpus folder.
    pub artists: BTreeMap<String, Vec<String>>,
}

impl Artists {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// An unreadable file or an unknown field, with its line.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{}: not a list of artists", path.display()))
    }

    /// Whose song a file is.
    fn of(&self, path: &Path) -> Option<&String> {
        let path = path.to_string_lossy().replace('\\', "/");
        let wrote = |starts: &[String]| starts.iter().any(|start| path.starts_with(start.as_str()));
        self.artists.iter().find(|(_, starts)| wrote(starts)).map(|(name, _)| name)
    }
}

/// A file of the corpus. Without a manifest only path and genre are known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    /// Path below the corpus folder.
    pub path: PathBuf,
    /// Name of the genre: the top folder.
    pub genre: String,
    /// Name of the collection; the genre again where there is none.
    pub source: String,
    /// Licence tier: A permissive, B copyleft or softer claims.
    pub tier: String,
    /// human, arranged or generated.
    pub origin: String,
    /// Files of a group share the split.
    pub group: String,
    /// Where the song may be used.
    pub split: Split,
    /// Whether the file's tempo means something.
    pub has_tempo: bool,
    /// Whether timing was played by hand.
    pub performed: bool,
    /// Whether velocities differ.
    pub dynamics: bool,
    /// Who made it, where it is held out for that ([`Split::Artist`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artist: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    path: PathBuf,
    genre: String,
    source: String,
    tier: String,
    origin: String,
    group: String,
    split: Split,
    bpm: String,
    performed: String,
    dynamics: String,
}

/// The files of a corpus folder, sorted by path, of the given licence tiers.
///
/// With a `manifest.csv` its rows count; without one every `<genre>/**/*.mid`, split by a hash
/// of the path. Songs by `artists` count whatever their tier, since nothing is trained on them.
///
/// # Errors
/// An unreadable folder or manifest, a row that cannot be read (with its line), a tier that no file
/// has, no file at all, an artist without any.
pub fn list(corpus: &Path, tiers: &[String], artists: &Artists) -> Result<Vec<Source>> {
    let manifest = corpus.join("manifest.csv");
    let mut sources =
        if manifest.is_file() { from_manifest(&manifest)? } else { from_folders(corpus)? };
    let known: BTreeSet<&str> =
        sources.iter().map(|source| source.tier.as_str()).filter(|tier| !tier.is_empty()).collect();
    if let Some(unknown) = tiers.iter().find(|tier| !known.contains(tier.as_str())) {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        let place = manifest.display();
        if known.is_empty() {
            bail!("--tiers {unknown}: no file has a tier, since tiers stand in {place}");
        }
        bail!("--tiers {unknown}: expected tiers of {place}: {known}");
    }
    for source in &mut sources {
        if let Some(name) = artists.of(&source.path) {
            source.artist = Some(name.clone());
            source.split = Split::Artist;
        }
    }
    let has_songs = |name: &&String| sources.iter().any(|s| s.artist.as_ref() == Some(name));
    if let Some(missing) = artists.artists.keys().find(|name| !has_songs(name)) {
        bail!("{}: no file of the artist {missing}", corpus.display());
    }
    let is_wanted = |source: &Source| {
        source.artist.is_some() || tiers.is_empty() || tiers.contains(&source.tier)
    };
    sources.retain(is_wanted);
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    if sources.is_empty() {
        bail!("{}: no MIDI file in <genre>/**/*.mid", corpus.display());
    }
    Ok(sources)
}

/// Folders that should hold a genre and hold no MIDI file; with a manifest they mean nothing.
///
/// # Errors
/// A folder that cannot be read.
pub fn empty_genres(corpus: &Path, sources: &[Source]) -> Result<Vec<String>> {
    if corpus.join("manifest.csv").is_file() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(corpus)
        .with_context(|| format!("{}: cannot be read", corpus.display()))?;
    let mut empty = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && sources.iter().all(|source| source.genre != name) {
            empty.push(name);
        }
    }
    empty.sort();
    Ok(empty)
}

/// Number of files a genre.
pub fn genres(sources: &[Source]) -> BTreeMap<String, usize> {
    let mut genres = BTreeMap::new();
    for source in sources {
        *genres.entry(source.genre.clone()).or_default() += 1;
    }
    genres
}

fn from_manifest(manifest: &Path) -> Result<Vec<Source>> {
    let mut reader = csv::Reader::from_path(manifest)
        .with_context(|| format!("{}: cannot be opened", manifest.display()))?;
    let mut sources = Vec::new();
    for (i, row) in reader.deserialize::<Row>().enumerate() {
        let row = row.with_context(|| format!("{}: line {}", manifest.display(), i + 2))?;
        sources.push(Source {
            has_tempo: row.bpm.trim().parse::<f64>().is_ok(),
            performed: row.performed == "yes",
            dynamics: row.dynamics == "yes",
            artist: None,
            path: row.path,
            genre: row.genre,
            source: row.source,
            tier: row.tier,
            origin: row.origin,
            group: row.group,
            split: row.split,
        });
    }
    Ok(sources)
}

fn from_folders(corpus: &Path) -> Result<Vec<Source>> {
    let mut folders = vec![corpus.to_path_buf()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("{}: cannot be read", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let is_midi = path
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("mid") || e.eq_ignore_ascii_case("midi"));
            let path = path.strip_prefix(corpus).expect("below the corpus folder").to_path_buf();
            if !is_midi || path.components().count() < 2 {
                continue;
            }
            let genre = path.iter().next().unwrap_or_default().to_string_lossy().into_owned();
            let group = path.with_extension("").to_string_lossy().into_owned();
            let split = match hash(group.as_bytes()) % 20 {
                0 => Split::Valid,
                1 => Split::Test,
                _ => Split::Train,
            };
            sources.push(Source {
                source: genre.clone(),
                genre,
                tier: String::new(),
                origin: "human".into(),
                group,
                split,
                has_tempo: true,
                performed: false,
                dynamics: true,
                artist: None,
                path,
            });
        }
    }
    Ok(sources)
}

/// FNV-1a; stable across machines and versions.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hash = Fnv1a::default();
    hash.bytes(bytes);
    hash.finish()
}
