//! The tables for people: every figure beside its ceiling and its floors.

mod compare;
mod tables;

pub use compare::compare;

use std::fmt::Write as _;

use super::bench::{self, FOUR_PARTS, SHUFFLED};
use super::hearing::Accuracy;
use super::knobs::{Family, Response};
use super::loss::Evaluation;
use super::quality::{Budget, GuardWork, Quality, Sides};
use super::stats::{Figure, mean};

/// What a figure should be.
#[derive(Clone, Copy)]
enum Goal {
    AtLeast(f64),
    AtMost(f64),
    Below(f64),
    None,
}

impl Goal {
    fn text(self) -> String {
        match self {
            Self::AtLeast(goal) => format!("≥ {goal:.2}"),
            Self::AtMost(goal) => format!("≤ {goal:.2}"),
            Self::Below(goal) => format!("< {goal:.2}"),
            Self::None => String::new(),
        }
    }

    fn verdict(self, value: f64) -> &'static str {
        let is_met = match self {
            Self::AtLeast(goal) => value >= goal,
            Self::AtMost(goal) => value <= goal,
            Self::Below(goal) => value < goal,
            Self::None => return "",
        };
        if is_met { "yes" } else { "no" }
    }
}

/// A figure, its goal, and what real music and the floors reach.
struct Row {
    name: String,
    value: Option<Figure>,
    goal: Goal,
    /// Real music, the n-gram cascade, untrained weights.
    beside: [Option<f64>; 3],
    sample: String,
}

impl Row {
    fn new(name: impl Into<String>, goal: Goal, sample: impl Into<String>) -> Self {
        let (name, sample) = (name.into(), sample.into());
        Self { name, value: None, goal, beside: [None; 3], sample }
    }

    /// A figure of each side.
    fn sides(mut self, sides: Option<Sides<Figure>>) -> Self {
        self.value = sides.map(|sides| sides.generated);
        let value = |of: fn(&Sides<Figure>) -> Figure| sides.as_ref().map(|s| of(s).value);
        self.beside = [value(|s| s.real), value(|s| s.ngram), value(|s| s.untrained)];
        self
    }

    fn line(&self) -> Option<String> {
        let value = self.value?;
        let number = |x: Option<f64>| {
            x.filter(|x| x.is_finite()).map_or("–".into(), |x| format!("{x:.3}"))
        };
        let interval = match value.low.is_finite() {
            true => format!("{:.3}–{:.3}", value.low, value.high),
            false => String::new(),
        };
        let [real, ngram, untrained] = self.beside.map(number);
        Some(format!(
            "| {} | {} | {interval} | {} | {} | {real} | {ngram} | {untrained} | {} |\n",
            self.name,
            number(Some(value.value)),
            self.goal.text(),
            self.goal.verdict(value.value),
            self.sample
        ))
    }
}

impl Evaluation {
    /// The tables for people.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        self.summary(&mut text);
        self.details(&mut text);
        text
    }

    fn summary(&self, text: &mut String) {
        let rows = self.figures();
        let _ = writeln!(
            text,
            "{}, on held-out music ({} songs for the loss, valid and test for the judges).\n",
            self.model, self.split
        );
        let _ = writeln!(
            text,
            "| measure | value | 95 % interval | goal | met | real music | n-gram | untrained | \
             sample |\n|---|---:|---|---|---|---:|---:|---:|---|"
        );
        rows.iter().filter_map(Row::line).for_each(|line| text.push_str(&line));
        let _ = writeln!(text, "\n{NOTES}");
    }

    /// A genre's held-out loss; what the model must beat is the smaller of two baselines.
    fn loss_rows(&self) -> Vec<Row> {
        let row = |(genre, bits): (&String, &f64)| {
            let of = |table: &std::collections::BTreeMap<String, f64>| table.get(genre).copied();
            let ngram = of(&self.loss_bits_per_note_ngram);
            let null = of(&self.loss_bits_per_note_unconditioned);
            let goal = ngram.into_iter().chain(null).fold(f64::INFINITY, f64::min);
            let wide = 1.96 * of(&self.loss_standard_error).unwrap_or(f64::NAN);
            let n = |table: &std::collections::BTreeMap<String, usize>| {
                table.get(genre).copied().unwrap_or(0)
            };
            Row {
                value: Some(Figure { value: *bits, low: bits - wide, high: bits + wide }),
                beside: [None, ngram, of(&self.loss_bits_per_note_untrained)],
                ..Row::new(
                    format!("loss, bits a note: {genre}"),
                    Goal::Below(goal),
                    format!("{} windows, {} notes", n(&self.n_windows), n(&self.n_notes)),
                )
            }
        };
        self.loss_bits_per_note.iter().map(row).collect()
    }
}

