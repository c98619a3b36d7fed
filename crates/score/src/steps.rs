//! The steps that the model reads and predicts.
//!
//! A beat is a BEAT step, which predicts the beat's chord, and then for each present part a
//! START step and a NOTE step a note. START and NOTE steps predict the next note of their part
//! in this beat, or its END. So each decision is made under the genre of exactly one part.
//!
//! A step also says what the same part did at the same place one, two, four and eight bars ago
//! (`REF*`), and which of these bars its own repeats, if any ([`FORM`]). That gives music form
//! beyond the attention window.

use crate::grid::{self, CELLS_PER_BEAT, MAX_MICRO};
use crate::hash::Fnv1a;
use crate::{
    BeatFrame, Chord, Form, GridBeat, GridNote, HistoryBeat, Meter, Mode, Part, Tempo, Velocity,
};

/// Number of input fields of a step, [`COND`] last.
pub const N_INPUTS: usize = 24;

/// What kind of step: 0 BEAT, 1..=4 START of a part, 5..=8 NOTE of a part.
pub const KIND: usize = 0;
/// Position of the note, 24 where there is none.
pub const POS: usize = 1;
/// The symbol: pitch, drum, or at BEAT steps the chord before.
pub const SYM: usize = 2;
/// Duration class of the note, 32 where there is none.
pub const DUR: usize = 3;
/// Chord class of the beat; at BEAT steps that of the beat before.
pub const CHORD: usize = 4;
/// Half beats since the bar's start, at most 31.
pub const BAR_POS: usize = 5;
/// Bar in a phrase of eight.
pub const PHRASE: usize = 6;
/// Meter class.
pub const METER: usize = 7;
/// Tempo class, 0 unknown.
pub const TEMPO: usize = 8;
/// 0 major, 1 minor, 2 unknown.
pub const MODE: usize = 9;
/// Bits of the parts present.
pub const MASK: usize = 10;
/// Density class of the step's part, 0 hidden.
pub const DENSITY: usize = 11;
/// Register class of the step's part, 0 hidden.
pub const REGISTER: usize = 12;
/// First of eight reference fields: position and symbol one, two, four and eight bars ago.
pub const REF: usize = 13;
/// [`Form`] of the bar in the step's part, or of its chords; 0 hidden.
pub const FORM: usize = 21;
/// Bars to the song's end: 1 in its last bar, 4 three bars before; 0 elsewhere or hidden.
pub const CLOSING: usize = 22;
/// Row of the condition table: slot times 7 plus genre; slot 0 is harmony, 1..=4 are parts.
pub const COND: usize = 23;

/// Values a field can take.
pub const FIELD_SIZES: [usize; N_INPUTS] = [
    9,
    POSITIONS,
    N_SYMBOLS,
    N_DURATIONS + 1,
    Chord::N_CLASSES,
    32,
    8,
    8,
    8,
    3,
    16,
    N_DENSITIES,
    N_REGISTERS,
    REF_POSITIONS,
    N_SYMBOLS,
    REF_POSITIONS,
    N_SYMBOLS,
    REF_POSITIONS,
    N_SYMBOLS,
    REF_POSITIONS,
    N_SYMBOLS,
    Form::N_STEP_CLASSES,
    N_CLOSINGS,
    N_SLOTS * N_CONDITIONS,
];

/// Bars back that the reference fields look.
pub const REF_BARS: [i64; 4] = [1, 2, 4, 8];

/// Positions a note can take, and END.
pub const POSITIONS: usize = 25;
/// The END class of a position, and "no note" as an input.
pub const END: u16 = 24;
/// Reference positions: a position, END, or unknown.
pub const REF_POSITIONS: usize = 26;
/// The reference position that says nothing.
pub const REF_UNKNOWN: u16 = 25;

