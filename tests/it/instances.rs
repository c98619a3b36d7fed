//! Many instances in one process play as each would alone.

use std::path::Path;

use hosting::{Recording, Script, Stepper};

use crate::streams::assert_same_music;
use crate::support::{run, song};

/// Four hosts that have nothing in common but the process.
fn hosts() -> [Script; 4] {
    let knobs = [("g_rock", 1.0, "1"), ("g_folk", 0.8, "2"), ("g_classical", 1.0, "3")];
    let mut hosts = [64, 500, 512, 1_024].map(|size| song(8.0, &[size]));
    for (host, (genre, weight, seed)) in hosts.iter_mut().zip(knobs) {
        host.value(genre, weight);
        host.setting("seed", seed);
        host.glide("g_electronic", (1.0, 0.0), (7.0, 1.0)).unwrap();
    }
    hosts
}

/// Runs instances in turn, a block each, on the calling thread.
fn interleaved(bundle: &Path, scripts: &[&Script]) -> Vec<Recording> {
    let start = |script: &&Script| Stepper::start(bundle, script).unwrap();
    let mut steppers: Vec<Stepper> = scripts.iter().map(start).collect();
    let longest = scripts.iter().map(|script| script.blocks.len()).max().unwrap();
    for index in 0..longest {
        for (stepper, script) in steppers.iter_mut().zip(scripts) {
            if let Some(block) = script.blocks.get(index) {
                stepper.step(block).unwrap();
            }
        }
    }
    steppers.into_iter().map(|stepper| stepper.finish().unwrap()).collect()
}

/// Sixteen instances, processed in turn, then on four threads at once.
pub fn sixteen_instances_play_as_each_alone(bundle: &Path) {
    let hosts = hosts();
    let alone = hosts.each_ref().map(|host| run(bundle, host));
    let check = |what: &str, found: &[Recording]| {
        for (number, found) in found.iter().enumerate() {
            assert_same_music(&format!("{what}, instance {number}"), &alone[number % 4], found);
        }
    };
    let all: Vec<&Script> = hosts.iter().cycle().take(16).collect();
    check("in turn", &interleaved(bundle, &all));
    std::thread::scope(|scope| {
        let threads = [0, 1, 2, 3].map(|_| scope.spawn(|| interleaved(bundle, &all[..4])));
        for (number, thread) in threads.into_iter().enumerate() {
            check(&format!("on thread {number}"), &thread.join().unwrap());
        }
    });
}

/// Instances that come and go leave the notes of those that play alone.
pub fn instances_come_and_go_beside_others(bundle: &Path) {
    let hosts = hosts();
    let expected = run(bundle, &hosts[2]);
    let mut stepper = Stepper::start(bundle, &hosts[2]).unwrap();
    for (index, block) in hosts[2].blocks.iter().enumerate() {
        stepper.step(block).unwrap();
        if index % 25 == 0 {
            let other_host = &hosts[index / 25 % 4];
            let mut other = Stepper::start(bundle, other_host).unwrap();
            for block in other_host.blocks.iter().skip(40).take(index % 17 * 4) {
                other.step(block).unwrap();
            }
            // Every second one goes without being deactivated.
            if index % 50 == 0 {
                other.finish().unwrap();
            }
        }
    }
    assert_same_music("beside others", &expected, &stepper.finish().unwrap());
}

/// A track that is duplicated while it plays gives a track that plays the same.
pub fn a_duplicated_track_plays_the_same(bundle: &Path) {
    let mut script = song(8.0, &[512]);
    script.value("g_folk", 0.7);
    script.value("ba_density", 0.9);
    script.setting("seed", "1234");
    let mut original = Stepper::start(bundle, &script).unwrap();
    let mut copies = Vec::new();
    for (index, block) in script.blocks.iter().enumerate() {
        original.step(block).unwrap();
        if index % 150 == 100 {
            let state = Some(original.instance().save_state().unwrap());
            let copy = Script { state, settings: Vec::new(), ..script.clone() };
            copies.push(run(bundle, &copy));
        }
    }
    let original = original.finish().unwrap();
    assert!(copies.len() >= 2 && !original.events.is_empty());
    for copy in &copies {
        assert_eq!(original.values, copy.values);
        assert_same_music("a duplicate", &original, copy);
    }
}
