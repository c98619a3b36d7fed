//! The user's music folder, as the system names it, and files in it that are never half there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Files of one name before giving up; nobody keeps that many.
const MAX_TAKES: usize = 10_000;

/// Letters of a track's name that a file's name has.
const MAX_NAME: usize = 40;

/// Where kept files go: a folder of ours in the user's music folder.
pub fn music() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = PathBuf::from(variable("HOME").or_else(|| variable("USERPROFILE"))?);
    let named = || {
        let configuration = variable("XDG_CONFIG_HOME").map(PathBuf::from);
        let configuration = configuration.unwrap_or_else(|| home.join(".config"));
        let text = fs::read_to_string(configuration.join("user-dirs.dirs")).ok()?;
        music_dir(&text, &home)
    };
    let set = variable("XDG_MUSIC_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(set.or_else(named).unwrap_or_else(|| home.join("Music")).join("Tributary"))
}

/// The music folder in the text of a `user-dirs.dirs` file, whose lines are
/// `XDG_MUSIC_DIR="$HOME/Music"`: absolute, or below the home folder, with backslashes before
/// quotes. A folder that is the home folder itself is one that was switched off.
fn music_dir(text: &str, home: &Path) -> Option<PathBuf> {
    let value = text.lines().rev().find_map(|line| {
        let value = line.trim().strip_prefix("XDG_MUSIC_DIR=")?;
        value.strip_prefix('"')?.strip_suffix('"')
    })?;
    let mut plain = String::new();
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        plain.push(if letter == '\\' { letters.next()? } else { letter });
    }
    let path = match plain.strip_prefix("$HOME") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        Some(_) => return None,
        None => PathBuf::from(plain),
    };
    (path.is_absolute() && path != home && path != home.join("")).then_some(path)
}

/// Writes the next free `take-0001.mid` of a folder, with the track's name before it if there is
/// one; never over a file that is there, and never half a file.
pub fn write_take(folder: &Path, track: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let prefix = match file_name(track) {
        name if name.is_empty() => name,
        name => name + " ",
    };
    for take in 1..=MAX_TAKES {
        let path = folder.join(format!("{prefix}take-{take:04}.mid"));
        match File::create_new(&path) {
            Ok(file) => return fill(file, &path, bytes).map(|()| path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("{MAX_TAKES} takes are there already")))
}

/// What of a name can stand in the name of a file on every system.
fn file_name(name: &str) -> String {
    let is_allowed = |letter: &char| !letter.is_control() && !r#"/\:*?"<>|"#.contains(*letter);
    let name: String = name.chars().filter(is_allowed).take(MAX_NAME).collect();
    name.trim_matches([' ', '.']).to_owned()
}

/// Fills a new file, or takes it away again.
fn fill(mut file: File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // As on a full disk; the cause is worth more than a second error.
        let _ = fs::remove_file(path);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_are_numbered_and_never_overwritten() {
        let folder = std::env::temp_dir().join(format!("tributary-keep-{}", std::process::id()));
        let first = write_take(&folder, "", b"one").unwrap();
        let second = write_take(&folder, "", b"two").unwrap();
        assert_ne!(first, second);
        assert_eq!(fs::read(&first).unwrap(), b"one");
        assert_eq!(fs::read(&second).unwrap(), b"two");
        fs::remove_file(&first).unwrap();
        assert_eq!(write_take(&folder, "", b"three").unwrap(), first);
        let named = write_take(&folder, "../Strings: A/B?", b"four").unwrap();
        assert_eq!(named, folder.join("Strings AB take-0001.mid"));
        assert_eq!(file_name(" . "), "");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error() {
        let file = std::env::temp_dir().join(format!("tributary-file-{}", std::process::id()));
        fs::write(&file, b"in the way").unwrap();
        assert!(write_take(&file, "", b"x").is_err());
        fs::remove_file(&file).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_that_leaves_no_file() {
        let path = std::env::temp_dir().join(format!("tributary-full-{}", std::process::id()));
        fs::write(&path, b"").unwrap();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = fill(full, &path, b"music").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(!path.exists());
    }

    #[test]
    fn the_music_folder_is_the_one_that_the_user_chose() {
        let home = Path::new("/users/ann");
        let read = |line: &str| music_dir(&format!("# a comment\n{line}\n"), home);
        let below = |name: &str| Some(home.join(name));
        assert_eq!(read("XDG_MUSIC_DIR=\"$HOME/Musik\""), below("Musik"));
        assert_eq!(read("XDG_MUSIC_DIR=\"/mnt/a b\""), Some(PathBuf::from("/mnt/a b")));
        assert_eq!(read(r#"XDG_MUSIC_DIR="$HOME/my \"own\"""#), below("my \"own\""));
        // Switched off, relative, or not there.
        let others =
            ["XDG_MUSIC_DIR=\"$HOME/\"", "XDG_MUSIC_DIR=\"Music\"", "XDG_VIDEOS_DIR=\"/v\""];
        for line in others {
            assert_eq!(read(line), None, "{line}");
        }
        assert_eq!(read("XDG_MUSIC_DIR=\"$HOMELESS/x\""), None);
    }
}
