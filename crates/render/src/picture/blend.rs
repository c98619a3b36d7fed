//! The strips that show how much of each genre there is over time.

use canvas::palette;
use canvas::{Align, Canvas, TextStyle, Weight};
use score::{Blend, Controls, Part, Ticks};

use super::{LABEL, LEFT, System, capitalized};
use crate::performance::Performance;

/// Height of the strip of a part with a blend of its own, in pixels.
pub(super) const OWN_STRIP: f32 = 17.0;

/// Who may follow a blend of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    Part(Part),
    Harmony,
}

impl Voice {
    fn blend(self, controls: &Controls) -> Blend {
        match self {
            Self::Part(part) => controls.part_blend(part),
            Self::Harmony => controls.harmony(),
        }
    }

    fn own(self, controls: &Controls) -> f32 {
        match self {
            Self::Part(part) => controls.parts[part.index()].own,
            Self::Harmony => controls.harmony_own,
        }
    }
}

/// Parts and harmony that leave the common blend somewhere.
pub(super) fn own_voices(performance: &Performance) -> Vec<Voice> {
    let voices = Part::ALL.map(Voice::Part).into_iter().chain([Voice::Harmony]);
    let controls = || performance.beats.iter().filter_map(|beat| beat.controls.as_ref());
    voices.filter(|voice| controls().any(|controls| voice.own(controls) > 0.0)).collect()
}

/// Indices of weights that are above nothing somewhere in the performance.
pub(super) fn present(performance: &Performance) -> Vec<usize> {
    let voices = own_voices(performance);
    let controls = || performance.beats.iter().filter_map(|beat| beat.controls.as_ref());
    (0..Blend::LEN)
        .filter(|idx| {
            let weighs = |blend: Blend| blend.normalized().weights()[*idx] > 1e-3;
            controls().any(|controls| {
                weighs(controls.blend) || voices.iter().any(|voice| weighs(voice.blend(controls)))
            })
        })
        .collect()
}

/// The common blend as areas on top of each other, from 0 to 100 %.
pub(super) fn strip(
    canvas: &mut Canvas,
    performance: &Performance,
    system: &System<'_>,
    y: f32,
    height: f32,
) {
    let points = curve(performance, system, |controls| controls.blend);
    canvas.text("Blend", LEFT - 24.0, y + height / 2.0 + 4.0, Align::Right, LABEL);
    areas(canvas, &points, y, height);
    for bar in system.bars {
        canvas.rect(system.x(bar.start) - 0.5, y, 1.0, height, palette::GROUND, 0.35);
    }
    for weight in 0..Blend::LEN {
        let name = capitalized(performance.genres.of_weight(weight));
        area_label(canvas, &points, (weight, &name), y, height);
    }
}

/// One part's blend as a thin strip.
pub(super) fn own_strip(
    canvas: &mut Canvas,
    performance: &Performance,
    system: &System<'_>,
    voice: Voice,
    y: f32,
) {
    let name = match voice {
        Voice::Part(part) => part.name(),
        Voice::Harmony => "harmony",
    };
    canvas.text(&capitalized(name), LEFT - 24.0, y + 13.0, Align::Right, LABEL);
    let points = curve(performance, system, |controls| voice.blend(controls));
    areas(canvas, &points, y + 3.0, OWN_STRIP - 3.0);
}

/// `x` and normalised weights of a place in a system.
type CurvePoint = (f32, [f32; Blend::LEN]);

/// The blend at each beat of a system, and at its end.
fn curve(
    performance: &Performance,
    system: &System<'_>,
    blend: impl Fn(&Controls) -> Blend,
) -> Vec<CurvePoint> {
    let mut points: Vec<CurvePoint> = Vec::new();
    for beat in &performance.beats {
        let at = Ticks::from_beat(beat.frame.beat);
        let Some(controls) = &beat.controls else { continue };
        if at + Ticks::from_beat(1) <= system.start || at > system.end {
            continue;
        }
        let x = system.x(at).clamp(LEFT, system.right());
        points.push((x, *blend(controls).normalized().weights()));
    }
    if let Some((x, weights)) = points.last().copied()
        && x < system.right()
    {
        points.push((system.right(), weights));
    }
    points
}

fn areas(canvas: &mut Canvas, points: &[CurvePoint], y: f32, height: f32) {
    let level = |weights: &[f32; Blend::LEN], n: usize| -> f32 {
        y + height * (1.0 - weights[..n].iter().sum::<f32>().min(1.0))
    };
    for weight in 0..Blend::LEN {
        if points.iter().all(|(_, weights)| weights[weight] <= 0.0) {
            continue;
        }
        let upper = points.iter().map(|(x, w)| (*x, level(w, weight + 1)));
        let lower = points.iter().rev().map(|(x, w)| (*x, level(w, weight)));
        let outline: Vec<(f32, f32)> = upper.chain(lower).collect();
        canvas.polygon(&outline, palette::weight(weight), 0.9);
    }
}

/// Names an area where it is thickest, if its name finds room there.
fn area_label(
    canvas: &mut Canvas,
    points: &[CurvePoint],
    (weight, name): (usize, &str),
    y: f32,
    height: f32,
) {
    let largest = points.iter().map(|(_, weights)| weights[weight]).fold(0.0, f32::max);
    if largest * height < 16.0 {
        return;
    }
    // The middle of the first stretch that stays close to the largest weight.
    let thick = |(_, weights): &&CurvePoint| weights[weight] >= 0.9 * largest;
    let stretch: Vec<&CurvePoint> =
        points.iter().skip_while(|p| !thick(p)).take_while(thick).collect();
    let (Some((first, _)), Some((last, _))) = (stretch.first(), stretch.last()) else { return };
    let (_, weights) = stretch[stretch.len() / 2];
    let percent = (largest * 100.0).round();
    let text = format!("{name} {percent} %");
    let style = TextStyle { size: 12.0, weight: Weight::SemiBold, color: palette::GROUND };
    let width = canvas.width_of(&text, style);
    let (left, right) = (points[0].0 + 6.0, points[points.len() - 1].0 - 6.0);
    if right - left < width {
        return;
    }
    let x = ((first + last - width) / 2.0).clamp(left, right - width);
    let below: f32 = weights[..weight].iter().sum();
    let middle = y + height * (1.0 - below - weights[weight] / 2.0);
    canvas.text(&text, x, middle + 4.0, Align::Left, style);
}
