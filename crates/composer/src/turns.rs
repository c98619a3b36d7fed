//! Whose beat is composed next, when several sessions wait for theirs.

use std::time::{Duration, Instant};

use player::{BeatRequest, Epoch, RequestKind};

/// How long the beats of a standing playhead may take: longer than all of thirty instances, and
/// shorter than a hand on its way from a knob to the play button.
pub(crate) const PRIME_GRACE: Duration = Duration::from_millis(250);

/// While hosts play in real time, those that render offline get one turn in this time, all of
/// them together: they go on, and cost the others a few percent.
pub(crate) const OFFLINE_TURN: Duration = Duration::from_millis(100);

/// What a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// An answer that is late after this.
    At(Instant),
    /// An answer that its host waits for, however long it takes; since when, or since its last
    /// answer if that came later.
    WhenIdle(Instant),
}

/// A request with the time at which it was taken in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) request: BeatRequest,
    pub(crate) at: Instant,
}

impl Arrived {
    /// When the answer must be there, where `heard` is the stretch that plays now, if any.
    pub(crate) fn deadline(&self, heard: Option<Epoch>) -> Instant {
        let due = self.at + Duration::from_secs_f32(self.request.lead_secs.max(0.0));
        let stands = self.request.kind == RequestKind::Prime && heard != Some(self.request.epoch);
        if stands { due + PRIME_GRACE } else { due }
    }
}

/// Chooses by earliest deadline, with the least turns for those who have none.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// When an offline session last had its turn.
    last_idle_turn: Option<Instant>,
}

impl Turns {
    /// The session that is next, of those that wait.
    pub(crate) fn next(
        &mut self,
        now: Instant,
        waiting: impl Iterator<Item = (usize, Due)>,
    ) -> Option<usize> {
        let mut live: Option<(Instant, usize)> = None;
        let mut idle: Option<(Instant, usize)> = None;
        for (idx, due) in waiting {
            let (first, at) = match due {
                Due::At(at) => (&mut live, at),
                Due::WhenIdle(since) => (&mut idle, since),
            };
            if first.is_none_or(|(before, _)| at < before) {
                *first = Some((at, idx));
            }
        }
        let Some((since, idx)) = idle else { return live.map(|(_, idx)| idx) };
        let since = self.last_idle_turn.map_or(since, |last| last.max(since));
        match live {
            Some((_, live)) if now.saturating_duration_since(since) < OFFLINE_TURN => Some(live),
            _ => {
                self.last_idle_turn = Some(now);
                Some(idx)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` milliseconds after `from`.
    fn ms(from: Instant, n: u64) -> Instant {
        from + Duration::from_millis(n)
    }

    #[test]
    fn the_earliest_deadline_goes_first_and_equal_ones_in_order() {
        let now = Instant::now();
        let waiting = [Due::At(ms(now, 30)), Due::At(ms(now, 10)), Due::At(ms(now, 10))];
        let mut turns = Turns::default();
        assert_eq!(turns.next(now, waiting.into_iter().enumerate()), Some(1));
        assert_eq!(turns.next(now, std::iter::empty()), None);
    }

    #[test]
    fn offline_sessions_take_what_is_left_and_one_turn_in_a_while() {
        let start = Instant::now();
        let mut turns = Turns::default();
        // Two that render offline and one in real time that always has something to do, where
        // every turn takes 10 ms.
        let mut since = [start, start];
        let mut order = Vec::new();
        for turn in 0..60 {
            let now = ms(start, turn * 10);
            let live = Due::At(ms(now, 500));
            let waiting = [Due::WhenIdle(since[0]), Due::WhenIdle(since[1]), live];
            let next = turns.next(now, waiting.into_iter().enumerate()).unwrap();
            if next < 2 {
                since[next] = now;
                order.push((turn, next));
            }
        }
        assert_eq!(order, [(10, 0), (20, 1), (30, 0), (40, 1), (50, 0)]);
        // Without it they take turns of their own.
        let now = ms(start, 600);
        assert_eq!(turns.next(now, [(7, Due::WhenIdle(now))].into_iter()), Some(7));
    }
}
