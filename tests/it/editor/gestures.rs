//! What holds for every stream of edits.

use std::collections::HashMap;

use hosting::{Edit, EditKind, stable_id};

/// Ids of all parameters that weigh a genre: of the common blend, of the parts and of the harmony.
pub fn genre_ids() -> Vec<u32> {
    let genres = ["classical", "jazz", "rock", "electronic", "folk", "hiphop"];
    let prefixes = ["", "dr_", "ba_", "ch_", "ld_", "ha_"];
    let id = |prefix: &str, genre: &str| stable_id(&format!("{prefix}g_{genre}"));
    prefixes.iter().flat_map(|prefix| genres.map(|genre| id(prefix, genre))).collect()
}

/// The value that a parameter was given last.
pub fn last_value(edits: &[Edit], parameter: u32) -> Option<f64> {
    edits.iter().rev().find_map(|edit| match edit.kind {
        EditKind::Set(value) if edit.parameter == parameter => Some(value),
        _ => None,
    })
}

/// Whether as many gestures have ended as have begun.
pub fn are_all_ended(edits: &[Edit]) -> bool {
    let count = |kind| edits.iter().filter(|edit| edit.kind == kind).count();
    count(EditKind::Begin) == count(EditKind::End)
}

/// Every value lies between the begin and the end of a gesture of its parameter, gestures do not
/// nest, and all have ended.
#[track_caller]
pub fn assert_well_formed(edits: &[Edit]) {
    let mut open: HashMap<u32, bool> = HashMap::new();
    for edit in edits {
        let open = open.entry(edit.parameter).or_default();
        match edit.kind {
            EditKind::Begin => assert!(!std::mem::replace(open, true), "nested: {edits:?}"),
            EditKind::End => assert!(std::mem::replace(open, false), "no begin: {edits:?}"),
            EditKind::Set(value) => {
                assert!(*open, "a value outside a gesture: {edits:?}");
                assert!((0.0..=1.0).contains(&value), "{value}: {edits:?}");
            }
        }
    }
    assert!(open.values().all(|open| !open), "a gesture has no end: {edits:?}");
}
