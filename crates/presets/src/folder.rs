//! The user's folder and the files in it: never half a file, never one written over by chance.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::preset::MAX_BYTES;
use crate::{Error, Result};

/// What a preset's file ends with.
const ENDING: &str = "toml";

/// Most files of a folder that are looked at.
const MAX_FILES: usize = 4_096;

/// Files of equal stem before giving up.
const MAX_STEMS: usize = 1_000;

/// Where a user's presets lie on this system, whether it is there or not.
///
/// `~/.local/share/tributary/presets` on Linux (or below `XDG_DATA_HOME`),
/// `~/Library/Application Support/Tributary/presets` on macOS, `%APPDATA%\Tributary\presets` on
/// Windows. `None` without a home.
pub fn user_folder() -> Option<PathBuf> {
    folder_from(std::env::consts::OS, |name| std::env::var_os(name))
}

fn folder_from(system: &str, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // A relative path counts as none, as the specification of XDG asks.
    let path = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.has_root());
    let below = match system {
        "windows" => path("APPDATA")?.join("Tributary"),
        "macos" => path("HOME")?.join("Library/Application Support/Tributary"),
        _ => match path("XDG_DATA_HOME") {
            Some(data) => data.join("tributary"),
            None => path("HOME")?.join(".local/share/tributary"),
        },
    };
    Some(below.join("presets"))
}

/// The presets' files of a folder by name; none when there is no folder.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be listed.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(folder)(error)),
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_preset = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING))
            && path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
    };
    let mut paths: Vec<PathBuf> = paths.filter(is_preset).take(MAX_FILES).collect();
    paths.sort();
    Ok(paths)
}

/// The text of a file.
///
/// # Errors
/// [`Error::Io`]; [`Error::NoPreset`] when it is too large or no UTF-8.
pub(crate) fn read(path: &Path) -> Result<String> {
    let no_preset = |problem: &str| Error::NoPreset { file: name(path), problem: problem.into() };
    let file = File::open(path).map_err(Error::io(path))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(no_preset("too large to be a preset"));
    }
    String::from_utf8(bytes).map_err(|_| no_preset("not a text in UTF-8"))
}

/// Writes a new file with a stem like `name`, and says which.
///
/// # Errors
/// [`Error::Io`]; nothing is left behind then.
pub(crate) fn create(folder: &Path, preset_name: &str, text: &str) -> Result<PathBuf> {
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let stem = stem(preset_name);
    for number in 1..=MAX_STEMS {
        let file = match number {
            1 => format!("{stem}.{ENDING}"),
            number => format!("{stem}-{number}.{ENDING}"),
        };
        let path = folder.join(file);
        // Takes the name, so that another instance cannot do so between now and the renaming.
        match File::create_new(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(Error::io(path)(error)),
        }
        let replaced = replace(&path, text);
        if replaced.is_err() {
            // As on a full disk; the cause is worth more than a second error.
            let _ = fs::remove_file(&path);
        }
        return replaced.map(|()| path);
    }
    let error = io::Error::other(format!("{MAX_STEMS} files of that name are there already"));
    Err(Error::io(folder.join(stem))(error))
}

/// Writes a file whole or not at all: what was there stays until all of the new text is on disk.
///
/// # Errors
/// [`Error::Io`]; the old file is as it was then.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(Error::io(path))
}

/// # Errors
/// [`Error::Io`].
pub(crate) fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).map_err(Error::io(path))
}

/// The file's name without its folder, for messages.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// A name in small letters, digits and dashes, which every file system takes.
pub(crate) fn stem(name: &str) -> String {
    let mut stem = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            stem.push(letter);
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    let stem = stem.trim_end_matches('-');
    // Windows has devices of some short names.
    let is_device = ["con", "prn", "aux", "nul"].contains(&stem)
        || stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
    if stem.is_empty() || is_device {
        format!("preset-{stem}").trim_end_matches('-').into()
    } else {
        stem.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_has_its_folder() {
        let variables = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
            }
        };
        let folder = |system, pairs| folder_from(system, variables(pairs));
        let data = folder("linux", &[("HOME", "/me"), ("XDG_DATA_HOME", "/data")]);
        assert_eq!(data, Some("/data/tributary/presets".into()));
        let relative = folder("linux", &[("HOME", "/me"), ("XDG_DATA_HOME", "data")]);
        assert_eq!(relative, Some("/me/.local/share/tributary/presets".into()));
        let mac = folder("macos", &[("HOME", "/me"), ("XDG_DATA_HOME", "/data")]);
        assert_eq!(mac, Some("/me/Library/Application Support/Tributary/presets".into()));
        let windows = folder("windows", &[("APPDATA", "/roaming")]);
        assert_eq!(windows, Some("/roaming/Tributary/presets".into()));
        assert_eq!(folder("linux", &[]), None);
    }

    #[test]
    fn stems_are_names_that_every_file_system_takes() {
        assert_eq!(stem("Drum & bass: soloist!"), "drum-bass-soloist");
        assert_eq!(stem("../../etc/passwd"), "etc-passwd");
        assert_eq!(stem("ü"), "preset");
        assert_eq!(stem("CON"), "preset-con");
        assert_eq!(stem("com1"), "preset-com1");
        assert_eq!(stem("comb"), "preset-comb");
    }
}
