//! How alike the dynamics and the timing of a song's notes are.

use candle_core::Tensor;
use score::{Controls, Genre, Part};

use crate::sampler::RandomKey;
use crate::style::Styles;
use crate::{Error, Result};

/// Slot numbers of random keys; forms have those below.
const FIRST_KEY: u32 = 16;

/// How much of what notes differ by is a matter of the song, by genre and part.
///
/// The network never reads dynamics and timing, so that it cannot tell sources by them; alone it
/// would draw each note as if from another performance. So a song has a place among all
/// performances, kept from its first to its last note, and each note moves around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Steadiness {
    /// `[genre][part][velocity, timing]`, each `0.0..=1.0`.
    shares: Vec<f32>,
}

/// What a part's notes lean on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lean {
    /// The song's place, a standard normal number.
    pub place: f32,
    /// Its share of the variance.
    pub share: f32,
}

impl Steadiness {
    /// Name of the shares among the tensors of a file.
    pub const NAME: &str = "expression.steadiness";

    /// Their shape: genre, part, velocity and timing.
    pub const SHAPE: [usize; 3] = [Genre::COUNT, 4, 2];

    /// The shares of a tensor of [`Self::SHAPE`].
    ///
    /// # Errors
    /// [`Error::Tensor`] if it is no `f32`, [`Error::Steadiness`] outside `0.0..=1.0`.
    pub fn of_tensor(tensor: &Tensor) -> Result<Self> {
        let shares: Vec<f32> = tensor.flatten_all()?.to_vec1()?;
        match shares.iter().find(|share| !(0.0..=1.0).contains(*share)) {
            Some(share) => Err(Error::Steadiness { found: *share }),
            None => Ok(Self { shares }),
        }
    }

    /// What velocities and timing of a part lean on.
    pub(crate) fn leans(&self, controls: &Controls, styles: &Styles, part: Part) -> [Lean; 2] {
        let blend = styles.in_genres(&controls.part_blend(part));
        core::array::from_fn(|kind| {
            let of = |genre: usize| self.shares[(genre * 4 + part.index()) * 2 + kind];
            let slot = FIRST_KEY + 2 * part.index() as u32 + kind as u32;
            let key = RandomKey { seed: controls.seed, pass: 0, beat: 0, slot };
            Lean {
                place: key.stream().normal(),
                share: blend.iter().enumerate().map(|(genre, weight)| weight * of(genre)).sum(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use score::Blend;

    use super::*;

    #[test]
    fn a_blend_is_as_steady_as_its_genres_and_a_song_keeps_its_place() {
        let mut shares = vec![0.0f32; 48];
        shares[2 * 8 + 6] = 0.8;
        let tensor = Tensor::from_vec(shares.clone(), &Steadiness::SHAPE, &Device::Cpu).unwrap();
        let steadiness = Steadiness::of_tensor(&tensor).unwrap();
        let rock = Controls { blend: Blend::pure(Genre::Rock), ..Controls::default() };
        let [velocity, timing] = steadiness.leans(&rock, &Styles::default(), Part::Lead);
        assert_eq!((velocity.share, timing.share), (0.8, 0.0));
        assert_ne!(velocity.place, timing.place);
        let [other, _] =
            steadiness.leans(&Controls { seed: 2, ..rock }, &Styles::default(), Part::Lead);
        assert_ne!(other.place, velocity.place);
        let mut half = [0.0; Blend::LEN];
        (half[2], half[0]) = (0.5, 0.5);
        let half = Controls { blend: Blend::new(half), ..rock };
        let lean = steadiness.leans(&half, &Styles::default(), Part::Lead)[0];
        assert!((lean.share - 0.4).abs() < 1e-6);
        assert_eq!(lean.place, velocity.place, "turning a knob is no other performance");
        shares[5] = 1.5;
        let tensor = Tensor::from_vec(shares, &Steadiness::SHAPE, &Device::Cpu).unwrap();
        let error = Steadiness::of_tensor(&tensor).unwrap_err().to_string();
        assert_eq!(error, "weights: expression.steadiness: expected shares of 0 to 1, found 1.5");
    }
}
