//! Draws a performance: the blend over time, chords, a piano roll and a drum chart.
//!
//! Long performances are broken into systems of sixteen bars below each other, like a score.

mod blend;
mod roll;

use canvas::palette::{self, Rgb};
use canvas::{Align, Canvas, TextStyle, Weight};
use score::{Chord, Meter, Part, Ticks};

use crate::performance::{Bar, Performance};

/// Width of a picture in pixels.
pub const WIDTH: u32 = 1600;

/// Space left of the music, for names.
const LEFT: f32 = 92.0;
const RIGHT: f32 = 28.0;
const HEADER: f32 = 84.0;
const BAR_ROW: f32 = 20.0;
const CHORD_ROW: f32 = 28.0;
const GAP: f32 = 10.0;
const DRUM_ROW: f32 = 18.0;
const BARS_A_SYSTEM: usize = 16;
/// More bars than this many systems hold are drawn narrower.
const MAX_SYSTEMS: usize = 16;

const LABEL: TextStyle =
    TextStyle { size: 12.0, weight: Weight::Regular, color: palette::TEXT_DIM };
const CHORD: TextStyle = TextStyle { size: 15.0, weight: Weight::SemiBold, color: palette::TEXT };
const TITLE: TextStyle = TextStyle { size: 24.0, weight: Weight::SemiBold, color: palette::TEXT };

/// One line of bars: which time it shows, and where.
#[derive(Clone, Copy)]
struct System<'a> {
    bars: &'a [Bar],
    start: Ticks,
    end: Ticks,
    /// Pixels a tick.
    scale: f32,
    top: f32,
}

impl System<'_> {
    /// The `x` of a place in the song; may lie outside the system.
    fn x(&self, at: Ticks) -> f32 {
        LEFT + (at - self.start).0 as f32 * self.scale
    }

    /// Where the system's bars end.
    fn right(&self) -> f32 {
        self.x(self.end)
    }
}

/// Heights that every system of a picture shares.
struct Sizes {
    /// The strip of the common blend, 0 for none.
    blend: f32,
    /// Strips of parts that follow a blend of their own.
    own: Vec<blend::Voice>,
    markers: f32,
    pitches: roll::Range,
    drum_lines: Vec<usize>,
}

impl Sizes {
    fn of(performance: &Performance, n_systems: usize) -> Self {
        let has_blend = performance.beats.iter().any(|beat| beat.controls.is_some());
        Self {
            blend: if has_blend { 84.0 } else { 0.0 },
            own: blend::own_voices(performance),
            markers: if performance.piece.markers.is_empty() { 0.0 } else { 20.0 },
            pitches: roll::Range::of(performance, if n_systems == 1 { 480.0 } else { 340.0 }),
            drum_lines: roll::drum_lines(performance),
        }
    }

    fn strips(&self) -> f32 {
        let own = self.own.len() as f32 * blend::OWN_STRIP;
        let gap = if self.blend > 0.0 { GAP } else { 0.0 };
        self.markers + self.blend + own + gap
    }

    fn drums(&self) -> f32 {
        let gap = if self.drum_lines.is_empty() { 0.0 } else { GAP };
        gap + self.drum_lines.len() as f32 * DRUM_ROW
    }

    fn system(&self) -> f32 {
        self.strips() + BAR_ROW + CHORD_ROW + self.pitches.height() + self.drums() + 30.0
    }
}

/// Draws a performance as a PNG file, [`WIDTH`] pixels wide and as high as it needs to be.
///
/// # Errors
/// When the picture cannot be encoded.
pub fn picture(performance: &Performance) -> anyhow::Result<Vec<u8>> {
    let bars = performance.bars();
    // One or two bars too many are squeezed in rather than left alone on a line.
    let n_systems = (bars.len().saturating_sub(2)).div_ceil(BARS_A_SYSTEM).clamp(1, MAX_SYSTEMS);
    let bars_a_system = bars.len().div_ceil(n_systems).max(BARS_A_SYSTEM.min(bars.len()));
    let lines: Vec<&[Bar]> = bars.chunks(bars_a_system).collect();
    let sizes = Sizes::of(performance, lines.len());
    let height = HEADER + sizes.system() * lines.len() as f32;
    let mut canvas = Canvas::new(WIDTH, height.ceil() as u32, palette::GROUND);
    header(&mut canvas, performance, &bars);

    // All systems share the scale of the longest, so that beats line up.
    let span = |line: &[Bar]| line[line.len() - 1].end - line[0].start;
    let longest = lines.iter().map(|line| span(line)).max().unwrap_or(Ticks(1));
    let scale = (WIDTH as f32 - LEFT - RIGHT) / longest.0.max(1) as f32;
    for (idx, line) in lines.iter().enumerate() {
        let start = line[0].start;
        let system = System {
            bars: line,
            start,
            end: start + span(line),
            scale,
            top: HEADER + sizes.system() * idx as f32,
        };
        draw_system(&mut canvas, performance, &system, &sizes);
    }
    Ok(canvas.png()?)
}

