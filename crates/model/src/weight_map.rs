//! From the weights of a blend to those it is composed with, so that equal turns of a knob are
//! equal steps for the ear.

use candle_core::{Device, Tensor};
use libm::logf;
use score::Genre;

use crate::{Error, Result, math};

/// Shares of a pair for which the map is known: 0, 0.1, … 1.
pub const N_POINTS: usize = 11;

/// For each two genres, the share of the second that a blend of both is composed with.
///
/// What a judge hears of a pair does not follow the weights in a line: some genres shine through
/// early. The map is the monotone curve that undoes this. In a blend of more genres each weight's
/// logarithm moves by the mean of what its pairs ask for, weighted by the other genres' shares:
/// `ln w'ᵢ = ln wᵢ + Σⱼ wⱼ (logit mⱼᵢ(uᵢ) - logit uᵢ)` with `uᵢ = wᵢ / (wᵢ + wⱼ)`, which for two
/// genres is the pair's own curve.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightMap {
    /// `[first][second][point]`: the composed share of the second.
    shares: [[[f32; N_POINTS]; Genre::COUNT]; Genre::COUNT],
}

impl Default for WeightMap {
    /// The map that changes nothing.
    fn default() -> Self {
        let line = core::array::from_fn(|point| point as f32 / (N_POINTS - 1) as f32);
        Self { shares: [[line; Genre::COUNT]; Genre::COUNT] }
    }
}

impl WeightMap {
    /// Name of the map among the tensors of a file.
    pub const NAME: &str = "blend.map";

    /// Its shape: first genre, second genre, share of the second that is asked for.
    pub const SHAPE: [usize; 3] = [Genre::COUNT, Genre::COUNT, N_POINTS];

    /// Sets the curve of a pair and, turned around, that of the same pair in the other order.
    ///
    /// # Errors
    /// [`Error::WeightMap`] if it does not rise from 0 to 1.
    pub fn set(&mut self, first: usize, second: usize, curve: [f32; N_POINTS]) -> Result<()> {
        let rises = curve.is_sorted_by(|a, b| a < b);
        if !rises || curve[0] != 0.0 || curve[N_POINTS - 1] != 1.0 {
            return Err(Error::WeightMap { first, second });
        }
        self.shares[first][second] = curve;
        self.shares[second][first] = core::array::from_fn(|i| 1.0 - curve[N_POINTS - 1 - i]);
        Ok(())
    }

    /// The curve of a pair.
    pub fn curve(&self, first: usize, second: usize) -> &[f32; N_POINTS] {
        &self.shares[first][second]
    }

    /// The map of a tensor of [`Self::SHAPE`]; of each pair the lower number comes first.
    ///
    /// # Errors
    /// [`Error::Tensor`] if it is no `f32`, [`Error::WeightMap`].
    pub fn of_tensor(tensor: &Tensor) -> Result<Self> {
        let shares: Vec<Vec<Vec<f32>>> = tensor.to_vec3()?;
        let mut map = Self::default();
        for (first, row) in shares.iter().enumerate() {
            for (second, curve) in row.iter().enumerate().skip(first + 1) {
                let curve = core::array::from_fn(|point| curve[point]);
                map.set(first, second, curve)?;
            }
        }
        Ok(map)
    }

    /// The map as a tensor of [`Self::SHAPE`].
    ///
    /// # Errors
    /// [`Error::Tensor`].
    pub fn to_tensor(&self) -> Result<Tensor> {
        let values: Vec<f32> = self.shares.iter().flatten().flatten().copied().collect();
        Ok(Tensor::from_vec(values, &Self::SHAPE, &Device::Cpu)?)
    }

    /// Shares to compose with for shares that were asked for; both sum to 1.
    ///
    /// Each weight is a genre's, or a style's that lies between genres: `genres` says of a place
    /// which, in shares. A style is pulled as its genres would be.
    pub fn apply<const N: usize>(
        &self,
        asked: [f32; N],
        genres: impl Fn(usize) -> [f32; Genre::COUNT],
    ) -> [f32; N] {
        let mut composed = [0.0; N];
        let heard = (0..N).filter(|place| asked[*place] > 0.0);
        for place in heard.clone() {
            let own = genres(place);
            let pulls = heard.clone().filter(|other| *other != place).map(|other| {
                let share = asked[place] / (asked[place] + asked[other]);
                asked[other] * self.pull(&genres(other), &own, share)
            });
            // Not the system's exponential, which rounds as each system likes.
            composed[place] = asked[place] * math::exp(pulls.sum());
        }
        let sum: f32 = composed.iter().sum();
        composed.map(|share| if sum > 0.0 { share / sum } else { share })
    }

