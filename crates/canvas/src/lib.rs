//! A small drawing surface and the colours of the project's pictures: shapes with soft edges,
//! lines and text.
//!
//! Runs on whatever thread calls it; the renderer draws music with it, the trainer tables.

mod error;
pub mod palette;

use ab_glyph::{Font as _, FontRef, OutlineCurve};
use tiny_skia::{
    Color, FillRule, GradientStop, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap,
    Point, Rect, SpreadMode, Stroke, StrokeDash, Transform,
};

pub use error::{Error, Result};
pub use palette::Rgb;

/// Weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// For labels.
    Regular,
    /// For titles.
    SemiBold,
}

/// What a text's `x` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Its left end.
    Left,
    /// Its middle.
    Center,
    /// Its right end.
    Right,
}

/// Size in pixels, weight and colour of a text.
#[derive(Clone, Copy, Debug)]
pub struct TextStyle {
    /// Height of an em in pixels.
    pub size: f32,
    /// Weight.
    pub weight: Weight,
    /// Colour.
    pub color: Rgb,
}

/// A picture in the making. Coordinates are pixels from the top left corner, fractions count.
pub struct Canvas {
    pixmap: Pixmap,
    regular: FontRef<'static>,
    semi_bold: FontRef<'static>,
}

impl Canvas {
    /// An area of one colour.
    ///
    /// # Panics
    /// Without a width or a height, or above 2^31 bytes.
    pub fn new(width: u32, height: u32, ground: Rgb) -> Self {
        let mut pixmap = Pixmap::new(width, height).expect("a picture has a size");
        pixmap.fill(color(ground, 1.0));
        // PANIC: the fonts are files of this project; the picture tests read both.
        let font = |bytes| FontRef::try_from_slice(bytes).expect("the font is whole");
        Self {
            pixmap,
            regular: font(include_bytes!("../../../assets/fonts/Inter-Regular.otf")),
            semi_bold: font(include_bytes!("../../../assets/fonts/Inter-SemiBold.otf")),
        }
    }

    /// Fills a rectangle; `opacity` is `0.0..=1.0`.
    pub fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, rgb: Rgb, opacity: f32) {
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            self.pixmap.fill_rect(rect, &paint(rgb, opacity), Transform::identity(), None);
        }
    }

    /// Fills a rectangle with round corners.
    #[expect(clippy::too_many_arguments, reason = "a place, a size and a look")]
    pub fn rounded(
        &mut self,
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        radius: f32,
        rgb: Rgb,
        opacity: f32,
    ) {
        let r = radius.min(width / 2.0).min(height / 2.0);
        let (right, bottom) = (x + width, y + height);
        let mut path = PathBuilder::new();
        path.move_to(x + r, y);
        path.line_to(right - r, y);
        path.quad_to(right, y, right, y + r);
        path.line_to(right, bottom - r);
        path.quad_to(right, bottom, right - r, bottom);
        path.line_to(x + r, bottom);
        path.quad_to(x, bottom, x, bottom - r);
        path.line_to(x, y + r);
        path.quad_to(x, y, x + r, y);
        path.close();
        self.fill(path, &paint(rgb, opacity));
    }

    /// Fills the polygon through the points.
    pub fn polygon(&mut self, points: &[(f32, f32)], rgb: Rgb, opacity: f32) {
        let mut path = PathBuilder::new();
        for (idx, (x, y)) in points.iter().enumerate() {
            if idx == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
        }
        path.close();
        self.fill(path, &paint(rgb, opacity));
    }

    /// Strokes the line through the points, `width` pixels thick; `dash` gives the pixels that are
    /// drawn and left out in turn, none for a whole line.
    pub fn line(
        &mut self,
        points: &[(f32, f32)],
        width: f32,
        dash: Option<[f32; 2]>,
        rgb: Rgb,
        opacity: f32,
    ) {
        let mut path = PathBuilder::new();
        for (idx, (x, y)) in points.iter().enumerate() {
            if idx == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
        }
        let dash = dash.and_then(|dash| StrokeDash::new(dash.to_vec(), 0.0));
        let stroke = Stroke { width, dash, line_join: LineJoin::Round, ..Stroke::default() };
        if let Some(path) = path.finish() {
            let paint = paint(rgb, opacity);
            self.pixmap.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
        }
    }

    /// Fills a rectangle that fades from `opacity` at its left to nothing at its right.
    pub fn fade(&mut self, x: f32, y: f32, width: f32, height: f32, rgb: Rgb, opacity: f32) {
        let stops = vec![
            GradientStop::new(0.0, color(rgb, opacity)),
            GradientStop::new(1.0, color(rgb, 0.0)),
        ];
        let (from, to) = (Point::from_xy(x, y), Point::from_xy(x + width, y));
        let shader = LinearGradient::new(from, to, stops, SpreadMode::Pad, Transform::identity());
        if let (Some(rect), Some(shader)) = (Rect::from_xywh(x, y, width, height), shader) {
            let paint = Paint { shader, ..Paint::default() };
            self.pixmap.fill_rect(rect, &paint, Transform::identity(), None);
        }
    }

    /// Writes a line of text on the baseline `y`.
    pub fn text(&mut self, text: &str, x: f32, y: f32, align: Align, style: TextStyle) {
        let font = self.font(style.weight).clone();
        let scale = scale(&font, style.size);
        let mut x = match align {
            Align::Left => x,
            Align::Center => x - self.width_of(text, style) / 2.0,
            Align::Right => x - self.width_of(text, style),
        };
        let mut path = PathBuilder::new();
        for glyph in text.chars().map(|c| font.glyph_id(c)) {
            if let Some(outline) = font.outline(glyph) {
                push_outline(&mut path, &outline.curves, x, y, scale);
            }
            x += font.h_advance_unscaled(glyph) * scale;
        }
        self.fill(path, &paint(style.color, 1.0));
    }

    /// Width of a text in pixels.
    pub fn width_of(&self, text: &str, style: TextStyle) -> f32 {
        let font = self.font(style.weight);
        let advances = text.chars().map(|c| font.h_advance_unscaled(font.glyph_id(c)));
        advances.sum::<f32>() * scale(font, style.size)
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// When the picture is too large to encode.
    pub fn png(&self) -> Result<Vec<u8>> {
        self.pixmap.encode_png().map_err(|error| Error::Encoding(error.to_string()))
    }

    fn font(&self, weight: Weight) -> &FontRef<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::SemiBold => &self.semi_bold,
        }
    }

    fn fill(&mut self, path: PathBuilder, paint: &Paint<'_>) {
        if let Some(path) = path.finish() {
            self.fill_path(&path, paint);
        }
    }

    fn fill_path(&mut self, path: &Path, paint: &Paint<'_>) {
        self.pixmap.fill_path(path, paint, FillRule::Winding, Transform::identity(), None);
    }
}

