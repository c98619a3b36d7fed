//! Builds the plugin and its bundles.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Where the bundles are.
pub struct Bundles {
    /// The CLAP, a file.
    pub clap: PathBuf,
    /// The VST3, a folder.
    pub vst3: PathBuf,
}

/// Builds both bundles in release.
///
/// The library is built as a `cdylib` alone: together with the `rlib` that the tests link, cargo
/// would switch link-time optimisation off for the plugin and compile its dependencies twice.
pub fn bundle() -> Result<Bundles> {
    let options = ["rustc", "--release", "--package", "tributary", "--lib"];
    crate::run("cargo", &[&options[..], &["--crate-type", "cdylib"]].concat())?;
    let target = target_directory()?;
    // The bundler reads bundler.toml from the current directory.
    std::env::set_current_dir(crate::root()).context("cannot enter the repository")?;
    nice_plug_xtask::bundle(&target, "tributary", &["--release".to_owned()], false)?;
    let folder = target.join("bundled");
    let bundles =
        Bundles { clap: folder.join("Tributary.clap"), vst3: folder.join("Tributary.vst3") };
    for bundle in [&bundles.clap, &bundles.vst3] {
        if !bundle.exists() {
            bail!("the bundler did not make {}", bundle.display());
        }
    }
    Ok(bundles)
}

/// Cargo's target directory, which an environment variable or a setting may have moved.
pub fn target_directory() -> Result<PathBuf> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(crate::root())
        .output()
        .context("cannot start `cargo metadata`")?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("`cargo metadata` did not print JSON")?;
    let target = metadata["target_directory"].as_str();
    Ok(Path::new(target.context("`cargo metadata` names no target directory")?).to_owned())
}
