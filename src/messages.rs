//! The end of an instance's messages to its editor.
//!
//! nice-plug 0.4.2 tells a VST3's editor about automation through one thread for all instances of
//! a process. That thread ends when it comes to a message whose instance is gone, and then the
//! last instance to go panics, which takes the host down. So an instance that is deactivated waits
//! until its messages have been delivered; after that it sends no more.

use crate::Tributary;
use nice_plug::prelude::{AsyncExecutor, Plugin, TaskExecutor};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How long a thread that is stuck is waited for.
const LIMIT: Duration = Duration::from_secs(1);

/// How long the thread may need to let go of the instance that it has just delivered to.
const LET_GO: Duration = Duration::from_millis(1);

/// A message to ourselves, behind all others.
pub struct Last(SyncSender<()>);

/// Waits for the messages of one instance.
#[derive(Default)]
pub struct Messages {
    executor: Option<AsyncExecutor<Tributary>>,
}

impl Messages {
    /// Will wait for what goes through this executor's thread.
    pub fn through(executor: AsyncExecutor<Tributary>) -> Self {
        Self { executor: Some(executor) }
    }

    /// What the thread does with our own message.
    pub fn receiver() -> TaskExecutor<Tributary> {
        Box::new(|Last(delivered): <Tributary as Plugin>::BackgroundTask| {
            // Whoever waited may have given up.
            let _ = delivered.try_send(());
        })
    }

    /// Waits, if the instance has sent anything; not for the audio thread.
    pub fn wait(&self) {
        let Some(executor) = &self.executor else { return };
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            let (sender, delivered) = sync_channel(1);
            executor.execute_background(Last(sender));
            let outcome =
                delivered.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            std::thread::sleep(LET_GO);
            // A full queue drops the message, and its sender with it.
            if outcome != Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }
}
