//! A knob reaches the music exactly `lookahead` beats later, to the sample.

use std::path::Path;

use hosting::{Recording, Script, Song};

use crate::streams::{Event, assert_clean};
use crate::support::{IRREGULAR, dense, run};

/// The cell that is looked at.
const BEAT: f64 = 6.0;

/// One host and its song.
struct Case {
    lookahead: f64,
    tempo: f64,
    rate: f64,
    sizes: &'static [usize],
}

impl Case {
    fn frames_per_beat(&self) -> f64 {
        self.rate * 60.0 / self.tempo
    }

    /// The frame of a beat; the song starts after a stand of [`STAND`] frames.
    fn frame(&self, beat: f64) -> usize {
        STAND + (beat * self.frames_per_beat()).round() as usize
    }

    /// A song on the grid, so that the notes of a cell lie in its beat and in no other.
    fn script(&self) -> Script {
        let song = Song { tempo: self.tempo, ..Song::default() };
        let mut script = Script::new(self.rate, 8_192);
        script.stand(&song, 0.0, STAND / 10, 10);
        script.play(&song, 0.0, BEAT + 3.0, self.sizes);
        script.stop(480, 2);
        for (parameter, value) in [("swing", 0.0), ("humanize", 0.0), ("g_jazz", 1.0)] {
            script.value(parameter, value);
        }
        dense(&mut script);
        script.setting("sound", "off");
        script.setting("lookahead", &format!("{} beats", self.lookahead));
        script
    }

    /// What a song plays in which knobs move at a frame.
    fn moved_at(&self, bundle: &Path, frame: usize, knobs: &[(&str, f64)]) -> Recording {
        let mut script = self.script();
        for (parameter, value) in knobs {
            script.set_at_frame(frame, parameter, *value);
        }
        let recording = run(bundle, &script);
        assert_clean(&format!("a knob at frame {frame}"), &script, &recording);
        recording
    }
}

/// Frames that the host stands before the song.
const STAND: usize = 24_000;

/// Events of a stretch of beats, ends included.
fn between(case: &Case, recording: &Recording, from: f64, to: f64) -> Vec<Event> {
    let frames = case.frame(from) as i64..case.frame(to) as i64;
    recording.music().into_iter().filter(|event| frames.contains(&event.0)).collect()
}

/// Moved at the sample where the playhead passes k - lookahead, knobs change cell k and nothing
/// before it; a sample later they leave cell k alone and change what follows.
fn reaches_exactly_its_cell(bundle: &Path, knobs: &[(&str, f64)]) {
    const SPLITS: [&[usize]; 4] = [&[512], &IRREGULAR, &[8_192], &[333]];
    let hosts = [(120.0, 48_000.0), (97.3, 44_100.0), (171.0, 96_000.0)];
    for (number, lookahead) in [0.5, 1.0, 2.0].into_iter().enumerate() {
        for (host, (tempo, rate)) in hosts.into_iter().enumerate() {
            let sizes = SPLITS[(host + number) % SPLITS.len()];
            let case = Case { lookahead, tempo, rate, sizes };
            let what = format!("{knobs:?}, lookahead {lookahead}, {tempo} BPM, {rate} Hz");
            let commit = case.frame(BEAT - lookahead);
            let plain = case.moved_at(bundle, commit, &[]);
            let in_time = case.moved_at(bundle, commit, knobs);
            let late = case.moved_at(bundle, commit + 1, knobs);
            let part = |recording, from, to| between(&case, recording, from, to);
            assert!(!part(&plain, BEAT, BEAT + 1.0).is_empty(), "{what}: an empty cell");
            assert_eq!(
                part(&plain, 0.0, BEAT),
                part(&in_time, 0.0, BEAT),
                "{what}: a cell changed that was committed"
            );
            assert_ne!(
                part(&plain, BEAT, BEAT + 1.0),
                part(&in_time, BEAT, BEAT + 1.0),
                "{what}: the cell did not change"
            );
            assert_eq!(
                part(&plain, 0.0, BEAT + 1.0),
                part(&late, 0.0, BEAT + 1.0),
                "{what}: a sample late, the cell changed"
            );
            assert_ne!(
                part(&plain, BEAT + 1.0, BEAT + 3.0),
                part(&late, BEAT + 1.0, BEAT + 3.0),
                "{what}: the knobs did nothing at all"
            );
        }
    }
}

/// The blend.
pub fn a_genre_knob_reaches_exactly_its_cell(bundle: &Path) {
    reaches_exactly_its_cell(bundle, &[("g_jazz", 0.0), ("g_electronic", 1.0)]);
}

/// A part that is switched off leaves at its cell.
pub fn a_part_switch_reaches_exactly_its_cell(bundle: &Path) {
    reaches_exactly_its_cell(bundle, &[("dr_on", 0.0)]);
}