/// Pixels in a font unit.
fn scale(font: &FontRef<'_>, size: f32) -> f32 {
    size / font.units_per_em().unwrap_or(1000.0)
}

fn push_outline(path: &mut PathBuilder, curves: &[OutlineCurve], x: f32, y: f32, scale: f32) {
    let place = |p: ab_glyph::Point| (x + p.x * scale, y - p.y * scale);
    let mut end = None;
    for curve in curves {
        let start = match curve {
            OutlineCurve::Line(a, _) | OutlineCurve::Quad(a, ..) | OutlineCurve::Cubic(a, ..) => *a,
        };
        // A curve that does not go on where the last one ended begins another contour.
        if end != Some(start) {
            if end.is_some() {
                path.close();
            }
            let (x, y) = place(start);
            path.move_to(x, y);
        }
        let last = match curve {
            OutlineCurve::Line(_, b) => {
                let (x, y) = place(*b);
                path.line_to(x, y);
                *b
            }
            OutlineCurve::Quad(_, c, b) => {
                let ((cx, cy), (x, y)) = (place(*c), place(*b));
                path.quad_to(cx, cy, x, y);
                *b
            }
            OutlineCurve::Cubic(_, c, d, b) => {
                let ((cx, cy), (dx, dy), (x, y)) = (place(*c), place(*d), place(*b));
                path.cubic_to(cx, cy, dx, dy, x, y);
                *b
            }
        };
        end = Some(last);
    }
    if end.is_some() {
        path.close();
    }
}

fn color([r, g, b]: Rgb, opacity: f32) -> Color {
    Color::from_rgba8(r, g, b, (opacity.clamp(0.0, 1.0) * 255.0).round() as u8)
}

fn paint(rgb: Rgb, opacity: f32) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(color(rgb, opacity));
    paint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_drawn(canvas: &Canvas) -> f32 {
        let pixels = canvas.pixmap.pixels();
        let drawn = pixels.iter().filter(|pixel| pixel.red() > 100).count();
        drawn as f32 / pixels.len() as f32
    }

    #[test]
    fn lines_are_as_thick_and_as_broken_as_they_are_told() {
        let draw = |width: f32, dash| {
            let mut canvas = Canvas::new(100, 100, [0; 3]);
            canvas.line(&[(0.0, 50.0), (100.0, 50.0)], width, dash, [255; 3], 1.0);
            share_drawn(&canvas)
        };
        assert_eq!(draw(10.0, None), 0.1);
        assert_eq!(draw(20.0, None), 0.2);
        assert_eq!(draw(10.0, Some([5.0, 5.0])), 0.05);
        let canvas = Canvas::new(10, 10, [0; 3]);
        assert!(canvas.png().unwrap().starts_with(b"\x89PNG"));
    }
}
