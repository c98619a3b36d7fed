//! The end of a button's press that the system keeps to itself.
//!
//! While a file is dragged, Windows and macOS follow the pointer themselves, and its window never
//! hears that the button went up; egui would go on dragging.

use egui::{Context, Event, Modifiers, Plugin, PointerButton, RawInput, pos2};

/// Adds the release to the input of the next frame.
#[derive(Default)]
struct Release {
    is_due: bool,
}

impl Plugin for Release {
    fn debug_name(&self) -> &'static str {
        "release after a drag"
    }

    fn input_hook(&mut self, _context: &Context, input: &mut RawInput) {
        if !std::mem::take(&mut self.is_due) {
            return;
        }
        // Outside of the window: nothing there takes it for a click.
        let pos = pos2(-1.0, -1.0);
        let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
        input.events.push(Event::PointerButton { pos, button, pressed: false, modifiers });
        input.events.push(Event::PointerGone);
    }
}

/// Has the next frame hear that the button is up.
pub fn release(context: &Context) {
    // Kept as it is where it is there already.
    context.add_plugin(Release::default());
    context.with_plugin(|plugin: &mut Release| plugin.is_due = true);
    context.request_repaint();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::testing::Bench;
    use egui::{Rect, Sense, vec2};

    #[test]
    fn a_press_that_never_ended_ends_once() {
        let mut bench = Bench::new([200.0, 100.0]);
        let frame = |bench: &mut Bench| {
            let mut seen = (false, false, false);
            let _ = bench.frame(|ui, _| {
                let rect = Rect::from_min_size(pos2(20.0, 20.0), vec2(60.0, 30.0));
                let handle = ui.allocate_rect(rect, Sense::click_and_drag());
                seen = (handle.dragged(), handle.drag_stopped(), handle.clicked());
            });
            seen
        };
        frame(&mut bench);
        for _ in 0..2 {
            bench.button(pos2(40.0, 30.0), PointerButton::Primary, true);
            frame(&mut bench);
            bench.point_at(pos2(70.0, 40.0));
            assert!(frame(&mut bench).0, "it is dragged");
            release(&bench.context);
            assert_eq!(frame(&mut bench), (false, true, false), "it has ended, and is no click");
            assert_eq!(frame(&mut bench), (false, false, false));
            bench.pause();
        }
    }
}
