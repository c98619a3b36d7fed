//! What a judge knows of an excerpt: rhythm, pitch, durations and repetition, part by part.
//!
//! Places count from the start of their bar, in any meter. What the meter or the length of an
//! excerpt does not have, such as a fourth beat in 3/4 or a bar four bars ago in two bars, is
//! unknown, so that neither says anything.
//!
//! Nothing here says how loud or how exactly in time a note is, how fast the music runs, in which
//! mode it is or which parts are there: the first two give the collection away, the others are the
//! player's to choose. A part that is silent leaves its features unknown (`NaN`).

use std::collections::BTreeSet;

use score::{Chord, ChordQuality, GridNote, Part};

use crate::bars::Bars;
use crate::excerpt::{DRUMS, Excerpt, PITCHED};

/// Cells in a bar of common time.
const COMMON_BAR: usize = 96;

/// A feature's name and the parts that it is computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Name, the part first.
    pub name: String,
    /// Bits of the parts; all features of others stay when those are taken away.
    pub parts: u8,
}

/// Names of the features, in the order of [`values`].
pub fn list() -> Vec<Feature> {
    let mut sheet = Sheet { names: Some(Vec::new()), ..Sheet::default() };
    let silent = Excerpt::common(Vec::new(), Vec::new(), 0);
    sheet.fill(&silent);
    sheet.names.unwrap_or_default()
}

/// The features of an excerpt; `NaN` where there is nothing to measure.
pub fn values(excerpt: &Excerpt) -> Vec<f32> {
    let mut sheet = Sheet::default();
    sheet.fill(excerpt);
    sheet.values
}

/// Features in the making.
#[derive(Default)]
struct Sheet {
    values: Vec<f32>,
    names: Option<Vec<Feature>>,
    prefix: &'static str,
    parts: u8,
    /// Whether what is added is unknown.
    is_silent: bool,
}

/// A note of one part.
#[derive(Clone, Copy)]
struct Placed {
    /// Cells from the start.
    at: usize,
    pitch: u8,
    /// Cells that it sounds.
    duration: u16,
    bar: usize,
    /// Cells from the bar's start.
    in_bar: usize,
}

impl Sheet {
    fn fill(&mut self, excerpt: &Excerpt) {
        self.drums(excerpt);
        for part in [Part::Bass, Part::Chords, Part::Lead] {
            self.pitched(excerpt, part);
        }
        self.harmony(excerpt);
        self.together(excerpt);
    }

    fn begin(&mut self, prefix: &'static str, parts: u8, is_silent: bool) {
        (self.prefix, self.parts, self.is_silent) = (prefix, parts, is_silent);
    }

    fn add(&mut self, name: impl std::fmt::Display, value: f32) {
        self.values.push(if self.is_silent { f32::NAN } else { value });
        if let Some(names) = &mut self.names {
            names.push(Feature { name: format!("{} {name}", self.prefix), parts: self.parts });
        }
    }

    /// The share of each class among `classes`.
    fn shares<const N: usize>(
        &mut self,
        name: &str,
        labels: [&str; N],
        classes: impl Iterator<Item = usize>,
    ) {
        let mut counts = [0.0f32; N];
        classes.for_each(|class| counts[class.min(N - 1)] += 1.0);
        let sum = counts.iter().sum::<f32>().max(1.0);
        for (label, count) in labels.iter().zip(counts) {
            self.add(format_args!("{name} {label}"), count / sum);
        }
    }

