//! A decode step allocates nothing, and a beat only what it hands out.

#[path = "../examples/step_bench/counting.rs"]
mod counting;

use std::sync::Arc;

use counting::{Counting, allocations};
use model::decoder::{Decoder, Mix, Packed, Stream};
use model::weights::Weights;
use model::{BandModel, Config, Kernels, Network, OriginalityFilter, weights};
use score::{BeatFrame, Controls, HistoryBeat, Meter, Tempo, steps};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn allocations_are_counted() {
    let mut numbers = Vec::new();
    assert_eq!(allocations(|| numbers.push(1)), 1);
    assert_eq!(allocations(|| numbers.reserve(1_000)), 1);
    assert_eq!(allocations(|| drop(numbers)), 0);
}

#[test]
fn a_decode_step_and_its_heads_allocate_nothing() {
    let config = Config::TINY;
    let packed = Arc::new(Packed::new(config, &weights::random(&config, 1).unwrap()).unwrap());
    let mut random = score::random::Random::new(2);
    let mut step = || steps::FIELD_SIZES.map(|size| (random.bits() % size as u64) as u16);
    let inputs: Vec<_> = (0..96).map(|_| step()).collect();
    for n_streams in [1, 3, 7] {
        let stream = |i: usize| Stream::new(&packed, [Mix::pure(i); steps::N_SLOTS]);
        let mut streams: Vec<Stream> = (0..n_streams).map(stream).collect();
        let mut decoder = Decoder::new(packed.clone());
        let mut sum = 0.0;
        let allocated = allocations(|| {
            for stream in &mut streams {
                decoder.prefill(stream, &inputs[..40]);
            }
            for (i, step) in inputs[40..].iter().enumerate() {
                let (pos, sym, dur) = (i % 24, i % 192, i % 33);
                decoder.step(&mut streams, step);
                sum += decoder.hidden().flatten().sum::<f32>();
                sum += decoder.chord().flatten().sum::<f32>();
                sum += decoder.pos().flatten().sum::<f32>();
                sum += decoder.sym(pos).flatten().sum::<f32>();
                sum += decoder.dur(pos, sym).flatten().sum::<f32>();
                sum += decoder.expression(pos, sym, dur).flatten().sum::<f32>();
            }
        });
        assert!(sum.is_finite());
        assert_eq!(allocated, 0, "of 40 steps read and 56 decoded in {n_streams} streams");
    }
}

/// Untrained, a part plays on until the most notes that it may have.
const CONFIG: Config = Config { context_len: 512, ..Config::TINY };

/// Beats, and of each its notes and what composing it allocates once its caches are warm.
fn warm_beats(weights: &Weights, controls: &Controls) -> (Vec<HistoryBeat>, Vec<(usize, usize)>) {
    let network = Arc::new(Network::new(CONFIG, weights, Kernels::Fused).unwrap());
    let mut band = BandModel::new(network);
    let mut history: Vec<HistoryBeat> = Vec::new();
    let mut beats = Vec::new();
    for beat in 0..24 {
        let frame = BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT);
        let first = band.compose(&history, &frame, controls, 0).unwrap();
        let mut again = None;
        let allocated = allocations(|| again = band.compose(&history, &frame, controls, 0).ok());
        assert_eq!(again.as_ref(), Some(&first));
        beats.push((first.parts.iter().map(Vec::len).sum(), allocated));
        history.push(HistoryBeat { frame, music: first });
    }
    (history, beats)
}

#[test]
fn a_warm_beat_allocates_its_plan_and_its_notes_but_nothing_a_step() {
    let mut weights = weights::random(&CONFIG, 1).unwrap();
    let (free, beats) = warm_beats(&weights, &Controls::default());
    allocate_little(&beats);
    // A model that knows its own music by heart has to compose it again.
    let lines = score::line::lines(&free);
    let filter = OriginalityFilter::new(lines.iter().map(Vec::as_slice));
    weights.extend(filter.tensors().unwrap());
    let (other, beats) = warm_beats(&weights, &Controls::default());
    assert_ne!(other, free);
    allocate_little(&beats);
}

fn allocate_little(beats: &[(usize, usize)]) {
    let most_notes = beats.iter().map(|(notes, _)| *notes).max().unwrap();
    let most = beats.iter().map(|(_, allocated)| *allocated).max().unwrap();
    let notes: usize = beats.iter().map(|(notes, _)| notes).sum();
    let allocated: usize = beats.iter().map(|(_, allocated)| allocated).sum();
    println!("{notes} notes, {allocated} allocations in {} beats, {most} at most", beats.len());
    assert!(most_notes >= 16, "{most_notes} notes in the fullest beat show nothing");
    // Four vectors of notes double as they grow; the plan has seven.
    let bound = 7 + 4 * (1 + most_notes.ilog2() as usize);
    assert!(most <= bound, "{most} allocations in a beat, at most {bound}: {beats:?}");
}
