//! Starts an X server that paints into memory.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::instance::PixelSize;
use crate::{Error, Result};

/// How long the server may take until it answers.
const LIMIT: Duration = Duration::from_secs(20);

/// An Xvfb that ends when this is dropped.
pub struct XServer {
    process: Child,
    name: String,
}

impl XServer {
    /// Starts Xvfb on a free display with a screen of a size in pixels and further options, such
    /// as `["-extension", "GLX"]`.
    ///
    /// # Errors
    /// [`Error::XServer`] when there is no Xvfb, or it does not start.
    pub fn start([width, height]: PixelSize, options: &[&str]) -> Result<Self> {
        let fail = |reason: String| Error::XServer(format!("Xvfb {reason}"));
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0"])
            .arg(format!("{width}x{height}x24"))
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| fail(format!("cannot be started: {error}")))?;
        let output = process.stdout.take();
        let mut server = Self { process, name: String::new() };
        let (sender, number) = channel();
        // The thread ends with the server.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = output.map(|output| BufReader::new(output).read_line(&mut line));
            // Whoever waited may have given up.
            let _ = sender.send(read.and_then(std::result::Result::ok).map(|_| line));
        });
        let number = number.recv_timeout(LIMIT).ok().flatten();
        let number = number.and_then(|line| line.trim().parse::<u32>().ok());
        let number = number.ok_or_else(|| {
            let ended = server.process.try_wait().ok().flatten();
            let ended = ended.map(|status| format!(": {status}")).unwrap_or_default();
            fail(format!("did not start{ended}"))
        })?;
        server.name = format!(":{number}");
        Ok(server)
    }

    /// The server's name, for `DISPLAY`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server's process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for XServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
