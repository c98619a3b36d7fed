//! Pictures of the tables, drawn from what the JSON holds.

mod blends;
mod chart;
mod confusion;
mod habits;
mod loss;

use std::path::Path;

use anyhow::Result;
use canvas::palette::{self, Rgb};
use canvas::{Align, Canvas, TextStyle, Weight};
use score::Genre;

use super::loss::Evaluation;
pub use loss::Report;

/// Width of a picture in pixels.
const WIDTH: u32 = 1600;
/// Space around pictures.
const MARGIN: f32 = 28.0;
/// Height of a title and what explains it.
const HEADER: f32 = 84.0;

const TITLE: TextStyle = TextStyle { size: 24.0, weight: Weight::SemiBold, color: palette::TEXT };
const HEADING: TextStyle = TextStyle { size: 15.0, weight: Weight::SemiBold, color: palette::TEXT };
const LABEL: TextStyle =
    TextStyle { size: 12.0, weight: Weight::Regular, color: palette::TEXT_DIM };

/// Named PNG files of everything that was measured; `log` is what training wrote, a line of JSON a
/// report.
///
/// # Errors
/// A log that cannot be read, by name and line.
pub fn draw(evaluation: &Evaluation, log: Option<&Path>) -> Result<Vec<(String, Vec<u8>)>> {
    let quality = &evaluation.quality;
    let mut pictures = Vec::new();
    let mut add = |name: &str, canvas: Option<Canvas>| -> Result<()> {
        if let Some(canvas) = canvas {
            pictures.push((format!("{name}.png"), canvas.png()?));
        }
        Ok(())
    };
    add("blends", blends::draw(quality))?;
    add("confusion", confusion::draw(quality))?;
    add("parts", confusion::draw_parts(quality))?;
    add("habits", habits::draw(quality))?;
    if let Some(log) = log {
        add("loss", loss::draw(&loss::read(log)?))?;
    }
    Ok(pictures)
}

/// A picture with its title and a line that explains it.
fn picture(height: f32, title: &str, explanation: &str) -> Canvas {
    let mut canvas = Canvas::new(WIDTH, height.ceil() as u32, palette::GROUND);
    canvas.text(title, MARGIN, 42.0, Align::Left, TITLE);
    canvas.text(explanation, MARGIN, 66.0, Align::Left, TextStyle { size: 14.0, ..LABEL });
    canvas
}

/// The colour of a genre, by name.
fn color(genre: &str) -> Rgb {
    Genre::parse(genre).map_or(palette::TEXT_DIM, palette::genre)
}