/// Below the summary.
const NOTES: &str = "\
Real music is the ceiling; the n-gram cascade and the network before training are floors. \
Intervals are over songs, of blends and parts over pairs, of habits over genres and habits. \
The judges are fitted in folds of held-out songs: none hears its own, none heard the training \
songs, and pure genres are compared with real music of four parts; of real music each song counts alike. \
Of blends the columns are excerpts that take turns by weight, and of untrained weights the same \
music everywhere; of parts they are what independent songs reach, and of their third genres what real songs reach \
whose drums and rest play at once. \
A loss must stay below the n-gram and below the same model without genre.";

fn sum(of: Option<&Accuracy>) -> String {
    of.map_or(String::new(), |accuracy| {
        let n = accuracy.n_excerpts.iter().sum::<usize>();
        format!("{n} excerpts of {} songs", accuracy.n_songs.iter().sum::<usize>())
    })
}

impl Quality {
    fn real(&self, name: &str) -> Option<&Accuracy> {
        self.judge_real.get(name)
    }

    /// The judges on real music: what all that follows is worth.
    fn judge_rows(&self) -> Vec<Row> {
        let kinds =
            ["all parts", "all parts, excerpts alike", "drums", "pitched parts", FOUR_PARTS];
        let row = |(i, kind): (usize, &str)| {
            let heard = self.real(kind);
            let goal = if i == 0 { Goal::AtLeast(0.85) } else { Goal::None };
            let mut row = Row::new(format!("judge on real music: {kind}"), goal, sum(heard));
            row.value = heard.map(|accuracy| accuracy.macro_mean);
            row
        };
        let mut rows: Vec<Row> = kinds.into_iter().enumerate().map(row).collect();
        let shuffled = self.real(SHUFFLED);
        let mut row = Row::new("judge of shuffled labels", Goal::None, sum(shuffled));
        row.value = shuffled.map(|accuracy| accuracy.macro_mean);
        rows.push(row);
        rows
    }

    fn rows(&self) -> Vec<Row> {
        let Some(budget) = self.budget else { return Vec::new() };
        let mut rows = self.pure_rows();
        rows.extend(self.blend_rows(budget));
        rows.extend(self.part_rows(budget));
        rows.extend(self.other_rows());
        rows.extend(self.knob_rows());
        rows
    }

    fn pure_rows(&self) -> Vec<Row> {
        let heard = self.pure.get("all parts");
        let floor = |prefix: &str| self.pure.get(&format!("{prefix}all parts"));
        let beside = |of: fn(&Accuracy) -> Option<f64>| {
            [self.real(FOUR_PARTS), floor(bench::NGRAM), floor(bench::UNTRAINED)]
                .map(|accuracy| accuracy.and_then(of))
        };
        let worst = |accuracy: &Accuracy| accuracy.worst().map(|(figure, _)| figure.value);
        let name = heard.and_then(|heard| Some(self.genres.get(heard.worst()?.1)?.clone()));
        vec![
            Row {
                value: heard.map(|accuracy| accuracy.macro_mean),
                beside: beside(|accuracy| Some(accuracy.macro_mean.value)),
                ..Row::new("pure genres, four parts: macro", Goal::AtLeast(0.8), sum(heard))
            },
            Row {
                value: heard.and_then(|accuracy| Some(accuracy.worst()?.0)),
                beside: beside(worst),
                ..Row::new(
                    "pure genres, four parts: worst",
                    Goal::AtLeast(0.6),
                    name.unwrap_or_default(),
                )
            },
        ]
    }

