//! Which take of each part is heard, which phrases were composed anew, and which parts are locked.

use std::collections::BTreeMap;

use player::BeatRequest;
use score::grid::{BeatFrame, GridNote};
use score::{Chord, Meter, Part, Ticks};

use crate::ledger::{Cell, phrase_sources, place, whole_phrase};

/// Phrases that are remembered as composed anew; the oldest is forgotten first.
pub(crate) const MAX_RENEWED: usize = 64;

/// Beats of a part that a lock keeps: 64 bars of 4/4.
pub(crate) const MAX_LOCKED: usize = 256;

/// Bars that are a phrase where none is set.
const PHRASE_BARS: u8 = 4;

/// Which of its takes a part plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Take {
    /// From 0, the first.
    pub current: u32,
    /// The newest there is.
    pub newest: u32,
    /// Whether the part is locked.
    pub locked: bool,
}

/// Beats that were composed anew together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Renewed {
    pub(crate) first: i64,
    /// One past the last beat.
    pub(crate) end: i64,
    /// Its number, from 1; no two have the same.
    pub(crate) number: u32,
}

/// One beat of a locked part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LockedBeat {
    pub(crate) place: (Meter, Ticks),
    pub(crate) chord: Option<Chord>,
    pub(crate) take: u32,
    pub(crate) notes: Vec<GridNote>,
}

/// What commands have asked for.
///
/// # Takes
/// Every part plays one of its takes, from 0 to the newest. Another take is heard where the part's
/// beats would be used again, and everywhere else from the next beat on; a take that was heard at a
/// beat comes back as it was while the beat is remembered ([`Cell::turn_to`]).
///
/// # Phrases
/// A phrase that is composed anew is composed whole, chords included, wherever one of its beats is
/// asked for; beats outside of it stay. Taken back, the beats before it are heard again.
///
/// # Locks
/// A locked part keeps the notes that it had when it was locked, at every beat that was composed
/// since the start (the last [`MAX_LOCKED`] of them), and where a phrase repeats such a beat,
/// whatever the controls, `evolve` and commands ask for. The parts around it are composed to its
/// chord and its notes. Elsewhere it plays on as if it were not locked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Takes {
    pub(crate) current: [u32; 4],
    pub(crate) newest: [u32; 4],
    pub(crate) renewed: Vec<Renewed>,
    /// How many phrases were renewed, taken back ones included.
    pub(crate) n_renewed: u32,
    pub(crate) locked: [Option<BTreeMap<i64, LockedBeat>>; 4],
}

impl Takes {
    /// Whether a part stays as it is.
    pub(crate) fn is_locked(&self, part: Part) -> bool {
        self.locked[part.index()].is_some()
    }

    /// Composes a part anew.
    pub(crate) fn regenerate(&mut self, part: Part) {
        if !self.is_locked(part) {
            let newest = &mut self.newest[part.index()];
            *newest = newest.wrapping_add(1);
            self.current[part.index()] = *newest;
        }
    }

    /// Goes back by a take, or forward.
    pub(crate) fn step(&mut self, part: Part, forward: bool) {
        let (current, newest) = (&mut self.current[part.index()], self.newest[part.index()]);
        if self.locked[part.index()].is_none() {
            *current = match forward {
                true => current.saturating_add(1).min(newest),
                false => current.saturating_sub(1),
            };
        }
    }

    /// Goes back to the first takes of all parts that are not locked.
    pub(crate) fn first(&mut self) {
        for part in Part::ALL {
            if !self.is_locked(part) {
                self.current[part.index()] = 0;
            }
        }
    }

    /// Composes the phrase around a beat anew; `last` is the newest frame that was asked for, and
    /// says where bars begin.
    pub(crate) fn renew_phrase(&mut self, beat: i64, last: &BeatFrame, phrase_bars: u8) {
        // A window may say anything; no song is that long.
        let beat = beat.clamp(-1_000_000_000, 1_000_000_000);
        let (first, end) = phrase_around(beat, last, phrase_bars);
        self.n_renewed = self.n_renewed.wrapping_add(1).max(1);
        if self.renewed.len() >= MAX_RENEWED {
            self.renewed.remove(0);
        }
        self.renewed.push(Renewed { first, end, number: self.n_renewed });
    }

