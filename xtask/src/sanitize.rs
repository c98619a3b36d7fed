//! What nightly's sanitizers say about the threads, as far as this machine has them.
//!
//! The everyday checks need none of this: they watch the shipped binary from outside. ThreadSanitizer
//! sees data races on the way, RealtimeSanitizer what blocks the audio thread. Without the standard library's sources that library itself is not
//! instrumented: what it does inside is then invisible, and so is what it orders by its own means.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The tests that move notes and requests between threads.
const THREADED: &[&[&str]] = &[&["--package", "player"], &["--package", "composer", "--lib"]];

/// ThreadSanitizer over the threaded tests, RealtimeSanitizer over the player and the sound, then
/// Miri over the player where it is installed.
pub fn run() -> Result<()> {
    if !succeeds(&["+nightly", "--version"]) {
        println!("skipped: there is no nightly toolchain");
        return Ok(());
    }
    let target = host_triple()?;
    for packages in THREADED {
        // Another directory: other flags would build everything anew each time.
        let options = ["+nightly", "test", "--target", &target, "--target-dir", "target/sanitize"];
        let flags = "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer";
        let suppressions = crate::root().join("xtask/tsan-suppressions.txt");
        let options_of_tsan = format!("suppressions={}", suppressions.display());
        let settings = [("RUSTFLAGS", flags), ("TSAN_OPTIONS", options_of_tsan.as_str())];
        nightly(&[&options[..], packages].concat(), &settings)?;
    }
    let realtime = ["--package", "composer", "--test", "realtime_sanitizer"];
    let options =
        ["+nightly", "test", "--release", "--target", &target, "--target-dir", "target/sanitize"];
    let flags = "-Zsanitizer=realtime -Cunsafe-allow-abi-mismatch=sanitizer --cfg rtsan";
    nightly(&[&options[..], &realtime].concat(), &[("RUSTFLAGS", flags)])?;
    if succeeds(&["+nightly", "miri", "--version"]) {
        nightly(&["+nightly", "miri", "test", "--package", "player"], &[])
    } else {
        println!("skipped: the nightly toolchain has no Miri");
        Ok(())
    }
}

fn succeeds(arguments: &[&str]) -> bool {
    let mut command = Command::new("cargo");
    let command = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn host_triple() -> Result<String> {
    let output = Command::new("rustc").args(["+nightly", "-vV"]).output().context("rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("`rustc -vV` names no host")?.to_owned())
}

fn nightly(arguments: &[&str], settings: &[(&str, &str)]) -> Result<()> {
    let line = arguments.join(" ");
    eprintln!("$ cargo {line}");
    let status = Command::new("cargo")
        .args(arguments)
        .envs(settings.iter().copied())
        .current_dir(crate::root())
        .status()
        .with_context(|| format!("cannot start `cargo {line}`"))?;
    if !status.success() {
        bail!("`cargo {line}` failed: {status}");
    }
    Ok(())
}
