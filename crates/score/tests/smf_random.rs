//! Random files, and whole ones with damage: never a panic, and never more memory than the bytes
//! can fill, whatever the file promises.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use proptest::prelude::*;
use score::smf::{self, MAX_NOTES, MAX_POSITION};

/// The system's allocator, watched: bytes in use on this thread, and the most so far.
struct Watched;

thread_local! {
    static IN_USE: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

fn count(added: usize, removed: usize) {
    // While a thread ends there is nothing to count any more.
    let _ = IN_USE.try_with(|cell| {
        let (now, most) = cell.get();
        let now = (now + added).saturating_sub(removed);
        cell.set((now, most.max(now)));
    });
}

// SAFETY: every call is the system allocator's own.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// The most memory that was in use during `work`, on top of what was before, in bytes.
fn peak(work: impl FnOnce()) -> usize {
    let before = IN_USE.get().0;
    IN_USE.set((before, before));
    work();
    IN_USE.get().1 - before
}

/// Reads, and checks what came of it.
fn check(bytes: &[u8]) {
    let used = peak(|| {
        let Ok(import) = smf::read(bytes, "random") else { return };
        let notes: Vec<_> = import.piece.parts.iter().flatten().collect();
        assert!(notes.len() <= MAX_NOTES);
        for note in notes {
            assert!(note.onset.0 >= 0 && note.onset <= MAX_POSITION && note.duration.0 > 0);
        }
        let written = smf::write(&import.piece);
        let again = smf::read(&written, "written").unwrap();
        assert!(again.report.is_clean(), "{}", again.report);
        assert_eq!(again.piece.parts, import.piece.parts);
        assert!(!import.report.to_string().contains('\n'));
    });
    // A note takes three bytes at least and is kept a few times over; a channel has a table.
    let limit = (1 << 20) + bytes.len() * 512;
    assert!(used < limit, "{used} bytes for a file of {}", bytes.len());
}

/// The files of the other tests, good and broken.
fn files() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/broken");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "mid")).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// What damage does to a byte string.
#[derive(Clone, Debug)]
enum Damage {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<prop::sample::Index>;
    let telling = prop_oneof![any::<u8>(), Just(0xff), Just(0x7f), Just(0x80), Just(0x90)];
    prop_oneof![
        8 => (place(), telling).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => place().prop_map(Damage::Cut),
        2 => (place(), prop::collection::vec(any::<u8>(), 1..12))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (place(), 1..64usize).prop_map(|(at, times)| Damage::Repeat(at, times)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        if bytes.is_empty() {
            break;
        }
        match damage {
            Damage::Set(at, byte) => *at.get_mut(&mut bytes) = *byte,
            Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Damage::Insert(at, new) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, new.iter().copied());
            }
            Damage::Repeat(at, times) => {
                let rest = bytes.split_off(at.index(bytes.len()));
                let piece = &rest[..rest.len().min(32)];
                (0..*times).for_each(|_| bytes.extend_from_slice(piece));
                bytes.extend(rest);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_tracks_do_no_harm(
        division in any::<u16>(),
        size in prop_oneof![Just(None), any::<u32>().prop_map(Some)],
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut bytes = b"MThd\0\0\0\x06\0\x01\0\x01".to_vec();
        bytes.extend(division.to_be_bytes());
        bytes.extend(b"MTrk");
        bytes.extend(size.unwrap_or(body.len() as u32).to_be_bytes());
        bytes.extend(body);
        check(&bytes);
    }

    #[test]
    fn damaged_files_do_no_harm(
        file in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..8),
    ) {
        let files = files();
        check(&damaged(file.get(&files).clone(), &damages));
    }
}

/// Found by damage: a tempo of 999 was written a little faster than may be read.
#[test]
fn the_fastest_tempo_is_read_as_it_was_written() {
    let tempos = vec![(score::Ticks(0), score::Tempo::new(999.0))];
    let piece = score::Piece { tempos, ..score::Piece::default() };
    let import = smf::read(&smf::write(&piece), "fast").unwrap();
    assert!(import.report.is_clean(), "{}", import.report);
    assert!((import.piece.tempos[0].1.bpm() - 999.0).abs() < 0.1);
}

/// Every text and chunk of this file says that it is as long as a number can say.
#[test]
fn announced_sizes_are_not_believed() {
    let mut bytes = b"MThd\0\0\0\x06\0\x01\xff\xff\x03\xc0MTrk\xff\xff\xff\xff".to_vec();
    for meta in [0x01, 0x03, 0x06, 0x51, 0x7f] {
        bytes.extend([0, 0xff, meta, 0xff, 0xff, 0xff, 0x7f]);
    }
    bytes.extend([0, 0xf0, 0xff, 0xff, 0xff, 0x7f]);
    check(&bytes);
    assert!(peak(|| drop(Vec::<u8>::with_capacity(1 << 24))) >= 1 << 24, "nothing is counted");
}
