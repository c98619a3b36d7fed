//! Plain habits of music, real against generated: what makes it dull or wrong at a glance, and
//! how far sets of excerpts overlap in them.

use std::collections::{BTreeSet, HashSet};

use score::{Part, PitchClass};
use serde::{Deserialize, Serialize};

use super::quality::Sides;
use super::stats::{Figure, mean, mean_of, overlap, quantile, quantile_of};
use crate::judge::{BEATS_A_BAR, Excerpt, drum_class};

/// Cells in a bar.
const BAR: usize = BEATS_A_BAR * 24;

/// Names of the habits, in the order of [`measure`].
pub const NAMES: [&str; 26] = [
    "in one scale",
    "bass on chord tones",
    "drums on sixteenths",
    "drum hits a bar",
    "bass notes a bar",
    "chord notes a bar",
    "lead notes a bar",
    "drum bars heard before",
    "bass bars heard before",
    "chord bars heard before",
    "lead bars heard before",
    "chord changes a bar",
    "bass length in beats",
    "chord length in beats",
    "lead length in beats",
    "drum bars empty",
    "bass bars empty",
    "chord bars empty",
    "lead bars empty",
    "chord notes at a time",
    "lead range in semitones",
    "lead rests",
    "pitch classes",
    "drum kinds a bar",
    SILENT,
    "velocity spread",
];

/// Name of the one habit that is no habit.
const SILENT: &str = "parts silent";

/// The habits of an excerpt; `NaN` where there is nothing to measure.
pub fn measure(excerpt: &Excerpt) -> [f64; NAMES.len()] {
    let n_bars = excerpt.n_bars() as f64;
    let counts = Part::ALL.map(|part| excerpt.notes(part).count() as f64);
    let plays = counts.map(|n| n > 0.0);
    let known = |is: bool, value: f64| if is { value } else { f64::NAN };
    let pitched = [Part::Bass, Part::Chords, Part::Lead];
    let mut classes = [0.0f64; 12];
    for note in pitched.iter().flat_map(|part| excerpt.notes(*part)) {
        classes[usize::from(note.1.pitch % 12)] += 1.0;
    }
    let n_pitched: f64 = classes.iter().sum();
    let in_scale = (0..12)
        .map(|tonic| [0, 2, 4, 5, 7, 9, 11].iter().map(|d| classes[(tonic + d) % 12]).sum::<f64>())
        .fold(0.0, f64::max);
    let on_chord = excerpt.notes(Part::Bass).filter(|(at, note)| {
        let chord = excerpt.chords.get(at / 24).copied().flatten();
        chord.is_some_and(|chord| chord.contains(PitchClass::new(note.pitch.into())))
    });
    let on_grid = excerpt.notes(Part::Drums).filter(|(at, _)| at % 6 == 0).count() as f64;
    let length = |part: Part| {
        mean(excerpt.notes(part).map(|(_, note)| f64::from(note.duration.min(96)) / 24.0))
    };
    let bars = Part::ALL.map(|part| part_bars(excerpt, part));
    let heard = |part: usize| heard_before(&bars[part]);
    let empty = |part: usize| {
        let empty = bars[part].iter().filter(|bar| bar.is_empty()).count() as f64;
        known(plays[part], empty / n_bars)
    };
    let changes = excerpt.chords.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64;
    let onsets: HashSet<usize> = excerpt.notes(Part::Chords).map(|(at, _)| at).collect();
    let kinds = (0..excerpt.n_bars()).map(|bar| {
        let hits = excerpt.notes(Part::Drums).filter(|(at, _)| at / BAR == bar);
        hits.map(|(_, note)| drum_class(note.pitch)).collect::<BTreeSet<usize>>().len() as f64
    });
    let silent = plays.iter().filter(|plays| !**plays).count() as f64;
    let lead = || excerpt.notes(Part::Lead).map(|(_, note)| f64::from(note.pitch));
    [
        in_scale / n_pitched,
        on_chord.count() as f64 / counts[1],
        on_grid / counts[0],
        known(plays[0], counts[0] / n_bars),
        known(plays[1], counts[1] / n_bars),
        known(plays[2], counts[2] / n_bars),
        known(plays[3], counts[3] / n_bars),
        heard(0),
        heard(1),
        heard(2),
        heard(3),
        known(n_pitched > 0.0, changes / n_bars),
        length(Part::Bass),
        length(Part::Chords),
        length(Part::Lead),
        empty(0),
        empty(1),
        empty(2),
        empty(3),
        counts[2] / onsets.len() as f64,
        known(plays[3], lead().fold(0.0, f64::max) - lead().fold(f64::MAX, f64::min)),
        known(plays[3], 1.0 - sounding(excerpt, Part::Lead)),
        known(n_pitched > 0.0, classes.iter().filter(|n| **n > 0.0).count() as f64),
        known(plays[0], mean(kinds)),
        silent / Part::ALL.len() as f64,
        velocity_spread(excerpt),
    ]
}

