//! How a pad looks.

use super::geometry::{self, Hexagon, RING, Shares};
use super::{Look, names, theme};
use egui::cache::{ComputerMut, FrameCache};
use egui::epaint::Mesh;
use egui::{Color32, Memory, Painter, Pos2, Rect, Response, Shape, Stroke, Ui, Vec2, pos2, vec2};
use std::hash::{Hash, Hasher};

/// Rings of triangles from the middle to the edge of a large and of a small pad.
const RINGS: (usize, usize) = (12, 5);

/// How bright the pad is in its middle, how much brighter at its corners and at its point.
const LIGHT: (f32, f32, f32) = (0.26, 0.34, 0.42);

/// Share of its opacity that a pad has whose point counts for nothing.
const FAINT: f32 = 0.5;

/// How far the light of the point reaches, in radii.
const GLOW: f32 = 0.45;

/// Weights that differ from those of their point by more than this are drawn.
const HIDDEN: f32 = 0.03;

/// Radius of the point, in points.
const HANDLE: (f32, f32) = (9.0, 4.0);

/// Draws a pad.
pub fn pad(
    ui: &Ui,
    rect: Rect,
    response: &Response,
    hexagon: &Hexagon,
    point: Vec2,
    shown: &Shares,
    look: Look,
) {
    if !ui.is_rect_visible(rect) {
        return;
    }
    let mut painter = ui.painter().clone();
    let opacity = if look.faint && !response.hovered() { FAINT } else { 1.0 };
    let surface = Surface { hexagon: *hexagon, point, small: look.small, opacity };
    let cached = |memory: &mut Memory| memory.caches.cache::<Surfaces>().get(surface).clone();
    painter.add(ui.memory_mut(cached));
    painter.multiply_opacity(opacity);
    lines(&painter, hexagon, response, look.small);
    if geometry::hidden(shown) > HIDDEN {
        radar(&painter, hexagon, shown, look.small);
    }
    if !look.small {
        corners(&painter, rect, hexagon, shown);
    } else {
        for (index, genre) in RING.into_iter().enumerate() {
            painter.circle_filled(hexagon.corner(index), 2.5, theme::genre(genre));
        }
    }
    if let Some(heard) = &look.heard {
        echo(&painter, hexagon, point, heard);
    }
    handle(&painter, hexagon.at(point), response, shown, look.small);
}

/// What the ground of a pad depends on.
#[derive(Clone, Copy)]
struct Surface {
    hexagon: Hexagon,
    point: Vec2,
    small: bool,
    opacity: f32,
}

impl Hash for Surface {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { hexagon: Hexagon { center, radius }, point, small, opacity } = self;
        let numbers = [center.x, center.y, *radius, point.x, point.y, *opacity];
        (numbers.map(f32::to_bits), small).hash(state);
    }
}

/// Grounds that the last picture had: they seldom change, and have a thousand colors.
type Surfaces = FrameCache<Shape, SurfacePainter>;

#[derive(Default)]
struct SurfacePainter;

impl ComputerMut<Surface, Shape> for SurfacePainter {
    fn compute(&mut self, key: Surface) -> Shape {
        let mut mesh = surface(&key);
        for vertex in &mut mesh.vertices {
            vertex.color = vertex.color.gamma_multiply(key.opacity);
        }
        Shape::mesh(mesh)
    }
}

/// The genres' colors as they blend, brightest around the point.
fn surface(&Surface { hexagon, point, small, .. }: &Surface) -> Mesh {
    let n_rings = if small { RINGS.1 } else { RINGS.0 };
    let color = |at: Vec2| {
        let near = (-(at - point).length_sq() / (2.0 * GLOW * GLOW)).exp();
        let light = (LIGHT.0 + LIGHT.1 * at.length_sq() + LIGHT.2 * near).min(1.0);
        theme::mix(theme::BACKGROUND, theme::blended(&geometry::shares(at)), light)
    };
    let mut mesh = Mesh::default();
    mesh.colored_vertex(hexagon.center, color(Vec2::ZERO));
    // A ring of n steps a side has 6 n points; between it and the ring before lie triangles.
    let mut before = 0_u32;
    for ring in 1..=n_rings {
        let first = mesh.vertices.len() as u32;
        let radius = ring as f32 / n_rings as f32;
        for step in 0..6 * ring {
            let (side, along) = (step / ring, (step % ring) as f32 / ring as f32);
            let (from, to) = (geometry::corner(side), geometry::corner((side + 1) % 6));
            let at = (from + (to - from) * along) * radius;
            mesh.colored_vertex(hexagon.at(at), color(at));
        }
        let (outer, inner) = (6 * ring as u32, (6 * (ring as u32 - 1)).max(1));
        for step in 0..outer {
            let (side, along) = (step / ring as u32, step % ring as u32);
            let inside = |along: u32| before + (side * (ring as u32 - 1) + along) % inner;
            let next = first + (step + 1) % outer;
            mesh.add_triangle(first + step, next, inside(along));
            if along > 0 {
                mesh.add_triangle(first + step, inside(along - 1), inside(along));
            }
        }
        before = first;
    }
    mesh
}

