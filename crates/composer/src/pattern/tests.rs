use super::*;
use score::{Blend, Meter, PartControls, Scale, Tempo};

fn controls(genre: Genre) -> Controls {
    Controls { blend: Blend::pure(genre), ..Controls::default() }
}

fn bars(controls: &Controls, meter: Meter, n_beats: i64) -> Vec<GridBeat> {
    let frame = |beat| BeatFrame::regular(beat, meter, Tempo::DEFAULT);
    (0..n_beats).map(|beat| PatternGenerator::new().beat(&frame(beat), controls, 0)).collect()
}

#[test]
fn every_line_divides_the_bar_and_every_chord_is_known() {
    for genre in Genre::ALL {
        let song = song(genre);
        let drums = song.drums.iter().chain([&song.fill]).flat_map(|bar| bar.iter());
        let lines = drums.map(|(_, line)| *line);
        let pitched = [song.bass, song.chords, song.lead, song.lead_answer].concat();
        for line in lines.chain(pitched) {
            assert!(
                [8, 12, 16].contains(&line.len()),
                "{}: {line:?} has {}",
                genre.name(),
                line.len()
            );
        }
        for name in [song.major, song.minor].concat().iter().flat_map(|bar| bar.split(' ')) {
            assert!(Chord::parse(name).is_ok(), "{}: {name}", genre.name());
        }
        assert!(song.lead.iter().chain(song.lead_answer).all(|line| {
            line.bytes().all(|symbol| matches!(symbol, b'.' | b'-') || letter(symbol).is_some())
        }));
    }
}

#[test]
fn all_parts_play_in_every_genre_and_meter() {
    for genre in Genre::ALL {
        for (numerator, denominator) in [(4, 4), (3, 4), (5, 4), (6, 8), (7, 8), (2, 2)] {
            let meter = Meter::new(numerator, denominator).expect("a meter");
            let beats = bars(&controls(genre), meter, 64);
            for part in Part::ALL {
                let n_notes: usize = beats.iter().map(|beat| beat.parts[part.index()].len()).sum();
                assert!(
                    (16..=1200).contains(&n_notes),
                    "{} {meter} {}: {n_notes}",
                    genre.name(),
                    part.name()
                );
            }
            for note in beats.iter().flat_map(|beat| beat.parts.iter().flatten()) {
                assert!(note.position < 24 && note.duration >= 1 && note.pitch < 128);
            }
            assert!(beats.iter().all(|beat| beat.chord.is_some()));
        }
    }
}

#[test]
fn pitched_parts_keep_to_an_exact_scale() {
    for scale in Scale::ALL.into_iter().filter(|scale| scale.mask() != 0xfff) {
        let controls = Controls { scale, ..controls(Genre::Jazz) };
        let home = if scale.is_minor() { 9 } else { 0 };
        for beat in bars(&controls, Meter::COMMON, 32) {
            for note in beat.parts[1..].iter().flatten() {
                let degree = (i32::from(note.pitch) - home).rem_euclid(12);
                assert!(scale.mask() >> degree & 1 == 1, "{scale:?} {}", note.pitch);
            }
        }
    }
}

#[test]
fn switched_off_parts_rest_and_density_counts() {
    let n_notes = |density: f32, on: bool| {
        let part = PartControls { density, on, ..PartControls::default() };
        let controls = Controls { parts: [part; 4], ..controls(Genre::Rock) };
        bars(&controls, Meter::COMMON, 32)
            .iter()
            .map(|beat| beat.parts.iter().flatten().count())
            .sum::<usize>()
    };
    assert_eq!(n_notes(0.5, false), 0);
    assert!(n_notes(0.0, true) < n_notes(0.5, true) && n_notes(0.5, true) < n_notes(1.0, true));
}

#[test]
fn seeds_and_passes_differ_and_repeat() {
    let song = |seed, pass| {
        let controls = Controls { seed, ..controls(Genre::Folk) };
        let frame = |beat| BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT);
        let beats: Vec<GridBeat> = (0..32)
            .map(|beat| PatternGenerator::new().beat(&frame(beat), &controls, pass))
            .collect();
        beats
    };
    assert_eq!(song(1, 0), song(1, 0));
    assert_ne!(song(1, 0), song(2, 0));
    assert_ne!(song(1, 0), song(1, 1));
}
