//! The parameters of one instance in a row, by position and by id.

use std::marker::PhantomData;

use ::presets::Value;
use nice_plug::prelude::{Param, ParamPtr, ParamSetter, Params};

use super::Role;
use crate::params::TributaryParams;

/// Digits after the point that a saved number may have at most.
const MAX_DIGITS: usize = 9;

/// How exactly levels are saved, in decibels.
const DECIBELS: f64 = 5e-5;

/// The parameters in the order of the host's list.
///
/// The framework's pointers are good as long as what they lead into is, which this borrows.
pub struct Table<'a> {
    entries: Vec<Entry>,
    params: PhantomData<&'a TributaryParams>,
}

struct Entry {
    id: String,
    param: ParamPtr,
    role: Role,
}

/// A preset's value that is none of the parameter's.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    /// The nearest value there is, normalised.
    pub nearest: Option<f32>,
    /// What was expected and found.
    pub problem: String,
}

/// How a number is shown, and presets have it.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Percent,
    Decibels,
    Plain,
}

impl Unit {
    fn of(param: ParamPtr) -> Self {
        // SAFETY: only called with the pointers of a table, see `Table`.
        match unsafe { param.unit() } {
            " %" => Self::Percent,
            " dB" => Self::Decibels,
            _ => Self::Plain,
        }
    }

    fn shown(self, plain: f32) -> f64 {
        let plain = f64::from(plain);
        match self {
            Self::Percent => plain * 100.0,
            Self::Decibels => 20.0 * plain.max(1e-6).log10(),
            Self::Plain => plain,
        }
    }

    fn plain(self, shown: f64) -> f32 {
        let plain = match self {
            Self::Percent => shown / 100.0,
            Self::Decibels => 10_f64.powf(shown / 20.0),
            Self::Plain => shown,
        };
        plain as f32
    }
}

