//! Whether exact scales hold, and whether the band plays the chords that it is given.

use anyhow::Result;
use score::{Blend, Chord, GridNote, HistoryBeat, PitchClass, Scale};

use super::blends::blend;
use super::music::{Player, Studio, Wish};
use crate::judge::{BEATS_A_BAR, Excerpt};

/// Progressions that are given, a chord a bar.
const PROGRESSIONS: [&str; 4] = ["C Am F G", "Am F C G", "Dm7 G7 Cmaj7 A7", "C E7 Am D7 F Fm C G7"];

/// A share of notes, and their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Share {
    /// Share of the notes.
    #[serde(deserialize_with = "super::stats::null_is_nan")]
    pub value: f64,
    /// Notes.
    pub n: usize,
}

impl Share {
    /// The share of what `is`.
    pub fn of(notes: impl Iterator<Item = bool>) -> Self {
        let (sum, n) = notes.fold((0, 0), |(sum, n), is| (sum + usize::from(is), n + 1));
        Self { value: sum as f64 / n as f64, n }
    }

    /// A row for [`mean_ratio`](super::stats::mean_ratio).
    pub fn row(self, group: usize) -> (usize, f64, f64) {
        let n = self.n as f64;
        (group, if self.n == 0 { 0.0 } else { self.value * n }, n)
    }
}

/// Pitch classes of all pitched notes of songs.
fn classes<'a>(song: impl Iterator<Item = &'a HistoryBeat>) -> impl Iterator<Item = u8> {
    song.flat_map(|beat| beat.music.parts[1..].iter().flatten().map(|note| note.pitch % 12))
}

/// Shares of notes in the scale of songs in each exact scale, a share a song.
///
/// # Errors
/// A model that fails.
pub fn scale_lock(studio: &Studio, n_songs: usize) -> Result<Vec<Share>> {
    let exact = Scale::ALL.into_iter().filter(|scale| scale.mask() != Scale::FreeMajor.mask());
    let wish = |scale: Scale, seed: u32| Wish { scale, ..Wish::new(Blend::default(), 4, seed) };
    let wishes: Vec<Wish> =
        exact.flat_map(|scale| (0..n_songs as u32).map(move |seed| wish(scale, seed))).collect();
    let songs = studio.make("exact scales", &wishes)?;
    let share = |(wish, song): (&Wish, &Vec<HistoryBeat>)| {
        let home = if wish.scale.is_minor() { 9 } else { 0 };
        let is_in = |class: u8| wish.scale.mask() >> ((class + 12 - home) % 12) & 1 == 1;
        Share::of(classes(song.iter()).map(is_in))
    };
    Ok(wishes.iter().zip(&songs).map(share).collect())
}

/// The share of notes on white keys, which nobody was told to keep to.
pub fn on_white_keys(song: &[HistoryBeat]) -> Share {
    Share::of(classes(song.iter()).map(|class| Scale::Major.mask() >> class & 1 == 1))
}

/// The same of a real excerpt, which was brought to white keys.
pub fn on_white_keys_of(excerpt: &Excerpt) -> Share {
    let notes = excerpt.beats.iter().flat_map(|parts| parts[1..].iter().flatten());
    Share::of(notes.map(|note| Scale::Major.mask() >> (note.pitch % 12) & 1 == 1))
}

/// The share of chord tones on strong beats of the chords that an excerpt names itself.
pub fn on_own_chords(excerpt: &Excerpt) -> Share {
    let strong = excerpt.beats.iter().zip(&excerpt.chords).step_by(2);
    let is = |(parts, chord): (&[Vec<GridNote>; 4], &Option<Chord>)| {
        let chord = *chord;
        let notes = parts[1..].iter().flatten().filter(|note| note.position == 0);
        let is = move |note: &GridNote| {
            chord.is_some_and(|chord| chord.contains(PitchClass::new(note.pitch.into())))
        };
        notes.map(is).collect::<Vec<bool>>()
    };
    Share::of(strong.flat_map(is))
}

/// Notes on beats 1 and 3 that belong to the chord of `chord_of` their beat.
pub fn on_chords<'a>(
    song: &'a [HistoryBeat],
    chord_of: impl Fn(usize) -> Option<Chord> + 'a,
) -> impl Iterator<Item = bool> + 'a {
    song.iter().enumerate().filter(|(i, _)| i % 2 == 0).flat_map(move |(i, beat)| {
        let chord = chord_of(i);
        let notes = beat.music.parts[1..].iter().flatten().filter(|note| note.position == 0);
        let is = move |class| chord.is_some_and(|chord| chord.contains(class));
        notes.map(move |note| is(PitchClass::new(note.pitch.into())))
    })
}

/// The share of chord tones on strong beats under given chords of songs that `player` composes
/// for each genre, followed `by_rule` or by the network alone: `(genre, share)` a song. The n-gram
/// cascade cannot be given chords.
///
/// # Errors
/// A model that fails.
pub fn chord_follow(
    studio: &Studio,
    n_genres: usize,
    n_songs: usize,
    by_rule: bool,
    player: impl Fn(usize) -> Player,
) -> Result<Vec<(usize, Share)>> {
    let mut wishes = Vec::new();
    for genre in 0..n_genres {
        for seed in 0..n_songs as u32 {
            let names = PROGRESSIONS[seed as usize % PROGRESSIONS.len()].split(' ');
            let chords = names.map(Chord::parse).collect::<score::Result<_>>()?;
            let wish = Wish::new(blend(&[(genre, 1.0)]), 8, seed);
            let player = player(genre);
            wishes.push(Wish { player, chords, by_rule, scale: Scale::FreeMajor, ..wish });
        }
    }
    let songs = studio.make("given chords", &wishes)?;
    let of = |(i, (wish, song)): (usize, (&Wish, &Vec<HistoryBeat>))| {
        let chords = &wish.chords;
        let chord_of = |beat: usize| Some(chords[beat / BEATS_A_BAR % chords.len()]);
        (i / n_songs, Share::of(on_chords(song, chord_of)))
    };
    Ok(wishes.iter().zip(&songs).enumerate().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::{BeatFrame, GridBeat, Meter, Tempo, Velocity};

    #[test]
    fn only_strong_beats_count() {
        let song: Vec<HistoryBeat> = (0..4)
            .map(|i| {
                let note = |pitch| GridNote {
                    position: 0,
                    pitch,
                    duration: 24,
                    velocity: Velocity::clamped(90),
                    micro: 0,
                };
                let mut music = GridBeat::default();
                music.parts[1] = vec![note(if i == 2 { 38 } else { 36 })];
                music.parts[3] = vec![note(if i == 1 { 61 } else { 67 })];
                let frame = BeatFrame::regular(i, Meter::COMMON, Tempo::DEFAULT);
                HistoryBeat { frame, music }
            })
            .collect();
        let c = Chord::parse("C").unwrap();
        let share = Share::of(on_chords(&song, |_| Some(c)));
        assert_eq!((share.value, share.n), (0.75, 4));
        let beats = song.iter().map(|beat| beat.music.parts.clone()).collect();
        let excerpt = Excerpt::common(beats, vec![Some(c); 4], 0);
        assert_eq!(on_own_chords(&excerpt), share);
        let white = Share { value: 7.0 / 8.0, n: 8 };
        assert_eq!((on_white_keys(&song), on_white_keys_of(&excerpt)), (white, white));
    }
}
