use super::*;
use crate::editor::testing::{Raster, Window};
use egui::{Align2, Color32, FontId, PointerButton, vec2};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};
use parking_lot::Mutex;
use std::sync::Arc;

/// Takes down what a picture is before anything is left out of it.
#[derive(Clone, Default)]
struct Whole(Arc<Mutex<(Vec<ClippedShape>, egui::TexturesDelta)>>);

impl Plugin for Whole {
    fn debug_name(&self) -> &'static str {
        "whole"
    }

    fn output_hook(&mut self, _context: &Context, output: &mut FullOutput) {
        let mut whole = self.0.lock();
        whole.0 = output.shapes.clone();
        whole.1.append(output.textures_delta.clone());
    }
}

/// A window that keeps its picture, beside one that is painted whole.
struct Kept {
    window: Window,
    whole: Whole,
    raster: Raster,
    kept: RgbaImage,
}

impl Kept {
    fn new(size: [f32; 2]) -> Self {
        let window = Window::new(size);
        let whole = Whole::default();
        window.bench.context.add_plugin(whole.clone());
        window.bench.context.add_plugin(Damage::default());
        let kept = RgbaImage::new(size[0] as u32, size[1] as u32);
        Self { window, whole, raster: Raster::default(), kept }
    }

    /// Draws a picture, and paints it unless it is given up; the share of the window's shapes that
    /// were painted.
    fn frame(&mut self, is_painted: bool) -> f64 {
        let output = self.window.frame();
        let mut whole = self.whole.0.lock();
        self.raster.handle_delta(&mut whole.1);
        if !is_painted {
            return 0.0;
        }
        let context = &self.window.bench.context;
        let share = output.shapes.len() as f64 / whole.0.len() as f64;
        self.raster.paint(&mut self.kept, context, output.shapes, 1.0).unwrap();
        context.with_plugin(|damage: &mut Damage| damage.surface.pretend_painted());
        let (width, height) = self.kept.dimensions();
        let mut all = RgbaImage::from_pixel(width, height, Rgba(theme::PANEL.to_array()));
        self.raster.paint(&mut all, context, whole.0.clone(), 1.0).unwrap();
        let mut pixels = all.enumerate_pixels().zip(self.kept.pixels());
        let other = pixels.find(|((.., one), other)| one != other);
        assert!(other.is_none(), "{other:?}");
        share
    }
}

#[test]
fn what_is_left_out_looks_the_same() {
    let mut kept = Kept::new([720.0, 480.0]);
    let first = kept.frame(true);
    assert!(first > 0.5, "all that can be seen: {first}");
    for _ in 0..2 {
        assert!(kept.frame(true) > 0.5, "a new window is painted whole");
    }
    let still = kept.frame(true);
    assert!(still < 0.05, "nothing changes: {still}");
    kept.window.play(9);
    kept.frame(true);
    shares_while_playing(&mut kept, 0.5);
    kept.window.page_roll();
    kept.frame(true);
    shares_while_playing(&mut kept, 0.5);
    kept.window.play(1);
    // Until the keys of the roll have come to rest.
    let moving = (0..24).map(|_| kept.frame(true)).fold(f64::INFINITY, f64::min);
    assert!(moving < 0.2, "the playhead, lamps and the meter: {moving}");
    // A click opens a menu over everything, the pointer passes over controls, the wheel turns one.
    let menu = pos2(690.0, 20.0);
    for pressed in [true, false] {
        kept.window.bench.button(menu, PointerButton::Primary, pressed);
        kept.frame(true);
    }
    for step in 0..12 {
        kept.window.bench.point_at(pos2(60.0 + 50.0 * step as f32, 440.0 - 33.0 * step as f32));
        kept.window.bench.wheel(if step % 2 == 0 { 1.0 } else { -1.0 });
        kept.window.play(usize::from(step % 4 == 0));
        kept.frame(step % 5 != 2);
    }
    kept.frame(true);
}

/// Plays on; every third picture is given up before it is painted.
fn shares_while_playing(kept: &mut Kept, most: f64) {
    for step in 0..9 {
        kept.window.play(1);
        let share = kept.frame(step % 3 != 1);
        assert!(share < most, "{share} of the shapes");
    }
}

fn placed(shapes: Vec<(Rect, Shape)>) -> Vec<Placed> {
    let clipped = shapes.into_iter().map(|(clip, shape)| ClippedShape::new(clip, shape));
    clipped.map(|clipped| Placed::new(clipped, 2.0)).collect()
}

