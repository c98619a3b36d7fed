//! The parameters by id, as the plugin names them, and what they set.

use anyhow::{Context as _, Result, bail};
use player::Form;
use presets::Value;
use score::{Blend, Controls, Genre, N_STYLES, Part, PitchClass, Scale};
use synth::Patch;

/// Everything that a rendering can be told, as it stands at one place of the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// What decides the notes.
    pub controls: Controls,
    /// How existing beats are used again.
    pub form: Form,
    /// Level of each part in the built-in sound, in decibels.
    pub levels_db: [f32; 4],
    /// Gain of the built-in sound, in decibels.
    pub gain_db: f32,
    /// What each part sounds like: a place in [`synth::Patch::of`], or what suits its blend.
    pub patches: [Option<usize>; 4],
    /// From left (-1) to right (1).
    pub pans: [f32; 4],
    /// Parts that are not heard.
    pub muted: [bool; 4],
    /// Parts that are heard alone, if there is any.
    pub solo: [bool; 4],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            controls: Controls::default(),
            form: Form::default(),
            levels_db: [0.0; 4],
            gain_db: 0.0,
            patches: [None; 4],
            pans: [0.0; 4],
            muted: [false; 4],
            solo: [false; 4],
        }
    }
}

impl Settings {
    /// Whether a part is muted, or not among those that play solo.
    pub fn is_silenced(&self, part: Part) -> bool {
        let is_solo = self.solo.contains(&true);
        self.muted[part.index()] || (is_solo && !self.solo[part.index()])
    }

    /// What a part sounds like, as a place in [`synth::Patch::of`].
    pub fn patch(&self, part: Part) -> usize {
        self.patches[part.index()]
            .unwrap_or_else(|| Patch::for_blend(part, &self.controls.part_blend(part)))
    }
}

/// One parameter of the plugin that a rendering knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    voice: Voice,
    field: Field,
}

/// Whose parameter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Common,
    Part(Part),
    Harmony,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Weight(Genre),
    Style(usize),
    Strength,
    On,
    Density,
    Register,
    Level,
    Pan,
    Mute,
    Solo,
    Patch,
    Own,
    Key,
    Scale,
    Adventure,
    Swing,
    Humanize,
    Seed,
    Phrase,
    Evolve,
    Hold,
    Ending,
    Gain,
}

impl Field {
    /// The place of a weight in a blend.
    fn weight(self) -> usize {
        match self {
            Self::Weight(genre) => genre.index(),
            Self::Style(knob) => Genre::COUNT + knob,
            _ => 0,
        }
    }
}

impl Voice {
    fn prefix(self) -> &'static str {
        match self {
            Self::Common => "",
            Self::Part(part) => ["dr_", "ba_", "ch_", "ld_"][part.index()],
            Self::Harmony => "ha_",
        }
    }
}

/// The last part of a genre's ids.
const fn genre_id(genre: Genre) -> &'static str {
    ["classical", "jazz", "rock", "electronic", "folk", "hiphop"][genre.index()]
}

impl Parameter {
    /// All parameters, in the order of the plugin's list.
    pub fn all() -> Vec<Self> {
        let styles = || (0..N_STYLES).map(Field::Style);
        let weights = || Genre::ALL.into_iter().map(Field::Weight).chain(styles());
        let of = |voice| move |field| Self { voice, field };
        let mut all: Vec<Self> = weights().map(of(Voice::Common)).collect();
        all.push(of(Voice::Common)(Field::Strength));
        for part in Part::ALL {
            let fields = [
                Field::On,
                Field::Density,
                Field::Register,
                Field::Level,
                Field::Pan,
                Field::Mute,
                Field::Solo,
                Field::Own,
            ];
            all.extend(fields.into_iter().chain(weights()).map(of(Voice::Part(part))));
        }
        all.extend(Part::ALL.map(|part| of(Voice::Part(part))(Field::Patch)));
        all.extend([Field::Own].into_iter().chain(weights()).map(of(Voice::Harmony)));
        let music = [
            Field::Key,
            Field::Scale,
            Field::Adventure,
            Field::Swing,
            Field::Humanize,
            Field::Seed,
            Field::Phrase,
            Field::Evolve,
            Field::Hold,
            Field::Ending,
            Field::Gain,
        ];
        all.extend(music.map(of(Voice::Common)));
        all
    }

