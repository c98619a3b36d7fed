//! The lead's answer to a phrase that somebody played.
//!
//! What is taken up keeps its rhythm, as an answer in a fugue or a consequent phrase does, and its
//! contour: each note is drawn from those near the note of the call, moved with the chord or, where
//! that stays, in sequence. Which of them, the network says.

use score::answer::{Call, LeadTurn, lead_turn};
use score::random::Random;
use score::{BeatFrame, Chord, Controls, GridNote, HistoryBeat, TICKS_PER_QUARTER};

use crate::sampler::RandomKey;

/// Slot number of its random keys; those of chords, parts and forms lie below.
const KEY: u32 = 28;

/// Semitones by which a bar is moved where the chord stays: a third or a fourth down, a second or a
/// third up.
const SEQUENCES: [i32; 4] = [-5, -3, 2, 4];

/// Semitones around the moved note from which the answer's is drawn, the narrowest that has one.
const NEAR: core::ops::RangeInclusive<i32> = 2..=12;

/// Symbols that are pitches; drums lie behind them.
const N_KEYS: usize = 128;

/// What the lead is bound to in a beat of traded phrases.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role<'a> {
    /// To nothing: phrases are not traded.
    Free,
    /// It rests.
    Listens,
    /// It takes up a beat of what was played, in sequence by so many semitones.
    TakesUp(Call<'a>, i32),
    /// To what it has taken up, as a variation.
    GoesOn,
}

impl<'a> Role<'a> {
    /// The lead's part in the beat at `frame`.
    pub(crate) fn of(
        history: &'a [HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> Self {
        let Some(n_bars) = controls.answer else { return Self::Free };
        match lead_turn(history, frame, n_bars) {
            LeadTurn::Listens => Self::Listens,
            LeadTurn::GoesOn(_) => Self::GoesOn,
            LeadTurn::TakesUp(call) => {
                // The same for a whole bar.
                let beat = frame.bar_start.0.div_euclid(TICKS_PER_QUARTER);
                let key = RandomKey { seed: controls.seed, pass, beat, slot: KEY };
                Self::TakesUp(call, draw(&mut key.stream()))
            }
        }
    }
}

fn draw(random: &mut Random) -> i32 {
    let place = (random.uniform() * SEQUENCES.len() as f32) as usize;
    SEQUENCES[place.min(SEQUENCES.len() - 1)]
}

/// Semitones from a call's chord to its answer's by the shortest way, or where the root is the same
/// or not known, `sequence`.
fn shift(then: Option<Chord>, now: Option<Chord>, sequence: i32) -> i32 {
    match (then, now) {
        (Some(then), Some(now)) if then.root != now.root => {
            let up = i32::from(now.root.number()) - i32::from(then.root.number());
            (up + 6).rem_euclid(12) - 6
        }
        _ => sequence,
    }
}

/// The notes of a call, and how far they are moved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved<'a> {
    notes: &'a [GridNote],
    shift: i32,
}

impl<'a> Moved<'a> {
    /// What the lead is to take up under a chord, if it is to take up anything.
    pub(crate) fn of(role: Role<'a>, now: Option<Chord>) -> Option<Self> {
        let Role::TakesUp(Call { notes, chord }, sequence) = role else { return None };
        Some(Self { notes, shift: shift(chord, now, sequence) })
    }

    /// Place in the beat and pitch of its note after the first `n`; `None` behind the last.
    pub(crate) fn note(&self, n: usize) -> Option<(usize, i32)> {
        let note = self.notes.get(n)?;
        Some((note.position.into(), i32::from(note.pitch) + self.shift))
    }
}

/// Leaves the symbols of pitches near `pitch`, in another octave where the part does not reach it;
/// all if there is none.
pub(crate) fn keep_near(symbols: &mut [bool], pitch: i32) {
    let octaves = [0, -1, 1, -2, 2, -3, 3, -4, 4].map(|octaves| 12 * octaves);
    let mut places = NEAR.flat_map(|by| octaves.map(|octaves| (pitch + octaves, by)));
    let Some((pitch, by)) = places.find(|(pitch, by)| near(symbols, *pitch, *by).next().is_some())
    else {
        return;
    };
    let kept = pitch - by..=pitch + by;
    for (symbol, allowed) in symbols.iter_mut().enumerate() {
        *allowed &= symbol < N_KEYS && kept.contains(&(symbol as i32));
    }
}

fn near(symbols: &[bool], pitch: i32, by: i32) -> impl Iterator<Item = usize> {
    let of_pitches = pitch - by..=pitch + by;
    let places = of_pitches.filter_map(|pitch| usize::try_from(pitch).ok());
    places.filter(|symbol| *symbol < N_KEYS && symbols.get(*symbol) == Some(&true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::{ChordQuality, PitchClass};

    fn kept(allowed: impl Fn(usize) -> bool, pitch: i32) -> Vec<usize> {
        let mut symbols: Vec<bool> = (0..192).map(allowed).collect();
        keep_near(&mut symbols, pitch);
        (0..192).filter(|symbol| symbols[*symbol]).collect()
    }

    #[test]
    fn pitches_near_the_calls_are_left() {
        let is_white = |key: usize| (48..96).contains(&key) && 0xab5 >> (key % 12) & 1 == 1;
        assert_eq!(kept(is_white, 60), [59, 60, 62]);
        assert_eq!(kept(is_white, 100), [86, 88, 89], "an octave lower");
        assert_eq!(kept(|key| key == 69, 60), [69], "the scale goes first");
        assert_eq!(kept(|_| false, 60), [] as [usize; 0]);
    }

    #[test]
    fn an_answer_moves_with_the_chord() {
        let on = |root| Some(Chord { root: PitchClass::new(root), quality: ChordQuality::Major });
        assert_eq!(shift(on(0), on(7), 2), -5);
        assert_eq!(shift(on(7), on(0), 2), 5);
        assert_eq!(shift(on(0), on(0), 2), 2);
        assert_eq!(shift(None, on(7), 2), 2);
    }
}
