//! Musical form a bar at a time: how a bar of a part relates to its earlier bars.

use crate::steps::N_SLOTS;
use crate::{GridNote, HistoryBeat, TICKS_PER_QUARTER};

/// How a bar relates to what its part, or the harmony, did before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Form {
    /// Nothing starts in it.
    Rest = 1,
    /// Less than half of it was heard in the bars that [`Form::REPEATS`] look back to.
    New = 2,
    /// At least half of it was.
    Varied = 3,
    /// Equal to the bar before.
    Again1 = 4,
    /// Equal to the bar two bars ago, and to none later.
    Again2 = 5,
    /// Equal to the bar four bars ago, and to none of the above.
    Again4 = 6,
    /// Equal to the bar eight bars ago, and to none of the above.
    Again8 = 7,
    /// Equal to the bar sixteen bars ago, and to none of the above.
    Again16 = 8,
    /// Equal to the bar 32 bars ago, and to none of the above.
    Again32 = 9,
}

impl Form {
    /// Classes, 0 being the one that says nothing.
    pub const N_CLASSES: usize = 10;

    /// Classes that steps tell; repetitions from further away are none of them.
    pub const N_STEP_CLASSES: usize = 8;

    /// All forms in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Rest,
        Self::New,
        Self::Varied,
        Self::Again1,
        Self::Again2,
        Self::Again4,
        Self::Again8,
        Self::Again16,
        Self::Again32,
    ];

    /// Repetitions and the bars that they look back.
    pub const REPEATS: [(Self, usize); 6] = [
        (Self::Again1, 1),
        (Self::Again2, 2),
        (Self::Again4, 4),
        (Self::Again8, 8),
        (Self::Again16, 16),
        (Self::Again32, 32),
    ];

    /// The class, `1..10`; 0 for none.
    pub fn class(form: Option<Self>) -> u8 {
        form.map_or(0, |form| form as u8)
    }

    /// The class that steps tell, `1..8`; 0 for none.
    pub fn step_class(form: Option<Self>) -> u8 {
        let class = Self::class(form);
        if usize::from(class) < Self::N_STEP_CLASSES { class } else { 0 }
    }

    /// The form of a class; `None` for 0 and what is none.
    pub fn from_class(class: u8) -> Option<Self> {
        Self::ALL.get(usize::from(class).checked_sub(1)?).copied()
    }

    /// Bars that it looks back; `None` unless it repeats one.
    pub fn bars_back(self) -> Option<usize> {
        Self::REPEATS.iter().find(|(form, _)| *form == self).map(|(_, bars)| *bars)
    }
}

/// The forms of every beat's bar in `beats`, which have no gaps: harmony, then the parts.
///
/// A bar that is no whole number of beats, or is cut off at the start, has none. Bars of
/// different lengths are compared from their starts on.
pub fn forms(beats: &[HistoryBeat]) -> Vec<[Option<Form>; N_SLOTS]> {
    let mut forms = vec![[None; N_SLOTS]; beats.len()];
    let mut start = 0;
    while start < beats.len() {
        let frame = beats[start].frame;
        let n = beats[start..].iter().take_while(|b| b.frame.bar_start == frame.bar_start).count();
        let bar = frame.meter.bar_ticks().0;
        if frame.offset_in_bar().0 == 0 && bar % TICKS_PER_QUARTER == 0 {
            let length = (bar / TICKS_PER_QUARTER) as usize;
            let of_bar = core::array::from_fn(|slot| Some(form(beats, start, n, length, slot)));
            forms[start..start + n].fill(of_bar);
        }
        start += n;
    }
    forms
}

/// The form of the `n` beats from `start` on, bars being `length` beats long.
fn form(beats: &[HistoryBeat], start: usize, n: usize, length: usize, slot: usize) -> Form {
    let is_empty = |beat: &HistoryBeat| match slot.checked_sub(1) {
        None => beat.music.chord.is_none(),
        Some(part) => beat.music.parts[part].is_empty(),
    };
    let bar = &beats[start..start + n];
    if bar.iter().all(is_empty) {
        return Form::Rest;
    }
    let earlier = |bars: usize| start.checked_sub(bars * length).map(|at| &beats[at..at + n]);
    let likeness = |bars: usize| earlier(bars).map_or(0.0, |before| likeness(bar, before, slot));
    let alike = Form::REPEATS.map(|(form, bars)| (form, likeness(bars)));
    match alike.iter().find(|(_, likeness)| *likeness == 1.0) {
        Some((form, _)) => *form,
        None if alike.iter().any(|(_, likeness)| *likeness >= 0.5) => Form::Varied,
        None => Form::New,
    }
}

