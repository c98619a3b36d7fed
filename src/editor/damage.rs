//! Paints only what has changed, where the processor draws the window itself.
//!
//! While the band plays, the roll and a few lamps move and a hundred controls stand still. egui
//! describes all of it anew for each picture. [`Damage`] compares that with the picture before, and
//! leaves of it what lies in the rectangles that differ; these are painted over the last picture
//! where the window's buffer still holds it ([`Surface`]). What comes out is the same to the last
//! pixel.

mod surface;
#[cfg(test)]
mod tests;

pub use surface::callback;

use super::playhead::{Mover, Playhead};
use super::theme;
use egui::epaint::ClippedShape;
use egui::{Context, FullOutput, Plugin, Rect, Shape, pos2};
use surface::Surface;

/// Pixels around a shape that its soft edge may reach.
const SOFT_EDGE: f32 = 2.0;

/// Most rectangles that are painted apart.
const MOST_RECTS: usize = 12;

/// Two rectangles become one where that is no larger than this many times what they cover apart:
/// each costs the shapes that it cuts.
const WORTH: f32 = 1.25;

/// Shapes that may come or go at one place of a picture until it counts as another: what a beat of
/// a part brings.
const FAR: usize = 32;

/// Which part of the window differs from the picture before.
#[derive(Default)]
pub struct Damage {
    surface: Surface,
    /// The shapes of the last picture, and what each may touch.
    before: Vec<Placed>,
    /// The window in points, and pixels a point.
    size: Option<(Rect, f32)>,
    /// What differs from what was painted last; a pass may be given up before it is painted.
    unpainted: Rects,
    /// The playhead of the picture that is being described.
    playhead: Option<Playhead>,
    /// Where the last one is painted.
    line: Option<Rect>,
    /// Who moves it between two pictures, if anybody.
    mover: Option<Mover>,
}

impl Damage {
    /// Has the playhead moved between two pictures.
    pub fn with_mover(mover: Option<Mover>) -> Self {
        Self { mover, ..Self::default() }
    }

    /// Says that the playhead of this picture is not below anything.
    pub fn set_playhead(&mut self, playhead: Playhead) {
        self.playhead = Some(playhead);
    }

    /// Whether somebody moves the playhead until the next picture.
    pub fn is_moving(&self) -> bool {
        self.line.is_some() && self.mover.as_ref().is_some_and(Mover::is_running)
    }
}

/// A shape and the rectangle that it may touch, in points, on whole pixels.
#[derive(Clone, Debug)]
struct Placed {
    clipped: ClippedShape,
    touches: Rect,
}

impl Plugin for Damage {
    fn debug_name(&self) -> &'static str {
        "damage"
    }

    fn output_hook(&mut self, context: &Context, output: &mut FullOutput) {
        let size = (context.viewport_rect(), output.pixels_per_point);
        let is_whole = |patch: &egui::epaint::ImageDelta| patch.is_whole();
        let is_new_texture = output.textures_delta.set.values().flatten().any(is_whole);
        if self.surface.take_painted() {
            self.unpainted.clear();
        }
        let shapes = std::mem::take(&mut output.shapes);
        let mut now: Vec<Placed> =
            shapes.into_iter().map(|shape| Placed::new(shape, size.1)).collect();
        let line = self.playhead.take().and_then(|playhead| {
            let shape = playhead.shape(size.1);
            let place = now.iter().rposition(|placed| placed.clipped.shape == shape)?;
            Some((playhead, now.remove(place)))
        });
        if !self.surface.is_kept() || self.size != Some(size) || is_new_texture {
            self.unpainted.add(size.0);
        } else {
            differences(&self.before, &now, &mut self.unpainted);
        }
        if let Some(line) = self.line.take() {
            self.unpainted.add(line);
        }
        output.shapes.push(self.surface.begin(size.0));
        output.shapes.extend(within(&now, &self.unpainted));
        match (&self.mover, &line) {
            (Some(mover), Some((playhead, _))) if playhead.speed > 0.0 => {
                output.shapes.push(mover.take(*playhead, size.0));
            }
            (Some(mover), _) => mover.rest(),
            (None, _) => {}
        }
        if let Some((_, line)) = line {
            self.line = Some(line.touches);
            output.shapes.push(line.clipped);
        }
        output.shapes.push(self.surface.end(size.0));
        (self.before, self.size) = (now, Some(size));
    }
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

/// What of a picture lies in some rectangles, on the ground of the window.
fn within(picture: &[Placed], rects: &Rects) -> Vec<ClippedShape> {
    let mut shapes = Vec::new();
    for rect in &rects.0 {
        let ground = Shape::rect_filled(rect.expand(SOFT_EDGE), 0.0, theme::PANEL);
        shapes.push(ClippedShape::new(*rect, ground));
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

/// Rectangles that do not overlap.
#[derive(Debug, Default)]
struct Rects(Vec<Rect>);

impl Rects {
    fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a rectangle, joined with those that it overlaps or nearly fills a larger one with.
    fn add(&mut self, rect: Rect) {
        if !rect.is_positive() || self.0.iter().any(|known| known.contains_rect(rect)) {
            return;
        }
        let mut rect = rect;
        while let Some(at) = self.0.iter().position(|known| is_better_joined(*known, rect)) {
            rect |= self.0.swap_remove(at);
        }
        self.0.push(rect);
        if self.0.len() > MOST_RECTS {
            self.join_nearest();
        }
    }

    /// Joins the two that grow least by it.
    fn join_nearest(&mut self) {
        let pairs = (1..self.0.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let growth = |(a, b): &(usize, usize)| {
            let (a, b) = (self.0[*a], self.0[*b]);
            (a | b).area() - a.area() - b.area()
        };
        if let Some((a, b)) = pairs.min_by(|x, y| growth(x).total_cmp(&growth(y))) {
            let joined = self.0[a] | self.0.swap_remove(b);
            self.0.swap_remove(a);
            self.add(joined);
        }
    }
}

fn is_better_joined(a: Rect, b: Rect) -> bool {
    let overlap = a.intersect(b);
    overlap.is_positive() || (a | b).area() <= WORTH * (a.area() + b.area())
}
