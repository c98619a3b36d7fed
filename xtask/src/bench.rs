//! Measures the built plugin through its CLAP host and prints the table of speed and size.
//!
//! In an offline host the audio thread waits for each beat, so the time inside the process calls is
//! the time that composing takes. The decode step itself and the judge are measured by programs of
//! the model's, `step_bench` and `judge_bench`. A figure that was not measured is `null`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hosting::{
    Block, EventKind, HostEvent, NoHook, Output, ProcessHook, Processor, Recording, Script, Song,
};
use serde_json::{Map, Value, json};

const RATE: f64 = 48_000.0;
const GENRES: [&str; 6] = ["g_jazz", "g_hiphop", "g_classical", "g_rock", "g_electronic", "g_folk"];
/// Bars that are played before anything is measured.
const WARM_UP_BARS: f64 = 4.0;
const BARS: f64 = 36.0;

/// Key, goal and unit, in the order of the table; every key is in the JSON.
const TABLE: [(&str, &str, &str); 33] = [
    ("notes_per_second", ">= 1000", "notes/s, two genres"),
    ("notes_per_second_dense", "", "notes/s, two genres, full density"),
    ("notes_per_second_dense_p99_of_beat", "<= 0.10", "of a beat at 120 BPM"),
    ("vs_stock_candle", ">= 5", "x"),
    ("vs_onnxruntime", ">= 9", "x"),
    ("vs_pytorch", ">= 20", "x"),
    ("bandwidth_fraction", ">= 0.85", "of the memory stream, bfloat16 weights"),
    ("step_allocations", "0", ""),
    ("step_us", "", "us, one stream, 256 steps of context"),
    ("stock_step_us", "", "us, the same in stock candle"),
    ("onnxruntime_step_us", "", "us, the same in onnxruntime"),
    ("pytorch_step_us", "", "us, the same in PyTorch"),
    ("step_bytes", "", "bytes of weights and cache a step"),
    ("step_read_gb_per_s", "", "GB/s, reading as many bytes"),
    ("two_genre_step_cost", "<= 1.6", "x one genre, a step"),
    ("six_genre_step_cost", "<= 4", "x one genre, a step"),
    ("two_genre_cost", "<= 1.6", "x one genre, a note"),
    ("six_genre_cost", "<= 4", "x one genre, a note"),
    ("judge_bar_ms", "<= 1", "ms, full density, all but 1 % of bars"),
    ("judge_bar_most_ms", "", "ms, the most notes in the most beats that can be"),
    ("block_p50_us", "", "us, 64 samples, no sound"),
    ("block_p999_us", "<= 5", "us, 64 samples, no sound"),
    ("machine_block_p50_us", "", "us, reading 16 KB before each of these blocks"),
    ("machine_block_p999_us", "", "us, reading 16 KB before each of these blocks"),
    ("first_load_ms", "<= 200", "ms"),
    ("instance_load_ms", "<= 20", "ms"),
    ("first_bytes", "<= 60 MB", "bytes"),
    ("instance_bytes", "<= 4 MB", "bytes"),
    ("bundle_bytes", "<= 30 MB", "bytes"),
    ("bounce_realtime_factor", ">= 20", "x real time"),
    ("instances_no_late", ">= 32", "instances, one audio thread"),
    ("machine_cores", "", ""),
    ("machine_read_gb_per_s", "", "GB/s, one core"),
];

/// What was asked for behind `bench`.
pub struct Options {
    json: Option<PathBuf>,
    /// Where onnxruntime and PyTorch are looked for.
    python: String,
}

