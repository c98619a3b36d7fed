//! An instance that is driven block by block from the calling thread.

use std::path::Path;

use crate::run::Tape;
use crate::{Block, Instance, NoHook, Processor, Recording, Result, Script, load, prepare};

/// One active instance, for hosts that hold several and process them in turn.
///
/// Both halves are used from the calling thread, as by a host without threads. Actions of blocks
/// are not carried out; [`run`](crate::run) does that.
pub struct Stepper {
    // The audio thread's half goes first when both are dropped while active.
    processor: Box<dyn Processor>,
    instance: Box<dyn Instance>,
    tape: Tape,
}

impl Stepper {
    /// Loads a bundle, prepares it as a script says and activates it.
    ///
    /// # Errors
    /// As [`run`](crate::run).
    pub fn start(bundle: impl AsRef<Path>, script: &Script) -> Result<Self> {
        let mut instance = load(bundle)?;
        prepare(instance.as_mut(), script)?;
        let tape = Tape::new(instance.as_ref(), script.setup.sample_rate);
        let processor = instance.activate(&script.setup)?;
        Ok(Self { processor, instance, tape })
    }

    /// Processes one block and gives the plugin its main-thread turn.
    ///
    /// # Errors
    /// As [`Processor::process`].
    pub fn step(&mut self, block: &Block) -> Result<()> {
        self.tape.process(self.processor.as_mut(), block, 1, &mut NoHook)?;
        self.instance.idle();
        Ok(())
    }

    /// The instance as the main thread sees it; it stays active.
    pub fn instance(&mut self) -> &mut dyn Instance {
        self.instance.as_mut()
    }

    /// Deactivates the instance and returns what it has played.
    ///
    /// # Errors
    /// What the plugin refuses.
    pub fn finish(self) -> Result<Recording> {
        let Self { processor, mut instance, tape } = self;
        instance.deactivate(processor)?;
        tape.finish(instance.as_mut())
    }
}
