//! Paths as `file` URIs (RFC 8089), as lists of files carry them.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// One line of a `text/uri-list` (RFC 2483) for an absolute path.
pub fn line(path: &Path) -> String {
    let mut text = String::from("file://");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                text.push(char::from(*byte));
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text.push_str("\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_letter_is_escaped() {
        assert_eq!(line(Path::new("/a/take-0001.mid")), "file:///a/take-0001.mid\r\n");
        assert_eq!(line(Path::new("/a b/ü%#.mid")), "file:///a%20b/%C3%BC%25%23.mid\r\n");
    }
}
