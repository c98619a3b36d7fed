use super::*;
use crate::editor::raster::{Pixels, Raster, pixel};
use egui::{Color32, RawInput};

/// A playhead in a roll between 20 and 60 points below the window's top, and 10 and 90 points from
/// its left, over music that moves by `speed` points a second.
fn at(x: f32, speed: f32) -> Playhead {
    let within = Rect::from_min_max(pos2(10.0, 20.0), pos2(90.0, 60.0));
    Playhead { x, within, speed, end: 80.0, at: Instant::now() }
}

/// The window's pixels with a playhead on black.
fn painted(playhead: &Playhead, scale: f32, size: [usize; 2]) -> Pixels {
    let context = Context::default();
    let mut output = context.run_ui(RawInput::default(), |_| {});
    let mut raster = Raster::default();
    raster.set(&mut output.textures_delta);
    let mut pixels = Pixels::new(size, Color32::BLACK);
    let shape = egui::epaint::ClippedShape::new(Rect::EVERYTHING, playhead.shape(scale));
    raster.paint(&mut pixels, &context.tessellate(vec![shape], scale), scale);
    pixels
}

#[test]
fn it_is_a_line_with_a_head_on_whole_pixels() {
    let [line, ground] = [theme::PLAYHEAD, Color32::BLACK].map(pixel);
    for scale in [1.0, 1.5, 2.0, 3.0] {
        let size = [100, 80].map(|length| (length as f32 * scale) as usize);
        let picture = painted(&at(50.3, 0.0), scale, size);
        let mut widths = Vec::new();
        for y in 0..size[1] {
            let row = picture.row(y, 0..size[0]);
            assert!(row.iter().all(|pixel| [line, ground].contains(pixel)), "soft");
            widths.push(row.iter().filter(|pixel| **pixel == line).count());
        }
        let (top, bottom) = ((20.0 * scale) as usize, (60.0 * scale) as usize);
        assert!(widths[..top].iter().chain(&widths[bottom..]).all(|width| *width == 0));
        assert!(widths[top..bottom].is_sorted_by(|above, below| above >= below), "{widths:?}");
        assert_eq!(widths[top], 2 * (5.0 * scale).round() as usize);
        assert_eq!(widths[bottom - 1], (1.5 * scale).round() as usize);
    }
}

#[test]
fn it_is_told_once() {
    let context = Context::default();
    at(50.0, 1.0).tell(&context);
    assert_eq!(Playhead::told(&context).map(|playhead| playhead.x), Some(50.0));
    assert!(Playhead::told(&context).is_none(), "a picture without one");
}
