//! What the threads of an editor cost, from Linux's own counters.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hosting::{Pictures, XServer};

/// The threads of this process at one time.
pub struct Threads {
    at: Instant,
    /// Name and processor time in seconds, by id.
    threads: HashMap<u32, (String, f64)>,
}

/// Reads the counters of all threads of this process.
pub fn threads() -> Threads {
    let mut threads = HashMap::new();
    let entries = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    for entry in entries {
        // A thread may end while it is read.
        let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(id) = id else { continue };
        let read = |file: &str| std::fs::read_to_string(entry.path().join(file)).ok();
        let Some((name, time)) = read("comm").zip(read("schedstat").as_deref().and_then(seconds))
        else {
            continue;
        };
        threads.insert(id, (name.trim().to_owned(), time));
    }
    Threads { at: Instant::now(), threads }
}

/// Seconds on a processor, the first number of `schedstat`, which counts nanoseconds.
fn seconds(schedstat: &str) -> Option<f64> {
    let nanoseconds: u64 = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds as f64 * 1e-9)
}

/// Prints what the threads that were not there `before` the window have used since it was `opened`.
pub fn print(before: &Threads, opened: &Threads) {
    let now = threads();
    let wall = (now.at - opened.at).as_secs_f64();
    let mut by_name: HashMap<&str, (usize, f64)> = HashMap::new();
    for (id, (name, time)) in &now.threads {
        if !before.threads.contains_key(id) {
            let until = opened.threads.get(id).map_or(0.0, |(_, time)| *time);
            let entry = by_name.entry(name).or_default();
            *entry = (entry.0 + 1, entry.1 + time - until);
        }
    }
    let mut rows: Vec<_> = by_name.into_iter().collect();
    rows.sort_by(|one, other| other.1.1.total_cmp(&one.1.1));
    let total: f64 = rows.iter().map(|(_, (_, time))| time).sum();
    let total = total / wall * 100.0;
    println!("processor time of the editor's threads in {wall:.1} s: {total:.1} % of one, of it");
    for (name, (n_threads, time)) in rows {
        let share = time / wall * 100.0;
        println!("  {name:<16} {n_threads:>2} threads  {time:>7.3} s  {share:>5.1} %");
    }
}

/// Prints how often there was a picture, and how evenly.
pub fn print_pictures(pictures: Pictures) {
    let Pictures { mut intervals, n_windows } = pictures;
    intervals.sort();
    let total: Duration = intervals.iter().sum();
    let at = |share: f64| {
        let place = (intervals.len().saturating_sub(1) as f64 * share) as usize;
        intervals.get(place).map_or(0, Duration::as_millis)
    };
    let a_second = |n: f64| n / total.as_secs_f64().max(1e-3);
    println!(
        "pictures: {:.1} a second, together {:.1} times the window's pixels; {} ms apart (median), \
         one in ten {} ms or more, {} at most",
        a_second(intervals.len() as f64),
        a_second(n_windows),
        at(0.5),
        at(0.9),
        at(1.0)
    );
}

/// The X server, which brings pictures to the screen, as of when it was looked at.
pub struct Process {
    at: Instant,
    file: String,
    before: f64,
}

impl Process {
    /// Looks at the counter of a server.
    pub fn of(server: &XServer) -> Self {
        let file = format!("/proc/{}/schedstat", server.process_id());
        let before = std::fs::read_to_string(&file).ok().as_deref().and_then(seconds);
        Self { at: Instant::now(), file, before: before.unwrap_or(0.0) }
    }

    /// Prints what it has used since.
    pub fn print(&self) {
        let now = std::fs::read_to_string(&self.file).ok().as_deref().and_then(seconds);
        let share = (now.unwrap_or(0.0) - self.before) / self.at.elapsed().as_secs_f64() * 100.0;
        println!("processor time of the X server: {share:.1} % of one");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_thread_uses_time() {
        assert_eq!(seconds("1500000000 77 3\n"), Some(1.5));
        assert_eq!(seconds(""), None);
        let before = threads();
        let started = Instant::now();
        while started.elapsed().as_millis() < 30 {
            std::hint::black_box(started);
        }
        let id = std::process::id();
        let now = threads();
        // The main thread of a test program rests; some thread of this process has worked.
        assert!(now.threads.contains_key(&id));
        let total = |t: &Threads| t.threads.values().map(|(_, time)| time).sum::<f64>();
        assert!(total(&now) > total(&before));
    }
}
