//! What is played into the plugin, and whose chords it follows.

use super::TributaryParams;
use crate::follow::{Source, bus};
use nice_plug::prelude::*;

/// Following chords, and notes that come in.
#[derive(Params)]
pub struct FollowParams {
    /// Whose chords the band follows.
    #[id = "follow"]
    pub follow: EnumParam<FollowChoice>,
    /// What becomes of notes that come in.
    #[id = "input"]
    pub input: EnumParam<InputChoice>,
    /// The line of the bus that the chords are sent to, 0 for none.
    #[id = "bus_send"]
    pub send: IntParam,
    /// The line of the bus that is followed.
    #[id = "bus_receive"]
    pub receive: IntParam,
}

/// Bars that are traded where no length of phrases is set.
const TRADED_BARS: u8 = 4;

/// Whose chords the band follows.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum FollowChoice {
    /// Its own.
    #[id = "off"]
    Off,
    /// Those of keys that are held.
    #[id = "chords"]
    Chords,
    /// Those of the typed progression.
    #[id = "typed"]
    Typed,
    /// Those of another instance.
    #[id = "bus"]
    Bus,
    /// Its own, and the lead answers what is played.
    #[id = "answer"]
    Answer,
}

/// What becomes of notes that come in.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum InputChoice {
    /// They go out with the band's.
    #[id = "pass"]
    Pass,
    /// They end here.
    #[id = "eat"]
    Eat,
}

impl Default for FollowParams {
    fn default() -> Self {
        let last = bus::N_LINES as i32;
        let off = "Off";
        Self {
            follow: EnumParam::new("Follow", FollowChoice::Off),
            input: EnumParam::new("Input", InputChoice::Eat),
            send: IntParam::new("Bus send", 0, IntRange::Linear { min: 0, max: last })
                .with_value_to_string(std::sync::Arc::new(move |line| match line {
                    0 => off.to_owned(),
                    line => line.to_string(),
                }))
                .with_string_to_value(std::sync::Arc::new(move |text| {
                    let text = text.trim();
                    if text.eq_ignore_ascii_case(off) { Some(0) } else { text.parse().ok() }
                })),
            receive: IntParam::new("Bus receive", 1, IntRange::Linear { min: 1, max: last }),
        }
    }
}

impl TributaryParams {
    /// Whose chords the band follows.
    pub fn source(&self) -> Source {
        match self.follow.follow.value() {
            FollowChoice::Off | FollowChoice::Answer => Source::Model,
            FollowChoice::Chords => Source::Keys,
            FollowChoice::Typed => Source::Typed,
            FollowChoice::Bus => Source::Bus(line(&self.follow.receive)),
        }
    }

    /// Bars of the phrases that are traded, if the lead answers what is played.
    pub fn answer(&self) -> Option<u8> {
        let n_bars = match self.music.phrase.value().n_bars() {
            0 => TRADED_BARS,
            n_bars => n_bars,
        };
        (self.follow.follow.value() == FollowChoice::Answer).then_some(n_bars)
    }

    /// The line of the bus that the chords are sent to, 0 for none.
    pub fn bus_send(&self) -> usize {
        line(&self.follow.send)
    }

    /// Whether notes that come in go out again.
    pub fn passes_input(&self) -> bool {
        self.follow.input.value() == InputChoice::Pass
    }
}

fn line(param: &IntParam) -> usize {
    usize::try_from(param.value()).unwrap_or(0)
}
