//! Presets in one row: name, previous and next, a list to search, save, rename and delete; undo and
//! redo; two settings to compare; dice.

mod list;

use std::time::{SystemTime, UNIX_EPOCH};

use ::presets::{Item, Library, Preset, user_folder};
use egui::{Button, Key, KeyboardShortcut, Modifiers, RichText, Ui};
use nice_plug::prelude::ParamSetter;

use super::theme;
use crate::params::TributaryParams;
use crate::presets::{Fit, Role, Table, capture, fit, randomized};

const UNDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
const REDO: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
const REDO_TOO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Y);

/// Width of the button with the preset's name, in points.
const NAME_WIDTH: f32 = 190.0;

/// What the dice start with: near.
const NEAR: f32 = 0.2;

/// What the row remembers while the window is open.
pub struct Presets {
    /// Read when the row is shown for the first time: files are not touched before.
    library: Option<Library>,
    list: list::List,
    /// How far the dice throw, from 0 to 1.
    distance: f32,
    message: Option<Message>,
}

/// What the last click came to.
#[derive(Clone, Debug, PartialEq)]
enum Message {
    Done(String),
    Trouble(String),
}

impl Default for Presets {
    fn default() -> Self {
        Self { library: None, list: list::List::default(), distance: NEAR, message: None }
    }
}

/// Shows the row.
pub fn show(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams, state: &mut Presets) {
    let table = Table::new(params);
    ui.horizontal(|ui| {
        state.browse(ui, setter, params, &table);
        ui.separator();
        steps(ui, setter, params, &table);
        ui.separator();
        compare(ui, setter, params, &table);
        ui.separator();
        state.dice(ui, setter, params, &table);
        match &state.message {
            Some(Message::Done(text)) => ui.label(RichText::new(text).color(theme::FAINT_TEXT)),
            Some(Message::Trouble(text)) => ui
                .add(egui::Label::new(RichText::new(text).color(theme::WARNING)).truncate())
                .on_hover_text(text),
            None => return,
        };
    });
}

#[cfg(test)]
impl Presets {
    /// The factory's alone: tests touch nobody's presets.
    pub fn without_folder() -> Self {
        Self { library: Some(Library::open(None)), ..Self::default() }
    }
}

impl Presets {
    fn library(&mut self) -> &mut Library {
        self.library.get_or_insert_with(|| Library::open(user_folder()))
    }

    fn browse(
        &mut self,
        ui: &mut Ui,
        setter: &ParamSetter,
        params: &TributaryParams,
        table: &Table<'_>,
    ) {
        let current = params.edits.preset();
        let step = |ui: &mut Ui, text: &str, hint: &str| {
            ui.add(Button::new(text)).on_hover_text(hint).clicked()
        };
        if step(ui, "<", "Previous preset") {
            self.load_neighbour(-1, setter, params, table);
        }
        let name = self.title(current.as_deref(), params, table);
        let button = Button::new(name.as_str()).truncate();
        let button = ui.add_sized([NAME_WIDTH, super::control::HEIGHT], button);
        let button = button.on_hover_text("Presets: browse, search, save, rename, delete, share");
        if button.clicked() {
            // Another instance may have saved some.
            self.library().refresh();
        }
        let mut list = std::mem::take(&mut self.list);
        let action = list.popup(&button, self.library(), current.as_deref());
        self.list = list;
        if let Some(action) = action {
            self.act(action, ui, setter, params, table);
        }
        if step(ui, ">", "Next preset") {
            self.load_neighbour(1, setter, params, table);
        }
    }

    /// The name of the preset, with a star when the parameters are no longer what it says.
    fn title(
        &mut self,
        current: Option<&str>,
        params: &TributaryParams,
        table: &Table<'_>,
    ) -> String {
        let Some(name) = current else { return "no preset".to_owned() };
        let Some(item) = self.library().find(name) else { return format!("{name} (not here)") };
        let Fit { values, .. } = fit(&item.preset, table, &item.file());
        let now = params.edits.values(table);
        let is_changed = |idx: usize| {
            let wanted = values[idx].filter(|_| table.role(idx) != Role::Setup);
            wanted.is_some_and(|wanted| !table.is_same(idx, wanted, now[idx]))
        };
        let star = if (0..table.len()).any(is_changed) { " *" } else { "" };
        format!("{}{star}", item.preset.name)
    }

    fn load_neighbour(
        &mut self,
        step: isize,
        setter: &ParamSetter,
        params: &TributaryParams,
        table: &Table<'_>,
    ) {
        let current = params.edits.preset().map(|name| name.to_lowercase());
        let library = self.library();
        let items = library.items();
        let is_current = |item: &Item| Some(item.preset.name.to_lowercase()) == current;
        let n_items = items.len() as isize;
        let next = match items.iter().position(is_current) {
            Some(position) => (position as isize + step).rem_euclid(n_items.max(1)),
            None if step < 0 => n_items - 1,
            None => 0,
        };
        if let Some(item) = items.get(next.unsigned_abs()).cloned() {
            self.load(&item, setter, params, table);
        }
    }

