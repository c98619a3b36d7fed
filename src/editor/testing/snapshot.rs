//! Widgets as pictures, held to those in `tests/snapshots`.

use super::Bench;
use crate::editor::raster::Raster;
use crate::editor::roll::Roll;
use crate::editor::roll::history::tests::beat;
use crate::editor::{blend, keep, meter, model_file, parts, presets, sound, status, styles, top};
use crate::editor::{names, theme};
use crate::engine::View;
use crate::params::TributaryParams;
use egui::{Panel, Ui};
use egui_kittest::{Harness, SnapshotOptions, try_image_snapshot_options};
use image::RgbaImage;
use nice_plug::params::InternalParamMut;
use nice_plug::prelude::{FloatParam, ParamSetter};
use score::{Chord, Note, Part, Pitch, Ticks, Velocity};
use std::path::Path;

/// How far a channel of a pixel may lie from the one in the file, of 255: machines round alike, but
/// fonts are drawn with whatever vectors a processor has.
const TOLERANCE: u8 = 2;

/// Where the pictures lie.
const FOLDER: &str = "tests/snapshots";

/// Holds a picture to `FOLDER/NAME.png`.
///
/// egui_kittest passes over pixels that it takes for soft edges, and so over a control that has
/// moved by a point; its files and its variable are used, and every pixel counts.
fn hold(picture: &RgbaImage, name: &str, folder: &Path) -> Result<(), String> {
    let file = folder.join(name).with_extension("png");
    let is_alike = image::open(&file).is_ok_and(|known| is_alike(&known.to_rgba8(), picture));
    let update = std::env::var("UPDATE_SNAPSHOTS").is_ok_and(|value| value != "0");
    if !is_alike && update && file.exists() {
        std::fs::remove_file(&file).map_err(|error| error.to_string())?;
    }
    let options = SnapshotOptions::new().threshold(0.0).output_path(folder);
    let held = try_image_snapshot_options(picture, name, &options);
    match is_alike || update {
        true => image::open(&file).map(|_| ()).map_err(|error| error.to_string()),
        false => {
            let new = file.with_extension("new.png");
            picture.save(&new).map_err(|error| error.to_string())?;
            let because = held.err().map(|error| error.to_string()).unwrap_or_default();
            Err(format!("{} is not {}. {because}", new.display(), file.display()))
        }
    }
}

fn is_alike(one: &RgbaImage, other: &RgbaImage) -> bool {
    let mut channels = one.as_raw().iter().zip(other.as_raw());
    one.dimensions() == other.dimensions()
        && channels.all(|(one, other)| one.abs_diff(*other) <= TOLERANCE)
}

/// A picture of what is shown, `size` in points.
fn picture(
    bench: &Bench,
    size: [f32; 2],
    scale: f32,
    mut show: impl FnMut(&mut Ui, &ParamSetter),
) -> RgbaImage {
    let host = bench.host();
    let genres = bench.params.model.model().genres();
    let mut harness = Harness::builder()
        .with_size(size)
        .with_pixels_per_point(scale)
        .with_accessibility_check(false)
        .renderer(Raster::default())
        .with_context_setup(move |context| {
            theme::apply(context);
            // As the window begins a picture.
            context.all_styles_mut(|style| style.visuals.panel_fill = theme::PANEL);
            names::remember(context, genres);
        })
        .build_ui(|ui| show(ui, &host.param_setter()));
    harness.run_steps(4);
    harness.render().expect("a picture")
}

/// Holds what is shown, `size` in points at `scale` pixels a point, to `tests/snapshots/NAME.png`.
#[track_caller]
pub fn assert_looks(
    name: &str,
    bench: &Bench,
    (size, scale): ([f32; 2], f32),
    show: impl FnMut(&mut Ui, &ParamSetter),
) {
    let picture = picture(bench, size, scale, show);
    if let Err(error) = hold(&picture, name, Path::new(FOLDER)) {
        panic!("{error}");
    }
}

fn set(param: &FloatParam, plain: f32) {
    // SAFETY: there is no host that could be told otherwise.
    unsafe { param._internal_set_plain_value(plain) };
}

/// A blend of three genres, and a lead of its own.
fn blended() -> Bench {
    let bench = Bench::new([0.0, 0.0]);
    let params = &bench.params;
    set(&params.common.blend.jazz, 0.4);
    set(&params.common.blend.electronic, 0.6);
    set(&params.common.blend.hiphop, 0.2);
    set(&params.lead.own, 0.7);
    set(&params.lead.blend.classical, 0.8);
    set(&params.bass.density, 1.0);
    bench
}

/// Two bars heard and one to come: drums, a bass, chords and a line over them.
fn music() -> Roll {
    let mut beats: Vec<_> = (0..12).map(|n| beat(n, n, 1)).collect();
    let chords = ["Am7", "D7", "Gmaj7"].map(|name| Chord::parse(name).expect(name));
    let roots = [45, 50, 43];
    let line = [72, 76, 79, 81, 78, 74, 72, 69, 71, 74, 79, 83];
    for (index, beat) in beats.iter_mut().enumerate() {
        let start = Ticks::from_beat(index as i64);
        let half = Ticks(Ticks::from_beat(1).0 / 2);
        let bar = index / 4;
        beat.chord = Some(chords[bar]);
        let mut play = |part: Part, onset: Ticks, beats: i64, key: u8, velocity: u8| {
            beat.parts[part.index()].push(Note {
                onset,
                duration: Ticks(Ticks::from_beat(beats).0 * 9 / 10),
                pitch: Pitch::clamped(key.into()),
                velocity: Velocity::clamped(velocity.into()),
            });
        };
        play(Part::Drums, start, 1, if index % 2 == 0 { 36 } else { 38 }, 110);
        for eighth in [start, start + half] {
            play(Part::Drums, eighth, 1, 42, 70);
        }
        play(Part::Bass, start, 1, roots[bar], 60 + 5 * index as u8);
        if index % 4 == 0 {
            for third in [60, 64, 67] {
                play(Part::Chords, start, 4, third, 80);
            }
        }
        play(Part::Lead, start + half, 1, line[index], 100);
    }
    Roll::of(&beats, 8.4)
}

