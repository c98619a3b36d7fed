//! Places on the roll, and what is drawn there.

use super::{History, lanes, theme};
use crate::editor::playhead::Playhead;
use composer::PreviewBeat;
use egui::{Align2, Color32, Painter, Pos2, Rect, StrokeKind, Ui, pos2, vec2};
use score::{Note, Part, Ticks};
use std::ops::Range;
use std::time::Instant;

/// Width of a beat, in points: at least, and as the roll's width over this many at most.
const BEAT: (f32, f32) = (44.0, 28.0);

/// Beats that lie right of what can be committed.
const BEYOND: f64 = 1.0;

/// What of the line is in sight.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Where the playhead stands, in beats.
    pub position: f64,
    /// How far the music is committed before it, in beats.
    pub lookahead: f64,
    /// How fast it moves, in beats a second.
    pub speed: f64,
    /// When it stood there.
    pub at: Instant,
    /// What stands where the playhead stands while the roll scrolls, in beats; further right, the
    /// playhead moves over music that stands still, as far as `page` beats.
    pub anchor: f64,
    pub page: f64,
}

/// Share of the roll that lies right of the playhead at most.
const AHEAD_SHARE: f32 = 0.36;

/// Height of the line of bar numbers and chord names.
const HEADER: f32 = 24.0;

/// Share of the height that the drums have, at the bottom.
const DRUM_SHARE: f32 = 0.36;

/// Width of the names of rows and octaves at the left.
const GUTTER: f32 = 60.0;

/// How long the keys take to move to another range, in seconds, where the music moves anyway.
const GLIDE: f32 = 0.3;

/// How far the playhead goes beyond its page, in beats, until the picture is there that turns it.
const BEYOND_PAGE: f64 = 0.25;

/// Places on the roll.
pub struct Grid {
    rect: Rect,
    pitched: Rect,
    drums: Rect,
    /// Where the playhead stands.
    now: f32,
    position: f64,
    /// How fast it moves over the grid, in points a second, and how far: a little beyond its page.
    speed: f32,
    end: f32,
    /// When it stood there.
    at: Instant,
    /// Where the view's anchor stands.
    anchor_x: f32,
    anchor: f64,
    beat_width: f32,
    lowest: f32,
    highest: f32,
}

impl Grid {
    pub fn new(ui: &Ui, rect: Rect, view: View, history: &History) -> Self {
        let View { position, speed, at, lookahead, anchor, page } = view;
        let notes = Rect::from_min_max(rect.min + vec2(GUTTER, HEADER), rect.max - vec2(0.0, 4.0));
        let split = notes.bottom() - notes.height() * DRUM_SHARE;
        let beat_width = (notes.width() / BEAT.1).max(BEAT.0);
        let beats_ahead = (page + lookahead + BEYOND) as f32;
        let ahead = (beats_ahead * beat_width).min(notes.width() * AHEAD_SHARE);
        let anchor_x = notes.right() - ahead;
        let (lowest, highest) = lanes::keys(history);
        let glide = |name: &str, key: f32| match page > 0.0 {
            true => key,
            false => theme::glide(ui, ui.scope_id().with(name), key, GLIDE),
        };
        Self {
            rect,
            pitched: Rect::from_min_max(notes.min, pos2(notes.right(), split - 4.0)),
            drums: Rect::from_min_max(pos2(notes.left(), split), notes.max),
            now: anchor_x + (position - anchor) as f32 * beat_width,
            position,
            speed: if page > 0.0 { speed as f32 * beat_width } else { 0.0 },
            end: anchor_x + (page + BEYOND_PAGE) as f32 * beat_width,
            at,
            anchor_x,
            anchor,
            beat_width,
            lowest: glide("lowest", lowest),
            highest: glide("highest", highest),
        }
    }

    /// Where a place of the line lies, in beats.
    fn x(&self, line_beats: f64) -> f32 {
        self.anchor_x + (line_beats - self.anchor) as f32 * self.beat_width
    }

    /// The place of the line that lies at `x`, in beats.
    pub fn line_beats(&self, x: f32) -> f64 {
        self.anchor + f64::from((x - self.anchor_x) / self.beat_width)
    }

    fn key_height(&self) -> f32 {
        self.pitched.height() / (self.highest - self.lowest + 1.0)
    }

    /// The bottom of a key's row.
    fn key_y(&self, key: f32) -> f32 {
        self.pitched.bottom() - self.key_height() * (key - self.lowest)
    }

    fn drum_height(&self) -> f32 {
        self.drums.height() / lanes::DRUM_ROWS.len() as f32
    }

