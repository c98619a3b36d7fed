//! What a judge hears: some bars in C major or A minor, with chords named from the notes.

use score::chord::{self, ChordEvidence};
use score::grid::CELLS_PER_BEAT;
use score::quantize::pitch_class_weights;
use score::{Chord, GridNote, HistoryBeat, Key, Mode, Part, PitchClass};

use crate::bars::{Bars, N_BARS};

/// Beats in a bar of common time; a pair of 2/4 bars counts as one.
pub const BEATS_A_BAR: usize = 4;

/// Beats of an excerpt of eight bars of common time.
pub const N_BEATS: usize = N_BARS * BEATS_A_BAR;

/// Bits of all parts.
pub const ALL_PARTS: u8 = 0b1111;
/// Bits of the pitched parts.
pub const PITCHED: u8 = 0b1110;
/// The bit of the drums.
pub const DRUMS: u8 = 0b0001;

/// A stretch of music in C major or A minor, without velocity, micro-timing, tempo and meter.
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt {
    /// Notes a part for each beat.
    pub beats: Vec<[Vec<GridNote>; 4]>,
    /// A chord a beat, estimated from the notes of this excerpt alone.
    pub chords: Vec<Option<Chord>>,
    /// Tonic: 0 in C major, 9 in A minor.
    pub tonic: u8,
    bars: Bars,
}

impl Excerpt {
    /// Beats of common time from a bar's start, with chords and tonic as given.
    pub fn common(beats: Vec<[Vec<GridNote>; 4]>, chords: Vec<Option<Chord>>, tonic: u8) -> Self {
        let bars = Bars::common(beats.len());
        Self { beats, chords, tonic, bars }
    }

    /// The parts of `keep` of some beats, brought to white keys.
    ///
    /// Key and chords are found from what is kept, so that a part that is left out tells nothing.
    pub fn new(beats: &[HistoryBeat], keep: u8) -> Self {
        let bars = Bars::of(beats);
        let mut kept: Vec<HistoryBeat> = beats.to_vec();
        for beat in &mut kept {
            for part in (0..4).filter(|part| keep >> part & 1 == 0) {
                beat.music.parts[part].clear();
            }
        }
        let key = Key::detect(&pitch_class_weights(&kept));
        let shift = key.to_white_keys();
        let mut beats: Vec<[Vec<GridNote>; 4]> =
            kept.into_iter().map(|beat| beat.music.parts).collect();
        for beat in &mut beats {
            for note in beat[1..].iter_mut().flatten() {
                note.pitch = (i32::from(note.pitch) + shift).clamp(0, 127) as u8;
            }
        }
        let tonic = if key.mode == Mode::Major { 0 } else { 9 };
        let chords = chord::estimate(&evidence(&beats, &bars));
        Self { beats, chords, tonic, bars }
    }

    /// The same with another excerpt's drums.
    pub fn with_drums(mut self, donor: &Self) -> Self {
        for (beat, drums) in self.beats.iter_mut().zip(&donor.beats) {
            beat[0].clone_from(&drums[0]);
        }
        self
    }

    /// Bits of the parts that have notes.
    pub fn mask(&self) -> u8 {
        let has = |part: usize| self.beats.iter().any(|beat| !beat[part].is_empty());
        (0..4).map(|part| u8::from(has(part)) << part).sum()
    }

    /// Notes of the parts of `keep`.
    pub fn n_notes(&self, keep: u8) -> usize {
        let of = |beat: &[Vec<GridNote>; 4]| -> usize {
            (0..4).filter(|part| keep >> part & 1 == 1).map(|part| beat[part].len()).sum()
        };
        self.beats.iter().map(of).sum()
    }

    /// Notes of a part with their onsets in cells from the start.
    pub fn notes(&self, part: Part) -> impl Iterator<Item = (usize, &GridNote)> {
        self.beats.iter().enumerate().flat_map(move |(beat, parts)| {
            let start = beat * CELLS_PER_BEAT as usize;
            parts[part.index()].iter().map(move |note| (start + usize::from(note.position), note))
        })
    }

    /// Where its bars lie.
    pub fn bars(&self) -> &Bars {
        &self.bars
    }

    /// Number of whole bars.
    pub fn n_bars(&self) -> usize {
        self.bars.len()
    }
}

