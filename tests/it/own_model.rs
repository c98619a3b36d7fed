//! A model of one's own, from a folder of MIDI files to the notes of both bundles.

use std::path::{Path, PathBuf};

use hosting::{Action, Block, EventKind, Format, Recording, Script};
use render::{Song, perform};
use score::random::Random;
use score::{Blend, Meter, Note, Part, Piece, Pitch, Tempo, Ticks, Velocity, smf};
use serde_json::{Value, json};
use trainer::export::{self, ExportOptions};
use trainer::train::{self, TrainOptions};

use crate::streams::assert_same_music;
use crate::support::{RATE, clap, run, song, song_start, vst3};

const RUN: &str = r#"
name = "dance"
recipe = "recipe.toml"
seed = 5
steps = 9000
rows = 2
report = 9000
valid_windows = 2
checkpoint_secs = 3600
[optimizer]
learning_rate = 0.01
warmup = 500
decay = 4000
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

/// Degrees of a major scale.
const SCALE: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];

/// Writes notes in eighths.
struct Writer(Piece);

impl Writer {
    fn add(&mut self, part: Part, eighth: i64, pitch: i32, eighths: i64) {
        self.0.parts[part.index()].push(Note {
            onset: Ticks(eighth * 480),
            duration: Ticks(eighths * 480 - 30),
            pitch: Pitch::clamped(pitch),
            velocity: Velocity::clamped(if eighth % 2 == 0 { 96 } else { 80 }),
        });
    }
}

/// The root of a bar's chord: a cadence in a key of its own.
fn root(key: i32, bar: i64) -> i32 {
    key + [0, 5, 7, 0][bar as usize % 4]
}

/// Bass on one, chords on two and three, a melody in steps; no drums.
fn waltz(random: &mut Random) -> Piece {
    let (mut to, key) = (Writer(Piece::default()), random.below(12) as i32);
    to.0.meters.push((Ticks(0), Meter::new(3, 4).unwrap()));
    let mut degree = 4;
    for bar in 0..24 {
        let (first, root) = (bar * 6, root(key, bar));
        to.add(Part::Bass, first, 36 + root, 2);
        for beat in [2, 4] {
            [0, 4, 7]
                .iter()
                .for_each(|third| to.add(Part::Chords, first + beat, 52 + root + third, 1));
        }
        for beat in [0, 2, 4] {
            degree = (degree + random.below(3) as i32 - 1).clamp(0, 13);
            let pitch = 72 + key + SCALE[degree as usize % 7] + 12 * (degree / 7);
            to.add(Part::Lead, first + beat, pitch, 2);
        }
    }
    to.0
}

/// Drums on every beat, bass on one and three, a dotted melody of the chord's notes.
fn march(random: &mut Random) -> Piece {
    let (mut to, key) = (Writer(Piece::default()), random.below(12) as i32);
    for bar in 0..24 {
        let (first, root) = (bar * 8, root(key, bar));
        for beat in 0..4 {
            to.add(Part::Drums, first + 2 * beat, if beat % 2 == 0 { 36 } else { 38 }, 1);
            to.add(Part::Drums, first + 2 * beat + 1, 38, 1);
        }
        to.add(Part::Bass, first, 36 + root, 4);
        to.add(Part::Bass, first + 4, 43 + root, 4);
        [0, 4, 7].iter().for_each(|third| to.add(Part::Chords, first, 60 + root + third, 8));
        for (place, eighths) in [(0, 3), (3, 1), (4, 3), (7, 1)] {
            to.add(Part::Lead, first + place, 72 + root + [0, 4, 7][random.below(3)], eighths);
        }
    }
    to.0
}

/// A fifth held for two bars, and seldom a note above it.
fn drone(random: &mut Random) -> Piece {
    let (mut to, key) = (Writer(Piece::default()), random.below(12) as i32);
    for bar in (0..24).step_by(2) {
        let first = bar * 8;
        [36, 43].iter().for_each(|pitch| to.add(Part::Chords, first, pitch + key, 16));
        to.add(Part::Lead, first + 8, 72 + key + [0, 3, 5, 7, 10][random.below(5)], 8);
    }
    to.0
}

