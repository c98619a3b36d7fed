//! Which classes may be drawn: everything else is masked, so no invalid step can come up.

use score::grid::CELLS_PER_BEAT;
use score::steps::{self, DRUM_SYMBOLS, DURATIONS, END, N_DURATIONS, N_NOTE_SYMBOLS, POSITIONS};
use score::{Chord, Controls, GivenChord, GridNote, Part};

/// Most notes that a part may start in one beat.
pub const MAX_NOTES: [usize; 4] = [24, 12, 24, 16];

/// Most steps that one beat can take.
pub const MAX_BEAT_STEPS: usize = 5 + MAX_NOTES[0] + MAX_NOTES[1] + MAX_NOTES[2] + MAX_NOTES[3];

/// Lowest and highest pitch of each part on the grid; drums are General MIDI keys.
///
/// A key moves pitched parts by at most six semitones, so they stay playable.
const RANGES: [(u8, u8); 4] = [(35, 81), (24, 64), (36, 96), (42, 98)];

/// The rules under one set of controls.
#[derive(Clone, Copy, Debug)]
pub struct Grammar {
    /// Allowed pitch classes on the grid, bit 0 is C.
    classes: u16,
    /// The tonic on the grid.
    home: u16,
    /// The tonic triad, as far as the scale has it.
    triad: u16,
    /// In a song's last bar: whether the beat begins it.
    last_bar: Option<bool>,
    /// What a chord to follow asks for.
    followed: Option<Followed>,
}

/// What a chord to follow asks for, as sets of pitch classes on the grid.
#[derive(Clone, Copy, Debug)]
struct Followed {
    /// What may be struck on the beat.
    tones: u16,
    /// The bass's first note under the chord: its root, or what stands behind the slash.
    bass: u16,
    /// Whether the bass has that note before it.
    is_due: bool,
}

/// Shortest length of a song's last notes, in cells.
const LAST_LENGTH: u16 = 2 * CELLS_PER_BEAT as u16;

impl Grammar {
    /// The rules that `controls` ask for.
    pub fn new(controls: &Controls) -> Self {
        // Music on the grid is in C major or A minor.
        let home = if controls.scale.is_minor() { 9 } else { 0 };
        let mask = controls.scale.mask();
        let bit = |class: u16| (mask >> ((class + 12 - home) % 12) & 1) << class;
        let classes = (0..12).map(bit).sum();
        let third = if controls.scale.is_minor() { 3 } else { 4 };
        let triad = [0, third, 7].iter().map(|step| 1 << ((home + step) % 12)).sum::<u16>();
        Self { classes, home, triad: triad & classes, last_bar: None, followed: None }
    }

    /// The rules under a chord to follow: what is struck on the beat is of its notes, and so is
    /// the bass's first note under it its root or slash, where `is_due`.
    ///
    /// The scale goes first: of a chord's notes those count that it has, and where it has none of
    /// them the chord asks for nothing.
    pub(crate) fn following(self, given: GivenChord, is_due: bool) -> Self {
        let within = |set: u16, otherwise: u16| match set & self.classes {
            0 => otherwise,
            set => set,
        };
        let tones = within(given.tones, self.classes);
        let root = within(1 << given.chord.root.number(), tones);
        let bass = within(1 << given.bass.number(), root);
        Self { followed: Some(Followed { tones, bass, is_due }), ..self }
    }

    /// Pitch classes that a chord to follow leaves to a part's note; `is_first` of the beat.
    fn followed_classes(&self, part: Part, position: usize, is_first: bool) -> u16 {
        match self.followed {
            Some(followed) if part == Part::Bass && is_first && followed.is_due => followed.bass,
            Some(followed) if position == 0 => followed.tones,
            _ => self.classes,
        }
    }

    /// The rules of a song's last bar, `starts` in its first beat: all who play strike the tonic
    /// triad on the downbeat, with its root in the bass, and let it ring.
    ///
    /// Left to itself the network goes on to the end of the bar, as most songs of the corpus do:
    /// they were cut, or made to be looped.
    pub(crate) fn in_last_bar(self, starts: bool) -> Self {
        Self { last_bar: Some(starts), ..self }
    }

