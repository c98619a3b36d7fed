use super::*;

const CONDITIONS: Conditions = Conditions {
    mask: 0b1001,
    mode: Some(Mode::Minor),
    tempo: 4,
    density: [3, 0, 0, 5],
    register: [0; 4],
    genres: [0, 1, 2, 3, 4],
    hide_references: false,
    forms: [None, Some(Form::New), Some(Form::Again8), None, Some(Form::Rest)],
    closing: 4,
};

fn note(position: u8, pitch: u8) -> GridNote {
    GridNote { position, pitch, duration: 6, velocity: Velocity::clamped(80), micro: 1 }
}

fn song(n_beats: i64, meter: Meter) -> Vec<HistoryBeat> {
    (0..n_beats)
        .map(|beat| {
            let mut music =
                GridBeat { chord: Chord::from_index(1 + beat as usize), ..GridBeat::default() };
            music.parts[0] = vec![note(0, 36), note(12, 20), note(12, 38)];
            music.parts[3] = vec![note(6, 60 + beat as u8), note(6, 72 + beat as u8)];
            HistoryBeat { frame: BeatFrame::regular(beat, meter, Tempo::DEFAULT), music }
        })
        .collect()
}

#[test]
fn every_field_stays_below_its_size() {
    for meter in ["4/4", "9/8", "3/8", "1/16", "32/1", "7/8"] {
        let song = song(24, Meter::parse(meter).unwrap());
        for beat in 0..24 {
            let encoder = BeatEncoder::new(&song[..beat], song[beat].frame, CONDITIONS);
            let mut steps = Vec::new();
            encoder.encode(&song[beat].music, [(true, true); 4], &mut steps);
            // BEAT, two STARTs, two drum notes that have a symbol and two lead notes.
            assert_eq!(steps.len(), 7);
            for step in &steps {
                for (field, value) in step.inputs.iter().enumerate() {
                    assert!(usize::from(*value) < FIELD_SIZES[field], "field {field}: {value}");
                }
                for (target, class) in step.targets.iter().enumerate() {
                    assert!(*class == IGNORE || usize::from(*class) < TARGET_SIZES[target]);
                }
            }
        }
    }
}

#[test]
fn references_walk_along_the_bar_before() {
    let song = song(5, Meter::COMMON);
    let encoder = BeatEncoder::new(&song[..4], song[4].frame, CONDITIONS);
    let lead = encoder.start_step(Part::Lead, None).inputs;
    let unknown = [REF_UNKNOWN, NO_SYMBOL];
    assert_eq!(lead[REF..FORM], [[6, 60], unknown, unknown, unknown].concat());
    assert_eq!(lead[FORM..COND], [Form::Rest as u16, 4]);
    let lead = encoder.note_step(Part::Lead, None, &note(6, 66)).inputs;
    assert_eq!(lead[REF..REF + 2], [6, 72]);
    let lead = encoder.note_step(Part::Lead, None, &note(6, 80)).inputs;
    assert_eq!(lead[REF..REF + 2], [END, NO_SYMBOL]);
    let beat = encoder.beat_step().inputs;
    assert_eq!(beat[REF..REF + 2], [END, CHORD_SYMBOLS + 1]);
    assert_eq!(beat[SYM], CHORD_SYMBOLS + 4);
}

#[test]
fn symbols_and_classes_read_back() {
    for key in LOWEST_DRUM..=HIGHEST_DRUM {
        assert_eq!(symbol_pitch(symbol(Part::Drums, key).unwrap()), key);
    }
    assert_eq!(symbol(Part::Drums, 20), None);
    for (class, cells) in DURATIONS.iter().enumerate() {
        assert_eq!(usize::from(duration_class(*cells)), class);
    }
    for class in 0..N_VELOCITIES as u16 {
        assert_eq!(velocity_class(class_velocity(class)), class);
    }
}