    /// The number of the newest phrase that was composed anew around a beat, 0 for none.
    pub(crate) fn renewal(&self, beat: i64) -> u32 {
        let holds = |phrase: &&Renewed| (phrase.first..phrase.end).contains(&beat);
        self.renewed.iter().rev().find(holds).map_or(0, |phrase| phrase.number)
    }

    /// What a locked part plays at a beat, if that was heard when it was locked.
    pub(crate) fn locked_beat(&self, part: Part, request: &BeatRequest) -> Option<&LockedBeat> {
        let beats = self.locked[part.index()].as_ref()?;
        let here = std::iter::once(request.frame.beat);
        let fitting = |beat| beats.get(&beat).filter(|locked| locked.place == place(request));
        here.chain(phrase_sources(request)).find_map(fitting)
    }
}

/// Takes a locked part's notes over into a cell; `true` when they were others.
pub(crate) fn put(cell: &mut Cell, part: Part, locked: &LockedBeat) -> bool {
    let idx = part.index();
    cell.music.takes[idx] = locked.take;
    let differs = cell.music.parts[idx] != locked.notes;
    if differs {
        cell.music.parts[idx].clone_from(&locked.notes);
    }
    differs
}

/// First beat of the phrase around a beat, and one past its last.
fn phrase_around(beat: i64, last: &BeatFrame, phrase_bars: u8) -> (i64, i64) {
    let bar = last.meter.bar_ticks().0.max(1);
    let bars = if phrase_bars == 0 { PHRASE_BARS } else { phrase_bars };
    let (n_bars, _) = whole_phrase(last.meter, bars);
    let since = Ticks::from_beat(beat).0.saturating_sub(last.bar_start.0);
    let number = last.bar_number.saturating_add(since.div_euclid(bar));
    let first_bar = number.div_euclid(n_bars) * n_bars;
    let start = last.bar_start.0 + (first_bar - last.bar_number) * bar;
    let ticks = Ticks::from_beat(1).0;
    // A beat belongs to the phrase that it begins in.
    let first_from = |at: i64| -(-at).div_euclid(ticks);
    (first_from(start), first_from(start + n_bars * bar))
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::Tempo;

    #[test]
    fn a_phrase_lies_around_its_beats() {
        let frame = |beat, meter| BeatFrame::regular(beat, meter, Tempo::default());
        let common = Meter::default();
        for beat in 32..48 {
            assert_eq!(phrase_around(beat, &frame(90, common), 0), (32, 48), "{beat}");
            assert_eq!(phrase_around(beat, &frame(3, common), 4), (32, 48), "{beat}");
        }
        assert_eq!(phrase_around(-1, &frame(3, common), 1), (-4, 0));
        assert_eq!(phrase_around(10, &frame(3, common), 8), (0, 32));
        // Bars of three and a half beats are whole beats by twos.
        let seven_eighths = Meter::new(7, 8).unwrap();
        assert_eq!(phrase_around(8, &frame(3, seven_eighths), 1), (7, 14));
    }

    #[test]
    fn takes_go_to_and_fro_unless_they_are_locked() {
        let mut takes = Takes::default();
        let now = |takes: &Takes| (takes.current[3], takes.newest[3]);
        takes.step(Part::Lead, false);
        takes.step(Part::Lead, true);
        assert_eq!(now(&takes), (0, 0));
        takes.regenerate(Part::Lead);
        takes.regenerate(Part::Lead);
        takes.step(Part::Lead, false);
        assert_eq!(now(&takes), (1, 2));
        // What is composed anew is always new.
        takes.regenerate(Part::Lead);
        assert_eq!(now(&takes), (3, 3));
        takes.locked[3] = Some(BTreeMap::new());
        takes.regenerate(Part::Lead);
        takes.step(Part::Lead, false);
        takes.first();
        assert_eq!(now(&takes), (3, 3));
        takes.locked[3] = None;
        takes.first();
        assert_eq!(now(&takes), (0, 3));
    }
}
