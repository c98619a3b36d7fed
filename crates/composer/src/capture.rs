//! The last 64 bars that were heard, kept for saving and dragging out.

use std::collections::VecDeque;

use parking_lot::Mutex;
use player::{BeatRequest, Epoch, Left, Played, PlayedNote, RequestKind};
use score::grid::{BeatFrame, key_shift};
use score::{Blend, Chord, GenreNames, Note, Piece, Ticks, smf};

/// Bars that are kept.
pub const CAPTURE_BARS: usize = 64;

/// Beats that are kept: 64 bars of 8 quarter notes, the longest usual bar.
const CAPTURE_BEATS: usize = CAPTURE_BARS * 8;

/// One beat among all that were heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardBeat {
    /// The stretch of music that it belongs to.
    pub epoch: Epoch,
    /// Its place in the song, in beats.
    pub beat: i64,
}

#[derive(Clone, Debug)]
struct CapturedBeat {
    /// Start on a line on which everything that was heard follows on, starts and jumps at bar
    /// lines.
    at: Ticks,
    frame: BeatFrame,
    epoch: Epoch,
    /// Onsets counted from the beat's start.
    parts: [Vec<Note>; 4],
    /// What was played into the band, counted from there too.
    played: Vec<Note>,
    /// In the sounding key.
    chord: Option<Chord>,
    blend: Blend,
    /// Names of what the blend weighs.
    genres: GenreNames,
}

impl CapturedBeat {
    /// What was played in it, on a line that begins at `start`.
    fn played(&self, start: Ticks) -> impl Iterator<Item = Note> {
        let at = self.at - start;
        self.played.iter().map(move |note| Note { onset: note.onset + at, ..*note })
    }

    /// Start of its bar on the same line.
    fn bar_start(&self) -> Ticks {
        self.at - self.frame.offset_in_bar()
    }
}

#[derive(Debug, Default)]
struct Captured {
    beats: VecDeque<CapturedBeat>,
    /// Beats composed for a standing playhead, heard only if it starts.
    primed: Vec<CapturedBeat>,
}

/// The music of the last bars. Shared by the worker, the editor and the host's main thread; never
/// touched by the audio thread.
#[derive(Debug, Default)]
pub struct Capture {
    captured: Mutex<Captured>,
}

impl Capture {
    /// The last `n_bars` that were heard, at most [`CAPTURE_BARS`], starting at tick 0.
    ///
    /// Markers say where the blend and the chord change. Empty when nothing was heard.
    pub fn piece(&self, n_bars: usize) -> Piece {
        let captured = self.captured.lock();
        let Some(start) = captured.start_of_last(n_bars) else { return Piece::default() };
        piece(captured.beats.iter().filter(|beat| beat.at >= start), start)
    }

    /// What was played into the band in the last `n_bars` that were heard, as the part that it is by
    /// how it is played. Without notes where nothing was.
    pub fn played(&self, n_bars: usize) -> Piece {
        let captured = self.captured.lock();
        let Some(start) = captured.start_of_last(n_bars) else { return Piece::default() };
        let beats = captured.beats.iter().filter(|beat| beat.at >= start);
        let mut notes: Vec<Note> = beats.clone().flat_map(|beat| beat.played(start)).collect();
        notes.sort_by_key(|note| (note.onset, note.pitch));
        let mut played = piece(beats, start);
        played.markers.clear();
        played.parts = Default::default();
        let part = smf::part_of_keyboard(&notes);
        played.parts[part.index()] = notes;
        played
    }

    /// How many notes that has.
    pub fn n_played(&self) -> usize {
        self.captured.lock().beats.iter().map(|beat| beat.played.len()).sum()
    }

    /// What was heard from one beat to another, both included; from the start of the first one's
    /// bar on, so that bar lines stay where they were.
    ///
    /// `None` when one of them is not kept any more, or was never heard.
    pub fn between(&self, first: HeardBeat, last: HeardBeat) -> Option<Piece> {
        let captured = self.captured.lock();
        let find = |place: HeardBeat| {
            captured
                .beats
                .iter()
                .position(|beat| beat.epoch == place.epoch && beat.frame.beat == place.beat)
        };
        let stretch = captured.beats.range(find(first)?..=find(last)?);
        let start = captured.beats[find(first)?].bar_start();
        Some(piece(stretch, start))
    }

    /// Whether a beat was heard, or is committed, and is still kept.
    pub fn has(&self, place: HeardBeat) -> bool {
        let captured = self.captured.lock();
        let is_it =
            |beat: &CapturedBeat| beat.epoch == place.epoch && beat.frame.beat == place.beat;
        // What is asked for was heard lately.
        captured.beats.iter().rev().any(is_it)
    }

    /// Bars that are kept now, `0..=64`.
    pub fn n_bars(&self) -> usize {
        self.captured.lock().bar_starts().len().min(CAPTURE_BARS)
    }

    pub(crate) fn clear(&self) {
        *self.captured.lock() = Captured::default();
    }

    /// The music was left: what was committed behind that place has not been heard.
    pub(crate) fn leave(&self, left: Left) {
        let mut captured = self.captured.lock();
        captured.hear_primed();
        while let Some(last) = captured.beats.back_mut() {
            let at = Ticks::from_beat(last.frame.beat);
            if last.epoch > left.epoch || (last.epoch == left.epoch && at >= left.at) {
                captured.beats.pop_back();
                continue;
            }
            if last.epoch == left.epoch {
                let heard = left.at - at;
                last.parts.iter_mut().for_each(|notes| notes.retain(|note| note.onset < heard));
            }
            break;
        }
    }