    /// Finds a parameter by its [`id`](Self::id).
    ///
    /// # Errors
    /// When there is none; the message says where the ids are listed.
    pub fn parse(id: &str) -> Result<Self> {
        match Self::all().into_iter().find(|parameter| parameter.id() == id) {
            Some(parameter) => Ok(parameter),
            None => bail!("unknown parameter \"{id}\"; render --list prints all that there are"),
        }
    }

    /// The plugin's stable id, for example `dr_g_jazz`.
    pub fn id(self) -> String {
        let field = match self.field {
            Field::Weight(genre) => return format!("{}g_{}", self.voice.prefix(), genre_id(genre)),
            Field::Style(knob) => return format!("{}s_{}", self.voice.prefix(), knob + 1),
            Field::Strength => "strength",
            Field::On => "on",
            Field::Density => "density",
            Field::Register => "register",
            Field::Level => "level",
            Field::Pan => "pan",
            Field::Mute => "mute",
            Field::Solo => "solo",
            Field::Patch => "patch",
            Field::Own => "own",
            Field::Key => "key",
            Field::Scale => "scale",
            Field::Adventure => "adventure",
            Field::Swing => "swing",
            Field::Humanize => "humanize",
            Field::Seed => "seed",
            Field::Phrase => "phrase",
            Field::Evolve => "evolve",
            Field::Hold => "hold",
            Field::Ending => "ending",
            Field::Gain => "gain",
        };
        format!("{}{field}", self.voice.prefix())
    }

