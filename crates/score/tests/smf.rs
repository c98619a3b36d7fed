//! Standard MIDI Files: what is written comes back, nothing crashes, tracks find their parts.

use proptest::prelude::*;
use score::{Meter, Note, Part, Piece, Pitch, Tempo, Ticks, Velocity, smf};

/// Generated notes of one part: `(onset, duration, pitch, velocity)` each.
fn notes() -> impl Strategy<Value = Vec<Note>> {
    let note = (0i64..100_000, 1i64..5_000, 0u8..128, 1i32..128);
    prop::collection::vec(note, 0..60).prop_map(|raw| {
        let mut notes: Vec<Note> = raw
            .into_iter()
            .map(|(onset, duration, pitch, velocity)| Note {
                onset: Ticks(onset),
                duration: Ticks(duration),
                pitch: Pitch::new(pitch).unwrap(),
                velocity: Velocity::clamped(velocity),
            })
            .collect();
        smf::untangle(&mut notes);
        notes
    })
}

/// Changes at rising places, the first at the start.
fn changes<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<(Ticks, T)>> {
    prop::collection::vec((1i64..50_000, value), 1..6).prop_map(|raw| {
        let mut at = 0;
        let place = |(idx, (gap, value)): (usize, (i64, T))| {
            at += if idx == 0 { 0 } else { gap };
            (Ticks(at), value)
        };
        raw.into_iter().enumerate().map(place).collect()
    })
}

fn pieces() -> impl Strategy<Value = Piece> {
    let tempos = changes((60_061u32..16_777_215).prop_map(|us| Tempo::new(60e6 / f64::from(us))));
    let meters =
        changes((1u32..=32, 0u32..=5).prop_map(|(n, power)| Meter::new(n, 1 << power).unwrap()));
    let markers = prop::collection::btree_map(0i64..100_000, "[a-zA-Z0-9é♯ ]{0,12}", 0..4);
    (prop::array::uniform4(notes()), tempos, meters, markers).prop_map(
        |(parts, tempos, meters, markers)| {
            let markers =
                markers.into_iter().map(|(at, text)| (Ticks(at), text.trim().into())).collect();
            Piece { parts, tempos, meters, markers }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(piece in pieces()) {
        let import = smf::read(&smf::write(&piece), "piece.mid").unwrap();
        prop_assert!(import.report.is_clean(), "{}", import.report);
        prop_assert_eq!(import.piece, piece);
    }

    #[test]
    fn untangled_notes_of_one_pitch_never_overlap(raw in prop::collection::vec(
        (0i64..200, 1i64..100, 60u8..64), 0..40
    )) {
        let mut notes: Vec<Note> = raw
            .iter()
            .map(|&(onset, duration, pitch)| Note {
                onset: Ticks(onset),
                duration: Ticks(duration),
                pitch: Pitch::new(pitch).unwrap(),
                velocity: Velocity::clamped(80),
            })
            .collect();
        smf::untangle(&mut notes);
        prop_assert!(notes.is_sorted_by_key(|note| (note.onset, note.pitch)));
        for (idx, note) in notes.iter().enumerate() {
            prop_assert!(note.duration >= Ticks(1));
            for later in notes[idx + 1..].iter().filter(|later| later.pitch == note.pitch) {
                prop_assert!(note.onset + note.duration <= later.onset);
            }
        }
        prop_assert_eq!(smf::untangle(&mut notes), 0, "a second time changes nothing");
    }

    #[test]
    fn random_bytes_never_crash(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = smf::read(&bytes, "random.mid");
        let mut track = b"MThd\0\0\0\x06\0\x01\0\x01\x01\xe0MTrk\0\0\x01\0".to_vec();
        track.extend(&bytes);
        let import = smf::read(&track, "random.mid").unwrap();
        check_promises(&import.piece);
    }

    #[test]
    fn mutated_files_never_crash(
        piece in pieces(),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..8),
    ) {
        let mut bytes = smf::write(&piece);
        for (place, byte, kind) in mutations {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => bytes.insert(at, byte),
                _ if bytes.len() > 1 && byte < 64 => bytes.truncate(at.max(1)),
                _ => { bytes.remove(at); }
            }
            if bytes.is_empty() { break; }
        }
        if let Ok(import) = smf::read(&bytes, "mutated.mid") {
            check_promises(&import.piece);
            // What was read can be written, and comes back the same.
            let written = smf::write(&import.piece);
            let again = smf::read(&written, "again.mid").unwrap();
            prop_assert_eq!(&again.piece.parts, &import.piece.parts);
            prop_assert_eq!(smf::write(&again.piece), written);
        }
    }
}

