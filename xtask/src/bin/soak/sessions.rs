//! The composer without a plugin around it, where all of its counters can be read.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use composer::{Generator, NeuralGenerator, Session, Settings, Timing, session};
use player::{Playhead, Status};
use score::{Controls, Tempo};

use crate::process::Used;
use crate::scene::Voice;
use crate::{BLOCK, RATE, STAND_BLOCKS, TEMPO};

/// One instance.
struct Seat {
    session: Session,
    controls: Controls,
    start: f64,
}

/// Plays all voices in sessions of this program; `true` when no beat was late.
pub fn play(scene: &[Voice], minutes: f64) -> Result<bool> {
    let network = shipped()?;
    let mut seats: Vec<Seat> = scene
        .iter()
        .map(|voice| {
            let network = Arc::clone(&network);
            let make = || Ok(Box::new(NeuralGenerator::new(network)) as Box<dyn Generator>);
            let session = session::start(make, Settings::default());
            Seat { session, controls: voice.controls(), start: voice.start }
        })
        .collect();
    println!("\nsessions of the composer, {} of them, {minutes} minutes:", seats.len());
    let standing = Playhead { tempo: Tempo::new(TEMPO), ..Playhead::standing(RATE) };
    let samples_per_beat = standing.samples_per_beat();
    let n_blocks = STAND_BLOCKS + (minutes * 60.0 * RATE / BLOCK as f64) as usize;
    let used = Used::now()?;
    let started = Instant::now();
    let mut n_overrun = 0;
    for block in 0..n_blocks {
        let playing = block >= STAND_BLOCKS;
        let n_played = block.saturating_sub(STAND_BLOCKS) * BLOCK;
        for Seat { session, controls, start } in &mut seats {
            let position_beats = *start + n_played as f64 / samples_per_beat;
            let playhead = Playhead { playing, position_beats, ..standing };
            session.player.fill_block(&playhead, BLOCK, controls, &mut |_| true);
        }
        let due = started + Duration::from_secs_f64(((block + 1) * BLOCK) as f64 / RATE);
        n_overrun += usize::from(Instant::now() > due);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let load = Used::now()?.since(&used);

    let mut timing = Timing::default();
    let mut failed = false;
    for Seat { session, .. } in &seats {
        timing.merge(&session.report.timing());
        if let Some(failure) = session.report.failure() {
            println!("a session failed: {failure}");
            failed = true;
        }
    }
    let sum =
        |of: fn(&Status) -> u32| -> u32 { seats.iter().map(|seat| of(&seat.session.status)).sum() };
    let (late, dropped) = (sum(Status::late), sum(Status::dropped));
    let (underruns, delayed) = (sum(Status::underruns), sum(Status::delayed_requests));
    let millis = |time: Option<Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
    let (composing, slack) = (&timing.composing, &timing.slack);
    println!("notes played                {:>9}", sum(Status::played));
    println!("late, dropped               {late:>9}, {dropped}");
    println!("missed beats                {underruns:>9}");
    println!("requests delayed            {delayed:>9}");
    println!("beats composed              {:>9}", composing.count());
    println!(
        "time to compose a beat      {:>9.2} ms (p50), {:.2} ms (p99), {:.2} ms (max)",
        millis(composing.quantile(0.5)),
        millis(composing.quantile(0.99)),
        millis(composing.max()),
    );
    println!(
        "time left before a beat     {:>9.1} ms (p50), {:.1} ms (p1), {:.1} ms (min)",
        millis(slack.quantile(0.5)),
        millis(slack.quantile(0.01)),
        millis(slack.min()),
    );
    println!("beats done after their time {:>9}", timing.n_overdue);
    println!("blocks that took too long   {n_overrun:>9}");
    println!(
        "composing thread, process   {:>9.1} % of a core, {:.1} %",
        load.composing * 1e2,
        load.process * 1e2
    );
    Ok(late + dropped + underruns + timing.n_overdue == 0 && !failed)
}

/// The shipped network.
pub fn shipped() -> Result<Arc<model::Network>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let read = |name: &str| {
        let file = folder.join(name);
        std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    let (weights, manifest) = (read("tributary-v4.safetensors")?, read("tributary-v4.json")?);
    model::Network::from_bytes(&weights, &manifest).context("the shipped model")
}
