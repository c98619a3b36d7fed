use super::*;
use crate::params::PartChoice;
use crate::sound_font::SoundFonts;
use nice_plug::params::InternalParamMut;
use nice_plug::prelude::NoteEvent;

const RATE: f32 = 48_000.0;

fn fonts() -> FontEnds {
    SoundFonts::default().connect()
}

/// A band that renders offline, so that every beat is in time.
fn offline_band() -> Band {
    let mut band = Band::start(RATE, Arc::default(), Arc::default(), fonts(), &Link::default());
    band.configure(RATE, true);
    band
}

fn playing(beats: f64) -> Transport {
    let mut host = Transport::new(RATE);
    host.playing = true;
    host.tempo = Some(120.0);
    host.pos_beats = Some(beats);
    host.time_sig_numerator = Some(4);
    host.time_sig_denominator = Some(4);
    host
}

/// A host with some notes for a block.
struct TestHost<'a, F> {
    notes: &'a [NoteEvent<()>],
    send: F,
}

impl<F: FnMut(NoteEvent<()>) -> Result<(), SendEventError>> HostNotes for TestHost<'_, F> {
    fn next(&mut self) -> Option<NoteEvent<()>> {
        let (first, rest) = self.notes.split_first()?;
        self.notes = rest;
        Some(*first)
    }

    fn send(&mut self, event: NoteEvent<()>) -> Result<(), SendEventError> {
        (self.send)(event)
    }
}

/// What left the band: events at song samples, one a line, and the left channel.
#[derive(Default, PartialEq)]
struct Heard {
    events: Vec<String>,
    samples: Vec<f32>,
    /// The left channel of each part's own output.
    parts: [Vec<f32>; 4],
}

/// Plays `n_beats` from the song's start in blocks of the given sizes, in turn.
fn play(band: &mut Band, params: &TributaryParams, n_beats: usize, sizes: &[usize]) -> Heard {
    let mut heard = Heard::default();
    let end = n_beats * RATE as usize / 2;
    let mut at = 0;
    for &size in sizes.iter().cycle() {
        let n_samples = size.min(end - at);
        if at >= end {
            break;
        }
        let host = playing(at as f64 / f64::from(RATE) * 2.0);
        block(band, params, &host, n_samples, at, &mut heard);
        at += n_samples;
    }
    heard
}

fn block(
    band: &mut Band,
    params: &TributaryParams,
    host: &Transport,
    n_samples: usize,
    at: usize,
    heard: &mut Heard,
) {
    let (mut left, mut right) = (vec![f32::NAN; n_samples], vec![f32::NAN; n_samples]);
    let playhead = band.playhead(host, params, &left);
    band.follow(params, n_samples);
    let events = &mut heard.events;
    let send = |event: NoteEvent<()>| {
        let (name, timing, channel, key) = match event {
            NoteEvent::NoteOn { timing, channel, key, .. } => ("on", timing, channel, key),
            NoteEvent::NoteOff { timing, channel, key, .. } => ("off", timing, channel, key),
            other => panic!("{other:?}"),
        };
        assert!((timing as usize) < n_samples);
        let (channel, key) = (channel.number().unwrap(), key.number().unwrap());
        events.push(format!("{} {name} {channel} {key}", at + timing as usize));
        Ok(())
    };
    let mut parts: [[Vec<f32>; 2]; 4] = Default::default();
    parts.iter_mut().flatten().for_each(|side| side.resize(n_samples, f32::NAN));
    let outputs = parts.each_mut().map(|part| part.each_mut().map(|side| &mut side[..]));
    let host = &mut TestHost { notes: &[], send };
    band.play_along(&playhead, params, [&mut left, &mut right], outputs, host);
    assert!(parts.iter().flatten().flatten().all(|sample| sample.is_finite()));
    for (heard, [left, _]) in heard.parts.iter_mut().zip(&parts) {
        heard.extend(left);
    }
    assert!(left.iter().chain(&right).all(|sample| sample.abs() <= 1.0));
    heard.samples.extend(left);
}

