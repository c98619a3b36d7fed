//! Runs the fuzz targets, which need what a stable build does not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A target, and folders whose files it starts from.
const TARGETS: [(&str, &[&str]); 3] = [
    ("state", &["tests/it/fixtures", "fuzz/seeds/state"]),
    ("smf", &["crates/score/tests/data", "crates/score/tests/data/broken", "fuzz/seeds/smf"]),
    ("texts", &["fuzz/seeds/texts"]),
];

/// Minutes for each target when none are said.
const DEFAULT_MINUTES: u64 = 10;

/// The most memory that reading a file of a few KB may take, in MB, and the most of one piece.
const MEMORY_MB: u32 = 2_048;
const PIECE_MB: u32 = 512;

/// The longest that one input may take, in seconds.
const INPUT_SECONDS: u32 = 10;

/// Fuzzes what the words say: `[TARGET] [--minutes N]`; all targets one after the other without.
pub fn run(words: &[&str]) -> Result<()> {
    let (names, minutes) = parse(words)?;
    check_tools()?;
    for (name, seeds) in TARGETS.into_iter().filter(|(name, _)| names.contains(name)) {
        let corpus = Path::new("fuzz/corpus").join(name);
        let folder = crate::root().join(&corpus);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let seeds =
            seeds.iter().map(PathBuf::from).filter(|seed| crate::root().join(seed).is_dir());
        let mut arguments: Vec<String> =
            ["+nightly", "fuzz", "run", name].map(str::to_owned).to_vec();
        arguments.extend(std::iter::once(corpus).chain(seeds).map(|f| f.display().to_string()));
        arguments.extend([
            "--".to_owned(),
            format!("-max_total_time={}", minutes * 60),
            format!("-rss_limit_mb={MEMORY_MB}"),
            format!("-malloc_limit_mb={PIECE_MB}"),
            format!("-timeout={INPUT_SECONDS}"),
        ]);
        crate::run("cargo", &arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}

fn parse<'a>(words: &[&'a str]) -> Result<(Vec<&'a str>, u64)> {
    let mut names = Vec::new();
    let mut minutes = DEFAULT_MINUTES;
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        if word == "--minutes" {
            let number = words.next().context("--minutes: expected a number")?;
            minutes =
                number.parse().ok().filter(|minutes| *minutes > 0).with_context(|| {
                    format!("--minutes: expected a number from 1, found {number}")
                })?;
        } else if TARGETS.iter().any(|(name, _)| *name == word) {
            names.push(word);
        } else {
            let known = TARGETS.map(|(name, _)| name).join(", ");
            bail!("`{word}` is no fuzz target; there are {known}");
        }
    }
    if names.is_empty() {
        names = TARGETS.map(|(name, _)| name).to_vec();
    }
    Ok((names, minutes))
}

/// Says what is missing, all at once.
fn check_tools() -> Result<()> {
    let works = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let mut missing = Vec::new();
    if !works(&["+nightly", "--version"]) {
        missing.push("a nightly compiler: rustup toolchain install nightly");
    }
    if !works(&["fuzz", "--version"]) {
        missing.push("cargo-fuzz: cargo install cargo-fuzz");
    }
    if !missing.is_empty() {
        bail!("fuzzing needs\n  {}", missing.join("\n  "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_targets_and_minutes() {
        assert_eq!(parse(&[]).unwrap(), (vec!["state", "smf", "texts"], DEFAULT_MINUTES));
        assert_eq!(parse(&["smf", "--minutes", "3"]).unwrap(), (vec!["smf"], 3));
        for wrong in [&["song"][..], &["--minutes"], &["--minutes", "0"], &["--minutes", "x"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
