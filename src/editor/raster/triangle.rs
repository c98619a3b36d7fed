//! One triangle.

use super::pixels::{Area, Pixels};
use super::texture::Texture;
use egui::Pos2;
use egui::epaint::Vertex;
use std::ops::Range;

/// Steps of the grid a pixel.
const STEPS: i64 = 256;

/// A color from 0 to 255 a channel: red, green, blue, opacity; premultiplied.
pub type Color = [f32; 4];

/// A side of the triangle, which lies right of it.
#[derive(Clone, Copy)]
struct Edge {
    from: [i64; 2],
    to: [i64; 2],
}

/// Paints a triangle, as far as it lies in `clip`.
pub fn paint(
    pixels: &mut Pixels,
    texture: &Texture,
    mut corners: [&Vertex; 3],
    clip: &Area,
    scale: f32,
) {
    let grid = |at: f32| (f64::from(at * scale) * STEPS as f64).round() as i64;
    let mut places = corners.map(|vertex| [grid(vertex.pos.x), grid(vertex.pos.y)]);
    let mut area = cross(places[0], places[1], places[2]);
    if area == 0 {
        return;
    }
    if area < 0 {
        corners.swap(1, 2);
        places.swap(1, 2);
        area = -area;
    }
    let range = |axis: usize, clip: &Range<usize>| {
        let (least, most) = places.iter().fold((i64::MAX, i64::MIN), |(least, most), place| {
            (least.min(place[axis]), most.max(place[axis]))
        });
        let (start, end) = (clip.start as i64, clip.end as i64);
        least.div_euclid(STEPS).max(start)..(most.div_euclid(STEPS) + 1).min(end)
    };
    let (columns, rows) = (range(0, &clip.x), range(1, &clip.y));
    if columns.is_empty() {
        return;
    }
    let edges = [1, 2, 0].map(|first| Edge { from: places[first], to: places[(first + 1) % 3] });
    let fill = Fill::of(texture, corners);
    for y in rows {
        let mut row = columns.clone();
        for edge in edges {
            row = edge.right_of(row, y);
        }
        if row.is_empty() {
            continue;
        }
        let on = row.start.max(0) as usize..row.end.max(0) as usize;
        let below = pixels.row_mut(y.max(0) as usize, on);
        match &fill {
            Fill::Opaque(pixel) => below.fill(*pixel),
            Fill::Even(pixel) => {
                let through = 255 - (pixel >> 24);
                below.iter_mut().for_each(|below| *below = over(*below, *pixel, through));
            }
            Fill::Uneven(mixture) => {
                let starts = edges.map(|edge| edge.distance(row.start, y));
                let steps = edges.map(Edge::step);
                for (x, below) in (0_i64..).zip(below) {
                    let mut shares = [0.0; 3];
                    for ((share, start), step) in shares.iter_mut().zip(starts).zip(steps) {
                        *share = (start + step * x) as f32 / area as f32;
                    }
                    *below = blended(*below, mixture.color(texture, shares));
                }
            }
        }
    }
}

/// What a triangle is filled with.
enum Fill {
    /// One color that covers what is below.
    Opaque(u32),
    /// One color, no channel of which is brighter than it is opaque.
    Even(u32),
    /// Another color in each pixel.
    Uneven(Mixture),
}

/// What the corners of a triangle have: colors, and places of the texture.
struct Mixture {
    colors: [Color; 3],
    places: [Pos2; 3],
    /// The color of the texture, where the corners have one place of it.
    texel: Option<Color>,
}