/// Trains and exports a model of three genres on files that are written for it.
pub fn model(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    type Compose = fn(&mut Random) -> Piece;
    let genres: [(&str, Compose); 3] = [("waltz", waltz), ("march", march), ("drone", drone)];
    for (genre, write) in genres {
        let of_genre = folder.join("corpus").join(genre).join("mine");
        std::fs::create_dir_all(&of_genre).unwrap();
        for seed in 0..8 {
            let mut piece = write(&mut Random::new(seed));
            piece.tempos.push((Ticks(0), Tempo::DEFAULT));
            piece.sort();
            std::fs::write(of_genre.join(format!("{seed}.mid")), smf::write(&piece)).unwrap();
        }
    }
    std::fs::write(folder.join("recipe.toml"), "seed = 3\ncontext_len = 128\n").unwrap();
    std::fs::write(folder.join("run.toml"), RUN).unwrap();
    let (prepared, config) = (folder.join("prepared"), folder.join("run.toml"));
    trainer::prepare::run(
        &folder.join("corpus"),
        &prepared,
        &[],
        &trainer::corpus::Artists::default(),
    )
    .unwrap();
    train::run(&TrainOptions {
        prepared: prepared.clone(),
        config: config.clone(),
        out: folder.join("run"),
        resume: false,
        init: None,
        steps: None,
    })
    .unwrap();
    export::run(&ExportOptions {
        weights: folder.join("run/checkpoint.safetensors"),
        config,
        prepared: Some(prepared),
        eval: None,
        steps: None,
        name: None,
        out: folder.join("models"),
    })
    .unwrap();
    folder.join("models/dance.safetensors")
}

/// What the renderer plays of a genre: tick, channel and key of each note.
fn rendered(model: &Path, genre: &str, n_bars: u32) -> Vec<(i64, u8, u8)> {
    let (generator, genres) = render::generator(Some(model), &[]).unwrap();
    assert_eq!(genres.as_slice(), ["drone", "march", "waltz"]);
    let mut song = Song { n_bars, ..Song::default() };
    song.settings.controls.blend = Blend::pure(genres.parse(genre).unwrap());
    let piece = perform(&song, generator).unwrap().performance.piece;
    let channel = |part: usize| [9, 1, 2, 3][part];
    let parts = piece.parts.iter().enumerate();
    let mut notes: Vec<(i64, u8, u8)> = parts
        .flat_map(|(part, notes)| {
            notes.iter().map(move |note| (note.onset.0, channel(part), note.pitch.number()))
        })
        .collect();
    notes.sort_unstable();
    notes
}

/// The same of what a bundle played, from a beat of the song on.
fn played(recording: &Recording, beats: std::ops::Range<f64>) -> Vec<(i64, u8, u8)> {
    let samples_per_tick = RATE / 2.0 / 960.0;
    let ticks = (beats.start * 960.0) as i64..(beats.end * 960.0) as i64;
    let starts = recording.events.iter().filter(|event| event.kind == EventKind::On);
    let tick = |sample: i64| ((sample - song_start(RATE)) as f64 / samples_per_tick).round() as i64;
    let mut notes: Vec<(i64, u8, u8)> = starts
        .map(|event| (tick(event.sample), event.channel, event.key))
        .filter(|(tick, ..)| ticks.contains(tick))
        .collect();
    notes.sort_unstable();
    notes
}

/// A project's state, with another choice of a model.
fn state(bundle: &Path, of: &Recording, model: &Path) -> Vec<u8> {
    let mut state = parsed(of);
    state["fields"]["model"] = Value::String(json!({ "path": model }).to_string());
    let text = serde_json::to_vec(&state).unwrap();
    match hosting::load(bundle).unwrap().format() {
        Format::Vst3 => text,
        Format::Clap => [&(text.len() as u64).to_le_bytes()[..], &text].concat(),
    }
}

