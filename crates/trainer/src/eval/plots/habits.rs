//! Histograms of habits, generated against real.

use canvas::palette;
use canvas::{Align, Canvas};

use super::chart::{Area, Chart, Look};
use super::{HEADER, HEADING, LABEL, MARGIN, WIDTH, color, picture};
use crate::eval::habits::{Habit, NAMES};
use crate::eval::quality::Quality;

const NAME_WIDTH: f32 = 176.0;
const CELL_HEIGHT: f32 = 84.0;

pub fn draw(quality: &Quality) -> Option<Canvas> {
    if quality.habits.iter().all(|habits| habits.rows.is_empty()) {
        return None;
    }
    let find = |genre: usize, name: &str| {
        quality.habits[genre].rows.iter().find(|habit| habit.name == name)
    };
    let n_genres = quality.habits.len();
    let known: Vec<&str> = NAMES
        .into_iter()
        .filter(|name| (0..n_genres).any(|genre| find(genre, name).is_some()))
        .collect();
    let mut canvas = picture(
        HEADER + 30.0 + known.len() as f32 * CELL_HEIGHT + 12.0,
        "Habits of composed and of real music",
        "Shares of excerpts of eight bars. Filled: real; lines: composed. Below: the range, and how \
         far the densities of distances overlap.",
    );
    let width = (WIDTH as f32 - 2.0 * MARGIN - NAME_WIDTH) / n_genres as f32;
    for (genre, habits) in quality.habits.iter().enumerate() {
        let x = MARGIN + NAME_WIDTH + genre as f32 * width;
        let style = canvas::TextStyle { color: color(&habits.genre), ..HEADING };
        canvas.text(&habits.genre, x, HEADER + 16.0, Align::Left, style);
        for (row, name) in known.iter().enumerate() {
            let y = HEADER + 30.0 + row as f32 * CELL_HEIGHT;
            if genre == 0 {
                let style = canvas::TextStyle { size: 13.0, color: palette::TEXT, ..LABEL };
                canvas.text(name, MARGIN, y + 30.0, Align::Left, style);
            }
            let area = Area { x, y, width: width - 18.0, height: CELL_HEIGHT - 28.0 };
            match find(genre, name) {
                Some(habit) => cell(&mut canvas, area, habit, &habits.genre),
                None => canvas.rect(x, y, area.width, area.height, palette::PANEL_DIM, 1.0),
            }
        }
    }
    Some(canvas)
}

fn cell(canvas: &mut Canvas, area: Area, habit: &Habit, genre: &str) {
    let of = &habit.histogram;
    let highest = of.real.iter().chain(&of.generated).copied().fold(0.0, f64::max);
    let chart = Chart { area, x: [of.from, of.to], y: [0.0, 1.08 * highest] };
    chart.panel(canvas, &[], &[]);
    chart.bars(canvas, &of.real, palette::BAR_LINE, 1.0);
    chart.steps(canvas, &of.generated, Look::solid(color(genre)));
    let number = |x: f64| if x.abs() >= 10.0 { format!("{x:.0}") } else { format!("{x:.2}") };
    let below = area.y + area.height + 15.0;
    canvas.text(&number(of.from), area.x, below, Align::Left, LABEL);
    canvas.text(&number(of.to), area.x + area.width, below, Align::Right, LABEL);
    if let Some(overlap) = habit.overlaps.generated {
        let middle = area.x + area.width / 2.0;
        canvas.text(&format!("overlap {overlap:.2}"), middle, below, Align::Center, LABEL);
    }
}
