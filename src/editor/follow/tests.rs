use super::*;
use crate::editor::testing::Bench;
use egui::{PointerButton, pos2};
use score::{Note, Piece, Pitch, Ticks, Velocity, smf};

/// A field alone in its window, with the pointer's button pressed in it and let go.
fn focused() -> Bench {
    let mut bench = Bench::new([400.0, 60.0]);
    let inside = pos2(50.0, 12.0);
    frame(&mut bench);
    bench.point_at(inside);
    for pressed in [true, false] {
        bench.button(inside, PointerButton::Primary, pressed);
        frame(&mut bench);
    }
    bench
}

fn frame(bench: &mut Bench) {
    let params = bench.params.clone();
    bench.frame(|ui, _| typed(ui, &params.typed, 380.0));
}

fn enter(bench: &mut Bench, text: &str) {
    bench.text(text);
    frame(bench);
    bench.key(Key::Enter);
    frame(bench);
    frame(bench);
}

#[test]
fn chords_are_followed_as_they_are_typed() {
    let mut bench = focused();
    bench.text("Am7 | D7");
    frame(&mut bench);
    assert_eq!(bench.params.typed.text(), "Am7 | D7");
    assert_eq!(bench.params.typed.newer_than(0).unwrap().1.to_string(), "Am7 | D7");
}

#[test]
fn enter_puts_the_chords_of_a_file_in_the_place_of_its_path() {
    let path = std::env::temp_dir().join(format!("tributary-field-{}.mid", std::process::id()));
    let mut piece = Piece::default();
    piece.parts[2].extend([53, 57, 60].map(|pitch| Note {
        onset: Ticks::from_beat(0),
        duration: Ticks::from_beat(4),
        pitch: Pitch::clamped(pitch),
        velocity: Velocity::clamped(80),
    }));
    std::fs::write(&path, smf::write(&piece)).unwrap();
    let mut bench = focused();
    enter(&mut bench, path.to_str().unwrap());
    assert_eq!(bench.params.typed.text(), "F");
    std::fs::remove_file(&path).unwrap();
    // What is not there stays to be mended.
    let mut bench = focused();
    enter(&mut bench, path.to_str().unwrap());
    assert_eq!(bench.params.typed.text(), path.to_str().unwrap());
}
