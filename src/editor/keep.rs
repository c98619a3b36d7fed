//! Keeping what was good: the last bars as a MIDI file in the user's music folder.

use super::theme;
use crate::engine::View;
use egui::{RichText, Ui};
use score::smf;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Lengths that can be kept, in bars.
const LENGTHS: [usize; 4] = [4, 8, 16, 64];

/// Files of one name before giving up; nobody keeps that many.
const MAX_TAKES: usize = 10_000;

/// What the last click came to, in words.
#[derive(Default)]
pub struct Keep {
    outcome: Option<Result<String, String>>,
}

impl Keep {
    /// Shows a button a length, and where the last file went.
    pub fn show(&mut self, ui: &mut Ui, view: &View) {
        let n_bars = view.capture.n_bars();
        ui.label("Keep the last");
        for length in LENGTHS {
            let button = egui::Button::new(length.to_string());
            let hint = format!("Write the last {length} bars to a MIDI file in the music folder");
            if ui.add_enabled(n_bars > 0, button).on_hover_text(hint).clicked() {
                self.outcome = Some(save(&smf::write(&view.capture.piece(length))));
            }
        }
        ui.label("bars");
        match &self.outcome {
            Some(Ok(text)) => ui.label(RichText::new(text).color(theme::FAINT_TEXT)),
            Some(Err(text)) => ui.label(RichText::new(text).color(theme::WARNING)),
            None => return,
        };
    }
}

fn save(bytes: &[u8]) -> Result<String, String> {
    let folder = music_folder().ok_or("no home folder to keep the file in")?;
    match write_take(&folder, bytes) {
        Ok(path) => Ok(format!("kept as {}", path.display())),
        Err(error) => Err(format!("{}: {error}", folder.display())),
    }
}

fn music_folder() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
    Some(Path::new(&home).join("Music").join("Tributary"))
}

/// Writes the next free `take-0001.mid` of a folder; never over a file that is there, and never
/// half a file.
fn write_take(folder: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    for take in 1..=MAX_TAKES {
        let path = folder.join(format!("take-{take:04}.mid"));
        match File::create_new(&path) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                if written.is_err() {
                    // As on a full disk; the cause is worth more than a second error.
                    let _ = fs::remove_file(&path);
                }
                return written.map(|()| path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("{MAX_TAKES} takes are there already")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_are_numbered_and_never_overwritten() {
        let folder = std::env::temp_dir().join(format!("tributary-keep-{}", std::process::id()));
        let first = write_take(&folder, b"one").unwrap();
        let second = write_take(&folder, b"two").unwrap();
        assert_ne!(first, second);
        assert_eq!(fs::read(&first).unwrap(), b"one");
        assert_eq!(fs::read(&second).unwrap(), b"two");
        fs::remove_file(&first).unwrap();
        assert_eq!(write_take(&folder, b"three").unwrap(), first);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error() {
        let file = std::env::temp_dir().join(format!("tributary-file-{}", std::process::id()));
        fs::write(&file, b"in the way").unwrap();
        assert!(write_take(&file, b"x").is_err());
        fs::remove_file(&file).unwrap();
    }
}
