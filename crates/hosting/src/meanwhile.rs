//! A script that plays on its own thread while the main thread does as it likes: what a DAW's user
//! sees.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::run::{Pace, Tape};
use crate::{
    Edit, EditKind, Error, Instance, NoHook, Processor, Recording, Result, Script, prepare,
};

/// How often the main thread gives the plugin a turn while it waits.
const TURN: Duration = Duration::from_millis(2);

/// What main and audio thread share.
#[derive(Default)]
struct Link {
    /// Parameters and their normalised values, for the next block.
    changes: Mutex<Vec<(String, f64)>>,
    edits: Mutex<Vec<Edit>>,
    stop: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A thread that panicked has left whole values behind.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The main thread's hold on an instance that plays.
pub struct Meanwhile<'a> {
    instance: &'a mut dyn Instance,
    link: &'a Link,
}

impl Meanwhile<'_> {
    /// The instance; it stays active.
    pub fn instance(&mut self) -> &mut dyn Instance {
        self.instance
    }

    /// Gives the plugin its turns for a while.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] for an edit of a parameter that the plugin does not have.
    pub fn wait(&mut self, time: Duration) -> Result<()> {
        let started = Instant::now();
        loop {
            self.turn()?;
            let left = time.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(TURN));
        }
    }

    /// Gives the plugin a turn, and its audio thread the values that were edited on this one, as
    /// VST3 hosts do.
    fn turn(&mut self) -> Result<()> {
        self.instance.idle();
        for edit in self.instance.take_edits() {
            if let EditKind::Set(value) = edit.kind {
                let known = self.instance.parameters().iter().find(|p| p.id == edit.parameter);
                let known =
                    known.ok_or_else(|| Error::refused("an edit's parameter", edit.parameter))?;
                let path = format!("{}/{}", known.module, known.name);
                locked(&self.link.changes).push((path, value));
            }
            locked(&self.link.edits).push(edit);
        }
        Ok(())
    }

    /// Moves a parameter in the next block, as automation does. `value` is normalised.
    pub fn change(&mut self, parameter: &str, value: f64) {
        locked(&self.link.changes).push((parameter.to_owned(), value));
    }

    /// What was done in the editor so far, in order.
    ///
    /// # Errors
    /// As [`Meanwhile::wait`].
    pub fn edits(&mut self) -> Result<Vec<Edit>> {
        self.turn()?;
        Ok(locked(&self.link.edits).clone())
    }

    /// Ends the script after the block that is being processed.
    pub fn stop(&mut self) {
        self.link.stop.store(true, Ordering::Release);
    }
}

/// Stops the audio thread also when the main thread panics.
struct StopAtPanic<'a>(&'a Link);

impl Drop for StopAtPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop.store(true, Ordering::Release);
        }
    }
}

/// Prepares and activates an instance and plays a script on a thread named `audio`; meanwhile
/// `main` runs on the calling thread. When it returns, the script is played to its end.
///
/// Actions of blocks are not carried out; [`play`](crate::play) does that.
///
/// # Errors
/// What the plugin refuses, its output's checks say, or `main` returns.
pub fn play_meanwhile<T>(
    instance: &mut dyn Instance,
    script: &Script,
    main: impl FnOnce(&mut Meanwhile) -> Result<T>,
) -> Result<(Recording, T)> {
    prepare(instance, script)?;
    let mut tape = Tape::new(instance, script.setup.sample_rate);
    let mut processor = instance.activate(&script.setup)?;
    let link = Link::default();
    let (played, answer) = std::thread::scope(|scope| {
        let audio = || process(processor.as_mut(), script, &mut tape, &link);
        let audio = std::thread::Builder::new()
            .name("audio".into())
            .spawn_scoped(scope, audio)
            .map_err(|error| Error::Panicked(error.to_string()))?;
        let guard = StopAtPanic(&link);
        let mut meanwhile = Meanwhile { instance, link: &link };
        let answer = main(&mut meanwhile);
        if answer.is_err() {
            meanwhile.stop();
        }
        while !audio.is_finished() {
            if meanwhile.wait(TURN).is_err() {
                // The edit that it is about is in the recording for whoever wants to know.
                meanwhile.stop();
            }
        }
        drop(guard);
        let played = audio.join().map_err(|_| Error::Panicked("while it played".into()))?;
        Ok::<_, Error>((played, answer))
    })?;
    let deactivated = instance.deactivate(processor);
    let answer = answer?;
    played?;
    deactivated?;
    let mut recording = tape.finish(instance)?;
    recording.edits = std::mem::take(&mut *locked(&link.edits));
    Ok((recording, answer))
}

/// The audio thread.
fn process(
    processor: &mut dyn Processor,
    script: &Script,
    tape: &mut Tape,
    link: &Link,
) -> Result<()> {
    let mut pace = Pace::new(script.speed);
    let kept = if script.keep_auxiliary { usize::MAX } else { 1 };
    for block in &script.blocks {
        if link.stop.load(Ordering::Acquire) {
            break;
        }
        let changes = std::mem::take(&mut *locked(&link.changes));
        let seconds = block.frames as f64 / script.setup.sample_rate;
        if changes.is_empty() {
            tape.process(processor, block, kept, &mut NoHook)?;
        } else {
            let mut block = block.clone();
            for (parameter, value) in changes {
                block.change(0, &parameter, value);
            }
            tape.process(processor, &block, kept, &mut NoHook)?;
        }
        locked(&link.edits).append(&mut tape.recording.edits);
        pace.wait(seconds);
    }
    processor.stop();
    Ok(())
}
