//! What the editor draws: the beats just played and those that are committed.

use std::collections::VecDeque;

use judge::Heard;
use player::{BeatRequest, Epoch, Played, PlayedNote};
use score::grid::{BeatFrame, key_shift};
use score::{Chord, Controls, GridBeat, Note, TICKS_PER_QUARTER};
use triple_buffer::{Input, Output};

/// Beats that stay visible behind the newest one: eight behind the playhead and the longest
/// lookahead before it.
const N_BEATS: usize = 16;

/// A beat as it sounds.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewBeat {
    /// Where it lies in the song.
    pub frame: BeatFrame,
    /// Its place on a line without loops, in beats from the last start or jump.
    pub line_beat: i64,
    /// The stretch that it belongs to; compare with [`player::Status::epoch`].
    pub epoch: Epoch,
    /// Pass of the loop.
    pub pass: u32,
    /// The notes that start in it, a part, at their places in the song.
    pub parts: [Vec<Note>; 4],
    /// What was played into the band in it, as far as the newest request tells, where the band
    /// answers.
    pub played: Vec<Note>,
    /// Its chord in the sounding key.
    pub chord: Option<Chord>,
    /// What it was composed with.
    pub controls: Controls,
    /// Where a bar ends in it, or was cut short before it, what the last bars sound like; `None`
    /// elsewhere, and where nobody judges.
    pub heard: Option<Heard>,
}

/// A snapshot of the beats around the playhead, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// At most 16 beats.
    pub beats: Vec<PreviewBeat>,
}

impl Preview {
    /// What the newest bar that has ended at the playhead sounds like, with those before it.
    ///
    /// Where the playhead is in none of the beats, as while the song stands: the newest bar of all.
    pub fn heard(&self, epoch: Epoch, position_beats: f64) -> Option<&Heard> {
        let line = self.line_position(epoch, position_beats);
        let has_begun = |b: &&PreviewBeat| line.is_none_or(|line| b.line_beat as f64 <= line);
        self.beats.iter().rev().filter(has_begun).find_map(|beat| beat.heard.as_ref())
    }

    /// The playhead on the line without loops, in beats.
    ///
    /// `None` when its beat is not in the snapshot. Take both arguments from [`player::Status`].
    pub fn line_position(&self, epoch: Epoch, position_beats: f64) -> Option<f64> {
        let beat = (position_beats + 1e-6).floor() as i64;
        let here = self.beats.iter().find(|b| b.epoch == epoch && b.frame.beat == beat)?;
        Some(here.line_beat as f64 + (position_beats - beat as f64))
    }
}

/// The editor's end: always the newest snapshot, never waiting.
pub type PreviewReader = Output<Preview>;

/// The worker's end.
#[derive(Debug)]
pub(crate) struct PreviewWriter {
    input: Input<Preview>,
    beats: VecDeque<PreviewBeat>,
}

impl PreviewWriter {
    pub(crate) fn new(input: Input<Preview>) -> Self {
        Self { input, beats: VecDeque::with_capacity(N_BEATS) }
    }

    pub(crate) fn add(
        &mut self,
        request: &BeatRequest,
        music: &GridBeat,
        parts: &[Vec<Note>; 4],
        heard: Option<Heard>,
    ) {
        if request.fresh {
            self.beats.clear();
        }
        while self.beats.back().is_some_and(|beat| beat.epoch > request.epoch) {
            self.beats.pop_back();
        }
        if self.beats.len() >= N_BEATS {
            self.beats.pop_front();
        }
        self.beats.push_back(PreviewBeat {
            frame: request.frame,
            line_beat: self.beats.back().map_or(0, |beat| beat.line_beat + 1),
            epoch: request.epoch,
            pass: request.pass,
            parts: parts.clone(),
            played: Vec::new(),
            chord: music.chord.map(|chord| chord.transposed(key_shift(&request.controls))),
            controls: request.controls,
            heard,
        });
        if request.controls.answer.is_some() {
            self.hear(&request.played);
        }
    }

    /// Puts notes that were played into the band into the beats in which they began. A note that
    /// still sounded when it was told before is told again, longer.
    fn hear(&mut self, played: &Played) {
        for note in played.iter() {
            let PlayedNote { epoch, onset, duration, pitch, velocity } = *note;
            let beat = onset.0.div_euclid(TICKS_PER_QUARTER);
            let is_there = |b: &&mut PreviewBeat| b.epoch == epoch && b.frame.beat == beat;
            let Some(beat) = self.beats.iter_mut().rev().find(is_there) else { continue };
            let note = Note { onset, duration, pitch, velocity };
            match beat.played.iter_mut().find(|n| (n.onset, n.pitch) == (onset, pitch)) {
                Some(known) => *known = note,
                None => beat.played.push(note),
            }
        }
    }

    pub(crate) fn publish(&mut self) {
        let beats = self.beats.iter().cloned().collect();
        self.input.write(Preview { beats });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use player::{Form, RequestKind};
    use score::{Meter, Pitch, Tempo, Ticks, Velocity};

    #[test]
    fn what_is_played_stands_in_its_beat_once() {
        let (input, mut output) = triple_buffer::triple_buffer(&Preview::default());
        let mut writer = PreviewWriter::new(input);
        let note = |beat: i64, ticks: i64, length: i64, key: u8, epoch: u32| PlayedNote {
            epoch: Epoch(epoch),
            onset: Ticks(Ticks::from_beat(beat).0 + ticks),
            duration: Ticks(length),
            pitch: Pitch::clamped(key.into()),
            velocity: Velocity::clamped(90),
        };
        let request = |beat: i64, played: &[PlayedNote]| BeatRequest {
            frame: BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT),
            epoch: Epoch(2),
            played: played.iter().copied().collect(),
            controls: Controls { answer: Some(4), ..Controls::default() },
            form: Form::default(),
            pass: 0,
            sequence: 1 + beat as u64,
            kind: RequestKind::Commit,
            fresh: false,
            left: None,
            lead_secs: 1.0,
            waits: false,
        };
        let mut add = |beat: i64, played: &[PlayedNote]| {
            writer.add(&request(beat, played), &GridBeat::default(), &Default::default(), None);
        };
        add(0, &[]);
        add(1, &[note(0, 5, 10, 60, 2), note(0, 5, 12, 64, 2), note(0, 7, 9, 50, 1)]);
        add(2, &[note(0, 5, 100, 60, 2), note(0, 5, 12, 64, 2), note(1, 0, 1, 62, 2)]);
        add(3, &[note(9, 0, 1, 62, 2)]);
        writer.publish();
        let told = |beat: &PreviewBeat| -> Vec<(i64, u8)> {
            beat.played.iter().map(|note| (note.duration.0, note.pitch.number())).collect()
        };
        let preview = output.read();
        let told: Vec<_> = preview.beats.iter().map(told).collect();
        assert_eq!(told, [vec![(100, 60), (12, 64)], vec![(1, 62)], vec![], vec![]]);
    }
}