    /// Whether the part may not be silent in this beat.
    pub(crate) fn strikes(&self, part: Part) -> bool {
        self.last_bar == Some(true) && matches!(part, Part::Bass | Part::Chords)
    }

    /// Lengths that notes may have.
    pub(crate) fn durations(&self) -> [bool; N_DURATIONS] {
        DURATIONS.map(|cells| self.last_bar.is_none() || cells >= LAST_LENGTH)
    }

    fn allows(&self, pitch: u8) -> bool {
        self.classes >> (pitch % 12) & 1 == 1
    }

    /// Whether a part may play all of these notes.
    pub fn allows_all(&self, part: Part, notes: &[GridNote]) -> bool {
        let suits = |(idx, note): (usize, &GridNote)| {
            let followed = self.followed_classes(part, note.position.into(), idx == 0);
            self.allows(note.pitch) && followed >> (note.pitch % 12) & 1 == 1
        };
        part == Part::Drums || notes.iter().enumerate().all(suits)
    }

    /// Chord classes whose notes all lie in the scale, and none.
    pub fn chords(&self) -> [bool; Chord::N_CLASSES] {
        let allowed = |class: usize| {
            Chord::from_index(class).is_none_or(|chord| chord.pitch_classes() & !self.classes == 0)
        };
        let is_home = |class: usize| {
            Chord::from_index(class).is_some_and(|chord| {
                chord.root.number() == self.home as u8
                    && self.triad & !chord.pitch_classes() == 0
                    && allowed(class)
            })
        };
        let must_end = self.last_bar.is_some() && (0..Chord::N_CLASSES).any(is_home);
        core::array::from_fn(|class| if must_end { is_home(class) } else { allowed(class) })
    }

    /// Positions of the next note of a part: none before the last note, and END.
    pub fn positions(
        &self,
        part: Part,
        last: Option<&GridNote>,
        n_notes: usize,
    ) -> [bool; POSITIONS] {
        let full = n_notes >= MAX_NOTES[part.index()];
        core::array::from_fn(|position| {
            if position == usize::from(END) {
                return true;
            }
            if self.last_bar.is_some_and(|starts| !starts || position > 0) {
                return false;
            }
            !full
                && last.is_none_or(|last| {
                    let earliest = usize::from(last.position);
                    let has_room = || self.symbols(part, position, Some(last)).contains(&true);
                    position > earliest || position == earliest && has_room()
                })
        })
    }