    fn drums(&mut self, excerpt: &Excerpt) {
        let notes = placed(excerpt, Part::Drums);
        self.begin("drums", DRUMS, notes.is_empty());
        let n_beats = excerpt.beats.len().max(1) as f32;
        self.rhythm(excerpt, &notes);
        let onsets = onsets(&notes);
        self.add("hits an onset", notes.len() as f32 / onsets.len().max(1) as f32);
        let bars = excerpt.bars().cells();
        for (class, name) in DRUM_CLASSES.iter().enumerate() {
            // Cells from the bar's start.
            let hits: Vec<usize> =
                notes.iter().filter(|n| drum_class(n.pitch) == class).map(|n| n.in_bar).collect();
            self.add(format_args!("{name} a beat"), (hits.len() as f32 / n_beats).sqrt());
            if class < 5 {
                self.shares(&format!("{name} at"), IN_BEAT, hits.iter().map(|at| in_beat(*at)));
            }
            if class < 2 {
                for step in 0..16 {
                    let n = hits.iter().filter(|at| (**at + 2) / 6 == step).count();
                    let n_bars = bars.iter().filter(|cells| **cells > 6 * step).count();
                    let rate = if n_bars > 0 { n as f32 / n_bars as f32 } else { f32::NAN };
                    self.add(format_args!("{name} at sixteenth {step}"), rate);
                }
            }
        }
        let snare: Vec<usize> =
            notes.iter().filter(|n| drum_class(n.pitch) == 1).map(|n| n.in_bar).collect();
        let backbeat = snare.iter().filter(|at| matches!(at, 24 | 72)).count() as f32;
        let backbeat = backbeat / snare.len().max(1) as f32;
        let is_common = bars.contains(&COMMON_BAR);
        self.add("backbeat", if is_common { backbeat } else { f32::NAN });
        let classes: BTreeSet<usize> = notes.iter().map(|n| drum_class(n.pitch)).collect();
        self.add("classes", classes.len() as f32);
        let keys: BTreeSet<u8> = notes.iter().map(|n| n.pitch).collect();
        self.add("keys", (keys.len() as f32).sqrt());
        let hit = |note: &Placed| note.in_bar as u32 * 16 + drum_class(note.pitch) as u32;
        self.repetition(excerpt, "pattern", hit, &notes);
    }

    /// Where notes start, of any part.
    fn rhythm(&mut self, excerpt: &Excerpt, notes: &[Placed]) {
        let (onsets, bars) = (onsets(notes), excerpt.bars());
        let in_bar: Vec<usize> = onsets.iter().map(|at| bars.place(*at).1).collect();
        let n_beats = excerpt.beats.len().max(1) as f32;
        self.add("onsets a beat", (onsets.len() as f32 / n_beats).sqrt());
        self.shares("onsets at", IN_BEAT, in_bar.iter().map(|at| in_beat(*at)));
        self.beats(bars, &in_bar);
        let off = onsets.iter().zip(&in_bar).filter(|(_, in_bar)| **in_bar % 24 >= 8);
        let held = off
            .filter(|(at, in_bar)| onsets.binary_search(&(**at + 24 - **in_bar % 24)).is_err())
            .count();
        self.add("syncopation", held as f32 / onsets.len().max(1) as f32);
        let count = |at: usize| in_bar.iter().filter(|o| **o % 24 == at).count() as f32;
        let (straight, swung) = (count(12), count(16));
        self.add("swing", (swung + 0.5) / (straight + swung + 1.0));
        let gaps = onsets.windows(2).map(|pair| gap_class(pair[1] - pair[0]));
        self.shares("gap", GAPS, gaps);
        let n_played = onsets.chunk_by(|a, b| bars.place(*a).0 == bars.place(*b).0).count();
        self.add("empty bars", 1.0 - n_played as f32 / excerpt.n_bars().max(1) as f32);
        let n_beats_played = onsets.chunk_by(|a, b| a / 24 == b / 24).count();
        self.add("beats with onsets", n_beats_played as f32 / n_beats);
        self.repetition(excerpt, "rhythm", |note| note.in_bar as u32, notes);
    }

