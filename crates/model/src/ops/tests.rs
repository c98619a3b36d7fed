//! Every fused operation against the stock differentiable ones: values and gradients.

use std::sync::Arc;

use candle_core::{D, DType, Device, Result, Tensor, Var};

use super::*;
use score::random::Random;

fn var(random: &mut Random, shape: &[usize]) -> Var {
    let n = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|_| random.normal()).collect();
    Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap()
}

/// Largest difference over the largest value.
fn relative_error(a: &Tensor, b: &Tensor) -> f32 {
    let largest = |t: &Tensor| {
        let t = t.abs().unwrap().flatten_all().unwrap();
        t.max(0).unwrap().to_scalar::<f32>().unwrap()
    };
    largest(&(a - b).unwrap()) / largest(b).max(1e-12)
}

/// Compares values, and the gradients of a weighted sum so that no gradient is constant.
fn check(vars: &[&Var], fused: impl Fn() -> Result<Tensor>, stock: impl Fn() -> Result<Tensor>) {
    let (fused, stock) = (fused().unwrap(), stock().unwrap());
    assert_eq!(fused.dims(), stock.dims());
    assert!(relative_error(&fused, &stock) < 1e-4);
    let random = &mut Random::new(99);
    let weights = var(random, fused.dims());
    let gradients =
        |y: &Tensor| (y * weights.as_tensor()).unwrap().sum_all().unwrap().backward().unwrap();
    let (from_fused, from_stock) = (gradients(&fused), gradients(&stock));
    for var in vars {
        let (a, b) = (from_fused.get(var).unwrap(), from_stock.get(var).unwrap());
        assert!(relative_error(a, b) < 1e-3, "gradient off by {}", relative_error(a, b));
    }
}

fn indices(rows: &Arc<[u32]>) -> Tensor {
    Tensor::from_slice(rows, rows.len(), &Device::Cpu).unwrap()
}

#[test]
fn rope_equals_candle_nn() {
    let x = var(&mut Random::new(1), &[2, 3, 5, 8]);
    let angle: Vec<f32> =
        (0..5 * 4).map(|i| attention::rope_angle(i / 4, i % 4, 8, 10_000.0)).collect();
    let angle = Tensor::from_vec(angle, (5, 4), &Device::Cpu).unwrap();
    check(
        &[&x],
        || rope(&x, 10_000.0),
        || candle_nn::rotary_emb::rope_slow(&x, &angle.cos()?, &angle.sin()?),
    );
}

#[test]
fn segment_softmax_equals_a_masked_softmax() {
    let (b, h, groups, t) = (2, 2, 3, 19);
    let scores = var(&mut Random::new(2), &[b, h, groups * t, t]);
    let starts: Arc<[u32]> = (0..b * t)
        .map(|i| if i % t >= 11 { 11 } else { (i / t) as u32 * 4 })
        .map(|s| s.min(11))
        .collect();
    let starts: Arc<[u32]> =
        starts.iter().enumerate().map(|(i, s)| if *s as usize > i % t { 0 } else { *s }).collect();
    let mut mask = vec![f32::NEG_INFINITY; b * groups * t * t];
    for batch in 0..b {
        for row in 0..groups * t {
            for column in starts[batch * t + row % t] as usize..=row % t {
                mask[(batch * groups * t + row) * t + column] = 0.0;
            }
        }
    }
    let mask = Tensor::from_vec(mask, (b, 1, groups * t, t), &Device::Cpu).unwrap();
    check(
        &[&scores],
        || segment_softmax(&scores, 0.3, &starts),
        || candle_nn::ops::softmax(&(scores.as_tensor() * 0.3)?.broadcast_add(&mask)?, D::Minus1),
    );
}

#[test]
fn embed_sum_equals_gathers() {
    let table = var(&mut Random::new(3), &[11, 6]);
    let rows: Arc<[u32]> = [0u32, 10, 3, 3, 3, 7, 1, 0, 2].into();
    check(
        &[&table],
        || embed_sum(&table, &rows, 3),
        || table.index_select(&indices(&rows), 0)?.reshape((3, 3, 6))?.sum(1),
    );
}

#[test]
fn norms_equal_their_formulas() {
    let random = &mut Random::new(4);
    let (x, weight, table) = (var(random, &[7, 20]), var(random, &[20]), var(random, &[3, 80]));
    let rows: Arc<[u32]> = [0u32, 2, 1, 1, 0, 2, 2].into();
    let normed = || candle_nn::ops::rms_norm_slow(&x, &weight, 1e-5);
    check(&[&x, &weight], || rms_norm(&x, &weight, 1e-5), normed);
    check(
        &[&x, &weight, &table],
        || film_norm(&x, &weight, &table, &rows, 40, 1e-5),
        || {
            let film = table.index_select(&indices(&rows), 0)?;
            let scale = (film.narrow(1, 40, 20)? + 1.0)?;
            normed()? * scale + film.narrow(1, 60, 20)?
        },
    );
}

#[test]
fn swiglu_equals_silu_times_up() {
    let random = &mut Random::new(5);
    let (gate, up) = (var(random, &[9, 33]), var(random, &[9, 33]));
    check(&[&gate, &up], || swiglu(&gate, &up), || gate.silu()? * up.as_tensor());
}

#[test]
fn cross_entropy_ignores_what_it_should() {
    let logits = var(&mut Random::new(6), &[5, 13]);
    let targets: Arc<[u32]> = [12u32, IGNORE, 0, IGNORE, 7].into();
    check(
        &[&logits],
        || cross_entropy(&logits, &targets),
        || {
            let valid = Tensor::new(&[0u32, 2, 4], &Device::Cpu)?;
            let classes = Tensor::new(&[12u32, 0, 7], &Device::Cpu)?;
            candle_nn::loss::cross_entropy(&logits.index_select(&valid, 0)?, &classes)? * 3.0
        },
    );
}

#[test]
fn other_layouts_and_types_are_refused() {
    let x = Tensor::zeros((4, 6), DType::F64, &Device::Cpu).unwrap();
    assert!(swiglu(&x, &x).is_err());
}
