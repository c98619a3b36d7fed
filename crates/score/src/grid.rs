//! Music on the model's grid: 24 cells a beat, in C major or A minor.

use crate::steps::N_SLOTS;
use crate::{
    Chord, Controls, Form, Meter, Note, Part, Pitch, TICKS_PER_QUARTER, Tempo, Ticks, Velocity,
};

/// Positions in a beat; divisible by the 32nd, the triplet and the sextuplet.
pub const CELLS_PER_BEAT: i64 = 24;

/// Ticks in a cell.
pub const TICKS_PER_CELL: i64 = TICKS_PER_QUARTER / CELLS_PER_BEAT;

/// Ticks in a class of micro-timing: 8.3 ms at 120 BPM.
pub const TICKS_PER_MICRO: i64 = 16;

/// Largest class of micro-timing, early or late.
pub const MAX_MICRO: i8 = 4;

/// A note of one beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridNote {
    /// Cell in the beat, `0..24`.
    pub position: u8,
    /// Key number `0..=127`; for drums the General MIDI drum key.
    pub pitch: u8,
    /// Cells that it sounds, at least 1; may reach past the beat.
    pub duration: u16,
    /// How hard it is struck.
    pub velocity: Velocity,
    /// Early (negative) or late, `-4..=4` in units of [`TICKS_PER_MICRO`].
    pub micro: i8,
}

/// The notes that start in one beat, and the beat's chord.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GridBeat {
    /// Notes a part in the order of [`Part::ALL`], each sorted by position and pitch, no two
    /// alike in both.
    pub parts: [Vec<GridNote>; 4],
    /// The chord, if any.
    pub chord: Option<Chord>,
    /// What the beat's bar was meant to be in each slot of [`crate::steps`], where that was said.
    pub forms: [Option<Form>; N_SLOTS],
    /// The bar's class among those that close a song, [`crate::steps::ENDED`] behind them, 0 before
    /// them; see [`crate::steps::closing_class`].
    pub closing: u8,
    /// How often each part had been composed anew by command, in the order of [`Part::ALL`].
    pub takes: [u32; 4],
    /// What was asked of each slot, in a short form that only the model reads.
    pub asked: [u64; N_SLOTS],
    /// Whether the lead is what somebody played and not the band's, see [`crate::answer`].
    pub lead_is_played: bool,
}

/// Where a beat lies in the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BeatFrame {
    /// Number of the beat (a quarter note) from the start of the song; negative in a pre-roll.
    pub beat: i64,
    /// Start of the bar that contains the beat's start.
    pub bar_start: Ticks,
    /// Number of that bar from 0.
    pub bar_number: i64,
    /// Meter of that bar.
    pub meter: Meter,
    /// Tempo at the beat's start.
    pub tempo: Tempo,
}

impl BeatFrame {
    /// The frame of `beat` where meter and tempo never change and bar 0 starts at tick 0.
    pub fn regular(beat: i64, meter: Meter, tempo: Tempo) -> Self {
        let bar = meter.bar_ticks().0;
        let bar_number = (beat * TICKS_PER_QUARTER).div_euclid(bar);
        Self { beat, bar_start: Ticks(bar_number * bar), bar_number, meter, tempo }
    }

    /// Ticks from the bar's start to the beat's start, at least 0 in a sane host.
    pub fn offset_in_bar(&self) -> Ticks {
        Ticks::from_beat(self.beat) - self.bar_start
    }
}

/// A beat that has been composed or read, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryBeat {
    /// Where it lies.
    pub frame: BeatFrame,
    /// What starts in it.
    pub music: GridBeat,
}

/// Semitones, `-6..=5`, from the grid's key to the controls' key.
pub fn key_shift(controls: &Controls) -> i32 {
    let home = if controls.scale.is_minor() { 9 } else { 0 };
    (i32::from(controls.key.number()) - home + 6).rem_euclid(12) - 6
}

/// The chord to follow, in the key of the grid.
pub fn followed(controls: &Controls) -> Option<crate::GivenChord> {
    controls.follow.map(|given| given.transposed(-key_shift(controls)))
}

impl GridBeat {
    /// The notes a part as they are heard with `controls`, but on the grid and in its key: swing
    /// applied, parts that are off left out.
    pub fn heard(&self, controls: &Controls) -> [Vec<GridNote>; 4] {
        Part::ALL.map(|part| {
            if !controls.parts[part.index()].on {
                return Vec::new();
            }
            let heard = |note: &GridNote| {
                let ticks = swung(i64::from(note.position), controls.swing);
                let cell = (ticks + TICKS_PER_CELL / 2) / TICKS_PER_CELL;
                GridNote { position: cell.clamp(0, CELLS_PER_BEAT - 1) as u8, ..*note }
            };
            let mut notes: Vec<GridNote> = self.parts[part.index()].iter().map(heard).collect();
            notes.sort_by_key(|note| (note.position, note.pitch));
            notes.dedup_by_key(|note| (note.position, note.pitch));
            notes
        })
    }

