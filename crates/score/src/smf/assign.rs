//! Which part a stream of notes plays: by channel, by name, by instrument, by what it does.

use super::read::{File, Stream};
use super::{Assignment, Import, untangle};
use crate::{Note, Part, Piece, Ticks};

/// What a stream's labels say about its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Part(Part),
    /// Sound effects, and percussion that uses pitches of its own.
    NoPart,
    /// To be decided by what the stream plays.
    Open,
}

/// Sorts a file's streams into a piece.
pub(super) fn assign(file: File) -> Import {
    let verdicts = verdicts(&file);
    let mut report = file.report;
    let mut piece = Piece::default();
    let mut n_streams = [0; 4];
    for (stream, part) in file.streams.into_iter().zip(verdicts) {
        report.assignments.push(Assignment {
            track: stream.track,
            channel: stream.channel,
            name: stream.name,
            n_notes: stream.notes.len(),
            part,
        });
        match part {
            Some(part) => {
                piece.parts[part.index()].extend(stream.notes);
                n_streams[part.index()] += 1;
            }
            None => report.dropped_notes += stream.notes.len(),
        }
    }
    for notes in &mut piece.parts {
        report.merged += untangle(notes);
    }
    piece.tempos = latest_at_each_place(file.tempos);
    piece.meters = latest_at_each_place(file.meters);
    piece.markers = file.markers;
    piece.markers.sort();
    piece.markers.dedup();
    Import { piece, report }
}

/// Sorts changes and keeps the last of those at one place.
fn latest_at_each_place<T: Copy>(mut changes: Vec<(Ticks, T)>) -> Vec<(Ticks, T)> {
    changes.sort_by_key(|(at, _)| *at);
    changes.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = next.1;
        }
        same
    });
    changes
}

/// A part a stream, `None` for those that have none.
fn verdicts(file: &File) -> Vec<Option<Part>> {
    let streams = &file.streams;
    // One track that plays on many channels is a whole song: its name is the song's.
    let named = |stream: &Stream| {
        let siblings = streams.iter().filter(|other| other.track == stream.track).count();
        !(file.single_track && siblings > 1)
    };
    let pitched = || streams.iter().filter(|stream| stream.channel != Part::Drums.channel());
    // Programs that are all alike were left at their default and say nothing.
    let first_program = pitched().next().and_then(|stream| stream.program);
    let programs_differ = pitched().any(|stream| stream.program != first_program);
    let mut verdicts: Vec<Verdict> = streams
        .iter()
        .map(|stream| {
            let by_name = if named(stream) { by_name(&stream.name) } else { Verdict::Open };
            match (by_name, stream.program) {
                _ if stream.channel == Part::Drums.channel() => match exact_name(&stream.name) {
                    Some(part) if named(stream) => Verdict::Part(part),
                    _ => Verdict::Part(Part::Drums),
                },
                (Verdict::Open, Some(program)) if programs_differ || program != 0 => {
                    by_program(program)
                }
                (verdict, _) => verdict,
            }
        })
        .collect();
    by_playing(streams, &mut verdicts);
    verdicts
        .into_iter()
        .map(|verdict| match verdict {
            Verdict::Part(part) => Some(part),
            Verdict::NoPart | Verdict::Open => None,
        })
        .collect()
}

/// The part that a track is named after, and nothing else.
fn exact_name(name: &str) -> Option<Part> {
    name.split(" / ").find_map(|name| Part::parse(name).ok())
}

/// What the words of a track's name say.
fn by_name(name: &str) -> Verdict {
    if let Some(part) = exact_name(name) {
        return Verdict::Part(part);
    }
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let says = |list: &[&str]| list.iter().any(|word| words.contains(word));
    let holds = |list: &[&str]| list.iter().any(|text| name.contains(text));
    if holds(&["steel drum", "steel pan"]) {
        return Verdict::Part(Part::Lead);
    }
    let drums = ["drum", "percussion", "trommel", "schlagzeug", "batterie"];
    let kit = ["kick", "snare", "hat", "hats", "hihat", "cymbal", "toms", "perc", "drm", "kit"];
    let beats = ["breakbeat", "clap", "claps", "shaker", "congas", "bongos", "tambourine"];
    if holds(&drums) || says(&kit) || says(&beats) {
        return Verdict::Part(Part::Drums);
    }
    let bass =
        ["bass", "basso", "contrabass", "kontrabass", "bassline", "sub", "808", "tuba", "bs"];
    if says(&bass) || holds(&["bass guitar", "upright bass", "synthbass", "e-bass"]) {
        return Verdict::Part(Part::Bass);
    }
    let lead = ["lead", "melody", "melodie", "melodia", "vocal", "vocals", "vox", "voice", "solo"];
    let singer = ["singer", "gesang", "soprano", "sax", "saxophone", "flute", "trumpet", "fiddle"];
    let wind = ["clarinet", "oboe", "whistle", "harmonica", "tune", "theme", "topline", "hook"];
    if says(&lead) || says(&singer) || says(&wind) {
        return Verdict::Part(Part::Lead);
    }
    let keys = ["piano", "keys", "keyboard", "organ", "rhodes", "clav", "clavinet", "ep", "epiano"];
    let plucked = ["guitar", "gtr", "guit", "banjo", "mandolin", "ukulele", "harp", "accordion"];
    let held = ["pad", "pads", "strings", "choir", "harmony", "comp", "accompaniment", "rhythm"];
    if says(&keys) || says(&plucked) || says(&held) || holds(&["chord", "akkord", "klavier"]) {
        return Verdict::Part(Part::Chords);
    }
    Verdict::Open
}

