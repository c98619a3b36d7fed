//! The piano roll of pitched parts and the chart of drums.

use canvas::palette::{self, Rgb};
use canvas::{Align, Canvas};
use score::{Note, Part, PitchClass};

use super::{DRUM_ROW, LABEL, LEFT, System};
use crate::drums;
use crate::performance::Performance;

/// Pitched parts from back to front.
const PITCHED: [Part; 3] = [Part::Chords, Part::Bass, Part::Lead];

/// The pitches that a roll shows.
pub(super) struct Range {
    lowest: i32,
    highest: i32,
    row: f32,
}

impl Range {
    /// All pitches that are played and some room, at least three octaves, in about `height`.
    pub fn of(performance: &Performance, height: f32) -> Self {
        let pitches = PITCHED
            .iter()
            .flat_map(|part| &performance.piece.parts[part.index()])
            .map(|note| i32::from(note.pitch.number()));
        let (low, high) = pitches.fold((127, 0), |(low, high), p| (low.min(p), high.max(p)));
        let (low, high) = if low > high { (48, 72) } else { (low - 2, high + 2) };
        let missing = (36 - (high - low)).max(0);
        let (lowest, highest) = (low - missing / 2, high + (missing + 1) / 2);
        let row = (height / (highest - lowest + 1) as f32).clamp(5.0, 12.0);
        Self { lowest, highest, row }
    }

    pub fn height(&self) -> f32 {
        self.row * (self.highest - self.lowest + 1) as f32
    }

    /// Top of a pitch's row, counted from the top of the roll.
    fn offset(&self, pitch: i32) -> f32 {
        (self.highest - pitch) as f32 * self.row
    }
}

const BLACK_KEYS: [i32; 5] = [1, 3, 6, 8, 10];

/// The ground of the roll with its keyboard and the names of the octaves.
pub(super) fn pitched(canvas: &mut Canvas, system: &System<'_>, range: &Range, y: f32) {
    const KEYBOARD: f32 = 16.0;
    let width = system.right() - LEFT;
    canvas.rect(LEFT, y, width, range.height(), palette::PANEL, 1.0);
    for pitch in range.lowest..=range.highest {
        let top = y + range.offset(pitch);
        let class = pitch.rem_euclid(12);
        let black = BLACK_KEYS.contains(&class);
        let key = if black { palette::GROUND } else { [0x5c, 0x64, 0x76] };
        canvas.rect(LEFT - KEYBOARD - 2.0, top, KEYBOARD, range.row, key, 1.0);
        if black {
            canvas.rect(LEFT, top, width, range.row, palette::PANEL_DIM, 1.0);
        }
        if class == 4 || class == 11 {
            // Two white keys meet here.
            canvas.rect(LEFT - KEYBOARD - 2.0, top - 0.5, KEYBOARD, 1.0, palette::GROUND, 1.0);
        }
        if class == 0 {
            let bottom = top + range.row;
            canvas.rect(LEFT, bottom - 0.5, width, 1.0, palette::BAR_LINE, 1.0);
            let name = format!("{}{}", PitchClass::new(pitch).name(), pitch / 12 - 1);
            let baseline = top + range.row / 2.0 + 4.5;
            canvas.text(&name, LEFT - 24.0, baseline, Align::Right, LABEL);
        }
    }
}

/// The notes of the pitched parts; louder ones are brighter.
pub(super) fn notes(
    canvas: &mut Canvas,
    performance: &Performance,
    system: &System<'_>,
    range: &Range,
    y: f32,
) {
    for part in PITCHED {
        let color = palette::part(part);
        for note in in_system(&performance.piece.parts[part.index()], system) {
            let top = y + range.offset(i32::from(note.pitch.number()));
            let starts_here = note.onset >= system.start;
            let left = system.x(note.onset.max(system.start));
            let right = system.x(note.onset + note.duration).min(system.right());
            let (width, height) = ((right - left - 1.0).max(2.0), range.row - 1.0);
            let opacity = opacity(note);
            canvas.rounded(left + 0.5, top + 0.5, width, height, 2.5, color, opacity * 0.85);
            if starts_here {
                let width = width.min(3.0);
                canvas.rounded(left + 0.5, top + 0.5, width, height, 1.5, lighter(color), opacity);
            }
        }
    }
}

/// Lines of the drum chart that are played, from the top.
pub(super) fn drum_lines(performance: &Performance) -> Vec<usize> {
    let notes = &performance.piece.parts[Part::Drums.index()];
    let mut lines: Vec<usize> = notes.iter().map(|note| drums::line(note.pitch)).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// The ground of the drum chart with the names of its lines.
pub(super) fn drum_chart(canvas: &mut Canvas, system: &System<'_>, lines: &[usize], y: f32) {
    for (row, line) in lines.iter().enumerate() {
        let top = y + row as f32 * DRUM_ROW;
        let ground = if row % 2 == 0 { palette::PANEL } else { palette::PANEL_DIM };
        canvas.rect(LEFT, top, system.right() - LEFT, DRUM_ROW, ground, 1.0);
        let name = drums::line_name(*line);
        canvas.text(name, LEFT - 10.0, top + DRUM_ROW / 2.0 + 4.5, Align::Right, LABEL);
    }
}

/// The hits; louder ones are taller and brighter.
pub(super) fn drum_hits(
    canvas: &mut Canvas,
    performance: &Performance,
    system: &System<'_>,
    lines: &[usize],
    y: f32,
) {
    let color = palette::part(Part::Drums);
    let beat = score::TICKS_PER_QUARTER as f32 * system.scale;
    let (width, tail) = ((beat / 6.0).clamp(2.0, 5.0), (beat / 3.0).clamp(3.0, 14.0));
    for note in in_system(&performance.piece.parts[Part::Drums.index()], system) {
        let Some(row) = lines.iter().position(|line| *line == drums::line(note.pitch)) else {
            continue;
        };
        if note.onset < system.start {
            continue;
        }
        let opacity = opacity(note);
        let height = (DRUM_ROW - 4.0) * (0.35 + 0.65 * f32::from(note.velocity.number()) / 127.0);
        let (left, top) =
            (system.x(note.onset), y + row as f32 * DRUM_ROW + (DRUM_ROW - height) / 2.0);
        let tail = tail.min(system.right() - left - width);
        canvas.fade(left + width, top, tail, height, color, 0.35 * opacity);
        canvas.rounded(left, top, width, height, 2.0, color, opacity);
    }
}

/// Notes that sound in a system.
fn in_system<'a>(notes: &'a [Note], system: &System<'_>) -> impl Iterator<Item = &'a Note> {
    let (start, end) = (system.start, system.end);
    notes.iter().filter(move |note| note.onset < end && note.onset + note.duration > start)
}

fn opacity(note: &Note) -> f32 {
    0.30 + 0.70 * f32::from(note.velocity.number()) / 127.0
}

fn lighter(color: Rgb) -> Rgb {
    color.map(|channel| channel + (255 - channel) / 2)
}
