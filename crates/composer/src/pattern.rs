//! Plays stored patterns: when there is no model, when it fails, and in tests.
//!
//! Each genre has a song of a few bars, written as text in `songs.rs`. A song fits 4/4; in other
//! meters bars are cut short or begun again at their end, so that the first beat stays the first.

mod songs;

use score::grid::{BeatFrame, CELLS_PER_BEAT, HistoryBeat, MAX_MICRO, TICKS_PER_CELL};
use score::{Chord, Controls, Genre, GivenChord, GridBeat, GridNote, Part, Velocity};

use crate::random;
use crate::{GenerateError, Generator};
use songs::{Song, song};

/// Cells in the bar that songs are written in.
const SONG_BAR_CELLS: i64 = 4 * CELLS_PER_BEAT;

/// Stored patterns of the nearest genre. Each part follows its own blend, chords the harmony's.
#[derive(Clone, Copy, Debug, Default)]
pub struct PatternGenerator {}

/// A step of a pattern that begins in the beat.
struct Step {
    /// Cell in the beat, `0..24`.
    position: u8,
    /// Cell in the song's bar, `0..96`.
    bar_cell: i64,
    /// Bar from the song's start.
    bar_number: i64,
    symbol: u8,
    /// Cells until the next symbol that is no `-`.
    duration: u16,
}

impl PatternGenerator {
    /// All patterns are part of the program.
    pub fn new() -> Self {
        Self {}
    }

    /// What the trait's method returns; this one cannot fail.
    pub fn beat(&self, frame: &BeatFrame, controls: &Controls, pass: u32) -> GridBeat {
        let harmony = song(controls.harmony().nearest_genre());
        let minor = controls.scale.is_minor();
        let followed = score::grid::followed(controls);
        let chord_at = |cell| match followed {
            Some(given) => Some(given.chord),
            None => chord_at(harmony, minor, frame, cell),
        };
        let chord = chord_at(frame.offset_in_bar().0 / TICKS_PER_CELL);
        let mut beat = GridBeat { chord, ..GridBeat::default() };
        for part in Part::ALL {
            let part_controls = &controls.parts[part.index()];
            if !part_controls.on {
                continue;
            }
            let genre = controls.part_blend(part).nearest_genre();
            let purpose = part.index() as u64;
            let mut stream = random::key(controls.seed, pass, frame.beat, purpose);
            // One draw a bar chooses variants, the same for each of its beats.
            let variant = random::key(controls.seed, pass, frame.bar_number, 16 + purpose);
            let notes = &mut beat.parts[part.index()];
            match part {
                Part::Drums => drums(song(genre), frame, variant, notes),
                Part::Bass | Part::Chords => {
                    let lines =
                        if part == Part::Bass { song(genre).bass } else { song(genre).chords };
                    comp(part, lines, frame, chord_at, notes);
                }
                Part::Lead => lead(song(genre), frame, chord, variant, notes),
            }
            thin_out(part_controls.density, &mut stream, notes);
            if part != Part::Drums {
                place(part_controls.register, controls, notes);
            }
            if let Some(given) = followed.filter(|_| part != Part::Drums) {
                follow(part, given, controls, notes);
            }
            breathe(genre, &mut stream, notes);
            notes.sort_by_key(|note| (note.position, note.pitch));
            notes.dedup_by_key(|note| (note.position, note.pitch));
        }
        beat
    }
}

