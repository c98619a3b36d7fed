//! The foot: how the composing thread is doing, and what went wrong.

use super::keep::{self, Keep};
use super::roll::Stretch;
use super::theme;
use crate::engine::View;
use egui::{Color32, Label, RichText, Sense, Ui, vec2};
use player::{Status, WorkerState};

/// Width of the least important figure, which goes first where there is little room, in points.
const REDRAWS: f32 = 96.0;

/// Shows what must not be overlooked, or nothing.
pub fn messages(ui: &mut Ui, view: Option<&View>, lost: Option<&str>, files: &[Option<String>]) {
    let mut say = |text: String, hint: &str| {
        let text = RichText::new(text).color(theme::WARNING);
        ui.add(Label::new(text).wrap()).on_hover_text(hint);
    };
    for warning in files.iter().flatten() {
        say(warning.clone(), "Setup has the choice of the model and of a SoundFont");
    }
    if let Some(lost) = lost {
        let text = format!("The project was not loaded whole: {lost}");
        say(text, "What could not be read has its default");
    }
    let Some(view) = view else { return };
    let state = view.status.worker_state();
    if matches!(state, WorkerState::Fallback | WorkerState::Stopped) {
        let (text, _) = worker(state, &view.report.name(), view.report.failure().as_deref());
        say(text, "What the model would have composed is not heard");
    }
}

/// Whether [`messages`] has anything to say.
pub fn has_messages(view: Option<&View>, lost: Option<&str>, files: &[Option<String>]) -> bool {
    let ends = |view: &View| {
        matches!(view.status.worker_state(), WorkerState::Fallback | WorkerState::Stopped)
    };
    lost.is_some() || files.iter().any(Option::is_some) || view.is_some_and(ends)
}

/// Shows the foot.
pub fn show(ui: &mut Ui, view: Option<&View>, keep: &mut Keep, chosen: Option<&Stretch>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0 * theme::GRID;
        let Some(view) = view else {
            light(ui, theme::FAINT_TEXT);
            ui.label(RichText::new("not active yet").color(theme::FAINT_TEXT));
            return;
        };
        let status = &*view.status;
        let state = status.worker_state();
        light(ui, state_color(state));
        let model = match state {
            WorkerState::Loading => "loading the model".to_owned(),
            WorkerState::Ready => view.report.name(),
            WorkerState::Fallback => "stored patterns".to_owned(),
            WorkerState::Stopped => "stopped".to_owned(),
        };
        let (text, _) = worker(state, &view.report.name(), view.report.failure().as_deref());
        ui.label(model).on_hover_text(text);
        if let Some((text, color)) = load(view) {
            ui.label(RichText::new(text).color(color)).on_hover_text(
                "The longest that composing a beat takes (all but one of a hundred), as a share \
                 of the beat; the time of most beats",
            );
        }
        figure(
            ui,
            "ahead",
            status.cells_ahead(),
            "Beats after this one that are composed already: committed, and in outline above",
        );
        let (late, color) = lateness_short(status);
        ui.label(RichText::new(late).color(color)).on_hover_text(format!(
            "{} of {} notes.\nLate: begun up to 30 ms after their time; dropped: later than \
             that; missed beats: not composed in time; refused: events that the host took a \
             block later; given up: beats that a bounce has waited for in vain",
            lateness(status).0,
            status.played()
        ));
        if ui.available_size_before_wrap().x > REDRAWS + keep::WIDTH {
            figure(
                ui,
                "redraws",
                status.redrawn(),
                &format!(
                    "{}: beats of a part that would have gone on copying a song that the model \
                     has learnt from, and were composed again before anybody heard them; by \
                     force: only when the notes that did so were forbidden",
                    originality(status)
                ),
            );
        }
        ui.spacing_mut().item_spacing.x = theme::GAP;
        keep.show(ui, view, chosen);
    });
}

/// A small lamp.
fn light(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(8.0, super::control::HEIGHT), Sense::hover());
    ui.painter().circle_filled(rect.center(), 4.0, color);
}

