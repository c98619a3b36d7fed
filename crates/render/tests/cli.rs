//! The command line as a person meets it: files, messages and exit statuses.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use score::{Genre, GenreNames, Part, Scale, smf};

fn render(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_render")).args(arguments).output().unwrap()
}

/// An empty folder of its own for one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn assert_fails(arguments: &[&str], status: i32, words: &[&str]) {
    let output = render(arguments);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {message}");
    for word in words {
        assert!(message.contains(word), "{arguments:?}: no \"{word}\" in: {message}");
    }
}

#[test]
fn the_list_names_everything() {
    let output = render(&["--list"]);
    assert!(output.status.success());
    let list = String::from_utf8(output.stdout).unwrap();
    let genres = Genre::ALL.map(|genre| genre.name());
    let scales = Scale::ALL.map(|scale| scale.name());
    let parts = Part::ALL.map(|part| part.name());
    let parameters = ["g_jazz", "strength", "dr_own", "ld_g_hiphop", "ha_g_folk", "key", "seed"];
    for word in genres.iter().chain(&scales).chain(&parts).chain(&parameters) {
        assert!(list.lines().any(|line| line.split("  ").any(|w| w.trim() == *word)), "{word}");
    }
}

#[test]
fn wrong_command_lines_name_the_flag_and_end_with_status_2() {
    let genres = ["classical", "jazz", "rock", "electronic", "folk", "hip-hop"];
    assert_fails(&["--blend", "polka=1", "-o", "a.mid"], 2, &genres);
    assert_fails(&["--blend", "polka=1", "-o", "a.mid"], 2, &["--blend", "\"polka\""]);
    assert_fails(&["--blend", "jazz=-1", "-o", "a.mid"], 2, &["--blend", "\"-1\""]);
    assert_fails(&["--blend", "jazz=0", "-o", "a.mid"], 2, &["--blend", "above 0"]);
    assert_fails(&["--part", "jazz=1", "-o", "a.mid"], 2, &["--part", "colon"]);
    assert_fails(&["--part", "flute:jazz=1", "-o", "a.mid"], 2, &["--part", "drums", "harmony"]);
    assert_fails(&["--parts", "drums,flute", "-o", "a.mid"], 2, &["--parts", "\"flute\""]);
    assert_fails(&["--density", "lead=2", "-o", "a.mid"], 2, &["--density", "0..=1", "\"2\""]);
    assert_fails(&["--tempo", "fast", "-o", "a.mid"], 2, &["--tempo", "\"fast\""]);
    assert_fails(&["--meter", "5/6", "-o", "a.mid"], 2, &["--meter", "5/6"]);
    assert_fails(&["--key", "H", "-o", "a.mid"], 2, &["--key", "\"H\""]);
    assert_fails(&["--scale", "blue", "-o", "a.mid"], 2, &["--scale", "mixolydian"]);
    assert_fails(&["--phrase", "3", "-o", "a.mid"], 2, &["--phrase", "0, 1, 2, 4 or 8"]);
    assert_fails(&["--bars", "0", "-o", "a.mid"], 2, &["--bars"]);
    assert_fails(&["--block", "9000", "-o", "a.mid"], 2, &["--block"]);
    assert_fails(&["-o", "a.mp3"], 2, &["--output", ".wav"]);
    assert_fails(&["--chords", "Am H7x", "-o", "a.mid"], 2, &["--chords", "\"H7x\""]);
    assert_fails(&["--loud"], 2, &["--loud"]);
    assert_fails(&[], 2, &["-o FILE", "--list"]);
}

#[test]
fn errors_name_flag_file_and_place_and_end_with_status_1() {
    let folder = folder("errors");
    let path = |name: &str| folder.join(name).display().to_string();
    let midi = path("a.mid");
    assert_fails(&["--automate", &path("none.csv"), "-o", &midi], 1, &["--automate", "none.csv"]);
    std::fs::write(path("bad.csv"), "beat,parameter,value\n0,g_jazz,1\n4,g_polka,1\n").unwrap();
    let words = ["--automate", "bad.csv: line 3", "g_polka"];
    assert_fails(&["--automate", &path("bad.csv"), "-o", &midi], 1, &words);

    let weights = path("none.safetensors");
    assert_fails(&["--model", &weights, "-o", &midi], 1, &["--model", "none.safetensors"]);
    std::fs::write(path("bad.safetensors"), "no weights").unwrap();
    let style = path("none.tributary-style");
    assert_fails(&["--style", &style, "-o", &midi], 1, &["--style", "none.tributary-style"]);
    std::fs::write(path("bad.json"), "no manifest").unwrap();
    let weights = path("bad.safetensors");
    assert_fails(&["--model", &weights, "-o", &midi], 1, &["--model", "bad.safetensors"]);
    assert!(!Path::new(&midi).exists());

    let nowhere = path("no/such/folder/a.mid");
    let arguments = ["--model", "patterns", "--bars", "1", "-o", &nowhere];
    assert_fails(&arguments, 1, &["--output", "a.mid"]);
}

