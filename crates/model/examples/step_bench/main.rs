//! Measures a decode step of the shipped model and prints the figures as JSON:
//! `cargo run --release -p model --example step_bench`.
//!
//! A step is the trunk and all heads at 256 steps of context, on this one thread. What is compared
//! takes turns in one process, and the best of all turns counts. `cargo xtask bench` runs this.

mod counting;
mod stock;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use candle_core::Tensor;
use model::conditioning::{Blending, Plan};
use model::decoder::{Decoder, Mix, Packed, Stream};
use model::weights::{self, Manifest};
use score::steps::{self, N_INPUTS};
use score::{Blend, Controls, Genre};

use counting::{Counting, allocations};
use stock::{StockDecoder, Storage};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const CONTEXT: usize = 256;
const ROUNDS: usize = 40;
/// Timed steps a round, after one that brings its weights into the caches.
const STEPS_A_ROUND: usize = 5;
/// The genre of single streams.
const CONDITION: usize = 1;
/// A note's choices: position, symbol and duration.
const NOTE: (usize, usize, usize) = (6, 60, 5);

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let config = Manifest::from_bytes(&read("tributary-v1.json")?)?.config;
    let weights = weights::read(&read("tributary-v1.safetensors")?, &config)?;
    let packed = Arc::new(Packed::new(config, &weights)?);
    let history = history();

    let mut alone = Trunk::new(&packed, &[Mix::pure(CONDITION)], &history);
    let mut blends = [1, 2, 6].map(|n| Trunk::of_genres(&packed, n, &history));
    let stock = [Storage::Rows, Storage::Columns]
        .into_iter()
        .map(|storage| stock(&weights, config, storage, &history))
        .collect::<Result<Vec<_>>>()?;
    for stock in &stock {
        check_equal(&mut alone, stock)?;
    }
    // Keys and values of the context and of the step itself; gains and shifts of one condition.
    let cached = (CONTEXT + 1) * 2 * config.d_kv() * config.n_layers;
    let bytes = packed.bytes() + (cached + config.n_layers * 4 * config.d_model) * 4;
    let memory: Vec<[u64; 8]> = (0..bytes.div_ceil(64) as u64).map(|i| [i; 8]).collect();

    let (mut step, mut read_memory) = (f64::MAX, f64::MAX);
    let (mut stock_steps, mut blend_steps) = ([f64::MAX; 2], [f64::MAX; 3]);
    for _ in 0..ROUNDS {
        best(&mut step, || alone.step());
        for (stock, best_time) in stock.iter().zip(&mut stock_steps) {
            let mut failure = None;
            best(best_time, || failure = stock_step(stock, &history[CONTEXT]).err());
            failure.map_or(Ok(()), Err)?;
        }
        best(&mut read_memory, || {
            black_box(sum(black_box(&memory)));
        });
        for (trunk, best_time) in blends.iter_mut().zip(&mut blend_steps) {
            best(best_time, || trunk.step());
        }
    }
    let n_counted = 64;
    let allocated = allocations(|| {
        for trunk in blends.iter_mut().chain([&mut alone]) {
            (0..n_counted).for_each(|_| trunk.step());
        }
    });
    let stock_step = stock_steps[0].min(stock_steps[1]);
    let [one, two, six] = blend_steps;
    let figures = serde_json::json!({
        "step_us": step * 1e6,
        "stock_step_us": stock_step * 1e6,
        "vs_stock_candle": stock_step / step,
        "bandwidth_fraction": read_memory / step,
        "step_bytes": bytes,
        "step_read_gb_per_s": bytes as f64 / read_memory / 1e9,
        "step_allocations": allocated as f64 / (4 * n_counted) as f64,
        "two_genre_step_cost": two / one,
        "six_genre_step_cost": six / one,
    });
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}

/// Random steps under one genre, which the streams' conditions replace.
fn history() -> Vec<[u16; N_INPUTS]> {
    let mut random = score::random::Random::new(2);
    let mut step = || steps::FIELD_SIZES.map(|size| (random.bits() % size as u64) as u16);
    (0..=CONTEXT).map(|_| step()).collect()
}

/// Keeps the shortest of several calls in `best`.
fn best(best: &mut f64, mut work: impl FnMut()) {
    work();
    for _ in 0..STEPS_A_ROUND {
        let start = Instant::now();
        work();
        *best = best.min(start.elapsed().as_secs_f64());
    }
}

/// The decoder with streams that hold the context.
struct Trunk {
    decoder: Decoder,
    streams: Vec<Stream>,
    next: [u16; N_INPUTS],
}

impl Trunk {
    fn new(packed: &Arc<Packed>, mixes: &[Mix], history: &[[u16; N_INPUTS]]) -> Self {
        let stream = |mix: &Mix| Stream::new(packed, [*mix; steps::N_SLOTS]);
        Self::with_streams(packed, mixes.iter().map(stream).collect(), history)
    }

