//! Bytes to streams of notes: chunks, events, and the pairing of note-ons with note-offs.

use midly::{EventIter, MetaMessage, MidiMessage, TrackEventKind};

use super::{BrokenTrack, MAX_NOTES, MAX_POSITION, Report};
use crate::{Error, Meter, Note, Pitch, Result, TICKS_PER_QUARTER, Tempo, Ticks, Velocity};

/// A file's contents before its streams become parts.
pub(super) struct File {
    pub single_track: bool,
    pub streams: Vec<Stream>,
    pub tempos: Vec<(Ticks, Tempo)>,
    pub meters: Vec<(Ticks, Meter)>,
    pub markers: Vec<(Ticks, String)>,
    pub report: Report,
}

/// The notes of one channel of one track.
pub(super) struct Stream {
    pub track: usize,
    pub channel: u8,
    /// The track's name and the instrument's, joined.
    pub name: String,
    /// The General MIDI program that was last chosen before the first note.
    pub program: Option<u8>,
    pub notes: Vec<Note>,
}

/// Where a file's ticks lie: `tick * numerator / denominator` is in ticks of 1/960 quarter.
#[derive(Clone, Copy)]
struct Scale {
    numerator: u64,
    denominator: u64,
}

impl Scale {
    /// The nearest tick; `None` after [`MAX_POSITION`].
    fn ticks(self, tick: u64) -> Option<Ticks> {
        let doubled = 2 * u128::from(tick) * u128::from(self.numerator);
        let scaled = (doubled / u128::from(self.denominator)).div_ceil(2);
        let ticks = Ticks(i64::try_from(scaled).ok()?);
        (ticks <= MAX_POSITION).then_some(ticks)
    }
}

/// How reading one track ended.
enum End {
    /// At its end-of-track event, which ends at this byte.
    Event(usize),
    /// At the end of its chunk, without such an event.
    Chunk,
    /// At an event that cannot be read, which starts at this byte.
    Malformed(usize),
}

pub(super) fn read(bytes: &[u8], name: &str) -> Result<File> {
    let fail =
        |offset: usize, problem: String| Error::MidiFile { file: name.into(), offset, problem };
    let start = smf_start(bytes).map_err(|problem| fail(0, problem.into()))?;
    let header_len = be_u32(bytes, start + 4)
        .filter(|_| bytes.len() >= start + 14)
        .ok_or_else(|| fail(bytes.len(), "the file ends inside its header".into()))?;
    if header_len < 6 {
        return Err(fail(start + 4, format!("expected a header of 6 bytes, found {header_len}")));
    }
    let format = be_u16(bytes, start + 8);
    if format > 1 {
        let problem = format!("expected a file of type 0 or 1, found type {format}");
        return Err(fail(start + 8, problem));
    }
    let division = be_u16(bytes, start + 12);
    let (scale, smpte) = scale_of(division)
        .ok_or_else(|| fail(start + 12, format!("division {division:#06x} gives no time")))?;
    let mut file = File {
        single_track: format == 0,
        streams: Vec::new(),
        tempos: Vec::new(),
        meters: Vec::new(),
        markers: Vec::new(),
        report: Report {
            smpte,
            declared_tracks: usize::from(be_u16(bytes, start + 10)),
            ..Report::default()
        },
    };

    let mut at = start + 8 + header_len as usize;
    let mut n_notes = 0;
    while let Some((body, declared_end, is_track)) = chunk(bytes, at) {
        if !is_track {
            at = declared_end;
            continue;
        }
        let track = file.report.found_tracks;
        let mut reader = TrackReader::new(scale, track);
        let mut end = reader.events(bytes, body, declared_end.min(bytes.len()));
        let lost = at_junk(bytes, declared_end);
        if matches!(end, End::Chunk) && lost {
            // The chunk's size is wrong: go on to the next header, or the end of the file.
            let limit = find_track(bytes, declared_end).unwrap_or(bytes.len());
            reader = TrackReader::new(scale, track);
            end = reader.events(bytes, body, limit);
            at = limit;
            file.report.wrong_sizes += 1;
        } else {
            at = declared_end;
        }
        match end {
            End::Event(offset) if offset < at && bytes.get(offset..offset + 4) == Some(b"MTrk") => {
                file.report.wrong_sizes += 1;
                at = offset;
            }
            End::Event(_) => {
                if at_junk(bytes, at) {
                    at = find_track(bytes, at).unwrap_or(bytes.len());
                }
            }
            End::Chunk if declared_end <= bytes.len() && !lost => {}
            End::Chunk => {
                let offset = at.min(bytes.len());
                file.report.broken_tracks.push(BrokenTrack { track, offset });
            }
            End::Malformed(offset) => {
                file.report.broken_tracks.push(BrokenTrack { track, offset });
                at = find_track(bytes, offset).unwrap_or(bytes.len()).min(at.max(offset));
                if at_junk(bytes, at) {
                    at = find_track(bytes, at).unwrap_or(bytes.len());
                }
            }
        }
        n_notes += reader.n_notes;
        if n_notes > MAX_NOTES {
            return Err(Error::MidiFileTooLarge {
                file: name.into(),
                found: n_notes,
                what: "notes",
                limit: MAX_NOTES,
            });
        }
        reader.finish(&mut file);
        file.report.found_tracks += 1;
    }
    if file.report.found_tracks == 0 {
        return Err(fail(at.min(bytes.len()), "the file holds no track".into()));
    }
    if smpte {
        // Seconds are the truth in such a file, so its tempos mean nothing.
        file.tempos.clear();
    }
    Ok(file)
}

