//! The whole window: sizes, texts, keyboard, and what it costs to stand still.

use super::{Bench, begun};
use crate::editor::theme;
use crate::editor::{EditorApp, SETTLING_INTERVAL};
use crate::engine::{Band, Link};
use crate::host::Channels;
use crate::sound_font::SoundFonts;
use baseview::dpi::LogicalSize;
use egui::epaint::ClippedShape;
use egui::output::OutputEvent;
use egui::{FullOutput, Key, PointerButton, Rect, Shape};
use nice_plug::prelude::{Param, Transport};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const RATE: f32 = 48_000.0;

/// The sizes that the window must bear, in points: the least, the usual, screens, tall and wide.
const SIZES: [[f32; 2]; 7] = [
    [720.0, 480.0],
    [1_000.0, 700.0],
    [1_060.0, 850.0],
    [1_920.0, 1_080.0],
    [3_840.0, 2_160.0],
    [720.0, 1_400.0],
    [2_400.0, 480.0],
];

/// A window over a band that renders offline, so that every beat is in time.
pub struct Window {
    pub bench: Bench,
    app: EditorApp,
    link: Arc<Link>,
    band: Option<Band>,
    at: usize,
}

impl Window {
    pub fn new(size: [f32; 2]) -> Self {
        let bench = Bench::new(size);
        let link = Arc::new(Link::default());
        let app = EditorApp::new(bench.params.clone(), link.clone());
        Self { bench, app, link, band: None, at: 0 }
    }

    /// Plays on, by whole beats at 120 a minute.
    pub fn play(&mut self, n_beats: usize) {
        let link = &self.link;
        let band = self.band.get_or_insert_with(|| {
            let fonts = SoundFonts::default().connect();
            let memory = self.bench.params.music_memory.memory();
            let mut band = Band::start(RATE, memory, Arc::default(), fonts, link);
            band.configure(RATE, true);
            band
        });
        let size = 480;
        for _ in 0..n_beats * RATE as usize / 2 / size {
            let mut host = Transport::new(RATE);
            host.playing = true;
            host.tempo = Some(120.0);
            host.pos_beats = Some(self.at as f64 / f64::from(RATE) * 2.0);
            host.time_sig_numerator = Some(4);
            host.time_sig_denominator = Some(4);
            let (mut left, mut right) = (vec![0.0; size], vec![0.0; size]);
            let params = &self.bench.params;
            let playhead = band.playhead(&host, params, &left);
            band.follow(params, size);
            let channels = Channels::PerPart;
            let outputs = [&mut left[..], &mut right[..]];
            let (controls, parts) = (params.controls(), Default::default());
            band.play(&playhead, &controls, channels, outputs, parts, |_| Ok(()));
            self.at += size;
        }
    }

    /// The roll as it is where the processor draws the window.
    pub fn page_roll(&mut self) {
        self.app.roll.is_paged = true;
    }

    pub fn frame(&mut self) -> FullOutput {
        let mut output = self.frame_with_textures();
        // There is no screen that would need them.
        output.textures_delta.clear();
        output
    }

    /// A frame to be painted.
    pub fn frame_with_textures(&mut self) -> FullOutput {
        let app = &mut self.app;
        self.bench.frame_with_textures(|ui, setter| app.draw(ui, setter))
    }

    /// Frames until animations have come to rest.
    pub fn settle(&mut self) -> FullOutput {
        for _ in 0..60 {
            self.frame();
        }
        self.frame()
    }
}