    fn patches(self) -> &'static [Patch] {
        match self.voice {
            Voice::Part(part) => Patch::of(part),
            Voice::Common | Voice::Harmony => &[],
        }
    }

    /// Smallest and largest value.
    pub fn range(self) -> (f64, f64) {
        match self.field {
            Field::Strength => (0.0, 2.0),
            Field::Register | Field::Pan => (-1.0, 1.0),
            Field::Patch => (0.0, self.patches().len() as f64),
            Field::Level | Field::Gain => (-60.0, 6.0),
            Field::Key => (0.0, 11.0),
            Field::Scale => (0.0, (Scale::ALL.len() - 1) as f64),
            Field::Seed => (1.0, f64::from(u32::MAX)),
            Field::Phrase => (0.0, 8.0),
            _ => (0.0, 1.0),
        }
    }

    /// What the numbers mean, for lists.
    pub fn unit(self) -> &'static str {
        match self.field {
            Field::Level | Field::Gain => "dB",
            Field::Key => "or a name: C, F#, Bb",
            Field::Scale => "or a name: see scales",
            Field::On | Field::Hold | Field::Ending | Field::Mute | Field::Solo => "or off, on",
            Field::Pan => "or 50L, C, 50R",
            Field::Patch => "or a name, auto for the blend's",
            Field::Phrase => "bars: 0, 1, 2, 4, 8",
            _ => "",
        }
    }

    /// Whether values between two points lie on a line; the others jump at each point.
    pub fn is_continuous(self) -> bool {
        !matches!(
            self.field,
            Field::On
                | Field::Mute
                | Field::Solo
                | Field::Patch
                | Field::Hold
                | Field::Ending
                | Field::Key
                | Field::Scale
                | Field::Seed
                | Field::Phrase
        )
    }

    /// Reads a value: a number, or a name where the parameter has names.
    ///
    /// # Errors
    /// When it is neither, or out of range; the message holds value and range.
    pub fn parse_value(self, text: &str) -> Result<f64> {
        let by_name = match self.field {
            Field::Key => PitchClass::parse(text).ok().map(|key| f64::from(key.number())),
            Field::Scale => Scale::ALL
                .iter()
                .position(|scale| Scale::parse(text).is_ok_and(|found| found == *scale))
                .map(|index| index as f64),
            Field::Pan => parse_pan(text),
            Field::Patch if text.eq_ignore_ascii_case("auto") => Some(0.0),
            Field::Patch => self
                .patches()
                .iter()
                .position(|patch| patch.name.eq_ignore_ascii_case(text))
                .map(|place| (place + 1) as f64),
            Field::On | Field::Hold | Field::Ending | Field::Mute | Field::Solo => {
                match text.to_ascii_lowercase().as_str() {
                    "on" | "true" | "yes" => Some(1.0),
                    "off" | "false" | "no" => Some(0.0),
                    _ => None,
                }
            }
            _ => None,
        };
        if let Some(value) = by_name {
            return Ok(value);
        }
        let value: f64 = text
            .parse()
            .with_context(|| format!("{}: expected a number, found \"{text}\"", self.id()))?;
        let (lowest, highest) = self.range();
        if !(lowest..=highest).contains(&value) {
            bail!("{}: expected {lowest}..={highest}, found {text}", self.id());
        }
        if !self.is_continuous() && value.fract() != 0.0 {
            bail!("{}: expected a whole number, found {text}", self.id());
        }
        if self.field == Field::Phrase && ![0.0, 1.0, 2.0, 4.0, 8.0].contains(&value) {
            bail!("{}: expected 0, 1, 2, 4 or 8 bars, found {text}", self.id());
        }
        Ok(value)
    }

    /// Reads a value as presets have it, in the unit that the plugin shows.
    ///
    /// # Errors
    /// When it is of another kind or out of range; the message holds id, value and range.
    pub fn preset_value(self, value: &Value) -> Result<f64> {
        let is_switch = matches!(self.field, Field::On | Field::Hold | Field::Ending);
        let is_choice = matches!(self.field, Field::Key | Field::Scale | Field::Phrase);
        let factor = match self.field {
            Field::Level | Field::Gain | Field::Seed => 1.0,
            _ => 100.0,
        };
        let found = match value {
            Value::Switch(on) if is_switch => return Ok(f64::from(u8::from(*on))),
            Value::Name(name) if self.field == Field::Phrase => {
                let n_bars = name.split_whitespace().next().unwrap_or_default();
                let off = n_bars.eq_ignore_ascii_case("off");
                return self.parse_value(if off { "0" } else { n_bars });
            }
            Value::Name(name) if is_choice => return self.parse_value(name),
            Value::Number(number) if !is_switch && !is_choice => {
                let (lowest, highest) = self.range();
                if (lowest * factor..=highest * factor).contains(number) {
                    return Ok(number / factor);
                }
                let range = format!("{} to {}", lowest * factor, highest * factor);
                bail!("{}: expected {range}, found {number}", self.id());
            }
            Value::Number(number) => number.to_string(),
            Value::Name(name) => format!("\"{name}\""),
            Value::Switch(on) => on.to_string(),
        };
        let expected = match (is_switch, is_choice) {
            (true, _) => "true or false",
            (_, true) => "the name of a choice",
            _ => "a number",
        };
        bail!("{}: expected {expected}, found {found}", self.id());
    }

    /// Sets the parameter; `value` is one that [`Self::parse_value`] gave, or between two.
    pub fn set(self, settings: &mut Settings, value: f64) {
        let controls = &mut settings.controls;
        let number = value as f32;
        match (self.voice, self.field) {
            (voice, Field::Weight(_) | Field::Style(_)) => {
                let blend = match voice {
                    Voice::Common => &mut controls.blend,
                    Voice::Harmony => &mut controls.harmony_blend,
                    Voice::Part(part) => &mut controls.parts[part.index()].blend,
                };
                set_weight(blend, self.field.weight(), number);
            }
            (Voice::Harmony, _) => controls.harmony_own = number,
            (Voice::Part(part), field) => {
                let own = &mut controls.parts[part.index()];
                match field {
                    Field::On => own.on = value >= 0.5,
                    Field::Density => own.density = number,
                    Field::Register => own.register = number,
                    Field::Own => own.own = number,
                    Field::Pan => settings.pans[part.index()] = number,
                    Field::Mute => settings.muted[part.index()] = value >= 0.5,
                    Field::Solo => settings.solo[part.index()] = value >= 0.5,
                    Field::Patch => {
                        settings.patches[part.index()] = (value as usize).checked_sub(1);
                    }
                    _ => settings.levels_db[part.index()] = number,
                }
            }
            (Voice::Common, field) => match field {
                Field::Strength => controls.strength = number,
                Field::Key => controls.key = PitchClass::new(value as i32),
                Field::Scale => controls.scale = Scale::ALL[value as usize % Scale::ALL.len()],
                Field::Adventure => controls.adventure = number,
                Field::Swing => controls.swing = number,
                Field::Humanize => controls.humanize = number,
                Field::Seed => controls.seed = value as u32,
                Field::Phrase => settings.form.phrase_bars = value as u8,
                Field::Evolve => settings.form.evolve = number,
                Field::Hold => settings.form.hold = value >= 0.5,
                Field::Ending => controls.ending = value >= 0.5,
                _ => settings.gain_db = number,
            },
        }
    }
}

