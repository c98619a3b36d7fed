//! The patches of each part: name, General MIDI program, genres that choose it, and recipe.

mod bass;
mod chords;
mod drums;
mod lead;

use crate::kits::Kit;
use crate::voice::Recipe;
use score::{Blend, Genre, Part};

/// One sound of a part.
pub struct Patch {
    /// As a user reads it.
    pub name: &'static str,
    /// What a SoundFont plays for it: a General MIDI program from 0, of bank 128 for drums.
    pub program: u8,
    /// The genres that choose it when the blend decides.
    pub genres: &'static [Genre],
    pub(crate) make: Make,
    /// What makes it as loud as the other patches of all parts. Measured.
    pub(crate) trim: f32,
}

/// How a patch makes its notes.
#[derive(Clone, Copy)]
pub(crate) enum Make {
    Kit(Kit),
    Notes(&'static Recipe),
}

impl Patch {
    const fn new(name: &'static str, recipe: &'static Recipe) -> Self {
        Self { name, program: 0, genres: &[], make: Make::Notes(recipe), trim: 1.0 }
    }

    const fn kit(name: &'static str, kit: Kit) -> Self {
        Self { name, program: 0, genres: &[], make: Make::Kit(kit), trim: 1.0 }
    }

    /// The patches of a part. Their places are stable: parameters and states refer to them.
    pub fn of(part: Part) -> &'static [Self] {
        match part {
            Part::Drums => &drums::PATCHES,
            Part::Bass => &bass::PATCHES,
            Part::Chords => &chords::PATCHES,
            Part::Lead => &lead::PATCHES,
        }
    }

    /// The place in [`Patch::of`] that suits a part's blend: that of the heaviest genre. A blend
    /// of all in equal parts has none, and gets a plain band.
    pub fn for_blend(part: Part, blend: &Blend) -> usize {
        let normalized = blend.normalized();
        let weights = &normalized.weights()[..Genre::COUNT];
        if weights.iter().all(|weight| *weight == weights[0]) {
            return EVEN_HANDED[part.index()];
        }
        let genre = blend.nearest_genre();
        Self::of(part).iter().position(|patch| patch.genres.contains(&genre)).unwrap_or(0)
    }
}

/// Acoustic kit, finger bass, electric piano, saw lead.
const EVEN_HANDED: [usize; 4] = [0, 1, 1, 5];
