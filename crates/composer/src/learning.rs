//! Learns styles on a thread of its own, behind everything else that runs.
//!
//! A window takes a tenth of a second, so the composing thread cannot do it between two beats. This
//! thread has the lowest priority that the system gives, ends with what it learns, and is joined
//! before the host may unload the library.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use model::style::{About, Fit, Song};
use model::{Network, Style};
use parking_lot::Mutex;

use crate::session::Listener;
use crate::worker::panicked;

/// Seed of the windows that a fit draws: the same songs give the same style.
const SEED: u64 = 1;

/// What is learnt for which network, and what it will be called.
#[derive(Debug)]
pub struct Lesson {
    /// The network.
    pub network: Arc<Network>,
    /// The songs.
    pub songs: Vec<Song>,
    /// Name, author and licence of the style.
    pub about: About,
}

/// How a style comes along.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Learning {
    /// Nothing is learnt, or what was has been cancelled.
    #[default]
    Idle,
    /// Songs are read.
    Reading,
    /// A style is learnt.
    Running {
        /// Share that is done, `0.0..=1.0`.
        share: f32,
        /// Bits a note in the windows seen last: how well the songs are understood by now.
        bits: f32,
        /// How long it will still take, once that can be told.
        left: Option<Duration>,
    },
    /// It was learnt, and handed over.
    Done,
    /// It was not, and why.
    Failed(String),
}

impl Learning {
    /// Whether the thread is at work.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Reading | Self::Running { .. })
    }
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<Learning>,
    cancelled: AtomicBool,
    listener: Listener,
}

impl Inner {
    fn say(&self, learning: Learning) {
        *self.state.lock() = learning;
        self.listener.tell();
    }
}

/// One instance's learning: one style at a time. Never for the audio thread.
#[derive(Debug, Default)]
pub struct Learner {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Learner {
    /// A learner who tells somebody when there is something new to see; that must return soon.
    pub fn with_listener(listener: impl Fn() + Send + Sync + 'static) -> Self {
        let inner = Inner { listener: Listener::new(listener), ..Inner::default() };
        Self { inner: Arc::new(inner), thread: Mutex::default() }
    }

    /// How it comes along.
    pub fn state(&self) -> Learning {
        self.inner.state.lock().clone()
    }

    /// Starts to learn; `false` when something is being learnt already.
    ///
    /// Both functions are called on the learning thread: `read` gets the songs, or says in words why
    /// there are none; `learnt` takes the style over.
    pub fn start(
        &self,
        read: impl FnOnce() -> Result<Lesson, String> + Send + 'static,
        learnt: impl FnOnce(Style) + Send + 'static,
    ) -> bool {
        let mut thread = self.thread.lock();
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return false;
        }
        self.inner.cancelled.store(false, Ordering::Release);
        self.inner.say(Learning::Reading);
        let inner = Arc::clone(&self.inner);
        let work = move || {
            give_way();
            let result = catch_unwind(AssertUnwindSafe(|| learn(&inner, read)));
            match result.unwrap_or_else(|payload| Err(panicked(payload).to_string())) {
                Ok(Some(style)) => {
                    learnt(style);
                    inner.say(Learning::Done);
                }
                Ok(None) => inner.say(Learning::Idle),
                Err(reason) => inner.say(Learning::Failed(reason)),
            }
        };
        match std::thread::Builder::new().name("tributary-learn".to_owned()).spawn(work) {
            Ok(new) => {
                if let Some(old) = thread.replace(new) {
                    // It has finished, and what a panic said is known.
                    let _ = old.join();
                }
            }
            Err(error) => self.inner.say(Learning::Failed(format!("no thread to learn: {error}"))),
        }
        true
    }

    /// Gives up what is being learnt, at the latest after the next window.
    pub fn cancel(&self) {
        self.inner.cancelled.store(true, Ordering::Release);
    }

    /// Forgets how the last style came along.
    pub fn dismiss(&self) {
        let mut state = self.inner.state.lock();
        if !state.is_busy() {
            *state = Learning::Idle;
        }
    }
}

impl Drop for Learner {
    /// Waits for the thread, since the host may unload the library then.
    fn drop(&mut self) {
        self.cancel();
        if let Some(thread) = self.thread.get_mut().take() {
            let _ = thread.join();
        }
    }
}

