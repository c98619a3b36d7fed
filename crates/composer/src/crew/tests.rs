use std::sync::atomic::AtomicUsize;
use std::thread::ThreadId;

use player::Playhead;
use score::grid::{BeatFrame, HistoryBeat};
use score::{Controls, GridBeat, Tempo};

use super::*;
use crate::session::start_with;
use crate::{Generator, PatternGenerator, Session, Settings};

const BLOCK: usize = 480;
const LIMIT: Duration = Duration::from_secs(60);

fn crew(spawn: Spawn) -> &'static Crew {
    Box::leak(Box::new(Crew::new(spawn, Duration::from_millis(50))))
}

/// What generators of a test share.
#[derive(Default)]
struct Stage {
    /// Whether composing waits.
    closed: AtomicBool,
    n_entered: AtomicUsize,
    /// Names of those who composed, a beat each.
    order: Mutex<Vec<&'static str>>,
    /// On which threads generators were freed.
    freed_on: Mutex<Vec<ThreadId>>,
}

/// Stored patterns by somebody with a name, who waits while the stage is closed.
struct Named(&'static str, Arc<Stage>);

impl Generator for Named {
    fn compose(
        &mut self,
        _history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> Result<GridBeat, Error> {
        self.1.n_entered.fetch_add(1, Ordering::SeqCst);
        while self.1.closed.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        self.1.order.lock().push(self.0);
        Ok(PatternGenerator::new().beat(frame, controls, pass))
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        self.1.freed_on.lock().push(std::thread::current().id());
    }
}

fn named(crew: &'static Crew, name: &'static str, stage: &Arc<Stage>) -> Session {
    let generator = Named(name, Arc::clone(stage));
    start_with(crew, move || Ok(Box::new(generator) as Box<dyn Generator>), Settings::default())
}

/// A host with a session, at 120 BPM if not told otherwise.
struct Seated {
    session: Session,
    tempo: Tempo,
    beats: f64,
    n_ons: usize,
}

impl Seated {
    fn new(session: Session) -> Self {
        Self { session, tempo: Tempo::new(120.0), beats: 0.0, n_ons: 0 }
    }

    fn playhead(&self, playing: bool) -> Playhead {
        let standing = Playhead::standing(48_000.0);
        Playhead { playing, position_beats: self.beats, tempo: self.tempo, ..standing }
    }

    fn block(&mut self, playing: bool) {
        let playhead = self.playhead(playing);
        let Self { session, n_ons, .. } = self;
        session.player.fill_block(&playhead, BLOCK, &Controls::default(), &mut |event| {
            *n_ons += usize::from(matches!(event.kind, player::EventKind::NoteOn { .. }));
            true
        });
        if playing {
            self.beats += BLOCK as f64 / self.tempo.samples_per_beat(48_000.0);
        }
    }

    fn play_until(&mut self, beats: f64) {
        while self.beats < beats - 1e-9 {
            self.block(true);
        }
    }

    fn render(&mut self, n_samples: usize) -> Result<(), Error> {
        let playhead = self.playhead(true);
        self.beats += n_samples as f64 / self.tempo.samples_per_beat(48_000.0);
        let Self { session, n_ons, .. } = self;
        let Session { player, offline, .. } = session;
        offline.fill_block(
            player,
            &playhead,
            n_samples,
            &Controls::default(),
            LIMIT,
            &mut |event| {
                *n_ons += usize::from(matches!(event.kind, player::EventKind::NoteOn { .. }));
                true
            },
        )
    }

    fn wait(&mut self) {
        wait_until(|| self.session.status.done() >= self.session.player.newest_sequence());
    }
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < LIMIT, "waited in vain");
        std::thread::yield_now();
    }
}

#[test]
fn the_session_that_is_due_first_is_served_first() {
    let crew = crew(spawn);
    let (hall, stage) = (Arc::new(Stage::default()), Arc::new(Stage::default()));
    let mut blocker = Seated::new(named(crew, "blocker", &hall));
    // What is due later asks earlier; a standing host has a quarter of a second.
    let playing = [("in 2 s", 120.0, 4.0), ("in 1 s", 60.0, 1.0), ("in 0.2 s", 300.0, 1.0)];
    let mut playing = playing.map(|(name, bpm, lookahead)| {
        let mut host = Seated::new(named(crew, name, &stage));
        host.tempo = Tempo::new(bpm);
        host.session.player.set_lookahead(lookahead);
        host.play_until(0.5);
        host.wait();
        host
    });
    let mut standing = Seated::new(named(crew, "standing", &stage));
    let mut offline = Seated::new(named(crew, "offline", &stage));
    wait_until(|| {
        standing.session.status.worker_state() == WorkerState::Ready
            && offline.session.status.worker_state() == WorkerState::Ready
    });
    stage.order.lock().clear();
    hall.closed.store(true, Ordering::SeqCst);
    blocker.block(true);
    wait_until(|| hall.n_entered.load(Ordering::SeqCst) > 0);

    let controls = Controls::default();
    let playhead = offline.playhead(true);
    offline.session.player.set_lookahead(0.5);
    offline.session.player.begin_block(&playhead, BLOCK, &controls);
    standing.session.player.set_lookahead(0.5);
    standing.block(false);
    for host in &mut playing {
        let asked = host.session.player.newest_sequence();
        host.play_until(1.5);
        assert_eq!(host.session.player.newest_sequence(), asked + 1);
    }
    hall.closed.store(false, Ordering::SeqCst);
    wait_until(|| stage.order.lock().len() == 5);
    let expected = ["in 0.2 s", "standing", "in 1 s", "in 2 s", "offline"];
    assert_eq!(*stage.order.lock(), expected);
}

