//! Generators whose notes give away every argument they depend on.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use judge::{Classifier, Judge, Kind, Scale, features};
use score::grid::{BeatFrame, GridNote, HistoryBeat};
use score::random::Random;
use score::{Chord, Controls, Genre, GridBeat, Part, Velocity};

use crate::{Error, Generator, Result, random};

/// What goes wrong, and at which call (counted from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing.
    None,
    /// An error at this call and after it.
    Error(usize),
    /// A panic at this call and after it.
    Panic(usize),
    /// Sends nothing in this many beats of four.
    Rests(usize),
}

/// Notes drawn from a hash of all arguments: any difference in history, frame, controls or pass
/// changes them.
#[derive(Clone, Debug)]
pub struct HashGenerator {
    mishap: Mishap,
    n_calls: usize,
    /// Notes a part and beat.
    n_notes: usize,
    judge: Option<Arc<Judge>>,
}

/// A judge that was fitted on nothing: any difference in what it hears changes what it says.
pub fn random_judge() -> Judge {
    let (n_features, mut random) = (features::list().len(), Random::new(3));
    let mut row = || (0..=n_features).map(|_| 0.1 * random.normal()).collect();
    let mut classifier = |_: Kind| Classifier {
        scales: vec![Scale { mean: 0.3, deviation: 0.5 }; n_features],
        linear: (0..Genre::COUNT).map(|_| row()).collect(),
        trees: Vec::new(),
    };
    Judge::new(Kind::ALL.map(&mut classifier))
}

impl HashGenerator {
    /// Three notes a part and beat.
    pub fn new(mishap: Mishap) -> Self {
        Self { mishap, n_calls: 0, n_notes: 3, judge: None }
    }

    /// The same with `n_notes` a part and beat.
    pub fn dense(n_notes: usize) -> Self {
        Self { n_notes, ..Self::new(Mishap::None) }
    }

    /// The same with a judge.
    #[must_use]
    pub fn with_judge(self, judge: Judge) -> Self {
        Self { judge: Some(Arc::new(judge)), ..self }
    }

    /// As [`crate::session::start`] wants it.
    pub fn boxed(self) -> impl FnOnce() -> Result<Box<dyn Generator>> + Send + 'static {
        move || Ok(Box::new(self) as Box<dyn Generator>)
    }
}

impl Generator for HashGenerator {
    fn compose(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> Result<GridBeat> {
        let call = self.n_calls;
        self.n_calls += 1;
        match self.mishap {
            Mishap::Error(from) if call >= from => {
                return Err(Error::Compose { beat: frame.beat, message: "as scripted".into() });
            }
            Mishap::Panic(from) if call >= from => panic!("as scripted at beat {}", frame.beat),
            Mishap::Rests(n) if frame.beat.rem_euclid(4) < n as i64 => {
                return Ok(GridBeat::default());
            }
            _ => {}
        }
        for pair in history.windows(2) {
            assert_eq!(pair[1].frame.beat, pair[0].frame.beat + 1, "history has a gap");
        }
        if let Some(last) = history.last() {
            assert_eq!(last.frame.beat + 1, frame.beat, "history ends elsewhere");
        }
        let mut hasher = DefaultHasher::new();
        // The last beats depend on all before them.
        let recent = &history[history.len().saturating_sub(4)..];
        let oldest = history.first().map(|beat| beat.frame);
        format!("{recent:?} {oldest:?} {frame:?} {controls:?} {pass}").hash(&mut hasher);
        let mut state = hasher.finish();
        let mut beat =
            GridBeat { chord: Chord::from_index((state % 97) as usize), ..GridBeat::default() };
        for part in Part::ALL {
            let notes = &mut beat.parts[part.index()];
            for idx in 0..self.n_notes {
                let bits = random::next(&mut state);
                notes.push(GridNote {
                    // The first note lies on the beat, and none so late that it is played in the next.
                    position: if idx == 0 { 0 } else { (bits % 20) as u8 },
                    pitch: 36 + (bits >> 8) as u8 % 48,
                    duration: 1 + (bits >> 16) as u16 % 40,
                    velocity: Velocity::clamped((bits >> 32) as i32 & 127),
                    micro: if idx == 0 { 0 } else { ((bits >> 40) % 9) as i8 - 4 },
                });
            }
            notes.sort_by_key(|note| (note.position, note.pitch));
            notes.dedup_by_key(|note| (note.position, note.pitch));
        }
        Ok(beat)
    }

    fn judge(&self) -> Option<Arc<Judge>> {
        self.judge.clone()
    }
}
