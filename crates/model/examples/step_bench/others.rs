//! The same step in other programs, run by a Python process that takes turns with this one.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::{Result, TOLERANCE};

/// What `others.py` can compare with.
pub const NAMES: [&str; 2] = ["onnxruntime", "pytorch"];

/// The Python process, and the shortest time of each program that is installed.
pub struct Others {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Seconds, in the order of [`NAMES`].
    pub best: [Option<f64>; NAMES.len()],
}

impl Others {
    /// Starts `python` with a task, `None` if there is none; says what is left out and why.
    pub fn start(python: &str, task: &Value) -> Result<Option<Self>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/step_bench/others.py");
        let started = Command::new(python)
            .arg(script)
            .env("OMP_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                eprintln!("onnxruntime and PyTorch are not measured: {python}: {error}");
                return Ok(None);
            }
        };
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the process has no pipes".into());
        };
        let answers = BufReader::new(answers);
        let mut others = Self { child, requests, answers, best: [None; NAMES.len()] };
        let Ok(report) = others.ask(&task.to_string()) else {
            eprintln!("onnxruntime and PyTorch are not measured: {python} cannot run others.py");
            return Ok(None);
        };
        let report: Value = serde_json::from_str(&report)?;
        for (name, best) in NAMES.into_iter().zip(&mut others.best) {
            let found = &report[name];
            if let Some(missing) = found["missing"].as_str() {
                eprintln!("{name} is not measured: {missing}");
                continue;
            }
            let apart = found["apart"].as_f64().unwrap_or(f64::NAN);
            if apart.is_nan() || apart > f64::from(TOLERANCE) {
                return Err(format!("logits of {name} differ by {apart} of the largest").into());
            }
            eprintln!("{name} {}: logits differ by {apart:.1e} of the largest", found["version"]);
            *best = Some(f64::MAX);
        }
        Ok(Some(others))
    }

    /// Lets each program do its step a few times.
    pub fn take_turns(&mut self) -> Result<()> {
        for (idx, name) in NAMES.into_iter().enumerate() {
            if let Some(best) = self.best[idx] {
                let seconds: f64 = self.ask(name)?.trim().parse()?;
                self.best[idx] = Some(best.min(seconds));
            }
        }
        Ok(())
    }

    fn ask(&mut self, line: &str) -> Result<String> {
        writeln!(self.requests, "{line}")?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            return Err("others.py ended early".into());
        }
        Ok(answer)
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
