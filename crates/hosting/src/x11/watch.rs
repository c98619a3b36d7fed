//! Counts the pictures that reach a window.

use std::time::Duration;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};
use x11rb::rust_connection::RustConnection;

use super::refused;
use crate::Result;

/// What is painted so shortly after something else belongs to the same picture, in milliseconds of
/// the server's clock. Half of the time between two pictures of a fast screen.
const SAME_PICTURE: u32 = 4;

/// Watches a window, with all windows in it, from when it was made.
pub struct Watch {
    connection: RustConnection,
}

/// What was painted into a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// The times between two pictures, large or small.
    pub intervals: Vec<Duration>,
    /// What was brought to the screen, by windows that it would fill.
    pub n_windows: f64,
}

impl Watch {
    /// Watches a window of the server that a name (`:7`) or `DISPLAY` means.
    ///
    /// # Errors
    /// [`crate::Error::XServer`], also when the server lacks the DAMAGE extension.
    pub fn of(server: Option<&str>, window: u32) -> Result<Self> {
        let (connection, _) = RustConnection::connect(server).map_err(refused)?;
        connection.damage_query_version(1, 1).map_err(refused)?.reply().map_err(refused)?;
        let damage = connection.generate_id().map_err(refused)?;
        let level = ReportLevel::RAW_RECTANGLES;
        let made = connection.damage_create(damage, window, level).map_err(refused)?;
        made.check().map_err(refused)?;
        let watch = Self { connection };
        // What the window shows already counts as new.
        watch.pictures()?;
        Ok(watch)
    }

    /// What was painted since the last call.
    ///
    /// # Errors
    /// [`crate::Error::XServer`].
    pub fn pictures(&self) -> Result<Pictures> {
        let mut painted = Vec::new();
        while let Some(event) = self.connection.poll_for_event().map_err(refused)? {
            if let Event::DamageNotify(notify) = event {
                let [part, whole] = [notify.area, notify.geometry]
                    .map(|rect| f64::from(rect.width) * f64::from(rect.height));
                painted.push((notify.timestamp, part / whole));
            }
        }
        Ok(pictures(&painted))
    }
}

/// Pictures of what was painted: when, and which share of the window.
fn pictures(painted: &[(u32, f64)]) -> Pictures {
    let mut starts: Vec<u32> = Vec::new();
    let mut last = None;
    for &(time, _) in painted {
        // The clock begins anew after 49 days.
        if last.is_none_or(|last| time.wrapping_sub(last) > SAME_PICTURE) {
            starts.push(time);
        }
        last = Some(time);
    }
    let since = |pair: &[u32]| Duration::from_millis(pair[1].wrapping_sub(pair[0]).into());
    Pictures {
        intervals: starts.windows(2).map(since).collect(),
        n_windows: painted.iter().map(|(_, share)| share).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_painted_together_is_one_picture() {
        let millis = |times: &[u32]| {
            let painted: Vec<_> = times.iter().map(|time| (*time, 0.25)).collect();
            let pictures = pictures(&painted);
            let intervals = pictures.intervals.iter().map(Duration::as_millis);
            (intervals.collect::<Vec<_>>(), pictures.n_windows)
        };
        assert_eq!(millis(&[100, 101, 103, 116, 118, 150]), (vec![16, 34], 1.5));
        assert_eq!(millis(&[u32::MAX, 16]), (vec![17], 0.5));
        assert_eq!(millis(&[]), (vec![], 0.0));
    }
}
