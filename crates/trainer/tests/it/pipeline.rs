//! A small corpus goes all the way: prepare, train, stop, resume, eval, export, compose.

use std::fs;
use std::path::{Path, PathBuf};

use model::originality::{LIMIT, Watch};
use model::{BandModel, Blending, Network, OriginalityFilter};
use safetensors::{Dtype, SafeTensors};
use score::random::Random;
use score::{
    BeatFrame, Controls, HistoryBeat, Meter, Note, Part, Piece, Pitch, Tempo, Ticks, Velocity,
};
use trainer::corpus::{Artists, Split};
use trainer::eval::{self, Budget, EvalOptions, Evaluation};
use trainer::export::{self, ExportOptions};
use trainer::recipe::Recipe;
use trainer::songs::{Song, Songs};
use trainer::train::{self, TrainOptions};
use trainer::{checkpoint, prepare};

pub const RECIPE: &str = "seed = 3\ncontext_len = 96\n";

pub const RUN: &str = r#"
name = "small"
recipe = "recipe.toml"
seed = 5
steps = 1200
rows = 2
report = 600
valid_windows = 2
checkpoint_secs = 3600
[optimizer]
learning_rate = 0.01
warmup = 200
[network]
d_model = 32
n_layers = 1
n_heads = 2
n_kv_heads = 1
d_ff = 32
d_cond = 8
context_len = 128
rms_eps = 1e-5
rope_base = 10000.0
"#;

/// A song of four parts that differs with the seed.
pub fn song(seed: u64) -> Vec<u8> {
    let mut rng = Random::new(seed);
    let mut piece = Piece::default();
    let mut add = |part: usize, eighth: i64, pitch: i32, duration: i64| {
        piece.parts[part].push(Note {
            onset: Ticks(eighth * 480),
            duration: Ticks(duration),
            pitch: Pitch::clamped(pitch),
            velocity: Velocity::clamped(90),
        });
    };
    let scale = [0, 2, 4, 5, 7, 9, 11];
    for eighth in 0..16 * 8 {
        add(0, eighth, if eighth % 4 == 0 { 36 } else { 42 }, 120);
        if eighth % 2 == 0 {
            add(1, eighth, 36 + scale[rng.below(7)], 900);
        }
        if eighth % 8 == 0 {
            let root = rng.below(7);
            [0, 2, 4].iter().for_each(|third| {
                add(2, eighth, 48 + scale[(root + third) % 7], 3000);
            });
        }
        if rng.chance(0.6) {
            add(3, eighth, 72 + scale[rng.below(7)], 400);
        }
    }
    piece.sort();
    score::smf::write(&piece)
}

/// A fresh folder with a prepared corpus of two genres and the run's files.
pub fn prepared(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    let mut rows =
        String::from("path,genre,source,tier,origin,group,split,bpm,performed,dynamics\n");
    for (genre, seeds) in [("jazz", 0..6u64), ("folk", 6..12)] {
        fs::create_dir_all(folder.join("corpus").join(genre)).unwrap();
        for seed in seeds {
            let path = format!("{genre}/{seed}.mid");
            let split = ["train", "train", "train", "train", "valid", "test"][seed as usize % 6];
            rows += &format!("{path},{genre},mine,A,human,{seed},{split},120,no,yes\n");
            fs::write(folder.join("corpus").join(&path), song(seed)).unwrap();
        }
    }
    fs::write(folder.join("corpus/manifest.csv"), rows).unwrap();
    fs::write(folder.join("recipe.toml"), RECIPE).unwrap();
    fs::write(folder.join("run.toml"), RUN).unwrap();
    prepare::run(&folder.join("corpus"), &folder.join("prepared"), &[], &Artists::default())
        .unwrap();
    folder
}

pub fn options(folder: &Path, out: &str, steps: Option<u64>, resume: bool) -> TrainOptions {
    TrainOptions {
        prepared: folder.join("prepared"),
        config: folder.join("run.toml"),
        out: folder.join(out),
        resume,
        init: None,
        steps,
    }
}

