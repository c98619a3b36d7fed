//! What a host asks of a plugin: blocks, transport, automation and notes.

use crate::{Error, Result, Setup};

/// The host's song at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// Whether the song moves.
    pub playing: bool,
    /// Whether the host records what the plugin plays.
    pub recording: bool,
    /// Song position of the block's first frame in beats (quarter notes); negative in a pre-roll.
    pub position_beats: f64,
    /// Beats a minute.
    pub tempo: f64,
    /// Numerator and denominator.
    pub meter: (u16, u16),
    /// Start of the bar in beats.
    pub bar_start_beats: f64,
    /// Number of the bar, 0 for the first.
    pub bar_number: i32,
    /// The host's loop in beats, when it is on.
    pub loop_beats: Option<(f64, f64)>,
    /// What of this the host tells the plugin.
    pub known: Known,
}

/// Which fields of a [`Transport`] a host fills in; it marks the others as unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Tempo.
    pub tempo: bool,
    /// Position, bar and loop. A VST3 host gives a position in samples all the same.
    pub position: bool,
    /// Meter.
    pub meter: bool,
}

impl Default for Known {
    /// A host that tells everything.
    fn default() -> Self {
        Self { tempo: true, position: true, meter: true }
    }
}

/// A transport that begins to hold inside a block: CLAP's transport event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransportChange {
    /// Frame in the block.
    pub offset: u32,
    /// What holds from there on; its position is the one at `offset`.
    pub transport: Transport,
}

/// What a host does between two process calls.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Cuts the stream, see [`Processor::reset`](crate::Processor::reset).
    Reset,
    /// Stops processing; the next block starts it again.
    StopProcessing,
    /// Deactivates and activates anew with this set-up.
    Activate(Setup),
    /// Restores a state from the main thread, between two blocks.
    LoadState(Vec<u8>),
    /// Restores a state from the main thread while the audio thread goes on, so that no block is
    /// known to be the first after it.
    LoadStateMeanwhile(Vec<u8>),
}

/// A parameter that changes inside a block.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterChange {
    /// Frame in the block.
    pub offset: u32,
    /// Text id, name or `module/name`.
    pub parameter: String,
    /// New value, normalised to 0.0..=1.0.
    pub value: f64,
}

/// A note event that goes into the plugin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputNote {
    /// Frame in the block.
    pub offset: u32,
    /// Whether the note starts.
    pub on: bool,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI key, 0..=127.
    pub key: u8,
    /// Velocity, 0.0..=1.0.
    pub velocity: f32,
}

/// One process call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// What the host does before this call, in order.
    pub before: Vec<Action>,
    /// Length; 0 is a parameter flush.
    pub frames: usize,
    /// The song, or `None` for a host that tells nothing about it.
    pub transport: Option<Transport>,
    /// Changes of the transport inside the block, by offset; only CLAP has them.
    pub transports: Vec<TransportChange>,
    /// Parameter changes, by offset.
    pub changes: Vec<ParameterChange>,
    /// Notes, by offset.
    pub notes: Vec<InputNote>,
}

impl Block {
    /// Changes a parameter at an offset, after what is changed there already.
    pub fn change(&mut self, offset: u32, parameter: &str, value: f64) {
        let place = self.changes.partition_point(|change| change.offset <= offset);
        let change = ParameterChange { offset, parameter: parameter.to_owned(), value };
        self.changes.insert(place, change);
    }
}

/// A song of one tempo and one meter whose first bar starts at beat 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Song {
    /// Beats (quarter notes) a minute.
    pub tempo: f64,
    /// Numerator and denominator.
    pub meter: (u16, u16),
    /// The host's loop in beats, when it is on.
    pub loop_beats: Option<(f64, f64)>,
}

impl Default for Song {
    fn default() -> Self {
        Self { tempo: 120.0, meter: (4, 4), loop_beats: None }
    }
}

impl Song {
    /// The transport at a position.
    pub fn at(&self, position_beats: f64, playing: bool) -> Transport {
        let bar_beats = f64::from(self.meter.0) * 4.0 / f64::from(self.meter.1);
        let bar = (position_beats / bar_beats + 1e-9).floor();
        Transport {
            playing,
            recording: false,
            position_beats,
            tempo: self.tempo,
            meter: self.meter,
            bar_start_beats: bar * bar_beats,
            bar_number: bar as i32,
            loop_beats: self.loop_beats,
            known: Known::default(),
        }
    }
}

