use super::*;
use score::random::Random;

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..n).map(|_| random.normal()).collect()
}

/// Numbers that bfloat16 holds.
fn weights(n: usize, seed: u64) -> Vec<f32> {
    random(n, seed).into_iter().map(|x| math::from_bf16(math::to_bf16(x))).collect()
}

fn products(isa: Isa, n: usize, k: usize, m: usize) -> Vec<Vec<f32>> {
    let (weights, x) = (weights(n * k, 1), random(m * k, 2));
    let mut arena = vec![WeightLine::default(); 3];
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
            let (weights, x) = (weights(n * k, 1), random(m * k, 2));
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
fn weights_are_the_nearest_bfloat16_numbers() {
    let (n, k) = (97, 20);
    let exact = random(n * k, 1);
    let rows: Vec<&[f32]> = exact.chunks(k).collect();
    let mut arena = Vec::new();
    let matrix = pack(&mut arena, k, &rows);
    // One input at a time is 1, the others are 0.
    let x: Vec<f32> = (0..k * k).map(|i| f32::from(u8::from(i % (k + 1) == 0))).collect();
    for isa in Isa::fused().into_iter().chain(Isa::available()) {
        let mut y = vec![f32::NAN; k * matrix.n];
        multiply(isa, &arena, matrix, &x, &mut y, k);
        for (column, y) in y.chunks(matrix.n).enumerate() {
            for (row, y) in y[..n].iter().enumerate() {
                let expected = math::from_bf16(math::to_bf16(exact[row * k + column]));
                assert_eq!(*y, expected, "{isa:?}, row {row}, column {column}");
            }
            assert!(y[n..].iter().all(|y| *y == 0.0));
        }
    }
}

/// The bits of what each of [`Isa::fused`] gives.
fn bits_of_all(work: impl Fn(Isa) -> Vec<f32>) -> Vec<Vec<u32>> {
    let isas = Isa::fused();
    assert!(isas.contains(&Isa(Kind::Fused)));
    isas.into_iter().map(|isa| work(isa).into_iter().map(f32::to_bits).collect()).collect()
}

#[test]
fn machines_with_fused_multiply_add_agree_to_the_bit() {
    let same = |work: &dyn Fn(Isa) -> Vec<f32>| {
        let all = bits_of_all(work);
        assert!(all[0].len() > 16 && all[0].iter().any(|bits| *bits != all[0][0]));
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    };
    for (n, k, m) in [(192, 192, 1), (97, 20, 5), (130, 48, 13), (70, 512, 24)] {
        same(&|isa| products(isa, n, k, m).concat());
    }
    for (group, head_dim) in [(1, 16), (3, 32), (2, 8), (4, 48), (5, 24)] {
        let sizes = Attention { n_kv_heads: 2, group, head_dim, capacity: 160 };
        let d_kv = 2 * head_dim;
        let (mut keys, mut values) =
            (Lines::<Line>::zeroed(sizes.key_lines()), Lines::<Line>::zeroed(sizes.value_lines()));
        let (k, v) = (random(150 * d_kv, 3), random(150 * d_kv, 4));
        for (p, (k, v)) in k.chunks(d_kv).zip(v.chunks(d_kv)).enumerate() {
            sizes.store(&mut keys, &mut values, p, k, v);
        }
        let q: Vec<f32> = random(group * d_kv, 5).iter().map(|q| q * 0.3).collect();
        for n in [1, 2, 15, 17, 31, 64, 150] {
            same(&|isa| {
                let mut out = vec![f32::NAN; q.len() + 16];
                let mut scores = vec![Line::default(); sizes.score_lines()];
                attend(
                    isa,
                    &sizes,
                    &keys,
                    &values,
                    n,
                    &q,
                    q.len(),
                    &mut out[..q.len()],
                    &mut scores,
                );
                out
            });
        }
    }
    let (x, gain, shift) = (random(192, 6), random(192, 7), random(192, 8));
    same(&|isa| {
        let mut out = vec![0.0; 3 * 192];
        norm(isa, &x, &gain, &shift, 1e-5, &mut out[..192]);
        swiglu(isa, &x, &gain, &mut out[192..384]);
        out[384..].copy_from_slice(&shift);
        silu(isa, &mut out[384..]);
        out
    });
}

#[test]
fn exponentials_have_the_bits_of_the_plain_function() {
    struct Exp<'a>(&'a mut [Line]);
    impl Kernel for Exp<'_> {
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            for line in self.0 {
                simd.store(simd.exp(simd.load(line)), &mut line.0);
            }
        }
    }
    let x: Vec<f32> =
        (-1600..1600).map(|i| i as f32 / 16.0).chain([f32::NEG_INFINITY; 16]).collect();
    let expected: Vec<u32> = x.iter().map(|x| math::exp(*x).to_bits()).collect();
    for isa in Isa::fused().into_iter().chain(Isa::available()) {
        let mut lines = Lines::<Line>::zeroed(x.len() / 16);
        for (line, x) in lines.iter_mut().zip(x.chunks(16)) {
            line.0.copy_from_slice(x);
        }
        isa.run(Exp(&mut lines));
        let found: Vec<u32> = lines.iter().flat_map(|line| line.0.map(f32::to_bits)).collect();
        assert_eq!(found, expected, "{isa:?}");
    }
}