/// What two stretches share of all they hold, `0.0..=1.0`: chords of beats, or places and pitches
/// of notes (Sørensen–Dice). 1 only for stretches that are equal in these.
pub fn likeness(a: &[HistoryBeat], b: &[HistoryBeat], slot: usize) -> f32 {
    let Some(part) = slot.checked_sub(1) else {
        let shared = a.iter().zip(b).filter(|(a, b)| a.music.chord == b.music.chord).count();
        return shared as f32 / a.len() as f32;
    };
    let (mut shared, mut all) = (0, 0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (&a.music.parts[part], &b.music.parts[part]);
        let held = |note: &GridNote| {
            b.iter().any(|other| (other.position, other.pitch) == (note.position, note.pitch))
        };
        shared += 2 * a.iter().filter(|note| held(note)).count();
        all += a.len() + b.len();
    }
    shared as f32 / all.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BeatFrame, Chord, GridBeat, Meter, Tempo, Velocity};

    /// A song in 4/4 whose bass plays the given keys on the first three beats of each bar.
    fn song(bars: &[[u8; 3]]) -> Vec<HistoryBeat> {
        let mut beats = Vec::new();
        for (number, keys) in bars.iter().enumerate() {
            for i in 0..4 {
                let mut music =
                    GridBeat { chord: Chord::from_index(1 + number), ..GridBeat::default() };
                music.parts[1].extend(keys.get(i).filter(|key| **key > 0).map(|key| GridNote {
                    position: 0,
                    pitch: *key,
                    duration: 24,
                    velocity: Velocity::clamped(80),
                    micro: 0,
                }));
                let beat = (4 * number + i) as i64;
                let frame = BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT);
                beats.push(HistoryBeat { frame, music });
            }
        }
        beats
    }

    #[test]
    fn a_bar_is_named_after_the_latest_bar_that_it_repeats() {
        const A: [u8; 3] = [36, 38, 40];
        const B: [u8; 3] = [43, 41, 45];
        const REST: [u8; 3] = [0; 3];
        let bars = [A, A, B, A, REST, [36, 38, 47], B, B, [1, 2, 3], A, A, [48, 49, 50]];
        let forms = forms(&song(&bars));
        let bass: Vec<Form> = forms.iter().step_by(4).map(|bar| bar[2].unwrap()).collect();
        use Form::*;
        assert_eq!(
            bass,
            [New, Again1, New, Again2, Rest, Varied, Again4, Again1, New, Again8, Again1, New]
        );
        // Every bar has a chord of its own.
        assert!(forms.iter().all(|bar| bar[0] == Some(New) && bar[1] == Some(Rest)));
        assert!(forms.chunks(4).all(|bar| bar.iter().all(|beat| *beat == bar[0])));
    }

    #[test]
    fn a_bar_without_its_start_or_of_broken_beats_has_none() {
        let mut song = song(&[[36, 38, 40]; 3]);
        song.remove(0);
        let first: Vec<_> = forms(&song)[..4].iter().map(|bar| bar[2]).collect();
        assert_eq!(first, [None, None, None, Some(Form::New)]);
        for (i, beat) in song.iter_mut().enumerate() {
            beat.frame = BeatFrame::regular(i as i64, Meter::parse("7/8").unwrap(), Tempo::DEFAULT);
        }
        assert!(forms(&song).iter().all(|bar| *bar == [None; N_SLOTS]));
    }

    #[test]
    fn classes_read_back() {
        assert_eq!(Form::from_class(0), None);
        assert_eq!(Form::from_class(Form::N_CLASSES as u8), None);
        for form in Form::ALL {
            assert_eq!(Form::from_class(Form::class(Some(form))), Some(form));
        }
        assert_eq!(Form::Again4.bars_back(), Some(4));
        assert_eq!(Form::Varied.bars_back(), None);
    }
}
