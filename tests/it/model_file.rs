//! The shipped model: its files fit this program, its losses are worth shipping, and it composes.

use std::path::PathBuf;
use std::sync::Arc;

use model::weights::Manifest;
use model::{BandModel, Network};
use score::steps::{self, HIGHEST_DRUM, LOWEST_DRUM};
use score::{BeatFrame, Blend, Controls, Genre, GridBeat, HistoryBeat, Meter, Part, Tempo};

use crate::support::root;

/// What the plugin embeds.
const SHIPPED: &str = "tributary-v4";
/// The most bytes of weights that a bundle can afford.
const MAX_BYTES: usize = 16 << 20;
/// Below this the network has barely seen the corpus.
const MIN_STEPS: u64 = 20_000_000;
const BARS: i64 = 8;

fn file(name: &str) -> PathBuf {
    root().join("models").join(name)
}

fn read(path: &std::path::Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names of all stored models, found by their weights.
fn names() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("models")).expect("models can be listed");
    let files = entries.map(|entry| entry.expect("an entry of models").path());
    let weights = files.filter(|path| path.extension().is_some_and(|e| e == "safetensors"));
    weights.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

fn network(name: &str) -> Arc<Network> {
    let (weights, manifest) = (file(&format!("{name}.safetensors")), file(&format!("{name}.json")));
    Network::from_bytes(&read(&weights), &read(&manifest))
        .unwrap_or_else(|error| panic!("{}: {error}", weights.display()))
}

#[test]
fn every_stored_model_fits_the_program() {
    let names = names();
    assert!(names.iter().any(|name| name == SHIPPED), "{SHIPPED} is not among {names:?}");
    for name in names {
        network(&name);
        let bytes = read(&file(&format!("{name}.safetensors"))).len();
        assert!(bytes <= MAX_BYTES, "{name}: {bytes} bytes, at most {MAX_BYTES}");
        let manifest = Manifest::from_bytes(&read(&file(&format!("{name}.json")))).unwrap();
        assert_eq!(manifest.name, name);
        let expected = format!("{:016x}", steps::fingerprint());
        assert_eq!(manifest.vocabulary_fingerprint, expected, "{name}: vocabulary");
        let seen = manifest.steps;
        assert!(seen >= MIN_STEPS, "{name}: trained on {seen} steps, at least {MIN_STEPS}");
    }
}

#[test]
fn the_shipped_model_beats_its_baselines_in_every_genre() {
    let path = file(&format!("{SHIPPED}-eval.json"));
    let eval: serde_json::Value = serde_json::from_slice(&read(&path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for genre in Genre::ALL {
        let bits = |table: &str| {
            let value = eval[table][genre.name()].as_f64();
            value.unwrap_or_else(|| panic!("{}: no {table} of {genre:?}", path.display()))
        };
        let own = bits("loss_bits_per_note");
        assert!(own > 0.0 && own.is_finite(), "{genre:?}: {own} bits a note");
        for table in ["loss_bits_per_note_unconditioned", "loss_bits_per_note_ngram"] {
            let other = bits(table);
            assert!(own < other, "{genre:?}: {own} bits a note, {other} in {table}");
        }
    }
}

fn compose(network: &Arc<Network>, controls: &Controls) -> Vec<GridBeat> {
    let mut band = BandModel::new(network.clone());
    let mut history: Vec<HistoryBeat> = Vec::new();
    for beat in 0..BARS * 4 {
        let frame = BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT);
        let music = band.compose(&history, &frame, controls, 0).expect("a beat");
        history.push(HistoryBeat { frame, music });
    }
    history.into_iter().map(|beat| beat.music).collect()
}

#[test]
fn the_shipped_model_plays_every_pure_genre() {
    let network = network(SHIPPED);
    let mut seen: Vec<(Genre, Vec<GridBeat>)> = Vec::new();
    for genre in Genre::ALL {
        let controls = Controls { blend: Blend::pure(genre), ..Controls::default() };
        let music = compose(&network, &controls);
        assert!(music == compose(&network, &controls), "{genre:?} differs on a second run");
        let notes = |part: Part| music.iter().flat_map(move |beat| &beat.parts[part.index()]);
        for part in Part::ALL {
            for note in notes(part) {
                let pitches =
                    if part == Part::Drums { LOWEST_DRUM..=HIGHEST_DRUM } else { 0..=127 };
                let fits = pitches.contains(&note.pitch)
                    && usize::from(note.position) < score::grid::CELLS_PER_BEAT as usize
                    && note.duration >= 1
                    && note.micro.abs() <= score::grid::MAX_MICRO;
                assert!(fits, "{genre:?}, {part:?}: {note:?} is off the grid");
            }
        }
        let counts = Part::ALL.map(|part| notes(part).count());
        let total: usize = counts.iter().sum();
        println!("{genre:?}: {counts:?} notes of the parts");
        assert!(total as i64 >= BARS * 4, "{genre:?}: {total} notes in {BARS} bars");
        assert!(music.iter().any(|beat| beat.chord.is_some()), "{genre:?} has no chord");
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == music) {
            panic!("{genre:?} and {other:?} are the same music");
        }
        seen.push((genre, music));
    }
}
