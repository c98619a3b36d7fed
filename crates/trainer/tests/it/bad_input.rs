//! Corpora that are wrong, disks that fill, and runs that are killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use model::weights::Manifest;
use trainer::checkpoint;
use trainer::corpus::{Artists, Split};
use trainer::eval::{self, Section};
use trainer::export::{self, ExportOptions};
use trainer::recipe::Recipe;
use trainer::shard::Index;
use trainer::songs::Songs;
use trainer::{prepare, train};

use crate::pipeline::{RECIPE, RUN, eval_options, options, prepared, song};

/// An empty folder of this test's.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A corpus without a manifest: folders of genres with so many songs each.
fn corpus(folder: &Path, genres: &[(&str, u64)]) -> PathBuf {
    let corpus = folder.join("corpus");
    for (number, (genre, n_songs)) in genres.iter().enumerate() {
        fs::create_dir_all(corpus.join(genre)).unwrap();
        for seed in 0..*n_songs {
            let seed = 100 * number as u64 + seed;
            fs::write(corpus.join(genre).join(format!("{seed}.mid")), song(seed)).unwrap();
        }
    }
    corpus
}

fn trainer() -> Command {
    Command::new(env!("CARGO_BIN_EXE_trainer"))
}

/// The trainer with a disk that takes no file above some bytes; writing more is an error, as on a
/// full disk.
fn on_a_small_disk(kilobytes: u32, arguments: &[&str]) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("bash");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_trainer")]).args(arguments);
    shell.output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn errors(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Names of the files of a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_corpus_of_more_genres_than_knobs_is_refused() {
    let folder = folder("seven");
    let genres = ["a", "b", "c", "d", "e", "f", "g"].map(|genre| (genre, 1));
    let corpus = corpus(&folder, &genres);
    let error = format!(
        "{:#}",
        prepare::run(&corpus, &folder.join("out"), &[], &Artists::default()).unwrap_err()
    );
    let expected =
        "genres: expected 1 to 6, as many as there are knobs, found 7: a, b, c, d, e, f, g";
    assert_eq!(error, format!("{}: {expected}", corpus.display()));
    assert!(!folder.join("out").exists());
}

#[test]
fn what_is_empty_or_broken_is_left_out_and_said() {
    let folder = folder("patchy");
    let corpus = corpus(&folder, &[("waltz", 4), ("empty", 0), ("ruin", 2)]);
    for seed in 200..202 {
        let path = corpus.join(format!("ruin/{seed}.mid"));
        fs::write(&path, b"MThd\0\0").unwrap();
    }
    fs::write(corpus.join("waltz/torn.mid"), b"MThd\0\0").unwrap();
    fs::write(corpus.join("waltz/notes.txt"), b"no music").unwrap();
    let out = folder.join("out");
    let done = trainer()
        .args(["prepare", "--corpus", text(&corpus), "--out", text(&out)])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(said.contains("genre empty: no MIDI file, left out"), "{said}");
    // Files, kept, broken, short.
    assert!(said.contains("| ruin | ruin | human |  | 2 | 0 | 2 | 0 |"), "{said}");
    let index = Index::read(&out).unwrap();
    assert_eq!(index.genres, ["waltz"]);
    let rejected = fs::read_to_string(out.join("rejected.txt")).unwrap();
    for name in ["waltz/torn.mid", "ruin/200.mid", "ruin/201.mid"] {
        let line = format!("{name}: byte 6: the file ends inside its header\n");
        assert!(rejected.contains(&line), "{rejected}");
    }
    // Of four songs some are held out, so that training can begin.
    let songs = |split| Songs::read(&out, &[split], &Recipe::default()).unwrap().songs.len();
    assert_eq!([Split::Train, Split::Valid, Split::Test].map(songs), [2, 1, 1]);

    fs::remove_dir_all(corpus.join("waltz")).unwrap();
    let error = prepare::run(&corpus, &folder.join("none"), &[], &Artists::default())
        .unwrap_err()
        .to_string();
    let list = folder.join("none/rejected.txt");
    let expected = format!("none of 2 files can be used; why: {}", list.display());
    assert_eq!(error, format!("{}: {expected}", corpus.display()));
    assert!(list.exists());
    fs::remove_dir_all(corpus.join("ruin")).unwrap();
    let error = prepare::run(&corpus, &folder.join("none"), &[], &Artists::default())
        .unwrap_err()
        .to_string();
    assert_eq!(error, format!("{}: no MIDI file in <genre>/**/*.mid", corpus.display()));
}

#[test]
fn unknown_tiers_are_refused_with_those_that_there_are() {
    let folder = prepared("tiers");
    let corpus = folder.join("corpus");
    let tiers = |names: &[&str]| -> Vec<String> { names.iter().map(|n| (*n).into()).collect() };
    let error = prepare::run(&corpus, &folder.join("x"), &tiers(&["A", "Z"]), &Artists::default())
        .unwrap_err();
    let manifest = corpus.join("manifest.csv");
    let expected = format!("--tiers Z: expected tiers of {}: A", manifest.display());
    assert_eq!(error.to_string(), expected);
    fs::remove_file(&manifest).unwrap();
    let error =
        prepare::run(&corpus, &folder.join("x"), &tiers(&["A"]), &Artists::default()).unwrap_err();
    let expected = "--tiers A: no file has a tier, since tiers stand in";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn two_songs_a_genre_are_too_few_and_it_is_said() {
    let folder = folder("two");
    let corpus = corpus(&folder, &[("waltz", 2), ("march", 5)]);
    prepare::run(&corpus, &folder.join("prepared"), &[], &Artists::default()).unwrap();
    fs::write(folder.join("recipe.toml"), RECIPE).unwrap();
    fs::write(folder.join("run.toml"), RUN).unwrap();
    let error = format!("{:#}", train::run(&options(&folder, "run", None, false)).unwrap_err());
    let expected = "genre waltz: no song to draw; a genre needs three songs or more";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_disk_that_fills_leaves_what_was_there() {
    let folder = prepared("full");
    let (corpus, out) = (folder.join("corpus"), folder.join("prepared"));
    let before = names(&out);
    let index = Index::read(&out).unwrap();
    // Another song changes both what is written and its size.
    fs::write(corpus.join("jazz/0.mid"), song(77)).unwrap();
    let full = on_a_small_disk(1, &["prepare", "--corpus", text(&corpus), "--out", text(&out)]);
    let error = errors(&full);
    assert!(error.contains(".songs: cannot be written: File too large"), "{error}");
    assert_eq!(names(&out), before);
    assert_eq!(Index::read(&out).unwrap().corpus_hash, index.corpus_hash);
    assert_eq!(Songs::read(&out, &[Split::Train], &Recipe::default()).unwrap().songs.len(), 8);
    // With room again it is as if nothing had been.
    prepare::run(&corpus, &out, &[], &Artists::default()).unwrap();
    assert_ne!(Index::read(&out).unwrap().corpus_hash, index.corpus_hash);
    assert_eq!(names(&out).len(), before.len(), "{:?}", names(&out));

    let (recipe, windows) = (folder.join("recipe.toml"), folder.join("windows.bin"));
    let pack = ["pack", "--prepared", text(&out), "--recipe", text(&recipe), "-o", text(&windows)];
    let pack = [&pack[..], &["--steps", "2000"]].concat();
    assert!(trainer().args(&pack).status().unwrap().success());
    let packed = fs::read(&windows).unwrap();
    let error = errors(&on_a_small_disk(1, &pack));
    assert!(error.contains("windows.bin: cannot be written: File too large"), "{error}");
    assert_eq!(fs::read(&windows).unwrap(), packed);
    assert!(!folder.join("windows.bin.partial").exists());

    train::run(&options(&folder, "run", Some(400), false)).unwrap();
    let path = folder.join("run/checkpoint.safetensors");
    let saved = fs::read(&path).unwrap();
    let (config, run) = (folder.join("run.toml"), folder.join("run"));
    let more = ["train", "--prepared", text(&out), "--config", text(&config), "--out", text(&run)];
    let more = [&more[..], &["--resume", "--steps", "800"]].concat();
    let error = errors(&on_a_small_disk(8, &more));
    assert!(error.contains("checkpoint.safetensors: cannot be written: File too large"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), saved);
    train::run(&options(&folder, "run", Some(800), true)).unwrap();
    assert!(checkpoint::read(&path).unwrap().1.n_steps >= 800);
}

#[test]
fn a_killed_run_goes_on_where_its_checkpoint_is() {
    let folder = prepared("killed");
    // A checkpoint after every update.
    let config = folder.join("often.toml");
    let text_of = RUN.replace("checkpoint_secs = 3600", "checkpoint_secs = 0");
    fs::write(&config, text_of.replace("steps = 1200", "steps = 3000")).unwrap();
    let options = |out: &str, resume| train::TrainOptions {
        config: config.clone(),
        ..options(&folder, out, None, resume)
    };
    train::run(&options("whole", false)).unwrap();
    let run = folder.join("killed");
    let prepared = folder.join("prepared");
    let mut killed = trainer()
        .args(["train", "--prepared", text(&prepared), "--config", text(&config)])
        .args(["--out", text(&run)])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let path = run.join("checkpoint.safetensors");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !path.exists() {
        assert!(Instant::now() < deadline && killed.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(2));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let n_steps = checkpoint::read(&path).unwrap().1.n_steps;
    assert!(n_steps > 0 && n_steps < 3000, "{n_steps} steps when it was killed");
    train::run(&options("killed", true)).unwrap();
    let whole = checkpoint::read(&folder.join("whole/checkpoint.safetensors")).unwrap();
    let resumed = checkpoint::read(&path).unwrap();
    assert_eq!(whole.1, resumed.1);
    for (name, tensor) in &whole.0 {
        let values = |t: &candle_core::Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(tensor), values(&resumed.0[name]), "{name}");
    }
    // Its log can be read to the end.
    let log = fs::read_to_string(run.join("log.jsonl")).unwrap();
    assert!(log.lines().count() > 1);
}

#[test]
fn one_genre_trains_a_model_and_what_cannot_be_measured_is_said() {
    let folder = folder("one");
    let corpus = corpus(&folder, &[("waltz", 6)]);
    prepare::run(&corpus, &folder.join("prepared"), &[], &Artists::default()).unwrap();
    fs::write(folder.join("recipe.toml"), RECIPE).unwrap();
    fs::write(folder.join("run.toml"), RUN).unwrap();
    train::run(&options(&folder, "run", None, false)).unwrap();
    let models = folder.join("models");
    export::run(&ExportOptions {
        weights: folder.join("run/checkpoint.safetensors"),
        config: folder.join("run.toml"),
        prepared: Some(folder.join("prepared")),
        eval: None,
        steps: None,
        name: None,
        out: models.clone(),
    })
    .unwrap();
    let manifest = Manifest::from_bytes(&fs::read(models.join("small.json")).unwrap()).unwrap();
    assert_eq!(manifest.genres.as_slice(), ["waltz"]);
    let mut options = eval_options(&folder, &models);
    options.sections = vec![Section::Blends];
    let error = eval::run(&options).unwrap_err().to_string();
    let expected =
        "--sections: judge, pure, blends and parts tell genres apart, and there is only one";
    assert_eq!(error, expected);
    // All the rest is measured.
    options.sections = Vec::new();
    eval::run(&options).unwrap();
    let evaluation = eval::Evaluation::read(&folder.join("eval.json")).unwrap();
    assert!(evaluation.loss_bits_per_note["waltz"] > 0.0);
    assert!(evaluation.quality.pure_macro.is_none());
    // Another corpus's model is not measured on this one's songs.
    let mut other = manifest;
    other.genres = score::GenreNames::new(vec!["reel".into()]).unwrap();
    fs::write(models.join("small.json"), other.to_bytes().unwrap()).unwrap();
    let error = eval::run(&options).unwrap_err().to_string();
    assert!(error.starts_with("genres: the model has reel, "), "{error}");
}

#[test]
fn a_run_keeps_its_genres() {
    let folder = prepared("renamed");
    train::run(&options(&folder, "run", Some(200), false)).unwrap();
    let corpus = folder.join("corpus");
    let rows = fs::read_to_string(corpus.join("manifest.csv")).unwrap();
    fs::write(corpus.join("manifest.csv"), rows.replace(",jazz,", ",bebop,")).unwrap();
    prepare::run(&corpus, &folder.join("prepared"), &[], &Artists::default()).unwrap();
    let error = train::run(&options(&folder, "run", Some(400), true)).unwrap_err().to_string();
    assert!(error.contains("expected the genres bebop, folk, found jazz, folk"), "{error}");
    let error = export::run(&ExportOptions {
        weights: folder.join("run/checkpoint.safetensors"),
        config: folder.join("run.toml"),
        prepared: Some(folder.join("prepared")),
        eval: None,
        steps: None,
        name: None,
        out: folder.join("models"),
    })
    .unwrap_err();
    assert!(error.to_string().contains("trained on the genres jazz, folk, but"), "{error}");
}
