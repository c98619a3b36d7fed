//! The border to the host: the only place where its units become ours and ours become its.
//!
//! Runs on the **audio thread**.

#![cfg_attr(
    not(test),
    deny(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros)
)]

use nice_plug::context::process::SendEventError;
use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::{AuxiliaryBuffers, NoteEvent, Transport};
use player::{EventKind, PlayerEvent};
use score::{Meter, Part, Pitch, Tempo, Velocity};

/// Positions that differ by less are the same, in beats; hosts round theirs.
const SAME_BEATS: f64 = 1e-6;

/// What sums of positions may lose, in beats.
const ROUNDING_BEATS: f64 = 1e-9;

/// Where pieces lie in the host's blocks, told from where their samples lie in memory.
///
/// Some hosts lay whole blocks behind each other, too. These look like one long block, and are
/// read right all the same: their transports go on as given.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockPlace {
    /// The address behind the last piece, and that piece's end in its block.
    end: Option<(usize, usize)>,
}

impl BlockPlace {
    /// Samples before a piece in its block.
    pub fn offset(&mut self, piece: &[f32]) -> usize {
        let range = piece.as_ptr_range();
        let (first, end) = (range.start.addr(), range.end.addr());
        let follows = self.end.filter(|(address, _)| *address == first);
        let offset = follows.map_or(0, |(_, offset)| offset);
        self.end = Some((end, offset.saturating_add(piece.len())));
        offset
    }
}

/// Reads a host's transport.
///
/// The framework calls the plugin for pieces of a block when a parameter or the transport changes
/// inside it. For all but the first piece it moves the position on by the piece's place in the
/// block, also while the song stands, past the end of the loop, and for a transport that was given
/// for this very piece; and it recomputes the bar as if the song had one meter. The reader takes
/// that back: inside a block it counts on by itself for as long as the host says nothing new.
#[derive(Clone, Copy, Debug, Default)]
pub struct TransportReader {
    last: Option<Piece>,
}

/// What was read for a piece.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The position that the host itself gave with its transport.
    given_beats: f64,
    tempo: Option<f64>,
    /// Where the song is at the end of the piece.
    next_beats: f64,
    bar_start_beats: Option<f64>,
    meter: Option<Meter>,
}

impl TransportReader {
    /// What the host says at the start of a piece of `n_samples` that lies `offset` samples inside
    /// the host's block; `own_tempo` holds where the host gives none.
    ///
    /// A host that says nothing at all comes out without `playing`. Bar numbers are left to the
    /// player: only one of the two plugin formats has them, and both must give the same music.
    /// Numbers that are none, and a tempo that is not above 0, count as not said.
    pub fn read(
        &mut self,
        host: &Transport,
        own_tempo: Tempo,
        offset: usize,
        n_samples: usize,
    ) -> player::Transport {
        // CLAP says whether a pre-roll is on as soon as there is a transport at all.
        let silent_host = !host.playing
            && host.preroll_active.is_none()
            && host.tempo.is_none()
            && host.pos_samples.is_none()
            && host.pos_seconds.is_none()
            && host.pos_beats.is_none();
        let meter = meter(host);
        let loop_range =
            host.loop_range_beats().filter(|(start, end)| start.is_finite() && end.is_finite());
        let told = finite(host.pos_beats());
        let rate = f64::from(host.sample_rate);
        // The framework knows nothing to add without a tempo.
        let added = finite(host.tempo).map_or(0.0, |tempo| offset as f64 * tempo / 60.0 / rate);
        let last = self.last.filter(|_| offset > 0);
        let inside = last.zip(told).and_then(|(last, told)| {
            let given = told - added;
            if last.gave(given, host.tempo, meter) {
                return Some((last.next_beats, last.bar_start(last.next_beats)));
            }
            // A transport for this piece, which goes on where the one before it was; a new meter
            // begins with a bar of its own.
            let bar_start = if last.meter == meter { last.bar_start(given) } else { Some(given) };
            same(given, last.next_beats).then_some((given, bar_start))
        });
        let (position_beats, bar_start_beats) = match inside {
            Some((position, bar_start)) => (Some(position), bar_start),
            None => (told, finite(host.bar_start_pos_beats)),
        };
        let tempo = finite(host.tempo).filter(|bpm| *bpm > 0.0).map(Tempo::new);
        self.last = position_beats.zip(told).map(|(position, told)| {
            let samples_per_beat = tempo.unwrap_or(own_tempo).samples_per_beat(rate);
            let n_beats = if host.playing { n_samples as f64 / samples_per_beat } else { 0.0 };
            Piece {
                given_beats: told - added,
                tempo: host.tempo,
                next_beats: around_the_loop(position, n_beats, loop_range),
                bar_start_beats,
                meter,
            }
        });
        player::Transport {
            playing: (!silent_host).then_some(host.playing),
            position_beats,
            tempo,
            meter,
            bar_start_beats,
            bar_number: None,
            loop_range,
        }
    }

