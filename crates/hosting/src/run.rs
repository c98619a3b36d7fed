//! Runs a script: load, set, activate, process on a thread of its own, stop, read back.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::{
    BusAudio, Error, Instance, NoHook, Output, ProcessHook, Processor, Recording, Result, Script,
    Setting, load,
};

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
/// Processing happens on a thread named `audio`, where `hook` is armed first; meanwhile the calling
/// thread gives the plugin its main-thread turns.
///
/// # Errors
/// As [`run`].
pub fn play(
    instance: &mut dyn Instance,
    script: &Script,
    hook: &mut (dyn ProcessHook + Send),
) -> Result<Recording> {
    prepare(instance, script)?;
    let mut recording = Recording {
        sample_rate: script.setup.sample_rate,
        audio: instance
            .outputs()
            .iter()
            .map(|bus| BusAudio {
                name: bus.name.clone(),
                channels: vec![Vec::new(); bus.channels],
            })
            .collect(),
        ..Recording::default()
    };
    let mut processor = instance.activate(&script.setup)?;
    let outcome = std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("audio".into())
            .spawn_scoped(scope, || {
                let outcome = process_all(processor.as_mut(), script, &mut recording, hook);
                processor.stop();
                outcome
            })
            .map_err(|error| Error::Panicked(error.to_string()))?;
        while !worker.is_finished() {
            instance.idle();
            std::thread::sleep(Duration::from_micros(500));
        }
        worker.join().unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(Error::Panicked(text.unwrap_or_default()))
        })
    });
    let deactivated = instance.deactivate(processor);
    outcome?;
    deactivated?;
    let parameters: Vec<_> = instance.parameters().iter().cloned().collect();
    recording.values =
        parameters.iter().map(|parameter| instance.value(parameter)).collect::<Result<_>>()?;
    recording.state = instance.save_state()?;
    Ok(recording)
}

/// Measures each call besides passing it on.
struct Clock<'a> {
    inner: &'a mut (dyn ProcessHook + Send),
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

fn process_all(
    processor: &mut dyn Processor,
    script: &Script,
    recording: &mut Recording,
    hook: &mut (dyn ProcessHook + Send),
) -> Result<()> {
    hook.arm();
    let started = Instant::now();
    let mut clock = Clock { inner: hook, entered: started, nanoseconds: 0 };
    let mut output = Output::default();
    for block in &script.blocks {
        let start = recording.frames;
        processor.process_hooked(block, start, &mut output, &mut clock)?;
        recording.block_nanoseconds.push(clock.nanoseconds);
        recording.other_events += output.other_events;
        recording.refused_events += output.refused_events;
        recording.events.extend(output.events.iter().map(|event| {
            let mut event = *event;
            event.sample += start;
            event
        }));
        let kept = if script.keep_auxiliary { usize::MAX } else { 1 };
        for (whole, piece) in recording.audio.iter_mut().zip(&output.audio).take(kept) {
            for (whole, piece) in whole.channels.iter_mut().zip(piece) {
                whole.extend_from_slice(piece);
            }
        }
        recording.frames += block.frames as i64;
        if let Some(speed) = script.speed {
            let seconds = recording.frames as f64 / script.setup.sample_rate / speed;
            let due = started + Duration::from_secs_f64(seconds);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
    Ok(())
}