/// Share of the time in which a part sounds.
fn sounding(excerpt: &Excerpt, part: Part) -> f64 {
    let n_cells = excerpt.beats.len() * 24;
    let mut end = 0;
    let mut sum = 0;
    for (at, note) in excerpt.notes(part) {
        let until = (at + usize::from(note.duration)).min(n_cells);
        sum += until.saturating_sub(at.max(end));
        end = end.max(until);
    }
    sum as f64 / n_cells as f64
}

/// Standard deviation of velocities within a part, the mean over parts with notes.
fn velocity_spread(excerpt: &Excerpt) -> f64 {
    let spread = |part: Part| {
        let all: Vec<f64> =
            excerpt.notes(part).map(|(_, note)| f64::from(note.velocity.number())).collect();
        let m = mean(all.iter().copied());
        mean(all.iter().map(|v| (v - m).powi(2))).sqrt()
    };
    mean(Part::ALL.into_iter().map(spread).filter(|spread| spread.is_finite()))
}

/// The notes of each bar of a part, as numbers of place and pitch.
pub fn part_bars(excerpt: &Excerpt, part: Part) -> Vec<BTreeSet<(usize, u8)>> {
    let mut bars = vec![BTreeSet::new(); excerpt.n_bars()];
    for (at, note) in excerpt.notes(part) {
        if let Some(bar) = bars.get_mut(at / BAR) {
            bar.insert((at % BAR, note.pitch));
        }
    }
    bars
}

/// Share of the bars with notes that equal an earlier one; `NaN` where none has any.
pub fn heard_before(bars: &[BTreeSet<(usize, u8)>]) -> f64 {
    let played: Vec<_> = bars.iter().filter(|bar| !bar.is_empty()).collect();
    let again = (0..played.len()).filter(|i| played[..*i].contains(&played[*i])).count();
    again as f64 / played.len() as f64
}

/// A habit of one genre, real against generated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Habit {
    /// One of [`NAMES`].
    pub name: String,
    /// Lower quartile, median and upper quartile of real excerpts.
    pub real: [f64; 3],
    /// The same of generated ones.
    pub generated: [f64; 3],
    /// Medians; the real one is that of every other song.
    pub medians: Sides<Option<f64>>,
    /// How far the densities of distances overlap: within real music, and from each to it; the
    /// real one is that of two halves of the songs.
    pub overlaps: Sides<Option<f64>>,
    /// Excerpts, real and generated.
    pub n: [usize; 2],
    /// Both densities.
    pub histogram: Histogram,
}

impl Habit {
    /// Whether a median lies between the real quartiles.
    pub fn is_usual(&self, median: f64) -> bool {
        // Shares of the same thing that were added in another order differ in their last bits.
        let slack = 1e-9;
        (self.real[0] - slack..=self.real[2] + slack).contains(&median)
    }
}

/// Shares of values in bins of equal width.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Lower end of the first bin.
    pub from: f64,
    /// Upper end of the last one.
    pub to: f64,
    /// Real excerpts.
    pub real: Vec<f64>,
    /// Generated ones.
    pub generated: Vec<f64>,
}

impl Histogram {
    /// Bins of a histogram.
    pub const N_BINS: usize = 16;

