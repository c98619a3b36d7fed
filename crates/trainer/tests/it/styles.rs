//! Styles from the command line: artists that are held out, what learning is worth on them, and
//! styles of MIDI files.

use std::fs;
use std::process::{Command, Output};

use model::Style;
use trainer::corpus::{Artists, Split};
use trainer::export::{self, ExportOptions};
use trainer::prepare;
use trainer::songs::read_songs;
use trainer::styles::{self, StyleFigures, StylesOptions};
use trainer::train;

use crate::pipeline::{options, prepared, song};

const ARTISTS: &str =
    "[artists]\nAda = [\"jazz/0.\", \"jazz/1.\"]\nBen = [\"folk/6.\", \"folk/7.\"]\n";

fn trainer(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn held_out_artists_are_never_trained_on_and_measured() {
    let folder = prepared("artists");
    let list = folder.join("artists.toml");
    fs::write(&list, ARTISTS).unwrap();
    let artists = Artists::read(&list).unwrap();
    let (corpus, out) = (folder.join("corpus"), folder.join("prepared"));
    // Whatever tier is asked for, they are there to be measured.
    prepare::run(&corpus, &out, &["A".to_owned()], &artists).unwrap();
    let paths = |split| -> Vec<String> {
        let (_, songs) = read_songs(&out, &[split]).unwrap();
        songs.iter().map(|song| song.entry.source.path.display().to_string()).collect()
    };
    assert_eq!(paths(Split::Artist), ["jazz/0.mid", "jazz/1.mid", "folk/6.mid", "folk/7.mid"]);
    assert_eq!(paths(Split::Train), ["jazz/2.mid", "jazz/3.mid", "folk/8.mid", "folk/9.mid"]);

    train::run(&options(&folder, "run", Some(600), false)).unwrap();
    export::run(&ExportOptions {
        weights: folder.join("run/checkpoint.safetensors"),
        config: folder.join("run.toml"),
        prepared: Some(out.clone()),
        eval: None,
        steps: None,
        name: None,
        out: folder.join("models"),
    })
    .unwrap();
    let json = folder.join("styles.json");
    styles::run(&StylesOptions {
        prepared: out,
        weights: folder.join("models/small.safetensors"),
        cache: folder.join("cache"),
        ceiling: true,
        threads: 2,
        json: Some(json.clone()),
    })
    .unwrap();
    let figures: StyleFigures = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!(figures.artists.keys().collect::<Vec<_>>(), ["Ada", "Ben"]);
    for (name, artist) in &figures.artists {
        assert_eq!((artist.n_songs, artist.n_windows > 0), (1, true), "{name}");
        // A network that knows hardly anything learns a lot from one song of the same kind.
        assert!(artist.style_bits < artist.genres_bits, "{name}: {artist:?}");
        assert!(artist.notes_style_bits < artist.notes_genres_bits, "{name}: {artist:?}");
        // How hard notes are played takes bits besides.
        assert!(artist.notes_genres_bits < artist.genres_bits, "{name}: {artist:?}");
        assert!((0.0..=1.0).contains(&artist.recognised), "{name}: {artist:?}");
        // All its weights learn more than scales and shifts do.
        assert!(artist.ceiling_bits.unwrap() < artist.notes_genres_bits, "{name}: {artist:?}");
    }
    assert!(figures.markdown().contains("| mean of 2 |"));
}

#[test]
fn artists_without_songs_and_lists_that_are_none_are_refused() {
    let folder = prepared("no-artists");
    let list = folder.join("artists.toml");
    fs::write(&list, "[artists]\nNobody = [\"jazz/99\"]\n").unwrap();
    let corpus = folder.join("corpus");
    let error = prepare::run(&corpus, &folder.join("x"), &[], &Artists::read(&list).unwrap());
    let error = error.unwrap_err().to_string();
    assert_eq!(error, format!("{}: no file of the artist Nobody", corpus.display()));
    fs::write(&list, "Nobody = 1\n").unwrap();
    let error = format!("{:#}", Artists::read(&list).unwrap_err());
    assert!(error.starts_with(&format!("{}: not a list of artists: ", list.display())), "{error}");
}

#[test]
fn midi_files_become_a_style_or_a_message() {
    let folder = prepared("learn");
    train::run(&options(&folder, "run", Some(300), false)).unwrap();
    let weights = folder.join("run/weights.safetensors");
    fs::rename(folder.join("run/manifest.json"), weights.with_extension("json")).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::write(path("a.mid"), song(90)).unwrap();
    fs::write(path("b.mid"), song(91)).unwrap();
    fs::write(path("broken.mid"), b"MThd\0\0").unwrap();
    let weights = weights.to_str().unwrap();
    let learn = |midi: &[&str], out: &str| {
        let files: Vec<String> = midi.iter().map(|name| path(name)).collect();
        let out = path(out);
        let mut arguments = vec!["learn", "--weights", weights, "--author", "Ada", "-o", &out];
        arguments.extend(files.iter().map(String::as_str));
        trainer(&arguments)
    };
    let done = learn(&["a.mid", "b.mid"], "ada.tributary-style");
    assert!(done.status.success(), "{}", said(&done));
    let style = Style::from_bytes(&fs::read(path("ada.tributary-style")).unwrap()).unwrap();
    assert_eq!((style.about().name.as_str(), style.about().author.as_str()), ("ada", "Ada"));
    let error = said(&learn(&["broken.mid"], "x.tributary-style"));
    let place = format!("trainer: {}: expected a MIDI file, found ", path("broken.mid"));
    assert!(error.starts_with(&place), "{error}");
    let error = said(&learn(&["a.mid"], "ada.style"));
    assert!(error.ends_with("expected a name that ends in .tributary-style\n"), "{error}");
    assert!(!folder.join("x.tributary-style").exists());
}