fn draw_system(canvas: &mut Canvas, performance: &Performance, system: &System<'_>, sizes: &Sizes) {
    let mut y = system.top;
    if sizes.markers > 0.0 {
        markers(canvas, performance, system, y);
        y += sizes.markers;
    }
    if sizes.blend > 0.0 {
        blend::strip(canvas, performance, system, y, sizes.blend);
        y += sizes.blend;
        for voice in &sizes.own {
            blend::own_strip(canvas, performance, system, *voice, y);
            y += blend::OWN_STRIP;
        }
        y += GAP;
    }
    bar_numbers(canvas, system, y);
    y += BAR_ROW;
    chords(canvas, performance, system, y);
    y += CHORD_ROW;
    roll::pitched(canvas, system, &sizes.pitches, y);
    grid(canvas, system, y, sizes.pitches.height());
    roll::notes(canvas, performance, system, &sizes.pitches, y);
    y += sizes.pitches.height();
    if !sizes.drum_lines.is_empty() {
        y += GAP;
        let height = sizes.drum_lines.len() as f32 * DRUM_ROW;
        roll::drum_chart(canvas, system, &sizes.drum_lines, y);
        grid(canvas, system, y, height);
        roll::drum_hits(canvas, performance, system, &sizes.drum_lines, y);
    }
}

fn header(canvas: &mut Canvas, performance: &Performance, bars: &[Bar]) {
    canvas.text(&performance.title, LEFT, 40.0, Align::Left, TITLE);
    let tempos = performance.beats.iter().map(|beat| beat.frame.tempo.bpm());
    let (slowest, fastest) =
        tempos.fold((f64::MAX, f64::MIN), |(low, high), bpm| (low.min(bpm), high.max(bpm)));
    let tempo = match (slowest, fastest) {
        _ if performance.beats.is_empty() => "no beats".to_owned(),
        _ if fastest - slowest < 0.5 => format!("{} BPM", fastest.round()),
        _ => format!("{}–{} BPM", slowest.round(), fastest.round()),
    };
    let plural = if bars.len() == 1 { "" } else { "s" };
    let line = format!(
        "{tempo}   ·   {}   ·   {} bar{plural}   ·   {} notes",
        bars[0].meter,
        bars.len(),
        performance.piece.n_notes()
    );
    canvas.text(&line, LEFT, 63.0, Align::Left, TextStyle { size: 13.0, ..LABEL });

    let mut x = WIDTH as f32 - RIGHT;
    for part in Part::ALL.into_iter().rev() {
        let n_notes = performance.piece.parts[part.index()].len();
        if n_notes > 0 {
            let name = capitalized(part.name());
            let color = palette::part(part);
            x = legend_entry(canvas, &format!("{name}  {n_notes}"), color, x, 40.0);
        }
    }
    let mut x = WIDTH as f32 - RIGHT;
    for weight in blend::present(performance).into_iter().rev() {
        let name = performance.genres.of_weight(weight);
        x = legend_entry(canvas, &capitalized(name), palette::weight(weight), x, 63.0);
    }
}

/// Writes an entry that ends at `x`; gives back where the next to its left ends.
fn legend_entry(canvas: &mut Canvas, text: &str, color: Rgb, x: f32, y: f32) -> f32 {
    let style = TextStyle { size: 13.0, color: palette::TEXT, ..LABEL };
    let left = x - canvas.width_of(text, style);
    canvas.text(text, left, y, Align::Left, style);
    canvas.rounded(left - 17.0, y - 9.5, 10.0, 10.0, 3.0, color, 1.0);
    left - 36.0
}

