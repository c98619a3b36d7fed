use super::*;
use crate::editor::testing::Raster;
use egui::{Context, RawInput};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};
use std::time::Duration;

/// A playhead in a roll between 20 and 60 points below the window's top, and 10 and 90 points from
/// its left, over music that moves by `speed` points a second.
fn at(x: f32, speed: f32) -> Playhead {
    let within = Rect::from_min_max(pos2(10.0, 20.0), pos2(90.0, 60.0));
    Playhead { x, within, speed, end: 80.0, at: Instant::now() }
}

/// The window's pixels with a playhead on black.
fn painted(playhead: &Playhead, pixels_per_point: f32, size: [u32; 2]) -> RgbaImage {
    let context = Context::default();
    let mut output = context.run_ui(RawInput::default(), |_| {});
    let mut raster = Raster::default();
    raster.handle_delta(&mut output.textures_delta);
    let mut picture = RgbaImage::from_pixel(size[0], size[1], Rgba([0, 0, 0, 255]));
    let shape = egui::epaint::ClippedShape::new(Rect::EVERYTHING, playhead.shape(pixels_per_point));
    raster.paint(&mut picture, &context, vec![shape], pixels_per_point).unwrap();
    picture
}

#[test]
fn it_is_a_line_with_a_head_on_whole_pixels() {
    for scale in [1.0, 1.5, 2.0, 3.0] {
        let size = [100, 80].map(|length| (length as f32 * scale) as u32);
        let picture = painted(&at(50.3, 0.0), scale, size);
        let color = Rgba(theme::PLAYHEAD.to_array());
        let mut widths = Vec::new();
        for row in picture.rows() {
            let row: Vec<_> = row.copied().collect();
            assert!(row.iter().all(|pixel| *pixel == color || pixel.0[..3] == [0; 3]), "soft");
            widths.push(row.iter().filter(|pixel| **pixel == color).count());
        }
        let (top, bottom) = ((20.0 * scale) as usize, (60.0 * scale) as usize);
        assert!(widths[..top].iter().chain(&widths[bottom..]).all(|width| *width == 0));
        assert!(widths[top..bottom].is_sorted_by(|above, below| above >= below), "{widths:?}");
        assert_eq!(widths[top], 2 * (5.0 * scale).round() as usize);
        assert_eq!(widths[bottom - 1], (1.5 * scale).round() as usize);
    }
}

#[cfg(target_os = "linux")]
mod on_linux {
    use super::strip::Strip;
    use super::*;

    /// A color for each pixel of a window.
    fn ground(x: i32, y: i32) -> [u8; 4] {
        [x as u8, y as u8, 77, 0]
    }

    fn strip(playhead: &Playhead, scale: f32) -> Strip {
        let mut strip = Strip::around(playhead, scale, [200, 160]);
        strip.fill(ground);
        strip
    }

    #[test]
    fn a_patch_is_the_picture_with_the_line_elsewhere() {
        for scale in [1.0, 2.0] {
            let strip = strip(&at(50.0, 40.0), scale);
            let to = strip.painted() + 5;
            let patch = strip.patch(to, [strip.painted(), strip.painted() + 2]);
            let whole = painted(&at(to as f32 / scale, 0.0), scale, [200, 160]);
            let line = Rgba(theme::PLAYHEAD.to_array());
            let mut n_line = 0;
            for (index, pixel) in patch.pixels.as_chunks::<4>().0.iter().enumerate() {
                let (row, column) = (index as i32 / patch.width, index as i32 % patch.width);
                let (x, y) = (patch.left + column, patch.top + row);
                if *whole.get_pixel(x as u32, y as u32) == line {
                    let [blue, green, red, _] = *pixel;
                    assert_eq!([red, green, blue], line.0[..3], "{x}, {y}");
                    n_line += 1;
                } else {
                    assert_eq!(*pixel, ground(x, y), "{x}, {y}");
                }
            }
            assert_eq!(n_line, whole.pixels().filter(|pixel| **pixel == line).count(), "all of it");
        }
    }

    #[test]
    fn it_moves_until_its_end_or_until_the_picture_is_old() {
        let playhead = at(50.0, 100.0);
        let after = |playhead: &Playhead, millis| {
            strip(playhead, 2.0).stands(playhead.at + Duration::from_millis(millis))
        };
        assert_eq!([0, 50, 100].map(|millis| after(&playhead, millis)), [100, 110, 120].map(Some));
        assert_eq!(after(&playhead, 800), None);
        assert_eq!(after(&at(79.0, 100.0), 100), Some(160), "the end of the page");
        assert_eq!(after(&at(50.0, 0.0), 0), None, "it stands");
    }

    #[test]
    fn patches_stay_in_the_roll_and_the_window() {
        for x in [10.0, 11.0, 50.0, 89.0, 120.0] {
            let playhead = at(x, 100.0);
            let strip = strip(&playhead, 1.5);
            let patch = strip.patch(strip.painted() + 400, [strip.painted()]);
            let right = patch.left + patch.width;
            assert!(15 <= patch.left && patch.left <= right && right <= 135, "{x}: {patch:?}");
            assert_eq!(patch.pixels.len() as i32, patch.width * patch.height * 4);
        }
        let outside = Strip::around(&at(50.0, 100.0), 9.0, [200, 160]);
        assert_eq!(outside.patch(450, []).pixels, [0; 0]);
    }
}
