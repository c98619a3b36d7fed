//! Prints what composing costs: `cargo run --release -p model --example beat_rate`.
//!
//! Composes the same beats again and again with the shipped model and without a host, and keeps
//! the shortest time of each beat. Beats differ: at some of them the anchor moves, and all history
//! is read again.

use std::path::Path;
use std::time::Instant;

use model::{BandModel, HISTORY_BEATS, Network};
use score::{BeatFrame, Blend, Controls, Genre, HistoryBeat, Meter, Tempo};

const WARM_UP: usize = 16;
const BEATS: usize = 128;
const ROUNDS: usize = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let weights = std::fs::read(folder.join("tributary-v4.safetensors"))?;
    let manifest = std::fs::read(folder.join("tributary-v4.json"))?;
    let network = Network::from_bytes(&weights, &manifest)?;
    println!("genres  density  notes  notes/s  us/note  beat us: p50     p90     p99     max");
    for (genres, density) in [(1, 0.5), (2, 0.5), (6, 0.5), (1, 1.0), (2, 1.0), (6, 1.0)] {
        let mut shares = [0.0; Blend::LEN];
        Genre::ALL[..genres].iter().for_each(|genre| shares[genre.index()] = 1.0);
        let mut controls = Controls { blend: Blend::new(shares), ..Controls::default() };
        controls.parts.iter_mut().for_each(|part| part.density = density);
        let mut best = [f64::MAX; WARM_UP + BEATS];
        let mut n_notes = 0;
        for _ in 0..ROUNDS {
            let mut band = BandModel::new(network.clone());
            let mut history: Vec<HistoryBeat> = Vec::new();
            for (beat, best) in (0..).zip(&mut best) {
                let recent = &history[history.len().saturating_sub(HISTORY_BEATS)..];
                let frame = BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT);
                let start = Instant::now();
                let music = band.compose(recent, &frame, &controls, 0)?;
                *best = best.min(start.elapsed().as_secs_f64());
                history.push(HistoryBeat { frame, music });
            }
            let notes = |beat: &HistoryBeat| beat.music.parts.iter().map(Vec::len).sum::<usize>();
            n_notes = history[WARM_UP..].iter().map(notes).sum();
        }
        let mut beats = best[WARM_UP..].to_vec();
        beats.sort_unstable_by(f64::total_cmp);
        let total: f64 = beats.iter().sum();
        let at = |share: f64| beats[((BEATS as f64 * share) as usize).min(BEATS - 1)] * 1e6;
        println!(
            "{genres:>6} {density:>8} {n_notes:>6} {:>8.0} {:>8.0} {:>16.0} {:>7.0} {:>7.0} {:>7.0}",
            n_notes as f64 / total,
            total * 1e6 / n_notes as f64,
            at(0.5),
            at(0.9),
            at(0.99),
            at(1.0)
        );
    }
    Ok(())
}
