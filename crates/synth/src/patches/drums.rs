//! Drums: a kit a patch.

use super::Patch;
use crate::kits::Kit;
use score::Genre;

pub static PATCHES: [Patch; 5] = [
    Patch {
        trim: 1.535,
        program: 0,
        genres: &[Genre::Rock, Genre::Folk],
        ..Patch::kit("Acoustic", Kit::Acoustic)
    },
    Patch {
        trim: 2.106,
        program: 40,
        genres: &[Genre::Jazz],
        ..Patch::kit("Brushes", Kit::Brushes)
    },
    Patch {
        trim: 1.406,
        program: 25,
        genres: &[Genre::Electronic],
        ..Patch::kit("Electronic", Kit::Electronic)
    },
    Patch {
        trim: 1.567,
        program: 48,
        genres: &[Genre::Classical],
        ..Patch::kit("Orchestral", Kit::Orchestral)
    },
    Patch { trim: 1.998, program: 0, genres: &[Genre::HipHop], ..Patch::kit("Lo-fi", Kit::LoFi) },
];