#[test]
fn lines_lie_on_their_borders_and_start_as_zeros() {
    let mut lines = Lines::<Line>::zeroed(5);
    assert!(lines.as_ptr().is_aligned());
    assert_eq!(lines.iter().flat_map(|line| line.0).collect::<Vec<_>>(), [0.0; 80]);
    lines[4].0[15] = 7.0;
    let copy = Lines::<Line>::on_huge_pages(&lines);
    assert_eq!((copy.len(), copy[4].0[15], copy[3].0[15]), (5, 7.0, 0.0));
    if cfg!(target_os = "linux") {
        assert!(copy.as_ptr().addr().is_multiple_of(2 << 20));
    }
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
                let mut scores = vec![Line::default(); sizes.score_lines()];
                attend(isa, &sizes, &keys, &values, n, &q, q.len(), &mut out, &mut scores);
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
fn several_queries_get_the_bits_of_each_alone() {
    for (group, head_dim) in [(1, 16), (3, 32), (2, 8), (4, 32), (5, 24)] {
        let sizes = Attention { n_kv_heads: 2, group, head_dim, capacity: 64 };
        let (d_kv, d) = (2 * head_dim, 2 * group * head_dim);
        let mut keys = vec![Line([1e3; 16]); sizes.key_lines()];
        let mut values = vec![Line([-1e3; 16]); sizes.value_lines()];
        let (k, v) = (random(60 * d_kv, 3), random(60 * d_kv, 4));
        for (p, (k, v)) in k.chunks(d_kv).zip(v.chunks(d_kv)).enumerate() {
            sizes.store(&mut keys, &mut values, p, k, v);
        }
        let stride = d + 7;
        let q = random(6 * stride, 5);
        for isa in Isa::available() {
            let attend = |values: &[Line], n: usize, n_queries: usize, q: &[f32]| {
                let mut out = vec![f32::NAN; n_queries * d];
                let mut scores = vec![Line([f32::NAN; 16]); sizes.score_lines()];
                attend(isa, &sizes, &keys, values, n, q, stride, &mut out, &mut scores);
                out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            for (n, n_queries) in [(1, 2), (1, 5), (15, 3), (16, 2), (31, 4), (32, 6), (44, 5)] {
                // A value that would be heard even with the smallest weight there is.
                let mut values = values.clone();
                let last = n + n_queries - 2;
                let loud: Vec<f32> = (0..d_kv).map(|i| v[last * d_kv + i] * 1e37).collect();
                sizes.store(&mut keys.clone(), &mut values, last, &k[last * d_kv..][..d_kv], &loud);
                let each = (0..n_queries).flat_map(|i| attend(&values, n + i, 1, &q[i * stride..]));
                let each: Vec<u32> = each.collect();
                let all = attend(&values, n, n_queries, &q);
                assert_eq!(all, each, "{isa:?} {group} {n} {n_queries}");
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