fn square(x: f32, y: f32, color: Color32) -> Shape {
    Shape::rect_filled(Rect::from_min_size(pos2(x, y), vec2(10.0, 10.0)), 0.0, color)
}

#[test]
fn only_what_differs_is_damaged() {
    let (left, right) = (
        Rect::from_min_size(pos2(0.0, 0.0), vec2(100.0, 100.0)),
        Rect::from_min_size(pos2(100.0, 0.0), vec2(100.0, 100.0)),
    );
    let picture = |x: f32, n: usize| {
        let mut shapes = vec![(left, square(10.0, 10.0, Color32::RED))];
        shapes.push((left, square(x, 60.0, Color32::RED)));
        shapes.extend((0..n).map(|i| (right, square(110.0 + 20.0 * i as f32, 10.0, Color32::RED))));
        shapes.push((right, square(180.0, 80.0, Color32::RED)));
        placed(shapes)
    };
    let damage = |before: &[Placed], now: &[Placed]| {
        let mut rects = Rects::default();
        differences(before, now, &mut rects);
        rects.0
    };
    assert_eq!(damage(&picture(10.0, 2), &picture(10.0, 2)), []);
    let moved = damage(&picture(10.0, 2), &picture(70.0, 2));
    assert_eq!(moved.len(), 2, "where it was, and where it is: {moved:?}");
    assert!(moved.iter().all(|rect| rect.area() < 250.0 && rect.top() == 59.0), "{moved:?}");
    let more = damage(&picture(10.0, 1), &picture(10.0, 3));
    let cover = more.iter().fold(Rect::NOTHING, |all, rect| all | *rect);
    assert_eq!(cover, Rect::from_min_max(pos2(129.0, 9.0), pos2(161.0, 21.0)));
    // Two come and one goes in one run: the others stay.
    let at = |places: &[f32]| -> Vec<Placed> {
        placed(places.iter().map(|x| (Rect::EVERYTHING, square(*x, 0.0, Color32::RED))).collect())
    };
    let come_and_gone = damage(
        &at(&[0.0, 100.0, 200.0, 300.0, 400.0]),
        &at(&[0.0, 50.0, 100.0, 200.0, 350.0, 400.0]),
    );
    let area: f32 = come_and_gone.iter().map(Rect::area).sum();
    assert!(come_and_gone.len() == 3 && area < 3.0 * 250.0, "{come_and_gone:?}");
    let mut popup = picture(10.0, 2);
    popup.extend(placed(vec![(Rect::EVERYTHING, square(40.0, 40.0, Color32::BLUE))]));
    let opened = damage(&picture(10.0, 2), &popup);
    assert_eq!(opened.len(), 1);
    assert!(opened[0].area() < 250.0, "{opened:?}");
    assert_eq!(damage(&popup, &picture(10.0, 2)), opened);
}

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
        assert!(rects.0.len() <= MOST_RECTS);
        for (i, a) in rects.0.iter().enumerate() {
            assert!(rects.0[..i].iter().all(|b| !a.intersect(*b).is_positive()), "{rects:?}");
        }
        assert!(all.iter().all(|rect| rects.0.iter().any(|known| known.contains_rect(*rect))));
    }
    rects.add(Rect::NOTHING);
    rects.clear();
    rects.add(Rect::NOTHING);
    assert!(rects.0.is_empty());
}

#[test]
fn text_and_turned_shapes_are_where_they_are_painted() {
    let context = Context::default();
    context.run_ui(egui::RawInput::default(), |_| {}).drop_without_applying_deltas();
    let galley = context.fonts_mut(|fonts| {
        let font = FontId::proportional(14.0);
        fonts.layout_no_wrap("Tributary".into(), font, Color32::WHITE)
    });
    let width = galley.size().x;
    let text = Shape::galley(pos2(100.0, 50.0), galley, Color32::WHITE);
    let mut clipped = ClippedShape::new(Rect::EVERYTHING, text);
    let place = Placed::new(clipped.clone(), 1.0).touches;
    assert!(place.contains(pos2(101.0, 55.0)) && place.contains(pos2(99.0 + width, 55.0)));
    assert!(Align2::LEFT_TOP.pos_in_rect(&place).x >= 97.0);
    clipped.transform_after_tessellation =
        egui::emath::TSTransform::from_translation(vec2(0.0, 300.0));
    let moved = Placed::new(clipped, 1.0).touches;
    assert_eq!(moved, place.translate(vec2(0.0, 300.0)));
}
