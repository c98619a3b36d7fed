//! Sweeps between genres and drums of one under another, with their ceilings and floors.

use std::collections::BTreeMap;

use anyhow::Result;
use score::random::Random;
use score::steps::N_SLOTS;
use score::{HistoryBeat, Mode};

use super::{Bench, Pure, SEED};
use crate::eval::blends::{self, Cost, PerPart};
use crate::eval::hearing::{Accuracy, Verdict};
use crate::eval::quality::{Quality, Sides};
use crate::eval::stats::mean;
use crate::heldout_loss;
use crate::judge::{ALL_PARTS, Excerpt, Kind, N_BARS, PITCHED, Voice};
use score::window::Window;

impl Bench<'_> {
    /// Sweeps between all pairs.
    pub(super) fn blends(&self, quality: &mut Quality) -> Result<()> {
        let budget = self.options.budget;
        let genres = &self.material.genres;
        let (panel, cost) = (self.panel(), |songs: &[&Vec<HistoryBeat>]| self.cost(songs));
        let length = self.sweep_length();
        let generated = blends::sweep(&self.studio, panel, genres, length, cost)?;

        let by_genre = |verdicts: &[Verdict]| -> Vec<Vec<Verdict>> {
            let of = |genre| verdicts.iter().filter(move |v| v.genre == genre).cloned();
            (0..genres.len()).map(|genre| of(genre).collect()).collect()
        };
        let n = budget.most_sweep_songs * (budget.sweep_bars / N_BARS).max(1);
        let turns = |verdicts: &[Vec<Verdict>], costs: &[Cost]| {
            let verdicts: Vec<Vec<&Verdict>> =
                verdicts.iter().map(|of| of.iter().collect()).collect();
            blends::turns(&verdicts, costs, genres, n)
        };
        let costs = |songs: &Pure, n: usize| -> Result<Vec<Cost>> {
            let of = |genre| songs.of(genre).iter().take(n).collect::<Vec<_>>();
            (0..genres.len()).map(|genre| self.cost(&of(genre))).collect()
        };
        let n_cost = budget.floor_songs;
        let real_costs = self.real_costs(n_cost)?;
        let real = turns(&by_genre(&self.four_parts()), &real_costs);
        let [ngram, untrained] = self.floors()?;
        let ngram_costs = costs(&ngram, n_cost)?;
        let heard = self.hear_songs(Kind::All, &ngram, |_| ALL_PARTS);
        let ngram = turns(&by_genre(&heard), &ngram_costs);
        let untrained_costs = costs(&untrained, n_cost)?;
        let heard = self.hear_songs(Kind::All, &untrained, |_| ALL_PARTS);
        let untrained = turns(&vec![heard; genres.len()], &untrained_costs);

        let a_note = |costs: Vec<Cost>| costs.into_iter().map(Cost::a_note).collect();
        quality.cost_by_genre = Some(Sides {
            generated: a_note(costs(&self.generated()?, n_cost)?),
            real: a_note(real_costs),
            ngram: a_note(ngram_costs),
            untrained: a_note(untrained_costs),
        });
        quality.blend_spearman_mean = Some(generated.spearman.value);
        quality.blend_spearman_worst = Some(generated.spearman_worst);
        quality.blend_largest_step = Some(generated.largest_step.value);
        quality.blend_deviation = Some(generated.deviation.value);
        quality.middle_cost = Some(generated.middle_cost.value);
        quality.sweep = Some(Sides { generated, real, ngram, untrained });
        Ok(())
    }

    /// Bits of songs under the model without genre.
    pub(super) fn cost(&self, songs: &[&Vec<HistoryBeat>]) -> Result<Cost> {
        let of = |song: &&Vec<HistoryBeat>| {
            let excerpt = Excerpt::new(song, ALL_PARTS);
            let mut beats = song.to_vec();
            // Real music does not say what its bars are meant to be.
            beats.iter_mut().for_each(|beat| beat.music.forms = [None; N_SLOTS]);
            let window = Window {
                beats,
                lead_in: 0,
                mode: if excerpt.tonic == 0 { Mode::Major } else { Mode::Minor },
                has_tempo: true,
                genres: [0; N_SLOTS],
                expressive: [(false, false); 4],
                last_bar: None,
            };
            let steps = window.encode(window.conditions(), self.network.config().context_len);
            self.cost_of_steps(&steps)
        };
        let costs = self.each(songs, of).into_iter().collect::<Result<Vec<Cost>>>()?;
        Ok(costs.into_iter().fold(Cost::default(), Cost::and))
    }

    fn cost_of_steps(&self, steps: &[score::steps::Step]) -> Result<Cost> {
        let loss = heldout_loss::of_window(self.network, &heldout_loss::without_genre(steps))?;
        Ok(Cost { bits: loss.bits(), notes: loss.n_notes() as f64 })
    }

    /// The same of up to `n` held-out windows a genre.
    fn real_costs(&self, n: usize) -> Result<Vec<Cost>> {
        let max_steps = self.network.config().context_len;
        let of = |genre: usize| -> Result<Cost> {
            let windows = heldout_loss::windows(self.held_out, genre, n, max_steps);
            let costs = self.each(&windows, |steps| self.cost_of_steps(steps));
            let costs = costs.into_iter().collect::<Result<Vec<Cost>>>()?;
            Ok(costs.into_iter().fold(Cost::default(), Cost::and))
        };
        (0..self.n_genres()).map(of).collect()
    }

    /// Drums of one genre under the rest of another.
    pub(super) fn parts(&self, quality: &mut Quality) -> Result<()> {
        let budget = self.options.budget;
        let (genres, drumless) = (&self.material.genres, self.material.drumless);
        let how = (budget.pair_songs, budget.bars);
        let panel = self.panel();
        let generated = blends::per_part(&self.studio, panel, genres, drumless, how)?;
        quality.per_part_drums = Some(generated.drums.value);
        quality.per_part_pitched = Some(generated.pitched.value);
        quality.per_part_both = Some(generated.both.value);

        let independent = |[drums, pitched]: [Vec<Verdict>; 2], third: &Thirds| {
            let [drums, pitched] = [drums, pitched].map(|v| Accuracy::of(&v, genres.len()));
            PerPart::independent(&drums, &pitched, genres, |d, r| third.get(&(d, r)).copied())
        };
        let kinds = [Kind::Drums, Kind::Pitched];
        let real = kinds.map(|kind| {
            let mut natural = self.material.natural(kind);
            let reals = &self.material.reals;
            natural.retain(|(i, _)| kind == Kind::Drums || reals[*i].mask & PITCHED == PITCHED);
            self.hear_real(kind, &natural)
        });
        let floor = |songs: &Pure| {
            let heard = kinds.map(|kind| self.hear_songs(kind, songs, |_| ALL_PARTS));
            independent(heard, &Thirds::new())
        };
        let [ngram, untrained] = self.floors()?;
        quality.per_part = Some(Sides {
            generated,
            real: independent(real, &self.thirds_of_hybrids()),
            ngram: floor(&ngram),
            untrained: floor(&untrained),
        });
        Ok(())
    }

    /// What is heard of third genres where the drums of a real song play under the rest of one of
    /// another genre; nothing of a genre without drums.
    fn thirds_of_hybrids(&self) -> Thirds {
        let (panel, mut random) = (self.panel(), Random::new(SEED));
        let third = |(drums, rest): (usize, usize)| {
            let hybrids = self.material.hybrids((drums, rest), N_HYBRIDS, &mut random);
            let placed: Vec<_> = hybrids.iter().map(|(fold, excerpt)| (excerpt, *fold)).collect();
            let heard = self.studio.pool().install(|| panel.hear(Kind::All, &placed, Voice::All));
            let others = heard.iter().map(|p| 1.0 - f64::from(p[drums] + p[rest]));
            (!hybrids.is_empty()).then(|| ((drums, rest), mean(others)))
        };
        blends::ordered_pairs(self.n_genres()).filter_map(third).collect()
    }
}

/// Probability of third genres, by the genres of drums and rest.
type Thirds = BTreeMap<(usize, usize), f64>;

/// Hybrids of real excerpts a pair of genres.
const N_HYBRIDS: usize = 48;
