//! How the palette looks to eyes that lack a kind of cone.
#![cfg(test)]

use super::*;
use std::array::from_fn;

/// Linear RGB as a deuteranope sees it, from the tables of Machado, Oliveira and Fernandes, "A
/// physiologically-based model for simulation of color vision deficiency" (2009), severity 1.
const DEUTERANOPIA: [[f32; 3]; 3] = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
];

/// The same of a protanope.
const PROTANOPIA: [[f32; 3]; 3] = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
];

const EVERYBODY: [[f32; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

fn times(matrix: &[[f32; 3]; 3], v: [f32; 3]) -> [f32; 3] {
    from_fn(|row| matrix[row].iter().zip(v).map(|(a, b)| a * b).sum())
}

/// Oklab coordinates (Ottosson, "A perceptual color space for image processing", 2020) of a color
/// as eyes of the given kind see it.
fn oklab(color: Color32, eyes: &[[f32; 3]; 3]) -> [f32; 3] {
    let [r, g, b, _] = color.to_array();
    let linear = times(eyes, [r, g, b].map(egui::ecolor::linear_f32_from_gamma_u8));
    let cones = times(
        &[
            [0.412_221_46, 0.536_332_55, 0.051_445_995],
            [0.211_903_5, 0.680_699_5, 0.107_396_96],
            [0.088_302_46, 0.281_718_85, 0.629_978_7],
        ],
        linear.map(|channel| channel.max(0.0)),
    );
    times(
        &[
            [0.210_454_26, 0.793_617_8, -0.004_072_047],
            [1.977_998_5, -2.428_592_2, 0.450_593_7],
            [0.025_904_037, 0.782_771_77, -0.808_675_77],
        ],
        cones.map(f32::cbrt),
    )
}

/// The two colors that are most alike, and how far apart they are in Oklab.
fn nearest(colors: &[Color32], eyes: &[[f32; 3]; 3]) -> (f32, usize, usize) {
    let mut nearest = (f32::INFINITY, 0, 0);
    for (i, a) in colors.iter().enumerate() {
        for (j, b) in colors.iter().enumerate().skip(i + 1) {
            let (a, b) = (oklab(*a, eyes), oklab(*b, eyes));
            let distance: f32 = (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f32>().sqrt();
            if distance < nearest.0 {
                nearest = (distance, i, j);
            }
        }
    }
    nearest
}

/// A tenth of Oklab is several just noticeable differences, also for small dots.
const LEAST: f32 = 0.1;

#[test]
fn genres_and_parts_can_be_told_apart_without_red_or_green() {
    for colors in [&GENRES[..], &Part::ALL.map(part)[..]] {
        for eyes in [&EVERYBODY, &DEUTERANOPIA, &PROTANOPIA] {
            let (distance, i, j) = nearest(colors, eyes);
            assert!(distance > LEAST, "{i} and {j}: {distance}");
        }
    }
}

/// The measure itself sees what such eyes do not: equal light in red and green.
#[test]
fn red_and_green_of_one_lightness_are_alike_to_a_deuteranope() {
    let pair = [Color32::from_rgb(0xE0, 0x53, 0x3D), Color32::from_rgb(0x8F, 0x8F, 0x20)];
    assert!(nearest(&pair, &EVERYBODY).0 > LEAST);
    assert!(nearest(&pair, &DEUTERANOPIA).0 < LEAST);
}

#[test]
fn text_stands_out_from_what_is_behind_it() {
    let lightness = |color| oklab(color, &EVERYBODY)[0];
    for behind in [BACKGROUND, PANEL, TRACK, HOVERED] {
        for text in [TEXT, FAINT_TEXT, WARNING] {
            assert!(lightness(text) - lightness(behind) > 0.35, "{text:?} on {behind:?}");
        }
    }
    for fill in GENRES.into_iter().chain(Part::ALL.map(part)) {
        let contrast = lightness(text_on(fill)) - lightness(fill);
        assert!(contrast.abs() > 0.33, "{fill:?}: {contrast}");
    }
}

#[test]
fn a_blend_of_one_is_its_color() {
    for (index, color) in GENRES.into_iter().enumerate() {
        assert_eq!(blended(&from_fn(|i| if i == index { 0.4 } else { 0.0 })), color);
    }
}
