//! Builds the plugin and starts the soak on it.

use anyhow::{Context, Result, bail};

/// Plays as many instances for as long as `words` say; see the usage of the program.
pub fn run(words: &[&str]) -> Result<()> {
    let (mut instances, mut minutes, mut format) = ("32", "5", "clap");
    let mut learn = "";
    let mut words = words.iter();
    while let Some(option) = words.next() {
        if *option == "--learn" {
            learn = "learn";
            continue;
        }
        let value = words.next().with_context(|| format!("{option} needs a value"))?;
        match *option {
            "--instances" => instances = value,
            "--minutes" => minutes = value,
            "--format" => format = value,
            _ => bail!("`cargo xtask soak` has no option {option}"),
        }
    }
    let bundles = crate::build::bundle()?;
    let bundle = match format {
        "clap" => bundles.clap,
        "vst3" => bundles.vst3,
        _ => bail!("{format} is not a plugin format; clap or vst3"),
    };
    let bundle = bundle.to_str().context("the target directory's name is not text")?;
    let program = ["--package", "xtask", "--features", "soak", "--bin", "soak"];
    let arguments = ["--", bundle, instances, minutes, learn];
    crate::run("cargo", &[&["run", "--quiet", "--release"], &program[..], &arguments].concat())
}

// The program is built on demand; what it judges by is tested with everything else.
#[cfg(test)]
#[path = "bin/soak/compare.rs"]
mod compare;
