use super::*;
use crate::editor::testing::{Bench, Told, begun, open_gestures};
use score::Genre;

const SIZE: [f32; 2] = [500.0, 400.0];

const BLEND: [&str; 6] = ["g_classical", "g_jazz", "g_rock", "g_electronic", "g_folk", "g_hiphop"];

/// One pad in a window.
struct Stage {
    bench: Bench,
    hexagon: Hexagon,
    id: egui::Id,
    small: bool,
}

impl Stage {
    fn new(small: bool) -> Self {
        let hexagon = Hexagon { center: Pos2::ZERO, radius: 1.0 };
        let mut stage = Self { bench: Bench::new(SIZE), hexagon, id: egui::Id::NULL, small };
        stage.frame();
        stage.frame();
        stage
    }

    fn frame(&mut self) {
        let params = self.bench.params.clone();
        let small = self.small;
        let (hexagon, id) = (&mut self.hexagon, &mut self.id);
        let _ = self.bench.frame(|ui, setter| {
            let blend = if small { &params.bass.blend } else { &params.common.blend };
            let target = Target {
                blend,
                name: "Blend",
                own: small.then_some(&params.bass.own),
                shown: shares_of(&blend.blend()),
            };
            let look = Look { small, ..Look::default() };
            let size = if small { vec2(60.0, 60.0) } else { vec2(400.0, 320.0) };
            let response = show(ui, setter, target, look, size);
            (*hexagon, *id) = (super::hexagon(response.rect, small), response.id);
        });
    }

    fn press(&mut self, point: Vec2, button: PointerButton, pressed: bool) {
        let at = self.hexagon.at(point);
        self.bench.button(at, button, pressed);
        self.frame();
    }

    fn click(&mut self, point: Vec2, button: PointerButton) {
        self.press(point, button, true);
        self.press(point, button, false);
        self.frame();
    }

    fn drag_to(&mut self, point: Vec2) {
        let at = self.hexagon.at(point);
        self.bench.point_at(at);
        self.frame();
    }

    fn shares(&self) -> Shares {
        let blend = if self.small {
            &self.bench.params.bass.blend
        } else {
            &self.bench.params.common.blend
        };
        shares_of(&blend.blend())
    }

    fn assert_at(&self, point: Vec2) {
        let there = geometry::shares(point);
        let near = self.shares().iter().zip(there).all(|(a, b)| (a - b).abs() < 0.01);
        assert!(near, "{:?} and not {there:?}", self.shares());
    }
}

#[test]
fn a_drag_sets_six_weights_in_one_gesture() {
    let mut stage = Stage::new(false);
    stage.press(vec2(0.1, 0.1), PointerButton::Primary, true);
    assert!(is_held(&stage.bench.context, stage.id));
    stage.assert_at(vec2(0.1, 0.1));
    for step in 0..5 {
        stage.drag_to(vec2(0.3, -0.1 * step as f32));
    }
    let open = open_gestures(&stage.bench.told_so_far());
    assert_eq!(open.len(), 6, "{open:?}");
    stage.press(vec2(0.3, -0.4), PointerButton::Primary, false);
    let told = stage.bench.told();
    assert_eq!(begun(&told), BLEND);
    stage.assert_at(vec2(0.3, -0.4));
    assert!(!is_held(&stage.bench.context, stage.id));
    stage.frame();
    assert_eq!(stage.bench.told(), []);
}

#[test]
fn a_drag_beyond_the_edge_stays_on_it() {
    let mut stage = Stage::new(false);
    stage.press(Vec2::ZERO, PointerButton::Primary, true);
    stage.drag_to(geometry::corner(1) * 1.4);
    stage.press(geometry::corner(1) * 1.4, PointerButton::Primary, false);
    stage.bench.told();
    stage.assert_at(geometry::corner(1));
    assert!(stage.shares()[RING[1].index()] > 0.99);
}

/// A press and its release may come with one frame.
#[test]
fn the_shortest_click_is_a_gesture_too() {
    let mut stage = Stage::new(false);
    let at = stage.hexagon.at(vec2(-0.4, 0.2));
    stage.bench.button(at, PointerButton::Primary, true);
    stage.bench.button(at, PointerButton::Primary, false);
    stage.frame();
    let told = stage.bench.told();
    assert_eq!(begun(&told), BLEND);
    stage.assert_at(vec2(-0.4, 0.2));
}

