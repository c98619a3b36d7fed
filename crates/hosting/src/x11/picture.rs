//! What a window looked like.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use crate::instance::PixelSize;
use crate::{Error, Result};

/// The pixels of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    size: PixelSize,
    /// Red, green and blue, row by row.
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// From four bytes a pixel (blue, green, red, nothing), as X servers send true colours.
    pub(super) fn from_image(size: PixelSize, depth: u8, data: &[u8]) -> Result<Self> {
        let n_pixels = size[0] as usize * size[1] as usize;
        if !matches!(depth, 24 | 32) || data.len() != n_pixels * 4 {
            let bytes = data.len();
            let [width, height] = size;
            let what = format!("{bytes} bytes of depth {depth} for {width} x {height} pixels");
            return Err(Error::Picture(what));
        }
        let pixels = data.chunks_exact(4).map(|pixel| [pixel[2], pixel[1], pixel[0]]).collect();
        Ok(Self { size, pixels })
    }

    /// Width and height in pixels.
    pub fn size(&self) -> PixelSize {
        self.size
    }

    /// Red, green and blue of a pixel.
    ///
    /// # Panics
    /// Outside the picture.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        assert!(x < self.size[0] && y < self.size[1], "({x}, {y}) is outside the picture");
        self.pixels[y as usize * self.size[0] as usize + x as usize]
    }

    /// Whether every pixel has the same colour: nothing was painted.
    pub fn is_blank(&self) -> bool {
        self.pixels.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// Number of different colours.
    pub fn n_colors(&self) -> usize {
        let mut colors = self.pixels.clone();
        colors.sort_unstable();
        colors.dedup();
        colors.len()
    }

    /// Number of pixels that differ from another picture; all of them if the sizes do.
    pub fn n_different(&self, other: &Self) -> usize {
        if self.size != other.size {
            return self.pixels.len().max(other.pixels.len());
        }
        self.pixels.iter().zip(&other.pixels).filter(|(one, another)| one != another).count()
    }

    /// Writes the picture as a PNG.
    ///
    /// # Errors
    /// [`Error::Picture`] names the file.
    pub fn write_png(&self, path: &Path) -> Result<()> {
        let fail = |reason: String| Error::Picture(format!("{}: {reason}", path.display()));
        let file = File::create(path).map_err(|error| fail(error.to_string()))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), self.size[0], self.size[1]);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(|error| fail(error.to_string()))?;
        let written = writer.write_image_data(self.pixels.as_flattened());
        written.and_then(|()| writer.finish()).map_err(|error| fail(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_read_from_blue_to_red() {
        let data = [1, 2, 3, 0, 4, 5, 6, 255];
        let picture = Picture::from_image([2, 1], 24, &data).unwrap();
        assert_eq!((picture.pixel(0, 0), picture.pixel(1, 0)), ([3, 2, 1], [6, 5, 4]));
        assert!(!picture.is_blank());
        assert_eq!(picture.n_colors(), 2);
        let blank = Picture::from_image([2, 1], 24, &[7; 8]).unwrap();
        assert!(blank.is_blank());
        assert_eq!(picture.n_different(&blank), 2);
        assert!(Picture::from_image([2, 1], 8, &data).is_err());
        assert!(Picture::from_image([3, 1], 24, &data).is_err());
    }

    #[test]
    fn a_png_that_cannot_be_written_names_its_file() {
        let picture = Picture::from_image([1, 1], 24, &[0; 4]).unwrap();
        let path = std::env::temp_dir().join("no-such-folder").join("shot.png");
        let message = picture.write_png(&path).unwrap_err().to_string();
        assert!(message.contains("shot.png"), "{message}");
    }
}