/// A value for a parameter before activation.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// As the parameter shows it, in its own unit.
    Text(String),
    /// Normalised to 0.0..=1.0.
    Value(f64),
}

/// Everything a host does with a plugin, from activation to the last block.
#[derive(Clone, Debug)]
pub struct Script {
    /// What the plugin is told before processing.
    pub setup: Setup,
    /// Parameters set before activation, by text id or name.
    pub settings: Vec<(String, Setting)>,
    /// A state restored before the settings.
    pub state: Option<Vec<u8>>,
    /// The process calls.
    pub blocks: Vec<Block>,
    /// How many times faster than the clock blocks are sent; `None` sends them at once. A plugin
    /// that composes on a thread of its own needs a pace unless it is offline.
    pub speed: Option<f64>,
    /// Whether the recording keeps the samples of the auxiliary buses as well as the main one's.
    pub keep_auxiliary: bool,
}

impl Script {
    /// An empty script for an offline host.
    pub fn new(sample_rate: f64, max_frames: u32) -> Self {
        Self {
            setup: Setup {
                sample_rate,
                max_frames,
                offline: true,
                event_capacity: usize::MAX,
                auxiliary: true,
            },
            settings: Vec::new(),
            state: None,
            blocks: Vec::new(),
            speed: None,
            keep_auxiliary: false,
        }
    }

    /// Makes it a script for a real-time host that sends blocks `speed` times faster than the
    /// clock.
    #[must_use]
    pub fn in_real_time(mut self, speed: f64) -> Self {
        self.setup.offline = false;
        self.speed = Some(speed);
        self
    }

    /// Sets a parameter, as text, before activation.
    pub fn setting(&mut self, parameter: &str, text: &str) {
        self.settings.push((parameter.to_owned(), Setting::Text(text.to_owned())));
    }

    /// Sets a parameter, normalised to 0.0..=1.0, before activation.
    pub fn value(&mut self, parameter: &str, value: f64) {
        self.settings.push((parameter.to_owned(), Setting::Value(value)));
    }

    /// Appends playback from beat `from` to beat `to`, cutting blocks by cycling through `sizes`
    /// (in frames); the last block is cut at the end. Positions are computed from the frame count,
    /// so they carry no accumulated error.
    pub fn play(&mut self, song: &Song, from: f64, to: f64, sizes: &[usize]) {
        let frames_per_beat = self.setup.sample_rate * 60.0 / song.tempo;
        let total = ((to - from) * frames_per_beat).round() as usize;
        let mut done = 0;
        for size in sizes.iter().cycle() {
            if done >= total {
                break;
            }
            let frames = (*size).min(total - done);
            let transport = song.at(from + done as f64 / frames_per_beat, true);
            self.blocks.push(Block { frames, transport: Some(transport), ..Block::default() });
            done += frames;
        }
    }

    /// Appends `count` blocks of `frames` with the song standing at a beat: a host before somebody
    /// presses play.
    pub fn stand(&mut self, song: &Song, beat: f64, frames: usize, count: usize) {
        let block = Block { frames, transport: Some(song.at(beat, false)), ..Block::default() };
        self.blocks.extend(std::iter::repeat_n(block, count));
    }

    /// Appends `count` blocks of `frames` with the transport standing where it has come to.
    pub fn stop(&mut self, frames: usize, count: usize) {
        let transport = self.blocks.iter().rev().find_map(|block| {
            let moved = block.transport?;
            let beats = block.frames as f64 * moved.tempo / 60.0 / self.setup.sample_rate;
            let position_beats = moved.position_beats + if moved.playing { beats } else { 0.0 };
            Some(Transport { playing: false, position_beats, ..moved })
        });
        let block = Block { frames, transport, ..Block::default() };
        self.blocks.extend(std::iter::repeat_n(block, count));
    }

    /// Appends `count` blocks of `frames` from a host that gives no transport.
    pub fn without_transport(&mut self, frames: usize, count: usize) {
        self.blocks.extend(std::iter::repeat_n(Block { frames, ..Block::default() }, count));
    }

    /// Lets the host do something before the block at an index.
    ///
    /// # Panics
    /// When there is no such block.
    pub fn before(&mut self, index: usize, action: Action) {
        self.blocks[index].before.push(action);
    }

