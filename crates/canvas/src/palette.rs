//! The colours of pictures: one a part, one a genre, on a dark ground.

use score::{Genre, N_STYLES, Part};

/// An opaque colour, red, green, blue.
pub type Rgb = [u8; 3];

/// Behind everything.
pub const GROUND: Rgb = [0x14, 0x16, 0x1c];
/// Behind notes and blends.
pub const PANEL: Rgb = [0x1b, 0x1e, 0x26];
/// Rows of black keys, and every other drum.
pub const PANEL_DIM: Rgb = [0x17, 0x1a, 0x21];
/// Lines between beats.
pub const BEAT_LINE: Rgb = [0x27, 0x2b, 0x36];
/// Lines between bars and octaves.
pub const BAR_LINE: Rgb = [0x3d, 0x44, 0x54];
/// Titles and chord names.
pub const TEXT: Rgb = [0xec, 0xee, 0xf2];
/// Numbers and labels.
pub const TEXT_DIM: Rgb = [0x94, 0x9b, 0xab];

/// A part's colour.
pub const fn part(part: Part) -> Rgb {
    match part {
        Part::Drums => [0xf0, 0xa8, 0x5c],
        Part::Bass => [0x4f, 0xc1, 0xa6],
        Part::Chords => [0x7d, 0x96, 0xf5],
        Part::Lead => [0xf2, 0x6d, 0x9d],
    }
}

/// A genre's colour.
pub const fn genre(genre: Genre) -> Rgb {
    match genre {
        Genre::Classical => [0xd9, 0xc0, 0x7c],
        Genre::Jazz => [0x5b, 0x9b, 0xd5],
        Genre::Rock => [0xd9, 0x6a, 0x5b],
        Genre::Electronic => [0x9d, 0x7b, 0xdb],
        Genre::Folk => [0x83, 0xb8, 0x6a],
        Genre::HipHop => [0xd9, 0x86, 0xb5],
    }
}

/// The colour of a weight of a blend: six genres, then the user's styles.
pub const fn weight(index: usize) -> Rgb {
    const STYLES: [Rgb; N_STYLES] =
        [[0xef, 0xea, 0xdc], [0x9e, 0xe6, 0xb4], [0xc8, 0xa8, 0xff], [0xff, 0xa0, 0x8c]];
    if index < Genre::COUNT { genre(Genre::ALL[index]) } else { STYLES[index - Genre::COUNT] }
}
