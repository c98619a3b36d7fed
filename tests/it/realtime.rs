//! The audio thread of the shipped plugin under the real-time guard.
//!
//! Each test runs itself a second time with the guard preloaded, and there drives the built bundle
//! in a host. The guard sees everything that happens inside the process calls.

mod atomics;
mod exceptions;
mod misbehaving;
mod random_host;
mod symbols;

use std::path::Path;
use std::process::Command;

use hosting::{BlockOffences, RealtimeGuard, Script};

use self::symbols::{Symbols, library_of};
use crate::support::{clap, fixture, vst3};

/// Set in the process that has the guard.
const GUARDED: &str = "TRIBUTARY_GUARDED";

/// How long each format's random host runs, in seconds; `cargo xtask realtime` asks for more.
const SECONDS: (&str, f64) = ("TRIBUTARY_REALTIME_SECONDS", 5.0);

/// The random host's seed.
const SEED: (&str, u64) = ("TRIBUTARY_REALTIME_SEED", 1);

/// Process calls of a thread that are not looked at. In the first that has frames, the framework's
/// channel and the standard library make what they keep for each thread.
const EXEMPT: usize = 1;

/// Runs `body` in a process that has the guard, which is this very test once more.
fn under_guard(test: &str, body: impl FnOnce()) {
    if std::env::var_os(GUARDED).is_some() {
        return body();
    }
    let guard = fixture("rt-guard", "librt_guard.so");
    let output = Command::new(std::env::current_exe().expect("the path of the test program"))
        .args([test, "--exact", "--nocapture"])
        .env("LD_PRELOAD", &guard)
        .env(GUARDED, "1")
        .output()
        .expect("the test program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{test} failed under the guard: {}", output.status);
    // A name that no test has would run nothing, and succeed.
    assert!(said.contains("test result: ok. 1 passed"), "{test} did not run under the guard");
}

/// A value from the environment, or the usual one.
fn setting<T: std::str::FromStr + Copy>((name, usual): (&str, T)) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => usual,
    }
}

/// A random host for as long as asked, with six states restored from its main thread.
fn a_random_host_sees_no_offence(bundle: &Path) {
    let (seed, seconds) = (setting(SEED), setting(SECONDS));
    let mut instance = hosting::load(bundle).unwrap();
    let format = instance.format();
    println!("{format:?}: seed {seed}, {seconds} s; set {}=SEED for another", SEED.0);
    let states = random_host::states(instance.as_mut(), seed);
    let script = random_host::script(seed, seconds, instance.parameters(), &states);
    let mut guard = RealtimeGuard::counting(EXEMPT).unwrap();
    let recording = hosting::play(instance.as_mut(), &script, &mut guard).unwrap();
    assert_eq!(recording.refused_states, 0, "states that were not restored");
    let symbols = Symbols::of(bundle, &library_of(bundle));
    let offending = guard.offences().unwrap();
    let mut excused = 0;
    let mut report = String::new();
    for block in offending {
        let asked = &script.blocks[block.block];
        let remaining = exceptions::remaining(format, asked, &block.offences, &symbols);
        excused += block.offences.len() - remaining.len();
        if !remaining.is_empty() || block.count > block.offences.len() as u64 {
            report += &described(block, &remaining, &script, &symbols);
        }
    }
    println!(
        "{format:?}: {} blocks guarded, {} notes, {excused} excused system calls of the framework",
        guard.n_blocks(),
        recording.events.len() / 2,
    );
    if excused > 0 {
        exceptions::reasons().for_each(|reason| println!("  {reason}"));
    }
    let shown: String = report.lines().take(80).map(|line| format!("{line}\n")).collect();
    assert!(report.is_empty(), "{format:?}, seed {seed}:\n{shown}");
    assert!(recording.events.len() > 10, "the band hardly played: nothing was proven");
}

/// An offending block in words, with the functions that led to each offence.
fn described(
    block: &BlockOffences,
    offences: &[&hosting::Offence],
    script: &Script,
    symbols: &Symbols,
) -> String {
    let asked = &script.blocks[block.block];
    let mut text = format!(
        "block {} of {} ({} frames, {} changes, {} notes) has {} offences\n",
        block.block,
        script.blocks.len(),
        asked.frames,
        asked.changes.len(),
        asked.notes.len(),
        block.count,
    );
    for offence in offences.iter().take(3) {
        text += &format!("  {:?}: {} {:x?}\n", offence.kind, offence.what, offence.syscall);
        for frame in &offence.frames {
            text += &format!("    {}\n", symbols.name(frame));
        }
    }
    text
}

#[test]
fn clap_keeps_the_audio_threads_promise() {
    under_guard("realtime::clap_keeps_the_audio_threads_promise", || {
        a_random_host_sees_no_offence(&clap());
    });
}

#[test]
fn vst3_keeps_the_audio_threads_promise() {
    under_guard("realtime::vst3_keeps_the_audio_threads_promise", || {
        a_random_host_sees_no_offence(&vst3());
    });
}