    /// The beat as it is played at song position `beat`: key, swing and humanize applied.
    ///
    /// No note starts before the beat does, so that a beat can be played the moment it begins.
    pub fn realize(&self, beat: i64, controls: &Controls) -> [Vec<Note>; 4] {
        let shift = key_shift(controls);
        let beat_start = Ticks::from_beat(beat);
        Part::ALL.map(|part| {
            let shift = if part == Part::Drums { 0 } else { shift };
            self.parts[part.index()]
                .iter()
                .map(|note| {
                    let swung = swung(i64::from(note.position), controls.swing);
                    let humanize = controls.humanize.clamp(0.0, 1.0);
                    let micro =
                        (f32::from(note.micro) * TICKS_PER_MICRO as f32 * humanize).round() as i64;
                    let struck = f32::from(note.velocity.number());
                    let velocity = MEAN_VELOCITY + (struck - MEAN_VELOCITY) * humanize;
                    Note {
                        onset: beat_start + Ticks((swung + micro).max(0)),
                        duration: Ticks(i64::from(note.duration.max(1)) * TICKS_PER_CELL),
                        pitch: Pitch::clamped(i32::from(note.pitch) + shift),
                        velocity: Velocity::clamped(velocity.round() as i32),
                    }
                })
                .collect()
        })
    }
}

/// Where velocities go when `humanize` is 0.
const MEAN_VELOCITY: f32 = 88.0;

/// A position in ticks, its beat's second half delayed: at full swing the off-beat eighth lies
/// on the last triplet.
fn swung(position: i64, swing: f32) -> i64 {
    let half = CELLS_PER_BEAT / 2;
    let middle =
        (half * TICKS_PER_CELL) as f32 + 4.0 * TICKS_PER_CELL as f32 * swing.clamp(0.0, 1.0);
    let ticks = if position <= half {
        middle * position as f32 / half as f32
    } else {
        middle + (TICKS_PER_QUARTER as f32 - middle) * (position - half) as f32 / half as f32
    };
    ticks.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PitchClass, Scale};

    fn beat(notes: &[(u8, u8)]) -> GridBeat {
        let mut beat = GridBeat::default();
        beat.parts[3] = notes
            .iter()
            .map(|&(position, pitch)| GridNote {
                position,
                pitch,
                duration: 6,
                velocity: Velocity::clamped(100),
                micro: -4,
            })
            .collect();
        beat
    }

    #[test]
    fn the_key_moves_notes_by_the_shortest_way() {
        let controls =
            |key, scale| Controls { key: PitchClass::new(key), scale, ..Controls::default() };
        assert_eq!(key_shift(&controls(7, Scale::Major)), -5);
        assert_eq!(key_shift(&controls(9, Scale::Minor)), 0);
        assert_eq!(key_shift(&controls(0, Scale::Minor)), 3);
    }

    #[test]
    fn swing_moves_off_beats_only() {
        assert_eq!([0, 12, 24].map(|p| swung(p, 0.0)), [0, 480, 960]);
        assert_eq!([0, 12, 24].map(|p| swung(p, 1.0)), [0, 640, 960]);
    }

    #[test]
    fn heard_on_the_grid_off_beats_are_swung_and_parts_that_are_off_are_silent() {
        let mut controls = Controls { swing: 1.0, ..Controls::default() };
        let positions = |controls: &Controls| -> Vec<u8> {
            beat(&[(0, 60), (6, 60), (12, 62), (23, 64)]).heard(controls)[3]
                .iter()
                .map(|note| note.position)
                .collect()
        };
        assert_eq!(positions(&controls), [0, 8, 16, 23]);
        controls.swing = 0.0;
        assert_eq!(positions(&controls), [0, 6, 12, 23]);
        controls.parts[3].on = false;
        assert!(positions(&controls).is_empty());
    }

    #[test]
    fn early_notes_never_leave_their_beat() {
        let controls = Controls { humanize: 1.0, ..Controls::default() };
        let [.., lead] = beat(&[(0, 60), (12, 64)]).realize(7, &controls);
        assert_eq!(lead[0].onset, Ticks::from_beat(7));
        assert_eq!(lead[1].onset, Ticks::from_beat(7) + Ticks(480 - 64));
    }
}
