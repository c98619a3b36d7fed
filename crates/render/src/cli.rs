//! The command line: what a person writes, and the song that it means.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use render::{Automation, Format, Parameter, Settings, Song, describe};
use score::{Blend, Genre, Meter, Part, PitchClass, Scale, Tempo};

/// Renders a blend of genres to files, note for note as the plugin plays it.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// Weights of genres, as in jazz=0.6,hip-hop=0.4; a genre alone weighs 1
    #[arg(long, value_name = "GENRE=WEIGHT,...", value_parser = parse_blend)]
    blend: Option<Blend>,
    /// A part's own blend, as in drums:hip-hop=1; drums, bass, chords, lead or harmony; repeatable
    #[arg(long, value_name = "PART:GENRE=WEIGHT,...", value_parser = parse_part_blend)]
    part: Vec<(Voice, Blend)>,
    /// CSV file with the columns beat,parameter,value; values are linear between points
    #[arg(long, value_name = "FILE.csv")]
    automate: Option<PathBuf>,
    /// Length in bars
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=4096))]
    bars: u32,
    /// Quarter notes a minute, 10 to 999
    #[arg(long, value_name = "BPM", default_value = "120", value_parser = parse_tempo)]
    tempo: Tempo,
    /// Time signature
    #[arg(long, default_value = "4/4", value_parser = parse_meter)]
    meter: Meter,
    /// Tonic, as in D, F# or Bb
    #[arg(long, default_value = "C", value_parser = parse_key)]
    key: PitchClass,
    /// Allowed notes, as in minor or "free major"; --list prints all
    #[arg(long, default_value = "free major", value_parser = parse_scale)]
    scale: Scale,
    /// Parts that play, as in drums,bass
    #[arg(long, value_name = "PART,...", value_delimiter = ',', value_parser = parse_part)]
    parts: Vec<Part>,
    /// Density of a part from 0 to 1, as in lead=0.5; repeatable
    #[arg(long, value_name = "PART=X", value_delimiter = ',', value_parser = parse_density)]
    density: Vec<(Part, f32)>,
    /// From 0, the likeliest notes, over 0.5, as trained, to 1
    #[arg(long, value_name = "X", default_value = "0.5", value_parser = parse_share)]
    adventure: f32,
    /// Equal seeds give equal music
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Pull towards the blend from 0 to 2, or in percent
    #[arg(long, value_name = "X", default_value = "1", value_parser = parse_strength)]
    strength: f32,
    /// Length of a phrase that comes again, in bars: 0 for none, 1, 2, 4 or 8
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse_phrase)]
    phrase: u8,
    /// Closes the song in its last four bars
    #[arg(long)]
    ending: bool,
    /// Share of a repeated phrase that is made anew, from 0 to 1
    #[arg(long, value_name = "X", default_value = "0", value_parser = parse_share)]
    evolve: f32,
    /// A chord a bar to follow: not supported by this version
    #[arg(long, value_parser = parse_chords, hide = true)]
    chords: Option<String>,
    /// A learned style: not supported by this version
    #[arg(long, value_parser = parse_style, hide = true)]
    style: Vec<String>,
    /// Samples a block; changes nothing that is heard
    #[arg(long, value_name = "N", default_value_t = 512,
          value_parser = clap::value_parser!(u32).range(1..=8192))]
    block: u32,
    /// In Hz
    #[arg(long, value_name = "N", default_value_t = 48_000,
          value_parser = clap::value_parser!(u32).range(8_000..=384_000))]
    sample_rate: u32,
    /// File to write, by its ending: .mid, .wav, .png, .txt or .json; repeatable
    #[arg(short, long, value_name = "FILE", value_parser = parse_output)]
    pub output: Vec<PathBuf>,
    /// Weights to compose with, a .safetensors file with its .json beside it; "patterns" for the
    /// stored patterns
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Prints genres, parts, scales and parameters
    #[arg(long)]
    pub list: bool,
}

/// Who can have a blend of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Part(Part),
    Harmony,
}

impl Cli {
    /// The song that the command line means.
    ///
    /// # Errors
    /// When the automation file is wrong; the message names the flag, the file and the line.
    pub fn song(&self) -> Result<Song> {
        use anyhow::Context as _;
        let automation = match &self.automate {
            Some(file) => Automation::read(file).context("--automate")?,
            None => Automation::default(),
        };
        let settings = self.settings();
        Ok(Song {
            title: self.title(&automation),
            n_bars: self.bars,
            tempo: self.tempo,
            meter: self.meter,
            settings,
            automation,
            ending: self.ending,
            sample_rate: self.sample_rate,
            block: self.block as usize,
            sound: self.output.iter().any(|file| matches!(Format::of(file), Ok(Format::Wave))),
        })
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        let controls = &mut settings.controls;
        controls.blend = self.blend.unwrap_or_default();
        for (voice, blend) in &self.part {
            match voice {
                Voice::Part(part) => {
                    let own = &mut controls.parts[part.index()];
                    (own.own, own.blend) = (1.0, *blend);
                }
                Voice::Harmony => {
                    (controls.harmony_own, controls.harmony_blend) = (1.0, *blend);
                }
            }
        }
        for part in Part::ALL {
            controls.parts[part.index()].on = self.parts.is_empty() || self.parts.contains(&part);
        }
        for (part, density) in &self.density {
            controls.parts[part.index()].density = *density;
        }
        controls.key = self.key;
        controls.scale = self.scale;
        controls.adventure = self.adventure;
        controls.strength = self.strength;
        controls.seed = self.seed;
        settings.form.phrase_bars = self.phrase;
        settings.form.evolve = self.evolve;
        settings
    }