/// First drum symbol; drum key 27 has this one.
pub const DRUM_SYMBOLS: u16 = 128;
/// Lowest drum key that has a symbol.
pub const LOWEST_DRUM: u8 = 27;
/// Highest drum key that has a symbol.
pub const HIGHEST_DRUM: u8 = 90;
/// Symbols a note can have: 128 pitches and 64 drums.
pub const N_NOTE_SYMBOLS: usize = 192;
/// First chord symbol.
pub const CHORD_SYMBOLS: u16 = 192;
/// The symbol that says nothing.
pub const NO_SYMBOL: u16 = CHORD_SYMBOLS + Chord::N_CLASSES as u16;
/// All symbols.
pub const N_SYMBOLS: usize = NO_SYMBOL as usize + 1;

/// Lengths in cells of the duration classes.
pub const DURATIONS: [u16; 32] = [
    1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 18, 20, 21, 24, 30, 32, 36, 42, 48, 60, 72, 84, 96,
    120, 144, 168, 192, 240, 288, 384,
];
/// Number of duration classes.
pub const N_DURATIONS: usize = DURATIONS.len();
/// Duration class of drums, whose ends mean nothing: six cells, a sixteenth.
pub const DRUM_DURATION: u16 = 5;

/// Number of velocity classes.
pub const N_VELOCITIES: usize = 8;
/// Number of micro-timing classes.
pub const N_MICROS: usize = 2 * MAX_MICRO as usize + 1;
/// Density classes, 0 hidden.
pub const N_DENSITIES: usize = 8;
/// Register classes, 0 hidden.
pub const N_REGISTERS: usize = 8;

/// Closing classes, 0 hidden.
pub const N_CLOSINGS: usize = 5;

/// Condition slots: harmony and four parts.
pub const N_SLOTS: usize = 5;
/// Conditions a slot: six genres and null.
pub const N_CONDITIONS: usize = 7;
/// The null condition.
pub const NULL_CONDITION: u16 = 6;

/// Number of targets of a step.
pub const N_TARGETS: usize = 6;
/// Target: chord class of the beat, at BEAT steps.
pub const T_CHORD: usize = 0;
/// Target: position of the next note, or END.
pub const T_POS: usize = 1;
/// Target: its symbol.
pub const T_SYM: usize = 2;
/// Target: its duration class, pitched parts only.
pub const T_DUR: usize = 3;
/// Target: its velocity class, where dynamics are real.
pub const T_VEL: usize = 4;
/// Target: its micro-timing class, where timing is real.
pub const T_MICRO: usize = 5;
/// A target that does not count.
pub const IGNORE: u16 = u16::MAX;

/// Number of classes of each target.
pub const TARGET_SIZES: [usize; N_TARGETS] =
    [Chord::N_CLASSES, POSITIONS, N_NOTE_SYMBOLS, N_DURATIONS, N_VELOCITIES, N_MICROS];

/// Classes of all targets together.
pub const N_CLASSES: usize = first_class(N_TARGETS);

/// Where a target's classes begin among those of all targets behind each other.
pub const fn first_class(target: usize) -> usize {
    let (mut at, mut before) = (0, 0);
    while before < target {
        at += TARGET_SIZES[before];
        before += 1;
    }
    at
}

/// A step: inputs, and in training the targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// One value a field, each below [`FIELD_SIZES`].
    pub inputs: [u16; N_INPUTS],
    /// One class a target, or [`IGNORE`].
    pub targets: [u16; N_TARGETS],
}

/// What a step knows besides notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Bits of the parts present.
    pub mask: u8,
    /// The mode, if known.
    pub mode: Option<Mode>,
    /// [`tempo_class`], 0 unknown.
    pub tempo: u8,
    /// [`density_class`] a part, 0 hidden.
    pub density: [u8; 4],
    /// [`register_class`] a part, 0 hidden.
    pub register: [u8; 4],
    /// Condition a slot, `0..7`.
    pub genres: [u8; N_SLOTS],
    /// Hides the reference fields.
    pub hide_references: bool,
    /// Form a slot of the bar that the beat lies in; none hidden.
    pub forms: [Option<Form>; N_SLOTS],
    /// [`CLOSING`], 0 hidden.
    pub closing: u8,
}

