//! Waiting for the composer, which only offline rendering may do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use player::{PlayerEvent, Playhead, Status, WorkerState};
use score::Controls;

use crate::crew::Waker;
use crate::session::Player;
use crate::{Error, Result};

/// Blocks are cut into pieces of this many samples, so that no piece needs a beat that is asked
/// for in the same one, except at a start.
const PIECE_SAMPLES: usize = 256;

/// Plays blocks with every beat in time, however long composing takes.
#[derive(Debug)]
pub struct Offline {
    waker: Waker,
    status: Arc<Status>,
    /// What had been answered when a beat was given up, until more is.
    stuck_at: Option<u64>,
}

impl Offline {
    pub(crate) fn new(waker: Waker, status: Arc<Status>) -> Self {
        Self { waker, status, stuck_at: None }
    }

    /// [`player::Player::fill_block`], but waits until every beat of the block is there.
    ///
    /// Waits at most `limit` for a beat. After that the block is played without it, as are those
    /// that follow, without waiting, until the composer answers again.
    ///
    /// # Errors
    /// [`Error::GivenUp`] when a beat did not come in time, [`Error::Ended`] when none will come
    /// any more. The block was played all the same, and the beat is counted in
    /// [`player::Status::given_up`].
    ///
    /// # Real-time
    /// Waits for the worker; only for offline rendering.
    pub fn fill_block(
        &mut self,
        player: &mut Player,
        playhead: &Playhead,
        n_samples: usize,
        controls: &Controls,
        limit: Duration,
        emit: &mut impl FnMut(PlayerEvent) -> bool,
    ) -> Result<()> {
        let mut outcome = Ok(());
        let mut n_done = 0;
        while n_done < n_samples {
            let n_piece = PIECE_SAMPLES.min(n_samples - n_done);
            player.begin_block(&playhead.advanced(n_done), n_piece, controls);
            let waited = self.wait(player, limit);
            if waited.is_err() {
                player.give_up();
            }
            player.finish_block(&mut |event| {
                emit(PlayerEvent { offset: event.offset + n_done as u32, ..event })
            });
            n_done += n_piece;
            outcome = outcome.and(waited);
        }
        outcome
    }

    /// Waits for the beats of the block that the player has begun.
    fn wait(&mut self, player: &mut Player, limit: Duration) -> Result<()> {
        let needed = player.needed_sequence();
        if self.status.done() >= needed {
            return Ok(());
        }
        let deadline = Instant::now() + limit;
        loop {
            self.waker.wake();
            for _ in 0..16 {
                player.receive();
                if self.status.done() >= needed {
                    self.stuck_at = None;
                    return Ok(());
                }
                std::thread::yield_now();
            }
            if self.status.worker_state() == WorkerState::Stopped {
                return Err(Error::Ended);
            }
            let done = self.status.done();
            if self.stuck_at == Some(done) || Instant::now() >= deadline {
                self.stuck_at = Some(done);
                return Err(Error::GivenUp { limit });
            }
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}
