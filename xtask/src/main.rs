//! Tasks of the repository. `cargo xtask` lists them.
//!
//! Everything here drives other programs or a built bundle; the only music it knows is what it
//! hears through a plugin host.

mod bench;
mod build;
mod demo;
mod fuzz;
mod realtime;
mod sanitize;
#[cfg(target_os = "linux")]
mod shot;
mod soak;
mod system;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo                 build, play 16 bars in the CLAP host, write target/demo/demo.{mid,wav,png}
  test                 build the bundles and run every test
  full                 the long versions of the random tests, a thousand seeds and more
  bundle               build target/bundled/Tributary.clap and target/bundled/Tributary.vst3
  bench [--json FILE] [--python PATH]
                       measure the built plugin and print the table of speed and size;
                       onnxruntime and PyTorch are compared with where that Python has them
  soak [--instances 32] [--minutes 5] [--format clap|vst3] [--learn]
                       play many instances in real time, count what was not there in time
  shot FILE.png [--bundle PATH] [--size WxH] [--scale S] [--state NAME] [--set ID=VALUE ...]
       [--seconds 6] [--measure]
                       take a picture of the editor while the plugin plays, on an X server of its
                       own if there is none; sizes are in points; the states are fresh, playing,
                       mid-blend, learning, error, tiny, huge, scale2; --bundle also takes a library
  fuzz [TARGET] [--minutes N]
                       look for inputs that break the readers: state, smf, texts
  ci                   formatting, lints, tests
  realtime [--minutes N]
                       the built plugin under the real-time guard in random hosts, 2 minutes
  atomics [--bless]    compare, or rewrite, the list of locked instructions of the process call
  sanitize             run what nightly's sanitizers can say about the threads
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        ["demo"] => demo::run(),
        ["test", filter @ ..] => test::run(filter),
        ["full"] => test::full(),
        ["bundle"] => build::bundle().map(drop),
        ["bench", options @ ..] => match bench::Options::parse(options) {
            Some(options) => bench::run(&options),
            None => return misused(&words),
        },
        ["soak", options @ ..] => soak::run(options),
        #[cfg(target_os = "linux")]
        ["shot", words @ ..] => shot::Options::parse(words).and_then(|options| shot::run(&options)),
        ["fuzz", words @ ..] => fuzz::run(words),
        ["ci"] => test::ci(),
        ["realtime"] => realtime::run("2"),
        ["realtime", "--minutes", minutes] => realtime::run(minutes),
        ["atomics"] => realtime::atomics(false),
        ["atomics", "--bless"] => realtime::atomics(true),
        ["sanitize"] => sanitize::run(),
        _ => return misused(&words),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn misused(words: &[&str]) -> ExitCode {
    eprintln!("error: `cargo xtask {}` is not a command\n\n{USAGE}", words.join(" "));
    ExitCode::from(2)
}

/// The root of the repository.
fn root() -> PathBuf {
    // PANIC: cannot; this package lies one level below the root.
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").to_owned()
}

/// Runs a program in the root with its output shown.
fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let line = [&[program], arguments].concat().join(" ");
    eprintln!("$ {line}");
    let status = std::process::Command::new(program)
        .args(arguments)
        .current_dir(root())
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed: {status}");
    }
    Ok(())
}
