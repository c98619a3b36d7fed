use super::*;
use egui::{Color32, Mesh, pos2};

fn picture(mesh: &Mesh, clip: Rect) -> Pixels {
    let white = egui::epaint::ImageDelta::full(
        egui::ColorImage::filled([1, 1], Color32::WHITE),
        egui::TextureOptions::LINEAR,
    );
    let mut delta = TexturesDelta::default();
    delta.set.entry(mesh.texture_id).or_default().push(white);
    let mut raster = Raster::default();
    raster.set(&mut delta);
    let mut pixels = Pixels::new([16, 16], Color32::BLACK);
    let primitive = Primitive::Mesh(mesh.clone());
    raster.paint(&mut pixels, &[ClippedPrimitive { clip_rect: clip, primitive }], 1.0);
    pixels
}

fn channels(pixels: &Pixels) -> impl Iterator<Item = (usize, usize, [u8; 4])> {
    let row =
        |y: usize| pixels.row(y, 0..16).iter().enumerate().map(move |(x, pixel)| (x, y, pixel));
    (0..16).flat_map(row).map(|(x, y, pixel)| {
        let [blue, green, red, opacity] = pixel.to_le_bytes();
        (x, y, [red, green, blue, opacity])
    })
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
        let picture = picture(&mesh, all);
        let is_once = |(_, _, color)| color == [64, 0, 0, 255];
        assert!(channels(&picture).all(is_once), "{middle:?}: {picture:?}");
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
    let picture = picture(&mesh, Rect::from_min_max(pos2(4.0, 2.0), pos2(12.0, 6.0)));
    for (x, y, [red, ..]) in channels(&picture) {
        let is_in = (4..12).contains(&x) && (2..6).contains(&y);
        let expected = if is_in { (x as f32 + 0.5) / 16.0 * 255.0 } else { 0.0 };
        assert!((f32::from(red) - expected).abs() <= 1.0, "{x} {y}: {red}");
    }
}

/// What lies over something is as exact where a row is filled as where each pixel is mixed.
#[test]
fn even_colors_are_blended_to_the_nearest() {
    let all = Rect::from_min_max(pos2(0.0, 0.0), pos2(16.0, 16.0));
    for opacity in [0, 1, 11, 127, 128, 254, 255] {
        for level in [0, opacity / 2, opacity] {
            let mut mesh = Mesh::default();
            mesh.add_colored_rect(all, Color32::from_rgb(200, 77, 3));
            let color = Color32::from_rgba_premultiplied(level, 0, opacity, opacity);
            mesh.add_colored_rect(all, color);
            let through = 1.0 - f32::from(opacity) / 255.0;
            let exact = [200.0, 77.0, 3.0].map(|below: f32| below * through);
            let exact = [exact[0] + f32::from(level), exact[1], exact[2] + f32::from(opacity)];
            for (.., [red, green, blue, covered]) in channels(&picture(&mesh, all)) {
                let found = [red, green, blue].map(f32::from);
                let is_near = found.iter().zip(exact).all(|(a, b)| (a - b).abs() <= 0.501);
                assert!(is_near && covered == 255, "{opacity}: {found:?}, not {exact:?}");
            }
        }
    }
}

/// Any triangle, also one far outside, in whatever part of the picture is painted.
#[test]
fn a_part_of_a_picture_is_as_in_the_whole() {
    let all = Rect::from_min_max(pos2(0.0, 0.0), pos2(16.0, 16.0));
    let mut state = 9_u32;
    let mut random = |below: f32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 * below
    };
    for _ in 0..200 {
        let mut mesh = Mesh::default();
        for level in [0_u8, 60, 120] {
            let at = pos2(random(60.0) - 20.0, random(60.0) - 20.0);
            mesh.colored_vertex(at, Color32::from_rgba_premultiplied(level, 9, 0, 130));
        }
        mesh.add_triangle(0, 1, 2);
        let whole = picture(&mesh, all);
        let part = Rect::from_min_max(pos2(3.0, 5.0), pos2(11.0, 9.0));
        for ((x, y, part_color), (.., whole_color)) in
            channels(&picture(&mesh, part)).zip(channels(&whole))
        {
            let is_in = (3..11).contains(&x) && (5..9).contains(&y);
            let expected = if is_in { whole_color } else { [0, 0, 0, 255] };
            assert_eq!(part_color, expected, "{x}, {y} of {mesh:?}");
        }
    }
}
