//! How closely the shipped model follows given chords, counted over what was heard.

use render::{Song, perform};
use score::{Blend, Controls, Genre, Part, Progression, Scale, TICKS_PER_QUARTER, Ticks};

/// Notes that were struck within this of a beat are on it; micro-timing delays some.
const ON_BEAT: i64 = 100;

#[derive(Debug, Default)]
struct Count {
    on_beat: usize,
    tones: usize,
    bass: usize,
    roots: usize,
    outside: usize,
}

/// Plays eight bars of a genre and adds up what became of the chords.
fn count(genre: Genre, seed: u32, chords: &str, scale: Scale, count: &mut Count) {
    let chords = Progression::parse(chords).unwrap();
    let mut song = Song { n_bars: 8, chords, ..Song::default() };
    let blend = Blend::pure(genre);
    song.settings.controls = Controls { blend, seed, scale, humanize: 0.0, ..Controls::default() };
    let generator = render::generator(None, &[]).unwrap().0;
    let performance = perform(&song, generator).unwrap().performance;
    for part in [Part::Bass, Part::Chords, Part::Lead] {
        let mut last_bar = -1;
        for note in &performance.piece.parts[part.index()] {
            let beat = (note.onset.0 + 1) / TICKS_PER_QUARTER;
            let class = note.pitch.class().number();
            count.outside += usize::from(scale.mask() >> class & 1 == 0);
            let late = note.onset.0 - Ticks::from_beat(beat).0;
            let frame = &performance.beats[beat as usize].frame;
            let Some(given) = chords.at(frame).filter(|_| late <= ON_BEAT) else { continue };
            count.on_beat += 1;
            count.tones += usize::from(given.tones >> class & 1 == 1);
            if part == Part::Bass && beat % 4 == 0 && beat / 4 != last_bar {
                last_bar = beat / 4;
                count.bass += 1;
                count.roots += usize::from(class == given.bass.number());
            }
        }
    }
}

fn measure(chords: &[&str], scale: Scale) -> Count {
    let mut all = Count::default();
    for genre in Genre::ALL {
        for seed in [1, 2] {
            for chords in chords {
                count(genre, seed, chords, scale, &mut all);
            }
        }
    }
    println!("{scale:?}: {all:?}");
    all
}

/// Chords of the key, and some that no key has together.
const CHORDS: [&str; 2] = ["Am7 | D7/F# | Gmaj7 | C/E", "C#maj7 | Ebm7 Ab7 | F#m | B7b9"];

#[test]
fn given_chords_are_followed_in_every_genre() {
    let all = measure(&CHORDS, Scale::FreeMajor);
    assert!(all.on_beat > 500 && all.bass > 50, "{all:?}");
    assert!(all.tones * 100 >= all.on_beat * 90, "{all:?}");
    assert!(all.roots * 100 >= all.bass * 90, "{all:?}");
}

#[test]
fn a_locked_scale_holds_against_given_chords() {
    let all = measure(&CHORDS[1..], Scale::Major);
    assert!(all.on_beat > 200, "{all:?}");
    assert_eq!(all.outside, 0, "{all:?}");
}