    /// The share of onsets in each beat of the bar, times the beats that a bar has for each of
    /// four; what lies behind counts as in the fourth.
    fn beats(&mut self, bars: &Bars, in_bar: &[usize]) {
        let mut counts = [0.0f32; 4];
        in_bar.iter().for_each(|at| counts[(at / 24).min(3)] += 1.0);
        let longest = bars.cells().iter().copied().max().unwrap_or(COMMON_BAR);
        let (n, scale) = (in_bar.len().max(1) as f32, longest as f32 / COMMON_BAR as f32);
        for (beat, count) in counts.into_iter().enumerate() {
            let share = if longest > 24 * beat { count / n * scale } else { f32::NAN };
            self.add(format_args!("onsets in beat {}", beat + 1), share);
        }
    }

    /// How like earlier bars the bars are, and how many differ.
    fn repetition(
        &mut self,
        excerpt: &Excerpt,
        name: &str,
        key: impl Fn(&Placed) -> u32,
        notes: &[Placed],
    ) {
        let mut bars: Vec<Vec<u32>> = vec![Vec::new(); excerpt.n_bars()];
        for note in notes {
            if let Some(bar) = bars.get_mut(note.bar) {
                bar.push(key(note));
            }
        }
        for bar in &mut bars {
            bar.sort_unstable();
            bar.dedup();
        }
        for back in [1, 2, 4] {
            let pairs = bars.iter().zip(bars.iter().skip(back));
            let (mut sum, mut n) = (0.0, 0.0);
            for (a, b) in pairs.filter(|(a, b)| !a.is_empty() || !b.is_empty()) {
                let common = n_common(a, b);
                sum += common as f32 / (a.len() + b.len() - common) as f32;
                n += 1.0;
            }
            let likeness = if bars.len() > back { sum / f32::max(n, 1.0) } else { f32::NAN };
            self.add(format_args!("{name} like {back} before"), likeness);
        }
        bars.retain(|bar| !bar.is_empty());
        let n_played = bars.len();
        bars.sort_unstable();
        bars.dedup();
        self.add(format_args!("{name} distinct"), bars.len() as f32 / n_played.max(1) as f32);
    }

    fn pitched(&mut self, excerpt: &Excerpt, part: Part) {
        let notes = placed(excerpt, part);
        self.begin(part.name(), 1 << part.index(), notes.is_empty());
        self.rhythm(excerpt, &notes);
        let onsets = onsets(&notes);
        let n_notes = notes.len().max(1) as f32;
        self.add("notes an onset", n_notes / onsets.len().max(1) as f32);
        // Notes that start together, from low to high.
        let stacks: Vec<Vec<u8>> = notes
            .chunk_by(|a, b| a.at == b.at)
            .map(|together| together.iter().map(|n| n.pitch).collect())
            .collect();
        let sizes = stacks.iter().map(|stack: &Vec<u8>| stack.len().max(1) - 1);
        self.shares("stack of", ["1", "2", "3", "4", "more"], sizes);
        let inner = stacks.iter().flat_map(|s| s.windows(2)).map(|w| usize::from(w[1] - w[0]));
        let inner = inner.map(|interval| interval_class(interval.max(1)));
        self.shares("stacked", INTERVALS, inner);
        let top: Vec<i32> =
            stacks.iter().filter_map(|s| s.iter().max()).map(|p| i32::from(*p)).collect();
        let steps: Vec<i32> = top.windows(2).map(|pair| pair[1] - pair[0]).collect();
        self.shares(
            "moves",
            INTERVALS,
            steps.iter().map(|s| interval_class(s.unsigned_abs() as usize)),
        );
        let up = steps.iter().filter(|s| **s > 0).count() as f32;
        let moved = steps.iter().filter(|s| **s != 0).count() as f32;
        self.add("moves up", (up + 0.5) / (moved + 1.0));
        let turns = steps.windows(2).filter(|w| w[0].signum() * w[1].signum() < 0).count();
        self.add("turns", turns as f32 / steps.len().max(1) as f32);
        let pitches = notes.iter().map(|n| f32::from(n.pitch));
        let mean = pitches.clone().sum::<f32>() / n_notes;
        let deviation = (pitches.map(|p| (p - mean).powi(2)).sum::<f32>() / n_notes).sqrt();
        self.add("register", mean);
        self.add("spread", deviation);
        let degrees = notes.iter().map(|n| degree(n.pitch, excerpt.tonic));
        self.shares("degree", DEGREES, degrees);
        let classes: BTreeSet<u8> = notes.iter().map(|n| n.pitch % 12).collect();
        self.add("pitch classes", classes.len() as f32);
        let distinct: BTreeSet<u8> = notes.iter().map(|n| n.pitch).collect();
        self.add("distinct pitches", (distinct.len() as f32).sqrt());
        self.shares("lasts", LENGTHS, notes.iter().map(|n| length_class(n.duration)));
        // How much of the time to the next onset a note sounds.
        let next = |at: usize| onsets.get(onsets.partition_point(|o| *o <= at)).copied();
        let held: Vec<f32> = notes
            .iter()
            .filter_map(|n| Some(f32::from(n.duration) / (next(n.at)? - n.at) as f32))
            .collect();
        self.add("legato", held.iter().map(|x| x.min(2.0)).sum::<f32>() / held.len().max(1) as f32);
        let staccato = held.iter().filter(|x| **x < 0.6).count() as f32;
        self.add("staccato", staccato / held.len().max(1) as f32);
        let note = |note: &Placed| note.in_bar as u32 * 128 + u32::from(note.pitch);
        self.repetition(excerpt, "bar", note, &notes);
    }