/// The place of `MThd`, also inside a RIFF wrapper.
fn smf_start(bytes: &[u8]) -> core::result::Result<usize, &'static str> {
    match bytes.get(..4) {
        Some(b"MThd") => Ok(0),
        Some(b"RIFF") => bytes
            .windows(4)
            .take(256)
            .position(|id| id == b"MThd")
            .ok_or("the RIFF file holds no MIDI file"),
        _ if bytes.is_empty() => Err("the file is empty"),
        _ => Err("expected \"MThd\": this is no Standard MIDI File"),
    }
}

fn be_u16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |two| u16::from_be_bytes([two[0], two[1]]))
}

fn be_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

/// The scale of a division word, and whether it counts seconds (SMPTE).
fn scale_of(division: u16) -> Option<(Scale, bool)> {
    let ticks = TICKS_PER_QUARTER as u64;
    if division & 0x8000 == 0 {
        let denominator = u64::from(division);
        return (division > 0).then_some((Scale { numerator: ticks, denominator }, false));
    }
    let (frames, subframes) = (-i32::from((division >> 8) as i8), u64::from(division & 0xff));
    if subframes == 0 {
        return None;
    }
    // A quarter note is half a second at 120 BPM; 29 means 30000/1001 frames a second.
    let scale = match frames {
        29 => Scale { numerator: 2 * ticks * 1001, denominator: 30_000 * subframes },
        24 | 25 | 30 => Scale { numerator: 2 * ticks, denominator: frames as u64 * subframes },
        _ => return None,
    };
    Some((scale, true))
}

/// Start and end of the body of the chunk at `at`, and whether it is a track.
///
/// The end may lie outside a file that was cut off.
fn chunk(bytes: &[u8], at: usize) -> Option<(usize, usize, bool)> {
    let len = be_u32(bytes, at.checked_add(4)?)?;
    let body = at + 8;
    Some((body, body + len as usize, &bytes[at..at + 4] == b"MTrk"))
}

/// Whether neither a chunk nor the end of the file is at `at`.
fn at_junk(bytes: &[u8], at: usize) -> bool {
    at < bytes.len()
        && !bytes.get(at..at + 4).is_some_and(|id| id.iter().all(u8::is_ascii_alphabetic))
}

fn find_track(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(4).position(|id| id == b"MTrk").map(|idx| from + idx)
}

/// A note whose note-off has not come yet.
#[derive(Clone, Copy)]
struct OpenNote {
    onset: u64,
    velocity: u8,
    /// The latest note-off that may have been meant for an earlier note of this pitch.
    last_off: Option<u64>,
}

/// The state of one key of one channel.
#[derive(Clone, Copy, Default)]
struct KeyState {
    open: Option<OpenNote>,
    /// Note-offs still to come for notes that were ended early.
    owed_offs: u32,
}

/// One channel of the track that is being read.
struct ChannelState {
    keys: [KeyState; 128],
    program: Option<u8>,
    first_program: Option<u8>,
    notes: Vec<Note>,
}

struct TrackReader {
    scale: Scale,
    track: usize,
    n_notes: usize,
    now: u64,
    name: String,
    channels: [Option<Box<ChannelState>>; 16],
    tempos: Vec<(Ticks, Tempo)>,
    meters: Vec<(Ticks, Meter)>,
    markers: Vec<(Ticks, String)>,
    report: Report,
}

impl TrackReader {
    fn new(scale: Scale, track: usize) -> Self {
        Self {
            scale,
            track,
            n_notes: 0,
            now: 0,
            name: String::new(),
            channels: Default::default(),
            tempos: Vec::new(),
            meters: Vec::new(),
            markers: Vec::new(),
            report: Report::default(),
        }
    }