impl Options {
    /// Reads the words behind `bench`; `None` if they mean nothing.
    pub fn parse(words: &[&str]) -> Option<Self> {
        let mut options = Self { json: None, python: "python3".into() };
        for pair in words.chunks(2) {
            match pair {
                ["--json", file] => options.json = Some(file.into()),
                ["--python", path] => options.python = (*path).into(),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Builds the bundles, measures, prints the table and writes the JSON file that was asked for.
pub fn run(options: &Options) -> Result<()> {
    let bundles = crate::build::bundle()?;
    let mut figures = measure(&bundles)?;
    figures.extend(example_figures("step_bench", &["--python", &options.python])?);
    figures.extend(example_figures("judge_bench", &[])?);
    println!("{:<36} {:>14}  {:<10} unit", "figure", "measured", "goal");
    for (key, goal, unit) in TABLE {
        let value = match figures.get(key) {
            Some(Value::Number(number)) => {
                number.as_f64().map(rounded).unwrap_or_else(|| number.to_string())
            }
            _ => "not measured".into(),
        };
        println!("{key:<36} {value:>14}  {goal:<10} {unit}");
    }
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&Value::Object(figures))? + "\n";
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// What a program of the model's measures and prints; every key is in the table.
fn example_figures(name: &str, arguments: &[&str]) -> Result<Map<String, Value>> {
    let program = ["run", "--release", "--quiet", "--package", "model", "--example", name, "--"];
    let program = [&program[..], arguments].concat();
    eprintln!("$ cargo {}", program.join(" "));
    let output = Command::new("cargo")
        .args(&program)
        .current_dir(crate::root())
        // The decoder uses one thread, so what it is compared with gets no more.
        .env("RAYON_NUM_THREADS", "1")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start `cargo`")?;
    if !output.status.success() {
        bail!("`cargo {}` failed: {}", program.join(" "), output.status);
    }
    let figures: Map<String, Value> = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{name} did not print JSON"))?;
    if let Some(key) = figures.keys().find(|key| TABLE.iter().all(|(known, ..)| known != key)) {
        bail!("{name} prints {key}, which is not in the table");
    }
    Ok(figures)
}

fn measure(bundles: &crate::build::Bundles) -> Result<Map<String, Value>> {
    let mut figures: Map<String, Value> =
        TABLE.iter().map(|(key, ..)| ((*key).to_owned(), Value::Null)).collect();
    let mut put = |key: &str, value: f64| {
        assert!(figures.contains_key(key), "{key} is in the table");
        figures.insert(key.to_owned(), json!(value));
    };
    let clap = bundles.clap.as_path();

    // Loading comes first, while nothing of the plugin is in this process.
    let before = resident_bytes()?;
    let (first, first_time) = load_and_play(clap)?;
    let with_one = resident_bytes()?;
    let (second, second_time) = load_and_play(clap)?;
    let with_two = resident_bytes()?;
    drop((first, second));
    put("first_load_ms", first_time.as_secs_f64() * 1e3);
    put("instance_load_ms", second_time.as_secs_f64() * 1e3);
    put("first_bytes", (with_one - before) as f64);
    put("instance_bytes", (with_two - with_one) as f64);
    let library = bundles.vst3.join("Contents/x86_64-linux/Tributary.so");
    let sizes = [clap, library.as_path()].map(|path| std::fs::metadata(path).map(|m| m.len()));
    put("bundle_bytes", sizes.into_iter().flatten().max().unwrap_or_default() as f64);

    let one = composing(clap, 1, 0.5)?;
    let two = composing(clap, 2, 0.5)?;
    let six = composing(clap, 6, 0.5)?;
    let dense = composing(clap, 2, 1.0)?;
    put("notes_per_second", 1.0 / two.seconds_a_note);
    put("notes_per_second_dense", 1.0 / dense.seconds_a_note);
    put("notes_per_second_dense_p99_of_beat", dense.p99_beat_seconds / 0.5);
    put("two_genre_cost", two.seconds_a_note / one.seconds_a_note);
    put("six_genre_cost", six.seconds_a_note / one.seconds_a_note);

    let mut bounce = script(2, 0.5, &[512], BARS)?;
    bounce.setting("sound", "on");
    let recording = hosting::run(clap, &bounce)?;
    let spent: u64 = recording.block_nanoseconds.iter().sum();
    put("bounce_realtime_factor", recording.frames as f64 / RATE / (spent as f64 / 1e9));

    let (mut blocks, mut reads) = block_times(clap)?;
    put("block_p50_us", quantile(&mut blocks, 0.5) / 1e3);
    put("block_p999_us", quantile(&mut blocks, 0.999) / 1e3);
    put("machine_block_p50_us", quantile(&mut reads, 0.5) / 1e3);
    put("machine_block_p999_us", quantile(&mut reads, 0.999) / 1e3);

    put("instances_no_late", instances_without_loss(clap)? as f64);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    put("machine_cores", cores as f64);
    put("machine_read_gb_per_s", read_bandwidth() / 1e9);
    Ok(figures)
}

/// `genres` equal weights at a density, without sound, offline.
fn script(genres: usize, density: f64, sizes: &[usize], bars: f64) -> Result<Script> {
    let mut script = Script::new(RATE, 8_192);
    script.play(&Song::default(), 0.0, bars * 4.0, sizes);
    script.stop(512, 4);
    script.setting("sound", "off");
    for genre in &GENRES[..genres] {
        script.value(genre, 1.0);
    }
    for part in ["dr", "ba", "ch", "ld"] {
        script.value(&format!("{part}_density"), density);
    }
    Ok(script)
}

struct Composing {
    seconds_a_note: f64,
    p99_beat_seconds: f64,
}

fn composing(clap: &Path, genres: usize, density: f64) -> Result<Composing> {
    // A block a beat, so that the time of a process call is the time of a beat.
    let frames_a_beat = (RATE / 2.0) as usize;
    let mut script = script(genres, density, &[frames_a_beat], BARS)?;
    script.setup.max_frames = frames_a_beat as u32;
    let recording = hosting::run(clap, &script)?;
    let warm = (WARM_UP_BARS * 4.0) as usize;
    let mut beats = recording.block_nanoseconds[warm..(BARS * 4.0) as usize].to_vec();
    let from = (warm * frames_a_beat) as i64;
    let notes = recording.notes()?.iter().filter(|note| note.start >= from).count();
    let spent: u64 = beats.iter().sum();
    Ok(Composing {
        seconds_a_note: spent as f64 / 1e9 / notes.max(1) as f64,
        p99_beat_seconds: quantile(&mut beats, 0.99) / 1e9,
    })
}

/// Loads an instance until it can process, then lets it play two bars and settle.
fn load_and_play(clap: &Path) -> Result<(Box<dyn hosting::Instance>, Duration)> {
    let script = script(2, 0.5, &[512], 2.0)?;
    let started = Instant::now();
    let mut instance = hosting::load(clap)?;
    let processor = instance.activate(&script.setup)?;
    let time = started.elapsed();
    instance.deactivate(processor)?;
    hosting::play(instance.as_mut(), &script, &mut NoHook)?;
    Ok((instance, time))
}

/// Reads some memory of its own before each block, about as long as a block takes: what the
/// machine's interruptions and cold caches add to so short a piece of work.
struct Reader {
    memory: Vec<u64>,
    nanoseconds: Vec<u64>,
}

impl ProcessHook for Reader {
    fn enter(&mut self) {
        let started = Instant::now();
        std::hint::black_box(sum(&self.memory));
        self.nanoseconds.push(started.elapsed().as_nanos() as u64);
    }
}

/// Nanoseconds of blocks of 64 samples, sent at four times the clock's pace, and of the reading
/// before each of as many others: in the same run it would drive the plugin out of the cache.
fn block_times(clap: &Path) -> Result<(Vec<u64>, Vec<u64>)> {
    let script = script(2, 0.5, &[64], BARS)?.in_real_time(4.0);
    let warm = script.blocks.len() / 8;
    let mut blocks = hosting::run(clap, &script)?.block_nanoseconds;
    blocks.drain(..warm);
    let nanoseconds = Vec::with_capacity(script.blocks.len());
    let mut reader = Reader { memory: (0..2048).collect(), nanoseconds };
    hosting::play(hosting::load(clap)?.as_mut(), &script, &mut reader)?;
    reader.nanoseconds.drain(..warm);
    Ok((blocks, reader.nanoseconds))
}

/// The largest tried number of instances that all play, at the pace of the clock and from one
/// audio thread, every note that each of them gets alone in an offline host.
///
/// Each has a seed of its own; all ask for their beats in the same block, which is the worst case.
fn instances_without_loss(clap: &Path) -> Result<usize> {
    let mut played = Vec::new();
    let mut best = 0;
    for count in [1, 4, 8, 16, 32, 48, 64, 96, 128] {
        for seed in played.len() + 1..=count {
            let mut script = script(2, 0.5, &[512], 4.0)?;
            script.setting("seed", &seed.to_string());
            // A host stands still for a while before somebody presses play.
            let transport = Some(Song::default().at(0.0, false));
            let stand = Block { frames: 512, transport, ..Block::default() };
            script.blocks.splice(0..0, std::iter::repeat_n(stand, 94));
            let alone = hosting::run(clap, &script)?.music();
            played.push((script, alone));
        }
        if !all_in_time(clap, &played)? {
            break;
        }
        best = count;
    }
    Ok(best)
}

/// What an instance is told, and what it plays alone.
type Played = (Script, Vec<(i64, EventKind, u8, u8, u32)>);

fn all_in_time(clap: &Path, played: &[Played]) -> Result<bool> {
    let mut instances: Vec<Box<dyn hosting::Instance>> = Vec::new();
    let mut processors: Vec<Box<dyn Processor>> = Vec::new();
    for (script, _) in played {
        let script = script.clone().in_real_time(1.0);
        let mut instance = hosting::load(clap)?;
        hosting::prepare(instance.as_mut(), &script)?;
        processors.push(instance.activate(&script.setup)?);
        instances.push(instance);
    }
    let mut heard: Vec<Vec<HostEvent>> = vec![Vec::new(); played.len()];
    let mut output = Output::default();
    let started = Instant::now();
    let mut frame = 0;
    let n_blocks = played.first().map_or(0, |(script, _)| script.blocks.len());
    for idx in 0..n_blocks {
        let mut frames = 0;
        for ((processor, heard), (script, _)) in processors.iter_mut().zip(&mut heard).zip(played) {
            let block = &script.blocks[idx];
            frames = block.frames as i64;
            processor.process(block, frame, &mut output)?;
            heard.extend(
                output
                    .events
                    .iter()
                    .map(|event| HostEvent { sample: event.sample + frame, ..*event }),
            );
        }
        frame += frames;
        let due = started + Duration::from_secs_f64(frame as f64 / RATE);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    for (instance, processor) in instances.iter_mut().zip(processors) {
        instance.deactivate(processor)?;
    }
    let music = |events: Vec<HostEvent>| Recording { events, ..Recording::default() }.music();
    Ok(heard.into_iter().zip(played).all(|(events, (_, alone))| music(events) == *alone))
}

/// The value below which a share of the sorted values lies.
fn quantile(values: &mut [u64], share: f64) -> f64 {
    values.sort_unstable();
    let index = ((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1));
    values.get(index).map_or(f64::NAN, |value| *value as f64)
}

/// Resident memory of this process without what only files back.
fn resident_bytes() -> Result<i64> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    let kibibytes: i64 = number.context("RssAnon in /proc/self/status")?.parse()?;
    Ok(kibibytes * 1024)
}

/// Bytes a second that one core reads from memory, the best of three passes.
fn read_bandwidth() -> f64 {
    let memory: Vec<u64> = (0..(1 << 25)).collect();
    let mut best = f64::MAX;
    for _ in 0..3 {
        let started = Instant::now();
        std::hint::black_box(sum(&memory));
        best = best.min(started.elapsed().as_secs_f64());
    }
    std::mem::size_of_val(memory.as_slice()) as f64 / best
}

fn sum(memory: &[u64]) -> [u64; 8] {
    memory.chunks_exact(8).fold([0; 8], |mut sums, chunk| {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum = sum.wrapping_add(*value);
        }
        sums
    })
}
