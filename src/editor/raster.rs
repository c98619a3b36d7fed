//! Draws egui's triangles on the processor, by the rules of the window's OpenGL painter: colors are
//! premultiplied and blended as they are stored, textures are filtered linearly.
//!
//! Most of what the editor shows is of one color: a row of such a triangle is filled like memory,
//! which the general way of an OpenGL on the processor does not do. Corners lie on a grid of whole
//! numbers, so that triangles that share an edge neither overlap nor leave a gap, and a pixel comes
//! out the same whatever part of a picture is painted, and on every machine.

mod pixels;
#[cfg(test)]
mod tests;
mod texture;
mod triangle;

pub use pixels::{Area, Pixels, pixel};

use egui::epaint::{ClippedPrimitive, Primitive};
use egui::{Rect, TextureId, TexturesDelta};
use std::collections::HashMap;
use texture::Texture;

/// The textures, to paint with.
#[derive(Default)]
pub struct Raster {
    textures: HashMap<TextureId, Texture>,
}

impl Raster {
    /// Takes over new and changed textures. Called before a picture is painted.
    pub fn set(&mut self, delta: &mut TexturesDelta) {
        for (id, patches) in delta.set.drain() {
            for patch in &patches {
                match (patch.pos, self.textures.get_mut(&id)) {
                    (Some(place), Some(texture)) => texture.patch(place, patch),
                    (Some(_), None) => {}
                    (None, _) => drop(self.textures.insert(id, Texture::new(patch))),
                }
            }
        }
    }

    /// Forgets textures that are used no more. Called after a picture was painted.
    pub fn free(&mut self, delta: &mut TexturesDelta) {
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    /// Paints over what is there. There is no OpenGL to call back with.
    pub fn paint(&self, pixels: &mut Pixels, primitives: &[ClippedPrimitive], scale: f32) {
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            let Primitive::Mesh(mesh) = primitive else { continue };
            let Some(texture) = self.textures.get(&mesh.texture_id) else { continue };
            let clip = pixels.area(*clip_rect, scale);
            for corners in mesh.indices.as_chunks::<3>().0 {
                let corners = corners.map(|index| &mesh.vertices[index as usize]);
                triangle::paint(pixels, texture, corners, &clip, scale);
            }
        }
    }
}

impl Pixels {
    /// The pixels of a rectangle in points that lies on whole pixels.
    pub fn area(&self, rect: Rect, scale: f32) -> Area {
        let [width, height] = self.size();
        let on = |at: f32, end: usize| ((at * scale).round().max(0.0) as usize).min(end);
        Area {
            x: on(rect.left(), width)..on(rect.right(), width),
            y: on(rect.top(), height)..on(rect.bottom(), height),
        }
    }
}
