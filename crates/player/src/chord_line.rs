//! Chords of a band's last beats, for whoever plays along.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use score::GivenChord;

/// Beats whose chords are kept: the longest lookahead, twice.
const N_BEATS: usize = 8;

/// The chords of the last beats, and the newest of them.
///
/// Any thread writes and reads; what is read is whole, but two chords need not belong together.
#[derive(Debug)]
pub struct ChordLine {
    /// [`GivenChord::packed`], 0 for none.
    newest: AtomicU32,
    /// The same of a beat, below the low half of its number; at the number's remainder.
    beats: [AtomicU64; N_BEATS],
}

impl Default for ChordLine {
    fn default() -> Self {
        Self::new()
    }
}

impl ChordLine {
    /// No chord.
    pub const fn new() -> Self {
        Self { newest: AtomicU32::new(0), beats: [const { AtomicU64::new(0) }; N_BEATS] }
    }

    /// Puts the chord of a beat on the line.
    pub fn put(&self, beat: i64, chord: GivenChord) {
        let packed = chord.packed();
        if let Some(place) = self.place(beat) {
            place.store(u64::from(beat as u32) << 32 | u64::from(packed), Ordering::Relaxed);
        }
        self.newest.store(packed, Ordering::Relaxed);
    }

    /// Says what another line says; nothing where that has no chord.
    pub fn repeat(&self, other: &Self) {
        let newest = other.newest.load(Ordering::Relaxed);
        if newest == 0 {
            return;
        }
        for (own, of_other) in self.beats.iter().zip(&other.beats) {
            own.store(of_other.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.newest.store(newest, Ordering::Relaxed);
    }

    /// The chord of a beat, if it is known.
    pub fn at(&self, beat: i64) -> Option<GivenChord> {
        let of_beat = self.place(beat)?.load(Ordering::Relaxed);
        let is_it = (of_beat >> 32) as u32 == beat as u32;
        GivenChord::unpacked(of_beat as u32).filter(|_| is_it)
    }

    /// The chord that was put last.
    pub fn newest(&self) -> Option<GivenChord> {
        GivenChord::unpacked(self.newest.load(Ordering::Relaxed))
    }

    fn place(&self, beat: i64) -> Option<&AtomicU64> {
        self.beats.get(beat.rem_euclid(N_BEATS as i64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use score::{Chord, ChordQuality, PitchClass};

    use super::*;

    fn chord(root: i32) -> GivenChord {
        let quality = ChordQuality::Minor7;
        GivenChord::new(Chord { root: PitchClass::new(root), quality })
    }

    #[test]
    fn beats_have_their_chords_until_others_take_their_places() {
        let line = ChordLine::new();
        assert_eq!((line.at(0), line.newest()), (None, None));
        line.put(-1, chord(9));
        line.put(6, chord(2));
        assert_eq!(line.at(-1), Some(chord(9)));
        assert_eq!([line.at(6), line.at(14), line.at(5)], [Some(chord(2)), None, None]);
        line.put(14, chord(7));
        assert_eq!([line.at(6), line.at(14)], [None, Some(chord(7))]);
        assert_eq!(line.newest(), Some(chord(7)));
    }

    #[test]
    fn a_line_repeats_another() {
        let (line, other) = (ChordLine::new(), ChordLine::new());
        line.put(3, chord(5));
        line.repeat(&other);
        assert_eq!(line.at(3), Some(chord(5)), "the last chord stays");
        other.put(4, chord(10));
        line.repeat(&other);
        assert_eq!([line.at(3), line.at(4)], [None, Some(chord(10))]);
        assert_eq!(line.newest(), Some(chord(10)));
    }
}
