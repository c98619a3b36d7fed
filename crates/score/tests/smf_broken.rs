//! Broken and unusual files: each is read as far as it goes, or refused with file and place.

use std::fmt::Write as _;

use score::{Part, smf};

/// One line a file: what was read and repaired, or the error.
fn outcome(bytes: &[u8], name: &str) -> String {
    let import = match smf::read(bytes, name) {
        Ok(import) => import,
        Err(error) => return format!("error: {error}"),
    };
    let mut line = String::new();
    for part in Part::ALL {
        for note in &import.piece.parts[part.index()] {
            let (onset, duration) = (note.onset.0, note.duration.0);
            write!(line, "{} {onset}+{duration} p{}; ", part.name(), note.pitch.number()).unwrap();
        }
    }
    write!(line, "{}", import.report).unwrap();
    line.trim_end_matches([' ', ';']).to_owned()
}

#[test]
fn broken_files_give_what_can_be_read_or_an_error_that_names_the_place() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/broken");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".mid"))
        .collect();
    names.sort();
    let mut found = String::new();
    for name in &names {
        let bytes = std::fs::read(format!("{folder}/{name}")).unwrap();
        writeln!(found, "{name}: {}", outcome(&bytes, name)).unwrap();
    }
    let expected = include_str!("data/broken/outcomes.txt");
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "files in {folder}:\n{found}");
}
