//! A picture for every picture of the screen.
//!
//! When baseview 0.4.2 wants to draw, it asks the X server to be told of the picture of the screen
//! after the next one (`last_msc + 2`), so it draws every other one at most. What it waits for is an
//! event with the number of its question, and the server tells everybody who listens to the window
//! of every answer. So the same question, for the next picture already, is asked beside it: its
//! answer has the number that baseview waits for, and the later one is ignored as one that came
//! before. A question that baseview does not ask changes nothing, and neither does a server without
//! this extension.

use super::Screen;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::{ConnectionError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::present::{self, CompleteKind, ConnectionExt as _, EventMask};

/// Asks beside the window library.
pub struct Pace {
    screen: Screen,
    /// The number of the last answer, and which picture of the screen it was.
    last: Option<(u32, u64)>,
}

impl Pace {
    /// Listens to a window.
    ///
    /// # Errors
    /// When the server does not know pictures of the screen, or has gone.
    pub fn new(screen: Screen) -> Result<Self, ReplyOrIdError> {
        let Screen { connection, window } = &screen;
        if connection.extension_information(present::X11_EXTENSION_NAME)?.is_none() {
            return Err(ConnectionError::UnsupportedExtension.into());
        }
        let id = connection.generate_id()?;
        connection.present_select_input(id, *window, EventMask::COMPLETE_NOTIFY)?.check()?;
        Ok(Self { screen, last: None })
    }

    /// Has the library told of the next picture of the screen. Called while one is drawn, whether
    /// another will be wanted or not.
    ///
    /// # Errors
    /// When the server has gone.
    pub fn hurry(&mut self) -> Result<(), ConnectionError> {
        let Screen { connection, window } = &self.screen;
        while let Some(event) = connection.poll_for_event()? {
            if let Event::PresentCompleteNotify(answer) = event
                && answer.kind == CompleteKind::NOTIFY_MSC
            {
                self.last = Some((answer.serial, answer.msc));
            }
        }
        let Some((serial, picture)) = self.last else { return Ok(()) };
        let (serial, picture) = (serial.wrapping_add(1), picture.wrapping_add(1));
        connection.present_notify_msc(*window, serial, picture, 1, 0)?.ignore_error();
        connection.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hosting::XServer;
    use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, WindowClass};
    use x11rb::rust_connection::RustConnection;

    /// What baseview does: asks for the picture after the next, and takes the first answer with the
    /// right number.
    fn next(connection: &RustConnection, window: u32, (serial, last): (u32, u64)) -> u64 {
        connection.present_notify_msc(window, serial, last + 2, 1, 0).unwrap();
        connection.flush().unwrap();
        loop {
            let event = connection.wait_for_event().unwrap();
            if let Event::PresentCompleteNotify(answer) = event
                && answer.serial == serial
                && answer.msc > last
            {
                return answer.msc;
            }
        }
    }

    #[test]
    fn whoever_waits_for_every_other_picture_is_told_of_each() {
        let Ok(server) = XServer::start([64, 64], &[]) else {
            return println!("skipped: Xvfb cannot be started");
        };
        let (connection, screen) = RustConnection::connect(Some(server.name())).unwrap();
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id().unwrap();
        let (class, aux) = (WindowClass::INPUT_OUTPUT, CreateWindowAux::new());
        connection.create_window(0, window, root, 0, 0, 64, 64, 0, class, 0, &aux).unwrap();
        connection.map_window(window).unwrap();
        let id = connection.generate_id().unwrap();
        connection.present_select_input(id, window, EventMask::COMPLETE_NOTIFY).unwrap();
        let screen = Screen::connect(Some(server.name()), window).unwrap();
        let mut pace = Pace::new(screen).unwrap();
        let mut last = next(&connection, window, (0, 0));
        // Alone nobody is told of the next picture, and a busy machine asks too late for some.
        let mut n_next = 0;
        for serial in 1..3000 {
            pace.hurry().unwrap();
            let told = next(&connection, window, (serial, last));
            n_next += u32::from(told == last + 1);
            last = told;
            if n_next == 20 {
                return;
            }
        }
        panic!("{n_next} of 2999 pictures followed the one before");
    }
}
