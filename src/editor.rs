//! The editor: one window over the parameters and what the band is doing.
//!
//! Runs on the **GUI thread**. It reads what the composing thread publishes and never waits for
//! it; everything it changes is a parameter, as a gesture that the host can record.

mod blend;
mod control;
mod keep;
mod meter;
mod parts;
mod roll;
mod routing;
mod status;
mod theme;
mod top;
mod window;

pub use window::{DEFAULT_SIZE as DEFAULT_EDITOR_SIZE, EditorSize, TributaryEditor};

use crate::engine::{Link, View};
use crate::params::TributaryParams;
use egui::{Color32, Frame, Margin, Ui, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::{Param, ParamSetter};
use nice_plug_egui::NiceEguiApp;
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use std::sync::Arc;
use std::time::Duration;

/// How often the roll and the meters move while the window is open.
const REPAINT_INTERVAL: Duration = Duration::from_millis(33);

/// Width of the column with the blend.
const BLEND_WIDTH: f32 = 250.0;

/// Height of the piano roll.
const ROLL_HEIGHT: f32 = 190.0;

/// What the window shows and changes.
pub struct EditorApp {
    params: Arc<TributaryParams>,
    link: Arc<Link>,
    size: EditorSize,
    keep: keep::Keep,
    gui: Option<GuiContext>,
}

impl EditorApp {
    fn new(params: Arc<TributaryParams>, link: Arc<Link>) -> Self {
        let size = params.editor_size.clone();
        Self { params, link, size, keep: keep::Keep::default(), gui: None }
    }

    fn show(&mut self, ui: &mut Ui, setter: &ParamSetter, view: Option<&View>) {
        let params = &*self.params.clone();
        let margin =
            |panel: Color32| Frame::new().fill(panel).inner_margin(Margin::symmetric(10, 6));
        egui::Panel::top("top").frame(margin(theme::PANEL)).show(ui, |ui| {
            top::show(ui, setter, params);
        });
        egui::Panel::bottom("foot").frame(margin(theme::PANEL)).show(ui, |ui| {
            status::show(ui, view, &mut self.keep, params.header.lost());
        });
        egui::Panel::bottom("roll")
            .exact_size(ROLL_HEIGHT)
            .frame(margin(theme::BACKGROUND))
            .show(ui, |ui| roll::show(ui, view));
        egui::Panel::left("blend")
            .exact_size(BLEND_WIDTH)
            .resizable(false)
            .frame(margin(theme::BACKGROUND))
            .show(ui, |ui| {
                egui::ScrollArea::vertical().id_salt("blend").show(ui, |ui| {
                    blend::show(ui, setter, params, view);
                });
            });
        egui::CentralPanel::default().frame(margin(theme::BACKGROUND)).show(ui, |ui| {
            egui::ScrollArea::vertical().id_salt("parts").show(ui, |ui| {
                parts::show(ui, setter, params, view);
                routing::show(ui, setter, params);
            });
        });
    }
}

impl NiceEguiApp for EditorApp {
    fn build(
        &mut self,
        context: egui::Context,
        gui: GuiContext,
        _frame: &mut nice_plug_egui::Frame,
    ) -> Result<(), HandlerError> {
        theme::apply(&context);
        self.gui = Some(gui);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut nice_plug_egui::Frame) {
        let Some(gui) = self.gui.clone() else { return };
        let link = self.link.clone();
        let mut view = link.view();
        if let Some(view) = view.as_mut() {
            view.refresh();
        }
        self.show(ui, &gui.param_setter(), view.as_ref());
        ui.ctx().request_repaint_after(REPAINT_INTERVAL);
    }

    fn resized(&mut self, new_size: WindowSize) {
        let logical = new_size.logical;
        *self.size.write() = [logical.width as f32, logical.height as f32];
    }

    fn editor_closed(&mut self) {
        self.gui = None;
    }
}

/// A group of controls, with a title unless that is empty.
fn group<R>(ui: &mut Ui, title: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    Frame::new()
        .fill(theme::PANEL)
        .corner_radius(4.0)
        .inner_margin(Margin::same(8))
        .show(ui, |ui| {
            if !title.is_empty() {
                ui.label(egui::RichText::new(title).color(theme::FAINT_TEXT));
            }
            add(ui)
        })
        .inner
}

/// Six bars for the weights of a blend, `width` points each, in one row or one column.
fn blend_bars(
    ui: &mut Ui,
    setter: &ParamSetter,
    blend: &crate::params::BlendParams,
    width: f32,
    short: bool,
) {
    for (index, param) in blend.weights().into_iter().enumerate() {
        let name = score::Genre::ALL[index].name();
        let label = if short { SHORT_NAMES[index] } else { name };
        control::bar(ui, setter, param, label, theme::GENRES[index], width)
            .on_hover_text(format!("{}: double click resets", param.name()));
    }
}

/// Names of the genres where there is little room, in the order of [`score::Genre::ALL`].
const SHORT_NAMES: [&str; 6] = ["cla", "jazz", "rock", "elec", "folk", "hip"];

/// The width that `n` controls in a row may have each.
fn share_of_row(ui: &Ui, n: usize) -> f32 {
    let gaps = ui.spacing().item_spacing.x * (n - 1) as f32;
    ((ui.available_width() - gaps) / n as f32).floor().max(40.0)
}

/// Room for a text of the given width.
fn cell(ui: &mut Ui, width: f32, text: &str, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, control::HEIGHT), egui::Sense::hover());
    ui.painter().text(
        rect.left_center(),
        egui::Align2::LEFT_CENTER,
        text,
        theme::control_font(),
        color,
    );
}