/// The duration class nearest to a length in cells, by ratio.
pub fn duration_class(cells: u16) -> u16 {
    let cells = f32::from(cells.max(1));
    let distance = |class: usize| (f32::from(DURATIONS[class]) / cells).ln().abs();
    (0..N_DURATIONS).min_by(|a, b| distance(*a).total_cmp(&distance(*b))).unwrap_or(0) as u16
}

/// The velocity class: eight equal bands of `1..=127`.
pub fn velocity_class(velocity: Velocity) -> u16 {
    u16::from(velocity.number()) / 16
}

/// The middle of a velocity class.
pub fn class_velocity(class: u16) -> Velocity {
    Velocity::clamped(i32::from(class) * 16 + 8)
}

/// The symbol of a note; drum keys outside 27..=90 have none.
pub fn symbol(part: Part, pitch: u8) -> Option<u16> {
    match part {
        Part::Drums if !(LOWEST_DRUM..=HIGHEST_DRUM).contains(&pitch) => None,
        Part::Drums => Some(DRUM_SYMBOLS + u16::from(pitch - LOWEST_DRUM)),
        _ => Some(u16::from(pitch)),
    }
}

/// The key number of a note symbol.
pub fn symbol_pitch(symbol: u16) -> u8 {
    if symbol >= DRUM_SYMBOLS { (symbol - DRUM_SYMBOLS) as u8 + LOWEST_DRUM } else { symbol as u8 }
}

/// Tempo in seven bands, `1..=7`.
pub fn tempo_class(tempo: Tempo) -> u8 {
    const EDGES: [f64; 6] = [70.0, 85.0, 100.0, 115.0, 130.0, 150.0];
    1 + EDGES.iter().filter(|edge| tempo.bpm() >= **edge).count() as u8
}

/// Notes a beat of a part in seven bands, `1..=7`.
pub fn density_class(notes_per_beat: f32) -> u8 {
    const EDGES: [f32; 6] = [0.4, 0.8, 1.4, 2.2, 3.5, 5.5];
    1 + EDGES.iter().filter(|edge| notes_per_beat >= **edge).count() as u8
}

/// Mean pitch of a part in seven bands, `1..=7`.
pub fn register_class(mean_pitch: f32) -> u8 {
    const EDGES: [f32; 6] = [36.0, 44.0, 52.0, 60.0, 68.0, 76.0];
    1 + EDGES.iter().filter(|edge| mean_pitch >= **edge).count() as u8
}

/// Number of a beat behind the last bar; no class, since nothing is composed there.
pub const ENDED: u8 = N_CLOSINGS as u8;

/// The class of a bar that has `bars_left` bars of its song behind it.
pub fn closing_class(bars_left: i64) -> u8 {
    if (0..N_CLOSINGS as i64 - 1).contains(&bars_left) { 1 + bars_left as u8 } else { 0 }
}

/// The meter's class, `0..8`, by length of bar and simple or compound.
pub fn meter_class(meter: Meter) -> u16 {
    match (meter.numerator(), meter.denominator()) {
        (4, 4) | (2, 2) | (8, 8) => 0,
        (3, 4) | (3, 2) => 1,
        (6, 8) | (6, 4) => 2,
        (2, 4) | (4, 8) => 3,
        (9, 8) => 4,
        (12, 8) => 5,
        (3, 8) => 6,
        _ => 7,
    }
}

/// A fingerprint of everything above; weights of another one do not fit.
pub fn fingerprint() -> u64 {
    let mut hash = Fnv1a::default();
    let numbers = FIELD_SIZES
        .iter()
        .chain(&TARGET_SIZES)
        .map(|size| *size as u64)
        .chain(DURATIONS.iter().map(|cells| u64::from(*cells)))
        .chain(REF_BARS.iter().map(|bars| *bars as u64))
        .chain([CELLS_PER_BEAT as u64, u64::from(LOWEST_DRUM), grid::TICKS_PER_MICRO as u64]);
    for number in numbers {
        hash.bytes(&number.to_le_bytes());
    }
    hash.finish()
}

