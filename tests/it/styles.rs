//! The user's styles through the built bundles: put behind a knob, heard, saved and refused.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hosting::{Format, Recording, Script};
use model::Style;
use model::style::{About, Fit, Listener, Song};
use score::steps::Step;
use score::window::Window;
use serde_json::{Value, json};

use crate::streams::{assert_clean, assert_same_music};
use crate::support::{clap, root, run, song, vst3};

/// Where the repository's own styles lie.
const FOLDER: &str = "assets/styles";

fn file(name: &str) -> Vec<u8> {
    let path = root().join(FOLDER).join(name).with_extension("tributary-style");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn parsed(recording: &Recording) -> Value {
    let start = recording.state.iter().position(|byte| *byte == b'{').unwrap();
    serde_json::from_slice(&recording.state[start..]).unwrap()
}

/// A project's state with styles behind its knobs.
fn state(bundle: &Path, of: &Recording, styles: &[Option<&[u8]>]) -> Vec<u8> {
    let mut state = parsed(of);
    let saved: Vec<Option<String>> =
        styles.iter().map(|style| style.map(|bytes| BASE64_STANDARD.encode(bytes))).collect();
    state["fields"]["styles"] = Value::String(json!(saved).to_string());
    let text = serde_json::to_vec(&state).unwrap();
    match hosting::load(bundle).unwrap().format() {
        Format::Vst3 => text,
        Format::Clap => [&(text.len() as u64).to_le_bytes()[..], &text].concat(),
    }
}

fn styled(beats: f64, settings: &[(&str, f64)]) -> Script {
    let mut script = song(beats, &[512]);
    script.settings.retain(|(name, _)| name == "sound");
    settings.iter().for_each(|(name, value)| script.value(name, *value));
    script
}

/// A style behind a knob is heard as the knob says, the same in both formats and after the project
/// was saved and opened; without a style the knob is nothing.
#[test]
fn a_style_is_a_knob_in_the_blend() {
    let (hensel, pekka) = (file("fanny-hensel"), file("pekka-kana-2"));
    let mut by_format = Vec::new();
    for bundle in [clap(), vst3()] {
        let settings = [("g_jazz", 0.5), ("s_1", 0.5), ("dr_own", 1.0), ("dr_s_2", 1.0)];
        let mut script = styled(16.0, &settings);
        let without = run(&bundle, &script);
        script.state = Some(state(&bundle, &without, &[Some(&hensel), Some(&pekka)]));
        let with = run(&bundle, &script);
        assert_clean("with styles", &script, &with);
        assert_ne!(with.music(), without.music(), "{}", bundle.display());
        // The knobs alone change nothing.
        script.state = None;
        script.settings.retain(|(name, _)| !name.contains("s_1"));
        assert_same_music("an empty knob", &without, &run(&bundle, &script));
        // Saved with the project, and opened again.
        let saved: Value =
            serde_json::from_str(parsed(&with)["fields"]["styles"].as_str().unwrap()).unwrap();
        assert_eq!(saved[0], json!(BASE64_STANDARD.encode(&hensel)));
        let mut again = styled(16.0, &settings);
        again.state = Some(with.state.clone());
        assert_same_music("saved and opened", &with, &run(&bundle, &again));
        // In another order of the same styles another knob is meant.
        again.state = Some(state(&bundle, &without, &[Some(&pekka), Some(&hensel)]));
        assert_ne!(run(&bundle, &again).music(), with.music());
        by_format.push(with);
    }
    assert_same_music("in both formats", &by_format[0], &by_format[1]);
}

/// Damaged, foreign and hostile styles: the band plays as if there was none.
#[test]
fn what_is_no_style_is_left_out_and_the_band_plays_on() {
    let good = file("fanny-hensel");
    let network = render::shipped().unwrap();
    let foreign = {
        let text = b"model\\\":\\\"";
        let at = good.windows(text.len()).position(|bytes| bytes == text).unwrap() + text.len();
        let mut foreign = good.clone();
        foreign[at] = if foreign[at] == b'0' { b'1' } else { b'0' };
        foreign
    };
    assert!(Style::from_bytes(&foreign).unwrap().check(&network).is_err());
    let mut huge_header = good.clone();
    huge_header[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let deep = [&(3u64 << 20).to_le_bytes()[..], &vec![b'['; 3 << 20]].concat();
    let cases: [(&str, &[u8]); 5] = [
        ("cut", &good[..good.len() / 2]),
        ("foreign", &foreign),
        ("huge header", &huge_header),
        ("deeply nested", &deep),
        ("empty", b""),
    ];
    for bundle in [clap(), vst3()] {
        let mut script = styled(8.0, &[("g_folk", 0.5), ("s_1", 1.0)]);
        let without = run(&bundle, &script);
        for (name, bytes) in cases {
            script.state = Some(state(&bundle, &without, &[Some(bytes)]));
            assert_same_music(name, &without, &run(&bundle, &script));
        }
    }
}

/// The steps of a piece as the network reads them.
fn steps(song: &Song) -> Vec<Step> {
    let window = Window::cut(&song.beats, 0, 96);
    window.encode(window.conditions(), 384)
}

/// The styles of the repository fit its model, say what they are of, and none holds what its songs
/// are: the model under a style is far from knowing a song by heart.
#[test]
fn the_repository_s_styles_fit_its_model() {
    let network = render::shipped().unwrap();
    let listener = Listener::new(&network).unwrap();
    for name in ["fanny-hensel", "pekka-kana-2"] {
        let style = Style::from_bytes(&file(name)).unwrap();
        style.check(&network).unwrap();
        let About { name, author, licence, n_notes, .. } = style.about();
        assert!(!name.is_empty() && !author.is_empty() && licence.contains("learnt from"));
        assert!(*n_notes > 10_000);
        // Half a bit a note would be a song by heart; a tune that it never saw costs several.
        let song = render::perform(
            &render::Song { n_bars: 16, ..render::Song::default() },
            render::patterns(),
        );
        let beats = score::quantize::quantize(&song.unwrap().performance.piece, false);
        let song = Song { name: "patterns".into(), beats, dynamics: false };
        let bits = listener.nats(&listener.style(&style), &steps(&song)).bits_per_note();
        assert!((0.5..12.0).contains(&bits), "{name}: {bits} bits a note");
        // A style is a fit's starting point when nothing was learnt: the genres alone.
        let fit = Fit::new(&network, vec![song.clone()], 1).unwrap();
        let nothing = fit.finish(About::default());
        let [under_it, genres] = [listener.style(&nothing), listener.genres(nothing.genres())]
            .map(|film| listener.nats(&film, &steps(&song)).bits_per_note());
        assert_eq!(under_it, genres);
    }
}