fn state_color(state: WorkerState) -> Color32 {
    match state {
        WorkerState::Loading => theme::FAINT_TEXT,
        WorkerState::Ready => theme::genre(score::Genre::Folk),
        WorkerState::Fallback | WorkerState::Stopped => theme::WARNING,
    }
}

fn figure(ui: &mut Ui, name: &str, count: u32, hint: &str) {
    let text = format!("{name} {count}");
    ui.label(RichText::new(text).color(theme::FAINT_TEXT)).on_hover_text(hint);
}

fn worker(state: WorkerState, name: &str, failure: Option<&str>) -> (String, Color32) {
    let because = failure.map(|failure| format!(": {failure}")).unwrap_or_default();
    match state {
        WorkerState::Loading => ("loading the model".into(), theme::FAINT_TEXT),
        WorkerState::Ready => (format!("composing with {name}"), theme::TEXT),
        WorkerState::Fallback => (format!("stored patterns play{because}"), theme::WARNING),
        WorkerState::Stopped => (format!("stopped{because}"), theme::WARNING),
    }
}

/// What came late, in one word and a number.
fn lateness_short(status: &Status) -> (String, Color32) {
    let (_, color) = lateness(status);
    let lost = status.dropped() + status.underruns() + status.given_up();
    let late = status.late() + status.refused();
    match (late, lost) {
        (0, 0) => ("late 0".into(), theme::FAINT_TEXT),
        (late, 0) => (format!("late {late}"), color),
        (late, lost) => (format!("late {late}, lost {lost}"), color),
    }
}

fn lateness(status: &Status) -> (String, Color32) {
    let counters = [
        ("late", status.late()),
        ("dropped", status.dropped()),
        ("missed beats", status.underruns()),
        ("refused", status.refused()),
        ("given up", status.given_up()),
    ];
    let text = counters.map(|(name, count)| format!("{name}: {count}")).join(", ");
    let sound = counters.iter().all(|(_, count)| *count == 0);
    (text, if sound { theme::TEXT } else { theme::WARNING })
}

fn originality(status: &Status) -> String {
    let forced = match status.redraws_forced() {
        0 => String::new(),
        n => format!(" ({n} by force)"),
    };
    format!("kept original: {}{forced}", status.redrawn())
}

/// How much of a beat's time composing it takes, once a beat was composed.
fn load(view: &View) -> Option<(String, Color32)> {
    let composing = view.report.timing().composing;
    let (usual, longest) = (composing.quantile(0.5)?, composing.quantile(0.99)?);
    let tempo = view.preview().beats.last().map(|beat| beat.frame.tempo).unwrap_or_default();
    let share = longest.as_secs_f64() * tempo.bpm() / 60.0;
    let millis = usual.as_secs_f64() * 1e3;
    let text = format!("load {:.0} %, {millis:.0} ms", share * 100.0);
    Some((text, if share < 1.0 { theme::FAINT_TEXT } else { theme::WARNING }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_said_with_its_reason() {
        let (text, color) = worker(WorkerState::Fallback, "", Some("the weights do not fit"));
        assert_eq!(
            (text.as_str(), color),
            ("stored patterns play: the weights do not fit", theme::WARNING)
        );
        let (text, color) = worker(WorkerState::Stopped, "", None);
        assert_eq!((text.as_str(), color), ("stopped", theme::WARNING));
    }

    #[test]
    fn what_was_composed_again_is_counted() {
        let status = Status::new();
        assert_eq!(originality(&status), "kept original: 0");
        status.set_redraws(7, 0);
        assert_eq!(originality(&status), "kept original: 7");
        status.set_redraws(9, 2);
        assert_eq!(originality(&status), "kept original: 9 (2 by force)");
    }

    #[test]
    fn counters_are_all_there_and_warn_together() {
        let (text, color) = lateness(&Status::new());
        assert_eq!(text, "late: 0, dropped: 0, missed beats: 0, refused: 0, given up: 0");
        assert_eq!(color, theme::TEXT);
        assert_eq!(lateness_short(&Status::new()).0, "late 0");
    }
}
