//! Runs a script: load, set, activate, process on a thread of its own, stop, read back.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::{
    Action, Block, BusAudio, Error, EventKind, Instance, NoHook, Output, ProcessHook, Processor,
    Recording, Result, Script, Setting, Setup, load,
};

/// How often the main thread gives the plugin a turn.
const TURN: Duration = Duration::from_micros(500);

/// Loads a bundle, runs a script on it and drops it.
///
/// # Errors
/// What loading, the plugin or its output's checks say.
pub fn run(bundle: impl AsRef<Path>, script: &Script) -> Result<Recording> {
    play(load(bundle)?.as_mut(), script, &mut NoHook)
}

/// Restores a script's state and sets its settings on an instance that is not active.
///
/// # Errors
/// What the plugin refuses, or a name or text that it does not know.
pub fn prepare(instance: &mut dyn Instance, script: &Script) -> Result<()> {
    if let Some(state) = &script.state {
        instance.load_state(state)?;
    }
    for (name, setting) in &script.settings {
        let parameter = instance.parameters().find(name)?.clone();
        let value = match setting {
            Setting::Text(text) => instance.parse(&parameter, text)?,
            Setting::Value(value) => *value,
        };
        instance.set(&parameter, value)?;
    }
    Ok(())
}

/// Runs a script on a loaded instance that is not active.
///
/// Processing happens on a thread named `audio`, a new one for each activation, where `hook` is
/// armed first; meanwhile the calling thread gives the plugin its main-thread turns.
///
/// # Errors
/// As [`run`].
pub fn play(
    instance: &mut dyn Instance,
    script: &Script,
    hook: &mut (dyn ProcessHook + Send),
) -> Result<Recording> {
    prepare(instance, script)?;
    let mut tape = Tape::new(instance, script.setup.sample_rate);
    let mut setup = script.setup;
    let mut place = Place::default();
    let mut pace = Pace::new(script.speed);
    loop {
        let mut processor = instance.activate(&setup)?;
        tape.begin_activation();
        let outcome = on_audio_thread(instance, |main| {
            hook.arm();
            let audio = Audio { processor: processor.as_mut(), tape: &mut tape, hook };
            let outcome = audio.process(script, &setup, &mut place, &mut pace, main);
            processor.stop();
            outcome
        });
        let deactivated = instance.deactivate(processor);
        let (next, refused_states) = outcome?;
        deactivated?;
        tape.recording.refused_states += refused_states;
        match next {
            Some(next) => setup = next,
            None => return tape.finish(instance),
        }
    }
}

/// Where a script has come to.
#[derive(Default)]
struct Place {
    block: usize,
    action: usize,
}

/// When blocks are due.
pub(crate) struct Pace {
    due: Instant,
    speed: Option<f64>,
}

impl Pace {
    /// Begins now, `speed` times faster than the clock, or without waiting at all.
    pub(crate) fn new(speed: Option<f64>) -> Self {
        Self { due: Instant::now(), speed }
    }

    /// Waits until a block of so many seconds has passed.
    pub(crate) fn wait(&mut self, seconds: f64) {
        if let Some(speed) = self.speed {
            self.due += Duration::from_secs_f64(seconds / speed);
            std::thread::sleep(self.due.saturating_duration_since(Instant::now()));
        }
    }
}

/// A state that the main thread is to restore, and where to say that it has.
struct Job {
    state: Vec<u8>,
    done: Sender<()>,
}

/// Runs `body` on an audio thread and serves its jobs; adds the number of refused states.
fn on_audio_thread<T: Send>(
    instance: &mut dyn Instance,
    body: impl FnOnce(Sender<Job>) -> Result<T> + Send,
) -> Result<(T, usize)> {
    let (sender, jobs) = channel();
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("audio".into())
            .spawn_scoped(scope, || body(sender))
            .map_err(|error| Error::Panicked(error.to_string()))?;
        let refused_states = serve(instance, &jobs);
        let outcome = worker.join().unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(Error::Panicked(text.unwrap_or_default()))
        });
        outcome.map(|value| (value, refused_states))
    })
}

/// The main thread's turns until the audio thread has ended.
fn serve(instance: &mut dyn Instance, jobs: &Receiver<Job>) -> usize {
    let mut refused_states = 0;
    loop {
        instance.idle();
        match jobs.recv_timeout(TURN) {
            Ok(job) => {
                refused_states += usize::from(instance.load_state(&job.state).is_err());
                // Nobody waits for a state that was loaded meanwhile.
                let _ = job.done.send(());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return refused_states,
        }
    }
}

/// The audio thread's side of an activation.
struct Audio<'a> {
    processor: &'a mut dyn Processor,
    tape: &'a mut Tape,
    hook: &'a mut (dyn ProcessHook + Send),
}