pub fn eval_options(folder: &Path, models: &Path) -> EvalOptions {
    EvalOptions {
        prepared: folder.join("prepared"),
        weights: models.join("small.safetensors"),
        manifest: models.join("small.json"),
        budget: Budget {
            loss_windows: 3,
            ngram_windows: 20,
            pure_songs: 2,
            floor_songs: 1,
            sweep_songs: 1,
            most_sweep_songs: 2,
            sweep_bars: 8,
            knob_songs: 2,
            pair_songs: 1,
            bars: 8,
            long_songs: [1, 1],
            chord_songs: 1,
        },
        sections: Vec::new(),
        blending: Blending::Composed,
        strength: 1.0,
        cache: folder.join("cache"),
        threads: 1,
        unguarded: true,
        valid: false,
        json: Some(folder.join("eval.json")),
        markdown: Some(folder.join("eval.md")),
        plots: Some(folder.join("plots")),
        log: Some(folder.join("run/log.jsonl")),
    }
}

#[test]
fn a_corpus_becomes_a_model_that_composes() {
    let folder = prepared("pipeline");
    let train = |options: &TrainOptions| train::run(options);
    train(&options(&folder, "run", None, false)).unwrap();
    let (_, state) = checkpoint::read(&folder.join("run/checkpoint.safetensors")).unwrap();
    assert!(state.n_steps >= 1200 && state.n_updates > 3);
    assert_eq!(state.losses.len(), 2);
    assert!(state.losses.values().all(|bits| bits.is_finite() && *bits > 0.0));
    let error = train(&options(&folder, "run", None, false)).unwrap_err().to_string();
    assert!(error.contains("go on with --resume"), "{error}");

    let models = folder.join("models");
    let mut export = ExportOptions {
        weights: folder.join("run/checkpoint.safetensors"),
        config: folder.join("run.toml"),
        prepared: Some(folder.join("prepared")),
        eval: None,
        steps: None,
        name: None,
        out: models.clone(),
    };
    export::run(&export).unwrap();
    eval::run(&eval_options(&folder, &models)).unwrap();
    let first = fs::read(folder.join("eval.json")).unwrap();
    holds_every_field(&first);
    // What was composed is found again, and everything comes out the same.
    eval::run(&eval_options(&folder, &models)).unwrap();
    let evaluation = fs::read(folder.join("eval.json")).unwrap();
    assert_eq!(evaluation, first);
    let evaluation: Evaluation = serde_json::from_slice(&evaluation).unwrap();
    // What was unknown is written as null, and reads back.
    let read: serde_json::Value = serde_json::from_slice(&first).unwrap();
    assert!(is_like(&serde_json::to_value(&evaluation).unwrap(), &read));
    for name in ["blends", "confusion", "parts", "habits", "loss"] {
        let png = fs::read(folder.join("plots").join(name).with_extension("png")).unwrap();
        assert!(png.starts_with(b"\x89PNG") && png.len() > 8000, "{name}: {}", png.len());
    }
    eval::draw_again(&folder.join("eval.json"), None, &folder.join("again")).unwrap();
    let picture = |of: &str| fs::read(folder.join(of).join("habits.png")).unwrap();
    assert_eq!(picture("again"), picture("plots"));
    assert_eq!(evaluation.loss_bits_per_note.len(), 2);
    assert!(evaluation.loss_bits_per_note_ngram["folk"] < 20.0);
    assert!(evaluation.n_notes["jazz"] > 10);
    // The twin's weights carry no state; the card takes what the command line says.
    export.weights = folder.join("run/weights.safetensors");
    (export.eval, export.steps) = (Some(folder.join("eval.json")), Some(77));
    export::run(&export).unwrap();
    let card = fs::read_to_string(models.join("README.md")).unwrap();
    assert_eq!(card.matches("## small").count(), 1);
    assert!(card.contains("77 steps of music") && card.contains("| folk |"), "{card}");

    let rounded = card.matches("| +").count() + card.matches("| -0").count();
    assert!(card.contains("before and after rounding") && rounded >= 2, "{card}");

    let read = |name: &str| fs::read(models.join(name)).unwrap();
    let exported = read("small.safetensors");
    let exported = SafeTensors::deserialize(&exported).unwrap();
    let trained = fs::read(folder.join("run/weights.safetensors")).unwrap();
    for (name, trained) in SafeTensors::deserialize(&trained).unwrap().tensors() {
        // Matrices take half the bytes; scales and biases stay exact.
        let half = trained.shape().len() == 2;
        let expected = if half { Dtype::BF16 } else { Dtype::F32 };
        assert_eq!(exported.tensor(&name).unwrap().dtype(), expected, "{name}");
    }
    let network = Network::from_bytes(&read("small.safetensors"), &read("small.json")).unwrap();
    // A judge comes along, fitted on the held-out songs.
    let judge = network.judge().unwrap();
    assert_eq!(judge.n_genres(), 2);
    assert!(card.contains("| all parts, 2 bars |"), "{card}");
    guards_against_copies(&folder.join("prepared"), network.originality().unwrap());
    let frame = BeatFrame::regular(0, Meter::COMMON, Tempo::DEFAULT);
    let beat = BandModel::new(network).compose(&[], &frame, &Controls::default(), 0).unwrap();
    assert!(beat.parts.iter().all(|notes| notes.len() <= 24));
}

