//! The long versions of the real-time tests, which are the everyday ones with other settings.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

/// Runs the random hosts of both formats under the guard for so many minutes in all, from a seed
/// that is new each time and printed.
pub fn run(minutes: &str) -> Result<()> {
    let minutes: f64 = minutes
        .parse()
        .ok()
        .filter(|minutes| *minutes > 0.0)
        .context("--minutes wants a number")?;
    let seconds = (minutes * 30.0).to_string();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    let seed = now.as_secs().to_string();
    test(
        "audio_threads_promise",
        &[("TRIBUTARY_REALTIME_SECONDS", &seconds), ("TRIBUTARY_REALTIME_SEED", &seed)],
    )
}

/// Steps through process calls and compares the locked instructions with the list, both ways.
pub fn atomics(bless: bool) -> Result<()> {
    let setting = if bless { "TRIBUTARY_BLESS" } else { "TRIBUTARY_EXACT_ATOMICS" };
    test("realtime::atomics::locked_instructions_of", &[(setting, "1")])
}

fn test(filter: &str, settings: &[(&str, &str)]) -> Result<()> {
    crate::build::bundle()?;
    crate::build::realtime_fixtures()?;
    let options = ["test", "--package", "tributary", "--test", "it", "--", filter];
    let status = Command::new("cargo")
        .args(options)
        .args(["--nocapture", "--test-threads", "1"])
        .envs(settings.iter().copied())
        .current_dir(crate::root())
        .status()
        .context("cannot start `cargo test`")?;
    if !status.success() {
        bail!("`cargo {}` failed: {status}", options.join(" "));
    }
    Ok(())
}
