use super::*;

fn on(part: Part, key: u8, note_id: i32) -> PlayerEvent {
    let velocity = Velocity::clamped(127);
    let kind = EventKind::NoteOn { part, pitch: Pitch::clamped(key.into()), velocity, note_id };
    PlayerEvent { offset: 3, kind }
}

fn off(part: Part, key: u8, note_id: i32) -> PlayerEvent {
    let kind = EventKind::NoteOff { part, pitch: Pitch::clamped(key.into()), note_id };
    PlayerEvent { offset: 5, kind }
}

/// Sends events with room for all, and gives back one line an event.
fn sent(output: &mut NoteOutput, channels: Channels, events: &[PlayerEvent]) -> Vec<String> {
    let mut lines = Vec::new();
    for event in events {
        let send = |event: NoteEvent<()>| {
            lines.push(match event {
                NoteEvent::NoteOn { timing, voice_id, channel, key, velocity } => format!(
                    "{timing} on {:?} {:?} {:?} {velocity}",
                    channel.number().unwrap(),
                    key.number().unwrap(),
                    voice_id.id()
                ),
                NoteEvent::NoteOff { timing, voice_id, channel, key, .. } => format!(
                    "{timing} off {:?} {:?} {:?}",
                    channel.number().unwrap(),
                    key.number().unwrap(),
                    voice_id.id()
                ),
                other => panic!("{other:?}"),
            });
            Ok(())
        };
        assert!(output.forward(*event, channels, send, |_| ()));
    }
    lines
}

#[test]
fn each_part_has_its_channel_and_velocity_its_range() {
    let mut output = NoteOutput::new();
    let events = [on(Part::Drums, 36, 1), on(Part::Bass, 36, 2), off(Part::Drums, 36, 1)];
    assert_eq!(
        sent(&mut output, Channels::PerPart, &events),
        ["3 on 9 36 Some(1) 1", "3 on 1 36 Some(2) 1", "5 off 9 36 Some(1)"]
    );
}

#[test]
fn a_single_part_plays_on_the_first_channel_alone() {
    let mut output = NoteOutput::new();
    let events = [
        on(Part::Lead, 60, 1),
        on(Part::Bass, 36, 2),
        off(Part::Lead, 60, 1),
        off(Part::Bass, 36, 2),
    ];
    assert_eq!(
        sent(&mut output, Channels::Single(Part::Lead), &events),
        ["3 on 0 60 Some(1) 1", "5 off 0 60 Some(1)"]
    );
}

#[test]
fn an_end_goes_where_its_beginning_went() {
    let mut output = NoteOutput::new();
    sent(&mut output, Channels::PerPart, &[on(Part::Lead, 60, 1)]);
    assert_eq!(
        sent(&mut output, Channels::Single(Part::Bass), &[off(Part::Lead, 60, 1)]),
        ["5 off 3 60 Some(1)"]
    );
}

#[test]
fn two_parts_never_share_a_channel_and_key() {
    let mut output = NoteOutput::new();
    sent(&mut output, Channels::Single(Part::Lead), &[on(Part::Lead, 60, 1)]);
    let lines = sent(&mut output, Channels::Single(Part::Chords), &[on(Part::Chords, 60, 2)]);
    assert_eq!(lines, ["3 off 0 60 None", "3 on 0 60 Some(2) 1"]);
    // The lead's own end has been sent already.
    let ends = [off(Part::Lead, 60, 1), off(Part::Chords, 60, 2)];
    assert_eq!(sent(&mut output, Channels::Single(Part::Chords), &ends), ["5 off 0 60 Some(2)"]);
}

#[test]
fn a_full_host_buffer_keeps_the_event_and_nothing_is_heard() {
    let mut output = NoteOutput::new();
    let full = |_: NoteEvent<()>| Err(SendEventError::HostBufferFull);
    let mut heard = 0;
    assert!(!output.forward(on(Part::Lead, 60, 1), Channels::PerPart, full, |_| heard += 1));
    sent(&mut output, Channels::PerPart, &[on(Part::Lead, 60, 1)]);
    assert!(!output.forward(off(Part::Lead, 60, 1), Channels::PerPart, full, |_| heard += 1));
    assert_eq!(heard, 0);
    assert_eq!(
        sent(&mut output, Channels::PerPart, &[off(Part::Lead, 60, 1)]),
        ["5 off 3 60 Some(1)"]
    );
}

#[test]
fn a_host_without_note_output_still_hears_the_band() {
    let mut output = NoteOutput::new();
    let none = |_: NoteEvent<()>| Err(SendEventError::NoOutputBuffer);
    let mut heard = Vec::new();
    assert!(output.forward(on(Part::Bass, 40, 1), Channels::PerPart, none, |h| heard.push(h)));
    assert!(output.forward(off(Part::Bass, 40, 1), Channels::PerPart, none, |h| heard.push(h)));
    let pitch = Pitch::clamped(40);
    assert_eq!(
        heard,
        [Heard::On(Part::Bass, pitch, Velocity::clamped(127)), Heard::Off(Part::Bass, pitch)]
    );
}

fn host(beats: f64, bar_start: f64, meter: (i32, i32)) -> Transport {
    let mut host = Transport::new(48_000.0);
    host.playing = true;
    host.tempo = Some(120.0);
    host.pos_beats = Some(beats);
    host.time_sig_numerator = Some(meter.0);
    host.time_sig_denominator = Some(meter.1);
    host.bar_start_pos_beats = Some(bar_start);
    host
}

