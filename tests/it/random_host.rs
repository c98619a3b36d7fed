//! A host that does anything at any time, on the built plugin.
//!
//! A seed gives a script, the same on every machine; a failure names it. The everyday run takes a
//! few seeds, `cargo xtask full` as many as [`SEEDS`] says.

use std::path::Path;

use hosting::{Action, Block, InputNote, Known, Script, Setup, Song, Transport};

use crate::streams::{Dice, assert_clean, assert_same_music};
use crate::support::{RATE, run};

/// The environment variable with the number of seeds.
const SEEDS: &str = "TRIBUTARY_RANDOM_HOSTS";

/// Seeds of the everyday run.
const EVERYDAY_SEEDS: u64 = 6;

/// What a script does, besides blocks in between.
const ACTIONS: usize = 60;

/// Parameters that are turned.
const KNOBS: [&str; 13] = [
    "g_jazz",
    "g_rock",
    "g_hiphop",
    "dr_on",
    "ba_on",
    "ld_density",
    "ch_own",
    "key",
    "swing",
    "humanize",
    "ending",
    "lookahead",
    "bypass",
];

/// A host in the middle of a script.
struct RandomHost {
    dice: Dice,
    script: Script,
    setup: Setup,
    song: Song,
    position: f64,
    playing: bool,
    known: Known,
    has_transport: bool,
    /// Beats a minute that the tempo gains with each block.
    ramp: f64,
    /// Whether blocks end at the loop's end.
    cuts_at_loop_end: bool,
    /// The largest block at the moment.
    largest: usize,
    states: Vec<Vec<u8>>,
    /// Whether it hides what it knows at times; the formats differ in what is left then.
    hides: bool,
    /// Done before the next block.
    pending: Vec<Action>,
}

impl RandomHost {
    fn new(seed: u64, hides: bool, states: Vec<Vec<u8>>) -> Self {
        let mut dice = Dice::new(seed);
        let mut script = Script::new(*dice.pick(&[44_100.0, RATE, 96_000.0]), 1_024);
        script.setting("sound", "off");
        script.value("g_folk", 0.5);
        Self {
            setup: script.setup,
            cuts_at_loop_end: dice.below(2) == 0,
            dice,
            script,
            song: Song::default(),
            position: 0.0,
            playing: false,
            known: Known::default(),
            has_transport: true,
            ramp: 0.0,
            largest: 512,
            states,
            hides,
            pending: Vec::new(),
        }
    }

    /// The whole script of a seed, which ends with the transport standing.
    fn script(mut self) -> Script {
        for _ in 0..ACTIONS {
            self.act();
            for _ in 0..self.dice.below(12) {
                self.block();
            }
        }
        (self.playing, self.has_transport, self.known) = (false, true, Known::default());
        self.block();
        self.block();
        self.script
    }

    fn act(&mut self) {
        match self.dice.below(22) {
            0..=3 => self.playing = true,
            4 => self.playing = false,
            5 => {
                (self.playing, self.largest) = (false, 64);
                self.block();
                self.block();
            }
            6 => self.position = self.dice.between(-4.0, 64.0),
            7 => self.position = self.dice.below(16) as f64,
            8 => self.position += self.dice.between(-0.01, 0.01),
            9 => {
                let start = *self.dice.pick(&[0.0, 4.0, 3.3, self.position.floor()]);
                let length = *self.dice.pick(&[0.01, 0.25, 0.5, 1.0, 2.77, 4.0]);
                self.song.loop_beats = Some((start, start + length));
            }
            10 => self.song.loop_beats = None,
            11 => (self.song.tempo, self.ramp) = (self.dice.between(30.0, 300.0), 0.0),
            12 => self.ramp = self.dice.between(-2.0, 2.0),
            13 => self.song.meter = *self.dice.pick(&[(4, 4), (3, 4), (7, 8), (5, 4), (1, 8)]),
            14 => {
                let rate = *self.dice.pick(&[22_050.0, 44_100.0, RATE, 88_200.0]);
                self.setup = Setup { sample_rate: rate, ..self.setup };
                self.pending.push(Action::Activate(self.setup));
            }
            15 => self.pending.push(Action::Reset),
            16 => self.pending.push(Action::StopProcessing),
            17 => {
                let state = self.dice.pick(&self.states).clone();
                self.pending.push(Action::LoadState(state));
            }
            18 => self.has_transport = self.dice.below(4) != 0,
            19 if self.hides => {
                let mut coin = || self.dice.below(3) != 0;
                self.known = Known { tempo: coin(), position: coin(), meter: coin() };
            }
            19 | 20 => self.known = Known::default(),
            _ => self.largest = *self.dice.pick(&[1, 7, 64, 333, 512, 1_024, 4_096]),
        }
    }

