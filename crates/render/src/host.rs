//! A host without a clock or a window: blocks and a transport, driven by whoever calls.

use std::time::Duration;

use anyhow::{Context as _, Result};
use composer::{Generator, Session, session};
use player::{Form, PlayerEvent, Playhead};
use score::{Controls, Meter, Progression, Tempo};

/// How long one beat may take to be composed before a rendering gives up.
const BEAT_LIMIT: Duration = Duration::from_secs(120);

/// Makes the generator on the composing thread.
pub type MakeGenerator = Box<dyn FnOnce() -> composer::Result<Box<dyn Generator>> + Send>;

/// Plays a session through a transport of its own, waiting for every beat.
///
/// Tempo and meter are constant. Song position is counted in samples from the last
/// [`locate`](Self::locate), so that it does not depend on how blocks are cut.
#[derive(Debug)]
pub struct OfflineHost {
    /// The instrument that is played.
    pub session: Session,
    playhead: Playhead,
    /// Where the transport was last sent, in beats.
    origin_beats: f64,
    /// Samples played since.
    n_played: u64,
}

impl OfflineHost {
    /// Starts an instrument that stands at the song's start.
    pub fn start(
        make_generator: MakeGenerator,
        tempo: Tempo,
        meter: Meter,
        sample_rate: f64,
    ) -> Self {
        let session = session::start(make_generator, composer::Settings::default());
        let playhead = Playhead { tempo, meter, ..Playhead::standing(sample_rate) };
        Self { session, playhead, origin_beats: 0.0, n_played: 0 }
    }

    /// Starts or stops the transport.
    pub fn set_playing(&mut self, playing: bool) {
        self.locate(self.position_beats());
        self.playhead.playing = playing;
    }

    /// Sends the transport to a place in the song.
    pub fn locate(&mut self, beats: f64) {
        (self.origin_beats, self.n_played) = (beats, 0);
    }

    /// Sets the form that coming beats follow.
    pub fn set_form(&mut self, form: Form) {
        self.session.player.set_form(form);
    }

    /// Sets the chords that coming beats follow.
    pub fn set_chords(&mut self, chords: &Progression) {
        self.session.player.set_progression(chords);
    }

    /// Song position, in beats.
    pub fn position_beats(&self) -> f64 {
        self.origin_beats + self.n_played as f64 / self.playhead.samples_per_beat()
    }

    /// Samples from the last [`locate`](Self::locate) to the sample that `beats` falls on.
    pub fn sample_of(&self, beats: f64) -> u64 {
        let samples = (beats - self.origin_beats) * self.playhead.samples_per_beat();
        // Rounds as the player does, half a sample up.
        (samples + 0.5 + 1e-6).floor().max(0.0) as u64
    }

    /// Samples played since the last [`locate`](Self::locate).
    pub fn n_played(&self) -> u64 {
        self.n_played
    }

    /// Plays one block and waits for the beats that it needs.
    ///
    /// # Errors
    /// When a beat was not composed within two minutes, or the composing thread ended.
    pub fn play_block(
        &mut self,
        n_samples: usize,
        controls: &Controls,
        emit: &mut impl FnMut(PlayerEvent),
    ) -> Result<()> {
        let playhead = Playhead { position_beats: self.position_beats(), ..self.playhead };
        let session = &mut self.session;
        let mut accept = |event| {
            emit(event);
            true
        };
        let outcome = session.offline.fill_block(
            &mut session.player,
            &playhead,
            n_samples,
            controls,
            BEAT_LIMIT,
            &mut accept,
        );
        if self.playhead.playing {
            self.n_played += n_samples as u64;
        }
        outcome.with_context(|| {
            let failure = session.report.failure().unwrap_or_default();
            format!("no music came for beat {:.1} {failure}", playhead.position_beats)
        })
    }
}
