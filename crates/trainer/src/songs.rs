//! The prepared songs of some splits in memory, and drawing one at random.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use score::random::Random;
use score::{HistoryBeat, Part};

use crate::corpus::Split;
use crate::recipe::Recipe;
use crate::shard::{self, Index, SongEntry};

/// A prepared song.
#[derive(Clone, Debug)]
pub struct Song {
    /// What the index says.
    pub entry: SongEntry,
    /// Number of its genre in the index's list.
    pub genre: usize,
    /// Its beats from 0, in its own key.
    pub beats: Vec<HistoryBeat>,
}

impl Song {
    /// Whether the velocities of a part were played or chosen.
    ///
    /// Where a melody was given an accompaniment afterwards, it may come from a score, one loudness
    /// from the first note to the last: that says nothing, and taught would make leads lifeless.
    pub fn has_dynamics(&self, part: Part) -> bool {
        let source = &self.entry.source;
        let mut velocities = self.beats.iter().flat_map(|beat| &beat.music.parts[part.index()]);
        let first = velocities.next().map(|note| note.velocity);
        let is_flat = velocities.all(|note| Some(note.velocity) == first);
        source.dynamics && !(is_flat && source.origin == "arranged")
    }
}

/// Songs, and how likely each is drawn.
pub struct Songs {
    /// The folder's index, all splits.
    pub index: Index,
    /// The songs of the wanted splits.
    pub songs: Vec<Song>,
    /// For each genre the collections with their shares; each with songs and running sums.
    tables: Vec<Vec<Collection>>,
}

struct Collection {
    share: f32,
    songs: Vec<usize>,
    sums: Vec<f32>,
}

impl Songs {
    /// Reads the songs of `splits` from a folder that `prepare` wrote.
    ///
    /// # Errors
    /// A missing or broken index or shard; a genre without songs.
    pub fn read(folder: &Path, splits: &[Split], recipe: &Recipe) -> Result<Self> {
        let (index, songs) = read_songs(folder, splits)?;
        let tables = (0..index.genres.len())
            .map(|genre| tables(genre, &index.genres[genre], &songs, recipe))
            .collect::<Result<_>>()
            .with_context(|| format!("{}: splits {splits:?}", folder.display()))?;
        Ok(Self { index, songs, tables })
    }

    /// Number of genres.
    pub fn n_genres(&self) -> usize {
        self.tables.len()
    }

    /// A song of a genre: its collection by share, then the song by the root of its length.
    pub fn draw(&self, genre: usize, rng: &mut Random) -> &Song {
        let collections = &self.tables[genre];
        let mut left = rng.uniform() * collections.iter().map(|c| c.share).sum::<f32>();
        let mut chosen = &collections[0];
        for collection in collections {
            chosen = collection;
            left -= collection.share;
            if left < 0.0 {
                break;
            }
        }
        let at = rng.uniform() * chosen.sums.last().copied().unwrap_or(0.0);
        let song = chosen.sums.partition_point(|sum| *sum <= at).min(chosen.songs.len() - 1);
        &self.songs[chosen.songs[song]]
    }
}

/// The index of a folder that `prepare` wrote, and the songs of `splits`.
///
/// # Errors
/// A missing or broken index or shard.
pub fn read_songs(folder: &Path, splits: &[Split]) -> Result<(Index, Vec<Song>)> {
    let index = Index::read(folder)?;
    let mut songs = Vec::new();
    for (genre, name) in index.genres.iter().enumerate() {
        let path = folder.join(index.shard_name(genre));
        let bytes =
            fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
        for entry in &index.songs {
            if entry.source.genre != *name || !splits.contains(&entry.source.split) {
                continue;
            }
            let (from, len) = (entry.offset as usize, entry.len as usize);
            let bytes = bytes.get(from..from + len).with_context(|| {
                format!("{}: ends before {}", path.display(), entry.source.path.display())
            })?;
            let beats = shard::decode(bytes, entry.n_beats)
                .with_context(|| entry.source.path.display().to_string())?;
            songs.push(Song { entry: entry.clone(), genre, beats });
        }
    }
    Ok((index, songs))
}

fn tables(genre: usize, name: &str, songs: &[Song], recipe: &Recipe) -> Result<Vec<Collection>> {
    let mut names: Vec<&str> =
        songs.iter().filter(|s| s.genre == genre).map(|s| s.entry.source.source.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let shares = recipe.sources.get(name);
    let mut collections = Vec::new();
    for source in names {
        let share = shares.map_or(1.0, |shares| shares.get(source).copied().unwrap_or(0.0));
        ensure!(
            share >= 0.0,
            "recipe: share of {name}/{source}: expected at least 0, found {share}"
        );
        if share == 0.0 {
            continue;
        }
        let (mut members, mut sums, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for (i, song) in songs.iter().enumerate() {
            if song.genre == genre && song.entry.source.source == source {
                sum += (song.entry.fresh_starts.len() as f32).sqrt();
                members.push(i);
                sums.push(sum);
            }
        }
        collections.push(Collection { share, songs: members, sums });
    }
    if collections.is_empty() {
        bail!(
            "genre {name}: no song to draw; a genre needs three songs or more, one in each split, \
             and a share in the recipe"
        );
    }
    Ok(collections)
}

#[cfg(test)]
mod tests {
    use score::{BeatFrame, GridBeat, GridNote, Meter, Tempo, Velocity};

    use super::*;
    use crate::corpus::Source;

    /// A song whose lead plays these velocities, a beat each, over a bass of other loudness.
    fn song(origin: &str, velocities: &[i32]) -> Song {
        let note = |pitch, velocity| GridNote {
            position: 0,
            pitch,
            duration: 24,
            velocity: Velocity::clamped(velocity),
            micro: 0,
        };
        let beat = |(i, velocity): (usize, &i32)| {
            let mut music = GridBeat::default();
            music.parts[1].push(note(40, 60 + i as i32));
            music.parts[3].push(note(72, *velocity));
            HistoryBeat {
                frame: BeatFrame::regular(i as i64, Meter::COMMON, Tempo::DEFAULT),
                music,
            }
        };
        let source = Source {
            path: "jazz/a.mid".into(),
            genre: "jazz".into(),
            source: "mine".into(),
            tier: "A".into(),
            origin: origin.into(),
            group: "a".into(),
            split: Split::Train,
            has_tempo: true,
            performed: false,
            dynamics: true,
            artist: None,
        };
        let n_beats = velocities.len();
        let entry = SongEntry {
            source,
            offset: 0,
            len: 0,
            n_beats,
            n_notes: [0; 4],
            fresh_starts: vec![0],
        };
        Song { entry, genre: 0, beats: velocities.iter().enumerate().map(beat).collect() }
    }

    #[test]
    fn a_melody_of_one_loudness_over_an_arrangement_says_nothing() {
        assert!(!song("arranged", &[96; 4]).has_dynamics(Part::Lead));
        assert!(song("arranged", &[96; 4]).has_dynamics(Part::Bass));
        assert!(song("arranged", &[96, 96, 97, 96]).has_dynamics(Part::Lead));
        assert!(song("human", &[96; 4]).has_dynamics(Part::Lead), "so a person set it");
        let mut flat = song("human", &[96, 97]);
        flat.entry.source.dynamics = false;
        assert!(!flat.has_dynamics(Part::Lead));
    }
}
