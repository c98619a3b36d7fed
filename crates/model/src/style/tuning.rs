//! How adventurous a style is: where the middle of the knob lies, for the band to surprise as often
//! as the songs do.
//!
//! What is pulled at and drawn without the tail of what may come is plainer than what was learnt
//! from, of some artists hardly and of others by far. So a few songs are composed under the style, and
//! the knob is moved until they surprise about as much as the artist's own.

use std::sync::Arc;

use score::window::{self, Window};
use score::{BeatFrame, Blend, Controls, Genre, HistoryBeat, Mode, N_STYLES, Scale};

use super::{Listener, Nats, Song, Style, Styles};
use crate::{BandModel, Network, Result};

/// Songs that are composed at a setting, and their beats.
const N_SONGS: usize = 4;
const N_BEATS: usize = 32;

/// Settings that are tried.
const N_TRIALS: usize = 2;

/// Steps of a tuning.
pub(super) const N_STEPS: usize = N_TRIALS * N_SONGS * N_BEATS;

/// Middle of the knob for genres.
pub(super) const MIDDLE: f32 = 0.5;

/// Lowest and highest middle for a style.
const LOWEST: f32 = 0.2;
const HIGHEST: f32 = 0.9;

/// Bits a note of what is composed, in shares of those of the artist's songs: what ten artists'
/// styles have in the mean with the knob in the middle of all, some much more and some much less.
const SHARE: f32 = 0.85;

/// Bits a note that a whole turn of the knob adds: a first guess, and what is believed.
const SLOPE: f32 = 5.5;
const SLOPES: [f32; 2] = [3.0, 9.0];

/// A style whose middle is looked for.
#[derive(Debug)]
pub(super) struct Tuning {
    band: BandModel,
    listener: Listener,
    style: Arc<Style>,
    /// Settings of each song: mode, parts and tempo are those of songs that were learnt from.
    songs: Vec<(Controls, BeatFrame)>,
    /// Bits a note that are aimed at.
    wanted: f32,
    adventure: f32,
    /// The song that is being composed.
    song: Vec<HistoryBeat>,
    /// What was heard at this setting, in how many songs.
    nats: Nats,
    n_heard: usize,
    /// Settings and the bits a note that they led to.
    trials: Vec<(f32, f32)>,
}

impl Tuning {
    /// A tuning of a style that was learnt from `songs`, whose bits a note are `bits` under it.
    pub(super) fn new(
        network: &Arc<Network>,
        style: Style,
        songs: &[Song],
        bits: f32,
    ) -> Result<Self> {
        let style = Arc::new(style);
        let mut knobs = [const { None }; N_STYLES];
        knobs[0] = Some(style.clone());
        let mut weights = [0.0; Blend::LEN];
        weights[Genre::COUNT] = 1.0;
        let plays = |part: usize| {
            songs.iter().any(|song| song.beats.iter().any(|b| !b.music.parts[part].is_empty()))
        };
        let parts: [bool; 4] = core::array::from_fn(plays);
        // Of several files one may hold no music.
        let songs: Vec<_> = songs.iter().filter(|song| !song.beats.is_empty()).collect();
        let song = |seed: usize| {
            let beats = &songs[seed % songs.len()].beats;
            let scale = match Window::cut(beats, 0, beats.len()).mode {
                Mode::Major => Scale::FreeMajor,
                Mode::Minor => Scale::FreeMinor,
            };
            let blend = Blend::new(weights);
            let seed = seed as u32 + 1;
            let mut controls = Controls { blend, scale, seed, ..Controls::default() };
            controls.parts.iter_mut().zip(parts).for_each(|(part, plays)| part.on = plays);
            (controls, beats[0].frame)
        };
        Ok(Self {
            band: BandModel::new(network.clone()).with_styles(Styles::new(knobs, network)?),
            listener: Listener::new(network)?,
            style,
            songs: (0..N_SONGS).map(song).collect(),
            wanted: SHARE * bits,
            adventure: MIDDLE,
            song: Vec::new(),
            nats: Nats::default(),
            n_heard: 0,
            trials: Vec::new(),
        })
    }

