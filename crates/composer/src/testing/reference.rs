//! A plain model of what must be heard, to hold the player and the worker against.
//!
//! Slow, written without a look at how the real ones do it, and told everything at once: from the
//! list of a host's blocks it draws the road that the playhead takes, finds the sample at which
//! each beat is committed, composes, and lays the notes on the samples.
//! It shares the vocabulary, the generator and the random draws, no other code.
//!
//! These are the rules, the contract and what it leaves open:
//!
//! **Where the playhead is.**
//! 1. Numbers that no song has are made harmless ([`sane`]). Blocks of 0 samples, blocks in bypass
//!    and blocks that stand hold no music; after them, and after a reset, the music *starts*.
//! 2. Between two blocks that play, the host is expected where the old tempo leads, or the new one
//!    from the first sample of the last straight piece. Up to 20 ms beside that (or between the
//!    two) it has *slipped*: the music goes on from where the host says. Farther off it has
//!    *jumped*, which is a start. Within 0.02 samples it is where it was expected, unless that is
//!    behind the loop's end and the host is not.
//! 3. If a loop's end was expected within 20 ms (or half the loop) of the block's start, and the
//!    host is at the loop's start, give or take as much, and not where the old tempo leads, it has
//!    gone *round*. A loop's end inside a block is followed at once. A loop is at least a quarter of a beat long; shorter ones are
//!    jumps. A host that is 20 ms (or half the loop) behind the end does not go round any more.
//! 4. A position falls on the nearest sample, halves (and what misses a half by a thousandth) up.
//!    A loop's end falls on the first sample not before it.
//!
//! **Which beats are composed.**
//! 5. A start's first beat is the one at the playhead, or the next if that begins within 50 ms and an
//!    eighth of a beat; a pass's first is the one at the loop's start. There a beat begins a millionth
//!    early. From the first on every beat is committed in order, through the coming passes of the
//!    loop, at the sample where the playhead is `lookahead` beats before it, or when it is first known
//!    to come.
//! 6. It has the controls, form, tempo, meter and bars of the block that holds that sample.
//! 7. When the loop is moved, switched off or passed by, the coming passes are given up; what of
//!    them was committed has not been heard, but stays written down for later passes.
//! 8. A start begins with nothing: no history, nothing written down.
//!
//! **What they hold.**
//! 9. The history is what was committed before, given-up passes left out, moved by whole beats to
//!    lie right before the beat, and its bar numbers by the nearest number of bars each time. When
//!    96 beats are full, the newest 64 stay.
//! 10. Of each beat of the song, the first cell and the last three are known. In a later pass of
//!     the loop the newest that suits is used again; elsewhere the phrase may name a source. One
//!     suits that has the meter, the place in the bar and the controls (but for key, swing and
//!     humanize). `evolve` draws by seed, pass and beat what is made anew all the same; while an
//!     ending is asked for, all is.
//! 11. Phrases go A A' A A'': the second and fourth differ in their last bar, or in the second
//!     half of a single one. They count from bar 0 in fours. Each repeats the first, or the
//!     earliest that has a cell that suits. Their bars are doubled until they are whole beats, and
//!     halved while they are more than 128.
//! 12. With `hold`, a phrase is kept once it has been heard: so many bars (4 where phrases are off)
//!     right before a beat, or what was heard of the song from that beat on when a loop has come
//!     round; at most 128 beats, without a gap, since the last start. From then on beat *k* plays
//!     cell (*k* − first) mod length where meter and place in the bar are the same, across stops,
//!     jumps and loops, until a beat is committed without `hold`. Elsewhere with `hold`, nothing
//!     evolves and the controls need not be the same.
//!
//! **When notes sound.**
//! 13. A note begins at the sample of its onset if that lies in its pass. A note whose sample was
//!     skipped begins up to 30 ms late, else not at all. One before a start or a pass's start is
//!     heard, at that start, if it is at most 20 ticks and 30 ms before.
//! 14. It ends at the sample of its end by the tempo that holds then, at least one sample after
//!     its beginning; when the same part and pitch begins again; or when its pass ends, by stop,
//!     jump, wrap, bypass or reset. Of equal parts and pitches at one sample, the first by onset,
//!     length and velocity is heard, as long as the longest.
//! 15. A host may play and stay where it is. When by the tempo a note has sounded 8 beats longer
//!     than it is, it ends with the next piece.
//!
//! Left out: more than 128 sounding notes or 256 in a beat, songs of more than 2048 beats between
//! two starts, takes, phrases and locks by command, events that a host refuses, and `hold` switched
//! off and on again while the transport stands: that forgets the phrase, unless it is too quick to
//! be seen.