#[test]
fn every_format_holds_the_same_music() {
    let folder = folder("formats");
    let path = |name: &str| folder.join(name).display().to_string();
    let files = ["a.mid", "a.wav", "a.png", "a.txt", "a.json"].map(path);
    let mut arguments = vec!["--model", "patterns", "--bars", "4", "--meter", "3/4"];
    arguments.extend(["--blend", "jazz=0.6,hip-hop=0.4", "--part", "drums:hip-hop=1"]);
    arguments.extend(["--key", "D", "--tempo", "90", "--sample-rate", "44100"]);
    for file in &files {
        arguments.extend(["-o", file]);
    }
    let output = render(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let [midi, wave, picture, text, json] =
        files.each_ref().map(|file| std::fs::read(file).unwrap());

    let import = smf::read(&midi, "a.mid").unwrap();
    assert!(import.report.is_clean(), "{}", import.report);
    assert_eq!(import.piece.tempos[0].1.bpm().round(), 90.0);
    assert_eq!(import.piece.meters[0].1.to_string(), "3/4");
    let n_notes = import.piece.n_notes();
    assert!(n_notes > 20, "{n_notes} notes");

    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.lines().count(), n_notes);
    let performance = render::Performance::of_piece("again", import.piece);
    assert_eq!(render::text(&performance), text);

    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["notes"].as_array().unwrap().len(), n_notes);
    assert_eq!(json["bars"].as_array().unwrap().len(), 4);
    for bar in json["bars"].as_array().unwrap() {
        assert!((bar["blend"]["jazz"].as_f64().unwrap() - 0.6).abs() < 1e-6);
        assert_eq!(bar["part_blends"]["drums"]["hip-hop"], 1.0);
        assert_eq!(bar["chords"].as_array().unwrap().len(), 3);
    }

    assert!(picture.starts_with(b"\x89PNG"));
    let wave = hound::WavReader::new(wave.as_slice()).unwrap();
    let (specification, n_samples) = (wave.spec(), wave.duration());
    assert_eq!((specification.channels, specification.sample_rate), (2, 44_100));
    // Four bars of three beats at 90 BPM last eight seconds; the sound dies away behind them.
    assert!((8 * 44_100..12 * 44_100).contains(&n_samples), "{n_samples} samples");
    let loudest = wave.into_samples::<i32>().map(|sample| sample.unwrap().abs()).max().unwrap();
    assert!(loudest > 1 << 18, "{loudest} of 2^23");
}

#[test]
fn parts_that_are_off_are_silent() {
    let folder = folder("parts");
    let file = folder.join("a.mid").display().to_string();
    let arguments = ["--model", "patterns", "--bars", "4", "--parts", "drums,bass", "-o", &file];
    let output = render(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let piece = smf::read(&std::fs::read(&file).unwrap(), "a.mid").unwrap().piece;
    let playing = piece.parts.map(|notes| !notes.is_empty());
    assert_eq!(playing, [true, true, false, false]);
}

#[test]
fn another_models_genres_have_their_names_everywhere() {
    let folder = folder("own-genres");
    let path = |name: &str| folder.join(name).display().to_string();
    let weights = path("dance.safetensors");
    let config = model::Config::TINY;
    let tensors = model::weights::random(&config, 1).unwrap();
    std::fs::write(&weights, model::weights::write(&tensors).unwrap()).unwrap();
    let mut manifest = model::weights::Manifest::new("dance", config);
    manifest.genres = GenreNames::new(vec!["waltz".into(), "slow march".into()]).unwrap();
    std::fs::write(path("dance.json"), manifest.to_bytes().unwrap()).unwrap();

    let output = render(&["--model", &weights, "--list"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let list = String::from_utf8(output.stdout).unwrap();
    assert!(list.contains("  waltz            on the knob classical\n"), "{list}");
    assert!(list.contains("  slow march       on the knob jazz\n"), "{list}");
    assert!(!list.contains("  rock\n"), "{list}");

    let known = ["--blend", "\"jazz\"", "expected one of: waltz, slow march"];
    let arguments = ["--model", &weights, "--blend", "jazz=1", "-o", &path("a.mid")];
    assert_fails(&arguments, 2, &known);
    let known = ["--part", "\"jazz\"", "expected one of: waltz, slow march"];
    let arguments = ["--model", &weights, "--part", "drums:jazz=1", "-o", &path("a.mid")];
    assert_fails(&arguments, 2, &known);

    let (json, midi) = (path("a.json"), path("a.mid"));
    let mut arguments = vec!["--model", &weights, "--bars", "2", "-o", &json, "-o", &midi];
    arguments.extend(["--blend", "waltz=0.75,Slow-March=0.25"]);
    let output = render(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(json["title"], "Tributary: waltz 75 slow march 25, seed 1");
    let blend = json["bars"][0]["blend"].as_object().unwrap();
    assert_eq!(blend.keys().collect::<Vec<_>>(), ["slow march", "waltz"]);
    let piece = smf::read(&std::fs::read(&midi).unwrap(), "a.mid").unwrap().piece;
    assert_eq!(piece.markers[0].1, "waltz 75 slow march 25");
    // All at zero are the genres that there are, in equal parts.
    let equal = path("equal.json");
    assert!(render(&["--model", &weights, "--bars", "1", "-o", &equal]).status.success());
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&equal).unwrap()).unwrap();
    assert_eq!(json["bars"][0]["blend"]["waltz"], 0.5);
}
