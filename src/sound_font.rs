//! The SoundFont of one instance: its path, which the project saves, and the thread that loads it.
//!
//! Loading takes as long as the disk does, so each load has a thread of its own, which ends when
//! the old SoundFont has come back from the audio thread to be freed. Both go through queues that
//! never wait. Nothing here but [`FontEnds`] is for the audio thread.

use nice_plug::params::persist::PersistentField;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use synth::SoundFontBand;

/// SoundFonts on their way to the audio thread, and as many on their way back.
const QUEUE_LEN: usize = 4;

/// How often the loading thread looks whether a SoundFont has come back.
const POLL: Duration = Duration::from_millis(10);

/// How long it looks; a host that stands still gives nothing back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where Debian's packages and others keep a General MIDI set.
const USUAL_PLACES: [&str; 4] = [
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/soundfonts/default-GM.sf2",
    "/usr/share/soundfonts/default.sf2",
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
];

/// What became of the SoundFont that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FontStatus {
    /// The built-in patches play.
    #[default]
    None,
    /// It is being read.
    Loading,
    /// It plays.
    Playing,
    /// It cannot be played, and why; the built-in patches play.
    Failed(String),
}

/// A SoundFont, or the built-in patches again.
type Message = Option<Box<SoundFontBand>>;

/// The audio thread's ends of the queues.
pub struct FontEnds {
    incoming: rtrb::Consumer<Message>,
    outgoing: rtrb::Producer<Box<SoundFontBand>>,
}

/// The loading thread's ends, and what it has not yet been able to hand over.
struct LoaderEnds {
    to_audio: rtrb::Producer<Message>,
    from_audio: rtrb::Consumer<Box<SoundFontBand>>,
    pending: Option<Message>,
    /// Path and rate that were loaded last; `None` before the first time.
    loaded: Option<(Option<PathBuf>, u32)>,
}

#[derive(Default)]
struct Inner {
    path: Mutex<Option<PathBuf>>,
    status: Mutex<FontStatus>,
    /// Bits of the sample rate in Hz; 0 before the first activation.
    rate: AtomicU32,
    ends: Mutex<Option<LoaderEnds>>,
    /// Whether a thread will still look at what is wanted.
    working: Mutex<bool>,
    stop: AtomicBool,
}

/// The SoundFont of one instance, as the framework saves and loads it.
#[derive(Default)]
pub struct SoundFonts {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl FontEnds {
    /// Takes over what was loaded and gives back what was replaced.
    ///
    /// # Real-time
    /// Moves pointers only.
    pub fn exchange(&mut self, synth: &mut synth::Synth, sample_rate: f32) {
        // A change may give back two: what played, and what was to play.
        while self.outgoing.slots() >= 2 {
            if let Some(retired) = synth.take_retired() {
                self.give_back(retired);
                continue;
            }
            let Ok(next) = self.incoming.pop() else { return };
            match next {
                Some(font) if font.sample_rate() != sample_rate => self.give_back(font),
                next => {
                    if let Some(never_played) = synth.change_sound_font(next) {
                        self.give_back(never_played);
                    }
                }
            }
        }
    }

    fn give_back(&mut self, font: Box<SoundFontBand>) {
        if let Err(rtrb::PushError::Full(font)) = self.outgoing.push(font) {
            // Cannot be: room was looked for. Leaking is what real time can bear.
            std::mem::forget(font);
        }
    }
}

impl SoundFonts {
    /// What the audio thread needs; whoever had it before gets nothing more.
    pub fn connect(&self) -> FontEnds {
        let (to_audio, incoming) = rtrb::RingBuffer::new(QUEUE_LEN);
        let (outgoing, from_audio) = rtrb::RingBuffer::new(QUEUE_LEN);
        let ends = LoaderEnds { to_audio, from_audio, pending: None, loaded: None };
        *self.inner.ends.lock() = Some(ends);
        FontEnds { incoming, outgoing }
    }

