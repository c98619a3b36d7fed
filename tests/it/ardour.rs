//! The plugin in Ardour, without a display or a sound card.
//!
//! Traps: Ardour trusts its plugin cache only if that is younger, in whole seconds, than the
//! library, so the copy keeps its age; it records MIDI a constant time early (it takes latency
//! away), so only the hosts in this repository can check absolute positions; an own home folder
//! keeps a user's settings out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{root, vst3};

const LIBRARIES: &str = "/usr/lib/ardour7";
/// The parameter that is automated and the one that is set, as hosts show them.
const AUTOMATED: &str = "Jazz";
const FIXED: &str = "Swing";

#[test]
fn ardour_automates_records_saves_and_reopens() {
    let scanner = Path::new(LIBRARIES).join("ardour-vst3-scanner");
    if !scanner.exists() {
        println!("skipped: {} is missing; `cargo xtask test` installs Ardour", scanner.display());
        return;
    }
    let bundle = vst3();
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ardour");
    let _ = std::fs::remove_dir_all(&work);
    let home = work.join("home");
    for folder in [".vst3", ".config/ardour7"] {
        std::fs::create_dir_all(home.join(folder)).unwrap();
    }
    let copied = Command::new("cp").arg("-rLp").arg(&bundle).arg(home.join(".vst3")).status();
    assert!(copied.unwrap().success());
    let installed = home.join(".vst3").join(bundle.file_name().unwrap());
    let scan = [Path::new("-q"), Path::new("-f"), &installed];
    ardour(&home, &scanner, &scan);

    let session = work.join("session");
    let script = |name: &str| root().join("tests/it/ardour").join(name);
    let words = |words: &[&str]| words.iter().map(PathBuf::from).collect::<Vec<_>>();
    let lua = Path::new("/usr/bin/ardour7-lua");

    let mut arguments = vec![script("record.lua"), session.clone()];
    arguments.extend(words(&["take", "Tributary", "8", AUTOMATED, FIXED]));
    let recorded = ardour(&home, lua, &arguments);
    let notes = facts(&recorded, "note");
    let mut channels: Vec<f64> = notes.iter().map(|note| note[0]).collect();
    channels.sort_by(f64::total_cmp);
    channels.dedup();
    assert_eq!(channels, [1.0, 2.0, 3.0, 9.0], "channels of the recorded notes\n{recorded}");
    assert!(notes.len() >= 20, "{} notes recorded\n{recorded}", notes.len());
    assert_eq!(facts(&recorded, "fixed"), [[0.25]]);
    let indices = &facts(&recorded, "indices")[0];

    let mut arguments = vec![script("reload.lua"), session];
    arguments.extend(words(&["take"]));
    arguments.extend(indices.iter().map(|index| PathBuf::from(index.to_string())));
    let reopened = ardour(&home, lua, &arguments);
    assert_eq!(facts(&reopened, "fixed"), [[0.25]], "{reopened}");
    assert_eq!(facts(&reopened, "region"), [[notes.len() as f64]], "{reopened}");
    let automated: Vec<f64> = facts(&reopened, "automated").iter().map(|fact| fact[0]).collect();
    let span = automated
        .iter()
        .fold((1.0f64, 0.0f64), |(least, most), value| (least.min(*value), most.max(*value)));
    assert!(span.1 - span.0 > 0.5, "the automated parameter moved through {automated:?}");
}

/// The numbers after a key, a list a line.
fn facts(output: &str, key: &str) -> Vec<Vec<f64>> {
    output
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            if words.next() != Some(key) {
                return None;
            }
            words.map(|word| word.parse().ok()).collect()
        })
        .collect()
}

/// Runs one of Ardour's programs and returns what it printed.
fn ardour<A: AsRef<std::ffi::OsStr>>(home: &Path, program: &Path, arguments: &[A]) -> String {
    let log = home.join("output.log");
    let file = std::fs::File::create(&log).unwrap();
    let mut child = Command::new(program)
        .args(arguments)
        .env("HOME", home)
        .env("LD_LIBRARY_PATH", LIBRARIES)
        .env("ARDOUR_DLL_PATH", LIBRARIES)
        .env("ARDOUR_DATA_PATH", "/usr/share/ardour7")
        .env("ARDOUR_CONFIG_PATH", "/etc/ardour7")
        .env_remove("DISPLAY")
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if started.elapsed() > Duration::from_secs(90) {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let output = String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned();
    assert!(status.is_some_and(|s| s.success()), "{}: {status:?}\n{output}", program.display());
    output
}
