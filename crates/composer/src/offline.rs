//! Waiting for the composer, which only offline rendering may do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use player::{PlayerEvent, Playhead, Status};
use score::Controls;

use crate::session::Player;
use crate::worker::Waker;

/// Blocks are cut into pieces of this many samples, so that no piece needs a beat that is asked
/// for in the same one, except at a start.
const PIECE_SAMPLES: usize = 256;

/// Plays blocks with every beat in time, however long composing takes.
#[derive(Clone, Debug)]
pub struct Offline {
    waker: Waker,
    status: Arc<Status>,
}

impl Offline {
    pub(crate) fn new(waker: Waker, status: Arc<Status>) -> Self {
        Self { waker, status }
    }

    /// [`player::Player::fill_block`], but waits until every beat of the block is there.
    ///
    /// Waits at most `limit` for each beat; `false` when one did not come, and the block was
    /// played without it.
    ///
    /// # Real-time
    /// Waits for the worker; only for offline rendering.
    pub fn fill_block(
        &self,
        player: &mut Player,
        playhead: &Playhead,
        n_samples: usize,
        controls: &Controls,
        limit: Duration,
        emit: &mut impl FnMut(PlayerEvent) -> bool,
    ) -> bool {
        let mut in_time = true;
        let mut n_done = 0;
        while n_done < n_samples {
            let n_piece = PIECE_SAMPLES.min(n_samples - n_done);
            player.begin_block(&playhead.advanced(n_done), n_piece, controls);
            in_time &= self.wait(player, limit);
            player.finish_block(&mut |event| {
                emit(PlayerEvent { offset: event.offset + n_done as u32, ..event })
            });
            n_done += n_piece;
        }
        in_time
    }

    /// Waits for the beats of the block that the player has begun.
    fn wait(&self, player: &mut Player, limit: Duration) -> bool {
        let needed = player.needed_sequence();
        if self.status.done() >= needed {
            return true;
        }
        let deadline = Instant::now() + limit;
        loop {
            self.waker.wake();
            for _ in 0..16 {
                player.receive();
                if self.status.done() >= needed {
                    return true;
                }
                std::thread::yield_now();
            }
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}
