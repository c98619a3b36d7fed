//! Repetition over 64 bars: how many bars of a part equal an earlier one.

use score::{HistoryBeat, Part};
use serde::{Deserialize, Serialize};

use super::habits::{heard_before, part_bars};
use super::stats::{Figure, mean};
use crate::judge::{BEATS_A_BAR, Excerpt, is_common_time};
use crate::songs::Songs;

/// Bars that are looked at.
pub const N_BARS: usize = 64;

/// Beats of these.
const N_BEATS: usize = N_BARS * BEATS_A_BAR;

/// Notes below which a part does not count.
const MIN_NOTES: usize = 32;

/// Repetition of a genre's songs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Repeated {
    /// Mean over generated songs.
    pub generated: Figure,
    /// Quartiles of real songs.
    pub real: [f64; 3],
    /// Mean over songs of the n-gram cascade, and of untrained weights.
    pub floors: [Option<f64>; 2],
    /// Songs, generated and real.
    pub n: [usize; 2],
    /// Whether people made the real ones.
    pub is_human: bool,
}

impl Repeated {
    /// Whether a value lies between the outer quartiles.
    pub fn is_usual(&self, value: f64) -> bool {
        (self.real[0]..=self.real[2]).contains(&value)
    }
}

/// Share of a stretch's bars with notes that equal an earlier one, the mean over parts; `NaN`
/// where no part plays enough.
pub fn share(beats: &[HistoryBeat]) -> f64 {
    let parts = beats.iter().map(|beat| beat.music.parts.clone()).collect();
    let whole = Excerpt::common(parts, vec![None; beats.len()], 0);
    let played = Part::ALL.into_iter().filter(|part| whole.notes(*part).count() >= MIN_NOTES);
    mean(played.map(|part| heard_before(&part_bars(&whole, part))))
}

/// The shares of a genre's songs that last 64 bars of common time: of those that people made, or
/// of all where these are fewer than `n_least`; and whether they are people's.
pub fn real(songs: &[&Songs], genre: usize, n_least: usize) -> (Vec<f64>, bool) {
    let of = |humans_only: bool| -> Vec<f64> {
        let songs = songs.iter().flat_map(|songs| &songs.songs);
        songs
            .filter(|song| song.genre == genre)
            .filter(|song| !humans_only || song.entry.source.origin == "human")
            .filter_map(|song| song.beats.get(..N_BEATS))
            .filter(|beats| is_common_time(beats))
            .map(share)
            .filter(|share| share.is_finite())
            .collect()
    };
    let human = of(true);
    if human.len() >= n_least { (human, true) } else { (of(false), false) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::{BeatFrame, GridBeat, GridNote, Meter, Tempo, Velocity};

    #[test]
    fn a_loop_repeats_and_a_line_does_not() {
        let song = |pitch_of: &dyn Fn(usize) -> u8| -> Vec<HistoryBeat> {
            (0..N_BEATS)
                .map(|i| {
                    let mut music = GridBeat::default();
                    music.parts[1].push(GridNote {
                        position: 0,
                        pitch: pitch_of(i),
                        duration: 24,
                        velocity: Velocity::clamped(90),
                        micro: 0,
                    });
                    let frame = BeatFrame::regular(i as i64, Meter::COMMON, Tempo::DEFAULT);
                    HistoryBeat { frame, music }
                })
                .collect()
        };
        assert_eq!(share(&song(&|i| 36 + (i % 8) as u8)), 62.0 / 64.0);
        assert_eq!(share(&song(&|i| (i / 4) as u8)), 0.0);
        assert!(share(&song(&|_| 36)[..8]).is_nan());
    }
}
