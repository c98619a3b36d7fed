//! Drags onto real windows of a real X server; skipped, with the reason, where none can be started.

use super::{Drag, Outcome};
use hosting::{Button, Display, XServer};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, PropMode,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Longer than any wait of a drag.
const LIMIT: Duration = Duration::from_secs(15);

/// What a window does with a drag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Takes the file and says so.
    Takes,
    /// Says that it takes nothing.
    Refuses,
    /// Says nothing at all.
    IsSilent,
    /// Says that it takes the file, and nothing after the drop.
    Forgets,
    /// Takes the file and says that it could not use it.
    Fails,
}

/// What a window was told.
#[derive(Debug, Default)]
struct Told {
    n_entered: usize,
    n_left: usize,
    /// The list that was dropped.
    list: Option<String>,
}

/// A window of 200 by 200 pixels in the screen's corner, with a thread that answers.
struct Target {
    thread: Option<JoinHandle<Told>>,
    stop: std::sync::Arc<AtomicBool>,
    window: u32,
}

impl Target {
    fn open(server: &str, manner: Manner) -> Self {
        let (connection, screen) = RustConnection::connect(Some(server)).unwrap();
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id().unwrap();
        // Inside a frame that knows nothing of drags, as a window manager makes them.
        let frame = connection.generate_id().unwrap();
        for (window, parent) in [(frame, root), (window, frame)] {
            let aux = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
            let class = WindowClass::INPUT_OUTPUT;
            connection.create_window(0, window, parent, 0, 0, 200, 200, 0, class, 0, &aux).unwrap();
            connection.map_window(window).unwrap();
        }
        let atom = |name: &str| {
            let asked = connection.intern_atom(false, name.as_bytes()).unwrap();
            asked.reply().unwrap().atom
        };
        let aware = atom("XdndAware");
        connection
            .change_property32(PropMode::REPLACE, window, aware, AtomEnum::ATOM, &[5])
            .unwrap()
            .check()
            .unwrap();
        let names = ["XdndEnter", "XdndPosition", "XdndLeave", "XdndDrop", "XdndStatus"];
        let [enter, position, leave, drop, status] = names.map(atom);
        let names = ["XdndFinished", "XdndActionCopy", "XdndSelection", "text/uri-list"];
        let [finished, copy, selection, uri_list] = names.map(atom);
        let stop = std::sync::Arc::<AtomicBool>::default();
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut told = Told::default();
            let mut source = 0;
            let send = |to: u32, kind: u32, flags: u32, action: u32| {
                let data = match kind == status {
                    true => [window, flags, 0, 0, action],
                    false => [window, flags, action, 0, 0],
                };
                let message = ClientMessageEvent::new(32, to, kind, data);
                connection.send_event(false, to, EventMask::NO_EVENT, message).unwrap();
                connection.flush().unwrap();
            };
            loop {
                // What was sent before the stop is read after it.
                let is_last = stopped.load(Ordering::Relaxed);
                if is_last {
                    connection.sync().unwrap();
                }
                let Some(event) = connection.poll_for_event().unwrap() else {
                    if is_last {
                        return told;
                    }
                    sleep(Duration::from_millis(2));
                    continue;
                };
                match event {
                    Event::ClientMessage(message) => {
                        let data = message.data.as_data32();
                        source = data[0];
                        match message.type_ {
                            kind if kind == enter => {
                                assert_eq!(data[1] >> 24, 5);
                                assert_eq!(data[2], uri_list);
                                told.n_entered += 1;
                            }
                            kind if kind == position && manner != Manner::IsSilent => {
                                assert_eq!(data[4], copy);
                                let accepts = u32::from(manner != Manner::Refuses);
                                send(source, status, accepts, copy);
                            }
                            kind if kind == leave => told.n_left += 1,
                            kind if kind == drop && manner != Manner::Forgets => {
                                connection
                                    .convert_selection(window, selection, uri_list, copy, data[2])
                                    .unwrap();
                                connection.flush().unwrap();
                            }
                            _ => {}
                        }
                    }
                    Event::SelectionNotify(notice) => {
                        assert_eq!(notice.property, copy, "the selection was not given");
                        let kind = AtomEnum::ANY;
                        let list = connection
                            .get_property(true, window, notice.property, kind, 0, 4096)
                            .unwrap()
                            .reply()
                            .unwrap();
                        told.list = Some(String::from_utf8(list.value).unwrap());
                        let is_taken = u32::from(manner == Manner::Takes);
                        send(source, finished, is_taken, copy);
                    }
                    _ => {}
                }
            }
        });
        Self { thread: Some(thread), stop, window }
    }

    fn close(mut self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

/// A small file of music whose name is not plain.
fn music(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("tributary drag {}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name} 50 % ü.mid"));
    std::fs::write(&path, score::smf::write(&score::Piece::default())).unwrap();
    path
}