    fn blend_rows(&self, budget: Budget) -> Vec<Row> {
        let Some(sweep) = &self.sweep else { return Vec::new() };
        let curves = &sweep.generated.curves;
        let most = curves.iter().map(|curve| curve.n_songs).max().unwrap_or(0);
        let error = curves.iter().map(|curve| curve.standard_error).fold(0.0, f64::max);
        let n = budget.sweep_songs;
        let swept = format!(
            "{} × 11 points of {n}–{most} songs, standard errors to {error:.3}",
            curves.len()
        );
        let row = |name: &str, goal: Goal, of: fn(&super::blends::Sweep) -> Figure| {
            Row::new(name, goal, swept.clone()).sides(Some(sweep.map(of)))
        };
        vec![
            row("blends: rank correlation", Goal::AtLeast(0.95), |s| s.spearman),
            row("blends: rank correlation, worst", Goal::AtLeast(0.85), |s| s.worst_pair()),
            row("blends: largest step's share", Goal::AtMost(0.2), |s| s.largest_step),
            row("blends: deviation from the line", Goal::AtMost(0.08), |s| s.deviation),
            row("blends: third genres in between", Goal::AtMost(0.25), |s| s.third),
            row("blends: cost of the middle", Goal::AtMost(1.1), |s| s.middle_cost),
        ]
    }

    fn part_rows(&self, budget: Budget) -> Vec<Row> {
        let Some(per_part) = &self.per_part else { return Vec::new() };
        let paired = format!("{} × {} songs", per_part.generated.pairs.len(), budget.pair_songs);
        let row = |name: &str, goal: f64, of: fn(&super::blends::PerPart) -> Figure| {
            Row::new(name, Goal::AtLeast(goal), paired.clone()).sides(Some(per_part.map(of)))
        };
        vec![
            row("drums of another genre: drums heard", 0.75, |p| p.drums),
            row("drums of another genre: rest heard", 0.75, |p| p.pitched),
            row("drums of another genre: both heard", 0.6, |p| p.both),
            Row::new("drums of another genre: third genres", Goal::None, paired.clone())
                .sides(Some(per_part.map(|p| p.third))),
        ]
    }