    /// Between the outer hundredths of both; what lies beyond counts to the outer bins.
    fn of(real: &[f64], generated: &[f64]) -> Self {
        let end = |share: f64, pick: fn(f64, f64) -> f64| {
            pick(quantile_of(real, share), quantile_of(generated, share))
        };
        let (from, mut to) = (end(0.01, f64::min), end(0.99, f64::max));
        if to <= from {
            to = from + 1.0;
        }
        let shares = |values: &[f64]| {
            let mut bins = vec![0.0; Self::N_BINS];
            for value in values {
                let at = (value - from) / (to - from) * Self::N_BINS as f64;
                bins[(at.max(0.0) as usize).min(Self::N_BINS - 1)] += 1.0 / values.len() as f64;
            }
            bins
        };
        Self { from, to, real: shares(real), generated: shares(generated) }
    }
}

/// The habits of a genre.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Habits {
    /// The genre.
    pub genre: String,
    /// A row a habit that both sides have.
    pub rows: Vec<Habit>,
}

/// An excerpt of a real song.
#[derive(Clone, Debug)]
pub struct RealExcerpt {
    /// Number of its song.
    pub song: usize,
    /// Whether its velocities say something.
    pub has_dynamics: bool,
    /// The excerpt.
    pub excerpt: Excerpt,
}

type Measures = [f64; NAMES.len()];

impl Habits {
    /// Compares sets of excerpts.
    pub fn compare(
        genre: &str,
        real: &[RealExcerpt],
        generated: &[Excerpt],
        ngram: &[Excerpt],
        untrained: &[Excerpt],
    ) -> Self {
        let table = |set: &[Excerpt]| -> Vec<Measures> { set.iter().map(measure).collect() };
        let of_real = |real: &RealExcerpt| {
            let mut measures = measure(&real.excerpt);
            if !real.has_dynamics {
                measures[NAMES.len() - 1] = f64::NAN;
            }
            measures
        };
        let real_table: Vec<Measures> = real.iter().map(of_real).collect();
        let [generated, ngram, untrained] = [generated, ngram, untrained].map(table);
        let known = |table: &[Measures], i: usize| -> Vec<f64> {
            table.iter().map(|row| row[i]).filter(|x| x.is_finite()).collect()
        };
        let row = |i: usize| {
            let (a, b) = (known(&real_table, i), known(&generated, i));
            if a.len() < MIN_EXCERPTS || b.len() < 2 {
                return None;
            }
            let half = |rest: usize| -> Vec<f64> {
                let rows = real.iter().zip(&real_table).filter(|(real, _)| real.song % 2 == rest);
                rows.map(|(_, row)| row[i]).filter(|x| x.is_finite()).collect()
            };
            let (even, odd) = (half(0), half(1));
            let (ngram, untrained) = (known(&ngram, i), known(&untrained, i));
            let some = |x: f64| Some(x).filter(|x| x.is_finite());
            let against = |other: &[f64]| some(overlap(&within(&a), &between(&a, other)));
            let median = |values: &[f64]| some(quantile_of(values, 0.5));
            let medians = Sides {
                generated: median(&b),
                real: median(&odd),
                ngram: median(&ngram),
                untrained: median(&untrained),
            };
            let overlaps = Sides {
                generated: against(&b),
                real: some(overlap(&within(&even), &between(&even, &odd))),
                ngram: against(&ngram),
                untrained: against(&untrained),
            };
            // Which parts play is the player's choice: it is told, and not compared.
            let is_chosen = NAMES[i] == SILENT;
            Some(Habit {
                name: NAMES[i].to_owned(),
                real: quartiles(&a),
                generated: quartiles(&b),
                medians: if is_chosen { Sides::default() } else { medians },
                overlaps: if is_chosen { Sides::default() } else { overlaps },
                n: [a.len(), b.len()],
                histogram: Histogram::of(&a, &b),
            })
        };
        Self { genre: genre.to_owned(), rows: (0..NAMES.len()).filter_map(row).collect() }
    }

    /// Mean overlaps.
    pub fn mean_overlaps(&self) -> Sides<f64> {
        let over = |of: &dyn Fn(&Habit) -> Option<f64>| mean(self.rows.iter().filter_map(of));
        Sides {
            generated: over(&|habit| habit.overlaps.generated),
            real: over(&|habit| habit.overlaps.real),
            ngram: over(&|habit| habit.overlaps.ngram),
            untrained: over(&|habit| habit.overlaps.untrained),
        }
    }
}

/// The mean over genres and habits of what `of` gives, with the interval over these.
pub fn over_all(habits: &[Habits], of: impl Fn(&Habit) -> Option<f64>) -> Figure {
    let all = habits.iter().flat_map(|habits| &habits.rows);
    mean_of(&all.filter_map(of).collect::<Vec<_>>())
}

