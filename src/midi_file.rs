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

#[cfg(test)]
mod tests {
    use super::*;
    use score::{Note, Piece, Pitch, Ticks, Velocity};

    /// A file of whole notes, a bar of four beats for each chord.
    fn file(chords: &[&[i32]]) -> Vec<u8> {
        let mut piece = Piece::default();
        for (bar, chord) in chords.iter().enumerate() {
            piece.parts[2].extend(chord.iter().map(|pitch| Note {
                onset: Ticks::from_beat(4 * bar as i64),
                duration: Ticks::from_beat(4),
                pitch: Pitch::clamped(*pitch),
                velocity: Velocity::clamped(80),
            }));
        }
        smf::write(&piece)
    }

    #[test]
    fn a_file_becomes_a_progression_or_a_message_with_its_name() {
        let folder = std::env::temp_dir().join(format!("tributary-chords-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let with = |bytes: &[u8]| {
            let path = folder.join("song.mid");
            std::fs::write(&path, bytes).unwrap();
            // As a file manager copies it.
            (path.display().to_string(), chords(&format!("'{}'", path.display())))
        };
        let (_, read) = with(&file(&[&[57, 60, 64, 67], &[50, 54, 57, 60], &[43, 59, 62]]));
        assert_eq!(read.unwrap(), "Am7 | D7 | G");
        let (name, read) = with(&file(&[]));
        assert_eq!(read.unwrap_err(), format!("{name}: no chords in it"));
        let (name, read) = with(&file(&[&[60, 64, 67][..]; 65]));
        assert!(read.unwrap_err().starts_with(&format!("{name}: ")));
        let (name, read) = with(b"MThd");
        assert!(read.unwrap_err().contains(&name));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(chords(&name).unwrap_err().starts_with(&name));
        assert!(chords("song.mid").unwrap_err().contains("full path of a MIDI file"));
    }
}
