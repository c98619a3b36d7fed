//! Runs the tests.

use std::process::{Command, Stdio};

use anyhow::Result;

/// Sets the machine up, builds the bundles once and runs every test of the workspace; `filter` goes
/// to the runner, as do its options.
pub fn run(filter: &[&str]) -> Result<()> {
    crate::system::set_up();
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

/// Long versions of tests that take more of their kind from the environment: a variable, its value,
/// and the tests' package, target and filter.
const LONG: [(&str, &str, [&str; 3]); 1] =
    [("TRIBUTARY_RANDOM_HOSTS", "250", ["tributary", "it", "random_host"])];

/// Runs the long versions, one after the other.
pub fn full() -> Result<()> {
    crate::build::bundle()?;
    for (variable, value, [package, target, filter]) in LONG {
        let variable = format!("{variable}={value}");
        let test = ["cargo", "test", "--package", package, "--test", target, "--", filter];
        crate::run("env", &[&[variable.as_str()], &test[..], &["--nocapture"]].concat())?;
    }
    Ok(())
}

/// Formatting, lints, tests.
pub fn ci() -> Result<()> {
    crate::run("cargo", &["fmt", "--all", "--check"])?;
    let lints = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    crate::run("cargo", &lints)?;
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