mod cells;
mod road;
mod sound;

use player::{PlayerEvent, Playhead};
use score::grid::BeatFrame;
use score::{Controls, Note, Part, Pitch, Velocity};

use super::{Block, HashGenerator, TimedEvent};
use road::Road;

/// A beginning (with how hard) or an end, without the note's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sound {
    /// Counted from the first block.
    pub sample: u64,
    /// `None` for an end. Ends sort before beginnings.
    pub velocity: Option<Velocity>,
    /// Who plays.
    pub part: Part,
    /// What sounds.
    pub pitch: Pitch,
}

impl Sound {
    /// Events without names, in an order that does not depend on them.
    pub fn of(events: &[TimedEvent]) -> Vec<Self> {
        let sound = |&(sample, kind): &TimedEvent| match kind {
            player::EventKind::NoteOn { part, pitch, velocity, .. } => {
                Self { sample, velocity: Some(velocity), part, pitch }
            }
            player::EventKind::NoteOff { part, pitch, .. } => {
                Self { sample, velocity: None, part, pitch }
            }
        };
        let mut sounds: Vec<Self> = events.iter().map(sound).collect();
        sounds.sort();
        sounds
    }

    /// The same for the events of one block that begins at `sample`.
    pub fn at(sample: u64, event: &PlayerEvent) -> Self {
        Self::of(&[(sample + u64::from(event.offset), event.kind)])[0]
    }
}

/// A committed beat.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Counts starts and jumps.
    pub take: usize,
    /// Counts passes of the loop since.
    pub pass: u32,
    /// Its place.
    pub frame: BeatFrame,
    /// What it was composed with.
    pub controls: Controls,
    /// Whether it was made anew rather than used again.
    pub is_new: bool,
    /// The first sample of the block that committed it.
    pub committed_from: u64,
    /// As it would sound.
    pub parts: [Vec<Note>; 4],
}

/// What must be heard.
pub struct Reference {
    /// In order.
    pub sounds: Vec<Sound>,
    /// In the order in which they were committed, given-up passes left out.
    pub cells: Vec<Cell>,
    road: Road,
}

impl Reference {
    /// What `blocks` must sound like when `generator` composes and is never late.
    pub fn new(blocks: &[Block], generator: HashGenerator) -> Self {
        let road = Road::new(blocks);
        let cells = cells::committed(blocks, &road, generator);
        let sounds = sound::sounds(&road, &cells);
        Self { sounds, cells, road }
    }

    /// Whether this beginning is one that may be heard at its sample if the composer was late:
    /// a note of the pass that is playing, from its sample up to 30 ms after it.
    pub fn allows(&self, sound: &Sound) -> bool {
        sound::allows(&self.road, &self.cells, sound)
    }
}

/// The playhead with every number in a range that songs have (rule 1).
pub fn sane(playhead: &Playhead) -> Playhead {
    let place = |beats: f64| if beats.is_nan() || beats.is_infinite() { 0.0 } else { beats };
    let place = |beats: f64| place(beats).clamp(-1e9, 1e9);
    let told = |beats: &f64| beats.is_finite() && (-1e9..=1e9).contains(beats);
    let rate = playhead.sample_rate;
    let mut sane = *playhead;
    sane.position_beats = place(playhead.position_beats);
    sane.bar_start_beats = playhead.bar_start_beats.filter(told);
    sane.bar_number = playhead.bar_number.filter(|n| (-1_000_000_000..=1_000_000_000).contains(n));
    sane.loop_range = playhead.loop_range.map(|(start, end)| (place(start), place(end)));
    sane.loop_range = sane.loop_range.filter(|(start, end)| end - start >= 0.25);
    sane.sample_rate = if rate.is_finite() { rate.clamp(1e3, 1e7) } else { 48_000.0 };
    sane
}
