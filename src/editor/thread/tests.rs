#![cfg(target_os = "linux")]

use super::*;
use std::sync::mpsc;

#[test]
fn a_thread_is_waited_for() {
    let thread = WindowThread::default();
    thread.wait();
    let (set, is_set) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let theirs = thread.clone();
    let handle = std::thread::spawn(move || {
        theirs.set();
        set.send(std::fs::canonicalize("/proc/thread-self").unwrap()).unwrap();
        ends.recv().unwrap_err();
        std::thread::sleep(Duration::from_millis(50));
    });
    let path = is_set.recv().unwrap();
    assert!(path.exists());
    drop(end);
    thread.wait();
    assert!(!path.exists());
    handle.join().unwrap();
}
