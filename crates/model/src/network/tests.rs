use candle_core::Var;

use super::*;
use crate::decoder::{Decoder, Mix, Stream};
use crate::weights;
use score::random::Random;

/// Steps with random fields; every third a BEAT, the others START or NOTE of all parts.
fn random_steps(n: usize, seed: u64) -> (Vec<[u16; N_INPUTS]>, Vec<[u16; N_TARGETS]>) {
    let mut random = Random::new(seed);
    let mut below = |n: usize| (random.bits() % n as u64) as u16;
    let inputs = (0..n).map(|_| steps::FIELD_SIZES.map(&mut below)).collect();
    let targets = (0..n)
        .map(|i| {
            let mut targets = steps::TARGET_SIZES.map(&mut below);
            match i % 4 {
                0 => targets[1..].fill(steps::IGNORE),
                1 => {
                    targets = [steps::IGNORE; N_TARGETS];
                    targets[T_POS] = steps::END;
                }
                2 => {
                    targets[T_CHORD] = steps::IGNORE;
                    targets[T_DUR..].fill(steps::IGNORE);
                }
                _ => targets[T_CHORD] = steps::IGNORE,
            }
            targets
        })
        .collect();
    (inputs, targets)
}

fn variables(seed: u64) -> (Vec<(String, Var)>, Weights) {
    let vars: Vec<(String, Var)> = weights::random(&Config::TINY, seed)
        .unwrap()
        .into_iter()
        .map(|(name, tensor)| (name, Var::from_tensor(&tensor).unwrap()))
        .collect();
    let weights = vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
    (vars, weights)
}

fn largest(x: &Tensor) -> f32 {
    x.abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar().unwrap()
}

#[test]
fn fused_and_stock_agree_and_every_weight_gets_a_gradient() {
    let (vars, weights) = variables(3);
    let (inputs, targets) = random_steps(2 * 24, 4);
    let segments: Vec<u32> = (0..48).map(|i| u32::from(i % 24 > 9)).collect();
    let batch = Batch { n_steps: 24, inputs: &inputs, targets: &targets, segments: &segments };
    let network = |kernels| Network::new(Config::TINY, &weights, kernels).unwrap();
    let losses = |kernels| network(kernels).losses(&batch).unwrap();
    let (fused, stock) = (losses(Kernels::Fused), losses(Kernels::Stock));
    assert_eq!(fused.counts, stock.counts);
    for (fused, stock) in fused.nats.iter().zip(&stock.nats) {
        let (fused, stock) = (fused.to_scalar::<f32>().unwrap(), stock.to_scalar::<f32>().unwrap());
        assert!((fused / stock - 1.0).abs() < 1e-4, "{fused} {stock}");
    }
    let fused = fused.mean().unwrap().backward().unwrap();
    let stock = stock.mean().unwrap().backward().unwrap();
    for (name, var) in &vars {
        let fused = fused.get(var).unwrap_or_else(|| panic!("{name} gets no gradient"));
        let stock = stock.get(var).unwrap_or_else(|| panic!("{name} gets no stock gradient"));
        assert!(largest(stock) > 1e-7, "{name} gets a gradient of zeros");
        let error = largest(&(fused - stock).unwrap()) / largest(stock);
        assert!(error < 1e-3, "{name}: {error}");
    }
}

#[test]
fn untrained_loss_is_near_uniform() {
    let (_, weights) = variables(5);
    let (inputs, targets) = random_steps(80, 6);
    let segments = vec![0; 80];
    let batch = Batch { n_steps: 80, inputs: &inputs, targets: &targets, segments: &segments };
    let losses = Network::new(Config::TINY, &weights, Kernels::Fused).unwrap();
    let losses = losses.losses(&batch).unwrap();
    for target in 0..N_TARGETS {
        let nats = losses.nats[target].to_scalar::<f32>().unwrap() / losses.counts[target] as f32;
        let uniform = (steps::TARGET_SIZES[target] as f32).ln();
        assert!((nats - uniform).abs() < 0.9, "target {target}: {nats}, uniform {uniform}");
    }
}

#[test]
fn later_steps_and_other_segments_change_nothing() {
    let (_, weights) = variables(7);
    let network = Network::new(Config::TINY, &weights, Kernels::Fused).unwrap();
    let (mut inputs, targets) = random_steps(30, 8);
    let segments: Vec<u32> = (0..30).map(|i| i / 10).collect();
    let hidden = |inputs: &[[u16; N_INPUTS]]| {
        let batch = Batch { n_steps: 30, inputs, targets: &targets, segments: &segments };
        network.hidden(&batch).unwrap().to_vec2::<f32>().unwrap()
    };
    let before = hidden(&inputs);
    inputs[15][steps::POS] = (inputs[15][steps::POS] + 1) % steps::POSITIONS as u16;
    let after = hidden(&inputs);
    for i in 0..30 {
        assert_eq!(before[i] == after[i], !(15..20).contains(&i), "step {i}");
    }
}

#[test]
fn a_batch_can_be_learned_by_heart() {
    let (vars, weights) = variables(9);
    let network = Network::new(Config::TINY, &weights, Kernels::Fused).unwrap();
    let (inputs, targets) = random_steps(24, 10);
    let segments = vec![0; 24];
    let batch = Batch { n_steps: 24, inputs: &inputs, targets: &targets, segments: &segments };
    let mut losses = Vec::new();
    for _ in 0..60 {
        let loss = network.losses(&batch).unwrap().mean().unwrap();
        losses.push(loss.to_scalar::<f32>().unwrap());
        let gradients = loss.backward().unwrap();
        for (_, var) in &vars {
            let step = (gradients.get(var).unwrap() * 0.3).unwrap();
            var.set(&(var.as_tensor() - step).unwrap()).unwrap();
        }
    }
    assert!(losses[59] < 0.5 * losses[0], "{} {}", losses[0], losses[59]);
}

#[test]
fn a_file_of_exact_weights_is_the_network_of_its_rounded_ones() {
    let exact = weights::random(&Config::TINY, 11).unwrap();
    let manifest = Manifest::new("test", Config::TINY).to_bytes().unwrap();
    let load = |weights: &Weights| {
        Network::from_bytes(&weights::write(weights).unwrap(), &manifest).unwrap()
    };
    let (from_exact, from_rounded) = (load(&exact), load(&weights::rounded(&exact).unwrap()));
    let (inputs, targets) = random_steps(30, 12);
    let segments = [0; 30];
    let batch = Batch { n_steps: 30, inputs: &inputs, targets: &targets, segments: &segments };
    let hidden = |network: &Network| network.hidden(&batch).unwrap().to_vec2::<f32>().unwrap();
    let expected = hidden(&from_rounded);
    assert_eq!(hidden(&from_exact), expected);
    let unrounded = Network::new(Config::TINY, &exact, Kernels::Fused).unwrap();
    assert_ne!(hidden(&unrounded), expected);
    let decoded = |network: &Network| {
        let packed = network.packed().unwrap();
        let mut decoder = Decoder::new(packed.clone());
        let mut streams = [Stream::new(&packed, [Mix::pure(3); steps::N_SLOTS])];
        decoder.prefill(&mut streams[0], &inputs[..29]);
        decoder.step(&mut streams, &inputs[29]);
        decoder.hidden().next().unwrap().to_vec()
    };
    assert_eq!(decoded(&from_exact), decoded(&from_rounded));
}
