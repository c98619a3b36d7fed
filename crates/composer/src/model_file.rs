//! A model on disk: weights as safetensors, and their manifest beside them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use score::hash::Fnv1a;

use crate::{Error, Result};

/// Largest file that is read: thirty times the shipped weights. Nobody means a larger one.
const MAX_BYTES: u64 = 256 << 20;

/// What the two files of a model hold, not looked at yet.
#[derive(Clone, PartialEq, Eq)]
pub struct ModelFile {
    path: PathBuf,
    weights: Vec<u8>,
    manifest: Vec<u8>,
}

impl ModelFile {
    /// Reads `path`, which ends in `.safetensors`, and the `.json` of the same name beside it.
    ///
    /// May take as long as the disk does; never for the audio thread.
    ///
    /// # Errors
    /// [`Error::ModelFile`] for what cannot be read, is no file, or has another ending.
    pub fn read(path: &Path) -> Result<Self> {
        if path.extension().is_none_or(|ending| ending != "safetensors") {
            let message = "expected weights, a file that ends in .safetensors".to_owned();
            return Err(Error::ModelFile { file: path.to_owned(), message });
        }
        let weights = read(path, "")?;
        let manifest = read(&path.with_extension("json"), "; a model's manifest lies beside it")?;
        Ok(Self { path: path.to_owned(), weights, manifest })
    }

    /// Where the weights lie.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The weights, safetensors.
    pub fn weights(&self) -> &[u8] {
        &self.weights
    }

    /// The manifest, JSON.
    pub fn manifest(&self) -> &[u8] {
        &self.manifest
    }

    /// A number that another model's files do not have, for all that can be told: 64-bit FNV-1a in
    /// words of eight bytes, the same on every machine.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fnv1a::default();
        for bytes in [&self.manifest, &self.weights] {
            let (words, rest) = bytes.as_chunks::<8>();
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            for word in words.iter().chain([&last, &(bytes.len() as u64).to_le_bytes()]) {
                hash.word(u64::from_le_bytes(*word));
            }
        }
        hash.finish()
    }
}

impl std::fmt::Debug for ModelFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelFile").field("path", &self.path).finish_non_exhaustive()
    }
}

fn read(path: &Path, hint: &str) -> Result<Vec<u8>> {
    let refuse = |message| Err(Error::ModelFile { file: path.to_owned(), message });
    let about = |error: io::Error| Error::ModelFile {
        file: path.to_owned(),
        message: format!("cannot be read: {error}{hint}"),
    };
    let found = fs::metadata(path).map_err(about)?;
    // A pipe would never end, and hold up all that is composed.
    if !found.is_file() {
        return refuse("expected a file, found a folder or device".to_owned());
    }
    if found.len() > MAX_BYTES {
        return refuse(format!("{} bytes; at most {MAX_BYTES} are read", found.len()));
    }
    fs::read(path).map_err(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("tributary-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn what_is_no_model_is_named_with_its_reason() {
        let folder = folder("model-file");
        let error = |path: &Path| ModelFile::read(path).unwrap_err().to_string();
        let missing = folder.join("none.safetensors");
        let text = error(&missing);
        assert!(text.starts_with(&format!("{}: cannot be read: ", missing.display())), "{text}");
        let text = error(&folder.join("song.mid"));
        assert!(text.ends_with("expected weights, a file that ends in .safetensors"), "{text}");
        fs::create_dir(folder.join("folder.safetensors")).unwrap();
        let text = error(&folder.join("folder.safetensors"));
        assert!(text.ends_with("expected a file, found a folder or device"), "{text}");
        let lonely = folder.join("lonely.safetensors");
        fs::write(&lonely, b"weights").unwrap();
        let text = error(&lonely);
        assert!(text.contains("lonely.json: cannot be read: "), "{text}");
        assert!(text.ends_with("; a model's manifest lies beside it"), "{text}");
        let large = fs::File::create(folder.join("large.safetensors")).unwrap();
        large.set_len(MAX_BYTES + 1).unwrap();
        let text = error(&folder.join("large.safetensors"));
        assert!(text.ends_with("268435457 bytes; at most 268435456 are read"), "{text}");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_fingerprint_is_of_every_byte_of_both_files() {
        let path = PathBuf::from("a.safetensors");
        let file = |weights: &[u8], manifest: &[u8]| ModelFile {
            path: path.clone(),
            weights: weights.to_vec(),
            manifest: manifest.to_vec(),
        };
        let whole = file(b"0123456789", b"{}").fingerprint();
        assert_eq!(file(b"0123456789", b"{}").fingerprint(), whole);
        let others = [
            file(b"0123456788", b"{}"),
            file(b"1123456789", b"{}"),
            file(b"0123456789\0", b"{}"),
            file(b"0123456789", b"{} "),
            file(b"{}", b"0123456789"),
        ];
        assert!(others.iter().all(|other| other.fingerprint() != whole));
    }
}