fn lines(painter: &Painter, hexagon: &Hexagon, response: &Response, small: bool) {
    let white = |share: f32| Color32::WHITE.gamma_multiply(share);
    let outline = |radius: f32, stroke: Stroke| {
        let corners = (0..6).map(|index| hexagon.at(geometry::corner(index) * radius)).collect();
        painter.add(Shape::closed_line(corners, stroke));
    };
    if !small {
        for index in 0..6 {
            painter.line_segment([hexagon.center, hexagon.corner(index)], (1.0, white(0.10)));
        }
        outline(1.0 / 3.0, Stroke::new(1.0, white(0.08)));
        outline(2.0 / 3.0, Stroke::new(1.0, white(0.08)));
    }
    let (width, share) = match (response.has_focus(), response.hovered()) {
        (true, _) => (2.0, 0.8),
        (false, true) => (1.5, 0.4),
        (false, false) => (1.0, 0.22),
    };
    outline(1.0, Stroke::new(width, white(share)));
}

/// Weights that no point can show, as far from the middle as they are large.
fn radar(painter: &Painter, hexagon: &Hexagon, shown: &Shares, small: bool) {
    let largest = shown.iter().copied().fold(f32::EPSILON, f32::max);
    let at = |index: usize| {
        let share = shown[RING[index].index()];
        // Its own scale: the shape says how weights stand to each other.
        hexagon.at(geometry::corner(index) * (0.06 + 0.94 * share / largest.max(0.5)))
    };
    let mut mesh = Mesh::default();
    mesh.colored_vertex(hexagon.center, Color32::WHITE.gamma_multiply(0.06));
    for (index, genre) in RING.into_iter().enumerate() {
        mesh.colored_vertex(at(index), theme::genre(genre).gamma_multiply(0.55));
    }
    for index in 0..6 {
        mesh.add_triangle(0, 1 + index, 1 + (index + 1) % 6);
    }
    painter.add(Shape::mesh(mesh));
    if !small {
        let line = Stroke::new(1.5, Color32::WHITE.gamma_multiply(0.55));
        painter.add(Shape::closed_line((0..6).map(at).collect(), line));
    }
}

/// Dots, names and shares of the genres.
fn corners(painter: &Painter, rect: Rect, hexagon: &Hexagon, shown: &Shares) {
    // Names grow with the pad, where they have the room.
    let mut font = theme::strong_font();
    font.size += ((hexagon.radius - 120.0) / 40.0).clamp(0.0, 4.0).floor();
    for (index, genre) in RING.into_iter().enumerate() {
        let (share, color) = (shown[genre.index()], theme::genre(genre));
        let corner = hexagon.corner(index);
        painter.circle_filled(corner, 5.0 + 4.0 * share, color);
        painter.circle_stroke(corner, 5.0 + 4.0 * share, (1.5, theme::BACKGROUND));
        let text = names::genre(painter.ctx(), genre);
        let name = painter.layout_no_wrap(text, font.clone(), color);
        let shown = format!("{:.0} %", share * 100.0);
        let faint = if share < 0.005 { theme::FAINT_TEXT } else { theme::TEXT };
        let value = painter.layout_no_wrap(shown, theme::small_font(), faint);
        let size = vec2(name.size().x + 6.0 + value.size().x, name.size().y);
        let min = name_place(rect, corner, index, size);
        let value_place = pos2(min.x + name.size().x + 6.0, min.y + size.y - value.size().y - 1.0);
        painter.galley(min, name, color);
        painter.galley(value_place, value, faint);
    }
}

/// Where the text of a corner stands: above the upper corners and below the lower ones, outside
/// the hexagon and inside the pad's rectangle.
fn name_place(rect: Rect, corner: Pos2, index: usize, size: Vec2) -> Pos2 {
    let above = matches!(index, 0 | 1 | 5);
    let x = match index {
        0 | 3 => corner.x - size.x / 2.0,
        // The sides lean in from here, at 30 degrees: the text keeps to the outside.
        1 | 2 => (corner.x - 14.0).min(rect.right() - size.x),
        _ => (corner.x + 14.0 - size.x).max(rect.left()),
    };
    // What reaches in under an edge stands further from it.
    let inside = match index {
        0 | 3 => 0.0,
        1 | 2 => corner.x - x,
        _ => x + size.x - corner.x,
    };
    let away = (0.45 * inside).max(9.0);
    let y = if above { corner.y - away - size.y } else { corner.y + away };
    pos2(x.round(), y.round())
}

/// What is heard, with a line from what was asked for.
fn echo(painter: &Painter, hexagon: &Hexagon, point: Vec2, heard: &Shares) {
    let (from, to) = (hexagon.at(point), hexagon.at(geometry::point(heard)));
    let line = Color32::WHITE.gamma_multiply(0.35);
    painter.line_segment([from, to], (1.0, line));
    painter.circle(to, 5.0, theme::blended(heard), (1.5, Color32::WHITE.gamma_multiply(0.75)));
}

fn handle(painter: &Painter, at: Pos2, response: &Response, shown: &Shares, small: bool) {
    let held = response.is_pointer_button_down_on();
    let radius = if small { HANDLE.1 } else { HANDLE.0 };
    let radius = radius * if held { 1.25 } else { 1.0 };
    if !small {
        painter.circle_filled(at, radius + 3.0, theme::BACKGROUND.gamma_multiply(0.5));
    }
    let width = if small { 1.5 } else { 2.5 };
    painter.circle(at, radius, theme::blended(shown), (width, Color32::WHITE));
}
