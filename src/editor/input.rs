//! What the window library tells of pointer and keys, as egui wants it.

use baseview::dpi::LogicalPosition;
use baseview::{Event, MouseButton, MouseCursor, MouseEvent, ScrollDelta, WindowEvent};
use egui::{CursorIcon, PointerButton, Pos2, pos2, vec2};
use keyboard_types::{Code, Key, KeyState, KeyboardEvent, Modifiers};

/// What happened since the last picture.
#[derive(Default)]
pub struct Input {
    /// For egui, in order.
    pub events: Vec<egui::Event>,
    /// The keys that are held besides others.
    pub modifiers: egui::Modifiers,
    /// Whether the window has the keyboard, since it was said.
    pub is_focused: Option<bool>,
    /// Where the pointer is, in points, while it is in the window.
    pointer: Option<Pos2>,
}

impl Input {
    /// Takes an event of a window with so many pixels a point; whether it is worth a picture.
    /// `paste` reads the clipboard.
    pub fn take(
        &mut self,
        event: &Event,
        pixels_per_point: f64,
        paste: impl FnOnce() -> Option<String>,
    ) -> bool {
        match event {
            Event::Mouse(event) => return self.take_mouse(event, pixels_per_point),
            Event::Keyboard(event) => self.take_key(event, paste),
            Event::Window(WindowEvent::Focused) => self.focus(true),
            Event::Window(WindowEvent::Unfocused) => self.focus(false),
            Event::Window(_) => {}
            _ => return false,
        }
        true
    }

    fn focus(&mut self, is_focused: bool) {
        self.is_focused = Some(is_focused);
        self.events.push(egui::Event::WindowFocused(is_focused));
    }

    fn hold(&mut self, modifiers: Modifiers) {
        let is_mac = cfg!(target_os = "macos");
        let held = egui::Modifiers {
            alt: modifiers.alt(),
            ctrl: modifiers.ctrl(),
            shift: modifiers.shift(),
            mac_cmd: is_mac && modifiers.meta(),
            command: if is_mac { modifiers.meta() } else { modifiers.ctrl() },
        };
        if self.modifiers != held {
            self.modifiers = held;
            self.events.push(egui::Event::ModifiersChanged(held));
        }
    }

    fn take_mouse(&mut self, event: &MouseEvent, pixels_per_point: f64) -> bool {
        match event {
            MouseEvent::CursorMoved { position, modifiers } => {
                self.hold(*modifiers);
                let at: LogicalPosition<f32> = position.to_logical(pixels_per_point);
                let at = pos2(at.x, at.y);
                self.pointer = Some(at);
                self.events.push(egui::Event::PointerMoved(at));
            }
            MouseEvent::ButtonPressed { button, modifiers } => {
                self.press(*button, *modifiers, true);
            }
            MouseEvent::ButtonReleased { button, modifiers } => {
                self.press(*button, *modifiers, false);
            }
            MouseEvent::WheelScrolled { delta, modifiers } => {
                self.hold(*modifiers);
                self.turn(*delta, pixels_per_point);
            }
            MouseEvent::CursorLeft => {
                self.pointer = None;
                self.events.push(egui::Event::PointerGone);
            }
            _ => return false,
        }
        true
    }

    fn press(&mut self, button: MouseButton, modifiers: Modifiers, pressed: bool) {
        self.hold(modifiers);
        let button = match button {
            MouseButton::Left => PointerButton::Primary,
            MouseButton::Right => PointerButton::Secondary,
            MouseButton::Middle => PointerButton::Middle,
            _ => return,
        };
        if let Some(pos) = self.pointer {
            let modifiers = self.modifiers;
            self.events.push(egui::Event::PointerButton { pos, button, pressed, modifiers });
        }
    }

    fn turn(&mut self, delta: ScrollDelta, pixels_per_point: f64) {
        let (unit, mut delta) = match delta {
            ScrollDelta::Lines { x, y } => (egui::MouseWheelUnit::Line, vec2(x, y)),
            ScrollDelta::Pixels { x, y } => {
                (egui::MouseWheelUnit::Point, vec2(x, y) * pixels_per_point as f32)
            }
        };
        if cfg!(target_os = "macos") {
            // There it is told the other way round.
            delta.x = -delta.x;
        }
        self.events.push(egui::Event::MouseWheel {
            unit,
            delta,
            modifiers: self.modifiers,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
        });
    }

    fn take_key(&mut self, event: &KeyboardEvent, paste: impl FnOnce() -> Option<String>) {
        self.hold(event.modifiers);
        let (pressed, modifiers) = (event.state == KeyState::Down, self.modifiers);
        if let Some(key) = key(&event.key) {
            let repeat = event.repeat;
            let physical_key = None;
            self.events.push(egui::Event::Key { key, physical_key, pressed, repeat, modifiers });
        }
        if !pressed {
            return;
        }
        // Windows has keys of its own for these besides.
        let on_windows = |held: bool, code: Code| cfg!(windows) && held && event.code == code;
        let is = |code: Code| modifiers.command && event.code == code;
        if is(Code::KeyX) || on_windows(modifiers.shift, Code::Delete) {
            self.events.push(egui::Event::Cut);
        } else if is(Code::KeyC) || on_windows(modifiers.ctrl, Code::Insert) {
            self.events.push(egui::Event::Copy);
        } else if is(Code::KeyV) || on_windows(modifiers.shift, Code::Insert) {
            self.events.extend(paste().map(egui::Event::Text));
        } else if let Key::Character(written) = &event.key
            && !modifiers.ctrl
            && !modifiers.command
        {
            self.events.push(egui::Event::Text(written.clone()));
        }
    }
}