#[test]
fn a_transport_is_read_as_it_stands() {
    let mut standing = host(-2.5, -4.0, (4, 4));
    standing.playing = false;
    standing.loop_range_beats = Some((4.0, 8.0));
    let read = TransportReader::default().read(&standing, Tempo::DEFAULT, 0, 64);
    assert_eq!(read.playing, Some(false));
    assert_eq!((read.position_beats, read.bar_start_beats), (Some(-2.5), Some(-4.0)));
    assert_eq!(read.loop_range, Some((4.0, 8.0)));
    assert_eq!((read.tempo, read.meter), (Some(Tempo::DEFAULT), Some(Meter::COMMON)));
}

#[test]
fn a_host_that_says_nothing_has_no_transport() {
    let mut reader = TransportReader::default();
    let read = reader.read(&Transport::new(48_000.0), Tempo::DEFAULT, 0, 64);
    assert_eq!(read, player::Transport::default());
}

#[test]
fn nonsense_meters_are_left_out() {
    for meter in [(0, 4), (4, 3), (-3, 4), (4, 0)] {
        let mut reader = TransportReader::default();
        assert_eq!(reader.read(&host(0.0, 0.0, meter), Tempo::DEFAULT, 0, 64).meter, None);
    }
}

/// Position and bar of pieces that lie at offsets of a block: what the framework says, as a host.
fn pieces(told: &[(Transport, usize, usize)]) -> Vec<(f64, f64)> {
    let mut reader = TransportReader::default();
    let mut read = |(host, offset, n): &(Transport, usize, usize)| {
        let read = reader.read(host, Tempo::DEFAULT, *offset, *n);
        (read.position_beats.unwrap(), read.bar_start_beats.unwrap())
    };
    told.iter().map(&mut read).collect()
}

/// A song in 4/4 that turns to 3/4 at beat 16, in a block of one beat cut in two.
#[test]
fn the_hosts_own_bar_outlives_the_cutting_of_blocks() {
    let told = [
        (host(17.0, 16.0, (3, 4)), 0, 12_000),
        // The framework's guess for the second piece is a song in 3/4 from its start.
        (host(17.5, 15.0, (3, 4)), 12_000, 12_000),
        (host(18.0, 16.0, (3, 4)), 0, 24_000),
        (host(19.0, 19.0, (3, 4)), 0, 24_000),
        (host(6.0, 6.0, (3, 4)), 0, 64),
    ];
    let expected = [(17.0, 16.0), (17.5, 16.0), (18.0, 16.0), (19.0, 19.0), (6.0, 6.0)];
    assert_eq!(pieces(&told), expected);
}

/// The framework moves the position of later pieces on as if every song just went on.
#[test]
fn pieces_of_a_block_are_where_the_host_is() {
    let looped = |beats: f64| {
        let mut host = host(beats, 4.0, (4, 4));
        host.loop_range_beats = Some((4.0, 8.0));
        host
    };
    let told =
        [(looped(7.5), 0, 18_000), (looped(8.25), 18_000, 6_000), (looped(8.5), 24_000, 6_000)];
    assert_eq!(pieces(&told), [(7.5, 4.0), (4.25, 4.0), (4.5, 4.0)], "round the loop");

    let standing = |beats: f64| {
        let mut host = host(beats, 0.0, (4, 4));
        host.playing = false;
        host
    };
    let told =
        [(standing(3.0), 0, 12_000), (standing(3.5), 12_000, 12_000), (standing(3.0), 0, 64)];
    assert_eq!(pieces(&told), [(3.0, 0.0); 3], "standing");

    // A transport that was given at beat 3.5, inside the block, with another tempo.
    let faster = |beats: f64| {
        let mut host = host(beats, 4.0, (4, 4));
        host.tempo = Some(240.0);
        host
    };
    let told = [
        (host(3.0, 0.0, (4, 4)), 0, 12_000),
        (faster(4.5), 12_000, 6_000),
        (faster(5.0), 18_000, 6_000),
    ];
    assert_eq!(pieces(&told), [(3.0, 0.0), (3.5, 0.0), (4.0, 4.0)], "a new tempo");
}

#[test]
fn pieces_lie_behind_each_other() {
    let samples = [0.0; 100];
    let mut place = BlockPlace::default();
    let offsets = [0..40, 40..50, 50..100, 0..30, 30..60, 70..80]
        .map(|range: std::ops::Range<usize>| place.offset(&samples[range]));
    assert_eq!(offsets, [0, 40, 50, 0, 30, 0]);
}

#[test]
fn numbers_that_are_none_count_as_not_said() {
    for nonsense in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut host = Transport::new(48_000.0);
        host.playing = true;
        host.tempo = Some(nonsense);
        host.pos_beats = Some(nonsense);
        host.bar_start_pos_beats = Some(nonsense);
        let mut reader = TransportReader::default();
        let read = reader.read(&host, Tempo::DEFAULT, 0, 512);
        assert_eq!(read.playing, Some(true));
        assert_eq!((read.tempo, read.position_beats, read.bar_start_beats), (None, None, None));
        // The next block is read as if there had been none before.
        host.tempo = Some(90.0);
        host.pos_beats = Some(5.0);
        host.bar_start_pos_beats = Some(4.0);
        let read = reader.read(&host, Tempo::DEFAULT, 0, 512);
        assert_eq!(read.tempo, Some(Tempo::new(90.0)));
        assert_eq!((read.position_beats, read.bar_start_beats), (Some(5.0), Some(4.0)));
    }
}

#[test]
fn tempos_out_of_range_are_brought_into_it_or_not_said() {
    let read = |bpm: f64| {
        let mut host = Transport::new(48_000.0);
        host.tempo = Some(bpm);
        TransportReader::default().read(&host, Tempo::DEFAULT, 0, 512).tempo.map(Tempo::bpm)
    };
    assert_eq!([0.0, -120.0].map(read), [None, None]);
    assert_eq!([1e-9, 1e4, 1e300].map(read), [Some(1.0), Some(999.0), Some(999.0)]);
}
