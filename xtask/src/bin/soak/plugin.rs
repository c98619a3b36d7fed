//! The built plugin, heard from outside.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hosting::{HostEvent, Instance, Output, Processor, Recording, Script};

use crate::compare::{Losses, compare};
use crate::process::{Used, resident_bytes};
use crate::scene::Voice;
use crate::{BLOCK, RATE, TEMPO};

/// What the audio thread tells of a minute.
#[derive(Default)]
struct Minute {
    /// Events of each instance, at samples from the start.
    events: Vec<Vec<HostEvent>>,
    /// Samples played since the start.
    end: i64,
    /// Blocks that were not done when the next was due, and the longest time that one took.
    n_overrun: usize,
    longest: Duration,
}

/// Plays all voices at once, each in an instance; `true` when every note was heard in time.
pub fn play(bundle: &Path, scene: &[Voice], minutes: f64) -> Result<bool> {
    let scripts: Vec<Script> = scene.iter().map(|voice| voice.script(minutes)).collect();
    eprintln!("each of {} instances plays alone, offline ...", scene.len());
    let started = Instant::now();
    let alone: Vec<Recording> = scripts
        .iter()
        .map(|script| {
            let recording = hosting::run(bundle, script)?;
            Ok(Recording { events: recording.events, ..Recording::default() })
        })
        .collect::<Result<_>>()?;
    let seconds = minutes * 60.0 * scene.len() as f64;
    let speed = seconds / started.elapsed().as_secs_f64();
    println!("offline, one after the other: {speed:.0} x real time");

    let mut instances: Vec<Box<dyn Instance>> = Vec::new();
    let mut processors: Vec<Box<dyn Processor>> = Vec::new();
    for script in &scripts {
        let script = script.clone().in_real_time(1.0);
        let mut instance = hosting::load(bundle)?;
        hosting::prepare(instance.as_mut(), &script)?;
        processors.push(instance.activate(&script.setup)?);
        instances.push(instance);
    }

    println!("\nthe plugin, {} instances, {minutes} minutes:", scene.len());
    println!(
        "minute   notes   late  missing  strange  beats   composing  process   memory  \
         longest block"
    );
    let mut heard: Vec<Vec<HostEvent>> = vec![Vec::new(); scene.len()];
    let mut total = Losses::default();
    let samples_per_beat = (RATE * 60.0 / TEMPO) as i64;
    let (sender, receiver) = channel();
    let outcome = std::thread::scope(|scope| -> Result<()> {
        let audio = std::thread::Builder::new()
            .name("audio".into())
            .spawn_scoped(scope, || process(&mut processors, &scripts, sender))?;
        let mut used = Used::now()?;
        let mut begin = 0;
        for (idx, minute) in receiver.iter().enumerate() {
            for (heard, events) in heard.iter_mut().zip(minute.events) {
                heard.extend(events);
            }
            let mut losses = Losses::default();
            for (heard, alone) in heard.iter().zip(&alone) {
                losses += compare(&alone.events, heard, begin..minute.end, samples_per_beat);
            }
            begin = minute.end;
            total += losses;
            let now = Used::now()?;
            let load = now.since(&used);
            used = now;
            let memory = resident_bytes()? as f64 / 1e6;
            println!(
                "{:>6} {:>7} {:>6} {:>8} {:>8} {:>6} {:>9.1} % {:>6.1} % {memory:>5.0} MB \
                 {:>6.2} ms, {} too long",
                idx + 1,
                losses.n_notes,
                losses.n_late,
                losses.n_missing,
                losses.n_strange,
                losses.n_beats,
                load.composing * 100.0,
                load.process * 100.0,
                minute.longest.as_secs_f64() * 1e3,
                minute.n_overrun,
            );
            if idx == 0 {
                println!("       composing threads: {}", now.n_composing_threads);
            }
        }
        audio.join().ok().context("the audio thread panicked")?
    });
    for (instance, processor) in instances.iter_mut().zip(processors) {
        instance.deactivate(processor)?;
    }
    outcome?;
    let mut n_equal = 0;
    for (idx, (events, alone)) in heard.into_iter().zip(&alone).enumerate() {
        let together = Recording { events, ..Recording::default() };
        if together.music() == alone.music() {
            n_equal += 1;
        } else {
            println!("instance {idx} ({:?}) was not heard as it plays alone", scene[idx]);
        }
    }
    println!(
        "in all: {} notes, {} late, {} missing, {} strange, in {} beats; {n_equal} of {} \
         instances equal to the last event",
        total.n_notes,
        total.n_late,
        total.n_missing,
        total.n_strange,
        total.n_beats,
        scene.len()
    );
    Ok(total.is_none() && n_equal == scene.len())
}

/// The audio thread: every instance's block, then sleep until the next is due.
fn process(
    processors: &mut [Box<dyn Processor>],
    scripts: &[Script],
    minutes: Sender<Minute>,
) -> Result<()> {
    let n_blocks = scripts.first().map_or(0, |script| script.blocks.len());
    let blocks_a_minute = (RATE * 60.0 / BLOCK as f64) as usize;
    let empty = || Minute { events: vec![Vec::new(); scripts.len()], ..Minute::default() };
    let mut output = Output::default();
    let mut minute = empty();
    let mut frame = 0;
    let started = Instant::now();
    for block in 0..n_blocks {
        let begun = Instant::now();
        let mut frames = 0;
        for (idx, (processor, script)) in processors.iter_mut().zip(scripts).enumerate() {
            let block = &script.blocks[block];
            frames = block.frames as i64;
            processor.process(block, frame, &mut output)?;
            let events = output.events.iter();
            minute.events[idx]
                .extend(events.map(|event| HostEvent { sample: event.sample + frame, ..*event }));
        }
        frame += frames;
        let due = started + Duration::from_secs_f64(frame as f64 / RATE);
        let now = Instant::now();
        minute.longest = minute.longest.max(now - begun);
        minute.n_overrun += usize::from(now > due);
        if (block + 1) % blocks_a_minute == 0 || block + 1 == n_blocks {
            minute.end = frame;
            let told = minutes.send(std::mem::replace(&mut minute, empty()));
            told.ok().context("nobody listens")?;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    processors.iter_mut().for_each(|processor| processor.stop());
    Ok(())
}
