//! Listens to what is played and says, bar by bar, which genre it sounds like.

use std::sync::Arc;

use judge::{Heard as Verdict, Judge, MAX_BEATS, ends_bar, follows};
use player::BeatRequest;
use score::{GridBeat, HistoryBeat};

use crate::ledger::Heard;

/// What is remembered is cut to half when it has grown to this.
const CAPACITY: usize = 2 * MAX_BEATS;

/// The last beats as they are heard, and who judges them; without a judge it hears nothing.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    judge: Option<Arc<Judge>>,
    beats: Vec<HistoryBeat>,
    /// Where each of them was heard.
    places: Vec<Heard>,
}

impl Ear {
    pub(crate) fn set_judge(&mut self, judge: Option<Arc<Judge>>) {
        self.judge = judge;
    }

    /// Hears the next beat; where a bar ends with it, what the last bars sound like.
    ///
    /// A bar that a loop cut short is judged with the beat that comes after it, so that loops
    /// shorter than a bar are heard, too.
    pub(crate) fn hear(&mut self, request: &BeatRequest, music: &GridBeat) -> Option<Verdict> {
        let judge = self.judge.as_ref()?;
        // A start or a jump gives up all of them.
        while self.places.last().is_some_and(|place| place.is_given_up(request)) {
            self.places.pop();
            self.beats.pop();
        }
        let frame = request.frame;
        let was_cut = self
            .beats
            .last()
            .is_some_and(|last| !ends_bar(&last.frame) && !follows(&last.frame, &frame));
        let before = was_cut.then(|| judge.hear(&self.beats));
        if self.beats.len() >= CAPACITY {
            self.beats.drain(..CAPACITY - MAX_BEATS);
            self.places.drain(..CAPACITY - MAX_BEATS);
        }
        let parts = music.heard(&request.controls);
        self.beats.push(HistoryBeat { frame, music: GridBeat { parts, ..GridBeat::default() } });
        self.places.push(Heard::new(request));
        if ends_bar(&frame) { Some(judge.hear(&self.beats)) } else { before }
    }
}
