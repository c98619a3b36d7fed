//! Colors, type and spacing: the one place that says how the editor looks.
//!
//! Everything lies on a grid of [`GRID`] points, and no text is smaller than [`SMALL_TEXT`].

mod color_vision;

use egui::epaint::text::{FontData, FontDefinitions};
use egui::{Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Visuals, vec2};
use score::{Genre, Part};
use std::sync::Arc;

/// Behind everything.
pub const BACKGROUND: Color32 = Color32::from_rgb(0x12, 0x14, 0x1A);
/// Behind a group of controls.
pub const PANEL: Color32 = Color32::from_rgb(0x1B, 0x1E, 0x26);
/// The unfilled part of a bar.
pub const TRACK: Color32 = Color32::from_rgb(0x29, 0x2D, 0x38);
/// Under the pointer.
pub const HOVERED: Color32 = Color32::from_rgb(0x35, 0x3A, 0x48);
/// Lines of a grid.
pub const LINE: Color32 = Color32::from_rgb(0x2C, 0x31, 0x3D);
/// Lines that begin a bar or an octave.
pub const STRONG_LINE: Color32 = Color32::from_rgb(0x49, 0x50, 0x60);
/// Text.
pub const TEXT: Color32 = Color32::from_rgb(0xEC, 0xEE, 0xF3);
/// Text that explains.
pub const FAINT_TEXT: Color32 = Color32::from_rgb(0x9F, 0xA6, 0xB6);
/// What needs attention.
pub const WARNING: Color32 = Color32::from_rgb(0xF6, 0xB7, 0x3C);
/// Controls that belong to no genre and no part.
pub const ACCENT: Color32 = Color32::from_rgb(0x8F, 0xA3, 0xC7);
/// Where the song is.
pub const PLAYHEAD: Color32 = Color32::from_rgb(0xFF, 0xFF, 0xFF);
/// What has the keyboard.
pub const FOCUS: Color32 = Color32::from_rgb(0xFF, 0xFF, 0xFF);

/// One color a genre, in the order of [`score::Genre::ALL`].
///
/// Far enough apart for eyes that lack red or green; a test holds them to it.
pub const GENRES: [Color32; 6] = [
    Color32::from_rgb(0xFB, 0xD0, 0x8B),
    Color32::from_rgb(0x3F, 0x8B, 0xFF),
    Color32::from_rgb(0xBD, 0x48, 0x17),
    Color32::from_rgb(0x59, 0xD2, 0xEB),
    Color32::from_rgb(0x8A, 0xB2, 0x28),
    Color32::from_rgb(0xDD, 0x3E, 0xB1),
];

/// The color of a genre.
pub const fn genre(genre: Genre) -> Color32 {
    GENRES[genre.index()]
}

/// The color of the style behind a knob.
pub const fn style(knob: usize) -> Color32 {
    const STYLES: [Color32; score::N_STYLES] = [
        Color32::from_rgb(0xEF, 0xEA, 0xDC),
        Color32::from_rgb(0x9E, 0xE6, 0xB4),
        Color32::from_rgb(0xC8, 0xA8, 0xFF),
        Color32::from_rgb(0xFF, 0xA0, 0x8C),
    ];
    STYLES[knob]
}

/// The color of a part in rows and piano roll.
pub const fn part(part: Part) -> Color32 {
    match part {
        Part::Drums => Color32::from_rgb(0xFF, 0xF0, 0x9A),
        Part::Bass => Color32::from_rgb(0x5C, 0x83, 0xFB),
        Part::Chords => Color32::from_rgb(0x56, 0xCE, 0xD0),
        Part::Lead => Color32::from_rgb(0xE0, 0x5C, 0xAC),
    }
}

/// Genres mixed by their shares, as light mixes; `shares` need not sum to 1.
pub fn blended(shares: &[f32; Genre::COUNT]) -> Color32 {
    let sum: f32 = shares.iter().sum();
    let mut mixed = [0.0_f32; 3];
    for (share, color) in shares.iter().zip(GENRES) {
        let [r, g, b, _] = color.to_array();
        for (channel, value) in mixed.iter_mut().zip([r, g, b]) {
            *channel += share * egui::ecolor::linear_f32_from_gamma_u8(value);
        }
    }
    let [r, g, b] =
        mixed.map(|value| egui::ecolor::gamma_u8_from_linear_f32(value / sum.max(f32::EPSILON)));
    Color32::from_rgb(r, g, b)
}

/// A color `share` of the way to another, both opaque.
pub fn mix(from: Color32, to: Color32, share: f32) -> Color32 {
    from.lerp_to_gamma(to, share)
}