/// The style, or nothing if it was given up.
fn learn(
    inner: &Inner,
    read: impl FnOnce() -> Result<Lesson, String>,
) -> Result<Option<Style>, String> {
    let Lesson { network, songs, about } = read()?;
    let fit = Fit::new(&network, songs, SEED);
    let mut fit = fit.map_err(|error| error.to_string())?;
    let started = Instant::now();
    while !fit.is_done() {
        if inner.cancelled.load(Ordering::Acquire) {
            return Ok(None);
        }
        fit.step();
        let progress = fit.progress();
        let share = progress.done as f32 / progress.of.max(1) as f32;
        // The first updates say little about the others.
        let left = (progress.done >= 3).then(|| started.elapsed().mul_f32((1.0 - share) / share));
        inner.say(Learning::Running { share, bits: progress.bits, left });
    }
    Ok(Some(fit.finish(about)))
}

/// Lets everything else run first. Where the system refuses, learning has the host's priority.
fn give_way() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
            set_thread_priority_and_policy, thread_native_id,
        };
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Min);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use model::{Config, Kernels, weights};
    use score::{BeatFrame, GridBeat, GridNote, HistoryBeat, Meter, Tempo, Velocity};

    use super::*;

    fn lesson(n_beats: i64) -> Lesson {
        let config = Config { context_len: 192, ..Config::TINY };
        let tensors = weights::random(&config, 1).unwrap();
        let beat = |beat: i64| {
            let mut music = GridBeat::default();
            let pitch = 60 + (beat * 7 % 12) as u8;
            let velocity = Velocity::clamped(90);
            music.parts[3] =
                vec![GridNote { position: 0, pitch, duration: 24, velocity, micro: 0 }];
            let frame = BeatFrame::regular(beat, Meter::default(), Tempo::default());
            HistoryBeat { frame, music }
        };
        let beats = (0..n_beats).map(beat).collect();
        Lesson {
            network: Arc::new(Network::new(config, &tensors, Kernels::Fused).unwrap()),
            songs: vec![Song { name: "tune".into(), beats, dynamics: false }],
            about: About { name: "Tune".into(), ..About::default() },
        }
    }

    /// Waits until the thread rests, however long the machine lets it wait behind everything else.
    fn rest(learner: &Learner) -> Learning {
        while learner.state().is_busy() {
            std::thread::sleep(Duration::from_millis(5));
        }
        learner.state()
    }

    #[test]
    fn a_style_is_learnt_and_its_progress_told() {
        let (told, news) = mpsc::channel();
        let learner = Learner::with_listener(move || told.send(()).unwrap());
        let (give, take) = mpsc::channel();
        assert!(learner.start(|| Ok(lesson(80)), move |style| give.send(style).unwrap()));
        assert!(!learner.start(|| Ok(lesson(80)), |_| {}), "one at a time");
        assert_eq!(rest(&learner), Learning::Done);
        assert_eq!(take.recv().unwrap().about().name, "Tune");
        assert!(news.try_iter().count() > 100);
        learner.dismiss();
        assert_eq!(learner.state(), Learning::Idle);
    }

    #[test]
    fn what_is_given_up_or_fails_hands_nothing_over() {
        let learner = Learner::default();
        assert!(learner.start(|| Ok(lesson(100_000)), |_| panic!("was given up")));
        learner.cancel();
        assert_eq!(rest(&learner), Learning::Idle);
        let failed = |read: fn() -> Result<Lesson, String>| {
            // The thread may still be ending.
            while !learner.start(read, |_| panic!("has failed")) {
                std::thread::yield_now();
            }
            rest(&learner)
        };
        let reason = "tune: expected at least 64 pitched notes, found 3";
        assert_eq!(failed(|| Ok(lesson(3))), Learning::Failed(reason.into()));
        assert_eq!(failed(|| Err("gone".into())), Learning::Failed("gone".into()));
        let Learning::Failed(reason) = failed(|| panic!("worse")) else { panic!("must fail") };
        assert!(reason.ends_with("worse"), "{reason}");
        drop(learner);
    }
}
