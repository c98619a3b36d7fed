//! What the screen shows of a picture.

use super::line::Line;
use crate::editor::raster::{Area, Pixels};
use crate::editor::theme;
use std::time::Instant;

/// Most bytes that are sent at once: below what X11 calls a big request, and what a processor keeps
/// near.
const CHUNK: usize = 128 << 10;

/// Something that takes pixels.
pub trait Target {
    type Error;

    /// Brings rows of pixels to an area of the screen.
    fn put(&self, area: &Area, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Says that this was all for now.
    fn flush(&self) -> Result<(), Self::Error>;
}

/// A picture, and how far the screen has it.
#[derive(Default)]
pub struct Shown {
    /// The picture without the playhead.
    pub pixels: Pixels,
    /// The playhead, and where it stands on the screen, if it is there yet.
    line: Option<(Line, Option<i32>)>,
    /// What the screen does not show yet.
    missing: Vec<Area>,
    /// Where pixels are put together, kept since large memory is cleared each time it is asked for.
    bytes: Vec<u8>,
}

impl Shown {
    /// A picture of which the screen shows nothing.
    pub fn new(size: [usize; 2]) -> Self {
        let [width, height] = size;
        let missing = vec![Area { x: 0..width, y: 0..height }];
        Self { pixels: Pixels::new(size, theme::PANEL), missing, ..Self::default() }
    }

    /// Says that the screen lacks a part.
    pub fn expose(&mut self, area: Area) {
        let [width, height] = self.pixels.size();
        let area = area.within(&Area { x: 0..width, y: 0..height });
        if !area.is_empty() {
            self.missing.push(area);
        }
    }

    /// Puts another playhead over the picture, or none.
    pub fn put_line(&mut self, line: Option<Line>) {
        if let Some((line, Some(x))) = self.line.take() {
            self.expose(line.covers(x));
        }
        self.line = line.map(|line| (line, None));
    }

    /// Whether the playhead moves at a time.
    pub fn moves(&self, now: Instant) -> bool {
        self.line.as_ref().is_some_and(|(line, _)| line.moves(now))
    }

    /// Sends what the screen lacks, with the playhead where it stands `now`.
    pub fn send<T: Target>(&mut self, now: Instant, target: &T) -> Result<(), T::Error> {
        if let Some((line, x)) = &mut self.line {
            let stands = line.stands(now);
            if *x != Some(stands) {
                let [before, after] = [x.unwrap_or(stands), stands].map(|x| line.covers(x));
                *x = Some(stands);
                let columns = before.x.start.min(after.x.start)..before.x.end.max(after.x.end);
                self.missing.push(Area { x: columns, y: after.y });
            }
        }
        if self.missing.is_empty() {
            return Ok(());
        }
        for area in std::mem::take(&mut self.missing) {
            self.send_area(&area, target)?;
        }
        target.flush()
    }

    fn send_area<T: Target>(&mut self, area: &Area, target: &T) -> Result<(), T::Error> {
        if area.is_empty() {
            return Ok(());
        }
        let n_rows = (CHUNK / 4 / area.x.len()).max(1);
        let mut row = Vec::new();
        for start in area.y.clone().step_by(n_rows) {
            let rows = start..(start + n_rows).min(area.y.end);
            self.bytes.resize(area.x.len() * rows.len() * 4, 0);
            let places = self.bytes.chunks_exact_mut(area.x.len() * 4);
            for (y, place) in rows.clone().zip(places) {
                row.clear();
                row.extend_from_slice(self.pixels.row(y, area.x.clone()));
                if let Some((line, Some(x))) = &self.line {
                    line.paint(*x, y, area.x.start, &mut row);
                }
                for (bytes, pixel) in place.as_chunks_mut::<4>().0.iter_mut().zip(&row) {
                    *bytes = pixel.to_le_bytes();
                }
            }
            target.put(&Area { x: area.x.clone(), y: rows }, &self.bytes)?;
        }
        Ok(())
    }
}