/// Text on a filled control: dark on bright colors, light on dark ones.
pub fn text_on(fill: Color32) -> Color32 {
    let [r, g, b, _] = fill.to_array().map(f32::from);
    if 0.299 * r + 0.587 * g + 0.114 * b > 110.0 { BACKGROUND } else { TEXT }
}

/// The unit of all distances, in points.
pub const GRID: f32 = 4.0;
/// Between controls.
pub const GAP: f32 = GRID;
/// Between groups, and inside their edges.
pub const MARGIN: f32 = 2.0 * GRID;
/// Corners of controls.
pub const RADIUS: f32 = 4.0;

/// The smallest text of the editor, in points at zoom 1; nothing may be smaller.
pub const SMALL_TEXT: f32 = 12.0;
/// Text of controls.
pub const BODY_TEXT: f32 = 13.0;
/// Names.
pub const STRONG_TEXT: f32 = 14.0;
/// The name of the instrument.
pub const TITLE_TEXT: f32 = 18.0;

/// The family of names and titles.
fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Text inside a control.
pub const fn control_font() -> FontId {
    FontId::new(BODY_TEXT, FontFamily::Proportional)
}

/// Text that explains.
pub const fn small_font() -> FontId {
    FontId::new(SMALL_TEXT, FontFamily::Proportional)
}

/// Names of parts and genres.
pub fn strong_font() -> FontId {
    FontId::new(STRONG_TEXT, strong_family())
}

/// The name of the instrument.
pub fn title_font() -> FontId {
    FontId::new(TITLE_TEXT, strong_family())
}

/// Inter, with the faces of egui behind it for what it lacks.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let faces: [(&str, &'static [u8], FontFamily); 2] = [
        ("Inter", include_bytes!("../../assets/fonts/Inter-Regular.otf"), FontFamily::Proportional),
        (
            "Inter SemiBold",
            include_bytes!("../../assets/fonts/Inter-SemiBold.otf"),
            strong_family(),
        ),
    ];
    let others = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (name, bytes, family) in faces {
        fonts.font_data.insert(name.into(), Arc::new(FontData::from_static(bytes)));
        let mut chain = vec![name.to_owned()];
        chain.extend(others.iter().cloned());
        fonts.families.insert(family, chain);
    }
    fonts
}

/// Has everything jump that would glide: where the processor draws pictures whole, each on the way
/// costs as much as the last.
pub fn stand_still(context: &egui::Context) {
    context.all_styles_mut(|style| style.animation_time = 0.0);
}

/// A value on its way to `value` within so many seconds, unless everything jumps.
pub fn glide(ui: &egui::Ui, id: egui::Id, value: f32, seconds: f32) -> f32 {
    let seconds = if ui.style().animation_time > 0.0 { seconds } else { 0.0 };
    ui.ctx().animate_value_with_time(id, value, seconds)
}

/// Sets the look of a new window.
pub fn apply(context: &egui::Context) {
    context.set_fonts(fonts());
    context.set_visuals(visuals());
    context.all_styles_mut(|style| {
        for (text_style, font) in &mut style.text_styles {
            font.size = match text_style {
                TextStyle::Heading => TITLE_TEXT,
                TextStyle::Small => SMALL_TEXT,
                _ => BODY_TEXT,
            };
        }
        style.spacing.item_spacing = vec2(GAP, GAP);
        style.spacing.button_padding = vec2(2.0 * GRID, GRID);
        style.spacing.interact_size.y = 6.0 * GRID;
        style.spacing.tooltip_width = 320.0;
        style.interaction.tooltip_delay = 0.6;
        style.interaction.selectable_labels = false;
        style.url_in_tooltip = false;
    });
}

fn visuals() -> Visuals {
    let mut visuals = Visuals {
        panel_fill: BACKGROUND,
        window_fill: PANEL,
        window_stroke: Stroke::new(1.0, STRONG_LINE),
        extreme_bg_color: BACKGROUND,
        override_text_color: Some(TEXT),
        ..Visuals::dark()
    };
    visuals.selection.bg_fill = mix(TRACK, ACCENT, 0.4);
    visuals.selection.stroke = Stroke::new(1.0, TEXT);
    let corner_radius = CornerRadius::from(RADIUS);
    let widgets = &mut visuals.widgets;
    let states = [
        (&mut widgets.inactive, TRACK, Color32::TRANSPARENT),
        (&mut widgets.hovered, HOVERED, Color32::TRANSPARENT),
        (&mut widgets.active, HOVERED, FOCUS),
        (&mut widgets.open, HOVERED, STRONG_LINE),
    ];
    for (state, fill, line) in states {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, line);
        state.corner_radius = corner_radius;
        state.expansion = 0.0;
    }
    visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, LINE);
    visuals
}