/// Sets a parameter as a host would.
fn set<P: InternalParamMut>(param: &P, value: P::Plain) {
    // SAFETY: there is no host that could be told otherwise.
    unsafe { param._internal_set_plain_value(value) };
}

#[test]
fn notes_and_sound_do_not_depend_on_the_blocks() {
    let params = TributaryParams::default();
    set(&params.engine.outputs, OutputsChoice::Both);
    let whole = play(&mut offline_band(), &params, 16, &[8_192]);
    assert!(whole.events.len() > 40, "{} events", whole.events.len());
    assert!(whole.samples.iter().any(|sample| sample.abs() > 0.05));
    for sizes in [&[1_usize, 0, 37, 512][..], &[64][..], &[3_000, 1][..]] {
        let pieces = play(&mut offline_band(), &params, 16, sizes);
        assert_eq!(pieces.events, whole.events, "blocks of {sizes:?}");
        assert!(pieces.samples == whole.samples, "sound in blocks of {sizes:?}");
        assert!(pieces.parts == whole.parts, "outputs of parts in blocks of {sizes:?}");
    }
}

#[test]
fn the_band_is_silent_without_sound_but_still_sends_notes() {
    let params = TributaryParams::default();
    set(&params.engine.sound, false);
    let heard = play(&mut offline_band(), &params, 8, &[512]);
    assert!(heard.events.len() > 10);
    assert!(heard.samples.iter().all(|sample| *sample == 0.0));
}

#[test]
fn a_stop_ends_every_note() {
    let params = TributaryParams::default();
    let mut band = offline_band();
    let mut heard = play(&mut band, &params, 7, &[500]);
    let mut standing = playing(7.0);
    standing.playing = false;
    block(&mut band, &params, &standing, 512, 0, &mut heard);
    let count = |name: &str| heard.events.iter().filter(|line| line.contains(name)).count();
    assert_eq!(count(" on "), count(" off "));
    // The host may also reset, activate at another rate, and go on.
    band.reset();
    band.configure(44_100.0, false);
    band.reset();
    block(&mut band, &params, &standing, 0, 0, &mut heard);
    block(&mut band, &params, &standing, 65_536, 0, &mut heard);
}

#[test]
fn a_bypass_ends_every_note_and_the_end_of_it_goes_on() {
    let params = TributaryParams::default();
    let mut band = offline_band();
    let mut heard = play(&mut band, &params, 7, &[500]);
    set(&params.engine.bypass, true);
    for index in 0..100 {
        block(&mut band, &params, &playing(7.0 + f64::from(index) / 25.0), 960, 0, &mut heard);
    }
    let count =
        |heard: &Heard, name: &str| heard.events.iter().filter(|line| line.contains(name)).count();
    assert_eq!(count(&heard, " on "), count(&heard, " off "));
    assert!(heard.samples.iter().rev().take(960).all(|sample| *sample == 0.0));
    set(&params.engine.bypass, false);
    let n_before = count(&heard, " on ");
    for index in 0..100 {
        block(&mut band, &params, &playing(11.0 + f64::from(index) / 25.0), 960, 0, &mut heard);
    }
    assert!(count(&heard, " on ") > n_before);
}

#[test]
fn a_single_part_is_heard_alone() {
    let params = TributaryParams::default();
    set(&params.engine.channels, crate::params::ChannelsChoice::Single);
    set(&params.engine.single_part, PartChoice::Drums);
    let single = play(&mut offline_band(), &params, 8, &[512]);
    let band = play(&mut offline_band(), &TributaryParams::default(), 8, &[512]);
    let drums = |line: &&String| line.contains(" on 9 ") || line.contains(" off 9 ");
    let expected: Vec<String> = band
        .events
        .iter()
        .filter(drums)
        .map(|line| line.replace("on 9", "on 0").replace("off 9", "off 0"))
        .collect();
    assert_eq!(single.events, expected);
}

