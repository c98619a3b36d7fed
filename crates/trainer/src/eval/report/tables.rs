//! The details behind the summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::eval::blends::{Curve, OrderedPair};
use crate::eval::habits::{Habit, NAMES};
use crate::eval::hearing::Accuracy;
use crate::eval::loss::Evaluation;
use crate::eval::quality::Quality;
use crate::heldout_loss::NOTE_TARGETS;

/// A title, a head and its line; the first column is text.
fn head(text: &mut String, title: &str, columns: &[&str]) {
    let _ = writeln!(text, "\n{title}\n\n| {} |", columns.join(" | "));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(columns.len() - 1));
}

fn row(text: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn number(x: Option<f64>, digits: usize) -> String {
    x.filter(|x| x.is_finite()).map_or("–".into(), |x| format!("{x:.digits$}"))
}

impl Evaluation {
    pub(super) fn details(&self, text: &mut String) {
        if !self.loss_bits_per_note.is_empty() {
            self.loss_tables(text);
        }
        let quality = &self.quality;
        quality.judges(text, "Judges on real held-out music", &quality.judge_real);
        quality.judges(text, "Judges on composed songs of one genre, four parts on", &quality.pure);
        quality.sweeps(text);
        quality.parts(text);
        quality.habit_tables(text);
        quality.copy_table(text);
        quality.repetition_table(text);
        quality.knob_table(text);
    }

    fn loss_tables(&self, text: &mut String) {
        let title = "Held-out loss in bits a note: chord, position, pitch and duration; ± is the \
                     standard error over windows.";
        let columns = [
            "genre",
            "model",
            "without genre",
            "n-gram",
            "untrained",
            "genre gains",
            "windows",
            "notes",
        ];
        head(text, title, &columns);
        for (genre, own) in &self.loss_bits_per_note {
            let of = |table: &BTreeMap<String, f64>| table.get(genre).copied();
            let null = of(&self.loss_bits_per_note_unconditioned);
            let error = |table: &BTreeMap<String, f64>, digits: usize| {
                of(table).map_or(String::new(), |error| format!(" ± {error:.digits$}"))
            };
            let gain = number(null.map(|null| null - own), 3);
            row(
                text,
                [
                    genre.clone(),
                    format!("{own:.2}{}", error(&self.loss_standard_error, 2)),
                    number(null, 2),
                    number(of(&self.loss_bits_per_note_ngram), 2),
                    number(of(&self.loss_bits_per_note_untrained), 2),
                    format!("{gain}{}", error(&self.genre_gain_standard_error, 3)),
                    self.n_windows.get(genre).unwrap_or(&0).to_string(),
                    self.n_notes.get(genre).unwrap_or(&0).to_string(),
                ],
            );
        }
        let names = NOTE_TARGETS.map(|(_, name)| name);
        let columns = [&["genre"], &names[..], &["notes the n-gram counted"]].concat();
        head(text, "The same by attribute, model / n-gram.", &columns);
        for (genre, own) in &self.loss_by_attribute {
            let ngram = self.ngram_by_attribute.get(genre);
            let cell = |name: &str| {
                let of = |table: Option<&BTreeMap<String, f64>>| {
                    number(table.and_then(|t| t.get(name)).copied(), 2)
                };
                format!("{} / {}", of(Some(own)), of(ngram))
            };
            let counted = self.n_ngram_notes.get(genre).unwrap_or(&0).to_string();
            row(text, [genre.clone()].into_iter().chain(names.map(cell)).chain([counted]));
        }
    }
}

impl Quality {
    /// A head with a column a genre between others.
    fn head(&self, text: &mut String, title: &str, before: &[&str], after: &[&str]) {
        let genres: Vec<&str> = self.genres.iter().map(String::as_str).collect();
        head(text, title, &[before, &genres, after].concat());
    }

    fn judges(&self, text: &mut String, title: &str, heard: &BTreeMap<String, Accuracy>) {
        if heard.is_empty() {
            return;
        }
        let title = format!("{title}: share recognised, 95 % intervals over songs.");
        self.head(text, &title, &["heard", "macro"], &["excerpts", "songs"]);
        for (name, accuracy) in heard {
            let share = |f: &Option<_>| {
                f.map_or("–".into(), |f: crate::eval::stats::Figure| {
                    format!("{:.2} ({:.2}–{:.2})", f.value, f.low, f.high)
                })
            };
            let before = [name.clone(), accuracy.macro_mean.to_string()];
            let after = [
                accuracy.n_excerpts.iter().sum::<usize>().to_string(),
                accuracy.n_songs.iter().sum::<usize>().to_string(),
            ];
            let shares = accuracy.by_genre.iter().map(share);
            row(text, before.into_iter().chain(shares).chain(after));
        }
        for (name, accuracy) in heard.iter().filter(|(name, _)| is_main(name)) {
            let title = format!("Confusion, {name}; rows are right, columns judged.");
            self.head(text, &title, &["right"], &["P(right)", "excerpts", "songs"]);
            for (genre, shares) in accuracy.confusion.iter().enumerate() {
                if accuracy.by_genre[genre].is_none() {
                    continue;
                }
                let after = [
                    number(accuracy.p_true[genre], 2),
                    accuracy.n_excerpts[genre].to_string(),
                    accuracy.n_songs[genre].to_string(),
                ];
                let shares = shares.iter().map(|share| format!("{share:.2}"));
                row(text, [self.genres[genre].clone()].into_iter().chain(shares).chain(after));
            }
        }
    }

    fn sweeps(&self, text: &mut String) {
        let Some(sweep) = &self.sweep else { return };
        let columns = [
            "pair",
            "P(second), %",
            "ρ",
            "real ρ",
            "largest step",
            "real",
            "deviation",
            "real",
            "third",
            "middle cost",
        ];
        let title = "Blend sweeps at weights 0, 0.1 … 1; real: excerpts that take turns by weight.";
        head(text, title, &columns);
        for curve in &sweep.generated.curves {
            let points: Vec<String> =
                curve.p_to.iter().map(|p| format!("{:02.0}", 100.0 * p.value)).collect();
            let mut real = sweep.real.curves.iter();
            let real = real.find(|c| c.from == curve.from && c.to == curve.to);
            let of = |f: fn(&Curve) -> f64| number(real.map(f), 2);
            row(
                text,
                [
                    format!("{} – {}", curve.from, curve.to),
                    points.join(" "),
                    curve.spearman.to_string(),
                    of(|c| c.spearman.value),
                    curve.largest_step.to_string(),
                    of(|c| c.largest_step.value),
                    curve.deviation.to_string(),
                    of(|c| c.deviation.value),
                    number(Some(curve.third), 2),
                    number(Some(curve.middle_cost), 3),
                ],
            );
        }
        if let Some(costs) = &self.cost_by_genre {
            self.head(text, "Bits a note under the model without genre.", &["music"], &[]);
            let sides = [
                ("generated", &costs.generated),
                ("real", &costs.real),
                ("n-gram", &costs.ngram),
                ("untrained", &costs.untrained),
            ];
            for (name, costs) in sides {
                let cells = costs.iter().map(|bits| number(Some(*bits), 2));
                row(text, [name.to_owned()].into_iter().chain(cells));
            }
        }
    }

    fn parts(&self, text: &mut String) {
        let Some(per_part) = self.per_part.as_ref().map(|sides| &sides.generated) else { return };
        let title = "Drums of one genre (rows) under the rest of another (columns): drums heard / \
                     rest heard / both.";
        self.head(text, title, &["drums"], &[]);
        let cell = |pair: &OrderedPair| {
            let share = |x: Option<f64>| number(x, 2);
            let rest = share(Some(pair.pitched_right));
            format!("{} / {rest} / {}", share(pair.drums_right), share(pair.both_right))
        };
        for drums in &self.genres {
            let cells = self.genres.iter().map(|rest| {
                let pair = per_part.pairs.iter().find(|p| p.drums == *drums && p.rest == *rest);
                pair.map_or(String::new(), cell)
            });
            row(text, [drums.clone()].into_iter().chain(cells));
        }
    }

    fn knob_table(&self, text: &mut String) {
        let responses: Vec<_> = self.knobs.values().flatten().collect();
        if responses.is_empty() {
            return;
        }
        let title = "Knobs: means of what each shall move over eleven even steps of its range, rank \
                     correlation, and its rank correlation with what it shall leave alone; in brackets how \
                     these go together in real songs, each from its genre's mean.";
        head(text, title, &["knob", "means", "ρ", "untrained", "others", "songs a step"]);
        for response in responses {
            let means: Vec<String> = response.means.iter().map(|x| format!("{x:.2}")).collect();
            let real = |name: &str| {
                let found = response.real_others.iter().find(|(real, _)| real == name);
                found.map_or(String::new(), |(_, rho)| format!(" ({rho:.2})"))
            };
            let other = |(name, rho): &(String, f64)| format!("{name} {rho:.2}{}", real(name));
            let others: Vec<String> = response.others.iter().map(other).collect();
            row(
                text,
                [
                    response.knob.clone(),
                    means.join(" "),
                    response.spearman.to_string(),
                    number(Some(response.untrained), 2),
                    others.join(", "),
                    response.n_songs.to_string(),
                ],
            );
        }
    }

    fn habit_tables(&self, text: &mut String) {
        if self.habits.is_empty() {
            return;
        }
        let title = "Habits: median of generated excerpts of eight bars, then real quartiles; \
                     **bold** where the median lies outside them.";
        self.head(text, title, &["habit"], &[]);
        let cell = |habit: &Habit| {
            let [low, middle, high] = habit.real;
            let median = habit.generated[1];
            let is_compared = habit.medians.generated.is_some();
            let mark = if is_compared && !habit.is_usual(median) { "**" } else { "" };
            format!("{mark}{median:.2}{mark} ({low:.2} {middle:.2} {high:.2})")
        };
        let find = |genre: usize, name: &str| {
            self.habits[genre].rows.iter().find(|habit| habit.name == name)
        };
        for name in NAMES {
            let cells =
                (0..self.habits.len()).map(|genre| find(genre, name).map_or("–".into(), cell));
            row(text, [name.to_owned()].into_iter().chain(cells));
        }
        let title = "Overlap of distances with real music: generated / halves of the real songs / \
                     n-gram / untrained.";
        self.head(text, title, &["habit"], &[]);
        let four = |of: &dyn Fn(usize) -> Option<f64>| -> String {
            (0..4).map(|side| number(of(side), 2)).collect::<Vec<_>>().join(" / ")
        };
        for name in NAMES {
            let cells = (0..self.habits.len()).map(|genre| {
                find(genre, name).map_or("–".into(), |habit| {
                    let of = habit.overlaps;
                    four(&|i| [of.generated, of.real, of.ngram, of.untrained][i])
                })
            });
            row(text, [name.to_owned()].into_iter().chain(cells));
        }
        let cells = self.habits.iter().map(|habits| {
            let of = habits.mean_overlaps();
            four(&|i| Some([of.generated, of.real, of.ngram, of.untrained][i]))
        });
        row(text, ["mean".to_owned()].into_iter().chain(cells));
        if !self.chords_by_genre.is_empty() {
            let cells = self.chords_by_genre.iter().map(|share| number(Some(share.value), 2));
            row(text, ["chord follow".to_owned()].into_iter().chain(cells));
        }
    }

    fn copy_table(&self, text: &mut String) {
        if self.copies.is_empty() {
            return;
        }
        let columns = ["music", "median", "95th percentile", "longest", "songs"];
        head(text, "Longest run of notes that a training song holds in any key.", &columns);
        for (name, runs) in &self.copies {
            let p95 = runs.p95;
            row(
                text,
                [
                    name.clone(),
                    format!("{:.0}", runs.median),
                    format!("{:.0} ({:.0}–{:.0})", p95.value, p95.low, p95.high),
                    format!("{:.0}", runs.longest),
                    runs.n.to_string(),
                ],
            );
        }
    }

    fn repetition_table(&self, text: &mut String) {
        if self.repetition_songs.is_empty() {
            return;
        }
        let columns = [
            "genre",
            "generated",
            "real quartiles",
            "inside",
            "n-gram",
            "untrained",
            "songs",
            "real songs",
        ];
        head(text, "Bars over 64 that equal an earlier one of their part.", &columns);
        for (genre, repeated) in &self.repetition_songs {
            let [low, middle, high] = repeated.real;
            let inside = if repeated.is_usual(repeated.generated.value) { "yes" } else { "no" };
            let whose = if repeated.is_human { "people's" } else { "all origins" };
            row(
                text,
                [
                    genre.clone(),
                    repeated.generated.to_string(),
                    format!("{low:.2} {middle:.2} {high:.2}"),
                    inside.into(),
                    number(repeated.floors[0], 2),
                    number(repeated.floors[1], 2),
                    repeated.n[0].to_string(),
                    format!("{}, {whose}", repeated.n[1]),
                ],
            );
        }
    }
}

fn is_main(name: &str) -> bool {
    ["all parts", "drums", "pitched parts", "four parts"].contains(&name)
}
