//! Prints what a step costs: `cargo run --release -p model --example step_rate`.
//!
//! Times the trunk alone and the trunk with the whole cascade, for one to four streams, at several
//! lengths of context, for every kernel of the machine; the best of many rounds, in turns. Reading
//! history is timed a pass over the weights at a time, the best of several.

use std::sync::Arc;
use std::time::Instant;

use model::decoder::{Decoder, MAX_COLUMNS, Mix, Packed, Stream};
use model::kernels::Isa;
use model::{Config, weights};
use score::steps;

const ROUNDS: usize = 40;
const PREFILL_ROUNDS: usize = 8;

fn main() -> model::Result<()> {
    let config = Config::BASE;
    let start = Instant::now();
    let weights = weights::random(&config, 1)?;
    let made = Instant::now();
    let packed = Arc::new(Packed::new(config, &weights)?);
    println!(
        "{} weights, {:.1} MB a step, made in {:.0} ms, packed in {:.0} ms",
        config.n_weights(),
        packed.bytes() as f64 / 1e6,
        (made - start).as_secs_f64() * 1e3,
        made.elapsed().as_secs_f64() * 1e3
    );
    let mut random = score::random::Random::new(2);
    let mut step = || steps::FIELD_SIZES.map(|size| (random.bits() % size as u64) as u16);
    let history: Vec<_> = (0..config.context_len).map(|_| step()).collect();
    println!("kernel    streams  context  trunk us  with heads us  notes/s  prefill us/step");
    for isa in Isa::available() {
        let mut decoder = Decoder::with_isa(packed.clone(), isa);
        for n_streams in 1..=4 {
            for context in [16, 128, 256, 496] {
                let mix = |i: usize| [Mix::pure(i); steps::N_SLOTS];
                let mut streams: Vec<Stream> =
                    (0..n_streams).map(|i| Stream::new(&packed, mix(i))).collect();
                let mut passes = vec![f64::MAX; usize::div_ceil(context, MAX_COLUMNS)];
                for round in 0..PREFILL_ROUNDS {
                    let stream = &mut streams[round % n_streams];
                    stream.truncate(0);
                    for (steps, best) in history[..context].chunks(MAX_COLUMNS).zip(&mut passes) {
                        let start = Instant::now();
                        decoder.prefill(stream, steps);
                        *best = best.min(start.elapsed().as_secs_f64());
                    }
                }
                let prefill = passes.iter().sum::<f64>() / context as f64;
                let (mut trunk, mut whole) = (f64::MAX, f64::MAX);
                for _ in 0..ROUNDS {
                    let start = Instant::now();
                    decoder.step(&mut streams, &history[context]);
                    trunk = trunk.min(start.elapsed().as_secs_f64());
                    let mut sum = decoder.pos().map(|logits| logits[0]).sum::<f32>();
                    sum += decoder.sym(3).map(|logits| logits[0]).sum::<f32>();
                    sum += decoder.dur(3, 60).map(|logits| logits[0]).sum::<f32>();
                    sum += decoder.expression(3, 60, 5).map(|logits| logits[0]).sum::<f32>();
                    assert!(sum.is_finite());
                    whole = whole.min(start.elapsed().as_secs_f64());
                    streams.iter_mut().for_each(|stream| stream.truncate(context));
                }
                println!(
                    "{:<9} {n_streams:>7} {context:>8} {:>9.1} {:>14.1} {:>8.0} {:>16.1}",
                    format!("{isa:?}"),
                    trunk * 1e6,
                    whole * 1e6,
                    1.0 / whole,
                    prefill * 1e6
                );
            }
        }
    }
    Ok(())
}
