//! A chart in a picture: a panel with two axes, and what is drawn between them.

use canvas::palette::{self, Rgb};
use canvas::{Align, Canvas};

use super::LABEL;

/// Where something stands, in pixels from the top left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// A panel with the values at its edges.
#[derive(Clone, Copy, Debug)]
pub struct Chart {
    /// Where it stands.
    pub area: Area,
    /// Values at the left and right edges.
    pub x: [f64; 2],
    /// Values at the lower and upper edges.
    pub y: [f64; 2],
}

/// How a line looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Colour.
    pub rgb: Rgb,
    /// Pixels.
    pub width: f32,
    /// Pixels drawn and left out in turn.
    pub dash: Option<[f32; 2]>,
    /// From 0 to 1.
    pub opacity: f32,
}

impl Look {
    /// A whole line.
    pub const fn solid(rgb: Rgb) -> Self {
        Self { rgb, width: 2.0, dash: None, opacity: 1.0 }
    }

    /// A thin broken line.
    pub const fn dashed(rgb: Rgb) -> Self {
        Self { rgb, width: 1.5, dash: Some([5.0, 4.0]), opacity: 0.8 }
    }
}

impl Chart {
    /// The pixel of a point, inside the panel.
    fn place(&self, x: f64, y: f64) -> (f32, f32) {
        let share = |value: f64, [from, to]: [f64; 2]| {
            ((value - from) / (to - from)).clamp(0.0, 1.0) as f32
        };
        let Area { x: left, y: top, width, height } = self.area;
        (left + share(x, self.x) * width, top + (1.0 - share(y, self.y)) * height)
    }

    /// The panel with a line and a label at each tick.
    pub fn panel(&self, canvas: &mut Canvas, x_ticks: &[(f64, String)], y_ticks: &[(f64, String)]) {
        let Area { x, y, width, height } = self.area;
        canvas.rect(x, y, width, height, palette::PANEL, 1.0);
        let line = Look { width: 1.0, ..Look::solid(palette::BEAT_LINE) };
        for (value, label) in x_ticks {
            self.line(canvas, &[(*value, self.y[0]), (*value, self.y[1])], line);
            let (at, _) = self.place(*value, self.y[0]);
            canvas.text(label, at, y + height + 16.0, Align::Center, LABEL);
        }
        for (value, label) in y_ticks {
            self.line(canvas, &[(self.x[0], *value), (self.x[1], *value)], line);
            let (_, at) = self.place(self.x[0], *value);
            canvas.text(label, x - 6.0, at + 4.0, Align::Right, LABEL);
        }
    }

    /// A line through points.
    pub fn line(&self, canvas: &mut Canvas, points: &[(f64, f64)], look: Look) {
        let known = points.iter().filter(|(_, y)| y.is_finite());
        let points: Vec<(f32, f32)> = known.map(|(x, y)| self.place(*x, *y)).collect();
        canvas.line(&points, look.width, look.dash, look.rgb, look.opacity);
    }

    /// The area between two lines: `(x, low, high)`.
    pub fn band(&self, canvas: &mut Canvas, points: &[(f64, f64, f64)], rgb: Rgb) {
        let known = points.iter().filter(|(_, low, high)| low.is_finite() && high.is_finite());
        let known: Vec<_> = known.collect();
        let up = known.iter().map(|(x, _, high)| self.place(*x, *high));
        let down = known.iter().rev().map(|(x, low, _)| self.place(*x, *low));
        canvas.polygon(&up.chain(down).collect::<Vec<_>>(), rgb, 0.22);
    }

    /// Bars of equal width over the whole panel.
    pub fn bars(&self, canvas: &mut Canvas, heights: &[f64], rgb: Rgb, opacity: f32) {
        let width = self.area.width / heights.len() as f32;
        let bottom = self.area.y + self.area.height;
        for (i, height) in heights.iter().enumerate() {
            let (_, top) = self.place(self.x[0], *height);
            let x = self.area.x + i as f32 * width;
            canvas.rect(x, top, width - 1.0, bottom - top, rgb, opacity);
        }
    }

    /// The outline of such bars.
    pub fn steps(&self, canvas: &mut Canvas, heights: &[f64], look: Look) {
        let (from, n) = (self.x[0], heights.len() as f64);
        let width = (self.x[1] - from) / n;
        let step = |(i, y): (usize, &f64)| {
            let x = from + i as f64 * width;
            [(x, *y), (x + width, *y)]
        };
        self.line(canvas, &heights.iter().enumerate().flat_map(step).collect::<Vec<_>>(), look);
    }
}

/// Round values for three to six ticks from `from` to `to`.
pub fn round_ticks(from: f64, to: f64) -> Vec<f64> {
    let span = (to - from).max(f64::MIN_POSITIVE);
    let power = 10f64.powf((span / 5.0).log10().floor());
    let fits = |step: &f64| span / step <= 6.0;
    let step = [1.0, 2.0, 5.0].map(|m| m * power).into_iter().find(fits).unwrap_or(10.0 * power);
    let first = (from / step).ceil() as i64;
    (first..).map(|i| i as f64 * step).take_while(|value| *value <= to + 1e-9 * span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(round_ticks(0.0, 1.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(round_ticks(1.3, 4.9), [2.0, 3.0, 4.0]);
        assert_eq!(round_ticks(0.0, 34.0), [0.0, 10.0, 20.0, 30.0]);
        for span in [0.001, 0.7, 3.0, 99.0, 1e6] {
            let n = round_ticks(0.3 * span, 1.3 * span).len();
            assert!((3..=6).contains(&n), "{span}: {n}");
        }
    }

    #[test]
    fn values_lie_where_the_edges_say() {
        let area = Area { x: 10.0, y: 20.0, width: 100.0, height: 50.0 };
        let chart = Chart { area, x: [0.0, 2.0], y: [-1.0, 1.0] };
        assert_eq!(chart.place(0.0, -1.0), (10.0, 70.0));
        assert_eq!(chart.place(1.0, 0.0), (60.0, 45.0));
        assert_eq!(chart.place(9.0, 9.0), (110.0, 20.0));
    }
}