    /// Composes a beat; after the last of a song that is heard, and after some songs the knob moved.
    pub(super) fn step(&mut self) -> Result<()> {
        let (controls, first) = &self.songs[self.n_heard];
        let controls = Controls { adventure: self.adventure, ..*controls };
        let frame = BeatFrame::regular(self.song.len() as i64, first.meter, first.tempo);
        let music = self.band.compose(&self.song, &frame, &controls, 0)?;
        self.song.push(HistoryBeat { frame, music });
        if self.song.len() == N_BEATS {
            let song = std::mem::take(&mut self.song);
            let context_len = self.band.network().config().context_len;
            let film = self.listener.style(&self.style);
            for steps in window::whole(&song, false, context_len) {
                self.nats.add(&self.listener.nats(&film, &steps));
            }
            self.n_heard += 1;
        }
        if self.n_heard == N_SONGS {
            self.n_heard = 0;
            let heard = std::mem::take(&mut self.nats).bits_per_note() as f32;
            self.adventure = self.next(heard);
        }
        Ok(())
    }

    /// Where the knob must stand, by what was heard so far and now.
    fn next(&mut self, heard: f32) -> f32 {
        let before = self.trials.last().copied();
        self.trials.push((self.adventure, heard));
        let slope = before.map_or(SLOPE, |(at, bits)| (heard - bits) / (self.adventure - at));
        let slope = if slope.is_finite() { slope.clamp(SLOPES[0], SLOPES[1]) } else { SLOPE };
        let next = self.adventure + (self.wanted - heard) / slope;
        // Silence has no bits to go by.
        if next.is_finite() { next.clamp(LOWEST, HIGHEST) } else { MIDDLE }
    }

    /// The middle that was found, in hundredths.
    pub(super) fn middle(&self) -> f32 {
        (self.adventure * 100.0).round() / 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::tests::{network, song};

    #[test]
    fn the_knob_goes_where_the_music_is_as_surprising_as_it_should_be() {
        let network = network(1);
        let songs = [song(16, &[0, 2, 4], 1)];
        let tuning = || Tuning {
            wanted: 5.0,
            ..Tuning::new(&network, Style::of_lines(&network, &[]), &songs, 0.0).unwrap()
        };
        let mut plain = tuning();
        plain.adventure = plain.next(4.0);
        assert!((plain.adventure - (MIDDLE + 1.0 / SLOPE)).abs() < 1e-6);
        // Twice as much came of it as was guessed.
        let back = plain.next(6.0);
        assert!(back > MIDDLE && back < plain.adventure, "{back}");
        assert_eq!(tuning().next(0.1), HIGHEST);
        assert_eq!(tuning().next(20.0), LOWEST);
        assert_eq!(tuning().next(f32::NAN), MIDDLE);
    }

    #[test]
    fn a_song_without_music_among_others_does_no_harm() {
        let network = network(1);
        let songs = [song(0, &[0, 2, 4], 1), song(16, &[0, 2, 4], 1)];
        Tuning::new(&network, Style::of_lines(&network, &[]), &songs, 5.0).unwrap();
    }

    #[test]
    fn it_ends_after_some_songs_with_a_middle_that_depends_on_the_artist() {
        let network = network(1);
        let songs = [song(16, &[0, 2, 4], 1)];
        let middle = |bits: f32| {
            let style = Style::of_lines(&network, &[]);
            let mut tuning = Tuning::new(&network, style, &songs, bits).unwrap();
            (0..N_STEPS).for_each(|_| tuning.step().unwrap());
            assert_eq!((tuning.trials.len(), tuning.song.len()), (N_TRIALS, 0));
            tuning.middle()
        };
        assert_eq!([middle(0.1), middle(90.0)], [LOWEST, HIGHEST]);
    }
}
