//! Keys, and finding the key of a piece.
//!
//! Source: Krumhansl & Kessler 1982, key profiles; the correlation method is Krumhansl's.

use crate::PitchClass;

/// Major or minor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Major.
    #[default]
    Major,
    /// Minor.
    Minor,
}

/// A key: tonic and mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The tonic.
    pub tonic: PitchClass,
    /// The mode.
    pub mode: Mode,
}

const MAJOR_PROFILE: [f32; 12] =
    [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88];
const MINOR_PROFILE: [f32; 12] =
    [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17];

impl Key {
    /// The key whose profile correlates best with sounding time a pitch class.
    ///
    /// C major when nothing sounds.
    pub fn detect(weights: &[f32; 12]) -> Self {
        if weights.iter().sum::<f32>() <= 0.0 {
            return Self::default();
        }
        let mut best = (f32::NEG_INFINITY, Self::default());
        for (mode, profile) in [(Mode::Major, &MAJOR_PROFILE), (Mode::Minor, &MINOR_PROFILE)] {
            for tonic in 0..12 {
                let rotated = core::array::from_fn(|pc| profile[(pc + 12 - tonic) % 12]);
                let fit = correlation(weights, &rotated);
                if fit > best.0 {
                    best = (fit, Self { tonic: PitchClass::new(tonic as i32), mode });
                }
            }
        }
        best.1
    }

    /// Semitones, `-6..=5`, that bring this key to C major or A minor.
    pub fn to_white_keys(self) -> i32 {
        let home = match self.mode {
            Mode::Major => 0,
            Mode::Minor => 9,
        };
        (home - i32::from(self.tonic.number()) + 6).rem_euclid(12) - 6
    }
}

fn correlation(a: &[f32; 12], b: &[f32; 12]) -> f32 {
    let mean = |x: &[f32; 12]| x.iter().sum::<f32>() / 12.0;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for i in 0..12 {
        let (da, db) = (a[i] - mean_a, b[i] - mean_b);
        ab += da * db;
        aa += da * da;
        bb += db * db;
    }
    if aa > 0.0 && bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_found_in_every_key() {
        for tonic in 0..12 {
            let mut major = [0.0; 12];
            let mut minor = [0.0; 12];
            for (step, weight) in
                [(0, 3.0), (2, 1.0), (4, 2.0), (5, 1.0), (7, 2.0), (9, 1.0), (11, 1.0)]
            {
                major[(tonic + step) % 12] = weight;
            }
            for (step, weight) in
                [(0, 3.0), (2, 1.0), (3, 2.0), (5, 1.0), (7, 2.0), (8, 1.0), (11, 1.0)]
            {
                minor[(tonic + step) % 12] = weight;
            }
            let tonic = PitchClass::new(tonic as i32);
            assert_eq!(Key::detect(&major), Key { tonic, mode: Mode::Major });
            assert_eq!(Key::detect(&minor), Key { tonic, mode: Mode::Minor });
        }
    }

    #[test]
    fn transposition_is_short_and_lands_on_white_keys() {
        for tonic in 0..12 {
            for (mode, home) in [(Mode::Major, 0), (Mode::Minor, 9)] {
                let shift = Key { tonic: PitchClass::new(tonic), mode }.to_white_keys();
                assert!((-6..=5).contains(&shift));
                assert_eq!((tonic + shift).rem_euclid(12), home);
            }
        }
    }
}
