//! The command line: what a person writes, and the song that it means.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use render::{Automation, Band, Format, Parameter, Settings, Song, describe};
use score::{Blend, GenreNames, Meter, Part, PitchClass, Progression, Scale, Tempo};

/// Renders a blend of genres to files, note for note as the plugin plays it.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// A preset to begin with: a .toml file, or the name of a factory preset; what other flags say
    /// goes first
    #[arg(long, value_name = "FILE|NAME")]
    preset: Option<String>,
    /// Weights of genres and styles, as in jazz=0.6,hip-hop=0.4; one alone weighs 1
    #[arg(long, value_name = "GENRE=WEIGHT,...", value_parser = parse_blend)]
    blend: Option<NamedWeights>,
    /// A part's own blend, as in drums:hip-hop=1; drums, bass, chords, lead or harmony; repeatable
    #[arg(long, value_name = "PART:GENRE=WEIGHT,...", value_parser = parse_part_blend)]
    part: Vec<(Voice, NamedWeights)>,
    /// CSV file with the columns beat,parameter,value; values are linear between points
    #[arg(long, value_name = "FILE.csv")]
    automate: Option<PathBuf>,
    /// Length in bars
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=4096))]
    bars: u32,
    /// Quarter notes a minute, 10 to 999 [default: 120]
    #[arg(long, value_name = "BPM", value_parser = parse_tempo)]
    tempo: Option<Tempo>,
    /// Time signature
    #[arg(long, default_value = "4/4", value_parser = parse_meter)]
    meter: Meter,
    /// Tonic, as in D, F# or Bb [default: C]
    #[arg(long, value_parser = parse_key)]
    key: Option<PitchClass>,
    /// Allowed notes, as in minor or "free major"; --list prints all [default: free
    /// major]
    #[arg(long, value_parser = parse_scale)]
    scale: Option<Scale>,
    /// Parts that play, as in drums,bass
    #[arg(long, value_name = "PART,...", value_delimiter = ',', value_parser = parse_part)]
    parts: Vec<Part>,
    /// Density of a part from 0 to 1, as in lead=0.5; repeatable
    #[arg(long, value_name = "PART=X", value_delimiter = ',', value_parser = parse_density)]
    density: Vec<(Part, f32)>,
    /// From 0, the likeliest notes, over 0.5, as trained, to 1 [default: 0.5]
    #[arg(long, value_name = "X", value_parser = parse_share)]
    adventure: Option<f32>,
    /// Equal seeds give equal music [default: 1]
    #[arg(long)]
    seed: Option<u32>,
    /// Pull towards the blend from 0 to 2, or in percent [default: 1]
    #[arg(long, value_name = "X", value_parser = parse_strength)]
    strength: Option<f32>,
    /// Length of a phrase that comes again, in bars: 0 for none, 1, 2, 4 or 8 [default: 0]
    #[arg(long, value_name = "N", value_parser = parse_phrase)]
    phrase: Option<u8>,
    /// Closes the song in its last four bars
    #[arg(long)]
    ending: bool,
    /// Share of a repeated phrase that is made anew, from 0 to 1 [default: 0]
    #[arg(long, value_name = "X", value_parser = parse_share)]
    evolve: Option<f32>,
    /// Chords to follow, over and over: a chord a bar as in "Am F C G", bars apart as in
    /// "Am7 | D7 G | Cmaj7/E", or those of a .mid file
    #[arg(long, value_name = "CHORDS|FILE.mid", value_parser = parse_chords)]
    chords: Option<Progression>,
    /// A learnt style, to be named in --blend and --part as its file without the ending; up to four
    #[arg(long, value_name = "FILE.tributary-style")]
    pub style: Vec<PathBuf>,
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
    /// Prints the model's genres, and parts, scales and parameters
    #[arg(long)]
    pub list: bool,
}

/// Weights by the names of genres, which only the model knows, and of styles.
#[derive(Clone, Debug)]
struct NamedWeights(Vec<(String, f32)>);

impl NamedWeights {
    fn blend(&self, genres: &GenreNames) -> score::Result<Blend> {
        let mut weights = [0.0; Blend::LEN];
        for (name, weight) in &self.0 {
            weights[genres.parse_weight(name)?] += weight;
        }
        Ok(Blend::new(weights))
    }
}

/// Who can have a blend of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Part(Part),
    Harmony,
}

impl Cli {
    /// What is wrong with the genres that are named, if anything: the flag, and why.
    pub fn misnamed(&self, genres: &GenreNames) -> Option<(&'static str, score::Error)> {
        let common = self.blend.iter().map(|named| ("--blend", named));
        let parts = self.part.iter().map(|(_, named)| ("--part", named));
        common.chain(parts).find_map(|(flag, named)| Some((flag, named.blend(genres).err()?)))
    }