/// Lower quartile, median, upper quartile.
pub fn quartiles(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share))
}

/// Real excerpts that a habit needs at least.
const MIN_EXCERPTS: usize = 4;

/// Most distances that a density is estimated from.
const MAX_DISTANCES: usize = 1200;

/// Distances between any two values, thinned evenly.
fn within(values: &[f64]) -> Vec<f64> {
    let pairs = (0..values.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    thin(pairs.map(|(i, j)| (values[i] - values[j]).abs()).collect())
}

fn between(a: &[f64], b: &[f64]) -> Vec<f64> {
    thin(a.iter().flat_map(|a| b.iter().map(move |b| (a - b).abs())).collect())
}

fn thin(mut values: Vec<f64>) -> Vec<f64> {
    // Sorted first, so that every so many stands for its neighbours.
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n <= MAX_DISTANCES {
        return values;
    }
    (0..MAX_DISTANCES).map(|i| values[(2 * i + 1) * n / (2 * MAX_DISTANCES)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::{Chord, GridNote, Velocity};

    fn excerpt(pitch_of: impl Fn(usize) -> u8) -> Excerpt {
        let note = |pitch, duration| GridNote {
            position: 0,
            pitch,
            duration,
            velocity: Velocity::clamped(90),
            micro: 0,
        };
        let beats: Vec<[Vec<GridNote>; 4]> = (0..32)
            .map(|beat| [vec![], vec![note(pitch_of(beat), 24)], vec![], vec![note(72, 12)]])
            .collect();
        let chords = vec![Some(Chord::parse("C").unwrap()); 32];
        Excerpt::common(beats, chords, 0)
    }

    fn habit(excerpt: &Excerpt, name: &str) -> f64 {
        measure(excerpt)[NAMES.iter().position(|n| *n == name).unwrap()]
    }

    #[test]
    fn habits_are_what_they_are_called() {
        let even = excerpt(|beat| if beat % 2 == 0 { 36 } else { 37 });
        assert_eq!(habit(&even, "bass on chord tones"), 0.5);
        assert_eq!(habit(&even, "bass bars heard before"), 7.0 / 8.0);
        assert_eq!(habit(&even, "bass notes a bar"), 4.0);
        assert_eq!(habit(&even, "lead length in beats"), 0.5);
        assert!(habit(&even, "drum hits a bar").is_nan());
        assert_eq!(habit(&excerpt(|_| 36), "in one scale"), 1.0);
        assert_eq!(habit(&even, "lead rests"), 0.5);
        assert_eq!((habit(&even, "parts silent"), habit(&even, "velocity spread")), (0.5, 0.0));
    }

    #[test]
    fn like_sets_overlap_and_others_do_not() {
        let set = |shift: usize| -> Vec<Excerpt> {
            (0..20)
                .map(|i| excerpt(move |beat| 36 + ((beat * (i % 5 + 1)) % 4 + shift) as u8))
                .collect()
        };
        let real = |(song, excerpt)| RealExcerpt { song, has_dynamics: song % 4 == 0, excerpt };
        let real: Vec<RealExcerpt> = set(0).into_iter().enumerate().map(real).collect();
        let same = Habits::compare("folk", &real, &set(0), &set(0), &set(20));
        let row = |habits: &Habits| {
            habits.rows.iter().find(|row| row.name == "bass on chord tones").unwrap().clone()
        };
        let habit = row(&same);
        assert!(habit.overlaps.generated.unwrap() > 0.9, "{habit:?}");
        assert_eq!(habit.overlaps.generated, habit.overlaps.ngram);
        let far = habit.overlaps.untrained.unwrap();
        assert!(far < habit.overlaps.generated.unwrap() - 0.1, "{habit:?}");
        let is_usual = |side: Option<f64>| habit.is_usual(side.unwrap());
        assert!(is_usual(habit.medians.generated) && !is_usual(habit.medians.untrained));
        assert_eq!(habit.histogram.real, habit.histogram.generated);
        assert!((habit.histogram.real.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        // Velocities count where they say something.
        let spread = same.rows.iter().find(|row| row.name == "velocity spread").unwrap();
        assert_eq!(spread.n, [5, 20]);
    }
}
