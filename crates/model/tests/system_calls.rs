//! A decode step asks nothing of the system, and neither loading nor composing starts a thread.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::sync::Arc;

use model::decoder::{Decoder, Mix, Packed, Stream};
use model::{BandModel, Config, Network, weights};
use score::{BeatFrame, Controls, HistoryBeat, Meter, Tempo, steps};

/// Runs `work` in a child that the system kills at its first call besides reading, writing and
/// leaving; the status that it ends with.
fn status_without_system_calls(mut work: impl FnMut() -> bool) -> libc::c_int {
    // SAFETY: the child does its work, which allocates nothing, and leaves; it takes no lock that
    // another thread of the parent could hold.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "cannot fork");
        if child == 0 {
            let refused = libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT);
            let code = if refused != 0 { 2 } else { i32::from(!work()) };
            libc::syscall(libc::SYS_exit, code);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        status
    }
}

#[test]
fn a_decode_step_makes_no_system_call() {
    let config = Config::TINY;
    let packed = Arc::new(Packed::new(config, &weights::random(&config, 1).unwrap()).unwrap());
    let mut random = score::random::Random::new(2);
    let mut step = || steps::FIELD_SIZES.map(|size| (random.bits() % size as u64) as u16);
    let inputs: Vec<_> = (0..64).map(|_| step()).collect();
    let stream = |i: usize| Stream::new(&packed, [Mix::pure(i); steps::N_SLOTS]);
    let mut streams: Vec<Stream> = (0..3).map(stream).collect();
    let mut decoder = Decoder::new(packed.clone());
    let status = status_without_system_calls(|| {
        let mut sum = 0.0;
        for stream in &mut streams {
            decoder.prefill(stream, &inputs[..40]);
        }
        for (i, step) in inputs[40..].iter().enumerate() {
            decoder.step(&mut streams, step);
            sum += decoder.chord().flatten().sum::<f32>();
            sum += decoder.pos().flatten().sum::<f32>();
            sum += decoder.sym(i % 24).flatten().sum::<f32>();
            sum += decoder.dur(i % 24, i).flatten().sum::<f32>();
            sum += decoder.expression(i % 24, i, i % 33).flatten().sum::<f32>();
        }
        sum.is_finite()
    });
    assert!(libc::WIFEXITED(status), "killed by signal {}", libc::WTERMSIG(status));
    assert_eq!(libc::WEXITSTATUS(status), 0, "2: the system has no strict mode");

    let status = status_without_system_calls(|| {
        std::thread::yield_now();
        true
    });
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL);
}

fn n_threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// In a process of its own, as other tests are threads themselves.
#[test]
fn loading_and_composing_start_no_thread() {
    const CHILD: &str = "MODEL_TESTS_COUNT_THREADS";
    if std::env::var_os(CHILD).is_none() {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "loading_and_composing_start_no_thread", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("threads stayed"), "{text}");
        return;
    }
    let before = n_threads();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let network =
        Network::from_bytes(&read("tributary-v4.safetensors"), &read("tributary-v4.json")).unwrap();
    let mut band = BandModel::new(network);
    let mut history = Vec::new();
    for beat in 0..12 {
        let frame = BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT);
        let music = band.compose(&history, &frame, &Controls::default(), 0).unwrap();
        history.push(HistoryBeat { frame, music });
    }
    assert_eq!(n_threads(), before);
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(n_threads(), before + 1));
    });
    println!("threads stayed {before}");
}