#[test]
fn beats_of_a_standing_host_are_urgent_once_it_plays() {
    let crew = crew(spawn);
    let (hall, stage) = (Arc::new(Stage::default()), Arc::new(Stage::default()));
    let mut blocker = Seated::new(named(crew, "blocker", &hall));
    let mut soon = Seated::new(named(crew, "in 0.2 s", &stage));
    soon.tempo = Tempo::new(300.0);
    soon.play_until(0.5);
    soon.wait();
    let mut started = Seated::new(named(crew, "started", &stage));
    wait_until(|| started.session.status.worker_state() == WorkerState::Ready);
    stage.order.lock().clear();
    hall.closed.store(true, Ordering::SeqCst);
    blocker.block(true);
    wait_until(|| hall.n_entered.load(Ordering::SeqCst) > 0);
    soon.play_until(1.5);
    started.session.player.set_lookahead(0.5);
    started.block(false);
    started.block(true);
    hall.closed.store(false, Ordering::SeqCst);
    wait_until(|| stage.order.lock().len() >= 2);
    assert_eq!(stage.order.lock()[..2], ["started", "in 0.2 s"]);
}

static N_THREADS: AtomicUsize = AtomicUsize::new(0);

fn spawn_counted(body: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    N_THREADS.fetch_add(1, Ordering::SeqCst);
    spawn(Box::new(move || {
        body();
        N_THREADS.fetch_sub(1, Ordering::SeqCst);
    }))
}

#[test]
fn one_thread_serves_all_and_ends_with_the_last() {
    let crew = crew(spawn_counted);
    let stage = Arc::new(Stage::default());
    for _ in 0..2 {
        let mut hosts: Vec<Seated> =
            (0..5).map(|_| Seated::new(named(crew, "any", &stage))).collect();
        while !hosts.is_empty() {
            assert_eq!(N_THREADS.load(Ordering::SeqCst), 1);
            for host in &mut hosts {
                host.render(24_000).expect("a beat");
                assert!(host.n_ons > 0);
            }
            let left = hosts.remove(hosts.len() / 2).session;
            let status = Arc::clone(&left.status);
            drop(left);
            assert_eq!(status.worker_state(), WorkerState::Stopped);
        }
        assert_eq!(N_THREADS.load(Ordering::SeqCst), 0);
    }
    // Generators go where their sessions are dropped, never on a thread that plays.
    let here = std::thread::current().id();
    assert_eq!(*stage.freed_on.lock(), [here; 10]);
}

static N_REFUSED: AtomicUsize = AtomicUsize::new(0);

/// Gives no thread the first two times.
fn spawn_from_the_third(body: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    if N_REFUSED.fetch_add(1, Ordering::SeqCst) < 2 {
        return Err(io::Error::other("too many threads"));
    }
    spawn(body)
}

#[test]
fn without_a_thread_nothing_plays_and_nothing_hangs() {
    let crew = crew(spawn_from_the_third);
    let stage = Arc::new(Stage::default());
    drop(named(crew, "alone", &stage));
    let mut first = Seated::new(named(crew, "first", &stage));
    first.play_until(2.0);
    assert_eq!(first.n_ons, 0);
    assert_eq!(first.session.status.worker_state(), WorkerState::Stopped);
    let failure = first.session.report.failure().expect("a reason");
    assert_eq!(failure, "the composing thread could not be started: too many threads");
    assert!(matches!(first.render(48_000 - BLOCK), Err(Error::Ended)));
    assert_eq!((first.n_ons, first.session.status.given_up()), (0, 2));

    // The next session gets one, and it serves both.
    let mut second = Seated::new(named(crew, "second", &stage));
    second.render(48_000).expect("a beat");
    first.render(48_000).expect("a beat");
    assert!(first.n_ons > 0 && second.n_ons > 0);
    assert_eq!(first.session.report.failure(), None);
    assert_eq!(first.session.status.worker_state(), WorkerState::Ready);
    assert_eq!(first.session.status.given_up(), 2);
}

