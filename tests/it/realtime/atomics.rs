//! The locked instructions of the process call, against a list that people have looked at.
//!
//! A lock that nobody else holds is taken by one locked instruction; so is a shared counter that
//! several threads count up. Neither calls anything, so only stepping through every instruction
//! shows them. Which function an instruction is inlined into changes with the compiler's mood, but
//! not how often it is run; so the totals are held, and the functions tell a reader why.
//! `cargo xtask atomics --bless` rewrites the list and keeps its reasons.

use std::collections::BTreeMap;
use std::path::Path;

use hosting::{Format, InputNote, LockedInstruction, RealtimeGuard, Script, Song};

use super::misbehaving;
use super::symbols::{Symbols, library_of};
use super::under_guard;
use crate::support::{RATE, clap, root, vst3};

/// Set by `cargo xtask atomics --bless`.
const BLESS: &str = "TRIBUTARY_BLESS";

/// Set by `cargo xtask atomics`: the list may hold nothing that is not run.
const EXACT: &str = "TRIBUTARY_EXACT_ATOMICS";

const LIST: &str = "tests/it/realtime/atomics.txt";

/// Paced blocks before the first that is stepped through, so that the band has composed.
const N_BEFORE: usize = 100;

/// Blocks that are stepped through, of few frames: an instruction takes some 20 us.
const N_STEPPED: usize = 14;
const FRAMES: usize = 16;

/// A place in the plugin: format, instruction, function.
type Entry = (String, String, String);

/// The song stands while the band composes; then it starts, with edits, a note and at the end the
/// sound, and stops.
fn script() -> Script {
    let song = Song::default();
    let mut script = Script::new(RATE, 512).in_real_time(4.0);
    script.stand(&song, 0.0, 512, N_BEFORE);
    script.play(&song, 0.0, ((N_STEPPED - 1) * FRAMES) as f64 / (RATE / 2.0), &[FRAMES]);
    script.stop(FRAMES, 1);
    script.setting("sound", "off");
    for (place, name, value) in [
        (2, "g_jazz", 0.7),
        (4, "seed", 0.3),
        (6, "bypass", 1.0),
        (8, "bypass", 0.0),
        (11, "sound", 1.0),
    ] {
        script.blocks[N_BEFORE + place].change(5, name, value);
    }
    let note = InputNote { offset: 5, on: true, channel: 0, key: 60, velocity: 0.5 };
    script.blocks[N_BEFORE + 3].notes.push(note);
    script
}

/// What an instance runs inside its process calls. The host's own code, which the plugin calls
/// back, is left out.
fn locked(bundle: &Path, script: &Script, exempt: usize) -> (Format, Vec<LockedInstruction>) {
    let mut instance = hosting::load(bundle).unwrap();
    let mut guard = RealtimeGuard::stepping(exempt).unwrap();
    let recording = hosting::play(instance.as_mut(), script, &mut guard).unwrap();
    let program = std::env::current_exe().unwrap();
    let sites = guard.locked_instructions().unwrap().iter();
    let sites: Vec<_> = sites.filter(|site| site.place.library != program).cloned().collect();
    println!(
        "{:?}: {} instructions in {} blocks, {} events",
        instance.format(),
        guard.n_steps(),
        guard.n_blocks(),
        recording.events.len(),
    );
    assert!(guard.n_steps() > 500 * guard.n_blocks() as u64, "that is no whole process call");
    (instance.format(), sites)
}

/// Times that an instruction was run, by entry.
fn entries(bundle: &Path) -> BTreeMap<Entry, u64> {
    let (format, sites) = locked(bundle, &script(), N_BEFORE);
    let symbols = Symbols::of(bundle, &library_of(bundle));
    let mut entries = BTreeMap::new();
    for site in sites {
        // Whether a closure is inlined changes with any other code.
        let function = symbols.name(&site.place).replace("::_{{closure}}", "");
        let entry = (format!("{format:?}").to_lowercase(), site.name, function);
        println!("  {:>5} x {} in {}", site.count, entry.1, entry.2);
        *entries.entry(entry).or_insert(0) += site.count;
    }
    entries
}

/// The list: a line `format | instruction | times run | function | reason` each.
fn listed() -> BTreeMap<Entry, (u64, String)> {
    let text = std::fs::read_to_string(root().join(LIST)).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let mut words = line.split(" | ").map(|word| word.trim().to_owned());
            let mut word = || words.next().unwrap_or_default();
            let (format, instruction, count) = (word(), word(), word());
            let count = count.parse().unwrap_or_else(|_| panic!("{LIST}: {line}: no number"));
            ((format, instruction, word()), (count, word()))
        })
        .collect()
}

