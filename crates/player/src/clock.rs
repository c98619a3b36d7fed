//! The plugin's own clock, for hosts without a transport and for playing while the host stands.

use score::{Meter, Tempo};

use crate::Playhead;

/// What a host said about its transport; `None` where it said nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Transport {
    /// Whether the song plays; without it the host is taken to have no transport.
    pub playing: Option<bool>,
    /// Song position in beats at the block's start.
    pub position_beats: Option<f64>,
    /// Tempo during the block.
    pub tempo: Option<Tempo>,
    /// Meter at the block's start.
    pub meter: Option<Meter>,
    /// Start of the current bar in beats.
    pub bar_start_beats: Option<f64>,
    /// Number of the current bar from 0.
    pub bar_number: Option<i64>,
    /// Start and end of the active loop in beats.
    pub loop_range: Option<(f64, f64)>,
}

/// Decides block by block whether the host's transport or the plugin's own clock leads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Own position at the block's start while the clock runs: counted in samples from a start, so
    /// that it does not depend on block sizes.
    running: Option<Running>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    from_beats: f64,
    n_samples: u64,
    tempo: Tempo,
    sample_rate: f64,
}

impl Running {
    fn position_beats(&self) -> f64 {
        self.from_beats + self.n_samples as f64 / self.tempo.samples_per_beat(self.sample_rate)
    }
}

impl Clock {
    /// Standing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The playhead of the next block of `n_samples`.
    ///
    /// The host leads while it plays and says where. The own clock runs when the host has no
    /// transport at all, plays without a position, or stands while `run` asks to play; it starts
    /// where the host stands, and at `tempo` unless the host gives one. Call once a block.
    pub fn playhead(
        &mut self,
        host: &Transport,
        run: bool,
        tempo: Tempo,
        sample_rate: f64,
        n_samples: usize,
    ) -> Playhead {
        let tempo = host.tempo.unwrap_or(tempo);
        let mut playhead = Playhead {
            playing: host.playing.unwrap_or(false),
            position_beats: host.position_beats.unwrap_or(0.0),
            tempo,
            meter: host.meter.unwrap_or_default(),
            bar_start_beats: host.bar_start_beats,
            bar_number: host.bar_number,
            loop_range: host.loop_range,
            sample_rate,
        };
        let host_leads = match (host.playing, host.position_beats) {
            (Some(true), Some(_)) => true,
            (Some(false), _) => !run,
            (Some(true), None) | (None, _) => false,
        };
        if host_leads {
            self.running = None;
            return playhead;
        }
        let start =
            Running { from_beats: playhead.position_beats, n_samples: 0, tempo, sample_rate };
        let mut running = self.running.unwrap_or(start);
        if running.tempo != tempo || running.sample_rate != sample_rate {
            running = Running { from_beats: running.position_beats(), ..start };
        }
        playhead.playing = true;
        playhead.position_beats = running.position_beats();
        // The host's loop and bar belong to the host's position.
        playhead.loop_range = None;
        if host.playing != Some(false) {
            playhead.bar_start_beats = None;
            playhead.bar_number = None;
        }
        running.n_samples = running.n_samples.saturating_add(n_samples as u64);
        self.running = Some(running);
        playhead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPO: Tempo = Tempo::DEFAULT;

    #[test]
    fn runs_alone_without_a_transport() {
        let mut clock = Clock::new();
        let none = Transport::default();
        assert_eq!(clock.playhead(&none, false, TEMPO, 48_000.0, 24_000).position_beats, 0.0);
        let second = clock.playhead(&none, false, TEMPO, 48_000.0, 1);
        assert!(second.playing && second.position_beats == 1.0);
        let faster = clock.playhead(&none, false, Tempo::new(240.0), 48_000.0, 24_000);
        assert!((faster.position_beats - (1.0 + 1.0 / 24_000.0)).abs() < 1e-12);
    }

    #[test]
    fn run_starts_where_the_host_stands_and_gives_way_when_it_plays() {
        let mut clock = Clock::new();
        let standing =
            Transport { playing: Some(false), position_beats: Some(8.0), ..Transport::default() };
        assert!(!clock.playhead(&standing, false, TEMPO, 48_000.0, 64).playing);
        assert_eq!(clock.playhead(&standing, true, TEMPO, 48_000.0, 24_000).position_beats, 8.0);
        assert_eq!(clock.playhead(&standing, true, TEMPO, 48_000.0, 64).position_beats, 9.0);
        let playing = Transport { playing: Some(true), ..standing };
        assert_eq!(clock.playhead(&playing, true, TEMPO, 48_000.0, 64).position_beats, 8.0);
    }
}
