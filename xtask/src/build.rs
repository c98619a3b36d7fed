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

/// Builds both bundles in release, and beside them on Linux the linker's list of what lies where in
/// them, `release/tributary.map`: the library itself ships without names.
///
/// The library is built as a `cdylib` alone: together with the `rlib` that the tests link, cargo
/// would switch link-time optimisation off for the plugin and compile its dependencies twice.
pub fn bundle() -> Result<Bundles> {
    let target = target_directory()?;
    let options = ["rustc", "--release", "--package", "tributary", "--lib"];
    let map = target.join("release/tributary.map");
    let map = format!("-Clink-arg=-Wl,-Map={}", map.display());
    let names = if cfg!(target_os = "linux") { vec!["--", map.as_str()] } else { vec![] };
    crate::run("cargo", &[&options[..], &["--crate-type", "cdylib"], &names].concat())?;
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

/// Builds the libraries that the real-time tests load besides the plugin: the guard, and a plugin
/// that misbehaves.
pub fn realtime_fixtures() -> Result<()> {
    let packages = ["--package", "rt-guard", "--package", "misbehaving"];
    crate::run("cargo", &[&["build", "--release"][..], &packages].concat())
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
