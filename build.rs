//! Keeps the plugin's library in memory once a host has loaded it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Threads of the host that went through the plugin run its thread-local destructors when they
    // end, which may be after the host has closed the library.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