fn server() -> Option<(XServer, Display)> {
    match XServer::start([640, 480], &[]) {
        Ok(server) => {
            let display = Display::connect(Some(server.name())).unwrap();
            Some((server, display))
        }
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

#[track_caller]
fn wait(drag: &Drag) -> Outcome {
    let begun = Instant::now();
    loop {
        if let Some(outcome) = drag.outcome() {
            return outcome;
        }
        assert!(begun.elapsed() < LIMIT, "the drag hangs");
        sleep(Duration::from_millis(5));
    }
}

/// Drags a file from the empty screen onto a window and lets go there.
fn drag_onto(manner: Manner) -> Option<(Outcome, Told, PathBuf)> {
    let (server, display) = server()?;
    let target = Target::open(server.name(), manner);
    let path = music(&format!("{manner:?}"));
    display.point(display.root(), [500, 400]).unwrap();
    display.button(Button::Left, true).unwrap();
    let drag = Drag::begin_on(Some(server.name()), &path).unwrap();
    for place in [[400, 300], [100, 100], [110, 120], [120, 100]] {
        display.point(display.root(), place).unwrap();
        assert_eq!(drag.outcome(), None, "the button is held");
    }
    display.button(Button::Left, false).unwrap();
    let outcome = wait(&drag);
    Some((outcome, target.close(), path))
}

/// The path of a list of one file, as a file manager reads it.
fn path_of(list: &str) -> PathBuf {
    let uri = list.strip_suffix("\r\n").expect("lines end with CR and LF");
    let encoded = uri.strip_prefix("file://").expect("a file").as_bytes();
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < encoded.len() {
        if encoded[at] == b'%' {
            let digits = std::str::from_utf8(&encoded[at + 1..at + 3]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            at += 3;
        } else {
            bytes.push(encoded[at]);
            at += 1;
        }
    }
    PathBuf::from(String::from_utf8(bytes).unwrap())
}

#[test]
fn a_window_takes_the_file() {
    let Some((outcome, told, path)) = drag_onto(Manner::Takes) else { return };
    assert_eq!(outcome, Outcome::Dropped);
    assert_eq!((told.n_entered, told.n_left), (1, 0));
    let dropped = path_of(&told.list.expect("a list"));
    assert_eq!(dropped, path);
    let bytes = std::fs::read(dropped).unwrap();
    score::smf::read(&bytes, "dropped").unwrap();
}

#[test]
fn a_window_that_takes_nothing_gets_nothing() {
    let Some((outcome, told, _)) = drag_onto(Manner::Refuses) else { return };
    assert_eq!(outcome, Outcome::Cancelled);
    assert_eq!((told.n_entered, told.n_left, told.list), (1, 1, None));
}

#[test]
fn windows_that_never_answer_hang_nothing() {
    let Some((outcome, told, _)) = drag_onto(Manner::IsSilent) else { return };
    assert_eq!(outcome, Outcome::Cancelled);
    assert_eq!(told.n_left, 1);
    let Some((outcome, ..)) = drag_onto(Manner::Forgets) else { return };
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

#[test]
fn a_window_that_could_not_use_the_file_says_so() {
    let Some((outcome, ..)) = drag_onto(Manner::Fails) else { return };
    assert_eq!(outcome, Outcome::Failed("the file was not taken".into()));
}

#[test]
fn on_the_empty_screen_nothing_happens() {
    let Some((server, display)) = server() else { return };
    display.button(Button::Left, true).unwrap();
    let drag = Drag::begin_on(Some(server.name()), &music("nowhere")).unwrap();
    display.point(display.root(), [10, 10]).unwrap();
    display.button(Button::Left, false).unwrap();
    assert_eq!(wait(&drag), Outcome::Cancelled);
}

#[test]
fn escape_and_a_closed_editor_cancel() {
    let Some((server, display)) = server() else { return };
    let target = Target::open(server.name(), Manner::Takes);
    display.button(Button::Left, true).unwrap();
    display.point(display.root(), [100, 100]).unwrap();
    let drag = Drag::begin_on(Some(server.name()), &music("escape")).unwrap();
    display.point(target.window, [50, 50]).unwrap();
    display.key(hosting::Keysym::ESCAPE).unwrap();
    assert_eq!(wait(&drag), Outcome::Cancelled);

    let drag = Drag::begin_on(Some(server.name()), &music("closed")).unwrap();
    display.point(target.window, [60, 60]).unwrap();
    let shared = drag.shared.clone();
    drop(drag);
    let begun = Instant::now();
    while shared.outcome.lock().is_none() {
        assert!(begun.elapsed() < LIMIT, "the drag goes on without its editor");
        sleep(Duration::from_millis(5));
    }
    let told = target.close();
    assert_eq!((told.n_entered, told.n_left, told.list), (2, 2, None));
}

#[test]
fn without_a_server_it_is_said() {
    let error = Drag::begin_on(Some(":4711"), Path::new("/a.mid")).err();
    assert!(error.is_some_and(|text| !text.is_empty()));
}
