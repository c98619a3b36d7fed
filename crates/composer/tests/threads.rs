//! How many threads composing takes. A program of its own: other tests have threads as well.
#![cfg(target_os = "linux")]

use composer::testing::{Script, drive_offline};
use composer::{NeuralGenerator, Session, Settings, session};

/// The shipped weights: small ones would stay below what starts threads in a tensor library.
static WEIGHTS: &[u8] = include_bytes!("../../../models/tributary-v1.safetensors");
static MANIFEST: &[u8] = include_bytes!("../../../models/tributary-v1.json");

/// Names of this process's threads.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("/proc");
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
    let mut names: Vec<String> =
        tasks.filter_map(|task| Some(name(task.ok()?)?.trim().to_owned())).collect();
    names.sort();
    names
}

#[test]
fn sixteen_composing_sessions_take_one_thread_and_leave_none() {
    let before = threads();
    for _ in 0..2 {
        let mut sessions: Vec<Session> = Vec::new();
        for n in 1..=16 {
            let make = || {
                let generator = NeuralGenerator::embedded(WEIGHTS, MANIFEST)?;
                Ok(Box::new(generator) as Box<dyn composer::Generator>)
            };
            sessions.push(session::start(make, Settings::default()));
            let blocks = Script::play(48_000).blocks(&[512]);
            let newest = sessions.last_mut().expect("one");
            assert!(!drive_offline(newest, &blocks).is_empty());
            assert_eq!(newest.report.failure(), None);
            let mut expected = before.clone();
            // The system cuts names to 15 letters.
            expected.push("tributary-compo".into());
            expected.sort();
            assert_eq!(threads(), expected, "with {n} sessions");
        }
        drop(sessions);
        assert_eq!(threads(), before);
    }
}