    /// Reads the events of `bytes[at..end]`.
    fn events(&mut self, bytes: &[u8], mut at: usize, end: usize) -> End {
        let end = end.min(bytes.len());
        while at < end {
            let mut events = EventIter::new(&bytes[at..end]);
            loop {
                let unread = events.unread().len();
                match events.next() {
                    Some(Ok(event)) => {
                        self.now += u64::from(event.delta.as_int());
                        if event.kind == TrackEventKind::Meta(MetaMessage::EndOfTrack) {
                            return End::Event(end - events.unread().len());
                        }
                        self.event(event.kind);
                        if self.n_notes > MAX_NOTES {
                            return End::Chunk;
                        }
                    }
                    _ if unread == 0 => return End::Chunk,
                    _ => {
                        at = end - unread;
                        break;
                    }
                }
            }
            match skip_event(&bytes[at..end]) {
                Some((delta, len)) => {
                    self.now += delta;
                    self.report.skipped_events += 1;
                    at += len;
                }
                None => return End::Malformed(at),
            }
        }
        End::Chunk
    }

    fn event(&mut self, kind: TrackEventKind<'_>) {
        match kind {
            TrackEventKind::Midi { channel, message } => self.message(channel.as_int(), message),
            TrackEventKind::Meta(meta) => self.meta(meta),
            TrackEventKind::SysEx(_) | TrackEventKind::Escape(_) => {}
        }
    }

    fn message(&mut self, channel: u8, message: MidiMessage) {
        let now = self.now;
        let state = self.channels[usize::from(channel)].get_or_insert_with(|| {
            Box::new(ChannelState {
                keys: [KeyState::default(); 128],
                program: None,
                first_program: None,
                notes: Vec::new(),
            })
        });
        let (key, velocity) = match message {
            MidiMessage::NoteOn { key, vel } => (key.as_int(), vel.as_int()),
            MidiMessage::NoteOff { key, .. } => (key.as_int(), 0),
            MidiMessage::ProgramChange { program } => {
                state.program = Some(program.as_int());
                return;
            }
            _ => return,
        };
        let slot = usize::from(key);
        if velocity > 0 {
            let key_state = &mut state.keys[slot];
            match &mut key_state.open {
                // A unison is one note, which ends with the last of its note-offs.
                Some(open) if open.onset == now => {
                    open.velocity = open.velocity.max(velocity);
                    key_state.owed_offs += 1;
                    self.report.merged += 1;
                    return;
                }
                Some(_) => self.end_note(channel, key, now),
                None => {}
            }
            let state = self.channels[usize::from(channel)].as_mut().expect("made above");
            if state.first_program.is_none() {
                state.first_program = state.program;
            }
            state.keys[slot].open = Some(OpenNote { onset: now, velocity, last_off: None });
            self.n_notes += 1;
            return;
        }
        let key_state = &mut state.keys[slot];
        match &mut key_state.open {
            Some(open) if key_state.owed_offs > 0 => {
                key_state.owed_offs -= 1;
                // An off in the very tick of the onset belongs to the note before.
                if now > open.onset {
                    open.last_off = Some(now);
                }
            }
            Some(_) => self.close(channel, key, now),
            None if key_state.owed_offs > 0 => key_state.owed_offs -= 1,
            None => self.report.unmatched_offs += 1,
        }
    }

    /// Ends an open note at `now` because its pitch is struck again.
    fn end_note(&mut self, channel: u8, key: u8, now: u64) {
        let Some(state) = &mut self.channels[usize::from(channel)] else { return };
        let key_state = &mut state.keys[usize::from(key)];
        // Its own note-off is still to come, however it ends.
        key_state.owed_offs += 1;
        let off = key_state.open.and_then(|open| open.last_off);
        self.report.overlaps += usize::from(off.is_none());
        self.close(channel, key, off.unwrap_or(now));
    }

    /// Turns the open note of a key into a note that ends at the file's tick `off`.
    fn close(&mut self, channel: u8, key: u8, off: u64) {
        let Some(state) = &mut self.channels[usize::from(channel)] else { return };
        let Some(open) = state.keys[usize::from(key)].open.take() else { return };
        let Some(onset) = self.scale.ticks(open.onset) else {
            self.report.beyond_end += 1;
            return;
        };
        if off <= open.onset {
            self.report.zero_length += 1;
        }
        let end = self.scale.ticks(off).unwrap_or(MAX_POSITION);
        state.notes.push(Note {
            onset,
            duration: (end - onset).max(Ticks(1)),
            pitch: Pitch::clamped(i32::from(key)),
            velocity: Velocity::clamped(i32::from(open.velocity)),
        });
    }

