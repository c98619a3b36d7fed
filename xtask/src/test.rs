//! Runs the tests.

use std::process::{Command, Stdio};

use anyhow::Result;

/// Sets the machine up, builds the bundles once and runs the lints and every test of the workspace;
/// `filter` goes to the runner, as do its options, and leaves the lints out.
pub fn run(filter: &[&str]) -> Result<()> {
    crate::system::set_up();
    if filter.is_empty() {
        // They are part of what proves that the audio thread neither allocates nor waits.
        let lints = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        crate::run("cargo", &lints)?;
    }
    crate::build::bundle()?;
    crate::build::realtime_fixtures()?;
    if !has_nextest() {
        return crate::run("cargo", &[&["test", "--workspace"], filter].concat());
    }
    if filter.is_empty() {
        // The runner below does not know documentation tests. They go first, so that the last
        // lines are the runner's summary.
        crate::run("cargo", &["test", "--workspace", "--doc", "--quiet"])?;
    }
    crate::run("cargo", &[&["nextest", "run", "--workspace"], filter].concat())
}

/// A test with a long version, which takes more of its kind from the environment.
struct Long {
    variable: &'static str,
    value: &'static str,
    /// Which tests are built, and how.
    target: &'static [&'static str],
    filter: &'static str,
}

const LONG: [Long; 2] = [
    Long {
        variable: "TRIBUTARY_TRANSPORT_EVENTS",
        value: "1000000",
        target: &["--release", "--package", "composer", "--test", "it"],
        filter: "random_host",
    },
    Long {
        variable: "TRIBUTARY_RANDOM_HOSTS",
        value: "250",
        target: &["--package", "tributary", "--test", "it"],
        filter: "random_host",
    },
];

/// Runs the long versions, one after the other.
pub fn full() -> Result<()> {
    crate::build::bundle()?;
    for Long { variable, value, target, filter } in LONG {
        let variable = format!("{variable}={value}");
        let test = [&[variable.as_str(), "cargo", "test"], target, &["--", filter, "--nocapture"]];
        crate::run("env", &test.concat())?;
    }
    Ok(())
}

/// Formatting, then lints and tests.
pub fn ci() -> Result<()> {
    crate::run("cargo", &["fmt", "--all", "--check"])?;
    run(&[])
}

fn has_nextest() -> bool {
    Command::new("cargo")
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
