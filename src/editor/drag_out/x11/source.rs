//! The conversation with the windows below the pointer.

use super::super::Outcome;
use std::error::Error;
use std::thread::sleep;
use std::time::{Duration, Instant};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, KeyButMask,
    PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Timestamp,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The version that is spoken, and the oldest one that is understood.
const VERSION: u32 = 5;
const OLDEST_VERSION: u32 = 3;

/// How often the pointer is looked at.
const TICK: Duration = Duration::from_millis(8);

/// How long a window may think about whether it takes the file.
const STATUS_LIMIT: Duration = Duration::from_secs(1);

/// How long a window may take until it has what was dropped.
const FINISH_LIMIT: Duration = Duration::from_secs(5);

/// How long a drag may take; a server that loses the button's release must not keep the thread.
const DRAG_LIMIT: Duration = Duration::from_secs(120);

/// How deep windows lie in each other before the search gives up.
const MAX_DEPTH: usize = 32;

/// The keysym of Escape.
const ESCAPE: u32 = 0xff1b;

x11rb::atom_manager! {
    /// The names of the protocol.
    Atoms: AtomsCookie {
        XdndAware,
        XdndProxy,
        XdndSelection,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        TARGETS,
        URI_LIST: b"text/uri-list",
    }
}

/// A window that knows the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    /// The window that messages are about.
    window: Window,
    /// The window that they are sent to, mostly the same.
    receiver: Window,
    version: u32,
}

/// What is known of the window below the pointer.
struct Over {
    target: Target,
    /// Whether it said that it takes the file.
    accepts: bool,
    /// When it was asked last, until it answers.
    asked: Option<Instant>,
    /// The pointer's place that it was asked about.
    place: [i16; 2],
}

/// A drag's connection.
pub struct Source {
    connection: RustConnection,
    atoms: Atoms,
    root: Window,
    /// Our window, which nobody sees; it owns the selection.
    window: Window,
    /// When the selection was taken, by the server's clock.
    since: Timestamp,
    escape: Option<u8>,
    uri_list: String,
}

impl Source {
    /// Connects to a server, or to the one that the editor is on, and offers the list.
    ///
    /// # Errors
    /// When there is no server or it refuses something.
    pub fn connect(server: Option<&str>, uri_list: String) -> Result<Self> {
        let (connection, screen) = RustConnection::connect(server)?;
        let atoms = Atoms::new(&connection)?.reply()?;
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id()?;
        let events = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        connection
            .create_window(0, window, root, -9, -9, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &events)?
            .check()?;
        let mut source = Self { connection, atoms, root, window, since: 0, escape: None, uri_list };
        source.since = source.time()?;
        source.escape = source.code_of(ESCAPE)?;
        let selection = source.atoms.XdndSelection;
        source.connection.set_selection_owner(window, selection, source.since)?.check()?;
        Ok(source)
    }

    /// The server's time, which a change of a property of ours tells.
    fn time(&self) -> Result<Timestamp> {
        let (name, kind) = (AtomEnum::WM_NAME, AtomEnum::STRING);
        self.connection.change_property8(PropMode::APPEND, self.window, name, kind, b"")?;
        self.connection.flush()?;
        let asked = Instant::now();
        while asked.elapsed() < STATUS_LIMIT {
            match self.connection.poll_for_event()? {
                Some(Event::PropertyNotify(changed)) => return Ok(changed.time),
                Some(_) => {}
                None => sleep(TICK),
            }
        }
        Err("the X server does not tell its time".into())
    }

    fn code_of(&self, keysym: u32) -> Result<Option<u8>> {
        let (first, last) = {
            let setup = self.connection.setup();
            (setup.min_keycode, setup.max_keycode)
        };
        let keys = self.connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let width = usize::from(keys.keysyms_per_keycode).max(1);
        let row = keys.keysyms.chunks(width).position(|row| row.contains(&keysym));
        Ok(row.map(|row| first + row as u8))
    }