    /// Chords and the notes against them, of all pitched parts together.
    fn harmony(&mut self, excerpt: &Excerpt) {
        let notes: Vec<(Part, Placed)> = [Part::Bass, Part::Chords, Part::Lead]
            .into_iter()
            .flat_map(|part| placed(excerpt, part).into_iter().map(move |n| (part, n)))
            .collect();
        self.begin("harmony", PITCHED, notes.is_empty());
        let chords: Vec<Chord> = excerpt.chords.iter().flatten().copied().collect();
        let changes = excerpt.chords.windows(2).filter(|pair| pair[0] != pair[1]).count() as f32;
        self.add("changes a bar", (changes / excerpt.n_bars().max(1) as f32).sqrt());
        let in_bar = excerpt.chords.windows(2).enumerate();
        let is_inside = |beat: usize| !excerpt.bars().begins_at(beat);
        let inside = in_bar.filter(|(i, w)| w[0] != w[1] && is_inside(i + 1)).count();
        self.add("changes inside bars", inside as f32 / changes.max(1.0));
        let quality = |chord: &Chord| match chord.quality {
            ChordQuality::Major | ChordQuality::Minor => 0,
            ChordQuality::Dominant7 => 1,
            ChordQuality::Major7 | ChordQuality::Minor7 => 2,
            ChordQuality::Diminished | ChordQuality::HalfDiminished => 3,
            ChordQuality::Suspended => 4,
        };
        let labels = ["triad", "dominant", "seventh", "diminished", "suspended"];
        self.shares("quality", labels, chords.iter().map(quality));
        let roots: Vec<u8> = chords.iter().map(|chord| chord.root.number()).collect();
        self.shares("root", DEGREES, roots.iter().map(|root| degree(*root, excerpt.tonic)));
        let motion = roots.windows(2).filter(|w| w[0] != w[1]);
        let motion = motion.map(|w| usize::from((w[1] + 12 - w[0]) % 12));
        // Up and down by the same interval differ: a fourth up is a cadence.
        let motion = motion.map(|up| [0, 0, 1, 2, 2, 3, 4, 5, 6, 6, 7, 0][up]);
        let labels = ["half", "second", "third", "fourth", "tritone", "fifth", "sixth", "seventh"];
        self.shares("motion", labels, motion);
        let distinct: BTreeSet<&Chord> = chords.iter().collect();
        self.add("distinct chords", (distinct.len() as f32).sqrt());
        let chord_at = |at: usize| excerpt.chords.get(at / 24).copied().flatten();
        for (part, name) in [(Part::Bass, "bass"), (Part::Chords, "chords"), (Part::Lead, "lead")] {
            let of: Vec<Placed> =
                notes.iter().filter(|(p, _)| *p == part).map(|(_, n)| *n).collect();
            let was_silent = self.is_silent;
            self.is_silent |= of.is_empty();
            let share = |is: &dyn Fn(&Placed, Chord) -> bool| {
                let hits = of.iter().filter(|n| chord_at(n.at).is_some_and(|c| is(n, c))).count();
                hits as f32 / of.len().max(1) as f32
            };
            let class = |n: &Placed| score::PitchClass::new(n.pitch.into());
            self.add(format_args!("{name} on the root"), share(&|n, c| c.root == class(n)));
            self.add(format_args!("{name} on the chord"), share(&|n, c| c.contains(class(n))));
            self.is_silent = was_silent;
        }
        let chromatic = notes.iter().filter(|(_, n)| degree(n.pitch, excerpt.tonic) == 7).count();
        self.add("chromatic", chromatic as f32 / notes.len().max(1) as f32);
    }

