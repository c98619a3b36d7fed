//! A stretch of a song in C major or A minor, as the network reads it.

use crate::quantize::pitch_class_weights;
use crate::steps::{self, BeatEncoder, Conditions, IGNORE, N_SLOTS, Step, T_CHORD, tempo_class};
use crate::{HistoryBeat, Key, Mode, Part};

/// Beats before a window that its references may look at: eight bars of 12/8 or less.
pub const LEAD_IN: usize = 48;

/// A stretch of music with the genre of each slot, ready to become steps.
#[derive(Clone, Debug)]
pub struct Window {
    /// Beats in C major or A minor, lead-in first.
    pub beats: Vec<HistoryBeat>,
    /// Number of lead-in beats.
    pub lead_in: usize,
    /// The mode of the key that was found.
    pub mode: Mode,
    /// Whether the tempo means something.
    pub has_tempo: bool,
    /// Genre a slot.
    pub genres: [u8; N_SLOTS],
    /// Whether velocity and micro-timing are real, a part.
    pub expressive: [(bool, bool); 4],
    /// Number of the song's last bar, if steps shall say how far it is.
    pub last_bar: Option<i64>,
}

impl Window {
    /// `n_beats` of a song from beat `start`, brought to white keys: of genre 0, with a tempo that
    /// counts, without dynamics and timing.
    pub fn cut(song: &[HistoryBeat], start: usize, n_beats: usize) -> Self {
        let from = start.saturating_sub(LEAD_IN);
        let to = (start + n_beats).min(song.len());
        let mut beats = song[from..to].to_vec();
        let key = Key::detect(&pitch_class_weights(&beats[start - from..]));
        transpose(&mut beats, key.to_white_keys());
        Self {
            beats,
            lead_in: start - from,
            mode: key.mode,
            has_tempo: true,
            genres: [0; N_SLOTS],
            expressive: [(false, false); 4],
            last_bar: None,
        }
    }

    /// The beats behind the lead-in.
    pub fn music(&self) -> &[HistoryBeat] {
        &self.beats[self.lead_in..]
    }

    /// Bits of the parts that have notes.
    pub fn mask(&self) -> u8 {
        let has = |i: usize| self.music().iter().any(|beat| !beat.music.parts[i].is_empty());
        (0..4).map(|i| u8::from(has(i)) << i).sum()
    }

    /// Notes a beat of a part.
    pub fn density(&self, part: Part) -> f32 {
        let notes: usize = self.music().iter().map(|b| b.music.parts[part.index()].len()).sum();
        notes as f32 / self.music().len().max(1) as f32
    }

    /// Own genres, no density, no register.
    pub fn conditions(&self) -> Conditions {
        Conditions {
            mask: self.mask(),
            mode: Some(self.mode),
            tempo: match self.music().first() {
                Some(beat) if self.has_tempo => tempo_class(beat.frame.tempo),
                _ => 0,
            },
            density: [0; 4],
            register: [0; 4],
            genres: self.genres,
            hide_references: false,
            forms: [None; N_SLOTS],
            closing: 0,
        }
    }

    /// At most `max_steps` steps, whole beats only; forms are those of the beats.
    pub fn encode(&self, conditions: Conditions, max_steps: usize) -> Vec<Step> {
        let mut encoded = Vec::with_capacity(max_steps);
        for i in self.lead_in..self.beats.len() {
            let len = encoded.len();
            let HistoryBeat { frame, music } = &self.beats[i];
            let bars_left = self.last_bar.map_or(i64::MAX, |last| last - frame.bar_number);
            let closing = steps::closing_class(bars_left);
            let conditions = Conditions { forms: music.forms, closing, ..conditions };
            BeatEncoder::new(&self.beats[..i], *frame, conditions).encode(
                music,
                self.expressive,
                &mut encoded,
            );
            if encoded.len() > max_steps {
                encoded.truncate(len);
                break;
            }
        }
        encoded
    }

    /// Mean key number of a part; 60 where it has no notes.
    pub fn mean_pitch(&self, part: Part) -> f32 {
        let pitches = self.music().iter().flat_map(|b| &b.music.parts[part.index()]);
        let (sum, n) =
            pitches.fold((0.0, 0.0), |(sum, n), note| (sum + f32::from(note.pitch), n + 1.0));
        if n > 0.0 { sum / n } else { 60.0 }
    }
}

/// All of `music`, in as many windows as it takes: dense music fills one after a few bars. Whether its
/// velocities mean something, `dynamics` says.
pub fn whole(music: &[HistoryBeat], dynamics: bool, max_steps: usize) -> Vec<Vec<Step>> {
    let mut windows = Vec::new();
    let mut start = 0;
    while start < music.len() {
        let mut window = Window::cut(music, start, music.len() - start);
        window.expressive = [(dynamics, false); 4];
        let steps = window.encode(window.conditions(), max_steps);
        // Each beat tells its chord once.
        start += steps.iter().filter(|step| step.targets[T_CHORD] != IGNORE).count().max(1);
        windows.push(steps);
    }
    windows
}

/// Moves pitched parts and chords.
fn transpose(beats: &mut [HistoryBeat], semitones: i32) {
    for beat in beats {
        beat.music.chord = beat.music.chord.map(|chord| chord.transposed(semitones));
        for notes in &mut beat.music.parts[1..] {
            for note in notes {
                note.pitch = (i32::from(note.pitch) + semitones).clamp(0, 127) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BeatFrame, GridBeat, GridNote, Meter, Tempo, Velocity};

    #[test]
    fn whole_music_is_heard_however_dense_it_is() {
        let frame = |beat| BeatFrame::regular(beat, Meter::COMMON, Tempo::default());
        let beat = |at: i64, n_notes: u8| {
            let mut music = GridBeat::default();
            let note = |i| GridNote {
                position: i,
                pitch: 60 + i % 12,
                duration: 1,
                velocity: Velocity::clamped(80),
                micro: 0,
            };
            music.parts[Part::Lead.index()] = (0..n_notes).map(note).collect();
            HistoryBeat { frame: frame(at), music }
        };
        for n_notes in [0, 1, 20] {
            let music: Vec<_> = (0..64).map(|at| beat(at, n_notes)).collect();
            let windows = whole(&music, false, 384);
            let told = |target: usize| {
                let steps = windows.iter().flatten();
                steps.filter(|step| step.targets[target] != IGNORE).count()
            };
            assert_eq!(told(T_CHORD), 64, "beats of {n_notes} notes");
            assert!(told(steps::T_SYM) >= 64 * usize::from(n_notes), "beats of {n_notes} notes");
            assert!(windows.iter().all(|steps| steps.len() <= 384));
        }
    }
}
