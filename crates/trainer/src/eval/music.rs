//! Generated music for the tables: what is wished for, composed once and kept on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use model::{BandModel, Blending, Given, Network, Redraws};
use rayon::prelude::*;
use score::{BeatFrame, Blend, Chord, Controls, GivenChord, HistoryBeat, Meter, Scale, Tempo};

use super::knobs::Knob;
use crate::corpus::hash;
use crate::judge::{BEATS_A_BAR, Excerpt, N_BEATS};
use crate::ngram::Ngram;
use crate::shard;

/// Who composes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Player {
    /// The model that is evaluated.
    Model,
    /// The same without its originality guard.
    Unguarded,
    /// A network of random weights: a floor.
    Untrained,
    /// The n-gram cascade of a genre: a floor.
    Ngram(usize),
}

/// A song to compose, four parts on, in 4/4.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Who composes it.
    pub player: Player,
    /// The common blend.
    pub blend: Blend,
    /// The drums' own blend.
    pub drums: Option<Blend>,
    /// A knob, and the share of its range where it stands.
    pub knob: Option<(Knob, f32)>,
    /// The allowed notes.
    pub scale: Scale,
    /// Tempo in quarter notes a minute.
    pub bpm: u32,
    /// Length in bars.
    pub n_bars: usize,
    /// A chord a bar, over and over; the composer chooses where there is none.
    pub chords: Vec<Chord>,
    /// Whether these are followed by rule, as a player's are in the plugin; else the network alone
    /// is told.
    pub by_rule: bool,
    /// Equal seeds give equal music.
    pub seed: u32,
}

impl Wish {
    /// A song of a blend; mode and tempo go with the seed, the same for every blend.
    pub fn new(blend: Blend, n_bars: usize, seed: u32) -> Self {
        const TEMPOS: [u32; 5] = [108, 92, 124, 84, 132];
        let seed_of = seed as usize;
        Self {
            player: Player::Model,
            blend,
            drums: None,
            knob: None,
            scale: if seed_of % 5 % 2 == 1 { Scale::FreeMinor } else { Scale::FreeMajor },
            bpm: TEMPOS[(seed_of + seed_of / 5) % 5],
            n_bars,
            chords: Vec::new(),
            by_rule: false,
            seed,
        }
    }

    /// The fold whose judges hear it.
    pub fn fold(&self) -> usize {
        self.seed as usize
    }

    fn controls(&self, strength: f32) -> Controls {
        let mut controls = Controls {
            blend: self.blend,
            strength,
            scale: self.scale,
            seed: self.seed,
            ..Controls::default()
        };
        if let Some(drums) = self.drums {
            controls.parts[0].own = 1.0;
            controls.parts[0].blend = drums;
        }
        if let Some((knob, share)) = self.knob {
            knob.turn(share, &mut controls);
        }
        controls
    }
}

/// A song, and what the originality guard did to it.
pub type Made = (Vec<HistoryBeat>, Redraws);

/// Composes wishes and keeps what it composed.
pub struct Studio {
    network: Arc<Network>,
    untrained: Arc<Network>,
    /// One baseline a genre.
    ngrams: Vec<Ngram>,
    blending: Blending,
    strength: f32,
    folder: PathBuf,
    pool: rayon::ThreadPool,
}

impl Studio {
    /// Opens the folder of the model, the settings and the program within `cache`.
    ///
    /// Besides the weights a few bars that are composed first go into the folder's name, so that
    /// a program that composes otherwise finds nothing that it did not compose.
    ///
    /// # Errors
    /// Weights that do not fit, a folder that cannot be made.
    pub fn open(
        [network, untrained]: [Arc<Network>; 2],
        weights_bytes: &[u8],
        ngrams: Vec<Ngram>,
        (blending, strength): (Blending, f32),
        cache: &Path,
        threads: usize,
    ) -> Result<Self> {
        let mut studio = Self {
            network,
            untrained,
            ngrams,
            blending,
            strength,
            folder: PathBuf::new(),
            pool: rayon::ThreadPoolBuilder::new().num_threads(threads).build()?,
        };
        let mut probe = Vec::new();
        for player in [Player::Model, Player::Untrained, Player::Ngram(0)] {
            if player == Player::Ngram(0) && studio.ngrams.is_empty() {
                continue;
            }
            let wish = Wish { player, ..Wish::new(Blend::default(), 2, 7) };
            shard::encode(&studio.compose(&wish)?.0, &mut probe);
        }
        let name =
            format!("{:016x}-{:016x}-{blending:?}-{strength}", hash(weights_bytes), hash(&probe));
        studio.folder = cache.join(name.to_lowercase());
        fs::create_dir_all(&studio.folder)
            .with_context(|| format!("{}: cannot be made", studio.folder.display()))?;
        Ok(studio)
    }

