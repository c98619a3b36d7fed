//! A style of what was played into the band, taught in the window.

use std::time::Duration;

use hosting::{Button, Picture, Script, Song};

use super::drop::project;
use super::screen::on_a_screen;
use super::{GESTURE, Opened, with_editor};
use crate::support::clap;

/// Beats that somebody plays along, and how much faster than the clock.
const PLAYED: f64 = 24.0;
const SPEED: f64 = 4.0;

/// How far a menu's shadow goes beyond it, at most. A click there would close it.
const SHADOW: i32 = 32;

/// Thirds in eighths into the band; then the song stands. It is too short for a style of what was
/// heard, so that of the menu's buttons one alone can be pressed.
fn played_along() -> Script {
    let mut script = Script::new(48_000.0, 512).in_real_time(SPEED);
    script.stand(&Song::default(), 0.0, 512, 400);
    script.play(&Song::default(), 0.0, PLAYED + 4.0, &[512]);
    for eighth in 0..(PLAYED * 2.0) as usize {
        let third = 60 + [0, 4, 7, 5, 9, 2, 7, 11][eighth % 8];
        let from = eighth as f64 / 2.0;
        for key in [third, third + 3] {
            script.input_note(from, from + 0.45, key, 0.8).unwrap();
        }
    }
    script.stop(512, 1_000_000);
    script.setting("sound", "off");
    script
}

/// The frame around what differs: left, top, right and bottom.
fn frame_of_change(before: &Picture, after: &Picture) -> Option<[i32; 4]> {
    let [width, height] = before.size();
    let places = (0..height).flat_map(|y| (0..width).map(move |x| [x, y]));
    let differ = places.filter(|[x, y]| before.pixel(*x, *y) != after.pixel(*x, *y));
    differ.fold(None, |frame: Option<[i32; 4]>, place| {
        let [x, y] = place.map(|length| length as i32);
        let [left, top, right, bottom] = frame.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
    })
}

impl Opened<'_, '_> {
    /// Clicks, goes away with the pointer, and returns what stays.
    fn click_and_leave(&mut self, place: [i32; 2]) -> Picture {
        let away = self.window.size().map(|length| length as i32 - 4);
        self.display.click(self.window.id(), place, Button::Left).unwrap();
        self.display.point(self.window.id(), away).unwrap();
        self.meanwhile.wait(GESTURE).unwrap();
        self.settled()
    }

    /// Clicks down the left column, below the pad, until a menu opens, and then its places from the
    /// last one up until one does something.
    fn click_in_a_menu(&mut self) {
        let [width, height] = self.window.size().map(|length| length as i32);
        for y in (height * 3 / 5..height - 20).step_by(14) {
            let before = self.click_and_leave([width / 2, 2]);
            let opened = self.click_and_leave([width / 8, y]);
            if opened.n_different(&before) < (width * height / 32) as usize {
                continue;
            }
            let [left, top, right, bottom] = frame_of_change(&before, &opened).unwrap();
            let places = (top..bottom - SHADOW).rev().step_by(12);
            let across = (left..right - SHADOW).rev().step_by(40);
            let places = places.flat_map(|y| across.clone().map(move |x| [x, y]));
            for place in places {
                if self.click_and_leave(place) != opened {
                    return;
                }
            }
        }
        panic!("no menu in the left column has a button");
    }
}

#[test]
fn what_was_played_into_the_band_becomes_a_style() {
    let name = "teach::what_was_played_into_the_band_becomes_a_style";
    on_a_screen(name, &[], |display| {
        let mut script = played_along();
        script.state = Some(project("taught"));
        with_editor(&clap(), &script, display, |opened| {
            let played = Duration::from_secs_f64((PLAYED + 4.0) / 2.0 / SPEED);
            opened.meanwhile.wait(played + Duration::from_secs(2)).unwrap();
            opened.click_in_a_menu();
            let style = opened.learnt();
            let about = style.about();
            assert_eq!(about.name, "What I played");
            // Two keys an eighth, none of them more than once.
            let n_keys = (PLAYED * 4.0) as usize;
            assert!((n_keys / 2..=n_keys).contains(&about.n_notes), "{} notes", about.n_notes);
        });
    });
}
