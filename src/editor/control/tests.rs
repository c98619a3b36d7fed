use super::*;
use crate::editor::testing::{Bench, Told, begun};
use egui::{Pos2, pos2};
use nice_plug::prelude::Param;

const SIZE: [f32; 2] = [400.0, 100.0];
const WIDTH: f32 = 200.0;

/// What a notch or a key moves a continuous parameter of nice-plug.
const STEP: f32 = 0.02;

/// One bar in a window.
struct Stage {
    bench: Bench,
    rect: Rect,
}

impl Stage {
    fn new() -> Self {
        let mut stage = Self { bench: Bench::new(SIZE), rect: Rect::NOTHING };
        stage.frame();
        stage.frame();
        stage
    }

    fn frame(&mut self) {
        let params = self.bench.params.clone();
        let rect = &mut self.rect;
        let _ = self.bench.frame(|ui, setter| {
            let param = &params.drums.density;
            *rect = bar(ui, setter, param, "Density", theme::ACCENT, WIDTH).rect;
        });
    }

    /// A place on the bar, as a share of its width.
    fn at(&self, share: f32) -> Pos2 {
        pos2(self.rect.left() + share * self.rect.width(), self.rect.center().y)
    }

    fn press(&mut self, share: f32, pressed: bool) {
        let at = self.at(share);
        self.bench.button(at, PointerButton::Primary, pressed);
        self.frame();
    }

    fn click(&mut self, share: f32) {
        self.press(share, true);
        self.press(share, false);
        self.frame();
    }

    fn key(&mut self, key: Key) {
        self.bench.key(key);
        self.frame();
        self.frame();
    }

    fn value(&self) -> f32 {
        self.bench.params.drums.density.unmodulated_normalized_value()
    }

    fn set(values: &[f32]) -> Vec<Told> {
        let id = || "dr_density".to_owned();
        let sets = values.iter().map(|value| Told::Set(id(), *value));
        [Told::Begin(id())].into_iter().chain(sets).chain([Told::End(id())]).collect()
    }
}

#[test]
fn a_drag_is_one_gesture() {
    let mut stage = Stage::new();
    stage.press(0.5, true);
    for share in [0.6, 0.7, 0.8] {
        let at = stage.at(share);
        stage.bench.point_at(at);
        stage.frame();
    }
    assert!(stage.bench.told_so_far().len() > 2);
    stage.press(0.8, false);
    let told = stage.bench.told();
    assert_eq!(begun(&told), ["dr_density"]);
    assert!((stage.value() - 0.8).abs() < 1e-4, "{told:?}");
}

#[test]
fn shift_is_fine() {
    let mut stage = Stage::new();
    stage.bench.shift(true);
    stage.press(0.5, true);
    for share in [0.6, 0.7] {
        let at = stage.at(share);
        stage.bench.point_at(at);
        stage.frame();
    }
    stage.press(0.7, false);
    stage.bench.told();
    assert!((0.505..=0.525).contains(&stage.value()), "{}", stage.value());
}

#[test]
fn wheel_and_arrows_step_once_each() {
    let mut stage = Stage::new();
    let at = stage.at(0.3);
    stage.bench.point_at(at);
    stage.frame();
    stage.bench.wheel(1.0);
    stage.frame();
    assert_eq!(stage.bench.told(), Stage::set(&[0.5 + STEP]));
    stage.bench.wheel(-1.0);
    stage.frame();
    // The wheel is smoothed for scrolling, not for stepping.
    for _ in 0..20 {
        stage.frame();
    }
    assert_eq!(begun(&stage.bench.told()).len(), 1);
    assert!((stage.value() - 0.5).abs() < 1e-4);
    stage.click(0.3);
    stage.key(Key::ArrowRight);
    stage.key(Key::ArrowUp);
    stage.key(Key::ArrowLeft);
    let told = stage.bench.told();
    assert_eq!(begun(&told).len(), 3);
    assert!((stage.value() - 0.5 - STEP).abs() < 1e-4);
}

#[test]
fn a_double_click_resets() {
    let mut stage = Stage::new();
    stage.press(0.2, true);
    let at = stage.at(0.4);
    stage.bench.point_at(at);
    stage.frame();
    stage.press(0.4, false);
    assert!(stage.value() < 0.45);
    stage.bench.told();
    stage.bench.pause();
    stage.click(0.2);
    stage.click(0.2);
    assert_eq!(stage.bench.told(), Stage::set(&[0.5]));
}

#[test]
fn a_value_is_typed_where_it_stands() {
    let mut stage = Stage::new();
    stage.click(0.95);
    assert_eq!(stage.bench.told(), [], "opening the field sets nothing");
    stage.bench.text("73");
    stage.frame();
    stage.key(Key::Enter);
    assert_eq!(stage.bench.told(), Stage::set(&[0.73]));
    // Enter on the focused bar opens it again; Escape leaves it as it was.
    stage.key(Key::Enter);
    stage.bench.text("12 %");
    stage.frame();
    stage.key(Key::Escape);
    assert_eq!(stage.bench.told(), []);
    assert!((stage.value() - 0.73).abs() < 1e-4);
}

#[test]
fn what_is_no_value_is_kept_to_be_mended() {
    let mut stage = Stage::new();
    stage.click(0.95);
    stage.bench.text("loud");
    stage.frame();
    stage.key(Key::Enter);
    stage.frame();
    assert_eq!(stage.bench.told(), []);
    for _ in 0..4 {
        stage.bench.key(Key::Backspace);
    }
    stage.bench.text("20");
    stage.frame();
    stage.key(Key::Enter);
    assert_eq!(stage.bench.told(), Stage::set(&[0.2]));
}

#[test]
fn leaving_the_field_takes_the_value_over() {
    let mut stage = Stage::new();
    stage.click(0.95);
    stage.bench.text("30");
    stage.frame();
    let elsewhere = pos2(390.0, 90.0);
    stage.bench.button(elsewhere, PointerButton::Primary, true);
    stage.frame();
    stage.bench.button(elsewhere, PointerButton::Primary, false);
    stage.frame();
    stage.frame();
    assert_eq!(stage.bench.told(), Stage::set(&[0.3]));
}
