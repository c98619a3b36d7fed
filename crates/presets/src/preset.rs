//! One preset and its file format.
//!
//! ```toml
//! format = 1
//! name = "Chamber trap"
//! author = "Tributary"
//! tags = ["blend", "dark"]
//! description = "Trap drums under a string quartet."
//!
//! [values]
//! g_classical = 100          # percent, decibels, beats or BPM, as shown
//! scale = "Harmonic minor"   # the name of a choice
//! ld_on = false
//! ```
//!
//! What a parameter is not named keeps its default; see the plugin for those that stay as they are.

use std::fmt::Write as _;

use toml::de::{DeTable, DeValue};

use crate::{Error, Result};

/// Number of the format. It rises whenever a file may have entries that it had not before.
pub const FORMAT: u32 = 1;

/// The largest file that is read, in bytes: many times what a preset of every parameter takes.
pub const MAX_BYTES: u64 = 64 * 1024;

/// The longest name, in characters.
pub(crate) const MAX_NAME: usize = 48;

/// A preset as its file has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preset {
    /// What a user calls it.
    pub name: String,
    /// Who made it.
    pub author: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// A sentence or two.
    pub description: String,
    /// Parameters with their values, in the order of the file.
    pub values: Vec<Setting>,
}

/// One parameter's value.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The parameter's stable id.
    pub id: String,
    /// What it is set to.
    pub value: Value,
    /// Where it stands in its file, counted from 1; 0 if it came from none.
    pub line: usize,
}

/// Where it stands is no part of what it is.
impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        (&self.id, &self.value) == (&other.id, &other.value)
    }
}

/// A value as a user sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// In the unit that is shown: percent, decibels, beats, BPM or none. Always finite.
    Number(f64),
    /// The name of a choice.
    Name(String),
    /// On or off.
    Switch(bool),
}

impl Preset {
    /// Reads a file's text; `file` is its name for messages.
    ///
    /// The second value says what was left out, a line each: entries that are not known, and that
    /// the file was saved by a newer version.
    ///
    /// # Errors
    /// [`Error::Broken`] with the line; [`Error::Name`] when the name is none.
    pub fn parse(text: &str, file: &str) -> Result<(Self, Vec<String>)> {
        let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        let broken = |at: usize, problem: String| Error::Broken {
            file: file.to_owned(),
            line: line(at),
            problem,
        };
        let table = DeTable::parse(text).map_err(|error| {
            broken(error.span().map_or(0, |span| span.start), error.message().to_owned())
        })?;
        let mut preset = Self::default();
        let mut notices = Vec::new();
        let mut format = None;
        for (key, value) in table.get_ref() {
            let at = value.span().start;
            let expected = |what: &str| {
                let found = kind(value.get_ref());
                broken(at, format!("{}: expected {what}, found {found}", key.get_ref()))
            };
            let text = || string(value.get_ref()).ok_or_else(|| expected("a text"));
            match key.get_ref().as_ref() {
                "format" => {
                    let number = number(value.get_ref()).filter(|n| *n >= 1.0 && n.fract() == 0.0);
                    format = Some(number.ok_or_else(|| expected("a whole number from 1"))?);
                }
                "name" => preset.name = text()?,
                "author" => preset.author = text()?,
                "description" => preset.description = text()?,
                "tags" => {
                    let DeValue::Array(tags) = value.get_ref() else {
                        return Err(expected("a list of texts"));
                    };
                    let tags = tags.iter().map(|tag| string(tag.get_ref()));
                    preset.tags = tags.collect::<Option<_>>().ok_or_else(|| expected("texts"))?;
                }
                "values" => {
                    let DeValue::Table(values) = value.get_ref() else {
                        return Err(expected("a table"));
                    };
                    for (id, value) in values {
                        let read = setting_value(value.get_ref()).ok_or_else(|| {
                            let found = kind(value.get_ref());
                            let problem = format!(
                                "{}: expected a number, a name or true or false, found {found}",
                                id.get_ref()
                            );
                            broken(value.span().start, problem)
                        })?;
                        let id_text = id.get_ref().clone().into_owned();
                        let line = line(id.span().start);
                        preset.values.push(Setting { id: id_text, value: read, line });
                    }
                }
                unknown => notices.push(format!(
                    "{file}: line {}: \"{}\" is not known, and is left out",
                    line(key.span().start),
                    short(unknown)
                )),
            }
        }
        match format {
            None => return Err(broken(0, "there is no format, so this is no preset".to_owned())),
            Some(format) if format > f64::from(FORMAT) => notices.push(format!(
                "{file}: saved by a newer version (format {format}); what this one knows is used"
            )),
            Some(_) => {}
        }
        check_name(&preset.name)?;
        preset.values.sort_by_key(|setting| setting.line);
        Ok((preset, notices))
    }

