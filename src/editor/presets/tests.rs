use super::*;
use crate::edits::tests::FakeHost;
use egui::{Event, Modifiers, PointerButton, Pos2, RawInput, Rect, pos2};
use std::sync::Arc;

/// The row in a window that nobody sees.
struct Scene {
    context: egui::Context,
    params: Arc<TributaryParams>,
    host: Arc<FakeHost>,
    state: Presets,
    now: f64,
}

impl Scene {
    fn new() -> Self {
        let params = Arc::new(TributaryParams::default());
        let host = FakeHost::new(&params, false);
        let state = Presets::without_folder();
        let mut scene = Self { context: egui::Context::default(), params, host, state, now: 1.0 };
        scene.frame(vec![]);
        scene
    }

    /// One frame; the texts that were painted with their places.
    fn frame(&mut self, events: Vec<Event>) -> Vec<(String, Rect)> {
        self.now += 0.2;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, egui::vec2(960.0, 700.0))),
            time: Some(self.now),
            events,
            ..RawInput::default()
        };
        self.params.edits.begin_frame(self.now);
        let recorder = self.host.recorder();
        let (params, state) = (&self.params, &mut self.state);
        let mut output = self.context.run_ui(input, |ui| {
            show(ui, &recorder.setter(), params, state);
        });
        // Nobody paints them.
        output.textures_delta.clear();
        let mut texts = Vec::new();
        for clipped in output.shapes {
            collect(&clipped.shape, &mut texts);
        }
        texts
    }

    /// Clicks the first place with a text.
    #[track_caller]
    fn click(&mut self, text: &str) {
        let places = self.places(text);
        self.click_at(places[0]);
    }

    /// Clicks the last place with a text.
    #[track_caller]
    fn click_last(&mut self, text: &str) {
        let places = self.places(text);
        self.click_at(places[places.len() - 1]);
    }

    #[track_caller]
    fn places(&mut self, text: &str) -> Vec<Pos2> {
        // A list takes a frame to find its size.
        self.frame(vec![]);
        let shown = self.frame(vec![]);
        let here = shown.iter().filter(|(known, _)| known == text);
        let places: Vec<Pos2> = here.map(|(_, rect)| rect.center()).collect();
        assert!(!places.is_empty(), "no \"{text}\" in {shown:?}");
        places
    }

    fn click_at(&mut self, pos: Pos2) {
        let button = |pressed| Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::default(),
        };
        self.frame(vec![Event::PointerMoved(pos)]);
        self.frame(vec![button(true)]);
        self.frame(vec![button(false)]);
        self.frame(vec![Event::PointerMoved(pos2(950.0, 690.0))]);
    }

    fn press(&mut self, key: egui::Key, modifiers: Modifiers) {
        let event =
            |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        self.frame(vec![event(true), event(false)]);
    }

    fn shows(&mut self, text: &str) -> bool {
        self.frame(vec![]).iter().any(|(known, _)| known == text)
    }

    fn values(&self) -> Vec<f32> {
        Table::new(&self.params).values()
    }
}

fn collect(shape: &egui::Shape, texts: &mut Vec<(String, Rect)>) {
    match shape {
        egui::Shape::Text(text) => {
            texts.push((text.galley.text().to_owned(), text.visual_bounding_rect()));
        }
        egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, texts)),
        _ => {}
    }
}

#[test]
fn a_preset_is_loaded_by_a_click_and_taken_back_by_another() {
    let mut scene = Scene::new();
    let start = scene.values();
    assert!(scene.shows("no preset"));
    scene.click(">");
    assert!(scene.shows("Pure classical"));
    assert_eq!(scene.params.controls().blend.nearest_genre(), score::Genre::Classical);
    scene.click(">");
    assert!(scene.shows("Pure jazz"));
    scene.click("<");
    scene.click("<");
    assert!(scene.shows("Trip-hop"), "the list goes round");
    scene.click("Undo");
    assert!(scene.shows("Trip-hop *"), "what it says is not what is heard any more");
    for _ in 0..3 {
        scene.click("Undo");
    }
    assert_eq!(scene.values(), start);
    scene.press(Key::Y, Modifiers::COMMAND);
    assert_eq!(scene.params.controls().blend.nearest_genre(), score::Genre::Classical);
    scene.press(Key::Z, Modifiers::COMMAND);
    assert_eq!(scene.values(), start);
    scene.press(Key::Z, Modifiers::COMMAND | Modifiers::SHIFT);
    assert_ne!(scene.values(), start);
}

#[test]
fn the_list_is_searched_and_says_what_cannot_be() {
    let mut scene = Scene::new();
    scene.click("no preset");
    assert!(scene.shows("Pure jazz") && scene.shows("Import"));
    scene.state.list.search_for("trap strings");
    assert!(!scene.shows("Pure jazz"));
    scene.state.list.search_for("trap string");
    scene.click("Chamber trap");
    assert_eq!(scene.params.edits.preset().as_deref(), Some("Chamber trap"));
    assert!(!scene.shows("Import"), "the list is closed by a choice");
    scene.state.list.search_for("");
    scene.click("Chamber trap");
    scene.click("Save");
    scene.click("Cancel");
    scene.click("Import");
    scene.state.list.paste("format = 1\nname = 7");
    scene.click_last("Import");
    let trouble = "what was pasted: line 2: name: expected a text, found 7";
    assert_eq!(scene.state.message, Some(Message::Trouble(trouble.into())));
}

#[test]
fn settings_are_compared_and_dice_are_thrown() {
    let mut scene = Scene::new();
    scene.click(">");
    let classical = scene.values();
    scene.click("B");
    scene.click("Dice");
    let thrown = scene.values();
    assert_ne!(thrown, classical);
    scene.click("A");
    assert_eq!(scene.values(), classical);
    scene.click("B");
    assert_eq!(scene.values(), thrown);
    scene.click("→ A");
    scene.click("A");
    assert_eq!(scene.values(), thrown);
}