fn parsed(recording: &Recording) -> Value {
    let start = recording.state.iter().position(|byte| *byte == b'{').unwrap();
    serde_json::from_slice(&recording.state[start..]).unwrap()
}

/// The choice that a state holds.
fn choice(recording: &Recording) -> Value {
    serde_json::from_str(parsed(recording)["fields"]["model"].as_str().unwrap()).unwrap()
}

/// A song on the second knob.
fn second_genre(beats: f64) -> Script {
    let mut script = song(beats, &[512]);
    script.settings.retain(|(name, _)| name == "sound");
    script.value("g_jazz", 1.0);
    script
}

#[test]
fn a_folder_of_midi_becomes_a_model_that_the_plugin_plays() {
    let model = model("own-model");
    let bars = 4;
    let beats = f64::from(bars) * 4.0;
    let expected = ["drone", "march", "waltz"].map(|genre| rendered(&model, genre, bars));
    let n_drums = expected.each_ref().map(|notes| notes.iter().filter(|n| n.1 == 9).count());
    println!("notes {:?}, of drums {n_drums:?}", expected.each_ref().map(Vec::len));
    // The genres are heard: a march drums, a drone hardly plays.
    assert!(n_drums[1] > 2 * n_drums[0].max(n_drums[2]), "{n_drums:?}");
    assert!(2 * expected[0].len() < expected[1].len());
    for bundle in [clap(), vst3()] {
        let mut script = second_genre(beats);
        let built_in = run(&bundle, &script);
        script.state = Some(state(&bundle, &built_in, &model));
        // The march is the second genre, so it is on the second knob; the fifth weighs nothing.
        let own = run(&bundle, &script);
        assert_eq!(played(&own, 0.0..beats), expected[1], "{}", bundle.display());
        assert_ne!(played(&own, 0.0..beats), played(&built_in, 0.0..beats));
        script.value("g_folk", 1.0);
        assert_same_music("with a knob of no genre", &own, &run(&bundle, &script));
        script.settings.retain(|(name, _)| name != "g_folk");
        assert_eq!(choice(&own)["path"], json!(model));
        assert_eq!(choice(&own)["fingerprint"].as_str().unwrap().len(), 16);
        // The choice comes back with the project.
        script.state = Some(own.state.clone());
        assert_same_music("saved and opened", &own, &run(&bundle, &script));

        changes_while_the_song_goes_on(&bundle, &model, &built_in);
        a_file_that_is_gone(&bundle, &built_in);
    }
}

/// From the beat that is asked for next on it is the other model's; what was composed stays.
fn changes_while_the_song_goes_on(bundle: &Path, model: &Path, built_in: &Recording) {
    let mut script = second_genre(16.0);
    let is_after = |block: &Block| block.transport.is_some_and(|now| now.position_beats >= 8.2);
    let block = script.blocks.iter().position(is_after).unwrap();
    let action = Action::LoadState(state(bundle, built_in, model));
    script.blocks[block].before.push(action);
    let changed = run(bundle, &script);
    // Beat 9 was asked for at beat 8, and either model may have composed it.
    assert_eq!(played(&changed, 0.0..8.9), played(built_in, 0.0..8.9), "{}", bundle.display());
    assert_ne!(played(&changed, 10.0..16.0), played(built_in, 10.0..16.0));
}

/// The built-in model plays, and the project keeps the path.
fn a_file_that_is_gone(bundle: &Path, built_in: &Recording) {
    let gone = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gone.safetensors");
    let mut script = second_genre(16.0);
    script.state = Some(state(bundle, built_in, &gone));
    let found = run(bundle, &script);
    assert_same_music("without the file", built_in, &found);
    assert_eq!(choice(&found)["path"], json!(gone));
}
