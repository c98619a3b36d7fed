//! Textures, filtered linearly.

use super::triangle::Color;
use egui::Pos2;
use egui::epaint::ImageDelta;

/// A texture.
pub struct Texture {
    size: [usize; 2],
    texels: Vec<[u8; 4]>,
}

impl Texture {
    /// A whole one.
    pub fn new(image: &ImageDelta) -> Self {
        let egui::ImageData::Color(image) = &image.image;
        Self {
            size: image.size,
            texels: image.pixels.iter().map(egui::Color32::to_array).collect(),
        }
    }

    /// Paints a part of it anew, from the upper left corner on.
    pub fn patch(&mut self, [left, top]: [usize; 2], image: &ImageDelta) {
        let egui::ImageData::Color(image) = &image.image;
        let [width, _] = self.size;
        for (row, texels) in image.pixels.chunks(image.size[0].max(1)).enumerate() {
            let start = (top + row) * width + left;
            let here = self.texels.get_mut(start..start + texels.len()).unwrap_or_default();
            for (texel, color) in here.iter_mut().zip(texels) {
                *texel = color.to_array();
            }
        }
    }

    /// The color at a place between (0, 0) and (1, 1).
    #[inline]
    pub fn at(&self, place: Pos2) -> Color {
        let [width, height] = self.size;
        let (left, right, x_share) = neighbors(place.x, width);
        let (above, below, y_share) = neighbors(place.y, height);
        let texel =
            |x: usize, y: usize| self.texels.get(y * width + x).copied().unwrap_or_default();
        let texels =
            [texel(left, above), texel(right, above), texel(left, below), texel(right, below)];
        let (x_rest, y_rest) = (1.0 - x_share, 1.0 - y_share);
        let shares = [x_rest * y_rest, x_share * y_rest, x_rest * y_share, x_share * y_share];
        let mut color = [0.0; 4];
        for (texel, share) in texels.into_iter().zip(shares) {
            for (color, channel) in color.iter_mut().zip(texel) {
                *color += f32::from(channel) * share;
            }
        }
        color
    }
}

/// The texels on both sides of a place, and how far it lies towards the second.
#[inline]
fn neighbors(place: f32, size: usize) -> (usize, usize, f32) {
    let last = size.saturating_sub(1);
    let at = (place * size as f32 - 0.5).clamp(0.0, last as f32);
    let first = at as usize;
    (first, (first + 1).min(last), at - first as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn texels_are_mixed_halfway() {
        let texture = Texture { size: [2, 1], texels: vec![[0; 4], [200; 4]] };
        let red = |x: f32| texture.at(pos2(x, 0.5))[0];
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(red), [0.0, 0.0, 100.0, 200.0, 200.0]);
    }
}
