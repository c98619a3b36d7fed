//! A window is painted in parts, which must come to what it is when it is painted whole.

use hosting::{Button, Keysym};

use super::screen::on_a_screen;
use super::{GESTURE, Opened, standing, with_editor};
use crate::support::clap;

/// Opens menus, turns what the wheel and the keys turn, and drags, all over the window.
fn work(opened: &mut Opened) {
    let [width, height] = opened.window.size().map(|length| length as i32);
    let window = opened.window.id();
    opened.sweep_pointer();
    for step in 1..8 {
        let place = [width * step / 8, height * (step * 3 % 8) / 8];
        opened.display.click(window, place, Button::WheelUp).unwrap();
        opened.drag_right(place);
        opened.display.click(window, place, Button::Right).unwrap();
        opened.display.key(Keysym::RIGHT).unwrap();
    }
    opened.display.click(window, [width - 30, 20], Button::Left).unwrap();
    opened.sweep_pointer();
    opened.display.key(Keysym::ESCAPE).unwrap();
    // Out of the window, where no control is under it and no help opens.
    opened.display.point(window, [width + 50, height + 50]).unwrap();
}

#[test]
fn they_come_to_the_whole() {
    on_a_screen("parts::they_come_to_the_whole", &[], |display| {
        with_editor(&clap(), &standing(), display, |opened| {
            work(opened);
            opened.meanwhile.wait(3 * GESTURE).unwrap();
            let in_parts = opened.settled();
            // Nothing of a picture of another size is kept.
            let size = opened.window.size();
            for wanted in [size.map(|length| length + 100), size] {
                opened.window.resize(opened.meanwhile.instance(), wanted).unwrap();
                opened.meanwhile.wait(3 * GESTURE).unwrap();
            }
            let whole = opened.settled();
            assert_eq!(in_parts.size(), whole.size());
            assert_eq!(in_parts.n_different(&whole), 0, "pixels are stale");
        });
    });
}

/// What another window has covered comes back, though nothing has changed.
#[test]
fn what_was_covered_comes_back() {
    on_a_screen("parts::what_was_covered_comes_back", &[], |display| {
        with_editor(&clap(), &standing(), display, |opened| {
            let before = opened.settled();
            let over = display.cover(opened.window.id(), [100, 90], [300, 200]).unwrap();
            opened.meanwhile.wait(GESTURE).unwrap();
            drop(over);
            opened.wait_for("what was covered is lost", |picture| *picture == before);
        });
    });
}
