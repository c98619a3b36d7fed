//! Files are dropped onto a window as a file manager drops them.

use std::time::Duration;

use hosting::{Button, Display};

use super::screen::on_a_screen;
use super::{GESTURE, Opened, standing, with_editor};
use crate::support::{clap, root};

/// The plugin's own side of a drag stands in for the file manager's.
#[path = "../../../src/editor/drag_out/x11/source.rs"]
mod source;

/// How a drag ended, for [`source`].
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Dropped,
    Cancelled,
    Failed(String),
}

/// Between two moves of the pointer, for the window to answer.
const MOVE: Duration = Duration::from_millis(120);

/// Drags a list of files from beside the window into its middle and lets go.
fn drop_into(opened: &mut Opened, display: &Display, list: &str) -> Outcome {
    let (window, size) = (opened.window.id(), opened.window.size());
    let [x, y] = size.map(|length| length as i32 / 2);
    display.point(window, [2 * x + 60, y]).unwrap();
    display.button(Button::Left, true).unwrap();
    let source = source::Source::connect(None, list.to_owned()).unwrap();
    let drag = std::thread::spawn(move || source.run(|| false).unwrap());
    let before = opened.window.capture().unwrap();
    for step in 0..4 {
        display.point(window, [x + 4 * step, y]).unwrap();
        opened.meanwhile.wait(MOVE).unwrap();
    }
    // Over everything stands what would become of it.
    let n_pixels = size[0] as usize * size[1] as usize;
    opened.wait_for("nothing is said of the file", |picture| {
        picture.n_different(&before) > n_pixels / 2
    });
    display.button(Button::Left, false).unwrap();
    while !drag.is_finished() {
        opened.meanwhile.wait(MOVE).unwrap();
    }
    opened.meanwhile.wait(GESTURE).unwrap();
    drag.join().unwrap()
}

#[test]
fn a_style_goes_behind_a_knob_and_what_is_no_music_is_refused() {
    let name = "drop::a_style_goes_behind_a_knob_and_what_is_no_music_is_refused";
    on_a_screen(name, &[], |display| {
        let recording = with_editor(&clap(), &standing(), display, |opened| {
            let file = |name: &str| format!("file://{}\r\n", root().join(name).display());
            // On X11 the window library takes whatever is dropped.
            let before = opened.settled();
            assert_eq!(drop_into(opened, display, &file("README.md")), Outcome::Dropped);
            opened.wait_for("it is not said what is wrong", |picture| *picture != before);
            let style = file("assets/styles/fanny-hensel.tributary-style");
            assert_eq!(drop_into(opened, display, &style), Outcome::Dropped);
        });
        let saved = crate::styles::parsed(&recording)["fields"]["styles"].to_string();
        let n_bytes = std::fs::metadata(root().join("assets/styles/fanny-hensel.tributary-style"));
        assert!(saved.len() as u64 > n_bytes.unwrap().len(), "{} characters", saved.len());
    });
}
