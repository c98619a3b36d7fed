//! What the tests of the transport share.

use composer::testing::reference::Sound;
use composer::testing::{
    HashGenerator, NoteStreamChecker, Reference, Script, TimedEvent, drive_on,
};
use composer::{Settings, SteppedSession, session};

/// Samples of a beat at 120 BPM and 48 kHz.
pub const BEAT: u64 = 24_000;

pub fn generator() -> HashGenerator {
    HashGenerator::dense(2)
}

pub fn hashing() -> SteppedSession {
    session::start_stepped(generator().boxed(), Settings::default())
}

/// What a script sounded like, and the session that played it.
pub struct Scene {
    pub events: Vec<TimedEvent>,
    pub sounds: Vec<Sound>,
    pub reference: Reference,
    pub session: SteppedSession,
}

impl Scene {
    /// Plays a script with every beat in time and holds it against the reference.
    pub fn play(script: &Script, sizes: &[usize]) -> Self {
        let mut session = hashing();
        let blocks = script.blocks(sizes);
        let events = drive_on(&mut session, &blocks, &mut NoteStreamChecker::with_longest(2.0));
        let reference = Reference::new(&blocks, generator());
        let sounds = Sound::of(&events);
        assert_eq!(reference.sounds, sounds);
        // Of a few beats, what a short loop plays may be rests.
        assert!(!sounds.is_empty() || reference.cells.len() <= 8);
        assert_eq!((session.status.underruns(), session.status.dropped()), (0, 0));
        Self { events, sounds, reference, session }
    }

    pub fn ons(&self) -> Vec<Sound> {
        ons(&self.sounds, 0..u64::MAX)
    }

    /// Starts and jumps since the session began, primes left out.
    pub fn n_takes(&self) -> usize {
        self.reference.cells.last().map_or(0, |cell| cell.take + 1)
    }
}

/// The beginnings in a range of samples, counted from its first.
pub fn ons(sounds: &[Sound], range: std::ops::Range<u64>) -> Vec<Sound> {
    let begins = |sound: &&Sound| sound.velocity.is_some() && range.contains(&sound.sample);
    let counted = |sound: &Sound| Sound { sample: sound.sample - range.start, ..*sound };
    sounds.iter().filter(begins).map(counted).collect()
}
