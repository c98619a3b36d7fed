use score::random::Random;
use score::{BeatFrame, GridBeat, GridNote, HistoryBeat, Meter, Tempo, Velocity};

use super::*;
use crate::originality::Watch;
use crate::{Config, Kernels, Network, weights};

pub(super) fn network(seed: u64) -> Arc<Network> {
    let config = Config { context_len: 192, ..Config::TINY };
    let weights = weights::random(&config, seed).unwrap();
    Arc::new(Network::new(config, &weights, Kernels::Fused).unwrap())
}

/// Beats of a tune over a bass that walks through `scale`.
pub(super) fn song(n_beats: i64, scale: &[u8], seed: u64) -> Song {
    let mut random = Random::new(seed);
    let mut beat = |beat: i64| {
        let mut music = GridBeat::default();
        let note = |position, pitch| GridNote {
            position,
            pitch,
            duration: 12,
            velocity: Velocity::clamped(90),
            micro: 0,
        };
        music.parts[1].push(note(0, 36 + scale[beat as usize % scale.len()]));
        for position in [0, 12] {
            music.parts[3].push(note(position, 60 + scale[random.below(scale.len())]));
        }
        HistoryBeat { frame: BeatFrame::regular(beat, Meter::default(), Tempo::default()), music }
    };
    Song { name: "tune.mid".into(), beats: (0..n_beats).map(&mut beat).collect(), dynamics: false }
}

fn learnt(network: &Arc<Network>, songs: Vec<Song>) -> Style {
    let mut fit = Fit::new(network, songs, 1).unwrap();
    while !fit.is_done() {
        fit.step();
    }
    fit.finish(About { name: "Tune".into(), ..About::default() })
}

#[test]
fn what_was_learnt_holds_for_bars_that_were_not() {
    let network = network(1);
    let style = learnt(&network, vec![song(160, &[0, 2, 4, 7], 1), song(160, &[0, 2, 4, 7], 2)]);
    let [genres, own] = style.about().bits.unwrap();
    assert!(own < 0.8 * genres, "{genres} bits a note under genres, {own} under the style");
    assert_eq!(style.about().n_notes, 2 * 160 * 3);
    assert!((style.genres().iter().sum::<f32>() - 1.0).abs() < 1e-4);
}

#[test]
fn a_file_keeps_a_style_and_says_what_it_is_not() {
    let network = network(1);
    let style = learnt(&network, vec![song(40, &[0, 2, 4], 1)]);
    let bytes = style.to_bytes().unwrap();
    assert_eq!(Style::from_bytes(&bytes).unwrap(), style);
    style.check(&network).unwrap();
    let refusal = |bytes: &[u8]| Style::from_bytes(bytes).unwrap_err().to_string();
    assert!(refusal(b"MThd").starts_with("style: file: expected a .tributary-style file, found "));
    assert!(refusal(&bytes[..bytes.len() - 1]).starts_with("style: file: "));
    let mut nan = Style { filter: None, ..style.clone() }.to_bytes().unwrap();
    // Tensors lie in the order of their types' sizes: four bytes a genre, then the film.
    let at = nan.len() - 2;
    nan[at..].copy_from_slice(&0x7fc0u16.to_le_bytes());
    assert_eq!(refusal(&nan), "style: film: expected finite numbers, found NaN");
    let wild = Style { adventure: 1.5, ..style.clone() }.to_bytes().unwrap();
    assert_eq!(refusal(&wild), "style: adventure: expected 0 to 1, found 1.5");
    let few = Style { biases: vec![1.0; 3], ..style.clone() }.to_bytes().unwrap();
    assert_eq!(refusal(&few), format!("style: number of biases: expected {N_BIASES}, found 3"));
    // Files of early versions have none.
    let early = Style { biases: vec![0.0; N_BIASES], ..style.clone() };
    let bytes = early.to_bytes().unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("biases"));
    assert_eq!(Style::from_bytes(&bytes).unwrap(), early);
    assert!(refusal(&vec![0; MAX_BYTES + 1]).starts_with("style: number of bytes: "));
    let other = super::tests::network(2);
    let error = style.check(&other).unwrap_err().to_string();
    assert!(error.starts_with("style: model: expected "), "{error}");
}

