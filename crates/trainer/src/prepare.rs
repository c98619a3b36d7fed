//! `prepare`: corpus folder → prepared songs on disk.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result, bail};
use indicatif::{ParallelProgressIterator, ProgressBar, ProgressStyle};
use rayon::prelude::*;
use score::quantize::{pitch_class_weights, quantize};
use score::{HistoryBeat, Key, Part};

use crate::corpus::{self, Artists, Source, Split};
use crate::shard::{self, Index, SHARD_ENDING, SongEntry};

/// Bars whose equality makes a block a duplicate.
const BLOCK_BARS: i64 = 4;

/// Songs with fewer notes teach nothing.
const MIN_NOTES: usize = 16;

struct Parsed {
    beats: Vec<HistoryBeat>,
    hash: u64,
    repaired: usize,
}

/// What became of the files of one collection.
#[derive(Clone, Default)]
struct Tally {
    files: usize,
    kept: usize,
    broken: usize,
    short: usize,
    duplicate: usize,
    repaired: usize,
    notes: usize,
    blocks: usize,
    fresh: usize,
}

/// By genre, collection, origin and tier.
type Tallies = BTreeMap<[String; 4], Tally>;

/// Parses, quantises, names chords and removes duplicates; prints a table of what was kept.
///
/// What an earlier call wrote stays whole until the last file of this one is: the index names the
/// genres' files by what they hold.
///
/// # Errors
/// An empty corpus, more than six genres or names that cannot be, a folder that cannot be written.
/// Files that cannot be read are counted and listed in `rejected.txt`, never fatal.
pub fn run(corpus: &Path, out: &Path, tiers: &[String], artists: &Artists) -> Result<()> {
    let sources = corpus::list(corpus, tiers, artists)?;
    for genre in corpus::empty_genres(corpus, &sources)? {
        println!("genre {genre}: no MIDI file, left out");
    }
    let mut index = Index::new(genre_order(&sources), tiers.to_vec());
    index.genre_names().with_context(|| corpus.display().to_string())?;
    fs::create_dir_all(out).with_context(|| format!("{}: cannot be made", out.display()))?;
    let mut shards = Vec::new();
    let mut tallies = Tallies::new();
    let mut rejected = String::new();
    let mut seen = HashSet::new();
    let mut corpus_hash = 0u64;
    let progress = ProgressBar::new(sources.len() as u64).with_style(
        ProgressStyle::with_template("{msg:<12} {wide_bar} {pos}/{len} files, {eta} left")
            .expect("a valid template"),
    );
    for genre in index.genres.clone() {
        progress.set_message(genre.clone());
        let of_genre: Vec<&Source> = sources.iter().filter(|s| s.genre == genre).collect();
        let parsed: Vec<Result<Parsed>> =
            of_genre.par_iter().progress_with(progress.clone()).map(|s| parse(corpus, s)).collect();
        let mut bytes = Vec::new();
        for (source, parsed) in of_genre.into_iter().zip(parsed) {
            let key =
                [&source.genre, &source.source, &source.origin, &source.tier].map(String::clone);
            let tally = tallies.entry(key).or_default();
            tally.files += 1;
            let parsed = match parsed {
                Ok(parsed) => parsed,
                Err(error) => {
                    tally.broken += 1;
                    rejected += &format!("{error:#}\n");
                    continue;
                }
            };
            corpus_hash = corpus_hash.wrapping_mul(31).wrapping_add(parsed.hash);
            tally.repaired += usize::from(parsed.repaired > 0);
            let n_notes = Part::ALL
                .map(|part| parsed.beats.iter().map(|b| b.music.parts[part.index()].len()).sum());
            if n_notes.iter().sum::<usize>() < MIN_NOTES {
                tally.short += 1;
                rejected += &format!("{}: fewer than {MIN_NOTES} notes\n", source.path.display());
                continue;
            }
            let starts = block_starts(&parsed.beats);
            tally.blocks += starts.len();
            let fresh_starts = fresh(&parsed.beats, &starts, &mut seen);
            tally.fresh += fresh_starts.len();
            if fresh_starts.is_empty() {
                tally.duplicate += 1;
                rejected += &format!("{}: every bar stands elsewhere\n", source.path.display());
                continue;
            }
            tally.kept += 1;
            tally.notes += n_notes.iter().sum::<usize>();
            let offset = bytes.len() as u64;
            shard::encode(&parsed.beats, &mut bytes);
            index.songs.push(SongEntry {
                source: source.clone(),
                offset,
                len: bytes.len() as u64 - offset,
                n_beats: parsed.beats.len(),
                n_notes,
                fresh_starts,
            });
        }
        if bytes.is_empty() {
            progress.suspend(|| println!("genre {genre}: no file can be used, left out"));
            index.genres.retain(|other| *other != genre);
            continue;
        }
        shards.push(bytes);
    }
    progress.finish_and_clear();
    shard::write_whole(&out.join("rejected.txt"), rejected.as_bytes())?;
    if index.songs.is_empty() {
        let (place, list) = (corpus.display(), out.join("rejected.txt"));
        bail!("{place}: none of {} files can be used; why: {}", sources.len(), list.display());
    }
    if !corpus.join("manifest.csv").is_file() {
        hold_out(&mut index);
    }
    say_what_is_missing(&index);
    index.corpus_hash = format!("{corpus_hash:016x}");
    write(out, &mut index, &shards)?;
    print_table(&tallies);
    println!("why files were left out: {}", out.join("rejected.txt").display());
    Ok(())
}

