//! The playhead, which moves also between two pictures, and rest, in which there is none.

use std::collections::BTreeSet;

use hosting::{Picture, Watch};

use super::screen::on_a_screen;
use super::{GESTURE, playing, standing, with_editor};
use crate::support::clap;

/// Where the columns are that are white over the height of the roll, and how wide.
fn lines(picture: &Picture) -> Vec<(u32, u32)> {
    let [width, height] = picture.size();
    let (top, bottom) = (height * 78 / 100, height * 90 / 100);
    let is_white = |x: u32| (top..bottom).all(|y| picture.pixel(x, y) == [0xff; 3]);
    let mut lines: Vec<(u32, u32)> = Vec::new();
    for x in (0..width).filter(|x| is_white(*x)) {
        match lines.last_mut() {
            Some((left, wide)) if *left + *wide == x => *wide += 1,
            _ => lines.push((x, 1)),
        }
    }
    lines
}

#[test]
fn there_is_one_and_it_moves() {
    on_a_screen("playhead::there_is_one_and_it_moves", &[], |display| {
        with_editor(&clap(), &playing(), display, |opened| {
            opened.wait_for("there is no playhead", |picture| !lines(picture).is_empty());
            let (mut places, mut others) = (BTreeSet::new(), Vec::new());
            for _ in 0..300 {
                match lines(&opened.window.capture().unwrap())[..] {
                    [(x, 2)] => drop(places.insert(x)),
                    ref other => others.push(other.to_vec()),
                }
            }
            assert!(places.len() > 5, "it stands at {places:?}");
            // A picture that takes long to the screen may meet a line that was moved already.
            assert!(others.len() < 6, "{} of 300 times it was {others:?}", others.len());
        });
    });
}

#[test]
fn nothing_is_drawn_while_nothing_changes() {
    on_a_screen("playhead::nothing_is_drawn_while_nothing_changes", &[], |display| {
        with_editor(&clap(), &standing(), display, |opened| {
            opened.settled();
            let watch = Watch::of(None, opened.window.id()).unwrap();
            opened.meanwhile.wait(3 * GESTURE).unwrap();
            assert_eq!(watch.pictures().unwrap(), hosting::Pictures::default());
            // It was the watch that saw nothing: a pointer over a control is drawn.
            opened.sweep_pointer();
            assert!(watch.pictures().unwrap().n_windows > 0.0);
        });
    });
}
