//! Files are dropped onto a window as a file manager drops them.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hosting::{Button, Display};
use model::Style;
use serde_json::json;

use super::screen::{home, on_a_screen};
use super::{GESTURE, Opened, standing, with_editor};
use crate::own_model;
use crate::state::State;
use crate::support::{clap, root, run, song};

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
    // Over everything stands what would become of it; where a panel is bare it changes nothing.
    let n_pixels = size[0] as usize * size[1] as usize;
    opened.wait_for("nothing is said of the file", |picture| {
        picture.n_different(&before) > n_pixels / 8
    });
    display.button(Button::Left, false).unwrap();
    while !drag.is_finished() {
        opened.meanwhile.wait(MOVE).unwrap();
    }
    opened.meanwhile.wait(GESTURE).unwrap();
    drag.join().unwrap()
}

impl Opened<'_, '_> {
    /// The first style that there is, which is being learnt.
    pub fn learnt(&mut self) -> Style {
        self.wait_until("nothing is learnt", |state| {
            let styles = state.field("styles");
            let bytes = BASE64_STANDARD.decode(styles[0].as_str()?).unwrap();
            Some(Style::from_bytes(&bytes).unwrap())
        })
    }
}

/// A project that plays a small model, which learns a style in seconds.
pub fn project(name: &str) -> Vec<u8> {
    let model = own_model::model(name);
    let mut state = State::read(&run(&clap(), &song(1.0, &[512])).state);
    state.set_field("model", &json!({ "path": model }));
    state.bytes(crate::state::format(&clap()))
}

/// A file as a file manager names it.
fn listed(path: &Path) -> String {
    format!("file://{}\r\n", path.display())
}

#[test]
fn a_style_goes_behind_a_knob_and_what_is_no_music_is_refused() {
    let name = "drop::a_style_goes_behind_a_knob_and_what_is_no_music_is_refused";
    on_a_screen(name, &[], |display| {
        let recording = with_editor(&clap(), &standing(), display, |opened| {
            let file = |name: &str| listed(&root().join(name));
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

#[test]
fn a_model_a_sound_font_a_preset_and_songs_are_taken() {
    let name = "drop::a_model_a_sound_font_a_preset_and_songs_are_taken";
    on_a_screen(name, &[], |display| {
        // A small model, so that the songs are soon learnt.
        let mut script = standing();
        script.state = Some(project("dropped"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dropped");
        with_editor(&clap(), &script, display, |opened| {
            let song = folder.join("corpus/waltz/mine/0.mid");
            assert_eq!(drop_into(opened, display, &listed(&song)), Outcome::Dropped);
            assert_eq!(opened.learnt().about().name, "0");

            let font = root().join("tests/it/fixtures/sine.sf2");
            assert_eq!(drop_into(opened, display, &listed(&font)), Outcome::Dropped);
            opened.wait_until("another sound is played", |state| {
                (state.field("sound_font") == json!(font)).then_some(())
            });

            // Under a name that no preset has.
            let ours = std::fs::read_to_string(root().join("assets/presets/pure-jazz.toml"));
            let preset = folder.join("theirs.toml");
            std::fs::write(&preset, ours.unwrap().replace("Pure jazz", "Theirs")).unwrap();
            assert_eq!(drop_into(opened, display, &listed(&preset)), Outcome::Dropped);
            let kept = home(name).join("tributary/presets/theirs.toml");
            opened.wait_until("no preset is kept", |_| kept.exists().then_some(()));

            let model = root().join("models/tributary-a1.safetensors");
            assert_eq!(drop_into(opened, display, &listed(&model)), Outcome::Dropped);
            opened.wait_until("another model plays", |state| {
                (state.field("model")["path"] == json!(model)).then_some(())
            });
        });
    });
}
