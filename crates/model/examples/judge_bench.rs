//! Measures what the shipped judge costs a bar and prints the figures as JSON:
//! `cargo run --release -p model --example judge_bench`. `cargo xtask bench` runs this.
//!
//! It hears what the shipped model composes at full density, and as many notes in as many beats as
//! there can be.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use judge::{Judge, MAX_BEATS};
use model::grammar::MAX_NOTES;
use model::{BandModel, Network};
use score::random::Random;
use score::{
    BeatFrame, Blend, Controls, Genre, GridBeat, GridNote, HistoryBeat, Meter, Tempo, Velocity,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Bars of composed music; each is judged with those before it.
const N_BARS: usize = 24;
const ROUNDS: usize = 40;

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let network =
        Network::from_bytes(&read("tributary-v4.safetensors")?, &read("tributary-v4.json")?)?;
    let judge = network.judge().cloned().ok_or("the shipped weights have no judge")?;
    let mut band = BandModel::new(network);
    let mut controls =
        Controls { blend: blend(&[Genre::Jazz, Genre::HipHop]), ..Controls::default() };
    controls.parts.iter_mut().for_each(|part| part.density = 1.0);
    let mut song: Vec<HistoryBeat> = Vec::new();
    for beat in 0..4 * N_BARS as i64 {
        let frame = BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT);
        let music = band.compose(&song, &frame, &controls, 0)?;
        song.push(HistoryBeat { frame, music });
    }
    let composed: Vec<&[HistoryBeat]> = (8..=N_BARS).map(|bar| &song[..4 * bar]).collect();
    let most = most_notes()?;
    let figures = serde_json::json!({
        "judge_bar_ms": slowest(&judge, &composed) * 1e3,
        "judge_bar_most_ms": slowest(&judge, &[&most]) * 1e3,
    });
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}

fn blend(genres: &[Genre]) -> Blend {
    let mut weights = [0.0; Blend::LEN];
    genres.iter().for_each(|genre| weights[genre.index()] = 1.0);
    Blend::new(weights)
}

/// Seconds for all but one of a hundred bars.
fn slowest(judge: &Judge, bars: &[&[HistoryBeat]]) -> f64 {
    let mut times: Vec<f64> = Vec::new();
    for beats in bars.iter().cycle().take(ROUNDS * bars.len().max(25)) {
        let started = Instant::now();
        black_box(judge.hear(black_box(beats)));
        times.push(started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}

/// As many notes a part and beat as the grammar lets, in as many beats as are judged.
fn most_notes() -> Result<Vec<HistoryBeat>> {
    let (meter, mut random) = (Meter::new(8, 4)?, Random::new(1));
    let beat = |number: i64| {
        let mut music = GridBeat::default();
        for (notes, most) in music.parts.iter_mut().zip(MAX_NOTES) {
            *notes = (0..most)
                .map(|_| GridNote {
                    position: random.below(24) as u8,
                    pitch: 30 + random.below(70) as u8,
                    duration: 1 + random.below(96) as u16,
                    velocity: Velocity::clamped(90),
                    micro: 0,
                })
                .collect();
            notes.sort_by_key(|note| (note.position, note.pitch));
            notes.dedup_by_key(|note| (note.position, note.pitch));
        }
        HistoryBeat { frame: BeatFrame::regular(number, meter, Tempo::DEFAULT), music }
    };
    Ok((0..MAX_BEATS as i64).map(beat).collect())
}
