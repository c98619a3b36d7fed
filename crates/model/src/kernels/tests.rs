use super::*;
use score::random::Random;

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..n).map(|_| random.normal()).collect()
}

fn products(isa: Isa, n: usize, k: usize, m: usize) -> Vec<Vec<f32>> {
    let (weights, x) = (random(n * k, 1), random(m * k, 2));
    let mut arena = vec![Line::default(); 3];
    let rows: Vec<&[f32]> = weights.chunks(k).collect();
    let matrix = pack(&mut arena, k, &rows);
    let mut y = vec![f32::NAN; m * matrix.n];
    multiply(isa, &arena, matrix, &x, &mut y, m);
    y.chunks(matrix.n).map(|y| y[..n].to_vec()).collect()
}

#[test]
fn products_are_right_and_do_not_depend_on_the_number_of_columns() {
    for isa in Isa::available() {
        for (n, k, m) in [(64, 32, 1), (97, 20, 5), (130, 48, 13), (25, 16, 6)] {
            let many = products(isa, n, k, m);
            let (weights, x) = (random(n * k, 1), random(m * k, 2));
            for (column, y) in many.iter().enumerate() {
                for (row, y) in y.iter().enumerate() {
                    let exact: f64 = (0..k)
                        .map(|i| f64::from(weights[row * k + i]) * f64::from(x[column * k + i]))
                        .sum();
                    assert!((f64::from(*y) - exact).abs() < 1e-4, "{isa:?} {n} {k} {m}");
                }
            }
            for fewer in 1..m {
                assert_eq!(products(isa, n, k, fewer)[..], many[..fewer], "{isa:?} {fewer}");
            }
        }
    }
}

#[test]
fn machines_with_fused_multiply_add_agree_to_the_bit() {
    let fused = Isa::available().into_iter().filter(|isa| isa.0 != Kind::Portable);
    let all: Vec<_> = fused.map(|isa| products(isa, 192, 192, 7)).collect();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn attention_is_a_softmax_over_the_past() {
    for (group, head_dim) in [(1, 16), (3, 32), (2, 8), (4, 32), (5, 24)] {
        let sizes = Attention { n_kv_heads: 2, group, head_dim, capacity: 64 };
        let d_kv = 2 * head_dim;
        let n = 37;
        let (k, v) = (random(n * d_kv, 3), random(n * d_kv, 4));
        let q = random(group * d_kv, 5);
        // Garbage in the cache must not matter.
        let mut keys = vec![Line([1e3; 16]); sizes.key_lines()];
        let mut values = vec![Line([1e3; 16]); sizes.value_lines()];
        for (p, (k, v)) in k.chunks(d_kv).zip(v.chunks(d_kv)).enumerate() {
            sizes.store(&mut keys, &mut values, p, k, v);
        }
        for n in [1, 2, 15, 16, 17, 37] {
            for isa in Isa::available() {
                let mut out = vec![f32::NAN; q.len()];
                let mut scores = vec![Line::default(); group * 4];
                attend(isa, &sizes, &keys, &values, n, &q, &mut out, &mut scores);
                for head in 0..2 * group {
                    let at = head / group * head_dim;
                    let score = |p: usize| -> f64 {
                        let products = (0..head_dim).map(|i| {
                            f64::from(q[head * head_dim + i]) * f64::from(k[p * d_kv + at + i])
                        });
                        products.sum::<f64>().exp()
                    };
                    let sum: f64 = (0..n).map(score).sum();
                    for i in 0..head_dim {
                        let exact: f64 =
                            (0..n).map(|p| score(p) / sum * f64::from(v[p * d_kv + at + i])).sum();
                        let found = f64::from(out[head * head_dim + i]);
                        assert!((found - exact).abs() < 2e-4, "{isa:?} {n} {found} {exact}");
                    }
                }
            }
        }
    }
}

#[test]
fn elementwise_kernels_equal_their_formulas() {
    let (x, gain, shift) = (random(45, 6), random(45, 7), random(45, 8));
    for isa in Isa::available() {
        let mut out = vec![0.0; 45];
        norm(isa, &x, &gain, &shift, 1e-5, &mut out);
        let rms = (x.iter().map(|x| x * x).sum::<f32>() / 45.0 + 1e-5).sqrt();
        for i in 0..45 {
            assert!((out[i] - (x[i] / rms * gain[i] + shift[i])).abs() < 1e-5);
        }
        swiglu(isa, &x, &gain, &mut out);
        for i in 0..45 {
            assert!((out[i] - x[i] / (1.0 + (-x[i]).exp()) * gain[i]).abs() < 1e-4);
        }
        let mut y = x.clone();
        silu(isa, &mut y);
        assert!(y.iter().zip(&x).all(|(y, x)| (y - x / (1.0 + (-x).exp())).abs() < 1e-4));
    }
}
