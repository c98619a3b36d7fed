//! What was played: the notes with the chord and the controls of every beat.

use judge::Heard;
use score::{
    BeatFrame, Blend, Chord, Controls, GenreNames, Meter, Part, Piece, Tempo, Ticks, quantize,
};

/// One beat of a performance.
#[derive(Clone, Debug, PartialEq)]
pub struct Beat {
    /// Where it lies.
    pub frame: BeatFrame,
    /// The chord that sounds.
    pub chord: Option<Chord>,
    /// What it was composed with; `None` for music that came from a file.
    pub controls: Option<Controls>,
    /// Where a bar ends in it, and the model comes with a judge: what the last bars sound like.
    pub heard: Option<Heard>,
}

impl Beat {
    /// The common blend, normalised.
    pub fn blend(&self) -> Option<Blend> {
        self.controls.map(|controls| controls.blend.normalized())
    }
}

/// Music with the place, chord and controls of every beat: what pictures and files are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Performance {
    /// What it is called in pictures and files.
    pub title: String,
    /// The notes, with tempos, meters and markers.
    pub piece: Piece,
    /// Beats without a gap, from the first that is shown.
    pub beats: Vec<Beat>,
    /// What the weights of blends and the judge's shares are called.
    pub genres: GenreNames,
}

/// One bar, or what is left of it when the meter changes inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Number from 0.
    pub number: i64,
    /// Where it starts.
    pub start: Ticks,
    /// Where the next one starts.
    pub end: Ticks,
    /// Its meter.
    pub meter: Meter,
}

impl Performance {
    /// Music from a file or a recording, with chords estimated from the notes.
    pub fn of_piece(title: impl Into<String>, piece: Piece) -> Self {
        let beats = quantize::quantize(&piece, true)
            .into_iter()
            .map(|beat| Beat {
                frame: beat.frame,
                chord: beat.music.chord,
                controls: None,
                heard: None,
            })
            .collect();
        Self { title: title.into(), piece, beats, genres: GenreNames::default() }
    }

    /// The bars from the first beat to the last, at least one.
    pub fn bars(&self) -> Vec<Bar> {
        let mut bars: Vec<Bar> = Vec::new();
        for Beat { frame, .. } in &self.beats {
            let end = frame.bar_start + frame.meter.bar_ticks();
            match bars.last_mut() {
                Some(bar) if bar.number == frame.bar_number => bar.end = end,
                last => {
                    if let Some(bar) = last {
                        bar.end = frame.bar_start.max(bar.start + Ticks(1));
                    }
                    let number = frame.bar_number;
                    bars.push(Bar { number, start: frame.bar_start, end, meter: frame.meter });
                }
            }
        }
        if bars.is_empty() {
            let meter = Meter::default();
            bars.push(Bar { number: 0, start: Ticks(0), end: meter.bar_ticks(), meter });
        }
        // A bar shorter than a beat holds no beat's start; its room goes to the bar before.
        for idx in 1..bars.len() {
            bars[idx - 1].end = bars[idx].start;
        }
        bars
    }

    /// Start of the first bar and end of the last.
    pub fn range(&self) -> (Ticks, Ticks) {
        let bars = self.bars();
        (bars[0].start, bars[bars.len() - 1].end)
    }

    /// The tempo at the first beat.
    pub fn tempo(&self) -> Tempo {
        self.beats.first().map_or(Tempo::DEFAULT, |beat| beat.frame.tempo)
    }

    /// Whether any part or the harmony follows another blend than the common one in some beat.
    pub fn has_own_blends(&self) -> bool {
        self.beats.iter().filter_map(|beat| beat.controls.as_ref()).any(|controls| {
            controls.harmony_own > 0.0
                || Part::ALL.iter().any(|p| controls.parts[p.index()].own > 0.0)
        })
    }
}