/// Writes the genres' files under new names, then the index that names them, then removes the files
/// that no index names any more.
fn write(out: &Path, index: &mut Index, shards: &[Vec<u8>]) -> Result<()> {
    let named = index.genres.iter().zip(shards);
    let name = |(genre, bytes): (&String, &Vec<u8>)| {
        format!("{genre}-{:016x}{SHARD_ENDING}", corpus::hash(bytes))
    };
    index.shards = named.map(name).collect();
    let fresh = |name: &&String| !out.join(name).exists();
    let added: Vec<String> = index.shards.iter().filter(fresh).cloned().collect();
    let written = index
        .shards
        .iter()
        .zip(shards)
        .try_for_each(|(name, bytes)| shard::write_whole(&out.join(name), bytes))
        .and_then(|()| index.write(out));
    if written.is_err() {
        // The disk is full, most likely; what was there before stays.
        added.iter().for_each(|name| drop(fs::remove_file(out.join(name))));
        return written;
    }
    for entry in fs::read_dir(out).with_context(|| format!("{}: cannot be read", out.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(SHARD_ENDING) && !index.shards.contains(&name) {
            // One that stays only takes room.
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

/// Sees to it that each genre with three groups of songs or more has some in each split: of a small
/// corpus the hash may hold out none.
fn hold_out(index: &mut Index) {
    for genre in &index.genres {
        for split in [Split::Train, Split::Valid, Split::Test] {
            let is_ours = |song: &&SongEntry| {
                song.source.genre == *genre && song.source.split != Split::Artist
            };
            let songs = index.songs.iter().filter(is_ours);
            let groups: BTreeMap<&str, Split> =
                songs.map(|song| (song.source.group.as_str(), song.source.split)).collect();
            let n = |split| groups.values().filter(|other| **other == split).count();
            let fullest =
                [Split::Train, Split::Valid, Split::Test].into_iter().max_by_key(|s| n(*s));
            if groups.len() < 3 || n(split) > 0 {
                continue;
            }
            let moved = groups
                .iter()
                .filter(|(_, other)| Some(**other) == fullest)
                .map(|(group, _)| (*group).to_owned())
                .min_by_key(|group| corpus::hash(group.as_bytes()));
            let of_group = index.songs.iter_mut().filter(|song| {
                song.source.genre == *genre
                    && song.source.split != Split::Artist
                    && Some(&song.source.group) == moved.as_ref()
            });
            of_group.for_each(|song| song.source.split = split);
        }
    }
}

/// Warns of genres that cannot be trained on or measured.
fn say_what_is_missing(index: &Index) {
    for genre in &index.genres {
        let of_genre = || index.songs.iter().filter(|song| song.source.genre == *genre);
        for (split, what) in [
            (Split::Train, "nothing to train on"),
            (Split::Valid, "nothing to look at while training, so `train` will refuse it"),
            (Split::Test, "nothing to test with, so `export` and `eval` will refuse it"),
        ] {
            if of_genre().all(|song| song.source.split != split) {
                println!("genre {genre}: {what}; it has {} songs", of_genre().count());
            }
        }
    }
}

/// The six known genres in their order; other sets of genres alphabetically.
fn genre_order(sources: &[Source]) -> Vec<String> {
    let found = corpus::genres(sources);
    let known = score::Genre::ALL.map(|genre| genre.name().to_string());
    if found.keys().all(|genre| known.contains(genre)) {
        return known.into_iter().filter(|genre| found.contains_key(genre)).collect();
    }
    found.into_keys().collect()
}

fn parse(corpus: &Path, source: &Source) -> Result<Parsed> {
    let path = corpus.join(&source.path);
    let bytes = fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let import = score::smf::read(&bytes, &source.path.to_string_lossy())?;
    let beats = quantize(&import.piece, source.performed);
    let repaired = usize::from(!import.report.is_clean());
    Ok(Parsed { beats, hash: corpus::hash(&bytes), repaired })
}

/// Beats at which bars 0, 4, 8 … start.
fn block_starts(beats: &[HistoryBeat]) -> Vec<u32> {
    let mut starts = Vec::new();
    let mut last_block = i64::MIN;
    for beat in beats {
        let block = beat.frame.bar_number.div_euclid(BLOCK_BARS);
        // In 9/8 and the like a bar may start inside a beat; the next beat is taken.
        if block != last_block {
            starts.push(beat.frame.beat as u32);
            last_block = block;
        }
    }
    starts
}

/// The starts of blocks of which at least one part has not been seen before, in any key.
fn fresh(beats: &[HistoryBeat], starts: &[u32], seen: &mut HashSet<u64>) -> Vec<u32> {
    let mut fresh = Vec::new();
    for (i, start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).map_or(beats.len(), |end| *end as usize);
        let block = &beats[*start as usize..end];
        let shift = Key::detect(&pitch_class_weights(block)).to_white_keys();
        let mut is_fresh = false;
        for part in Part::ALL {
            let mut hasher = DefaultHasher::new();
            part.index().hash(&mut hasher);
            let mut n_notes = 0;
            for (beat, at) in block.iter().zip(0u32..) {
                for note in &beat.music.parts[part.index()] {
                    let shift = if part == Part::Drums { 0 } else { shift };
                    (at, note.position, i32::from(note.pitch) + shift).hash(&mut hasher);
                    n_notes += 1;
                }
            }
            is_fresh |= n_notes > 0 && seen.insert(hasher.finish());
        }
        if is_fresh {
            fresh.push(*start);
        }
    }
    fresh
}

fn print_table(tallies: &Tallies) {
    println!(
        "| genre | source | origin | tier | files | kept | broken | short | duplicate | repaired | \
         notes | blocks of {BLOCK_BARS} bars | fresh |"
    );
    println!("|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let mut total = Tally::default();
    for (key, t) in tallies {
        print_row(key.each_ref().map(String::as_str), t);
        total.files += t.files;
        total.kept += t.kept;
        total.broken += t.broken;
        total.short += t.short;
        total.duplicate += t.duplicate;
        total.repaired += t.repaired;
        total.notes += t.notes;
        total.blocks += t.blocks;
        total.fresh += t.fresh;
    }
    print_row(["all", "", "", ""], &total);
}

fn print_row(key: [&str; 4], t: &Tally) {
    println!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        key.join(" | "),
        t.files,
        t.kept,
        t.broken,
        t.short,
        t.duplicate,
        t.repaired,
        t.notes,
        format_args!("{} | {}", t.blocks, t.fresh)
    );
}
