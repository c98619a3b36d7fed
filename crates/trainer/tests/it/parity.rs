//! The network against its twin in another framework: hidden states, logits and losses.
//!
//! `tests/data/parity.*` were written by `python twin/train.py --fixture tests/data`.

use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use model::{Batch, Config, Kernels, Network, weights::Weights};
use score::steps::{N_INPUTS, N_TARGETS, T_DUR, T_POS, T_SYM};

struct Fixture {
    network: Network,
    tensors: std::collections::HashMap<String, Tensor>,
    inputs: Vec<[u16; N_INPUTS]>,
    targets: Vec<[u16; N_TARGETS]>,
    segments: Vec<u32>,
}

fn fixture(kernels: Kernels) -> Fixture {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let config = std::fs::read(folder.join("parity.json")).unwrap();
    let config: Config = serde_json::from_slice(&config).unwrap();
    let tensors =
        candle_core::safetensors::load(folder.join("parity.safetensors"), &Device::Cpu).unwrap();
    let weights: Weights = tensors
        .iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix("weights.")?.into(), tensor.clone())))
        .collect();
    let numbers = |name: &str| {
        let tensor = tensors[name].to_dtype(candle_core::DType::I64).unwrap();
        tensor.flatten_all().unwrap().to_vec1::<i64>().unwrap()
    };
    let short = |name: &str| numbers(name).into_iter().map(|n| n as u16).collect::<Vec<_>>();
    Fixture {
        network: Network::new(config, &weights, kernels).unwrap(),
        inputs: short("inputs").as_chunks().0.to_vec(),
        targets: short("targets").as_chunks().0.to_vec(),
        segments: numbers("segments").into_iter().map(|n| n as u32).collect(),
        tensors,
    }
}

fn close(found: &Tensor, expected: &Tensor, what: &str) {
    let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let (found, expected) = (values(found), values(expected));
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    for (a, b) in found.iter().zip(&expected) {
        assert!((a - b).abs() < 1e-3 * largest, "{what}: found {a}, expected {b}");
    }
}

#[test]
fn the_network_equals_its_twin() {
    for kernels in [Kernels::Stock, Kernels::Fused] {
        let fixture = fixture(kernels);
        let Fixture { network, tensors, .. } = &fixture;
        let batch = Batch {
            n_steps: 32,
            inputs: &fixture.inputs,
            targets: &fixture.targets,
            segments: &fixture.segments,
        };
        let hidden = network.hidden(&batch).unwrap();
        close(&hidden, &tensors["hidden"], "hidden");
        let losses = network.losses(&batch).unwrap();
        close(&Tensor::stack(&losses.nats, 0).unwrap(), &tensors["losses"], "losses");
        let rows = |name: &str| -> Vec<u32> {
            let rows = tensors[&format!("rows.{name}")].to_dtype(candle_core::DType::U32);
            rows.unwrap().to_vec1().unwrap()
        };
        let at = |rows: &[u32]| {
            hidden.index_select(&Tensor::new(rows, &Device::Cpu).unwrap(), 0).unwrap()
        };
        let given = |rows: &[u32], target: usize| -> Arc<[u32]> {
            rows.iter().map(|row| fixture.targets[*row as usize][target].min(1000).into()).collect()
        };
        for name in ["chord", "pos", "sym", "dur", "vel", "micro"] {
            let rows = rows(name);
            let (h, pos, sym) = (at(&rows), given(&rows, T_POS), given(&rows, T_SYM));
            let dur: Arc<[u32]> = given(&rows, T_DUR).iter().map(|dur| (*dur).min(32)).collect();
            let logits = match name {
                "chord" => network.chord_logits(&h),
                "pos" => network.pos_logits(&h),
                "sym" => network.sym_logits(&h, &pos),
                "dur" => network.dur_logits(&h, &pos, &sym),
                "vel" => network.vel_logits(&h, &pos, &sym, &dur),
                _ => network.micro_logits(&h, &pos, &sym, &dur),
            };
            close(&logits.unwrap(), &tensors[&format!("logits.{name}")], name);
        }
    }
}