/// Tempo or meter alone, at the start or later: what is missing is written where it is read back.
#[test]
fn a_file_that_is_written_again_is_the_same() {
    let tempos = [vec![], vec![(Ticks(0), Tempo::new(90.0))], vec![(Ticks(700), Tempo::new(90.0))]];
    let meter = Meter::new(30, 1).unwrap();
    let meters = [vec![], vec![(Ticks(0), meter)], vec![(Ticks(700), meter)]];
    for tempos in &tempos {
        for meters in &meters {
            let (tempos, meters) = (tempos.clone(), meters.clone());
            let written = smf::write(&Piece { tempos, meters, ..Piece::default() });
            let again = smf::read(&written, "again.mid").unwrap().piece;
            assert_eq!(smf::write(&again), written);
        }
    }
}

/// What a piece promises whatever file it came from.
fn check_promises(piece: &Piece) {
    for notes in &piece.parts {
        assert!(notes.is_sorted_by_key(|note| (note.onset, note.pitch)));
        for note in notes {
            assert!(note.onset >= Ticks(0) && note.duration >= Ticks(1));
            assert!(note.onset + note.duration <= smf::MAX_POSITION + Ticks(1));
        }
    }
    assert!(piece.tempos.is_sorted_by_key(|(at, _)| *at));
    assert!(piece.meters.is_sorted_by_key(|(at, _)| *at));
}

/// A type 1 or type 0 file of one bar: streams are `(name, channel, program, pitches)`, where
/// every beat sounds all pitches together.
fn file(format: u8, streams: &[(&str, u8, Option<u8>, &[u8])]) -> Vec<u8> {
    let body = |stream: &(&str, u8, Option<u8>, &[u8]), named: bool| {
        let (name, channel, program, pitches) = *stream;
        let mut body = Vec::new();
        if named {
            body.extend([0, 0xff, 3, name.len() as u8]);
            body.extend(name.as_bytes());
        }
        if let Some(program) = program {
            body.extend([0, 0xc0 | channel, program]);
        }
        for _ in 0..4 {
            pitches.iter().for_each(|pitch| body.extend([0, 0x90 | channel, *pitch, 90]));
            for (idx, pitch) in pitches.iter().enumerate() {
                body.extend([if idx == 0 { 96 } else { 0 }, 0x80 | channel, *pitch, 64]);
            }
        }
        body
    };
    let tracks: Vec<Vec<u8>> = if format == 0 {
        let name = [0, 0xff, 3, 9].into_iter().chain(*b"Bass Song").collect();
        vec![streams.iter().fold(name, |sum: Vec<u8>, s| [sum, body(s, false)].concat())]
    } else {
        streams.iter().map(|stream| body(stream, true)).collect()
    };
    let mut bytes = b"MThd\0\0\0\x06\0".to_vec();
    bytes.extend([format, 0, tracks.len() as u8, 0, 96]);
    for mut track in tracks {
        track.extend([0, 0xff, 0x2f, 0]);
        bytes.extend(b"MTrk");
        bytes.extend((track.len() as u32).to_be_bytes());
        bytes.extend(track);
    }
    bytes
}

