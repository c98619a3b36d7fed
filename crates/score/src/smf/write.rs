//! Parts to bytes: a type 1 file with a conductor track and a track a part.

use midly::{
    Format, Header, MetaMessage, MidiMessage, Timing, TrackEvent, TrackEventKind,
    num::{u4, u7, u15, u24, u28},
};

use super::{MAX_POSITION, untangle};
use crate::{Meter, Part, Piece, TICKS_PER_QUARTER, Tempo, Ticks};

/// A General MIDI program a part, in the order of [`Part::ALL`], so that any player sounds right:
/// standard kit, finger bass, electric piano, jazz guitar.
const PROGRAMS: [u8; 4] = [0, 33, 4, 26];

/// Track names a part, in the order of [`Part::ALL`].
const NAMES: [&str; 4] = ["Drums", "Bass", "Chords", "Lead"];

/// A piece as a type 1 file at 960 ticks a quarter note.
///
/// The first track holds tempo, meter and markers; the others are Drums, Bass, Chords and Lead
/// on the channels of [`Part::channel`], also when a part is empty. Notes of one pitch that
/// overlap are ended early as [`untangle`] does, and what lies before the song's start or after
/// [`MAX_POSITION`] is cut away. A tempo below 3.58 BPM cannot be written and becomes that.
pub fn write(piece: &Piece) -> Vec<u8> {
    let texts: Vec<(Ticks, &[u8])> =
        piece.markers.iter().map(|(at, text)| (*at, text.as_bytes())).collect();
    let mut tracks = vec![conductor(piece, &texts)];
    tracks.extend(Part::ALL.map(|part| part_track(piece, part)));
    let header =
        Header::new(Format::Parallel, Timing::Metrical(u15::new(TICKS_PER_QUARTER as u16)));
    let mut bytes = Vec::new();
    // PANIC: writing to memory fails only above 65,535 tracks, 4 GB a track or 256 MB a text;
    // the texts are cut to 64 KB below and a note takes at most 16 bytes.
    midly::write(&header, tracks.iter(), &mut bytes).expect("a piece fits a MIDI file");
    bytes
}

type Place<'a> = (Ticks, TrackEventKind<'a>);

fn conductor<'a>(piece: &Piece, texts: &[(Ticks, &'a [u8])]) -> Vec<TrackEvent<'a>> {
    let mut places: Vec<Place<'a>> = Vec::new();
    let starts = |first: Option<Ticks>| first.is_some_and(|at| at <= Ticks(0));
    let tempo = |tempo: Tempo| {
        // The shortest quarter note is rounded up, or it would be too fast to be read again.
        let shortest = (60e6 / Tempo::new(f64::MAX).bpm()).ceil();
        let micros = (60e6 / tempo.bpm()).round().clamp(shortest, f64::from((1 << 24) - 1));
        TrackEventKind::Meta(MetaMessage::Tempo(u24::new(micros as u32)))
    };
    let meter = |meter: Meter| {
        let power = meter.denominator().trailing_zeros() as u8;
        TrackEventKind::Meta(MetaMessage::TimeSignature(meter.numerator(), power, 24, 8))
    };
    // All meters stand before all tempos of a tick, the defaults too: what is read back and written
    // again is the same file.
    if !starts(piece.meters.first().map(|(at, _)| *at)) {
        places.push((Ticks(0), meter(Meter::default())));
    }
    places.extend(piece.meters.iter().map(|(at, value)| (*at, meter(*value))));
    if !starts(piece.tempos.first().map(|(at, _)| *at)) {
        places.push((Ticks(0), tempo(Tempo::default())));
    }
    places.extend(piece.tempos.iter().map(|(at, value)| (*at, tempo(*value))));
    places.extend(texts.iter().map(|(at, text)| {
        let text = &text[..text.len().min(1 << 16)];
        (*at, TrackEventKind::Meta(MetaMessage::Marker(text)))
    }));
    places.retain(|(at, _)| *at <= MAX_POSITION);
    places.sort_by_key(|(at, _)| *at);
    in_order(places)
}

fn part_track(piece: &Piece, part: Part) -> Vec<TrackEvent<'static>> {
    let idx = part.index();
    let channel = u4::new(part.channel());
    let midi = |message| TrackEventKind::Midi { channel, message };
    let mut notes = piece.parts[idx].clone();
    notes.retain(|note| note.onset + note.duration > Ticks(0) && note.onset < MAX_POSITION);
    for note in &mut notes {
        let end = (note.onset + note.duration).min(MAX_POSITION);
        note.onset = note.onset.max(Ticks(0));
        note.duration = (end - note.onset).max(Ticks(1));
    }
    untangle(&mut notes);
    // Offs sort before ons of the same tick, so that a repeated pitch is never cut.
    let mut places: Vec<(Ticks, u8, TrackEventKind<'static>)> = Vec::with_capacity(2 * notes.len());
    for note in notes {
        let (key, vel) = (u7::new(note.pitch.number()), u7::new(note.velocity.number()));
        places.push((note.onset, 1, midi(MidiMessage::NoteOn { key, vel })));
        let off = midi(MidiMessage::NoteOff { key, vel: u7::new(64) });
        places.push((note.onset + note.duration, 0, off));
    }
    places.sort_by_key(|(at, order, _)| (*at, *order));
    let program = MidiMessage::ProgramChange { program: u7::new(PROGRAMS[idx]) };
    let head = [
        (Ticks(0), TrackEventKind::Meta(MetaMessage::TrackName(NAMES[idx].as_bytes()))),
        (Ticks(0), midi(program)),
    ];
    in_order(head.into_iter().chain(places.into_iter().map(|(at, _, kind)| (at, kind))))
}

/// Turns sorted places into events with delta times, and ends the track.
fn in_order<'a>(places: impl IntoIterator<Item = Place<'a>>) -> Vec<TrackEvent<'a>> {
    const LONGEST: i64 = (1 << 28) - 1;
    let mut events = Vec::new();
    let mut now = Ticks(0);
    for (at, kind) in places {
        let mut delta = (at - now).0.max(0);
        now = now.max(at);
        // Delta times have 28 bits; empty texts bridge what is longer.
        while delta > LONGEST {
            let kind = TrackEventKind::Meta(MetaMessage::Text(b""));
            events.push(TrackEvent { delta: u28::new(LONGEST as u32), kind });
            delta -= LONGEST;
        }
        events.push(TrackEvent { delta: u28::new(delta as u32), kind });
    }
    let kind = TrackEventKind::Meta(MetaMessage::EndOfTrack);
    events.push(TrackEvent { delta: u28::new(0), kind });
    events
}
