//! A process and an X server for a test.

use std::path::{Path, PathBuf};
use std::process::Command;

use hosting::{Display, XServer};

/// Set in the process that a test runs in.
const CHILD: &str = "TRIBUTARY_ON_A_SCREEN";

/// Large enough for the largest window that is tested.
const SIZE: [u32; 2] = [3200, 2400];

/// Where the process of a test keeps what it keeps for a user.
pub fn home(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("home").join(name.replace(':', "-"))
}

/// Runs `body` of the test `editor::name` in a process of its own, on an X server that is started
/// with `options` besides the usual ones. What the process has printed, unless it was skipped.
pub fn on_a_screen(name: &str, options: &[&str], body: impl FnOnce(&Display)) -> Option<String> {
    if std::env::var_os(CHILD).is_some() {
        body(&Display::connect(None).unwrap());
        return None;
    }
    let server = match XServer::start(SIZE, options) {
        Ok(server) => server,
        Err(error) => {
            println!("skipped: {error}; `cargo xtask test` installs what is missing");
            return None;
        }
    };
    let _ = std::fs::remove_dir_all(home(name));
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args(["--exact", &format!("editor::{name}"), "--nocapture"])
        .env("DISPLAY", server.name())
        .env("XDG_DATA_HOME", home(name))
        .env("XDG_MUSIC_DIR", home(name))
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{}\n{text}", output.status);
    assert!(text.contains("1 passed"), "no test was run\n{text}");
    Some(text)
}
