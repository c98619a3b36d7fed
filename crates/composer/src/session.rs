//! Makes a player, the worker behind it and everything between them at once.

use std::sync::Arc;

use player::Status;

use crate::capture::Capture;
use crate::commands::{COMMAND_CAPACITY, Commands};
use crate::crew::{CREW, Crew, Waker, WorkerHandle};
use crate::held::Memory;
use crate::offline::Offline;
use crate::preview::{Preview, PreviewReader, PreviewWriter};
use crate::successor::{MakeGenerator, Successor};
use crate::worker::{Report, Shared, Worker};
use crate::{Generator, Result};

/// The player of a session.
pub type Player = player::Player<Arc<Status>>;

/// How a session is set up.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Settings {
    /// What a project saves of the music itself; one that was restored is played.
    pub memory: Arc<Memory>,
    /// Where another generator may come from later.
    pub successor: Arc<Successor>,
    /// Who is told when there is something new to see.
    pub listener: Listener,
}

/// Called on the composing thread after each piece of work and each command: what the editor shows
/// may have changed.
#[derive(Clone, Default)]
pub struct Listener(Option<Arc<dyn Fn() + Send + Sync>>);

impl Listener {
    pub(crate) fn new(listener: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(crate) fn tell(&self) {
        if let Some(listener) = &self.0 {
            listener();
        }
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Listener").field(&self.0.is_some()).finish()
    }
}

impl Settings {
    /// The same with a memory that somebody else saves and restores.
    #[must_use]
    pub fn with_memory(self, memory: Arc<Memory>) -> Self {
        Self { memory, ..self }
    }

    /// The same with a place where somebody may put another generator.
    #[must_use]
    pub fn with_successor(self, successor: Arc<Successor>) -> Self {
        Self { successor, ..self }
    }

    /// The same with somebody who is told when there is something new to see; must return soon.
    #[must_use]
    pub fn with_listener(self, listener: impl Fn() + Send + Sync + 'static) -> Self {
        Self { listener: Listener::new(listener), ..self }
    }
}

/// One instance's ends of everything, to be handed to the threads they belong to.
#[derive(Debug)]
pub struct Session {
    /// For the audio thread.
    pub player: Box<Player>,
    /// Keeps the session with the composing thread; drop it last, on the host's main thread.
    pub worker: WorkerHandle,
    /// For the editor.
    pub preview: PreviewReader,
    /// For anyone.
    pub status: Arc<Status>,
    /// For anyone but the audio thread: why the model is not playing, if it is not.
    pub report: Arc<Report>,
    /// For the editor and the host's main thread.
    pub commands: Commands,
    /// For the editor and the host's main thread.
    pub capture: Arc<Capture>,
    /// For offline rendering, wherever the host runs it.
    pub offline: Offline,
}

/// The ends without a thread: [`Worker::step`] is called by hand, as tests do.
pub struct SteppedSession {
    /// As in [`Session`].
    pub player: Box<Player>,
    /// The loop's body.
    pub worker: Worker,
    /// As in [`Session`].
    pub preview: PreviewReader,
    /// As in [`Session`].
    pub status: Arc<Status>,
    /// As in [`Session`].
    pub report: Arc<Report>,
    /// As in [`Session`].
    pub commands: Commands,
    /// As in [`Session`].
    pub capture: Arc<Capture>,
}

/// Starts a session: the player is ready at once, the generator is made on the composing thread,
/// which all sessions of the process share and the first one starts.
///
/// Nothing here is an error, since the player can do without music: the status says
/// [`player::WorkerState::Fallback`] when the generator could not be made and stored patterns play,
/// [`player::WorkerState::Stopped`] when the system gave no thread and nothing plays; the report
/// says why.
pub fn start(
    make_generator: impl FnOnce() -> Result<Box<dyn Generator>> + Send + 'static,
    settings: Settings,
) -> Session {
    start_with(&CREW, make_generator, settings)
}

/// The same with a crew of one's own.
pub(crate) fn start_with(
    crew: &'static Crew,
    make_generator: impl FnOnce() -> Result<Box<dyn Generator>> + Send + 'static,
    settings: Settings,
) -> Session {
    let SteppedSession { player, worker, preview, status, report, mut commands, capture } =
        start_stepped(make_generator, settings);
    let worker = crew.join(worker);
    commands.waker = worker.waker();
    let offline = Offline::new(worker.waker(), Arc::clone(&status));
    Session { player, worker, preview, status, report, commands, capture, offline }
}

/// The same without a thread.
pub fn start_stepped(
    make_generator: impl FnOnce() -> Result<Box<dyn Generator>> + Send + 'static,
    settings: Settings,
) -> SteppedSession {
    let make_generator: MakeGenerator = Box::new(make_generator);
    let status = Arc::new(Status::new());
    let (player, end) = player::connect(Arc::clone(&status));
    let (sender, receiver) = crossbeam_channel::bounded(COMMAND_CAPACITY);
    let (preview_input, preview) = triple_buffer::triple_buffer(&Preview::default());
    let report = Arc::new(Report::default());
    let capture = Arc::new(Capture::default());
    settings.successor.serve(Arc::clone(&status));
    let shared = Shared {
        status: Arc::clone(&status),
        report: Arc::clone(&report),
        capture: Arc::clone(&capture),
        memory: settings.memory,
        successor: settings.successor,
        listener: settings.listener,
    };
    let preview_writer = PreviewWriter::new(preview_input);
    let worker = Worker::new(end, shared, receiver, preview_writer, make_generator);
    let commands = Commands { sender, waker: Waker::NONE };
    SteppedSession { player: Box::new(player), worker, preview, status, report, commands, capture }
}
