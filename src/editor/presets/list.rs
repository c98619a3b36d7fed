//! The list that opens below the preset's name.

use ::presets::{Item, Library};
use egui::{Popup, PopupCloseBehavior, Response, RichText, ScrollArea, TextEdit, Ui};

use crate::editor::theme;

/// Size of the list, in points.
const WIDTH: f32 = 380.0;
const HEIGHT: f32 = 260.0;

/// What a user asked for.
#[derive(Clone, Debug)]
pub enum Action {
    Load(Item),
    Save { name: String, with_song: bool, replaces: bool },
    Rename { item: Item, name: String },
    Delete(Item),
    Share(Item),
    Import(String),
}

/// What is typed and asked below the list.
#[derive(Clone, Debug, Default, PartialEq)]
enum Form {
    #[default]
    None,
    Save {
        name: String,
        with_song: bool,
    },
    Rename {
        name: String,
    },
    Delete,
    Import {
        text: String,
    },
}

/// What the list remembers.
#[derive(Clone, Debug, Default)]
pub struct List {
    search: String,
    form: Form,
}

impl List {
    /// Shows the list while it is open, and says what was asked for.
    pub fn popup(
        &mut self,
        button: &Response,
        library: &Library,
        current: Option<&str>,
    ) -> Option<Action> {
        let popup = Popup::from_toggle_button_response(button)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .width(WIDTH);
        let was_open = popup.is_open();
        let shown = popup.show(|ui| {
            ui.set_width(WIDTH);
            let action = self.show(ui, library, current);
            if matches!(action, Some(Action::Load(_))) {
                ui.close();
            }
            action
        });
        if !was_open {
            self.form = Form::None;
        }
        shown?.inner
    }

    fn show(&mut self, ui: &mut Ui, library: &Library, current: Option<&str>) -> Option<Action> {
        let search = TextEdit::singleline(&mut self.search)
            .hint_text("Search by name, tag or word")
            .desired_width(f32::INFINITY);
        ui.add(search);
        let mut action = None;
        ScrollArea::vertical().max_height(HEIGHT).auto_shrink([false, true]).show(ui, |ui| {
            let found = library.items().iter().filter(|item| item.preset.matches(&self.search));
            let mut n_found = 0;
            for item in found {
                n_found += 1;
                if row(ui, item, current) {
                    action = Some(Action::Load(item.clone()));
                }
            }
            if n_found == 0 {
                ui.label(RichText::new("nothing found").color(theme::FAINT_TEXT));
            }
        });
        ui.separator();
        let item = current.and_then(|name| library.find(name));
        action.or(self.forms(ui, library, item))
    }

    fn forms(&mut self, ui: &mut Ui, library: &Library, item: Option<&Item>) -> Option<Action> {
        let users = item.filter(|item| item.is_users());
        let mut action = None;
        ui.horizontal(|ui| {
            if ui.button("Save").on_hover_text("Keep the parameters as a preset").clicked() {
                let name = users.map(|item| item.preset.name.clone()).unwrap_or_default();
                self.form = Form::Save { name, with_song: false };
            }
            let own = ui.add_enabled_ui(users.is_some(), |ui| {
                if ui.button("Rename").clicked()
                    && let Some(item) = users
                {
                    self.form = Form::Rename { name: item.preset.name.clone() };
                }
                if ui.button("Delete").clicked() {
                    self.form = Form::Delete;
                }
            });
            own.response.on_hover_text("For presets of your own");
            let share = ui.add_enabled(item.is_some(), egui::Button::new("Copy"));
            if share.on_hover_text("Copy the preset as text, to share it").clicked() {
                action = item.cloned().map(Action::Share);
            }
            let import = ui.button("Import");
            if import.on_hover_text("Take over a preset that somebody shared").clicked() {
                self.form = Form::Import { text: String::new() };
            }
        });
        if let Some(folder) = library.folder() {
            let text = format!("Yours lie in {}", folder.display());
            ui.label(RichText::new(text).small().color(theme::FAINT_TEXT));
        }
        for problem in library.problems() {
            ui.label(RichText::new(problem).small().color(theme::WARNING));
        }
        action.or(self.form(ui, library, users))
    }

