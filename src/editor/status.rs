//! The foot: how the composing thread is doing.

use super::keep::Keep;
use super::theme;
use crate::engine::View;
use egui::{Color32, RichText, Ui};
use player::{Status, WorkerState};

/// Shows the foot.
pub fn show(ui: &mut Ui, view: Option<&View>, keep: &mut Keep, lost: Option<String>) {
    ui.horizontal_wrapped(|ui| {
        if let Some(lost) = lost {
            let text = format!("the project was not loaded whole: {lost}");
            ui.label(RichText::new(text).color(theme::WARNING))
                .on_hover_text("What could not be read has its default");
            ui.separator();
        }
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
        ui.label(RichText::new(text).color(color)).on_hover_text(
            "late: begun up to 30 ms after their time; dropped: later than that; missed beats: \
             not composed in time; refused: events that the host took a block later; given up: \
             beats that a bounce has waited for in vain",
        );
        ui.separator();
        ui.label(originality(status)).on_hover_text(
            "Beats of a part that would have gone on copying a song that the model has learnt \
             from, and were composed again before anybody heard them; by force: only when the \
             notes that did so were forbidden",
        );
        ui.separator();
        if let Some((text, color)) = load(view) {
            ui.label(RichText::new(text).color(color)).on_hover_text(
                "Time that composing a beat takes, and for all but one of a hundred, as a share \
                 of the beat",
            );
            ui.separator();
        }
        keep.show(ui, view);
    });
}

fn worker(state: WorkerState, failure: Option<&str>) -> (String, Color32) {
    let because = failure.map(|failure| format!(": {failure}")).unwrap_or_default();
    match state {
        WorkerState::Loading => ("loading the model".into(), theme::FAINT_TEXT),
        WorkerState::Ready => (format!("composing with {}", crate::weights::NAME), theme::TEXT),
        WorkerState::Fallback => (format!("stored patterns play{because}"), theme::WARNING),
        WorkerState::Stopped => (format!("stopped{because}"), theme::WARNING),
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
    let text = format!("composing: {millis:.1} ms a beat, at most {:.0} %", share * 100.0);
    Some((text, if share < 1.0 { theme::TEXT } else { theme::WARNING }))
}

/// The chord at the playhead.
fn chord_now(view: &View) -> Option<String> {
    let status = &view.status;
    let here = (status.position_beats() + 1e-6).floor() as i64;
    let mut beats = view.preview().beats.iter().rev();
    let beat = beats.find(|b| b.epoch == status.epoch() && b.frame.beat == here)?;
    beat.chord.map(|chord| chord.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_said_with_its_reason() {
        let (text, color) = worker(WorkerState::Fallback, Some("the weights do not fit"));
        assert_eq!(
            (text.as_str(), color),
            ("stored patterns play: the weights do not fit", theme::WARNING)
        );
        let (text, color) = worker(WorkerState::Stopped, None);
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
    }
}
