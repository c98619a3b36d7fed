//! From a composed beat to notes at absolute places in the song, and into the queue.

use std::collections::VecDeque;

use player::{BeatRequest, Epoch, MAX_NOTES_PER_BEAT, ScheduledNote};
use rtrb::Producer;
use score::{GridBeat, Note, Part, Pitch};

/// Notes on their way to the player; what the queue refuses waits here.
#[derive(Debug, Default)]
pub(crate) struct Scheduler {
    outbox: VecDeque<ScheduledNote>,
}

impl Scheduler {
    /// The beat's notes a part, as they will sound: key, swing and humanize applied, parts that
    /// are off left out.
    pub(crate) fn realize(request: &BeatRequest, music: &GridBeat) -> [Vec<Note>; 4] {
        let mut parts = music.realize(request.frame.beat, &request.controls);
        for part in Part::ALL {
            let notes = &mut parts[part.index()];
            if !request.controls.parts[part.index()].on {
                notes.clear();
            }
            notes.sort_by_key(|note| (note.onset, note.pitch, note.duration));
        }
        parts
    }

    /// Puts a beat's notes in line.
    pub(crate) fn schedule(&mut self, request: &BeatRequest, parts: &[Vec<Note>; 4]) {
        let mut notes: Vec<ScheduledNote> = Part::ALL
            .into_iter()
            .flat_map(|part| parts[part.index()].iter().map(move |note| (part, note)))
            .map(|(part, note)| ScheduledNote {
                onset: note.onset,
                duration: note.duration,
                epoch: request.epoch,
                part,
                pitch: note.pitch,
                velocity: note.velocity,
            })
            .collect();
        let order =
            |note: &ScheduledNote| -> (_, Part, Pitch) { (note.onset, note.part, note.pitch) };
        notes.sort_by_key(order);
        notes.truncate(MAX_NOTES_PER_BEAT);
        self.outbox.extend(notes);
    }

    /// Moves what fits into the queue; `true` when nothing is left.
    pub(crate) fn send(&mut self, queue: &mut Producer<ScheduledNote>) -> bool {
        while let Some(note) = self.outbox.pop_front() {
            if let Err(rtrb::PushError::Full(note)) = queue.push(note) {
                self.outbox.push_front(note);
                return false;
            }
        }
        true
    }

    /// Forgets notes that the player would drop: music before `epoch` is over.
    pub(crate) fn drop_before(&mut self, epoch: Epoch) {
        self.outbox.retain(|note| note.epoch >= epoch);
    }
}