    /// The block that plays a beat for the first time and the offset in it, in frames.
    ///
    /// # Errors
    /// [`Error::BeatNotPlayed`] when no playing block covers it.
    pub fn locate(&self, beat: f64) -> Result<(usize, u32)> {
        self.blocks
            .iter()
            .enumerate()
            .find_map(|(index, block)| {
                let transport = block.transport.filter(|transport| transport.playing)?;
                let frames_per_beat = self.setup.sample_rate * 60.0 / transport.tempo;
                let offset = ((beat - transport.position_beats) * frames_per_beat).round();
                ((0.0..block.frames as f64).contains(&offset)).then_some((index, offset as u32))
            })
            .ok_or(Error::BeatNotPlayed { beat })
    }

    /// Changes a parameter at the frame of a beat. `value` is normalised.
    ///
    /// # Errors
    /// [`Error::BeatNotPlayed`].
    pub fn set_at(&mut self, beat: f64, parameter: &str, value: f64) -> Result<()> {
        let (index, offset) = self.locate(beat)?;
        self.blocks[index].change(offset, parameter, value);
        Ok(())
    }

    /// Changes a parameter at a frame of the script. `value` is normalised.
    ///
    /// # Panics
    /// When the script is not that long.
    pub fn set_at_frame(&mut self, frame: usize, parameter: &str, value: f64) {
        let mut start = 0;
        for block in &mut self.blocks {
            if frame < start + block.frames {
                return block.change((frame - start) as u32, parameter, value);
            }
            start += block.frames;
        }
        panic!("frame {frame} is behind the script's end");
    }

    /// Moves a parameter linearly between two `(beat, value)` points in steps of a 24th beat: the
    /// same automation for every cutting into blocks.
    ///
    /// # Errors
    /// [`Error::BeatNotPlayed`].
    pub fn glide(&mut self, parameter: &str, from: (f64, f64), to: (f64, f64)) -> Result<()> {
        let steps = ((to.0 - from.0) * 24.0).round().max(1.0) as usize;
        for step in 0..=steps {
            let share = step as f64 / steps as f64;
            let beat = from.0 + (to.0 - from.0) * share;
            self.set_at(beat, parameter, from.1 + (to.1 - from.1) * share)?;
        }
        Ok(())
    }

    /// Sends a note into the plugin, from beat `from` to beat `to`.
    ///
    /// # Errors
    /// [`Error::BeatNotPlayed`].
    pub fn input_note(&mut self, from: f64, to: f64, key: u8, velocity: f32) -> Result<()> {
        for (beat, on) in [(from, true), (to, false)] {
            let (index, offset) = self.locate(beat)?;
            let notes = &mut self.blocks[index].notes;
            let place = notes.partition_point(|note| note.offset <= offset);
            notes.insert(place, InputNote { offset, on, channel: 0, key, velocity });
        }
        Ok(())
    }

    /// Length of all blocks in frames.
    pub fn frames(&self) -> usize {
        self.blocks.iter().map(|block| block.frames).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playback_covers_its_beats_without_gap_or_drift() {
        let mut script = Script::new(44_100.0, 1024);
        let song = Song { tempo: 93.7, meter: (6, 8), loop_beats: None };
        script.play(&song, 0.0, 12.0, &[512, 64, 1, 333]);
        let frames_per_beat: f64 = 44_100.0 * 60.0 / 93.7;
        assert_eq!(script.frames(), (12.0 * frames_per_beat).round() as usize);
        let mut done = 0;
        for block in &script.blocks {
            let transport = block.transport.unwrap();
            assert_eq!(transport.position_beats, done as f64 / frames_per_beat);
            assert!(transport.bar_start_beats <= transport.position_beats + 1e-6);
            assert!(transport.position_beats < transport.bar_start_beats + 3.0 + 1e-6);
            done += block.frames;
        }
    }

    #[test]
    fn changes_land_on_the_frame_of_their_beat() {
        let mut script = Script::new(48_000.0, 512);
        script.play(&Song::default(), 0.0, 4.0, &[500]);
        script.set_at(1.0, "x", 0.5).unwrap();
        let (index, change) = script
            .blocks
            .iter()
            .enumerate()
            .find_map(|(index, block)| Some((index, block.changes.first()?)))
            .unwrap();
        assert_eq!(index * 500 + change.offset as usize, 24_000);
        assert!(script.set_at(4.0, "x", 0.5).is_err(), "beat 4 is after the end");
    }

    #[test]
    fn a_stop_keeps_the_position_that_was_reached() {
        let mut script = Script::new(48_000.0, 512);
        script.play(&Song::default(), 0.0, 2.0, &[512]);
        script.stop(256, 2);
        let last = script.blocks.last().unwrap().transport.unwrap();
        assert!(!last.playing);
        assert!((last.position_beats - 2.0).abs() < 1e-9);
    }
}
