use super::line::Line;
use super::shown::{Shown, Target};
use super::*;
use crate::editor::raster::pixel;
use egui::{Color32, Rect, pos2};
use std::cell::RefCell;
use std::convert::Infallible;

const SIZE: [usize; 2] = [200, 160];

/// A screen that begins in red, which no picture has.
struct Seen(RefCell<Vec<u32>>);

impl Seen {
    fn new() -> Self {
        Self(RefCell::new(vec![pixel(Color32::RED); SIZE[0] * SIZE[1]]))
    }

    fn row(&self, y: usize) -> Vec<u32> {
        self.0.borrow()[y * SIZE[0]..(y + 1) * SIZE[0]].to_vec()
    }
}

impl Target for Seen {
    type Error = Infallible;

    fn put(&self, area: &Area, bytes: &[u8]) -> Result<(), Infallible> {
        assert_eq!(bytes.len(), area.x.len() * area.y.len() * 4);
        let pixels: Vec<u32> =
            bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        for (y, row) in area.y.clone().zip(pixels.chunks(area.x.len())) {
            let start = y * SIZE[0];
            self.0.borrow_mut()[start + area.x.start..start + area.x.end].copy_from_slice(row);
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A playhead in a roll between 20 and 60 points below the window's top, and 10 and 90 points from
/// its left, over music that moves by `speed` points a second.
fn at(x: f32, speed: f32) -> Playhead {
    let within = Rect::from_min_max(pos2(10.0, 20.0), pos2(90.0, 60.0));
    Playhead { x, within, speed, end: 80.0, at: Instant::now() }
}

/// Holds the screen to the picture with the playhead where it stands.
fn assert_shows(seen: &Seen, shown: &Shown, line: Option<(&Line, i32)>) {
    for y in 0..SIZE[1] {
        let mut row = shown.pixels.row(y, 0..SIZE[0]).to_vec();
        if let Some((line, x)) = line {
            line.paint(x, y, 0, &mut row);
        }
        assert_eq!(seen.row(y), row, "row {y}");
    }
}

#[test]
fn the_screen_shows_the_picture_with_the_playhead_over_it() {
    let mut shown = Shown::new(SIZE);
    let seen = Seen::new();
    let mut number = 0;
    let mut paint = |shown: &mut Shown, area: Area| {
        number += 1;
        shown.pixels.fill(&area, Color32::from_rgb(number, 90, 7));
        shown.expose(area);
    };
    let playhead = at(50.0, 100.0);
    let line = Line::new(&playhead, 2.0, SIZE);
    for (step, millis) in [0, 10, 20, 60, 70, 200, 900].into_iter().enumerate() {
        let now = playhead.at + Duration::from_millis(millis);
        if step % 2 == 0 {
            paint(&mut shown, Area { x: 90 + step..130, y: 30..70 + step });
        }
        if step % 3 == 0 {
            shown.put_line(Some(line.clone()));
        }
        shown.send(now, &seen).unwrap();
        assert_shows(&seen, &shown, Some((&line, line.stands(now))));
    }
    // It goes, and what was below it comes back.
    shown.put_line(None);
    shown.send(Instant::now(), &seen).unwrap();
    assert_shows(&seen, &shown, None);
    // The screen loses a part, more than there is.
    seen.put(&Area { x: 150..200, y: 100..160 }, &[0; 50 * 60 * 4]).unwrap();
    shown.expose(Area { x: 150..900, y: 100..usize::MAX });
    shown.send(Instant::now(), &seen).unwrap();
    assert_shows(&seen, &shown, None);
}

#[test]
fn nothing_is_sent_where_nothing_changes() {
    struct Nobody;
    impl Target for Nobody {
        type Error = ();

        fn put(&self, _area: &Area, _bytes: &[u8]) -> Result<(), ()> {
            Err(())
        }

        fn flush(&self) -> Result<(), ()> {
            Err(())
        }
    }
    let mut shown = Shown::new(SIZE);
    shown.put_line(Some(Line::new(&at(50.0, 0.0), 2.0, SIZE)));
    let now = Instant::now();
    assert!(shown.send(now, &Nobody).is_err());
    shown.send(now, &Seen::new()).unwrap();
    shown.send(now, &Nobody).unwrap();
    shown.expose(Area::default());
    shown.send(now, &Nobody).unwrap();
}

#[test]
fn the_line_is_the_playhead_of_the_roll() {
    for scale in [1.0, 2.0] {
        let playhead = at(50.3, 0.0);
        let size = [100, 80].map(|length| length * scale as usize);
        let line = Line::new(&playhead, scale, size);
        let shape = egui::epaint::ClippedShape::new(Rect::EVERYTHING, playhead.shape(scale));
        let context = Context::default();
        let mut output = context.run_ui(egui::RawInput::default(), |_| {});
        let mut raster = Raster::default();
        raster.set(&mut output.textures_delta);
        let mut pixels = crate::editor::raster::Pixels::new(size, Color32::BLACK);
        raster.paint(&mut pixels, &context.tessellate(vec![shape], scale), scale);
        for y in 0..size[1] {
            let mut row = vec![pixel(Color32::BLACK); size[0]];
            line.paint(line.stands(playhead.at), y, 0, &mut row);
            assert_eq!(row, pixels.row(y, 0..size[0]), "row {y}");
        }
    }
}

#[test]
fn it_moves_until_its_end_or_until_the_picture_is_old() {
    let after = |playhead: &Playhead, millis| {
        let now = playhead.at + Duration::from_millis(millis);
        let line = Line::new(playhead, 2.0, SIZE);
        (line.stands(now), line.moves(now))
    };
    let playhead = at(50.0, 100.0);
    let places = [0, 50, 100].map(|millis| after(&playhead, millis));
    assert_eq!(places, [100, 110, 120].map(|x| (x, true)));
    assert!(!after(&playhead, 800).1);
    assert_eq!(after(&at(79.0, 100.0), 100), (160, true), "the end of the page");
    assert_eq!(after(&at(50.0, 0.0), 50), (100, false), "it stands");
}