#[track_caller]
fn assert_parts(format: u8, streams: &[(&str, u8, Option<u8>, &[u8])], expected: &[Option<Part>]) {
    let report = smf::read(&file(format, streams), "parts.mid").unwrap().report;
    let found: Vec<_> = report.assignments.iter().map(|stream| stream.part).collect();
    assert_eq!(found, expected, "{:?}", report.assignments);
}

const DRUMS: Option<Part> = Some(Part::Drums);
const BASS: Option<Part> = Some(Part::Bass);
const CHORDS: Option<Part> = Some(Part::Chords);
const LEAD: Option<Part> = Some(Part::Lead);

#[test]
fn names_win_over_programs() {
    let streams: &[(&str, u8, Option<u8>, &[u8])] = &[
        ("Lead", 0, Some(33), &[40]),
        ("Chords", 1, Some(80), &[72]),
        ("Bass", 2, Some(0), &[84]),
        ("Drums", 3, None, &[36]),
        ("Lead Guitar", 4, Some(33), &[40]),
        ("Bass Guitar", 5, Some(26), &[76]),
        ("Grand Piano", 6, Some(80), &[76]),
    ];
    assert_parts(1, streams, &[LEAD, CHORDS, BASS, DRUMS, LEAD, BASS, CHORDS]);
}

#[test]
fn programs_decide_without_names() {
    let streams: &[(&str, u8, Option<u8>, &[u8])] = &[
        ("1", 9, Some(0), &[36, 42]),
        ("2", 0, Some(34), &[60]),
        ("3", 1, Some(18), &[60]),
        ("4", 2, Some(65), &[50]),
        ("5", 3, Some(122), &[50]),
    ];
    assert_parts(1, streams, &[DRUMS, BASS, CHORDS, LEAD, None]);
}

#[test]
fn playing_decides_where_labels_are_missing() {
    // A single track's name is the song's and must not make everything a bass.
    let streams: &[(&str, u8, Option<u8>, &[u8])] = &[
        ("", 0, None, &[76]),
        ("", 1, None, &[60, 64, 67]),
        ("", 2, None, &[36]),
        ("", 9, None, &[36, 38]),
    ];
    assert_parts(0, streams, &[LEAD, CHORDS, BASS, DRUMS]);
    // Four voices: outer ones are bass and lead, inner ones the harmony.
    let voices: &[(&str, u8, Option<u8>, &[u8])] = &[
        ("a", 0, Some(0), &[79]),
        ("b", 1, Some(0), &[67]),
        ("c", 2, Some(0), &[60]),
        ("d", 3, Some(0), &[48]),
    ];
    assert_parts(1, voices, &[LEAD, CHORDS, CHORDS, BASS]);
}

#[test]
fn a_million_notes_come_back() {
    let mut piece = Piece::default();
    for idx in 0..1_000_000i64 {
        piece.parts[idx as usize % 4].push(Note {
            onset: Ticks(idx * 60),
            duration: Ticks(200),
            pitch: Pitch::new((idx / 4 % 100) as u8).unwrap(),
            velocity: Velocity::clamped(64),
        });
    }
    let import = smf::read(&smf::write(&piece), "million.mid").unwrap();
    assert!(import.report.is_clean(), "{}", import.report);
    assert_eq!(import.piece.parts, piece.parts);
}

#[test]
fn files_above_the_limits_are_refused() {
    let error = smf::read(&vec![0; smf::MAX_BYTES + 1], "huge.mid").unwrap_err();
    assert_eq!(error.to_string(), "huge.mid: 67108865 bytes; at most 67108864 are read");

    // Running status packs four million notes into twelve megabytes.
    let mut body = vec![0, 0x90];
    for idx in 0..smf::MAX_NOTES + 10 {
        body.extend_from_slice(if idx == 0 { &[60, 90] } else { &[1, 60, 90] });
    }
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    bytes.extend((body.len() as u32).to_be_bytes());
    bytes.extend(body);
    let error = smf::read(&bytes, "dense.mid").unwrap_err();
    assert_eq!(error.to_string(), "dense.mid: 4000001 notes; at most 4000000 are read");
}
