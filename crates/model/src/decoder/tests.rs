use super::*;
use crate::network::{Batch, Kernels, Network};
use crate::weights::{self, Weights};
use crate::{Config, Style, Styles, kernels};
use candle_core::Tensor;
use score::Genre;
use score::random::Random;

fn random_steps(n: usize, seed: u64) -> Vec<[u16; N_INPUTS]> {
    let mut random = Random::new(seed);
    (0..n).map(|_| steps::FIELD_SIZES.map(|size| (random.bits() % size as u64) as u16)).collect()
}

fn packed(config: Config, seed: u64) -> (Arc<Packed>, Weights) {
    let weights = weights::rounded(&weights::random(&config, seed).unwrap()).unwrap();
    (Arc::new(Packed::new(config, &weights).unwrap()), weights)
}

/// Steps whose condition is `genre` in every slot.
fn under(inputs: &[[u16; N_INPUTS]], genre: u16) -> Vec<[u16; N_INPUTS]> {
    let n = steps::N_CONDITIONS as u16;
    inputs
        .iter()
        .map(|step| {
            let mut step = *step;
            step[steps::COND] = step[steps::COND] / n * n + genre;
            step
        })
        .collect()
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-3 * largest, "{a} {b}");
    }
}

#[test]
fn the_decoder_gives_the_network_s_logits() {
    let wide = Config { n_heads: 6, n_kv_heads: 2, d_model: 192, ..Config::TINY };
    for config in [Config::TINY, wide] {
        let (packed, weights) = packed(config, 1);
        let network = Network::new(config, &weights, Kernels::Stock).unwrap();
        let inputs = random_steps(40, 2);
        let reference: Vec<(Tensor, Tensor)> = [2u16, 6]
            .iter()
            .map(|genre| {
                let inputs = under(&inputs, *genre);
                let batch =
                    Batch { n_steps: 40, inputs: &inputs, targets: &[], segments: &[0; 40] };
                let hidden = network.hidden(&batch).unwrap();
                (hidden.clone(), network.pos_logits(&hidden).unwrap())
            })
            .collect();
        for isa in kernels::Isa::available() {
            let mut decoder = Decoder::with_isa(packed.clone(), isa);
            let mixes = [Mix::pure(2), Mix::NULL];
            let mut streams = mixes.map(|mix| Stream::new(&packed, [mix; steps::N_SLOTS]));
            for (i, step) in inputs.iter().enumerate() {
                decoder.step(&mut streams, step);
                let row = |t: &Tensor| t.get(i).unwrap().to_vec1::<f32>().unwrap();
                for (found, (hidden, _)) in decoder.hidden().zip(&reference) {
                    close(found, &row(hidden));
                }
                for (found, (_, pos)) in decoder.pos().zip(&reference) {
                    close(found, &row(pos));
                }
                if i % 8 != 3 {
                    continue;
                }
                let one = |value: usize| -> Arc<[u32]> { [value as u32].into() };
                let hidden: Vec<Tensor> =
                    reference.iter().map(|(hidden, _)| hidden.narrow(0, i, 1).unwrap()).collect();
                let row = |t: Tensor| t.get(0).unwrap().to_vec1::<f32>().unwrap();
                let (pos, sym, dur) = (i % 24, (i * 7) % 192, i % 33);
                for (found, h) in decoder.chord().zip(&hidden) {
                    close(found, &row(network.chord_logits(h).unwrap()));
                }
                for (found, h) in decoder.sym(pos).zip(&hidden) {
                    close(found, &row(network.sym_logits(h, &one(pos)).unwrap()));
                }
                for (found, h) in decoder.dur(pos, sym).zip(&hidden) {
                    close(found, &row(network.dur_logits(h, &one(pos), &one(sym)).unwrap()));
                }
                for (found, h) in decoder.expression(pos, sym, dur).zip(&hidden) {
                    let (vel, micro) = found.split_at(steps::N_VELOCITIES);
                    let (pos, sym, dur) = (one(pos), one(sym), one(dur));
                    close(vel, &row(network.vel_logits(h, &pos, &sym, &dur).unwrap()));
                    close(micro, &row(network.micro_logits(h, &pos, &sym, &dur).unwrap()));
                }
            }
        }
    }
}

