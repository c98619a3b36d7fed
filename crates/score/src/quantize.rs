//! Snaps a piece to the model's grid, beat by beat, and names its chords.

use crate::chord::{self, ChordEvidence};
use crate::grid::{CELLS_PER_BEAT, MAX_MICRO, TICKS_PER_CELL, TICKS_PER_MICRO};
use crate::{
    BeatFrame, GridBeat, GridNote, HistoryBeat, Meter, Note, Part, Piece, PitchClass,
    TICKS_PER_QUARTER, Tempo, Ticks,
};

/// Longest piece that is read, in beats; what lies beyond is left out.
pub const MAX_BEATS: i64 = 100_000;

/// The beats of a piece from its start to its last onset, in the piece's own key.
///
/// With `performed`, timing is taken as played by hand: onsets snap to 32nds or to sextuplets,
/// whichever fits the beat better, and what is left becomes micro-timing. Otherwise onsets snap
/// to the nearest of 24 cells, and those one cell beside a sixteenth to the sixteenth.
pub fn quantize(piece: &Piece, performed: bool) -> Vec<HistoryBeat> {
    let last = piece.parts.iter().filter_map(|notes| notes.last()).map(|note| note.onset.beat());
    let Some(last) = last.max() else { return Vec::new() };
    let n_beats = (last + 2).clamp(1, MAX_BEATS);
    let mut beats = frames(piece, n_beats);
    for part in Part::ALL {
        let notes = &piece.parts[part.index()];
        let mut begin = 0;
        while begin < notes.len() {
            let beat = notes[begin].onset.beat();
            let end = begin + notes[begin..].partition_point(|note| note.onset.beat() == beat);
            let grid = if performed { best_grid(&notes[begin..end]) } else { 1 };
            for note in &notes[begin..end] {
                place(&mut beats, part, note, grid, performed);
            }
            begin = end;
        }
        for beat in &mut beats {
            let notes = &mut beat.music.parts[part.index()];
            notes.sort_by_key(|note| (note.position, note.pitch, u16::MAX - note.duration));
            notes.dedup_by_key(|note| (note.position, note.pitch));
        }
    }
    let evidence = evidence(piece, &beats);
    for (beat, chord) in beats.iter_mut().zip(chord::estimate(&evidence)) {
        beat.music.chord = chord;
    }
    while beats.last().is_some_and(|beat| beat.music.parts.iter().all(Vec::is_empty)) {
        beats.pop();
    }
    beats
}

/// Sounding time a pitch class in pitched parts, in beats; for finding the key.
pub fn pitch_class_weights(beats: &[HistoryBeat]) -> [f32; 12] {
    let mut weights = [0.0; 12];
    for beat in beats {
        for notes in &beat.music.parts[1..] {
            for note in notes {
                weights[usize::from(note.pitch % 12)] +=
                    f32::from(note.duration.min(96)) / CELLS_PER_BEAT as f32;
            }
        }
    }
    weights
}

/// A cell beside a sixteenth is no rhythm but a sixteenth that a program moved by a hair.
fn off_the_hair(cell: i64) -> i64 {
    match cell.rem_euclid(6) {
        1 => cell - 1,
        5 => cell + 1,
        _ => cell,
    }
}

fn place(beats: &mut [HistoryBeat], part: Part, note: &Note, grid: i64, performed: bool) {
    let step = TICKS_PER_CELL * grid;
    let mut cell = (note.onset.0 + step / 2).div_euclid(step) * grid;
    if !performed {
        cell = off_the_hair(cell);
    }
    let off = note.onset.0 - cell * TICKS_PER_CELL;
    let micro = if performed { (off as f64 / TICKS_PER_MICRO as f64).round() as i64 } else { 0 };
    let duration = (note.duration.0 + TICKS_PER_CELL / 2) / TICKS_PER_CELL;
    let Some(beat) =
        usize::try_from(cell.div_euclid(CELLS_PER_BEAT)).ok().and_then(|i| beats.get_mut(i))
    else {
        return;
    };
    beat.music.parts[part.index()].push(GridNote {
        position: cell.rem_euclid(CELLS_PER_BEAT) as u8,
        pitch: note.pitch.number(),
        duration: duration.clamp(1, 384) as u16,
        velocity: note.velocity,
        micro: micro.clamp(-i64::from(MAX_MICRO), i64::from(MAX_MICRO)) as i8,
    });
}

/// Cells a step of the grid that the onsets of one beat fit best: 3 for 32nds, 4 for sextuplets.
fn best_grid(notes: &[Note]) -> i64 {
    let error = |grid: i64| -> f64 {
        let step = (grid * TICKS_PER_CELL) as f64;
        let errors = notes.iter().map(|note| {
            let phase = note.onset.0 as f64 / step;
            (phase - phase.round()).powi(2)
        });
        errors.sum()
    };
    // Straight time is the commoner, so triplets must fit clearly better.
    if error(4) < 0.5 * error(3) { 4 } else { 3 }
}