    /// The form that a button below the list opens; closed again when it has been answered.
    fn form(&mut self, ui: &mut Ui, library: &Library, users: Option<&Item>) -> Option<Action> {
        let mut action = None;
        let mut cancelled = false;
        match &mut self.form {
            Form::None => return None,
            Form::Save { name, with_song } => {
                ui.horizontal(|ui| {
                    ui.add(TextEdit::singleline(name).hint_text("Name").desired_width(200.0));
                    ui.checkbox(with_song, "with key, tempo and seed");
                });
                let replaces = library.find(name.trim()).is_some_and(Item::is_users);
                ui.horizontal(|ui| {
                    let text = if replaces { "Replace" } else { "Save" };
                    if ui.button(text).clicked() {
                        let (name, with_song) = (name.trim().to_owned(), *with_song);
                        action = Some(Action::Save { name, with_song, replaces });
                    }
                    cancelled = ui.button("Cancel").clicked();
                });
            }
            Form::Rename { name } => {
                ui.horizontal(|ui| {
                    ui.add(TextEdit::singleline(name).hint_text("Name").desired_width(200.0));
                    if ui.button("Rename").clicked()
                        && let Some(item) = users
                    {
                        let name = name.trim().to_owned();
                        action = Some(Action::Rename { item: item.clone(), name });
                    }
                    cancelled = ui.button("Cancel").clicked();
                });
            }
            Form::Delete => {
                ui.horizontal(|ui| {
                    let name = users.map_or("", |item| item.preset.name.as_str());
                    ui.label(format!("Delete \"{name}\" for good?"));
                    if ui.button("Delete").clicked() {
                        action = users.cloned().map(Action::Delete);
                    }
                    cancelled = ui.button("Cancel").clicked();
                });
            }
            Form::Import { text } => {
                let field = TextEdit::multiline(text)
                    .hint_text("Paste a preset's text, or type the path of its file")
                    .desired_rows(3)
                    .desired_width(f32::INFINITY);
                ui.add(field);
                ui.horizontal(|ui| {
                    if ui.button("Import").clicked() {
                        action = Some(Action::Import(text.clone()));
                    }
                    cancelled = ui.button("Cancel").clicked();
                });
            }
        }
        if action.is_some() || cancelled {
            self.form = Form::None;
        }
        action
    }
}

/// One preset: name and tags; `true` when it was clicked.
fn row(ui: &mut Ui, item: &Item, current: Option<&str>) -> bool {
    let preset = &item.preset;
    let is_current = current.is_some_and(|name| name.to_lowercase() == preset.name.to_lowercase());
    ui.horizontal(|ui| {
        let color = if item.notices.is_empty() { theme::TEXT } else { theme::WARNING };
        let name = RichText::new(&preset.name).color(color);
        let label = ui.selectable_label(is_current, name);
        let mut hint = preset.description.clone();
        if !preset.author.is_empty() {
            hint.push_str(&format!("\nby {}", preset.author));
        }
        for notice in &item.notices {
            hint.push_str(&format!("\n{notice}"));
        }
        let clicked = label.on_hover_text(hint.trim()).clicked();
        let tags = preset.tags.join(", ");
        ui.label(RichText::new(tags).small().color(theme::FAINT_TEXT));
        clicked
    })
    .inner
}

#[cfg(test)]
impl List {
    /// Types into the field for searching.
    pub fn search_for(&mut self, text: &str) {
        text.clone_into(&mut self.search);
    }

    /// Pastes a preset into the form for importing.
    pub fn paste(&mut self, shared: &str) {
        assert!(matches!(self.form, Form::Import { .. }), "{:?}", self.form);
        self.form = Form::Import { text: shared.to_owned() };
    }
}