    fn knob_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for family in Family::ALL {
            let Some(responses) = self.knobs.get(family.name()) else { continue };
            let least = |of: fn(&Response) -> f64| responses.iter().map(of).reduce(f64::min);
            let worst =
                responses.iter().min_by(|a, b| a.spearman.value.total_cmp(&b.spearman.value));
            let n = responses.iter().map(|response| response.n_songs).sum::<usize>();
            rows.push(Row {
                value: worst.map(|response| response.spearman),
                beside: [None, None, least(|response| response.untrained)],
                ..Row::new(
                    format!("{}: rank correlation with {}", family.name(), family.effect()),
                    Goal::AtLeast(0.95),
                    format!("{} × 11 steps, {n} songs", responses.len()),
                )
            });
            let largest = |of: fn(&Response) -> Option<&(String, f64)>| {
                let pulls = responses.iter().filter_map(of);
                pulls.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            };
            if let Some((name, pull)) = largest(Response::worst_other) {
                let real = largest(Response::worst_real_other).map(|(_, pull)| pull.abs());
                rows.push(Row {
                    value: Some(Figure::alone(pull.abs())),
                    beside: [real, None, None],
                    ..Row::new(
                        format!("{}: largest pull on others", family.name()),
                        Goal::AtMost(0.15),
                        name.clone(),
                    )
                });
            }
        }
        rows
    }

    fn other_rows(&self) -> Vec<Row> {
        let n_habits = self.habits.iter().map(|habits| habits.rows.len()).sum::<usize>();
        let n_habits = format!("{n_habits} habits of {} genres", self.habits.len());
        let copies = |name: &str| self.copies.get(name);
        let p95 = |name: &str| copies(name).map(|runs| runs.p95.value);
        let most = self.copied_run_human_p95.map_or(Goal::None, Goal::AtMost);
        let n_copies = copies(bench::GENERATED).map_or(0, |runs| runs.n);
        let longest = |name: &str| copies(name).map(|runs| runs.longest);
        let limit = self.guard.map_or(Goal::None, |guard| Goal::AtMost(guard.limit as f64));
        let n_unguarded = format!("{} songs", copies(bench::UNGUARDED).map_or(0, |runs| runs.n));
        let guard_row = |name: &str, of: fn(&GuardWork) -> f64| Row {
            value: self.guard.as_ref().map(|guard| Figure::alone(of(guard))),
            ..Row::new(name, Goal::None, format!("{} beats", self.guard.map_or(0, |g| g.n_beats)))
        };
        let n_chords = self.chords_by_genre.iter().map(|share| share.n).sum::<usize>();
        let repeated: Vec<_> = self.repetition_songs.values().collect();
        let usual = |of: &dyn Fn(&super::repetition::Repeated) -> Option<f64>| {
            let is = repeated.iter().filter_map(|r| Some(f64::from(u8::from(r.is_usual(of(r)?)))));
            Some(mean(is)).filter(|share| share.is_finite())
        };
        let n_repeated: usize = repeated.iter().map(|r| r.n[0]).sum();
        vec![
            Row::new("overlap area with real music", Goal::AtLeast(0.85), n_habits.clone())
                .sides(self.overlap),
            Row::new("habits inside real quartiles", Goal::None, n_habits).sides(self.usual),
            Row::new("scale lock", Goal::AtLeast(1.0), format!("{} notes", self.scale_notes))
                .sides(self.scale),
            Row::new("chord follow", Goal::AtLeast(0.9), format!("{n_chords} notes"))
                .sides(self.chords),
            Row::new("chord follow, the network alone", Goal::None, format!("{n_chords} notes"))
                .sides(self.chords_without_rule),
            Row {
                value: copies(bench::GENERATED).map(|runs| runs.p95),
                beside: [
                    self.copied_run_human_p95,
                    p95(bench::FLOOR_NGRAM),
                    p95(bench::FLOOR_UNTRAINED),
                ],
                ..Row::new("copied run, 95th percentile", most, format!("{n_copies} songs"))
            },
            Row {
                value: copies(bench::GENERATED).map(|runs| Figure::alone(runs.longest)),
                beside: [
                    longest(bench::PEOPLE),
                    longest(bench::FLOOR_NGRAM),
                    longest(bench::FLOOR_UNTRAINED),
                ],
                ..Row::new("copied run, longest", limit, format!("{n_copies} songs"))
            },
            Row {
                value: copies(bench::UNGUARDED).map(|runs| runs.p95),
                ..Row::new(
                    "copied run without the guard, 95th percentile",
                    Goal::None,
                    n_unguarded.clone(),
                )
            },
            Row {
                value: copies(bench::UNGUARDED).map(|runs| Figure::alone(runs.longest)),
                ..Row::new("copied run without the guard, longest", Goal::None, n_unguarded)
            },
            guard_row("redrawn to copy less, a thousand beats", |guard| guard.redrawn),
            guard_row("redrawn by force, a thousand beats", |guard| guard.forced),
            Row {
                value: usual(&|r| Some(r.generated.value)).map(Figure::alone),
                beside: [
                    usual(&|r| Some(r.real[1])),
                    usual(&|r| r.floors[0]),
                    usual(&|r| r.floors[1]),
                ],
                ..Row::new(
                    "repetition: genres inside real quartiles",
                    Goal::AtLeast(1.0),
                    format!("{n_repeated} songs of 64 bars"),
                )
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_say_whether_a_goal_is_met() {
        let figure = |value: f64| Figure { value, low: value - 0.1, high: value + 0.1 };
        let row = |goal: Goal, value: f64| Row {
            value: Some(figure(value)),
            beside: [Some(0.9), Some(f64::NAN), None],
            ..Row::new("n", goal, "3 songs")
        };
        let line = row(Goal::AtLeast(0.5), 0.5).line().unwrap();
        let expected = "| n | 0.500 | 0.400–0.600 | ≥ 0.50 | yes | 0.900 | – | – | 3 songs |\n";
        assert_eq!(line, expected);
        let verdict = |goal: Goal, value: f64| goal.verdict(value);
        assert_eq!(verdict(Goal::AtMost(0.5), 0.5), "yes");
        assert_eq!(verdict(Goal::Below(0.5), 0.5), "no");
        assert_eq!(verdict(Goal::AtLeast(0.5), f64::NAN), "no");
        assert_eq!(Row::new("nothing", Goal::None, "").line(), None);
    }
}