    /// A start or jump: beats that were primed and never played are forgotten.
    pub(crate) fn start(&self) {
        self.captured.lock().primed.clear();
    }

    /// Adds a beat: at once, or for when a standing playhead starts.
    pub(crate) fn add(
        &self,
        request: &BeatRequest,
        parts: &[Vec<Note>; 4],
        chord: Option<Chord>,
        genres: &GenreNames,
    ) {
        let primed = request.kind == RequestKind::Prime;
        let start = Ticks::from_beat(request.frame.beat);
        let mut captured = self.captured.lock();
        if !primed {
            captured.hear_primed();
        }
        while captured.beats.back().is_some_and(|beat| beat.epoch > request.epoch) {
            captured.beats.pop_back();
        }
        let beat = CapturedBeat {
            at: Ticks(0),
            frame: request.frame,
            epoch: request.epoch,
            parts: parts.clone().map(|mut notes| {
                notes.iter_mut().for_each(|note| note.onset = note.onset - start);
                notes
            }),
            played: Vec::new(),
            chord: chord.map(|chord| chord.transposed(key_shift(&request.controls))),
            blend: request.controls.blend.normalized(),
            genres: genres.clone(),
        };
        if primed {
            captured.primed.push(beat);
        } else {
            captured.hear(beat, request.fresh);
        }
        captured.hear_played(&request.played);
    }
}

impl Captured {
    fn bar_starts(&self) -> Vec<Ticks> {
        let mut starts: Vec<Ticks> = self.beats.iter().map(CapturedBeat::bar_start).collect();
        starts.dedup();
        starts
    }

    /// Where the last `n_bars` start, at most [`CAPTURE_BARS`].
    fn start_of_last(&self, n_bars: usize) -> Option<Ticks> {
        self.bar_starts().into_iter().rev().take(n_bars.min(CAPTURE_BARS)).next_back()
    }

    /// Puts notes that were played into the band into the beats in which they began. A note that
    /// still sounded when it was told before is told again, longer.
    fn hear_played(&mut self, played: &Played) {
        for note in played.iter() {
            let PlayedNote { epoch, onset, duration, pitch, velocity } = *note;
            let is_there = |beat: &&mut CapturedBeat| {
                let from = Ticks::from_beat(beat.frame.beat);
                beat.epoch == epoch && (from..from + Ticks::from_beat(1)).contains(&onset)
            };
            let Some(beat) = self.beats.iter_mut().rev().find(is_there) else { continue };
            let onset = onset - Ticks::from_beat(beat.frame.beat);
            let note = Note { onset, duration, pitch, velocity };
            match beat.played.iter_mut().find(|n| (n.onset, n.pitch) == (onset, pitch)) {
                Some(known) => *known = note,
                None => beat.played.push(note),
            }
        }
    }

    fn hear_primed(&mut self) {
        for (idx, beat) in std::mem::take(&mut self.primed).into_iter().enumerate() {
            self.hear(beat, idx == 0);
        }
    }

    fn hear(&mut self, mut beat: CapturedBeat, fresh: bool) {
        beat.at = match self.beats.back() {
            None => beat.frame.offset_in_bar(),
            Some(last) if fresh => {
                last.bar_start() + last.frame.meter.bar_ticks() + beat.frame.offset_in_bar()
            }
            Some(last) => last.at + Ticks::from_beat(1),
        };
        if self.beats.len() >= CAPTURE_BEATS {
            self.beats.pop_front();
        }
        self.beats.push_back(beat);
    }
}

/// Beats as a piece whose tick 0 is `start`.
fn piece<'a>(beats: impl Iterator<Item = &'a CapturedBeat>, start: Ticks) -> Piece {
    let mut piece = Piece::default();
    let (mut blend, mut chord) = (None, None);
    for beat in beats {
        let at = beat.at - start;
        let place = at.max(Ticks(0));
        for (notes, captured) in piece.parts.iter_mut().zip(&beat.parts) {
            notes.extend(captured.iter().map(|note| Note { onset: note.onset + at, ..*note }));
        }
        if piece.tempos.last().is_none_or(|(_, tempo)| *tempo != beat.frame.tempo) {
            piece.tempos.push((place, beat.frame.tempo));
        }
        let bar_start = (beat.bar_start() - start).max(Ticks(0));
        if piece.meters.last().is_none_or(|(_, meter)| *meter != beat.frame.meter) {
            piece.meters.push((bar_start, beat.frame.meter));
        }
        let text = describe(&beat.blend, &beat.genres);
        if blend.as_ref() != Some(&text) {
            piece.markers.push((place, text.clone()));
            blend = Some(text);
        }
        if let Some(next) = beat.chord.filter(|next| chord != Some(*next)) {
            piece.markers.push((place, next.to_string()));
            chord = Some(next);
        }
    }
    piece.sort();
    piece
}

/// A blend in words: `jazz 60 hip-hop 40`, in percent, what is below 5 left out.
fn describe(blend: &Blend, genres: &GenreNames) -> String {
    let percent = |idx: usize| (blend.weights()[idx] * 20.0).round() as i32 * 5;
    let mut named: Vec<(i32, &str)> =
        (0..Blend::LEN).map(|idx| (percent(idx), genres.of_weight(idx))).collect();
    named.retain(|(percent, name)| *percent > 0 && !name.is_empty());
    named.sort_by_key(|(percent, _)| -percent);
    let words: Vec<String> =
        named.into_iter().map(|(percent, name)| format!("{name} {percent}")).collect();
    if words.is_empty() { "own style".into() } else { words.join(" ") }
}