#[test]
fn a_style_adds_its_biases_to_those_of_the_heads() {
    let (packed, weights) = packed(Config::TINY, 5);
    let network = Network::new(Config::TINY, &weights, Kernels::Fused).unwrap();
    let mut random = Random::new(6);
    let biases: Vec<f32> =
        (0..steps::N_SLOTS * steps::N_CLASSES).map(|_| random.uniform() - 0.5).collect();
    // Plays as the second genre does.
    let style = Style::of_lines(&network, &[]).with_biases(biases.clone());
    let styles = Styles::new([Some(Arc::new(style)), None, None, None], &network).unwrap();
    let mut streams = [Mix::of_one(1), Mix::of_one(Genre::COUNT)]
        .map(|mix| Stream::with_styles(&packed, [mix; steps::N_SLOTS], &styles));
    let mut decoder = Decoder::new(packed);
    for step in random_steps(20, 7) {
        decoder.step(&mut streams, &step);
        let own = usize::from(step[steps::COND]) / steps::N_CONDITIONS * steps::N_CLASSES;
        let check = |target: usize, logits: Vec<Vec<f32>>| {
            let [genre, style] = logits.try_into().unwrap();
            let biases = &biases[own + steps::first_class(target)..];
            let sum: Vec<f32> = genre.iter().zip(biases).map(|(a, b)| a + b).collect();
            close(&style, &sum);
        };
        let owned = |logits: &[f32]| logits.to_vec();
        check(steps::T_CHORD, decoder.chord().map(owned).collect());
        check(steps::T_POS, decoder.pos().map(owned).collect());
        check(steps::T_SYM, decoder.sym(3).map(owned).collect());
        check(steps::T_DUR, decoder.dur(3, 60).map(owned).collect());
        check(steps::T_VEL, decoder.expression(3, 60, 5).map(owned).collect());
    }
}

#[test]
fn an_interpolated_condition_is_a_weighted_sum() {
    let (packed, weights) = packed(Config::TINY, 3);
    let network = Network::new(Config::TINY, &weights, Kernels::Fused).unwrap();
    let inputs = random_steps(12, 4);
    let mut mix = [0.0; steps::N_CONDITIONS];
    (mix[1], mix[4]) = (0.25, 0.75);
    // The table whose every row of a slot is the mixture.
    let table = weights["cond.weight"].to_vec2::<f32>().unwrap();
    let mixed: Vec<Vec<f32>> = (0..table.len())
        .map(|row| {
            let slot = row / steps::N_CONDITIONS * steps::N_CONDITIONS;
            let (a, b) = (&table[slot + 1], &table[slot + 4]);
            a.iter().zip(b).map(|(a, b)| 0.25 * a + 0.75 * b).collect()
        })
        .collect();
    let cond = Tensor::new(mixed, &candle_core::Device::Cpu).unwrap();
    let batch = Batch { n_steps: 12, inputs: &inputs, targets: &[], segments: &[0; 12] };
    let reference = network.hidden_of(&batch, &cond).unwrap().to_vec2::<f32>().unwrap();
    let mut decoder = Decoder::new(packed.clone());
    let mut streams = [Stream::new(&packed, [Mix::new(mix); steps::N_SLOTS])];
    for (step, reference) in inputs.iter().zip(&reference) {
        decoder.step(&mut streams, step);
        close(decoder.hidden().next().unwrap(), reference);
    }
}

#[test]
fn chunks_and_neighbors_change_no_bit() {
    let (packed, _) = packed(Config::TINY, 5);
    let inputs = random_steps(70, 6);
    for isa in kernels::Isa::available() {
        let mut decoder = Decoder::with_isa(packed.clone(), isa);
        let mut alone = [Stream::new(&packed, [Mix::pure(3); steps::N_SLOTS])];
        for step in &inputs {
            decoder.step(&mut alone, step);
        }
        let expected: Vec<f32> = decoder.pos().next().unwrap().to_vec();
        let mix = |i: usize| [Mix::pure(i); steps::N_SLOTS];
        let mut many: Vec<Stream> = (2..7).map(|i| Stream::new(&packed, mix(i))).collect();
        for stream in &mut many {
            decoder.prefill(stream, &inputs[..69]);
        }
        decoder.step(&mut many, &inputs[69]);
        assert_eq!(decoder.pos().nth(1).unwrap(), expected, "{isa:?}");
        // Forgetting and reading again changes nothing either.
        many[1].truncate(31);
        decoder.prefill(&mut many[1], &inputs[31..69]);
        decoder.step(&mut many[1..2], &inputs[69]);
        assert_eq!(decoder.pos().next().unwrap(), expected, "{isa:?}");
    }
}

#[test]
fn instruction_sets_change_no_bit() {
    let (packed, _) = packed(Config::TINY, 7);
    let inputs = random_steps(44, 8);
    let bits = |isa| {
        let mut decoder = Decoder::with_isa(packed.clone(), isa);
        let mix = |i: usize| [Mix::pure(i); steps::N_SLOTS];
        let mut streams: Vec<Stream> = (0..7).map(|i| Stream::new(&packed, mix(i))).collect();
        for stream in &mut streams {
            decoder.prefill(stream, &inputs[..40]);
        }
        let mut bits: Vec<u32> = Vec::new();
        let mut take = |numbers: &[f32]| bits.extend(numbers.iter().map(|x| x.to_bits()));
        for step in &inputs[40..] {
            decoder.step(&mut streams, step);
            decoder.hidden().for_each(&mut take);
            decoder.chord().for_each(&mut take);
            decoder.pos().for_each(&mut take);
            decoder.sym(3).for_each(&mut take);
            decoder.dur(3, 60).for_each(&mut take);
            decoder.expression(3, 60, 32).for_each(&mut take);
        }
        bits
    };
    let isas = kernels::Isa::fused();
    let expected = bits(isas[0]);
    for isa in &isas[1..] {
        assert!(bits(*isa) == expected, "{isa:?} and {:?}", isas[0]);
    }
}