fn frames(piece: &Piece, n_beats: i64) -> Vec<HistoryBeat> {
    let mut meters = piece.meters.iter().peekable();
    let mut tempos = piece.tempos.iter().peekable();
    let (mut meter, mut tempo) = (Meter::COMMON, Tempo::DEFAULT);
    let (mut bar_start, mut bar_number) = (Ticks(0), 0);
    (0..n_beats)
        .map(|beat| {
            let at = Ticks::from_beat(beat);
            while let Some((_, new)) = tempos.next_if(|(from, _)| *from <= at) {
                tempo = *new;
            }
            loop {
                let change = meters.peek().map_or(Ticks(i64::MAX), |(from, _)| *from);
                let next_bar = bar_start + meter.bar_ticks();
                if change <= at && change <= next_bar {
                    if change > bar_start {
                        bar_number += 1;
                        bar_start = change;
                    }
                    meter = meters.next().map_or(meter, |(_, new)| *new);
                } else if next_bar <= at {
                    bar_start = next_bar;
                    bar_number += 1;
                } else {
                    break;
                }
            }
            let frame = BeatFrame { beat, bar_start, bar_number, meter, tempo };
            HistoryBeat { frame, music: GridBeat::default() }
        })
        .collect()
}

fn evidence(piece: &Piece, beats: &[HistoryBeat]) -> Vec<ChordEvidence> {
    let mut evidence = vec![ChordEvidence::default(); beats.len()];
    let mut lowest = vec![(u8::MAX, PitchClass::default()); beats.len()];
    for (part, share) in [(Part::Bass, 1.3), (Part::Chords, 1.0), (Part::Lead, 0.6)] {
        for note in &piece.parts[part.index()] {
            let end = note.onset + note.duration;
            for beat in note.onset.beat().max(0)..=(end - Ticks(1)).beat() {
                let Some(evidence) = evidence.get_mut(beat as usize) else { break };
                let from = note.onset.0.max(beat * TICKS_PER_QUARTER);
                let to = end.0.min((beat + 1) * TICKS_PER_QUARTER);
                let time = (to - from) as f32 / TICKS_PER_QUARTER as f32;
                evidence.weights[usize::from(note.pitch.class().number())] += share * time;
                let lowest = &mut lowest[beat as usize];
                if time > 0.2 && note.pitch.number() < lowest.0 {
                    *lowest = (note.pitch.number(), note.pitch.class());
                }
            }
        }
    }
    for ((evidence, lowest), beat) in evidence.iter_mut().zip(&lowest).zip(beats) {
        evidence.bass = (lowest.0 < u8::MAX).then_some(lowest.1);
        evidence.bar_start = beat.frame.offset_in_bar() == Ticks(0);
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pitch, Velocity};

    fn note(onset: i64, pitch: u8) -> Note {
        Note {
            onset: Ticks(onset),
            duration: Ticks(480),
            pitch: Pitch::new(pitch).unwrap(),
            velocity: Velocity::clamped(90),
        }
    }

    #[test]
    fn bars_follow_meter_changes_even_inside_a_bar() {
        let mut piece = Piece::default();
        piece.parts[3] = vec![note(0, 60), note(20 * 960, 60)];
        let meter = |text| Meter::parse(text).unwrap();
        piece.meters = vec![(Ticks(0), meter("3/4")), (Ticks(4 * 960), meter("9/8"))];
        let bars: Vec<_> = quantize(&piece, false)
            .iter()
            .map(|b| (b.frame.bar_number, b.frame.bar_start.0))
            .collect();
        assert_eq!(bars[..5], [(0, 0), (0, 0), (0, 0), (1, 2880), (2, 3840)]);
        assert_eq!(bars[9], (3, 3840 + 4320));
    }

    #[test]
    fn played_timing_becomes_micro_timing() {
        let mut piece = Piece::default();
        piece.parts[0] = vec![note(0, 36), note(255, 42), note(460, 38), note(730, 42)];
        piece.parts[3] = vec![note(0, 60), note(330, 62), note(635, 64), note(945, 65)];
        let beats = quantize(&piece, true);
        let places = |part: usize, beat: usize| -> Vec<_> {
            beats[beat].music.parts[part].iter().map(|n| (n.position, n.micro)).collect()
        };
        assert_eq!(places(0, 0), [(0, 0), (6, 1), (12, -1), (18, 1)]);
        assert_eq!(places(3, 0), [(0, 0), (8, 1), (16, 0)]);
        assert_eq!(places(3, 1), [(0, -1)]);
    }

    #[test]
    fn written_timing_loses_its_hairs() {
        let mut piece = Piece::default();
        piece.parts[3] = vec![note(40, 60), note(320, 62), note(520, 64), note(925, 65)];
        let beats = quantize(&piece, false);
        let positions: Vec<_> = beats[0].music.parts[3].iter().map(|n| n.position).collect();
        assert_eq!(positions, [0, 8, 12]);
        assert_eq!(beats[1].music.parts[3][0].position, 0);
    }

    #[test]
    fn an_empty_piece_has_no_beats() {
        assert_eq!(quantize(&Piece::default(), false), []);
    }
}
