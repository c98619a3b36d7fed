//! The guard against a plugin that breaks each rule on purpose: what the other tests rely on.

use std::path::{Path, PathBuf};

use hosting::{OffenceKind, RealtimeGuard, Script, Song};

use super::{EXEMPT, under_guard};
use crate::support::{RATE, fixture};

/// A fault as its parameter shows it, and what the guard must see in every block.
const FAULTS: [(&str, &[&str]); 6] = [
    ("nothing", &[]),
    ("heap", &["calloc", "free"]),
    ("lock", &["pthread_mutex_lock", "pthread_mutex_unlock"]),
    (
        "contended",
        &["pthread_mutex_lock", "system call 202", "pthread_mutex_unlock", "system call 202"],
    ),
    ("syscall", &["system call 110"]),
    ("wake", &["system call 202"]),
];

/// Blocks of each fault.
pub const N_BLOCKS: usize = 12;

/// Lays the built fixture out as a bundle of each format.
pub fn bundles(test: &str) -> [PathBuf; 2] {
    let library = fixture("misbehaving", "libmisbehaving.so");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let inside = format!("Misbehaving.vst3/Contents/{}-linux", std::env::consts::ARCH);
    std::fs::create_dir_all(folder.join(&inside)).unwrap();
    std::fs::copy(&library, folder.join("Misbehaving.clap")).unwrap();
    std::fs::copy(&library, folder.join(&inside).join("Misbehaving.so")).unwrap();
    [folder.join("Misbehaving.clap"), folder.join("Misbehaving.vst3")]
}

/// Plays paced blocks with one fault.
pub fn script(fault: &str) -> Script {
    let mut script = Script::new(RATE, 512).in_real_time(1.0);
    script.stand(&Song::default(), 0.0, 512, N_BLOCKS + EXEMPT);
    script.setting("fault", fault);
    script
}

fn is_seen(bundle: &Path, fault: &str, expected: &[&str]) {
    let what = format!("{}: {fault}", bundle.display());
    let mut instance = hosting::load(bundle).unwrap();
    let mut guard = RealtimeGuard::counting(EXEMPT).unwrap();
    hosting::play(instance.as_mut(), &script(fault), &mut guard).unwrap();
    let blocks = guard.offences().unwrap();
    let expected_blocks = if expected.is_empty() { 0 } else { N_BLOCKS };
    // A thread that is just running needs no waking, and a lock may come free in time: those two
    // faults do not show in every block.
    let depends = ["contended", "wake"].contains(&fault);
    assert!(blocks.len() <= expected_blocks, "{what}: {blocks:#?}");
    assert!(
        blocks.len() == expected_blocks || depends && blocks.len() > N_BLOCKS / 2,
        "{what}: seen in {} blocks of {N_BLOCKS}",
        blocks.len(),
    );
    let seen: Vec<Vec<&str>> = blocks
        .iter()
        .map(|block| block.offences.iter().map(|offence| offence.what.as_str()).collect())
        .collect();
    let full = seen.iter().filter(|seen| *seen == expected).count();
    assert!(full == blocks.len() || depends && full > N_BLOCKS / 2, "{what}: {seen:?}");
    for offence in blocks.iter().flat_map(|block| &block.offences) {
        let kind = match offence.what.as_str() {
            "calloc" | "free" => OffenceKind::Heap,
            what if what.starts_with("pthread") => OffenceKind::Lock,
            _ => OffenceKind::Syscall,
        };
        assert_eq!(offence.kind, kind, "{what}");
        let plugin = offence
            .frames
            .iter()
            .any(|frame| frame.is_in("Misbehaving.clap") || frame.is_in("Misbehaving.so"));
        assert!(plugin, "{what}: the plugin is not among {:?}", offence.frames);
    }
}

#[test]
fn every_fault_is_seen_in_both_formats() {
    let test = "realtime::misbehaving::every_fault_is_seen_in_both_formats";
    under_guard(test, || {
        for bundle in bundles("misbehaving") {
            for (fault, expected) in FAULTS {
                is_seen(&bundle, fault, expected);
            }
        }
    });
}

/// Without the guard nothing is known, and that is an error, not a pass.
#[test]
fn a_process_without_the_guard_is_refused() {
    assert!(RealtimeGuard::counting(EXEMPT).is_err());
    assert!(RealtimeGuard::stepping(EXEMPT).is_err());
}