/// Plays two bars, turns something, plays two more.
fn turned(turn: impl Fn(&TributaryParams)) -> Heard {
    let params = TributaryParams::default();
    set(&params.engine.outputs, OutputsChoice::Both);
    let mut band = offline_band();
    let mut heard = play(&mut band, &params, 8, &[512]);
    turn(&params);
    for index in 0..400 {
        let at = 8 * 24_000 + index * 480;
        let beats = 8.0 + index as f64 * 0.02;
        block(&mut band, &params, &playing(beats), 480, at, &mut heard);
    }
    heard
}

#[test]
fn a_muted_part_ends_at_once_and_leaves_the_others_as_they_were() {
    let whole = turned(|_| {});
    let muted = turned(|params| set(&params.chords.mute, true));
    let solo = turned(|params| {
        for part in [&params.drums, &params.bass, &params.lead] {
            set(&part.solo, true);
        }
    });
    let is_chords = |line: &&String| line.contains(" on 2 ") || line.contains(" off 2 ");
    let others = |heard: &Heard| -> Vec<String> {
        heard.events.iter().filter(|line| !is_chords(line)).cloned().collect()
    };
    assert_eq!(others(&muted), others(&whole));
    assert_eq!(solo.events, muted.events);
    let at = |line: &String| line.split(' ').next().unwrap().parse::<usize>().unwrap();
    let chords = |heard: &Heard, name: &str, until: usize| {
        let count = |line: &&String| line.contains(name) && at(line) <= until;
        heard.events.iter().filter(is_chords).filter(count).count()
    };
    let turned_at = 8 * 24_000;
    assert!(chords(&whole, " on ", usize::MAX) > chords(&whole, " on ", turned_at));
    assert_eq!(chords(&muted, " on ", usize::MAX), chords(&muted, " on ", turned_at));
    // Exactly one end a note, and none later than the mute.
    assert_eq!(chords(&muted, " off ", turned_at), chords(&muted, " on ", usize::MAX));
    assert_eq!(chords(&muted, " off ", usize::MAX), chords(&muted, " off ", turned_at));
    let loudest =
        |samples: &[f32]| samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(loudest(&whole.parts[2][turned_at + 9_600..]) > 1e-3);
    assert!(loudest(&muted.parts[2][turned_at + 9_600..]) < 1e-4);
    assert!(muted.parts[0] == whole.parts[0]);
}

#[test]
fn the_patch_follows_the_blend_until_it_is_chosen() {
    use crate::params::LeadPatch;
    let lead = |turn: &dyn Fn(&TributaryParams)| {
        let params = TributaryParams::default();
        turn(&params);
        params.patch(Part::Lead)
    };
    let name = |place: usize| synth::Patch::of(Part::Lead)[place].name;
    assert_eq!(name(lead(&|params| set(&params.common.blend.jazz, 1.0))), "Clarinet");
    let own = |params: &TributaryParams| {
        set(&params.common.blend.jazz, 1.0);
        set(&params.lead.own, 1.0);
        set(&params.lead.blend.folk, 1.0);
    };
    assert_eq!(name(lead(&own)), "Flute");
    let chosen = |params: &TributaryParams| {
        own(params);
        set(&params.patches.lead, LeadPatch::Trumpet);
    };
    assert_eq!(name(lead(&chosen)), "Trumpet");
}

#[test]
fn a_host_without_transport_is_played_by_the_own_clock() {
    let params = TributaryParams::default();
    let mut band = offline_band();
    let mut heard = Heard::default();
    for index in 0..100 {
        block(&mut band, &params, &Transport::new(RATE), 960, index * 960, &mut heard);
    }
    assert_eq!(heard.events, play(&mut offline_band(), &params, 4, &[960]).events);
}