impl Generator for PatternGenerator {
    fn compose(
        &mut self,
        _history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> Result<GridBeat, GenerateError> {
        Ok(self.beat(frame, controls, pass))
    }
}

/// The steps of a bar's line that begin in the beat.
///
/// A line has any number of symbols that divides 96; `.` and `-` begin nothing.
fn steps(
    frame: &BeatFrame,
    line_of_bar: impl Fn(i64) -> &'static str,
) -> impl Iterator<Item = Step> {
    let bar_cells = (frame.meter.bar_ticks().0 / TICKS_PER_CELL).max(1);
    let first = frame.offset_in_bar().0.max(0) / TICKS_PER_CELL;
    let frame = *frame;
    (0..CELLS_PER_BEAT).filter_map(move |position| {
        let cell = first + position;
        let bar_number = frame.bar_number + cell.div_euclid(bar_cells);
        let bar_cell = cell.rem_euclid(bar_cells).rem_euclid(SONG_BAR_CELLS);
        let line = line_of_bar(bar_number).as_bytes();
        let step_cells = SONG_BAR_CELLS / line.len().max(1) as i64;
        if bar_cell % step_cells != 0 {
            return None;
        }
        let idx = (bar_cell / step_cells) as usize;
        let symbol = *line.get(idx)?;
        if matches!(symbol, b'.' | b'-') {
            return None;
        }
        let n_held = line.iter().skip(idx + 1).take_while(|held| **held == b'-').count();
        let duration = ((n_held + 1) as i64 * step_cells) as u16;
        Some(Step { position: position as u8, bar_cell, bar_number, symbol, duration })
    })
}

/// One of several bars, in order and from the start again.
fn in_turn<T: Copy>(bars: &[T], number: i64) -> Option<T> {
    let n_bars = i64::try_from(bars.len()).ok().filter(|n| *n > 0)?;
    bars.get(number.rem_euclid(n_bars) as usize).copied()
}

/// The chord at a cell of the frame's bar.
fn chord_at(song: &Song, minor: bool, frame: &BeatFrame, cell: i64) -> Option<Chord> {
    let bars = if minor { song.minor } else { song.major };
    let bar_cells = (frame.meter.bar_ticks().0 / TICKS_PER_CELL).max(1);
    let names = in_turn(bars, frame.bar_number + cell.div_euclid(bar_cells))?;
    let n_chords = names.split(' ').count() as i64;
    let idx = cell.rem_euclid(bar_cells) * n_chords / bar_cells;
    names.split(' ').nth(idx as usize).and_then(|name| Chord::parse(name).ok())
}

fn drums(song: &Song, frame: &BeatFrame, variant: u64, notes: &mut Vec<GridNote>) {
    // Every fourth bar ends in a fill, every eighth surely.
    let fills = frame.bar_number.rem_euclid(8) == 7
        || (frame.bar_number.rem_euclid(4) == 3 && variant.is_multiple_of(2));
    let Some(bar) = in_turn(song.drums, frame.bar_number) else { return };
    let bar = if fills { song.fill } else { bar };
    for &(key, line) in bar {
        for step in steps(frame, |_| line) {
            notes.push(GridNote {
                position: step.position,
                pitch: key,
                duration: step.duration.min(6),
                velocity: velocity(step.symbol),
                micro: 0,
            });
        }
    }
    let starts_section = frame.bar_number.rem_euclid(8) == 0 && frame.offset_in_bar().0 == 0;
    if starts_section && let Some(key) = song.crash {
        notes.retain(|note| note.position != 0 || !matches!(note.pitch, 42 | 44 | 51));
        notes.push(GridNote {
            position: 0,
            pitch: key,
            duration: 24,
            velocity: Velocity::clamped(104),
            micro: 0,
        });
    }
}

/// Loudness of a symbol: accents in capitals, ghosts as `o`.
fn velocity(symbol: u8) -> Velocity {
    Velocity::clamped(match symbol {
        b'X' => 112,
        b'o' => 46,
        symbol if symbol.is_ascii_uppercase() => 104,
        _ => 86,
    })
}

/// Bass and chords: figures of chord tones and whole chords.
fn comp(
    part: Part,
    lines: &'static [&'static str],
    frame: &BeatFrame,
    chord_at: impl Fn(i64) -> Option<Chord>,
    notes: &mut Vec<GridNote>,
) {
    // The root lies in the octave from `base`.
    let base = if part == Part::Bass { 33 } else { 53 };
    let first = frame.offset_in_bar().0.max(0) / TICKS_PER_CELL;
    for step in steps(frame, |bar| in_turn(lines, bar).unwrap_or(".")) {
        let Some(chord) = chord_at(first + i64::from(step.position)) else { continue };
        let root = base + (i32::from(chord.root.number()) - base).rem_euclid(12);
        let tones: Vec<i32> = (0..12).filter(|i| chord.quality.intervals() >> i & 1 == 1).collect();
        let tone = |idx: usize| tones.get(idx).copied().unwrap_or(12);
        let pitches: Vec<i32> = match step.symbol {
            b'1' => vec![root],
            b'3' => vec![root + tone(1)],
            b'5' => vec![root + tone(2)],
            b'7' => vec![root + tones.get(3).copied().unwrap_or(9)],
            b'8' => vec![root + 12],
            // A step below the root's octave leads into it.
            b'a' => vec![root - 1],
            b'l' => vec![root - 12],
            _ => close_voicing(chord),
        };
        notes.extend(pitches.into_iter().map(|pitch| GridNote {
            position: step.position,
            pitch: pitch.clamp(24, 96) as u8,
            duration: step.duration,
            velocity: match step.symbol {
                b'x' => Velocity::clamped(70),
                b'X' => Velocity::clamped(84),
                b'o' => Velocity::clamped(48),
                _ if step.bar_cell == 0 => Velocity::clamped(92),
                _ => Velocity::clamped(80),
            },
            micro: 0,
        }));
    }
}

/// A chord's notes between E3 and D#4 or G4, so that voices move little from chord to chord.
fn close_voicing(chord: Chord) -> Vec<i32> {
    (52..64).filter(|pitch| chord.pitch_classes() >> (pitch % 12) & 1 == 1).collect()
}

