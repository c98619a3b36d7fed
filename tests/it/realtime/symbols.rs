//! Names for addresses in the plugin's library, which ships without any.
//!
//! The linker that made the library wrote down what it put where; `cargo xtask bundle` asks it to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hosting::CodeAddress;

/// Functions of one library by their address.
pub struct Symbols {
    /// File name of the library.
    library: String,
    /// Address to size and name.
    functions: BTreeMap<usize, (usize, String)>,
}

impl Symbols {
    /// Reads the linker's list beside a bundle's folder.
    ///
    /// # Panics
    /// If it is missing, or is not that of the library.
    pub fn of(bundle: &Path, library: &Path) -> Self {
        let target = bundle.parent().and_then(Path::parent).expect("target/bundled/BUNDLE");
        let map = target.join("release/tributary.map");
        let text = std::fs::read_to_string(&map).unwrap_or_else(|error| {
            panic!("{}: {error}; it is made by `cargo xtask bundle`", map.display())
        });
        let bytes = std::fs::read(library).expect("the library was just loaded");
        let listed = entries(&text).find(|(_, _, name)| *name == ".text");
        let listed = listed.map(|(address, size, _)| (address, size));
        assert_eq!(
            listed,
            code(&bytes),
            "{} is not that of {}: run `cargo xtask bundle`",
            map.display(),
            library.display(),
        );
        let name = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { library: name, functions: functions(&text) }
    }

    /// The function at an address; the library and the address itself where there is no name.
    pub fn name(&self, place: &CodeAddress) -> String {
        let known = || {
            let (start, (size, name)) = self.functions.range(..=place.offset).next_back()?;
            (place.offset < start + size).then(|| name.clone())
        };
        let ours = place.is_in(&self.library).then(known).flatten();
        ours.unwrap_or_else(|| place.to_string())
    }
}

/// Address, size and name of the lines that have the form `address address size align name`.
fn entries(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    text.lines().filter_map(|line| {
        let mut rest = line;
        let mut word = || {
            let (word, behind) = rest.trim_start().split_once(' ')?;
            rest = behind;
            usize::from_str_radix(word, 16).ok()
        };
        let (address, _, size, _) = (word()?, word()?, word()?, word()?);
        Some((address, size, rest.trim()))
    })
}

/// Names as they are written in the sources; pieces of object files are left out.
fn functions(text: &str) -> BTreeMap<usize, (usize, String)> {
    entries(text)
        .filter(|(_, size, name)| *size > 0 && !name.contains(":(") && !name.starts_with('.'))
        .map(|(address, size, name)| (address, (size, plain(name))))
        .collect()
}

/// A name as it is written in the sources: without the hash and the number that the compiler adds,
/// and with the characters that it writes in other ways.
fn plain(name: &str) -> String {
    let name = name.split(" (.llvm.").next().unwrap_or(name);
    let name = match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 => name,
        _ => name,
    };
    let written = [("$LT$", "<"), ("$GT$", ">"), ("$C$", ","), ("$u20$", " "), ("$RF$", "&")];
    let more = [("$BP$", "*"), ("$u7b$", "{"), ("$u7d$", "}"), ("$LP$", "("), ("$RP$", ")")];
    let mut name = name.replace("..", "::");
    for (found, meant) in written.into_iter().chain(more) {
        name = name.replace(found, meant);
    }
    name.strip_prefix('_').map(str::to_owned).unwrap_or(name)
}

/// Address and size of the code in a library, from the section headers of the ELF file.
fn code(bytes: &[u8]) -> Option<(usize, usize)> {
    let number = |at: usize, n: usize| {
        bytes[at..at + n].iter().rev().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let (table, count, names) = (number(0x28, 8), number(0x3c, 2), number(0x3e, 2));
    let header = |index: usize| table + index * 64;
    let names = number(header(names) + 0x18, 8);
    let is_code = |header: &usize| bytes[names + number(*header, 4)..].starts_with(b".text\0");
    let header = (0..count).map(header).find(is_code)?;
    Some((number(header + 0x10, 8), number(header + 0x20, 8)))
}

/// The library that a host loads from a bundle.
pub fn library_of(bundle: &Path) -> PathBuf {
    if bundle.is_file() {
        return bundle.to_owned();
    }
    let stem = bundle.file_stem().unwrap_or_default().to_string_lossy();
    let folder = format!("{}-linux", std::env::consts::ARCH);
    bundle.join("Contents").join(folder).join(format!("{stem}.so"))
}
