//! MIDI files that a user names: read whole, within a limit. Not for the audio thread.

use crate::model_file::full_path;
use score::{Progression, smf};
use std::path::Path;

/// Largest file that is read.
const MAX_BYTES: u64 = 16 << 20;

/// Whether a name is one of a MIDI file.
pub fn is_named(path: &Path) -> bool {
    let is_one = |ending: &std::ffi::OsStr| {
        ending.eq_ignore_ascii_case("mid") || ending.eq_ignore_ascii_case("midi")
    };
    path.extension().is_some_and(is_one)
}

/// A file's bytes.
///
/// # Errors
/// In words, with the file's name.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let named = |what: String| format!("{}: {what}", path.display());
    let found = std::fs::metadata(path).map_err(|error| named(error.to_string()))?;
    if !found.is_file() {
        return Err(named("expected a file, found a folder or device".to_owned()));
    }
    if found.len() > MAX_BYTES {
        return Err(named(format!("{} bytes; at most {MAX_BYTES} are read", found.len())));
    }
    std::fs::read(path).map_err(|error| named(error.to_string()))
}

/// The chords of a file as a progression is typed, at most [`score::follow::MAX_BARS`] bars.
///
/// # Errors
/// In words, with the file's name.
pub fn chords(text: &str) -> Result<String, String> {
    let path = full_path(text, "a MIDI file")?;
    let name = path.display().to_string();
    let import = smf::read(&read(&path)?, &name).map_err(|error| error.to_string())?;
    let chords = Progression::of(&import.piece).map_err(|error| format!("{name}: {error}"))?;
    if chords.n_bars() == 0 {
        return Err(format!("{name}: no chords in it"));
    }
    Ok(chords.to_string())
}