    /// Loads what is asked for, if that is not what plays at this sample rate.
    ///
    /// `waits` for it: a bounce must not begin with other sounds than it goes on with.
    pub fn activate(&self, sample_rate: f32, waits: bool) {
        self.inner.rate.store(sample_rate.to_bits(), Ordering::Release);
        self.load();
        while waits && self.is_loading() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn is_loading(&self) -> bool {
        let is_handed_over = || {
            self.inner.ends.lock().as_ref().is_none_or(|ends| ends.pending.is_none())
                && self.inner.is_up_to_date()
        };
        let works = |thread: &JoinHandle<()>| !thread.is_finished();
        self.thread.lock().as_ref().is_some_and(works) && !is_handed_over()
    }

    /// Asks for a SoundFont, or for the built-in patches.
    pub fn request(&self, path: Option<PathBuf>) {
        *self.inner.path.lock() = path;
        if self.inner.rate.load(Ordering::Acquire) != 0 {
            self.load();
        }
    }

    /// The file that was asked for last.
    pub fn path(&self) -> Option<PathBuf> {
        self.inner.path.lock().clone()
    }

    /// What became of it.
    pub fn status(&self) -> FontStatus {
        self.inner.status.lock().clone()
    }

    fn load(&self) {
        let mut thread = self.thread.lock();
        let mut working = self.inner.working.lock();
        // A thread that works looks again before it ends; one that panicked does nothing more.
        let is_busy = *working && thread.as_ref().is_some_and(|thread| !thread.is_finished());
        if is_busy || self.inner.is_up_to_date() {
            return;
        }
        *self.inner.status.lock() = FontStatus::Loading;
        let inner = self.inner.clone();
        let spawned = std::thread::Builder::new()
            .name("tributary-sound-font".to_owned())
            .spawn(move || inner.work());
        match spawned {
            Ok(new) => {
                *working = true;
                if let Some(old) = thread.replace(new) {
                    // It has said that it is done, and what a panic says is known.
                    let _ = old.join();
                }
            }
            Err(error) => {
                *self.inner.status.lock() =
                    FontStatus::Failed(format!("no thread to load it: {error}"));
            }
        }
    }
}

impl Drop for SoundFonts {
    /// Waits for the thread, since the host may unload the library then.
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.get_mut().take() {
            // A load that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn wanted(&self) -> (Option<PathBuf>, u32) {
        (self.path.lock().clone(), self.rate.load(Ordering::Acquire))
    }

    fn is_up_to_date(&self) -> bool {
        let wanted = self.wanted();
        self.ends.lock().as_ref().is_none_or(|ends| match &ends.loaded {
            Some(loaded) => *loaded == wanted,
            // Patches play from the start.
            None => wanted.0.is_none(),
        })
    }

    /// Loads until what is wanted is what plays, then waits for the old one to come back.
    fn work(&self) {
        let mut give_up = Instant::now() + PATIENCE;
        while !self.stop.load(Ordering::Acquire) {
            if !self.is_up_to_date() {
                let wanted = self.wanted();
                *self.status.lock() = FontStatus::Loading;
                let (message, status) = load(wanted.0.as_deref(), f32::from_bits(wanted.1));
                *self.status.lock() = status;
                if let Some(ends) = self.ends.lock().as_mut() {
                    (ends.pending, ends.loaded) = (Some(message), Some(wanted));
                }
                give_up = Instant::now() + PATIENCE;
            }
            if let Some(ends) = self.ends.lock().as_mut() {
                ends.exchange();
            }
            if Instant::now() > give_up {
                // What is still to come waits in the queue, or for the next load.
                let mut working = self.working.lock();
                if self.is_up_to_date() {
                    *working = false;
                    return;
                }
            }
            std::thread::sleep(POLL);
        }
    }
}

impl LoaderEnds {
    fn exchange(&mut self) {
        while let Ok(retired) = self.from_audio.pop() {
            drop(retired);
        }
        if let Some(message) = self.pending.take()
            && let Err(rtrb::PushError::Full(message)) = self.to_audio.push(message)
        {
            self.pending = Some(message);
        }
    }
}

fn load(path: Option<&Path>, sample_rate: f32) -> (Message, FontStatus) {
    match path.map(|path| SoundFontBand::load(path, sample_rate)) {
        None => (None, FontStatus::None),
        Some(Ok(font)) => (Some(font), FontStatus::Playing),
        Some(Err(error)) => (None, FontStatus::Failed(error.to_string())),
    }
}

/// A General MIDI set that this computer has, to suggest.
pub fn suggestion() -> Option<PathBuf> {
    USUAL_PLACES.iter().map(PathBuf::from).find(|path| path.is_file())
}

impl PersistentField<'_, Option<String>> for SoundFonts {
    /// The SoundFont is loaded by the activation that follows a state.
    fn set(&self, path: Option<String>) {
        *self.inner.path.lock() = path.map(PathBuf::from);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Option<String>) -> R,
    {
        f(&self.path().map(|path| path.to_string_lossy().into_owned()))
    }
}

#[cfg(test)]
mod tests;