fn texts(shapes: &[ClippedShape]) -> Vec<(String, Rect, Rect, f32)> {
    fn collect(shape: &Shape, clip: Rect, texts: &mut Vec<(String, Rect, Rect, f32)>) {
        match shape {
            Shape::Text(text) => {
                let sizes = text.galley.job.sections.iter().map(|s| s.format.font_id.size);
                let smallest = sizes.fold(f32::INFINITY, f32::min);
                let rect = text.galley.rect.translate(text.pos.to_vec2());
                texts.push((text.galley.text().to_owned(), rect, clip, smallest));
            }
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, clip, texts)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    shapes.iter().for_each(|clipped| collect(&clipped.shape, clipped.clip_rect, &mut found));
    found
}

#[test]
fn every_size_is_filled_and_readable() {
    for size in SIZES {
        let mut window = Window::new(size);
        let output = window.settle();
        let screen = Rect::from_min_size(egui::Pos2::ZERO, size.into());
        let texts = texts(&output.shapes);
        assert!(texts.len() > 40, "{size:?}: {}", texts.len());
        for (text, rect, clip, smallest) in &texts {
            assert!(*smallest >= theme::SMALL_TEXT, "{text:?} has {smallest} points");
            let seen = rect.intersect(*clip);
            let shown = seen.width() > 0.0 && seen.height() > 0.0;
            assert!(
                !shown || screen.expand(0.5).contains_rect(seen),
                "{size:?}: {text:?} {rect:?}"
            );
        }
        for name in ["Tributary", "Run", "Setup", "Key", "Drums", "Classical", "Heard"] {
            let there = |(text, rect, clip, _): &(String, Rect, Rect, f32)| {
                text.starts_with(name)
                    && clip.expand(1.0).contains_rect(*rect)
                    && screen.contains_rect(*rect)
            };
            assert!(texts.iter().any(there), "{size:?}: {name} is not in sight");
        }
    }
}

/// Texts of the top bar stand side by side at every size.
#[test]
fn texts_of_the_top_bar_do_not_overlap() {
    for size in SIZES {
        let output = Window::new(size).settle();
        let texts = texts(&output.shapes);
        let edges = |rect: &Rect| rect.bottom() < 92.0;
        let edge: Vec<_> = texts
            .iter()
            .filter(|(text, rect, ..)| !text.is_empty() && edges(rect))
            .map(|(text, rect, clip, _)| (text, rect.intersect(*clip)))
            .filter(|(_, rect)| rect.is_positive())
            .collect();
        for (index, (text, rect)) in edge.iter().enumerate() {
            for (other, place) in &edge[index + 1..] {
                let both = rect.shrink(1.0).intersect(*place);
                assert!(!both.is_positive(), "{size:?}: {text:?} and {other:?} at {both:?}");
            }
        }
    }
}

/// Tab goes to every control in turn and comes round again.
#[test]
fn the_keyboard_reaches_everything() {
    let mut window = Window::new([1_060.0, 850.0]);
    window.play(1);
    window.settle();
    let mut reached = BTreeSet::new();
    for _ in 0..150 {
        window.bench.key(Key::Tab);
        let output = window.frame();
        for event in output.platform_output.events {
            if let OutputEvent::FocusGained(info) = event {
                reached.insert(info.label.unwrap_or_default());
            }
        }
    }
    let params = window.bench.params.clone();
    let named = |name: &str| reached.iter().any(|label| label.starts_with(name));
    let (music, engine) = (&params.music, &params.engine);
    let mut names = vec![engine.run.name(), engine.tempo.name(), engine.sound.name()];
    names.extend([engine.gain.name(), params.common.strength.name(), "Blend", "Harmony"]);
    names.extend([music.hold.name(), music.ending.name(), music.evolve.name()]);
    names.extend([music.adventure.name(), music.swing.name(), music.humanize.name()]);
    for part in params.parts() {
        names.extend([part.on.name(), part.density.name(), part.register.name()]);
        names.extend([part.level.name(), part.own.name()]);
    }
    names.extend(params.common.blend.weights().map(Param::name));
    let missing: Vec<_> = names.iter().filter(|name| !named(name)).collect();
    assert!(missing.is_empty(), "{missing:?} of {reached:?}");
    assert!(begun(&window.bench.told()).is_empty(), "looking changes nothing");
}

fn click(window: &mut Window, name: &str) {
    click_nth(window, name, 0);
}

/// Clicks the text `name`, counted from 0 in the order in which texts are drawn.
fn click_nth(window: &mut Window, name: &str, n: usize) {
    let texts = texts(&window.settle().shapes);
    let found = texts.iter().filter(|(text, ..)| text == name).nth(n);
    let at = found.map(|(_, rect, ..)| rect.center()).expect(name);
    for pressed in [true, false] {
        window.bench.button(at, PointerButton::Primary, pressed);
        window.frame();
    }
    window.bench.pause();
}

/// The menu stays open while something is chosen in it.
#[test]
fn the_setup_is_a_menu_of_parameters() {
    let mut window = Window::new([720.0, 480.0]);
    click(&mut window, "Setup");
    click(&mut window, "Single part on 1");
    assert_eq!(begun(&window.bench.told()), ["channels"]);
    let seen = texts(&window.settle().shapes);
    assert!(seen.iter().any(|(text, ..)| text == "Lookahead"));
    click(&mut window, "Setup");
    let seen = texts(&window.settle().shapes);
    assert!(!seen.iter().any(|(text, ..)| text == "Lookahead"));
    // In a larger window there is room for all of it.
    let mut window = Window::new([1_060.0, 850.0]);
    click(&mut window, "Setup");
    let seen = texts(&window.settle().shapes);
    let last = seen.iter().find(|(text, ..)| text == "full path of a .sf2 file");
    assert!(last.is_some_and(|(_, rect, clip, _)| clip.contains_rect(*rect)));
}

/// All that the top bar's list of scales needs is two clicks.
#[test]
fn a_choice_is_a_list() {
    let mut window = Window::new([1_060.0, 850.0]);
    click(&mut window, "Free major");
    click(&mut window, "Dorian");
    assert_eq!(begun(&window.bench.told()), ["scale"]);
    assert_eq!(window.bench.params.music.scale.value(), crate::params::ScaleChoice::Dorian);
}

/// How long after a frame the window asks for the next one.
fn pause(output: &FullOutput) -> Duration {
    let delays = output.viewport_output.values().map(|viewport| viewport.repaint_delay);
    delays.min().expect("a viewport")
}

#[test]
fn the_window_is_not_drawn_while_nothing_changes() {
    let mut window = Window::new([1_060.0, 850.0]);
    assert_eq!(pause(&window.settle()), Duration::MAX, "before there is a band");
    window.app.resized(LogicalSize::new(1_300.0, 900.0));
    assert!(pause(&window.frame()) <= 2 * SETTLING_INTERVAL, "the surface may follow later");
    assert_eq!(pause(&window.settle()), Duration::MAX, "it has followed");
    window.link.wake.ring();
    assert!(pause(&window.frame()) <= 2 * SETTLING_INTERVAL, "somebody rang");
    assert_eq!(pause(&window.settle()), Duration::MAX, "it was heard");
    window.play(8);
    assert!(pause(&window.settle()) <= SETTLING_INTERVAL, "while it plays");
}

/// What the worker has composed and the player has played is on the roll.
#[test]
fn what_plays_is_shown() {
    let mut window = Window::new([1_060.0, 850.0]);
    let before = texts(&window.settle().shapes);
    let says = |texts: &[(String, Rect, Rect, f32)], word: &str| {
        texts.iter().any(|(text, ..)| text.contains(word))
    };
    assert!(says(&before, "Press play"));
    window.play(12);
    let output = window.settle();
    let after = texts(&output.shapes);
    assert!(!says(&after, "Press play") && says(&after, "Snare") && says(&after, "ahead "));
    let shapes = |output: &FullOutput| output.shapes.len();
    assert!(shapes(&output) > 300, "{}", shapes(&output));
    assert!(shapes(&output) < 3_000, "{}", shapes(&output));
}

/// Which take is heard of a part is shown, and the buttons lead through them.
#[test]
fn takes_are_stepped_through_and_locked() {
    let mut window = Window::new([1_060.0, 850.0]);
    window.play(4);
    let takes = |window: &Window| window.bench.params.music_memory.memory().parts();
    // The first row is the drums'.
    click(&mut window, "Anew");
    window.play(1);
    // Twice there: beside the phrase, and in the row.
    let after_phrase = takes(&window);
    assert_eq!(after_phrase[0].newest, 0, "the phrase's button stands first");
    click_nth(&mut window, "Anew", 1);
    window.play(1);
    assert_eq!((takes(&window)[0].current, takes(&window)[0].newest), (1, 1));
    let seen = texts(&window.settle().shapes);
    assert!(seen.iter().any(|(text, ..)| text == "2/2"), "the number of the take");
    click_nth(&mut window, "<", 1);
    window.play(1);
    assert_eq!((takes(&window)[0].current, takes(&window)[0].newest), (0, 1));
    click_nth(&mut window, ">", 1);
    click(&mut window, "Lock");
    window.play(1);
    assert_eq!((takes(&window)[0].current, takes(&window)[0].locked), (1, true));
    click_nth(&mut window, "<", 1);
    click_nth(&mut window, "Anew", 1);
    window.play(1);
    assert_eq!((takes(&window)[0].current, takes(&window)[0].newest), (1, 1), "it is locked");
    click(&mut window, "Lock");
    window.play(1);
    assert!(!takes(&window)[0].locked);
    assert!(begun(&window.bench.told()).is_empty(), "no parameter was turned");
}

/// A drag over the roll chooses bars, and a button to keep them appears with it.
#[test]
fn bars_are_chosen_on_the_roll() {
    let mut window = Window::new([1_060.0, 850.0]);
    window.play(16);
    let seen = texts(&window.settle().shapes);
    let has = |seen: &[(String, Rect, Rect, f32)], word: &str| {
        seen.iter().any(|(text, ..)| text.starts_with(word))
    };
    assert!(!has(&seen, "chosen"));
    // Bar numbers stand at the start of their bars, in a line with the word.
    let line = seen.iter().find(|(text, ..)| text == "Bar").expect("the roll").1.center();
    let bar = |number: &str| {
        let found = seen.iter().find(|(text, rect, ..)| {
            text == number && (rect.center().y - line.y).abs() < 2.0 && rect.left() > line.x
        });
        found.expect(number).1.center()
    };
    // The roll glides on a little while nobody plays.
    let inside = egui::vec2(60.0, 60.0);
    let (from, to) = (bar("3") + inside, bar("4") + inside);
    window.bench.button(from, PointerButton::Primary, true);
    window.frame();
    for step in 1..=4 {
        window.bench.point_at(from + (to - from) * (step as f32 / 4.0));
        window.frame();
    }
    window.bench.button(to, PointerButton::Primary, false);
    window.frame();
    let chosen = *window.app.roll.chosen().expect("bars");
    assert_eq!((chosen.first.beat, chosen.last.beat, chosen.n_bars), (8, 15, 2));
    assert!(has(&texts(&window.settle().shapes), "chosen 2 bars"));
    window.bench.key(Key::ArrowLeft);
    window.frame();
    let moved = *window.app.roll.chosen().expect("bars");
    assert_eq!((moved.first.beat, moved.last.beat), (4, 11));
    window.bench.pause();
    for pressed in [true, false] {
        window.bench.button(from, PointerButton::Primary, pressed);
        window.frame();
    }
    assert_eq!(window.app.roll.chosen(), None, "a click lets go");
    assert!(begun(&window.bench.told()).is_empty());
}

/// Files over the window are told what they are for, used when they are let go, and refused in words.
#[test]
fn files_are_let_go_over_the_window() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut window = Window::new([1_060.0, 850.0]);
    let says = |window: &mut Window, word: &str| {
        texts(&window.settle().shapes).iter().any(|(text, ..)| text.contains(word))
    };
    let style = [root.join("assets/styles/fanny-hensel.tributary-style")];
    assert!(window.app.hover_files(&style));
    assert!(says(&mut window, "Let go to put this style behind a knob"));
    assert!(!window.app.hover_files(&[]));
    assert!(!says(&mut window, "Let go"));
    assert!(window.app.take_files(&style));
    assert!(window.bench.params.styles.get(0).is_some() && !says(&mut window, "Let go"));
    // What is nothing for it changes nothing.
    for strange in ["README.md", "assets/styles/none.tributary-style"] {
        let strange = [root.join(strange)];
        window.app.hover_files(&strange);
        assert!(!window.app.take_files(&strange));
        assert!(says(&mut window, &strange[0].display().to_string()));
        for pressed in [true, false] {
            window.bench.button(egui::pos2(530.0, 300.0), PointerButton::Primary, pressed);
            window.frame();
        }
        assert!(!says(&mut window, &strange[0].display().to_string()), "a press is an answer");
    }
    assert!(window.bench.params.styles.get(1).is_none());
    let two = [style[0].clone(), root.join("assets/chord.mid")];
    assert!(!window.app.take_files(&two) && says(&mut window, "only songs"));
}

/// The host's name for the track stands in the window, however long it is.
#[test]
fn the_track_is_named() {
    for size in SIZES {
        let mut window = Window::new(size);
        window.link.set_track("  Strings of the second chorus, with horns ");
        let seen = texts(&window.settle().shapes);
        let track = seen.iter().find(|(text, ..)| text.starts_with("Strings of"));
        let (_, rect, clip, _) = track.expect("the track's name");
        let run = seen.iter().find(|(text, ..)| text == "Run").expect("the first control");
        assert!(rect.intersect(*clip).right() < run.1.left(), "{size:?}");
        assert!(clip.contains(rect.left_center()));
    }
}