#[test]
fn the_knob_of_adventure_has_a_style_s_middle_and_the_same_ends() {
    let network = network(1);
    let style = Style { adventure: 0.8, ..Style::of_lines(&network, &[]) };
    let styles = Styles::new([Some(Arc::new(style)), None, None, None], &network).unwrap();
    let heard = |knob: f32, style: f32| {
        let mut weights = [0.0; Blend::LEN];
        (weights[0], weights[Genre::COUNT]) = (1.0 - style, style);
        styles.adventure(knob, &Blend::new(weights))
    };
    let near = |heard: f32, expected: f32| assert!((heard - expected).abs() < 1e-6, "{heard}");
    near(heard(0.5, 1.0), 0.8);
    near(heard(0.25, 1.0), 0.4);
    near(heard(0.75, 1.0), 0.9);
    near(heard(0.5, 0.5), 0.65);
    near(heard(0.0, 1.0), 0.0);
    near(heard(1.0, 1.0), 1.0);
    // Music of genres alone stays what it was, to the bit.
    assert_eq!(heard(0.37, 0.0), 0.37);
}

/// A file holds what its songs consist of as a filter that can be asked and not listed, and an
/// early one that has none is still read.
#[test]
fn a_file_knows_what_its_songs_hold() {
    let network = network(1);
    let tune = song(80, &[0, 2, 4, 7, 9], 3);
    let style = learnt(&network, vec![tune.clone()]);
    let bytes = style.to_bytes().unwrap();
    let read = Style::from_bytes(&bytes).unwrap();
    let filter = read.filter().unwrap();
    let is_known = |beats: &[HistoryBeat]| {
        let mut watch = Watch::new(filter);
        let notes = beats.iter().flat_map(|beat| {
            let notes = &beat.music.parts[3];
            notes.iter().map(|note| (beat.frame.beat * 24 + i64::from(note.position), note.pitch))
        });
        notes.fold(false, |any, (cell, pitch)| any | watch.push(cell, pitch))
    };
    assert!(is_known(&tune.beats[20..60]));
    assert!(!is_known(&song(80, &[0, 2, 4, 7, 9], 4).beats));
    let early = Style { filter: None, ..style.clone() };
    assert_eq!(Style::from_bytes(&early.to_bytes().unwrap()).unwrap(), early);
    let meaning: Vec<u8> = filter.parameters().into_iter().flat_map(u32::to_le_bytes).collect();
    let at = bytes.windows(meaning.len()).position(|bytes| bytes == meaning).unwrap();
    let mut later = bytes;
    later[at] = 9;
    let error = Style::from_bytes(&later).unwrap_err().to_string();
    assert!(error.starts_with("style: guard: expected ") && error.contains("version"), "{error}");
}

#[test]
fn songs_that_teach_nothing_are_refused_with_the_reason() {
    let network = network(1);
    let refusal = |songs: Vec<Song>| Fit::new(&network, songs, 1).unwrap_err().to_string();
    assert_eq!(refusal(vec![]), "no song: expected at least 64 pitched notes, found 0");
    let few = refusal(vec![song(4, &[0, 2, 4], 1)]);
    assert_eq!(few, "tune.mid: expected at least 64 pitched notes, found 12");
    let one = refusal(vec![song(40, &[0], 1)]);
    let expected = "tune.mid: expected at least 3 different pitch classes, found 120 notes on 1";
    assert_eq!(one, expected);
    let mut drums = song(40, &[0, 2, 4], 1);
    for beat in &mut drums.beats {
        let pitched = std::mem::take(&mut beat.music.parts[3]);
        beat.music.parts = [pitched, vec![], vec![], vec![]];
    }
    let expected = "tune.mid: expected pitched notes, found 80 notes of drums alone";
    assert_eq!(refusal(vec![drums]), expected);
    let smpte =
        b"MThd\0\0\0\x06\0\0\0\x01\xe7\x28MTrk\0\0\0\x0c\0\x90\x3c\x40\x60\x80\x3c\0\0\xff\x2f\0";
    let error = Song::from_midi(smpte, "seconds.mid").unwrap_err().to_string();
    assert_eq!(error, "seconds.mid: expected timing in beats, found timing in seconds (SMPTE)");
    let error = Song::from_midi(b"RIFF", "sound.wav").unwrap_err().to_string();
    assert!(error.starts_with("sound.wav: expected a MIDI file, found "), "{error}");
}