/// Makes the steps of one beat, given the beats before it.
#[derive(Clone, Copy, Debug)]
pub struct BeatEncoder<'a> {
    past: &'a [HistoryBeat],
    frame: BeatFrame,
    conditions: Conditions,
}

impl<'a> BeatEncoder<'a> {
    /// `past` holds the beats before `frame`, oldest first, without gaps; eight bars suffice.
    pub fn new(past: &'a [HistoryBeat], frame: BeatFrame, conditions: Conditions) -> Self {
        Self { past, frame, conditions }
    }

    /// The BEAT step, which predicts this beat's chord.
    pub fn beat_step(&self) -> Step {
        let before = self.past.last().and_then(|beat| beat.music.chord);
        let mut inputs = self.common(0, 0, before);
        inputs[SYM] = match self.past.last() {
            Some(_) => CHORD_SYMBOLS + Chord::index(before) as u16,
            None => NO_SYMBOL,
        };
        for (i, bars) in REF_BARS.into_iter().enumerate() {
            let back = (self.reference_cells(bars) + CELLS_PER_BEAT - 1) / CELLS_PER_BEAT;
            let chord = self.past_beat(self.frame.beat - back).map(|beat| beat.chord);
            if let (Some(chord), false) = (chord, self.conditions.hide_references) {
                inputs[REF + 2 * i] = END;
                inputs[REF + 2 * i + 1] = CHORD_SYMBOLS + Chord::index(chord) as u16;
            }
        }
        Step { inputs, targets: [IGNORE; N_TARGETS] }
    }

    /// The START step of a part, which predicts its first note.
    pub fn start_step(&self, part: Part, chord: Option<Chord>) -> Step {
        let mut inputs = self.common(1 + part.index(), 1 + part.index(), chord);
        self.fill_references(&mut inputs, part, None);
        Step { inputs, targets: [IGNORE; N_TARGETS] }
    }

    /// The NOTE step of a note, which predicts the part's next one.
    pub fn note_step(&self, part: Part, chord: Option<Chord>, note: &GridNote) -> Step {
        let mut inputs = self.common(5 + part.index(), 1 + part.index(), chord);
        inputs[POS] = u16::from(note.position);
        inputs[SYM] = symbol(part, note.pitch).unwrap_or(NO_SYMBOL);
        inputs[DUR] =
            if part == Part::Drums { DRUM_DURATION } else { duration_class(note.duration) };
        self.fill_references(&mut inputs, part, Some(note));
        Step { inputs, targets: [IGNORE; N_TARGETS] }
    }

    /// All steps of a beat that is known, with targets.
    ///
    /// `expressive` says a part whether its velocity and its micro-timing are real.
    pub fn encode(&self, music: &GridBeat, expressive: [(bool, bool); 4], steps: &mut Vec<Step>) {
        let mut beat = self.beat_step();
        beat.targets[T_CHORD] = Chord::index(music.chord) as u16;
        steps.push(beat);
        for part in Part::ALL {
            if self.conditions.mask >> part.index() & 1 == 0 {
                continue;
            }
            let mut step = self.start_step(part, music.chord);
            for note in &music.parts[part.index()] {
                let Some(sym) = symbol(part, note.pitch) else { continue };
                let (dynamics, timing) = expressive[part.index()];
                step.targets[T_POS] = u16::from(note.position);
                step.targets[T_SYM] = sym;
                if part != Part::Drums {
                    step.targets[T_DUR] = duration_class(note.duration);
                }
                if dynamics {
                    step.targets[T_VEL] = velocity_class(note.velocity);
                }
                if timing {
                    step.targets[T_MICRO] = (note.micro + MAX_MICRO) as u16;
                }
                steps.push(step);
                step = self.note_step(part, music.chord, note);
            }
            step.targets[T_POS] = END;
            steps.push(step);
        }
    }