fn lead(
    song: &Song,
    frame: &BeatFrame,
    chord: Option<Chord>,
    variant: u64,
    notes: &mut Vec<GridNote>,
) {
    // Two bars of four rest or sing in turn, by the bar's own draw.
    let lines = if (variant >> 8).is_multiple_of(3) { song.lead_answer } else { song.lead };
    for step in steps(frame, |bar| in_turn(lines, bar).unwrap_or(".")) {
        let Some(natural) = letter(step.symbol) else { continue };
        let mut pitch = natural;
        let on_strong_beat = step.bar_cell % (2 * CELLS_PER_BEAT) == 0;
        if let Some(chord) = chord.filter(|_| on_strong_beat || step.duration >= 12) {
            pitch = nearest(natural, chord.pitch_classes());
        }
        let at_phrase_end = step.bar_number.rem_euclid(4) == 3;
        notes.push(GridNote {
            position: step.position,
            pitch: pitch as u8,
            duration: step.duration,
            velocity: Velocity::clamped(
                if on_strong_beat { 96 } else { 84 } - 6 * i32::from(at_phrase_end),
            ),
            micro: 0,
        });
    }
}

/// Capitals are the octave from middle C, small letters the one above it.
fn letter(symbol: u8) -> Option<i32> {
    let class = match symbol.to_ascii_uppercase() {
        b'C' => 0,
        b'D' => 2,
        b'E' => 4,
        b'F' => 5,
        b'G' => 7,
        b'A' => 9,
        b'B' => 11,
        _ => return None,
    };
    Some(if symbol.is_ascii_uppercase() { 60 } else { 72 } + class)
}

/// The pitch nearest to `pitch` whose class is in `classes`; the lower of two.
fn nearest(pitch: i32, classes: u16) -> i32 {
    let allowed = |p: &i32| classes >> p.rem_euclid(12) & 1 == 1;
    (0..12).flat_map(|d| [pitch - d, pitch + d]).find(allowed).unwrap_or(pitch)
}

/// Leaves out notes beside the beat below the middle of `density`, splits long ones above it.
fn thin_out(density: f32, stream: &mut u64, notes: &mut Vec<GridNote>) {
    let (sparse, dense) = ((0.5 - density).max(0.0) * 1.8, (density - 0.5).max(0.0) * 1.6);
    let mut more = Vec::new();
    notes.retain_mut(|note| {
        let draw = random::unit(random::next(stream));
        if note.position != 0 && draw < sparse {
            return false;
        }
        if note.duration >= 12 && note.position < 12 && draw < dense {
            let half = note.duration.min(24) / 2;
            let softer = Velocity::clamped(i32::from(note.velocity.number()) - 14);
            more.push(GridNote {
                position: note.position + half as u8,
                duration: half,
                velocity: softer,
                ..*note
            });
            note.duration = half;
        }
        true
    });
    notes.append(&mut more);
}

/// Puts what is struck on the beat on notes of a chord to follow, and the bass on its root or slash;
/// the scale goes first.
fn follow(part: Part, given: GivenChord, controls: &Controls, notes: &mut [GridNote]) {
    let scale = scale_classes(controls);
    let asked = if part == Part::Bass { 1 << given.bass.number() } else { given.tones };
    let Some(classes) = [asked, given.tones].into_iter().map(|set| set & scale).find(|s| *s != 0)
    else {
        return;
    };
    for note in notes.iter_mut().filter(|note| note.position == 0) {
        note.pitch = nearest(note.pitch.into(), classes).clamp(0, 127) as u8;
    }
}

/// Pitch classes of the scale on the grid.
fn scale_classes(controls: &Controls) -> u16 {
    let home = if controls.scale.is_minor() { 9 } else { 0 };
    let mask = u32::from(controls.scale.mask());
    ((mask << home | mask >> (12 - home)) & 0xfff) as u16
}

/// Puts pitched notes into the register and the scale.
fn place(register: f32, controls: &Controls, notes: &mut [GridNote]) {
    let octaves = (register.clamp(-1.0, 1.0) * 1.5).round() as i32;
    let classes = scale_classes(controls);
    for note in notes {
        let pitch = nearest(i32::from(note.pitch) + 12 * octaves, classes);
        note.pitch = pitch.clamp(12, 115) as u8;
    }
}

/// Small differences of loudness and time, larger where a genre is played loosely.
fn breathe(genre: Genre, stream: &mut u64, notes: &mut [GridNote]) {
    let looseness = match genre {
        Genre::Electronic => 0,
        Genre::Rock => 1,
        Genre::Classical | Genre::Folk | Genre::HipHop => 2,
        Genre::Jazz => 3,
    };
    for note in notes {
        let bits = random::next(stream);
        let louder = (bits % 5) as i32 - 2;
        note.velocity =
            Velocity::clamped(i32::from(note.velocity.number()) + louder * (1 + looseness));
        let later = ((bits >> 8) % 3) as i32 - 1;
        note.micro = (later * looseness / 2).clamp(0, i32::from(MAX_MICRO)) as i8;
    }
}

#[cfg(test)]
mod tests;
