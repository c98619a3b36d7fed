//! Pictures of egui_kittest, drawn as the editor draws without a graphics card.

use crate::editor::raster::{Pixels, Raster};
use crate::editor::theme;
use egui::{Context, FullOutput, TexturesDelta};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};

impl TestRenderer for Raster {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.set(delta);
        self.free(delta);
    }

    fn render(&mut self, context: &Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let scale = output.pixels_per_point;
        let size = context.content_rect().size() * scale;
        let size = [size.x, size.y].map(|length| length.round() as usize);
        let mut pixels = Pixels::new(size, theme::PANEL);
        let primitives = context.tessellate(output.shapes.clone(), scale);
        self.paint(&mut pixels, &primitives, scale);
        Ok(image(&pixels))
    }
}

/// A picture as others have it.
fn image(pixels: &Pixels) -> RgbaImage {
    let [width, height] = pixels.size();
    RgbaImage::from_fn(width as u32, height as u32, |x, y| {
        let x = x as usize;
        let pixel = pixels.row(y as usize, x..x + 1).first().copied().unwrap_or_default();
        let [blue, green, red, opacity] = pixel.to_le_bytes();
        Rgba([red, green, blue, opacity])
    })
}