#[test]
fn the_editor_finds_the_band_once_it_plays() {
    let link = Link::default();
    assert!(link.view().is_none());
    let mut band = Band::start(RATE, Arc::default(), Arc::default(), fonts(), &link);
    band.configure(RATE, true);
    play(&mut band, &TributaryParams::default(), 4, &[512]);
    let mut view = link.view();
    let view = view.as_mut().unwrap();
    view.refresh();
    assert!(!view.preview().beats.is_empty());
    assert_eq!((view.status.late(), view.status.dropped(), view.report.failure()), (0, 0, None));
}

/// The editor and a host's main thread may hold any lock for as long as they like.
#[test]
fn the_audio_thread_takes_no_lock() {
    let link = Link::default();
    let params = Arc::new(TributaryParams::default());
    let memory = params.music_memory.memory();
    let mut band = Band::start(RATE, memory, Arc::default(), fonts(), &link);
    let view = link.view();
    let size = params.editor_size.write();
    let (done, finished) = std::sync::mpsc::channel();
    std::thread::spawn({
        let params = params.clone();
        move || {
            let heard = play(&mut band, &params, 2, &[512]);
            done.send(heard.samples.len()).unwrap();
        }
    });
    let n_samples = finished.recv_timeout(std::time::Duration::from_secs(60));
    assert_eq!(n_samples, Ok(RATE as usize));
    drop((view, size));
}

/// A note that comes in, at a sample of the song.
#[derive(Clone, Copy)]
struct Played {
    at: usize,
    on: bool,
    channel: u8,
    key: u8,
}

impl Played {
    fn event(self, from: usize) -> NoteEvent<()> {
        use nice_plug::midi::{Channel, Key, VoiceID};
        let (timing, voice_id) = ((self.at - from) as u32, VoiceID::Wildcard);
        let (channel, key) = (Channel::Number(self.channel), Key::Number(self.key));
        match self.on {
            true => NoteEvent::NoteOn { timing, voice_id, channel, key, velocity: 0.7 },
            false => NoteEvent::NoteOff { timing, voice_id, channel, key, velocity: 0.0 },
        }
    }
}

/// Plays `n_samples` from the song's start with notes that come in, then stands still for a block.
fn play_with(
    params: &TributaryParams,
    played: &[Played],
    n_samples: usize,
    sizes: &[usize],
) -> Vec<String> {
    let mut band = offline_band();
    let mut events = Vec::new();
    let (mut at, mut first) = (0, 0);
    let ends = sizes.iter().cycle().scan(0, |end, size| {
        *end += size;
        Some((*end).min(n_samples))
    });
    let mut piece = |host: &Transport, at: usize, n_samples: usize, notes: &[NoteEvent<()>]| {
        let (mut left, mut right) = (vec![0.0; n_samples], vec![0.0; n_samples]);
        let playhead = band.playhead(host, params, &left);
        band.follow(params, n_samples);
        let send = |event: NoteEvent<()>| {
            let (name, timing, channel, key) = match event {
                NoteEvent::NoteOn { timing, channel, key, .. } => ("on", timing, channel, key),
                NoteEvent::NoteOff { timing, channel, key, .. } => ("off", timing, channel, key),
                other => panic!("{other:?}"),
            };
            assert!((timing as usize) < n_samples);
            let (channel, key) = (channel.number().unwrap(), key.number().unwrap());
            events.push((at + timing as usize, name, channel, key));
            Ok(())
        };
        let host = &mut TestHost { notes, send };
        band.play_along(&playhead, params, [&mut left, &mut right], Default::default(), host);
    };
    for end in ends {
        let n_notes = played[first..].iter().take_while(|note| note.at < end).count();
        let notes: Vec<NoteEvent<()>> =
            played[first..first + n_notes].iter().map(|note| note.event(at)).collect();
        let host = playing(at as f64 / f64::from(RATE) * 2.0);
        piece(&host, at, end - at, &notes);
        (at, first) = (end, first + n_notes);
        if at == n_samples {
            break;
        }
    }
    let mut host = playing(at as f64 / f64::from(RATE) * 2.0);
    host.playing = false;
    piece(&host, at, 512, &[]);
    let mut sounding = std::collections::BTreeSet::new();
    let mut last = 0;
    for (at, name, channel, key) in &events {
        assert!(last <= *at, "out of order at {at}");
        last = *at;
        let is_paired = match *name {
            "on" => sounding.insert((*channel, *key)),
            _ => sounding.remove(&(*channel, *key)),
        };
        assert!(is_paired, "{at} {name} {channel} {key}");
    }
    let held = played.iter().filter(|note| note.on).count()
        - played.iter().filter(|note| !note.on).count();
    assert!(sounding.len() <= held, "{sounding:?} hang");
    events.iter().map(|(at, name, channel, key)| format!("{at} {name} {channel} {key}")).collect()
}