    fn meta(&mut self, meta: MetaMessage<'_>) {
        match meta {
            MetaMessage::TrackName(text) | MetaMessage::InstrumentName(text) => {
                let text = decode(text);
                if !text.is_empty() && self.name.len() < 256 {
                    let gap = if self.name.is_empty() { "" } else { " / " };
                    self.name = format!("{}{gap}{text}", self.name);
                }
            }
            MetaMessage::Marker(text) | MetaMessage::CuePoint(text) => {
                if let Some(at) = self.place() {
                    self.markers.push((at, decode(text)));
                }
            }
            MetaMessage::Tempo(micros) => {
                let bpm = 60e6 / f64::from(micros.as_int().max(1));
                let tempo = Tempo::new(bpm);
                self.report.tempos_out_of_range += usize::from(tempo.bpm() != bpm);
                if let Some(at) = self.place() {
                    self.tempos.push((at, tempo));
                }
            }
            MetaMessage::TimeSignature(numerator, power, ..) => {
                let denominator = 1u32.checked_shl(u32::from(power)).unwrap_or(0);
                match (Meter::new(u32::from(numerator), denominator), self.place()) {
                    (Ok(meter), Some(at)) => self.meters.push((at, meter)),
                    (Ok(_), None) => {}
                    (Err(_), _) => self.report.invalid_meters += 1,
                }
            }
            _ => {}
        }
    }

    /// The current place, counted when it lies beyond the end.
    fn place(&mut self) -> Option<Ticks> {
        let place = self.scale.ticks(self.now);
        self.report.beyond_end += usize::from(place.is_none());
        place
    }

    /// Ends what is still open and hands everything over.
    fn finish(mut self, file: &mut File) {
        for channel in 0..16 {
            for key in 0..128 {
                let Some(state) = &self.channels[usize::from(channel)] else { break };
                let Some(open) = state.keys[usize::from(key)].open else { continue };
                if open.last_off.is_none() {
                    self.report.missing_offs += 1;
                }
                // A track that stops with the onset gives its note a sixteenth to sound.
                let sixteenth = (self.scale.denominator * TICKS_PER_QUARTER as u64)
                    .div_ceil(4 * self.scale.numerator);
                let end = if self.now > open.onset { self.now } else { open.onset + sixteenth };
                self.close(channel, key, open.last_off.unwrap_or(end));
            }
        }
        for (channel, state) in self.channels.into_iter().enumerate() {
            let Some(mut state) = state.filter(|state| !state.notes.is_empty()) else { continue };
            state.notes.sort_by_key(|note| (note.onset, note.pitch, note.duration));
            file.streams.push(Stream {
                track: self.track,
                channel: channel as u8,
                name: self.name.clone(),
                program: state.first_program.or(state.program),
                notes: state.notes,
            });
        }
        file.tempos.append(&mut self.tempos);
        file.meters.append(&mut self.meters);
        file.markers.append(&mut self.markers);
        let (sum, report) = (&mut file.report, self.report);
        sum.unmatched_offs += report.unmatched_offs;
        sum.missing_offs += report.missing_offs;
        sum.overlaps += report.overlaps;
        sum.zero_length += report.zero_length;
        sum.merged += report.merged;
        sum.skipped_events += report.skipped_events;
        sum.beyond_end += report.beyond_end;
        sum.tempos_out_of_range += report.tempos_out_of_range;
        sum.invalid_meters += report.invalid_meters;
    }
}

/// Delta time and length in bytes of an event that no file should hold but whose end is known.
fn skip_event(raw: &[u8]) -> Option<(u64, usize)> {
    let (delta, delta_len) = variable_length(raw)?;
    let status = *raw.get(delta_len)?;
    let body = delta_len + 1;
    let len = match status {
        0xff => {
            let (len, len_len) = variable_length(raw.get(body + 1..)?)?;
            body + 1 + len_len + len as usize
        }
        0xf1 | 0xf3 => body + 1,
        0xf2 => body + 2,
        0xf4..=0xf6 | 0xf8..=0xfe => body,
        _ => return None,
    };
    (len <= raw.len()).then_some((delta, len))
}

/// A variable-length number and how many bytes it takes.
fn variable_length(raw: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (idx, byte) in raw.iter().take(4).enumerate() {
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, idx + 1));
        }
    }
    None
}

/// Text of a file, which is UTF-8 in new files and Latin-1 in old ones.
fn decode(text: &[u8]) -> String {
    let text = match core::str::from_utf8(text) {
        Ok(utf8) => utf8.to_owned(),
        Err(_) => text.iter().map(|byte| char::from(*byte)).collect(),
    };
    text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned()
}
