//! Paints only what has changed, where the processor draws the window itself.
//!
//! While the band plays, the roll and a few lamps move and a hundred controls stand still. egui
//! describes all of it anew for each picture. [`Damage`] compares that with the picture before, and
//! leaves of it what lies in the rectangles that differ; these are painted over the last picture.
//! What comes out is the same to the last pixel.

mod rects;
#[cfg(test)]
mod tests;

use super::playhead::Playhead;
use egui::epaint::ClippedShape;
use egui::{FullOutput, Rect, pos2};
use rects::Rects;

/// Pixels around a shape that its soft edge may reach.
const SOFT_EDGE: f32 = 2.0;

/// Shapes that may come or go at one place of a picture until it counts as another: what a beat of
/// a part brings.
const FAR: usize = 32;

/// Tells which part of the window differs from the picture before.
#[derive(Default)]
pub struct Damage {
    /// The shapes of the last picture, and what each may touch.
    before: Vec<Placed>,
    /// The window in points, and pixels a point.
    size: Option<(Rect, f32)>,
}

/// What differs from the picture before.
pub struct Changed {
    /// Rectangles on whole pixels that do not overlap, in points: what is to be painted, on the
    /// ground of the window.
    pub rects: Rects,
    /// The shapes that lie in them, cut off at their edges.
    pub shapes: Vec<ClippedShape>,
    /// The playhead, which is in none of the shapes, if nothing lies above it.
    pub playhead: Option<Playhead>,
}

impl Damage {
    /// Has the next picture painted whole.
    pub fn forget(&mut self) {
        self.size = None;
    }

    /// Takes the shapes out of a picture of a window and says what of them is to be painted.
    pub fn take(
        &mut self,
        output: &mut FullOutput,
        window: Rect,
        playhead: Option<Playhead>,
    ) -> Changed {
        let size = (window, output.pixels_per_point);
        let is_whole = |patch: &egui::epaint::ImageDelta| patch.is_whole();
        let is_new_texture = output.textures_delta.set.values().flatten().any(is_whole);
        let shapes = std::mem::take(&mut output.shapes);
        let mut now: Vec<Placed> =
            shapes.into_iter().map(|shape| Placed::new(shape, size.1)).collect();
        let playhead = playhead.filter(|playhead| {
            let shape = playhead.shape(size.1);
            let place = now.iter().rposition(|placed| placed.clipped.shape == shape);
            place.map(|place| now.remove(place)).is_some()
        });
        let mut rects = Rects::default();
        if self.size != Some(size) || is_new_texture {
            rects.add(size.0);
        } else {
            differences(&self.before, &now, &mut rects);
        }
        let shapes = within(&now, &rects);
        (self.before, self.size) = (now, Some(size));
        Changed { rects, shapes, playhead }
    }
}

/// A shape and the rectangle that it may touch, in points, on whole pixels.
#[derive(Clone, Debug)]
struct Placed {
    clipped: ClippedShape,
    touches: Rect,
}

impl Placed {
    fn new(clipped: ClippedShape, pixels_per_point: f32) -> Self {
        let bounds = clipped.transform_after_tessellation * clipped.shape.visual_bounding_rect();
        let soft = bounds.expand(SOFT_EDGE / pixels_per_point).intersect(clipped.clip_rect);
        let touches =
            if soft.is_positive() { outward(soft, pixels_per_point) } else { Rect::NOTHING };
        Self { clipped, touches }
    }
}

/// The rectangle of whole pixels around one.
fn outward(rect: Rect, pixels_per_point: f32) -> Rect {
    let on = |at: f32, round: fn(f32) -> f32| round(at * pixels_per_point) / pixels_per_point;
    Rect::from_min_max(
        pos2(on(rect.min.x, f32::floor), on(rect.min.y, f32::floor)),
        pos2(on(rect.max.x, f32::ceil), on(rect.max.y, f32::ceil)),
    )
}

/// What of a picture lies in some rectangles.
fn within(picture: &[Placed], rects: &Rects) -> Vec<ClippedShape> {
    let mut shapes = Vec::new();
    for rect in rects.iter() {
        let touched = picture.iter().filter(|placed| placed.touches.intersects(*rect));
        shapes.extend(touched.map(|placed| ClippedShape {
            clip_rect: placed.clipped.clip_rect.intersect(*rect),
            ..placed.clipped.clone()
        }));
    }
    shapes
}

/// Adds what differs between two pictures.
///
/// Shapes come in runs that are cut off at the same rectangle. Where both pictures have the same
/// runs, each is compared with its like; else everything from the first to the last run that
/// differs counts.
fn differences(before: &[Placed], now: &[Placed], rects: &mut Rects) {
    let is_same_run = |a: &Placed, b: &Placed| a.clipped.clip_rect == b.clipped.clip_rect;
    let old: Vec<&[Placed]> = before.chunk_by(is_same_run).collect();
    let new: Vec<&[Placed]> = now.chunk_by(is_same_run).collect();
    let pairs = old.iter().zip(&new);
    if old.len() == new.len() && pairs.clone().all(|(a, b)| is_same_run(&a[0], &b[0])) {
        for (a, b) in pairs {
            changed(a, b, rects);
        }
    } else {
        between_ends(before, now, rects);
    }
}

/// Adds what differs between two runs: the shapes of either that have no like in the other, in
/// the same order. Notes come and go in the middle of a run.
fn changed(mut before: &[Placed], mut now: &[Placed], rects: &mut Rects) {
    while let Some([a, b]) = next_alike(before, now) {
        before[..a].iter().chain(&now[..b]).for_each(|placed| rects.add(placed.touches));
        (before, now) = (&before[a + 1..], &now[b + 1..]);
    }
    between_ends(before, now, rects);
}

/// Places of the next shapes that are alike, if they are near.
fn next_alike(before: &[Placed], now: &[Placed]) -> Option<[usize; 2]> {
    (0..=FAR).find_map(|far| {
        let places = (0..=far).map(|a| [a, far - a]);
        places.into_iter().find(|[a, b]| {
            let pair = before.get(*a).zip(now.get(*b));
            pair.is_some_and(|(a, b)| a.clipped == b.clipped)
        })
    })
}

/// Adds everything but the shapes at both ends that are alike.
fn between_ends(before: &[Placed], now: &[Placed], rects: &mut Rects) {
    let is_alike = |(a, b): &(&Placed, &Placed)| a.clipped == b.clipped;
    let first = before.iter().zip(now).take_while(is_alike).count();
    let (before, now) = (&before[first..], &now[first..]);
    let last = before.iter().rev().zip(now.iter().rev()).take_while(is_alike).count();
    let rest = before[..before.len() - last].iter().chain(&now[..now.len() - last]);
    rest.for_each(|placed| rects.add(placed.touches));
}
