//! Points of a regular hexagon and weights of its corners, there and back.

use egui::{Pos2, Vec2, pos2, vec2};
use score::Genre;
use std::f32::consts::FRAC_PI_3;

/// The genres around the hexagon, clockwise from the top, so that neighbours go well together.
pub const RING: [Genre; 6] =
    [Genre::Classical, Genre::Folk, Genre::Rock, Genre::Electronic, Genre::HipHop, Genre::Jazz];

/// Shares of the genres in the order of [`Genre::ALL`]; they sum to 1.
pub type Shares = [f32; Genre::COUNT];

/// Closer to an edge than this a point lies on it, in radii.
const ON_EDGE: f32 = 1e-6;

/// A corner of the hexagon of radius 1 around the origin; the first is at the top.
pub fn corner(index: usize) -> Vec2 {
    let angle = index as f32 * FRAC_PI_3;
    vec2(angle.sin(), -angle.cos())
}

/// Twice the signed area of a triangle, positive for clockwise corners on a screen.
fn area(a: Vec2, b: Vec2, c: Vec2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Distance to the edge from corner `index` to the next, twice the area over the length of 1;
/// negative outside.
fn edge_distance(point: Vec2, index: usize) -> f32 {
    area(corner(index), corner((index + 1) % 6), point)
}

/// The nearest point of the hexagon of radius 1.
pub fn clamped(point: Vec2) -> Vec2 {
    if (0..6).all(|edge| edge_distance(point, edge) >= 0.0) {
        return point;
    }
    let on_edge = |index: usize| {
        let (from, to) = (corner(index), corner((index + 1) % 6));
        let along = (to - from).dot(point - from).clamp(0.0, 1.0);
        from + (to - from) * along
    };
    let distance = |candidate: &Vec2| (*candidate - point).length_sq();
    (0..6).map(on_edge).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(Vec2::ZERO)
}

/// The shares of the corners at a point of the hexagon of radius 1; points outside are brought to
/// its edge.
///
/// Wachspress coordinates (Wachspress, "A Rational Finite Element Basis", 1975; the form by areas
/// of Meyer, Lee, Barr and Desbrun, "Generalized Barycentric Coordinates on Irregular Polygons",
/// 2002): `w_i = A(v_{i-1}, v_i, v_{i+1}) / (A(v_{i-1}, v_i, x) A(v_i, v_{i+1}, x))`, normalised.
/// The first area is the same at all corners of a regular hexagon. They are smooth inside, never
/// negative, 1 at their own corner, linear along edges and equal in the middle; and
/// `sum(w_i v_i) = x`, which is how [`point`] finds back.
pub fn shares(point: Vec2) -> Shares {
    let point = clamped(point);
    let distances: [f32; 6] = std::array::from_fn(|edge| edge_distance(point, edge).max(0.0));
    let mut ring = [0.0; 6];
    if let Some(edge) = distances.iter().position(|distance| *distance < ON_EDGE) {
        let (from, next) = (corner(edge), (edge + 1) % 6);
        let along = (corner(next) - from).dot(point - from).clamp(0.0, 1.0);
        (ring[edge], ring[next]) = (1.0 - along, along);
    } else {
        for (index, weight) in ring.iter_mut().enumerate() {
            // Multiplied by all distances, so that nothing is divided by what is almost zero.
            *weight = (2..6).map(|step| distances[(index + step - 1) % 6]).product();
        }
        let sum: f32 = ring.iter().sum();
        ring = ring.map(|weight| weight / sum);
    }
    let mut shares = [0.0; 6];
    for (genre, weight) in RING.into_iter().zip(ring) {
        shares[genre.index()] = weight;
    }
    shares
}

/// Where shares lie: the centroid of the corners, in the hexagon of radius 1.
pub fn point(shares: &Shares) -> Vec2 {
    let sum: f32 = shares.iter().sum();
    let weighted = RING
        .iter()
        .enumerate()
        .map(|(index, genre)| corner(index) * (shares[genre.index()] / sum.max(f32::MIN_POSITIVE)));
    weighted.fold(Vec2::ZERO, |a, b| a + b)
}

/// How far shares are from those of the point where they lie: the largest difference of one.
///
/// Six shares have five degrees of freedom and the hexagon two, so most blends lie in no point.
pub fn hidden(of: &Shares) -> f32 {
    let there = shares(point(of));
    of.iter().zip(there).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// A hexagon on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hexagon {
    /// Its middle.
    pub center: Pos2,
    /// From the middle to a corner, in points.
    pub radius: f32,
}

impl Hexagon {
    /// A point of the hexagon of radius 1 on the screen.
    pub fn at(&self, point: Vec2) -> Pos2 {
        self.center + point * self.radius
    }

    /// The way back.
    pub fn point(&self, position: Pos2) -> Vec2 {
        (position - self.center) / self.radius.max(1.0)
    }

    /// A corner on the screen.
    pub fn corner(&self, index: usize) -> Pos2 {
        self.at(corner(index))
    }

    /// The largest hexagon in a box, `above` and `below` it left free.
    pub fn inside(area: egui::Rect, beside: f32, above: f32) -> Self {
        let (width, height) = (area.width() - 2.0 * beside, area.height() - 2.0 * above);
        let radius = (width / 3.0_f32.sqrt()).min(height / 2.0).max(1.0);
        Self { center: pos2(area.center().x, area.center().y), radius }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(a: &Shares, b: &Shares) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3)
    }

    /// Points of the hexagon: mixtures of its corners.
    fn points() -> impl Strategy<Value = Vec2> {
        prop::array::uniform6(0.001_f32..1.0).prop_map(|weights| point(&weights))
    }

    proptest! {
        #[test]
        fn a_point_survives_its_shares(at in points()) {
            let shares = shares(at);
            prop_assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
            prop_assert!((point(&shares) - at).length() < 1e-3, "{at:?} {shares:?}");
            prop_assert!(hidden(&shares) < 1e-3);
        }

        #[test]
        fn anywhere_on_the_screen_is_a_point_of_the_hexagon(x in -9.0_f32..9.0, y in -9.0_f32..9.0) {
            let inside = clamped(vec2(x, y));
            prop_assert!((0..6).all(|edge| edge_distance(inside, edge) >= -1e-4));
            prop_assert!((clamped(inside) - inside).length() < 1e-4);
            prop_assert!(near(&shares(inside), &shares(vec2(x, y))));
        }

        #[test]
        fn all_weights_lie_inside(weights in prop::array::uniform6(0.0_f32..1.0)) {
            let at = point(&weights);
            prop_assert!((0..6).all(|edge| edge_distance(at, edge) >= -1e-4), "{at:?}");
        }
    }

    #[test]
    fn corners_are_pure_edges_are_pairs_and_the_middle_is_all() {
        for (index, genre) in RING.into_iter().enumerate() {
            let at_corner = shares(corner(index));
            assert!(at_corner[genre.index()] > 0.999, "{genre:?} {at_corner:?}");
            let next = (index + 1) % 6;
            let halfway = shares((corner(index) + corner(next)) * 0.5);
            for (place, other) in RING.into_iter().enumerate() {
                let expected = if place == index || place == next { 0.5 } else { 0.0 };
                assert!((halfway[other.index()] - expected).abs() < 1e-3, "{halfway:?}");
            }
        }
        assert!(near(&shares(Vec2::ZERO), &[1.0 / 6.0; 6]));
        assert_eq!(RING.map(Genre::index).iter().sum::<usize>(), 15, "each genre once");
    }

    #[test]
    fn the_way_from_the_middle_to_a_corner_only_raises_it() {
        for (index, genre) in RING.into_iter().enumerate() {
            let along: Vec<f32> = (0..=10)
                .map(|step| shares(corner(index) * (step as f32 / 10.0))[genre.index()])
                .collect();
            assert!(along.windows(2).all(|pair| pair[0] < pair[1]), "{along:?}");
        }
    }

    /// Classical and electronic face each other: half of both is in no point.
    #[test]
    fn what_no_point_can_show_is_told() {
        let mut opposite = [0.0; 6];
        opposite[Genre::Classical.index()] = 0.5;
        opposite[Genre::Electronic.index()] = 0.5;
        assert!(point(&opposite).length() < 1e-6);
        assert!((hidden(&opposite) - (0.5 - 1.0 / 6.0)).abs() < 1e-5);
        let mut neighbours = [0.0; 6];
        neighbours[Genre::Classical.index()] = 0.7;
        neighbours[Genre::Jazz.index()] = 0.3;
        assert!(hidden(&neighbours) < 1e-3);
    }
}
