//! What picture is asked for.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// States of the editor that are worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was turned, and the song stands at its start.
    Fresh,
    /// The song plays.
    Playing,
    /// The song plays in a blend of three genres, with a part that leaves it.
    MidBlend,
    /// Two styles of the user's are in the blend, and a third is being learnt.
    Learning,
    /// The project was not loaded whole.
    Error,
    /// Playing, in the smallest window.
    Tiny,
    /// Playing, in a window of a large screen.
    Huge,
    /// Playing, on a screen with two pixels a point.
    Scale2,
}

impl State {
    const ALL: [(&'static str, Self); 8] = [
        ("fresh", Self::Fresh),
        ("playing", Self::Playing),
        ("mid-blend", Self::MidBlend),
        ("learning", Self::Learning),
        ("error", Self::Error),
        ("tiny", Self::Tiny),
        ("huge", Self::Huge),
        ("scale2", Self::Scale2),
    ];

    /// Parameters and their values, as they show them.
    pub fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Fresh | Self::Error => &[],
            Self::MidBlend => &[
                ("g_jazz", "40 %"),
                ("g_electronic", "60 %"),
                ("g_hiphop", "20 %"),
                ("ld_own", "70 %"),
                ("ld_g_classical", "80 %"),
                ("swing", "30 %"),
            ],
            Self::Learning => {
                &[("g_classical", "30 %"), ("g_jazz", "30 %"), ("s_1", "60 %"), ("s_2", "20 %")]
            }
            _ => &[("g_jazz", "50 %"), ("g_hiphop", "50 %")],
        }
    }

    /// Width and height in points, or nothing for the editor's own.
    fn size(self) -> Option<[u32; 2]> {
        match self {
            Self::Tiny => Some([720, 480]),
            Self::Huge => Some([2560, 1440]),
            _ => None,
        }
    }
}

/// What picture is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The PNG to write.
    pub file: PathBuf,
    /// A bundle or library, or nothing for the bundle that is built first.
    pub bundle: Option<PathBuf>,
    /// Parameters and values, besides those of the state.
    pub settings: Vec<(String, String)>,
    /// The state.
    pub state: State,
    /// How long the song plays before the editor opens.
    pub seconds: Duration,
    /// Whether the editor's threads are measured.
    pub measure: bool,
    size: Option<[u32; 2]>,
    scale: Option<f64>,
}

impl Options {
    /// Reads the words of the command line.
    ///
    /// # Errors
    /// A word that is no option, or a value that cannot be read, in words.
    pub fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            file: PathBuf::new(),
            bundle: None,
            settings: Vec::new(),
            state: State::Playing,
            seconds: Duration::from_secs(6),
            measure: false,
            size: None,
            scale: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match *word {
                "--bundle" => options.bundle = Some(PathBuf::from(value()?)),
                "--size" => options.size = Some(size(value()?)?),
                "--scale" => options.scale = Some(number(value()?, 0.5, 4.0)?),
                "--seconds" => {
                    options.seconds = Duration::from_secs_f64(number(value()?, 0.0, 600.0)?);
                }
                "--state" => options.state = state(value()?)?,
                "--set" => {
                    let (id, value) = value()?.split_once('=').context("--set wants ID=VALUE")?;
                    options.settings.push((id.to_owned(), value.to_owned()));
                }
                "--measure" => options.measure = true,
                option if option.starts_with("--") => bail!("there is no option {option}"),
                file => {
                    ensure!(options.file.as_os_str().is_empty(), "one picture at a time");
                    options.file = PathBuf::from(file);
                }
            }
        }
        ensure!(!options.file.as_os_str().is_empty(), "which file shall the picture go to?");
        Ok(options)
    }

    /// Width and height in points, or nothing for the editor's own.
    pub fn size(&self) -> Option<[u32; 2]> {
        self.size.or(self.state.size())
    }

    /// Pixels a point, or nothing for what the editor finds out itself.
    pub fn scale(&self) -> Option<f64> {
        self.scale.or((self.state == State::Scale2).then_some(2.0))
    }
}

fn size(text: &str) -> Result<[u32; 2]> {
    let read = || {
        let (width, height) = text.split_once('x')?;
        Some([width.parse().ok()?, height.parse().ok()?])
    };
    let size: [u32; 2] = read().with_context(|| format!("{text} is no size such as 960x730"))?;
    ensure!(size.iter().all(|length| (1..=8192).contains(length)), "{text} is no window's size");
    Ok(size)
}

fn number(text: &str, least: f64, most: f64) -> Result<f64> {
    let number: f64 = text.parse().with_context(|| format!("{text} is not a number"))?;
    ensure!((least..=most).contains(&number), "{text} is not between {least} and {most}");
    Ok(number)
}

fn state(name: &str) -> Result<State> {
    let found = State::ALL.iter().find(|(known, _)| *known == name);
    found.map(|(_, state)| *state).with_context(|| {
        let names = State::ALL.map(|(name, _)| name).join(", ");
        format!("{name} is no state; the states are {names}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_options() {
        let words = ["a.png", "--size", "900x600", "--set", "swing=30 %", "--state", "mid-blend"];
        let options = Options::parse(&words).unwrap();
        assert_eq!(options.file, PathBuf::from("a.png"));
        assert_eq!((options.size(), options.scale()), (Some([900, 600]), None));
        assert_eq!(options.settings, [("swing".to_owned(), "30 %".to_owned())]);
        assert_eq!(options.state, State::MidBlend);
    }

    #[test]
    fn states_bring_sizes_that_options_override() {
        let tiny = Options::parse(&["--state", "tiny", "a.png"]).unwrap();
        assert_eq!(tiny.size(), Some([720, 480]));
        let scaled = Options::parse(&["--state", "scale2", "a.png", "--size", "900x600"]).unwrap();
        assert_eq!((scaled.size(), scaled.scale()), (Some([900, 600]), Some(2.0)));
    }

    #[test]
    fn what_cannot_be_is_said() {
        let messages: [(&[&str], &str); 6] = [
            (&[], "which file"),
            (&["a.png", "b.png"], "one picture"),
            (&["a.png", "--size", "big"], "big is no size"),
            (&["a.png", "--scale", "9"], "9 is not between"),
            (&["a.png", "--state", "odd"], "the states are fresh"),
            (&["a.png", "--frobnicate"], "no option --frobnicate"),
        ];
        for (words, message) in messages {
            let error = Options::parse(words).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