/// Whether the beats start a bar and run in bars of four or two quarter notes.
pub fn is_common_time(beats: &[HistoryBeat]) -> bool {
    let Some(first) = beats.first() else { return false };
    let start = first.frame.bar_start;
    let bar_agrees = |beat: &HistoryBeat| {
        let bar = beat.frame.meter.bar_beats();
        let from = (beat.frame.bar_start - start).beats();
        (bar == 4.0 && from % 4.0 == 0.0) || (bar == 2.0 && from % 2.0 == 0.0)
    };
    first.frame.offset_in_bar().0 == 0 && beats.iter().all(bar_agrees)
}

/// What the notes that sound in each beat say about its chord, parts weighted as for songs.
fn evidence(beats: &[[Vec<GridNote>; 4]], bars: &Bars) -> Vec<ChordEvidence> {
    let cells = CELLS_PER_BEAT as usize;
    let mut evidence = vec![ChordEvidence::default(); beats.len()];
    let mut lowest = vec![u8::MAX; beats.len()];
    for (start, parts) in beats.iter().enumerate() {
        for (part, share) in [(1, 1.3), (2, 1.0), (3, 0.6)] {
            for note in &parts[part] {
                let from = start * cells + usize::from(note.position);
                let to = from + usize::from(note.duration);
                let sounding = evidence.iter_mut().zip(&mut lowest).enumerate();
                for (beat, (evidence, lowest)) in sounding.take(to.div_ceil(cells)).skip(start) {
                    let sounds = to.min((beat + 1) * cells) - from.max(beat * cells);
                    let time = sounds as f32 / cells as f32;
                    evidence.weights[usize::from(note.pitch % 12)] += share * time;
                    if time > 0.2 {
                        *lowest = (*lowest).min(note.pitch);
                    }
                }
            }
        }
    }
    for (beat, (evidence, lowest)) in evidence.iter_mut().zip(lowest).enumerate() {
        evidence.bass = (lowest < u8::MAX).then(|| PitchClass::new(lowest.into()));
        evidence.bar_start = bars.begins_at(beat);
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::{BeatFrame, GridBeat, Meter, Tempo, Velocity};

    fn beat(number: i64, meter: &str, pitches: &[u8]) -> HistoryBeat {
        let frame = BeatFrame::regular(number, Meter::parse(meter).unwrap(), Tempo::DEFAULT);
        let mut music = GridBeat::default();
        music.parts[2] = pitches
            .iter()
            .map(|&pitch| GridNote {
                position: 0,
                pitch,
                duration: 24,
                velocity: Velocity::clamped(90),
                micro: 0,
            })
            .collect();
        music.parts[0] = vec![GridNote { pitch: 36, ..music.parts[2][0] }];
        HistoryBeat { frame, music }
    }

    #[test]
    fn excerpts_are_in_white_keys_and_name_their_own_chords() {
        let beats: Vec<_> = (0..8)
            .map(|i| {
                beat(
                    i,
                    "4/4",
                    [[62, 66, 69], [67, 71, 74], [57, 61, 64], [62, 66, 69]][i as usize / 2]
                        .as_slice(),
                )
            })
            .collect();
        let excerpt = Excerpt::new(&beats, ALL_PARTS);
        let names = |e: &Excerpt| -> Vec<String> {
            e.chords.iter().map(|c| c.map_or("-".into(), |c| c.to_string())).collect()
        };
        assert_eq!(names(&excerpt), ["C", "C", "F", "F", "G", "G", "C", "C"]);
        assert_eq!((excerpt.mask(), excerpt.n_notes(DRUMS), excerpt.n_bars()), (0b101, 8, 2));
        let drums = Excerpt::new(&beats, DRUMS);
        assert_eq!((drums.mask(), &drums.chords[0]), (DRUMS, &None));
        let mixed = Excerpt::new(&beats, PITCHED).with_drums(&drums);
        assert_eq!(mixed, excerpt);
    }

    #[test]
    fn only_bars_of_four_or_two_are_common_time() {
        let run = |from: i64, meter: &str| -> Vec<_> {
            (from..from + 8).map(|i| beat(i, meter, &[60])).collect()
        };
        assert!(is_common_time(&run(0, "4/4")) && is_common_time(&run(2, "2/4")));
        assert!(is_common_time(&run(4, "2/2")));
        assert!(!is_common_time(&run(1, "4/4")) && !is_common_time(&run(0, "3/4")));
        assert!(!is_common_time(&run(0, "6/8")) && !is_common_time(&[]));
    }
}