    fn common(&self, kind: usize, slot: usize, chord: Option<Chord>) -> [u16; N_INPUTS] {
        let Conditions { mask, mode, tempo, density, register, genres, forms, closing, .. } =
            self.conditions;
        let part = slot.checked_sub(1);
        let half_beats = self.frame.offset_in_bar().0 * 2 / crate::TICKS_PER_QUARTER;
        let mut inputs = [0; N_INPUTS];
        inputs[KIND] = kind as u16;
        inputs[POS] = END;
        inputs[SYM] = NO_SYMBOL;
        inputs[DUR] = N_DURATIONS as u16;
        inputs[CHORD] = Chord::index(chord) as u16;
        inputs[BAR_POS] = half_beats.clamp(0, 31) as u16;
        inputs[PHRASE] = self.frame.bar_number.rem_euclid(8) as u16;
        inputs[METER] = meter_class(self.frame.meter);
        inputs[TEMPO] = u16::from(tempo);
        inputs[MODE] = mode.map_or(2, |mode| mode as u16);
        inputs[MASK] = u16::from(mask);
        inputs[DENSITY] = part.map_or(0, |part| u16::from(density[part]));
        inputs[REGISTER] = part.map_or(0, |part| u16::from(register[part]));
        for i in 0..REF_BARS.len() {
            inputs[REF + 2 * i] = REF_UNKNOWN;
            inputs[REF + 2 * i + 1] = NO_SYMBOL;
        }
        inputs[FORM] = u16::from(Form::step_class(forms[slot]));
        inputs[CLOSING] = u16::from(closing);
        inputs[COND] = (slot * N_CONDITIONS) as u16 + u16::from(genres[slot]);
        inputs
    }

    /// Length of `bars` bars in cells; bars shorter than a beat are taken together.
    fn reference_cells(&self, bars: i64) -> i64 {
        let mut bar = self.frame.meter.bar_ticks().0 / grid::TICKS_PER_CELL;
        while bar < CELLS_PER_BEAT {
            bar = bar.max(1) * 2;
        }
        bar * bars
    }

    fn past_beat(&self, beat: i64) -> Option<&'a GridBeat> {
        let first = self.frame.beat - self.past.len() as i64;
        usize::try_from(beat - first).ok().and_then(|i| self.past.get(i)).map(|beat| &beat.music)
    }

    /// What the part did one, two, four and eight bars before the place behind `after`.
    fn fill_references(&self, inputs: &mut [u16; N_INPUTS], part: Part, after: Option<&GridNote>) {
        if self.conditions.hide_references {
            return;
        }
        for (i, bars) in REF_BARS.into_iter().enumerate() {
            let start = self.frame.beat * CELLS_PER_BEAT - self.reference_cells(bars);
            if self.past_beat(start.div_euclid(CELLS_PER_BEAT)).is_none() {
                continue;
            }
            inputs[REF + 2 * i] = END;
            // A bar that is no whole number of beats makes the span cross a beat's border.
            let borders = [
                start.div_euclid(CELLS_PER_BEAT),
                (start + CELLS_PER_BEAT - 1).div_euclid(CELLS_PER_BEAT),
            ];
            let found = (borders[0]..=borders[1])
                .filter_map(|beat| self.past_beat(beat).map(|music| (beat, music)))
                .flat_map(|(beat, music)| {
                    music.parts[part.index()].iter().map(move |note| {
                        (beat * CELLS_PER_BEAT + i64::from(note.position) - start, note)
                    })
                })
                .find(|(position, note)| {
                    (0..CELLS_PER_BEAT).contains(position)
                        && after.is_none_or(|after| {
                            (*position, note.pitch) > (i64::from(after.position), after.pitch)
                        })
                });
            if let Some((position, note)) = found {
                inputs[REF + 2 * i] = position as u16;
                inputs[REF + 2 * i + 1] = symbol(part, note.pitch).unwrap_or(NO_SYMBOL);
            }
        }
    }
}

#[cfg(test)]
mod tests;
