use super::*;
use crate::editor::pad::{self, geometry, hexagon, rim};
use crate::editor::testing::{Bench, Told, assert_looks};
use egui::{PointerButton, Pos2, Rect};
use std::time::Duration;

const SIZE: [f32; 2] = [480.0, 480.0];

/// The rim of a pad that fills the window, with a style behind the second knob.
fn frame(bench: &mut Bench) {
    let params = bench.params.clone();
    bench.frame(|ui, setter| {
        let hexagon = hexagon(Rect::from_min_size(Pos2::ZERO, SIZE.into()), false);
        let names = [None, Some("Satie".into()), None, None];
        rim::show(ui, setter, &hexagon, &params.common.styles, &names);
    });
}

#[test]
fn a_dot_on_the_rim_is_dragged_to_the_middle_as_one_gesture() {
    let mut bench = Bench::new(SIZE);
    let hexagon = hexagon(Rect::from_min_size(Pos2::ZERO, SIZE.into()), false);
    let edge = (geometry::corner(4) + geometry::corner(5)) / 2.0;
    let from = hexagon.at(edge);
    frame(&mut bench);
    bench.button(from, PointerButton::Primary, true);
    frame(&mut bench);
    for share in [0.8, 0.6, 0.4] {
        bench.point_at(hexagon.at(edge * share));
        frame(&mut bench);
    }
    bench.button(hexagon.at(edge * 0.4), PointerButton::Primary, false);
    frame(&mut bench);
    let told = bench.told();
    assert_eq!(told.first(), Some(&Told::Begin("s_2".into())));
    assert_eq!(told.last(), Some(&Told::End("s_2".into())));
    let begins = told.iter().filter(|told| matches!(told, Told::Begin(_))).count();
    assert_eq!(begins, 1, "{told:?}");
    let weight = bench.params.common.styles.second.unmodulated_normalized_value();
    assert!((0.6..=1.0).contains(&weight), "{weight}");
    // Where there is no style there is nothing to take.
    let empty = hexagon.at((geometry::corner(1) + geometry::corner(2)) / 2.0);
    bench.button(empty, PointerButton::Primary, true);
    frame(&mut bench);
    bench.button(empty, PointerButton::Primary, false);
    frame(&mut bench);
    assert!(bench.told().is_empty());
}

#[test]
fn the_rim_with_styles() {
    let bench = Bench::new(SIZE);
    let params = bench.params.clone();
    let names = ["Hensel", "Pekka Kana", "My trio", "Last 16 bars"].map(|name| Some(name.into()));
    for (param, weight) in params.common.styles.weights().into_iter().zip([0.6, 0.2, 0.0, 1.0]) {
        // SAFETY: there is no host that could be told otherwise.
        unsafe { nice_plug::params::InternalParamMut::_internal_set_plain_value(param, weight) };
    }
    assert_looks("rim", &bench, ([336.0, 296.0], 1.0), |ui, setter| {
        let target = pad::Target {
            blend: &params.common.blend,
            name: "Blend",
            own: None,
            shown: pad::shares_of(&params.common.blend.blend()),
        };
        let pad = pad::show(ui, setter, target, pad::Look::default(), ui.available_size());
        let hexagon = hexagon(pad.rect, false);
        rim::show(ui, setter, &hexagon, &params.common.styles, &names);
    });
}

#[test]
fn how_learning_comes_along() {
    let bench = Bench::new(SIZE);
    let learning =
        Learning::Running { share: 0.37, bits: 3.2, left: Some(Duration::from_secs(83)) };
    assert_looks("learning", &bench, ([420.0, 100.0], 1.0), |ui, _| {
        add(ui, &bench.params.styles, None, &mut StylesState::default(), &learning);
    });
}

#[test]
fn what_a_new_style_can_be_made_of() {
    let bench = Bench::new(SIZE);
    let (view, _worker) = View::of_patterns();
    assert_looks("new-style", &bench, ([420.0, 86.0], 1.0), |ui, _| {
        let state = &mut StylesState::default();
        add(ui, &bench.params.styles, Some(&view), state, &Learning::Idle);
    });
}