/// A key by its name, or by the letter, number or space that it writes. What else it may write is
/// text alone: egui would make the whole window larger with a plus.
fn key(key: &Key) -> Option<egui::Key> {
    match key {
        Key::Named(name) => egui::Key::from_name(&name.to_string()),
        Key::Character(written) => {
            let is_known = |letter: char| letter == ' ' || letter.is_ascii_alphanumeric();
            let mut letters = written.chars();
            let known = letters.next().is_some_and(is_known) && letters.next().is_none();
            known.then(|| egui::Key::from_name(written)).flatten()
        }
    }
}

/// A pointer's look.
pub fn cursor(icon: CursorIcon) -> MouseCursor {
    match icon {
        CursorIcon::Default => MouseCursor::Default,
        CursorIcon::None => MouseCursor::Hidden,
        CursorIcon::ContextMenu | CursorIcon::PointingHand | CursorIcon::Grab => MouseCursor::Hand,
        CursorIcon::Help => MouseCursor::Help,
        CursorIcon::Progress => MouseCursor::PtrWorking,
        CursorIcon::Wait => MouseCursor::Working,
        CursorIcon::Cell => MouseCursor::Cell,
        CursorIcon::Crosshair => MouseCursor::Crosshair,
        CursorIcon::Text => MouseCursor::Text,
        CursorIcon::VerticalText => MouseCursor::VerticalText,
        CursorIcon::Alias => MouseCursor::Alias,
        CursorIcon::Copy => MouseCursor::Copy,
        CursorIcon::Move => MouseCursor::Move,
        CursorIcon::NoDrop | CursorIcon::NotAllowed => MouseCursor::NotAllowed,
        CursorIcon::Grabbing => MouseCursor::HandGrabbing,
        CursorIcon::AllScroll => MouseCursor::AllScroll,
        CursorIcon::ResizeHorizontal => MouseCursor::EwResize,
        CursorIcon::ResizeNeSw => MouseCursor::NeswResize,
        CursorIcon::ResizeNwSe => MouseCursor::NwseResize,
        CursorIcon::ResizeVertical => MouseCursor::NsResize,
        CursorIcon::ResizeEast => MouseCursor::EResize,
        CursorIcon::ResizeSouthEast => MouseCursor::SeResize,
        CursorIcon::ResizeSouth => MouseCursor::SResize,
        CursorIcon::ResizeSouthWest => MouseCursor::SwResize,
        CursorIcon::ResizeWest => MouseCursor::WResize,
        CursorIcon::ResizeNorthWest => MouseCursor::NwResize,
        CursorIcon::ResizeNorth => MouseCursor::NResize,
        CursorIcon::ResizeNorthEast => MouseCursor::NeResize,
        CursorIcon::ResizeColumn => MouseCursor::ColResize,
        CursorIcon::ResizeRow => MouseCursor::RowResize,
        CursorIcon::ZoomIn => MouseCursor::ZoomIn,
        CursorIcon::ZoomOut => MouseCursor::ZoomOut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(key: Key, code: Code, modifiers: Modifiers) -> Vec<egui::Event> {
        let mut input = Input::default();
        let event =
            KeyboardEvent { state: KeyState::Down, key, code, modifiers, ..Default::default() };
        assert!(input.take(&Event::Keyboard(event), 1.0, || Some("pasted".into())));
        input.events
    }

    #[test]
    fn keys_are_known_and_write_text() {
        let names = |key: Key| self::key(&key);
        assert_eq!(names(Key::Named(keyboard_types::NamedKey::ArrowUp)), Some(egui::Key::ArrowUp));
        assert_eq!(names(Key::Character("Z".into())), Some(egui::Key::Z), "with shift");
        assert_eq!(names(Key::Character(" ".into())), Some(egui::Key::Space));
        assert_eq!(names(Key::Character("+".into())), None);
        let typed = pressed(Key::Character("z".into()), Code::KeyZ, Modifiers::empty());
        assert!(
            matches!(&typed[..], [egui::Event::Key { .. }, egui::Event::Text(text)] if text == "z")
        );
        let undone = pressed(Key::Character("z".into()), Code::KeyZ, Modifiers::CONTROL);
        assert!(!undone.iter().any(|event| matches!(event, egui::Event::Text(_))), "{undone:?}");
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_clipboard_has_its_keys() {
        let with = |code: Code| pressed(Key::Character("?".into()), code, Modifiers::CONTROL);
        assert_eq!(with(Code::KeyC).last(), Some(&egui::Event::Copy));
        assert_eq!(with(Code::KeyX).last(), Some(&egui::Event::Cut));
        assert_eq!(with(Code::KeyV).last(), Some(&egui::Event::Text("pasted".into())));
    }

    #[test]
    fn a_button_is_pressed_where_the_pointer_is() {
        let mut input = Input::default();
        let (button, modifiers) = (MouseButton::Left, Modifiers::empty());
        let press = Event::Mouse(MouseEvent::ButtonPressed { button, modifiers });
        input.take(&press, 2.0, || None);
        assert_eq!(input.events, [], "it is not in the window");
        let position = baseview::dpi::PhysicalPosition::new(40.0, 60.0);
        let moved = Event::Mouse(MouseEvent::CursorMoved { position, modifiers });
        input.take(&moved, 2.0, || None);
        input.take(&press, 2.0, || None);
        let place = |event: &egui::Event| match event {
            egui::Event::PointerMoved(pos) | egui::Event::PointerButton { pos, .. } => Some(*pos),
            _ => None,
        };
        let places: Vec<_> = input.events.iter().filter_map(place).collect();
        assert_eq!(places, [pos2(20.0, 30.0); 2], "in points");
    }
}