    /// Forgets where the song was.
    pub fn reset(&mut self) {
        self.last = None;
    }
}

impl Piece {
    /// Whether the host's words are still those that this piece was read from.
    fn gave(&self, beats: f64, tempo: Option<f64>, meter: Option<Meter>) -> bool {
        same(self.given_beats, beats) && (self.tempo, self.meter) == (tempo, meter)
    }

    /// The bar at a position in the same meter.
    fn bar_start(&self, position: f64) -> Option<f64> {
        let start = self.bar_start_beats?;
        let bar_beats = self.meter.unwrap_or_default().bar_beats();
        Some(start + ((position - start + SAME_BEATS) / bar_beats).floor() * bar_beats)
    }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < SAME_BEATS
}

/// The position `n_beats` further on, for a host that goes round its loop.
fn around_the_loop(position: f64, n_beats: f64, loop_range: Option<(f64, f64)>) -> f64 {
    let next = position + n_beats;
    match loop_range {
        Some((start, end)) if start < end && position < end && next >= end - ROUNDING_BEATS => {
            start + (next - end).max(0.0) % (end - start)
        }
        _ => next,
    }
}

/// Both channels of each part's own output, empty where the layout has none.
pub fn part_outputs<'a>(aux: &'a mut AuxiliaryBuffers<'_>) -> [[&'a mut [f32]; 2]; 4] {
    let mut parts: [[&mut [f32]; 2]; 4] = Default::default();
    for (part, buffer) in parts.iter_mut().zip(aux.outputs.iter_mut()) {
        if let [left, right] = buffer.as_slice() {
            *part = [left, right];
        }
    }
    parts
}

fn finite(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite())
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
    /// Keys of each channel that sound because they came in.
    passed: [u128; 16],
    /// Ends of those that the host had no room for.
    owed: [u128; 16],
}

impl Default for NoteOutput {
    fn default() -> Self {
        Self::new()
    }
}

