//! Draws egui's triangles on the processor, by the rules of the window's OpenGL painter: colors are
//! premultiplied and blended as they are stored, textures are filtered linearly.
//!
//! Corners lie on a grid of whole numbers, so that triangles that share an edge neither overlap nor
//! leave a gap, and every machine draws the same picture.

use crate::editor::theme;
use egui::epaint::{ClippedPrimitive, ClippedShape, ImageDelta, Mesh, Primitive, Vertex};
use egui::{Context, FullOutput, Pos2, Rect, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};
use std::collections::HashMap;

/// Steps of the grid a pixel.
const STEPS: i64 = 256;

/// A color from 0 to 255 a channel, premultiplied.
type Color = [f32; 4];

/// A picture in memory instead of a window.
#[derive(Default)]
pub struct Raster {
    textures: HashMap<TextureId, Texture>,
}

struct Texture {
    size: [usize; 2],
    texels: Vec<Color>,
}

impl TestRenderer for Raster {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, patches) in delta.set.drain() {
            for patch in &patches {
                self.set(id, patch);
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(&mut self, context: &Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let scale = output.pixels_per_point;
        let size = context.content_rect().size() * scale;
        let background = Rgba(theme::PANEL.to_array());
        let mut image =
            RgbaImage::from_pixel(size.x.round() as u32, size.y.round() as u32, background);
        self.paint(&mut image, context, output.shapes.clone(), scale)?;
        Ok(image)
    }
}

impl Raster {
    /// Paints shapes over what is there; there is no OpenGL to call back with.
    pub fn paint(
        &self,
        image: &mut RgbaImage,
        context: &Context,
        shapes: Vec<ClippedShape>,
        scale: f32,
    ) -> Result<(), String> {
        for primitive in context.tessellate(shapes, scale) {
            let ClippedPrimitive { clip_rect, primitive } = &primitive;
            let Primitive::Mesh(mesh) = primitive else { continue };
            let texture = self.textures.get(&mesh.texture_id).ok_or("a texture is missing")?;
            draw(image, texture, mesh, *clip_rect, scale);
        }
        Ok(())
    }

