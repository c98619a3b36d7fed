//! What this process takes of the machine.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The composing thread, as far as the system keeps names.
const COMPOSING: &str = "tributary-compo";

/// Ticks of the clock in `/proc`, a second; the same on every Linux.
const TICKS: f64 = 100.0;

/// Processor time used until an instant.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    at: Instant,
    process: Duration,
    composing: Duration,
    pub n_composing_threads: usize,
}

/// Shares of one core since an earlier instant.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub process: f64,
    pub composing: f64,
}

impl Used {
    pub fn now() -> Result<Self> {
        let mut composing = Duration::ZERO;
        let mut n_composing_threads = 0;
        for task in std::fs::read_dir("/proc/self/task").context("/proc/self/task")? {
            // A thread may end while they are listed.
            let Ok(stat) = std::fs::read_to_string(task?.path().join("stat")) else { continue };
            if stat.contains(COMPOSING) {
                composing += time_in(&stat)?;
                n_composing_threads += 1;
            }
        }
        let stat = std::fs::read_to_string("/proc/self/stat").context("/proc/self/stat")?;
        let process = time_in(&stat)?;
        Ok(Self { at: Instant::now(), process, composing, n_composing_threads })
    }

    pub fn since(&self, before: &Self) -> Load {
        let wall = (self.at - before.at).as_secs_f64();
        let share = |now: Duration, before: Duration| (now - before).as_secs_f64() / wall;
        Load {
            process: share(self.process, before.process),
            composing: share(self.composing, before.composing),
        }
    }
}

/// User and system time of a line of `/proc/*/stat`: fields 14 and 15.
fn time_in(stat: &str) -> Result<Duration> {
    let after_name = stat.rsplit_once(')').context("no name in stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let mut ticks = 0.0;
    for field in [11, 12] {
        ticks += fields.get(field).context("a short stat")?.parse::<f64>()?;
    }
    Ok(Duration::from_secs_f64(ticks / TICKS))
}

/// Memory of this process that no file backs, in bytes.
pub fn resident_bytes() -> Result<i64> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    let kibibytes: i64 = number.context("RssAnon in /proc/self/status")?.parse()?;
    Ok(kibibytes * 1024)
}
