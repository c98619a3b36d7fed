//! Plays many instances for minutes as a DAW does, and counts what was not there in time.
//!
//! All instances follow one transport at 120 BPM in blocks of 512 frames from one audio thread, so
//! that they all ask for their beats in the same block, which is the worst case. First the built
//! plugin plays: each instance must be heard with exactly the notes that it plays alone in an
//! offline host. Then as many sessions of the composer play by themselves, without a plugin around
//! them, where their counters and the time that was left before each beat can be read. If it is asked
//! to, this program learns styles meanwhile, one after another, as an instance would.
//!
//! `cargo xtask soak` builds the plugin and starts this program.

mod compare;
mod lessons;
mod plugin;
mod process;
mod scene;
mod sessions;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::lessons::Lessons;

/// What the DAW plays at.
const RATE: f64 = 48_000.0;
const TEMPO: f64 = 120.0;
const BLOCK: usize = 512;

/// The song stands still for a second before it plays, as in a host before somebody presses play.
const STAND_BLOCKS: usize = 94;

/// Sessions need not play for longer: the plugin plays the same.
const MOST_SESSION_MINUTES: f64 = 1.0;

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: soak BUNDLE INSTANCES MINUTES [learn]";
    let bundle = PathBuf::from(arguments.next().context(usage)?);
    let n_instances: usize = arguments.next().context(usage)?.parse().context(usage)?;
    let minutes: f64 = arguments.next().context(usage)?.parse().context(usage)?;
    let learns = arguments.next().is_some_and(|word| word == "learn");

    let scene = scene::scene(n_instances);
    let lessons = learns.then(Lessons::begin).transpose()?;
    let plugin = plugin::play(&bundle, &scene, minutes)?;
    let sessions = sessions::play(&scene, minutes.min(MOST_SESSION_MINUTES))?;
    if let Some(lessons) = lessons {
        lessons.end()?;
    }
    if plugin && sessions {
        println!("{n_instances} instances played every note in time");
        return Ok(ExitCode::SUCCESS);
    }
    println!("NOT every note was played in time");
    Ok(ExitCode::FAILURE)
}
