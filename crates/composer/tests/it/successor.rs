use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use composer::testing::{
    Action, HashGenerator, Mishap, NoteStreamChecker, Script, TimedEvent, drive_on,
};
use composer::{Error, Generator, Result, Settings, SteppedSession, Successor, session};
use player::WorkerState;
use score::grid::{BeatFrame, HistoryBeat};
use score::{Blend, Controls, Genre, GenreNames, GridBeat};

use crate::scene::BEAT;

/// Another model: other notes, and genres of its own.
#[derive(Clone)]
struct Dance(HashGenerator);

impl Generator for Dance {
    fn compose(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> Result<GridBeat> {
        self.0.compose(history, frame, controls, pass)
    }

    fn name(&self) -> &str {
        "dance"
    }

    fn genres(&self) -> GenreNames {
        GenreNames::new(vec!["waltz".into(), "reel".into()]).unwrap()
    }
}

fn dance() -> Result<Box<dyn Generator>> {
    Ok(Box::new(Dance(HashGenerator::dense(4))))
}

fn old() -> impl FnOnce() -> Result<Box<dyn Generator>> + Send + 'static {
    HashGenerator::dense(2).boxed()
}

/// A session, and where its next generator comes from.
fn start(
    make: impl FnOnce() -> Result<Box<dyn Generator>> + Send + 'static,
) -> (SteppedSession, Arc<Successor>) {
    let successor = Arc::new(Successor::default());
    let settings = Settings::default().with_successor(successor.clone());
    (session::start_stepped(make, settings), successor)
}

fn play(session: &mut SteppedSession, script: &Script) -> Vec<TimedEvent> {
    let blocks = script.blocks(&[512]);
    let events = drive_on(session, &blocks, &mut NoteStreamChecker::with_longest(2.0));
    assert_eq!((session.status.underruns(), session.status.dropped()), (0, 0));
    events
}

fn song(n_beats: u64) -> Script {
    Script::play(BEAT * n_beats)
}

#[test]
fn who_is_appointed_before_anything_was_made_is_the_only_one_made() {
    let n_made = Arc::new(AtomicUsize::new(0));
    let count = n_made.clone();
    let (mut session, successor) = start(move || {
        count.fetch_add(1, Ordering::Relaxed);
        old()()
    });
    successor.appoint(dance);
    assert_eq!(play(&mut session, &song(8)), play(&mut start(dance).0, &song(8)));
    assert_eq!(n_made.load(Ordering::Relaxed), 0);
    assert_eq!(session.report.name(), "dance");
    assert_eq!(session.report.genres().as_slice(), ["waltz", "reel"]);
}

#[test]
fn what_is_committed_stays_and_the_rest_is_the_new_ones() {
    let (mut session, successor) = start(old());
    let whole = play(&mut start(old()).0, &song(16));
    let blocks = song(16).blocks(&[512]);
    let (first, rest) = blocks.split_at(blocks.len() / 2);
    let mut checker = NoteStreamChecker::with_longest(2.0);
    let mut events = drive_on(&mut session, first, &mut checker);
    successor.appoint(dance);
    let shifted = drive_on(&mut session, rest, &mut checker);
    events.extend(shifted.into_iter().map(|(sample, kind)| (sample + 8 * BEAT, kind)));
    assert_eq!((session.status.underruns(), session.status.dropped()), (0, 0));
    let until = |events: &[TimedEvent], beat: u64| -> Vec<TimedEvent> {
        events.iter().filter(|(sample, _)| *sample < beat * BEAT).cloned().collect()
    };
    // Half of the song is eight beats, and one more was committed.
    assert_eq!(until(&events, 9), until(&whole, 9));
    assert_ne!(until(&events, 11), until(&whole, 11));
    assert_eq!(session.status.worker_state(), WorkerState::Ready);
    assert_eq!(session.report.name(), "dance");
}

#[test]
fn a_song_that_starts_right_after_is_the_new_ones_from_its_first_beat() {
    let (mut session, successor) = start(old());
    // Beats are ready at the standstill, of the old one.
    play(&mut session, &Script { actions: Vec::new(), ..song(1) });
    successor.appoint(dance);
    let found = play(&mut session, &song(8));
    assert_eq!(found, play(&mut start(dance).0, &song(8)));
}

#[test]
fn knobs_beyond_the_models_genres_weigh_nothing() {
    let with = |blend: Blend| {
        let controls = Controls { blend, ..Controls::default() };
        play(&mut start(dance).0, &song(8).after([Action::Controls(controls)]))
    };
    let mut weights = *Blend::pure(Genre::Jazz).weights();
    let reel = with(Blend::new(weights));
    weights[Genre::Folk.index()] = 0.7;
    assert_eq!(with(Blend::new(weights)), reel);
    let mut both = [0.0; Blend::LEN];
    both[..2].fill(1.0);
    assert_eq!(with(Blend::pure(Genre::HipHop)), with(Blend::new(both)));
}

#[test]
fn one_that_cannot_be_made_leaves_patterns_until_another_can() {
    let (mut session, successor) = start(HashGenerator::new(Mishap::Error(3)).boxed());
    let mut checker = NoteStreamChecker::with_longest(2.0);
    let mut play = |session: &mut SteppedSession| {
        let events = drive_on(session, &song(8).blocks(&[512]), &mut checker);
        assert!(!events.is_empty());
    };
    play(&mut session);
    assert_eq!(session.status.worker_state(), WorkerState::Fallback);
    successor.appoint(|| Err(Error::Load { message: "no such file".into() }));
    play(&mut session);
    let failure = session.report.failure().unwrap();
    assert_eq!(failure, "the model could not be loaded: no such file");
    successor.appoint(dance);
    play(&mut session);
    assert_eq!(session.status.worker_state(), WorkerState::Ready);
    assert_eq!((session.report.failure(), session.report.name().as_str()), (None, "dance"));
}