    /// How far the logit of a share moves, as a mean over the genres of both.
    fn pull(&self, first: &[f32; Genre::COUNT], second: &[f32; Genre::COUNT], share: f32) -> f32 {
        let mut pull = 0.0;
        for (from, weight) in first.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            let others = second.iter().enumerate();
            for (to, other) in others.filter(|(to, other)| **other > 0.0 && *to != from) {
                let composed = Self::between(&self.shares[from][to], share);
                pull += weight * other * (logit(composed) - logit(share));
            }
        }
        pull
    }

    /// A curve at any share, in straight lines from point to point.
    pub fn between(curve: &[f32; N_POINTS], share: f32) -> f32 {
        let place = share * (N_POINTS - 1) as f32;
        let point = (place as usize).min(N_POINTS - 2);
        curve[point] + (place - point as f32) * (curve[point + 1] - curve[point])
    }
}

/// Ends are pulled in, so that their difference stays a number.
fn logit(share: f32) -> f32 {
    let share = share.clamp(1e-6, 1.0 - 1e-6);
    logf(share / (1.0 - share))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bent(power: f32) -> [f32; N_POINTS] {
        core::array::from_fn(|i| (i as f32 / 10.0).powf(power))
    }

    fn applied(map: &WeightMap, asked: [f32; Genre::COUNT]) -> [f32; Genre::COUNT] {
        map.apply(asked, pure)
    }

    fn pure(genre: usize) -> [f32; Genre::COUNT] {
        core::array::from_fn(|other| f32::from(u8::from(other == genre)))
    }

    fn near(a: [f32; Genre::COUNT], b: [f32; Genre::COUNT]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
    }

    #[test]
    fn a_blend_of_two_follows_the_curve_of_its_pair_in_either_order() {
        let mut map = WeightMap::default();
        map.set(1, 4, bent(2.0)).unwrap();
        assert!(near(
            applied(&map, [0.0, 0.7, 0.0, 0.0, 0.3, 0.0]),
            [0.0, 0.91, 0.0, 0.0, 0.09, 0.0]
        ));
        assert!(near(
            applied(&map, [0.0, 0.3, 0.0, 0.0, 0.7, 0.0]),
            [0.0, 0.51, 0.0, 0.0, 0.49, 0.0]
        ));
        // Between the points in a line.
        assert!((applied(&map, [0.0, 0.65, 0.0, 0.0, 0.35, 0.0])[4] - 0.125).abs() < 1e-4);
        for genre in 0..Genre::COUNT {
            let mut pure = [0.0; Genre::COUNT];
            pure[genre] = 1.0;
            assert_eq!(applied(&map, pure), pure);
        }
    }

    #[test]
    fn without_a_curve_nothing_changes_and_with_one_more_of_a_genre_stays_more() {
        let blends = [[0.1, 0.2, 0.3, 0.05, 0.05, 0.3], [0.5, 0.0, 0.0, 0.25, 0.0, 0.25]];
        for blend in blends {
            assert!(near(applied(&WeightMap::default(), blend), blend));
        }
        let mut map = WeightMap::default();
        for (first, second, power) in [(0, 3, 3.0), (0, 5, 0.4), (3, 5, 2.0)] {
            map.set(first, second, bent(power)).unwrap();
        }
        let mut before = 0.0;
        for step in 0..=100 {
            let share = step as f32 / 100.0;
            let rest = (1.0 - share) / 2.0;
            let composed = applied(&map, [rest, 0.0, 0.0, rest, 0.0, share]);
            assert!((composed.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert!(composed[5] >= before, "{share}: {} after {before}", composed[5]);
            before = composed[5];
        }
        assert_eq!(before, 1.0);
    }

    #[test]
    fn a_style_is_pulled_as_the_genres_it_lies_between() {
        let mut map = WeightMap::default();
        map.set(1, 4, bent(2.0)).unwrap();
        // Seven places: six genres, and a style of the fifth, or of half of it and half of rock.
        let applied = |style: [f32; 6]| {
            map.apply([0.0, 0.7, 0.0, 0.0, 0.0, 0.0, 0.3], |place| {
                if place < 6 { pure(place) } else { style }
            })
        };
        assert!((applied(pure(4))[6] - 0.09).abs() < 1e-4);
        assert!((applied(pure(1))[6] - 0.3).abs() < 1e-6, "within a genre there is no pull");
        let between = applied([0.0, 0.0, 0.5, 0.0, 0.5, 0.0])[6];
        assert!((0.1..0.29).contains(&between), "{between}");
    }

    #[test]
    fn a_tensor_keeps_the_map_and_a_falling_curve_is_refused() {
        let mut map = WeightMap::default();
        map.set(2, 5, bent(1.5)).unwrap();
        let back = WeightMap::of_tensor(&map.to_tensor().unwrap()).unwrap();
        assert_eq!(back.curve(2, 5), map.curve(2, 5));
        assert_eq!(back.curve(5, 2), map.curve(5, 2));
        let mut falling = bent(1.0);
        falling[4] = 0.2;
        let error = map.set(0, 1, falling).unwrap_err();
        assert_eq!(
            error.to_string(),
            "weights: blend.map: genres 0 and 1: expected a curve that rises from 0 to 1"
        );
        let mut values = vec![0.5f32; 6 * 6 * N_POINTS];
        values[0] = 0.0;
        let tensor = Tensor::from_vec(values, &WeightMap::SHAPE, &Device::Cpu).unwrap();
        assert!(WeightMap::of_tensor(&tensor).is_err());
    }
}
