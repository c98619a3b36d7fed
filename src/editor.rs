//! The editor: one window over the parameters and what the band is doing.
//!
//! Runs on the **GUI thread**. It reads what the composing thread publishes and never waits for
//! it; everything it changes is a parameter, as a gesture that the host can record.
//!
//! From the top: the bar with what is played and how ([`top`]), the blend as a pad and bars
//! ([`blend`]) beside a row a part ([`parts`]), what is heard ([`meter`]) beside the piano roll
//! ([`roll`]), and the foot ([`status`]). The window asks for its next picture itself: often while
//! the band plays, seldom while it stands still.

mod blend;
mod card;
mod control;
#[cfg(any(test, target_os = "linux"))]
mod damage;
mod drag_out;
mod dropped;
mod follow;
mod gestures;
mod ground;
mod handle;
mod handler;
mod input;
mod keep;
mod meter;
mod model_file;
mod names;
mod pad;
mod parts;
mod playhead;
mod presets;
#[cfg(any(test, target_os = "linux"))]
mod raster;
mod rate;
mod roll;
mod setup;
#[cfg(target_os = "linux")]
mod software;
mod sound;
mod status;
mod styles;
mod takes;
#[cfg(test)]
mod testing;
mod theme;
mod thread;
mod top;
mod wake;
mod window;
#[cfg(target_os = "linux")]
mod x11;

pub use thread::WindowThread;
pub use wake::Wake;
pub use window::{DEFAULT_SIZE as DEFAULT_EDITOR_SIZE, EditorSize, TributaryEditor};

use crate::edits::Recorder;
use crate::engine::{Link, View};
use crate::params::TributaryParams;
use crate::sound_font::FontStatus;
use baseview::WindowContext;
use baseview::dpi::LogicalSize;
use egui::{Context, Frame, Margin, Panel, ScrollArea, Ui};
use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::ParamSetter;
use rate::{Pacer, Renderer};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often the window looks after what nobody rings for: a drag, a SoundFont that is read.
const POLL: Duration = Duration::from_millis(200);

/// Pictures drawn after the window was opened or resized, and the time between two of them: the
/// surface may follow its window a little later.
const SETTLING: u8 = 4;
const SETTLING_INTERVAL: Duration = Duration::from_millis(60);

/// Share of the window's height that the roll has, and its least height in points.
const ROLL: (f32, f32) = (0.24, 120.0);

/// Height of the bars above and below, and of the most that blend and rows can use, in points;
/// what a window has more goes to the roll.
const BARS: f32 = 106.0;
const ROWS: f32 = 820.0;

/// Width of the meter at the left of the roll.
const METER: (f32, f32) = (208.0, 300.0);

/// Share of the window's width that the blend has, and its least and largest width in points.
const BLEND_SHARE: f32 = 0.34;
const BLEND_WIDTH: (f32, f32) = (240.0, 760.0);

/// What the window shows and changes.
pub struct EditorApp {
    params: Arc<TributaryParams>,
    link: Arc<Link>,
    size: EditorSize,
    dropped: dropped::Dropped,
    keep: keep::Keep,
    model_file: model_file::ModelFileState,
    roll: roll::Roll,
    sound_font: sound::FontState,
    styles: styles::StylesState,
    renderer: Renderer,
    presets: presets::Presets,
    /// Pictures that are still to be drawn though nothing changes.
    settling: u8,
    gui: Option<GuiContext>,
}

impl EditorApp {
    fn new(params: Arc<TributaryParams>, link: Arc<Link>) -> Self {
        let size = params.editor_size.clone();
        Self {
            params,
            link,
            size,
            dropped: dropped::Dropped::default(),
            keep: keep::Keep::default(),
            model_file: model_file::ModelFileState::default(),
            presets: presets::Presets::default(),
            roll: roll::Roll::default(),
            sound_font: sound::FontState::default(),
            styles: styles::StylesState::default(),
            renderer: Renderer::Card,
            settling: SETTLING,
            gui: None,
        }
    }

    /// Takes in what is new, shows everything, and asks for the next picture if there will be one.
    fn draw(&mut self, ui: &mut Ui, setter: &ParamSetter) {
        let link = self.link.clone();
        let mut view = link.view();
        if let Some(view) = view.as_mut() {
            if view.refresh() || self.roll.history.beats().is_empty() {
                self.roll.take(view);
            }
            self.roll.advance(view, ui.input(|input| input.time));
        }
        self.show(ui, setter, view.as_ref());
        // Whoever rang may be a little ahead of what the audio thread shows.
        if link.wake.take() {
            self.settling = SETTLING;
        }
        let is_playing = view.as_ref().is_some_and(|view| view.status.playing());
        if self.settling > 0 {
            self.settling -= 1;
            if !is_playing {
                rate::repaint_after(ui.ctx(), SETTLING_INTERVAL);
            }
        }
        link.wake.expect(is_playing && self.renderer != Renderer::Card);
        if is_playing {
            let n_pixels = ui.ctx().viewport_rect().area() * ui.pixels_per_point().powi(2);
            let interval = self.renderer.interval(n_pixels);
            let question = ui.ctx().with_plugin(|pacer: &mut Pacer| pacer.question()).flatten();
            rate::repaint_after(ui.ctx(), question.unwrap_or(interval));
        } else if self.keep.is_dragging()
            || self.params.sound_font.status() == FontStatus::Loading
            || self.params.styles.learning().is_busy()
        {
            rate::repaint_after(ui.ctx(), POLL);
        }
    }