/// What a General MIDI program says.
fn by_program(program: u8) -> Verdict {
    match program {
        // Pianos, organs and accordions; harp; ensembles and choirs; pads.
        0..=7 | 16..=23 | 46 | 48..=54 | 88..=95 => Verdict::Part(Part::Chords),
        32..=39 | 43 | 58 => Verdict::Part(Part::Bass),
        // Brass but tuba, reeds, pipes, synthesizer leads, steel drums.
        56 | 57 | 59 | 60 | 64..=87 | 114 => Verdict::Part(Part::Lead),
        // Orchestra hit, bells and blocks, reversed cymbals, sea shores and gunshots.
        47 | 55 | 112 | 113 | 115..=127 => Verdict::NoPart,
        // Mallets, guitars, solo strings and the rest do either.
        _ => Verdict::Open,
    }
}

/// Share of onsets that other notes sound with, from which a stream counts as chords.
const CHORDAL: f64 = 0.35;

/// No bass has its mean above middle C.
const HIGHEST_BASS: f64 = 57.0;

/// Decides the open streams by register and by how many notes they sound at a time.
fn by_playing(streams: &[Stream], verdicts: &mut [Verdict]) {
    let playing: Vec<Playing> = streams.iter().map(|stream| Playing::of(&stream.notes)).collect();
    let mut open: Vec<usize> =
        (0..streams.len()).filter(|idx| verdicts[*idx] == Verdict::Open).collect();
    let taken = |verdicts: &[Verdict], part| verdicts.contains(&Verdict::Part(part));

    if !taken(verdicts, Part::Bass) {
        let lowest = open
            .iter()
            .copied()
            .filter(|idx| playing[*idx].together < CHORDAL)
            .filter(|idx| playing[*idx].mean_pitch < HIGHEST_BASS)
            .min_by(|a, b| playing[*a].mean_pitch.total_cmp(&playing[*b].mean_pitch));
        if let Some(idx) = lowest {
            verdicts[idx] = Verdict::Part(Part::Bass);
            open.retain(|other| *other != idx);
        }
    }
    for idx in open.iter().copied().filter(|idx| playing[*idx].together >= CHORDAL) {
        verdicts[idx] = Verdict::Part(Part::Chords);
    }
    open.retain(|idx| verdicts[*idx] == Verdict::Open);
    if !taken(verdicts, Part::Lead) {
        // The busiest of high lines: an octave weighs as much as twice the notes.
        let lead =
            open.iter().copied().max_by(|a, b| playing[*a].lead().total_cmp(&playing[*b].lead()));
        if let Some(idx) = lead {
            verdicts[idx] = Verdict::Part(Part::Lead);
        }
    }
    for verdict in verdicts.iter_mut().filter(|verdict| **verdict == Verdict::Open) {
        *verdict = Verdict::Part(Part::Chords);
    }
}

/// The part of a keyboard alone, by how it is played: chords, or else bass or lead by its register;
/// `notes` are sorted by onset.
pub fn part_of_keyboard(notes: &[Note]) -> Part {
    if notes.is_empty() {
        return Part::Lead;
    }
    let playing = Playing::of(notes);
    if playing.together >= CHORDAL {
        Part::Chords
    } else if playing.mean_pitch < HIGHEST_BASS {
        Part::Bass
    } else {
        Part::Lead
    }
}

/// How a stream is played.
struct Playing {
    /// Mean MIDI key number.
    mean_pitch: f64,
    /// Share of notes that start while another still sounds, `0.0..=1.0`.
    together: f64,
    n_notes: f64,
}

impl Playing {
    /// A stream holds at least one note and is sorted by onset.
    fn of(notes: &[Note]) -> Self {
        let n_notes = notes.len() as f64;
        let sum: f64 = notes.iter().map(|note| f64::from(note.pitch.number())).sum();
        let mut sounding_until = Ticks(i64::MIN);
        let mut n_together = 0;
        for note in notes {
            // Legato overlaps of up to a quarter of the note are no chord.
            n_together += usize::from(note.onset + Ticks(note.duration.0 / 4) < sounding_until);
            sounding_until = sounding_until.max(note.onset + note.duration);
        }
        Self { mean_pitch: sum / n_notes, together: n_together as f64 / n_notes, n_notes }
    }

    fn lead(&self) -> f64 {
        self.mean_pitch / 12.0 + self.n_notes.log2()
    }
}