impl NoteOutput {
    /// Nothing is sounding.
    pub const fn new() -> Self {
        Self { sent_to: [[FREE; 128]; 4], passed: [0; 16], owed: [0; 16] }
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
                let passed = &mut self.passed[usize::from(channel & 15)];
                if *passed >> key & 1 == 1 {
                    if !taken(note_off(event.offset, channel, pitch, VoiceID::Wildcard)) {
                        return false;
                    }
                    *passed &= !(1 << key);
                    self.owed[usize::from(channel & 15)] &= !(1 << key);
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

impl NoteOutput {
    /// Hands a note that came in on, unless `begins` forbids new ones.
    ///
    /// What sounds on its channel and key ends first. A note that the host has no room for is left
    /// out with its end; an end that it has no room for comes with the next event that does.
    pub fn pass(
        &mut self,
        event: NoteEvent<()>,
        offset: u32,
        begins: bool,
        mut send: impl FnMut(NoteEvent<()>) -> Result<(), SendEventError>,
        mut hear: impl FnMut(Heard),
    ) {
        let mut taken = |event| !matches!(send(event), Err(SendEventError::HostBufferFull));
        let (channel, key, velocity) = match event {
            NoteEvent::NoteOn { channel, key, velocity, .. } => (channel, key, velocity),
            NoteEvent::NoteOff { channel, key, .. } | NoteEvent::Choke { channel, key, .. } => {
                (channel, key, 0.0)
            }
            _ => return,
        };
        let channels = match channel.number() {
            Some(number) => usize::from(number & 15)..usize::from(number & 15) + 1,
            None => 0..16,
        };
        let keys = match key.number() {
            Some(number) => 1_u128 << (number & 127),
            None => u128::MAX,
        };
        for channel in channels {
            if !self.end_passed(channel, keys, offset, &mut taken) {
                return;
            }
        }
        // A beginning names one channel and key.
        let (Some(channel), Some(number)) = (channel.number(), key.number()) else { return };
        if !begins || velocity <= 0.0 {
            return;
        }
        let (channel, pitch) = (channel & 15, Pitch::clamped(i32::from(number & 127)));
        for part in Part::ALL {
            let sent_to = &mut self.sent_to[part.index()][usize::from(pitch.number())];
            if *sent_to == channel {
                if !taken(note_off(offset, channel, pitch, VoiceID::Wildcard)) {
                    return;
                }
                *sent_to = FREE;
                hear(Heard::Off(part, pitch));
            }
        }
        let note_on = NoteEvent::NoteOn {
            timing: offset,
            voice_id: VoiceID::Wildcard,
            channel: Channel::Number(channel),
            key: Key::Number(pitch.number()),
            velocity,
        };
        if taken(note_on) {
            self.passed[usize::from(channel)] |= 1 << pitch.number();
        }
    }

    /// Ends notes that were handed on and whose ends the host had no room for; or `all` of them.
    pub fn settle(
        &mut self,
        all: bool,
        offset: u32,
        mut send: impl FnMut(NoteEvent<()>) -> Result<(), SendEventError>,
    ) {
        let mut taken = |event| !matches!(send(event), Err(SendEventError::HostBufferFull));
        let keys = if all { u128::MAX } else { 0 };
        for channel in 0..self.passed.len() {
            if !self.end_passed(channel, keys, offset, &mut taken) {
                return;
            }
        }
    }

    /// Ends notes of a channel that were handed on: those of `keys`, and those that are owed.
    /// `false` when the host has no room; the rest is owed then.
    fn end_passed(
        &mut self,
        channel: usize,
        keys: u128,
        offset: u32,
        taken: &mut impl FnMut(NoteEvent<()>) -> bool,
    ) -> bool {
        let mut ends = self.passed[channel] & (keys | self.owed[channel]);
        self.owed[channel] |= ends;
        while ends != 0 {
            let key = ends.trailing_zeros();
            let pitch = Pitch::clamped(key as i32);
            if !taken(note_off(offset, channel as u8, pitch, VoiceID::Wildcard)) {
                return false;
            }
            ends &= ends - 1;
            self.passed[channel] &= !(1 << key);
            self.owed[channel] &= !(1 << key);
        }
        true
    }

    /// Ends what sounds of a part; what the host has no room for is ended by the next call.
    pub fn end_part(
        &mut self,
        part: Part,
        offset: u32,
        mut send: impl FnMut(NoteEvent<()>) -> Result<(), SendEventError>,
        mut hear: impl FnMut(Heard),
    ) {
        for (key, sent_to) in self.sent_to[part.index()].iter_mut().enumerate() {
            if *sent_to == FREE {
                continue;
            }
            let pitch = Pitch::clamped(key as i32);
            let event = note_off(offset, *sent_to, pitch, VoiceID::Wildcard);
            if matches!(send(event), Err(SendEventError::HostBufferFull)) {
                return;
            }
            *sent_to = FREE;
            hear(Heard::Off(part, pitch));
        }
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