/// A place as mixers show it: `C`, or percent to one side, as in `50L`.
fn parse_pan(text: &str) -> Option<f64> {
    let text = text.to_ascii_uppercase();
    let share = |percent: &str| percent.parse::<f64>().ok().map(|percent| percent / 100.0);
    match (text.strip_suffix('L'), text.strip_suffix('R')) {
        (Some(percent), _) => share(percent).map(|share| -share),
        (_, Some(percent)) => share(percent),
        _ => (text == "C").then_some(0.0),
    }
    .filter(|place| (-1.0..=1.0).contains(place))
}

fn set_weight(blend: &mut Blend, place: usize, weight: f32) {
    let mut weights = *blend.weights();
    weights[place] = weight;
    *blend = Blend::new(weights);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_found_by_its_id_and_sets_something_of_its_own() {
        let all = Parameter::all();
        let changed: Vec<Settings> = all
            .iter()
            .map(|parameter| {
                assert_eq!(Parameter::parse(&parameter.id()).unwrap(), *parameter);
                let mut settings = Settings::default();
                let (lowest, highest) = parameter.range();
                parameter.set(&mut settings, highest);
                if settings == Settings::default() {
                    parameter.set(&mut settings, lowest);
                }
                settings
            })
            .collect();
        for (idx, settings) in changed.iter().enumerate() {
            assert_ne!(*settings, Settings::default(), "{} sets nothing", all[idx].id());
            assert!(!changed[..idx].contains(settings), "{} sets another's value", all[idx].id());
        }
    }

    #[test]
    fn values_are_read_by_number_and_by_name() {
        let value = |id: &str, text: &str| Parameter::parse(id).unwrap().parse_value(text);
        assert_eq!(value("key", "F#").unwrap(), 6.0);
        assert_eq!(value("scale", "minor").unwrap(), 3.0);
        assert_eq!(value("dr_on", "off").unwrap(), 0.0);
        assert_eq!(value("ba_patch", "sub").unwrap(), 4.0);
        assert_eq!(value("ba_patch", "Auto").unwrap(), 0.0);
        assert_eq!(value("ch_pan", "25L").unwrap(), -0.25);
        assert_eq!(value("ld_register", "-0.5").unwrap(), -0.5);
        let message = |id, text| value(id, text).unwrap_err().to_string();
        assert_eq!(message("g_jazz", "1.5"), "g_jazz: expected 0..=1, found 1.5");
        assert_eq!(message("g_jazz", "NaN"), "g_jazz: expected 0..=1, found NaN");
        assert_eq!(message("seed", "1.5"), "seed: expected a whole number, found 1.5");
        assert_eq!(message("phrase", "3"), "phrase: expected 0, 1, 2, 4 or 8 bars, found 3");
    }
}
