//! Bundles, scripts and comparisons that the tests share.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hosting::{Recording, Script, Song};

pub use crate::streams::assert_same_music;

/// Frames a second of most tests.
pub const RATE: f64 = 48_000.0;

/// Block sizes that no plugin expects.
pub const IRREGULAR: [usize; 8] = [512, 64, 1, 333, 1024, 128, 7, 480];

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The built CLAP.
pub fn clap() -> PathBuf {
    bundle("Tributary.clap", "Tributary.clap")
}

/// The built VST3.
pub fn vst3() -> PathBuf {
    let library = format!("Tributary.vst3/Contents/{}-linux/Tributary.so", std::env::consts::ARCH);
    bundle("Tributary.vst3", &library)
}

/// A bundle under the target directory that this test program was built in; `file` is the file in
/// it whose age counts.
fn bundle(name: &str, file: &str) -> PathBuf {
    let program = std::env::current_exe().expect("the path of the test program");
    let target = program.ancestors().nth(3).expect("target/PROFILE/deps/PROGRAM");
    let bundled = target.join("bundled");
    let built = modified(&bundled.join(file));
    let (source, changed) = newest_source();
    let advice = "build it with `cargo xtask bundle`, or run `cargo xtask test`";
    match built {
        None => panic!("{} is missing: {advice}", bundled.join(file).display()),
        Some(built) if built < changed => {
            panic!("{} is older than {}: {advice}", bundled.join(file).display(), source.display())
        }
        Some(_) => bundled.join(name),
    }
}

/// A library of the release profile that tests load: the guard, or a plugin that misbehaves.
pub fn fixture(package: &str, file: &str) -> PathBuf {
    let program = std::env::current_exe().expect("the path of the test program");
    let target = program.ancestors().nth(3).expect("target/PROFILE/deps/PROGRAM");
    let library = target.join("release").join(file);
    let mut sources = Vec::new();
    collect_files(&root().join("crates").join(package).join("src"), &mut sources);
    let changed = sources.iter().filter_map(|source| modified(source)).max();
    let built = modified(&library);
    assert!(
        built.is_some() && built >= changed,
        "{} is missing or older than crates/{package}: build it with \
         `cargo build --release --package {package}`, or run `cargo xtask test`",
        library.display(),
    );
    library
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// The file of the plugin's sources that changed last.
fn newest_source() -> (PathBuf, SystemTime) {
    let mut files = Vec::new();
    let crates = ["score", "model", "player", "presets", "composer", "synth"];
    let folders = crates.map(|name| format!("crates/{name}/src"));
    for folder in folders.iter().map(String::as_str).chain(["src", "models", "assets"]) {
        collect_files(&root().join(folder), &mut files);
    }
    files
        .into_iter()
        .filter(|file| file.extension().is_none_or(|ending| ending != "md"))
        .filter(|file| file.file_name().is_none_or(|name| name != "tests.rs"))
        .filter_map(|file| modified(&file).map(|time| (file, time)))
        .max_by_key(|(_, time)| *time)
        .expect("the plugin has sources")
}

/// All files below a folder.
pub fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            collect_files(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// A song that stands for half a second, plays from beat 0 and stops, in blocks of `sizes`; half
/// jazz, half hip-hop, without sound.
pub fn song(beats: f64, sizes: &[usize]) -> Script {
    song_at(&Song::default(), RATE, beats, sizes)
}

/// [`song`] at another tempo, meter or sample rate.
pub fn song_at(song: &Song, rate: f64, beats: f64, sizes: &[usize]) -> Script {
    let mut script = Script::new(rate, 8_192);
    script.stand(song, 0.0, 480, (rate / 2.0 / 480.0) as usize);
    script.play(song, 0.0, beats, sizes);
    script.stop(480, 2);
    script.setting("sound", "off");
    script.value("g_jazz", 0.5);
    script.value("g_hiphop", 0.5);
    script
}

/// Sets every part to play as much as it can: few empty beats in short songs.
pub fn dense(script: &mut Script) {
    for part in ["dr", "ba", "ch", "ld"] {
        script.value(&format!("{part}_density"), 1.0);
    }
}

/// Where beat 0 of a [`song_at`] lies, in samples.
pub fn song_start(rate: f64) -> i64 {
    (rate / 2.0 / 480.0) as i64 * 480
}

/// The MIDI channels that start a note, counted from 0.
pub fn channels(recording: &Recording) -> Vec<u8> {
    let mut channels: Vec<u8> = recording.events.iter().map(|event| event.channel).collect();
    channels.sort_unstable();
    channels.dedup();
    channels
}

/// Runs a script; a failure names the bundle.
#[track_caller]
pub fn run(bundle: &Path, script: &Script) -> Recording {
    hosting::run(bundle, script).unwrap_or_else(|error| panic!("{}: {error}", bundle.display()))
}
