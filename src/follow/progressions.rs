//! The typed progression: a text that the project saves, and the chords that the audio thread reads.

use nice_plug::params::persist::PersistentField;
use parking_lot::Mutex;
use score::Progression;
use std::sync::atomic::{AtomicU32, Ordering, fence};

/// The progression of one instance.
///
/// Writers take a lock; the reader copies numbers and keeps what it had if they changed meanwhile.
#[derive(Debug)]
#[cfg_attr(not(test), expect(clippy::disallowed_types, reason = "the text is for the editor"))]
pub struct Progressions {
    text: Mutex<String>,
    /// Odd while the numbers are being written.
    version: AtomicU32,
    words: [AtomicU32; Progression::N_WORDS],
}

impl Default for Progressions {
    fn default() -> Self {
        Self {
            text: Mutex::default(),
            version: AtomicU32::new(0),
            words: [const { AtomicU32::new(0) }; Progression::N_WORDS],
        }
    }
}

impl Progressions {
    /// The text, as it was typed. Not for the audio thread.
    #[cfg_attr(not(test), expect(clippy::disallowed_types, reason = "not by the audio thread"))]
    pub fn text(&self) -> String {
        self.text.lock().clone()
    }

    /// Takes another text; one that cannot be read is kept, and the chords before it are followed.
    /// Not for the audio thread.
    ///
    /// # Errors
    /// [`score::Error::NoChord`], [`score::Error::TooLong`].
    pub fn type_in(&self, text: &str) -> score::Result<()> {
        let mut shown = self.text.lock();
        text.clone_into(&mut shown);
        let words = Progression::parse(text)?.words();
        // The lock above lets one writer in; plain stores do.
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        for (shared, word) in self.words.iter().zip(words) {
            shared.store(word, Ordering::Relaxed);
        }
        self.version.store(version.wrapping_add(2), Ordering::Release);
        Ok(())
    }

    /// The progression and its version, if it is another than `known`.
    ///
    /// # Real-time
    /// Reads atomics only, a fixed number of them.
    pub fn newer_than(&self, known: u32) -> Option<(u32, Progression)> {
        let version = self.version.load(Ordering::Acquire);
        if version == known || version & 1 == 1 {
            return None;
        }
        let mut words = [0; Progression::N_WORDS];
        for (word, shared) in words.iter_mut().zip(&self.words) {
            *word = shared.load(Ordering::Relaxed);
        }
        fence(Ordering::Acquire);
        let is_whole = self.version.load(Ordering::Relaxed) == version;
        is_whole.then(|| (version, Progression::from_words(&words)))
    }
}

#[cfg_attr(not(test), expect(clippy::disallowed_types, reason = "not by the audio thread"))]
impl PersistentField<'_, String> for Progressions {
    fn set(&self, text: String) {
        // A text that cannot be read is shown with what is wrong with it.
        let _ = self.type_in(&text);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&String) -> R,
    {
        f(&self.text.lock())
    }
}
