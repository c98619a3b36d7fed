//! What judges and other measures of music say about a model: figures by the names that others
//! build on, then their details.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::blends::{PerPart, Sweep};
use super::copies::Runs;
use super::habits::Habits;
use super::harmony::Share;
use super::hearing::Accuracy;
use super::knobs::Response;
use super::repetition::Repeated;
use super::stats::Figure;

/// How much music each measure takes: songs of so many bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// Held-out windows a genre for the loss.
    pub loss_windows: usize,
    /// Training windows a genre that the n-gram baseline counts.
    pub ngram_windows: usize,
    /// Songs a pure genre.
    pub pure_songs: usize,
    /// Songs a genre of each floor.
    pub floor_songs: usize,
    /// Songs a point of a sweep.
    pub sweep_songs: usize,
    /// The same where so few say too little.
    pub most_sweep_songs: usize,
    /// Bars of these.
    pub sweep_bars: usize,
    /// Songs an ordered pair.
    pub pair_songs: usize,
    /// Songs a step of a knob, from all genres in turn; of a family whose answer is small beside
    /// what songs differ by, more: see [`super::knobs::Family::n_songs`].
    pub knob_songs: usize,
    /// Bars of all other songs.
    pub bars: usize,
    /// Songs of 64 bars a genre, and of each floor.
    pub long_songs: [usize; 2],
    /// Songs a genre under given chords, and songs an exact scale.
    pub chord_songs: usize,
}

impl Budget {
    /// Some minutes on two cores.
    pub const QUICK: Self = Self {
        loss_windows: 20,
        ngram_windows: 400,
        pure_songs: 10,
        floor_songs: 5,
        sweep_songs: 3,
        most_sweep_songs: 3,
        sweep_bars: 8,
        knob_songs: 6,
        pair_songs: 2,
        bars: 8,
        long_songs: [3, 1],
        chord_songs: 2,
    };

    /// Half an hour on two cores, or more where memory is slow.
    pub const FULL: Self = Self {
        loss_windows: 100,
        ngram_windows: 3000,
        pure_songs: 40,
        floor_songs: 20,
        sweep_songs: 66,
        most_sweep_songs: 120,
        sweep_bars: 8,
        knob_songs: 48,
        pair_songs: 8,
        bars: 16,
        long_songs: [12, 4],
        chord_songs: 8,
    };
}

/// A measure of the model's music, of real music, and of both floors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides<T> {
    /// What the model composed.
    pub generated: T,
    /// Held-out songs: the ceiling.
    pub real: T,
    /// The n-gram cascade.
    pub ngram: T,
    /// The network before training.
    pub untrained: T,
}

impl<T> Sides<T> {
    /// Something of each side.
    pub fn map<U>(&self, of: impl Fn(&T) -> U) -> Sides<U> {
        Sides {
            generated: of(&self.generated),
            real: of(&self.real),
            ngram: of(&self.ngram),
            untrained: of(&self.untrained),
        }
    }
}

/// What the originality guard did to the songs of the pure genres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GuardWork {
    /// Most notes of a copied run that it allows.
    pub limit: usize,
    /// Beats of parts that were drawn again, a thousand beats.
    pub redrawn: f64,
    /// Those of them where what was copied had to be forbidden, a thousand beats.
    pub forced: f64,
    /// Beats composed.
    pub n_beats: usize,
}

/// The evaluation of music.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// How much music was measured.
    pub budget: Option<Budget>,
    /// Genres in the order of their numbers.
    pub genres: Vec<String>,
    /// Judge of all parts on real held-out music.
    pub judge_real_macro: Option<f64>,
    /// The same judge on pure genres, four parts on.
    pub pure_macro: Option<f64>,
    /// The least recognised genre of these.
    pub pure_worst: Option<f64>,
    /// Rank correlation of weight and probability, mean over pairs.
    pub blend_spearman_mean: Option<f64>,
    /// The least of a pair.
    pub blend_spearman_worst: Option<f64>,
    /// Largest step's share of the way, mean over pairs.
    pub blend_largest_step: Option<f64>,
    /// Mean distance from the line, as a share of the way.
    pub blend_deviation: Option<f64>,
    /// Bits a note of the middle against the mean of the ends.
    pub middle_cost: Option<f64>,
    /// Drums of one genre under another that are recognised.
    pub per_part_drums: Option<f64>,
    /// Pitched parts of these that are recognised.
    pub per_part_pitched: Option<f64>,
    /// Both at once.
    pub per_part_both: Option<f64>,
    /// Overlap of distances with those of held-out music, mean over genres and habits.
    pub overlap_area: Option<f64>,
    /// Notes in the scale under exact scales.
    pub scale_lock: Option<f64>,
    /// Chord tones on strong beats under chords that are followed, mean over genres.
    pub chord_follow: Option<f64>,
    /// 95th percentile of the longest copied runs, in notes.
    pub copied_run: Option<f64>,
    /// The same of music that people made, against the same training songs.
    pub copied_run_human_p95: Option<f64>,
    /// What the originality guard did, if the model has one.
    pub guard: Option<GuardWork>,
    /// Bars over 64 that equal an earlier one of their part.
    pub repetition: BTreeMap<String, f64>,
    /// Quartiles of the same in real music.
    pub repetition_human_quartiles: BTreeMap<String, [f64; 3]>,

    /// Judges on real music, by what they hear.
    pub judge_real: BTreeMap<String, Accuracy>,
    /// Judges on pure genres, by what they hear; floors among them.
    pub pure: BTreeMap<String, Accuracy>,
    /// Sweeps between two genres; those of real music and of the n-grams take turns by weight,
    /// that of untrained weights is the same music everywhere.
    pub sweep: Option<Sides<Sweep>>,
    /// Bits a note under the model without genre, a value a genre.
    pub cost_by_genre: Option<Sides<Vec<f64>>>,
    /// Drums of one genre under another; of the others what independent songs would reach.
    pub per_part: Option<Sides<PerPart>>,
    /// Habits a genre.
    pub habits: Vec<Habits>,
    /// Mean overlap; of real music that of two halves.
    pub overlap: Option<Sides<Figure>>,
    /// Share of habits whose median lies inside the real quartiles.
    pub usual: Option<Sides<Figure>>,
    /// Notes in the scale: under exact scales, and of the others in the one of the mode.
    pub scale: Option<Sides<Figure>>,
    /// Notes that `scale` counts.
    pub scale_notes: usize,
    /// Chord tones, mean over genres; of real music on the chords that stand there.
    pub chords: Option<Sides<Figure>>,
    /// The same where the network is told the chords and nothing holds it to them.
    pub chords_without_rule: Option<Sides<Figure>>,
    /// Chord tones of the model a genre.
    pub chords_by_genre: Vec<Share>,
    /// Copied runs, by whose music.
    pub copies: BTreeMap<String, Runs>,
    /// What knobs moved, by the name of their family.
    pub knobs: BTreeMap<String, Vec<Response>>,
    /// Songs of 64 bars a genre.
    pub repetition_songs: BTreeMap<String, Repeated>,
}
