//! The rules of the source tree, read from the manifests and the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::{collect_files, root};

/// Which of our crates each may use: the arrows of the architecture.
const ARROWS: [(&str, &[&str]); 15] = [
    ("score", &[]),
    ("canvas", &["score"]),
    ("hosting", &[]),
    ("judge", &["score"]),
    ("misbehaving", &[]),
    ("rt-guard", &[]),
    ("player", &["score"]),
    ("presets", &[]),
    ("model", &["score", "judge"]),
    ("synth", &["score"]),
    ("composer", &["score", "judge", "model", "player"]),
    ("render", &["score", "canvas", "judge", "model", "player", "presets", "composer", "synth"]),
    ("trainer", &["score", "canvas", "judge", "model"]),
    ("tributary", &["score", "judge", "model", "player", "presets", "composer", "synth"]),
    ("xtask", &["score", "judge", "model", "player", "composer", "render", "hosting"]),
];

/// The most lines a source file may have.
const MAX_LINES: usize = 600;

fn manifest(package: &str) -> PathBuf {
    let folder = match package {
        "tributary" => PathBuf::new(),
        "xtask" => PathBuf::from("xtask"),
        _ => Path::new("crates").join(package),
    };
    root().join(folder).join("Cargo.toml")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
}

/// Rust files below folders of the repository.
fn sources(folders: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in folders {
        collect_files(&root().join(folder), &mut files);
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "rs"));
    files.sort();
    assert!(!files.is_empty());
    files
}

/// A source file without its comments and its tests, which stand last.
fn code(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    if name == "tests.rs" || path.components().any(|part| part.as_os_str() == "tests") {
        return String::new();
    }
    let text = read(path);
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

#[test]
fn crates_use_only_what_their_arrows_allow() {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for (package, allowed) in ARROWS {
        let text = read(&manifest(package));
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table)
        else {
            continue;
        };
        for used in dependencies.keys().filter(|used| ours.contains(used.as_str())) {
            assert!(allowed.contains(&used.as_str()), "{package} may not use {used}");
        }
    }
    let on_disk: BTreeSet<String> = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    for package in &on_disk {
        assert!(ours.contains(package.as_str()), "crates/{package} has no arrows");
    }
}

#[test]
fn every_manifest_shares_version_licence_and_lints() {
    for (package, _) in ARROWS {
        let manifest: toml::Table = toml::from_str(&read(&manifest(package))).unwrap();
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            let shared = manifest["package"][key].get("workspace");
            assert_eq!(shared, Some(&toml::Value::Boolean(true)), "{package}: {key}");
        }
        let shared = manifest["lints"].get("workspace");
        assert_eq!(shared, Some(&toml::Value::Boolean(true)), "{package}: lints");
        assert!(manifest["package"]["description"].is_str(), "{package}: description");
    }
}

#[test]
fn only_the_plugin_names_its_framework() {
    for file in sources(&["crates"]) {
        // The fixture of the real-time tests is a plugin itself.
        if file.starts_with(root().join("crates/misbehaving")) {
            continue;
        }
        for word in ["nice_plug", "egui::", "baseview"] {
            assert!(!code(&file).contains(word), "{} names {word}", relative(&file));
        }
    }
}

#[test]
fn only_a_few_places_start_threads() {
    let engine = ["score", "model", "player", "composer", "synth"];
    let folders: Vec<String> = engine.iter().map(|name| format!("crates/{name}/src")).collect();
    let folders: Vec<&str> = folders.iter().map(String::as_str).chain(["src"]).collect();
    let mut found = Vec::new();
    for file in sources(&folders) {
        let text = code(&file);
        if ["thread::spawn", "thread::Builder", "thread::scope"].iter().any(|w| text.contains(w)) {
            found.push(relative(&file));
        }
    }
    assert_eq!(
        found,
        [
            "crates/composer/src/crew.rs",
            "crates/composer/src/learning.rs",
            "src/editor/drag_out/x11.rs",
            "src/editor/software.rs",
            "src/sound_font.rs",
        ]
    );
}

#[test]
fn the_player_cannot_allocate_or_lock() {
    let library = read(&root().join("crates/player/src/lib.rs"));
    assert!(library.contains("#![no_std]") || library.contains("#![cfg_attr(not(test), no_std)]"));
    assert!(library.contains("#![forbid(unsafe_code)]"));
    for file in sources(&["crates/player/src"]) {
        for word in ["extern crate alloc", "extern crate std", "alloc::", "std::"] {
            assert!(!code(&file).contains(word), "{} names {word}", relative(&file));
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    for file in sources(&["src", "crates", "tests", "xtask"]) {
        let text = read(&file);
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines", relative(&file));
        let is_test = ["tests", "testing"].iter().any(|name| {
            file.file_stem().is_some_and(|stem| stem == *name)
                || file.components().any(|part| part.as_os_str() == *name)
        });
        assert!(is_test || text.starts_with("//!"), "{} has no page", relative(&file));
    }
}

#[test]
fn no_file_names_a_place_of_one_machine() {
    // Put together here, so that this file does not name them itself.
    let places = ["work/", "root/", "home/", "tmp/"].map(|folder| format!("/{folder}"));
    let mut files = Vec::new();
    for folder in ["src", "crates", "tests", "xtask", ".ci", ".cargo", ".config", "models"] {
        collect_files(&root().join(folder), &mut files);
    }
    let endings = ["rs", "toml", "md", "lua", "json", "sh", ""];
    let is_text = |file: &PathBuf| {
        endings.contains(&file.extension().unwrap_or_default().to_str().unwrap_or_default())
    };
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Cargo.toml", "bundler.toml"] {
        files.push(root().join(name));
    }
    for file in files.into_iter().filter(|file| file.exists()).filter(is_text) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            // A path inside an address or a longer path is no place of a machine.
            let named = places.iter().find(|place| {
                line.match_indices(place.as_str()).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '.')
                })
            });
            if let Some(place) = named {
                panic!("{}:{}: names {place}", relative(&file), number + 1);
            }
        }
    }
}
