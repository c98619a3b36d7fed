//! Measures a decode step of the shipped model and prints the figures as JSON:
//! `cargo run --release -p model --example step_bench`.
//!
//! A step is the trunk and all heads at 256 steps of context, on this one thread. What is compared
//! takes turns, and the best of all turns counts: stock candle in this process, onnxruntime and
//! PyTorch in a Python process of their own, where `--python PATH` (`python3` if nothing is said)
//! has them. `cargo xtask bench` runs this.

mod counting;
mod others;
mod stock;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use candle_core::Tensor;
use model::conditioning::Plan;
use model::decoder::{Decoder, Mix, Packed, Stream};
use model::kernels::{Line, Lines};
use model::weights::{self, Manifest};
use model::{Blending, WeightMap};
use score::steps::{self, N_INPUTS};
use score::{Blend, Controls, Genre};

use counting::{Counting, allocations};
use others::{NAMES, Others};
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
/// Most that logits of compared programs may differ by, of the largest.
const TOLERANCE: f32 = 1e-4;
/// A note's choices: position, symbol and duration.
const NOTE: (usize, usize, usize) = (6, 60, 5);

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let config = Manifest::from_bytes(&read("tributary-v4.json")?)?.config;
    let file = "tributary-v4.safetensors";
    // The others compute with the same numbers in `f32`.
    let weights = weights::rounded(&weights::read(&read(file)?, &config)?)?;
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
    let film = config.n_layers * 4 * config.d_model;
    let bytes = matrix_weights(&config) * 2 + (cached + film) * 4;
    let memory = Lines::<Line>::on_huge_pages(&vec![Line([1.0; 16]); bytes.div_ceil(64)]);
    // SAFETY: a line is 64 bytes that any number may have, on a border of 64.
    let memory: &[[u64; 8]] =
        unsafe { std::slice::from_raw_parts(memory.as_ptr().cast(), memory.len()) };
    let task = serde_json::json!({
        "weights": folder.join(file),
        "config": config,
        "condition": CONDITION,
        "n_conditions": steps::N_CONDITIONS,
        "field_sizes": steps::FIELD_SIZES,
        "note": [NOTE.0, NOTE.1, NOTE.2],
        "steps": history,
        "logits": alone.logits(),
    });
    let mut others = Others::start(&python()?, &task)?;

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
            black_box(sum(black_box(memory)));
        });
        if let Some(others) = &mut others {
            others.take_turns()?;
        }
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
    let mut figures = serde_json::json!({
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
    for (idx, name) in NAMES.into_iter().enumerate() {
        let other = others.as_ref().and_then(|others| others.best[idx]);
        figures[format!("{name}_step_us")] = other.map(|other| other * 1e6).into();
        figures[format!("vs_{name}")] = other.map(|other| other / step).into();
    }
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}

/// The Python that was asked for.
fn python() -> Result<String> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok("python3".into()),
        (Some("--python"), Some(path)) => Ok(path),
        _ => Err("usage: step_bench [--python PATH]".into()),
    }
}

/// Weights of the matrices that a step with all heads reads.
fn matrix_weights(config: &model::Config) -> usize {
    let is_read = |name: &str| {
        let is_layer = name.starts_with("layers.") && !name.contains("norm");
        (is_layer && !name.contains("film")) || name.starts_with("head.") || name.contains(".proj.")
    };
    let tensors = config.tensors();
    let read = tensors.iter().filter(|(name, _)| is_read(name));
    read.map(|(_, shape)| shape.iter().product::<usize>()).sum()
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
        let plan = Plan::new(
            &controls,
            1.0,
            Genre::COUNT,
            &WeightMap::default(),
            &model::Styles::default(),
            Blending::default(),
        );
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

    /// Logits of all heads, of all streams, at the step behind the context.
    fn logits(&mut self) -> Vec<f32> {
        let (pos, sym, dur) = NOTE;
        let decoder = &mut self.decoder;
        decoder.step(&mut self.streams, &self.next);
        let mut logits: Vec<f32> = decoder.chord().flatten().copied().collect();
        logits.extend(decoder.pos().flatten());
        logits.extend(decoder.sym(pos).flatten());
        logits.extend(decoder.dur(pos, sym).flatten());
        logits.extend(decoder.expression(pos, sym, dur).flatten());
        self.streams.iter_mut().for_each(|stream| stream.truncate(CONTEXT));
        logits
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
    let found = trunk.logits();
    let stock::Logits { chord, pos, sym, dur, vel, micro } = logits;
    let expected = Tensor::cat(&[chord, pos, sym, dur, vel, micro], 1)?.get(0)?.to_vec1::<f32>()?;
    let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    let apart = found.iter().zip(&expected).fold(0.0f32, |apart, (a, b)| apart.max((a - b).abs()));
    if found.len() != expected.len() || apart.is_nan() || apart > TOLERANCE * largest {
        let (n, m) = (found.len(), expected.len());
        return Err(format!("{n} and {m} logits differ by {apart} of {largest}").into());
    }
    Ok(())
}

/// Reads all of `memory`, with the widest loads that the machine has.
fn sum(memory: &[[u64; 8]]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_mm512_add_epi64, _mm512_loadu_si512, _mm512_reduce_add_epi64};
        // By hand, because the compiler gathers numbers one by one.
        #[target_feature(enable = "avx512f")]
        fn avx512(memory: &[[u64; 8]]) -> u64 {
            let mut sums = [core::arch::x86_64::_mm512_setzero_si512(); 4];
            let (fours, rest) = memory.as_chunks::<4>();
            for four in fours {
                for (sum, line) in sums.iter_mut().zip(four) {
                    // SAFETY: a line is 64 bytes.
                    *sum =
                        _mm512_add_epi64(*sum, unsafe { _mm512_loadu_si512(line.as_ptr().cast()) });
                }
            }
            let sum = sums.into_iter().fold(0, |all: u64, sum| {
                all.wrapping_add(_mm512_reduce_add_epi64(sum).cast_unsigned())
            });
            sum.wrapping_add(sum_body(rest))
        }
        #[target_feature(enable = "avx2")]
        fn avx2(memory: &[[u64; 8]]) -> u64 {
            sum_body(memory)
        }
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the feature was just found.
            return unsafe { avx512(memory) };
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
