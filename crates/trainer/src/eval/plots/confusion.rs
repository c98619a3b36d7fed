//! Squares of shares: what judges take each genre for, and drums of one genre under another.

use canvas::palette::{self, Rgb};
use canvas::{Align, Canvas, TextStyle};

use super::chart::Area;
use super::{HEADER, HEADING, LABEL, MARGIN, WIDTH, picture};
use crate::eval::bench::{FOUR_PARTS, NGRAM};
use crate::eval::blends::OrderedPair;
use crate::eval::hearing::Accuracy;
use crate::eval::quality::Quality;

/// Colour of a share of 1.
const FULL: Rgb = [0x4f, 0xc1, 0xa6];

/// A square of shares with its title; a row without values is left out of it.
struct Square {
    title: String,
    rows: Vec<Vec<Option<f64>>>,
}

impl Square {
    fn of(title: &str, accuracy: &Accuracy) -> Self {
        let rows = accuracy.confusion.iter().zip(&accuracy.by_genre);
        let rows = rows.map(|(row, heard)| row.iter().map(|share| heard.map(|_| *share)).collect());
        let title = format!("{title}: {:.2}", accuracy.macro_mean.value);
        Self { title, rows: rows.collect() }
    }

    fn draw(&self, canvas: &mut Canvas, area: Area, names: &[String], has_names: bool) {
        let n = names.len();
        let cell = area.width / n as f32;
        canvas.text(&self.title, area.x, area.y - 30.0, Align::Left, HEADING);
        for (i, name) in names.iter().enumerate() {
            let x = area.x + (i as f32 + 0.5) * cell;
            let short: String = name.chars().take(5).collect();
            canvas.text(&short, x, area.y - 8.0, Align::Center, LABEL);
            if has_names {
                let y = area.y + (i as f32 + 0.5) * cell + 4.0;
                canvas.text(name, area.x - 8.0, y, Align::Right, LABEL);
            }
        }
        for (i, row) in self.rows.iter().enumerate() {
            for (j, share) in row.iter().enumerate() {
                let (x, y) = (area.x + j as f32 * cell, area.y + i as f32 * cell);
                canvas.rect(x, y, cell - 2.0, cell - 2.0, palette::PANEL, 1.0);
                let Some(share) = share else { continue };
                canvas.rect(x, y, cell - 2.0, cell - 2.0, FULL, *share as f32);
                let color = if *share > 0.55 { palette::GROUND } else { palette::TEXT };
                let style = TextStyle { size: 13.0, color, ..LABEL };
                let text = format!("{:.0}", 100.0 * share);
                let at = (x + cell / 2.0 - 1.0, y + cell / 2.0 + 4.0);
                canvas.text(&text, at.0, at.1, Align::Center, style);
            }
        }
    }
}

/// Squares in lines of four, or as many as there are.
fn lines(title: &str, explanation: &str, names: &[String], lines: &[Vec<Square>]) -> Canvas {
    const NAMES: f32 = 72.0;
    let columns = lines.iter().map(Vec::len).max().unwrap_or(1).max(3) as f32;
    let width = (WIDTH as f32 - 2.0 * MARGIN - NAMES) / columns;
    let side = width - 24.0;
    let height = side + 76.0;
    let mut canvas = picture(HEADER + lines.len() as f32 * height + 8.0, title, explanation);
    for (i, line) in lines.iter().enumerate() {
        for (j, square) in line.iter().enumerate() {
            let area = Area {
                x: MARGIN + NAMES + j as f32 * width,
                y: HEADER + i as f32 * height + 52.0,
                width: side,
                height: side,
            };
            square.draw(&mut canvas, area, names, j == 0);
        }
    }
    canvas
}

/// What judges take real music and composed music for.
pub fn draw(quality: &Quality) -> Option<Canvas> {
    let ngram = format!("{NGRAM}all parts");
    let real = [
        ("all parts", "real, all parts"),
        ("drums", "real, drums"),
        ("pitched parts", "real, pitched parts"),
        (FOUR_PARTS, "real, four parts"),
    ];
    let composed = [
        ("all parts", "composed, four parts"),
        ("drums", "composed, drums"),
        ("pitched parts", "composed, pitched parts"),
        (&ngram, "n-gram cascade, four parts"),
    ];
    let of = |heard: &std::collections::BTreeMap<String, Accuracy>, names: &[(&str, &str); 4]| {
        let found = names.iter().filter_map(|(name, title)| Some((heard.get(*name)?, title)));
        found.map(|(accuracy, title)| Square::of(title, accuracy)).collect::<Vec<_>>()
    };
    let mut found = vec![of(&quality.judge_real, &real), of(&quality.pure, &composed)];
    found.retain(|line| !line.is_empty());
    let explanation = "Rows are right, columns what the judge said, in percent; beside each title \
                       the mean over genres. No judge heard the songs that it judges, or any that \
                       the model learnt from.";
    (!found.is_empty()).then(|| lines("What judges hear", explanation, &quality.genres, &found))
}

/// Drums of one genre under the rest of another.
pub fn draw_parts(quality: &Quality) -> Option<Canvas> {
    let per_part = quality.per_part.as_ref()?;
    let genres = &quality.genres;
    let square = |title: &str, pairs: &[OrderedPair], of: fn(&OrderedPair) -> Option<f64>| {
        let find = |drums: &String, rest: &String| {
            of(pairs.iter().find(|pair| pair.drums == *drums && pair.rest == *rest)?)
        };
        let row = |drums| genres.iter().map(|rest| find(drums, rest)).collect();
        Square { title: title.to_owned(), rows: genres.iter().map(row).collect() }
    };
    let line = |whose: &str, of: &crate::eval::blends::PerPart| {
        let title = |what: &str, mean: f64| format!("{whose}, {what}: {mean:.2}");
        vec![
            square(&title("drums heard", of.drums.value), &of.pairs, |pair| pair.drums_right),
            square(&title("rest heard", of.pitched.value), &of.pairs, |p| Some(p.pitched_right)),
            square(&title("both heard", of.both.value), &of.pairs, |pair| pair.both_right),
        ]
    };
    let explanation = "Rows are the genre of the drums, columns that of bass, chords and lead, in \
                       percent of excerpts that part-blind judges recognise; of real music what \
                       drums and rest of different songs reach.";
    let found = [line("composed", &per_part.generated), line("real", &per_part.real)];
    Some(lines("Drums of one genre under another", explanation, genres, &found))
}