/// All training songs are caught in time, and those that were held out are not.
fn guards_against_copies(prepared: &Path, filter: &OriginalityFilter) {
    let caught = |song: &Song| {
        let mut watch = Watch::new(filter);
        let cell = |beat: &HistoryBeat, position: u8| 24 * beat.frame.beat + i64::from(position);
        let notes = song.beats.iter().flat_map(|beat| {
            let lead = beat.music.parts[Part::Lead.index()].iter();
            lead.map(move |note| (cell(beat, note.position), note.pitch))
        });
        let notes: Vec<(i64, u8)> = notes.collect();
        assert!(notes.len() > 2 * LIMIT, "{} notes", notes.len());
        notes.iter().position(|(cell, pitch)| watch.push(*cell, *pitch))
    };
    let songs = |split| Songs::read(prepared, &[split], &Recipe::default()).unwrap().songs;
    for song in songs(Split::Train) {
        assert!(caught(&song).is_some_and(|note| (LIMIT - 4..=LIMIT).contains(&note)));
    }
    assert!(songs(Split::Test).iter().all(|song| caught(song).is_none()));
}

/// Whether two values are the same but for the last bits of numbers, which JSON may lose.
fn is_like(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-12 * a.abs()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_like(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_like(a, b)))
        }
        _ => a == b,
    }
}