    /// Follows the pointer until its button is released.
    ///
    /// # Errors
    /// When the server goes away or refuses something that it should not.
    pub fn run(self, is_cancelled: impl Fn() -> bool) -> Result<Outcome> {
        let begun = Instant::now();
        let mut over: Option<Over> = None;
        loop {
            self.answer(&mut over)?;
            let pointer = self.connection.query_pointer(self.root)?.reply()?;
            if !pointer.mask.contains(KeyButMask::BUTTON1) {
                return self.release(over);
            }
            if is_cancelled() || self.is_escaped()? || begun.elapsed() > DRAG_LIMIT {
                self.leave(&over)?;
                return Ok(Outcome::Cancelled);
            }
            self.follow(&mut over, [pointer.root_x, pointer.root_y], pointer.child)?;
            self.connection.flush()?;
            sleep(TICK);
        }
    }

    fn is_escaped(&self) -> Result<bool> {
        let Some(code) = self.escape else { return Ok(false) };
        let keys = self.connection.query_keymap()?.reply()?.keys;
        Ok(keys[usize::from(code / 8)] & (1 << (code % 8)) != 0)
    }

    /// Tells the window below the pointer about it, and the one before that it is gone.
    fn follow(&self, over: &mut Option<Over>, place: [i16; 2], child: Window) -> Result<()> {
        let target = self.target_below(child, place)?;
        if over.as_ref().map(|over| over.target) != target {
            self.leave(over)?;
            *over = None;
            if let Some(target) = target {
                self.enter(target)?;
                let over = over.insert(Over { target, accepts: false, asked: None, place });
                self.position(over)?;
            }
            return Ok(());
        }
        let Some(over) = over else { return Ok(()) };
        let is_answered = over.asked.is_none_or(|asked| asked.elapsed() > STATUS_LIMIT);
        if is_answered && over.place != place {
            over.place = place;
            self.position(over)?;
        }
        Ok(())
    }

    /// The outermost window at a place that knows the protocol.
    fn target_below(&self, child: Window, [x, y]: [i16; 2]) -> Result<Option<Target>> {
        let mut window = child;
        for _ in 0..MAX_DEPTH {
            if window == x11rb::NONE {
                return Ok(None);
            }
            if let Some(target) = self.target(window)? {
                return Ok(Some(target));
            }
            // A window that has just gone has nothing below the pointer.
            let inner = self.connection.translate_coordinates(self.root, window, x, y)?.reply();
            window = inner.map_or(x11rb::NONE, |inner| inner.child);
        }
        Ok(None)
    }

    fn target(&self, window: Window) -> Result<Option<Target>> {
        let atoms = &self.atoms;
        let proxy = self.property(window, atoms.XdndProxy, AtomEnum::WINDOW)?;
        // A proxy that is one names itself; others are left over from programs that have ended.
        let receiver = match proxy {
            Some(proxy) => {
                let itself = self.property(proxy, atoms.XdndProxy, AtomEnum::WINDOW)?;
                if itself == Some(proxy) { proxy } else { window }
            }
            None => window,
        };
        let version = self.property(receiver, atoms.XdndAware, AtomEnum::ATOM)?;
        Ok(version.filter(|version| *version >= OLDEST_VERSION).map(|version| Target {
            window,
            receiver,
            version: version.min(VERSION),
        }))
    }

    /// A property's first number; none when the window has no such property or is gone.
    fn property(&self, window: Window, name: Atom, kind: AtomEnum) -> Result<Option<u32>> {
        let reply = self.connection.get_property(false, window, name, kind, 0, 1)?.reply();
        Ok(reply.ok().and_then(|reply| reply.value32()?.next()))
    }

    /// Sends a message of the protocol; a window that has gone does not matter.
    fn send(&self, target: Target, kind: Atom, [a, b, c, d]: [u32; 4]) -> Result<()> {
        let data = [self.window, a, b, c, d];
        let message = ClientMessageEvent::new(32, target.window, kind, data);
        let sent =
            self.connection.send_event(false, target.receiver, EventMask::NO_EVENT, message)?;
        sent.ignore_error();
        Ok(())
    }