    /// Draws all of it, with the `chosen` beats of the line marked.
    pub fn paint(&self, painter: &Painter, history: &History, chosen: Option<Range<i64>>) {
        let notes = painter.with_clip_rect(Rect::from_x_y_ranges(
            self.pitched.left()..=self.rect.right(),
            self.rect.y_range(),
        ));
        self.paint_ground(&notes, history);
        if let Some(beats) = chosen {
            let across = self.x(beats.start as f64)..=self.x(beats.end as f64);
            let band = Rect::from_x_y_ranges(across, self.rect.y_range());
            notes.rect_filled(band, theme::RADIUS, theme::ACCENT.gamma_multiply(0.22));
            let edge = (1.5, theme::ACCENT);
            notes.rect_stroke(band, theme::RADIUS, edge, StrokeKind::Inside);
        }
        self.paint_names(painter);
        let mut before = None;
        let mut free_from = self.pitched.left();
        for beat in history.beats() {
            free_from = self.paint_head(&notes, beat, before, free_from);
            before = Some(beat);
        }
        for beat in history.beats() {
            // A note that hangs over from far left is at most some bars long.
            if self.x(beat.line_beat as f64) < self.pitched.left() - 24.0 * self.beat_width {
                continue;
            }
            for note in &beat.played {
                self.paint_played(&notes, beat, note);
            }
            for part in Part::ALL {
                for note in &beat.parts[part.index()] {
                    self.paint_note(&notes, beat, part, note);
                }
            }
        }
        notes.add(self.playhead().shape(painter.pixels_per_point()));
    }

    /// The playhead.
    pub fn playhead(&self) -> Playhead {
        let within = self.rect.with_min_x(self.pitched.left());
        Playhead { x: self.now, within, speed: self.speed, end: self.end, at: self.at }
    }

    /// The lanes, and what lies before the playhead: committed, and not composed yet.
    fn paint_ground(&self, painter: &Painter, history: &History) {
        painter.rect_filled(self.drums, 0.0, theme::mix(theme::PANEL, theme::BACKGROUND, 0.5));
        let end = history.beats().back().map_or(self.position, |beat| (beat.line_beat + 1) as f64);
        let end = self.x(end).clamp(self.now, self.rect.right().max(self.now));
        // Only the first of the two changes with every picture.
        let next_beat = self.x(self.position.floor() + 1.0).clamp(self.now, end);
        for across in [self.now..=next_beat, next_beat..=end] {
            let committed = Rect::from_x_y_ranges(across, self.rect.y_range());
            painter.rect_filled(committed, 0.0, Color32::WHITE.gamma_multiply(0.045));
        }
        let open = Rect::from_x_y_ranges(end..=self.rect.right(), self.rect.y_range());
        painter.rect_filled(open, 0.0, theme::BACKGROUND.gamma_multiply(0.6));
        let octaves = (self.lowest / 12.0).ceil() as i32..=(self.highest / 12.0).floor() as i32;
        for octave in octaves {
            let y = self.key_y((octave * 12) as f32);
            painter.hline(painter.clip_rect().x_range(), y, (1.0, theme::LINE));
        }
        for row in 1..lanes::DRUM_ROWS.len() {
            let y = self.drums.top() + row as f32 * self.drum_height();
            painter.hline(painter.clip_rect().x_range(), y, (1.0, theme::LINE.gamma_multiply(0.5)));
        }
        painter.hline(self.rect.x_range(), self.drums.top() - 2.0, (1.0, theme::STRONG_LINE));
    }

    /// Octaves and drums at the left, as far as the rows have room for them.
    fn paint_names(&self, painter: &Painter) {
        let font = theme::small_font();
        let color = theme::FAINT_TEXT;
        let left = self.rect.left() + 2.0 * theme::GRID;
        let place = pos2(left, self.rect.top() + HEADER / 2.0);
        painter.text(place, Align2::LEFT_CENTER, "Bar", font.clone(), color);
        let octave_height = 12.0 * self.key_height();
        let every = if octave_height > 16.0 { 1 } else { 2 };
        for octave in (0..=10).step_by(every) {
            let y = self.key_y((octave * 12) as f32) - self.key_height() / 2.0;
            if y < self.pitched.top() + 6.0 || y > self.pitched.bottom() - 6.0 {
                continue;
            }
            // Middle C, key 60, is C4.
            let name = format!("C{}", octave - 1);
            painter.text(pos2(left, y), Align2::LEFT_CENTER, name, font.clone(), color);
        }
        if self.drum_height() < theme::SMALL_TEXT {
            let middle = pos2(left, self.drums.center().y);
            painter.text(middle, Align2::LEFT_CENTER, "Drums", font, color);
            return;
        }
        for (row, name) in lanes::DRUM_ROWS.into_iter().enumerate() {
            let y = self.drums.top() + (row as f32 + 0.5) * self.drum_height();
            painter.text(pos2(left, y), Align2::LEFT_CENTER, name, font.clone(), color);
        }
    }