    /// One block, with knobs and notes in it now and then.
    fn block(&mut self) {
        let mut frames = self.dice.below(self.largest + 1);
        let frames_per_beat = self.setup.sample_rate * 60.0 / self.song.tempo;
        let cycle = self.song.loop_beats.filter(|(_, end)| self.playing && self.position < *end);
        if let Some((_, end)) = cycle.filter(|_| self.cuts_at_loop_end) {
            let left = ((end - self.position) * frames_per_beat - 1e-3).ceil().max(1.0);
            frames = frames.min(left as usize);
        }
        let transport =
            Transport { known: self.known, ..self.song.at(self.position, self.playing) };
        let mut block = Block {
            before: std::mem::take(&mut self.pending),
            frames,
            transport: self.has_transport.then_some(transport),
            ..Block::default()
        };
        for _ in 0..self.dice.below(8).saturating_sub(4) {
            let offset = self.dice.below(frames.max(1)) as u32;
            let value = if self.dice.below(2) == 0 { 0.0 } else { self.dice.between(0.0, 1.0) };
            let knob = *self.dice.pick(&KNOBS);
            block.change(offset, knob, value);
        }
        for on in [true, false] {
            let (channel, key, velocity) = (0, 48 + self.dice.below(24) as u8, 0.7);
            let offset = self.dice.below(frames.max(1)) as u32;
            block.notes.push(InputNote { offset, on, channel, key, velocity });
        }
        block.notes.sort_by_key(|note| note.offset);
        self.script.blocks.push(block);
        if self.playing {
            self.position += frames as f64 / frames_per_beat;
        }
        if let Some((start, end)) = cycle.filter(|(_, end)| self.position >= *end - 1e-9) {
            self.position = start + (self.position - end).max(0.0) % (end - start);
        }
        self.song.tempo = (self.song.tempo + self.ramp).clamp(30.0, 300.0);
    }
}

/// The script of a seed; a host that hides nothing is the same to both formats.
pub fn script(seed: u64, hides: bool, states: &[Vec<u8>]) -> Script {
    RandomHost::new(seed, hides, states.to_vec()).script()
}

/// States that a host might hold: another genre, and another seed and key.
pub fn states(bundle: &Path) -> Vec<Vec<u8>> {
    let settings: [&[(&str, f64)]; 2] =
        [&[("g_electronic", 1.0)], &[("seed", 0.5), ("key", 0.4), ("ld_on", 0.0)]];
    let state = |settings: &&[(&str, f64)]| {
        let mut script = crate::support::song(0.1, &[512]);
        settings.iter().for_each(|(name, value)| script.value(name, *value));
        run(bundle, &script).state
    };
    settings.iter().map(state).collect()
}

/// The seeds of this run.
pub fn seeds() -> std::ops::Range<u64> {
    let number = std::env::var(SEEDS).ok().map(|text| text.parse().expect("a number of seeds"));
    0..number.unwrap_or(EVERYDAY_SEEDS)
}

/// Whatever the host does the stream is clean, and the same script gives the same notes.
pub fn a_random_host_hears_a_clean_stream_twice(bundle: &Path) {
    let states = states(bundle);
    let mut n_notes = 0;
    for seed in seeds() {
        let script = script(seed, true, &states);
        let first = run(bundle, &script);
        n_notes += assert_clean(&format!("seed {seed}"), &script, &first).len();
        assert_same_music(&format!("seed {seed} again"), &first, &run(bundle, &script));
    }
    println!("{n_notes} notes of seeds {:?}", seeds());
    assert!(n_notes as u64 > 10 * seeds().end, "{n_notes} notes");
}
