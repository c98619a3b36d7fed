use candle_core::Var;
use score::random::Random;
use score::steps::{FIELD_SIZES, IGNORE, N_INPUTS, T_VEL, TARGET_SIZES};

use super::*;
use crate::{Batch, Kernels, Network, weights};

/// Steps of any kind, with targets that some of them have.
fn steps(n: usize) -> Vec<Step> {
    let mut random = Random::new(5);
    let mut step = |i: usize| {
        let inputs: [u16; N_INPUTS] =
            core::array::from_fn(|field| random.below(FIELD_SIZES[field]) as u16);
        let mut targets: [u16; N_TARGETS] =
            core::array::from_fn(|target| random.below(TARGET_SIZES[target]) as u16);
        match i % 4 {
            0 => targets[1..].fill(IGNORE),
            1 => {
                targets[T_CHORD] = IGNORE;
                targets[2..].fill(IGNORE);
            }
            2 => (targets[T_CHORD], targets[T_DUR]) = (IGNORE, IGNORE),
            _ => (targets[T_CHORD], targets[T_VEL]) = (IGNORE, IGNORE),
        }
        Step { inputs, targets }
    };
    (0..n).map(&mut step).collect()
}

/// More than two chunks of queries.
const N: usize = 2 * CHUNK + 7;

#[test]
fn loss_and_gradient_are_those_of_the_network() {
    let config = Config { context_len: 256, ..Config::TINY };
    let mut tensors = weights::random(&config, 3).unwrap();
    let cond = Var::from_tensor(&tensors["cond.weight"]).unwrap();
    tensors.insert("cond.weight".into(), cond.as_tensor().clone());
    let network = Network::new(config, &tensors, Kernels::Stock).unwrap();
    let mut mix = [0.0; steps::N_CONDITIONS];
    mix[2] = 1.0;
    let mut window = steps(N);
    for step in &mut window {
        let slot = step.inputs[steps::COND] / steps::N_CONDITIONS as u16;
        step.inputs[steps::COND] = slot * steps::N_CONDITIONS as u16 + 2;
    }
    let inputs: Vec<_> = window.iter().map(|step| step.inputs).collect();
    let targets: Vec<_> = window.iter().map(|step| step.targets).collect();
    let batch = Batch { n_steps: N, inputs: &inputs, targets: &targets, segments: &[0; N] };
    let losses = network.losses(&batch).unwrap();
    let plain = Plain::new(config, &tensors).unwrap();
    let mut gradient = vec![0.0; plain.film_len()];
    let nats = plain.loss(&plain.film(&mix), &window, Some(&mut gradient));
    assert_eq!(nats.counts, losses.counts);
    for (nats, expected) in nats.nats.iter().zip(&losses.nats) {
        let expected = f64::from(expected.to_scalar::<f32>().unwrap());
        assert!((nats / expected - 1.0).abs() < 1e-4, "{nats} instead of {expected}");
    }
    // Candle knows the gradient of the conditions, which reach the layers through the film.
    let mut sum = losses.nats[0].clone();
    losses.nats[1..].iter().for_each(|nats| sum = (&sum + nats).unwrap());
    let expected = sum.backward().unwrap().get(cond.as_tensor()).unwrap().to_vec2::<f32>();
    let expected = expected.unwrap();
    let to_condition = plain.to_condition(&gradient[..plain.scales_len()]);
    assert_eq!(to_condition.len(), N_SLOTS * config.d_cond);
    for (slot, found) in to_condition.chunks_exact(config.d_cond).enumerate() {
        let row = &expected[slot * steps::N_CONDITIONS + 2];
        let largest = row.iter().fold(0.0f32, |max, x| max.max(x.abs()));
        assert!(largest > 0.0);
        for (found, expected) in found.iter().zip(row) {
            assert!((found - expected).abs() < 2e-4 * largest, "{found} instead of {expected}");
        }
    }
}

#[test]
fn biases_of_the_heads_have_their_gradient() {
    let config = Config { context_len: 256, ..Config::TINY };
    let plain = Plain::new(config, &weights::random(&config, 3).unwrap()).unwrap();
    let window = steps(N);
    let mut film = plain.film(&[0.1; steps::N_CONDITIONS]);
    let mut gradient = vec![0.0; plain.film_len()];
    plain.loss(&film, &window, Some(&mut gradient));
    let mut loss = |at: usize, by: f32| {
        film[at] += by;
        let nats: f64 = plain.loss(&film, &window, None).nats.iter().sum();
        film[at] -= by;
        nats
    };
    for target in 0..N_TARGETS {
        let classes = steps::first_class(target)..steps::first_class(target + 1);
        for slot in 0..N_SLOTS {
            let own = plain.scales_len() + slot * steps::N_CLASSES;
            let steepest = |a: &usize, b: &usize| gradient[*a].abs().total_cmp(&gradient[*b].abs());
            let at = classes.clone().map(|class| own + class).max_by(steepest).unwrap();
            let expected = (loss(at, 0.1) - loss(at, -0.1)) / 0.2;
            let found = f64::from(gradient[at]);
            assert!(found != 0.0, "target {target} of slot {slot}");
            let error = (found - expected).abs();
            assert!(error < 1e-2 * found.abs() + 1e-2, "{found} instead of {expected}");
        }
    }
}
