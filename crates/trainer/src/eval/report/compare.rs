//! Evaluations side by side.

use std::fmt::Write as _;

use super::{Goal, Row};
use crate::eval::loss::Evaluation;

impl Evaluation {
    /// All figures of the summary.
    pub(super) fn figures(&self) -> Vec<Row> {
        let mut rows = self.quality.judge_rows();
        rows.extend(self.loss_rows());
        rows.extend(self.quality.rows());
        rows
    }
}

/// A table with a row a measure and a column an evaluation, by the names given; **bold** where a
/// goal is met. What no evaluation measured has no row.
pub fn compare(evaluations: &[(String, Evaluation)]) -> String {
    let columns: Vec<Vec<Row>> = evaluations.iter().map(|(_, of)| of.figures()).collect();
    let mut names: Vec<(String, Goal)> = Vec::new();
    for row in columns.iter().flatten().filter(|row| row.value.is_some()) {
        if names.iter().all(|(name, _)| *name != row.name) {
            names.push((row.name.clone(), row.goal));
        }
    }
    let mut text = String::from("| measure | goal |");
    evaluations.iter().for_each(|(name, _)| {
        let _ = write!(text, " {name} |");
    });
    let _ = writeln!(text, "\n|---|---|{}", "---:|".repeat(evaluations.len()));
    for (name, goal) in names {
        // What a loss must beat is another number for every model.
        let goal_text = if matches!(goal, Goal::Below(_)) { String::new() } else { goal.text() };
        let _ = write!(text, "| {name} | {goal_text} |");
        for rows in &columns {
            let row = rows.iter().find(|row| row.name == name);
            let cell = match row.and_then(|row| Some((row, row.value?.value))) {
                Some((row, value)) if row.goal.verdict(value) == "yes" => format!("**{value:.3}**"),
                Some((_, value)) => format!("{value:.3}"),
                None => "–".into(),
            };
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::quality::Quality;
    use crate::eval::stats::Figure;
    use crate::eval::{Budget, Sides};

    #[test]
    fn columns_are_evaluations_and_what_one_lacks_is_a_dash() {
        let of = |locked: Option<f64>| {
            let sides = |value: f64| {
                let figure = Figure::alone(value);
                Sides { generated: figure, real: figure, ngram: figure, untrained: figure }
            };
            let scale = locked.map(sides);
            let chords = Some(sides(0.5));
            let budget = Some(Budget::QUICK);
            Evaluation {
                quality: Quality { budget, scale, chords, ..Quality::default() },
                ..Evaluation::default()
            }
        };
        let table = compare(&[("a".into(), of(Some(1.0))), ("b".into(), of(None))]);
        let expected = "| measure | goal | a | b |\n|---|---|---:|---:|\n\
                        | scale lock | ≥ 1.00 | **1.000** | – |\n\
                        | chord follow | ≥ 0.90 | 0.500 | 0.500 |\n";
        assert_eq!(table, expected);
    }
}