    /// How parts fall together.
    fn together(&mut self, excerpt: &Excerpt) {
        let parts = Part::ALL.map(|part| onsets(&placed(excerpt, part)));
        let mut kick: Vec<usize> = placed(excerpt, Part::Drums)
            .into_iter()
            .filter(|n| drum_class(n.pitch) == 0)
            .map(|n| n.at)
            .collect();
        kick.dedup();
        let pairs: [(&'static str, u8, &Vec<usize>, &Vec<usize>); 5] = [
            ("bass with kick", 0b0011, &parts[1], &kick),
            ("bass with drums", 0b0011, &parts[1], &parts[0]),
            ("chords with bass", 0b0110, &parts[2], &parts[1]),
            ("lead with chords", 0b1100, &parts[3], &parts[2]),
            ("lead with bass", 0b1010, &parts[3], &parts[1]),
        ];
        for (name, bits, a, b) in pairs {
            self.begin("together", bits, a.is_empty() || b.is_empty());
            self.add(name, n_common(a, b) as f32 / a.len().max(1) as f32);
        }
    }
}

/// Where in a beat an onset lies.
const IN_BEAT: [&str; 6] = ["0", "6", "12", "18", "8 or 16", "others"];

fn in_beat(at: usize) -> usize {
    match at % 24 {
        0 => 0,
        6 => 1,
        12 => 2,
        18 => 3,
        8 | 16 => 4,
        _ => 5,
    }
}

/// Cells from one onset to the next.
const GAPS: [&str; 7] = ["to 5", "6", "7 to 11", "12", "13 to 23", "24", "over 24"];

fn gap_class(cells: usize) -> usize {
    match cells {
        0..=5 => 0,
        6 => 1,
        7..=11 => 2,
        12 => 3,
        13..=23 => 4,
        24 => 5,
        _ => 6,
    }
}

/// Coarse, since programs cut notes by a hair each in its own way.
const LENGTHS: [&str; 6] = ["to 4", "to 8", "to 15", "to 30", "to 60", "over 60"];

fn length_class(cells: u16) -> usize {
    [4, 8, 15, 30, 60].partition_point(|limit| *limit < cells)
}

const INTERVALS: [&str; 8] = ["0", "1", "2", "3 or 4", "5", "6 to 8", "9 to 12", "over 12"];

fn interval_class(semitones: usize) -> usize {
    match semitones {
        0..=2 => semitones,
        3 | 4 => 3,
        5 => 4,
        6..=8 => 5,
        9..=12 => 6,
        _ => 7,
    }
}

const DEGREES: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "chromatic"];

