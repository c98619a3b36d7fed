//! Loss curves from what training wrote.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use canvas::palette;
use canvas::{Align, Canvas};
use serde::{Deserialize, Serialize};

use super::chart::{Area, Chart, Look, round_ticks};
use super::{HEADER, HEADING, LABEL, MARGIN, WIDTH, color, picture};

/// A report of a training run; both trainers write one a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Music steps seen.
    pub steps: u64,
    /// Training loss in nats a step.
    pub train_nats_per_step: f64,
    /// Bits a note of the validation songs a genre, with and without genre.
    pub valid: BTreeMap<String, [f64; 2]>,
}

/// Reads a log.
///
/// # Errors
/// Names the file and the line.
pub fn read(path: &Path) -> Result<Vec<Report>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{}: cannot be read", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(i, line)| {
            let place = || format!("{}: line {}: not a report", path.display(), i + 1);
            serde_json::from_str(line).with_context(place)
        })
        .collect()
}

const CELL_HEIGHT: f32 = 330.0;
const COLUMNS: usize = 3;

pub fn draw(reports: &[Report]) -> Option<Canvas> {
    let (first, last) = (reports.first()?, reports.last()?);
    let names: Vec<&String> = first.valid.keys().collect();
    let rows = names.len().div_ceil(COLUMNS) as f32;
    let explanation = format!(
        "Bits a note of the validation songs over millions of training steps; broken lines: the \
         same network without genre. Training loss at the end: {:.3} nats a step.",
        last.train_nats_per_step
    );
    let mut canvas =
        picture(HEADER + rows * CELL_HEIGHT, "Held-out loss in training", &explanation);
    let width = (WIDTH as f32 - MARGIN) / COLUMNS as f32;
    let millions = |report: &Report| report.steps as f64 / 1e6;
    let x = [0.0, millions(last).max(1e-6)];
    for (i, name) in names.into_iter().enumerate() {
        let area = Area {
            x: MARGIN + (i % COLUMNS) as f32 * width + 24.0,
            y: HEADER + (i / COLUMNS) as f32 * CELL_HEIGHT + 30.0,
            width: width - 56.0,
            height: CELL_HEIGHT - 74.0,
        };
        let line = |side: usize| -> Vec<(f64, f64)> {
            let known =
                reports.iter().filter_map(|r| Some((millions(r), r.valid.get(name)?[side])));
            known.collect()
        };
        let lines = [line(0), line(1)];
        let all = lines.iter().flatten().map(|(_, bits)| *bits);
        let (low, high) = (all.clone().fold(f64::MAX, f64::min), all.fold(f64::MIN, f64::max));
        let room = (0.08 * (high - low)).max(0.01);
        let chart = Chart { area, x, y: [low - room, high + room] };
        let ticks = |[from, to]: [f64; 2]| -> Vec<(f64, String)> {
            round_ticks(from, to).into_iter().map(|value| (value, short(value))).collect()
        };
        chart.panel(&mut canvas, &ticks(chart.x), &ticks(chart.y));
        chart.line(&mut canvas, &lines[1], Look::dashed(color(name)));
        chart.line(&mut canvas, &lines[0], Look::solid(color(name)));
        let style = canvas::TextStyle { color: color(name), ..HEADING };
        canvas.text(name, area.x, area.y - 10.0, Align::Left, style);
        let best = lines[0].iter().map(|(_, bits)| *bits).fold(f64::MAX, f64::min);
        let told = format!("least {best:.3} bits");
        let style = canvas::TextStyle { color: palette::TEXT_DIM, ..LABEL };
        canvas.text(&told, area.x + area.width, area.y - 10.0, Align::Right, style);
    }
    Some(canvas)
}

/// Without zeros that say nothing.
fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_and_a_broken_line_is_named() {
        let path = std::env::temp_dir().join(format!("loss-log-{}.jsonl", std::process::id()));
        let line = |steps: u64| {
            let valid = BTreeMap::from([("jazz".to_owned(), [4.5, 4.75])]);
            serde_json::to_string(&Report { steps, train_nats_per_step: 1.5, valid }).unwrap()
        };
        std::fs::write(&path, format!("{}\n{}\n", line(1000), line(2000))).unwrap();
        let reports = read(&path).unwrap();
        assert_eq!((reports.len(), reports[1].valid["jazz"]), (2, [4.5, 4.75]));
        assert!(draw(&reports).is_some() && draw(&[]).is_none());
        std::fs::write(&path, format!("{}\nnothing\n", line(1000))).unwrap();
        let error = format!("{:#}", read(&path).unwrap_err());
        std::fs::remove_file(&path).unwrap();
        assert!(error.contains("line 2: not a report"), "{error}");
        assert_eq!(
            (short(2.5), short(30.0), short(0.05)),
            ("2.5".into(), "30".into(), "0.05".into())
        );
    }
}