fn markers(canvas: &mut Canvas, performance: &Performance, system: &System<'_>, y: f32) {
    let style = TextStyle { color: palette::TEXT, ..LABEL };
    let mut free_from = f32::MIN;
    for (at, text) in &performance.piece.markers {
        if *at < system.start || *at >= system.end {
            continue;
        }
        // Of markers that are too close to each other, the first is shown.
        let x = system.x(*at);
        let end = x + 8.0 + canvas.width_of(text, style);
        if x - 4.0 < free_from || end > WIDTH as f32 {
            continue;
        }
        let triangle = [(x - 4.0, y + 5.0), (x + 4.0, y + 5.0), (x, y + 13.0)];
        canvas.polygon(&triangle, palette::TEXT_DIM, 1.0);
        canvas.text(text, x + 8.0, y + 13.0, Align::Left, style);
        free_from = end + 8.0;
    }
}

fn bar_numbers(canvas: &mut Canvas, system: &System<'_>, y: f32) {
    let mut meter: Option<Meter> = None;
    let mut free_from = f32::MIN;
    for bar in system.bars {
        let x = system.x(bar.start) + 5.0;
        // Narrow bars number only some of them; a change of meter is always worth it.
        let changed = meter.is_some_and(|meter| meter != bar.meter);
        let text = if changed || meter.is_none() {
            format!("{}   {}", bar.number + 1, bar.meter)
        } else {
            (bar.number + 1).to_string()
        };
        if x >= free_from || changed {
            canvas.text(&text, x, y + 14.0, Align::Left, LABEL);
            free_from = x + canvas.width_of(&text, LABEL) + 8.0;
        }
        meter = Some(bar.meter);
    }
}

fn chords(canvas: &mut Canvas, performance: &Performance, system: &System<'_>, y: f32) {
    canvas.rect(LEFT, y, system.right() - LEFT, CHORD_ROW - 4.0, palette::PANEL, 1.0);
    canvas.text("Chords", LEFT - 24.0, y + 16.0, Align::Right, LABEL);
    let mut changes: Vec<(f32, Option<Chord>)> = Vec::new();
    for beat in &performance.beats {
        let at = Ticks::from_beat(beat.frame.beat);
        let here = at + Ticks::from_beat(1) > system.start && at < system.end;
        if here && changes.last().is_none_or(|(_, sounding)| *sounding != beat.chord) {
            changes.push((system.x(at).max(LEFT), beat.chord));
        }
    }
    let small = TextStyle { size: 11.0, ..CHORD };
    for (idx, (x, chord)) in changes.iter().enumerate() {
        canvas.rect(*x, y, 1.0, CHORD_ROW - 4.0, palette::BAR_LINE, 1.0);
        let room = changes.get(idx + 1).map_or(system.right(), |(next, _)| *next) - x;
        let text = chord.map_or_else(|| "–".to_owned(), |chord| chord.to_string());
        // A name that finds no room is written smaller, then left out.
        for (style, margin) in [(CHORD, 6.0), (small, 3.0)] {
            if canvas.width_of(&text, style) + 2.0 * margin <= room {
                canvas.text(&text, x + margin, y + 17.0, Align::Left, style);
                break;
            }
        }
    }
}

/// Lines between bars and beats.
fn grid(canvas: &mut Canvas, system: &System<'_>, y: f32, height: f32) {
    for bar in system.bars {
        let step = Ticks(4 * score::TICKS_PER_QUARTER / i64::from(bar.meter.denominator()));
        let mut at = bar.start + step;
        // Lines closer than a few pixels would be a grey wall.
        while at < bar.end && step.0 as f32 * system.scale >= 5.0 {
            canvas.rect(system.x(at) - 0.5, y, 1.0, height, palette::BEAT_LINE, 1.0);
            at = at + step;
        }
        canvas.rect(system.x(bar.start) - 0.5, y, 1.0, height, palette::BAR_LINE, 1.0);
    }
    canvas.rect(system.right() - 0.5, y, 1.0, height, palette::BAR_LINE, 1.0);
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}