    fn set(&mut self, id: TextureId, patch: &ImageDelta) {
        let egui::ImageData::Color(image) = &patch.image;
        let texels = image.pixels.iter().map(|color| color.to_array().map(f32::from));
        let Some([left, top]) = patch.pos else {
            self.textures.insert(id, Texture { size: image.size, texels: texels.collect() });
            return;
        };
        let texture = self.textures.get_mut(&id).expect("a whole texture comes first");
        for (index, texel) in texels.enumerate() {
            let (x, y) = (left + index % image.size[0], top + index / image.size[0]);
            texture.texels[y * texture.size[0] + x] = texel;
        }
    }
}

impl Texture {
    /// The color at a place between (0, 0) and (1, 1).
    fn at(&self, place: Pos2) -> Color {
        let [width, height] = self.size;
        let (x, x_share) = neighbors(place.x, width);
        let (y, y_share) = neighbors(place.y, height);
        let row = |y: usize| {
            let texel = |x: usize| self.texels[y * width + x];
            lerp(texel(x[0]), texel(x[1]), x_share)
        };
        lerp(row(y[0]), row(y[1]), y_share)
    }
}

/// The texels on both sides of a place, and how far it lies towards the second.
fn neighbors(place: f32, size: usize) -> ([usize; 2], f32) {
    let at = (place * size as f32 - 0.5).clamp(0.0, (size - 1) as f32);
    let first = at.floor();
    ([first as usize, (first as usize + 1).min(size - 1)], at - first)
}

fn lerp(from: Color, to: Color, share: f32) -> Color {
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

fn draw(image: &mut RgbaImage, texture: &Texture, mesh: &Mesh, clip: Rect, scale: f32) {
    let (width, height) = image.dimensions();
    let pixel = |at: f32, end: u32| i64::from((at * scale).round().clamp(0.0, end as f32) as u32);
    let clip = [
        [pixel(clip.left(), width), pixel(clip.right(), width)],
        [pixel(clip.top(), height), pixel(clip.bottom(), height)],
    ];
    for corners in mesh.indices.as_chunks::<3>().0 {
        let corners = corners.map(|index| &mesh.vertices[index as usize]);
        triangle(image, texture, corners, clip, scale);
    }
}

fn triangle(
    image: &mut RgbaImage,
    texture: &Texture,
    mut corners: [&Vertex; 3],
    clip: [[i64; 2]; 2],
    scale: f32,
) {
    let grid = |at: f32| (f64::from(at * scale) * STEPS as f64).round() as i64;
    let place = |vertex: &Vertex| [grid(vertex.pos.x), grid(vertex.pos.y)];
    let mut places = corners.map(place);
    let mut area = cross(places[0], places[1], places[2]);
    if area == 0 {
        return;
    }
    if area < 0 {
        corners.swap(1, 2);
        places.swap(1, 2);
        area = -area;
    }
    let range = |axis: usize| {
        let (least, most) = places.iter().fold((i64::MAX, i64::MIN), |(least, most), place| {
            (least.min(place[axis]), most.max(place[axis]))
        });
        let [start, end] = clip[axis];
        least.div_euclid(STEPS).max(start)..(most.div_euclid(STEPS) + 1).min(end)
    };
    for y in range(1) {
        for x in range(0) {
            let middle = [x * STEPS + STEPS / 2, y * STEPS + STEPS / 2];
            let sides = [1, 2, 0].map(|first| (places[first], places[(first + 1) % 3]));
            let distances = sides.map(|(from, to)| cross(from, to, middle));
            let is_inside =
                |(distance, (from, to))| distance > 0 || distance == 0 && owns(from, to);
            if !distances.into_iter().zip(sides).all(is_inside) {
                continue;
            }
            let shares = distances.map(|distance| distance as f32 / area as f32);
            let mixed = |value: &dyn Fn(&Vertex) -> f32| -> f32 {
                corners.iter().zip(shares).map(|(corner, share)| value(corner) * share).sum()
            };
            let uv = Pos2::new(mixed(&|corner| corner.uv.x), mixed(&|corner| corner.uv.y));
            let texel = texture.at(uv);
            let color: Color = std::array::from_fn(|channel| {
                let tint = mixed(&|corner| f32::from(corner.color[channel]));
                texel[channel] * tint / 255.0
            });
            let below = image.get_pixel_mut(x as u32, y as u32);
            for (channel, below) in below.0.iter_mut().enumerate() {
                let through = f32::from(*below) * (1.0 - color[3] / 255.0);
                *below = (color[channel] + through).round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

/// Twice the area of a triangle, above zero when its corners go round with the hands of a clock.
fn cross(a: [i64; 2], b: [i64; 2], c: [i64; 2]) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Whether what lies on an edge belongs to the triangle right of it: of two that share the edge it
/// is one.
fn owns(from: [i64; 2], to: [i64; 2]) -> bool {
    to[1] < from[1] || (to[1] == from[1] && to[0] > from[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Color32, pos2};

    fn picture(mesh: &Mesh, clip: Rect) -> RgbaImage {
        let white = Texture { size: [1, 1], texels: vec![[255.0; 4]] };
        let mut image = RgbaImage::from_pixel(16, 16, Rgba([0, 0, 0, 255]));
        draw(&mut image, &white, mesh, clip, 1.0);
        image
    }

    /// A fan of triangles around a point covers each pixel once, wherever the point lies.
    #[test]
    fn triangles_that_touch_cover_each_pixel_once() {
        let all = Rect::from_min_max(pos2(0.0, 0.0), pos2(16.0, 16.0));
        for middle in [pos2(8.0, 8.0), pos2(7.5, 8.5), pos2(3.21, 11.07)] {
            let mut mesh = Mesh::default();
            let corners = [all.left_top(), all.right_top(), all.right_bottom(), all.left_bottom()];
            for at in corners.into_iter().chain([middle]) {
                mesh.colored_vertex(at, Color32::from_rgba_premultiplied(64, 0, 0, 128));
            }
            for corner in 0..4 {
                mesh.add_triangle(corner, (corner + 1) % 4, 4);
            }
            let image = picture(&mesh, all);
            assert!(image.pixels().all(|pixel| pixel.0[0] == 64), "{middle:?}: {image:?}");
        }
    }

    #[test]
    fn colors_are_mixed_between_corners_and_cut_off_by_the_clip() {
        let mut mesh = Mesh::default();
        for (x, y, level) in [(0.0, 0.0, 0), (16.0, 0.0, 255), (0.0, 16.0, 0), (16.0, 16.0, 255)] {
            mesh.colored_vertex(pos2(x, y), Color32::from_gray(level));
        }
        mesh.add_triangle(0, 1, 2);
        mesh.add_triangle(1, 3, 2);
        let image = picture(&mesh, Rect::from_min_max(pos2(4.0, 2.0), pos2(12.0, 6.0)));
        for (x, y, pixel) in image.enumerate_pixels() {
            let is_in = (4..12).contains(&x) && (2..6).contains(&y);
            let expected = if is_in { (x as f32 + 0.5) / 16.0 * 255.0 } else { 0.0 };
            assert!((f32::from(pixel.0[0]) - expected).abs() <= 1.0, "{x} {y}: {pixel:?}");
        }
    }

    #[test]
    fn texels_are_mixed_halfway() {
        let texture = Texture { size: [2, 1], texels: vec![[0.0; 4], [200.0; 4]] };
        let red = |x: f32| texture.at(pos2(x, 0.5))[0];
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(red), [0.0, 0.0, 100.0, 200.0, 200.0]);
    }
}