static N_DEAD: AtomicUsize = AtomicUsize::new(0);

/// Gives a thread that dies at once, the first time.
fn spawn_dying(body: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    if N_DEAD.fetch_add(1, Ordering::SeqCst) > 0 {
        return spawn(body);
    }
    std::thread::Builder::new().spawn(move || {
        let _body = body;
        std::panic::resume_unwind(Box::new("killed"));
    })
}

#[test]
fn a_thread_that_died_is_told_and_replaced_with_the_next_session() {
    let crew = crew(spawn_dying);
    let stage = Arc::new(Stage::default());
    let mut first = Seated::new(named(crew, "first", &stage));
    wait_until(|| first.session.status.worker_state() == WorkerState::Stopped);
    assert_eq!(first.session.report.failure().as_deref(), Some("the composing thread has ended"));
    assert!(matches!(first.render(24_000), Err(Error::Ended)));
    let second = named(crew, "second", &stage);
    first.render(48_000).expect("a beat");
    assert!(first.n_ons > 0);
    assert_eq!(N_DEAD.load(Ordering::SeqCst), 2);
    drop(second);
}

/// Panics with what panics again when it is dropped, past what a worker catches.
struct Bomber;

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb went off");
    }
}

impl Generator for Bomber {
    fn compose(
        &mut self,
        _history: &[HistoryBeat],
        _frame: &BeatFrame,
        _controls: &Controls,
        _pass: u32,
    ) -> Result<GridBeat, Error> {
        std::panic::panic_any(Bomb)
    }
}

#[test]
fn a_panic_beyond_the_generator_costs_its_session_alone() {
    let crew = crew(spawn);
    let stage = Arc::new(Stage::default());
    let mut good = Seated::new(named(crew, "good", &stage));
    let make = || Ok(Box::new(Bomber) as Box<dyn Generator>);
    let mut bad = Seated::new(start_with(crew, make, Settings::default()));
    assert!(matches!(bad.render(48_000), Err(Error::Ended)));
    assert_eq!(bad.session.status.worker_state(), WorkerState::Stopped);
    let failure = bad.session.report.failure().expect("a reason");
    assert_eq!(failure, "composing stopped unexpectedly: the bomb went off");
    assert!(matches!(bad.session.commands.send(crate::Command::ClearHistory), Err(Error::Ended)));
    good.render(48_000).expect("a beat");
    assert!(good.n_ons > 0);
    drop(bad);
    good.render(48_000).expect("a beat");
}

#[test]
fn a_session_that_hangs_is_left_behind_and_the_others_go_on() {
    let crew = crew(spawn);
    let (hung, stage) = (Arc::new(Stage::default()), Arc::new(Stage::default()));
    hung.closed.store(true, Ordering::SeqCst);
    let mut bad = Seated::new(named(crew, "bad", &hung));
    let mut good = Seated::new(named(crew, "good", &stage));
    bad.block(true);
    wait_until(|| hung.n_entered.load(Ordering::SeqCst) > 0);
    good.play_until(1.0);
    assert_eq!(good.n_ons, 0, "both wait for the one that hangs");
    drop(bad);
    good.render(48_000).expect("a beat");
    assert!(good.n_ons > 0);
    // The thread that was left frees what it held as soon as it can.
    assert!(hung.freed_on.lock().is_empty());
    hung.closed.store(false, Ordering::SeqCst);
    wait_until(|| hung.freed_on.lock().len() == 1);
    good.render(48_000).expect("a beat");
}

#[test]
fn a_wait_in_vain_ends_once_and_is_counted_a_beat() {
    let crew = crew(spawn);
    let stage = Arc::new(Stage::default());
    stage.closed.store(true, Ordering::SeqCst);
    let mut host = Seated::new(named(crew, "slow", &stage));
    let limit = Duration::from_millis(20);
    let playhead = host.playhead(true);
    let Session { player, offline, status, .. } = &mut host.session;
    // Four beats in one block; only the first is waited for.
    let controls = Controls::default();
    let n_samples = 96_000 - BLOCK;
    let outcome = offline.fill_block(player, &playhead, n_samples, &controls, limit, &mut |_| true);
    assert!(matches!(outcome, Err(Error::GivenUp { limit: l }) if l == limit), "{outcome:?}");
    assert_eq!((status.given_up(), status.underruns()), (4, 4));
    stage.closed.store(false, Ordering::SeqCst);
    host.beats = 4.0;
    host.wait();
    host.render(96_000).expect("four beats");
    assert_eq!(host.session.status.given_up(), 4);
    assert!(host.n_ons > 0);
}