    /// The song that the command line means to a model with such genres.
    ///
    /// # Errors
    /// A genre that the model does not have. When the automation file or the preset is wrong; the
    /// message names the flag, the file and the line.
    pub fn song(&self, genres: &GenreNames) -> Result<Song> {
        use anyhow::Context as _;
        let automation = match &self.automate {
            Some(file) => Automation::read(file).context("--automate")?,
            None => Automation::default(),
        };
        let band = self.preset.as_deref().map(render::preset).transpose().context("--preset")?;
        let preset_tempo = band.as_ref().and_then(|band| band.tempo);
        let base = band.as_ref().map(|band| band.settings).unwrap_or_default();
        let settings = self.settings(base, genres)?;
        let title = self.title(&automation, band.as_ref(), &settings, genres);
        Ok(Song {
            title,
            n_bars: self.bars,
            tempo: self.tempo.or(preset_tempo).unwrap_or_default(),
            meter: self.meter,
            settings,
            automation,
            chords: self.chords.unwrap_or_default(),
            ending: self.ending,
            sample_rate: self.sample_rate,
            block: self.block as usize,
            sound: self.output.iter().any(|file| matches!(Format::of(file), Ok(Format::Wave))),
        })
    }

    /// What the flags make of what a preset says.
    fn settings(&self, mut settings: Settings, genres: &GenreNames) -> Result<Settings> {
        let controls = &mut settings.controls;
        if let Some(named) = &self.blend {
            controls.blend = named.blend(genres)?;
        }
        for (voice, named) in &self.part {
            let blend = named.blend(genres)?;
            match voice {
                Voice::Part(part) => {
                    let own = &mut controls.parts[part.index()];
                    (own.own, own.blend) = (1.0, blend);
                }
                Voice::Harmony => {
                    (controls.harmony_own, controls.harmony_blend) = (1.0, blend);
                }
            }
        }
        for part in Part::ALL.into_iter().filter(|_| !self.parts.is_empty()) {
            controls.parts[part.index()].on = self.parts.contains(&part);
        }
        for (part, density) in &self.density {
            controls.parts[part.index()].density = *density;
        }
        set(&mut controls.key, self.key);
        set(&mut controls.scale, self.scale);
        set(&mut controls.adventure, self.adventure);
        set(&mut controls.strength, self.strength);
        set(&mut controls.seed, self.seed);
        set(&mut settings.form.phrase_bars, self.phrase);
        set(&mut settings.form.evolve, self.evolve);
        Ok(settings)
    }

    fn title(
        &self,
        automation: &Automation,
        band: Option<&Band>,
        settings: &Settings,
        genres: &GenreNames,
    ) -> String {
        let blend = match (&self.blend, band) {
            _ if !automation.is_empty() => "automated blend".to_owned(),
            (Some(_), _) => describe(&settings.controls.blend, genres),
            (None, Some(band)) => band.name.clone(),
            (None, None) => "all genres".to_owned(),
        };
        let preset_seed = band.map_or(1, |band| band.settings.controls.seed);
        format!("Tributary: {blend}, seed {}", self.seed.unwrap_or(preset_seed))
    }
}

/// Takes what a flag says, if it was given.
fn set<T: Copy>(target: &mut T, flag: Option<T>) {
    *target = flag.unwrap_or(*target);
}

/// What `--list` prints for a model with such genres.
pub fn list(genres: &GenreNames) -> String {
    let mut lines = vec!["genres:".to_owned()];
    lines.extend(genres.iter().map(|(genre, name)| match name == genre.name() {
        true => format!("  {name}"),
        false => format!("  {name:<16} on the knob {}", genre.name()),
    }));
    lines.push("parts:".to_owned());
    lines.extend(Part::ALL.map(|part| format!("  {}", part.name())));
    lines.push("  harmony (for --part: the choice of chords)".to_owned());
    lines.push("scales:".to_owned());
    lines.extend(Scale::ALL.map(|scale| format!("  {}", scale.name())));
    lines.push("presets (for --preset):".to_owned());
    lines.extend(presets::factory().iter().map(|preset| format!("  {}", preset.name)));
    lines.push("parameters (for --automate):".to_owned());
    lines.extend(Parameter::all().into_iter().map(|parameter| {
        let (lowest, highest) = parameter.range();
        let range = format!("{lowest}..={highest}");
        format!("  {:<16} {range:<15} {}", parameter.id(), parameter.unit()).trim_end().to_owned()
    }));
    lines.join("\n") + "\n"
}

fn parse_blend(text: &str) -> Result<NamedWeights> {
    let mut weights = Vec::new();
    for entry in text.split(',').map(str::trim) {
        weights.push(match entry.split_once('=') {
            Some((genre, weight)) => (genre.to_owned(), parse_number(weight, 0.0, 1e6)?),
            None => (entry.to_owned(), 1.0),
        });
    }
    if weights.iter().all(|(_, weight)| *weight <= 0.0) {
        bail!("expected a weight above 0");
    }
    Ok(NamedWeights(weights))
}

fn parse_part_blend(text: &str) -> Result<(Voice, NamedWeights)> {
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

fn parse_chords(text: &str) -> Result<Progression> {
    use anyhow::Context as _;
    let is_file = [".mid", ".midi"].iter().any(|end| text.to_ascii_lowercase().ends_with(end));
    if !is_file {
        let chords = Progression::parse(text)?;
        if chords.n_bars() == 0 {
            bail!("expected at least one chord");
        }
        return Ok(chords);
    }
    let bytes = std::fs::read(text).with_context(|| text.to_owned())?;
    let piece = score::smf::read(&bytes, text)?.piece;
    let chords = Progression::of(&piece).with_context(|| text.to_owned())?;
    if chords.n_bars() == 0 {
        bail!("{text}: no chords in it");
    }
    Ok(chords)
}
