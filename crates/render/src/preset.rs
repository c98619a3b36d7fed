//! Presets: files of the plugin, or factory presets by name, as settings of a song.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use presets::{MAX_BYTES, Preset, Setting, Value};
use score::Tempo;

use crate::parameters::{Parameter, Settings};

/// What a preset says of a song.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The preset's name.
    pub name: String,
    /// Everything that it sets; the rest at its default.
    pub settings: Settings,
    /// The tempo, if the preset names one.
    pub tempo: Option<Tempo>,
}

/// Parameters of the plugin that say nothing to a renderer.
const IGNORED: [&str; 7] =
    ["lookahead", "channels", "single_part", "run", "sound", "bypass", "gain"];

/// Reads a preset: a file that ends with .toml, or the name of a factory preset.
///
/// # Errors
/// When there is none of the name, or the file is wrong; messages name file, line and parameter.
pub fn preset(name: &str) -> Result<Band> {
    if !name.to_ascii_lowercase().ends_with(".toml") {
        let factory = presets::factory();
        let Some(preset) = factory.iter().find(|preset| preset.name.eq_ignore_ascii_case(name))
        else {
            let names: Vec<&str> = factory.iter().map(|preset| preset.name.as_str()).collect();
            bail!(
                "no factory preset \"{name}\"; expected a .toml file or one of {}",
                names.join(", ")
            );
        };
        return band(preset, name);
    }
    let path = Path::new(name);
    let cannot = || format!("{name}: cannot be read");
    if path.metadata().with_context(cannot)?.len() > MAX_BYTES {
        bail!("{name}: too large to be a preset");
    }
    let text = std::fs::read_to_string(path).with_context(cannot)?;
    let (preset, notices) = Preset::parse(&text, name)?;
    notices.iter().for_each(|notice| eprintln!("{notice}"));
    band(&preset, name)
}

fn band(preset: &Preset, file: &str) -> Result<Band> {
    let mut settings = Settings::default();
    let mut tempo = None;
    for Setting { id, value, line } in &preset.values {
        let place = || format!("{file}: line {line}");
        if id == "tempo" {
            let Value::Number(bpm) = value else {
                bail!("{}: tempo: expected a number", place());
            };
            if !(40.0..=240.0).contains(bpm) {
                bail!("{}: tempo: expected 40 to 240, found {bpm}", place());
            }
            tempo = Some(Tempo::new(*bpm));
        } else if !IGNORED.contains(&id.as_str()) {
            let parameter = Parameter::parse(id).with_context(place)?;
            let value = parameter.preset_value(value).with_context(place)?;
            parameter.set(&mut settings, value);
        }
    }
    Ok(Band { name: preset.name.clone(), settings, tempo })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factory_presets_are_found_by_name() {
        for known in presets::factory() {
            let band = preset(&known.name.to_uppercase()).unwrap();
            assert_eq!(band.name, known.name);
            assert_ne!(band.settings, Settings::default());
            assert!(band.tempo.is_some(), "{}", known.name);
        }
        let message = preset("Polka").unwrap_err().to_string();
        assert!(message.contains("\"Polka\"") && message.contains("Chamber trap"), "{message}");
        let message = format!("{:#}", preset("no/such.toml").unwrap_err());
        assert!(message.starts_with("no/such.toml: cannot be read"), "{message}");
    }

    #[test]
    fn values_are_read_as_they_are_shown() {
        let text = "format = 1\nname = \"a\"\n[values]\ng_jazz = 40\nstrength = 150\n\
                    ld_register = -20\nch_level = -6\nscale = \"Harmonic minor\"\n\
                    key = \"F#\"\nphrase = \"4 bars\"\ndr_on = false\nchannels = \"x\"\n";
        let (preset, _) = Preset::parse(text, "a.toml").unwrap();
        let Band { settings, tempo, .. } = band(&preset, "a.toml").unwrap();
        let controls = settings.controls;
        assert_eq!((controls.blend.weights()[1], controls.strength, tempo), (0.4, 1.5, None));
        assert_eq!((controls.parts[3].register, settings.levels_db[2]), (-0.2, -6.0));
        assert_eq!((controls.scale, controls.key.number()), (score::Scale::HarmonicMinor, 6));
        assert_eq!((settings.form.phrase_bars, controls.parts[0].on), (4, false));
    }

    #[test]
    fn messages_name_file_line_and_parameter() {
        let message = |line: &str| {
            let text = format!("format = 1\nname = \"a\"\n[values]\n{line}\n");
            let (preset, _) = Preset::parse(&text, "a.toml").unwrap();
            format!("{:#}", band(&preset, "a.toml").unwrap_err())
        };
        assert!(
            message("g_polka = 1").starts_with("a.toml: line 4: unknown parameter \"g_polka\"")
        );
        assert_eq!(message("g_jazz = 140"), "a.toml: line 4: g_jazz: expected 0 to 100, found 140");
        assert_eq!(message("dr_on = 1"), "a.toml: line 4: dr_on: expected true or false, found 1");
        assert_eq!(message("tempo = 10"), "a.toml: line 4: tempo: expected 40 to 240, found 10");
        assert!(message("scale = \"blue\"").starts_with("a.toml: line 4: scale: "));
    }
}
