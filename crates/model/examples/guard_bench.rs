//! Measures what the originality guard costs a beat and prints the figures as JSON:
//! `cargo run --release -p model --example guard_bench [FOLDER]`.
//!
//! Two composers take turns, one of them without the guard, and each goes on with its own song.
//! Where neither song was changed they do the same work; what a redraw costs is in the whole.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use model::{BandModel, Network};
use score::{BeatFrame, Blend, Controls, Genre, HistoryBeat, Meter, Tempo};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Beats of a song.
const N_BEATS: i64 = 64;
/// Songs a genre.
const N_SONGS: u32 = 2;

fn main() -> Result<()> {
    let shipped = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let folder = std::env::args().nth(1).map_or_else(shipped, PathBuf::from);
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let network =
        Network::from_bytes(&read("tributary-v4.safetensors")?, &read("tributary-v4.json")?)?;
    let filter = network.originality().ok_or("the weights have no originality guard")?;
    let (n_bytes, fill) = (filter.n_bytes(), filter.fill());
    let mut totals = [0.0; 2];
    let mut shares: Vec<f64> = Vec::new();
    let (mut n_redrawn, mut n_forced) = (0, 0);
    for genre in Genre::ALL {
        for seed in 0..N_SONGS {
            let controls = Controls { blend: Blend::pure(genre), seed, ..Controls::default() };
            let (seconds, redraws) = songs(&network, &controls)?;
            totals.iter_mut().zip(seconds).for_each(|(total, seconds)| *total += seconds);
            shares.push(seconds[1] / seconds[0] - 1.0);
            n_redrawn += redraws.beats;
            n_forced += redraws.forced;
        }
    }
    shares.sort_by(f64::total_cmp);
    let figures = serde_json::json!({
        "filter_bytes": n_bytes,
        "filter_fill": fill,
        "beats": shares.len() as i64 * N_BEATS,
        "redrawn": n_redrawn,
        "forced": n_forced,
        "guard_share": totals[1] / totals[0] - 1.0,
        "guard_share_median_song": shares[shares.len() / 2],
    });
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}

/// Seconds that a song takes without and with the guard, and what the guard did.
fn songs(network: &Arc<Network>, controls: &Controls) -> Result<([f64; 2], model::Redraws)> {
    let [free, guarded] = [0, 1].map(|_| BandModel::new(network.clone()));
    let mut bands = [(free.unguarded(), Vec::new()), (guarded, Vec::new())];
    let mut seconds = [0.0; 2];
    for beat in 0..N_BEATS {
        let frame = BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT);
        // Whoever comes second finds warmer caches.
        for i in [beat as usize % 2, 1 - beat as usize % 2] {
            let (band, song): &mut (BandModel, Vec<HistoryBeat>) = &mut bands[i];
            let started = Instant::now();
            let music = band.compose(song, &frame, controls, 0)?;
            seconds[i] += started.elapsed().as_secs_f64();
            song.push(HistoryBeat { frame, music });
        }
    }
    Ok((seconds, bands[1].0.redraws()))
}
