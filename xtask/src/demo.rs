//! Builds the plugin and starts the demo on it.

use anyhow::{Context, Result};

/// Sets the machine up, builds the bundles and lets the demo program play the CLAP.
pub fn run() -> Result<()> {
    crate::system::set_up();
    let bundles = crate::build::bundle()?;
    let folder = crate::build::target_directory()?.join("demo");
    let clap = bundles.clap.to_str().context("the target directory's name is not text")?;
    let folder = folder.to_str().context("the target directory's name is not text")?;
    let program = ["--package", "xtask", "--features", "pictures", "--bin", "demo"];
    let options = [&["run", "--quiet", "--release"], &program[..], &["--", clap, folder]].concat();
    crate::run("cargo", &options)
}