/// Degree of a pitch in C major or A minor; 7 for those beside the white keys.
fn degree(pitch: u8, tonic: u8) -> usize {
    const WHITE: [usize; 12] = [0, 7, 1, 7, 2, 3, 7, 4, 7, 5, 7, 6];
    let white = WHITE[usize::from(pitch % 12)];
    let home = if tonic == 9 { 5 } else { 0 };
    if white == 7 { 7 } else { (white + 7 - home) % 7 }
}

const DRUM_CLASSES: [&str; 9] =
    ["kick", "snare", "closed hat", "open hat", "ride", "crash", "tom", "shaker", "percussion"];

/// Class of a General MIDI drum key.
pub fn drum_class(key: u8) -> usize {
    match key {
        35 | 36 => 0,
        37..=40 => 1,
        42 | 44 => 2,
        46 => 3,
        51 | 53 | 59 => 4,
        49 | 52 | 55 | 57 => 5,
        41 | 43 | 45 | 47 | 48 | 50 => 6,
        54 | 69 | 70 | 82 => 7,
        _ => 8,
    }
}

fn placed(excerpt: &Excerpt, part: Part) -> Vec<Placed> {
    let place = |(at, note): (usize, &GridNote)| {
        let (bar, in_bar) = excerpt.bars().place(at);
        Placed { at, pitch: note.pitch, duration: note.duration, bar, in_bar }
    };
    excerpt.notes(part).map(place).collect()
}

/// How many are in both of two rising lists.
fn n_common<T: Ord>(a: &[T], b: &[T]) -> usize {
    let (mut i, mut j, mut n) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        n += usize::from(x == y);
        (i, j) = (i + usize::from(x <= y), j + usize::from(y <= x));
    }
    n
}

