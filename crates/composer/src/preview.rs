//! What the editor draws: the beats just played and those that are committed.

use std::collections::VecDeque;

use judge::Heard;
use player::{BeatRequest, Epoch};
use score::grid::{BeatFrame, key_shift};
use score::{Chord, Controls, GridBeat, Note};
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
            chord: music.chord.map(|chord| chord.transposed(key_shift(&request.controls))),
            controls: request.controls,
            heard,
        });
    }

    pub(crate) fn publish(&mut self) {
        let beats = self.beats.iter().cloned().collect();
        self.input.write(Preview { beats });
    }
}