#[test]
fn beside_the_hexagon_nothing_is_taken() {
    let mut stage = Stage::new(false);
    stage.click(vec2(1.3, -0.9), PointerButton::Primary);
    assert_eq!(stage.bench.told(), []);
}

#[test]
fn shift_moves_a_tenth() {
    let mut stage = Stage::new(false);
    stage.click(vec2(0.2, 0.0), PointerButton::Primary);
    stage.bench.told();
    stage.bench.pause();
    stage.bench.shift(true);
    stage.press(vec2(0.2, 0.0), PointerButton::Primary, true);
    stage.drag_to(vec2(0.4, 0.0));
    stage.press(vec2(0.4, 0.0), PointerButton::Primary, false);
    stage.bench.told();
    let at = geometry::point(&stage.shares());
    assert!((at - vec2(0.22, 0.0)).length() < 0.01, "{at:?}");
}

#[test]
fn double_clicks_and_the_other_button_mean_corners_and_the_middle() {
    let mut stage = Stage::new(false);
    for (index, genre) in RING.into_iter().enumerate() {
        stage.bench.pause();
        stage.click(geometry::corner(index) * 0.93, PointerButton::Secondary);
        assert_eq!(begun(&stage.bench.told()), BLEND);
        assert!(stage.shares()[genre.index()] > 0.999, "{genre:?}");
        stage.bench.pause();
        stage.click(Vec2::ZERO, PointerButton::Primary);
        stage.click(Vec2::ZERO, PointerButton::Primary);
        stage.bench.told();
        assert!(stage.shares().iter().all(|share| (share - 1.0 / 6.0).abs() < 1e-3));
        stage.bench.pause();
        stage.click(geometry::corner(index) * 0.9, PointerButton::Primary);
        assert!(stage.shares()[genre.index()] < 0.99);
        stage.click(geometry::corner(index) * 0.9, PointerButton::Primary);
        stage.bench.told();
        assert!(stage.shares()[genre.index()] > 0.999, "{genre:?}");
    }
    // Halfway means neither.
    stage.bench.pause();
    stage.click(geometry::corner(0) * 0.5, PointerButton::Secondary);
    assert_eq!(stage.bench.told(), []);
}

#[test]
fn arrows_move_the_focused_point() {
    let mut stage = Stage::new(false);
    stage.click(Vec2::ZERO, PointerButton::Primary);
    stage.bench.told();
    stage.bench.key(Key::ArrowRight);
    stage.frame();
    stage.bench.key(Key::ArrowUp);
    stage.frame();
    assert_eq!(begun(&stage.bench.told()).len(), 12);
    stage.assert_at(vec2(KEY_STEP, -KEY_STEP));
}

#[test]
fn a_row_that_followed_gets_its_own_blend() {
    let mut stage = Stage::new(true);
    stage.press(vec2(0.5, 0.0), PointerButton::Primary, true);
    stage.press(vec2(0.5, 0.0), PointerButton::Primary, false);
    let told = stage.bench.told();
    assert_eq!(begun(&told)[0], "ba_own");
    assert_eq!(begun(&told).len(), 7);
    assert!(told.contains(&Told::Set("ba_own".into(), 1.0)));
    stage.assert_at(vec2(0.5, 0.0));
    stage.bench.pause();
    stage.press(vec2(0.1, 0.1), PointerButton::Primary, true);
    stage.press(vec2(0.1, 0.1), PointerButton::Primary, false);
    assert_eq!(begun(&stage.bench.told()).len(), 6, "its share stays as it is");
}

/// Automation of a single weight moves the point, and a blend that no point can show is told.
#[test]
fn what_a_host_sets_is_shown() {
    let stage = Stage::new(false);
    let blend = &stage.bench.params.common.blend;
    for param in [&blend.classical, &blend.electronic] {
        // SAFETY: there is no host that could be told otherwise.
        unsafe { nice_plug::params::InternalParamMut::_internal_set_plain_value(param, 0.8) };
    }
    assert!(geometry::point(&stage.shares()).length() < 1e-6);
    assert!(geometry::hidden(&stage.shares()) > 0.3);
    assert!((stage.shares()[Genre::Classical.index()] - 0.5).abs() < 1e-6);
}
