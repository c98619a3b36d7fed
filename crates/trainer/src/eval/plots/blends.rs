//! What judges hear along each sweep between two genres.

use canvas::{Align, Canvas};

use super::chart::{Area, Chart, Look};
use super::{HEADER, HEADING, LABEL, MARGIN, WIDTH, color, picture};
use crate::eval::blends::{Curve, N_POINTS};
use crate::eval::quality::Quality;
use crate::eval::stats::Figure;

const COLUMNS: usize = 5;
const CELL_HEIGHT: f32 = 286.0;

pub fn draw(quality: &Quality) -> Option<Canvas> {
    let sweep = quality.sweep.as_ref()?;
    let curves = &sweep.generated.curves;
    let rows = curves.len().div_ceil(COLUMNS) as f32;
    let mut canvas = picture(
        HEADER + rows * CELL_HEIGHT,
        "Blends between two genres",
        "What the judge of all parts hears at each weight: probability of either genre with 95 % \
         intervals over songs, all others dotted; broken lines: real excerpts that take turns by \
         weight.",
    );
    let width = (WIDTH as f32 - MARGIN) / COLUMNS as f32;
    for (i, curve) in curves.iter().enumerate() {
        let area = Area {
            x: MARGIN + (i % COLUMNS) as f32 * width + 26.0,
            y: HEADER + (i / COLUMNS) as f32 * CELL_HEIGHT + 44.0,
            width: width - 54.0,
            height: CELL_HEIGHT - 86.0,
        };
        let mut real = sweep.real.curves.iter();
        let real = real.find(|real| real.from == curve.from && real.to == curve.to);
        cell(&mut canvas, area, curve, real);
    }
    Some(canvas)
}

fn cell(canvas: &mut Canvas, area: Area, curve: &Curve, real: Option<&Curve>) {
    let style = |genre: &str| canvas::TextStyle { color: color(genre), ..HEADING };
    let (x, y) = (area.x, area.y);
    canvas.text(&curve.from, x, y - 25.0, Align::Left, style(&curve.from));
    canvas.text(&curve.to, x + area.width, y - 25.0, Align::Right, style(&curve.to));
    let told = format!(
        "rank {:.2}   largest step {:.2}   off the line {:.2}",
        curve.spearman.value, curve.largest_step.value, curve.deviation.value
    );
    canvas.text(&told, x, y - 8.0, Align::Left, LABEL);
    let chart = Chart { area, x: [0.0, 1.0], y: [0.0, 1.0] };
    let tick = |values: &[f64], text: fn(f64) -> String| -> Vec<(f64, String)> {
        values.iter().map(|value| (*value, text(*value))).collect()
    };
    let percent = |x: f64| format!("{:.0} %", 100.0 * x);
    chart.panel(
        canvas,
        &tick(&[0.0, 0.5, 1.0], percent),
        &tick(&[0.0, 0.5, 1.0], |y| y.to_string()),
    );
    let at = |i: usize| i as f64 / (N_POINTS - 1) as f64;
    let band = |line: &[Figure]| -> Vec<(f64, f64, f64)> {
        line.iter().enumerate().map(|(i, p)| (at(i), p.low, p.high)).collect()
    };
    let points = |line: &[Figure]| -> Vec<(f64, f64)> {
        line.iter().enumerate().map(|(i, p)| (at(i), p.value)).collect()
    };
    for (line, genre) in [(&curve.p_from, &curve.from), (&curve.p_to, &curve.to)] {
        chart.band(canvas, &band(line), color(genre));
    }
    for (line, genre) in
        real.into_iter().flat_map(|real| [(&real.p_from, &real.from), (&real.p_to, &real.to)])
    {
        chart.line(canvas, &points(line), Look::dashed(color(genre)));
    }
    let others = curve.p_from.iter().zip(&curve.p_to).enumerate();
    let others: Vec<(f64, f64)> =
        others.map(|(i, (from, to))| (at(i), 1.0 - from.value - to.value)).collect();
    let dotted = Look { dash: Some([1.5, 3.0]), ..Look::dashed(LABEL.color) };
    chart.line(canvas, &others, dotted);
    for (line, genre) in [(&curve.p_from, &curve.from), (&curve.p_to, &curve.to)] {
        chart.line(canvas, &points(line), Look::solid(color(genre)));
    }
}