    fn title(&self, automation: &Automation) -> String {
        let blend = match self.blend {
            _ if !automation.is_empty() => "automated blend".to_owned(),
            Some(blend) => describe(&blend),
            None => "all genres".to_owned(),
        };
        format!("Tributary: {blend}, seed {}", self.seed)
    }
}

/// What `--list` prints.
pub fn list() -> String {
    let mut lines = vec!["genres:".to_owned()];
    lines.extend(Genre::ALL.map(|genre| format!("  {}", genre.name())));
    lines.push("parts:".to_owned());
    lines.extend(Part::ALL.map(|part| format!("  {}", part.name())));
    lines.push("  harmony (for --part: the choice of chords)".to_owned());
    lines.push("scales:".to_owned());
    lines.extend(Scale::ALL.map(|scale| format!("  {}", scale.name())));
    lines.push("parameters (for --automate):".to_owned());
    lines.extend(Parameter::all().into_iter().map(|parameter| {
        let (lowest, highest) = parameter.range();
        let range = format!("{lowest}..={highest}");
        format!("  {:<16} {range:<15} {}", parameter.id(), parameter.unit()).trim_end().to_owned()
    }));
    lines.join("\n") + "\n"
}

fn parse_blend(text: &str) -> Result<Blend> {
    let mut weights = [0.0; Blend::LEN];
    for entry in text.split(',').map(str::trim) {
        let (genre, weight) = match entry.split_once('=') {
            Some((genre, weight)) => (Genre::parse(genre)?, parse_number(weight, 0.0, 1e6)?),
            None => (Genre::parse(entry)?, 1.0),
        };
        weights[genre.index()] += weight;
    }
    if weights.iter().all(|weight| *weight <= 0.0) {
        bail!("expected a weight above 0");
    }
    Ok(Blend::new(weights))
}

fn parse_part_blend(text: &str) -> Result<(Voice, Blend)> {
    let Some((voice, blend)) = text.split_once(':') else {
        bail!("expected a part, a colon and a blend, as in drums:hip-hop=1");
    };
    let voice = match voice.trim() {
        "harmony" => Voice::Harmony,
        part => {
            Voice::Part(Part::parse(part).map_err(|error| anyhow::anyhow!("{error} or harmony"))?)
        }
    };
    Ok((voice, parse_blend(blend)?))
}

fn parse_density(text: &str) -> Result<(Part, f32)> {
    let Some((part, density)) = text.split_once('=') else {
        bail!("expected a part and a number, as in lead=0.5");
    };
    Ok((Part::parse(part)?, parse_share(density)?))
}

fn parse_part(text: &str) -> Result<Part> {
    Ok(Part::parse(text)?)
}

fn parse_key(text: &str) -> Result<PitchClass> {
    Ok(PitchClass::parse(text)?)
}

fn parse_scale(text: &str) -> Result<Scale> {
    Ok(Scale::parse(text)?)
}

fn parse_meter(text: &str) -> Result<Meter> {
    Ok(Meter::parse(text)?)
}

fn parse_tempo(text: &str) -> Result<Tempo> {
    Ok(Tempo::new(f64::from(parse_number(text, 10.0, 999.0)?)))
}

fn parse_share(text: &str) -> Result<f32> {
    parse_number(text, 0.0, 1.0)
}

fn parse_strength(text: &str) -> Result<f32> {
    parse_number(text, 0.0, 2.0)
}

fn parse_phrase(text: &str) -> Result<u8> {
    match text.trim() {
        "0" | "off" => Ok(0),
        "1" => Ok(1),
        "2" => Ok(2),
        "4" => Ok(4),
        "8" => Ok(8),
        _ => bail!("expected 0, 1, 2, 4 or 8 bars"),
    }
}

/// A number in a range; a percent sign divides by 100.
fn parse_number(text: &str, lowest: f32, highest: f32) -> Result<f32> {
    let text = text.trim();
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f32>().map(|number| number / 100.0),
        None => text.parse::<f32>(),
    };
    match number {
        Ok(number) if (lowest..=highest).contains(&number) => Ok(number),
        _ => bail!("expected a number in {lowest}..={highest}, found \"{text}\""),
    }
}

fn parse_output(text: &str) -> Result<PathBuf> {
    let file = PathBuf::from(text);
    Format::of(&file)?;
    Ok(file)
}

fn parse_chords(_: &str) -> Result<String> {
    bail!("following given chords is not supported by this version")
}

fn parse_style(_: &str) -> Result<String> {
    bail!("learned styles are not supported by this version")
}
