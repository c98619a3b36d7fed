//! Runs the tests.

use std::process::{Command, Stdio};

use anyhow::Result;

/// Sets the machine up, builds the bundles once and runs every test of the workspace; `filter` goes
/// to the runner, as do its options.
pub fn run(filter: &[&str]) -> Result<()> {
    crate::system::set_up();
    crate::build::bundle()?;
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