    fn show(&mut self, ui: &mut Ui, setter: &ParamSetter, view: Option<&View>) {
        let params = &*self.params.clone();
        names::remember(ui.ctx(), params.model.model().genres());
        let lost = params.header.lost();
        let warnings = [
            self.dropped.warning(ui),
            model_file::warning(params),
            sound::warning(params),
            styles::warning(params),
        ];
        let track = self.link.track();
        self.keep.set_track(track.clone());
        let window = ui.available_size();
        let bar = Frame::new().inner_margin(Margin::symmetric(8, 6));
        let margin = |left: i8, right: i8| Margin { left, right, top: 4, bottom: 4 };
        let section = |margin: Margin| Frame::new().inner_margin(margin);
        Panel::top("top").show_separator_line(false).frame(bar).show(ui, |ui| {
            let menus = (&mut self.presets, &mut self.model_file, &mut self.sound_font);
            top::show(ui, setter, params, (view, &track), menus);
        });
        Panel::bottom("foot").show_separator_line(false).frame(bar).show(ui, |ui| {
            status::show(ui, view, &mut self.keep, self.roll.chosen());
        });
        // Messages take the place of music, so that every control stays where it is.
        let mut roll = (window.y * ROLL.0).max(window.y - BARS - ROWS);
        if status::has_messages(view, lost.as_deref(), &warnings) {
            let frame = bar.fill(theme::mix(theme::PANEL, theme::WARNING, 0.12));
            let panel = Panel::bottom("messages").show_separator_line(false).frame(frame);
            let messages =
                panel.show(ui, |ui| status::messages(ui, view, lost.as_deref(), &warnings));
            roll -= messages.response.rect.height();
        }
        let around = margin(8, 8);
        let panel = Panel::bottom("roll")
            .show_separator_line(false)
            .exact_size(roll.max(ROLL.1).floor())
            .frame(section(around))
            .show(ui, |ui| {
                Panel::left("meter")
                    .show_separator_line(false)
                    .resizable(false)
                    .exact_size((window.x * 0.2).clamp(METER.0, METER.1).floor())
                    .frame(Frame::new().inner_margin(Margin { right: 8, ..Margin::ZERO }))
                    .show(ui, |ui| {
                        let heard = view.and_then(meter::heard);
                        meter::show(ui, heard, &pad::shares_of(&params.common.blend.blend()));
                    });
                self.roll.show(ui, params.lookahead());
            });
        ground::around(ui, panel.response.rect, around);
        let width = (window.x * BLEND_SHARE).min(ui.available_height() * 1.05);
        let around = margin(8, 0);
        let panel = Panel::left("blend")
            .show_separator_line(false)
            .exact_size(width.clamp(BLEND_WIDTH.0, BLEND_WIDTH.1).floor())
            .resizable(false)
            .frame(section(around))
            .show(ui, |ui| {
                let height = ui.available_height();
                let area = ScrollArea::vertical().id_salt("blend").show(ui, |ui| {
                    blend::show(ui, setter, params, view, height, &mut self.styles);
                });
                ground::below(ui, &area);
            });
        ground::around(ui, panel.response.rect, around);
        let around = margin(8, 8);
        let panel = egui::CentralPanel::default().frame(section(around)).show(ui, |ui| {
            let height = ui.available_height();
            let area = ScrollArea::vertical().id_salt("parts").show(ui, |ui| {
                parts::show(ui, setter, params, view, &self.roll, height);
            });
            ground::below(ui, &area);
        });
        ground::around(ui, panel.response.rect, around);
        self.dropped.show(ui);
    }
}

impl EditorApp {
    /// Takes in which files are over the window, none when they have gone; whether they can be used.
    fn hover_files(&mut self, paths: &[PathBuf]) -> bool {
        // What is dragged out of the window is not meant for it.
        let is_own = self.keep.is_dragging();
        self.dropped.hover(if is_own { &[] } else { paths })
    }

    /// Uses files that were let go over the window; whether they can be used.
    fn take_files(&mut self, paths: &[PathBuf]) -> bool {
        if self.keep.is_dragging() {
            return false;
        }
        self.dropped.take(paths, &self.params, |path| self.presets.import(path))
    }

    /// Begins in a window that was opened.
    fn open(
        &mut self,
        context: &Context,
        gui: GuiContext,
        window: &WindowContext,
        renderer: Renderer,
    ) {
        self.link.window_thread.set();
        theme::apply(context);
        self.keep.set_window(drag_out::Window::of(window));
        self.renderer = renderer;
        context.add_plugin(Pacer::of(window, renderer));
        if renderer == Renderer::Emulated {
            theme::stand_still(context);
        }
        self.roll.is_paged = renderer != Renderer::Card;
        self.settling = SETTLING;
        self.gui = Some(gui);
    }

    fn ui(&mut self, ui: &mut Ui) {
        let Some(gui) = self.gui.clone() else { return };
        self.link.wake.connect(Some(ui.ctx()));
        self.params.edits.begin_frame(ui.input(|input| input.time));
        let recorder = Recorder::new(gui, self.params.clone());
        self.draw(ui, &recorder.setter());
    }

    /// Takes down how large the window is, in points.
    fn resized(&mut self, size: LogicalSize<f64>) {
        *self.size.write() = [size.width as f32, size.height as f32];
        self.settling = SETTLING;
    }
}

/// A group of controls on its own ground.
fn group<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let shown = Frame::new().inner_margin(Margin::same(theme::MARGIN as i8)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        add(ui)
    });
    ground::edge(ui.painter(), shown.response.rect);
    shown.inner
}

/// The width that `n` controls in a row may have each.
fn share_of_row(ui: &Ui, n: usize) -> f32 {
    let gaps = ui.spacing().item_spacing.x * (n - 1) as f32;
    ((ui.available_width() - gaps) / n as f32).floor().max(8.0)
}
