//! A few rectangles that cover an area.

use egui::Rect;
use std::ops::Deref;

/// Most rectangles that are painted apart.
const MOST: usize = 32;

/// Two rectangles become one where that adds no more than this to what they cover, in square
/// points: each costs the shapes that it cuts.
const WORTH: f32 = 4_096.0;

/// Rectangles that do not overlap.
#[derive(Clone, Debug, Default)]
pub struct Rects(Vec<Rect>);

impl Rects {
    /// Adds what is not covered yet of a rectangle.
    pub fn add(&mut self, rect: Rect) {
        let mut left = vec![rect];
        while let Some(rect) = left.pop() {
            if !rect.is_positive() || self.iter().any(|known| known.contains_rect(rect)) {
                continue;
            }
            if let Some(at) = (0..self.len()).find(|at| self.is_better_joined(*at, rect)) {
                left.push(rect | self.0.swap_remove(at));
            } else if let Some(known) = self.iter().find(|known| overlap(**known, rect) > 0.0) {
                left.extend(outside(rect, *known));
            } else {
                self.0.push(rect);
                if self.len() > MOST {
                    self.join_nearest();
                }
            }
        }
    }

    /// Whether a rectangle and a known one had better be one, which overlaps no other.
    fn is_better_joined(&self, at: usize, rect: Rect) -> bool {
        let known = self.0[at];
        let joined = known | rect;
        let is_free =
            |(other, place): (usize, &Rect)| other == at || overlap(*place, joined) == 0.0;
        growth(known, rect) <= WORTH && self.iter().enumerate().all(is_free)
    }

    /// Joins the two that grow least by it, and what the joined one overlaps then. It is not cut
    /// off there, or there would be no fewer.
    fn join_nearest(&mut self) {
        let pairs = (1..self.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let growth = |(a, b): &(usize, usize)| growth(self.0[*a], self.0[*b]);
        let Some((a, b)) = pairs.min_by(|x, y| growth(x).total_cmp(&growth(y))) else { return };
        // The later one first, so that the other stays where it is.
        let mut joined = self.0.swap_remove(b);
        joined |= self.0.swap_remove(a);
        while let Some(at) = self.iter().position(|known| overlap(*known, joined) > 0.0) {
            joined |= self.0.swap_remove(at);
        }
        self.0.push(joined);
    }
}

impl Deref for Rects {
    type Target = [Rect];

    fn deref(&self) -> &[Rect] {
        &self.0
    }
}

/// The area of what lies in both.
fn overlap(a: Rect, b: Rect) -> f32 {
    let both = a.intersect(b);
    if both.is_positive() { both.area() } else { 0.0 }
}

/// How much more the rectangle around both covers.
fn growth(a: Rect, b: Rect) -> f32 {
    (a | b).area() - a.area() - b.area() + overlap(a, b)
}

/// What lies outside of another rectangle that it overlaps: above, below, left and right of it.
fn outside(rect: Rect, other: Rect) -> [Rect; 4] {
    let both = rect.intersect(other);
    [
        rect.with_max_y(both.top()),
        rect.with_min_y(both.bottom()),
        Rect::from_x_y_ranges(rect.left()..=both.left(), both.y_range()),
        Rect::from_x_y_ranges(both.right()..=rect.right(), both.y_range()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    #[test]
    fn rectangles_never_overlap_and_stay_few() {
        let mut rects = Rects::default();
        let mut all = Vec::new();
        let mut state = 7_u32;
        let mut random = |below: f32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 * below
        };
        for _ in 0..300 {
            let at = pos2(random(1_000.0).floor(), random(800.0).floor());
            let rect = Rect::from_min_size(at, vec2(1.0 + random(30.0).floor(), 1.0 + random(9.0)));
            rects.add(rect);
            all.push(rect);
            assert!(rects.len() <= MOST);
            for (i, a) in rects.iter().enumerate() {
                assert!(rects[..i].iter().all(|b| !a.intersect(*b).is_positive()), "{rects:?}");
            }
            let covered =
                |rect: &Rect| rects.iter().map(|known| overlap(*known, *rect)).sum::<f32>();
            assert!(all.iter().all(|rect| (covered(rect) - rect.area()).abs() < 0.01));
        }
        rects.add(Rect::NOTHING);
        let mut rects = Rects::default();
        rects.add(Rect::NOTHING);
        assert!(rects.is_empty());
    }

    /// A narrow one across others takes none of what lies between them along.
    #[test]
    fn what_crosses_is_cut_and_not_joined() {
        let mut rects = Rects::default();
        for step in 0..4 {
            let at = pos2(0.0, 300.0 * step as f32);
            rects.add(Rect::from_min_size(at, vec2(1_000.0, 40.0)));
        }
        rects.add(Rect::from_min_size(pos2(500.0, 0.0), vec2(40.0, 1_000.0)));
        let area: f32 = rects.iter().map(Rect::area).sum();
        assert_eq!(area, 4.0 * 40_000.0 + 40_000.0 - 4.0 * 1_600.0, "{rects:?}");
    }
}
