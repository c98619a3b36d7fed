//! What the editor and the host's main thread can ask of the worker.

use crossbeam_channel::{Sender, TrySendError};
use score::Part;

use crate::crew::Waker;
use crate::{Error, Result};

/// Commands that can wait; a user cannot click faster.
pub(crate) const COMMAND_CAPACITY: usize = 64;

/// An order to the worker, carried out before the next beat is composed.
///
/// Commands are a user's hand: they change what is composed from now on, and are no part of the
/// promise that equal projects sound equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Composes one part anew wherever its beats would be used again; the others stay.
    Regenerate(Part),
    /// Composes all parts anew wherever their beats would be used again.
    RegenerateAll,
    /// Goes back to the take of a part before the one that is heard.
    PreviousTake(Part),
    /// Goes forward to the take after the one that is heard, if there is one.
    NextTake(Part),
    /// Takes back every `Regenerate` so far: the first takes are heard again.
    FirstTakes,
    /// Composes the phrase around a beat of the song anew, chords included, and leaves the rest:
    /// as many bars as `phrase` says, 4 where it is off; with `hold`, the phrase that is held.
    RegeneratePhrase {
        /// Where the playhead is, in whole beats.
        beat: i64,
    },
    /// Takes the last `RegeneratePhrase` back.
    TakePhraseBack,
    /// Keeps the notes that a part has played since the start, whatever else changes; or lets it
    /// go on.
    Lock(Part, bool),
    /// Forgets what was heard and composed, as after a start.
    ClearHistory,
    /// Empties the capture of the last bars.
    ClearCapture,
}

/// Sends commands to the worker and wakes it. Clone it freely; never use it on the audio thread.
#[derive(Clone, Debug)]
pub struct Commands {
    pub(crate) sender: Sender<Command>,
    pub(crate) waker: Waker,
}

impl Commands {
    /// Sends a command.
    ///
    /// # Errors
    /// [`Error::Busy`] when the worker is behind; [`Error::Ended`] when there is none any more.
    pub fn send(&self, command: Command) -> Result<()> {
        self.sender.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy { capacity: COMMAND_CAPACITY },
            TrySendError::Disconnected(_) => Error::Ended,
        })?;
        self.waker.wake();
        Ok(())
    }
}