impl Fill {
    fn of(texture: &Texture, corners: [&Vertex; 3]) -> Self {
        let [first, ..] = corners;
        let is_one_place = corners.iter().all(|corner| corner.uv == first.uv);
        let mixture = Mixture {
            colors: corners.map(|corner| corner.color.to_array().map(f32::from)),
            places: corners.map(|corner| corner.uv),
            texel: is_one_place.then(|| texture.at(first.uv)),
        };
        if !is_one_place || corners.iter().any(|corner| corner.color != first.color) {
            return Self::Uneven(mixture);
        }
        let color = mixture.color(texture, [1.0, 0.0, 0.0]);
        let channels = color.map(|channel| channel.round() as u8);
        let [red, green, blue, opacity] = channels;
        let pixel = u32::from_le_bytes([blue, green, red, opacity]);
        match opacity {
            255 => Self::Opaque(pixel),
            _ if channels.into_iter().all(|channel| channel <= opacity) => Self::Even(pixel),
            _ => Self::Uneven(mixture),
        }
    }
}

impl Mixture {
    /// The color at a place, by its share of each corner.
    #[inline]
    fn color(&self, texture: &Texture, [a, b, c]: [f32; 3]) -> Color {
        let texel = self.texel.unwrap_or_else(|| {
            let [one, two, three] = self.places.map(Pos2::to_vec2);
            texture.at((one * a + two * b + three * c).to_pos2())
        });
        let [one, two, three] = &self.colors;
        let mut color = texel;
        for (channel, color) in color.iter_mut().enumerate() {
            let tint = one[channel] * a + two[channel] * b + three[channel] * c;
            *color *= tint * (1.0 / 255.0);
        }
        color
    }
}

/// A pixel over another, of which `through` of 255 parts are seen; two channels at a time.
fn over(below: u32, pixel: u32, through: u32) -> u32 {
    const EVERY_OTHER: u32 = 0x00ff_00ff;
    let seen = |channels: u32| {
        // The nearest whole number to a share of 255, without a division.
        let sum = channels * through + 0x0080_0080;
        (sum + ((sum >> 8) & EVERY_OTHER)) >> 8 & EVERY_OTHER
    };
    let (even, odd) = (seen(below & EVERY_OTHER), seen(below >> 8 & EVERY_OTHER));
    pixel + (even | odd << 8)
}

/// A color over a pixel.
#[inline]
fn blended(below: u32, color: Color) -> u32 {
    let [red, green, blue, opacity] = color;
    let through = 1.0 - opacity * (1.0 / 255.0);
    let mut channels = below.to_le_bytes();
    for (channel, color) in channels.iter_mut().zip([blue, green, red, opacity]) {
        // To the nearest, as what is cut off; too much or too little is held by the conversion.
        *channel = (color + f32::from(*channel) * through + 0.5) as u8;
    }
    u32::from_le_bytes(channels)
}

impl Edge {
    /// How far the middle of a pixel lies right of it.
    fn distance(self, x: i64, y: i64) -> i64 {
        cross(self.from, self.to, [x * STEPS + STEPS / 2, y * STEPS + STEPS / 2])
    }

    /// How much further each pixel of a row lies.
    fn step(self) -> i64 {
        (self.from[1] - self.to[1]) * STEPS
    }

    /// The pixels of a row whose middle lies right of it.
    fn right_of(self, row: Range<i64>, y: i64) -> Range<i64> {
        let step = self.step();
        // What lies on an edge belongs to the triangle right of it: of two that share one.
        let [from, to] = [self.from, self.to];
        let owns = to[1] < from[1] || (to[1] == from[1] && to[0] > from[0]);
        let left = self.distance(row.start, y) - i64::from(!owns);
        match step {
            0 if left < 0 => row.start..row.start,
            0 => row,
            1.. => row.start + ceil(-left, step)..row.end,
            _ if left < 0 => row.start..row.start,
            _ => row.start..row.end.min(row.start + left / -step + 1),
        }
    }
}

/// How many whole `step`s reach as far as `distance`.
fn ceil(distance: i64, step: i64) -> i64 {
    (distance.max(0) + step - 1) / step
}

/// Twice the area of a triangle, above zero when its corners go round with the hands of a clock.
fn cross(a: [i64; 2], b: [i64; 2], c: [i64; 2]) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}
