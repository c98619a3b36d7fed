//! System packages that the tests and the demo want beside a Rust toolchain.
//!
//! The plugin itself links the C library alone, so it needs none. Ardour is the DAW of the
//! acceptance test; the editor is tested and photographed on an X server that paints into memory,
//! with the libraries that its window loads at run time. On other systems than Debian's nothing is installed; what is missing is found
//! by the test that wants it, which says so.

use std::process::{Command, Stdio};

/// Debian packages by what they are for.
const TEST_PACKAGES: &[(&str, &str)] = &[("ardour", "the DAW of the acceptance test")];

/// What an editor needs to open without a screen.
const SCREEN_PACKAGES: &[(&str, &str)] = &[
    ("xvfb", "the X server that the editor is tested on"),
    ("libgl1", "OpenGL"),
    ("libgl1-mesa-dri", "OpenGL without a graphics card"),
    ("libx11-6", "the editor's window"),
    ("libx11-xcb1", "the editor's window"),
    ("libxcursor1", "the editor's pointer"),
    ("libxkbcommon-x11-0", "the editor's keyboard"),
];

/// Installs what the tests want and is missing, when it may; otherwise prints the exact line that
/// would.
pub fn set_up() {
    install(&[TEST_PACKAGES, SCREEN_PACKAGES].concat());
}

/// [`set_up`] for what an editor alone needs.
pub fn set_up_screen() {
    install(SCREEN_PACKAGES);
}

fn install(packages: &[(&'static str, &str)]) {
    let missing: Vec<&str> = packages
        .iter()
        .filter(|(package, _)| !is_installed(package))
        .map(|(package, purpose)| {
            eprintln!("missing system package {package}: {purpose}");
            *package
        })
        .collect();
    if missing.is_empty() || !exists("apt-get") {
        return;
    }
    let install = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !is_root() {
        eprintln!("to install what is missing, run: sudo {install}");
        return;
    }
    eprintln!("$ apt-get update && {install}");
    let done = Command::new("sh")
        .args(["-c", &format!("apt-get -q update && {install}")])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !done {
        eprintln!("the packages could not be installed; by hand: apt-get update && {install}");
    }
}

fn is_installed(package: &str) -> bool {
    // Without dpkg there is no telling, and nothing to install with either.
    Command::new("dpkg-query")
        .args(["-W", "-f=${Status}", package])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.stdout.ends_with(b"ok installed"))
}

fn exists(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