    /// Symbols at `position`: of the part's kind and range, in the scale, and above the last note
    /// if that stands at the same position.
    pub fn symbols(
        &self,
        part: Part,
        position: usize,
        last: Option<&GridNote>,
    ) -> [bool; N_NOTE_SYMBOLS] {
        let above = last.filter(|last| usize::from(last.position) == position);
        let (low, high) = RANGES[part.index()];
        let followed = self.followed_classes(part, position, last.is_none());
        let last = match part {
            _ if self.last_bar.is_none() => followed,
            Part::Bass => self.classes & (1 << self.home),
            _ => self.triad,
        };
        let is_last = |pitch: u8| last == 0 || last >> (pitch % 12) & 1 == 1;
        core::array::from_fn(|symbol| {
            let is_drum = symbol >= usize::from(DRUM_SYMBOLS);
            let pitch = steps::symbol_pitch(symbol as u16);
            is_drum == (part == Part::Drums)
                && (low..=high).contains(&pitch)
                && (is_drum || self.allows(pitch) && is_last(pitch))
                && above.is_none_or(|last| pitch > last.pitch)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::{Scale, Velocity};

    fn note(position: u8, pitch: u8) -> GridNote {
        GridNote { position, pitch, duration: 1, velocity: Velocity::clamped(80), micro: 0 }
    }

    fn grammar(scale: Scale) -> Grammar {
        Grammar::new(&Controls { scale, ..Controls::default() })
    }

    #[test]
    fn a_song_ends_on_its_tonic() {
        for (scale, home, triad) in [
            (Scale::FreeMajor, 0, [0, 4, 7]),
            (Scale::Minor, 9, [9, 0, 4]),
            (Scale::MajorPentatonic, 0, [0, 4, 7]),
        ] {
            let first = grammar(scale).in_last_bar(true);
            let chords: Vec<Chord> = (0..Chord::N_CLASSES)
                .filter(|class| first.chords()[*class])
                .map(|class| Chord::from_index(class).unwrap())
                .collect();
            assert!(!chords.is_empty() && chords.iter().all(|chord| chord.root.number() == home));
            let allowed = |part: Part| -> std::collections::BTreeSet<u8> {
                let symbols = first.symbols(part, 0, None);
                let all = (0..usize::from(DRUM_SYMBOLS)).filter(|symbol| symbols[*symbol]);
                all.map(|symbol| steps::symbol_pitch(symbol as u16) % 12).collect()
            };
            assert_eq!(allowed(Part::Bass), [home].into());
            assert_eq!(allowed(Part::Chords), triad.into());
            assert_eq!(allowed(Part::Lead), triad.into());
            assert!(first.strikes(Part::Bass) && !first.strikes(Part::Lead));
            let positions = first.positions(Part::Chords, None, 0);
            assert!(positions[0] && !positions[1] && positions[usize::from(END)]);
            assert!(first.positions(Part::Chords, Some(&note(0, 48)), 1)[0]);
            let durations = first.durations();
            assert!(DURATIONS.iter().zip(durations).all(|(cells, may)| may == (*cells >= 48)));
            let later = grammar(scale).in_last_bar(false);
            assert_eq!(later.positions(Part::Lead, None, 0).iter().filter(|may| **may).count(), 1);
            assert!(!later.strikes(Part::Bass));
        }
    }

    #[test]
    fn notes_only_move_forward_and_up() {
        let grammar = grammar(Scale::FreeMajor);
        let positions = grammar.positions(Part::Lead, Some(&note(6, 60)), 1);
        assert!(!positions[5] && positions[6] && positions[7] && positions[24]);
        let symbols = grammar.symbols(Part::Lead, 6, Some(&note(6, 60)));
        assert!(!symbols[60] && symbols[61]);
        assert!(grammar.symbols(Part::Lead, 7, Some(&note(6, 60)))[60]);
        // The highest pitch leaves no room above it.
        assert!(!grammar.positions(Part::Lead, Some(&note(6, 98)), 1)[6]);
        assert!(!grammar.positions(Part::Drums, Some(&note(23, 81)), 1)[23]);
    }

    #[test]
    fn a_full_part_can_only_end() {
        for part in Part::ALL {
            let grammar = grammar(Scale::FreeMajor);
            let positions = grammar.positions(part, None, MAX_NOTES[part.index()]);
            assert_eq!(positions.iter().filter(|allowed| **allowed).count(), 1);
            assert!(positions[24]);
        }
    }

    #[test]
    fn drums_and_pitches_keep_apart() {
        let grammar = grammar(Scale::Minor);
        let drums = grammar.symbols(Part::Drums, 0, None);
        assert!(drums[..128].iter().all(|allowed| !allowed) && drums[128 + 36 - 27]);
        let bass = grammar.symbols(Part::Bass, 0, None);
        assert!(bass[128..].iter().all(|allowed| !allowed) && bass[45]);
    }

    #[test]
    fn locked_scales_are_exact_whatever_the_key() {
        for scale in Scale::ALL {
            for key in 0..12 {
                let key = score::PitchClass::new(key);
                let controls = Controls { scale, key, ..Controls::default() };
                let symbols = Grammar::new(&controls).symbols(Part::Chords, 0, None);
                for (pitch, allowed) in symbols[36..=96].iter().enumerate() {
                    let pitch = pitch as i32 + 36 + score::grid::key_shift(&controls);
                    let class = (pitch - i32::from(key.number())).rem_euclid(12);
                    assert_eq!(*allowed, scale.mask() >> class & 1 == 1, "{scale:?} {pitch}");
                }
                assert!(Grammar::new(&controls).chords()[0]);
            }
        }
        let chords = grammar(Scale::Major).chords();
        let index = |name| Chord::index(Some(Chord::parse(name).unwrap()));
        assert!(chords[index("G7")] && chords[index("Dm7")] && !chords[index("D")]);
        let chords = grammar(Scale::HarmonicMinor).chords();
        assert!(chords[index("E7")] && chords[index("Am")] && !chords[index("G")]);
    }
}