/// A chord that is pressed at one sample and let go of at another.
fn chord(keys: &[u8], from: usize, to: usize) -> Vec<Played> {
    let strike = |on, at| keys.iter().map(move |key| Played { at, on, channel: 0, key: *key });
    strike(true, from).chain(strike(false, to)).collect()
}

#[test]
fn a_held_chord_reaches_the_next_committed_beat_in_every_split() {
    let params = TributaryParams::default();
    set(&params.follow.follow, crate::params::FollowChoice::Chords);
    set(&params.follow.input, crate::params::InputChoice::Pass);
    let mut played = chord(&[61, 65, 68], 100, 40_000);
    played.extend(chord(&[63, 66, 70], 100_001, 150_000));
    let n_samples = 16 * 24_000;
    let whole = play_with(&params, &played, n_samples, &[8_192]);
    for sizes in [&[1_usize, 0, 37, 512][..], &[64][..], &[3_000, 1][..]] {
        assert_eq!(play_with(&params, &played, n_samples, sizes), whole, "blocks of {sizes:?}");
    }
    // The bass stands on C# from the beat after the first commit, on D# after the second chord.
    let bass = |from: usize, to: usize| -> Vec<u8> {
        let on_beat = whole.iter().filter_map(|line| {
            let [at, name, channel, key] = line.split(' ').collect::<Vec<_>>()[..] else {
                return None;
            };
            let (at, key): (usize, u8) = (at.parse().unwrap(), key.parse().unwrap());
            let is_struck = name == "on" && channel == "1" && at % 96_000 < 2_000;
            (is_struck && (from..to).contains(&at)).then_some(key % 12)
        });
        on_beat.collect()
    };
    assert!(bass(96_000, 150_000).iter().all(|class| *class == 1), "{:?}", bass(0, n_samples));
    assert!(bass(190_000, n_samples).iter().all(|class| *class == 3), "{:?}", bass(0, n_samples));
    assert!(!bass(96_000, n_samples).is_empty());
}

#[test]
fn a_hundred_thousand_random_notes_leave_none_hanging() {
    let params = TributaryParams::default();
    set(&params.follow.follow, crate::params::FollowChoice::Chords);
    set(&params.follow.input, crate::params::InputChoice::Pass);
    let mut random = 7_u64;
    let mut draw = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % below
    };
    let (mut held, mut at) = (Vec::new(), 0);
    let mut played: Vec<Played> = (0..100_000)
        .map(|_| {
            at += draw(8) as usize;
            let note = Played { at, on: true, channel: draw(5) as u8, key: 24 + draw(80) as u8 };
            let n_held = held.len() as u64;
            if n_held > 8 || n_held > 0 && draw(2) == 0 {
                let of: Played = held.swap_remove(draw(n_held) as usize);
                return Played { at, on: false, ..of };
            }
            held.push(note);
            note
        })
        .collect();
    played.extend(held.iter().map(|note| Played { at, on: false, ..*note }));
    let n_samples = at + 1;
    let whole = play_with(&params, &played, n_samples, &[4_096]);
    assert!(whole.len() > 100_000, "{} events", whole.len());
    assert_eq!(play_with(&params, &played, n_samples, &[509, 1, 64]), whole);
}

