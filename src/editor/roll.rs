//! The piano roll: what has just played, what is committed, and where the song is.

use super::theme;
use crate::engine::View;
use composer::PreviewBeat;
use egui::{Align2, Color32, FontFamily, FontId, Painter, Pos2, Rect, Sense, Ui, pos2, vec2};
use score::{Note, Part, Ticks};

/// Beats shown behind and before the playhead.
const BEATS_BEHIND: f64 = 8.0;
const BEATS_AHEAD: f64 = 4.0;

/// Height of the line of bar numbers and chord names.
const HEADER: f32 = 20.0;

/// Share of the height that the drums have, at the bottom.
const DRUM_SHARE: f32 = 0.3;

/// The keys that fit; others are drawn at the edge.
const PITCHED_KEYS: (u8, u8) = (28, 96);
const DRUM_KEYS: (u8, u8) = (34, 60);

/// Shows the roll, or why there is nothing to show.
pub fn show(ui: &mut Ui, view: Option<&View>) {
    let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 4.0, theme::PANEL);
    let beats = view.map_or(&[][..], |view| &view.preview().beats);
    let Some(newest) = beats.last() else {
        let font = theme::control_font();
        let text = "Press play in the host, or Run, and the band starts.";
        painter.text(rect.center(), Align2::CENTER_CENTER, text, font, theme::FAINT_TEXT);
        return;
    };
    let position = view.and_then(|view| {
        let status = &view.status;
        view.preview().line_position(status.epoch(), status.position_beats())
    });
    // At a standstill elsewhere, the primed beats stand right of the playhead.
    let position = position.unwrap_or(newest.line_beat as f64);
    let grid = Grid::new(rect, position);
    for (index, beat) in beats.iter().enumerate() {
        grid.paint_header(&painter, beat, index.checked_sub(1).map(|before| &beats[before]));
    }
    for beat in beats {
        for part in Part::ALL {
            for note in &beat.parts[part.index()] {
                grid.paint_note(&painter, beat, part, note, position);
            }
        }
    }
    let x = grid.x(position);
    painter.vline(x, rect.y_range(), (1.5, theme::PLAYHEAD));
}

/// Places on the roll.
struct Grid {
    rect: Rect,
    pitched: Rect,
    drums: Rect,
    first_beat: f64,
}

impl Grid {
    fn new(rect: Rect, position: f64) -> Self {
        let notes = Rect::from_min_max(rect.min + vec2(0.0, HEADER), rect.max).shrink(2.0);
        let split = notes.bottom() - notes.height() * DRUM_SHARE;
        Self {
            rect,
            pitched: Rect::from_min_max(notes.min, pos2(notes.right(), split - 2.0)),
            drums: Rect::from_min_max(pos2(notes.left(), split + 2.0), notes.max),
            first_beat: position - BEATS_BEHIND,
        }
    }

    fn x(&self, line_beats: f64) -> f32 {
        let share = (line_beats - self.first_beat) / (BEATS_BEHIND + BEATS_AHEAD);
        self.rect.left() + share as f32 * self.rect.width()
    }

    /// The line at a beat's start, stronger at a bar, and the chord where it changes.
    fn paint_header(&self, painter: &Painter, beat: &PreviewBeat, before: Option<&PreviewBeat>) {
        let x = self.x(beat.line_beat as f64);
        let starts_bar = beat.frame.offset_in_bar() == Ticks(0);
        let color = if starts_bar { theme::FAINT_TEXT } else { theme::LINE };
        let top = if starts_bar { self.rect.top() } else { self.rect.top() + HEADER };
        painter.vline(x, top..=self.rect.bottom(), (1.0, color));
        let mut left = pos2(x + 4.0, self.rect.top() + HEADER / 2.0);
        if starts_bar {
            let number = (beat.frame.bar_number + 1).to_string();
            left.x = label(painter, left, &number, theme::FAINT_TEXT).right() + 6.0;
        }
        if before.is_none_or(|before| before.chord != beat.chord)
            && let Some(chord) = beat.chord
        {
            label(painter, left, &chord.to_string(), theme::TEXT);
        }
    }

    fn paint_note(
        &self,
        painter: &Painter,
        beat: &PreviewBeat,
        part: Part,
        note: &Note,
        position: f64,
    ) {
        let start =
            beat.line_beat as f64 + (note.onset - Ticks::from_beat(beat.frame.beat)).beats();
        let end = start + note.duration.beats();
        let (lane, (lowest, highest)) = match part {
            Part::Drums => (self.drums, DRUM_KEYS),
            _ => (self.pitched, PITCHED_KEYS),
        };
        let row = lane.height() / f32::from(highest - lowest + 1);
        let key = note.pitch.number().clamp(lowest, highest);
        let bottom = lane.bottom() - row * f32::from(key - lowest);
        let thickness = if part == Part::Drums { row.max(5.0) } else { row.max(3.0) };
        let width = match part {
            Part::Drums => thickness,
            _ => (self.x(end) - self.x(start)).max(3.0) - 1.0,
        };
        let shape =
            Rect::from_min_size(pos2(self.x(start), bottom - thickness), vec2(width, thickness));
        let loudness = 0.45 + 0.55 * f32::from(note.velocity.number()) / 127.0;
        let sounding = start <= position && position < end;
        let color = theme::part(part).gamma_multiply(loudness);
        painter.rect_filled(shape, 1.5, if sounding { theme::PLAYHEAD } else { color });
    }
}

fn label(painter: &Painter, left: Pos2, text: &str, color: Color32) -> Rect {
    let font = FontId::new(theme::SMALL_TEXT, FontFamily::Proportional);
    painter.text(left, Align2::LEFT_CENTER, text, font, color)
}