    /// The streams that a blend of `n` genres needs.
    fn of_genres(packed: &Arc<Packed>, n: usize, history: &[[u16; N_INPUTS]]) -> Self {
        let mut shares = [0.0; Blend::LEN];
        Genre::ALL[..n].iter().for_each(|genre| shares[genre.index()] = 1.0);
        let controls = Controls { blend: Blend::new(shares), ..Controls::default() };
        let plan = Plan::new(&controls, Blending::default());
        let streams = plan.streams.iter().map(|mix| Stream::new(packed, *mix)).collect();
        Self::with_streams(packed, streams, history)
    }

    fn with_streams(
        packed: &Arc<Packed>,
        mut streams: Vec<Stream>,
        history: &[[u16; N_INPUTS]],
    ) -> Self {
        let mut decoder = Decoder::new(packed.clone());
        for stream in &mut streams {
            decoder.prefill(stream, &history[..CONTEXT]);
        }
        Self { decoder, streams, next: history[CONTEXT] }
    }

    /// A step and all heads, then back to the context.
    fn step(&mut self) {
        let (pos, sym, dur) = NOTE;
        let decoder = &mut self.decoder;
        decoder.step(&mut self.streams, &self.next);
        let mut first = decoder.chord().map(|logits| logits[0]).sum::<f32>();
        first += decoder.pos().map(|logits| logits[0]).sum::<f32>();
        first += decoder.sym(pos).map(|logits| logits[0]).sum::<f32>();
        first += decoder.dur(pos, sym).map(|logits| logits[0]).sum::<f32>();
        first += decoder.expression(pos, sym, dur).map(|logits| logits[0]).sum::<f32>();
        black_box(first);
        self.streams.iter_mut().for_each(|stream| stream.truncate(CONTEXT));
    }
}

/// The network in stock operations, with the context in its cache.
fn stock(
    weights: &weights::Weights,
    config: model::Config,
    storage: Storage,
    history: &[[u16; N_INPUTS]],
) -> Result<StockDecoder> {
    let stock = StockDecoder::new(config, weights, CONDITION, storage)?;
    for (position, step) in history[..CONTEXT].iter().enumerate() {
        stock.step(position, step)?;
    }
    Ok(stock)
}

fn stock_step(stock: &StockDecoder, step: &[u16; N_INPUTS]) -> candle_core::Result<()> {
    let (pos, sym, dur) = NOTE;
    black_box(stock.heads(&stock.step(CONTEXT, step)?, pos, sym, dur)?);
    Ok(())
}

/// Fails if both do not compute the same.
fn check_equal(trunk: &mut Trunk, stock: &StockDecoder) -> Result<()> {
    let (pos, sym, dur) = NOTE;
    let logits = stock.heads(&stock.step(CONTEXT, &trunk.next)?, pos, sym, dur)?;
    let decoder = &mut trunk.decoder;
    decoder.step(&mut trunk.streams, &trunk.next);
    let mut found: Vec<f32> = decoder.chord().flatten().copied().collect();
    found.extend(decoder.pos().flatten());
    found.extend(decoder.sym(pos).flatten());
    found.extend(decoder.dur(pos, sym).flatten());
    found.extend(decoder.expression(pos, sym, dur).flatten());
    trunk.streams.iter_mut().for_each(|stream| stream.truncate(CONTEXT));
    let stock::Logits { chord, pos, sym, dur, vel, micro } = logits;
    let expected = Tensor::cat(&[chord, pos, sym, dur, vel, micro], 1)?.get(0)?.to_vec1::<f32>()?;
    let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    let apart = found.iter().zip(&expected).fold(0.0f32, |apart, (a, b)| apart.max((a - b).abs()));
    if found.len() != expected.len() || apart.is_nan() || apart > 1e-3 * largest {
        let (n, m) = (found.len(), expected.len());
        return Err(format!("{n} and {m} logits differ by {apart} of {largest}").into());
    }
    Ok(())
}

/// Reads all of `memory`, with the widest loads that every x86 machine of today has.
fn sum(memory: &[[u64; 8]]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2(memory: &[[u64; 8]]) -> u64 {
            sum_body(memory)
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the feature was just found.
            return unsafe { avx2(memory) };
        }
    }
    sum_body(memory)
}

#[inline(always)]
fn sum_body(memory: &[[u64; 8]]) -> u64 {
    // Four lines at once, so that no addition waits for the one before it.
    let (fours, rest) = memory.as_chunks::<4>();
    let mut sums = [[0u64; 8]; 4];
    for four in fours {
        for (sums, line) in sums.iter_mut().zip(four) {
            sums.iter_mut().zip(line).for_each(|(sum, value)| *sum = sum.wrapping_add(*value));
        }
    }
    let all = sums.iter().chain(rest).flatten();
    all.fold(0, |sum, value| sum.wrapping_add(*value))
}