#[test]
fn a_typed_progression_and_the_bus_are_followed() {
    let n_samples = 12 * 24_000;
    let typed = TributaryParams::default();
    set(&typed.follow.follow, crate::params::FollowChoice::Typed);
    set(&typed.follow.send, 7);
    let unfollowed = play_with(&typed, &[], n_samples, &[512]);
    typed.typed.type_in("C#m").unwrap();
    let followed = play_with(&typed, &[], n_samples, &[512]);
    assert_ne!(followed, unfollowed);
    let error = typed.typed.type_in("C#m | H7x").unwrap_err().to_string();
    assert_eq!(error, "2nd bar: \"H7x\" is no chord");
    assert_eq!(typed.typed.text(), "C#m | H7x");
    assert_eq!(play_with(&typed, &[], n_samples, &[512]), followed);
    // The chord is still on the line, so a receiver has it from its first beat.
    let receiver = TributaryParams::default();
    set(&receiver.follow.follow, crate::params::FollowChoice::Bus);
    set(&receiver.follow.receive, 7);
    assert_eq!(play_with(&receiver, &[], n_samples, &[512]), followed);
}

/// Plays two bands of a project block by block, `first` before `second`, and says which chord each
/// of their beats has.
fn chords_of_two(first: &TributaryParams, second: &TributaryParams) -> [Vec<(i64, String)>; 2] {
    let links = [Link::default(), Link::default()];
    let mut bands = links.each_ref().map(|link| {
        let mut band = Band::start(RATE, Arc::default(), Arc::default(), fonts(), link);
        band.configure(RATE, true);
        band
    });
    let mut chords = [const { std::collections::BTreeMap::new() }; 2];
    for at in (0..24 * 24_000).step_by(4_800) {
        let host = playing(at as f64 / f64::from(RATE) * 2.0);
        for (i, params) in [first, second].into_iter().enumerate() {
            block(&mut bands[i], params, &host, 4_800, at, &mut Heard::default());
            let mut view = links[i].view();
            let view = view.as_mut().unwrap();
            view.refresh();
            let of_beats = view.preview().beats.iter().map(|beat| {
                (beat.frame.beat, beat.chord.map_or_else(|| "-".into(), |chord| chord.to_string()))
            });
            chords[i].extend(of_beats);
        }
    }
    chords.map(|of_beats| of_beats.into_iter().filter(|(beat, _)| (4..24).contains(beat)).collect())
}

#[test]
fn what_a_band_makes_up_is_sent_and_played_on_the_same_beats() {
    let (sender, receiver) = (TributaryParams::default(), TributaryParams::default());
    set(&sender.follow.send, 9);
    set(&sender.engine.lookahead, 2.0);
    set(&receiver.follow.follow, crate::params::FollowChoice::Bus);
    set(&receiver.follow.receive, 9);
    let [sent, played] = chords_of_two(&sender, &receiver);
    let n_kinds = sent.iter().map(|(_, chord)| chord).collect::<std::collections::BTreeSet<_>>();
    assert!(n_kinds.len() > 1, "{sent:?}");
    assert_eq!(played, sent);
    // The order in which the host processes them makes no difference.
    let [played, sent] = chords_of_two(&receiver, &sender);
    assert_eq!(played, sent);
    // With as short a lookahead as the others' it is the chord before.
    set(&sender.engine.lookahead, 1.0);
    let [played, sent] = chords_of_two(&receiver, &sender);
    let before = |beat: usize| sent[beat - 1].1 == played[beat].1;
    assert!((1..20).all(before), "{sent:?}, {played:?}");
}
