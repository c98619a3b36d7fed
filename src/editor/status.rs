//! The foot: how the composing thread is doing.

use super::keep::Keep;
use super::theme;
use crate::engine::View;
use egui::{Color32, RichText, Ui};
use player::{Status, WorkerState};

/// Shows the foot.
pub fn show(ui: &mut Ui, view: Option<&View>, keep: &mut Keep) {
    ui.horizontal_wrapped(|ui| {
        let Some(view) = view else {
            ui.label(RichText::new("not active yet").color(theme::FAINT_TEXT));
            return;
        };
        let status = &*view.status;
        let failure = view.report.failure();
        let (text, color) = worker(status.worker_state(), failure.as_deref());
        ui.label(RichText::new(text).color(color));
        ui.separator();
        ui.label(chord_now(view).unwrap_or_else(|| "no chord".into()));
        ui.separator();
        ui.label(format!("beats ahead: {}", status.cells_ahead()));
        ui.separator();
        ui.label(format!("notes: {}", status.played()));
        ui.separator();
        let (text, color) = lateness(status);
        ui.label(RichText::new(text).color(color))
            .on_hover_text("late: begun up to 30 ms after their time; dropped: later than that");
        ui.separator();
        keep.show(ui, view);
    });
}

fn worker(state: WorkerState, failure: Option<&str>) -> (String, Color32) {
    let because = failure.map(|failure| format!(": {failure}")).unwrap_or_default();
    match state {
        WorkerState::Loading => ("loading the model".into(), theme::FAINT_TEXT),
        WorkerState::Ready => (format!("composing with {}", crate::weights::NAME), theme::TEXT),
        WorkerState::Fallback => (format!("playing stored patterns{because}"), theme::WARNING),
        WorkerState::Stopped => (format!("stopped{because}"), theme::WARNING),
    }
}

fn lateness(status: &Status) -> (String, Color32) {
    let (late, dropped, underruns) = (status.late(), status.dropped(), status.underruns());
    let color = if late + dropped + underruns > 0 { theme::WARNING } else { theme::TEXT };
    let given_up = match status.given_up() {
        0 => String::new(),
        n => format!(", waited for in vain: {n}"),
    };
    (format!("late: {late}, dropped: {dropped}, missed beats: {underruns}{given_up}"), color)
}

/// The chord at the playhead.
fn chord_now(view: &View) -> Option<String> {
    let status = &view.status;
    let here = (status.position_beats() + 1e-6).floor() as i64;
    let mut beats = view.preview().beats.iter().rev();
    let beat = beats.find(|b| b.epoch == status.epoch() && b.frame.beat == here)?;
    beat.chord.map(|chord| chord.to_string())
}