#[test]
fn blend() {
    let bench = blended();
    let params = &bench.params;
    let mut state = styles::StylesState::default();
    assert_looks("blend", &bench, ([360.0, 480.0], 1.0), |ui, setter| {
        blend::show(ui, setter, params, None, 464.0, &mut state);
    });
}

#[test]
fn blend_of_equal_parts_on_a_fine_screen() {
    let bench = Bench::new([0.0, 0.0]);
    let mut state = styles::StylesState::default();
    assert_looks("blend-even-2x", &bench, ([300.0, 380.0], 2.0), |ui, setter| {
        blend::show(ui, setter, &bench.params, None, 364.0, &mut state);
    });
}

#[test]
fn rows_of_the_parts_and_of_the_harmony() {
    let bench = blended();
    let roll = music();
    assert_looks("rows", &bench, ([700.0, 500.0], 1.0), |ui, setter| {
        parts::show(ui, setter, &bench.params, None, &roll, 484.0);
    });
}

#[test]
fn the_meter() {
    let bench = blended();
    let heard = [0.05, 0.46, 0.02, 0.31, 0.0, 0.16];
    let asked = [0.0, 0.33, 0.0, 0.5, 0.0, 0.17];
    assert_looks("meter", &bench, ([240.0, 200.0], 1.0), |ui, _| {
        meter::show(ui, Some(&heard), &asked);
    });
    assert_looks("meter-listening", &bench, ([240.0, 200.0], 1.0), |ui, _| {
        meter::show(ui, None, &asked);
    });
}

#[test]
fn the_roll() {
    let bench = Bench::new([0.0, 0.0]);
    for (name, scale) in [("roll", 1.0), ("roll-2x", 2.0)] {
        let mut roll = music();
        roll.choose_bars(4.5, 5.0);
        assert_looks(name, &bench, ([640.0, 240.0], scale), |ui, _| roll.show(ui, 2.0));
    }
}

fn top_bar(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams) {
    let mut presets = presets::Presets::without_folder();
    let mut model = model_file::ModelFileState::default();
    let mut font = sound::FontState::default();
    let menus = (&mut presets, &mut model, &mut font);
    top::show(ui, setter, params, (None, "Strings"), menus);
}

#[test]
fn the_top_bar() {
    let bench = blended();
    set(&bench.params.music.swing, 0.3);
    for (name, width) in [("top", 1_060.0), ("top-narrow", 720.0), ("top-wide", 1_600.0)] {
        assert_looks(name, &bench, ([width, 130.0], 1.0), |ui, setter| {
            top_bar(ui, setter, &bench.params);
        });
    }
}

#[test]
fn the_foot() {
    let bench = Bench::new([0.0, 0.0]);
    let (view, mut worker) = View::of_patterns();
    while worker.step() {}
    let mut keep = keep::Keep::default();
    assert_looks("foot", &bench, ([900.0, 44.0], 1.0), |ui, _| {
        status::show(ui, Some(&view), &mut keep, None);
    });
}

#[test]
fn a_warning() {
    let bench = Bench::new([0.0, 0.0]);
    let warnings = [Some("dance.safetensors: the weights do not fit".to_owned()), None, None];
    assert_looks("warning", &bench, ([600.0, 70.0], 1.0), |ui, _| {
        let frame = egui::Frame::new().fill(theme::mix(theme::PANEL, theme::WARNING, 0.12));
        Panel::bottom("messages").show_separator_line(false).frame(frame).show(ui, |ui| {
            status::messages(ui, None, Some("music: expected value"), &warnings);
        });
    });
}

/// The pictures would mean little if they bore a control that has moved or another color.
#[test]
fn what_moves_or_changes_its_color_is_seen() {
    let bench = blended();
    let shown = |inset: f32, strength: f32, gain: u8| {
        set(&bench.params.common.strength, strength);
        picture(&bench, [200.0, 60.0], 1.0, |ui, setter| {
            ui.add_space(inset);
            let [r, g, b, _] = theme::ACCENT.to_array();
            let color = egui::Color32::from_rgb(r, g + gain, b);
            let strength = &bench.params.common.strength;
            crate::editor::control::bar(ui, setter, strength, "Strength", color, 180.0);
        })
    };
    let known = shown(8.0, 1.0, 0);
    assert!(is_alike(&known, &shown(8.0, 1.0, 0)));
    for (what, other) in [
        ("moved by a point", shown(9.0, 1.0, 0)),
        ("moved by half a point", shown(8.5, 1.0, 0)),
        ("another value", shown(8.0, 0.99, 0)),
        ("another color", shown(8.0, 1.0, 4)),
    ] {
        assert!(!is_alike(&known, &other), "{what} is not seen");
    }
}