impl Audio<'_> {
    /// Processes until the script ends, or up to the set-up of the next activation.
    fn process(
        self,
        script: &Script,
        setup: &Setup,
        place: &mut Place,
        pace: &mut Pace,
        main: Sender<Job>,
    ) -> Result<Option<Setup>> {
        let kept = if script.keep_auxiliary { usize::MAX } else { 1 };
        while let Some(block) = script.blocks.get(place.block) {
            while let Some(action) = block.before.get(place.action) {
                place.action += 1;
                match action {
                    Action::Reset => self.processor.reset(),
                    Action::StopProcessing => self.processor.stop(),
                    Action::Activate(setup) => return Ok(Some(*setup)),
                    Action::LoadState(state) => load_on(&main, state, true)?,
                    Action::LoadStateMeanwhile(state) => load_on(&main, state, false)?,
                }
            }
            self.tape.process(self.processor, block, kept, self.hook)?;
            *place = Place { block: place.block + 1, action: 0 };
            pace.wait(block.frames as f64 / setup.sample_rate);
        }
        Ok(None)
    }
}

fn load_on(main: &Sender<Job>, state: &[u8], wait: bool) -> Result<()> {
    let (done, has_loaded) = channel();
    let gone = || Error::Panicked("the main thread is gone".into());
    main.send(Job { state: state.to_vec(), done }).map_err(|_| gone())?;
    if wait { has_loaded.recv().map_err(|_| gone()) } else { Ok(()) }
}

/// Takes down what an instance plays, block by block.
pub(crate) struct Tape {
    pub(crate) recording: Recording,
    output: Output,
    /// Frame at which the instance was activated last.
    activated_at: i64,
    sounding: usize,
}

impl Tape {
    pub(crate) fn new(instance: &dyn Instance, sample_rate: f64) -> Self {
        let buses = instance.outputs().iter();
        let audio = buses.map(|bus| BusAudio {
            name: bus.name.clone(),
            channels: vec![Vec::new(); bus.channels],
        });
        let recording = Recording { sample_rate, audio: audio.collect(), ..Recording::default() };
        Self { recording, output: Output::default(), activated_at: 0, sounding: 0 }
    }

    /// The plugin's count of frames starts anew.
    fn begin_activation(&mut self) {
        self.activated_at = self.recording.frames;
    }

    /// One process call; the samples of the first `kept` buses are kept.
    pub(crate) fn process(
        &mut self,
        processor: &mut dyn Processor,
        block: &Block,
        kept: usize,
        hook: &mut dyn ProcessHook,
    ) -> Result<()> {
        let Self { recording, output, .. } = self;
        let start = recording.frames;
        let mut clock = Clock { inner: hook, entered: Instant::now(), nanoseconds: 0 };
        processor.process_hooked(block, start - self.activated_at, output, &mut clock)?;
        recording.block_nanoseconds.push(clock.nanoseconds);
        recording.other_events += output.other_events;
        recording.edits.extend_from_slice(&output.edits);
        recording.refused_events += output.refused_events;
        for event in &output.events {
            match event.kind {
                EventKind::On => self.sounding += 1,
                EventKind::Off => self.sounding = self.sounding.saturating_sub(1),
            }
            let mut event = *event;
            event.sample += start;
            recording.events.push(event);
        }
        recording.sounding.push(self.sounding);
        for (whole, piece) in recording.audio.iter_mut().zip(&output.audio).take(kept) {
            for (whole, piece) in whole.channels.iter_mut().zip(piece) {
                whole.extend_from_slice(piece);
            }
        }
        recording.frames += block.frames as i64;
        Ok(())
    }

    /// Reads back what the instance has become.
    pub(crate) fn finish(self, instance: &mut dyn Instance) -> Result<Recording> {
        let mut recording = self.recording;
        let parameters: Vec<_> = instance.parameters().iter().cloned().collect();
        recording.values =
            parameters.iter().map(|parameter| instance.value(parameter)).collect::<Result<_>>()?;
        recording.state = instance.save_state()?;
        Ok(recording)
    }
}

/// Measures each call besides passing it on.
struct Clock<'a> {
    inner: &'a mut dyn ProcessHook,
    entered: Instant,
    nanoseconds: u64,
}

impl ProcessHook for Clock<'_> {
    fn enter(&mut self) {
        self.entered = Instant::now();
        self.inner.enter();
    }

    fn exit(&mut self) {
        self.inner.exit();
        self.nanoseconds = self.entered.elapsed().as_nanos() as u64;
    }
}
