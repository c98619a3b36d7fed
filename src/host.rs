//! The border to the host: the only place where its units become ours and ours become its.
//!
//! Runs on the **audio thread**.

use nice_plug::context::process::SendEventError;
use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::{NoteEvent, Transport};
use player::{EventKind, PlayerEvent};
use score::{Meter, Part, Pitch, Tempo, Velocity};

/// Positions that differ by less are the same, in beats; hosts round theirs.
const SAME_BEATS: f64 = 1e-6;

/// Reads a host's transport.
///
/// The framework calls the plugin for pieces of a block when a parameter changes inside it, and
/// for all but the first piece recomputes the bar as if the song had one meter. The reader keeps
/// the bar that the host itself gave for as long as the song runs on without a break.
#[derive(Clone, Copy, Debug, Default)]
pub struct TransportReader {
    known_bar: Option<KnownBar>,
}

#[derive(Clone, Copy, Debug)]
struct KnownBar {
    start_beats: f64,
    meter: Meter,
    /// Where the song is at the end of the piece, if it runs on.
    next_beats: f64,
}

impl TransportReader {
    /// What the host says at the start of a piece of `n_samples`.
    ///
    /// A host that says nothing at all comes out without `playing`. Bar numbers are left to the
    /// player: only one of the two plugin formats has them, and both must give the same music.
    pub fn read(&mut self, host: &Transport, n_samples: usize) -> player::Transport {
        let position_beats = host.pos_beats();
        let silent_host = !host.playing
            && host.tempo.is_none()
            && host.pos_samples.is_none()
            && host.pos_seconds.is_none()
            && host.pos_beats.is_none();
        let tempo = host.tempo.map(Tempo::new);
        let meter = meter(host);
        let bar_start_beats = self.bar_start(host, position_beats, meter.unwrap_or_default());
        self.known_bar = match (bar_start_beats, position_beats) {
            (Some(start_beats), Some(beats)) => {
                let samples_per_beat =
                    tempo.unwrap_or_default().samples_per_beat(f64::from(host.sample_rate));
                let n_beats = if host.playing { n_samples as f64 / samples_per_beat } else { 0.0 };
                let meter = meter.unwrap_or_default();
                Some(KnownBar { start_beats, meter, next_beats: beats + n_beats })
            }
            _ => None,
        };
        player::Transport {
            playing: (!silent_host).then_some(host.playing),
            position_beats,
            tempo,
            meter,
            bar_start_beats,
            bar_number: None,
            loop_range: host.loop_range_beats(),
        }
    }

    /// Forgets where the song was.
    pub fn reset(&mut self) {
        self.known_bar = None;
    }

    fn bar_start(&self, host: &Transport, position: Option<f64>, meter: Meter) -> Option<f64> {
        let given = host.bar_start_pos_beats?;
        let (Some(position), Some(known)) = (position, self.known_bar) else { return Some(given) };
        let bar_beats = meter.bar_beats();
        let recomputed = (position / bar_beats).floor() * bar_beats;
        let runs_on = (position - known.next_beats).abs() < SAME_BEATS && known.meter == meter;
        if !runs_on || (given - recomputed).abs() > SAME_BEATS {
            return Some(given);
        }
        let n_bars = ((position - known.start_beats + SAME_BEATS) / bar_beats).floor();
        Some(known.start_beats + n_bars * bar_beats)
    }
}

fn meter(host: &Transport) -> Option<Meter> {
    let number = |value: Option<i32>| u32::try_from(value?).ok();
    Meter::new(number(host.time_sig_numerator)?, number(host.time_sig_denominator)?).ok()
}

/// How parts are laid on MIDI channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Each part on its own.
    PerPart,
    /// One part on the first channel, the others unheard.
    Single(Part),
}

impl Channels {
    /// Channel from 0; `None` when the part is not heard.
    fn of(self, part: Part) -> Option<u8> {
        match self {
            Self::PerPart => Some(part.channel()),
            Self::Single(chosen) => (chosen == part).then_some(0),
        }
    }
}

/// What became of a note that the host has taken, for the built-in sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It begins.
    On(Part, Pitch, Velocity),
    /// It ends.
    Off(Part, Pitch),
}

/// Nobody sounds on a channel and key.
const FREE: u8 = u8::MAX;

/// Turns player events into the host's, and knows which note was sent to which channel.
///
/// An end goes where its beginning went, even when the channels were laid anew in between; and no
/// two notes ever share a channel and key, because one plugin format knows notes by these alone.
#[derive(Debug)]
pub struct NoteOutput {
    /// The channel of each sounding note by part and key, [`FREE`] for none.
    sent_to: [[u8; 128]; 4],
}

impl Default for NoteOutput {
    fn default() -> Self {
        Self::new()
    }
}

impl NoteOutput {
    /// Nothing is sounding.
    pub const fn new() -> Self {
        Self { sent_to: [[FREE; 128]; 4] }
    }

    /// Sends one event; `false` when the host has no room and it must come again.
    ///
    /// `send` is the host's side, `hear` is told what sounds. A host without note output still
    /// hears the built-in sound.
    pub fn forward(
        &mut self,
        event: PlayerEvent,
        channels: Channels,
        mut send: impl FnMut(NoteEvent<()>) -> Result<(), SendEventError>,
        mut hear: impl FnMut(Heard),
    ) -> bool {
        let mut taken = |event| !matches!(send(event), Err(SendEventError::HostBufferFull));
        match event.kind {
            EventKind::NoteOn { part, pitch, velocity, note_id } => {
                let Some(channel) = channels.of(part) else { return true };
                let key = usize::from(pitch.number());
                for other in Part::ALL {
                    if self.sent_to[other.index()][key] == channel {
                        if !taken(note_off(event.offset, channel, pitch, VoiceID::Wildcard)) {
                            return false;
                        }
                        self.sent_to[other.index()][key] = FREE;
                        hear(Heard::Off(other, pitch));
                    }
                }
                let note_on = NoteEvent::NoteOn {
                    timing: event.offset,
                    voice_id: VoiceID::ID(note_id),
                    channel: Channel::Number(channel),
                    key: Key::Number(pitch.number()),
                    velocity: f32::from(velocity.number()) / 127.0,
                };
                if !taken(note_on) {
                    return false;
                }
                self.sent_to[part.index()][key] = channel;
                hear(Heard::On(part, pitch, velocity));
            }
            EventKind::NoteOff { part, pitch, note_id } => {
                let sent_to = &mut self.sent_to[part.index()][usize::from(pitch.number())];
                if *sent_to == FREE {
                    return true;
                }
                if !taken(note_off(event.offset, *sent_to, pitch, VoiceID::ID(note_id))) {
                    return false;
                }
                *sent_to = FREE;
                hear(Heard::Off(part, pitch));
            }
        }
        true
    }
}

fn note_off(offset: u32, channel: u8, pitch: Pitch, voice_id: VoiceID) -> NoteEvent<()> {
    NoteEvent::NoteOff {
        timing: offset,
        voice_id,
        channel: Channel::Number(channel),
        key: Key::Number(pitch.number()),
        velocity: 0.0,
    }
}

#[cfg(test)]
mod tests;