fn write(format: &str, found: &BTreeMap<Entry, u64>) {
    let listed = listed();
    let reason = |entry: &Entry| listed.get(entry).map(|(_, reason)| reason.clone());
    let mut all: BTreeMap<Entry, (u64, String)> = listed
        .iter()
        .filter(|(entry, _)| entry.0 != format)
        .map(|(e, r)| (e.clone(), r.clone()))
        .collect();
    all.extend(
        found
            .iter()
            .map(|(entry, count)| (entry.clone(), (*count, reason(entry).unwrap_or_default()))),
    );
    let old = std::fs::read_to_string(root().join(LIST)).unwrap_or_default();
    let head = old.lines().take_while(|line| line.starts_with('#'));
    let mut text: String = head.map(|line| format!("{line}\n")).collect();
    for ((format, instruction, function), (count, reason)) in all {
        text += &format!("{format} | {instruction} | {count} | {function} | {reason}\n");
    }
    std::fs::write(root().join(LIST), text).unwrap();
}

/// Crates of the plugin that run on the audio thread; nothing of theirs is on the list.
const OURS: [&str; 5] = ["tributary::", "player::", "score::", "synth::", "rtrb::"];

/// Times run by instruction.
fn totals<'a>(entries: impl Iterator<Item = (&'a Entry, u64)>) -> BTreeMap<String, u64> {
    let mut totals = BTreeMap::new();
    for ((_, instruction, _), count) in entries {
        *totals.entry(instruction.clone()).or_insert(0) += count;
    }
    totals
}

/// No instruction is run more often than the list says. It must be run as often if that was asked
/// for: whether a thread sleeps just then, and is woken, is a matter of luck.
fn are_the_listed_ones(bundle: &Path) {
    let found = entries(bundle);
    let format = bundle.extension().unwrap_or_default().to_string_lossy().into_owned();
    if std::env::var_os(BLESS).is_some() {
        write(&format, &found);
    }
    let listed = listed();
    for (entry, (_, reason)) in &listed {
        assert!(!reason.is_empty(), "{LIST} gives no reason for {entry:?}");
    }
    for entry in found.keys() {
        let ours = OURS.iter().any(|name| entry.2.trim_start_matches('<').starts_with(name));
        assert!(!ours, "{entry:?} is our own");
    }
    let here = listed.iter().filter(|(entry, _)| entry.0 == format);
    let known = totals(here.map(|(entry, (count, _))| (entry, *count)));
    let run = totals(found.iter().map(|(entry, count)| (entry, *count)));
    let exact = std::env::var_os(EXACT).is_some();
    for instruction in run.keys().chain(known.keys()) {
        let [run, known] = [&run, &known].map(|all| all.get(instruction).copied().unwrap_or(0));
        let agrees = if exact { run == known } else { run <= known };
        assert!(
            agrees,
            "{format}: {run} times {instruction}, {known} in {LIST}; see `cargo xtask atomics`"
        );
    }
}

#[test]
fn locked_instructions_of_the_clap_are_listed() {
    let test = "realtime::atomics::locked_instructions_of_the_clap_are_listed";
    under_guard(test, || are_the_listed_ones(&clap()));
}

#[test]
fn locked_instructions_of_the_vst3_are_listed() {
    let test = "realtime::atomics::locked_instructions_of_the_vst3_are_listed";
    under_guard(test, || are_the_listed_ones(&vst3()));
}

/// A counter that is counted up for several threads shows, and nothing hides it.
#[test]
fn a_locked_instruction_is_seen_in_both_formats() {
    let test = "realtime::atomics::a_locked_instruction_is_seen_in_both_formats";
    under_guard(test, || {
        for bundle in misbehaving::bundles("locked") {
            let count = |fault: &str| {
                let (_, sites) = locked(&bundle, &misbehaving::script(fault), 1);
                let inside = |site: &&LockedInstruction| {
                    site.place.is_in("Misbehaving.clap") || site.place.is_in("Misbehaving.so")
                };
                sites.iter().filter(inside).map(|site| site.count).sum::<u64>()
            };
            let (quiet, counting) = (count("nothing"), count("atomic"));
            let blocks = misbehaving::N_BLOCKS as u64;
            assert_eq!(counting, quiet + blocks, "{}", bundle.display());
        }
    });
}
