//! Bytes as a Standard MIDI File: what can be read can be written, and read again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use score::smf::{self, MAX_NOTES, MAX_POSITION};

fuzz_target!(|bytes: &[u8]| {
    let Ok(import) = smf::read(bytes, "fuzz") else { return };
    let piece = &import.piece;
    let notes = || piece.parts.iter().flatten();
    assert!(notes().count() <= MAX_NOTES);
    for note in notes() {
        assert!(note.onset.0 >= 0 && note.onset <= MAX_POSITION && note.duration.0 > 0);
    }
    let written = smf::write(piece);
    let again = smf::read(&written, "written").expect("a file that was written is whole");
    assert!(again.report.is_clean(), "{}", again.report);
    assert_eq!(again.piece.parts, piece.parts);
    assert_eq!(smf::write(&again.piece), written);
    let _ = import.report.to_string();
});
