//! Styles that are learnt beside what plays, one after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use composer::{Generator, Learner, Learning, Lesson, PatternGenerator};
use model::style::{About, Song};
use score::{BeatFrame, Blend, Controls, Genre, HistoryBeat, Meter, Tempo};

use crate::sessions::shipped;

/// Length of what is learnt from.
const N_BARS: i64 = 64;

/// How often it is looked whether a style is done.
const LOOK: Duration = Duration::from_millis(50);

/// A thread that has styles learnt until it is told to end.
pub struct Lessons {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<f64>>>,
}

impl Lessons {
    /// Begins to learn.
    pub fn begin() -> Result<Self> {
        let (network, song) = (shipped()?, song()?);
        let ends = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            let learner = Learner::default();
            let mut seconds = Vec::new();
            while !asked.load(Ordering::Relaxed) {
                let lesson = || {
                    let (network, songs) = (Arc::clone(&network), vec![song.clone()]);
                    let lesson = Lesson { network, songs, about: About::default() };
                    move || Ok(lesson)
                };
                let begun = Instant::now();
                // The thread of the last one may still be ending.
                while !learner.start(lesson(), |_| {}) {
                    std::thread::sleep(LOOK);
                }
                while learner.state().is_busy() && !asked.load(Ordering::Relaxed) {
                    std::thread::sleep(LOOK);
                }
                match learner.state() {
                    Learning::Done => seconds.push(begun.elapsed().as_secs_f64()),
                    Learning::Failed(reason) => bail!("a style was not learnt: {reason}"),
                    _ => {}
                }
            }
            Ok(seconds)
        });
        Ok(Self { ends, thread })
    }

    /// Ends, and says how many styles were learnt and how long each took.
    pub fn end(self) -> Result<()> {
        self.ends.store(true, Ordering::Relaxed);
        let seconds = self.thread.join().map_err(|_| anyhow!("learning panicked"))??;
        let longest = seconds.iter().copied().fold(0.0, f64::max);
        println!("styles learnt meanwhile     {:>9}", seconds.len());
        println!("the slowest, of {N_BARS} bars    {longest:>9.0} s");
        Ok(())
    }
}

/// Music of all parts.
fn song() -> Result<Song> {
    let mut patterns = PatternGenerator::new();
    let mut beats: Vec<HistoryBeat> = Vec::new();
    for beat in 0..N_BARS * 4 {
        let frame = BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT);
        let genre = Genre::ALL[(beat / 32) as usize % Genre::COUNT];
        let controls = Controls { blend: Blend::pure(genre), ..Controls::default() };
        let music = patterns.compose(&beats, &frame, &controls, 0)?;
        beats.push(HistoryBeat { frame, music });
    }
    Ok(Song { name: "patterns".into(), beats, dynamics: true })
}
