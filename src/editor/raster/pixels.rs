//! A picture in memory.

use egui::Color32;
use std::ops::Range;

/// Some pixels of a picture, from its upper left corner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Columns.
    pub x: Range<usize>,
    /// Rows.
    pub y: Range<usize>,
}

/// A picture, its rows from above. A pixel is `0xAARRGGBB`, which as bytes is blue, green, red and
/// opacity, as windows have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pixels {
    width: usize,
    pixels: Vec<u32>,
}

impl Pixels {
    /// A picture of one color.
    pub fn new([width, height]: [usize; 2], color: Color32) -> Self {
        Self { width, pixels: vec![pixel(color); width * height] }
    }

    /// Width and height.
    pub fn size(&self) -> [usize; 2] {
        [self.width, self.pixels.len().checked_div(self.width).unwrap_or(0)]
    }

    /// Pixels of a row.
    pub fn row(&self, y: usize, x: Range<usize>) -> &[u32] {
        let start = y * self.width;
        self.pixels.get(start + x.start..start + x.end).unwrap_or_default()
    }

    pub(super) fn row_mut(&mut self, y: usize, x: Range<usize>) -> &mut [u32] {
        let start = y * self.width;
        self.pixels.get_mut(start + x.start..start + x.end).unwrap_or_default()
    }

    /// Paints an area in one color.
    pub fn fill(&mut self, area: &Area, color: Color32) {
        for y in area.y.clone() {
            self.row_mut(y, area.x.clone()).fill(pixel(color));
        }
    }
}

impl Area {
    /// Whether there is no pixel in it.
    pub fn is_empty(&self) -> bool {
        self.x.is_empty() || self.y.is_empty()
    }

    /// What lies in both.
    pub fn within(&self, other: &Self) -> Self {
        let both = |a: &Range<usize>, b: &Range<usize>| a.start.max(b.start)..a.end.min(b.end);
        Self { x: both(&self.x, &other.x), y: both(&self.y, &other.y) }
    }
}

/// A color as a pixel.
pub fn pixel(color: Color32) -> u32 {
    let [red, green, blue, opacity] = color.to_array();
    u32::from_le_bytes([blue, green, red, opacity])
}