    fn enter(&self, target: Target) -> Result<()> {
        self.send(target, self.atoms.XdndEnter, [target.version << 24, self.atoms.URI_LIST, 0, 0])
    }

    fn position(&self, over: &mut Over) -> Result<()> {
        let [x, y] = over.place.map(|length| u32::from(length as u16));
        over.asked = Some(Instant::now());
        let data = [0, x << 16 | y, self.since, self.atoms.XdndActionCopy];
        self.send(over.target, self.atoms.XdndPosition, data)
    }

    fn leave(&self, over: &Option<Over>) -> Result<()> {
        if let Some(over) = over {
            self.send(over.target, self.atoms.XdndLeave, [0; 4])?;
            // It may be our last word, so it is waited for until the server has it.
            self.connection.sync()?;
        }
        Ok(())
    }

    /// Reads what has come; whether the drop was finished, and how.
    fn answer(&self, over: &mut Option<Over>) -> Result<Option<bool>> {
        let mut finished = None;
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::SelectionRequest(request) => self.serve(&request)?,
                Event::ClientMessage(message) if message.format == 32 => {
                    let [window, flags, ..] = message.data.as_data32();
                    let Some(over) = over.as_mut().filter(|over| over.target.window == window)
                    else {
                        continue;
                    };
                    if message.type_ == self.atoms.XdndStatus {
                        over.asked = None;
                        over.accepts = flags & 1 != 0;
                    } else if message.type_ == self.atoms.XdndFinished {
                        // Before version 5 nobody said whether it went well.
                        finished = Some(over.target.version < 5 || flags & 1 != 0);
                    }
                }
                _ => {}
            }
        }
        Ok(finished)
    }

    /// Gives a window the list, or the names of what can be had.
    fn serve(&self, request: &SelectionRequestEvent) -> Result<()> {
        let SelectionRequestEvent { requestor, target, .. } = *request;
        // Very old programs leave the choice of the property to us.
        let property = match request.property {
            x11rb::NONE => target,
            property => property,
        };
        let (atoms, mode) = (&self.atoms, PropMode::REPLACE);
        let put = if request.selection != atoms.XdndSelection {
            None
        } else if target == atoms.URI_LIST {
            let bytes = self.uri_list.as_bytes();
            Some(self.connection.change_property8(mode, requestor, property, target, bytes)?)
        } else if target == atoms.TARGETS {
            let targets = [atoms.TARGETS, atoms.URI_LIST];
            let kind = AtomEnum::ATOM;
            Some(self.connection.change_property32(mode, requestor, property, kind, &targets)?)
        } else {
            None
        };
        let is_put = put.is_some_and(|put| put.check().is_ok());
        let notice = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor,
            selection: request.selection,
            target,
            property: if is_put { property } else { x11rb::NONE },
        };
        let sent = self.connection.send_event(false, requestor, EventMask::NO_EVENT, notice)?;
        sent.ignore_error();
        self.connection.flush()?;
        Ok(())
    }

    /// Drops the file where the pointer is, or nowhere.
    fn release(&self, mut over: Option<Over>) -> Result<Outcome> {
        while let Some(asked) = over.as_ref().and_then(|over| over.asked)
            && asked.elapsed() < STATUS_LIMIT
        {
            sleep(TICK);
            self.answer(&mut over)?;
        }
        let Some(target) = over.as_ref().filter(|over| over.accepts).map(|over| over.target) else {
            self.leave(&over)?;
            return Ok(Outcome::Cancelled);
        };
        self.send(target, self.atoms.XdndDrop, [0, self.since, 0, 0])?;
        self.connection.flush()?;
        let dropped = Instant::now();
        while dropped.elapsed() < FINISH_LIMIT {
            match self.answer(&mut over)? {
                Some(true) => return Ok(Outcome::Dropped),
                Some(false) => return Ok(Outcome::Failed("the file was not taken".into())),
                None => sleep(TICK),
            }
        }
        Ok(Outcome::Failed("the window that the file was dropped on does not answer".into()))
    }
}
