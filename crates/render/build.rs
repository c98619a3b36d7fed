//! Says whether the shipped weights lie in the repository, so that they can be embedded.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shipped_model)");
    let files = ["tributary-v1.safetensors", "tributary-v1.json"];
    let paths = files.map(|file| Path::new("../../models").join(file));
    // The folder changes when a file is added; a file alone could not be watched before it exists.
    println!("cargo::rerun-if-changed=../../models");
    if paths.iter().all(|path| path.is_file()) {
        println!("cargo::rustc-cfg=shipped_model");
    }
}
