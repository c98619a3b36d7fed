//! The editor of the built bundles in a window of a real X server, worked with pointer and keys.
//!
//! The layout is not known here: places are swept until a control answers. Each test runs in a
//! process of its own, since plugins find their server by the environment, and on a server of its
//! own, so that nothing else is under the pointer. Without an X server the tests are skipped and
//! say so.

mod drop;
mod gestures;
mod life;
mod parts;
mod playhead;
mod screen;
mod teach;

use std::path::Path;
use std::time::{Duration, Instant};

use hosting::{
    Button, Display, Edit, EditorWindow, EditorWish, Keysym, Meanwhile, Picture, Script, Song,
    play_meanwhile,
};

use self::drop::Outcome;
use self::gestures::{assert_well_formed, genre_ids};
use self::screen::on_a_screen;
use crate::state::State;
use crate::support::{clap, vst3};

/// How long an editor may take to show something, on a busy machine that paints in software.
const LIMIT: Duration = Duration::from_secs(30);

/// Long enough for a gesture to reach the host.
const GESTURE: Duration = Duration::from_millis(300);

/// A host that stands at the start of a song in real time until it is stopped.
fn standing() -> Script {
    let mut script = Script::new(48_000.0, 512).in_real_time(1.0);
    script.stand(&Song::default(), 0.0, 512, 1_000_000);
    script.setting("sound", "off");
    script
}

/// A host that plays in real time until it is stopped.
fn playing() -> Script {
    let mut script = Script::new(48_000.0, 512).in_real_time(1.0);
    script.play(&Song::default(), 0.0, 20_000.0, &[512]);
    script.setting("sound", "off");
    script.value("g_jazz", 0.5);
    script
}

/// An editor that has painted.
struct Opened<'a, 'b> {
    meanwhile: &'a mut Meanwhile<'b>,
    display: &'a Display,
    window: EditorWindow<'a>,
}

impl<'a, 'b> Opened<'a, 'b> {
    fn open(meanwhile: &'a mut Meanwhile<'b>, display: &'a Display) -> Self {
        let wish = EditorWish::default();
        let window = EditorWindow::open(display, meanwhile.instance(), &wish).unwrap();
        let mut opened = Self { meanwhile, display, window };
        opened.wait_for("the editor painted nothing", |picture| !picture.is_blank());
        opened
    }

    #[track_caller]
    fn wait_for(&mut self, what: &str, is_wanted: impl FnMut(&Picture) -> bool) -> Picture {
        let instance = self.meanwhile.instance();
        self.window.wait_for(instance, what, LIMIT, is_wanted).unwrap()
    }

    /// A picture that does not change any more.
    fn settled(&mut self) -> Picture {
        let mut before = self.window.capture().unwrap();
        let mut n_same = 0;
        self.wait_for("the picture of a standing song does not settle", |picture| {
            n_same = if *picture == before { n_same + 1 } else { 0 };
            before = picture.clone();
            n_same == 6
        })
    }

    /// What is looked for in the project, or around it, once it is there.
    #[track_caller]
    fn wait_until<T>(&mut self, what: &str, mut wanted: impl FnMut(&State) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let state = self.meanwhile.instance().save_state().unwrap();
            if let Some(found) = wanted(&State::read(&state)) {
                return found;
            }
            assert!(begun.elapsed() < 4 * LIMIT, "{what}");
            self.meanwhile.wait(GESTURE).unwrap();
        }
    }

    /// What the host was told since `n_before` edits, after a moment; a gesture that has begun may
    /// take longer to end.
    fn edits_since(&mut self, n_before: usize) -> Vec<Edit> {
        let begun = Instant::now();
        loop {
            self.meanwhile.wait(GESTURE).unwrap();
            let edits = self.meanwhile.edits().unwrap().split_off(n_before);
            if gestures::are_all_ended(&edits) || begun.elapsed() > LIMIT {
                return edits;
            }
        }
    }

    fn n_edits(&mut self) -> usize {
        self.meanwhile.edits().unwrap().len()
    }

    /// Does something at places all over the window until `is_wanted` says that the edits it led
    /// to are those looked for; the place and them.
    fn sweep(
        &mut self,
        mut act: impl FnMut(&mut Self, [i32; 2]),
        is_wanted: impl Fn(&[Edit]) -> bool,
    ) -> Option<([i32; 2], Vec<Edit>)> {
        let [width, height] = self.window.size().map(|length| length as i32);
        for y in (60..height - 20).step_by(26) {
            for x in [width / 10, width * 2 / 5, width * 7 / 10] {
                let n_before = self.n_edits();
                act(self, [x, y]);
                let edits = self.edits_since(n_before);
                assert_well_formed(&edits);
                if is_wanted(&edits) {
                    return Some(([x, y], edits));
                }
            }
        }
        None
    }

    fn drag_right(&mut self, [x, y]: [i32; 2]) {
        self.display.drag(self.window.id(), [x, y], [x + 40, y], 3).unwrap();
    }

    /// Moves the pointer over the window.
    fn sweep_pointer(&mut self) {
        for step in 1..8 {
            self.display.point(self.window.id(), [step * 80, step * 60]).unwrap();
        }
    }

    fn close(self) {
        self.window.close(self.meanwhile.instance());
        self.meanwhile.stop();
    }
}

