//! Colors and text sizes.

use egui::{Color32, FontFamily, FontId, Stroke, TextStyle, Visuals};
use score::Part;

/// Behind everything.
pub const BACKGROUND: Color32 = Color32::from_rgb(0x17, 0x19, 0x1F);
/// Behind a group of controls.
pub const PANEL: Color32 = Color32::from_rgb(0x20, 0x23, 0x2B);
/// The unfilled part of a bar.
pub const TRACK: Color32 = Color32::from_rgb(0x2E, 0x32, 0x3D);
/// Lines of a grid.
pub const LINE: Color32 = Color32::from_rgb(0x3A, 0x3F, 0x4C);
/// Text.
pub const TEXT: Color32 = Color32::from_rgb(0xE6, 0xE8, 0xEE);
/// Text that explains.
pub const FAINT_TEXT: Color32 = Color32::from_rgb(0x9D, 0xA4, 0xB3);
/// What needs attention.
pub const WARNING: Color32 = Color32::from_rgb(0xF0, 0xB4, 0x4A);
/// Controls that belong to no genre and no part.
pub const ACCENT: Color32 = Color32::from_rgb(0x5B, 0x7C, 0xA8);
/// Where the song is.
pub const PLAYHEAD: Color32 = Color32::from_rgb(0xF4, 0xF5, 0xF8);

/// One color a genre, in the order of [`score::Genre::ALL`]; dark enough for light text on them.
pub const GENRES: [Color32; 6] = [
    Color32::from_rgb(0x8A, 0x6F, 0xC4),
    Color32::from_rgb(0x3C, 0x7F, 0xC2),
    Color32::from_rgb(0xC2, 0x4F, 0x4A),
    Color32::from_rgb(0x1F, 0x93, 0x92),
    Color32::from_rgb(0x5F, 0x91, 0x3F),
    Color32::from_rgb(0xB5, 0x7A, 0x1E),
];

/// The color of a part in rows and piano roll.
pub const fn part(part: Part) -> Color32 {
    match part {
        Part::Drums => Color32::from_rgb(0xD9, 0x8A, 0x4E),
        Part::Bass => Color32::from_rgb(0x6A, 0xA8, 0xE8),
        Part::Chords => Color32::from_rgb(0x86, 0xC2, 0x73),
        Part::Lead => Color32::from_rgb(0xE0, 0x7A, 0xA8),
    }
}

/// Text on a filled control: dark on bright colors, light on dark ones.
pub fn text_on(fill: Color32) -> Color32 {
    let [r, g, b, _] = fill.to_array().map(f32::from);
    if 0.299 * r + 0.587 * g + 0.114 * b > 125.0 { BACKGROUND } else { TEXT }
}

/// The smallest text of the editor, in points at zoom 1; nothing may be smaller.
pub const SMALL_TEXT: f32 = 12.0;

/// Text inside a control.
pub const fn control_font() -> FontId {
    FontId::new(13.0, FontFamily::Proportional)
}

/// Sets the look of a new window.
pub fn apply(context: &egui::Context) {
    context.set_visuals(Visuals {
        panel_fill: BACKGROUND,
        window_fill: PANEL,
        extreme_bg_color: TRACK,
        override_text_color: Some(TEXT),
        ..Visuals::dark()
    });
    context.all_styles_mut(|style| {
        for (text_style, font) in &mut style.text_styles {
            font.size = match text_style {
                TextStyle::Heading => 18.0,
                TextStyle::Small => SMALL_TEXT,
                _ => 13.0,
            };
        }
        style.spacing.item_spacing = egui::vec2(6.0, 5.0);
        style.visuals.selection.stroke = Stroke::new(1.0, TEXT);
    });
}
