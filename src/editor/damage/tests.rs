use super::*;
use crate::editor::playhead::Playhead;
use crate::editor::raster::{Pixels, Raster};
use crate::editor::testing::Window;
use crate::editor::theme;
use egui::{Align2, Color32, Context, FontId, PointerButton, Shape, vec2};

/// A window that keeps its picture, beside one that is painted whole.
struct Kept {
    window: Window,
    raster: Raster,
    damage: Damage,
    kept: Pixels,
}

impl Kept {
    fn new(size: [f32; 2]) -> Self {
        let window = Window::new(size);
        let (raster, damage) = (Raster::default(), Damage::default());
        Self { window, raster, damage, kept: Pixels::default() }
    }

    /// Draws a picture; the share of the window that was painted.
    fn frame(&mut self) -> f32 {
        let mut output = self.window.frame_with_textures();
        let context = &self.window.bench.context;
        let (window, scale) = (context.viewport_rect(), output.pixels_per_point);
        let size = [window.width(), window.height()].map(|length| (length * scale) as usize);
        if self.kept.size() != size {
            // As after a change of size, nothing of it is of use.
            self.kept = Pixels::new(size, Color32::RED);
            self.damage.forget();
        }
        self.raster.set(&mut output.textures_delta);
        let mut whole = Pixels::new(size, theme::PANEL);
        let all = context.tessellate(output.shapes.clone(), scale);
        self.raster.paint(&mut whole, &all, scale);
        let playhead = Playhead::told(context);
        let changed = self.damage.take(&mut output, window, playhead);
        for rect in changed.rects.iter() {
            let area = self.kept.area(*rect, scale);
            self.kept.fill(&area, theme::PANEL);
        }
        let primitives = context.tessellate(changed.shapes, scale);
        self.raster.paint(&mut self.kept, &primitives, scale);
        let mut seen = self.kept.clone();
        if let Some(playhead) = changed.playhead {
            let line = egui::epaint::ClippedShape::new(Rect::EVERYTHING, playhead.shape(scale));
            let line = context.tessellate(vec![line], scale);
            self.raster.paint(&mut seen, &line, scale);
        }
        self.raster.free(&mut output.textures_delta);
        for y in 0..size[1] {
            assert!(seen.row(y, 0..size[0]) == whole.row(y, 0..size[0]), "row {y} is stale");
        }
        changed.rects.iter().map(Rect::area).sum::<f32>() / window.area()
    }
}

#[test]
fn what_is_left_out_looks_the_same() {
    let mut kept = Kept::new([720.0, 480.0]);
    assert_eq!(kept.frame(), 1.0, "a new window is painted whole");
    kept.frame();
    assert_eq!(kept.frame(), 0.0, "nothing changes");
    kept.window.play(9);
    kept.frame();
    shares_while_playing(&mut kept, 0.5);
    kept.window.page_roll();
    kept.frame();
    shares_while_playing(&mut kept, 0.5);
    kept.window.play(1);
    // Until the keys of the roll have come to rest.
    let moving = (0..24).map(|_| kept.frame()).fold(f32::INFINITY, f32::min);
    assert!(moving < 0.05, "lamps and the meter: {moving}");
    // A click opens a menu over everything, the pointer passes over controls, the wheel turns one.
    let menu = pos2(690.0, 20.0);
    for pressed in [true, false] {
        kept.window.bench.button(menu, PointerButton::Primary, pressed);
        kept.frame();
    }
    for step in 0..12 {
        kept.window.bench.point_at(pos2(60.0 + 50.0 * step as f32, 440.0 - 33.0 * step as f32));
        kept.window.bench.wheel(if step % 2 == 0 { 1.0 } else { -1.0 });
        kept.window.play(usize::from(step % 4 == 0));
        kept.frame();
    }
}

/// Another size, another scale with letters of another size, and a buffer that was lost.
#[test]
fn what_cannot_be_kept_is_painted_whole() {
    let mut kept = Kept::new([720.0, 480.0]);
    kept.window.page_roll();
    kept.window.play(5);
    let changes: [fn(&mut Kept); 4] = [
        |kept| kept.window.bench.resize([900.0, 500.0], 1.0),
        |kept| kept.window.bench.resize([900.0, 500.0], 1.5),
        |kept| kept.window.bench.resize([720.0, 480.0], 1.5),
        |kept| {
            kept.kept = Pixels::new(kept.kept.size(), Color32::RED);
            kept.damage.forget();
        },
    ];
    for change in changes {
        assert!((0..60).any(|_| kept.frame() < 0.1), "it does not come to rest");
        change(&mut kept);
        let shares = [kept.frame(), kept.frame()];
        assert!(shares.contains(&1.0), "{shares:?}");
        kept.window.play(1);
        kept.frame();
    }
}

/// Plays on.
fn shares_while_playing(kept: &mut Kept, most: f32) {
    for _ in 0..9 {
        kept.window.play(1);
        let share = kept.frame();
        assert!(share < most, "{share} of the window");
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
        Rect::from_min_size(pos2(0.0, 0.0), vec2(1_000.0, 100.0)),
        Rect::from_min_size(pos2(1_000.0, 0.0), vec2(100.0, 100.0)),
    );
    let picture = |x: f32, n: usize| {
        let mut shapes = vec![(left, square(10.0, 10.0, Color32::RED))];
        shapes.push((left, square(x, 60.0, Color32::RED)));
        shapes
            .extend((0..n).map(|i| (right, square(1_010.0 + 20.0 * i as f32, 10.0, Color32::RED))));
        shapes.push((right, square(1_080.0, 80.0, Color32::RED)));
        placed(shapes)
    };
    let damage = |before: &[Placed], now: &[Placed]| {
        let mut rects = Rects::default();
        differences(before, now, &mut rects);
        rects.to_vec()
    };
    assert_eq!(damage(&picture(10.0, 2), &picture(10.0, 2)), []);
    let moved = damage(&picture(10.0, 2), &picture(700.0, 2));
    assert_eq!(moved.len(), 2, "where it was, and where it is: {moved:?}");
    assert!(moved.iter().all(|rect| rect.area() < 250.0 && rect.top() == 59.0), "{moved:?}");
    let more = damage(&picture(10.0, 1), &picture(10.0, 3));
    let cover = more.iter().fold(Rect::NOTHING, |all, rect| all | *rect);
    assert_eq!(cover, Rect::from_min_max(pos2(1_029.0, 9.0), pos2(1_061.0, 21.0)));
    // Two come and one goes in one run: the others stay.
    let at = |places: &[f32]| -> Vec<Placed> {
        placed(places.iter().map(|x| (Rect::EVERYTHING, square(*x, 0.0, Color32::RED))).collect())
    };
    let come_and_gone =
        damage(&at(&[0.0, 1e3, 2e3, 3e3, 4e3]), &at(&[0.0, 500.0, 1e3, 2e3, 3_500.0, 4e3]));
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
