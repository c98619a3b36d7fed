//! Reads SoundFonts and makes samplers; never on the audio thread.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "not on the audio thread"
)]

use super::{GRID, SoundFontBand};
use rustysynth::{LoopMode, SoundFont, Synthesizer, SynthesizerSettings};
use std::fs::File;
use std::io::BufReader;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Notes of a part that may sound at once, with their layers.
const N_VOICES: usize = 64;

/// Why a SoundFont cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoundFontError {
    /// The file is not there, or may not be read.
    #[error("{}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is something else, damaged, or of a kind that is not known.
    #[error("{}: not a SoundFont that can be played: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// SoundFonts are played at 16 to 192 kHz.
    #[error("SoundFonts cannot be played at {0} Hz")]
    SampleRate(f32),
}

impl SoundFontBand {
    /// Reads a file and makes the samplers for a sample rate in Hz.
    ///
    /// # Errors
    /// [`SoundFontError`]; messages name the file.
    pub fn load(path: &Path, sample_rate: f32) -> Result<Box<Self>, SoundFontError> {
        let open = |source| SoundFontError::Open { path: path.to_owned(), source };
        let read = |reason: String| SoundFontError::Read { path: path.to_owned(), reason };
        let file = File::open(path).map_err(open)?;
        if file.metadata().map_err(open)?.is_dir() {
            return Err(read("it is a folder".to_owned()));
        }
        let mut reader = BufReader::new(file);
        // The reader trusts counts and indices of the file.
        let font = catch_unwind(move || SoundFont::new(&mut reader))
            .map_err(|_| read("its tables contradict one another".to_owned()))?
            .map_err(|error| read(error.to_string()))?;
        check(&font).map_err(read)?;
        Self::new(&Arc::new(font), sample_rate)
    }

    fn new(font: &Arc<SoundFont>, sample_rate: f32) -> Result<Box<Self>, SoundFontError> {
        let sampler = || {
            let mut settings = SynthesizerSettings::new(sample_rate as i32);
            settings.block_size = GRID;
            settings.maximum_polyphony = N_VOICES;
            // The band has a room of its own.
            settings.enable_reverb_and_chorus = false;
            Synthesizer::new(font, &settings).map_err(|_| SoundFontError::SampleRate(sample_rate))
        };
        let samplers = [sampler()?, sampler()?, sampler()?, sampler()?];
        Ok(Box::new(Self { sample_rate, samplers, plays: [false; 4], failed: false }))
    }
}

/// Refuses what the sampler would run out of its samples with: it goes back by one loop a sample,
/// so no note may move on by more than its loop.
fn check(font: &SoundFont) -> Result<(), String> {
    if font.get_presets().is_empty() {
        return Err("it holds no instrument".to_owned());
    }
    /// The lowest rate that it is played at.
    const LOWEST_RATE: f32 = 16_000.0;
    for preset in font.get_presets() {
        for outer in preset.get_regions() {
            let Some(instrument) = font.get_instruments().get(outer.get_instrument_id()) else {
                return Err(format!("\"{}\" has no instrument", preset.get_name()));
            };
            for inner in instrument.get_regions() {
                let loop_len = inner.get_sample_end_loop() - inner.get_sample_start_loop();
                if inner.get_sample_modes() == LoopMode::NoLoop || loop_len <= 0 {
                    continue;
                }
                let header = font.get_sample_headers().get(inner.get_sample_id());
                let rate = header.map_or(0, |header| header.get_sample_rate());
                let scale = outer.get_scale_tuning() + inner.get_scale_tuning();
                let bend = [
                    outer.get_modulation_lfo_to_pitch(),
                    inner.get_modulation_lfo_to_pitch(),
                    outer.get_vibrato_lfo_to_pitch(),
                    inner.get_vibrato_lfo_to_pitch(),
                    outer.get_modulation_envelope_to_pitch(),
                    inner.get_modulation_envelope_to_pitch(),
                ];
                let bend: i32 = bend.iter().map(|cents| cents.abs()).sum();
                let tune = 100 * (outer.get_coarse_tune() + inner.get_coarse_tune())
                    + outer.get_fine_tune()
                    + inner.get_fine_tune();
                let ends = [
                    outer.get_key_range_start().max(inner.get_key_range_start()),
                    outer.get_key_range_end().min(inner.get_key_range_end()),
                ];
                let fastest = ends
                    .into_iter()
                    .map(|key| {
                        let cents = scale * (key - inner.get_root_key()) + tune + bend;
                        rate as f32 / LOWEST_RATE * (cents as f32 / 1_200.0).exp2()
                    })
                    .fold(0.0, f32::max);
                if fastest > loop_len as f32 {
                    let name = preset.get_name();
                    return Err(format!("a loop of \"{name}\" is shorter than its highest step"));
                }
            }
        }
    }
    Ok(())
}