/// The names that others build on, with numbers in their range.
fn holds_every_field(json: &[u8]) {
    let json: serde_json::Value = serde_json::from_slice(json).unwrap();
    let loss = ["loss_bits_per_note", "loss_bits_per_note_ngram"];
    for name in loss.into_iter().chain(["loss_bits_per_note_unconditioned"]) {
        assert!(json[name]["jazz"].as_f64().unwrap() > 0.0, "{name}");
    }
    let shares = [
        "judge_real_macro",
        "pure_macro",
        "pure_worst",
        "per_part_drums",
        "per_part_pitched",
        "per_part_both",
        "chord_follow",
    ];
    for name in shares {
        let share = json[name].as_f64().unwrap_or(f64::NAN);
        assert!((0.0..=1.0).contains(&share), "{name}: {}", json[name]);
    }
    assert_eq!(json["scale_lock"].as_f64().unwrap(), 1.0);
    let others = [
        "blend_spearman_mean",
        "blend_spearman_worst",
        "blend_largest_step",
        "blend_deviation",
        "middle_cost",
        "copied_run",
        "copied_run_human_p95",
    ];
    for name in others {
        assert!(json[name].as_f64().unwrap().is_finite(), "{name}: {}", json[name]);
    }
    let longest = |whose: &str| json["copies"][whose]["longest"].as_f64().unwrap();
    assert!(longest("generated") <= json["guard"]["limit"].as_f64().unwrap());
    assert!(json["guard"]["redrawn"].as_f64() >= json["guard"]["forced"].as_f64());
    assert!(json["guard"]["n_beats"] == 2 * 2 * 8 * 4 && longest("unguarded").is_finite());
    assert!(json["overlap_area"].as_f64().unwrap() > 0.0 && json["repetition"].is_object());
    assert!(json["repetition_human_quartiles"].is_object());
    for side in ["generated", "real", "ngram", "untrained"] {
        assert_eq!(json["sweep"][side]["curves"].as_array().unwrap().len(), 1, "{side}");
        assert_eq!(json["per_part"][side]["pairs"].as_array().unwrap().len(), 2, "{side}");
        // Untrained weights of this size may compose nothing at all.
        let is_known = |name: &str| json[name][side]["value"].is_f64() || side == "untrained";
        assert!(is_known("scale") && is_known("chords"), "{side}");
    }
    let heard = &json["judge_real"]["all parts"];
    assert!(
        heard["n_excerpts"][0].as_u64().unwrap() > 0 && heard["n_songs"][1].as_u64().unwrap() > 0
    );
}

#[test]
fn a_resumed_run_is_the_run() {
    let folder = prepared("resumed");
    train::run(&options(&folder, "whole", Some(900), false)).unwrap();
    // The rate depends on the end of the run, so the first half is cut from a run of that end.
    let config = folder.join("half.toml");
    fs::write(&config, RUN.replace("steps = 1200", "steps = 900")).unwrap();
    let half = TrainOptions { config, ..options(&folder, "halves", None, false) };
    train::run_until(&half, 450).unwrap();
    let path = folder.join("halves/checkpoint.safetensors");
    assert!(checkpoint::read(&path).unwrap().1.n_steps < 900);
    train::run(&TrainOptions { resume: true, ..half }).unwrap();
    let whole = checkpoint::read(&folder.join("whole/checkpoint.safetensors")).unwrap();
    let halves = checkpoint::read(&path).unwrap();
    assert_eq!(whole.1, halves.1);
    for (name, tensor) in &whole.0 {
        let values = |t: &candle_core::Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(tensor), values(&halves.0[name]), "{name}");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = prepared("misfits");
    let error = |options: &TrainOptions| format!("{:#}", train::run(options).unwrap_err());
    let missing =
        TrainOptions { config: folder.join("no.toml"), ..options(&folder, "x", None, false) };
    assert!(error(&missing).contains("no.toml: cannot be read"));
    fs::write(folder.join("bad.toml"), RUN.replace("d_ff = 32", "d_ff = 33")).unwrap();
    let bad =
        TrainOptions { config: folder.join("bad.toml"), ..options(&folder, "x", None, false) };
    assert!(error(&bad).contains("d_ff is 33"), "{}", error(&bad));
    fs::write(folder.join("bad.toml"), format!("colour = 1\n{RUN}")).unwrap();
    assert!(error(&bad).contains("colour"), "{}", error(&bad));
    let resumed = options(&folder, "x", None, true);
    assert!(error(&resumed).contains("checkpoint.safetensors: cannot be read"));
    fs::write(folder.join("x/checkpoint.safetensors"), b"not at all").unwrap();
    assert!(error(&resumed).contains("checkpoint.safetensors: not a checkpoint"));
    let mut eval = eval_options(&folder, &folder);
    assert!(format!("{:#}", eval::run(&eval).unwrap_err()).contains("small.json: cannot be read"));
    eval.manifest = folder.join("recipe.toml");
    assert!(format!("{:#}", eval::run(&eval).unwrap_err()).contains("recipe.toml: manifest: "));
}
