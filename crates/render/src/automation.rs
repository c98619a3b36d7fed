//! Automation from a CSV file: which parameter has which value at which beat.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::parameters::{Parameter, Settings};

/// The first line of an automation file.
const HEADER: [&str; 3] = ["beat", "parameter", "value"];

/// Lanes of points, one a parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Automation {
    lanes: Vec<Lane>,
}

#[derive(Clone, Debug, PartialEq)]
struct Lane {
    parameter: Parameter,
    /// Beat and value, sorted by beat; of two at one beat the later in the file holds from there.
    points: Vec<(f64, f64)>,
}

impl Automation {
    /// Reads a file with the columns `beat,parameter,value`.
    ///
    /// # Errors
    /// When the file cannot be read or a line is wrong; messages name file and line.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("{}: cannot be read", file.display()))?;
        Self::parse(&text, &file.display().to_string())
    }

    /// The same from text; `name` is the file's name for messages.
    ///
    /// Empty lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    /// When a line is wrong; messages name file and line.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let mut automation = Self::default();
        let mut has_header = false;
        for (idx, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fields: Vec<&str> =
                line.split(',').map(|field| field.trim().trim_matches('"')).collect();
            let place = || format!("{name}: line {}", idx + 1);
            if !has_header {
                if fields != HEADER {
                    let expected = HEADER.join(",");
                    bail!("{}: expected the columns \"{expected}\", found \"{line}\"", place());
                }
                has_header = true;
                continue;
            }
            automation.add(&fields).with_context(place)?;
        }
        if !has_header {
            bail!("{name}: line 1: expected the columns \"{}\", found nothing", HEADER.join(","));
        }
        for lane in &mut automation.lanes {
            lane.points.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        Ok(automation)
    }

    fn add(&mut self, fields: &[&str]) -> Result<()> {
        let &[beat, parameter, value] = fields else {
            bail!("expected 3 columns, found {}", fields.len());
        };
        let beat: f64 =
            beat.parse().with_context(|| format!("expected a beat, found \"{beat}\""))?;
        if !beat.is_finite() || beat < 0.0 {
            bail!("expected a beat from 0, found {beat}");
        }
        let parameter = Parameter::parse(parameter)?;
        let value = parameter.parse_value(value)?;
        match self.lanes.iter_mut().find(|lane| lane.parameter == parameter) {
            Some(lane) => lane.points.push((beat, value)),
            None => self.lanes.push(Lane { parameter, points: vec![(beat, value)] }),
        }
        Ok(())
    }

    /// Whether there is no point at all.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// `settings` with every automated parameter at its value at `beat`.
    pub fn at(&self, beat: f64, settings: &Settings) -> Settings {
        let mut settings = *settings;
        for lane in &self.lanes {
            lane.parameter.set(&mut settings, lane.value(beat));
        }
        settings
    }
}

impl Lane {
    /// The first point's value before it, the last one's after it.
    fn value(&self, beat: f64) -> f64 {
        let behind = self.points.partition_point(|(at, _)| *at <= beat);
        let Some((from, value)) = behind.checked_sub(1).map(|idx| self.points[idx]) else {
            return self.points[0].1;
        };
        match self.points.get(behind) {
            Some((to, next)) if self.parameter.is_continuous() => {
                value + (next - value) * (beat - from) / (to - from)
            }
            _ => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jazz_at(text: &str, beat: f64) -> f32 {
        let automation = Automation::parse(text, "a.csv").unwrap();
        automation.at(beat, &Settings::default()).controls.blend.weights()[1]
    }

    #[test]
    fn values_lie_on_lines_between_points() {
        let text =
            "beat,parameter,value\n# up, then a jump\n\n4,g_jazz,0.5\n8,g_jazz,1\n8,g_jazz,0\n";
        let at = [0.0, 4.0, 6.0, 7.999, 8.0, 100.0].map(|beat| jazz_at(text, beat));
        assert_eq!(at[..3], [0.5, 0.5, 0.75]);
        assert!((at[3] - 1.0).abs() < 1e-3);
        assert_eq!(at[4..], [0.0, 0.0]);
    }

    #[test]
    fn names_and_switches_jump() {
        let text = "beat,parameter,value\n0,key,C\n4,key,G\n0,dr_on,on\n2,dr_on,off\n";
        let automation = Automation::parse(text, "a.csv").unwrap();
        let settings = automation.at(3.0, &Settings::default());
        assert_eq!(settings.controls.key.name(), "C");
        assert!(!settings.controls.parts[0].on);
        assert_eq!(automation.at(4.0, &settings).controls.key.name(), "G");
    }

    #[test]
    fn messages_name_file_and_line() {
        let message = |text: &str| format!("{:#}", Automation::parse(text, "a.csv").unwrap_err());
        let header = "beat,parameter,value\n";
        assert_eq!(
            message("time,id,value\n"),
            "a.csv: line 1: expected the columns \"beat,parameter,value\", found \"time,id,value\""
        );
        assert_eq!(
            message(&format!("{header}0,g_polka,1\n")),
            "a.csv: line 2: unknown parameter \"g_polka\"; render --list prints all that there are"
        );
        assert_eq!(
            message(&format!("{header}\n0,g_jazz\n")),
            "a.csv: line 3: expected 3 columns, found 2"
        );
        assert_eq!(
            message(&format!("{header}-1,g_jazz,1\n")),
            "a.csv: line 2: expected a beat from 0, found -1"
        );
        assert_eq!(
            message(&format!("{header}0,g_jazz,2\n")),
            "a.csv: line 2: g_jazz: expected 0..=1, found 2"
        );
        assert!(
            message(&format!("{header}x,g_jazz,1\n")).starts_with("a.csv: line 2: expected a beat")
        );
        assert!(message("").starts_with("a.csv: line 1: expected the columns"));
    }
}
