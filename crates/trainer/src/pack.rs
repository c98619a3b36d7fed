//! `pack`: training or held-out windows as flat files, for trainers that are not this one.
//!
//! A file is rows of `context_len` steps; a step is [`N_INPUTS`] inputs, [`N_TARGETS`] targets
//! and the number of its window in the row, all `u16` little-endian. What a row leaves free is
//! filled with steps without targets in a window of their own. A JSON file of the same name
//! holds the sizes and, for held-out rows, the genre of each.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use score::steps::{FIELD_SIZES, IGNORE, N_INPUTS, N_TARGETS, Step, TARGET_SIZES};
use serde::Serialize;

use crate::corpus::Split;
use crate::heldout;
use crate::recipe::Recipe;
use crate::shard::{partial, write_whole};
use crate::songs::Songs;
use crate::windows::WindowSampler;

#[derive(Serialize)]
struct Layout<'a> {
    context_len: usize,
    n_rows: usize,
    n_steps: usize,
    inputs: [usize; N_INPUTS],
    targets: [usize; N_TARGETS],
    fingerprint: String,
    corpus_hash: &'a str,
    tiers: &'a [String],
    genres: &'a [String],
    /// Genre of each row; empty for training rows, which mix them.
    row_genres: Vec<usize>,
}

/// Writes at least `n_steps` training steps.
///
/// # Errors
/// Unreadable shards, a full disk.
pub fn train(shards: &Path, recipe: &Recipe, n_steps: usize, out: &Path) -> Result<()> {
    let songs = Songs::read(shards, &[Split::Train], recipe)?;
    let mut sampler = WindowSampler::new(&songs, recipe);
    let mut writer = RowWriter::create(out, recipe.context_len)?;
    while writer.n_steps < n_steps {
        writer.write(&sampler.row())?;
    }
    writer.finish(&songs, Vec::new())
}

/// Writes `rows_per_genre` rows a genre of one window each from a held-out split.
///
/// # Errors
/// Unreadable shards, a full disk.
pub fn held_out(
    shards: &Path,
    recipe: &Recipe,
    split: Split,
    rows_per_genre: usize,
    out: &Path,
) -> Result<()> {
    let songs = Songs::read(shards, &[split], recipe)?;
    let mut writer = RowWriter::create(out, recipe.context_len)?;
    let mut row_genres = Vec::new();
    for genre in 0..songs.n_genres() {
        for window in heldout::windows(&songs, genre, rows_per_genre) {
            let steps = window.encode(window.conditions(), recipe.context_len);
            writer.write(&steps.into_iter().map(|step| (step, 0)).collect::<Vec<_>>())?;
            row_genres.push(genre);
        }
    }
    writer.finish(&songs, row_genres)
}

struct RowWriter<'a> {
    path: &'a Path,
    file: BufWriter<File>,
    context_len: usize,
    n_rows: usize,
    n_steps: usize,
}

impl Drop for RowWriter<'_> {
    /// What was not finished would only fill the disk.
    fn drop(&mut self) {
        let _ = fs::remove_file(partial(self.path));
    }
}

impl<'a> RowWriter<'a> {
    fn create(path: &'a Path, context_len: usize) -> Result<Self> {
        let file = File::create(partial(path))
            .with_context(|| format!("{}: cannot be made", path.display()))?;
        Ok(Self { path, file: BufWriter::new(file), context_len, n_rows: 0, n_steps: 0 })
    }

    fn write(&mut self, row: &[(Step, u16)]) -> Result<()> {
        let blank = (Step { inputs: [0; N_INPUTS], targets: [IGNORE; N_TARGETS] }, u16::MAX);
        let mut bytes = Vec::with_capacity(self.context_len * (N_INPUTS + N_TARGETS + 1) * 2);
        for i in 0..self.context_len {
            let (step, segment) = row.get(i).unwrap_or(&blank);
            for number in step.inputs.iter().chain(&step.targets).chain([segment]) {
                bytes.extend(number.to_le_bytes());
            }
        }
        self.n_rows += 1;
        self.n_steps += row.len();
        self.file
            .write_all(&bytes)
            .with_context(|| format!("{}: cannot be written", self.path.display()))
    }

    fn finish(mut self, songs: &Songs, row_genres: Vec<usize>) -> Result<()> {
        let flushed = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        flushed
            .and_then(|()| fs::rename(partial(self.path), self.path))
            .with_context(|| format!("{}: cannot be written", self.path.display()))?;
        let layout = Layout {
            context_len: self.context_len,
            n_rows: self.n_rows,
            n_steps: self.n_steps,
            inputs: FIELD_SIZES,
            targets: TARGET_SIZES,
            fingerprint: songs.index.fingerprint.clone(),
            corpus_hash: &songs.index.corpus_hash,
            tiers: &songs.index.tiers,
            genres: &songs.index.genres,
            row_genres,
        };
        println!("{}: {} rows, {} steps", self.path.display(), self.n_rows, self.n_steps);
        write_whole(&self.path.with_extension("json"), &serde_json::to_vec(&layout)?)
    }
}