    /// The text of a file that reads as this preset.
    pub fn to_toml(&self) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let tags: Vec<String> = self.tags.iter().map(|tag| quoted(tag)).collect();
        let mut text = format!(
            "format = {FORMAT}\nname = {}\nauthor = {}\ntags = [{}]\ndescription = {}\n\n[values]\n",
            quoted(&self.name),
            quoted(&self.author),
            tags.join(", "),
            quoted(&self.description),
        );
        for Setting { id, value, .. } in &self.values {
            let value = match value {
                Value::Number(number) => number.to_string(),
                Value::Name(name) => quoted(name),
                Value::Switch(on) => on.to_string(),
            };
            // Ids are bare keys; another one comes from a file and keeps its quotes.
            let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            let bare = !id.is_empty() && id.bytes().all(is_bare);
            let id = if bare { id.clone() } else { quoted(id) };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{id} = {value}");
        }
        text
    }

    /// Whether every word of a search is found in name, author, tags or description.
    pub fn matches(&self, search: &str) -> bool {
        let tags = self.tags.iter().map(String::as_str);
        let texts = [self.name.as_str(), &self.author, &self.description].into_iter().chain(tags);
        let texts: Vec<String> = texts.map(str::to_lowercase).collect();
        let is_found = |word: &str| texts.iter().any(|text| text.contains(word));
        search.to_lowercase().split_whitespace().all(is_found)
    }
}

/// A file's text with another name in it and everything else as it was, what is not known and
/// comments included.
///
/// # Errors
/// As for [`Preset::parse`], and [`Error::Name`] for the new name.
pub(crate) fn renamed(text: &str, file: &str, name: &str) -> Result<String> {
    check_name(name)?;
    Preset::parse(text, file)?;
    let table = DeTable::parse(text).ok();
    let span = table.as_ref().and_then(|table| Some(table.get_ref().get("name")?.span()));
    // PANIC: cannot; spans lie in the text, and a preset without a name was an error above.
    let (Some(before), Some(after)) =
        span.map(|span| (text.get(..span.start), text.get(span.end..))).unwrap_or_default()
    else {
        return Err(Error::NoPreset { file: file.into(), problem: "it has no name".into() });
    };
    Ok(format!("{before}{}{after}", toml::Value::from(name)))
}

/// # Errors
/// [`Error::Name`].
pub(crate) fn check_name(name: &str) -> Result<()> {
    let problem = if name.trim().is_empty() {
        "it is empty"
    } else if name != name.trim() {
        "it begins or ends with a space"
    } else if name.chars().count() > MAX_NAME {
        "it is longer than 48 characters"
    } else if name.chars().any(char::is_control) {
        "it is more than one line"
    } else {
        return Ok(());
    };
    Err(Error::Name { name: short(name), problem })
}

/// The beginning of a text that may be of any length.
fn short(text: &str) -> String {
    text.chars().take(MAX_NAME).collect()
}

fn string(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        _ => None,
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    let number: f64 = match value {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok()?,
        DeValue::Float(number) => number.as_str().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn setting_value(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::Boolean(on) => Some(Value::Switch(*on)),
        DeValue::String(name) => Some(Value::Name(name.clone().into_owned())),
        value => number(value).map(Value::Number),
    }
}

/// What a value is, for messages.
fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text \"{}\"", short(text)),
        DeValue::Integer(number) => short(number.as_str()),
        DeValue::Float(number) => short(number.as_str()),
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

#[cfg(test)]
mod tests;