/// Onsets without those that stand twice.
fn onsets(notes: &[Placed]) -> Vec<usize> {
    let mut onsets: Vec<usize> = notes.iter().map(|note| note.at).collect();
    onsets.dedup();
    onsets
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::Velocity;

    fn excerpt(notes: &[(usize, usize, u8)]) -> Excerpt {
        let mut beats = vec![<[Vec<GridNote>; 4]>::default(); 32];
        for (part, at, pitch) in notes {
            beats[at / 24][*part].push(GridNote {
                position: (at % 24) as u8,
                pitch: *pitch,
                duration: 12,
                velocity: Velocity::clamped(90),
                micro: 0,
            });
        }
        Excerpt::common(beats, vec![None; 32], 0)
    }

    fn value(excerpt: &Excerpt, name: &str) -> f32 {
        let at = list().iter().position(|feature| feature.name == name).unwrap();
        values(excerpt)[at]
    }

    #[test]
    fn every_value_has_a_name_of_its_own() {
        let names: BTreeSet<String> = list().into_iter().map(|feature| feature.name).collect();
        assert_eq!(names.len(), list().len());
        assert_eq!(values(&excerpt(&[])).len(), names.len());
        assert!(values(&excerpt(&[])).iter().all(|value| value.is_nan()));
    }

    #[test]
    fn a_backbeat_is_heard_and_swing_is_told_from_straight() {
        let bar = |bar: usize, off: usize| {
            (0..4).flat_map(move |beat| {
                let at = bar * 96 + beat * 24;
                [(0, at, if beat % 2 == 0 { 36 } else { 38 }), (0, at + off, 42)]
            })
        };
        let straight = excerpt(&(0..8).flat_map(|b| bar(b, 12)).collect::<Vec<_>>());
        let swung = excerpt(&(0..8).flat_map(|b| bar(b, 16)).collect::<Vec<_>>());
        assert_eq!(value(&straight, "drums backbeat"), 1.0);
        assert!(value(&straight, "drums swing") < 0.1 && value(&swung, "drums swing") > 0.9);
        assert_eq!(value(&straight, "drums pattern distinct"), 1.0 / 8.0);
        assert!(value(&straight, "bass onsets a beat").is_nan());
    }

    #[test]
    fn what_a_part_does_not_play_it_does_not_change() {
        let notes = [(0, 0, 36), (1, 0, 36), (3, 24, 72), (3, 36, 74), (3, 48, 79)];
        let all = values(&excerpt(&notes));
        let drumless = values(&excerpt(&notes[1..]));
        for (feature, (a, b)) in list().iter().zip(all.iter().zip(&drumless)) {
            let same = a == b || a.is_nan() && b.is_nan();
            assert!(feature.parts & DRUMS != 0 || same, "{}", feature.name);
            assert!(feature.parts & DRUMS == 0 || b.is_nan(), "{}", feature.name);
        }
        assert_eq!(value(&excerpt(&notes), "lead degree 2"), 1.0 / 3.0);
    }

    /// Some bars of a meter with a kick on each first and a hat on each off-beat.
    fn in_meter(meter: &str, n_bars: usize) -> Excerpt {
        let meter = score::Meter::parse(meter).unwrap();
        let n_beats = crate::window_beats(meter, n_bars);
        let beats: Vec<score::HistoryBeat> = (0..n_beats as i64)
            .map(|number| {
                let frame = score::BeatFrame::regular(number, meter, score::Tempo::DEFAULT);
                let mut music = score::GridBeat::default();
                for position in [0, 12] {
                    let in_bar = (frame.offset_in_bar().0 / 40 + position) * 40;
                    let is_first = in_bar % meter.bar_ticks().0 == 0;
                    let pitch = if is_first { 36 } else { 42 };
                    let velocity = Velocity::clamped(90);
                    let position = position as u8;
                    music.parts[0].push(GridNote {
                        position,
                        pitch,
                        duration: 6,
                        velocity,
                        micro: 0,
                    });
                }
                score::HistoryBeat { frame, music }
            })
            .collect();
        Excerpt::new(&beats, crate::ALL_PARTS)
    }

    #[test]
    fn bars_of_any_meter_repeat_and_what_a_meter_lacks_is_unknown() {
        for (meter, cells) in [("3/4", 72), ("6/8", 72), ("7/8", 84), ("5/4", 120)] {
            let excerpt = in_meter(meter, 8);
            for name in ["rhythm like 1 before", "pattern like 4 before"] {
                assert_eq!(value(&excerpt, &format!("drums {name}")), 1.0, "{meter} {name}");
            }
            assert_eq!(value(&excerpt, "drums rhythm distinct"), 1.0 / 8.0, "{meter}");
            assert_eq!(value(&excerpt, "drums kick at sixteenth 0"), 1.0, "{meter}");
            for step in 0..16 {
                let value = value(&excerpt, &format!("drums snare at sixteenth {step}"));
                assert_eq!(value.is_nan(), 6 * step >= cells, "{meter} {step}");
            }
            for beat in 1..=4 {
                let value = value(&excerpt, &format!("drums onsets in beat {beat}"));
                assert_eq!(value.is_nan(), 24 * (beat - 1) >= cells, "{meter} {beat}");
            }
            // As if each bar had four beats.
            assert_eq!(value(&excerpt, "drums onsets in beat 1"), 0.25, "{meter}");
            assert!(value(&excerpt, "drums backbeat").is_nan(), "{meter}");
        }
        assert_eq!(value(&in_meter("4/4", 8), "drums backbeat"), 0.0);
    }

    #[test]
    fn what_few_bars_cannot_say_is_unknown() {
        for (n_bars, unknown) in
            [(1, [true; 3]), (2, [false, true, true]), (4, [false, false, true])]
        {
            let excerpt = in_meter("4/4", n_bars);
            let is_unknown = [1, 2, 4]
                .map(|back| value(&excerpt, &format!("drums rhythm like {back} before")).is_nan());
            assert_eq!(is_unknown, unknown, "{n_bars} bars");
        }
    }
}