    /// The songs of the wishes, in order.
    ///
    /// # Errors
    /// A model that fails, a full disk.
    pub fn make(&self, what: &str, wishes: &[Wish]) -> Result<Vec<Vec<HistoryBeat>>> {
        Ok(self.make_counted(what, wishes)?.into_iter().map(|(song, _)| song).collect())
    }

    /// [`Self::make`] with what the originality guard did to each song.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub fn make_counted(&self, what: &str, wishes: &[Wish]) -> Result<Vec<Made>> {
        let bars: usize = wishes.iter().map(|wish| wish.n_bars).sum();
        let progress = ProgressBar::new(bars as u64).with_style(ProgressStyle::with_template(
            "{msg:<20} {wide_bar} {pos}/{len} bars, {eta} left",
        )?);
        progress.set_message(what.to_owned());
        let make = |wish: &Wish| {
            let song = self.one(wish);
            progress.inc(wish.n_bars as u64);
            song
        };
        let songs = self.pool.install(|| wishes.par_iter().map(make).collect());
        progress.finish_and_clear();
        songs
    }

    fn one(&self, wish: &Wish) -> Result<Made> {
        // What it is composed from, however it was wished for: a knob in its middle changes nothing.
        let Wish { player, bpm, n_bars, chords, by_rule, .. } = wish;
        let from = (player, wish.controls(self.strength), bpm, n_bars, chords, by_rule);
        let name = format!("{:016x}.song", hash(format!("{from:?}").as_bytes()));
        let path = self.folder.join(name);
        // A file that cannot be read is composed again.
        if let Ok(bytes) = fs::read(&path)
            && let Some((redraws, song)) = bytes.split_first_chunk::<8>()
            && let Ok(song) = shard::decode(song, wish.n_bars * BEATS_A_BAR)
        {
            let [beats, forced] =
                [0, 32].map(|shift| (u64::from_le_bytes(*redraws) >> shift) as u32);
            return Ok((song, Redraws { beats, forced }));
        }
        let (song, redraws) = self.compose(wish)?;
        let mut bytes = [redraws.beats, redraws.forced].map(u32::to_le_bytes).concat();
        shard::encode(&song, &mut bytes);
        shard::write_whole(&path, &bytes)?;
        Ok((song, redraws))
    }

    fn compose(&self, wish: &Wish) -> Result<Made> {
        let mut controls = wish.controls(self.strength);
        let tempo = Tempo::new(wish.bpm.into());
        if let Player::Ngram(genre) = wish.player {
            let song = self.ngrams[genre].compose(&controls, tempo, wish.n_bars * BEATS_A_BAR);
            return Ok((song, Redraws::default()));
        }
        let is_untrained = wish.player == Player::Untrained;
        let network = if is_untrained { &self.untrained } else { &self.network };
        let mut band = BandModel::new(network.clone()).with_blending(self.blending);
        if wish.player == Player::Unguarded {
            band = band.unguarded();
        }
        let mut song: Vec<HistoryBeat> = Vec::new();
        for beat in 0..wish.n_bars * BEATS_A_BAR {
            let frame = BeatFrame::regular(beat as i64, Meter::COMMON, tempo);
            let chord = wish.chords.get(beat / BEATS_A_BAR % wish.chords.len().max(1)).copied();
            controls.follow = chord.filter(|_| wish.by_rule).map(GivenChord::new);
            let told = chord.filter(|_| !wish.by_rule);
            let given = Given { chord: told.map(Some), ..Given::default() };
            let music = band.compose_around(&song, &frame, &controls, 0, &given)?;
            song.push(HistoryBeat { frame, music });
        }
        Ok((song, band.redraws()))
    }

    /// The pool that composes, for other work of the tables.
    pub fn pool(&self) -> &rayon::ThreadPool {
        &self.pool
    }
}

/// The excerpts of a song, one behind the other.
pub fn excerpts(song: &[HistoryBeat], keep: u8) -> Vec<Excerpt> {
    song.chunks_exact(N_BEATS).map(|beats| Excerpt::new(beats, keep)).collect()
}