    /// The line at a beat's start, stronger at a bar, the bar's number and pass, and the chord
    /// where it changes. Texts begin right of `free_from`; returns where this one ends.
    fn paint_head(
        &self,
        painter: &Painter,
        beat: &PreviewBeat,
        before: Option<&PreviewBeat>,
        free_from: f32,
    ) -> f32 {
        let x = self.x(beat.line_beat as f64).round();
        if x < self.pitched.left() - 4.0 * self.beat_width || x > self.rect.right() {
            return free_from;
        }
        let starts_bar = beat.frame.offset_in_bar() == Ticks(0);
        let (top, color) = if starts_bar {
            (self.rect.top(), theme::STRONG_LINE)
        } else {
            (self.rect.top() + HEADER, theme::LINE)
        };
        painter.vline(x, top..=self.rect.bottom(), (1.0, color));
        let middle = self.rect.top() + HEADER / 2.0;
        let mut left = (x + theme::GRID).max(free_from);
        let begins_pass = before.is_none_or(|before| before.pass != beat.pass) && beat.pass > 0;
        if starts_bar {
            let bar = beat.frame.bar_number + 1;
            let text =
                if begins_pass { format!("{bar} pass {}", beat.pass + 1) } else { bar.to_string() };
            left = label(painter, pos2(left, middle), &text, theme::FAINT_TEXT) + 2.0 * theme::GRID;
        }
        if before.is_none_or(|before| before.chord != beat.chord)
            && let Some(chord) = beat.chord
        {
            left =
                label(painter, pos2(left, middle), &chord.to_string(), theme::TEXT) + theme::GRID;
        }
        left.max(free_from)
    }

    /// A note that somebody played into the band: without a part's color.
    fn paint_played(&self, painter: &Painter, beat: &PreviewBeat, note: &Note) {
        let (start, end) = span(beat, note);
        let shape = self.note_shape(Part::Lead, note, start, end);
        if shape.right() >= self.pitched.left() && shape.left() <= self.rect.right() {
            painter.rect_filled(shape, 2.0, theme::TEXT.gamma_multiply(0.35));
            painter.rect_stroke(shape, 2.0, (1.0, theme::TEXT), StrokeKind::Inside);
        }
    }

    fn paint_note(&self, painter: &Painter, beat: &PreviewBeat, part: Part, note: &Note) {
        let (start, end) = span(beat, note);
        let shape = self.note_shape(part, note, start, end);
        if shape.right() < self.pitched.left() || shape.left() > self.rect.right() {
            return;
        }
        let color = theme::part(part);
        let loudness = 0.5 + 0.5 * f32::from(note.velocity.number()) / 127.0;
        if start > self.position {
            // Committed: to come, but not to be changed.
            painter.rect_filled(shape, 2.0, color.gamma_multiply(0.22));
            let line = (1.0, color.gamma_multiply(0.5 + 0.5 * loudness));
            painter.rect_stroke(shape, 2.0, line, StrokeKind::Inside);
            return;
        }
        let sounding = match part {
            // A drum is heard when it is struck.
            Part::Drums => self.position - start < 0.2,
            _ => self.position < end,
        };
        let fill = if sounding { theme::mix(color, Color32::WHITE, 0.65) } else { color };
        painter.rect_filled(shape, 2.0, fill.gamma_multiply(if sounding { 1.0 } else { loudness }));
    }

    fn note_shape(&self, part: Part, note: &Note, start: f64, end: f64) -> Rect {
        let left = self.x(start);
        if part == Part::Drums {
            let height = self.drum_height();
            let row = lanes::drum_row(note.pitch.number()) as f32;
            let size = vec2((height * 0.7).clamp(4.0, 12.0), (height - 2.0).clamp(4.0, 18.0));
            let middle = self.drums.top() + (row + 0.5) * height;
            return Rect::from_min_size(pos2(left, (middle - size.y / 2.0).round()), size);
        }
        let height = self.key_height().max(4.0);
        let bottom = self.key_y(f32::from(note.pitch.number())).round();
        let width = (self.x(end) - left - 1.0).max(3.0);
        Rect::from_min_size(pos2(left, bottom - height), vec2(width, height))
    }
}

/// Where a note of a beat begins and ends on the line, in beats.
fn span(beat: &PreviewBeat, note: &Note) -> (f64, f64) {
    let start = beat.line_beat as f64 + (note.onset - Ticks::from_beat(beat.frame.beat)).beats();
    (start, start + note.duration.beats())
}

/// Text from its left; returns where it ends.
fn label(painter: &Painter, left: Pos2, text: &str, color: Color32) -> f32 {
    painter.text(left, Align2::LEFT_CENTER, text, theme::small_font(), color).right()
}