/// Plays a script and works an editor meanwhile.
fn with_editor(
    bundle: &Path,
    script: &Script,
    display: &Display,
    work: impl FnOnce(&mut Opened),
) -> hosting::Recording {
    let mut instance = hosting::load(bundle).unwrap();
    let main = |meanwhile: &mut Meanwhile| {
        let mut opened = Opened::open(meanwhile, display);
        work(&mut opened);
        opened.close();
        Ok(())
    };
    play_meanwhile(instance.as_mut(), script, main).unwrap().0
}

#[test]
fn it_opens_and_paints() {
    on_a_screen("it_opens_and_paints", &[], |display| {
        for bundle in [clap(), vst3()] {
            with_editor(&bundle, &playing(), display, |opened| {
                let picture = opened.window.capture().unwrap();
                let colors = picture.n_colors();
                assert!(colors > 16, "{}: {colors} colours", bundle.display());
            });
        }
    });
}

#[test]
fn what_plays_moves_in_the_picture() {
    on_a_screen("what_plays_moves_in_the_picture", &[], |display| {
        with_editor(&clap(), &playing(), display, |opened| {
            let first = opened.window.capture().unwrap();
            opened.wait_for("nothing moves while the song plays", |picture| {
                picture.n_different(&first) > 500
            });
        });
    });
}

#[test]
fn a_drag_is_a_gesture() {
    on_a_screen("a_drag_is_a_gesture", &[], |display| {
        for bundle in [clap(), vst3()] {
            let ids = genre_ids();
            let recording = with_editor(&bundle, &standing(), display, |opened| {
                let is_genre = |edits: &[Edit]| edits.iter().any(|e| ids.contains(&e.parameter));
                let found = opened.sweep(Opened::drag_right, is_genre);
                let (_, edits) = found.expect("a drag that turns a genre's knob");
                for parameter in opened.parameters_of(&edits) {
                    let id = parameter.id;
                    let value = opened.meanwhile.instance().value(&parameter).unwrap();
                    let last = gestures::last_value(&edits, id).unwrap();
                    let name = &parameter.name;
                    assert!((value - last).abs() < 1e-3, "{name}: {value}, not {last}");
                }
            });
            assert_well_formed(&recording.edits);
            assert!(recording.edits.len() >= 3);
        }
    });
}

impl Opened<'_, '_> {
    /// The parameters that edits are about.
    fn parameters_of(&mut self, edits: &[Edit]) -> Vec<hosting::Parameter> {
        let all = self.meanwhile.instance().parameters().clone();
        let of_edits = |id: u32| edits.iter().any(|edit| edit.parameter == id);
        all.iter().filter(|parameter| of_edits(parameter.id)).cloned().collect()
    }
}

#[test]
fn wheel_and_keys_step_a_control() {
    on_a_screen("wheel_and_keys_step_a_control", &[], |display| {
        with_editor(&clap(), &standing(), display, |opened| {
            let wheel = |opened: &mut Opened, place| {
                opened.display.click(opened.window.id(), place, Button::WheelUp).unwrap();
            };
            let set_one = |edits: &[Edit]| edits.len() == 3;
            let (place, up) = opened.sweep(wheel, set_one).expect("a control that the wheel steps");
            let id = up[0].parameter;
            let n_before = opened.n_edits();
            display.click(opened.window.id(), place, Button::WheelDown).unwrap();
            let down = opened.edits_since(n_before);
            assert_well_formed(&down);
            assert_eq!(down.len(), 3, "one notch, one step: {down:?}");
            assert!(gestures::last_value(&down, id) < gestures::last_value(&up, id));

            // A click gives the focus, and arrows step then, unless it has opened a list or a field
            // to type in.
            let has_stepped = std::cell::Cell::new(false);
            let click_and_step = |opened: &mut Opened, place| {
                opened.display.click(opened.window.id(), place, Button::Left).unwrap();
                opened.meanwhile.wait(GESTURE).unwrap();
                let n_before = opened.n_edits();
                for key in [Keysym::RIGHT, Keysym::LEFT, Keysym::UP, Keysym::DOWN] {
                    opened.display.key(key).unwrap();
                }
                let keys = opened.edits_since(n_before);
                assert_well_formed(&keys);
                has_stepped.set(!keys.is_empty());
                opened.display.key(Keysym::ESCAPE).unwrap();
            };
            let stepped = opened.sweep(click_and_step, |_| has_stepped.get());
            assert!(stepped.is_some(), "the arrow keys do nothing");
        });
    });
}

#[test]
fn automation_changes_the_picture() {
    on_a_screen("automation_changes_the_picture", &[], |display| {
        with_editor(&clap(), &standing(), display, |opened| {
            let before = opened.settled();
            opened.meanwhile.change("g_jazz", 1.0);
            opened.wait_for("a genre's knob moves and the picture does not", |picture| {
                picture.n_different(&before) > 200
            });
            let moved = opened.settled();
            opened.meanwhile.change("g_jazz", 0.0);
            opened.wait_for("the knob goes back and the picture does not", |picture| {
                picture.n_different(&moved) > 200
            });
            // Nothing of it is an edit of the editor's.
            assert_eq!(opened.n_edits(), 0);
        });
    });
}