    fn load(
        &mut self,
        item: &Item,
        setter: &ParamSetter,
        params: &TributaryParams,
        table: &Table<'_>,
    ) {
        let Fit { values, problems } = fit(&item.preset, table, &item.file());
        let name = &item.preset.name;
        params.edits.apply(table, setter, &format!("Preset {name}"), &values);
        params.edits.set_preset(Some(name.clone()));
        let troubles: Vec<String> = item.notices.iter().cloned().chain(problems).collect();
        self.message = (!troubles.is_empty()).then(|| Message::Trouble(troubles.join("\n")));
    }

    fn act(
        &mut self,
        action: list::Action,
        ui: &Ui,
        setter: &ParamSetter,
        params: &TributaryParams,
        table: &Table<'_>,
    ) {
        let done = match action {
            list::Action::Load(item) => return self.load(&item, setter, params, table),
            list::Action::Save { name, with_song, replaces } => {
                let old = self.library().find(&name).map(|item| item.preset.clone());
                let values = capture(table, &params.edits.values(table), with_song);
                let preset = Preset { name: name.clone(), values, ..old.unwrap_or_default() };
                let library = self.library();
                let saved = if replaces { library.replace(&preset) } else { library.save(&preset) };
                saved.map(|path| {
                    params.edits.set_preset(Some(name));
                    format!("saved as {}", path.display())
                })
            }
            list::Action::Rename { item, name } => self.library().rename(&item, &name).map(|_| {
                let old = item.preset.name;
                if params.edits.preset().as_ref() == Some(&old) {
                    params.edits.set_preset(Some(name.clone()));
                }
                format!("{old} is now {name}")
            }),
            list::Action::Delete(item) => {
                self.library().delete(&item).map(|()| format!("{} deleted", item.preset.name))
            }
            list::Action::Share(item) => {
                ui.ctx().copy_text(item.preset.to_toml());
                Ok(format!("{} copied as text", item.preset.name))
            }
            list::Action::Import(text) => return self.import(&text),
        };
        self.message = Some(match done {
            Ok(text) => Message::Done(text),
            Err(error) => Message::Trouble(error.to_string()),
        });
    }

    /// Takes a preset over: its text, or the path of a file.
    pub fn import(&mut self, shared: &str) {
        self.message = Some(match self.library().import(shared) {
            Ok(preset) => Message::Done(format!("{} taken over", preset.name)),
            Err(error) => Message::Trouble(error.to_string()),
        });
    }

    fn dice(
        &mut self,
        ui: &mut Ui,
        setter: &ParamSetter,
        params: &TributaryParams,
        table: &Table<'_>,
    ) {
        let hint = "Throw dice: other blends, densities and manners, as far away as the slider \
                    says; levels, key, tempo, seed and routing stay";
        if ui.button("Dice").on_hover_text(hint).clicked() {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let values = params.edits.values(table);
            let drawn = randomized(table, &values, self.distance, now.as_nanos() as u64);
            params.edits.apply(table, setter, "Dice", &drawn);
        }
        ui.spacing_mut().slider_width = 70.0;
        let slider = egui::Slider::new(&mut self.distance, 0.05..=1.0).show_value(false);
        ui.add(slider).on_hover_text(match self.distance {
            d if d < 0.35 => "near: a touch of something else",
            d if d < 0.75 => "halfway to another band",
            _ => "wild: another band",
        });
    }
}

/// Undo and redo, by button and by key.
fn steps(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams, table: &Table<'_>) {
    let [undo, redo] = params.edits.names();
    let hint = |what: &str, name: &Option<String>| match name {
        Some(name) => format!("{what}: {name}"),
        None => format!("nothing to {}", what.to_lowercase()),
    };
    // A text that is being edited has an undo of its own.
    let listens = !ui.ctx().text_edit_focused();
    let pressed = |keys: &[KeyboardShortcut]| {
        listens && ui.input_mut(|input| keys.iter().any(|key| input.consume_shortcut(key)))
    };
    // The longer shortcut first, since the shorter one would match it too.
    let (redo_key, undo_key) = (pressed(&[REDO, REDO_TOO]), pressed(&[UNDO]));
    let undo_button = ui.add_enabled(undo.is_some(), Button::new("Undo"));
    if undo_button.on_hover_text(hint("Undo", &undo)).clicked() || undo_key {
        params.edits.undo(table, setter);
    }
    let redo_button = ui.add_enabled(redo.is_some(), Button::new("Redo"));
    if redo_button.on_hover_text(hint("Redo", &redo)).clicked() || redo_key {
        params.edits.redo(table, setter);
    }
}

/// Two settings to go to and fro between.
fn compare(ui: &mut Ui, setter: &ParamSetter, params: &TributaryParams, table: &Table<'_>) {
    let slot = params.edits.slot();
    for choice in [crate::edits::Slot::A, crate::edits::Slot::B] {
        let label = ui.selectable_label(slot == choice, format!("{choice:?}"));
        let hint = "Two settings to compare; everything but routing, gain and timing goes along";
        if label.on_hover_text(hint).clicked() && slot != choice {
            params.edits.compare(table, setter);
        }
    }
    let copy = ui.button(format!("→ {:?}", slot.other()));
    if copy.on_hover_text("Make the other setting like this one").clicked() {
        params.edits.copy_to_other(table);
    }
}

#[cfg(test)]
mod tests;