impl<'a> Table<'a> {
    /// The table of some parameters.
    pub fn new(params: &'a TributaryParams) -> Self {
        let entry = |(id, param, group): (String, ParamPtr, String)| {
            let role = Role::of(&id, &group);
            Entry { id, param, role }
        };
        Self { entries: params.param_map().into_iter().map(entry).collect(), params: PhantomData }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The position of an id.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    /// The position of one of the parameters.
    pub fn position(&self, param: ParamPtr) -> Option<usize> {
        self.entries.iter().position(|entry| entry.param == param)
    }

    /// The stable id.
    pub fn id(&self, idx: usize) -> &str {
        &self.entries[idx].id
    }

    /// What becomes of it when a preset is loaded.
    pub fn role(&self, idx: usize) -> Role {
        self.entries[idx].role
    }

    /// The name in the host's list.
    pub fn name(&self, idx: usize) -> String {
        // SAFETY: see `Table`; so everywhere below.
        unsafe { self.entries[idx].param.name().to_owned() }
    }

    /// The value, normalised, without a host's modulation.
    pub fn value(&self, idx: usize) -> f32 {
        // SAFETY: as above.
        unsafe { self.entries[idx].param.unmodulated_normalized_value() }
    }

    /// All values.
    pub fn values(&self) -> Vec<f32> {
        (0..self.len()).map(|idx| self.value(idx)).collect()
    }

    /// The default, normalised.
    pub fn default(&self, idx: usize) -> f32 {
        // SAFETY: as above.
        unsafe { self.entries[idx].param.default_normalized_value() }
    }

    /// Whether two normalised values are the same for all that can be heard.
    pub fn is_same(&self, idx: usize, a: f32, b: f32) -> bool {
        // SAFETY: as above.
        match unsafe { self.entries[idx].param.step_count() } {
            Some(_) => self.plain(idx, a) == self.plain(idx, b),
            None => (a - b).abs() < 1e-6,
        }
    }

    /// Sets a parameter, as one gesture that the host can record.
    pub fn set(&self, idx: usize, setter: &ParamSetter, normalized: f32) {
        let param = self.entries[idx].param;
        // SAFETY: as above; the host's context looks the pointer up before it uses it.
        unsafe {
            setter.raw_context.raw_begin_set_parameter(param);
            setter.raw_context.raw_set_parameter_normalized(param, normalized);
            setter.raw_context.raw_end_set_parameter(param);
        }
    }

    /// The plain value of a normalised one, in the parameter's own unit.
    fn plain(&self, idx: usize, normalized: f32) -> f32 {
        let param = self.entries[idx].param;
        // SAFETY: as above.
        unsafe {
            match param {
                ParamPtr::BoolParam(param) => f32::from((*param).preview_plain(normalized)),
                _ => param.preview_plain(normalized),
            }
        }
    }

    /// A normalised value as presets have it: the shortest text that reads as the same value
    /// (levels to [`DECIBELS`]).
    pub fn write(&self, idx: usize, normalized: f32) -> Value {
        let param = self.entries[idx].param;
        let plain = self.plain(idx, normalized);
        match param {
            ParamPtr::BoolParam(_) => Value::Switch(plain > 0.5),
            // SAFETY: as above.
            ParamPtr::EnumParam(_) => unsafe {
                Value::Name(param.normalized_value_to_string(normalized, false))
            },
            ParamPtr::IntParam(_) => Value::Number(plain.into()),
            ParamPtr::FloatParam(_) => {
                let unit = Unit::of(param);
                let shown = unit.shown(plain);
                let rounded = |digits: usize| format!("{shown:.digits$}").parse::<f64>().ok();
                let is_exact = |number: &f64| {
                    let again = self.read(idx, &Value::Number(*number));
                    match unit {
                        // The curve of a fader loses the last bits on the way there and back.
                        Unit::Decibels => (number - shown).abs() < DECIBELS,
                        _ => again.is_ok_and(|again| self.plain(idx, again) == plain),
                    }
                };
                let exact = (0..=MAX_DIGITS).filter_map(rounded).find(is_exact);
                // Adding zero takes the sign off a zero.
                Value::Number(exact.unwrap_or(shown) + 0.0)
            }
        }
    }

    /// A preset's value, normalised.
    ///
    /// # Errors
    /// [`Unreadable`] when it is of another kind or out of range.
    pub fn read(&self, idx: usize, value: &Value) -> Result<f32, Unreadable> {
        let param = self.entries[idx].param;
        match (param, value) {
            (ParamPtr::BoolParam(_), Value::Switch(on)) => Ok(f32::from(*on)),
            (ParamPtr::EnumParam(_), Value::Name(name)) => self.choice(param, name),
            (ParamPtr::FloatParam(_), Value::Number(shown)) => {
                self.number(idx, Unit::of(param), *shown)
            }
            (ParamPtr::IntParam(_), Value::Number(shown)) if shown.fract() == 0.0 => {
                self.number(idx, Unit::Plain, *shown)
            }
            _ => {
                let expected = match param {
                    ParamPtr::BoolParam(_) => "true or false".to_owned(),
                    ParamPtr::EnumParam(_) => format!("one of {}", names(param).join(", ")),
                    ParamPtr::FloatParam(_) => "a number".to_owned(),
                    ParamPtr::IntParam(_) => "a whole number".to_owned(),
                };
                Err(unreadable(None, &expected, value, "its default is used"))
            }
        }
    }

    fn number(&self, idx: usize, unit: Unit, shown: f64) -> Result<f32, Unreadable> {
        let (lowest, highest) = (self.plain(idx, 0.0), self.plain(idx, 1.0));
        let plain = unit.plain(shown);
        let nearest = plain.clamp(lowest, highest);
        // SAFETY: as above.
        let normalized = unsafe { self.entries[idx].param.preview_normalized(nearest) };
        let [from, to] = [lowest, highest].map(|end| unit.shown(end));
        // What is shown is rounded, so the ends of a fader may lie beyond it.
        if shown >= from - 1e-4 && shown <= to + 1e-4 {
            return Ok(normalized);
        }
        let short = |number: f64| format!("{number:.1}").trim_end_matches(".0").to_owned();
        let expected = format!("{} to {}", short(from), short(to));
        let used = format!("{} is used", short(unit.shown(nearest)));
        Err(unreadable(Some(normalized), &expected, &Value::Number(shown), &used))
    }

    fn choice(&self, param: ParamPtr, name: &str) -> Result<f32, Unreadable> {
        let names = names(param);
        let last = names.len().saturating_sub(1).max(1) as f32;
        let found = names.iter().position(|known| known.eq_ignore_ascii_case(name.trim()));
        found.map(|position| position as f32 / last).ok_or_else(|| {
            let expected = format!("one of {}", names.join(", "));
            unreadable(None, &expected, &Value::Name(name.to_owned()), "its default is used")
        })
    }
}

/// The names of a parameter's choices, in order.
fn names(param: ParamPtr) -> Vec<String> {
    // SAFETY: only called with the pointers of a table, see `Table`.
    unsafe {
        let n_steps = param.step_count().unwrap_or(0);
        let name = |step: usize| {
            param.normalized_value_to_string(step as f32 / n_steps.max(1) as f32, false)
        };
        (0..=n_steps).map(name).collect()
    }
}

fn unreadable(nearest: Option<f32>, expected: &str, found: &Value, used: &str) -> Unreadable {
    let found = match found {
        Value::Number(number) => number.to_string(),
        Value::Name(name) => format!("\"{}\"", name.chars().take(32).collect::<String>()),
        Value::Switch(on) => on.to_string(),
    };
    Unreadable { nearest, problem: format!("expected {expected}, found {found}; {used}") }
}
